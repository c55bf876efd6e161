//! Borders of the judge, and its error rates, measured.

use super::*;
use crate::promotion::looks;
use crate::promotion::time::Millis;

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
    let at = |requests, ms: &str| latency(tail(requests, ms), tail(90_000, "100"), 0.01, limit("0.1"));
    let needed = Verdict::Inconclusive(Needed { canary: 20_000, baseline: Some(20_000) });
    assert_eq!(at(20_000, "110"), Verdict::Pass, "exactly 10 % more");
    assert_eq!(at(20_000, "110.001"), Verdict::Fail);
    assert_eq!(at(19_999, "110"), needed);
    assert_eq!(at(2_000, "199"), needed);
    assert_eq!(at(2_000, "201"), Verdict::Fail, "a tenth of the sample, ten times the limit");
    assert_eq!(latency(tail(500_000, "9"), tail(500_000, "0"), 0.01, limit("0.1")), Verdict::Fail);
    assert_eq!(
        latency(tail(0, "0"), tail(0, "0"), 0.05, limit("0.5")),
        Verdict::Inconclusive(Needed { canary: 2_000, baseline: Some(2_000) })
    );
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// How many of `n` requests fail: by the gaps between failures, which are geometric.
    fn failures(&mut self, n: u64, rate: f64) -> u64 {
        let (mut failures, mut at) = (0, 0.0);
        loop {
            let uniform = ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            at += (uniform.ln() / (1.0 - rate).ln()).floor() + 1.0;
            if at > n as f64 {
                return failures;
            }
            failures += 1;
        }
    }
}

/// One cell of the simulation.
#[derive(Clone, Copy)]
struct Cell {
    baseline: f64,
    rise: f64,
    /// Requests of the baseline for each of the canary.
    ratio: f64,
    /// How many times twice the textbook's sample arrives in the window.
    traffic: f64,
}

/// How often a cell ended how.
#[derive(Default)]
struct Ended {
    failed: u64,
    inconclusive: u64,
}

/// The textbook's sample of the canary: Fleiss, without continuity correction, α 1 % (one-sided), power 95 %.
fn textbook(cell: Cell) -> f64 {
    let rise = 0.02;
    let (p, q) = (cell.baseline, cell.baseline + rise);
    let z: f64 = 2.326 + 1.645;
    z * z * (q * (1.0 - q) + p * (1.0 - p) / cell.ratio) / (rise * rise)
}

fn simulate(cell: Cell, runs: u64, window: Millis) -> Ended {
    let looks = looks::schedule(window);
    let (whole, all) = (2.0 * textbook(cell) * cell.traffic, looks.len() as f64 - 1.0);
    let mut dice = Dice((cell.baseline * 1e6 + cell.rise * 1e9 + cell.ratio * 1e12 + cell.traffic * 1e3) as u64);
    let mut ended = Ended::default();
    for _ in 0..runs {
        let (mut canary, mut baseline) = (sample(0, 0), sample(0, 0));
        let mut verdict = None;
        for look in 0..looks.len() {
            let so_far = whole * look as f64 / all;
            for (side, requests, rate) in [
                (&mut canary, so_far.ceil() as u64, cell.baseline + cell.rise),
                (&mut baseline, (so_far * cell.ratio).ceil() as u64, cell.baseline),
            ] {
                side.failures += dice.failures(requests - side.requests, rate);
                side.requests = requests;
            }
            verdict = Some(error_rate(canary, baseline, limit("0.01")));
            if verdict == Some(Verdict::Fail) {
                break;
            }
        }
        match verdict {
            Some(Verdict::Fail) => ended.failed += 1,
            Some(Verdict::Inconclusive(_)) => ended.inconclusive += 1,
            _ => {}
        }
    }
    ended
}

/// The promise: with no rise at most 1 % fail, with a rise of the limit and 1 point at least 95 % do, and at most 5 % are
/// inconclusive once twice the textbook's sample is in. `sigmas` of the binomial error are allowed for.
fn held(cell: Cell, ended: &Ended, runs: u64, sigmas: f64) -> bool {
    let n = runs as f64;
    let within = |count: u64, share: f64| count as f64 <= n * share + sigmas * (n * share * (1.0 - share)).sqrt();
    let missed = runs - ended.failed;
    (if cell.rise > 0.0 { within(missed, 0.05) } else { within(ended.failed, 0.01) })
        && within(ended.inconclusive, 0.05)
}

fn table(runs: u64, window: Millis, traffics: &[f64], sigmas: f64) {
    let mut lines = Vec::new();
    let mut broken = Vec::new();
    for &traffic in traffics {
        for ratio in [1.0, 9.0] {
            for baseline in [0.001, 0.01, 0.05] {
                let cell = |rise| Cell { baseline, rise, ratio, traffic };
                let (none, risen) = (simulate(cell(0.0), runs, window), simulate(cell(0.02), runs, window));
                let percent = |count: u64| format!("{:.2} %", count as f64 * 100.0 / runs as f64);
                let inconclusive = none.inconclusive.max(risen.inconclusive);
                lines.push(format!(
                    "| {} % | 1:{ratio} | {} | {:.0} | {} | {} | {} |",
                    baseline * 100.0,
                    traffic * 2.0,
                    textbook(cell(0.0)),
                    percent(none.failed),
                    percent(risen.failed),
                    percent(inconclusive),
                ));
                if !held(cell(0.0), &none, runs, sigmas) || !held(cell(0.02), &risen, runs, sigmas) {
                    broken.push(lines.last().cloned().unwrap_or_default());
                }
            }
        }
    }
    println!(
        "| baseline | canary : baseline | sample ÷ textbook | textbook n | false rollbacks | found | inconclusive |"
    );
    println!("{}", lines.join("\n"));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A thousand runs with the looks of the usual settle time; three standard errors are allowed for.
#[test]
fn its_error_rates_are_what_it_says() {
    table(1_000, Millis::mins(5), &[1.0], 3.0);
}

/// Ten thousand runs with the looks of an hour, none of the error allowed for; and with ten times the traffic, so that most looks come
/// when the sample has long been complete.
#[test]
fn its_error_rates_are_what_it_says_in_the_long_run() {
    if std::env::var_os("PROMOTE_SOAK").is_some() {
        table(10_000, Millis::mins(5), &[1.0], 0.0);
        table(10_000, Millis::mins(60), &[1.0, 10.0], 0.0);
    }
}
