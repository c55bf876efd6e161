//! A hotfix with the real binary: taken by name only, by two people, recorded as what it is, and reviewed by somebody else.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::approvals::stage::{SRE_AND_QA, Stage};
use crate::harness::{RULES, Ran};

const ENVIRONMENTS: [&str; 4] = ["dev", "lab", "staging", "live"];
const SAID: [&str; 5] = ["--hotfix", "--skip", "lab", "--reason", "the login is down"];

/// Rules whose ordinary way leads over four environments, with a hotfix past the second.
fn rules() -> String {
    let mut text = "version: 1\nservice: app\nenvironments:\n".to_owned();
    for name in ENVIRONMENTS {
        let _ = writeln!(text, "  {name}: {{ path: k8s/overlays/{name} }}");
    }
    text += "evidence:\n  unit: artifacts/unit/*.xml\npromotions:\n";
    for pair in ENVIRONMENTS.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let _ = writeln!(text, "  - {{ from: {from}, to: {to}, gates: {{ tests: {{ required: [unit] }} }} }}");
    }
    let _ = writeln!(
        text,
        "  - from: dev\n    to: staging\n    hotfix: {{ skips: [lab] }}\n    gates: {{ tests: {{ required: [unit] }} }}\n    approvals: {SRE_AND_QA}"
    );
    text
}

fn stage() -> Stage {
    let stage = Stage::with(&rules());
    let overlay = stage.sandbox.gitops.text("main", "k8s/overlays/staging/kustomization.yaml").unwrap();
    for name in ["lab", "live"] {
        let path = format!("k8s/overlays/{name}/kustomization.yaml");
        stage.sandbox.gitops.commit("main", &[(path.as_str(), overlay.as_bytes())], &format!("Add {name}"));
    }
    stage.checkout(crate::approvals::stage::GREEN);
    stage
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|fault| panic!("{fault}: {}", ran.all()))
}

#[test]
fn whoever_takes_it_says_aloud_what_is_skipped_and_why() {
    let mut stage = stage();
    stage.start("dana");
    let whole = |command: &str| format!("promote {command} --hotfix --from dev --to staging --skip lab --reason \"…\"");
    let way = ["-f", "dev", "-t", "staging"];
    for (args, says) in [
        (vec!["run", "-f", "dev", "-t", "staging"], "dev → staging is a hotfix, and is taken as one only"),
        (vec!["plan", "--hotfix", "--reason", "x"], "a hotfix names all that it skips"),
        (
            vec!["run", "--hotfix", "--skip", "lab", "--skip", "live", "--reason", "x"],
            "a hotfix names all that it skips",
        ),
        (vec!["validate", "--skip", "lab", "--reason", "x"], "--skip is given without --hotfix"),
        (vec!["request", "--hotfix", "--skip", "lab"], "a hotfix needs its reason"),
        (vec!["run", "--hotfix", "--skip", "lab", "--from", "lab", "--reason", "x"], "the rules have no such hotfix"),
    ] {
        let ran = stage.sandbox.promote(&args);
        let lower = says.to_lowercase();
        assert_eq!(ran.exit, Some(2), "{args:?} {}", ran.all());
        let said = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.to_lowercase().contains(&lower) && said.contains(&whole(args[0])), "{args:?} {said}");
    }
    let auto = stage.sandbox.promote(&["check-auto", "--json"]);
    let said = document(&auto);
    let asked = said["promotions"].as_array().unwrap();
    assert!(asked.len() == 3 && asked.iter().all(|one| one["from"] != "dev" || one["to"] != "staging"), "{said}");

    let judged = stage.sandbox.promote(&[&["validate"], &way[..], &SAID[..]].concat());
    let rows = ["✓ order dev pinned pinned", "order lab", "skipped by a hotfix: the login is down"];
    stage.says(&judged, 0, &rows);
    assert_eq!(stage.pinned(), "1.10");
}

#[test]
fn it_is_recorded_as_one_and_reviewed_by_somebody_else() {
    let mut stage = stage();
    for (name, value) in [("PROMOTE_HOTFIX", "true"), ("PROMOTE_SKIP", "lab"), ("REASON", "the login is down")] {
        stage.sandbox.set(name, value);
    }
    let run = stage.start("dana");
    let told = stage.plan(run);
    stage.review(run, "sre", "alice");
    let one = stage.promote();
    stage.ends_planned(&one, 13, &["waits for approval by qa"]);
    stage.review(run, "qa", "bob");
    let ran = stage.promote();
    stage.ends(&ran, 0, &["it was a hotfix, and somebody else reviews it: promote review"]);
    let (_, summary) = stage.sandbox.told_github();
    assert!(summary.contains("**HOTFIX**: skips lab: the login is down"), "{summary}");
    let requested = stage.entries("requested")[0].clone();
    assert_eq!(requested["event"]["bypassed"], json!(["hotfix"]), "{requested}");
    assert_eq!(requested["event"]["hotfix"], json!({ "skips": ["lab"] }));
    let planned = stage.entries("planned")[0].clone();
    assert_eq!(planned["event"]["plan"]["digest"].as_str(), Some(told["plan-digest"].as_str()));
    let id = requested["id"].as_str().unwrap().to_owned();
    let message = &stage.sandbox.gitops.log("main")[0].message;
    assert!(message.contains("Hotfix-Skips: lab"), "{message}");

    for name in ["PROMOTE_HOTFIX", "PROMOTE_SKIP", "REASON"] {
        stage.sandbox.unset(name);
    }
    let shown = stage.sandbox.promote(&["show", &id]);
    stage.says(&shown, 0, &["HOTFIX skips lab: the login is down", "bypassed hotfix"]);
    stage.says(&stage.sandbox.promote(&["list", "--bypassed"]), 0, &[&id[..8], "review open"]);
    reviewed(&mut stage, &id);

    // What was skipped is still to come for whatever goes the ordinary way.
    stage.checkout(crate::approvals::stage::GREEN);
    let onward = stage.sandbox.promote(&["validate", "-f", "staging", "-t", "live"]);
    stage.says(&onward, 10, &["✗ order lab", "no record"]);
}

fn reviewed(stage: &mut Stage, id: &str) {
    let open = |stage: &Stage| document(&stage.sandbox.promote(&["list", "--json"]))["reviews"].clone();
    let reviews = open(stage);
    assert_eq!(reviews[0]["promotion"], json!(id), "{reviews}");
    assert_eq!((&reviews[0]["by"], &reviews[0]["skips"]), (&json!("dana"), &json!(["lab"])));
    let without = stage.sandbox.promote(&["review", &id[..8]]);
    stage.says(&without, 2, &["A review says what came of it", "--reason"]);
    let own = stage.sandbox.promote(&["review", id, "--reason", "fine"]);
    stage.says(&own, 2, &["is not reviewed by who asked for it, and dana did"]);
    assert_eq!(open(stage), reviews);
    stage.start("alice");
    let given = stage.sandbox.promote(&["review", id, "--reason", "cause found, test added"]);
    stage.says(&given, 0, &["RECORDED", "it skipped lab, and was asked for by dana"]);
    assert_eq!(open(stage), json!([]));
    stage.says(&stage.sandbox.promote(&["review", id, "--reason", "again"]), 0, &["has been reviewed already"]);
    stage.says(&stage.sandbox.promote(&["history", "verify"]), 0, &[]);
}

#[test]
fn what_was_asked_for_as_an_ordinary_promotion_is_not_carried_out_as_a_hotfix() {
    let mut stage = stage();
    stage.start("dana");
    let ordinary = rules().replace("    hotfix: { skips: [lab] }\n", "");
    stage.github.repository("acme/app").commit("main", "octocat", "Rules", &[(RULES, &ordinary)]);
    stage.sandbox.write(RULES, &ordinary);
    let asked = stage.sandbox.promote(&["request", "-f", "dev", "-t", "staging"]);
    stage.says(&asked, 0, &["RECORDED"]);
    let id = stage.entries("requested")[0]["id"].as_str().unwrap().to_owned();
    stage.github.repository("acme/app").commit("main", "octocat", "Rules", &[(RULES, &rules())]);
    stage.sandbox.write(RULES, rules());
    for more in [vec![], SAID.to_vec()] {
        let ran = stage.sandbox.promote(&[&["execute", id.as_str()], &more[..]].concat());
        stage.says(&ran, 2, &["was asked for as no hotfix", "promote cancel", "nothing was read or written"]);
    }
    assert_eq!(stage.pinned(), "1.10");
}
