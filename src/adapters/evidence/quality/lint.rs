//! What linters say, of many reports, merged by identity: the same tool saying the same of the same place is one finding.
//!
//! Everything is a function of the set of findings: their order, and how they were split over reports, changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::quality::complexity;
use crate::adapters::evidence::said::{Defect, first_line, short};
use crate::promotion::measures::{DETAILS_KEPT, Detail, Quality, Waived};
use crate::promotion::waivers::{Named, Waivers};

/// How many waived findings one reading may have: a waiver is for single findings.
const MAX_WAIVED: usize = 10_000;
/// How many of the worst are kept on the way. One finding can stand there with each of the three levels, of which the worst
/// is shown.
const CANDIDATES: usize = 3 * DETAILS_KEPT;

/// How bad a finding is; a worse one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Information only.
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// One finding as a report has it.
#[derive(Debug, Clone, Copy)]
pub struct Complaint<'a> {
    /// The tool, or the format where it names none.
    pub tool: &'a str,
    /// The names of the rule; the first one is shown.
    pub rules: &'a [&'a str],
    /// How bad it is.
    pub level: Level,
    /// The file, or the project where it is about all of it.
    pub path: &'a str,
    /// The line, counted from 1; 0 for none.
    pub line: u64,
    /// The column, counted from 1; 0 for none.
    pub column: u64,
    /// What it says; the first line is shown.
    pub message: &'a str,
}

/// The worst first, then by place and words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    level: std::cmp::Reverse<Level>,
    path: String,
    line: u64,
    column: u64,
    rule: String,
    message: String,
    key: u128,
}

impl Shown {
    fn of(complaint: &Complaint<'_>, key: u128) -> Self {
        Self {
            level: std::cmp::Reverse(complaint.level),
            path: short(complaint.path),
            line: complaint.line,
            column: complaint.column,
            rule: short(complaint.rules.first().unwrap_or(&"")),
            message: first_line(complaint.message).unwrap_or_default(),
            key,
        }
    }

    fn detail(self) -> Detail {
        let at = if self.line > 0 { format!("{}:{}", self.path, self.line) } else { self.path };
        Detail { name: self.rule, message: self.message, at }
    }
}

/// All findings of a source.
#[derive(Debug, Default)]
pub struct Lint {
    kept: HashMap<u128, Level>,
    worst: BTreeSet<Shown>,
    /// Those that a waiver names, with its label.
    waived: BTreeMap<u128, (Shown, String)>,
    too_many_waived: bool,
    repeated: u64,
    complexity: Option<u64>,
    waivers: Arc<Waivers>,
}

impl Lint {
    /// No findings yet.
    pub fn new(waivers: Arc<Waivers>) -> Self {
        Self { waivers, ..Self::default() }
    }

    /// Adds a finding. Of two that are the same the worse one stands.
    pub fn add(&mut self, complaint: &Complaint<'_>) {
        let Complaint { tool, rules, path, line, column, message, level } = *complaint;
        let (line_bytes, column_bytes) = (line.to_le_bytes(), column.to_le_bytes());
        let rule = rules.first().copied().unwrap_or_default();
        let parts: [&[u8]; 6] =
            [tool.as_bytes(), rule.as_bytes(), path.as_bytes(), &line_bytes, &column_bytes, message.as_bytes()];
        let key = identity(parts);
        let waivers = Arc::clone(&self.waivers);
        if let Some(waiver) = waivers.finding(&Named { ids: rules, path, package: ("", "") }) {
            self.waive(Shown::of(complaint, key), waiver.to_owned());
            return;
        }
        self.complexity = self.complexity.max(complexity::of(rules, message));
        self.keep(key, level);
        // The texts are copied only if they may be shown.
        if self.worst.len() < CANDIDATES || self.worst.last().is_none_or(|last| last.level.0 <= level) {
            self.show(Shown::of(complaint, key));
        }
    }

    /// Takes in what other reports of the same source say.
    pub fn absorb(&mut self, other: Self) {
        self.repeated = self.repeated.saturating_add(other.repeated);
        self.complexity = self.complexity.max(other.complexity);
        self.too_many_waived |= other.too_many_waived;
        other.kept.into_iter().for_each(|(key, level)| self.keep(key, level));
        other.worst.into_iter().for_each(|shown| self.show(shown));
        other.waived.into_values().for_each(|(shown, waiver)| self.waive(shown, waiver));
    }

    fn keep(&mut self, key: u128, level: Level) {
        if let Some(before) = self.kept.insert(key, level) {
            self.repeated = self.repeated.saturating_add(1);
            self.kept.insert(key, before.max(level));
        }
    }

    fn show(&mut self, shown: Shown) {
        self.worst.insert(shown);
        if self.worst.len() > CANDIDATES {
            self.worst.pop_last();
        }
    }

    fn waive(&mut self, shown: Shown, waiver: String) {
        let full = self.waived.len() >= MAX_WAIVED;
        match self.waived.get_mut(&shown.key) {
            Some(kept) => {
                self.repeated = self.repeated.saturating_add(1);
                if (&shown, &waiver) < (&kept.0, &kept.1) {
                    *kept = (shown, waiver);
                }
            }
            None if full => self.too_many_waived = true,
            None => drop(self.waived.insert(shown.key, (shown, waiver))),
        }
    }

    /// What all reports say together, with notes. None at all is clean: whether anything was looked at is for the parser to say.
    pub fn finish(self) -> Result<(Quality, Vec<String>), Defect> {
        if self.too_many_waived {
            let why = format!("waivers name more than {MAX_WAIVED} of its findings, the most that are kept");
            return Err(Defect::Unreadable(why));
        }
        let mut quality = Quality { complexity: self.complexity, ..Quality::default() };
        for level in self.kept.values() {
            *match level {
                Level::Info => &mut quality.info,
                Level::Warning => &mut quality.warnings,
                Level::Error => &mut quality.errors,
            } += 1;
        }
        let mut seen = BTreeSet::new();
        let worst = self.worst.into_iter().filter(|shown| seen.insert(shown.key));
        quality.worst = worst.take(DETAILS_KEPT).map(Shown::detail).collect();
        let mut waived: Vec<_> = self.waived.into_values().collect();
        waived.sort_unstable();
        quality.waived = waived.into_iter().map(|(shown, waiver)| Waived { detail: shown.detail(), waiver }).collect();
        let notes = match self.repeated {
            0 => Vec::new(),
            1 => vec!["1 finding is reported twice, and counts once".to_owned()],
            n => vec![format!("{n} findings are repeats of others, and do not count again")],
        };
        Ok((quality, notes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::waivers::Waives;
    use proptest::prelude::*;

    fn waivers() -> Arc<Waivers> {
        let waives = Waives { id: Some("r3".to_owned()), ..Waives::default() };
        Arc::new(Waivers::new([("w:1".to_owned(), waives)]))
    }

    fn put(lint: &mut Lint, (rule, line, level): (u8, u64, u8)) {
        let rule = format!("r{rule}");
        let level = [Level::Info, Level::Warning, Level::Error][usize::from(level) % 3];
        let rules = [rule.as_str()];
        let complaint = Complaint { tool: "t", rules: &rules, level, path: "a", line, column: 0, message: "m" };
        lint.add(&complaint);
    }

    fn of(all: &[(u8, u64, u8)]) -> Lint {
        let mut lint = Lint::new(waivers());
        all.iter().for_each(|one| put(&mut lint, *one));
        lint
    }

    #[test]
    fn the_worse_of_two_stands_and_what_is_waived_does_not_count() {
        let (quality, notes) = of(&[(1, 1, 1), (1, 1, 2), (1, 2, 0), (3, 1, 2), (3, 1, 2)]).finish().unwrap();
        assert_eq!((quality.errors, quality.warnings, quality.info), (1, 0, 1));
        let worst: Vec<&str> = quality.worst.iter().map(|detail| detail.at.as_str()).collect();
        assert_eq!(worst, ["a:1", "a:2"]);
        let waived: Vec<&str> = quality.waived.iter().map(|waived| waived.waiver.as_str()).collect();
        assert_eq!(waived, ["w:1"]);
        assert_eq!(notes, ["2 findings are repeats of others, and do not count again"]);
    }

    #[test]
    fn too_many_waived_findings_are_not_believed() {
        let all: Vec<_> = (0..=MAX_WAIVED as u64).map(|line| (3, line, 2)).collect();
        assert!(of(&all[1..]).finish().is_ok());
        let Err(Defect::Unreadable(why)) = of(&all).finish() else { panic!("it must be refused") };
        assert!(why.contains("more than 10000"), "{why}");
    }

    proptest! {
        #[test]
        fn order_and_splitting_change_nothing(
            all in prop::collection::vec((0u8..5, 0u64..90, 0u8..3), 0..300),
            at in 0usize..300,
        ) {
            let (first, second) = all.split_at(at.min(all.len()));
            let mut turned = of(second);
            turned.absorb(of(first));
            prop_assert_eq!(turned.finish(), of(&all).finish());
        }
    }
}
