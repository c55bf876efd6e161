//! The findings that are shown: the worst ones, and all that are waived. The choice does not depend on the order of reports.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::adapters::evidence::said::short;
use crate::adapters::evidence::security::severity::Severity;
use crate::promotion::measures::{DETAILS_KEPT, Detail};

/// How many of the worst are kept on the way: more than are shown, as several of them may turn out to be the same finding.
pub(super) const CANDIDATES: usize = 2 * DETAILS_KEPT;
/// The most characters that are kept of one text; one more than are shown, so that a longer one is seen to be cut.
const CLIPPED: usize = 301;

/// How one report shows a finding, while its texts are still those of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen<'a> {
    pub(super) severity: Severity,
    pub(super) path: &'a str,
    pub(super) line: u64,
    pub(super) name: &'a str,
    /// The package: ecosystem, name and version; empty for code.
    pub(super) package: [&'a str; 3],
    pub(super) message: &'a str,
    /// The report's key.
    pub(super) report: u64,
}

type Order<'a> = (Reverse<Severity>, &'a str, u64, &'a str, [&'a str; 3], &'a str, u64);

impl<'a> Seen<'a> {
    /// With its texts no longer than is kept.
    pub(super) fn clipped(self) -> Self {
        let line = self.message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let (path, name, message) = (clip(self.path), clip(self.name), clip(line));
        Self { path, name, message, package: self.package.map(clip), ..self }
    }

    /// The order of findings: the worst first, then by place and name.
    fn order(&self) -> Order<'a> {
        (Reverse(self.severity), self.path, self.line, self.name, self.package, self.message, self.report)
    }

    /// Whether it stands before another one.
    pub(super) fn is_before(&self, other: &Seen<'_>) -> bool {
        self.order() < other.order()
    }

    /// With texts of its own.
    pub(super) fn owned(&self) -> Shown {
        Shown {
            severity: self.severity,
            path: self.path.to_owned(),
            line: self.line,
            name: self.name.to_owned(),
            package: self.package.map(str::to_owned),
            message: self.message.to_owned(),
            report: self.report,
        }
    }
}

fn clip(text: &str) -> &str {
    if text.len() <= CLIPPED {
        return text;
    }
    text.char_indices().nth(CLIPPED).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// How one report shows a finding.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    severity: Severity,
    path: String,
    line: u64,
    name: String,
    package: [String; 3],
    message: String,
    pub(super) report: u64,
}

impl Shown {
    /// As it was lent.
    pub(super) fn seen(&self) -> Seen<'_> {
        let package = self.package.each_ref().map(String::as_str);
        let (path, name, message) = (self.path.as_str(), self.name.as_str(), self.message.as_str());
        Seen { severity: self.severity, path, line: self.line, name, package, message, report: self.report }
    }

    /// As people see it: code as `path:line`, a package as `lodash@4.17.20 (npm, package-lock.json)`.
    pub(super) fn detail(self) -> Detail {
        let place = if self.line > 0 { format!("{}:{}", short(&self.path), self.line) } else { short(&self.path) };
        let [ecosystem, package, version] = self.package;
        let at = if package.is_empty() {
            place
        } else {
            let name = if version.is_empty() { package } else { format!("{package}@{version}") };
            let inside: Vec<&str> = [ecosystem.as_str(), &place].into_iter().filter(|part| !part.is_empty()).collect();
            if inside.is_empty() { short(&name) } else { format!("{} ({})", short(&name), inside.join(", ")) }
        };
        Detail { name: short(&self.name), message: short(&self.message), at }
    }
}

/// The first few in the order of findings, each once.
#[derive(Debug, Default)]
pub(super) struct Worst(Vec<Shown>);

impl Worst {
    /// Takes one in, if it is among the first.
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        let seen = seen.clipped();
        if self.0.len() >= CANDIDATES && self.0.last().is_some_and(|last| !seen.is_before(&last.seen())) {
            return;
        }
        if let Err(at) = self.0.binary_search_by(|other| other.seen().order().cmp(&seen.order())) {
            self.0.insert(at, seen.owned());
            self.0.truncate(CANDIDATES);
        }
    }

    /// Takes in those of other reports.
    pub(super) fn absorb(&mut self, other: Self) {
        other.0.iter().for_each(|shown| self.add(shown.seen()));
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Shown> {
        self.0.iter()
    }

    /// All of them, in order.
    pub(super) fn into_vec(self) -> Vec<Shown> {
        self.0
    }
}

/// Those that a waiver names, with the waiver's key: one for each report, up to a limit.
#[derive(Debug, Default)]
pub(super) struct Waived {
    by: BTreeMap<u64, (Shown, u32)>,
    too_many: bool,
}

impl Waived {
    /// The most that there may be: a waiver is for single findings.
    pub(super) const MOST: usize = 10_000;

    /// Takes one in. Of two with one key the first in the order of findings stays.
    pub(super) fn add(&mut self, seen: Seen<'_>, waiver: u32) {
        let seen = seen.clipped();
        let full = self.by.len() >= Self::MOST;
        match self.by.get_mut(&seen.report) {
            Some((kept, other)) if (kept.seen().order(), *other) <= (seen.order(), waiver) => {}
            Some(kept) => *kept = (seen.owned(), waiver),
            None if full => self.too_many = true,
            None => drop(self.by.insert(seen.report, (seen.owned(), waiver))),
        }
    }

    /// Takes in those of other reports.
    pub(super) fn absorb(&mut self, other: Self) {
        self.too_many |= other.too_many;
        other.by.values().for_each(|(shown, waiver)| self.add(shown.seen(), *waiver));
    }

    /// All of them, in the order of findings; `None`: there are too many.
    pub(super) fn into_vec(self) -> Option<Vec<(Shown, u32)>> {
        let mut all: Vec<_> = self.by.into_values().collect();
        all.sort_by(|(a, _), (b, _)| a.seen().order().cmp(&b.seen().order()));
        (!self.too_many).then_some(all)
    }
}
