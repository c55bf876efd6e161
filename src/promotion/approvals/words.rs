//! What a comment says: `promote: approve <digest> [as <role>]`, `promote: reject <digest> …` or `promote: lift …`, on a line of its
//! own.

use crate::promotion::approvals::slots::DIGEST_SHOWN;

/// An approval or a refusal, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether it approves; else it refuses.
    pub approve: bool,
    /// The plan's digest, or its beginning: 12 hexadecimal digits or more, in lower case.
    pub digest: String,
    /// The role that it is said for, where one is named.
    pub role: Option<String>,
    /// What else the line says.
    pub rest: String,
}

/// The comment that approves a plan, as [`said`] reads it.
pub fn approving(digest: &str, role: Option<&str>, comment: Option<&str>) -> String {
    let role = role.map(|role| format!(" as {role}")).unwrap_or_default();
    let comment = comment.map(|comment| format!("\n\n{comment}")).unwrap_or_default();
    format!("promote: approve {digest}{role}{comment}\n")
}

/// The comment that lifts an order, as [`lifts`] reads it.
pub fn lifting(what: &str, reason: &str) -> String {
    format!("promote: {what}\n\n{reason}\n")
}

/// Whether a comment lifts just this: `lift freeze of everything`. The first line that lifts anything counts.
pub fn lifts(body: &str, what: &str) -> bool {
    let read = |line: &str| {
        let rest = after(line, "promote:")?.trim();
        after(rest, "lift ").map(|_| rest.eq_ignore_ascii_case(what))
    };
    first(body, read).unwrap_or(false)
}

/// The first line that approves or refuses.
pub fn said(body: &str) -> Option<Said> {
    first(body, spoken)
}

/// The first line that says something. What is quoted, in a block of code, or hidden in an HTML comment says nothing: it is shown,
/// not said.
fn first<T>(body: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut fence: Option<&str> = None;
    let mut hidden = false;
    for line in body.lines().map(str::trim) {
        if hidden {
            hidden = !line.contains("-->");
            continue;
        }
        let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                if let Some(said) = read(line) {
                    return Some(said);
                }
                hidden = line.rfind("<!--").is_some_and(|at| !line[at..].contains("-->"));
            }
        }
    }
    None
}

fn spoken(line: &str) -> Option<Said> {
    let rest = after(line, "promote:")?.trim_start();
    let (approve, rest) = match (after(rest, "approve "), after(rest, "reject ")) {
        (Some(rest), _) => (true, rest),
        (None, rest) => (false, rest?),
    };
    let (digest, rest) = word(rest);
    let digest =
        digest.trim_matches('`').trim_end_matches(['…', '.', ',', ':', ';']).trim_end_matches('`').to_ascii_lowercase();
    if !(DIGEST_SHOWN..=64).contains(&digest.len()) || !digest.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let (next, after_next) = word(rest);
    let (role, rest) = if next.eq_ignore_ascii_case("as") {
        let (role, rest) = word(after_next);
        (Some(role.trim_matches('`').trim_end_matches([',', ';', ':', '!', '.']).to_owned()), rest)
    } else {
        (None, rest)
    };
    Some(Said { approve, digest, role, rest: rest.trim().to_owned() })
}

/// What follows a beginning, compared without case.
fn after<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let start = text.get(..beginning.len())?;
    start.eq_ignore_ascii_case(beginning).then(|| &text[beginning.len()..])
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "7f3a2b1c9d0e";

    fn a(approve: bool, role: Option<&str>, rest: &str) -> Option<Said> {
        Some(Said { approve, digest: DIGEST.to_owned(), role: role.map(str::to_owned), rest: rest.to_owned() })
    }

    #[test]
    fn a_line_of_its_own_approves_or_refuses() {
        for (body, expected) in [
            ("promote: approve 7f3a2b1c9d0e", a(true, None, "")),
            ("Promote: APPROVE 7F3A2B1C9D0E as sre", a(true, Some("sre"), "")),
            (
                "looks good\r\n  promote:approve `7f3a2b1c9d0e` as qa, well tested \r\nbye",
                a(true, Some("qa"), "well tested"),
            ),
            ("promote: reject 7f3a2b1c9d0e… the load test is red", a(false, None, "the load test is red")),
            ("promote: approve\npromote: reject 7f3a2b1c9d0e", a(false, None, "")),
            ("promote: reject 7f3a2b1c9d0e a\npromote: approve 7f3a2b1c9d0e", a(false, None, "a")),
        ] {
            assert_eq!(said(body), expected, "{body}");
        }
    }

    #[test]
    fn what_is_quoted_hidden_or_half_said_says_nothing() {
        for body in [
            "",
            "LGTM",
            "promote: approve",
            "promote: approve 7f3a2b1c9d0",
            "promote: approve 7f3a2b1c9d0g",
            "promote: approved 7f3a2b1c9d0e",
            "I would promote: approve 7f3a2b1c9d0e",
            "> promote: approve 7f3a2b1c9d0e",
            "```\npromote: approve 7f3a2b1c9d0e\n```",
            "~~~\n```\npromote: approve 7f3a2b1c9d0e\n~~~",
            "hello <!-- \npromote: approve 7f3a2b1c9d0e\n-->",
            "promöte: approve 7f3a2b1c9d0e",
        ] {
            assert_eq!(said(body), None, "{body}");
        }
        assert_eq!(said("```\nx\n```\n<!-- y -->\npromote: approve 7f3a2b1c9d0e"), a(true, None, ""));
    }

    #[test]
    fn a_comment_lifts_what_it_names_and_nothing_else() {
        let what = "lift veto app@1.20 of app in staging";
        assert!(lifts(&lifting(what, "it was the load balancer"), what));
        assert!(lifts("done\n  Promote: LIFT veto app@1.20 of app in staging \n", what));
        for body in [
            "",
            "promote: lift veto app@1.20 of app in production",
            "promote: lift veto app@1.20 of app in staging and more",
            "promote: lift freeze of everything\npromote: lift veto app@1.20 of app in staging",
            "> promote: lift veto app@1.20 of app in staging",
            "```\npromote: lift veto app@1.20 of app in staging\n```",
            "promote: approve 7f3a2b1c9d0e",
        ] {
            assert!(!lifts(body, what), "{body}");
        }
        assert_eq!(said(&lifting(what, "")), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(body in "(promote: |approve |reject |as |`|\\PC|7f3a2b1c9d0e|\n){0,20}") {
            if let Some(said) = said(&body) {
                prop_assert!(said.digest.len() >= DIGEST_SHOWN);
                prop_assert!(body.to_ascii_lowercase().contains(&said.digest));
            }
        }
    }
}
