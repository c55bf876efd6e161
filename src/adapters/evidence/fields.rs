//! Fields as tools write them, and the words for a report that is not whole: what parsers of several families share.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::adapters::evidence::said::{Defect, first_line};
use crate::promotion::rules::format::Format;

/// That a file lacks what makes it one of this format.
pub(super) fn lacks(format: Format, key: &str) -> Defect {
    Defect::Unreadable(format!("it is not {}: it has no `{key}`", format.row().a_file))
}

/// That there is nothing to judge by: the scan ended without having looked at anything.
pub(super) fn looked_at_nothing(what: &str) -> Defect {
    Defect::Missing(format!("it looked at no {what}: nothing was scanned"))
}

/// The line or column that a number means; what is no such place is 0, which is nowhere.
pub(super) fn place(number: Option<f64>) -> u64 {
    // The cast keeps to the bounds, and makes 0 of what is no number.
    number.map_or(0, |number| number as u64)
}

/// The first line of the first text that has one; empty if there is none.
pub(super) fn message<'a>(texts: impl IntoIterator<Item = &'a Option<String>>) -> String {
    texts.into_iter().flatten().find_map(|text| first_line(text)).unwrap_or_default()
}

/// A text or a number that names something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Name {
    /// As a text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// One text, several, or something else, which is none.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    /// One.
    One(String),
    /// Several.
    Some(Vec<String>),
    /// Something else.
    Other(IgnoredAny),
}

impl Texts {
    /// All of them.
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Some(texts) => texts,
            Self::Other(_) => &[],
        }
    }
}

/// The name of a weakness, `CWE-89`, at the beginning of a text.
pub(super) fn cwe(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("CWE-")?.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..4 + digits).filter(|_| digits > 0)
}

/// Some faults of a run in words: how many there are, and what the first one is.
#[derive(Debug, Default)]
pub(super) struct Faults {
    count: u64,
    first: Option<String>,
}

impl Faults {
    /// Adds one.
    pub(super) fn add(&mut self, at: &str, why: &str) {
        self.count += 1;
        if self.first.is_none() {
            let parts: Vec<&str> = [at, why].into_iter().filter(|part| !part.trim().is_empty()).collect();
            self.first = first_line(&parts.join(": "));
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them in words: `2 files (src/a.py: syntax error, and 1 more)`.
    pub(super) fn said(&self, one: &str, many: &str) -> String {
        let first = self.first.as_deref().unwrap_or("without a reason");
        match self.count {
            1 => format!("1 {one} ({first})"),
            count => format!("{count} {many} ({first}, and {} more)", count.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_never_out_of_range() {
        for (number, wanted) in
            [(None, 0), (Some(12.0), 12), (Some(-100.0), 0), (Some(f64::NAN), 0), (Some(1e300), u64::MAX)]
        {
            assert_eq!(place(number), wanted, "{number:?}");
        }
    }

    #[test]
    fn weaknesses_are_named_by_their_number() {
        for (text, wanted) in [
            ("CWE-89: Improper Neutralization", Some("CWE-89")),
            ("CWE-79", Some("CWE-79")),
            ("CWE-", None),
            ("CWE-x", None),
            ("89", None),
        ] {
            assert_eq!(cwe(text), wanted, "{text}");
        }
    }

    #[test]
    fn faults_are_counted_and_the_first_is_said() {
        let mut faults = Faults::default();
        faults.add("a.py", "syntax error\nat line 1");
        assert_eq!(faults.said("file", "files"), "1 file (a.py: syntax error)");
        faults.add("", "");
        assert_eq!(faults.said("file", "files"), "2 files (a.py: syntax error, and 1 more)");
    }
}
