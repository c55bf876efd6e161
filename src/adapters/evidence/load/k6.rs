//! k6's results: the summary of `--summary-export`, that of `handleSummary`, the machine-readable one of k6 1.5 and later
//! (`--new-machine-readable-summary`), and the samples of `--out json` (grafana/k6, `internal/js/summary-wrapper.js`,
//! `internal/lib/summary/machine_readable.go`, `output/json/json.go`).
//!
//! - Of a threshold, `true` means *crossed* in `--summary-export`, and `ok: true` means *held* in `handleSummary`. The
//!   machine-readable summary and the samples hold none.
//! - `http_req_failed.passes` counts what is true, so it is the failed requests; `checks` fail no test run and are not read.
//! - `x{tag}` are parts of `x`: their samples count no second time, their thresholds do count.
//! - p(99) is there only when `summaryTrendStats` asks for it; the machine-readable summary never has it.
//! - Samples have no end: a file that stops between two requests cannot be told from a whole one.

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::load::number::{In, Number, Told, per_second};
use crate::adapters::evidence::load::runs::{Figures, Runs, Samples};
use crate::adapters::evidence::load::words::{WITH_FAILED, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times::moment;
use crate::adapters::evidence::window::Window;

/// What the format is called in faults.
const TITLE: &str = "k6 JSON";

/// Reads one report into the accumulator.
pub(super) fn parse(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let mut json = Json::new(input);
    let result = read(&mut json, path, runs);
    result.map_err(|fault| json.defect(TITLE, fault))
}

fn read(json: &mut Json<'_>, path: &str, runs: &mut Runs) -> Result<About, Error> {
    let mut first = Document::default();
    first.read(json, path, runs)?;
    if first.metrics.is_none() && first.line.kind.is_some() {
        return samples(json, first.line, path, runs);
    }
    if json.more()? {
        return Err(Error::Syntax("something follows behind its end".to_owned()));
    }
    Ok(first.finish(path, runs)?)
}

/// A summary, or one line of samples.
#[derive(Default)]
struct Document {
    metrics: Option<Metrics>,
    line: Line,
    about: About,
    /// How long the test ran, in the machine-readable summary.
    duration: Told,
}

/// The metrics that are read.
#[derive(Default)]
struct Metrics {
    requests: Option<Values>,
    duration: Option<Values>,
    failed: Option<Values>,
}

/// The values of a metric, by any of the names that the forms have for them.
#[derive(Default)]
struct Values {
    count: Told,
    rate: Told,
    p50: Told,
    p95: Told,
    p99: Told,
    passes: Told,
    fails: Told,
    matches: Told,
    total: Told,
}

impl Values {
    fn take(&mut self, name: &str, json: &mut Json<'_>) -> Result<(), Error> {
        let place = match name {
            "count" => &mut self.count,
            "rate" => &mut self.rate,
            "med" | "p(50)" => &mut self.p50,
            "p(95)" | "p95" => &mut self.p95,
            "p(99)" | "p99" => &mut self.p99,
            "passes" => &mut self.passes,
            "fails" => &mut self.fails,
            "matches" => &mut self.matches,
            "total" => &mut self.total,
            _ => return json.skip(),
        };
        *place = json.read()?;
        Ok(())
    }

    /// How many of how many are true.
    fn share(&self) -> Option<(u64, u64)> {
        if let (Some(matches), Some(total)) = (self.matches.0, self.total.0) {
            return Some((matches.count()?, total.count()?));
        }
        let (passes, fails) = (self.passes.0?.count()?, self.fails.0?.count()?);
        Some((passes, passes.checked_add(fails)?))
    }
}

impl Document {
    fn read(&mut self, json: &mut Json<'_>, path: &str, runs: &mut Runs) -> Result<(), Error> {
        json.object(|name, json| match name {
            "metrics" => self.metrics(json, path, runs),
            "results" => json.object(|name, json| match name {
                "metrics" => self.metrics(json, path, runs),
                _ => json.skip(),
            }),
            "config" => json.object(|name, json| match name {
                "duration" => json.read().map(|duration| self.duration = duration),
                _ => json.skip(),
            }),
            "metadata" => self.metadata(json),
            "type" | "metric" | "data" => self.line.field(name, json),
            _ => json.skip(),
        })
    }

    fn metadata(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        json.object(|name, json| {
            match name {
                "generated_at" => {
                    let text: Option<String> = json.read()?;
                    if let Some(moment) = text.as_deref().and_then(moment) {
                        self.about.older(moment.time);
                    }
                }
                "k6_version" => self.about.made_by("k6", json.read::<Option<String>>()?.as_deref()),
                _ => json.skip()?,
            }
            Ok(())
        })
    }

    /// The metrics: an object by name, or a list of objects that hold their name.
    fn metrics(&mut self, json: &mut Json<'_>, path: &str, runs: &mut Runs) -> Result<(), Error> {
        let mut metrics = Metrics::default();
        if json.peek()? == Kind::Array {
            json.array(|json| {
                let (name, values) = metric(json, None, path, runs)?;
                metrics.keep(&name, values);
                Ok(())
            })?;
        } else {
            json.object(|name, json| {
                let (_, values) = metric(json, Some(name), path, runs)?;
                metrics.keep(name, values);
                Ok(())
            })?;
        }
        self.metrics = Some(metrics);
        Ok(())
    }

    fn finish(mut self, path: &str, runs: &mut Runs) -> Result<About, Defect> {
        let metrics = self.metrics.ok_or_else(|| lacks(TITLE, "metrics"))?;
        let Some(requests) = metrics.requests else {
            return Err(Defect::Missing("it holds no HTTP request (`http_reqs`)".to_owned()));
        };
        let count = requests.count.0.and_then(Number::count).ok_or_else(|| lacks(TITLE, "http_reqs.count"))?;
        let failed = match metrics.failed.as_ref().and_then(Values::share) {
            Some((failed, judged)) if judged == count => Some(failed),
            Some((_, judged)) => {
                let note = format!("it judged {judged} of {count} requests, so how many failed is not known");
                self.about.notes.push(note);
                None
            }
            None => None,
        };
        let duration = metrics.duration.unwrap_or_default();
        let ran = || self.duration.0.and_then(|seconds| seconds.nanos(In::Seconds));
        let throughput = match requests.rate.0 {
            Some(rate) => rate.rate(),
            None => ran().and_then(|nanos| per_second(count, nanos)),
        };
        let [p50, p95, p99] = [duration.p50, duration.p95, duration.p99].map(|told| told.millis(In::Millis));
        runs.summary(path, Figures { requests: count, failed, p50, p95, p99, throughput })?;
        if self.about.tools.is_empty() {
            self.about.made_by("k6", None);
        }
        self.about.notes.push(WITH_FAILED.to_owned());
        Ok(self.about)
    }
}

impl Metrics {
    fn keep(&mut self, name: &str, values: Values) {
        match name {
            "http_reqs" => self.requests = Some(values),
            "http_req_duration" => self.duration = Some(values),
            "http_req_failed" => self.failed = Some(values),
            _ => {}
        }
    }
}

/// One metric, whose values stand in it or in `values`.
fn metric(json: &mut Json<'_>, key: Option<&str>, path: &str, runs: &mut Runs) -> Result<(String, Values), Error> {
    let mut values = Values::default();
    let mut name = key.unwrap_or_default().to_owned();
    json.object(|field, json| match field {
        "name" if key.is_none() => json.read().map(|read| name = read),
        "values" => json.object(|field, json| values.take(field, json)),
        "thresholds" if json.peek()? == Kind::Object => thresholds(json, &name, path, runs),
        _ => values.take(field, json),
    })?;
    Ok((name, values))
}

fn thresholds(json: &mut Json<'_>, metric: &str, path: &str, runs: &mut Runs) -> Result<(), Error> {
    json.object(|expression, json| {
        let line = json.line();
        let held = if json.peek()? == Kind::Bool {
            !json.read::<bool>()?
        } else {
            let mut ok = None;
            json.object(|field, json| match field {
                "ok" => json.read().map(|read| ok = Some(read)),
                _ => json.skip(),
            })?;
            ok.ok_or_else(|| Error::Data(format!("the threshold `{expression}` has no result")))?
        };
        Ok(runs.threshold(&format!("{metric}: {expression}"), held, (path, line))?)
    })
}

/// One line of `--out json`: a metric is declared, or one of its samples is told.
#[derive(Default)]
struct Line {
    kind: Option<String>,
    metric: String,
    time: Option<String>,
    value: Option<f64>,
}

impl Line {
    fn field(&mut self, name: &str, json: &mut Json<'_>) -> Result<(), Error> {
        match name {
            "type" => self.kind = json.read()?,
            "metric" => self.metric = json.read()?,
            "data" => json.object(|name, json| {
                match name {
                    "time" => self.time = json.read()?,
                    "value" => self.value = json.read()?,
                    _ => json.skip()?,
                }
                Ok(())
            })?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

/// The samples of `--out json`; the time of each is that of its end.
#[derive(Default)]
struct Stream {
    samples: Samples,
    requests: u64,
    judged: u64,
    failed: u64,
}

impl Stream {
    fn take(&mut self, line: &Line) -> Result<(), Error> {
        match (line.kind.as_deref(), line.metric.as_str()) {
            (Some("Point"), "http_reqs") => self.requests += 1,
            (Some("Point"), "http_req_failed") => {
                self.judged += 1;
                self.failed += u64::from(line.value != Some(0.0));
            }
            (Some("Point"), "http_req_duration") => {
                let nanos = line.value.and_then(|ms| Number::parse(&ms.to_string())?.nanos(In::Millis));
                let nanos = nanos.ok_or_else(|| Error::Data("a request has no duration".to_owned()))?;
                let end = line.time.as_deref().and_then(moment);
                let end = end.and_then(|moment| i64::try_from(moment.time.as_nanosecond()).ok());
                let start = end.and_then(|end| end.checked_sub(i64::try_from(nanos).ok()?));
                self.samples.add(nanos, start, None)?;
            }
            (Some("Point" | "Metric"), _) => {}
            _ => return Err(Error::Data("a line is neither a metric nor a sample of one".to_owned())),
        }
        Ok(())
    }
}

fn samples(json: &mut Json<'_>, first: Line, path: &str, runs: &mut Runs) -> Result<About, Error> {
    let mut all = Stream::default();
    all.take(&first)?;
    while json.more()? {
        let mut line = Line::default();
        json.object(|name, json| line.field(name, json))?;
        all.take(&line)?;
    }
    let Stream { mut samples, requests, judged, failed } = all;
    let durations = samples.requests();
    if requests != durations {
        let why = format!("it is cut off: it holds {requests} requests, and the durations of {durations}");
        return Err(Error::Defect(Defect::Unreadable(why)));
    }
    samples.failed((judged == requests).then_some(failed));
    let mut about = About::default();
    if let Some(began) = samples.began() {
        about.older(began);
    }
    runs.samples(path, samples)?;
    about.made_by("k6", None);
    about.notes.push(WITH_FAILED.to_owned());
    if judged != requests {
        about.notes.push(format!("it judged {judged} of {requests} requests, so how many failed is not known"));
    }
    Ok(about)
}

#[cfg(test)]
mod tests;
