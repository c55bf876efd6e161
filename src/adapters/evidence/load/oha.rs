//! oha's report (`oha --output-format json`, before 1.9 `--json`; hatoo/oha, `src/printer.rs`): times in seconds.
//!
//! - `summary.successRate` counts every answer, also HTTP 500: requests and failures are those of `statusCodeDistribution` and
//!   `errorDistribution`.
//! - Requests that were under way at the end of the test ("aborted due to deadline") are no failures, and are left out.
//! - Latencies are those of requests that got an answer.

use serde::Deserialize;

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::load::number::{In, Number, Told};
use crate::adapters::evidence::load::runs::{Figures, Runs};
use crate::adapters::evidence::load::words::{ANSWERED_ONLY, is_good, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

/// What the format is called in faults.
const TITLE: &str = "oha JSON";
/// The error of a request that was under way when the test ended.
const AT_THE_END: &str = "aborted due to deadline";

/// The summary; its numbers are `null` where there was no answer.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Summary {
    requests_per_sec: Told,
}

/// The percentiles of the latencies.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Percentiles {
    p50: Told,
    p95: Told,
    p99: Told,
}

/// Reads one report into the accumulator.
pub(super) fn parse(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let (mut summary, mut percentiles) = (None::<Summary>, Percentiles::default());
    let (mut requests, mut failed, mut unfinished, mut coded) = (0u64, 0u64, 0u64, false);
    Json::document(input, TITLE, |json| {
        json.object(|name, json| {
            match name {
                "summary" => summary = json.read()?,
                "latencyPercentiles" => percentiles = json.read::<Option<_>>()?.unwrap_or_default(),
                "statusCodeDistribution" => {
                    coded = true;
                    json.object(|code, json| {
                        let count: u64 = json.read()?;
                        requests = requests.saturating_add(count);
                        failed = failed.saturating_add(if is_good(code) { 0 } else { count });
                        Ok(())
                    })?;
                }
                "errorDistribution" => json.object(|error, json| {
                    let count: u64 = json.read()?;
                    if error == AT_THE_END {
                        unfinished = unfinished.saturating_add(count);
                    } else {
                        requests = requests.saturating_add(count);
                        failed = failed.saturating_add(count);
                    }
                    Ok(())
                })?,
                _ => json.skip()?,
            }
            Ok(())
        })
    })?;
    let summary = summary.ok_or_else(|| lacks(TITLE, "summary"))?;
    if !coded {
        return Err(lacks(TITLE, "statusCodeDistribution"));
    }
    let Percentiles { p50, p95, p99 } = percentiles;
    let [p50, p95, p99] = [p50, p95, p99].map(|told| told.millis(In::Seconds));
    let throughput = summary.requests_per_sec.0.and_then(Number::rate);
    runs.summary(path, Figures { requests, failed: Some(failed), p50, p95, p99, throughput })?;
    let mut about = About::default();
    about.made_by("oha", None);
    if unfinished > 0 {
        about.notes.push(format!("{unfinished} requests were under way at the end of the test, and are left out"));
    }
    about.notes.push(ANSWERED_ONLY.to_owned());
    Ok(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_be_a_failure_and_the_end_is_none() {
        let text = r#"{"summary":{"successRate":1.0,"total":2.0,"requestsPerSec":55.0},
            "latencyPercentiles":{"p10":0.001,"p50":0.0011,"p95":0.0200001,"p99":null,"p99.9":0.1},
            "statusCodeDistribution":{"200":100,"500":8},"errorDistribution":{"aborted due to deadline":4,"connection refused":2}}"#;
        let mut runs = Runs::default();
        let about = parse(Window::new(text.as_bytes()), "o.json", &mut runs).unwrap();
        let (said, _) = runs.finish().unwrap();
        assert_eq!((said.requests, said.failed, said.p99_ms), (110, Some(10), None));
        assert_eq!(said.p50_ms.unwrap().to_string(), "1.1");
        assert_eq!(said.p95_ms.unwrap().to_string(), "20.001");
        assert_eq!(about.notes[0], "4 requests were under way at the end of the test, and are left out");
    }

    #[test]
    fn says_what_is_wrong() {
        let read = |text: &str| parse(Window::new(text.as_bytes()), "o.json", &mut Runs::default());
        let lacking = |what: &str| Err(Defect::Unreadable(format!("it is not oha JSON: it has no `{what}`")));
        assert_eq!(read("{}"), lacking("summary"));
        assert_eq!(read(r#"{"summary":{}}"#), lacking("statusCodeDistribution"));
        let none = r#"{"summary":{"requestsPerSec":null},"statusCodeDistribution":{},"errorDistribution":{}}"#;
        assert!(matches!(read(none), Err(Defect::Missing(_))));
    }
}
