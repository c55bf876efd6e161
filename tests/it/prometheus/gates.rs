//! Gates and conditions on service levels, with the real binary.

use crate::harness::{RULES, Ran, Sandbox};
use crate::world::canned::Canned;
use crate::world::prometheus::Prometheus;

const DEV: &str = "images:\n  - name: app\n    newTag: \"1.20\"\n";
const STAGING: &str = "images:\n  - name: app\n    newTag: \"1.10\"\n";

/// A promotion dev → staging whose gates are on the service levels of dev.
fn sandbox(prometheus: &Prometheus, gates: &str) -> Sandbox {
    let overlay = |name: &str| format!("k8s/overlays/{name}/kustomization.yaml");
    let mut sandbox = Sandbox::new(&[(&overlay("dev"), DEV), (&overlay("staging"), STAGING)]);
    sandbox.write(
        RULES,
        format!(
            "version: 1\nservice: app\nenvironments:\n  dev: {{ path: k8s/overlays/dev }}\n  staging: {{ path: k8s/overlays/staging }}\n\
             evidence:\n  slo: {{ prometheus: {{ window: 30d, objective: 99.9%, selector: 'service=\"{{service}}\",env=\"{{environment}}\"' }} }}\n\
             promotions:\n  - from: dev\n    to: staging\n    gates:\n{gates}"
        ),
    );
    sandbox.set("PROMETHEUS_URL", prometheus.url());
    sandbox.call(prometheus.url(), "http://<prometheus>");
    sandbox
}

fn validate(sandbox: &Sandbox) -> Ran {
    sandbox.promote(&["validate", "-f", "dev", "-t", "staging"])
}

#[track_caller]
fn ends(ran: &Ran, exit: i32, parts: &[&str]) {
    let all = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.exit, Some(exit), "{}", ran.all());
    for part in parts {
        assert!(all.contains(part), "not there: {part}\n{}", ran.all());
    }
}

#[test]
fn gates_are_judged_at_their_limits() {
    let prometheus = Prometheus::start();
    let gates = "      slo: { availability_min: 99.95%, error_rate_max: 0.05%, latency_p95_max: 200ms }\n      \
                 error_budget: { from: [slo], consumption_max: 50%, burn_rate_max: 0.5, burn_rates: [{ long: 6h, short: 30m, max: 0.5 }] }\n";
    let sandbox = sandbox(&prometheus, gates);
    let met = validate(&sandbox);
    ends(
        &met,
        0,
        &[
            "✓ slo availability ≥ 99.95 % 99.95 % slo@dev: 30 d to",
            "✓ slo latency_p95 ≤ 200 ms 200 ms",
            "✓ error_budget consumption ≤ 50 % 50 %",
            "✓ error_budget burn_rate ≤ 0.5 0.5",
            "✓ error_budget burn_rate@6h/30m ≤ 0.5 0.5",
        ],
    );
    prometheus.figure("errors", Some("500.01"));
    let beyond = validate(&sandbox);
    ends(
        &beyond,
        10,
        &[
            "✗ slo availability ≥ 99.95 % 99.94 %",
            "✗ slo error_rate ≤ 0.05 % 0.06 %",
            "✗ error_budget consumption ≤ 50 % 50.01 %",
            "✗ error_budget burn_rate@6h/30m ≤ 0.5 0.51",
        ],
    );
    prometheus.tells("", &Canned::answer("422 Unprocessable Entity", "", ""));
    ends(&validate(&sandbox), 11, &["? slo availability ≥ 99.95 % unreadable slo@dev", "answered 422"]);
}

#[test]
fn conditions_need_no_gate() {
    let prometheus = Prometheus::start();
    let all = |consumption: &str| {
        format!(
            "      conditions:\n        all:\n          - {{ field: metrics.error_rate, op: lte, value: 0.0005 }}\n          \
             - {{ field: slo.availability, op: gte, value: 99.95% }}\n          \
             - {{ field: error_budget.consumption, op: lt, value: {consumption} }}\n          \
             - {{ field: error_budget.burn_rate@6h/30m, op: lte, value: 0.5 }}\n"
        )
    };
    ends(&validate(&sandbox(&prometheus, &all("120%"))), 0, &["slo.error_rate", "slo.burn_rate@6h/30m"]);
    ends(&validate(&sandbox(&prometheus, &all("50%"))), 10, &["slo.consumption"]);
    let none = "      conditions: { field: alerts.critical, op: eq, value: 0 }\n";
    ends(
        &validate(&sandbox(&prometheus, none)),
        3,
        &["`alerts.critical` speaks of evidence that the file does not have"],
    );
    let two = sandbox(&prometheus, &all("50%"));
    let text = std::fs::read_to_string(two.work().join(RULES)).unwrap();
    let other = "  other: { prometheus: { window: 1h, selector: 'a=\"{environment}\"' } }\npromotions:";
    two.write(RULES, text.replace("promotions:", other));
    ends(&validate(&two), 3, &["`metrics.error_rate` may mean any of other and slo", "name one: other.error_rate"]);
    let pair = "      conditions: { field: slo.burn_rate@5m/1h, op: lte, value: 1 }\n";
    ends(&validate(&sandbox(&prometheus, pair)), 3, &["`@5m/1h` is no pair of windows"]);
}

#[test]
fn a_run_without_a_server_says_what_to_set() {
    let prometheus = Prometheus::start();
    let mut sandbox = sandbox(&prometheus, "      slo: { availability_min: 99% }\n");
    sandbox.set("PROMETHEUS_HEADERS", "X-Scope-OrgID hunter2");
    let ran = validate(&sandbox);
    ends(&ran, 11, &["line 1 is not `Name: value`"]);
    assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    sandbox.unset("PROMETHEUS_HEADERS");
    sandbox.unset("PROMETHEUS_URL");
    ends(&validate(&sandbox), 11, &["set PROMETHEUS_URL"]);
    let doctor = sandbox.promote(&["doctor"]).all();
    assert!(doctor.contains("slo of dev") && doctor.contains("set PROMETHEUS_URL"), "{doctor}");
}
