//! Test cases of many reports, merged by identity.
//!
//! A case is kept as a 128-bit hash of its name and one byte of outcome, so a report of a million cases needs some tens of
//! megabytes, however long their names and logs are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::said::Defect;
use crate::promotion::facts::{DETAILS_KEPT, Detail, Tests};

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
pub struct CaseKey([u8; 16]);

impl CaseKey {
    /// The key of some parts; how they are cut matters (`a`, `bc` is not `ab`, `c`).
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(identity(parts))
    }
}

/// One case as a report has it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its identity.
    pub key: CaseKey,
    /// How it came out at last.
    pub outcome: CaseOutcome,
    /// Whether an earlier attempt failed.
    pub flaky: bool,
    /// Whether the report says that this is one of several attempts.
    pub attempt: bool,
    /// Its name, for people.
    pub name: String,
    /// The first line of what it says, when it is bad.
    pub message: String,
    /// `path:line` of the report.
    pub at: String,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    outcome: CaseOutcome,
    flaky: bool,
    repeated: bool,
}

/// All cases of a source.
#[derive(Debug, Default)]
pub struct Cases {
    kept: HashMap<CaseKey, Kept>,
    bad: Vec<(CaseKey, Detail)>,
    first_repeated: Option<String>,
}

impl Cases {
    /// Adds a case. When its key is there already: the last of known attempts decides, and of anything else the worst.
    pub fn add(&mut self, case: Case) {
        let new = Kept { outcome: case.outcome, flaky: case.flaky, repeated: false };
        match self.kept.entry(case.key) {
            Entry::Vacant(place) => {
                place.insert(new);
            }
            Entry::Occupied(mut place) => {
                let old = *place.get();
                let flaky = old.flaky || new.flaky || (case.attempt && old.outcome.is_bad());
                let outcome = if case.attempt { new.outcome } else { old.outcome.max(new.outcome) };
                place.insert(Kept { outcome, flaky, repeated: old.repeated || !case.attempt });
                if !case.attempt && self.first_repeated.is_none() {
                    self.first_repeated = Some(case.name.clone());
                }
            }
        }
        let known = || self.bad.iter().any(|(key, _)| *key == case.key);
        if case.outcome.is_bad() && self.bad.len() < DETAILS_KEPT && !known() {
            self.bad.push((case.key, Detail { name: case.name, message: case.message, at: case.at }));
        }
    }

    /// The results; a source without a case, or without one that ran, is missing.
    pub fn finish(self) -> Result<(Tests, Vec<String>), Defect> {
        let mut tests = Tests::default();
        for case in self.kept.values() {
            tests.total += 1;
            tests.duplicates += u64::from(case.repeated);
            match case.outcome {
                CaseOutcome::Skipped => tests.skipped += 1,
                CaseOutcome::Passed => {
                    tests.passed += 1;
                    tests.flaky += u64::from(case.flaky);
                }
                CaseOutcome::Failed => tests.failed += 1,
                CaseOutcome::Errored => tests.errored += 1,
            }
        }
        if tests.total == 0 {
            return Err(Defect::Missing("there is no test case".to_owned()));
        }
        if tests.executed() == 0 {
            return Err(Defect::Missing(format!("no test ran: {}", skipped(tests.total))));
        }
        let still_bad = |key: &CaseKey| self.kept.get(key).is_some_and(|case| case.outcome.is_bad());
        tests.failures = self.bad.into_iter().filter(|(key, _)| still_bad(key)).map(|(_, detail)| detail).collect();
        let notes = self.first_repeated.map(|name| repeated(tests.duplicates, &name));
        Ok((tests, notes.into_iter().collect()))
    }
}

fn skipped(total: u64) -> String {
    if total == 1 { "the only case was skipped".to_owned() } else { format!("all {total} cases were skipped") }
}

fn repeated(count: u64, name: &str) -> String {
    let cases = if count == 1 { "1 case is".to_owned() } else { format!("{count} cases are") };
    format!("{cases} reported more than once, and the worst result counts; the first is {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, outcome: CaseOutcome, attempt: bool) -> Case {
        let key = CaseKey::of([name]);
        Case { key, outcome, flaky: false, attempt, name: name.to_owned(), message: String::new(), at: String::new() }
    }

    fn counts(cases: impl IntoIterator<Item = Case>) -> (u64, u64, u64, u64, u64, usize) {
        let mut all = Cases::default();
        cases.into_iter().for_each(|case| all.add(case));
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
    fn nothing_is_missing() {
        assert_eq!(Cases::default().finish(), Err(Defect::Missing("there is no test case".to_owned())));
        let mut all = Cases::default();
        all.add(case("a", CaseOutcome::Skipped, false));
        assert_eq!(all.finish(), Err(Defect::Missing("no test ran: the only case was skipped".to_owned())));
    }

    #[test]
    fn how_a_key_is_cut_matters() {
        assert_ne!(CaseKey::of(["a", "bc"]), CaseKey::of(["ab", "c"]));
    }
}
