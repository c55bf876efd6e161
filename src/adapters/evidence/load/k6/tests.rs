use super::*;
use crate::promotion::measures::Performance;
use std::fmt::Write as _;

fn read(text: &str) -> Result<(Performance, About), Defect> {
    let mut runs = Runs::default();
    let about = parse(Window::new(text.as_bytes()), "k6.json", &mut runs)?;
    Ok((runs.finish()?.0, about))
}

/// Requests, failed, the three percentiles, the rate, and how many thresholds hold.
fn said(text: &str) -> String {
    let (said, _) = read(text).unwrap();
    let shown = |number: Option<crate::promotion::number::Decimal>| number.map_or("?".to_owned(), |n| n.to_string());
    let failed = said.failed.map_or("?".to_owned(), |failed| failed.to_string());
    let percentiles = [said.p50_ms, said.p95_ms, said.p99_ms].map(shown).join(" ");
    let held = said.thresholds.map_or(String::new(), |tests| format!(", {} of {}", tests.passed, tests.total));
    format!("{} {failed} {percentiles} {}{held}", said.requests, shown(said.throughput))
}

#[test]
fn true_is_crossed_in_an_export_and_held_in_a_summary() {
    let export = r#"{"root_group":{},"metrics":{
        "http_reqs":{"count":60,"rate":2976.864848301696},
        "http_req_duration":{"avg":0.5,"med":0.30080300000000004,"p(95)":2.375624299999999,"thresholds":{"p(95)<0.001":true,"p(95)<9":false}},
        "http_req_duration{expected_response:true}":{"med":9,"p(95)":9,"p(99)":9},
        "http_req_failed":{"fails":48,"passes":12,"thresholds":{"rate<0.01":true},"value":0.2},
        "checks":{"passes":1,"fails":0}}}"#;
    assert_eq!(said(export), "60 12 0.301 2.376 ? 2976.864, 1 of 3");
    let summary = r#"{"metrics":{
        "http_req_duration{name:a}":{"type":"trend","values":{},"thresholds":{"p(95)<9":{"ok":true},"p(95)<1":{"ok":false}}},
        "http_req_duration":{"type":"trend","contains":"time","values":{"p(99)":7,"med":1.5}},
        "http_req_failed":{"type":"rate","values":{"rate":0.2,"passes":12,"fails":48}},
        "http_reqs":{"type":"counter","values":{"count":60,"rate":10}}},"state":{"testRunDurationMs":31.3}}"#;
    assert_eq!(said(summary), "60 12 1.5 ? 7 10, 1 of 2");
}

#[test]
fn the_machine_readable_summary_is_a_list() {
    let text = r#"{"config":{"duration":2.5,"script":"…"},"metadata":{"generated_at":"2026-11-20T10:00:00Z","k6_version":"1.8.1"},
        "results":{"checks":{"metrics":[]},"metrics":[
        {"contains":"time","name":"http_req_duration","type":"trend","values":{"med":1,"p90":2,"p95":3}},
        {"name":"http_req_failed","type":"rate","values":{"matches":0,"rate":0,"total":5}},
        {"name":"http_reqs","type":"counter","values":{"count":5}}]},"version":"1.0.0"}"#;
    assert_eq!(said(text), "5 0 1 3 ? 2");
    let (_, about) = read(text).unwrap();
    assert_eq!(about.taken.unwrap().to_string(), "2026-11-20T10:00:00Z");
    assert_eq!(about.tools.first().unwrap().version.as_deref(), Some("1.8.1"));
}

#[test]
fn failures_of_some_requests_are_those_of_none() {
    let text = r#"{"metrics":{"http_reqs":{"count":10,"rate":1},"http_req_failed":{"passes":1,"fails":4}}}"#;
    assert_eq!(said(text), "10 ? ? ? ? 1");
    let old = r#"{"metrics":{"http_reqs":{"count":10,"rate":1}}}"#;
    assert_eq!(said(old), "10 ? ? ? ? 1");
}

/// Samples as `--out json` writes them: latency in milliseconds, end in seconds, failed.
fn lines(samples: &[(f64, u32, bool)]) -> String {
    let mut text = r#"{"type":"Metric","data":{"name":"http_reqs","type":"counter"},"metric":"http_reqs"}"#.to_owned();
    for (ms, second, failed) in samples {
        for (metric, value) in [
            ("http_reqs", 1.0),
            ("http_req_duration", *ms),
            ("http_req_failed", f64::from(u8::from(*failed))),
            ("mine", -2.5),
        ] {
            let time = format!("2026-11-20T10:00:{second:02}Z");
            write!(
                text,
                "\n{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"{time}\",\"value\":{value},\"tags\":{{\"status\":\"200\"}}}}}}").unwrap();
        }
    }
    text + "\n"
}

#[test]
fn samples_are_counted() {
    let text = lines(&[(1000.0, 1, false), (0.0000001, 2, true), (30.25, 5, false)]);
    assert_eq!(said(&text), "3 1 30.25 1000 1000 0.6");
    let (said, about) = read(&text).unwrap();
    assert_eq!((said.thresholds, about.taken.unwrap().to_string().as_str()), (None, "2026-11-20T10:00:00Z"));
    let cut = text.rfind("{\"metric\":\"http_req_duration\"").unwrap();
    let wanted = "it is cut off: it holds 3 requests, and the durations of 2";
    assert_eq!(read(&text[..cut]).err(), Some(Defect::Unreadable(wanted.to_owned())));
    assert!(matches!(read(&text[..cut + 9]), Err(Defect::Unreadable(_))));
}

#[test]
fn says_what_is_wrong() {
    for (text, why) in [
        (r#"{"root_group":{}}"#, "it is not k6 JSON: it has no `metrics`"),
        (r#"{"metrics":{"http_reqs":{}}}"#, "it is not k6 JSON: it has no `http_reqs.count`"),
        (r#"{"metrics":{"http_reqs":{"count":1}}} {}"#, "it is not JSON: something follows behind its end at line 1"),
        (
            r#"{"metrics":{"a":{"thresholds":{"x<1":{}}}}}"#,
            "it is not k6 JSON: the threshold `x<1` has no result at line 1",
        ),
        (r#"{"metrics":{"a":5}}"#, "it is not k6 JSON: a number stands where an object should at line 1"),
        (
            r#"{"type":"Point","metric":"http_req_duration","data":{}}"#,
            "it is not k6 JSON: a request has no duration at line 1",
        ),
        (
            r#"{"type":"Line","metric":"a","data":{}}"#,
            "it is not k6 JSON: a line is neither a metric nor a sample of one at line 1",
        ),
    ] {
        assert_eq!(read(text).err(), Some(Defect::Unreadable(why.to_owned())), "{text}");
    }
    for text in
        [r#"{"metrics":{}}"#, r#"{"metrics":{"http_reqs":{"count":0,"rate":0}}}"#, r#"{"type":"Metric","metric":"a"}"#]
    {
        assert!(matches!(read(text), Err(Defect::Missing(_))), "{text}");
    }
}
