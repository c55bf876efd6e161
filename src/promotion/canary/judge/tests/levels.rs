//! The error rates of the judges of a success rate and of a latency, with the schedule of looks that runs.

use super::dice::Dice;
use super::limit;
use crate::promotion::canary::judge::{
    ALLOWED, P95, P99, Percentile, Sample, Tail, Verdict, as_float, latency, success_rate,
};
use crate::promotion::looks;
use crate::promotion::number::Decimal;
use crate::promotion::time::Millis;

/// How many of the runs end with a failure, if in each `judge` looks at what has arrived by then, its whole sample at the last look. No
/// run may be inconclusive then.
fn failing<S>(runs: u64, window: Millis, start: impl Fn() -> S, mut judge: impl FnMut(&mut S, f64) -> Verdict) -> f64 {
    let looks = looks::schedule(window).len();
    let mut failed = 0_u64;
    for _ in 0..runs {
        let mut seen = start();
        let mut shares = (0..looks).map(|look| look as f64 / (looks - 1) as f64);
        failed += u64::from(shares.any(|share| judge(&mut seen, share) == Verdict::Fail));
    }
    failed as f64 / runs as f64
}

/// The judge of a success rate, with `times` the failures that the limit allows.
fn success(runs: u64, window: Millis, least: &str, times: f64) -> f64 {
    let least = limit(least);
    let allowed = as_float(Decimal::whole(1).minus(least));
    let whole = f64::from(ALLOWED) / allowed;
    let mut dice = Dice((allowed * 1e9 + times * 1e3) as u64);
    let nothing = || Sample { requests: 0, failures: 0 };
    failing(runs, window, nothing, |seen, share| {
        let requests = (whole * share).ceil() as u64;
        seen.failures += dice.failures(requests - seen.requests, allowed * times);
        seen.requests = requests;
        let verdict = success_rate(*seen, least);
        assert!(share < 1.0 || !matches!(verdict, Verdict::Inconclusive(_)), "{seen:?}");
        verdict
    })
}

/// Latencies beyond a percentile four times as far out as the one that is judged: how many there were in each small step of the share
/// beyond. What is nearer does not change the percentile.
struct Beyond {
    requests: u64,
    steps: Vec<u32>,
    reach: f64,
}

impl Beyond {
    fn new(percentile: Percentile) -> Self {
        Self { requests: 0, steps: vec![0; 2_000], reach: percentile.beyond * 4.0 }
    }

    fn up_to(&mut self, requests: u64, dice: &mut Dice) {
        for _ in 0..dice.failures(requests - self.requests, self.reach) {
            let step = (dice.uniform() * self.steps.len() as f64) as usize;
            self.steps[step] += 1;
        }
        self.requests = requests;
    }

    /// The percentile that was observed, where the logarithm of the latency is normal with σ = 1 and the median is 1.
    fn observed(&self, percentile: Percentile) -> f64 {
        let rank = ((self.requests as f64 * percentile.beyond) as u32).max(1);
        let mut before = 0;
        for (step, &there) in self.steps.iter().enumerate() {
            if before + there >= rank {
                let within = f64::from(rank - before) / f64::from(there + 1);
                return normal((step as f64 + within) / self.steps.len() as f64 * self.reach).exp();
            }
            before += there;
        }
        normal(self.reach).exp()
    }
}

/// The value that a normal variable exceeds with this probability, of at most a half: Abramowitz and Stegun, *Handbook of Mathematical
/// Functions*, 26.2.23 (wrong by less than 0.00045).
fn normal(beyond: f64) -> f64 {
    let t = (-2.0 * beyond.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    t - above / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

/// The judge of a latency, with a canary that is slower by this share.
fn slower(runs: u64, window: Millis, percentile: Percentile, rise: f64) -> f64 {
    let most = limit("0.1");
    let nothing = Tail { requests: 0, at_ms: Decimal::ZERO };
    let Verdict::Inconclusive(needed) = latency(nothing, nothing, percentile, most) else { panic!("judged nothing") };
    let mut dice = Dice((percentile.beyond * 1e9 + rise * 1e3) as u64);
    let sides = || (Beyond::new(percentile), Beyond::new(percentile));
    failing(runs, window, sides, |(canary, baseline), share| {
        let requests = (needed.canary as f64 * share).ceil() as u64;
        canary.up_to(requests, &mut dice);
        baseline.up_to(requests, &mut dice);
        let tail = |side: &Beyond, times: f64| Tail {
            requests,
            at_ms: Decimal::new((side.observed(percentile) * times * 1e6) as i128, 6),
        };
        let verdict = latency(tail(canary, 1.0 + rise), tail(baseline, 1.0), percentile, most);
        assert!(share < 1.0 || !matches!(verdict, Verdict::Inconclusive(_)), "{requests}");
        verdict
    })
}

/// Holds both judges to their promise: at most 1 % fail that are as they should be, at least 95 % that are clearly worse. `sigmas` of
/// the binomial error are allowed for.
fn table(runs: u64, window: Millis, sigmas: f64) {
    let allow = |share: f64| sigmas * (share * (1.0 - share) / runs as f64).sqrt();
    let told = |what: &str, well: f64, worse: f64| {
        println!("| {what} | {:.2} % | {:.2} % |", well * 100.0, worse * 100.0);
        assert!(well <= 0.01 + allow(0.01), "{what}: {well}");
        assert!(worse >= 0.95 - allow(0.05), "{what}: {worse}");
    };
    for least in ["0.999", "0.99"] {
        told(least, success(runs, window, least, 0.5), success(runs, window, least, 2.0));
    }
    for (name, percentile) in [("p99", P99), ("p95", P95)] {
        told(name, slower(runs, window, percentile, 0.0), slower(runs, window, percentile, 0.2));
    }
}

/// Some hundred runs with the looks of the usual settle time; three standard errors are allowed for.
#[test]
fn their_error_rates_are_what_they_say() {
    table(300, Millis::mins(5), 3.0);
}

/// Ten thousand runs with the looks of an hour, none of the error allowed for.
#[test]
fn their_error_rates_are_what_they_say_in_the_long_run() {
    if std::env::var_os("PROMOTE_SOAK").is_some() {
        table(10_000, Millis::mins(60), 0.0);
    }
}
