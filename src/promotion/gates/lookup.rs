//! What a field's name means: the one place where measures of readings become named facts (the table of
//! [`fields`](crate::promotion::fields)).

use crate::promotion::condition::{Fact, Known};
use crate::promotion::facts::{Observation, Soak};
use crate::promotion::fields::{Kind, of_kind};
use crate::promotion::measures::{Checks, Coverage, Findings, Measure, Performance, Quality, Review, Tests};
use crate::promotion::number::Decimal;

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// The value of a measure in an observation.
pub fn measure(observation: &Observation, name: &str) -> Known {
    let fact = match &observation.measure {
        Measure::Tests(tests) => of_tests(tests, name),
        Measure::Coverage(coverage) => of_coverage(coverage, name),
        Measure::Findings(findings) => of_findings(findings, name),
        Measure::Quality(quality) => of_quality(quality, name),
        Measure::Performance(performance) => of_performance(performance, name),
        Measure::Levels(levels) => return levels.fact(name),
        Measure::Alerts(alerts) => return alerts.fact(name),
        Measure::Checks(checks) => of_checks(checks, name),
        Measure::Review(review) => of_review(review, name),
        Measure::Health(health) if name == "ok" => Some(Fact::Bool(health.ok)),
        Measure::Health(_) => None,
    };
    fact.map_or_else(|| Known::No(absent(&observation.measure, name)), Known::Yes)
}

/// Why a measure is not there.
fn absent(measure: &Measure, name: &str) -> String {
    match measure {
        Measure::Performance(Performance { thresholds: None, .. }) if of_kind(Kind::Tests, name).is_some() => {
            "the load test's report holds no thresholds".to_owned()
        }
        Measure::Performance(_) => format!("the load test's report does not hold `{name}`"),
        _ => format!("the report does not measure `{name}`"),
    }
}

/// The value of `deployment.<name>`.
pub fn deployment(soak: Option<&Soak>, name: &str) -> Known {
    match (soak, name) {
        (Some(Soak::For { elapsed, .. }), "duration_hours") => {
            Known::Yes(Fact::Ratio { num: u64::try_from(elapsed.0).unwrap_or(0), den: HOUR_MS })
        }
        (Some(Soak::Unknown { why }), _) => Known::No(why.clone()),
        _ => Known::No(format!("`deployment.{name}` was not read")),
    }
}

fn number(n: u64) -> Option<Fact> {
    Some(Fact::Number(Decimal::new(i128::from(n), 0)))
}

fn ratio(num: u64, den: u64) -> Option<Fact> {
    (den > 0).then_some(Fact::Ratio { num, den })
}

fn of_tests(tests: &Tests, name: &str) -> Option<Fact> {
    match name {
        "total" => number(tests.total),
        "executed" => number(tests.executed()),
        "passed" => number(tests.passed),
        "failed" => number(tests.failed),
        "errored" => number(tests.errored),
        "skipped" => number(tests.skipped),
        "flaky" => number(tests.flaky),
        "pass_rate" => ratio(tests.passed, tests.executed()),
        _ => None,
    }
}

/// A part of the tree stands behind `@`: `line_rate@src/core/**`.
fn of_coverage(coverage: &Coverage, name: &str) -> Option<Fact> {
    let (name, part) = match name.split_once('@') {
        Some((name, glob)) => (name, *coverage.parts.get(glob)?),
        None => (name, coverage.whole()),
    };
    match name {
        "line_rate" => ratio(part.lines_covered, part.lines_total),
        "branch_rate" => ratio(part.branches_covered, part.branches_total),
        "function_rate" => ratio(part.functions_covered, part.functions_total),
        "lines_total" => number(part.lines_total),
        "lines_covered" => number(part.lines_covered),
        _ => None,
    }
}

/// How many percentage points lower the line rate is than that of a base; 0 where it is not lower.
pub fn drop(base: &Observation, now: &Observation) -> Known {
    let (Measure::Coverage(base), Measure::Coverage(now)) = (&base.measure, &now.measure) else {
        return Known::No("the base holds no coverage".to_owned());
    };
    let product = |a: u64, b: u64| a.checked_mul(b);
    let parts = (
        product(base.lines_covered, now.lines_total),
        product(now.lines_covered, base.lines_total),
        product(base.lines_total, now.lines_total),
    );
    match parts {
        (Some(before), Some(after), Some(den)) if den > 0 => {
            Known::Yes(Fact::Ratio { num: before.saturating_sub(after), den })
        }
        _ => Known::No("there are too many lines to compare".to_owned()),
    }
}

/// Findings without a severity count as high: unknown is not harmless.
fn of_findings(findings: &Findings, name: &str) -> Option<Fact> {
    match name {
        "critical" => number(findings.critical),
        "high" => number(findings.high + findings.unknown),
        "medium" => number(findings.medium),
        "low" => number(findings.low),
        "unknown" => number(findings.unknown),
        _ => None,
    }
}

fn of_quality(quality: &Quality, name: &str) -> Option<Fact> {
    match name {
        "errors" => number(quality.errors),
        "warnings" => number(quality.warnings),
        "info" => number(quality.info),
        "complexity" => number(quality.complexity?),
        _ => None,
    }
}

/// The thresholds that a load test judges itself are its test cases.
fn of_performance(performance: &Performance, name: &str) -> Option<Fact> {
    match name {
        "requests" => number(performance.requests),
        "error_rate" => ratio(performance.failed?, performance.requests),
        "p50" => performance.p50_ms.map(Fact::Number),
        "p95" => performance.p95_ms.map(Fact::Number),
        "p99" => performance.p99_ms.map(Fact::Number),
        "throughput" => performance.throughput.map(Fact::Number),
        _ => of_tests(performance.thresholds.as_ref()?, name),
    }
}

fn of_checks(checks: &Checks, name: &str) -> Option<Fact> {
    match name {
        "total" => number(checks.total),
        "failed" => number(checks.failed),
        "pending" => number(checks.pending),
        _ => None,
    }
}

fn of_review(review: &Review, name: &str) -> Option<Fact> {
    match name {
        "approved" => number(review.approved),
        "changes_requested" => number(review.changes_requested),
        _ => None,
    }
}
