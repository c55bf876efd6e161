//! The error rates of the judge of a rise in errors, with the schedule of looks that runs.

use super::dice::Dice;
use super::{limit, sample};
use crate::promotion::canary::judge::{Verdict, error_rate};
use crate::promotion::looks;
use crate::promotion::time::Millis;

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
