//! Alerts on the wire: those that fire, are silenced and are inhibited are told apart, and a server that cannot know is never
//! taken to say that none fires.

mod real;

use std::sync::Arc;
use std::time::Duration;

use promote::adapters::alerts::{WARM, read};
use promote::adapters::http::server::{Login, Server, ServerSettings};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::About;
use promote::promotion::alerts::Alerts;
use promote::promotion::facts::Reading;
use promote::promotion::measures::Measure;
use promote::promotion::rules::live::{AlertsFrom, AlertsSource};
use promote::promotion::time::Millis;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::harness::{RULES, Sandbox};
use crate::world::alertmanager::{Alertmanager, Kept};
use crate::world::canned::Canned;

const OVERLAY: &str = include_str!("../../fixtures/sandbox/gitops/k8s/overlays/staging/kustomization.yaml");
const BASE: &str = include_str!("../../fixtures/sandbox/gitops/k8s/base/kustomization.yaml");
/// The matchers of most tests.
const OURS: [&str; 2] = ["service=\"{service}\"", "env=\"{environment}\""];

/// What a server says, asked by these matchers.
fn ask(url: &str, from: AlertsFrom, matchers: &[&str], warm: Millis) -> Result<Alerts, String> {
    let runtime: Runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let http = Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap();
    let called = if from == AlertsFrom::Alertmanager { "Alertmanager" } else { "Prometheus" };
    let settings = ServerSettings {
        called,
        variables: "ALERTMANAGER",
        url: url.to_owned(),
        login: Login::Token(Secret::new("token-of-the-test").unwrap()),
        headers: None,
        within: Duration::from_millis(700),
    };
    let server = Server::new(&settings, &http).unwrap();
    let matchers = matchers.iter().map(|text| (*text).to_owned()).collect();
    let (source, waivers) = (AlertsSource { from, matchers }, Arc::default());
    let about = About::of("app", "prod", &waivers);
    match read(&server, &source, &about, warm) {
        Reading::Observed(observation) => match observation.measure {
            Measure::Alerts(alerts) => Ok(alerts),
            other => panic!("no alerts: {other:?}"),
        },
        Reading::Missing { why } | Reading::Unreadable { why, .. } => Err(why),
    }
}

fn ours(server: &Alertmanager) -> Result<Alerts, String> {
    ask(&server.url(), AlertsFrom::Alertmanager, &OURS, WARM)
}

/// Active, silenced and inhibited; and how many of the active ones are critical and count as warnings.
fn counts(alerts: &Alerts) -> [u64; 5] {
    let of = |severity| alerts.of(severity).count() as u64;
    [alerts.active.len() as u64, alerts.silenced, alerts.inhibited, of("critical"), of("warning")]
}

#[test]
fn alerts_are_told_apart_and_counted() {
    let server = Alertmanager::start();
    assert_eq!(ours(&server).map(|alerts| counts(&alerts)), Ok([0, 0, 0, 0, 0]), "none is what it says");
    for (labels, kept) in [
        ("alertname=Down severity=Critical service=app env=prod", Kept::Nothing),
        ("alertname=Slow severity=warning service=app env=prod", Kept::Nothing),
        ("alertname=Odd service=app env=prod", Kept::Nothing),
        ("alertname=Watchdog severity=none service=app env=prod", Kept::Nothing),
        ("alertname=Down severity=critical service=app env=prod pod=1", Kept::Silenced),
        ("alertname=Down severity=critical service=app env=prod pod=2", Kept::Muted),
        ("alertname=Slow severity=critical service=app env=prod pod=3", Kept::Inhibited),
        ("alertname=Down severity=critical service=app env=staging", Kept::Nothing),
        ("alertname=Down severity=critical service=web env=prod", Kept::Nothing),
        ("alertname=Down severity=critical env=prod", Kept::Nothing),
    ] {
        server.fires(labels, kept);
    }
    let alerts = ours(&server).unwrap();
    assert_eq!(counts(&alerts), [4, 2, 1, 1, 2]);
    let down = alerts.active.iter().find(|alert| alert.name == "Down").unwrap();
    assert_eq!(down.says, "it hurts, env=prod, service=app");
    assert_eq!(down.since.map(|since| since.to_string()).as_deref(), Some("2026-11-21T11:00:00.123Z"));
    let heads = server.heads();
    assert!(heads.iter().all(|head| head.to_ascii_lowercase().contains("authorization: bearer token-of-the-test")));
    for (matchers, is) in [
        (vec!["service=~\"app|web\"", "env=\"prod\""], [5, 2, 1, 2, 2]),
        (vec!["service=\"\"", "env!=\"staging\""], [1, 0, 0, 1, 0]),
        (vec!["service=\"app\"", "alertname!~\"Watchdog|Odd\""], [3, 2, 1, 2, 1]),
    ] {
        let alerts = ask(&server.url(), AlertsFrom::Alertmanager, &matchers, WARM).unwrap();
        assert_eq!(counts(&alerts), is, "{matchers:?}");
    }
}

#[test]
fn a_server_that_cannot_know_is_not_believed() {
    let server = Alertmanager::start();
    for (cluster, up, why) in [
        ("settling", 86_400, "\"settling\""),
        ("ready", 30, "has been running for"),
        ("disabled", 119, "has been running for"),
    ] {
        server.is(cluster, up);
        let said = ours(&server).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    server.is("disabled", 200);
    assert!(ours(&server).is_ok());
    let refused = ask(&server.url(), AlertsFrom::Alertmanager, &["\"service.name\"=\"app\""], WARM).unwrap_err();
    assert!(refused.contains("400: bad matcher format"), "{refused}");
}

#[test]
fn whatever_is_not_a_list_of_alerts_says_nothing() {
    let status = Canned::answer("200 OK", "", r#"{"cluster":{"status":"ready"}}"#);
    let unfiltered = r#"[{"labels":{"alertname":"Other","service":"web"},"status":{"state":"active"}}]"#;
    let half = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 500\r\n\r\n[{\"labels\":".to_vec();
    for (what, alerts, why) in [
        ("503", Canned::answer("503 Service Unavailable", "retry-after: 0\r\n", "no"), "answered 503"),
        ("422", Canned::answer("422 No", "", r#"{"code":602,"message":"nope"}"#), "422: nope"),
        ("HTML", Canned::answer("200 OK", "content-type: text/html\r\n", "<title>Sign in</title>"), "text/html"),
        ("half a body", half, "body"),
        ("half a list", Canned::answer("200 OK", "", "[{\"labels\":{"), "breaks off"),
        ("an object", Canned::answer("200 OK", "", r#"{"status":"success","data":[]}"#), "does not say"),
        ("null", Canned::answer("200 OK", "", "null"), "where JSON was expected"),
        ("nothing", Canned::answer("200 OK", "", ""), "where JSON was expected"),
        ("an alert without a state", Canned::answer("200 OK", "", r#"[{"labels":{}}]"#), "missing field `status`"),
        ("those of others", Canned::answer("200 OK", "", unfiltered), "it did not filter"),
        ("a redirect", Canned::answer("302 Found", "location: /login\r\n", ""), "302 to /login"),
    ] {
        let status = status.clone();
        let server = Canned::by(move |_, head| if head.contains("/status") { status.clone() } else { alerts.clone() });
        let said = ask(&server.url(""), AlertsFrom::Alertmanager, &OURS, WARM).unwrap_err();
        assert!(said.contains(why), "{what}: {said}");
        assert!(!said.contains("token-of-the-test"), "{said}");
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    assert!(ask(&url, AlertsFrom::Alertmanager, &OURS, WARM).is_err(), "slow");
    drop(silent);
    assert!(ask(&url, AlertsFrom::Alertmanager, &OURS, WARM).is_err(), "gone");
}

#[test]
fn prometheus_tells_of_firing_alerts_where_a_rule_could_fire() {
    let rules = json!({ "status": "success", "data": { "groups": [{ "name": "g", "interval": 30, "rules": [
        { "type": "alerting", "name": "Down", "labels": { "severity": "critical" }, "health": "ok",
          "lastEvaluation": "2026-11-21T12:00:00Z", "alerts": [] },
    ] }] } });
    let listed = |name: &str, state: &str, env: &str| {
        json!({ "labels": { "alertname": name, "severity": "critical", "service": "app", "env": env },
                "annotations": {}, "state": state, "activeAt": "2026-11-21T11:00:00Z", "value": "1e+00" })
    };
    let alerts = json!({ "status": "success", "data": { "alerts": [
        listed("Down", "firing", "prod"), listed("Slow", "pending", "prod"), listed("Down", "firing", "staging"),
    ] } });
    let none = json!({ "status": "success", "data": { "groups": [] } });
    let part = json!({ "status": "success", "data": { "alerts": [] }, "warnings": ["store eu-1 is down"] });
    let error = json!({ "status": "error", "errorType": "internal", "error": "boom" });
    let server = |rules: &serde_json::Value, alerts: &serde_json::Value| {
        let (rules, alerts) = (rules.to_string(), alerts.to_string());
        Canned::by(move |_, head| {
            Canned::answer("200 OK", "", if head.contains("/api/v1/rules") { &rules } else { &alerts })
        })
    };
    let ask = |server: &Canned, matchers: &[&str]| ask(&server.url(""), AlertsFrom::Prometheus, matchers, WARM);
    let good = server(&rules, &alerts);
    assert_eq!(ask(&good, &OURS).map(|alerts| counts(&alerts)), Ok([1, 0, 0, 1, 0]));
    let said = ask(&good, &["severity=\"warning\""]).unwrap_err();
    assert!(said.contains("no alerting rule that could fire for severity=\"warning\""), "{said}");
    for (rules, alerts, why) in [
        (&none, &alerts, "no alerting rule"),
        (&rules, &part, "in part only: store eu-1 is down"),
        (&error, &alerts, "boom"),
        (&rules, &error, "boom"),
    ] {
        let said = ask(&server(rules, alerts), &OURS).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_gate_on_alerts_holds_while_one_fires_and_is_unknown_when_nobody_tells() {
    let dev = OVERLAY.replace("1.10", "1.20");
    let mut sandbox = Sandbox::new(&[
        ("k8s/base/kustomization.yaml", BASE),
        ("k8s/overlays/dev/kustomization.yaml", &dev),
        ("k8s/overlays/staging/kustomization.yaml", OVERLAY),
    ]);
    sandbox.write(
        RULES,
        "version: 1\nservice: app\nenvironments:\n  dev: { path: k8s/overlays/dev }\n  staging: { path: k8s/overlays/staging }\n\
         evidence:\n  alerts: { alertmanager: { matchers: ['service=\"{service}\"', 'env=\"{environment}\"'] } }\n\
         promotions:\n  - from: dev\n    to: staging\n    gates: { alerts: { critical_max: 0, warning_max: 1 } }\n",
    );
    let server = Alertmanager::start();
    let judged = |sandbox: &Sandbox, exit: i32, parts: &[&str]| {
        let ran = sandbox.promote(&["validate", "--from", "dev", "--to", "staging"]);
        assert_eq!(ran.exit, Some(exit), "{}", ran.all());
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "`{part}` is not in\n{}", ran.all());
        }
    };
    judged(&sandbox, 11, &["ALERTMANAGER_URL"]);
    sandbox.set("ALERTMANAGER_URL", server.url());
    judged(&sandbox, 0, &["alerts critical"]);
    server.fires("alertname=Down severity=critical service=app env=dev", Kept::Silenced);
    server.fires("alertname=Slow severity=warning service=app env=dev", Kept::Nothing);
    server.fires("alertname=Down severity=critical service=app env=prod", Kept::Nothing);
    judged(&sandbox, 0, &["alerts warning"]);
    server.fires("alertname=Odd service=app env=dev", Kept::Nothing);
    judged(&sandbox, 10, &["Odd"]);
    server.is("settling", 86_400);
    judged(&sandbox, 11, &["settling"]);
    server.is("ready", 86_400);
    server.fires("alertname=Down severity=critical service=app env=dev zone=b", Kept::Nothing);
    judged(&sandbox, 10, &["Down"]);
    drop(server);
    judged(&sandbox, 11, &["Connection refused"]);
}
