//! Service levels on the wire: what is asked, what an answer means, and that what could not be found out is never a figure.

mod gates;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use promote::adapters::clock::SystemClock;
use promote::adapters::http::server::{Login, Server, ServerSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::prometheus;
use promote::adapters::secret::Secret;
use promote::ports::About;
use promote::promotion::condition::{Fact, Known};
use promote::promotion::facts::{Observation, Reading};
use promote::promotion::levels::{Burn, Level, Levels};
use promote::promotion::measures::Measure;
use promote::promotion::rules::live::{PrometheusSource, SloFile};
use promote::promotion::time::{Millis, Over, Time};
use serde_json::json;

use crate::world::canned::Canned;
use crate::world::prometheus::Prometheus;

const DAY: i64 = 86_400;

struct Scene {
    runtime: tokio::runtime::Runtime,
    prometheus: Prometheus,
    dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, prometheus: Prometheus::start(), dir: tempfile::tempdir().unwrap() }
    }

    fn settings(&self) -> ServerSettings {
        ServerSettings {
            called: "Prometheus",
            variables: "PROMETHEUS",
            url: format!("{}/prom/", self.prometheus.url()),
            login: Login::None,
            headers: None,
            within: Duration::from_secs(20),
        }
    }

    fn read(&self, source: &PrometheusSource, over: Option<Over>) -> Reading {
        self.read_by(&self.settings(), source, over)
    }

    fn read_by(&self, settings: &ServerSettings, source: &PrometheusSource, over: Option<Over>) -> Reading {
        let http = Http::new(&HttpSettings::default(), self.runtime.handle().clone()).unwrap();
        let server = Server::new(settings, &http).unwrap();
        let (waivers, parts) = (Arc::default(), ["1h/5m".to_owned(), "src/**".to_owned()]);
        let about = About { parts: &parts, over, ..About::of("app", "staging", &waivers) };
        prometheus::read(&server, source, self.dir.path(), &about, &SystemClock::default())
    }

    #[track_caller]
    fn levels(&self, source: &PrometheusSource, over: Option<Over>) -> Levels {
        levels(observed(self.read(source, over)))
    }
}

fn source() -> PrometheusSource {
    PrometheusSource {
        window: Some(Millis::secs(30 * DAY)),
        objective: "0.999".parse().ok(),
        selector: Some("service=\"{service}\",env=\"{environment}\"".to_owned()),
        queries: BTreeMap::new(),
        slo: None,
    }
}

#[track_caller]
fn observed(reading: Reading) -> Observation {
    match reading {
        Reading::Observed(observation) => observation,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn levels(observation: Observation) -> Levels {
    match observation.measure {
        Measure::Levels(levels) => levels,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn is(known: &Known, wanted: &str) {
    match known {
        Known::Yes(Fact::Number(number)) => assert_eq!(number.to_string(), wanted),
        other => panic!("{other:?}, wanted {wanted}"),
    }
}

#[test]
fn a_few_requests_tell_everything() {
    let scene = Scene::new();
    scene.prometheus.figure("errors@300", Some("0"));
    let observation = observed(scene.read(&source(), None));
    let asked = scene.prometheus.questions();
    let queries: Vec<&str> = asked.iter().map(|question| question.query.as_str()).collect();
    // Its clock, the families, and at once: counts, latencies, buckets, and how far back two windows are held. The third is short.
    assert_eq!(asked.len(), 2 + 3 + 2, "{queries:#?}");
    assert!(asked.iter().all(|question| question.head.starts_with("POST /prom/api/v1/query ")));
    let until = asked[1].time.unwrap();
    assert!(queries[1].contains("count(http_requests_total{service=\"app\",env=\"staging\"})"), "{}", queries[1]);
    let counts = queries.iter().find(|query| query.contains("increase(")).unwrap();
    for window in ["[2592000s]", "[3600s]", "[300s]"] {
        assert!(
            counts.contains(&format!("http_requests_total{{service=\"app\",env=\"staging\"}}{window}")),
            "{counts}"
        );
    }
    let begins =
        asked.iter().filter(|question| question.query.starts_with("count(http")).map(|question| question.time.unwrap());
    let mut begins: Vec<i64> = begins.map(|time| (until - time).round() as i64).collect();
    begins.sort_unstable();
    assert_eq!(begins, [3300, 2_591_700], "the five minutes are asked about already");
    assert_eq!(observation.notes, ["measured by http_requests_total and its label code"]);
    assert!(observation.tools[0].name.starts_with("Prometheus at http://127.0.0.1"));
    let levels = levels(observation);
    assert_eq!(Millis::between(levels.since, levels.until), Millis::secs(30 * DAY));
    for (field, wanted) in [
        ("requests", "1000000"),
        ("errors", "500"),
        ("latency_p50", "80"),
        ("latency_p95", "200"),
        ("latency_p99", "400"),
        ("throughput", "0.385802"),
    ] {
        is(&levels.fact(field), wanted);
    }
    assert!(matches!(levels.fact("consumption"), Known::Yes(Fact::Ratio { num, den }) if num * 2 == den));
    assert_eq!(levels.burns["1h/5m"], Burn::Rates { long: "0.0005".parse().unwrap(), short: "0".parse().unwrap() });
}

#[test]
fn no_failed_request_is_none_only_where_all_of_them_are_seen() {
    let scene = Scene::new();
    scene.prometheus.figure("errors", None);
    is(&scene.levels(&source(), None).fact("errors"), "0");
    scene.prometheus.figure("requests", None);
    let levels = scene.levels(&source(), None);
    assert!(matches!(levels.fact("error_rate"), Known::No(why) if why.contains("no data")));
    scene.prometheus.figure("requests", Some("0"));
    let levels = scene.levels(&source(), None);
    assert!(matches!(levels.fact("availability"), Known::No(why) if why.contains("no requests")));
    assert!(matches!(&levels.burns["1h/5m"], Burn::Unknown(why) if why.contains("no requests")));
}

#[test]
fn what_is_not_the_whole_truth_is_no_figure() {
    let json = "content-type: application/json\r\n";
    let refusal = |status: &str, kind: &str, error: &str| {
        Canned::answer(status, json, &json!({ "status": "error", "errorType": kind, "error": error }).to_string())
    };
    let page = Canned::answer("200 OK", "content-type: text/html\r\n", "<html><title>Sign in</title></html>");
    let whole = json!({ "status": "success", "data": { "resultType": "scalar", "result": [1, "1"] } }).to_string();
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{json}\r\n{}", whole.len(), &whole[..20]).into_bytes();
    let cut = Canned::answer("200 OK", json, &whole[..20]);
    for (what, answer, part) in [
        ("400", refusal("400 Bad Request", "bad_data", "1:5: parse error"), "400: bad_data: 1:5: parse error"),
        (
            "422",
            refusal("422 Unprocessable Entity", "execution", "too many samples"),
            "422: execution: too many samples",
        ),
        ("503", refusal("503 Service Unavailable", "timeout", "query timed out"), "503: timeout: query timed out"),
        ("a page", page, "text/html (title: \"Sign in\") where JSON was expected"),
        ("half a body", half, "end of file before message length reached"),
        ("a body that was cut", cut, "breaks off after 20 bytes"),
        ("a redirect", Canned::answer("302 Found", "location: /login?to=x\r\n", ""), "302 to /login"),
        ("an empty answer", Vec::new(), "connection"),
    ] {
        let scene = Scene::new();
        scene.prometheus.tells("", &answer);
        match scene.read(&source(), None) {
            Reading::Unreadable { why, .. } => assert!(why.contains(part), "{what}: {why}"),
            other => panic!("{what}: {other:?}"),
        }
        // What happens later only takes away what was asked then.
        let scene = Scene::new();
        scene.prometheus.tells("histogram_quantile", &answer);
        let levels = scene.levels(&source(), None);
        is(&levels.fact("errors"), "500");
        assert!(matches!(levels.fact("latency_p99"), Known::No(why) if why.contains(part)), "{what}");
    }
    for (beside, part) in [
        (json!({ "warnings": ["No StoreAPIs matched for this query"] }), "No StoreAPIs matched"),
        (json!({ "isPartial": true }), "partial"),
    ] {
        let scene = Scene::new();
        scene.prometheus.adds(beside);
        assert!(matches!(scene.read(&source(), None), Reading::Unreadable { why, .. } if why.contains(part)));
    }
    let scene = Scene::new();
    scene.prometheus.adds(json!({ "infos": ["metric might not be a counter"] }));
    is(&scene.levels(&source(), None).fact("errors"), "500");
}

#[test]
fn a_slow_server_is_given_up() {
    let scene = Scene::new();
    scene.prometheus.takes(Duration::from_secs(2));
    let settings = ServerSettings { within: Duration::from_millis(200), ..scene.settings() };
    match scene.read_by(&settings, &source(), None) {
        Reading::Unreadable { why, .. } => assert!(why.contains("timed out"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(scene.prometheus.questions().len(), 1, "what was too slow once is not asked again");
}

#[test]
fn figures_that_cannot_be_meant_are_none() {
    let scene = Scene::new();
    for (value, part) in [("NaN", "NaN"), ("+Inf", "+Inf"), ("-1", "below nothing"), ("many", "no number")] {
        scene.prometheus.figure("errors", Some(value));
        let levels = scene.levels(&source(), None);
        assert!(matches!(levels.fact("error_rate"), Known::No(why) if why.contains(part)), "{value}");
        is(&levels.fact("requests"), "1000000");
    }
    scene.prometheus.figure("latency_p99", Some("2.5"));
    let levels = scene.levels(&source(), None);
    assert!(matches!(levels.fact("latency_p99"), Known::No(why) if why.contains("beyond the highest bucket, 2500 ms")));
    is(&levels.fact("latency_p95"), "200");
}

#[test]
fn a_window_that_is_not_held_whole_is_unknown() {
    let scene = Scene::new();
    let now = Time::now().as_second();
    scene.prometheus.keeps_since((now - 15 * DAY) as f64);
    match scene.read(&source(), None) {
        Reading::Unreadable { why, .. } => assert!(why.contains("does not keep that much"), "{why}"),
        other => panic!("{other:?}"),
    }
    let week = PrometheusSource { window: Some(Millis::secs(7 * DAY)), ..source() };
    is(&scene.levels(&week, None).fact("errors"), "500");
}

#[test]
fn series_that_ended_and_series_that_never_were() {
    let scene = Scene::new();
    for name in ["http_requests_total", "http_requests_total/code", "alive"] {
        scene.prometheus.figure(name, None);
    }
    assert!(matches!(scene.read(&source(), None), Reading::Missing { why } if why.contains("no series of")));
    scene.prometheus.figure("http_requests_total~", Some("3"));
    assert!(matches!(scene.read(&source(), None), Reading::Unreadable { why, .. } if why.contains("stale")));
    scene.prometheus.figure("http_requests_total", Some("3"));
    scene.prometheus.figure("http_requests_total/code", Some("3"));
    scene.prometheus.figure("istio_requests_total", Some("3"));
    let why = "http_requests_total and istio_requests_total";
    assert!(matches!(scene.read(&source(), None), Reading::Unreadable { why: said, .. } if said.contains(why)));
}

#[test]
fn our_time_is_an_age_on_the_servers_clock() {
    let scene = Scene::new();
    scene.prometheus.runs_ahead(3_600_000);
    let over = Over { since: Millis(-600_000).after(Time::now()), until: None };
    let levels = scene.levels(&source(), Some(over));
    let ahead = Millis::between(Time::now(), levels.until);
    assert!((3_500_000..=3_600_000).contains(&ahead.0), "{ahead}");
    let length = Millis::between(levels.since, levels.until);
    assert!((600_000..=630_000).contains(&length.0), "{length}");
    let cut = format!("[{}s]", length.0 / 1000);
    let counts = scene.prometheus.questions();
    let counts = counts.iter().find(|question| question.query.contains("increase(")).unwrap();
    assert!(counts.query.contains(&cut) && !counts.query.contains("[3600s]"), "{}", counts.query);
    let future = Over { since: Millis(600_000).after(Time::now()), until: None };
    assert!(
        matches!(scene.read(&source(), Some(future)), Reading::Unreadable { why, .. } if why.contains("nothing to measure yet"))
    );
}

#[test]
fn queries_of_ones_own() {
    let scene = Scene::new();
    let mut own = PrometheusSource { selector: None, objective: None, ..source() };
    let brief = |text: &str, window: &str| text.replace("{window}", window).replace("{service}", "app");
    let (good, p95) = ("avg_over_time(up{job=\"{service}\"}[{window}])", "app:p95");
    own.queries = BTreeMap::from([(Level::Availability, good.to_owned()), (Level::LatencyP95, p95.to_owned())]);
    assert!(matches!(scene.read(&own, None), Reading::Missing { why } if why.contains("no data")));
    scene.prometheus.figure(&brief(good, "2592000s"), Some("1"));
    assert!(matches!(scene.read(&own, None), Reading::Unreadable { why, .. } if why.contains("stale")));
    for (window, value) in [("2592000s", "0.9893217592592592"), ("3600s", "1"), ("300s", "0.5")] {
        scene.prometheus.figure(&brief(good, window), Some(value));
    }
    scene.prometheus.figure(p95, Some("0.1234567899"));
    let observation = observed(scene.read(&own, None));
    assert!(observation.notes[0].contains("without {window}") && observation.notes[0].ends_with("latency_p95"));
    let levels = levels(observation);
    is(&levels.fact("availability"), "0.989321759259");
    is(&levels.fact("latency_p95"), "123.45679");
    assert_eq!(levels.burns["1h/5m"], Burn::Rates { long: "0".parse().unwrap(), short: "0.5".parse().unwrap() });
    assert!(matches!(levels.fact("burn_rate"), Known::No(why) if why.contains("objective")));
    // A query that looks back as far as it says itself cannot be asked about our time alone.
    let over = Over { since: Millis(-200_000).after(Time::now()), until: None };
    own.queries.remove(&Level::Availability);
    match scene.read(&own, Some(over)) {
        Reading::Unreadable { why, .. } => assert!(why.contains("no {window}"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_says_the_objective_and_the_rules_say_the_same_or_nothing() {
    let scene = Scene::new();
    let write = |window: &str| {
        let text = format!(
            "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {{ name: errors }}\nspec:\n  target: '99.5'\n  \
             window: {window}\n  indicator: {{ ratio: {{ errors: {{ metric: 'r{{code=\"500\"}}' }}, total: {{ metric: r }} }} }}\n"
        );
        std::fs::write(scene.dir.path().join("staging.yaml"), text).unwrap();
    };
    write("1h");
    let slo = Some(SloFile { path: "{environment}.yaml".to_owned(), name: None });
    let file = PrometheusSource { window: None, objective: None, selector: None, queries: BTreeMap::new(), slo };
    for window in ["3600s", "300s"] {
        scene.prometheus.figure(&format!("sum(increase(r[{window}]))"), Some("100"));
        let errors =
            format!("(sum(increase(r{{code=\"500\"}}[{window}]))) or 0 * (sum(increase(r{{code!=\"\"}}[{window}])))");
        scene.prometheus.figure(&errors, Some("1"));
    }
    let observation = observed(scene.read(&file, None));
    assert_eq!((observation.files[0].path.as_str(), observation.files[0].format.as_str()), ("staging.yaml", "pyrra"));
    let levels = levels(observation);
    assert_eq!(levels.objective.unwrap().to_string(), "0.995");
    assert!(matches!(levels.fact("consumption"), Known::Yes(Fact::Ratio { num, den }) if num == 2 * den));
    for (ruled, part) in [
        (PrometheusSource { objective: "0.99".parse().ok(), ..file.clone() }, "99 % and staging.yaml promises 99.5 %"),
        (PrometheusSource { window: Some(Millis::secs(DAY)), ..file.clone() }, "look at 1 d and staging.yaml at 1 h"),
    ] {
        match scene.read(&ruled, None) {
            Reading::Unreadable { why, files } => {
                assert!(why.contains(part), "{why}");
                assert_eq!(files.len(), 1, "the file is named with its hash");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_we_are_is_said_and_never_shown() {
    let scene = Scene::new();
    scene.prometheus.wants("Bearer hunter2-token");
    let secret = |text: &str| Secret::new(text).unwrap();
    let right = ServerSettings {
        login: Login::Token(secret("hunter2-token")),
        headers: Some(secret("X-Scope-OrgID: acme")),
        ..scene.settings()
    };
    observed(scene.read_by(&right, &source(), None));
    let heads = scene.prometheus.questions();
    assert!(heads.iter().all(|question| question.head.to_ascii_lowercase().contains("x-scope-orgid: acme")));
    let wrong = ServerSettings { login: Login::Token(secret("hunter3-token")), ..scene.settings() };
    match scene.read_by(&wrong, &source(), None) {
        Reading::Unreadable { why, .. } => {
            assert!(why.contains("401") && why.contains("PROMETHEUS_TOKEN") && !why.contains("hunter"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
