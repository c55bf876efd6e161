//! One line that says how it stands: `Held: tests e2e failed, security high unknown`, `Ready: 12 gates pass, waiting for sre,
//! qa`, `Promoted 1.20 to canary`.

use crate::promotion::approvals::report::RoleRow;
use crate::promotion::outcome::Outcome;
use crate::promotion::report::{GateReport, GateRow, Mark, Verdict};
use crate::render::github::shown::{Shown, cut};
use crate::render::markdown::title as answered;
use crate::render::{escape, report, words};

/// The longest title, in characters: more is not shown in a list of checks.
const TITLE: usize = 160;
/// How many names of one kind it has.
const NAMES: usize = 3;
/// The longest name in it, in characters.
const NAME: usize = 40;

/// The title.
pub fn title(shown: &Shown<'_>) -> String {
    let summary = &shown.summary;
    let outcome = summary.ending.and_then(|ending| ending.exit.outcome());
    let said = match (outcome, summary.report) {
        (Some(Outcome::Promoted | Outcome::Delivered), _) if !summary.heading.images.is_empty() => arrived(shown),
        (Some(Outcome::Held | Outcome::Unknown | Outcome::Waiting), Some(gates)) if gates.verdict != Verdict::Go => {
            let word = report::answer(gates);
            let word = word.split_once(':').map_or(word.as_str(), |(word, _)| word);
            format!("{}: {}", capital(word), holding(gates))
        }
        (Some(Outcome::Ready | Outcome::Planned), Some(gates)) if gates.verdict == Verdict::Go => {
            let answer = report::answer(gates);
            let rest = answer.split_once(": ").map_or(answer.as_str(), |(_, rest)| rest);
            format!("Ready: {}{}", rest.trim_end_matches('.'), open(shown))
        }
        (Some(Outcome::Waiting), _) if !open(shown).is_empty() => {
            format!("Waiting{}", open(shown).trim_start_matches(", waiting"))
        }
        _ => summary.ending.map_or_else(|| summary.report.map(report::answer).unwrap_or_default(), answered),
    };
    cut(&said, TITLE)
}

/// `Promoted 1.20 to canary`.
fn arrived(shown: &Shown<'_>) -> String {
    let heading = &shown.summary.heading;
    let versions = match heading.images {
        [only] => escape::line(&only.version()),
        images => words::versions(images),
    };
    let word = shown.summary.ending.and_then(|ending| ending.exit.outcome()).map_or("", Outcome::word);
    format!("{} {} to {}", capital(word), cut(&versions, TITLE / 2), cut(&escape::line(heading.to), NAME))
}

/// What holds it, by name.
fn holding(gates: &GateReport) -> String {
    let holds = |mark| gates.rows.iter().filter(move |row| row.mark == mark && row.not_before.is_none());
    let mut said = Vec::new();
    for (mark, word) in [(Mark::Fail, "failed"), (Mark::Unknown, "unknown")] {
        let rows: Vec<&GateRow> = holds(mark).collect();
        if !rows.is_empty() {
            said.push(format!("{} {word}", named(rows.len(), rows.iter().map(|row| words::gate(&cut(&row.id, NAME))))));
        }
    }
    if let Some(at) = gates.not_before() {
        said.push(format!("not before {}", words::minute(at)));
    }
    said.join(", ")
}

/// `, waiting for sre, qa`, where somebody has still to approve.
fn open(shown: &Shown<'_>) -> String {
    let roles = shown.summary.approvals.iter().flat_map(|approvals| approvals.open());
    let roles: Vec<&RoleRow> = roles.collect();
    if roles.is_empty() {
        return String::new();
    }
    format!(", waiting for {}", named(roles.len(), roles.iter().map(|role| escape::line(&cut(&role.role, NAME)))))
}

/// The first few of so many names.
fn named(count: usize, names: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = names.take(NAMES).collect();
    if count > NAMES {
        shown.push(format!("{} more", count - NAMES));
    }
    shown.join(", ")
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", chars.as_str().to_lowercase())
}
