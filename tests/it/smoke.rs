//! Health checks and smoke tests on the wire: what an answer must be, what one step hands to the next, and a workflow that is
//! started and awaited at GitHub.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use promote::adapters::clock::SystemClock;
use promote::adapters::github::client::{Client, ClientSettings, Credential};
use promote::adapters::github::dispatch;
use promote::adapters::health::{probe, scenario};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::Clock as _;
use promote::promotion::facts::Reading;
use promote::promotion::measures::Measure;
use promote::promotion::rules::health::{HealthCheck, SmokeWorkflow, Step, Verb};
use promote::promotion::smoked::{SmokeRun, Smoked};
use promote::promotion::time::Millis;
use tokio::runtime::Runtime;

use crate::world::canned::Canned;
use crate::world::github::{GitHub, RunSpec, Token};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn http(runtime: &Runtime) -> Http {
    Http::new(&HttpSettings::default(), runtime.handle().clone()).unwrap()
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Whether it is good, and what was seen; `None` where that could not be found out.
fn said(reading: Reading) -> (Option<bool>, String) {
    match reading {
        Reading::Observed(observation) => match observation.measure {
            Measure::Health(health) => (Some(health.ok), health.seen),
            other => panic!("not a health: {other:?}"),
        },
        Reading::Missing { why } | Reading::Unreadable { why, .. } => (None, why),
    }
}

#[test]
fn a_health_check_looks_into_the_answer() {
    let runtime = runtime();
    let body = r#"{"status":"ok","db":{"state":"down"}}"#;
    let server = Canned::by(move |_, head| {
        // Slow enough to be seen, by far.
        if head.contains("/slow") {
            std::thread::sleep(Duration::from_millis(60));
        }
        let body = if head.starts_with("HEAD") { "" } else { body };
        Canned::answer("200 OK", "content-type: application/json\r\n", body)
    });
    let base = || HealthCheck { timeout: Millis::secs(20), ..HealthCheck::of(server.url("/{environment}")) };
    let ask = |check: &HealthCheck| said(probe(&http(&runtime), check, "app", "prod", SystemClock::default().now()));
    assert_eq!(ask(&HealthCheck { json: texts(&[("status", "ok")]), ..base() }), (Some(true), "200".to_owned()));
    let bad = HealthCheck { json: texts(&[("status", "ok"), ("db.state", "up")]), ..base() };
    assert_eq!(ask(&bad), (Some(false), "200, `db.state` is `down`".to_owned()));
    let bad = HealthCheck { not_contains: Some("down".to_owned()), ..base() };
    assert_eq!(ask(&bad), (Some(false), "200 with `down` in the body".to_owned()));
    let headers = texts(&[("Accept", "application/json"), ("X-For", "{service}")]);
    assert_eq!(ask(&HealthCheck { verb: Verb::Head, headers, ..base() }).0, Some(true));
    let head = server.heads().pop().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("head /prod ") && head.contains("accept: application/json"), "{head}");
    assert!(head.contains("x-for: app"), "{head}");
    let slow = HealthCheck { url: server.url("/slow"), latency_max: Some(Millis(30)), ..base() };
    let (ok, seen) = ask(&slow);
    assert!(ok == Some(false) && seen.starts_with("200, after ") && seen.ends_with("(at most 30 ms)"), "{seen}");
    assert_eq!(ask(&HealthCheck { latency_max: Some(Millis::secs(19)), ..slow }).0, Some(true));
    let plain = HealthCheck { certificate_days_min: Some(1), ..base() };
    assert_eq!(ask(&plain).0, None, "what shows no certificate is not known to have a good one");
}

/// A shop on the wire: an order is made, read and taken away.
fn shop(order: &'static str) -> Canned {
    Canned::by(move |_, head| {
        let line = head.lines().next().unwrap_or_default();
        let json = "content-type: application/json\r\n";
        match line {
            "POST /orders?by=app HTTP/1.1" => {
                let body = r#"{"data":{"id":"a/7 ?","price":12.50}}"#;
                Canned::answer("201 Created", json, body)
            }
            "GET /orders/a%2F7%20%3F HTTP/1.1" => Canned::answer("200 OK", json, order),
            "DELETE /orders/a%2F7%20%3F HTTP/1.1" => Canned::answer("204 No Content", "", ""),
            _ => Canned::answer("404 Not Found", "", "no such thing"),
        }
    })
}

fn order(server: &Canned) -> Vec<Step> {
    let step = |check, body: Option<&str>, save: &[(&str, &str)]| Step {
        check,
        body: body.map(str::to_owned),
        save: texts(save),
    };
    let at = |verb, path: &str| HealthCheck { verb, timeout: Millis::secs(20), ..HealthCheck::of(server.url(path)) };
    vec![
        step(
            HealthCheck { status: Some(201), ..at(Verb::Post, "/orders?by={service}") },
            Some(r#"{"item": "tea", "for": "{environment}"}"#),
            &[("id", "data.id"), ("price", "data.price")],
        ),
        step(
            HealthCheck {
                json: texts(&[("data.state", "open")]),
                headers: texts(&[("X-Price", "{price}")]),
                ..at(Verb::Get, "/orders/{id}")
            },
            None,
            &[],
        ),
        step(HealthCheck { status: Some(204), ..at(Verb::Delete, "/orders/{id}") }, None, &[]),
    ]
}

#[test]
fn what_a_step_saves_later_steps_send() {
    let runtime = runtime();
    let run = |steps: &[Step]| said(scenario::run(&http(&runtime), steps, "app", "prod", SystemClock::default().now()));
    let server = shop(r#"{"data":{"state":"open"}}"#);
    assert_eq!(run(&order(&server)), (Some(true), "3 steps answered as expected".to_owned()));
    let heads = server.heads();
    assert!(heads[0].to_ascii_lowercase().contains("content-type: application/json"), "{}", heads[0]);
    assert_eq!(server.bodies()[0], r#"{"item": "tea", "for": "prod"}"#);
    assert!(heads[1].to_ascii_lowercase().contains("x-price: 12.5"), "{}", heads[1]);

    let server = shop(r#"{"data":{"state":"lost"}}"#);
    let (ok, seen) = run(&order(&server));
    assert_eq!(ok, Some(false));
    assert!(seen.starts_with("step 2, GET ") && seen.ends_with("seen 200, `data.state` is `lost`"), "{seen}");
    assert!(seen.contains("expected 200 to 299, `data.state` is `open`"), "{seen}");
    assert_eq!(server.heads().len(), 2, "the first that is not as it must be ends it");

    let mut steps = order(&server);
    steps[0].save = texts(&[("id", "data.number")]);
    let (ok, seen) = run(&steps);
    assert!(ok == Some(false) && seen.ends_with("201 without a value at `data.number`"), "{seen}");
    drop(server);
    let (ok, seen) = run(&steps);
    assert!(ok == Some(false) && seen.starts_with("step 1, POST"), "a service that is down is bad: {seen}");
    steps[0].check.url = "http://name.invalid/".to_owned();
    let (ok, seen) = run(&steps);
    assert!(ok.is_none() && seen.starts_with("step 1, POST"), "who cannot be asked is not known: {seen}");
}

const SMOKE: &str = ".github/workflows/smoke.yml";

struct Stage {
    github: GitHub,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let github = GitHub::start();
        github.repository("acme/app").commit("main", "octocat", "Release 1.20", &[("a", "1")]);
        github.repository("acme/app").workflow(SMOKE);
        Self { github, runtime: runtime() }
    }

    fn client(&self, permissions: &[(&str, &str)]) -> Client {
        let token = self.github.token(Token::workflow("acme/app", permissions));
        let settings = ClientSettings {
            api: self.github.url(),
            repository: "acme/app".to_owned(),
            credential: Credential::Token(Secret::new(&token).unwrap()),
            token_name: "GITHUB_TOKEN".to_owned(),
            patience: Duration::ZERO,
            on_secret: Arc::new(|_| {}),
        };
        Client::new(&settings, &http(&self.runtime), Arc::new(SystemClock::default())).unwrap()
    }

    fn begin(&self, client: &Client) -> SmokeRun {
        match dispatch::begin(client, &smoke(), "app", "prod") {
            Smoked::Running(run) => run,
            Smoked::Over(reading) => panic!("over: {reading:?}"),
        }
    }
}

fn smoke() -> SmokeWorkflow {
    let inputs = texts(&[("environment", "{environment}"), ("deep", "true")]);
    SmokeWorkflow { workflow: SMOKE.to_owned(), git_ref: None, inputs, timeout: Millis::mins(10) }
}

#[test]
fn a_workflow_is_started_and_awaited() {
    let stage = Stage::new();
    let client = stage.client(&[("actions", "write"), ("contents", "read")]);
    for (conclusion, ok) in [
        ("success", Some(true)),
        ("failure", Some(false)),
        ("cancelled", None),
        ("timed_out", None),
        ("skipped", None),
        ("neutral", None),
        ("action_required", None),
        ("startup_failure", None),
    ] {
        let run = stage.begin(&client);
        let id = run.id.expect("GitHub tells the run's number");
        let Smoked::Running(again) = dispatch::look(&client, &run) else { panic!("it goes on") };
        assert_eq!(again.id, Some(id));
        stage.github.finish_run(id, conclusion);
        let Smoked::Over(reading) = dispatch::look(&client, &again) else { panic!("{conclusion}: it is over") };
        let (good, seen) = said(reading);
        assert_eq!(good, ok, "{conclusion}");
        assert!(seen.contains(&format!("run {id} of {SMOKE} ended with {conclusion}: https://")), "{seen}");
    }
    let sent = stage.github.requests_matching("POST", "/dispatches");
    assert_eq!(
        sent[0].body.clone().unwrap(),
        serde_json::json!({ "ref": "main", "inputs": { "environment": "prod", "deep": "true" }, "return_run_details": true })
    );
}

#[test]
fn a_run_whose_number_was_not_told_is_found_if_it_is_the_only_one() {
    let stage = Stage::new();
    let client = stage.client(&[("actions", "write"), ("contents", "read")]);
    let dispatched = |sha: &str| RunSpec { workflow: SMOKE.to_owned(), head_sha: sha.to_owned(), ..RunSpec::default() };
    let old = stage.github.run(dispatched(""));
    let told = stage.begin(&client);
    assert_eq!(told.after, old);
    let untold = SmokeRun { id: None, page: None, ..told.clone() };
    let Smoked::Running(found) = dispatch::look(&client, &untold) else { panic!("it goes on") };
    assert_eq!(found.id, told.id);
    stage.github.run(RunSpec { event: "push".to_owned(), ..dispatched("") });
    stage.github.run(RunSpec { workflow: ".github/workflows/other.yml".to_owned(), ..dispatched("") });
    assert!(matches!(dispatch::look(&client, &untold), Smoked::Running(run) if run.id == told.id));
    stage.github.run(dispatched(""));
    let Smoked::Over(reading) = dispatch::look(&client, &untold) else { panic!("two began at once") };
    let (ok, why) = said(reading);
    assert!(ok.is_none() && why.contains("GitHub did not tell which is ours"), "{why}");
    let none = SmokeRun { after: u64::MAX, ..untold };
    assert_eq!(dispatch::look(&client, &none), Smoked::Running(none), "not shown yet");
}

#[test]
fn what_may_not_be_started_is_not_known() {
    let stage = Stage::new();
    let begun = |client: &Client, smoke: &SmokeWorkflow| match dispatch::begin(client, smoke, "app", "prod") {
        Smoked::Over(reading) => said(reading),
        Smoked::Running(run) => panic!("{run:?}"),
    };
    let (ok, why) = begun(&stage.client(&[("actions", "read"), ("contents", "read")]), &smoke());
    assert!(ok.is_none() && why.contains("actions: write"), "{why}");
    let client = stage.client(&[("actions", "write"), ("contents", "read")]);
    let (ok, why) = begun(&client, &SmokeWorkflow { git_ref: Some("gone".to_owned()), ..smoke() });
    assert!(ok.is_none() && why.contains("No ref found for: gone"), "{why}");
    let (ok, why) = begun(&client, &SmokeWorkflow { workflow: ".github/workflows/no.yml".to_owned(), ..smoke() });
    assert!(ok.is_none() && why.contains("404"), "{why}");
}
