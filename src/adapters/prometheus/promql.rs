//! As much of PromQL as is needed to know which series a query is about: its selectors.

/// What stands in a query for the window that it is asked about.
pub const WINDOW: &str = "{window}";

/// A selector in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector<'a> {
    /// The metric.
    pub metric: &'a str,
    /// Its matchers as they are written, each with its label.
    pub matchers: Vec<(&'a str, &'a str)>,
    /// Where it stands in the query.
    from: usize,
    to: usize,
}

/// The selectors of a query, in order; `None` where they cannot be told, or one names its metric by a matcher only.
pub fn selectors(query: &str) -> Option<Vec<Selector<'_>>> {
    let bytes = query.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' | b'`' => at = past_quoted(query, at)?,
            b'#' => return None,
            b'{' if query[at..].starts_with(WINDOW) => at += WINDOW.len(),
            b'{' => return None,
            _ if is_first(*byte) => {
                let from = at;
                while bytes.get(at).is_some_and(|byte| is_first(*byte) || byte.is_ascii_digit()) {
                    at += 1;
                }
                let (metric, end) = (query.get(from..at)?, at);
                let next = past_blank(bytes, at);
                if bytes.get(next) == Some(&b'{') {
                    let (matchers, to) = matchers(query, next)?;
                    found.push(Selector { metric, matchers, from, to });
                    at = to;
                } else if bytes.get(next) == Some(&b'[') {
                    found.push(Selector { metric, matchers: Vec::new(), from, to: end });
                }
            }
            // Of a number such as `5m` the letters are no name.
            b'0'..=b'9' => {
                while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.') {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    Some(found)
}

/// The selector that a text is, and nothing else.
pub fn only_selector(text: &str) -> Option<Selector<'_>> {
    let text = text.trim();
    let is_name = |text: &str| {
        text.bytes().next().is_some_and(is_first) && text.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
    };
    if is_name(text) {
        return Some(Selector { metric: text, matchers: Vec::new(), from: 0, to: text.len() });
    }
    let mut found = selectors(text)?;
    let only = found.pop().filter(|selector| found.is_empty() && selector.from == 0 && selector.to == text.len())?;
    Some(only)
}

/// The counter that a text is, or is the plain sum of: `sum(http_requests_total{code="200"})`.
pub fn counter(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = text.strip_prefix("sum").and_then(|rest| rest.trim_start().strip_prefix('(')?.strip_suffix(')'));
    let inner = inner.unwrap_or(text).trim();
    only_selector(inner).map(|_| inner)
}

/// A query for some of the things that another one counts, which answers 0 where there are none of them.
///
/// No series is not zero: a misspelt label has none either. It means zero where both queries are about one metric, and where
/// that metric's series have the labels that tell the things apart. Where that cannot be told, the query stays as it is.
pub fn or_none(some: &str, all: &str) -> String {
    let sound = || {
        let (mut of_some, mut of_all) = (selectors(some)?, selectors(all)?);
        let (of_some, of_all) =
            (of_some.pop().filter(|_| of_some.is_empty())?, of_all.pop().filter(|_| of_all.is_empty())?);
        if of_some.metric != of_all.metric {
            return None;
        }
        let further = of_some.matchers.iter().filter(|matcher| !of_all.matchers.contains(matcher));
        let mut labels: Vec<String> = further.map(|(label, _)| format!("{label}!=\"\"")).collect();
        if labels.is_empty() {
            return None;
        }
        let mut matchers: Vec<String> = of_all.matchers.iter().map(|(_, matcher)| (*matcher).to_owned()).collect();
        matchers.append(&mut labels);
        let (before, after) = (all.get(..of_all.from)?, all.get(of_all.to..)?);
        Some(format!("({some}) or 0 * ({before}{}{{{}}}{after})", of_all.metric, matchers.join(",")))
    };
    sound().unwrap_or_else(|| some.to_owned())
}

fn is_first(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')
}

fn past_blank(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The place behind a quoted text that begins here.
fn past_quoted(query: &str, from: usize) -> Option<usize> {
    let bytes = query.as_bytes();
    let quote = *bytes.get(from)?;
    let mut at = from + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote != b'`' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The matchers between braces, and the place behind them.
fn matchers(query: &str, from: usize) -> Option<(Vec<(&str, &str)>, usize)> {
    let bytes = query.as_bytes();
    let (mut found, mut at) = (Vec::new(), from + 1);
    loop {
        at = past_blank(bytes, at);
        match *bytes.get(at)? {
            b'}' => return Some((found, at + 1)),
            b',' => at += 1,
            byte if is_first(byte) => {
                let start = at;
                while bytes.get(at).is_some_and(|byte| is_first(*byte) || byte.is_ascii_digit()) {
                    at += 1;
                }
                let label = query.get(start..at)?;
                at = past_blank(bytes, at);
                while bytes.get(at).is_some_and(|byte| matches!(byte, b'=' | b'!' | b'~')) {
                    at += 1;
                }
                at = past_blank(bytes, at);
                if !matches!(bytes.get(at), Some(b'"' | b'\'' | b'`')) {
                    return None;
                }
                at = past_quoted(query, at)?;
                found.push((label, query.get(start..at)?));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_told_from_all_the_rest() {
        let query = r#"1 - sum by (le) (rate(a_total{job="x}", code=~'5..'}[5m] offset 1h)) / on (b) group_left sum(rate(c [{window}]))"#;
        let found = selectors(query).unwrap();
        let names: Vec<&str> = found.iter().map(|selector| selector.metric).collect();
        assert_eq!(names, ["a_total", "c"]);
        assert_eq!(found[0].matchers, [("job", "job=\"x}\""), ("code", "code=~'5..'")]);
        for broken in ["a{b=\"c}", "a{b=c}", "{__name__=\"a\"}", "a # {", "a{\"b\"=\"c\"}"] {
            assert_eq!(selectors(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_counter_is_alone_or_summed() {
        assert_eq!(counter(" a{b=\"c\"} "), Some("a{b=\"c\"}"));
        assert_eq!(counter("sum (a)"), Some("a"));
        for other in ["sum(rate(a[5m]))", "sum by (b) (a)", "a + b", "sum(a) / sum(b)", ""] {
            assert_eq!(counter(other), None, "{other}");
        }
    }

    #[test]
    fn none_is_zero_only_where_the_label_is_there() {
        let all = "sum(increase(a{job=\"x\"}[{window}]))";
        let some = "sum(increase(a{job=\"x\",code=~\"5..\"}[{window}]))";
        let wanted = format!("({some}) or 0 * (sum(increase(a{{job=\"x\",code!=\"\"}}[{{window}}])))");
        assert_eq!(or_none(some, all), wanted);
        let other = "sum(increase(b{job=\"x\",code=~\"5..\"}[{window}]))";
        assert_eq!(or_none(other, all), other, "another metric says nothing of this one");
        assert_eq!(or_none(all, all), all);
        assert_eq!(or_none(&format!("{some} + {some}"), all), format!("{some} + {some}"));
    }
}
