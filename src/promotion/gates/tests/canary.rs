//! The gate `canary`, against the target over the same time.

use super::*;
use crate::promotion::canary::limit::{Action, Against, Canary, Limit};
use crate::promotion::facts::{Compared, Shared};
use crate::promotion::levels::{Level, Levels};
use crate::promotion::rules::live::PrometheusSource;

fn prometheus() -> (String, Source) {
    let (selector, queries) = (Some("a".to_owned()), BTreeMap::new());
    let kind = SourceKind::Prometheus(PrometheusSource { window: None, objective: None, selector, queries, slo: None });
    ("slo".to_owned(), Source { id: "slo".to_owned(), kind, at: At::default() })
}

/// Levels that end now and begin so many hours before.
fn levels(hours: i64, seen: &[(Level, &str)]) -> Reading {
    let seen = seen.iter().map(|(level, text)| (*level, text.parse().unwrap())).collect();
    let since = Millis::mins(-60 * hours).after(now());
    let levels =
        Levels { since, until: now(), objective: None, seen, unknown: BTreeMap::new(), burns: BTreeMap::new() };
    with(observed(Measure::Levels(levels)), |reading| reading.files.clear())
}

fn counts(requests: &str, errors: &str) -> Reading {
    levels(24, &[(Level::Requests, requests), (Level::Errors, errors)])
}

/// The version has run in the canary for 24 hours, and its evidence says this of both sides.
fn compared(canary: Reading, baseline: Reading) -> Facts {
    let mut facts = facts(&[]);
    facts.soak = Some(Soak::For { elapsed: Millis::mins(24 * 60), known_by: "record 1".to_owned() });
    let since = Some(Millis::mins(-24 * 60).after(now()));
    facts.canary = BTreeMap::from([("slo".to_owned(), Compared { since, canary, baseline, shared: None })]);
    facts
}

fn limit(limit: Limit) -> Gate {
    let kind = GateKind::Canary(Canary { evidence: "slo".to_owned(), limit, against: Against::Target });
    gate(&format!("canary.{}", limit.word()), kind)
}

fn share(text: &str) -> crate::promotion::number::Decimal {
    text.parse().unwrap()
}

#[test]
fn every_limit_at_equality_and_one_step_beyond() {
    let baseline = || counts("900000", "9000");
    let rise = limit(Limit::ErrorRateIncrease(share("0.01")));
    let success = limit(Limit::SuccessRate(share("0.99")));
    let traffic = limit(Limit::Traffic(share("0.1")));
    for (gate, canary, mark, observed) in [
        (&rise, counts("100000", "2000"), Mark::Pass, "+1 points"),
        (&rise, counts("100000", "2001"), Mark::Fail, "+1.01 points"),
        (&rise, counts("100", "1"), Mark::Unknown, "0 points"),
        (&success, counts("100000", "1000"), Mark::Pass, "99 %"),
        (&success, counts("100000", "1001"), Mark::Fail, "98.99 %"),
        (&success, counts("1999", "0"), Mark::Unknown, "100 %"),
        (&traffic, counts("100000", "0"), Mark::Pass, "10 %"),
        (&traffic, counts("99999", "0"), Mark::Fail, "9.99 %"),
        (&traffic, levels(24, &[]), Mark::Unknown, "not measured"),
    ] {
        let row = one(gate.clone(), &[prometheus()], &compared(canary, baseline()));
        assert_eq!((row.mark, row.observed.as_str()), (mark, observed), "{row:#?}");
        assert_eq!(row.because.is_none(), mark == Mark::Pass, "{row:#?}");
    }
    let tail = |p99: &str| levels(24, &[(Level::Requests, "25000"), (Level::LatencyP99, p99)]);
    let slower = limit(Limit::LatencyP99Increase(share("0.1")));
    for (p99, mark) in [("110", Mark::Pass), ("110.1", Mark::Fail)] {
        let row = one(slower.clone(), &[prometheus()], &compared(tail(p99), tail("100")));
        assert_eq!(row.mark, mark, "{row:#?}");
    }
}

#[test]
fn too_few_requests_say_what_it_takes_and_ask_a_person() {
    let facts = compared(counts("500", "5"), counts("4500", "45"));
    let row = one(limit(Limit::ErrorRateIncrease(share("0.01"))), &[prometheus()], &facts);
    assert_eq!(row.mark, Mark::Unknown);
    let because = row.because.unwrap();
    assert!(
        because.starts_with("5 of 500 requests failed in staging (1 %), 45 of 4,500 requests failed in production")
    );
    assert!(because.contains("it takes 1,"), "{because}");
    assert!(row.hint.is_some_and(|hint| hint.contains("let a person decide")));
}

#[test]
fn only_the_versions_own_time_counts() {
    let gate = || limit(Limit::SuccessRate(share("0.99")));
    let older = levels(25, &[(Level::Requests, "100000"), (Level::Errors, "0")]);
    let row = one(gate(), &[prometheus()], &compared(older.clone(), older));
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Unknown, "of another time"));
    let mut unknown = compared(counts("100000", "0"), counts("100000", "0"));
    unknown.soak = Some(Soak::Unknown { why: "no record".to_owned() });
    assert_eq!(one(gate(), &[prometheus()], &unknown).mark, Mark::Unknown);
    // A shorter window than the version's time is a part of it.
    let lately = levels(1, &[(Level::Requests, "100000"), (Level::Errors, "0")]);
    assert_eq!(one(gate(), &[prometheus()], &compared(lately.clone(), lately)).mark, Mark::Pass);
}

#[test]
fn what_was_not_read_of_either_side_is_unknown() {
    let down = || Reading::Unreadable { why: "503".to_owned(), files: Vec::new() };
    let none = || Reading::Missing { why: "no series".to_owned() };
    let rise = || limit(Limit::ErrorRateIncrease(share("0.01")));
    let good = || counts("100000", "0");
    for (canary, baseline) in [(down(), good()), (good(), down()), (none(), good()), (good(), none())] {
        assert_eq!(one(rise(), &[prometheus()], &compared(canary, baseline)).mark, Mark::Unknown);
    }
    assert_eq!(one(rise(), &[prometheus()], &facts(&[])).mark, Mark::Unknown, "nothing was compared");
    let optional = Gate { optional: true, ..rise() };
    assert_eq!(one(optional, &[prometheus()], &compared(none(), none())).mark, Mark::Skipped);
}

#[test]
fn the_time_as_the_canary_only_lacks_time() {
    let facts = compared(counts("1", "0"), counts("1", "0"));
    let at = |hours: i64| one(limit(Limit::Duration(Millis::mins(60 * hours))), &[prometheus()], &facts);
    assert_eq!((at(24).id.as_str(), at(24).mark), ("canary.duration", Mark::Pass));
    assert_eq!((at(25).mark, at(25).not_before), (Mark::Fail, Some(Millis::mins(60).after(now()))));
    let report = judge(&promotion(vec![limit(Limit::Duration(Millis::mins(25 * 60)))]), &[prometheus()], &facts);
    assert_eq!(report.verdict, Verdict::Wait);
}

#[test]
fn what_stands_for_the_traffic_says_so() {
    let mut facts = compared(levels(24, &[]), levels(24, &[]));
    let shared = Shared { part: 10, whole: 100, known_by: "the weight of Rollout app is 10 of 100".to_owned() };
    facts.canary.get_mut("slo").unwrap().shared = Some(shared);
    let at = |least: &str| one(limit(Limit::Traffic(share(least))), &[prometheus()], &facts);
    assert_eq!(at("0.1").mark, Mark::Pass);
    assert_eq!(at("0.11").because.as_deref(), Some("the weight of Rollout app is 10 of 100"));
}

#[test]
fn conditions_name_the_same_figures() {
    let facts = compared(counts("100000", "2500"), counts("900000", "9000"));
    let field = |field: &str, op, value: &str| {
        let condition = is(field, op, value, Unit::Percent);
        let gates =
            vec![limit(Limit::ErrorRateIncrease(share("0.02"))), gate("conditions.1", GateKind::Condition(condition))];
        judge(&promotion(gates), &[prometheus()], &facts).rows[1].mark
    };
    assert_eq!(field("canary.error_rate_increase", Op::Eq, "0.015"), Mark::Pass);
    assert_eq!(field("canary.traffic", Op::Eq, "0.1"), Mark::Pass);
    assert_eq!(field("canary.success_rate", Op::Gte, "0.9751"), Mark::Fail);
    assert_eq!(field("canary.latency_p99_increase", Op::Lte, "1"), Mark::Unknown);
}

#[test]
fn what_is_read_is_both_sides_or_only_now() {
    let mut before = limit(Limit::SuccessRate(share("0.99")));
    before.kind = GateKind::Canary(Canary {
        evidence: "slo".to_owned(),
        limit: Limit::SuccessRate(share("0.99")),
        against: Against::Before(Action::Pause),
    });
    let sources = [prometheus()].into_iter().collect();
    let read = needs(&promotion(vec![limit(Limit::Traffic(share("0.1")))]), &sources);
    assert_eq!((read.soak, read.canary.get("slo"), read.readings.len()), (true, Some(&true), 0));
    let read = needs(&promotion(vec![before]), &sources);
    assert_eq!((read.soak, read.canary.len(), read.readings.contains("slo")), (false, 0, true));
    assert!(read.evidence().contains("slo"));
}
