//! A real Alertmanager (Debian's package `prometheus-alertmanager`), under `PROMOTE_REAL=1`: each count equals what was posted.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use promote::promotion::rules::live::AlertsFrom;
use promote::promotion::time::Millis;
use serde_json::{Value, json};

use super::{ask, counts};

const CONFIG: &str = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n\
inhibit_rules:\n  - source_matchers: ['alertname=\"ClusterDown\"']\n    target_matchers: ['alertname=\"PodDown\"']\n    equal: [env]\n";

/// A real server. It is stopped when it is dropped.
struct Real {
    child: Child,
    url: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Real {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("am.yml");
        std::fs::write(&config, CONFIG).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--cluster.listen-address=", "--log.level=warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager is installed");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // The program's own client says which cryptography it uses; a test that needs none asks without TLS.
        let client = promote::adapters::http::Http::new(&Default::default(), runtime.handle().clone()).unwrap();
        let client = client.client().clone();
        let real = Self { child, url: format!("http://127.0.0.1:{port}"), client, runtime, _dir: dir };
        real.until("it is ready", || real.get("/-/ready").is_some());
        real
    }

    fn get(&self, path: &str) -> Option<String> {
        self.runtime.block_on(async {
            let answer = self.client.get(format!("{}{path}", self.url)).send().await.ok()?;
            if answer.status().is_success() { answer.text().await.ok() } else { None }
        })
    }

    fn post(&self, path: &str, body: &Value) {
        let status = self.runtime.block_on(async {
            let request = self.client.post(format!("{}{path}", self.url)).header("content-type", "application/json");
            request.body(body.to_string()).send().await.unwrap().status()
        });
        assert!(status.is_success(), "{path} answered {status}");
    }

    #[track_caller]
    fn until(&self, what: &str, is: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is() {
            assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_real_alertmanager_is_read_exactly() {
    if std::env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let real = Real::start();
    let asked = |matchers: &[&str], warm| ask(&real.url, AlertsFrom::Alertmanager, matchers, warm);
    let ours = ["service=\"{service}\"", "env=\"{environment}\""];
    let now = || asked(&ours, Millis(0)).map(|alerts| counts(&alerts));
    let said = asked(&ours, Millis::mins(2)).unwrap_err();
    assert!(said.contains("has been running for"), "just started: {said}");
    assert_eq!(now(), Ok([0, 0, 0, 0, 0]));

    let alert = |name: &str, severity: &str, pod: usize, env: &str| {
        json!({ "labels": { "alertname": name, "severity": severity, "service": "app", "env": env, "pod": pod.to_string() },
                "annotations": { "summary": format!("{name} on {pod}") } })
    };
    let mut alerts = Vec::new();
    alerts.extend((0..3).map(|pod| alert("Errors", "critical", pod, "prod")));
    alerts.extend((0..2).map(|pod| alert("Slow", "warning", pod, "prod")));
    alerts.extend((0..4).map(|pod| alert("Disk", "critical", pod, "prod")));
    alerts.extend((0..5).map(|pod| alert("PodDown", "critical", pod, "prod")));
    alerts.extend((0..7).map(|pod| alert("Errors", "critical", pod, "staging")));
    alerts.push(alert("ClusterDown", "critical", 0, "prod"));
    // An empty label is no label to Alertmanager.
    alerts.push(alert("Odd", "", 0, "prod"));
    real.post("/api/v2/alerts", &Value::from(alerts));
    let (start, end) = (jiff::Timestamp::now(), jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1));
    real.post(
        "/api/v2/silences",
        &json!({ "matchers": [{ "name": "alertname", "value": "Disk", "isRegex": false, "isEqual": true }],
                 "startsAt": start.to_string(), "endsAt": end.to_string(), "createdBy": "test", "comment": "known" }),
    );
    // Errors 3, Slow 2, ClusterDown 1, Odd 1; Disk 4 silenced; PodDown 5 inhibited. Of the active ones 4 are critical; 3 count as
    // warnings.
    let whole = Ok([7, 4, 5, 4, 3]);
    real.until("every alert is there, silenced and inhibited", || now() == whole);
    for (matchers, is) in [
        (vec!["service=\"app\"", "env=\"staging\""], [7, 0, 0, 7, 0]),
        (vec!["service=\"app\"", "env=~\"prod|staging\"", "alertname=~\"Err.*\""], [10, 0, 0, 10, 0]),
        (vec!["service=\"app\"", "env!=\"prod\"", "pod!~\"[0-4]\""], [2, 0, 0, 2, 0]),
        (vec!["service=\"app\"", "severity=\"\""], [1, 0, 0, 0, 1]),
        (vec!["service=\"web\""], [0, 0, 0, 0, 0]),
    ] {
        assert_eq!(asked(&matchers, Millis(0)).map(|alerts| counts(&alerts)), Ok(is), "{matchers:?}");
    }
    // A name that only newer versions know: refused in the server's words, never read as none.
    if let Err(said) = asked(&["\"service.name\"=\"app\""], Millis(0)) {
        assert!(said.contains("400"), "{said}");
    }
}
