//! What the README shows of a command's output, compared with what the command prints.

/// Where the shown text differs from the printed one; `None` if it shows nothing that was not printed.
///
/// `…` stands for anything: alone on a line for lines that are left out, in a line for the rest of it or a part. Without it
/// nothing may be left out between two lines. Ids, commits and times differ from run to run, and are not compared.
pub(crate) fn differs(shown: &str, printed: &str) -> Option<String> {
    let printed: Vec<String> = printed.lines().map(scrubbed).filter(|line| !line.is_empty()).collect();
    let mut rest = printed.as_slice();
    let mut gap = true;
    for line in shown.lines().filter(|line| !line.trim().is_empty()) {
        if line.trim() == "…" {
            gap = true;
            continue;
        }
        let wanted = scrubbed(line);
        let fits = |printed: &String| matches(&wanted, printed);
        let found = if gap { rest.iter().position(fits) } else { rest.first().filter(|next| fits(next)).map(|_| 0) };
        let Some(at) = found else { return Some(format!("this was not printed there: {line}")) };
        rest = &rest[at + 1..];
        gap = false;
    }
    None
}

/// Whether a printed line is what a shown one says, where `…` is anything.
fn matches(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else { return rest.is_empty() };
    for part in inner {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// A line with `#` for every word that is an id, a commit, a date or a time, and for the time that it begins with.
fn scrubbed(line: &str) -> String {
    let line = line.trim_end();
    let begins = line.trim_start().split_once(" s ").filter(|(time, _)| time.parse::<f64>().is_ok());
    let line = begins.map_or_else(|| line.to_owned(), |(_, rest)| format!("# s {rest}"));
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
    let (mut scrubbed, mut word) = (String::new(), String::new());
    for c in line.chars().chain(['\n']) {
        if part(c) {
            word.push(c);
            continue;
        }
        scrubbed.push_str(if is_changing(&word) { "#" } else { &word });
        word.clear();
        scrubbed.push(c);
    }
    scrubbed.truncate(scrubbed.trim_end().len());
    scrubbed
}

fn is_changing(word: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || matches!(c, '-' | ':' | 'Z');
    let id = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let digit = word.chars().any(|c| c.is_ascii_digit());
    digit && ((word.len() >= 6 && word.chars().all(hex)) || (word.len() == 26 && word.chars().all(id)))
}

#[cfg(test)]
mod tests {
    use super::differs;

    #[test]
    fn what_was_printed_may_be_shown() {
        let printed = "  0.1 s  gates  4 pass\n\n  0.2 s  commit  b9eea5f on main\nDELIVERED: app 1.20\nexit 0   record \
                       H9GM3W4Z74RP86J39YE3ASF23B   took 342 ms\n";
        for shown in [
            " 12.5 s  gates  4 pass\n  0.7 s  commit  0123abc on main\n",
            "DELIVERED: app 1.20\nexit 0   record WRCZMFESNKAF07HSBN7M9CQX85 …\n",
            "  0.1 s  gates …\n…\nexit 0 … ms\n",
        ] {
            assert_eq!(differs(shown, printed), None, "{shown}");
        }
        for (shown, at) in [
            ("  0.1 s  gates  5 pass\n", "5 pass"),
            ("  0.1 s  gates  4 pass\nDELIVERED: app 1.20\n", "DELIVERED"),
            ("DELIVERED: app 1.20\n…\n  0.1 s  gates …\n", "gates"),
            ("DELIVERED: app 1.2…1\n", "DELIVERED"),
            ("exit 0\n", "exit 0"),
        ] {
            let why = differs(shown, printed).expect(shown);
            assert!(why.contains(at), "{why}");
        }
    }
}
