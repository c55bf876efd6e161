//! What a reading measured, in words.

use std::fmt::Write as _;

use crate::promotion::alerts::Alerts;
use crate::promotion::condition::Known;
use crate::promotion::fields::Unit;
use crate::promotion::levels::Levels;
use crate::promotion::measures::{Coverage, Findings, Measure, Performance, Quality, Tests};
use crate::promotion::words::{self, count, counted, number, percent};

/// What was measured, in a few words: `412 of 412, 3 skipped`.
pub fn words(measure: &Measure) -> String {
    match measure {
        Measure::Tests(tests) => of_tests(tests),
        Measure::Coverage(coverage) => of_coverage(coverage),
        Measure::Findings(findings) => of_findings(findings),
        Measure::Quality(quality) => of_quality(quality),
        Measure::Performance(load) => of_load(load),
        Measure::Levels(levels) => of_levels(levels),
        Measure::Alerts(alerts) => of_alerts(alerts),
        Measure::Checks(checks) => {
            let mut text = match checks.failed {
                0 => format!("{} of {}", count(checks.green), count(checks.total)),
                failed => format!("{} of {} failed", count(failed), count(checks.total)),
            };
            add(&mut text, &[(checks.pending, "pending"), (checks.ignored, "ignored")]);
            text
        }
        Measure::Review(review) => match review.changes_requested {
            0 => format!("{} approved", count(review.approved)),
            asked => format!("{} approved, {} asked for changes", count(review.approved), count(asked)),
        },
        Measure::Health(health) => health.seen.clone(),
    }
}

/// Adds what there is any of.
fn add(text: &mut String, parts: &[(u64, &str)]) {
    for (n, word) in parts.iter().filter(|(n, _)| *n > 0) {
        let _ = write!(text, "{}{} {word}", if text.is_empty() { "" } else { ", " }, count(*n));
    }
}

/// Test results in a few words: `412 of 412, 3 skipped`.
pub fn of_tests(tests: &Tests) -> String {
    let (executed, bad) = (tests.executed(), tests.failed + tests.errored);
    let mut text = if bad == 0 {
        format!("{} of {}", count(tests.passed), count(executed))
    } else {
        format!("{} of {} failed", count(bad), count(executed))
    };
    add(&mut text, &[(tests.flaky, "flaky"), (tests.skipped, "skipped"), (tests.waived.len() as u64, "waived")]);
    text
}

fn of_coverage(coverage: &Coverage) -> String {
    let mut parts = Vec::new();
    for (covered, total, noun) in [
        (coverage.lines_covered, coverage.lines_total, "lines"),
        (coverage.branches_covered, coverage.branches_total, "branches"),
        (coverage.functions_covered, coverage.functions_total, "functions"),
    ] {
        if total > 0 {
            parts.push(format!("{} of {} {noun} ({})", count(covered), count(total), percent(covered, total)));
        }
    }
    format!("{} in {}", parts.join(", "), counted(coverage.files, "file"))
}

fn of_findings(findings: &Findings) -> String {
    let mut text = String::new();
    let f = findings;
    let of_severity = [
        (f.critical, "critical"),
        (f.high, "high"),
        (f.medium, "medium"),
        (f.low, "low"),
        (f.info, "info"),
        (f.unknown, "of unknown severity"),
    ];
    add(&mut text, &of_severity);
    if text.is_empty() {
        text.push_str("no findings");
    }
    add(&mut text, &[(f.suppressed, "suppressed"), (f.waived.len() as u64, "waived")]);
    text
}

fn of_quality(quality: &Quality) -> String {
    let mut text = format!("{}, {}", counted(quality.errors, "error"), counted(quality.warnings, "warning"));
    add(&mut text, &[(quality.info, "info"), (quality.waived.len() as u64, "waived")]);
    if let Some(complexity) = quality.complexity {
        let _ = write!(text, ", complexity {}", count(complexity));
    }
    text
}

fn of_load(load: &Performance) -> String {
    let mut parts = vec![counted(load.requests, "request")];
    parts.extend(load.failed.map(|failed| format!("{} failed ({})", count(failed), percent(failed, load.requests))));
    for (value, name) in [(load.p50_ms, "p50"), (load.p95_ms, "p95"), (load.p99_ms, "p99")] {
        parts.push(value.map_or_else(|| format!("no {name}"), |ms| format!("{name} {ms} ms")));
    }
    parts.extend(load.throughput.map(|rate| number(rate, Unit::PerSecond)));
    parts.extend(load.thresholds.as_ref().map(|tests| format!("thresholds {}", of_tests(tests))));
    parts.join(", ")
}

fn of_levels(levels: &Levels) -> String {
    let shown = |name: &str, unit: Unit| match levels.fact(name) {
        Known::Yes(fact) => Some(format!("{name} {}", words::fact(&fact, unit))),
        Known::No(_) => None,
    };
    let mut parts: Vec<String> = [("availability", Unit::Percent), ("throughput", Unit::PerSecond)]
        .into_iter()
        .chain(["latency_p50", "latency_p95", "latency_p99"].map(|name| (name, Unit::Duration)))
        .filter_map(|(name, unit)| shown(name, unit))
        .collect();
    parts.extend(levels.unknown.iter().map(|(level, why)| format!("{} not known: {why}", level.word())));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn of_alerts(alerts: &Alerts) -> String {
    let (critical, warning) = (alerts.of("critical").count() as u64, alerts.of("warning").count() as u64);
    let other = alerts.active.len() as u64 - critical - warning;
    let mut text = String::new();
    add(&mut text, &[(critical, "critical"), (warning, "warning"), (other, "informational")]);
    if text.is_empty() {
        text.push_str("none firing");
    }
    add(&mut text, &[(alerts.silenced, "silenced"), (alerts.inhibited, "inhibited")]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_words() {
        let findings = Findings { critical: 1, unknown: 2, suppressed: 3, ..Findings::default() };
        let coverage = Coverage { lines_covered: 9120, lines_total: 10_934, files: 12, ..Coverage::default() };
        let load = Performance {
            requests: 1200,
            failed: Some(6),
            p95_ms: "412.5".parse().ok(),
            throughput: "98.2".parse().ok(),
            thresholds: Some(Tests { total: 4, passed: 3, failed: 1, ..Tests::default() }),
            ..Performance::default()
        };
        let tests = Tests { total: 415, passed: 412, skipped: 3, flaky: 1, ..Tests::default() };
        for (measure, wanted) in [
            (Measure::Tests(tests), "412 of 412, 1 flaky, 3 skipped"),
            (Measure::Coverage(coverage), "9,120 of 10,934 lines (83.4 %) in 12 files"),
            (Measure::Findings(findings), "1 critical, 2 of unknown severity, 3 suppressed"),
            (Measure::Findings(Findings::default()), "no findings"),
            (Measure::Quality(Quality { errors: 1, ..Quality::default() }), "1 error, 0 warnings"),
            (
                Measure::Performance(load),
                "1,200 requests, 6 failed (0.5 %), no p50, p95 412.5 ms, no p99, 98.2 /s, thresholds 1 of 4 failed",
            ),
        ] {
            assert_eq!(words(&measure), wanted);
        }
    }
}
