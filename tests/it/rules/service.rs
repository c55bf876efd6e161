//! What is asked of a service itself, and which alerts are its own: what the rules mean, and what is a fault.

use std::collections::BTreeMap;

use promote::promotion::rules::fault::render;
use promote::promotion::rules::health::{HealthCheck, Smoke, SmokeDoes, SmokeWorkflow, Step, Verb};
use promote::promotion::time::Millis;

use super::{bad, good, promotion, with};

const WHOLE: &str = "verify:
  health:
    - url: https://h/{service}
      method: get
      status: 204
      contains: up
      not_contains: panic
      json: { status: ok, dbState.lag: 1.5, checks.0.ok: true }
      latency_max: 500ms
      certificate_days_min: 14
      headers: { Accept: application/json, X-Api-Version: 2 }
      timeout: 2s
    - { url: 'http://h/', method: head }
  smoke:
    - name: order
      steps:
        - post: https://h/orders
          body: '{\"for\": \"{environment}\"}'
          status: 201
          save: { order_id: data.id }
        - { get: 'https://h/orders/{order_id}', json: { data.id: '{order_id}' }, headers: { X-Order: '{order_id}' } }
        - { delete: 'https://h/orders/{order_id}', timeout: 1m, latency_max: 30s }
    - { workflow: .github/workflows/smoke.yml, ref: release, inputs: { environment: '{environment}', deep: true }, timeout: 5m }
    - { name: other, workflow: .github/workflows/other.yaml }
";

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_form_means_what_it_says() {
    let verify = promotion(WHOLE).verify;
    assert_eq!(
        verify.health,
        [
            HealthCheck {
                status: Some(204),
                contains: Some("up".to_owned()),
                not_contains: Some("panic".to_owned()),
                json: texts(&[("status", "ok"), ("dbState.lag", "1.5"), ("checks.0.ok", "true")]),
                latency_max: Some(Millis(500)),
                certificate_days_min: Some(14),
                headers: texts(&[("Accept", "application/json"), ("X-Api-Version", "2")]),
                timeout: Millis::secs(2),
                ..HealthCheck::of("https://h/{service}")
            },
            HealthCheck { verb: Verb::Head, ..HealthCheck::of("http://h/") },
        ]
    );
    let step = |check, body: Option<&str>, save: &[(&str, &str)]| Step {
        check,
        body: body.map(str::to_owned),
        save: texts(save),
    };
    let order = || HealthCheck::of("https://h/orders/{order_id}");
    let steps = vec![
        step(
            HealthCheck { verb: Verb::Post, status: Some(201), ..HealthCheck::of("https://h/orders") },
            Some("{\"for\": \"{environment}\"}"),
            &[("order_id", "data.id")],
        ),
        step(
            HealthCheck {
                json: texts(&[("data.id", "{order_id}")]),
                headers: texts(&[("X-Order", "{order_id}")]),
                ..order()
            },
            None,
            &[],
        ),
        step(
            HealthCheck {
                verb: Verb::Delete,
                timeout: Millis::mins(1),
                latency_max: Some(Millis::secs(30)),
                ..order()
            },
            None,
            &[],
        ),
    ];
    let workflow = |name: &str, file: &str, git_ref: Option<&str>, inputs: &[(&str, &str)], timeout| Smoke {
        name: name.to_owned(),
        does: SmokeDoes::Workflow(SmokeWorkflow {
            workflow: file.to_owned(),
            git_ref: git_ref.map(str::to_owned),
            inputs: texts(inputs),
            timeout,
        }),
    };
    let (smoke, other) = (".github/workflows/smoke.yml", ".github/workflows/other.yaml");
    let inputs = [("environment", "{environment}"), ("deep", "true")];
    assert_eq!(
        verify.smoke,
        [
            Smoke { name: "order".to_owned(), does: SmokeDoes::Steps(steps) },
            workflow(smoke, smoke, Some("release"), &inputs, Millis::mins(5)),
            workflow("other", other, None, &[], Millis::mins(10)),
        ]
    );
}

#[test]
fn a_workflow_takes_no_longer_than_all_of_it() {
    let short = promotion("verify: { timeout: 3m, smoke: [{ workflow: .github/workflows/smoke.yml }] }").verify;
    let SmokeDoes::Workflow(workflow) = &short.smoke[0].does else { panic!("{short:?}") };
    assert_eq!(workflow.timeout, Millis::mins(3));
}

#[test]
fn a_plan_of_old_stays_what_it_was() {
    let verify = promotion("verify: { health: [{ url: 'https://h/', status: 200, contains: ok }] }").verify;
    let text = serde_json::to_string(&verify.health[0]).unwrap();
    assert_eq!(text, r#"{"url":"https://h/","status":200,"contains":"ok","timeout":10000}"#);
}

/// What stands under `verify`, a part of the one fault, and a part of the help.
const FAULTS: &[(&str, &str, &str)] = &[
    ("health: [{ url: 'https://h/', method: post }]", "`post` cannot be `method`", "get"),
    ("health: [{ url: 'https://h/', method: head, contains: ok }]", "HEAD has no body", "method: get"),
    ("health: [{ url: 'http://h/', certificate_days_min: 14 }]", "without https://", "remove"),
    ("health: [{ url: 'https://h/', certificate_days_min: 0 }]", "`0` cannot be `certificate_days_min`", "such as 14"),
    ("health: [{ url: 'https://h/', latency_max: 10s }]", "is not less than `timeout` (10 s)", "longer"),
    ("health: [{ url: 'https://h/', latency_max: 500 }]", "`500` cannot be `latency_max`", "write the unit"),
    ("health: [{ url: 'https://h/', contains: '' }]", "empty text", "remove"),
    ("health: [{ url: 'https://h/', json: { a..b: 1 } }]", "is not a path into JSON", "dots"),
    ("health: [{ url: 'https://h/', json: { a: [1] } }]", "`a` must be", ""),
    ("health: [{ url: 'https://h/', headers: { 'a b': c } }]", "not the name of a header", "Accept"),
    ("smoke: [{ name: a }]", "neither `steps` nor `workflow`", "steps:"),
    (
        "smoke: [{ name: a, steps: [{ get: 'https://h/' }], workflow: .github/workflows/a.yml }]",
        "both `steps`",
        "steps:",
    ),
    ("smoke: [{ steps: [{ get: 'https://h/' }] }]", "needs `name`", "name:"),
    ("smoke: [{ name: a, steps: [] }]", "tests nothing", "get"),
    ("smoke: [{ name: a, ref: main, steps: [{ get: 'https://h/' }] }]", "`ref` belongs to a workflow", "remove `ref`"),
    ("smoke: [{ name: a, steps: [{ status: 200 }] }]", "exactly one of", "- get:"),
    ("smoke: [{ name: a, steps: [{ get: 'https://h/', post: 'https://h/' }] }]", "exactly one of", "- get:"),
    ("smoke: [{ name: a, steps: [{ get: 'https://h/{id}' }] }]", "unknown placeholder `{id}`", "`{environment}`"),
    (
        "smoke: [{ name: a, steps: [{ get: 'https://h/{id}', save: { id: x } }] }]",
        "unknown placeholder `{id}`",
        "`{environment}`",
    ),
    (
        "smoke: [{ name: a, steps: [{ get: 'https://h/', save: { id: x } }, { get: 'https://h/{di}' }] }]",
        "unknown placeholder `{di}`",
        "`{id}`",
    ),
    ("smoke: [{ name: a, steps: [{ get: 'https://h/', save: { service: x } }] }]", "cannot name what is saved", "a-z"),
    ("smoke: [{ name: a, steps: [{ get: 'https://h/', save: { id: '.x' } }] }]", "not a path into JSON", "dots"),
    ("smoke: [{ name: a, steps: [{ get: 'https://h/', body: x }] }]", "GET carries no body", "post:"),
    ("smoke: [{ workflow: smoke.yml }]", "not the path of a workflow", ".github/workflows/smoke.yml"),
    ("smoke: [{ workflow: .github/workflows/a.yml, timeout: 16m }]", "does not fit", "verify.timeout"),
    ("smoke: [{ workflow: .github/workflows/a.yml, inputs: { v: '{version}' } }]", "unknown placeholder", "{service}"),
    (
        "smoke: [{ workflow: .github/workflows/a.yml }, { workflow: .github/workflows/a.yml }]",
        "two smoke tests are named",
        "name:",
    ),
];

#[test]
fn what_cannot_be_meant_is_one_fault_with_what_to_write() {
    for (body, message, help) in FAULTS {
        let faults = bad(&with(&format!("verify: {{ {body} }}")));
        assert_eq!(faults.len(), 1, "{body}:\n{}", render(&faults));
        let said = faults[0].help.clone().unwrap_or_default();
        assert!(faults[0].message.contains(message) && said.contains(help), "{body}:\n{}", render(&faults));
        assert_eq!(faults[0].at.line, 15, "{body}");
    }
    let text = with("verify: { smoke: [{ workflow: .github/workflows/a.yml }] }").replace(", argocd: app-staging", "");
    assert!(render(&bad(&text)).contains("`smoke` is checked once the new version is live, and `staging` has no"));
}

#[test]
fn the_rules_hold_no_login() {
    for header in ["Authorization", "cookie", "X-Auth-Token", "x-api-key", "Proxy-Authorization"] {
        let body = format!("verify: {{ health: [{{ url: 'https://h/', headers: {{ {header}: hunter2 }} }}] }}");
        let shown = render(&bad(&with(&body)));
        assert!(shown.contains("the rules hold no secret") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_matcher_that_cannot_be_is_found_before_anybody_is_asked() {
    let of = |kind: &str, matcher: &str| {
        with("gates: { alerts: { critical_max: 0 } }").replace(
            "  slo: {",
            &format!("  alerts: {{ {kind}: {{ matchers: ['env=\"{{environment}}\"', {matcher}] }} }}\n  slo: {{"),
        )
    };
    for kind in ["alertmanager", "prometheus_alerts"] {
        for (matcher, part) in [
            ("'service=\"app\"'", ""),
            ("'service=~\"app(\"'", "its regular expression cannot be read"),
            ("service", "one of = != =~ !~ is wanted"),
            ("'{service=\"app\"}'", "braces are left out"),
            ("'service=\"{version}\"'", "unknown placeholder `{version}`"),
        ] {
            let text = of(kind, matcher);
            if part.is_empty() {
                good(&text);
                continue;
            }
            let faults = bad(&text);
            assert_eq!(faults.len(), 1, "{}", render(&faults));
            assert!(faults[0].message.contains(part) && faults[0].at.line == 11, "{}", render(&faults));
        }
    }
}
