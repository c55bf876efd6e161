//! Matchers of labels, as Alertmanager writes them: `service="app"`, `env=~"prod.*"`, `severity!="none"`.
//!
//! The grammar is that of Alertmanager's API (`pkg/labels`, `matcher/parse`): an operator of four, a value with or without
//! quotes, a name in quotes where it is no plain one. A regular expression must match the whole value. A label that an alert
//! does not have is as good as an empty one.

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};

/// The longest matcher that is read, in bytes.
const LONGEST: usize = 2_000;
/// The largest compiled regular expression, in bytes.
const REGEX_MAX: usize = 1 << 20;
/// What ends a text without quotes.
const RESERVED: &[char] = &['{', '}', '!', '=', '~', ',', '\\', '"', '\'', '`'];

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Like,
    /// `!~`
    NotLike,
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "=~",
            Self::NotLike => "!~",
        }
    }

    fn is_pattern(self) -> bool {
        matches!(self, Self::Like | Self::NotLike)
    }
}

/// One matcher. Its text (`Display`) is what both the old and the new parser of Alertmanager read as the same.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: String,
    pattern: Option<Regex>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.operator, &self.value) == (&other.name, other.operator, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(&self.name) {
            f.write_str(&self.name)?
        } else {
            f.write_str(&quoted(&self.name))?
        }
        write!(f, "{}{}", self.operator.word(), quoted(&self.value))
    }
}

impl Matcher {
    /// Reads one matcher that may hold `{service}` and `{environment}`, and puts these names in. In a regular expression a
    /// name stands for itself: its dots are no wildcards. What is wrong, in words, where it cannot be read.
    pub fn of(text: &str, service: &str, environment: &str) -> Result<Self, String> {
        let (name, operator, value) = parts(text)?;
        let put = |text: &str, is_pattern: bool| {
            let literal = |name: &str| if is_pattern { name.replace('.', "\\.") } else { name.to_owned() };
            text.replace("{service}", &literal(service)).replace("{environment}", &literal(environment))
        };
        let (name, value) = (put(&name, false), put(&value, operator.is_pattern()));
        let pattern = if operator.is_pattern() { Some(pattern(&value)?) } else { None };
        Ok(Self { name, operator, value, pattern })
    }

    /// Whether the value of its label, empty where there is none, is one that is meant.
    pub fn accepts(&self, value: &str) -> bool {
        let like = || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(value));
        match self.operator {
            Operator::Equal => value == self.value,
            Operator::NotEqual => value != self.value,
            Operator::Like => like(),
            Operator::NotLike => !like(),
        }
    }

    /// Whether labels match.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.accepts(labels.get(&self.name).map_or("", String::as_str))
    }
}

/// What is wrong with a matcher as the rules write it, if anything is: found before any server is asked.
pub fn fault(text: &str) -> Option<String> {
    // Any names do: what stands for them decides nothing here.
    Matcher::of(text, "service", "environment").err()
}

/// Name, operator and value, the latter without quotes and escapes.
fn parts(text: &str) -> Result<(String, Operator, String), String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} characters"));
    }
    if text.starts_with('{') && text.ends_with('}') && !text.starts_with("{service}") {
        return Err("braces are left out: write each matcher as an item of the list".to_owned());
    }
    let (name, rest) = word(text)?;
    if name.is_empty() {
        return Err("it names no label: write label=\"value\"".to_owned());
    }
    let operators = [Operator::Like, Operator::NotLike, Operator::NotEqual, Operator::Equal];
    let rest = rest.trim_start();
    let Some((operator, rest)) = operators.into_iter().find_map(|one| Some((one, rest.strip_prefix(one.word())?)))
    else {
        return Err("after the label, one of = != =~ !~ is wanted".to_owned());
    };
    let (value, rest) = word(rest.trim_start())?;
    match rest.trim_start().chars().next() {
        None => Ok((name, operator, value)),
        Some(',') => Err("it holds more than one matcher: write each as an item of the list".to_owned()),
        Some(other) => Err(format!("`{other}` after the value: put the value in \"double quotes\"")),
    }
}

/// A name or value at the beginning of a text, in quotes or without, and what follows.
fn word(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('"') else {
        let mut end = 0;
        while let Some(next) = text[end..].chars().next() {
            let held = ["{service}", "{environment}"].into_iter().find(|held| text[end..].starts_with(held));
            if held.is_none() && (next.is_whitespace() || RESERVED.contains(&next)) {
                break;
            }
            end += held.map_or(next.len_utf8(), str::len);
        }
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in inner.char_indices() {
        match (escaped, c) {
            (false, '"') => return Ok((value, &inner[at + 1..])),
            (false, '\\') => escaped = true,
            (false, c) => value.push(c),
            (true, c) => {
                match c {
                    'n' => value.push('\n'),
                    '"' | '\\' => value.push(c),
                    // As Alertmanager's classic parser has it: the backslash was meant, as in "a\.b".
                    _ => value.extend(['\\', c]),
                }
                escaped = false;
            }
        }
    }
    Err("its quote does not end".to_owned())
}

fn is_plain(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// The pattern as Go's RE2 reads it: anchored at both ends, and `\d`, `\w`, `\s`, `\b` know ASCII only.
fn pattern(text: &str) -> Result<Regex, String> {
    let (mut ours, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            ours.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => ours.push_str("[0-9]"),
            Some('D') => ours.push_str("[^0-9]"),
            Some('w') => ours.push_str("[0-9A-Za-z_]"),
            Some('W') => ours.push_str("[^0-9A-Za-z_]"),
            Some('s') => ours.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => ours.push_str("[^\\t\\n\\f\\r ]"),
            Some('b') => ours.push_str("(?-u:\\b)"),
            Some(other) => ours.extend(['\\', other]),
            None => ours.push('\\'),
        }
    }
    let unreadable = |error: regex::Error| {
        let text = error.to_string();
        // The last line says it; those before it draw the pattern.
        let last = text.lines().last().unwrap_or_default();
        format!("its regular expression cannot be read: {}", last.trim_start_matches("error: "))
    };
    // `x)|(y` would close our own brackets, and is no regular expression by itself.
    compiled(&ours).map_err(unreadable)?;
    compiled(&format!("^(?:{ours})$")).map_err(unreadable)
}

fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(REGEX_MAX).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Matcher::of(text, "app", "eu.west").map(|matcher| matcher.to_string())
    }

    #[test]
    fn a_matcher_is_read_as_alertmanager_reads_it() {
        for (text, is) in [
            ("service=\"app\"", "service=\"app\""),
            (" service = app ", "service=\"app\""),
            ("service={service}", "service=\"app\""),
            ("env!=\"{environment}\"", "env!=\"eu.west\""),
            ("env=~\"{environment}-.*\"", "env=~\"eu\\\\.west-.*\""),
            ("a!~\"x|y\"", "a!~\"x|y\""),
            ("a=\"\"", "a=\"\""),
            ("a=", "a=\"\""),
            ("a=\"b,c{d}\"", "a=\"b,c{d}\""),
            ("a=\"say \\\"hi\\\"\\\\\\n\"", "a=\"say \\\"hi\\\"\\\\\\n\""),
            ("a=~\"b\\.c\"", "a=~\"b\\\\.c\""),
            ("a=~\"b\\\\.c\"", "a=~\"b\\\\.c\""),
            ("\"service.name\"=\"app\"", "\"service.name\"=\"app\""),
            ("\"plain\"=\"app\"", "plain=\"app\""),
            ("größe=\"x\"", "\"größe\"=\"x\""),
        ] {
            assert_eq!(read(text).as_deref(), Ok(is), "{text}");
            let again = Matcher::of(is, "app", "eu.west").unwrap();
            assert_eq!(again, Matcher::of(text, "app", "eu.west").unwrap(), "{text}: its own text means the same");
        }
    }

    #[test]
    fn what_is_no_matcher_is_refused_with_what_to_write() {
        for (text, why) in [
            ("", "names no label"),
            ("=\"x\"", "names no label"),
            ("service", "one of = != =~ !~"),
            ("service==\"x\"", "after the value"),
            ("service=\"x", "does not end"),
            ("service=\"x\" y", "after the value"),
            ("a=\"x\",b=\"y\"", "more than one matcher"),
            ("{a=\"x\"}", "braces are left out"),
            ("a=b c", "after the value"),
            ("a=~\"(\"", "cannot be read"),
            ("a=~\"x)|(y\"", "cannot be read"),
            ("a=~\"*\"", "cannot be read"),
            ("a=~\"(?=x)\"", "cannot be read"),
        ] {
            let said = fault(text).unwrap_or_default();
            assert!(said.contains(why), "{text}: {said}");
        }
        assert!(fault(&format!("a=\"{}\"", "x".repeat(LONGEST))).is_some());
        assert_eq!(fault("service=\"{service}\""), None);
    }

    #[test]
    fn labels_match_as_a_whole_and_an_absent_one_is_empty() {
        let labels = BTreeMap::from([("env".to_owned(), "prod-1".to_owned()), ("n".to_owned(), "٣".to_owned())]);
        for (text, is) in [
            ("env=\"prod-1\"", true),
            ("env=\"prod\"", false),
            ("env!=\"prod\"", true),
            ("env=~\"prod\"", false),
            ("env=~\"prod.*\"", true),
            ("env=~\"a|prod.*|b\"", true),
            ("env=~\"prod-\\d\"", true),
            ("env!~\"prod-[\\d]\"", false),
            ("env=~\"(?i)PROD-1\"", true),
            ("env=~\"\\bprod\\b.*\"", true),
            ("n=~\"\\d\"", false),
            ("n=~\"\\D\"", true),
            ("team=\"\"", true),
            ("team!=\"\"", false),
            ("team=~\".+\"", false),
            ("team=~\".*\"", true),
            ("team!~\"x\"", true),
        ] {
            assert_eq!(Matcher::of(text, "app", "dev").unwrap().matches(&labels), is, "{text}");
        }
        let dotted = Matcher::of("env=~\"{environment}\"", "app", "p.d").unwrap();
        assert!(dotted.accepts("p.d") && !dotted.accepts("pxd"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_reads_again(text in "\\PC{0,40}") {
            if let Ok(matcher) = Matcher::of(&text, "app", "dev") {
                let again = Matcher::of(&matcher.to_string(), "app", "dev");
                proptest::prop_assert_eq!(again, Ok(matcher));
            }
        }
    }
}
