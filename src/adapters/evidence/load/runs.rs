//! The results of load tests, of one report or of several.
//!
//! A report is either a summary, which holds a few figures, or raw samples, one for each request. Samples of several files
//! are put together exactly: they are counted by latency. Summaries cannot be joined at all, because no percentile of two
//! runs follows from those of each; an average of them would be a number that nobody measured.
//!
//! A percentile of samples is their nearest rank: the smallest latency that at least so many of 100 requests did not exceed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::adapters::evidence::load::number::{millis, per_second};
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::promotion::measures::Performance;
use crate::promotion::number::Decimal;
use crate::promotion::time::Time;
use crate::promotion::waivers::Waivers;

/// The most distinct latencies that are kept; samples of milliseconds have a few thousand.
const MAX_DISTINCT: usize = 4_000_000;
/// The most thresholds of one source.
const MAX_THRESHOLDS: u32 = 10_000;

/// What a summary says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) requests: u64,
    pub(super) failed: Option<u64>,
    pub(super) p50: Option<Decimal>,
    pub(super) p95: Option<Decimal>,
    pub(super) p99: Option<Decimal>,
    pub(super) throughput: Option<Decimal>,
}

/// Raw samples: latencies in nanoseconds, counted by value.
#[derive(Debug, Default)]
pub(super) struct Samples {
    counts: HashMap<u64, u64>,
    requests: u64,
    /// How many failed; unknown as soon as that of one sample is.
    failed: Known<u64>,
    /// From the first start to the last end, in nanoseconds since 1970; unknown as soon as one sample has no time.
    span: Known<Option<(i64, i64)>>,
}

/// A value, or that it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known<T> {
    Yes(T),
    No,
}

impl<T: Default> Default for Known<T> {
    fn default() -> Self {
        Self::Yes(T::default())
    }
}

impl<T> Known<T> {
    fn join(self, other: Self, join: impl Fn(T, T) -> T) -> Self {
        match (self, other) {
            (Self::Yes(a), Self::Yes(b)) => Self::Yes(join(a, b)),
            _ => Self::No,
        }
    }
}

impl Samples {
    /// Adds one request: how long it took, when it began, and whether it failed, as far as that is known.
    pub(super) fn add(&mut self, nanos: u64, start: Option<i64>, failed: Option<bool>) -> Result<(), Defect> {
        *self.counts.entry(nanos).or_default() += 1;
        if self.counts.len() > MAX_DISTINCT {
            return Err(Defect::Unreadable(format!("it has more than {MAX_DISTINCT} different latencies")));
        }
        self.requests += 1;
        let failed = failed.map_or(Known::No, |failed| Known::Yes(u64::from(failed)));
        self.failed = self.failed.join(failed, u64::saturating_add);
        let end = |start: i64| start.saturating_add(i64::try_from(nanos).unwrap_or(i64::MAX));
        let span = start.map_or(Known::No, |start| Known::Yes(Some((start, end(start)))));
        self.span = self.span.join(span, both);
        Ok(())
    }

    /// How many requests there are.
    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// Sets how many failed, where the report tells that apart from the samples.
    pub(super) fn failed(&mut self, failed: Option<u64>) {
        self.failed = failed.map_or(Known::No, Known::Yes);
    }

    /// When the first request began.
    pub(super) fn began(&self) -> Option<Time> {
        match self.span {
            Known::Yes(Some((start, _))) => Time::from_nanosecond(i128::from(start)).ok(),
            _ => None,
        }
    }

    fn absorb(&mut self, other: Self) {
        for (nanos, count) in other.counts {
            *self.counts.entry(nanos).or_default() += count;
        }
        self.requests += other.requests;
        self.failed = self.failed.join(other.failed, u64::saturating_add);
        self.span = self.span.join(other.span, both);
    }

    fn figures(self) -> Figures {
        let mut latencies: Vec<(u64, u64)> = self.counts.into_iter().collect();
        latencies.sort_unstable();
        let rank = |percent: u64| {
            // At least so many of the requests lie at or below it.
            let wanted = (u128::from(self.requests) * u128::from(percent)).div_ceil(100);
            let mut below = 0;
            let found = latencies.iter().find(|(_, count)| {
                below += u128::from(*count);
                below >= wanted
            });
            found.and_then(|(nanos, _)| millis(*nanos))
        };
        let throughput = match self.span {
            Known::Yes(Some((start, end))) => per_second(self.requests, end.abs_diff(start)),
            _ => None,
        };
        let failed = match self.failed {
            Known::Yes(failed) => Some(failed),
            Known::No => None,
        };
        Figures { requests: self.requests, failed, p50: rank(50), p95: rank(95), p99: rank(99), throughput }
    }
}

fn both(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}

/// All results of a source.
#[derive(Debug, Default)]
pub struct Runs {
    /// Summaries, by file.
    summaries: Vec<(String, Figures)>,
    samples: Samples,
    /// The first file of samples.
    sampled: Option<String>,
    thresholds: Cases,
    judged: u32,
}

impl Runs {
    /// No results yet.
    pub fn new(waivers: Arc<Waivers>) -> Self {
        Self { thresholds: Cases::new(waivers), ..Self::default() }
    }

    /// Adds the summary of a report. One that contradicts itself is not believed.
    pub(super) fn summary(&mut self, path: &str, figures: Figures) -> Result<(), Defect> {
        let Figures { requests, failed, p50, p95, p99, .. } = figures;
        if requests == 0 {
            return Err(Defect::Missing("it holds no request".to_owned()));
        }
        if let Some(failed) = failed.filter(|failed| *failed > requests) {
            let why = format!("it contradicts itself: {failed} requests failed, of {requests}");
            return Err(Defect::Unreadable(why));
        }
        let known: Vec<Decimal> = [p50, p95, p99].into_iter().flatten().collect();
        if !known.is_sorted() {
            let why = "it contradicts itself: a higher percentile is less than a lower one";
            return Err(Defect::Unreadable(why.to_owned()));
        }
        self.summaries.push((path.to_owned(), figures));
        Ok(())
    }

    /// Adds the samples of a report.
    pub(super) fn samples(&mut self, path: &str, samples: Samples) -> Result<(), Defect> {
        if samples.requests == 0 {
            return Err(Defect::Missing("it holds no request".to_owned()));
        }
        self.samples.absorb(samples);
        let first = self.sampled.take().filter(|first| first.as_str() <= path);
        self.sampled = Some(first.unwrap_or_else(|| path.to_owned()));
        Ok(())
    }

    /// Adds a threshold that the load test judged itself.
    pub(super) fn threshold(&mut self, name: &str, held: bool, place: (&str, u64)) -> Result<(), Defect> {
        self.judged += 1;
        if self.judged > MAX_THRESHOLDS {
            return Err(Defect::Unreadable(format!("it holds more than {MAX_THRESHOLDS} thresholds")));
        }
        let outcome = if held { CaseOutcome::Passed } else { CaseOutcome::Failed };
        let (path, line) = place;
        self.thresholds.add(&Case {
            key: CaseKey::of([name]),
            outcome,
            flaky: false,
            attempt: false,
            class: "",
            name,
            message: "the load test says that it does not hold",
            path,
            line,
        });
        Ok(())
    }

    /// Takes in what other reports of the same source say. The order does not matter.
    pub fn absorb(&mut self, other: Self) {
        self.summaries.extend(other.summaries);
        self.samples.absorb(other.samples);
        self.sampled = [self.sampled.take(), other.sampled].into_iter().flatten().min();
        self.thresholds.absorb(other.thresholds);
        self.judged = self.judged.saturating_add(other.judged);
    }

    /// What all reports say together, with notes.
    pub fn finish(mut self) -> Result<(Performance, Vec<String>), Defect> {
        self.summaries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let figures = match (self.summaries.as_slice(), self.sampled) {
            ([], None) => return Err(Defect::Missing("there are no results of a load test".to_owned())),
            ([], Some(_)) => self.samples.figures(),
            ([(_, only)], None) => *only,
            ([(one, _), rest @ ..], sampled) => {
                let other = rest.first().map(|(path, _)| path.clone()).or(sampled).unwrap_or_default();
                return Err(Defect::Unreadable(format!(
                    "{one} and {other} cannot be joined: percentiles of both do not follow from those of each; \
                     give each report its own id, and name one of them in a gate"
                )));
            }
        };
        let (thresholds, notes) = match self.judged {
            0 => (None, Vec::new()),
            _ => self.thresholds.finish().map(|(tests, notes)| (Some(tests), notes))?,
        };
        let Figures { requests, failed, p50, p95, p99, throughput } = figures;
        let performance =
            Performance { requests, failed, p50_ms: p50, p95_ms: p95, p99_ms: p99, throughput, thresholds };
        Ok((performance, notes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn samples(latencies: &[u64]) -> Samples {
        let mut samples = Samples::default();
        for (place, ms) in latencies.iter().enumerate() {
            samples.add(ms * MS, Some(place as i64 * 1_000_000_000), Some(*ms > 900)).unwrap();
        }
        samples
    }

    fn finished(parts: Vec<Samples>) -> Performance {
        let mut runs = Runs::default();
        for (place, part) in parts.into_iter().enumerate() {
            runs.samples(&format!("{place}.jtl"), part).unwrap();
        }
        runs.finish().unwrap().0
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let said = finished(vec![samples(&hundred)]);
        let ms = |ms: i64| Some(Decimal::whole(ms));
        assert_eq!((said.p50_ms, said.p95_ms, said.p99_ms), (ms(50), ms(95), ms(99)));
        let said = finished(vec![samples(&[5])]);
        assert_eq!((said.p50_ms, said.p95_ms, said.p99_ms), (ms(5), ms(5), ms(5)));
        assert_eq!(said.throughput, ms(200), "one request of 5 ms");
        // 5 % of 20 is one request: the 19th of them.
        let said = finished(vec![samples(&(1..=20).collect::<Vec<_>>())]);
        assert_eq!((said.p95_ms, said.p99_ms), (ms(19), ms(20)));
    }

    #[test]
    fn what_one_sample_does_not_say_is_not_known() {
        let mut some = samples(&[1, 2]);
        some.add(MS, None, None).unwrap();
        let said = finished(vec![some, samples(&[950])]);
        assert_eq!((said.requests, said.failed, said.throughput), (4, None, None));
        assert_eq!(finished(vec![samples(&[1, 950])]).failed, Some(1));
    }

    #[test]
    fn summaries_cannot_be_joined() {
        let figures = Figures { requests: 9, ..Figures::default() };
        let mut other = Runs::default();
        other.summary("a.json", figures).unwrap();
        let mut runs = Runs::default();
        runs.summary("b.json", figures).unwrap();
        runs.absorb(other);
        let Err(Defect::Unreadable(why)) = runs.finish() else { panic!("two summaries are not one") };
        assert!(why.starts_with("a.json and b.json cannot be joined: "), "{why}");
        let mut runs = Runs::default();
        runs.samples("c.jtl", samples(&[1])).unwrap();
        runs.summary("b.json", figures).unwrap();
        let Err(Defect::Unreadable(why)) = runs.finish() else { panic!("a summary and samples are not one") };
        assert!(why.starts_with("b.json and c.jtl cannot be joined: "), "{why}");
    }

    #[test]
    fn a_summary_that_contradicts_itself_is_not_believed() {
        let ms = |ms: i64| Some(Decimal::whole(ms));
        let whole = Figures { requests: 9, failed: Some(9), p50: ms(1), p95: ms(1), p99: ms(2), throughput: None };
        assert_eq!(Runs::default().summary("a", whole), Ok(()));
        for wrong in [Figures { failed: Some(10), ..whole }, Figures { p95: ms(3), ..whole }] {
            assert!(matches!(Runs::default().summary("a", wrong), Err(Defect::Unreadable(_))));
        }
        assert!(matches!(Runs::default().summary("a", Figures::default()), Err(Defect::Missing(_))));
    }

    #[test]
    fn thresholds_alone_are_no_results() {
        let mut runs = Runs::default();
        runs.threshold("p(95)<500", false, ("a.json", 3)).unwrap();
        assert!(matches!(runs.finish(), Err(Defect::Missing(_))));
        let mut runs = Runs::default();
        runs.threshold("p(95)<500", false, ("a.json", 3)).unwrap();
        runs.threshold("rate<0.01", true, ("a.json", 4)).unwrap();
        runs.summary("a.json", Figures { requests: 1, ..Figures::default() }).unwrap();
        let tests = runs.finish().unwrap().0.thresholds.unwrap();
        assert_eq!((tests.total, tests.passed, tests.failed), (2, 1, 1));
        assert_eq!((tests.failures[0].name.as_str(), tests.failures[0].at.as_str()), ("p(95)<500", "a.json:3"));
    }

    proptest! {
        #[test]
        fn shards_say_what_the_whole_says(all in prop::collection::vec(0u64..1000, 2..60), cut in 1usize..59) {
            let cut = cut.min(all.len() - 1);
            let whole = samples(&all);
            let (mut one, mut other) = (Samples::default(), Samples::default());
            for (place, ms) in all.iter().enumerate() {
                let part = if place < cut { &mut one } else { &mut other };
                part.add(ms * MS, Some(place as i64 * 1_000_000_000), Some(*ms > 900)).unwrap();
            }
            prop_assert_eq!(finished(vec![other, one]), finished(vec![whole]));
        }

        #[test]
        fn a_percentile_is_not_exceeded_by_so_many(mut all in prop::collection::vec(0u64..50, 1..200)) {
            let said = finished(vec![samples(&all)]);
            all.sort_unstable();
            for (percent, ms) in [(50, said.p50_ms), (95, said.p95_ms), (99, said.p99_ms)] {
                let ms = u64::try_from(ms.unwrap().as_whole().unwrap()).unwrap();
                let below = all.iter().filter(|other| **other <= ms).count();
                let less = all.iter().filter(|other| **other < ms).count();
                prop_assert!(below * 100 >= percent * all.len() && less * 100 < percent * all.len());
            }
        }
    }
}
