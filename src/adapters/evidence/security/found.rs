//! Findings of many reports, merged: what is the same in two of them counts once (see `same`).
//!
//! For each report a few numbers stay in memory, and no text: only the worst findings, and those that a waiver names, are kept
//! in words.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::security::same::{Grouped, Kept, Keys, Names, group, judged};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::security::shown::{Seen, Shown, Waived, Worst};
use crate::promotion::measures;
use crate::promotion::measures::{DETAILS_KEPT, Findings};
use crate::promotion::waivers::{Named, Waivers};

/// One finding as a report has it.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// All names that it goes by, the one that is shown first: the rule, the CVE, its aliases; for code also CWEs, as
    /// `CWE-79`. For packages no CWE: two weaknesses of one kind are two. Where several CVEs stand among the names of one for a
    /// package, they are not taken for one another.
    pub ids: &'a [&'a str],
    /// The program that found it.
    pub tool: &'a str,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the report itself sets it aside.
    pub suppressed: bool,
    /// Where it is.
    pub place: Place<'a>,
    /// What it says; the first line is shown.
    pub message: &'a str,
}

/// Where a finding is.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A package that is used.
    Package {
        /// The ecosystem, for people: `npm`.
        ecosystem: &'a str,
        /// Its name, of Maven's `group:artifact`.
        name: &'a str,
        /// Its version; empty where the report does not say it.
        version: &'a str,
        /// The lock file, image or directory that uses it; empty where it is not known.
        path: &'a str,
    },
    /// A place in a file.
    Code {
        /// The file; empty where there is none.
        path: &'a str,
        /// The line, from 1; 0 where it is not known.
        line: u64,
        /// The column, from 1; 0 where it is not known.
        column: u64,
        /// What else tells two findings of one rule and one tool at one place apart.
        mark: &'a str,
    },
}

impl<'a> Place<'a> {
    fn path(&self) -> &'a str {
        match self {
            Place::Package { path, .. } | Place::Code { path, .. } => path,
        }
    }

    fn line(&self) -> u64 {
        match self {
            Place::Package { .. } => 0,
            Place::Code { line, .. } => *line,
        }
    }

    /// Ecosystem, name and version.
    fn package(&self) -> [&'a str; 3] {
        match self {
            Place::Package { ecosystem, name, version, .. } => [ecosystem, name, version],
            Place::Code { .. } => [""; 3],
        }
    }
}

/// A finding by its keys, for a parser that learns of the severity only when the texts have gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    /// What tells this report from every other one.
    pub(super) report: u64,
    /// The tool, by its key; 0 for packages.
    pub(super) tool: u32,
    /// How bad it is; `None`: suppressed.
    pub(super) grade: Option<Severity>,
    /// Whether it is about a package whose version is not known.
    pub(super) any_version: bool,
}

/// All findings of a source.
#[derive(Debug, Default)]
pub struct Found {
    kept: HashMap<u64, Kept>,
    names: Names,
    /// The names of packages without their versions.
    loose: Names,
    worst: Worst,
    waived: Waived,
    /// The waivers that fit something, by their keys.
    labels: BTreeMap<u32, String>,
    /// Every report of a finding, also of one that was there.
    reports: u64,
    waivers: Arc<Waivers>,
    keys: Keys,
}

impl Found {
    /// No findings yet.
    pub fn new(waivers: Arc<Waivers>) -> Self {
        Self { waivers, ..Self::default() }
    }

    /// Adds a finding.
    pub fn add(&mut self, finding: &Finding<'_>) {
        let Finding { ids, tool, place, message, .. } = *finding;
        let name = ids.first().copied().unwrap_or_default();
        let grade = (!finding.suppressed).then_some(finding.severity);
        let key = match place {
            Place::Package { name, version, .. } => self.keys.package(name, version),
            Place::Code { path, line, column, mark } => self.keys.code(path, line, column, mark),
        };
        let first = self.keys.name(name, key);
        let mut names = ids.to_vec();
        let keyed = match place {
            Place::Package { name, version, .. } => {
                names = of_one(ids);
                let whole = self.keys.package(name, "");
                names.iter().for_each(|id| self.loose.add(self.keys.name(id, whole), first));
                Keyed { report: first, tool: 0, grade, any_version: version.trim().is_empty() }
            }
            Place::Code { column, mark, .. } => {
                let tool = self.keys.tool(tool);
                let parts = [&tool.to_le_bytes(), &first.to_le_bytes()[..], &column.to_le_bytes(), mark.as_bytes()];
                Keyed { report: self.keys.of(parts), tool, grade, any_version: false }
            }
        };
        let (path, line, package) = (place.path(), place.line(), place.package());
        let (severity, report) = (finding.severity, keyed.report);
        let waiver = self.waiver(&Named { ids, path, package: (package[1], package[2]) });
        self.put(keyed, &names, key, waiver);
        self.show(Seen { severity, path, line, name, package, message, report }, waiver, finding.suppressed);
    }

    /// The waivers that are in force.
    pub(super) fn waivers(&self) -> &Waivers {
        &self.waivers
    }

    /// The key of the waiver that fits a finding; 0 for none.
    pub(super) fn waiver(&mut self, named: &Named<'_>) -> u32 {
        let Some(label) = self.waivers.finding(named) else { return 0 };
        let key = self.keys.tool(label);
        self.labels.entry(key).or_insert_with(|| label.to_owned());
        key
    }

    /// Counts a finding that is known by its keys, at the place with that key.
    pub(super) fn put<T: AsRef<str>>(&mut self, keyed: Keyed, ids: &[T], place: u64, waiver: u32) {
        let Keyed { report, tool, grade, any_version } = keyed;
        let new = Kept { tool, waiver, grade, any_version };
        self.reports += 1;
        let mut is_new = false;
        self.kept.entry(report).and_modify(|kept| kept.join(new)).or_insert_with(|| {
            is_new = true;
            new
        });
        // The first name is part of the report's key: where there is no other one, all is there already.
        if is_new || ids.len() > 1 {
            for id in ids {
                let name = self.keys.name(id.as_ref(), place);
                self.names.add(name, report);
            }
        }
    }

    /// Keeps the words of a finding that was counted, if it is one that may be shown.
    pub(super) fn show(&mut self, seen: Seen<'_>, waiver: u32, suppressed: bool) {
        match waiver {
            0 if suppressed => {}
            0 => self.worst.add(seen),
            _ => self.waived.add(seen, waiver),
        }
    }

    /// Takes in the findings of other reports.
    pub fn absorb(&mut self, other: Self) {
        for (report, new) in other.kept {
            self.kept.entry(report).and_modify(|kept| kept.join(new)).or_insert(new);
        }
        self.names.absorb(other.names);
        self.loose.absorb(other.loose);
        self.worst.absorb(other.worst);
        self.waived.absorb(other.waived);
        self.labels.extend(other.labels);
        self.reports = self.reports.saturating_add(other.reports);
    }

    /// The findings by severity, with notes. None at all is a clean scan: whether there was a scan is for the parser to say.
    pub fn finish(self) -> Result<(Findings, Vec<String>), Defect> {
        let Some(waived) = self.waived.into_vec() else {
            let most = Waived::MOST;
            return Err(Defect::Unreadable(format!(
                "waivers name more than {most} of its findings, the most that may be"
            )));
        };
        let grouped = group(self.kept, self.names, self.loose);
        let mut findings = Findings::default();
        let mut room = Vec::with_capacity(grouped.groups.len());
        let mut all = 0u64;
        for group in &grouped.groups {
            let (grades, set_aside) = judged(group);
            let counted = grades.iter().flatten().count();
            all += (grades.len() + set_aside) as u64;
            grades.into_iter().for_each(|grade| count(&mut findings, grade));
            room.push((counted, set_aside));
        }
        let (mut shown, mut aside): (Vec<usize>, Vec<usize>) = room.into_iter().unzip();
        let worst = fitting(&grouped, self.worst.into_vec(), &mut shown, |one| one.report);
        findings.worst = worst.into_iter().take(DETAILS_KEPT).map(Shown::detail).collect();
        let label = |waiver: u32| self.labels.get(&waiver).cloned().unwrap_or_default();
        let waived = fitting(&grouped, waived, &mut aside, |(one, _)| one.report).into_iter();
        findings.waived =
            waived.map(|(one, waiver)| measures::Waived { detail: one.detail(), waiver: label(waiver) }).collect();
        let notes = repeats(self.reports.saturating_sub(all));
        Ok((findings, notes))
    }
}

/// The names that mean this vulnerability and no other one: an advisory that covers several CVEs is none of them.
fn of_one<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let is_cve = |id: &&str| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-"));
    let mut cves = ids.iter().copied().filter(is_cve);
    let several = cves.next().is_some_and(|first| cves.any(|other| !other.eq_ignore_ascii_case(first)));
    let others = ids.iter().copied().skip(1).filter(|id| !(several && is_cve(id)));
    ids.first().copied().into_iter().chain(others).collect()
}

fn count(findings: &mut Findings, grade: Option<Severity>) {
    *match grade {
        None => &mut findings.suppressed,
        Some(Severity::Info) => &mut findings.info,
        Some(Severity::Low) => &mut findings.low,
        Some(Severity::Medium) => &mut findings.medium,
        Some(Severity::Unknown) => &mut findings.unknown,
        Some(Severity::High) => &mut findings.high,
        Some(Severity::Critical) => &mut findings.critical,
    } += 1;
}

/// Of what may be shown, as much of each group as there is room for.
fn fitting<T: Clone>(grouped: &Grouped, all: Vec<T>, room: &mut [usize], report: impl Fn(&T) -> u64) -> Vec<T> {
    let mut fitting = Vec::new();
    for one in all {
        for number in grouped.numbers(report(&one)) {
            if let Some(room) = room.get_mut(number).filter(|room| **room > 0) {
                *room -= 1;
                fitting.push(one.clone());
            }
        }
    }
    fitting
}

fn repeats(count: u64) -> Vec<String> {
    match count {
        0 => Vec::new(),
        1 => vec!["1 finding is reported twice, and counts once".to_owned()],
        n => vec![format!("{n} findings are repeats of others, and do not count again")],
    }
}

#[cfg(test)]
mod tests;
