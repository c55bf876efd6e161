//! Prometheus, and whatever answers its query API: service levels over a window, and how fast the error budget burns.
//!
//! Everything that is not the whole truth is unknown, and says why: no series, an answer that is not a number, samples that have
//! stopped, a partial answer, a window that reaches back further than the server keeps.
//!
//! One reading costs six requests where the queries are the built-in ones: its clock, which metrics there are, then all at once the
//! counts, the latencies, their buckets, and how far back each window is held. Other queries cost one each for each window.

pub mod families;
pub mod promql;
pub mod questions;
pub mod reply;
pub mod slo;
pub mod window;

use std::collections::BTreeMap;
use std::path::Path;

use crate::adapters::http::server::Server;
use crate::adapters::prometheus::families::{Found, detection, found};
use crate::adapters::prometheus::questions::{Answers, Query, Questions, ask, time};
use crate::adapters::prometheus::reply::decimal;
use crate::adapters::prometheus::slo::definition::Definition;
use crate::adapters::prometheus::window::Window;
use crate::ports::{About, Clock};
use crate::promotion::facts::{EvidenceFile, Observation, Reading, Tool};
use crate::promotion::levels::{Burn, Level, Levels};
use crate::promotion::measures::Measure;
use crate::promotion::number::Decimal;
use crate::promotion::rules::live::PrometheusSource;
use crate::promotion::rules::quantity;
use crate::promotion::time::Millis;

/// Decimal places of counts, and of latencies in milliseconds.
const COUNT: usize = 6;
/// Decimal places of shares.
const SHARE: usize = 12;
/// The figures that say how many requests failed.
const COUNTS: [Level; 3] = [Level::Requests, Level::Errors, Level::Availability];

/// Reads a source about a service in an environment. `root` is where SLO files are.
pub fn read(server: &Server, source: &PrometheusSource, root: &Path, about: &About<'_>, clock: &dyn Clock) -> Reading {
    let (defined, file) = defined(source, root, about);
    let read = defined.map_err(Lack::from).and_then(|defined| observed(server, source, &defined, about, clock));
    match read {
        Ok(observation) => Reading::Observed(Observation { files: file.into_iter().collect(), ..observation }),
        Err(Lack::Missing(why)) => Reading::Missing { why },
        Err(Lack::Unreadable(why)) => Reading::Unreadable { why, files: file.into_iter().collect() },
    }
}

/// Why there is no reading.
enum Lack {
    Missing(String),
    Unreadable(String),
}

impl From<String> for Lack {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

/// What rules and SLO file say together.
struct Defined {
    window: Millis,
    objective: Option<Decimal>,
    /// Queries that take the place of the built-in ones.
    queries: BTreeMap<Level, String>,
    notes: Vec<String>,
}

/// What is to be asked, and the SLO file that says it.
fn defined(
    source: &PrometheusSource,
    root: &Path,
    about: &About<'_>,
) -> (Result<Defined, String>, Option<EvidenceFile>) {
    let Some(slo) = &source.slo else {
        let window = source.window.ok_or_else(|| "the source has no window".to_owned());
        let queries = source.queries.clone();
        let defined = window.map(|window| Defined { window, objective: source.objective, queries, notes: Vec::new() });
        return (defined, None);
    };
    let path = named(&slo.path, about, "");
    let (definition, file) = slo::read(root, &path, slo.name.as_deref());
    (definition.and_then(|definition| together(source, definition, &path)), file)
}

/// The file and what the rules say beside it: where both speak, they must say the same.
fn together(source: &PrometheusSource, slo: Definition, path: &str) -> Result<Defined, String> {
    let Definition { objective, window, usual_window, mut queries } = slo;
    if let Some(ruled) = source.objective.filter(|ruled| *ruled != objective) {
        let (ruled, filed) = (percent(ruled), percent(objective));
        return Err(format!("the rules promise {ruled} and {path} promises {filed}: write the objective in one place"));
    }
    if let (Some(ruled), Some(filed)) = (source.window, window)
        && ruled != filed
    {
        return Err(format!("the rules look at {ruled} and {path} at {filed}: write the window in one place"));
    }
    let mut notes = Vec::new();
    let window = match (source.window.or(window), usual_window) {
        (Some(window), _) => window,
        (None, Some(usual)) => {
            notes.push(format!("{path} names no window: {usual}, as is usual for its kind"));
            usual
        }
        (None, None) => return Err(format!("neither the rules nor {path} say which time is looked at")),
    };
    if source.queries.keys().any(|level| COUNTS.contains(level)) {
        queries.clear();
    }
    queries.extend(source.queries.clone());
    Ok(Defined { window, objective: Some(objective), queries, notes })
}

fn percent(share: Decimal) -> String {
    format!("{} %", share.shifted_right(2))
}

fn observed(
    server: &Server,
    source: &PrometheusSource,
    defined: &Defined,
    about: &About<'_>,
    clock: &dyn Clock,
) -> Result<Observation, Lack> {
    let (ours, theirs) = (clock.now(), time(server)?);
    let window = Window::of(defined.window, about.over, ours, theirs)?;
    let mut notes = defined.notes.clone();
    let selector = source.selector.as_deref().map(|selector| named(selector, about, ""));
    let counts_are_given = defined.queries.keys().any(|level| COUNTS.contains(level));
    let family = match &selector {
        Some(selector) => family(server, window, selector, counts_are_given, &mut notes)?,
        None => None,
    };
    let mut queries: BTreeMap<Level, Query> = BTreeMap::new();
    if let Some(found) = &family {
        let built_in = Level::ALL.into_iter().filter(|level| !(counts_are_given && COUNTS.contains(level)));
        queries.extend(built_in.filter_map(|level| Some((level, Query::of(found, level)?))));
    }
    queries.extend(given(defined, about, &selector.unwrap_or_default()));
    notes.extend(own_times(&queries));
    let pairs = pairs(about.parts);
    let spans: Vec<i64> =
        pairs.iter().flat_map(|(_, long, short)| [window.last(*long).secs, window.last(*short).secs]).collect();
    let answers = Questions { server, window, queries: &queries, found: family.as_ref() }.answers(&spans);
    let levels = Figures { window, queries: &queries, answers: &answers }.levels(defined.objective, &pairs)?;
    Ok(Observation {
        files: Vec::new(),
        subject: None,
        taken: Some(levels.until),
        tools: vec![Tool { name: format!("{} at {}", server.called(), server.place()), version: None }],
        measure: Measure::Levels(levels),
        notes,
    })
}

/// The queries of rules and SLO file, about this service and environment.
fn given(defined: &Defined, about: &About<'_>, selector: &str) -> BTreeMap<Level, Query> {
    let text = |level: Level| defined.queries.get(&level).map(|text| named(text, about, selector));
    let query = |level: &Level| {
        let own = text(*level)?;
        let own = match text(Level::Requests) {
            Some(all) if *level == Level::Errors => promql::or_none(&own, &all),
            _ => own,
        };
        Some((*level, Query::given(*level, &own)))
    };
    defined.queries.keys().filter_map(query).collect()
}

/// The family that the built-in queries are over. Where the counts are not asked by it, none is no fault.
fn family(
    server: &Server,
    window: Window,
    selector: &str,
    optional: bool,
    notes: &mut Vec<String>,
) -> Result<Option<Found>, Lack> {
    let samples = ask(server, &detection(selector, None), Some(window.until))?;
    match found(&samples, selector) {
        Ok(Some(found)) => {
            notes.push(found.note());
            Ok(Some(found))
        }
        Ok(None) | Err(_) if optional => Ok(None),
        Err(why) => Err(why.into()),
        Ok(None) => {
            let earlier = ask(server, &detection(selector, Some(&format!("{}s", window.secs))), Some(window.until))?;
            let names = families::FAMILIES.iter().map(|family| family.requests).collect::<Vec<_>>().join(", ");
            Err(match earlier.as_slice() {
                [] => Lack::Missing(format!("no series of {names} fits {{{selector}}}")),
                _ => Lack::Unreadable(format!(
                    "stale: series fit {{{selector}}}, and none has a sample of the last {}",
                    window::FRESH
                )),
            })
        }
    }
}

/// A text of the rules about a service in an environment. Both are names of `[a-z0-9._-]`, which end no quoted text.
fn named(text: &str, about: &About<'_>, selector: &str) -> String {
    let text = text.replace("{selector}", selector);
    text.replace("{service}", about.service).replace("{environment}", about.environment)
}

/// Pairs of windows that burn rates are asked for, by their names: `6h/30m`. The other parts are of other evidence.
fn pairs(parts: &[String]) -> Vec<(&str, Millis, Millis)> {
    let pair = |part: &'_ String| {
        let (long, short) = part.split_once('/')?;
        Some((quantity::span(long).ok()?, quantity::span(short).ok()?))
    };
    parts.iter().filter_map(|part| pair(part).map(|(long, short)| (part.as_str(), long, short))).collect()
}

/// A query without `{window}` looks back as far as it says itself.
fn own_times(queries: &BTreeMap<Level, Query>) -> Option<String> {
    let own: Vec<&str> = queries.iter().filter(|(_, query)| !query.follows()).map(|(level, _)| level.word()).collect();
    (!own.is_empty())
        .then(|| format!("without {{window}}, so over a time of its own that was not checked: {}", own.join(", ")))
}

/// Figures from answers.
struct Figures<'a> {
    window: Window,
    queries: &'a BTreeMap<Level, Query>,
    answers: &'a Answers,
}

impl Figures<'_> {
    fn levels(&self, objective: Option<Decimal>, pairs: &[(&str, Millis, Millis)]) -> Result<Levels, Lack> {
        let mut levels = Levels {
            since: self.window.since(),
            until: self.window.until,
            objective,
            seen: BTreeMap::new(),
            unknown: BTreeMap::new(),
            burns: BTreeMap::new(),
        };
        let mut asked: Vec<Level> = self.queries.keys().copied().collect();
        if self.queries.contains_key(&Level::Requests) && !self.queries.contains_key(&Level::Throughput) {
            asked.push(Level::Throughput);
        }
        for level in asked {
            let places = if level == Level::Availability { SHARE } else { COUNT };
            match self.figure(level).and_then(|value| decimal(value, places)) {
                Ok(value) => drop(levels.seen.insert(level, value)),
                Err(why) => drop(levels.unknown.insert(level, why)),
            }
        }
        if levels.seen.is_empty() {
            let is_asked = |query: &Query| query.follows() || !self.window.cut;
            let is_none = |level: Level| self.answers.value(level, self.window.secs) == Ok(None);
            let none = self.queries.iter().all(|(level, query)| is_asked(query) && is_none(*level));
            let mut whys: Vec<String> = levels.unknown.into_values().collect();
            whys.dedup();
            let why = whys.join("; ");
            return Err(if none { Lack::Missing(why) } else { Lack::Unreadable(why) });
        }
        for (name, long, short) in pairs {
            let rates = (self.share(self.window.last(*long).secs), self.share(self.window.last(*short).secs));
            let burn = match rates {
                (Ok(long), Ok(short)) => Burn::Rates { long, short },
                (Err(why), _) | (_, Err(why)) => Burn::Unknown(why),
            };
            levels.burns.insert((*name).to_owned(), burn);
        }
        Ok(levels)
    }

    /// A figure over the whole window.
    fn figure(&self, level: Level) -> Result<f64, String> {
        let secs = self.window.secs;
        if level == Level::Throughput && !self.queries.contains_key(&level) {
            #[expect(clippy::cast_precision_loss, reason = "a window has far fewer seconds than a float counts")]
            return self.value(Level::Requests, secs).map(|requests| requests / secs as f64);
        }
        let value = self.value(level, secs)?;
        match (level, self.answers.highest) {
            (Level::Availability, _) if value > 1.0 => Err(format!("the value is {value}, and a share is at most 1")),
            (Level::LatencyP50 | Level::LatencyP95 | Level::LatencyP99, Some(highest))
                if self.queries.get(&level).is_some_and(|query| query.built_in) && value >= highest =>
            {
                Err(format!("it is beyond the highest bucket, {highest} ms, and how far is not known"))
            }
            _ => Ok(value),
        }
    }

    /// The share of failed requests over a window that ends with ours.
    fn share(&self, secs: i64) -> Result<Decimal, String> {
        let bad = match (self.value(Level::Requests, secs), self.value(Level::Availability, secs)) {
            (Ok(requests), _) if requests > 0.0 => self.value(Level::Errors, secs)? / requests,
            (Ok(_), _) => return Err(format!("there were no requests in the last {}", Millis::secs(secs))),
            (Err(_), Ok(good)) if good <= 1.0 => 1.0 - good,
            (Err(why), _) => return Err(why),
        };
        decimal(bad, SHARE)
    }

    /// A figure over a window. No series of failed requests means that none failed, where the same question for all requests of the
    /// same metric has an answer: a failed one would be among them.
    fn value(&self, level: Level, secs: i64) -> Result<f64, String> {
        let Some(query) = self.queries.get(&level) else { return Err(format!("`{}` was not asked for", level.word())) };
        match self.answers.value(level, secs)? {
            Some(value) => Ok(value),
            None if !query.follows() && (self.window.cut || secs != self.window.secs) => {
                let span = Millis::secs(secs);
                Err(format!("the query for {} has no {{window}}, so it cannot be asked about {span}", level.word()))
            }
            None if level == Level::Errors && query.built_in => {
                let requests = self.answers.value(Level::Requests, secs)?;
                requests.map(|_| 0.0).ok_or_else(|| no_data(level))
            }
            None if level == Level::Errors => {
                let help = "add `or vector(0)` if that means that none failed";
                Err(format!("no data: the query for errors has no series; {help}"))
            }
            None => Err(no_data(level)),
        }
    }
}

fn no_data(level: Level) -> String {
    format!("no data: the query for {} has no series", level.word())
}
