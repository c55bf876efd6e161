//! Promotions that go by themselves, with the real binary: `check-auto`, and `run --auto`.

use serde_json::Value;

use crate::harness::{RULES, Sandbox};
use crate::order::{by_hand, ends, pinned, rules, stage};

const AUTO: &str = "    auto_promote: true\n";
const BAD: &str =
    "<testsuite name='unit'><testcase classname='a' name='b'><failure message='no'/></testcase></testsuite>";

fn three() -> Sandbox {
    stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], AUTO)
}

/// Nothing is written: no commit, no file.
fn untouched(sandbox: &Sandbox, command: &[&str], exit: i32, words: &[&str]) {
    let (files, tip) = (sandbox.files(), sandbox.gitops.tip("main"));
    ends(&sandbox.promote(command), exit, words);
    assert_eq!(sandbox.gitops.tip("main"), tip, "{command:?} wrote to the repository");
    let records = |files: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        files
            .keys()
            .filter(|path| !path.components().any(|part| part.as_os_str() == "locks"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(records(&sandbox.files()), records(&files), "{command:?} wrote files");
}

#[test]
fn a_version_goes_through_all_environments_in_one_call() {
    let sandbox = three();
    let held = ["dev → staging app 1.10 → 1.20", "READY: app 1.20 may be promoted to staging", "staging → production"];
    untouched(&sandbox, &["check-auto"], 0, &held);
    let words = ["DELIVERED: app 1.20 is pushed to staging", "DELIVERED: app 1.20 is pushed to production", "2 of 2"];
    ends(&sandbox.promote(&["run", "--auto"]), 0, &words);
    assert!(pinned(&sandbox, "staging", "1.20") && pinned(&sandbox, "production", "1.20"));
    untouched(&sandbox, &["run", "--auto"], 0, &["UNCHANGED", "staging has app 1.20 already"]);
    untouched(&sandbox, &["check-auto"], 13, &["WAITING: 0 of 2 promotions can be made now"]);
}

#[test]
fn what_holds_is_named_and_nothing_is_recorded() {
    let sandbox = three();
    sandbox.write("artifacts/unit/r.xml", BAD);
    untouched(&sandbox, &["check-auto"], 10, &["HELD: 1 gate failed", "✗ tests unit:", "✗ order staging:"]);
    untouched(&sandbox, &["run", "--auto"], 0, &["HELD: 1 gate failed", "UNCHANGED: no promotion"]);
    std::fs::remove_file(sandbox.work().join("artifacts/unit/r.xml")).unwrap();
    let document = sandbox.promote(&["check-auto", "--json"]);
    assert_eq!(document.exit, Some(10), "{}", document.all());
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    let first = &document["promotions"][0];
    assert_eq!((&first["to"], &first["outcome"]), (&Value::from("staging"), &Value::from("unknown")));
    assert_eq!(first["holding"][0]["id"], "tests.unit");
}

#[test]
fn a_version_is_asked_about_where_it_is() {
    let sandbox = three();
    ends(&sandbox.promote(&["check-auto", "--version", "1.20"]), 0, &["READY", "staging pins app 1.10, not 1.20"]);
    let elsewhere = ["dev pins app 1.20, not 1.99", "put 1.99 in dev first"];
    ends(&sandbox.promote(&["check-auto", "--version", "1.99"]), 13, &elsewhere);
}

#[test]
fn a_version_that_was_taken_back_does_not_come_again_by_itself() {
    let sandbox = three();
    ends(&sandbox.promote(&["run", "--from", "dev", "--to", "staging"]), 0, &["DELIVERED"]);
    ends(&sandbox.promote(&["rollback", "--env", "staging", "--reason", "slow"]), 0, &[]);
    untouched(&sandbox, &["run", "--auto"], 0, &["HELD: app 1.20 is not promoted to staging again by itself"]);
    untouched(&sandbox, &["check-auto"], 10, &["a person took it back: record"]);
    by_hand(&sandbox, "dev", "1.21");
    ends(&sandbox.promote(&["run", "--auto"]), 0, &["DELIVERED: app 1.21 is pushed to production"]);
}

#[test]
fn only_what_the_rules_let_go_goes_by_itself() {
    let environments = ["dev", "staging", "production"];
    let sandbox = three();
    sandbox.write(RULES, rules(&environments, ""));
    untouched(&sandbox, &["run", "--auto"], 3, &["No promotion of the rules may go by itself"]);
    untouched(&sandbox, &["run", "--auto", "--from", "dev"], 2, &["cannot be used with"]);

    let text = rules(&environments, AUTO);
    let at = text.rfind(AUTO).unwrap();
    let approvals = "    approvals: [{ role: sre, team: acme/sre }]\n";
    sandbox.write(RULES, format!("{}{approvals}", &text[..at + AUTO.len()]));
    let words = ["DELIVERED: app 1.20 is pushed to staging", "WAITING: it needs approvals"];
    ends(&sandbox.promote(&["run", "--auto"]), 0, &words);
    assert!(pinned(&sandbox, "production", "1.10"));
    ends(&sandbox.promote(&["check-auto"]), 13, &["it needs approvals"]);
}

#[test]
fn whoever_has_the_lock_is_left_alone() {
    let sandbox = three();
    let folder = sandbox.work().join(".promote/locks/app");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = folder.join("staging.json");
    let claim =
        r#"{"schema":1,"run":"0196-other","owner":"erin","since":"2026-11-21T09:00:00Z","term":300000,"renewals":0}"#;
    std::fs::write(&lock, claim).unwrap();
    untouched(&sandbox, &["run", "--auto"], 0, &["another run is promoting app to staging", "run 0196-other of erin"]);
    std::fs::remove_file(lock).unwrap();
    ends(&sandbox.promote(&["run", "--auto"]), 0, &["2 of 2 promotions carried out"]);
}

#[test]
fn a_failure_stops_what_would_come_after() {
    let mut sandbox = three();
    sandbox.gitops.protect("main", "not today");
    sandbox.serve();
    let ran = sandbox.promote(&["run", "--auto", "--json"]);
    ends(&ran, 20, &["FAILED"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["exit"], document["promotions"].as_array().unwrap().len()), (&Value::from(20), 1));
    assert_eq!(document["promotions"][0]["ran"], true);
    assert!(!ran.all().contains("staging → production"), "{}", ran.all());
}

#[test]
fn a_dry_run_prints_the_plans_of_what_is_ready() {
    let sandbox = three();
    let words = ["dev → staging", "PLANNED: nothing was written", "HELD"];
    untouched(&sandbox, &["run", "--auto", "--dry-run"], 0, &words);
}
