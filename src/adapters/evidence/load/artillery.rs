//! Artillery's report (`artillery run --output`), of version 2 and of version 1 (artillery, `lib/cmds/run.js`).
//!
//! - `aggregate` is the whole test; `intermediate` repeats it by periods, and is never added.
//! - Version 2 counts in `counters`, under `http.` (its first releases: `engine.http.`); version 1 in fields of their own.
//! - A request failed if it got no answer, or one with another code than 200 to 399. Errors of a scenario (a capture that
//!   matched nothing) are none of a request.
//! - Percentiles are `null` in version 1 where there are few samples. The results of `ensure` are not in the report.

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::Error;
use crate::adapters::evidence::load::number::{In, Number, Told, per_second};
use crate::adapters::evidence::load::runs::{Figures, Runs};
use crate::adapters::evidence::load::words::{ANSWERED_ONLY, is_good, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times::{epoch, moment};
use crate::adapters::evidence::window::Window;

/// What the format is called in faults.
const TITLE: &str = "Artillery JSON";

/// What of `aggregate` is read, whatever the version calls it.
#[derive(Default)]
struct Aggregate {
    requests: Told,
    answers: Told,
    bad_codes: u64,
    /// Answers without a code: other protocols than HTTP have none.
    uncoded: u64,
    /// Errors of scenarios, those of requests without an answer among them.
    errors: u64,
    latency: Latency,
    first: Told,
    last: Told,
    rate: Told,
    timestamp: Option<String>,
}

/// The percentiles of the latencies.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Latency {
    median: Told,
    p95: Told,
    p99: Told,
}

impl Aggregate {
    fn read(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        json.object(|name, json| {
            match name {
                "counters" => json.object(|name, json| self.counter(name, json))?,
                "summaries" => json.object(|name, json| self.summary(name, json))?,
                "firstMetricAt" => self.first = json.read()?,
                "lastMetricAt" => self.last = json.read()?,
                "requestsCompleted" => self.answers = json.read()?,
                "latency" => self.latency = json.read()?,
                "codes" => json.object(|code, json| self.code(code, json))?,
                "errors" => json.object(|_, json| self.error(json))?,
                "rps" => json.object(|name, json| {
                    match name {
                        "count" => self.requests = json.read()?,
                        "mean" => self.rate = json.read()?,
                        _ => json.skip()?,
                    }
                    Ok(())
                })?,
                "timestamp" => self.timestamp = json.read()?,
                _ => json.skip()?,
            }
            Ok(())
        })
    }

    fn counter(&mut self, name: &str, json: &mut Json<'_>) -> Result<(), Error> {
        let name = name.strip_prefix("engine.").unwrap_or(name);
        if name.starts_with("errors.") {
            return self.error(json);
        }
        match name.strip_prefix("http.") {
            Some("requests") => json.read().map(|requests| self.requests = requests),
            Some("responses") => json.read().map(|answers| self.answers = answers),
            Some(rest) => match rest.strip_prefix("codes.") {
                Some(code) => self.code(code, json),
                None => json.skip(),
            },
            None => json.skip(),
        }
    }

    fn error(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        self.errors = self.errors.saturating_add(json.read()?);
        Ok(())
    }

    fn code(&mut self, code: &str, json: &mut Json<'_>) -> Result<(), Error> {
        let count: u64 = json.read()?;
        if code == "0" {
            self.uncoded = self.uncoded.saturating_add(count);
        } else if !is_good(code) {
            self.bad_codes = self.bad_codes.saturating_add(count);
        }
        Ok(())
    }

    fn summary(&mut self, name: &str, json: &mut Json<'_>) -> Result<(), Error> {
        match name.strip_prefix("engine.").unwrap_or(name) {
            "http.response_time" => json.read().map(|latency| self.latency = latency),
            _ => json.skip(),
        }
    }

    fn figures(&self) -> Result<Figures, Defect> {
        let count = |told: Told, what: &str| match told.0 {
            None => Ok(None),
            Some(number) => number.count().map(Some).ok_or_else(|| lacks(TITLE, what)),
        };
        let answers = count(self.answers, "http.responses")?.unwrap_or(0);
        // Answers to redirects may be counted without a request of their own.
        let requests = count(self.requests, "http.requests")?.unwrap_or(0).max(answers);
        let failed = (requests - answers).saturating_add(self.bad_codes).min(requests);
        let throughput = match (self.rate.0, self.first.0, self.last.0) {
            (Some(rate), ..) => rate.rate(),
            (None, Some(first), Some(last)) => {
                let span = first.nanos(In::Millis).zip(last.nanos(In::Millis));
                span.and_then(|(first, last)| per_second(requests, last.checked_sub(first)?))
            }
            _ => None,
        };
        let Latency { median, p95, p99 } = self.latency;
        let [p50, p95, p99] = [median, p95, p99].map(|told| told.millis(In::Millis));
        Ok(Figures { requests, failed: (self.uncoded == 0).then_some(failed), p50, p95, p99, throughput })
    }
}

/// Reads one report into the accumulator.
pub(super) fn parse(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let mut aggregate: Option<Aggregate> = None;
    Json::document(input, TITLE, |json| {
        json.object(|name, json| match name {
            "aggregate" => aggregate.insert(Aggregate::default()).read(json),
            _ => json.skip(),
        })
    })?;
    let aggregate = aggregate.ok_or_else(|| lacks(TITLE, "aggregate"))?;
    if aggregate.requests.0.is_none() && aggregate.answers.0.is_none() {
        return Err(Defect::Missing("it holds no HTTP request (`http.requests`)".to_owned()));
    }
    let figures = aggregate.figures()?;
    runs.summary(path, figures)?;
    let mut about = About::default();
    let began = aggregate.first.0.and_then(Number::count).and_then(|ms| epoch(&ms.to_string()));
    let written = aggregate.timestamp.as_deref().and_then(moment).map(|moment| moment.time);
    if let Some(time) = began.or(written) {
        about.older(time);
    }
    about.made_by("Artillery", None);
    if aggregate.uncoded > 0 {
        about.notes.push("some of its answers have no status code, so how many failed is not known".to_owned());
    }
    if figures.failed.is_some_and(|failed| aggregate.errors > failed) {
        about.notes.push("its scenarios had errors that are none of a request".to_owned());
    }
    about.notes.push(ANSWERED_ONLY.to_owned());
    Ok(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Figures, Defect> {
        let mut runs = Runs::default();
        parse(Window::new(text.as_bytes()), "a.json", &mut runs)?;
        let (said, _) = runs.finish()?;
        let (p50, p95, p99) = (said.p50_ms, said.p95_ms, said.p99_ms);
        Ok(Figures { requests: said.requests, failed: said.failed, p50, p95, p99, throughput: said.throughput })
    }

    #[test]
    fn version_two_counts_in_counters() {
        let text = r#"{"intermediate":[{"counters":{"http.requests":9}}],"aggregate":{"counters":{"http.requests":20,"http.responses":15,
            "http.codes.200":10,"http.codes.302":2,"http.codes.503":3,"errors.ETIMEDOUT":5,"plugins.metrics-by-endpoint./.codes.500":3},
            "rates":{"http.request_rate":7},"firstMetricAt":1795277371373,"lastMetricAt":1795277374257,
            "summaries":{"http.response_time":{"count":15,"median":5,"p95":63.4},"http.response_time.2xx":{"p95":1,"p99":1}}}}"#;
        let said = read(text).unwrap();
        assert_eq!((said.requests, said.failed, said.p99), (20, Some(8), None));
        assert_eq!(said.p95.unwrap().to_string(), "63.4");
        assert_eq!(said.throughput.unwrap().to_string(), "6.934", "20 in 2.884 s");
    }

    #[test]
    fn version_one_has_fields_and_few_samples_have_no_percentile() {
        let text = r#"{"aggregate":{"timestamp":"2018-03-12T15:40:39.730Z","requestsCompleted":58,"rps":{"count":60,"mean":1.01},
            "latency":{"min":76.2,"median":106.2,"p95":null,"p99":null},"codes":{"200":30,"404":28},"errors":{"ETIMEDOUT":2}}}"#;
        let said = read(text).unwrap();
        assert_eq!((said.requests, said.failed, said.p95), (60, Some(30), None));
        assert_eq!(said.throughput.unwrap().to_string(), "1.01");
        let other = text.replace("\"404\"", "\"0\"");
        assert_eq!(read(&other).unwrap().failed, None, "answers without a code");
    }

    #[test]
    fn says_what_is_wrong() {
        let lacking = Defect::Unreadable("it is not Artillery JSON: it has no `aggregate`".to_owned());
        assert_eq!(read("{}"), Err(lacking));
        for text in [
            r#"{"aggregate":{"counters":{"vusers.created":1},"summaries":{}}}"#,
            r#"{"aggregate":{"counters":{"http.requests":0}}}"#,
        ] {
            assert!(matches!(read(text), Err(Defect::Missing(_))), "{text}");
        }
        let half = r#"{"aggregate":{"counters":{"http.requests":1.5}}}"#;
        assert!(matches!(read(half), Err(Defect::Unreadable(_))));
    }
}
