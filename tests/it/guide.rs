//! The ways of the guide, from evidence to verified, with the real binary: each threshold is met exactly, then missed by one step.
//!
//! Approvals have tests of their own, and so have the hours of soaks and canaries: here they are as short as a test is.

use std::fmt::Write as _;

use crate::harness::{REPOSITORY, RULES, Ran, Sandbox};
use crate::world::alertmanager::{Alertmanager, Kept};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;
use crate::world::prometheus::Prometheus;

const OLD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NEW: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const IMAGE: &str = "registry.example.com/app";

/// What is measured of the version.
#[derive(Clone, Copy)]
struct Measured {
    /// Whether a test of each kind fails: unit, integration, e2e.
    fails: [bool; 3],
    /// Lines that are covered, of a thousand.
    covered: u32,
    /// Findings of the scan: critical, high.
    findings: [u32; 2],
    /// Requests that failed, of a million.
    errors: u32,
    /// The latency of 95 of 100 requests in production-like traffic, in seconds.
    p95: &'static str,
    /// The share of good requests that the budget is judged by.
    good: &'static str,
    /// The load test: its 95th percentile in milliseconds, and its requests per second.
    load: [&'static str; 2],
    /// Whether a critical alert fires.
    alert: bool,
}

/// One step beyond a threshold, and the row that says so.
type Beyond = (&'static str, fn(&mut Measured));

struct Guide {
    sandbox: Sandbox,
    prometheus: Prometheus,
    /// An alert cannot be taken back: who fires one is another server.
    alertmanagers: [Alertmanager; 2],
}

impl Guide {
    fn new() -> Self {
        let pin = |digest: &str| {
            format!("images:\n  - name: app\n    newName: {IMAGE}\n    newTag: \"1.20\"\n    digest: {digest}\n")
        };
        let (new, old) = (pin(NEW), pin(OLD));
        let file = |name: &str| format!("k8s/overlays/{name}/kustomization.yaml");
        let files = [file("dev"), file("staging"), file("canary"), file("prod")];
        let texts = [&new, &old, &old, &old];
        let pairs: Vec<(&str, &str)> =
            files.iter().zip(texts).map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut sandbox = Sandbox::new(&pairs);
        sandbox.write(RULES, include_str!("../../fixtures/rules/guide.yaml"));
        let mut argo = ArgoBuilder::new().step(1500);
        for name in ["dev", "staging", "canary", "prod"] {
            let path = format!("k8s/overlays/{name}");
            let mut spec = AppSpec::deploying(&format!("app-{name}"), &sandbox.gitops.path(), "main", &path);
            REPOSITORY.clone_into(&mut spec.repository);
            argo = argo.app(spec);
        }
        sandbox.argo(argo);
        let prometheus = Prometheus::start();
        let alertmanagers = [Alertmanager::start(), Alertmanager::start()];
        for environment in ["dev", "staging", "canary", "production"] {
            let labels = format!("alertname=Down service=app env={environment} severity=critical");
            alertmanagers[1].fires(&labels, Kept::Nothing);
        }
        sandbox.set("PROMETHEUS_URL", prometheus.url());
        Self { sandbox, prometheus, alertmanagers }
    }

    /// Has everything say what is measured, of the version in an environment.
    fn says(&mut self, measured: &Measured, environment: &str) {
        for (kind, fails) in ["unit", "integration", "e2e"].into_iter().zip(measured.fails) {
            let bad = if fails { "<failure message='no'/>" } else { "" };
            let report =
                format!("<testsuite name='{kind}'><testcase classname='a' name='b'>{bad}</testcase></testsuite>");
            self.sandbox.write(&format!("artifacts/{kind}/r.xml"), report);
        }
        let mut lcov = "SF:src/a.rs\n".to_owned();
        for line in 1..=1000 {
            let _ = writeln!(lcov, "DA:{line},{}", u32::from(line <= measured.covered));
        }
        self.sandbox.write("artifacts/coverage/lcov.info", lcov + "end_of_record\n");
        self.sandbox.write("artifacts/scan/scan.sarif", sarif(measured.findings));
        let [p95, rate] = measured.load;
        self.sandbox.write(
            "artifacts/k6-summary.json",
            format!(
                r#"{{"metrics":{{"http_req_duration":{{"type":"trend","contains":"time","values":{{"p(95)":{p95},"avg":1,"min":1,"med":1,"max":900,"p(90)":2}},"thresholds":{{"p(95)<900":{{"ok":true}}}}}},
"http_reqs":{{"type":"counter","contains":"default","values":{{"count":6000,"rate":{rate}}}}},
"http_req_failed":{{"type":"rate","contains":"default","values":{{"rate":0,"passes":0,"fails":6000}}}}}},
"options":{{"summaryTrendStats":["avg","min","med","max","p(90)","p(95)"]}},"state":{{"testRunDurationMs":60000}}}}"#
            ),
        );
        self.prometheus.figure("errors", Some(&measured.errors.to_string()));
        self.prometheus.figure("latency_p95", Some(measured.p95));
        for window in ["2592000s", "3600s", "300s"] {
            self.prometheus.figure(&format!("good:{environment}[{window}]"), Some(measured.good));
        }
        let url = self.alertmanagers[usize::from(measured.alert)].url();
        self.sandbox.set("ALERTMANAGER_URL", url);
        self.stamps(environment);
    }

    /// Whoever took the reports says what they are about.
    fn stamps(&self, environment: &str) {
        let image = format!("{IMAGE}@{NEW}");
        let of_version = ["unit/r.xml", "integration/r.xml", "e2e/r.xml", "coverage/lcov.info", "scan/scan.sarif"];
        let of_version: Vec<String> = of_version.iter().map(|file| format!("artifacts/{file}")).collect();
        let mut words = vec!["evidence", "stamp", "--image", &image];
        words.extend(of_version.iter().map(String::as_str));
        let ran = self.sandbox.promote(&words);
        assert_eq!(ran.exit, Some(0), "{}", ran.all());
        let load = ["evidence", "stamp", "--image", &image, "--env", environment, "artifacts/k6-summary.json"];
        let ran = self.sandbox.promote(&load);
        assert_eq!(ran.exit, Some(0), "{}", ran.all());
    }

    /// Walks one way: each step beyond holds, and what is met exactly is promoted and verified.
    fn walks(&mut self, (from, to): (&str, &str), measured: Measured, beyond: &[Beyond]) {
        for (row, step) in beyond {
            let mut worse = measured;
            step(&mut worse);
            self.says(&worse, from);
            let ran = self.sandbox.promote(&["validate", "--from", from, "--to", to]);
            assert_eq!(ran.exit, Some(10), "{from} → {to}, beyond {row}: {}", ran.all());
            assert!(words(&ran).contains(&format!("✗ {row}")), "{from} → {to}, {row}: {}", ran.all());
        }
        self.says(&measured, from);
        let ran = self.sandbox.promote(&["run", "--from", from, "--to", to]);
        assert_eq!(ran.exit, Some(0), "{from} → {to}: {}", ran.all());
        assert!(words(&ran).contains("PROMOTED"), "{from} → {to}: {}", ran.all());
        let path = format!("k8s/overlays/{}/kustomization.yaml", if to == "production" { "prod" } else { to });
        assert!(self.sandbox.gitops.text("main", &path).is_some_and(|text| text.contains(NEW)), "{to}");
    }
}

fn words(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sarif([critical, high]: [u32; 2]) -> String {
    let now = promote::promotion::time::Time::now();
    let result = |rule: &str, n: u32| {
        format!(
            r#"{{"ruleId":"{rule}","message":{{"text":"found"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/{n}.rs"}},"region":{{"startLine":{n}}}}}}}]}}"#
        )
    };
    let results: Vec<String> =
        (1..=critical).map(|n| result("C", n)).chain((1..=high).map(|n| result("H", n))).collect();
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"scan","rules":[{{"id":"C","properties":{{"security-severity":"9.8"}}}},{{"id":"H","properties":{{"security-severity":"7.5"}}}}]}}}},"invocations":[{{"executionSuccessful":true,"endTimeUtc":"{now}"}}],"results":[{}]}}]}}"#,
        results.join(",")
    )
}

#[test]
fn every_threshold_of_the_guide_at_equality_and_one_step_beyond() {
    let mut guide = Guide::new();
    let first = Measured {
        // What is optional warns, and holds nothing.
        fails: [false, false, true],
        covered: 700,
        findings: [0, 5],
        errors: 10_000,
        p95: "0.8",
        good: "0.9995",
        load: ["800", "100"],
        alert: false,
    };
    let of_all: [Beyond; 6] = [
        ("tests unit", |measured| measured.fails[0] = true),
        ("tests integration", |measured| measured.fails[1] = true),
        ("coverage line", |measured| measured.covered -= 1),
        ("security critical", |measured| measured.findings[0] += 1),
        ("security high", |measured| measured.findings[1] += 1),
        ("slo availability", |measured| measured.errors += 1),
    ];
    let mut beyond = of_all.to_vec();
    beyond.extend::<[Beyond; 3]>([
        ("slo error_rate", |measured| measured.errors += 1),
        ("error_budget consumption", |measured| measured.good = "0.999499"),
        ("alerts critical", |measured| measured.alert = true),
    ]);
    guide.walks(("dev", "staging"), first, &beyond);

    let second = Measured { fails: [false; 3], covered: 800, findings: [0, 0], errors: 5000, good: "0.9997", ..first };
    let mut beyond = of_all.to_vec();
    beyond.extend::<[Beyond; 6]>([
        ("tests e2e", |measured| measured.fails[2] = true),
        ("slo error_rate", |measured| measured.errors += 1),
        ("slo latency_p95", |measured| measured.p95 = "0.801"),
        ("error_budget consumption", |measured| measured.good = "0.999699"),
        ("performance p95", |measured| measured.load[0] = "800.001"),
        ("performance throughput", |measured| measured.load[1] = "99.999"),
    ]);
    guide.walks(("staging", "canary"), second, &beyond);

    let third = Measured { covered: 850, errors: 1000, good: "0.9998", ..second };
    let mut beyond = of_all.to_vec();
    beyond.extend::<[Beyond; 3]>([
        ("tests e2e", |measured| measured.fails[2] = true),
        ("slo error_rate", |measured| measured.errors += 1),
        ("error_budget consumption", |measured| measured.good = "0.999799"),
    ]);
    guide.walks(("canary", "production"), third, &beyond);
}
