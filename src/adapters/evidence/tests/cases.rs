//! Test cases of many reports, merged by identity.

use std::sync::Arc;

use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::said::{Defect, first_line, short};
use crate::adapters::evidence::tests::kept::Kept;
use crate::promotion::measures::{DETAILS_KEPT, Detail, Tests, Waived};
use crate::promotion::waivers::Waivers;

/// How many waived cases one reading may have: a waiver is for single tests.
const MAX_WAIVED: usize = 1000;

/// How many cases one reading may have: they take 160 MB.
const MAX_CASES: usize = 10_000_000;

/// How a case came out; a worse one is greater. Having been skipped somewhere is no worse than having passed elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseOutcome {
    /// It did not run.
    Skipped,
    /// It passed.
    Passed,
    /// An assertion failed.
    Failed,
    /// It could not be judged.
    Errored,
}

impl CaseOutcome {
    /// Whether it is a definite no.
    pub fn is_bad(self) -> bool {
        self >= Self::Failed
    }
}

/// The identity of a case: a hash of its file, suites, class, name and parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseKey(pub u128);

impl CaseKey {
    /// The key of some parts; how they are cut matters (`a`, `bc` is not `ab`, `c`).
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(identity(parts))
    }
}

/// One case as a report has it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Its identity.
    pub key: CaseKey,
    /// How it came out at last.
    pub outcome: CaseOutcome,
    /// Whether an earlier attempt failed.
    pub flaky: bool,
    /// Whether the report says that this is one of several attempts, in the order of the report.
    pub attempt: bool,
    /// Its class, suite or file; empty where its name says it all.
    pub class: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What it says, when it is bad; the first line is kept.
    pub message: &'a str,
    /// The report.
    pub path: &'a str,
    /// The line of the report.
    pub line: u64,
}

impl Case<'_> {
    /// Its name, for people: `class › name`.
    fn shown(&self) -> String {
        if self.class.is_empty() || self.name.starts_with(self.class) {
            return short(self.name);
        }
        short(&format!("{} › {}", self.class, self.name))
    }
}

/// What is kept of a case, in a byte.
#[derive(Debug, Clone, Copy)]
struct State {
    outcome: CaseOutcome,
    flaky: bool,
    repeated: bool,
    waived: bool,
}

impl State {
    fn packed(self) -> u8 {
        let flag = |flag: bool, bit: u8| u8::from(flag) << bit;
        self.outcome as u8 | flag(self.flaky, 2) | flag(self.repeated, 3) | flag(self.waived, 4)
    }

    fn unpacked(byte: u8) -> Self {
        use CaseOutcome::{Errored, Failed, Passed, Skipped};
        let outcome = [Skipped, Passed, Failed, Errored][usize::from(byte & 3)];
        let flag = |bit: u8| byte >> bit & 1 == 1;
        Self { outcome, flaky: flag(2), repeated: flag(3), waived: flag(4) }
    }

    /// Two reports of one case that do not say which came first: the worse one counts.
    fn joined(self, other: Self) -> Self {
        Self {
            outcome: self.outcome.max(other.outcome),
            flaky: self.flaky || other.flaky,
            repeated: true,
            waived: self.waived || other.waived,
        }
    }
}

/// A bad case, for people.
#[derive(Debug)]
struct Bad {
    key: CaseKey,
    path: Arc<str>,
    line: u64,
    detail: Detail,
    waiver: Option<String>,
}

/// All cases of a source.
#[derive(Debug, Default)]
pub struct Cases {
    kept: Kept,
    bad: Vec<Bad>,
    waived: Vec<Bad>,
    path: Arc<str>,
    waivers: Arc<Waivers>,
}

impl Cases {
    /// No cases yet.
    pub fn new(waivers: Arc<Waivers>) -> Self {
        Self { waivers, ..Self::default() }
    }

    /// Adds a case. When its key is there already: the last of known attempts decides, and of anything else the worst.
    pub fn add(&mut self, case: &Case<'_>) {
        if self.kept.count() > MAX_CASES {
            return;
        }
        let waived = case.outcome.is_bad() && self.note(case);
        let new = State { outcome: case.outcome, flaky: case.flaky, repeated: false, waived };
        let (state, was_there) = self.kept.state(case.key.0, new.packed());
        if !was_there {
            return;
        }
        let old = State::unpacked(*state);
        *state = if case.attempt {
            let flaky = old.flaky || new.flaky || old.outcome.is_bad();
            State { outcome: new.outcome, flaky, repeated: old.repeated, waived: old.waived || waived }.packed()
        } else {
            old.joined(new).packed()
        };
    }

    /// Keeps the words of a bad case; `true` if a waiver names it.
    fn note(&mut self, case: &Case<'_>) -> bool {
        if self.bad.len() >= DETAILS_KEPT && self.waivers.is_empty() {
            return false;
        }
        let name = case.shown();
        let waiver = self.waivers.test(&name).map(str::to_owned);
        let waived = waiver.is_some();
        let list = if waived { &mut self.waived } else { &mut self.bad };
        let room = list.len() < if waived { MAX_WAIVED + 1 } else { DETAILS_KEPT };
        if room && !list.iter().any(|bad| bad.key == case.key) {
            if *self.path != *case.path {
                self.path = Arc::from(case.path);
            }
            let message = first_line(case.message).unwrap_or_default();
            let at = format!("{}:{}", case.path, case.line);
            let (path, line) = (Arc::clone(&self.path), case.line);
            list.push(Bad { key: case.key, path, line, detail: Detail { name, message, at }, waiver });
        }
        waived
    }

    /// Takes in the cases of other reports. Of a case that is in both, the worse result counts.
    pub fn absorb(&mut self, other: Self) {
        self.kept.absorb(other.kept, |old, new| State::unpacked(old).joined(State::unpacked(new)).packed());
        joined(&mut self.bad, other.bad, DETAILS_KEPT);
        joined(&mut self.waived, other.waived, MAX_WAIVED + 1);
    }

    /// The results; a source without a case, or without one that ran, is missing.
    pub fn finish(mut self) -> Result<(Tests, Vec<String>), Defect> {
        if self.kept.count() > MAX_CASES {
            return Err(Defect::Unreadable(
                "it holds more than 10,000,000 test cases, the most that is read".to_owned(),
            ));
        }
        let mut tests = Tests::default();
        let mut waived = 0;
        for state in self.kept.states().map(State::unpacked) {
            tests.total += 1;
            tests.duplicates += u64::from(state.repeated);
            match state.outcome {
                CaseOutcome::Skipped => tests.skipped += 1,
                CaseOutcome::Passed => {
                    tests.passed += 1;
                    tests.flaky += u64::from(state.flaky);
                }
                _ if state.waived => waived += 1,
                CaseOutcome::Failed => tests.failed += 1,
                CaseOutcome::Errored => tests.errored += 1,
            }
        }
        if tests.total == 0 {
            return Err(Defect::Missing("there is no test case".to_owned()));
        }
        if tests.total == tests.skipped {
            return Err(Defect::Missing(format!("no test ran: {}", skipped(tests.total))));
        }
        if waived > MAX_WAIVED {
            return Err(Defect::Unreadable(format!("waivers name {waived} of its tests; at most {MAX_WAIVED} may be")));
        }
        let kept = &self.kept;
        let still_bad = |bad: &Bad| kept.get(bad.key.0).is_some_and(|state| State::unpacked(state).outcome.is_bad());
        joined(&mut self.bad, Vec::new(), DETAILS_KEPT);
        joined(&mut self.waived, Vec::new(), MAX_WAIVED);
        tests.failures = self.bad.into_iter().filter(still_bad).map(|bad| bad.detail).collect();
        let waived = self.waived.into_iter().filter(still_bad);
        tests.waived = waived.filter_map(|bad| Some(Waived { detail: bad.detail, waiver: bad.waiver? })).collect();
        let notes = (tests.duplicates > 0).then(|| repeated(tests.duplicates));
        Ok((tests, notes.into_iter().collect()))
    }
}

/// Two lists as one, in the order of paths and lines, each case once.
fn joined(all: &mut Vec<Bad>, more: Vec<Bad>, most: usize) {
    all.extend(more);
    all.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    let mut seen = std::collections::HashSet::new();
    all.retain(|bad| seen.insert(bad.key));
    all.truncate(most);
}

fn skipped(total: u64) -> String {
    if total == 1 { "the only case was skipped".to_owned() } else { format!("all {total} cases were skipped") }
}

fn repeated(count: u64) -> String {
    let cases = if count == 1 { "1 case is".to_owned() } else { format!("{count} cases are") };
    format!("{cases} reported more than once, and the worst result counts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::waivers::Waives;

    fn case(name: &str, outcome: CaseOutcome, attempt: bool) -> Case<'_> {
        let key = CaseKey::of([name]);
        Case { key, outcome, flaky: false, attempt, class: "", name, message: "", path: "r.xml", line: 1 }
    }

    fn counts<'a>(cases: impl IntoIterator<Item = Case<'a>>) -> (u64, u64, u64, u64, u64, usize) {
        let mut all = Cases::default();
        cases.into_iter().for_each(|case| all.add(&case));
        let (tests, _) = all.finish().unwrap();
        (tests.total, tests.passed, tests.failed, tests.flaky, tests.duplicates, tests.failures.len())
    }

    #[test]
    fn of_unmarked_repeats_the_worst_counts() {
        use CaseOutcome::{Failed, Passed, Skipped};
        for (two, wanted) in [
            ([Failed, Passed], (1, 0, 1, 0, 1, 1)),
            ([Passed, Failed], (1, 0, 1, 0, 1, 1)),
            ([Skipped, Passed], (1, 1, 0, 0, 1, 0)),
            ([Failed, Failed], (1, 0, 1, 0, 1, 1)),
        ] {
            assert_eq!(counts(two.map(|outcome| case("a", outcome, false))), wanted, "{two:?}");
        }
    }

    #[test]
    fn of_known_attempts_the_last_counts() {
        use CaseOutcome::{Failed, Passed};
        assert_eq!(counts([Failed, Passed].map(|outcome| case("a", outcome, true))), (1, 1, 0, 1, 0, 0));
        assert_eq!(counts([Passed, Failed].map(|outcome| case("a", outcome, true))), (1, 0, 1, 0, 0, 1));
        assert_eq!(counts([Failed, Failed, Passed].map(|outcome| case("a", outcome, true))), (1, 1, 0, 1, 0, 0));
    }

    #[test]
    fn a_waived_case_is_neither_failed_nor_passed_and_is_kept() {
        let waives = Waives { test: Some("a*".to_owned()), ..Waives::default() };
        let mut all = Cases::new(Arc::new(Waivers::new([("w:1".to_owned(), waives)])));
        for (name, outcome) in [("a1", CaseOutcome::Failed), ("a2", CaseOutcome::Passed), ("b", CaseOutcome::Errored)] {
            all.add(&case(name, outcome, false));
        }
        let (tests, _) = all.finish().unwrap();
        assert_eq!((tests.total, tests.passed, tests.failed, tests.errored, tests.executed()), (3, 1, 0, 1, 2));
        assert_eq!((tests.waived.len(), tests.waived[0].waiver.as_str()), (1, "w:1"));
        assert_eq!(tests.failures.len(), 1);
    }

    #[test]
    fn nothing_is_missing() {
        assert_eq!(Cases::default().finish(), Err(Defect::Missing("there is no test case".to_owned())));
        let mut all = Cases::default();
        all.add(&case("a", CaseOutcome::Skipped, false));
        assert_eq!(all.finish(), Err(Defect::Missing("no test ran: the only case was skipped".to_owned())));
    }

    #[test]
    fn how_a_key_is_cut_matters() {
        assert_ne!(CaseKey::of(["a", "bc"]), CaseKey::of(["ab", "c"]));
    }
}
