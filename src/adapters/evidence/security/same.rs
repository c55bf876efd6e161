//! When two reports speak of one finding.
//!
//! - A package: they share an id (an advisory has many names, and each report may know others: whoever shares one with either
//!   of two joins them), the package's name and its version. Where it lies does not matter. A report that does not know the
//!   version speaks of every version that others report.
//! - Code: they share a rule or a CWE, the file and the line. A tool that reports several such means several: of two tools,
//!   the first of the one is the first of the other, and so on, the worst first.
//!
//! All of it is a function of the set of reports: their order, and how they were split over files, changes nothing.

use std::collections::{BTreeMap, HashMap};

use crate::adapters::evidence::identity::KeyBuffer;
use crate::adapters::evidence::security::found::Place;
use crate::adapters::evidence::security::severity::Severity;

/// Makes keys: hashes of what tells reports apart. Its buffers are used again and again.
#[derive(Debug, Default)]
pub(super) struct Keys {
    parts: KeyBuffer,
    folded: Vec<u8>,
}

impl Keys {
    /// The key of a place. A finding in no file is told by its mark; of a package, `any_version` leaves the version out.
    pub(super) fn place(&mut self, place: &Place<'_>, any_version: bool) -> u64 {
        match *place {
            Place::Code { path: "", column, mark, .. } => self.of([b"nowhere", &column.to_le_bytes(), mark.as_bytes()]),
            Place::Code { path, line, .. } => {
                let folded = self.fold(|out| out.extend(plain_path(path).bytes().map(slash)));
                let key = self.of([b"code", &folded, &line.to_le_bytes()]);
                self.folded = folded;
                key
            }
            Place::Package { name, version, .. } => {
                let folded = self.fold(|out| fold_name(name, out));
                let version = if any_version { "" } else { plain_version(version) };
                let key = self.of([b"package", &folded, version.as_bytes()]);
                self.folded = folded;
                key
            }
        }
    }

    /// The key of one of the finding's names at a place: what two reports have to share.
    pub(super) fn name(&mut self, id: &str, place: u64) -> u64 {
        let folded = self.fold(|out| fold_id(id, out));
        let key = self.of([&folded, &place.to_le_bytes()]);
        self.folded = folded;
        key
    }

    /// The key of some parts; how they are cut matters.
    pub(super) fn of<const N: usize>(&mut self, parts: [&[u8]; N]) -> u64 {
        self.parts.truncate(0);
        parts.into_iter().for_each(|part| self.parts.push(part));
        self.parts.identity() as u64
    }

    /// The key of a tool; never 0.
    pub(super) fn tool(&mut self, name: &str) -> u32 {
        self.of([name.as_bytes()]) as u32 | 1
    }

    fn fold(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut folded = std::mem::take(&mut self.folded);
        folded.clear();
        write(&mut folded);
        folded
    }
}

/// Without what tools put before a path that is relative to the root of the sources.
fn plain_path(path: &str) -> &str {
    let mut path = path.strip_prefix("file://").unwrap_or(path);
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix(".\\")) {
        path = rest;
    }
    path
}

fn slash(byte: u8) -> u8 {
    if byte == b'\\' { b'/' } else { byte }
}

/// Go's versions begin with a `v`, which not all tools write.
fn plain_version(version: &str) -> &str {
    let version = version.trim();
    version.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(version)
}

/// Without case, and every run of `_`, `.` and `-` as one `-` (PEP 503).
fn fold_name(name: &str, out: &mut Vec<u8>) {
    for byte in name.trim().bytes() {
        match byte {
            b'_' | b'.' | b'-' if out.last() == Some(&b'-') => {}
            b'_' | b'.' | b'-' => out.push(b'-'),
            other => out.push(other.to_ascii_lowercase()),
        }
    }
}

/// Without case, and `CWE-079` as `CWE-79`.
fn fold_id(id: &str, out: &mut Vec<u8>) {
    let id = id.trim();
    let number = id.get(..4).filter(|start| start.eq_ignore_ascii_case("cwe-")).and_then(|_| id.get(4..));
    match number.map(|number| number.trim_start_matches('0')) {
        Some(number) => {
            out.extend_from_slice(b"cwe-");
            out.extend(number.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        None => out.extend(id.bytes().map(|byte| byte.to_ascii_lowercase())),
    }
}

/// What is kept of the reports that have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// The tool, by its key; 0 for packages, of which no tool means several.
    pub(super) tool: u32,
    /// The waiver that fits, by its key; 0 for none.
    pub(super) waiver: u32,
    /// How bad it is; `None`: suppressed.
    pub(super) grade: Option<Severity>,
    /// Whether it is about a package whose version is not known.
    pub(super) any_version: bool,
}

impl Kept {
    /// Of two that are the same the worse stands, and a waiver that fits one fits both.
    pub(super) fn join(&mut self, other: Self) {
        self.grade = self.grade.max(other.grade);
        self.waiver = self.waiver.max(other.waiver);
    }
}

/// Which names each report goes by: pairs of a name's key and the report's, as a set.
#[derive(Debug, Default)]
pub(super) struct Names {
    pairs: Vec<(u64, u64)>,
    /// How many there may be before repeats are thrown out.
    full: usize,
}

impl Names {
    /// Adds a name of a report.
    pub(super) fn add(&mut self, name: u64, report: u64) {
        if self.pairs.len() >= self.full.max(4096) {
            self.tidy();
            self.full = self.pairs.len().saturating_mul(2);
        }
        self.pairs.push((name, report));
    }

    /// Takes in those of other reports.
    pub(super) fn absorb(&mut self, other: Self) {
        other.pairs.into_iter().for_each(|(name, report)| self.add(name, report));
    }

    fn tidy(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.dedup();
    }

    /// The reports of each name.
    fn each(&mut self) -> impl Iterator<Item = &[(u64, u64)]> {
        self.tidy();
        self.pairs.chunk_by(|a, b| a.0 == b.0)
    }
}

/// The reports in groups that speak of the same.
pub(super) struct Grouped {
    /// The reports of each group.
    pub(super) groups: Vec<Vec<Kept>>,
    /// The number of each report's group, by the report's key.
    of: HashMap<u64, usize>,
    /// The reports that stand for one without a version, by its key.
    versions: BTreeMap<u64, Vec<u64>>,
}

impl Grouped {
    /// The groups that a report speaks of.
    pub(super) fn numbers(&self, report: u64) -> Vec<usize> {
        let others = self.versions.get(&report);
        let mut numbers: Vec<usize> = match others {
            Some(others) => others.iter().filter_map(|other| self.of.get(other).copied()).collect(),
            None => self.of.get(&report).copied().into_iter().collect(),
        };
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Brings together what speaks of one finding.
pub(super) fn group(mut reports: HashMap<u64, Kept>, mut names: Names, mut loose: Names) -> Grouped {
    let versions = spread(&mut reports, &mut loose);
    let mut keys: Vec<u64> = reports.keys().copied().collect();
    keys.sort_unstable();
    let place = |key: u64| keys.binary_search(&key).ok();
    let mut parents: Vec<usize> = (0..keys.len()).collect();
    for same in names.each() {
        let mut places = same.iter().filter_map(|(_, key)| place(*key));
        if let Some(first) = places.next() {
            places.for_each(|other| unite(&mut parents, first, other));
        }
    }
    let mut grouped = Grouped { groups: Vec::new(), of: HashMap::with_capacity(keys.len()), versions };
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        let next = grouped.groups.len();
        let number = *numbers.entry(root(&mut parents, at)).or_insert(next);
        if number == next {
            grouped.groups.push(Vec::new());
        }
        if let (Some(group), Some(report)) = (grouped.groups.get_mut(number), reports.get(key)) {
            group.push(*report);
            grouped.of.insert(*key, number);
        }
    }
    grouped
}

/// Lets each report of a package without a version speak of all versions that others report, if there are any.
fn spread(reports: &mut HashMap<u64, Kept>, loose: &mut Names) -> BTreeMap<u64, Vec<u64>> {
    let mut told = Vec::new();
    for same in loose.each() {
        let of = |any: bool| {
            let all = same.iter().filter_map(|(_, key)| reports.get(key).map(|kept| (*key, *kept)));
            all.filter(move |(_, kept)| kept.any_version == any)
        };
        for (key, any) in of(true) {
            told.extend(of(false).map(|(other, _)| (key, other, any)));
        }
    }
    let mut versions: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (key, other, any) in told {
        reports.remove(&key);
        if let Some(kept) = reports.get_mut(&other) {
            kept.join(any);
        }
        versions.entry(key).or_default().push(other);
    }
    versions
}

fn unite(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    if let Some(parent) = parents.get_mut(a.max(b)) {
        *parent = a.min(b);
    }
}

/// The representative of a report's group; the way there is halved for the next one who asks.
fn root(parents: &mut [usize], mut at: usize) -> usize {
    while let Some(&parent) = parents.get(at) {
        let Some(&above) = parents.get(parent) else { break };
        if parent == at {
            break;
        }
        if let Some(slot) = parents.get_mut(at) {
            *slot = above;
        }
        at = above;
    }
    at
}

/// What the reports of one group come to: the grade of each finding that counts, the worst first, and how many are waived.
pub(super) fn judged(reports: &[Kept]) -> (Vec<Option<Severity>>, usize) {
    let mut reports = reports.to_vec();
    reports.sort_by_key(|report| report.tool);
    let (mut all, mut waived) = (0, 0);
    let mut ranks: Vec<Option<Severity>> = Vec::new();
    for one in reports.chunk_by(|a, b| a.tool == b.tool && a.tool != 0) {
        let mut grades: Vec<_> = one.iter().filter(|report| report.waiver == 0).map(|report| report.grade).collect();
        grades.sort_unstable_by(|a, b| b.cmp(a));
        all = all.max(one.len());
        waived = waived.max(one.len() - grades.len());
        ranks.resize(ranks.len().max(grades.len()), None);
        ranks.iter_mut().zip(grades).for_each(|(rank, grade)| *rank = (*rank).max(grade));
    }
    if reports.iter().all(|report| report.grade.is_none()) {
        return (vec![None; all], 0);
    }
    ranks.truncate(all.saturating_sub(waived));
    (ranks, waived)
}
