//! A real Prometheus with a backfilled month of known requests: every figure that is read from it, beside the same figure worked out
//! here from the samples, by the documented way in which `increase` and `histogram_quantile` reckon.
//!
//! Needs Debian's package `prometheus`, so it runs under `PROMOTE_REAL=1` only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use promote::adapters::clock::SystemClock;
use promote::adapters::http::server::{Login, Server, ServerSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::prometheus;
use promote::adapters::secret::Secret;
use promote::ports::About;
use promote::promotion::condition::{Fact, Known};
use promote::promotion::facts::Reading;
use promote::promotion::levels::{Level, Levels};
use promote::promotion::measures::Measure;
use promote::promotion::rules::live::PrometheusSource;
use promote::promotion::time::{Millis, Over, Time};

/// The time between two samples.
const STEP: i64 = 60;
/// The longest window, in seconds.
const MONTH: i64 = 30 * 86_400;
/// Requests between two samples.
const REQUESTS: u64 = 600;
/// The buckets of the durations in seconds, and how many of 600 requests are within.
const BUCKETS: [(&str, u64); 6] = [("0.05", 180), ("0.1", 330), ("0.25", 520), ("0.5", 582), ("1", 597), ("+Inf", 600)];

/// The month: counters as they stood at each sample.
struct History {
    start: i64,
    good: Vec<u64>,
    bad: Vec<u64>,
}

impl History {
    /// A request a minute fails; half of them do for an hour of the last day, and all for six hours ten days ago.
    fn until(end: i64) -> Self {
        let start = (end - MONTH - 7200).div_euclid(STEP) * STEP;
        let (mut good, mut bad) = (vec![1000], vec![10]);
        for n in 1..=(end - start) / STEP {
            let ago = end - (start + n * STEP);
            let failed = match ago {
                36_000..39_600 => REQUESTS / 2,
                864_000..885_600 => REQUESTS,
                _ => 1,
            };
            good.push(good[good.len() - 1] + REQUESTS - failed);
            bad.push(bad[bad.len() - 1] + failed);
        }
        Self { start, good, bad }
    }

    /// The buckets of a month's requests, which do not change with what fails.
    fn bucket(&self, within: u64) -> Vec<u64> {
        (0..self.good.len() as u64).map(|n| n * within).collect()
    }

    fn open_metrics(&self) -> String {
        let mut text = String::from("# TYPE http_requests counter\n");
        let labels = "service=\"app\",env=\"staging\"";
        for (code, values) in [("200", &self.good), ("503", &self.bad)] {
            self.series(&mut text, &format!("http_requests_total{{{labels},code=\"{code}\"}}"), values);
        }
        text.push_str("# TYPE http_request_duration_seconds histogram\n");
        for (le, within) in BUCKETS {
            let name = format!("http_request_duration_seconds_bucket{{{labels},le=\"{le}\"}}");
            self.series(&mut text, &name, &self.bucket(within));
        }
        text.push_str("# EOF\n");
        text
    }

    fn series(&self, text: &mut String, name: &str, values: &[u64]) {
        for (n, value) in values.iter().enumerate() {
            let at = self.start + i64::try_from(n).unwrap() * STEP;
            writeln!(text, "{name} {value} {at}").unwrap();
        }
    }

    /// `increase` of a counter over a window, as Prometheus reckons: what is between the first and the last sample, stretched to the
    /// window's borders, but not below zero.
    fn increase(&self, values: &[u64], since: f64, until: f64) -> f64 {
        let at = |n: usize| self.start as f64 + (n as f64) * STEP as f64;
        let within: Vec<usize> = (0..values.len()).filter(|n| at(*n) >= since && at(*n) <= until).collect();
        let (first, last) = (within[0], within[within.len() - 1]);
        let delta = (values[last] - values[first]) as f64;
        let sampled = at(last) - at(first);
        let average = sampled / (within.len() - 1) as f64;
        let mut to_start = at(first) - since;
        if delta > 0.0 && values[first] > 0 {
            to_start = to_start.min(sampled * (values[first] as f64 / delta));
        }
        let reach = |gap: f64| if gap < average * 1.1 { gap } else { average / 2.0 };
        delta * (sampled + reach(to_start) + reach(until - at(last))) / sampled
    }

    fn requests_and_errors(&self, since: f64, until: f64) -> (f64, f64) {
        let errors = self.increase(&self.bad, since, until);
        (self.increase(&self.good, since, until) + errors, errors)
    }

    /// `histogram_quantile`: within a bucket, requests are spread evenly.
    fn quantile_ms(&self, share: f64, since: f64, until: f64) -> f64 {
        let counts = BUCKETS.map(|(le, within)| (le, self.increase(&self.bucket(within), since, until)));
        let rank = share * counts[counts.len() - 1].1;
        let at = counts.iter().position(|(_, count)| *count >= rank).unwrap();
        let (low, before) = if at == 0 { (0.0, 0.0) } else { (counts[at - 1].0.parse().unwrap(), counts[at - 1].1) };
        let high: f64 = counts[at].0.parse().unwrap();
        1000.0 * (low + (high - low) * (rank - before) / (counts[at].1 - before))
    }
}

/// A running Prometheus. It stops when it is dropped.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Starts it over data that is there, and waits until it listens.
    fn start(dir: &Path, retention: &str, web: Option<&Path>) -> Self {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::write(dir.join("p.yml"), "global: {}\n").unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", dir.join("p.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", dir.join("data").display()));
        command.arg(format!("--storage.tsdb.retention.time={retention}"));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        if let Some(web) = web {
            command.arg(format!("--web.config.file={}", web.display()));
        }
        let log = std::fs::File::create(dir.join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("prometheus is installed: see .ci/run");
        let mut this = Self { child, port };
        for _ in 0..600 {
            let said = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            if said.contains("Server is ready to receive web requests") {
                return this;
            }
            assert!(this.child.try_wait().unwrap().is_none(), "prometheus stopped: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("prometheus is not ready");
    }
}

struct Scene {
    runtime: tokio::runtime::Runtime,
    history: History,
    dir: tempfile::TempDir,
}

impl Scene {
    /// A month until a few minutes from now, so that it stays fresh while the tests run.
    fn new() -> Self {
        let history = History::until(Time::now().as_second() + 600);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("m.om");
        std::fs::write(&file, history.open_metrics()).unwrap();
        let mut promtool = Command::new("promtool");
        promtool.args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=162h"]).arg(&file);
        let mut child = promtool.arg(dir.path().join("data")).stdout(Stdio::piped()).spawn().expect("promtool");
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, history, dir }
    }

    fn server(&self, url: String, login: Login, ca_pem: Option<Vec<u8>>) -> Server {
        let settings = HttpSettings { ca_pem, ..HttpSettings::default() };
        let http = Http::new(&settings, self.runtime.handle().clone()).unwrap();
        let within = Duration::from_secs(60);
        let (called, variables) = ("Prometheus", "PROMETHEUS");
        Server::new(&ServerSettings { called, variables, url, login, headers: None, within }, &http).unwrap()
    }

    fn read(&self, server: &Server, source: &PrometheusSource, over: Option<Over>) -> Reading {
        let (waivers, parts) = (Arc::default(), ["1h/5m".to_owned(), "24h/2h".to_owned()]);
        let about = About { parts: &parts, over, ..About::of("app", "staging", &waivers) };
        prometheus::read(server, source, self.dir.path(), &about, &SystemClock::default())
    }
}

fn source() -> PrometheusSource {
    PrometheusSource {
        window: Some(Millis::secs(MONTH)),
        objective: "0.999".parse().ok(),
        selector: Some("service=\"{service}\",env=\"{environment}\"".to_owned()),
        queries: BTreeMap::new(),
        slo: None,
    }
}

#[track_caller]
fn levels(reading: Reading) -> Levels {
    match reading {
        Reading::Observed(observation) => match observation.measure {
            Measure::Levels(levels) => levels,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn same(what: &str, read: f64, computed: f64) {
    let near = (read - computed).abs() <= 1e-6 * computed.abs().max(1e-6);
    assert!(near, "{what}: {read} was read, and {computed} is right");
}

fn number(known: &Known) -> f64 {
    match known {
        Known::Yes(Fact::Ratio { num, den }) => *num as f64 / *den as f64,
        Known::Yes(Fact::Number(number)) => number.to_string().parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Every figure of a reading, beside the same worked out from the samples.
fn compare(history: &History, levels: &Levels) {
    let seconds = |at: Time| at.as_millisecond() as f64 / 1000.0;
    let (since, until) = (seconds(levels.since), seconds(levels.until));
    let (requests, errors) = history.requests_and_errors(since, until);
    same("requests", number(&levels.fact("requests")), requests);
    same("errors", number(&levels.fact("errors")), errors);
    same("availability", number(&levels.fact("availability")), 1.0 - errors / requests);
    same("error rate", number(&levels.fact("error_rate")), errors / requests);
    same("consumption", number(&levels.fact("consumption")), errors / requests / 0.001);
    same("throughput", number(&levels.fact("throughput")), requests / (until - since));
    for (name, share) in [("latency_p50", 0.5), ("latency_p95", 0.95), ("latency_p99", 0.99)] {
        same(name, number(&levels.fact(name)), history.quantile_ms(share, since, until));
    }
    for (pair, long, short) in [("1h/5m", 3600.0, 300.0), ("24h/2h", 86_400.0, 7200.0)] {
        let burn = |span: f64| {
            let (requests, errors) = history.requests_and_errors((until - span).max(since), until);
            errors / requests / 0.001
        };
        same(pair, number(&levels.fact(&format!("burn_rate@{pair}"))), burn(long).min(burn(short)));
    }
}

#[test]
fn every_figure_is_the_one_that_the_samples_give() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let scene = Scene::new();
    let real = Prometheus::start(scene.dir.path(), "10y", None);
    let server = scene.server(format!("http://127.0.0.1:{}", real.port), Login::None, None);
    let month = levels(scene.read(&server, &source(), None));
    assert_eq!(Millis::between(month.since, month.until), Millis::secs(MONTH));
    assert!(number(&month.fact("availability")) < 0.9901, "the outages are in it");
    compare(&scene.history, &month);

    // The time since half a day ago, in place of the month: the outage of ten days ago is not its doing.
    let over = Over { since: Millis(-12 * 3_600_000).after(Time::now()), until: None };
    let day = levels(scene.read(&server, &source(), Some(over)));
    assert!(number(&day.fact("availability")) > 0.95);
    compare(&scene.history, &day);

    // The same by queries of one's own.
    let mut own = source();
    let text = |text: &str| text.to_owned();
    own.queries = BTreeMap::from([
        (Level::Requests, text("sum(increase(http_requests_total{{selector}}[{window}]))")),
        (Level::Errors, text("sum(increase(http_requests_total{{selector},code=~\"5..\"}[{window}]))")),
    ]);
    compare(&scene.history, &levels(scene.read(&server, &own, None)));
    refused(&scene, &server);
}

/// What a real server refuses, or does not have.
fn refused(scene: &Scene, server: &Server) {
    let why = |source: &PrometheusSource| match scene.read(server, source, None) {
        Reading::Unreadable { why, .. } | Reading::Missing { why } => why,
        Reading::Observed(observation) => match observation.measure {
            Measure::Levels(levels) => format!("{:?}", levels.unknown),
            other => panic!("{other:?}"),
        },
    };
    let other = PrometheusSource { selector: Some("service=\"other\"".to_owned()), ..source() };
    assert!(why(&other).contains("no series of"), "{}", why(&other));
    let one = |level, text: &str| PrometheusSource {
        selector: None,
        queries: BTreeMap::from([(level, text.to_owned())]),
        ..source()
    };
    for (text, part) in [
        ("sum(", "bad_data"),
        ("sum(rate(no_such_metric[{window}]))", "no data"),
        ("sum(rate(no_such_metric[{window}])) / 0 or vector(0) / 0", "NaN"),
        ("vector(1) / 0", "+Inf"),
        ("rate(http_requests_total[{window}])", "2 series"),
        ("\"a text\"", "string"),
        ("http_requests_total[5m]", "range"),
        ("2 + 0 * sum(rate(http_requests_total[{window}]))", "at most 1"),
    ] {
        let why = why(&one(Level::Availability, text));
        assert!(why.contains(part), "{text}: {why}");
    }
}

#[test]
fn a_window_that_the_server_no_longer_holds_is_unknown() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let scene = Scene::new();
    // The oldest blocks are deleted as it starts, and its answers do not say so.
    let real = Prometheus::start(scene.dir.path(), "15d", None);
    let server = scene.server(format!("http://127.0.0.1:{}", real.port), Login::None, None);
    let mut own = source();
    own.queries = BTreeMap::from([(
        Level::Availability,
        "1 - sum(increase(http_requests_total{code=\"503\"}[{window}])) / sum(increase(http_requests_total[{window}]))"
            .to_owned(),
    )]);
    for source in [source(), own] {
        match scene.read(&server, &source, None) {
            Reading::Unreadable { why, .. } => assert!(why.contains("does not keep that much"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let week = PrometheusSource { window: Some(Millis::secs(7 * 86_400)), ..source() };
    compare(&scene.history, &levels(scene.read(&server, &week, None)));
}

#[test]
fn a_server_behind_tls_and_a_login_is_the_same_one() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let scene = Scene::new();
    let dir = scene.dir.path();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    // The bcrypt hash of `pass word`.
    let hash = "$2b$04$abcdefghijklmnopqrstuuFcV8WPKEefLKdOWfX8pW1yTVya21P7a";
    let web = format!(
        "tls_server_config: {{ cert_file: {0}/cert.pem, key_file: {0}/key.pem }}\nbasic_auth_users: {{ reader: '{hash}' }}\n",
        dir.display()
    );
    std::fs::write(dir.join("web.yml"), web).unwrap();
    let real = Prometheus::start(dir, "10y", Some(&dir.join("web.yml")));
    let url = format!("https://127.0.0.1:{}", real.port);
    let pem = std::fs::read(dir.join("cert.pem")).unwrap();
    let login =
        |password: &str| Login::Password { user: "reader".to_owned(), password: Secret::new(password).unwrap() };
    let server = scene.server(url.clone(), login("pass word"), Some(pem.clone()));
    compare(&scene.history, &levels(scene.read(&server, &source(), None)));
    let in_url = scene.server(url.replace("https://", "https://reader:pass%20word@"), Login::None, Some(pem.clone()));
    assert!(!in_url.place().contains("pass"), "{}", in_url.place());
    compare(&scene.history, &levels(scene.read(&in_url, &source(), None)));
    for (what, server, part) in [
        ("another password", scene.server(url.clone(), login("hunter2"), Some(pem)), "401"),
        ("no authority", scene.server(url, login("pass word"), None), "its authority is not known"),
    ] {
        match scene.read(&server, &source(), None) {
            Reading::Unreadable { why, .. } => assert!(why.contains(part) && !why.contains("hunter2"), "{what}: {why}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}
