//! Untrusted text made harmless: for a terminal, for Markdown, and for the runner that reads our log.
//!
//! A test's name may hold a cursor movement, a line that the runner takes for a command, or a link. Nothing is dropped:
//! what cannot be shown as it is, is shown as an escape that says what it was.

use std::fmt::Write as _;

/// One line for a terminal or a log: control characters (line ends and tabs too), ANSI sequences, and characters that are
/// invisible or change the direction of writing become `\n`, `\x1b`, `\u{202e}`. What the runner of GitHub Actions would
/// take for a command (`::name` at the start of a line, `##[name` anywhere) is broken up.
pub fn line(text: &str) -> String {
    guard(text, false)
}

/// As [`line()`], but tabs stay: for lines of a diff, which must be what git would show.
pub fn source(text: &str) -> String {
    guard(text, true)
}

fn guard(text: &str, tabs: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        if at_start && rest.starts_with("::") {
            out.push_str("\\x3a");
        } else if rest.starts_with("#[") && out.ends_with('#') {
            out.push_str("\\x23");
        } else if c == '\t' && tabs {
            out.push(c);
        } else if is_unsafe(c) {
            push_visible(c, &mut out);
        } else {
            out.push(c);
        }
        at_start = c.is_whitespace();
    }
    out
}

fn push_visible(c: char, out: &mut String) {
    let _ = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c)),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)),
    };
}

/// Whether a character cannot be shown as it is: a control, an invisible one, or one that changes the direction of
/// writing. Joiners stay: they are part of words in some scripts, and of emoji.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A space of no width, as HTML and Markdown both read it: it keeps a sign apart from the name behind it.
const UNSEEN: &str = "&#8203;";

/// Running text in Markdown, one line: no markup, HTML, link, or table cell can begin in it, and `@name` and `#1` notify
/// and link nobody (an invisible mark stands behind the sign).
pub fn markdown(text: &str) -> String {
    let plain = line(text);
    let mut out = String::with_capacity(plain.len() + 16);
    let mut chars = plain.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => {
                out.push('\\');
                out.push(c);
                if chars.peek().is_some_and(|next| next.is_alphanumeric()) {
                    out.push_str(UNSEEN);
                }
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // This makes an address a link.
            ':' if chars.peek() == Some(&'/') => out.push_str("\\:"),
            // These make a list or a heading at the start of a line only.
            '-' | '+' | '=' if out.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            '.' if out.len() >= 3 && out.as_bytes()[out.len() - 3..].eq_ignore_ascii_case(b"www")
                || begins_list(&out, chars.peek()) =>
            {
                out.push_str("\\.")
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a point after this makes a numbered list.
fn begins_list(before: &str, next: Option<&char>) -> bool {
    !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit()) && next.is_none_or(|c| c.is_whitespace())
}

/// A code span in Markdown, outside tables: no markup, mention or link is seen in it.
pub fn code(text: &str) -> String {
    let plain = line(text);
    if plain.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&plain) + 1);
    // A space at both ends is removed by the reader of Markdown, and keeps a backtick at an end from joining the fence.
    let pad = if plain.starts_with(['`', ' ']) || plain.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{plain}{pad}{fence}")
}

/// The text between two HTML tags.
pub fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('@', &format!("@{UNSEEN}"))
}

/// The fence for a code block that holds these lines: longer than any run of backticks in them.
pub fn fence(lines: &[String]) -> String {
    "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1)
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A link's address in Markdown: `http` and `https` only, with everything that could end it encoded; anything else is no
/// address.
pub fn address(url: &str) -> Option<String> {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        let is_command = c == '[' && out.ends_with('#');
        if is_command
            || is_unsafe(c)
            || c.is_whitespace()
            || matches!(c, '(' | ')' | '<' | '>' | '|' | '\\' | '"' | '`')
        {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    Some(out)
}

/// The message of a workflow command, as the runner reads it (`actions/toolkit`, `core/src/command.ts`).
pub fn command_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command (`file=…`), as the runner reads it.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// JSON for a log: signs that the runner or a terminal would act on become escapes of JSON. They can stand inside strings
/// only, so that the document means the same.
pub fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        if c == '[' && out.ends_with("##") {
            out.pop();
            out.push_str("\\u0023[");
        } else if c != '\n' && is_unsafe(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_becomes_visible() {
        for (text, shown) in [
            ("pays with a saved card › ünïcode ✓", "pays with a saved card › ünïcode ✓"),
            ("a\nb\r\n\tc", "a\\nb\\r\\n\\tc"),
            ("\u{1b}[2J\u{7f}\u{9b}31m", "\\x1b[2J\\x7f\\x9b31m"),
            ("user\u{202e}nimda\u{2066}", "user\\u{202e}nimda\\u{2066}"),
            ("👩\u{200d}💻", "👩\u{200d}💻"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(source("\tkey: 1\r"), "\tkey: 1\\r");
    }

    #[test]
    fn what_the_runner_would_act_on_is_broken_up() {
        for (text, shown) in [
            ("::error::gotcha", "\\x3a:error::gotcha"),
            ("a ::set-output name=x::y", "a \\x3a:set-output name=x::y"),
            ("std::vector::push", "std::vector::push"),
            ("x ##[error]y", "x #\\x23[error]y"),
            ("###[group]", "##\\x23[group]"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(
            json("{\"a\": \"##[error]\u{202e}\u{e0041}\"}\n"),
            "{\"a\": \"#\\u0023[error]\\u202e\\udb40\\udc41\"}\n"
        );
    }

    #[test]
    fn markdown_shows_the_text_and_does_nothing() {
        for (text, shown) in [
            ("2 of 31 failed", "2 of 31 failed"),
            ("≥ 80 %", "≥ 80 %"),
            ("a|b `c` *d* <b>e</b> & f", "a\\|b \\`c\\` \\*d\\* &lt;b&gt;e&lt;/b&gt; &amp; f"),
            ("[x](javascript:y) ![i](z)", "\\[x\\](javascript:y) !\\[i\\](z)"),
            ("ask @acme/sre, see #12", "ask \\@&#8203;acme/sre, see \\#&#8203;12"),
            ("https://evil.example www.evil.example", "https\\://evil.example www\\.evil.example"),
            ("- item", "\\- item"),
            ("1. item", "1\\. item"),
            ("1.20 is live.", "1.20 is live."),
        ] {
            assert_eq!(markdown(text), shown);
        }
    }

    #[test]
    fn code_spans_hold_backticks() {
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(code("`a`` b"), "``` `a`` b ```");
        assert_eq!(code(""), "");
        assert_eq!(fence(&["```".to_owned(), "x".to_owned()]), "````");
        assert_eq!(fence(&[]), "```");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(address("javascript:alert(1)"), None);
        assert_eq!(address("https://a.example/x (1)|").as_deref(), Some("https://a.example/x%20%281%29%7C"));
    }

    #[test]
    fn commands_are_escaped_as_the_toolkit_does() {
        assert_eq!(command_data("100% a:b,c\r\nd"), "100%25 a:b,c%0D%0Ad");
        assert_eq!(command_property("100% a:b,c\r\nd"), "100%25 a%3Ab%2Cc%0D%0Ad");
    }

    proptest! {
        #[test]
        fn an_escaped_line_is_one_line_that_nobody_acts_on(text in "(\\PC|\\p{C}|::|##\\[| |\n){0,40}") {
            let shown = line(&text);
            prop_assert!(!shown.chars().any(is_unsafe));
            prop_assert!(!shown.contains("##["));
            prop_assert!(!shown.split_whitespace().any(|word| word.starts_with("::")));
            prop_assert_eq!(markdown(&text).contains('<'), false);
        }

        #[test]
        fn escaped_json_means_the_same(text in "(\\PC|\\p{C}|##\\[){0,40}") {
            let value = serde_json::json!({ "text": text });
            let shown = json(&value.to_string());
            prop_assert!(!shown.contains("##["));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
