//! The judge: is the canary worse than its limit allows? Pass, fail, or inconclusive, which names the sample that it takes.
//!
//! One rule for every limit. The judge works out which sample it takes to tell a canary that is no worse from one that is clearly
//! worse. With that sample, it fails where what was observed is above the limit, compared exactly. With a share `t` of it, it fails
//! only where what was observed is above the limit divided by `t`, and is inconclusive otherwise: this is the boundary of O'Brien
//! and Fleming (*A multiple testing procedure for clinical trials*, Biometrics 35, 1979), which is constant on the scale of the
//! summed differences, so that a disaster is seen at once and noise is not. It needs no count of looks: a Brownian motion crosses
//! a constant `c` within the sample with probability `2Φ(−c)`, and the line `c·t` ever after it with `2Φ(−c)` again, less than
//! `3Φ(−c)` together, however often one looks. [`BOUNDARY`] makes that 0.8 %.
//!
//! **Error rate.** The judge tells no rise from a rise of the limit and a *gap*: 1 percentage point, or less for a limit under 1
//! point, which is taken at its word (no rise from twice the limit; no finer than 0.1 points). Its sample is the textbook one of
//! two proportions, `z²·variance ÷ margin²`, once with [`BOUNDARY`] and the variance without a rise, once with [`POWER`] and that
//! with the rise. The baseline's rate is estimated with one failure more than was seen, and the variance without a rise at half a
//! limit above it: both keep a baseline that was lucky early from making the sample look complete.
//!
//! Measured by the simulation in `tests`: 10,000 runs for each cell, limit 1 %, looks as [`looks`](crate::promotion::looks) has them
//! through an hour, requests arriving evenly up to twice the textbook's sample (two-sample comparison of proportions, Fleiss, *Statistical
//! Methods for Rates and Proportions*, without continuity correction, for a rise of 2 points, one-sided α 1 %, power 95 %):
//!
//! | baseline | requests of canary : baseline | textbook n | false rollbacks | rise of 2 points found | inconclusive |
//! |---|---|---|---|---|---|
//! | 0.1 % | 1 : 1 | 850 | 0.00 % | 99.95 % | 0.00 % |
//! | 1 % | 1 : 1 | 1,537 | 0.52 % | 99.91 % | 0.53 % |
//! | 5 % | 1 : 1 | 4,439 | 0.70 % | 99.78 % | 1.37 % |
//! | 0.1 % | 1 : 9 | 815 | 0.00 % | 99.98 % | 0.00 % |
//! | 1 % | 1 : 9 | 1,191 | 0.25 % | 99.96 % | 0.00 % |
//! | 5 % | 1 : 9 | 2,774 | 0.57 % | 99.87 % | 0.00 % |
//!
//! Inconclusive is the worse of both cases, at the end of the window. With ten times the traffic, so that nearly all looks come after the
//! sample is complete, at most 0.45 % are rolled back falsely.
//!
//! Requests are taken as independent. Failures that come in bursts make the true error rates higher than these.
//!
//! **Success rate** against a fixed limit: the sample is the requests among which the limit allows [`ALLOWED`] failures.
//!
//! **Latency**: a percentile is known as well as the requests beyond it are many. With `k` beyond, of a latency whose logarithm is
//! normal with σ = 1 (a heavy tail), the standard error of its logarithm is about [`Percentile::spread`]` ÷ √k`, and that of the
//! difference of two `√2` of it. The sample is complete with as many beyond, on both sides, as put the limit [`BOUNDARY`] standard
//! errors from no rise (241 for p99 and a limit of 10 %, so 24,016 requests; 7,724 for p95), and never less than [`BEYOND`].
//!
//! Measured likewise, 10,000 runs, the sample just complete at the end of an hour; latencies drawn from that distribution:
//!
//! | limit | as it should be | rolled back falsely | clearly worse | found |
//! |---|---|---|---|---|
//! | success ≥ 99.9 % | half of the failures allowed | 0.18 % | twice as many as allowed | 99.95 % |
//! | success ≥ 99 % | half of the failures allowed | 0.13 % | twice as many as allowed | 99.99 % |
//! | p99 ≤ +10 % | no rise | 0.57 % | a rise of 20 % | 99.61 % |
//! | p95 ≤ +10 % | no rise | 0.50 % | a rise of 20 % | 99.72 % |
//!
//! None is inconclusive then. A canary that is exactly at its limit fails in about half of the runs, and the more often the longer it
//! is looked at.

use std::cmp::Ordering;

use crate::promotion::number::Decimal;

/// How many standard errors the limit lies from no rise, when the sample is complete.
pub const BOUNDARY: f64 = 2.8;
/// The normal quantile of 95 %: what is to be found lies so many standard errors beyond the limit.
pub const POWER: f64 = 1.645;
/// The sample of a success rate is complete where its limit would allow so many failures.
pub const ALLOWED: u32 = 20;
/// The least number of requests beyond a percentile, on both sides.
pub const BEYOND: f64 = 100.0;

/// Requests, and those of them that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Requests.
    pub requests: u64,
    /// Those that failed; not more than there were requests.
    pub failures: u64,
}

/// A percentile, and how well a sample tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentile {
    /// The share of requests beyond it.
    pub beyond: f64,
    /// The standard error of its logarithm with one request beyond: `β·√(1−β) ÷ φ(z)`, where β is the share beyond and φ the
    /// normal density at the percentile (the asymptotic variance of a sample quantile, for a logarithm that is normal with σ = 1).
    pub spread: f64,
}

/// The 95th percentile.
pub const P95: Percentile = Percentile { beyond: 0.05, spread: 0.473 };
/// The 99th percentile.
pub const P99: Percentile = Percentile { beyond: 0.01, spread: 0.373 };

/// A percentile of the latency, and of how many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Requests.
    pub requests: u64,
    /// The percentile in milliseconds.
    pub at_ms: Decimal,
}

/// What the judge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sample is complete, and within the limit.
    Pass,
    /// Above the limit, by more than chance explains.
    Fail,
    /// Not enough was seen to say.
    Inconclusive(Needed),
}

/// The requests that a verdict takes, in all. With the traffic's present shares the two come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Of the canary.
    pub canary: u64,
    /// Of the baseline, where there is one.
    pub baseline: Option<u64>,
}

/// Whether the canary's error rate is above the baseline's by more than the limit (a share: 1 percentage point is `0.01`).
pub fn error_rate(canary: Sample, baseline: Sample, limit: Decimal) -> Verdict {
    let design = Design::of(as_float(limit));
    let share = design.share(canary, baseline);
    if share >= 1.0 {
        return if risen(canary, baseline, design.line(limit)) { Verdict::Fail } else { Verdict::Pass };
    }
    let both = canary.requests > 0 && baseline.requests > 0;
    if both && rate(canary) - rate(baseline) > design.line / share {
        return Verdict::Fail;
    }
    let needed = |requests: u64| whole((requests.max(1)) as f64 / share);
    let (of_canary, of_baseline) = if both {
        (needed(canary.requests), needed(baseline.requests))
    } else {
        // Nothing tells yet how the traffic is shared: as if it were by halves.
        let even = design.share(Sample { requests: 1, failures: 0 }, Sample { requests: 1, failures: 0 });
        (whole(1.0 / even), whole(1.0 / even))
    };
    Verdict::Inconclusive(Needed { canary: of_canary, baseline: Some(of_baseline) })
}

/// Whether the canary's share of good requests is at least the limit.
pub fn success_rate(canary: Sample, least: Decimal) -> Verdict {
    let allowed = Decimal::whole(1).minus(least);
    // Where no failure at all is allowed, the sample is that of 99.9 %.
    let most = if allowed > Decimal::ZERO { as_float(allowed) } else { 0.001 };
    let needed = whole(f64::from(ALLOWED) / most);
    let above = canary.requests > 0 && allowed.cmp_ratio(canary.failures, canary.requests) == Ordering::Less;
    let complete = canary.requests >= needed;
    let early = if allowed > Decimal::ZERO { u64::from(ALLOWED) } else { 0 };
    match (above, complete) {
        (true, true) => Verdict::Fail,
        (true, false) if canary.failures > early => Verdict::Fail,
        (false, true) => Verdict::Pass,
        (_, false) => Verdict::Inconclusive(Needed { canary: needed, baseline: None }),
    }
}

/// Whether the canary's percentile is above the baseline's by more than the limit, relative to the latter.
pub fn latency(canary: Tail, baseline: Tail, percentile: Percentile, limit: Decimal) -> Verdict {
    let most = as_float(limit).max(0.01);
    let errors = BOUNDARY * percentile.spread / most.ln_1p();
    let needed = whole((2.0 * errors * errors).max(BEYOND) / percentile.beyond);
    let have = canary.requests.min(baseline.requests);
    let allowed = baseline.at_ms.product(Decimal::whole(1).plus(limit));
    let share = have as f64 / needed as f64;
    if have >= needed {
        return if canary.at_ms > allowed { Verdict::Fail } else { Verdict::Pass };
    }
    let (seen, before) = (as_float(canary.at_ms), as_float(baseline.at_ms));
    // Logarithms of quotients are what is nearly normal here.
    if have > 0 && before > 0.0 && (seen / before).ln() > most.ln_1p() / share {
        return Verdict::Fail;
    }
    Verdict::Inconclusive(Needed { canary: needed, baseline: Some(needed) })
}

/// What is to be told apart: no rise, and `find`, by a line between them. All are shares.
struct Design {
    line: f64,
    find: f64,
    /// Whether the line is the limit itself.
    at_limit: bool,
}

impl Design {
    fn of(limit: f64) -> Self {
        let find = limit + limit.clamp(0.001, 0.01);
        let middle = find / 2.0;
        // The sum is not exact in binary; a limit from 0.1 points on is its own line.
        let at_limit = limit >= 0.001;
        Self { line: if at_limit { limit } else { middle }, find, at_limit }
    }

    /// The line, exactly.
    fn line(&self, limit: Decimal) -> Decimal {
        // Half of the limit and 0.1 points.
        let middle = Decimal::new(1, 3).plus(limit).product(Decimal::new(5, 1));
        if self.at_limit { limit } else { middle }
    }

    /// Which share of the sample that it takes is there.
    fn share(&self, canary: Sample, baseline: Sample) -> f64 {
        let (of_canary, of_baseline) = (1.0 / canary.requests.max(1) as f64, 1.0 / baseline.requests.max(1) as f64);
        // A hundred requests say at the least what a rate of 1 % would look like: before that, nothing is estimated.
        let p = (baseline.failures as f64 + 1.0) / (baseline.requests.max(100) as f64 + 2.0);
        let (none, risen) = ((p + self.line / 2.0).min(1.0), (p + self.find).min(1.0));
        let without = none * (1.0 - none) * (of_canary + of_baseline);
        let with = risen * (1.0 - risen) * of_canary + p * (1.0 - p) * of_baseline;
        let part = |margin: f64, z: f64, variance: f64| margin * margin / (z * z * variance.max(f64::MIN_POSITIVE));
        part(self.line, BOUNDARY, without).min(part(self.find - self.line, POWER, with))
    }
}

fn rate(sample: Sample) -> f64 {
    sample.failures as f64 / sample.requests as f64
}

/// Whether the difference of two rates is above a line, without rounding.
fn risen(canary: Sample, baseline: Sample, line: Decimal) -> bool {
    let n = |count: u64| i128::from(count);
    let difference = n(canary.failures) * n(baseline.requests) - n(baseline.failures) * n(canary.requests);
    let product = n(canary.requests) * n(baseline.requests);
    let (units, scale) = line.parts();
    match (difference.checked_mul(10i128.pow(scale.min(30))), units.checked_mul(product)) {
        (Some(left), Some(right)) => left > right,
        // More digits than there are atoms: the floats agree.
        _ => rate(canary) - rate(baseline) > as_float(line),
    }
}

fn as_float(number: Decimal) -> f64 {
    let (units, scale) = number.parts();
    units as f64 / 10f64.powi(i32::try_from(scale).unwrap_or(i32::MAX))
}

/// A number of requests, rounded up.
fn whole(requests: f64) -> u64 {
    requests.ceil() as u64
}

#[cfg(test)]
mod tests;
