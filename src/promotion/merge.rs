//! Readings of several sources as one, where their reports cannot be read together: what was measured is added.
//!
//! Reports in the workspace are merged by their reader, which counts a finding or a case that stands in two of them once.
//! Here only numbers are left, so what stands in two sources counts twice, and the merge says so. Coverage cannot be added
//! at all: the same line in two sources would make a ratio of no code.

use crate::promotion::facts::{Observation, Reading};
use crate::promotion::measures::{Checks, DETAILS_KEPT, Findings, Measure, Tests};

/// All of it in one reading: unreadable if one is, else missing if one is.
pub fn merge(readings: &[(&str, &Reading)]) -> Reading {
    let mut all: Option<Observation> = None;
    let mut missing = None;
    for (id, reading) in readings {
        match reading {
            Reading::Unreadable { why, files } => {
                return Reading::Unreadable { why: format!("{id}: {why}"), files: files.clone() };
            }
            Reading::Missing { why } => missing = missing.or_else(|| Some(format!("{id}: {why}"))),
            Reading::Observed(next) => {
                all = match all {
                    None => Some(next.clone()),
                    Some(before) => match joined(before, next) {
                        Ok(joined) => Some(joined),
                        Err(why) => return Reading::Unreadable { why: format!("{id}: {why}"), files: Vec::new() },
                    },
                }
            }
        }
    }
    match (missing, all) {
        (Some(why), _) => Reading::Missing { why },
        (None, None) => Reading::Missing { why: "there is no evidence".to_owned() },
        (None, Some(mut all)) => {
            if readings.len() > 1 {
                all.notes.push("sources are added: what stands in two of them counts twice".to_owned());
            }
            Reading::Observed(all)
        }
    }
}

fn joined(mut all: Observation, next: &Observation) -> Result<Observation, String> {
    match (&mut all.measure, &next.measure) {
        (Measure::Tests(all), Measure::Tests(next)) => tests(all, next),
        (Measure::Findings(all), Measure::Findings(next)) => findings(all, next),
        (Measure::Checks(all), Measure::Checks(next)) => checks(all, next),
        (Measure::Coverage(_), Measure::Coverage(_)) => {
            return Err("coverage of several sources cannot be merged line by line here".to_owned());
        }
        (Measure::Performance(_), Measure::Performance(_)) => {
            return Err("percentiles of several load tests do not follow from those of each".to_owned());
        }
        (Measure::Review(_), Measure::Review(_)) => return Err("reviews of several commits are not one".to_owned()),
        _ => return Err("it is another kind of evidence than the first".to_owned()),
    }
    all.files.extend(next.files.iter().cloned());
    all.notes.extend(next.notes.iter().cloned());
    all.tools.extend(next.tools.iter().cloned());
    all.tools.sort();
    all.tools.dedup();
    all.subject = all.subject.filter(|subject| Some(subject) == next.subject.as_ref());
    all.taken = all.taken.zip(next.taken).map(|(all, next)| all.min(next));
    Ok(all)
}

fn tests(all: &mut Tests, next: &Tests) {
    all.total += next.total;
    all.passed += next.passed;
    all.failed += next.failed;
    all.errored += next.errored;
    all.skipped += next.skipped;
    all.flaky += next.flaky;
    all.duplicates += next.duplicates;
    all.failures.extend(next.failures.iter().cloned());
    all.failures.truncate(DETAILS_KEPT);
    all.waived.extend(next.waived.iter().cloned());
}

fn findings(all: &mut Findings, next: &Findings) {
    all.critical += next.critical;
    all.high += next.high;
    all.medium += next.medium;
    all.low += next.low;
    all.info += next.info;
    all.unknown += next.unknown;
    all.suppressed += next.suppressed;
    all.waived.extend(next.waived.iter().cloned());
    // How bad one is, only the order within its source tells: each source keeps its worst.
    let half = DETAILS_KEPT / 2;
    let room = DETAILS_KEPT - next.worst.len().min(half);
    all.worst.truncate(room);
    all.worst.extend(next.worst.iter().cloned());
    all.worst.truncate(DETAILS_KEPT);
}

fn checks(all: &mut Checks, next: &Checks) {
    all.total += next.total;
    all.green += next.green;
    all.pending += next.pending;
    all.failed += next.failed;
    all.ignored += next.ignored;
    all.worst.extend(next.worst.iter().cloned());
    all.worst.truncate(DETAILS_KEPT);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::facts::{Subject, SubjectKnown};
    use crate::promotion::measures::{Coverage, Review};
    use crate::promotion::time::Time;

    fn observed(measure: Measure, version: &str, taken: Option<&str>) -> Reading {
        let subject = Some(Subject::of(version, SubjectKnown::Run));
        let taken = taken.map(|time| time.parse::<Time>().unwrap());
        Reading::Observed(Observation {
            files: Vec::new(),
            subject,
            taken,
            tools: Vec::new(),
            measure,
            notes: Vec::new(),
        })
    }

    fn found(critical: u64, high: u64) -> Reading {
        observed(
            Measure::Findings(Findings { critical, high, ..Findings::default() }),
            "abc",
            Some("2026-11-21T12:00:00Z"),
        )
    }

    #[test]
    fn findings_and_tests_are_added() {
        let Reading::Observed(all) = merge(&[("a", &found(1, 2)), ("b", &found(0, 5))]) else {
            panic!("an observation")
        };
        let Measure::Findings(findings) = &all.measure else { panic!("findings") };
        assert_eq!((findings.critical, findings.high), (1, 7));
        assert_eq!(all.notes, ["sources are added: what stands in two of them counts twice"]);
        assert!(all.subject.is_some() && all.taken.is_some());
        let tests = |passed, failed| {
            observed(Measure::Tests(Tests { total: passed + failed, passed, failed, ..Tests::default() }), "abc", None)
        };
        let Reading::Observed(all) = merge(&[("a", &tests(3, 0)), ("b", &tests(4, 2))]) else {
            panic!("an observation")
        };
        let Measure::Tests(tests) = &all.measure else { panic!("tests") };
        assert_eq!((tests.total, tests.passed, tests.failed, all.taken), (9, 7, 2, None));
    }

    #[test]
    fn two_subjects_are_none_and_the_older_time_stands() {
        let clean = || Measure::Findings(Findings::default());
        let a = observed(clean(), "abc", Some("2026-11-21T12:00:00Z"));
        let b = observed(clean(), "def", Some("2026-11-20T12:00:00Z"));
        let Reading::Observed(all) = merge(&[("a", &a), ("b", &b)]) else { panic!("an observation") };
        assert_eq!((all.subject, all.taken), (None, Some("2026-11-20T12:00:00Z".parse().unwrap())));
    }

    #[test]
    fn one_that_is_not_there_is_all_that_is_not_there() {
        let missing = Reading::Missing { why: "no run".to_owned() };
        let broken = Reading::Unreadable { why: "cut off".to_owned(), files: Vec::new() };
        for (readings, wanted) in [
            (vec![("a", &found(0, 0)), ("b", &missing)], Reading::Missing { why: "b: no run".to_owned() }),
            (vec![("b", &missing), ("a", &found(0, 0))], Reading::Missing { why: "b: no run".to_owned() }),
            (
                vec![("b", &missing), ("c", &broken)],
                Reading::Unreadable { why: "c: cut off".to_owned(), files: Vec::new() },
            ),
            (vec![], Reading::Missing { why: "there is no evidence".to_owned() }),
        ] {
            assert_eq!(merge(&readings), wanted);
        }
    }

    #[test]
    fn what_cannot_be_added_is_not() {
        let coverage = || {
            let coverage = Coverage { lines_covered: 1, lines_total: 1, ..Coverage::default() };
            observed(Measure::Coverage(coverage), "abc", None)
        };
        let review = || observed(Measure::Review(Review::default()), "abc", None);
        for (a, b) in [(coverage(), coverage()), (review(), review()), (coverage(), found(0, 0))] {
            assert!(matches!(merge(&[("a", &a), ("b", &b)]), Reading::Unreadable { .. }));
        }
    }
}
