//! Borders of the judge. Its error rates are measured in the modules below.

mod dice;
mod errors;
mod levels;

use super::*;

fn sample(requests: u64, failures: u64) -> Sample {
    Sample { requests, failures }
}

fn limit(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_rise_of_the_limit_is_within_it_and_one_failure_more_is_not() {
    let baseline = sample(100_000, 1_000);
    let at = |failures| error_rate(sample(100_000, failures), baseline, limit("0.01"));
    assert_eq!(at(0), Verdict::Pass);
    assert_eq!(at(1_000), Verdict::Pass);
    assert_eq!(at(2_000), Verdict::Pass, "2 % is exactly 1 point above 1 %");
    assert_eq!(at(2_001), Verdict::Fail);
    // Samples of unequal size, whose rates are no whole numbers: 1/3 of 30,000 and of 90,000, and 3 failures in 300 of limit.
    let uneven = |failures| error_rate(sample(30_000, failures), sample(90_000, 30_000), limit("0.01"));
    assert_eq!(uneven(10_300), Verdict::Pass);
    assert_eq!(uneven(10_301), Verdict::Fail);
}

#[test]
fn without_its_sample_only_a_disaster_fails() {
    let small = |failures| error_rate(sample(200, failures), sample(200, 0), limit("0.01"));
    let Verdict::Inconclusive(needed) = small(5) else { panic!("{:?}", small(5)) };
    assert!(needed.canary > 200 && needed.canary < 5_000, "{needed:?}");
    assert_eq!(needed.baseline, Some(needed.canary));
    assert_eq!(small(100), Verdict::Fail);
    for nothing in [(sample(0, 0), sample(0, 0)), (sample(0, 0), sample(500, 1)), (sample(500, 400), sample(0, 0))] {
        let verdict = error_rate(nothing.0, nothing.1, limit("0.01"));
        assert!(matches!(verdict, Verdict::Inconclusive(_)), "{nothing:?}: {verdict:?}");
    }
}

#[test]
fn a_small_limit_is_taken_at_its_word() {
    let baseline = sample(1_000_000, 1_000);
    let at = |failures, most: &str| error_rate(sample(1_000_000, failures), baseline, limit(most));
    assert_eq!(at(2_000, "0.001"), Verdict::Pass);
    assert_eq!(at(2_001, "0.001"), Verdict::Fail);
    assert_eq!(at(1_500, "0"), Verdict::Pass, "0.05 points are the finest line");
    assert_eq!(at(1_501, "0"), Verdict::Fail);
}

#[test]
fn a_success_rate_needs_the_requests_in_which_20_may_fail() {
    let at = |requests, failures| success_rate(sample(requests, failures), limit("0.999"));
    let needed = Verdict::Inconclusive(Needed { canary: 20_000, baseline: None });
    assert_eq!(at(0, 0), needed);
    assert_eq!(at(19_999, 0), needed);
    assert_eq!(at(19_999, 20), needed);
    assert_eq!(at(1_000, 21), Verdict::Fail);
    assert_eq!(at(20_000, 20), Verdict::Pass, "exactly 99.9 %");
    assert_eq!(at(20_000, 21), Verdict::Fail);
    let all = |requests, failures| success_rate(sample(requests, failures), limit("1"));
    assert_eq!((all(10, 1), all(20_000, 0)), (Verdict::Fail, Verdict::Pass));
}

#[test]
fn a_percentile_needs_requests_beyond_it() {
    let tail = |requests, at: &str| Tail { requests, at_ms: limit(at) };
    let at = |requests, ms: &str| latency(tail(requests, ms), tail(90_000, "100"), P99, limit("0.1"));
    let needed = Verdict::Inconclusive(Needed { canary: 24_016, baseline: Some(24_016) });
    assert_eq!(at(24_016, "110"), Verdict::Pass, "exactly 10 % more");
    assert_eq!(at(24_016, "110.001"), Verdict::Fail);
    assert_eq!(at(24_015, "110"), needed);
    assert_eq!(at(2_402, "259"), needed);
    assert_eq!(at(2_402, "260"), Verdict::Fail, "a tenth of the sample, ten times 10 % in a row");
    assert_eq!(latency(tail(500_000, "9"), tail(500_000, "0"), P99, limit("0.1")), Verdict::Fail);
    assert_eq!(
        latency(tail(0, "0"), tail(0, "0"), P95, limit("0.5")),
        Verdict::Inconclusive(Needed { canary: 2_000, baseline: Some(2_000) })
    );
}
