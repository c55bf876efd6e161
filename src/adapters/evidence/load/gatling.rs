//! Gatling's statistics, `js/global_stats.json` or `js/stats.json` of a report, and beside them its `js/assertions.json`
//! (gatling/gatling, `gatling-charts`).
//!
//! - `percentiles1` to `4` are the 50th, 75th, 95th and 99th unless `gatling.conf` says otherwise, which the file does not tell.
//! - Values may be texts, and `-` is none. `total` includes failed requests (`ko`).
//! - `contents` repeats groups and their children, and is passed over. `simulation.log` is not read.

use serde::Deserialize;

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::Error;
use crate::adapters::evidence::load::number::{In, Number, Told};
use crate::adapters::evidence::load::runs::{Figures, Runs};
use crate::adapters::evidence::load::words::{WITH_FAILED, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

/// What the format is called in faults.
const TITLE: &str = "Gatling JSON";

/// One statistic.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Group {
    total: Told,
    ok: Told,
    ko: Told,
}

/// The statistics of all requests.
#[derive(Default)]
struct Stats {
    requests: Option<Group>,
    p50: Group,
    p95: Group,
    p99: Group,
    rate: Group,
}

impl Stats {
    fn take(&mut self, name: &str, json: &mut Json<'_>) -> Result<(), Error> {
        match name {
            "numberOfRequests" => self.requests = Some(json.read()?),
            "percentiles1" => self.p50 = json.read()?,
            "percentiles3" => self.p95 = json.read()?,
            "percentiles4" => self.p99 = json.read()?,
            "meanNumberOfRequestsPerSecond" => self.rate = json.read()?,
            _ => json.skip()?,
        }
        Ok(())
    }
}

/// An assertion of the simulation.
#[derive(Deserialize)]
struct Assertion {
    message: String,
    result: bool,
}

/// Reads one report into the accumulator.
pub(super) fn parse(mut input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let head = input.ahead().map_err(|fault| Defect::Unreadable(fault.to_string()))?;
    if head.trim_ascii_start().starts_with(b"var ") {
        let why = "it is a script of Gatling's page; `js/stats.json` and `js/global_stats.json` stand beside it";
        return Err(Defect::Unreadable(why.to_owned()));
    }
    let (mut stats, mut judged) = (Stats::default(), false);
    Json::document(input, TITLE, |json| {
        json.object(|name, json| match name {
            "stats" => json.object(|name, json| stats.take(name, json)),
            "assertions" => {
                judged = true;
                json.array(|json| {
                    let line = json.line();
                    let Assertion { message, result } = json.read()?;
                    Ok(runs.threshold(&message, result, (path, line))?)
                })
            }
            _ => stats.take(name, json),
        })
    })?;
    let mut about = About::default();
    about.made_by("Gatling", None);
    let Some(requests) = stats.requests else {
        return if judged { Ok(about) } else { Err(lacks(TITLE, "numberOfRequests")) };
    };
    let count = |told: Told| told.0.map_or(Some(0), Number::count);
    let counts = (count(requests.total), count(requests.ok), count(requests.ko));
    let (Some(total), Some(ok), Some(ko)) = counts else {
        return Err(Defect::Unreadable(format!("it is not {TITLE}: a number of requests is no whole number")));
    };
    if ok.checked_add(ko) != Some(total) {
        let why = format!("it contradicts itself: {ok} requests are OK and {ko} are not, of {total}");
        return Err(Defect::Unreadable(why));
    }
    let [p50, p95, p99] = [stats.p50, stats.p95, stats.p99].map(|group| group.total.millis(In::Millis));
    let throughput = stats.rate.total.0.and_then(Number::rate);
    runs.summary(path, Figures { requests: total, failed: Some(ko), p50, p95, p99, throughput })?;
    about.notes.push("its percentiles are taken for those of Gatling's defaults: 50, 75, 95 and 99".to_owned());
    about.notes.push(WITH_FAILED.to_owned());
    Ok(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Runs, Defect> {
        let mut runs = Runs::default();
        parse(Window::new(text.as_bytes()), "g.json", &mut runs).map(|_| runs)
    }

    #[test]
    fn texts_are_numbers_and_a_dash_is_none() {
        let text = r#"{"type":"GROUP","stats":{"name":"All Requests","numberOfRequests":{"total":"200","ok":"-","ko":"200"},
            "percentiles1":{"total":"60001","ok":"-","ko":"60001"},"percentiles3":{"total":"-"},
            "meanNumberOfRequestsPerSecond":{"total":"7.918"}},"contents":{"a":{"stats":{"numberOfRequests":{"total":1}}}}}"#;
        let (said, _) = read(text).unwrap().finish().unwrap();
        assert_eq!((said.requests, said.failed, said.p95_ms, said.p99_ms), (200, Some(200), None, None));
        assert_eq!(said.p50_ms.unwrap().to_string(), "60001");
        assert_eq!(said.throughput.unwrap().to_string(), "7.918");
    }

    #[test]
    fn assertions_stand_in_a_file_of_their_own() {
        let mut runs = read(r#"{"numberOfRequests":{"total":3,"ok":3,"ko":0}}"#).unwrap();
        let text = r#"{"simulation":"a","assertions":[{"target":"max","result":false,"message":"Global: max of response time is less than 50.0","actualValue":[60]}]}"#;
        runs.absorb(read(text).unwrap());
        let tests = runs.finish().unwrap().0.thresholds.unwrap();
        assert_eq!((tests.total, tests.failed), (1, 1));
        assert_eq!(tests.failures[0].name, "Global: max of response time is less than 50.0");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("{}", "it is not Gatling JSON: it has no `numberOfRequests`"),
            (
                "var stats = {",
                "it is a script of Gatling's page; `js/stats.json` and `js/global_stats.json` stand beside it",
            ),
            (
                r#"{"numberOfRequests":{"total":3,"ok":3,"ko":1}}"#,
                "it contradicts itself: 3 requests are OK and 1 are not, of 3",
            ),
            (
                r#"{"numberOfRequests":{"total":1.5,"ok":1,"ko":0}}"#,
                "it is not Gatling JSON: a number of requests is no whole number",
            ),
        ] {
            assert_eq!(read(text).err(), Some(Defect::Unreadable(why.to_owned())), "{text}");
        }
        let none = read(r#"{"numberOfRequests":{"total":0,"ok":0,"ko":0}}"#).err();
        assert!(matches!(none, Some(Defect::Missing(_))));
    }
}
