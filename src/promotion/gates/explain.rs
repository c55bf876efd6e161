//! The words of a row: what a gate wants, what was seen, and why it is not met.

use crate::promotion::alerts::Alert;
use crate::promotion::condition::{Comparison, Condition, Known, Truth};
use crate::promotion::facts::Observation;
use crate::promotion::fields::{Kind, of_kind};
use crate::promotion::measured;
use crate::promotion::measures::{Detail, Measure, Performance};
use crate::promotion::rules::GateKind;
use crate::promotion::words;

/// The files behind a reading, with their hashes.
pub fn files(observation: &Observation) -> Vec<String> {
    observation.files.iter().map(|file| format!("{} sha256:{}", file.path, file.sha256)).collect()
}

/// The failing tests or findings behind a reading, and how many there are in all.
pub fn details(observation: &Observation) -> (Vec<Detail>, u64) {
    match &observation.measure {
        Measure::Tests(tests) => (tests.failures.clone(), tests.failed + tests.errored),
        Measure::Findings(found) => {
            (found.worst.clone(), found.critical + found.high + found.medium + found.low + found.info + found.unknown)
        }
        Measure::Checks(checks) => (checks.worst.clone(), checks.failed + checks.pending),
        Measure::Quality(quality) => (quality.worst.clone(), quality.errors + quality.warnings + quality.info),
        Measure::Performance(Performance { thresholds: Some(tests), .. }) => {
            (tests.failures.clone(), tests.failed + tests.errored)
        }
        Measure::Alerts(alerts) => {
            let detail = |alert: &Alert| Detail {
                name: alert.name.clone(),
                message: alert.says.clone(),
                at: alert.since.map(|since| format!("since {since}")).unwrap_or_default(),
            };
            (alerts.active.iter().map(detail).collect(), alerts.active.len() as u64)
        }
        Measure::Levels(_)
        | Measure::Performance(_)
        | Measure::Coverage(_)
        | Measure::Review(_)
        | Measure::Health(_) => (Vec::new(), 0),
    }
}

/// What a typed gate wants, in the words of its kind.
pub fn expected(kind: &GateKind, condition: &Condition) -> String {
    let comparisons = condition.comparisons();
    match kind {
        GateKind::Tests { .. } | GateKind::Checks(_) => {
            let all = if matches!(kind, GateKind::Checks(_)) { "all green" } else { "all pass" };
            let mut parts = vec![all.to_owned()];
            for comparison in comparisons {
                let measure = comparison.field.rsplit('.').next().unwrap_or_default();
                let is_default = matches!(measure, "executed" | "total") && words::wanted(comparison) == "≥ 1";
                if !matches!(measure, "failed" | "errored" | "pending") && !is_default {
                    parts.push(format!("{measure} {}", words::wanted(comparison)));
                }
            }
            parts.join(", ")
        }
        GateKind::Review(_) => {
            let least = comparisons.iter().find(|comparison| comparison.field.ends_with(".approved"));
            let least = least.map_or_else(String::new, |comparison| words::wanted(comparison));
            format!("approvals {least}, no changes asked for")
        }
        _ => comparisons.iter().map(|comparison| words::wanted(comparison)).collect::<Vec<_>>().join(", "),
    }
}

/// What was seen, in the words of the measure.
pub fn observed(observation: &Observation, condition: &Condition, lookup: &dyn Fn(&str) -> Known) -> String {
    match &observation.measure {
        _ if no_thresholds(observation, condition) => "no thresholds".to_owned(),
        Measure::Tests(tests) | Measure::Performance(Performance { thresholds: Some(tests), .. })
            if asks_for_tests(condition) =>
        {
            measured::of_tests(tests)
        }
        Measure::Checks(_) | Measure::Review(_) => measured::words(&observation.measure),
        _ => condition
            .comparisons()
            .iter()
            .map(|comparison| match lookup(&comparison.field) {
                Known::Yes(fact) => words::compared(&fact, comparison),
                Known::No(_) => "not measured".to_owned(),
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Why a measured gate is not met: each comparison that does not hold.
pub fn because(observation: &Observation, condition: &Condition, lookup: &dyn Fn(&str) -> Known) -> String {
    if no_thresholds(observation, condition) {
        return "the load test's report holds no thresholds, so it says nothing of tests".to_owned();
    }
    let mut parts: Vec<String> = condition
        .comparisons()
        .iter()
        .filter(|comparison| comparison.judge(&lookup(&comparison.field)) != Truth::True)
        .map(|comparison| format!("{}, wanted {}", seen(comparison, lookup), words::wanted(comparison)))
        .collect();
    match &observation.measure {
        Measure::Coverage(coverage) => {
            let (covered, total) = (words::count(coverage.lines_covered), words::count(coverage.lines_total));
            parts.push(format!("{covered} of {total} lines are covered"));
        }
        Measure::Performance(_) | Measure::Levels(_) => {
            parts.extend(condition.comparisons().iter().filter_map(|comparison| match lookup(&comparison.field) {
                Known::No(why) => Some(why),
                Known::Yes(_) => None,
            }));
        }
        _ => {}
    }
    parts.join("; ")
}

/// Whether a condition is one on test results.
fn asks_for_tests(condition: &Condition) -> bool {
    let is_of_tests = |comparison: &&Comparison| {
        let measure = comparison.field.rsplit('.').next().unwrap_or_default();
        of_kind(Kind::Tests, measure).is_some()
    };
    condition.comparisons().iter().any(is_of_tests)
}

/// Whether a load test is asked for test results, and judges nothing itself.
fn no_thresholds(observation: &Observation, condition: &Condition) -> bool {
    matches!(observation.measure, Measure::Performance(Performance { thresholds: None, .. }))
        && asks_for_tests(condition)
}

/// A field and its value: `unit.failed 2`.
pub fn seen(comparison: &Comparison, lookup: &dyn Fn(&str) -> Known) -> String {
    match lookup(&comparison.field) {
        Known::Yes(fact) => format!("{} {}", comparison.field, words::compared(&fact, comparison)),
        Known::No(_) => format!("{} not known", comparison.field),
    }
}

/// A condition in words.
pub fn describe(condition: &Condition) -> String {
    let join = |parts: &[Condition], word: &str| {
        let texts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Condition::Is(_) | Condition::Not(_) => describe(part),
                _ => format!("({})", describe(part)),
            })
            .collect();
        texts.join(word)
    };
    match condition {
        Condition::Is(comparison) => format!("{} {}", comparison.field, words::wanted(comparison)),
        Condition::All(parts) => join(parts, " and "),
        Condition::Any(parts) => join(parts, " or "),
        Condition::Not(part) => format!("not ({})", describe(part)),
    }
}
