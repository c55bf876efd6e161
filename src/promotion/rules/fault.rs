//! The faults of a rules file, and how they are shown.

use std::fmt::Write as _;

use crate::promotion::rules::at::At;
use crate::promotion::rules::file::shape::Placed;

/// Something wrong at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where it begins.
    pub at: At,
    /// How many characters it is wide.
    pub width: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the line may hold a secret, and is not shown.
    pub hidden: bool,
}

impl Wrong {
    /// A fault without advice.
    pub fn new(at: At, width: u32, message: impl Into<String>) -> Self {
        Self { at, width, message: message.into(), help: None, hidden: false }
    }

    /// A fault of a value in the file.
    pub fn of<T>(value: &Placed<T>, message: impl Into<String>) -> Self {
        Self::new(value.at, value.width, message)
    }

    /// The same without showing the line.
    #[must_use]
    pub fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// The same with what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One fault of a rules file, with all that is needed to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesFault {
    /// The file.
    pub path: String,
    /// The place.
    pub at: At,
    /// The line, without its end; empty where it may hold a secret.
    pub line_text: String,
    /// How many characters are marked.
    pub width: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl RulesFault {
    /// A fault with its line taken from the text.
    pub fn of(path: &str, lines: &[&str], wrong: Wrong) -> Self {
        let at = At { line: wrong.at.line.max(1), column: wrong.at.column.max(1) };
        let line = usize::try_from(at.line - 1).ok().and_then(|index| lines.get(index)).copied().unwrap_or("");
        let Wrong { width, message, help, hidden, .. } = wrong;
        let line = if hidden { "" } else { line };
        Self { path: path.to_owned(), at, line_text: line.to_owned(), width, message, help }
    }
}

/// The longest part of a line that is shown, in characters.
const SHOWN: usize = 160;

/// All faults as people read them, each with its line and what to write instead, and their number.
pub fn render(faults: &[RulesFault]) -> String {
    let mut text = String::new();
    for fault in faults {
        one(&mut text, fault);
    }
    let count = faults.len();
    let noun = if count == 1 { "fault" } else { "faults" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{count} {noun}. Nothing was read or written.");
    text
}

fn one(out: &mut String, fault: &RulesFault) {
    let RulesFault { path, at: At { line, column }, .. } = fault;
    let _ = writeln!(out, "{path}:{line}:{column}: {}", printable(&fault.message));
    let help = fault.help.as_deref().map(printable).unwrap_or_default();
    let (shown, caret) = window(fault);
    if shown.trim().is_empty() {
        if !help.is_empty() {
            let _ = writeln!(out, "   {help}");
        }
        return;
    }
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = writeln!(out, "{gutter} |");
    let _ = writeln!(out, "{number} | {shown}");
    let _ = writeln!(out, "{}", format!("{gutter} | {caret} {help}").trim_end());
    let _ = writeln!(out, "{gutter} |");
}

/// The part of the line around the place, and the carets under it. Tabs become spaces, so that both are aligned.
fn window(fault: &RulesFault) -> (String, String) {
    let chars: Vec<char> = printable(&fault.line_text.replace('\t', " ")).chars().collect();
    let column = usize::try_from(fault.at.column - 1).unwrap_or(0).min(chars.len());
    let from = if chars.len() <= SHOWN { 0 } else { column.saturating_sub(SHOWN / 2) };
    let to = (from + SHOWN).min(chars.len());
    let shown: String = chars[from..to].iter().collect();
    let width = usize::try_from(fault.width).unwrap_or(1).min(to - column).max(1);
    (shown.trim_end().to_owned(), format!("{}{}", " ".repeat(column - from), "^".repeat(width)))
}

/// The text without characters that could steer a terminal; each is one replacement character, so that columns stay.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The most candidates that a word is compared with.
const COMPARED: usize = 500;

/// The candidate that was probably meant, if one is close enough.
pub fn meant<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let close = 1 + written.chars().count() / 5;
    candidates
        .into_iter()
        .take(COMPARED)
        .map(|candidate| (strsim::osa_distance(&written, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= close)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Advice for a word that is not one of the candidates: the one that was probably meant, else all of them.
pub fn advice<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(candidate) = meant(written, candidates.clone()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    let all: Vec<String> = candidates.into_iter().take(20).map(|candidate| format!("`{candidate}`")).collect();
    if all.is_empty() { None } else { Some(format!("known here: {}", all.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line_text: &str, column: u32, width: u32) -> RulesFault {
        let wrong = Wrong::new(At { line: 23, column }, width, "unknown gate `tets`").help("did you mean `tests`?");
        let mut lines = vec![""; 22];
        lines.push(line_text);
        RulesFault::of("promotion/promotion-rules.yaml", &lines, wrong)
    }

    #[test]
    fn a_fault_shows_its_line_and_the_fix() {
        assert_eq!(
            render(&[fault("      tets: { required: [unit] }", 7, 4)]),
            "promotion/promotion-rules.yaml:23:7: unknown gate `tets`\n   \
             |\n23 |       tets: { required: [unit] }\n   |       ^^^^ did you mean `tests`?\n   |\n\
             1 fault. Nothing was read or written.\n"
        );
    }

    #[test]
    fn long_lines_and_control_characters_are_tamed() {
        let long = format!("{}tets{}", "ä".repeat(500), "\u{1b}[31m".repeat(100));
        let text = render(&[fault(&long, 501, 4)]);
        assert!(!text.contains('\u{1b}'), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let under: usize = lines[3].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[2].chars().skip(under).take(4).collect::<String>(), "tets");
        assert!(lines[2].chars().count() < 170);
    }

    #[test]
    fn a_place_beyond_the_text_is_no_panic() {
        let text = render(&[fault("x", 900, 900)]);
        assert!(text.contains("23 | x\n"), "{text}");
        assert!(
            render(&[RulesFault::of("p", &[], Wrong::new(At::default(), 0, "empty"))]).starts_with("p:1:1: empty\n")
        );
    }

    #[test]
    fn only_close_words_are_suggested() {
        let words = ["tests", "coverage", "error_budget"];
        assert_eq!(meant("tets", words), Some("tests"));
        assert_eq!(meant("Error-Budget", words), Some("error_budget"));
        assert_eq!(meant("soak", words), None);
        assert_eq!(advice("soak", words).unwrap(), "known here: `tests`, `coverage`, `error_budget`");
    }
}
