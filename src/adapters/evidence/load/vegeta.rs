//! vegeta's report (`vegeta report -type=json`; tsenart/vegeta, `lib/metrics.go`): latencies in nanoseconds.
//!
//! - `rate` is requests per second; `throughput` is that of successful ones only, and is left aside.
//! - A status code of 0 is a request without an answer. `errors` lists distinct texts, and counts nothing.
//! - Percentiles are estimates (t-digest), over all requests.

use serde::Deserialize;

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::load::number::{In, Number, Told};
use crate::adapters::evidence::load::runs::{Figures, Runs};
use crate::adapters::evidence::load::words::{WITH_FAILED, is_good, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times::moment;
use crate::adapters::evidence::window::Window;

/// What the format is called in faults.
const TITLE: &str = "vegeta JSON";

/// The percentiles of the latencies.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Latencies {
    #[serde(rename = "50th")]
    p50: Told,
    #[serde(rename = "95th")]
    p95: Told,
    #[serde(rename = "99th")]
    p99: Told,
}

/// Reads one report into the accumulator.
pub(super) fn parse(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let (mut latencies, mut requests, mut rate) = (None::<Latencies>, Told::default(), Told::default());
    let mut earliest: Option<String> = None;
    let (mut answers, mut good, mut coded) = (0u64, 0u64, false);
    Json::document(input, TITLE, |json| {
        json.object(|name, json| {
            match name {
                "latencies" => latencies = json.read()?,
                "requests" => requests = json.read()?,
                "rate" => rate = json.read()?,
                "earliest" => earliest = json.read()?,
                "status_codes" => {
                    coded = true;
                    json.object(|code, json| {
                        let count: u64 = json.read()?;
                        answers = answers.saturating_add(count);
                        good = good.saturating_add(if is_good(code) { count } else { 0 });
                        Ok(())
                    })?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })
    })?;
    let latencies = latencies.ok_or_else(|| lacks(TITLE, "latencies"))?;
    let requests = requests.0.and_then(Number::count).ok_or_else(|| lacks(TITLE, "requests"))?;
    if !coded {
        return Err(lacks(TITLE, "status_codes"));
    }
    if answers != requests {
        let why = format!("it contradicts itself: {requests} requests, and the status codes of {answers}");
        return Err(Defect::Unreadable(why));
    }
    let [p50, p95, p99] = [latencies.p50, latencies.p95, latencies.p99].map(|told| told.millis(In::Nanos));
    let failed = Some(requests.saturating_sub(good));
    let throughput = rate.0.and_then(Number::rate);
    runs.summary(path, Figures { requests, failed, p50, p95, p99, throughput })?;
    let mut about = About::default();
    if let Some(moment) = earliest.as_deref().and_then(moment) {
        about.older(moment.time);
    }
    about.made_by("vegeta", None);
    about.notes.push(WITH_FAILED.to_owned());
    Ok(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Figures, Defect> {
        let mut runs = Runs::default();
        parse(Window::new(text.as_bytes()), "v.json", &mut runs)?;
        let (said, _) = runs.finish()?;
        let (p50, p95, p99) = (said.p50_ms, said.p95_ms, said.p99_ms);
        Ok(Figures { requests: said.requests, failed: said.failed, p50, p95, p99, throughput: said.throughput })
    }

    #[test]
    fn nanoseconds_are_milliseconds_and_failures_are_codes() {
        let text = r#"{"latencies":{"mean":671e6,"50th":124259000,"95th":10001000001,"99th":10002000000},"requests":1000,
            "rate":100.1100000001,"throughput":56.8,"success":0.928,"status_codes":{"0":70,"200":900,"302":28,"404":2},
            "errors":["one","two"],"earliest":"2026-11-20T10:00:00.5Z"}"#;
        let said = read(text).unwrap();
        assert_eq!((said.requests, said.failed), (1000, Some(72)));
        assert_eq!(said.p50.unwrap().to_string(), "124.259");
        assert_eq!(said.p95.unwrap().to_string(), "10001.001");
        assert_eq!(said.throughput.unwrap().to_string(), "100.11");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            (r#"{"requests":1}"#, "it is not vegeta JSON: it has no `latencies`"),
            (r#"{"latencies":{}}"#, "it is not vegeta JSON: it has no `requests`"),
            (r#"{"latencies":{},"requests":1}"#, "it is not vegeta JSON: it has no `status_codes`"),
            (
                r#"{"latencies":{},"requests":2,"status_codes":{"200":1}}"#,
                "it contradicts itself: 2 requests, and the status codes of 1",
            ),
        ] {
            assert_eq!(read(text), Err(Defect::Unreadable(why.to_owned())), "{text}");
        }
        let none = r#"{"latencies":{},"requests":0,"status_codes":{}}"#;
        assert!(matches!(read(none), Err(Defect::Missing(_))));
    }
}
