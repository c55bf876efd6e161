//! Records that a run confirms: where the rules say `ledger: { trust: runs }`, whoever can push to the ledger opens nothing with it.

use std::time::Duration;

use serde_json::Value;

use super::stage::{GREEN, LEDGER, SRE_AND_QA, Stage};
use crate::harness::Ran;
use crate::history::forge::Forge;
use crate::world::github::{RunSpec, Token};

/// Rules for dev → staging → production whose first step is approved so, and whose records are to be confirmed.
fn rules(approvals: &str) -> String {
    format!(
        "version: 1\nservice: app\nledger: {{ trust: runs }}\nenvironments:\n  dev: {{ path: k8s/overlays/dev }}\n  \
         staging: {{ path: k8s/overlays/staging }}\n  production: {{ path: k8s/overlays/production }}\n\
         evidence:\n  unit: artifacts/unit/*.xml\npromotions:\n  - from: dev\n    to: staging\n    \
         gates: {{ tests: {{ required: [unit] }} }}\n{approvals}  - {{ from: staging, to: production }}\n"
    )
}

/// A stage where SRE and QA approved 1.20 for staging, and it is there.
fn promoted() -> Stage {
    let mut stage = Stage::with(&rules(&format!("    approvals: {SRE_AND_QA}\n")));
    stage.approved();
    let ran = stage.promote();
    stage.ends(&ran, 0, &[]);
    stage
}

/// Promotes on to production, in a run of its own.
fn go_on(stage: &mut Stage) -> Ran {
    stage.start("dana");
    stage.checkout(GREEN);
    stage.sandbox.promote(&["run", "-f", "staging", "-t", "production"])
}

/// Alters every entry of the promotion to staging.
fn alter(stage: &Stage, change: impl Fn(&mut Value)) {
    let forge = Forge::of(&stage.sandbox, LEDGER);
    let (folder, _) = forge.newest_to("staging");
    for path in forge.below(&folder) {
        let mut entry: Value = serde_json::from_str(&forge.text(&path)).unwrap();
        change(&mut entry);
        forge.put(&path, &entry.to_string());
    }
}

fn page(run: u64) -> Value {
    format!("https://github.com/acme/app/actions/runs/{run}").into()
}

#[track_caller]
fn is_not_believed(stage: &mut Stage, says: &str) {
    let ran = go_on(stage);
    stage.says(&ran, 11, &["order staging", "unconfirmed", says]);
    assert_eq!(stage.pinned_in("production"), "1.10");
}

#[test]
fn a_record_that_its_run_confirms_counts() {
    let mut stage = promoted();
    let ran = go_on(&mut stage);
    stage.says(&ran, 0, &["app 1.20 is pushed to production"]);
    assert_eq!(stage.pinned_in("production"), "1.20");
}

#[test]
fn a_record_that_no_run_wrote_does_not_count() {
    let mut stage = promoted();
    alter(&stage, |entry| drop(entry.as_object_mut().unwrap().remove("ci_run")));
    is_not_believed(&mut stage, "names no workflow run");
}

#[test]
fn a_record_that_names_a_run_of_something_else_does_not_count() {
    let mut stage = promoted();
    stage.github.repository("acme/app").branch("feature", "main");
    let other = |word: &str| word.to_owned();
    for (spec, says) in [
        (RunSpec { workflow: other(".github/workflows/ci.yml"), ..RunSpec::default() }, "it is a run of"),
        (RunSpec { head_branch: other("feature"), ..RunSpec::default() }, "it is a run of feature, not of main"),
        (RunSpec { head_repository: other("eve/app"), ..RunSpec::default() }, "its commit is of another repository"),
        (RunSpec::default(), "no job of it approved the plan"),
    ] {
        let run = stage.github.run(spec);
        alter(&stage, |entry| entry["ci_run"] = page(run));
        // It was written after that run began, as far as it says itself.
        alter(&stage, |entry| entry["at"] = "2100-01-01T00:00:00Z".into());
        is_not_believed(&mut stage, says);
    }
    alter(&stage, |entry| entry["ci_run"] = page(4711));
    is_not_believed(&mut stage, "GitHub knows no such run");
}

#[test]
fn a_record_that_claims_another_version_does_not_count() {
    let mut stage = promoted();
    // Whoever can push to both repositories puts another version there, and says that it was what was approved.
    let path = "k8s/overlays/staging/kustomization.yaml";
    let text = stage.sandbox.gitops.text("main", path).unwrap().replace("1.20", "1.30");
    stage.sandbox.gitops.commit("main", &[(path, text.as_bytes())], "Put 1.30 in staging");
    stage.pin_dev("1.30");
    let (forge, head) = (Forge::of(&stage.sandbox, LEDGER), "heads/app/staging.json");
    forge.put(head, &forge.text(head).replace("1.20", "1.30"));
    alter(&stage, |entry| *entry = serde_json::from_str(&entry.to_string().replace("1.20", "1.30")).unwrap());
    is_not_believed(&mut stage, "its plan does not follow from what it says was read");
}

#[test]
fn a_record_that_leaves_the_approvals_out_does_not_count() {
    let mut stage = promoted();
    let run = stage.github.run(RunSpec::default());
    alter(&stage, |entry| {
        entry["ci_run"] = page(run);
        entry["at"] = "2100-01-01T00:00:00Z".into();
        if entry["event"]["kind"] == "planned" {
            drop(entry["event"].as_object_mut().unwrap().remove("approvals"));
        }
    });
    is_not_believed(&mut stage, "the rules ask for approvals, and it has none");
}

#[test]
fn a_record_that_claims_approvals_by_comment_does_not_count() {
    let mut stage = promoted();
    let run = stage.github.run(RunSpec::default());
    alter(&stage, |entry| {
        entry["ci_run"] = page(run);
        entry["at"] = "2100-01-01T00:00:00Z".into();
        if entry["event"]["kind"] == "planned" {
            drop(entry["event"]["approvals"]["facts"].as_object_mut().unwrap().remove("run"));
        }
    });
    is_not_believed(&mut stage, "no job of it approved the plan");
}

#[test]
fn a_record_approved_by_words_counts_as_long_as_they_stand() {
    for is_edited in [false, true] {
        let mut stage = Stage::with(&rules(&format!("    approvals: {SRE_AND_QA}\n")));
        let may = ["actions", "contents", "issues", "pull-requests", "members"].map(|key| (key, "read"));
        let token = stage.github.token(Token::installation(&["acme/app"], &may));
        stage.sandbox.set("GITHUB_TOKEN", token);
        let issue = stage.github.repository("acme/app").issue().to_string();
        stage.start("dana");
        let ran = stage.promote_here(GREEN, &["--pull-request", &issue]);
        stage.ends(&ran, 13, &["waits for approval by sre (acme/sre-team) and qa (acme/qa-team)"]);
        let (_, rest) = ran.stdout.split_once("WAITING: plan ").unwrap();
        let words = format!("promote: approve {}", rest.split_whitespace().next().unwrap());
        stage.github.pass(Duration::from_secs(2));
        let number = issue.parse().unwrap();
        let said = ["alice", "bob"].map(|who| stage.github.repository("acme/app").comment(number, who, &words));
        let ran = stage.promote_here(GREEN, &["--pull-request", &issue]);
        stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
        if is_edited {
            stage.github.repository("acme/app").edit_comment(said[1], "promote: nothing");
            is_not_believed(&mut stage, "for qa");
        } else {
            let ran = go_on(&mut stage);
            stage.says(&ran, 0, &["app 1.20 is pushed to production"]);
        }
    }
}

#[test]
fn a_record_whose_approving_job_was_refused_does_not_count() {
    let mut stage = promoted();
    let run = stage.github.run(RunSpec::default());
    let digest = stage.entries("planned")[0]["event"]["plan"]["digest"].as_str().unwrap()[..12].to_owned();
    for role in ["sre", "qa"] {
        stage.github.job(run, &format!("approve {role} {digest}"), Some(&format!("staging-approval-{role}")));
        stage.github.review(run, &[&format!("staging-approval-{role}")], "carol", "rejected", "no").unwrap();
    }
    alter(&stage, |entry| {
        entry["ci_run"] = page(run);
        entry["at"] = "2100-01-01T00:00:00Z".into();
    });
    is_not_believed(&mut stage, "no job of it approved the plan");
}
