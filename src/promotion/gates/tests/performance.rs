//! The gate on a load test, and a load test among the tests.

use super::{all_pass, facts, gate, is, judge, observed, one, promotion, source};
use crate::promotion::condition::Op;
use crate::promotion::facts::{Facts, Reading};
use crate::promotion::fields::Unit;
use crate::promotion::measures::{Measure, Performance, Tests};
use crate::promotion::report::{Mark, Verdict};
use crate::promotion::rules::{Gate, GateKind};

fn limit(row: &str, op: Op, value: &str, unit: Unit) -> Gate {
    let condition = is(&format!("performance.{row}"), op, value, unit);
    gate(
        &format!("performance.{row}"),
        GateKind::Measured { from: vec!["load".into()], tools: vec![], base: None, condition },
    )
}

fn load(change: impl FnOnce(&mut Performance)) -> Facts {
    let mut performance = Performance { requests: 10_000, ..Performance::default() };
    change(&mut performance);
    facts(&[("load", observed(Measure::Performance(performance)))])
}

#[test]
fn each_limit_is_inclusive() {
    let sources = [source("load", None)];
    let ms = |text: &str| Some(text.parse().unwrap());
    type Set = fn(&mut Performance, &str);
    let latencies: [(&str, Set); 3] = [
        ("p50", |p, text| p.p50_ms = Some(text.parse().unwrap())),
        ("p95", |p, text| p.p95_ms = Some(text.parse().unwrap())),
        ("p99", |p, text| p.p99_ms = Some(text.parse().unwrap())),
    ];
    for (row, set) in latencies {
        let limit = limit(row, Op::Lte, "800", Unit::Duration);
        assert_eq!(one(limit.clone(), &sources, &load(|p| set(p, "800"))).mark, Mark::Pass, "{row}");
        assert_eq!(one(limit.clone(), &sources, &load(|p| set(p, "800.001"))).mark, Mark::Fail, "{row}");
        assert_eq!(one(limit, &sources, &load(|_| {})).mark, Mark::Unknown, "{row}");
    }
    let rate = limit("error_rate", Op::Lte, "0.01", Unit::Ratio);
    assert_eq!(one(rate.clone(), &sources, &load(|p| p.failed = Some(100))).mark, Mark::Pass);
    let row = one(rate.clone(), &sources, &load(|p| p.failed = Some(101)));
    assert_eq!((row.mark, row.expected.as_str(), row.observed.as_str()), (Mark::Fail, "≤ 1 %", "1.01 %"));
    assert_eq!(one(rate, &sources, &load(|_| {})).mark, Mark::Unknown, "a report that does not tell of failures");
    let least = limit("throughput", Op::Gte, "100", Unit::PerSecond);
    assert_eq!(one(least.clone(), &sources, &load(|p| p.throughput = ms("100"))).mark, Mark::Pass);
    let row = one(least.clone(), &sources, &load(|p| p.throughput = ms("99.999")));
    assert_eq!((row.mark, row.expected.as_str(), row.observed.as_str()), (Mark::Fail, "≥ 100 /s", "99.99 /s"));
    assert_eq!(one(least, &sources, &load(|_| {})).mark, Mark::Unknown);
}

#[test]
fn a_percentile_that_is_not_there_is_named() {
    let row = one(
        limit("p99", Op::Lte, "2000", Unit::Duration),
        &[source("load", None)],
        &load(|p| p.p95_ms = Some("1".parse().unwrap())),
    );
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Unknown, "not measured"));
    let why = "performance.p99 not known, wanted ≤ 2 s; the load test's report does not hold `p99`";
    assert_eq!(row.because.as_deref(), Some(why));
}

#[test]
fn thresholds_are_tests_of_the_load_test() {
    let sources = [source("load", None)];
    let thresholds = |passed, failed| {
        load(|p| p.thresholds = Some(Tests { total: passed + failed, passed, failed, ..Tests::default() }))
    };
    let row = one(all_pass("load"), &sources, &thresholds(2, 0));
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Pass, "2 of 2"));
    let row = one(all_pass("load"), &sources, &thresholds(1, 1));
    assert_eq!((row.mark, row.observed.as_str(), row.details_total), (Mark::Fail, "1 of 2 failed", 1));
    let row = one(all_pass("load"), &sources, &load(|_| {}));
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Unknown, "no thresholds"));
    let why = "the load test's report holds no thresholds, so it says nothing of tests";
    assert_eq!(row.because.as_deref(), Some(why));
}

#[test]
fn results_that_cannot_be_joined_hold() {
    let condition = is("performance.p95", Op::Lte, "800", Unit::Duration);
    let kind = GateKind::Measured { from: vec!["a".into(), "b".into()], tools: vec![], base: None, condition };
    let fast = || {
        observed(Measure::Performance(Performance {
            requests: 1,
            p95_ms: Some("1".parse().unwrap()),
            ..Performance::default()
        }))
    };
    let mut both = facts(&[("a", fast()), ("b", fast())]);
    both.merged.insert("performance".into(), Reading::Unreadable { why: "cannot be joined".into(), files: Vec::new() });
    let sources = [source("a", None), source("b", None)];
    let report = judge(&promotion(vec![gate("performance.p95", kind)]), &sources, &both);
    assert_eq!((report.rows[0].mark, report.rows[0].because.as_deref()), (Mark::Unknown, Some("cannot be joined")));
    assert_ne!(report.verdict, Verdict::Go);
}
