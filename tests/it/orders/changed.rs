//! Rules that change while a run is under way: what they no longer allow is not pushed.

use std::fs;

use super::{run, say};
use crate::harness::{RULES, Ran, Sandbox};
use crate::order::{ends, pinned, rules, stage};

/// Asks for more tests than there are.
const STRICT: &str = "required: [unit], count_min: 9";

fn two() -> Sandbox {
    let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    sandbox.set("PROMOTE_LEDGER", ".promote");
    sandbox.serve();
    sandbox
}

fn strict() -> String {
    rules(&["dev", "staging"], "").replace("required: [unit]", STRICT)
}

/// Has the rules say something else once so many requests to git have been carried out.
fn change_after(sandbox: &Sandbox, n: usize, text: Option<String>) {
    let file = sandbox.work().join(RULES);
    sandbox.git_server().unwrap().after(n, move || match text {
        Some(text) => fs::write(file, text).unwrap(),
        None => fs::remove_file(file).unwrap(),
    });
}

/// What a run asks git for, when nothing changes.
fn undisturbed() -> Vec<String> {
    let sandbox = two();
    ends(&run(&sandbox), 0, &["DELIVERED"]);
    sandbox.git_server().unwrap().seen()
}

#[test]
fn what_new_rules_do_not_allow_is_not_pushed() {
    let asked = undisturbed();
    // A push is three requests: the tip, what the server lets us do, the pack. What changes in between comes too late.
    let pushes = asked.iter().rposition(|line| line.starts_with("POST") && line.contains("receive-pack")).unwrap() - 1;
    let (mut stopped, mut landed) = (0, 0);
    for n in 1..=asked.len() {
        let sandbox = two();
        change_after(&sandbox, n, Some(strict()));
        let (tip, ran) = (sandbox.gitops.tip("main"), run(&sandbox));
        if ran.exit == Some(0) {
            landed += 1;
            assert!(n >= pushes, "changed after request {n}, pushed from request {pushes} on: {asked:#?}");
            continue;
        }
        stopped += 1;
        let words = [
            "WAITING: the rules changed after the plan for staging was made",
            "promotion/promotion-rules.yaml is not what it was planned by; nothing was written",
            "tightened tests.unit",
            "run it again: it is judged and planned anew",
        ];
        ends(&ran, 13, &words);
        assert_eq!(sandbox.gitops.tip("main"), tip);
        ends(&sandbox.promote(&["list"]), 0, &["pending"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
        if n % 2 == 0 {
            ends(&run(&sandbox), 10, &["✗ tests unit"]);
        }
        // Once the rules are as they were, it goes on.
        sandbox.write(RULES, rules(&["dev", "staging"], ""));
        ends(&run(&sandbox), 0, &["DELIVERED"]);
        ends(&sandbox.promote(&["history", "verify"]), 0, &[]);
    }
    assert!(stopped > 1 && landed > 0, "{stopped} {landed}");
}

fn changed_to(text: Option<String>) -> (Sandbox, Ran) {
    let sandbox = two();
    change_after(&sandbox, 1, text);
    let ran = run(&sandbox);
    (sandbox, ran)
}

#[test]
fn rules_that_can_no_longer_be_used_stop_a_run() {
    for (text, says) in [(None, "the file is gone"), (Some("version: 1\nnothing: [".to_owned()), "rules.yaml:2")] {
        let (sandbox, ran) = changed_to(text);
        ends(&ran, 13, &["the rules changed after the plan", says]);
        assert!(pinned(&sandbox, "staging", "1.10"));
    }
    let without =
        rules(&["dev", "staging"], "").replace("to: staging", "to: dev").replace("from: dev", "from: staging");
    ends(&changed_to(Some(without)).1, 13, &["the promotion is gone"]);
}

#[test]
fn a_change_that_a_promotion_does_not_stand_on_stops_nothing() {
    let text = rules(&["dev", "staging"], "");
    let more = text.replace("evidence:\n", "evidence:\n  other: artifacts/other.xml\n");
    ends(&changed_to(Some(format!("# {STRICT}\n{more}"))).1, 0, &["DELIVERED"]);
}

#[test]
fn a_rollback_needs_no_consent_of_the_rules() {
    let sandbox = two();
    ends(&run(&sandbox), 0, &["DELIVERED"]);
    change_after(&sandbox, 1, Some(strict()));
    ends(&say(&sandbox, &["rollback", "--env", "staging"]), 0, &[]);
    assert!(pinned(&sandbox, "staging", "1.10"));
}
