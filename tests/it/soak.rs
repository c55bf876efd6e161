//! Soaks with the real binary: a promotion that would end one says so, or holds, or goes on by name; and what Argo CD's history
//! tells of a version that no record knows.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{RULES, Ran, Sandbox};
use crate::order::{by_hand, ends, pinned, stage};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;

const VERIFY: &str = "    verify: { settle: 1s, timeout: 1m, grace: 1s }\n";

/// dev → staging → production, where Argo CD runs staging and production waits for a soak there.
fn soaking(soak: &str) -> Sandbox {
    let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], VERIFY);
    let text = std::fs::read_to_string(sandbox.work().join(RULES)).unwrap();
    let text = text.replace("overlays/staging }", "overlays/staging, argocd: app-staging }");
    let (first, second) = text.split_once("  - from: staging").unwrap();
    let second = second.replace("gates: { tests:", &format!("gates: {{ soak: {soak}, tests:"));
    sandbox.write(RULES, format!("{first}  - from: staging{second}"));
    let spec = AppSpec::deploying("app-staging", &sandbox.gitops.path(), "main", "k8s/overlays/staging");
    sandbox.argo(ArgoBuilder::new().step(1500).app(spec));
    ends(&to_staging(&sandbox, "run", &[]), 0, &["PROMOTED"]);
    by_hand(&sandbox, "dev", "1.21");
    sandbox
}

fn to_staging(sandbox: &Sandbox, command: &str, more: &[&str]) -> Ran {
    sandbox.promote(&[&[command, "--from", "dev", "--to", "staging"], more].concat())
}

#[test]
fn a_plan_warns_of_the_soak_that_it_would_begin_anew() {
    let sandbox = soaking("{ min: 2h }");
    let held = sandbox.promote(&["validate", "--from", "staging", "--to", "production"]);
    ends(&held, 13, &["soak min", "only time is lacking, not before"]);
    let planned = to_staging(&sandbox, "plan", &[]);
    ends(&planned, 0, &["! soak staging", "staging soaks app 1.20 for production", "this promotion ends that"]);
    ends(&to_staging(&sandbox, "run", &[]), 0, &["PROMOTED"]);
    assert!(pinned(&sandbox, "staging", "1.21"));
}

#[test]
fn nothing_is_said_of_a_soak_that_is_over_or_went_on() {
    let over = soaking("{ min: 1s }");
    let planned = to_staging(&over, "plan", &[]);
    ends(&planned, 0, &[]);
    assert!(!planned.all().contains("soak staging"), "{}", planned.all());
    ends(&over.promote(&["run", "--from", "staging", "--to", "production"]), 0, &[]);
    // It is in production: a longer soak has nothing to wait for any more.
    let text = std::fs::read_to_string(over.work().join(RULES)).unwrap();
    over.write(RULES, text.replace("min: 1s }, tests", "min: 9h }, tests"));
    let planned = to_staging(&over, "plan", &[]);
    assert!(!planned.all().contains("soak staging"), "{}", planned.all());
}

#[test]
fn a_protected_soak_holds_until_somebody_goes_on_by_name() {
    let sandbox = soaking("{ min: 2h, protect: true }");
    let held = to_staging(&sandbox, "run", &[]);
    ends(&held, 13, &["✗ soak staging", "and the rules protect that", "not before", "--replace --reason"]);
    assert!(pinned(&sandbox, "staging", "1.20"));
    let bare = to_staging(&sandbox, "run", &["--replace"]);
    ends(&bare, 3, &["promote run --from dev --to staging --replace --reason \"…\""]);
    let listed = sandbox.promote(&["list", "--bypassed"]);
    ends(&listed, 0, &["No promotion that bypassed"]);

    let gone_on = to_staging(&sandbox, "run", &["--replace", "--reason", "1.20 leaks"]);
    ends(&gone_on, 0, &["PROMOTED"]);
    assert!(pinned(&sandbox, "staging", "1.21"));
    let listed = sandbox.promote(&["list", "--bypassed", "--json"]);
    let document: Value = serde_json::from_str(&listed.stdout).unwrap();
    let rows = document["promotions"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["bypassed"]), (1, &serde_json::json!(["soak"])), "{document}");
    let id = rows[0]["promotion_id"].as_str().unwrap();
    let shown = sandbox.promote(&["show", id, "--json"]);
    let record: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(record["facts"]["replaced"], serde_json::json!({ "by": "dana", "reason": "1.20 leaks" }));
    let waived = record["report"]["rows"].as_array().unwrap().iter().find(|row| row["id"] == "soak.staging").unwrap();
    assert_eq!(waived["mark"], "waived", "{waived}");
    ends(&sandbox.promote(&["bundle", id]), 0, &[]);
    ends(&sandbox.promote(&["replay", id]), 0, &[]);
    ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
}

/// dev → staging, where Argo CD runs dev and no record knows what is pinned there.
fn unrecorded(soak: &str) -> Sandbox {
    let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let text = std::fs::read_to_string(sandbox.work().join(RULES)).unwrap();
    let text = text.replace("overlays/dev }", "overlays/dev, argocd: app-dev }");
    sandbox.write(RULES, text.replace("gates: { tests:", &format!("gates: {{ soak: {soak}, tests:")));
    let spec = AppSpec::deploying("app-dev", &sandbox.gitops.path(), "main", "k8s/overlays/dev");
    sandbox.argo(ArgoBuilder::new().app(spec));
    sandbox
}

#[test]
fn argo_cd_tells_since_when_where_no_record_does() {
    let records = unrecorded("{ min: 1h }");
    ends(&to_staging(&records, "validate", &[]), 11, &["? soak min", "no verified promotion of this version"]);
    let asked = unrecorded("{ min: 1h, since: argocd }");
    let early = to_staging(&asked, "validate", &[]);
    ends(&early, 13, &["soak min", "≥ 1 h", "deployed by app-dev, no record"]);
    asked.argo_cd().unwrap().pass(Duration::from_secs(3600));
    ends(&to_staging(&asked, "validate", &[]), 0, &["✓ soak min", "deployed by app-dev, no record"]);
    // Another version begins at zero: its commit was never deployed.
    by_hand(&asked, "dev", "1.21");
    let other = to_staging(&asked, "validate", &[]);
    ends(&other, 10, &["? soak min", "app-dev has not deployed this version"]);
}
