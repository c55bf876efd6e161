//! `--wait-evidence`: a run that a push started waits for its version and its evidence, unless a newer push takes its place.

use crate::approvals::stage::{GREEN, Stage, rules};
use crate::harness::RULES;

const PLAN: [&str; 6] = ["plan", "-f", "dev", "-t", "staging", "--wait-evidence"];

/// A run for the commit at the tip of the default branch, whose evidence is not there yet.
fn early() -> Stage {
    let mut stage = Stage::with(&rules(""));
    stage.start("dana");
    stage.sandbox.set("GITHUB_REF", "refs/heads/main");
    stage.sandbox.write(RULES, rules(""));
    stage
}

#[test]
fn evidence_that_comes_in_time_is_judged() {
    let stage = early();
    let path = stage.sandbox.work().join("artifacts/unit/a.xml");
    // After the rules (two requests) it asks whether there was a newer push: the first look has found nothing by then.
    stage.github.on_request(3, move || {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, GREEN).unwrap();
    });
    let ran = stage.sandbox.promote(&[&PLAN[..], &["4s"]].concat());
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(ran.stdout.contains("waiting") && ran.stdout.contains("tests.unit: evidence"), "{}", ran.all());
}

#[test]
fn evidence_that_does_not_come_is_missing() {
    let stage = early();
    let ran = stage.sandbox.promote(&[&PLAN[..], &["1s"]].concat());
    assert_eq!(ran.exit, Some(11), "{}", ran.all());
    assert!(ran.stdout.contains("no report"), "{}", ran.all());
}

#[test]
fn a_newer_push_takes_the_place_of_a_run_that_waits() {
    let stage = early();
    stage.github.repository("acme/app").commit("main", "octocat", "Newer", &[("a", "2")]);
    let ran = stage.sandbox.promote(&[&PLAN[..], &["30m"]].concat());
    assert_eq!(ran.exit, Some(14), "{}", ran.all());
    assert!(ran.stdout.contains("SUPERSEDED: a newer push has taken this run's place"), "{}", ran.all());
}
