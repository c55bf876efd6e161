//! What is asked of a server about one source, and its answers, each by the figure and the length of the window that it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use crate::adapters::http::server::Server;
use crate::adapters::prometheus::families::{Found, PART, part};
use crate::adapters::prometheus::promql::WINDOW;
use crate::adapters::prometheus::reply::{Reply, Sample, finite, only};
use crate::adapters::prometheus::window::{FRESH, Window, seconds};
use crate::ports::Fault;
use crate::promotion::levels::Level;
use crate::promotion::time::{Millis, Time};

/// A query for a figure, with `{window}` where the range stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// PromQL.
    pub text: String,
    /// What its value is multiplied by: seconds become milliseconds.
    pub scale: u32,
    /// Whether it is one of ours over a known family, and no series of failed requests means none failed.
    pub built_in: bool,
}

impl Query {
    /// A query of somebody else's.
    pub fn given(level: Level, text: &str) -> Self {
        let is_latency = matches!(level, Level::LatencyP50 | Level::LatencyP95 | Level::LatencyP99);
        Self { text: text.to_owned(), scale: if is_latency { 1000 } else { 1 }, built_in: false }
    }

    /// A built-in query, if the family has that figure.
    pub fn of(found: &Found, level: Level) -> Option<Self> {
        let is_count = matches!(level, Level::Requests | Level::Errors);
        let scale = if is_count { 1 } else { found.scale() };
        Some(Self { text: found.query(level)?, scale, built_in: true })
    }

    /// Whether it can be asked about another window than its own.
    pub fn follows(&self) -> bool {
        self.text.contains(WINDOW)
    }
}

/// What came of a question: a value, no series at all, or why there is none.
pub type Answer = Result<Option<f64>, String>;

/// What was answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// By figure and seconds.
    values: BTreeMap<(Level, i64), Answer>,
    /// By seconds: whether a window holds samples from its beginning on.
    whole: BTreeMap<i64, Result<(), String>>,
    /// The highest finite border of the latency histogram, in milliseconds.
    pub highest: Option<f64>,
}

impl Answers {
    /// The value of a figure over a window of so many seconds, if the window is held whole.
    pub fn value(&self, level: Level, secs: i64) -> Answer {
        let answer = self.values.get(&(level, secs)).cloned().unwrap_or(Ok(None));
        match (answer, self.whole.get(&secs)) {
            (Ok(Some(_)), Some(Err(why))) => Err(why.clone()),
            (answer, _) => answer,
        }
    }
}

/// Asks a server about one window.
#[derive(Debug, Clone, Copy)]
pub struct Questions<'a> {
    /// The server.
    pub server: &'a Server,
    /// The window.
    pub window: Window,
    /// The queries.
    pub queries: &'a BTreeMap<Level, Query>,
    /// The family of the built-in ones.
    pub found: Option<&'a Found>,
}

/// A request of its own, and what its answer is for.
enum Ask {
    /// Figures of ours, all in one.
    Joined(Vec<(Level, i64)>),
    /// A figure.
    One(Level, i64),
    /// Whether there were samples when the window of so many seconds began; its end is told of, too.
    Begins(i64),
    /// Whether there are samples now, for queries that are not ours.
    Fresh,
    /// The borders of the latency histogram.
    Borders,
}

enum Told {
    Values(Vec<((Level, i64), Answer)>),
    Whole(Result<(), String>),
    Begins(i64, Result<(), String>),
    Highest(Option<f64>),
}

/// Asks one query. `at` absent: now, by the server's clock.
pub fn ask(server: &Server, query: &str, at: Option<Time>) -> Result<Vec<Sample>, String> {
    let at = at.map(seconds);
    let form: Vec<(&str, &str)> =
        std::iter::once(("query", query)).chain(at.as_deref().map(|at| ("time", at))).collect();
    server.form::<Reply>("/api/v1/query", &form).map_err(|fault| said(&fault))?.said.samples()
}

/// The server's clock.
pub fn time(server: &Server) -> Result<Time, String> {
    let samples = ask(server, "time()", None)?;
    let now = only(&samples)?.map(finite).transpose()?.ok_or("the server does not tell its time")?;
    // Milliseconds of this century are far below what a float holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is refused by the next line")]
    let ms = (now * 1000.0).round() as i64;
    Time::from_millisecond(ms).map_err(|_| format!("the server says that it is {now}"))
}

fn said(fault: &Fault) -> String {
    fault.hint.as_ref().map_or_else(|| fault.why.clone(), |hint| format!("{}: {hint}", fault.why))
}

impl Questions<'_> {
    /// Asks about the window and about shorter and longer ones that end with it, all at once.
    pub fn answers(&self, spans: &[i64]) -> Answers {
        let secs: BTreeSet<i64> = spans.iter().copied().chain([self.window.secs]).collect();
        let asks = self.asks(&secs);
        let told: Vec<Told> = thread::scope(|scope| {
            let asking: Vec<_> = asks.iter().map(|ask| scope.spawn(|| self.told(ask))).collect();
            let lost = || Told::Whole(Err("the reader stopped with a bug in promote".to_owned()));
            asking.into_iter().map(|thread| thread.join().unwrap_or_else(|_| lost())).collect()
        });
        let mut answers = Answers::default();
        let mut fresh = Ok(());
        for told in told {
            match told {
                Told::Values(values) => answers.values.extend(values),
                Told::Whole(now) => fresh = fresh.and(now),
                Told::Begins(secs, begins) => drop(answers.whole.insert(secs, begins)),
                Told::Highest(highest) => answers.highest = highest,
            }
        }
        if fresh.is_err() {
            answers.whole.extend(secs.iter().map(|secs| (*secs, fresh.clone())));
        }
        answers
    }

    fn asks(&self, secs: &BTreeSet<i64>) -> Vec<Ask> {
        let mut asks = Vec::new();
        let (mut counts, mut latencies) = (Vec::new(), Vec::new());
        for (level, query) in self.queries {
            let is_latency = query.built_in && !matches!(level, Level::Requests | Level::Errors);
            for secs in secs.iter().filter(|secs| self.is_asked(*level, query, **secs)) {
                match (query.built_in, is_latency) {
                    (true, true) => latencies.push((*level, *secs)),
                    (true, false) => counts.push((*level, *secs)),
                    (false, _) => asks.push(Ask::One(*level, *secs)),
                }
            }
        }
        if !latencies.is_empty() {
            asks.push(Ask::Borders);
        }
        asks.extend([counts, latencies].into_iter().filter(|joined| !joined.is_empty()).map(Ask::Joined));
        if self.probe().is_some() {
            let longer = |secs: &&i64| **secs * 1000 > FRESH.0;
            asks.extend(secs.iter().filter(longer).map(|secs| Ask::Begins(*secs)));
            asks.extend(self.found.is_none().then_some(Ask::Fresh));
        }
        asks
    }

    /// Counts and shares are asked about every window, the rest about the whole one only. A query without `{window}` answers for
    /// its own time, which is never a part of ours.
    fn is_asked(&self, level: Level, query: &Query, secs: i64) -> bool {
        let is_whole = secs == self.window.secs;
        let is_share = matches!(level, Level::Requests | Level::Errors | Level::Availability);
        (is_whole || is_share) && (query.follows() || (is_whole && !self.window.cut))
    }

    /// A query whose answer shows that there are samples.
    fn probe(&self) -> Option<String> {
        if let Some(found) = self.found {
            return Some(found.alive());
        }
        let brief = Window { secs: FRESH.0 / 1000, ..self.window };
        let of = |level: Level| self.queries.get(&level).filter(|query| query.follows());
        [Level::Requests, Level::Availability].into_iter().find_map(of).map(|query| brief.fill(&query.text))
    }

    fn over(&self, secs: i64) -> Window {
        Window { secs, ..self.window }
    }

    fn told(&self, ask: &Ask) -> Told {
        let until = Some(self.window.until);
        match ask {
            Ask::Joined(figures) => Told::Values(self.joined(figures)),
            Ask::One(level, secs) => Told::Values(vec![((*level, *secs), self.one(*level, *secs))]),
            Ask::Begins(secs) => Told::Begins(*secs, self.begins(*secs)),
            Ask::Fresh => Told::Whole(match self.samples_at(self.window.until) {
                Ok(true) => Ok(()),
                Ok(false) => Err(format!("stale: there is no sample of the last {FRESH}")),
                Err(why) => Err(why),
            }),
            Ask::Borders => Told::Highest(self.found.and_then(|found| {
                let samples = self::ask(self.server, &found.borders(), until).ok()?;
                found.highest_border(&samples)
            })),
        }
    }

    fn one(&self, level: Level, secs: i64) -> Answer {
        let Some(query) = self.queries.get(&level) else { return Ok(None) };
        let samples = ask(self.server, &self.over(secs).fill(&query.text), Some(self.window.until))?;
        let value = only(&samples)?.map(finite).transpose()?;
        Ok(value.map(|value| value * f64::from(query.scale)))
    }

    /// Several figures of ours in one request: a refusal is one of all.
    fn joined(&self, figures: &[(Level, i64)]) -> Vec<((Level, i64), Answer)> {
        let name = |(level, secs): &(Level, i64)| format!("{}@{secs}", level.word());
        let query = |figure: &(Level, i64)| {
            let query = self.queries.get(&figure.0)?;
            Some(part(&name(figure), &self.over(figure.1).fill(&query.text)))
        };
        let text = figures.iter().filter_map(query).collect::<Vec<_>>().join(" or ");
        let samples = ask(self.server, &text, Some(self.window.until));
        let value = |figure: &(Level, i64)| {
            let name = name(figure);
            let is_its = |sample: &&Sample| sample.labels.get(PART) == Some(&name);
            let samples: Vec<Sample> =
                samples.as_ref().map_err(String::clone)?.iter().filter(is_its).cloned().collect();
            let scale = self.queries.get(&figure.0).map_or(1, |query| query.scale);
            Ok(only(&samples)?.map(finite).transpose()?.map(|value| value * f64::from(scale)))
        };
        figures.iter().map(|figure| (*figure, value(figure))).collect()
    }

    /// What is older than a server keeps is not in its answer, and the answer does not say so.
    fn begins(&self, secs: i64) -> Result<(), String> {
        let window = self.over(secs);
        if self.samples_at(window.covered_by())? {
            return Ok(());
        }
        let (length, since) = (Millis::secs(secs), window.since());
        Err(format!(
            "the window is {length} long, and there is no sample of its first {FRESH} (from {since}): the server does not keep \
             that much, or the service is younger; write a shorter `window`"
        ))
    }

    fn samples_at(&self, at: Time) -> Result<bool, String> {
        let Some(probe) = self.probe() else { return Ok(true) };
        ask(self.server, &probe, Some(at)).map(|samples| !samples.is_empty())
    }
}
