//! What a promotion waits for, what ends its wait, and whose word that is.

use jiff::Timestamp;

use super::stage::{GREEN, SRE_AND_QA, Stage, guarded, rules};
use crate::world::github::{Protection, RunSpec};

/// Reviews that whoever started the run may give, as far as GitHub is asked.
fn lets_everybody(slug: &str) -> Protection {
    Protection { prevent_self_review: false, ..guarded(slug) }
}

#[test]
fn who_started_it_does_not_approve_it() {
    let mut stage = Stage::new();
    stage.github.team("sre-team", &["alice", "dana"]);
    stage.github.repository("acme/app").environment("staging-approval-sre", lets_everybody("sre-team"));
    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "dana");
    stage.review(run, "qa", "bob");
    let ran = stage.promote();
    stage.ends(&ran, 13, &["waits for approval by sre", "@dana started this or wrote what it brings"]);
}

#[test]
fn a_bot_that_starts_it_hides_nobody() {
    let mut stage = Stage::new();
    let bot = RunSpec { actor: "renovate[bot]".to_owned(), event: "push".to_owned(), ..RunSpec::default() };
    let run = stage.start_of(bot);
    stage.plan(run);
    stage.review(run, "sre", "alice");
    stage.review(run, "qa", "bob");
    // Nothing verified is known yet, so nobody knows whose commits it brings.
    let ran = stage.promote();
    let words = ["it could not be found out whether", "started by a bot (@renovate[bot])", "who wrote the commits"];
    stage.ends(&ran, 11, &words);
}

#[test]
fn an_image_that_moved_after_the_approval_is_not_promoted() {
    let mut stage = Stage::new();
    stage.approved();
    let was = stage.outputs()["plan-digest-short"].clone();
    let shown = format!("what was shown to approvers is plan {was}; what would run now is plan");
    let approved = format!("plan {was} was approved by @alice (staging-approval-sre), @bob (staging-approval-qa)");
    stage.pin_dev("1.21");
    let ran = stage.promote();
    stage.ends(&ran, 13, &[&shown, "app:1.20, now", "app:1.21", &approved]);
    assert_eq!(stage.pinned(), "1.10");
}

#[test]
fn a_refusal_ends_the_plan_and_a_new_run_begins_anew() {
    let mut stage = Stage::new();
    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "alice");
    stage.github.review(run, &["staging-approval-qa"], "bob", "rejected", "the load test is red").unwrap();
    let ran = stage.promote();
    stage.ends(&ran, 12, &["was refused by qa", "@bob refused it in staging-approval-qa: the load test is red"]);
    let kept = stage.entries("rejected");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["event"]["by"], "bob");
    assert!(kept[0]["event"]["reason"].as_str().unwrap().contains("the load test is red"));
    // The same run stays refused.
    let ran = stage.promote();
    stage.ends(&ran, 12, &["the load test is red"]);
    stage.approved();
    let ran = stage.promote();
    stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}

/// A report of one test that ran just now.
fn fresh(tests: usize, failures: usize) -> String {
    let cases: String = (0..tests)
        .map(|n| {
            let end = if n < failures { "><failure message=\"no\"/></testcase>" } else { "/>" };
            format!(r#"<testcase classname="s" name="t{n}"{end}"#)
        })
        .collect();
    let now = Timestamp::now();
    format!(r#"<testsuite name="s" tests="{tests}" failures="{failures}" timestamp="{now}">{cases}</testsuite>"#)
}

#[test]
fn evidence_that_is_renewed_is_judged_again() {
    let text = rules(&format!("    approvals: {SRE_AND_QA}\n"));
    let text = text.replace("unit: artifacts/unit/*.xml", "unit: { files: artifacts/unit/*.xml, max_age: 24h }");
    let mut stage = Stage::with(&text);
    stage.evidence = fresh(1, 0);
    stage.approved();
    let ran = stage.promote_here(&fresh(2, 1), &[]);
    stage.ends(&ran, 10, &["tests unit all pass 1 of 2", "HELD"]);
    let ran = stage.promote_here(&fresh(3, 0), &[]);
    stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}

#[test]
fn evidence_that_is_bound_by_the_plan_is_not_exchanged() {
    let mut stage = Stage::new();
    stage.approved();
    let other = GREEN.replace("one", "another");
    let ran = stage.promote_here(&other, &[]);
    stage.ends(&ran, 13, &["what would run now is plan", "start a new run"]);
}

#[test]
fn two_people_who_could_each_do_both_fill_both() {
    let mut stage = Stage::new();
    stage.github.team("sre-team", &["alice", "carol"]);
    stage.github.team("qa-team", &["alice", "carol"]);
    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "carol");
    stage.review(run, "qa", "alice");
    let ran = stage.promote();
    stage.ends(&ran, 0, &["approvals sre @carol, qa @alice"]);
}

#[test]
fn a_quorum_of_two_needs_two_environments_and_two_people() {
    let two = rules("    approvals: [{ role: sre, team: acme/sre-team, min: 2 }]\n");
    let mut stage = Stage::with(&two);
    stage.github.repository("acme/app").environment("staging-approval-sre-2", guarded("sre-team"));
    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "alice");
    let ran = stage.promote();
    stage.ends(&ran, 13, &["waits for approval by sre", "staging-approval-sre-2"]);
    stage.review(run, "sre-2", "alice");
    let ran = stage.promote();
    stage.ends(&ran, 13, &["@alice approved this too, and stands for another approval of sre already"]);

    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "alice");
    stage.review(run, "sre-2", "carol");
    let ran = stage.promote();
    stage.ends(&ran, 0, &["@alice", "@carol"]);
}
