//! Names: what they may look like, and whether what is named exists. They are compared without case.

use std::collections::BTreeSet;

use crate::promotion::rules::fault::{Wrong, advice};
use crate::promotion::rules::file::shape::Placed;

/// The longest name.
const LONGEST: usize = 63;

/// The name in lower case; a fault if it is not one.
pub fn defined(noun: &str, name: &Placed<String>, faults: &mut Vec<Wrong>) -> String {
    let lower = name.value.to_ascii_lowercase();
    if !name.faulty && !is_name(&name.value) {
        let help = if is_name(&lower) {
            format!("write `{lower}`")
        } else {
            format!("a name has 1 to {LONGEST} of a-z, 0-9, `.`, `_`, `-`, and starts with a letter or digit")
        };
        faults.push(Wrong::of(name, format!("`{}` cannot name {noun}", name.value)).help(help));
    }
    lower
}

/// The known name that a reference means; a fault if there is none.
pub fn bound<'a>(
    noun: &str,
    reference: &Placed<String>,
    known: impl IntoIterator<Item = &'a str> + Clone,
    faults: &mut Vec<Wrong>,
) -> Option<String> {
    if reference.faulty {
        return None;
    }
    if let Some(name) = known.clone().into_iter().find(|name| name.eq_ignore_ascii_case(&reference.value)) {
        return Some(name.to_owned());
    }
    let mut wrong = Wrong::of(reference, format!("unknown {noun} `{}`", reference.value));
    wrong.help = advice(&reference.value, known).or_else(|| Some(format!("this file names no {noun}")));
    faults.push(wrong);
    None
}

/// Whether a text matches `[a-z0-9][a-z0-9._-]{0,62}`.
pub fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= LONGEST && text.starts_with(first) && text.chars().all(|c| first(c) || matches!(c, '.' | '_' | '-'))
}

/// Reports a `{word}` that is neither `{service}` nor `{environment}`. Braces around anything else are left alone: globs and
/// selectors have their own.
pub fn placeholders(text: &Placed<String>, faults: &mut Vec<Wrong>) {
    unknown_words(text, &BTreeSet::new(), faults);
}

/// The same where some further words are known.
pub fn unknown_words(text: &Placed<String>, known: &BTreeSet<String>, faults: &mut Vec<Wrong>) {
    for part in text.value.split('{').skip(1) {
        let Some((word, _)) = part.split_once('}') else { continue };
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if is_word && !matches!(word, "service" | "environment") && !known.contains(word) {
            let words = ["service", "environment"].into_iter().chain(known.iter().map(String::as_str));
            let words: Vec<String> = words.map(|word| format!("`{{{word}}}`")).collect();
            let (last, first) = words.split_last().map_or(("", &[][..]), |(last, first)| (last.as_str(), first));
            let wrong = Wrong::of(text, format!("unknown placeholder `{{{word}}}`"));
            faults.push(wrong.help(format!("there are {} and {last}", first.join(", "))));
        }
    }
}

/// A path inside a repository or the working directory: relative, with `/`, without `..`, `./` or a slash at either end.
pub fn relative(path: &Placed<String>, faults: &mut Vec<Wrong>) -> String {
    if path.faulty {
        return String::new();
    }
    let parts: Vec<&str> = path.value.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let help = if path.value.starts_with('/') {
        Some(format!("write `{}`: paths are relative", parts.join("/")))
    } else if path.value.contains('\\') {
        Some(format!("write `{}`", path.value.replace('\\', "/")))
    } else if parts.contains(&"..") {
        Some("a path does not lead outside".to_owned())
    } else if path.value.trim().is_empty() || path.value.chars().any(char::is_control) {
        Some("write a directory or file, such as k8s/overlays/staging".to_owned())
    } else {
        None
    };
    if let Some(help) = help {
        faults.push(Wrong::of(path, format!("`{}` is not a relative path", path.value)).help(help));
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names() {
        for name in ["a", "0", "dev", "eu-west.1_b", &"x".repeat(63)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", ".a", "A", "a b", "ä", "a/b", &"x".repeat(64)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
