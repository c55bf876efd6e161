//! Rules files, read whole.

mod design;
mod disk;
mod faults;
mod forms;
mod github;
mod laws;
mod service;

use promote::promotion::rules::fault::{RulesFault, render};
use promote::promotion::rules::read::read;
use promote::promotion::rules::{Promotion, Rules};

/// The path that faults are shown with.
const PATH: &str = "promotion/promotion-rules.yaml";

/// A file of `fixtures/rules/`.
fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/rules/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rules of a text that has no fault.
fn good(text: &str) -> Rules {
    read(PATH, text).unwrap_or_else(|faults| panic!("{}\nin\n{text}", render(&faults)))
}

/// The faults of a text that has some.
fn bad(text: &str) -> Vec<RulesFault> {
    read(PATH, text).expect_err(&format!("this has no fault:\n{text}"))
}

/// A small whole file, with a promotion whose body is given, each line indented by four spaces.
fn with(body: &str) -> String {
    let body: Vec<String> = body.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "version: 1
service: app
environments:
  dev: {{ path: k8s/dev }}
  staging: {{ path: k8s/staging, argocd: app-staging }}
evidence:
  unit: unit/*.xml
  e2e: {{ files: [e2e/a.xml, e2e/b.xml], format: junit, max_age: 24h }}
  coverage: coverage/*
  security: scan/*.sarif
  slo: {{ prometheus: {{ window: 30d, objective: 99.9%, selector: 'env=\"{{environment}}\"' }} }}
promotions:
  - from: dev
    to: staging
{}",
        body.concat()
    )
}

/// The promotion of [`with`].
fn promotion(body: &str) -> Promotion {
    good(&with(body)).promotions.remove(0)
}

/// What is not built, of a promotion.
fn not_built(promotion: &Promotion) -> Vec<&str> {
    promotion.not_built.iter().map(|part| part.part.as_str()).collect()
}

/// The ids of a promotion's gates.
fn gate_ids(promotion: &Promotion) -> Vec<&str> {
    promotion.gates.iter().map(|gate| gate.id.as_str()).collect()
}
