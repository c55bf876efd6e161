//! What the judge's verdict on one limit comes to, in words.

use crate::promotion::canary::judge::{self, Needed, Percentile, Sample, Tail, Verdict};
use crate::promotion::canary::limit::Limit;
use crate::promotion::canary::samples::{sample, tail};
use crate::promotion::condition::{Fact, Known, Truth};
use crate::promotion::facts::{Compared, Shared};
use crate::promotion::levels::{Level, Levels};
use crate::promotion::number::Decimal;
use crate::promotion::words::{count, counted, percent};

/// The two sides, with the names that they are called by.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The canary.
    pub canary: &'a Levels,
    /// Where it runs: `canary`.
    pub of_canary: &'a str,
    /// What it is compared with.
    pub baseline: &'a Levels,
    /// What that is called: `production`, or `before`.
    pub of_baseline: &'a str,
}

/// How a limit came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it holds; inconclusive is unknown.
    pub truth: Truth,
    /// What was seen, in the table's column: `+0.42 points`.
    pub observed: String,
    /// The figures behind it, in a sentence.
    pub because: String,
    /// What to do, where the sample is too small.
    pub hint: Option<String>,
}

impl Finding {
    fn not_known(why: String) -> Self {
        Self { truth: Truth::Unknown, observed: "not measured".to_owned(), because: why, hint: None }
    }

    fn of(verdict: Verdict, observed: String, because: String, sides: &Sides<'_>) -> Self {
        let (truth, because, hint) = match verdict {
            Verdict::Pass => (Truth::True, because, None),
            Verdict::Fail => (Truth::False, because, None),
            Verdict::Inconclusive(needed) => {
                let takes = takes(needed, sides);
                let because = format!("{because}: too few requests to tell that from chance; it takes {takes}");
                (
                    Truth::Unknown,
                    because,
                    Some("let it have more traffic and look again, or let a person decide".into()),
                )
            }
        };
        Self { truth, observed, because, hint }
    }
}

/// Judges a limit that compares, or that is on the canary alone. `None`: the limit is not one of measured levels.
pub fn find(limit: Limit, sides: &Sides<'_>) -> Option<Finding> {
    let found = match limit {
        Limit::SuccessRate(least) => success(least, sides),
        Limit::ErrorRateIncrease(most) => errors(most, sides),
        Limit::LatencyP95Increase(most) => latency(Level::LatencyP95, judge::P95, most, sides),
        Limit::LatencyP99Increase(most) => latency(Level::LatencyP99, judge::P99, most, sides),
        Limit::Traffic(_) | Limit::Duration(_) => return None,
    };
    Some(found.unwrap_or_else(Finding::not_known))
}

/// A measure of the comparison for a condition, by its name in the table of facts. What is not higher is 0 higher.
pub fn fact(measure: &str, sides: &Sides<'_>) -> Known {
    let found = match measure {
        "traffic" => both(sides).map(|(canary, baseline)| {
            ratio(i128::from(canary.requests), i128::from(canary.requests) + i128::from(baseline.requests))
        }),
        "success_rate" => both(sides).map(|(canary, _)| {
            ratio(i128::from(canary.requests) - i128::from(canary.failures), i128::from(canary.requests))
        }),
        "error_rate_increase" => both(sides).map(|(canary, baseline)| {
            let (above, whole) = risen(canary, baseline);
            ratio(above, whole)
        }),
        "latency_p95_increase" => later(Level::LatencyP95, sides),
        "latency_p99_increase" => later(Level::LatencyP99, sides),
        other => Err(format!("a canary is not compared by `{other}`")),
    };
    match found {
        Ok(Some(fact)) => Known::Yes(fact),
        Ok(None) => Known::No("there were no requests to compare".to_owned()),
        Err(why) => Known::No(why),
    }
}

fn both(sides: &Sides<'_>) -> Result<(Sample, Sample), String> {
    Ok((side(sample(sides.canary), sides.of_canary)?, side(sample(sides.baseline), sides.of_baseline)?))
}

fn later(level: Level, sides: &Sides<'_>) -> Result<Option<Fact>, String> {
    let (canary, baseline) =
        (side(tail(sides.canary, level), sides.of_canary)?, side(tail(sides.baseline, level), sides.of_baseline)?);
    Ok(Fact::quotient(canary.at_ms.minus(baseline.at_ms).max(Decimal::ZERO), baseline.at_ms))
}

/// A quotient of whole numbers; digits that do not fit are cut from both.
fn ratio(mut num: i128, mut den: i128) -> Option<Fact> {
    num = num.max(0);
    while num.max(den) > i128::from(u64::MAX) {
        (num, den) = (num / 2, den / 2);
    }
    let (num, den) = (u64::try_from(num).ok()?, u64::try_from(den).ok().filter(|den| *den > 0)?);
    Some(Fact::Ratio { num, den })
}

/// The difference of two rates, as a numerator and a denominator.
fn risen(canary: Sample, baseline: Sample) -> (i128, i128) {
    let n = |count: u64| i128::from(count);
    let above = n(canary.failures) * n(baseline.requests) - n(baseline.failures) * n(canary.requests);
    (above, n(canary.requests) * n(baseline.requests))
}

fn success(least: Decimal, sides: &Sides<'_>) -> Result<Finding, String> {
    let canary = side(sample(sides.canary), sides.of_canary)?;
    let verdict = judge::success_rate(canary, least);
    let good = percent(canary.requests - canary.failures, canary.requests);
    let observed = if canary.requests == 0 { "no requests".to_owned() } else { good };
    let most = percent_of(Decimal::whole(1).minus(least));
    Ok(Finding::of(verdict, observed, format!("{}, and {most} may", failed(canary, sides.of_canary)), sides))
}

fn errors(most: Decimal, sides: &Sides<'_>) -> Result<Finding, String> {
    let canary = side(sample(sides.canary), sides.of_canary)?;
    let baseline = side(sample(sides.baseline), sides.of_baseline)?;
    let verdict = judge::error_rate(canary, baseline, most);
    let rise = points(canary, baseline);
    let (here, there) = (failed(canary, sides.of_canary), failed(baseline, sides.of_baseline));
    let most = most.shifted_right(2);
    let noun = if most == Decimal::whole(1) { "point" } else { "points" };
    let because = format!("{here}, {there}; at most {most} {noun} more may");
    Ok(Finding::of(verdict, rise, because, sides))
}

fn latency(level: Level, percentile: Percentile, most: Decimal, sides: &Sides<'_>) -> Result<Finding, String> {
    let canary = side(tail(sides.canary, level), sides.of_canary)?;
    let baseline = side(tail(sides.baseline, level), sides.of_baseline)?;
    let verdict = judge::latency(canary, baseline, percentile, most);
    let said = |tail: Tail, name: &str| {
        format!("{} ms over {} {}", tail.at_ms, counted(tail.requests, "request"), place(name))
    };
    let because = format!(
        "{}, {}; at most {} more may be",
        said(canary, sides.of_canary),
        said(baseline, sides.of_baseline),
        percent_of(most)
    );
    Ok(Finding::of(verdict, relative(canary.at_ms, baseline.at_ms), because, sides))
}

/// Judges the canary's share of the traffic: by counted requests, else by what stands for them.
pub fn traffic(least: Decimal, compared: &Compared, sides: Result<Sides<'_>, String>) -> Finding {
    let counted = sides.and_then(|sides| {
        let (canary, baseline) = (
            side(sample(sides.canary), sides.of_canary)?.requests,
            side(sample(sides.baseline), sides.of_baseline)?.requests,
        );
        let whole = canary.saturating_add(baseline);
        let known_by = format!("{} of {} went to {}", count(canary), counted(whole, "request"), sides.of_canary);
        if whole == 0 {
            return Err("there were no requests".to_owned());
        }
        Ok(Shared { part: canary, whole, known_by })
    });
    let shared = match (counted, &compared.shared) {
        (Ok(shared), _) => shared,
        (Err(_), Some(shared)) if shared.whole > 0 => shared.clone(),
        (Err(why), _) => return Finding::not_known(why),
    };
    let enough = least.cmp_ratio(shared.part, shared.whole) != std::cmp::Ordering::Greater;
    let truth = if enough { Truth::True } else { Truth::False };
    let hint = (!enough).then(|| "send it a larger share of the traffic".to_owned());
    Finding { truth, observed: percent(shared.part, shared.whole), because: shared.known_by, hint }
}

fn side<T>(found: Result<T, String>, name: &str) -> Result<T, String> {
    found.map_err(|why| format!("{name}: {why}"))
}

fn place(name: &str) -> String {
    if name == "before" { name.to_owned() } else { format!("in {name}") }
}

/// `12 of 30,100 requests failed in canary (0.03 %)`.
fn failed(sample: Sample, name: &str) -> String {
    let Sample { requests, failures } = sample;
    let share = if requests == 0 { String::new() } else { format!(" ({})", percent(failures, requests)) };
    format!("{} of {} failed {}{share}", count(failures), counted(requests, "request"), place(name))
}

fn takes(needed: Needed, sides: &Sides<'_>) -> String {
    let canary = format!("{} {}", counted(needed.canary, "request"), place(sides.of_canary));
    match needed.baseline {
        Some(baseline) => format!("{canary} and {} {}", count(baseline), place(sides.of_baseline)),
        None => canary,
    }
}

fn percent_of(share: Decimal) -> String {
    format!("{} %", share.shifted_right(2))
}

/// The difference of two rates in percentage points, rounded up, so that what is above a limit never looks as if it met it.
fn points(canary: Sample, baseline: Sample) -> String {
    let (above, whole) = risen(canary, baseline);
    if whole == 0 {
        return "not enough requests".to_owned();
    }
    format!("{} points", signed(ceiling(above.saturating_mul(10_000), whole)))
}

/// How much more one latency is than another, in per cent, rounded up.
fn relative(canary: Decimal, baseline: Decimal) -> String {
    let ((above, above_scale), (base, base_scale)) = (canary.minus(baseline).parts(), baseline.parts());
    let scale = above_scale.max(base_scale);
    let at = |units: i128, of: u32| units.saturating_mul(10i128.saturating_pow(scale - of));
    format!("{} %", signed(ceiling(at(above, above_scale).saturating_mul(10_000), at(base, base_scale).max(1))))
}

fn ceiling(num: i128, den: i128) -> i128 {
    -((-num).div_euclid(den))
}

fn signed(hundredths: i128) -> String {
    let sign = if hundredths > 0 { "+" } else { "" };
    format!("{sign}{}", Decimal::new(hundredths, 2))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn levels(requests: &str, errors: &str, p99: &str) -> Levels {
        let level = |level, text: &str| (level, text.parse().unwrap());
        Levels {
            since: "2026-11-21T12:00:00Z".parse().unwrap(),
            until: "2026-11-21T13:00:00Z".parse().unwrap(),
            objective: None,
            seen: BTreeMap::from([
                level(Level::Requests, requests),
                level(Level::Errors, errors),
                level(Level::LatencyP99, p99),
            ]),
            unknown: BTreeMap::from([(Level::LatencyP95, "no series".to_owned())]),
            burns: BTreeMap::new(),
        }
    }

    fn found(limit: Limit, canary: &Levels, baseline: &Levels) -> Finding {
        find(limit, &Sides { canary, of_canary: "canary", baseline, of_baseline: "production" }).unwrap()
    }

    #[test]
    fn every_verdict_says_what_it_saw() {
        let one = |text: &str| text.parse::<Decimal>().unwrap();
        let (canary, baseline) = (levels("100000", "2001", "110"), levels("900000", "9000", "100"));
        let rise = found(Limit::ErrorRateIncrease(one("0.01")), &canary, &baseline);
        assert_eq!((rise.truth, rise.observed.as_str()), (Truth::False, "+1.01 points"));
        let wanted = "2,001 of 100,000 requests failed in canary (2 %), 9,000 of 900,000 requests failed in production (1 %); \
                      at most 1 point more may";
        assert_eq!(rise.because, wanted);
        let slow = found(Limit::LatencyP99Increase(one("0.1")), &canary, &baseline);
        assert_eq!((slow.truth, slow.observed.as_str()), (Truth::True, "+10 %"));
        let good = found(Limit::SuccessRate(one("0.99")), &canary, &baseline);
        assert_eq!((good.truth, good.observed.as_str()), (Truth::False, "97.99 %"));
        let lost = found(Limit::LatencyP95Increase(one("0.1")), &canary, &baseline);
        assert_eq!((lost.truth, lost.because.as_str()), (Truth::Unknown, "canary: no series"));
    }

    #[test]
    fn too_few_requests_say_how_many_it_takes() {
        let (canary, baseline) = (levels("500", "1", "110"), levels("4500", "9", "100"));
        let few = found(Limit::SuccessRate("0.999".parse().unwrap()), &canary, &baseline);
        assert_eq!(few.truth, Truth::Unknown);
        assert!(few.because.ends_with("it takes 20,000 requests in canary"), "{}", few.because);
        assert!(few.hint.is_some());
        let none = levels("0", "0", "1");
        let rise = found(Limit::ErrorRateIncrease("0.01".parse().unwrap()), &none, &none);
        assert_eq!((rise.truth, rise.observed.as_str()), (Truth::Unknown, "not enough requests"));
    }

    #[test]
    fn traffic_is_counted_or_stood_for() {
        let reading = || crate::promotion::facts::Reading::Missing { why: String::new() };
        let compared = |shared| Compared { since: None, canary: reading(), baseline: reading(), shared };
        let weight = Shared { part: 20, whole: 100, known_by: "the weight of Rollout/app".to_owned() };
        let (canary, baseline) = (levels("100", "0", "1"), levels("900", "0", "1"));
        let sides =
            || Ok(Sides { canary: &canary, of_canary: "canary", baseline: &baseline, of_baseline: "production" });
        let ten: Decimal = "0.1".parse().unwrap();
        let counted = traffic(ten, &compared(Some(weight.clone())), sides());
        assert_eq!((counted.truth, counted.because.as_str()), (Truth::True, "100 of 1,000 requests went to canary"));
        assert_eq!(traffic("0.1001".parse().unwrap(), &compared(None), sides()).truth, Truth::False);
        let stood_for = traffic(ten, &compared(Some(weight)), Err("no series".to_owned()));
        assert_eq!((stood_for.truth, stood_for.observed.as_str()), (Truth::True, "20 %"));
        assert_eq!(traffic(ten, &compared(None), Err("no series".to_owned())).truth, Truth::Unknown);
    }
}
