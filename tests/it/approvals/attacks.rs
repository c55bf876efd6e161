//! Who goes round the approvals gets nowhere: each attack ends closed, and says why.

use std::time::Duration;

use super::stage::{Stage, guarded};
use crate::harness::RULES;
use crate::world::github::reviews::Rerun;
use crate::world::github::{Protection, RunSpec, person};

/// What a branch has instead of the rules of the default branch.
fn on_a_branch(stage: &mut Stage, rules: &str) {
    assert_ne!(stage.rules, rules);
    rules.clone_into(&mut stage.rules);
}

#[test]
fn a_branch_that_drops_the_approvals_is_not_judged_by_itself() {
    let mut stage = Stage::new();
    let without = stage.rules.lines().filter(|line| !line.contains("approvals")).collect::<Vec<_>>().join("\n");
    on_a_branch(&mut stage, &without);
    stage.start("dana");
    let ran = stage.promote_here(super::stage::GREEN, &[]);
    stage.ends(&ran, 3, &["approvals", "the head of main", "sre"]);
    // What reads only is judged by the rules that govern, and shows how the branch's differ.
    let ran = stage.try_plan();
    stage.ends_planned(
        &ran,
        0,
        &["approvals still needed: sre (acme/sre-team), qa (acme/qa-team)", "the head of main"],
    );
    let ran = stage.sandbox.promote(&["validate", "-f", "dev", "-t", "staging"]);
    stage.ends_planned(&ran, 0, &["the head of main", "approvals"]);
}

#[test]
fn a_branch_that_loosens_a_gate_is_not_judged_by_itself() {
    let mut stage = Stage::new();
    let loose = stage.rules.replace("required: [unit]", "optional: [unit]");
    on_a_branch(&mut stage, &loose);
    stage.start("dana");
    let ran = stage.promote_here(super::stage::RED, &[]);
    stage.ends(&ran, 3, &["the head of main", "unit"]);
    let ran = stage.sandbox.promote(&["validate", "-f", "dev", "-t", "staging"]);
    stage.ends_planned(&ran, 10, &["1 of 1 failed", "the head of main"]);
}

#[test]
fn a_run_of_something_else_approves_nothing() {
    let whole = || RunSpec { actor: "dana".to_owned(), ..RunSpec::default() };
    let other = |word: &str| word.to_owned();
    for (spec, says) in [
        (RunSpec { head_branch: other("feature"), ..whole() }, "the branch of the run is to be main, and is feature"),
        (
            RunSpec { workflow: other(".github/workflows/mine.yml"), ..whole() },
            "the workflow of the run is to be .github/workflows/promotion-workflow.yml, and is .github/workflows/mine.yml",
        ),
        (RunSpec { event: other("pull_request"), ..whole() }, "and is pull_request"),
        (
            RunSpec { head_repository: other("eve/app"), ..whole() },
            "the repository of the commit of the run is to be acme/app, and is eve/app",
        ),
    ] {
        let mut stage = Stage::new();
        let app = stage.github.repository("acme/app");
        app.branch("feature", "main");
        let in_default = spec.head_branch == "main";
        let run = stage.start_of(spec);
        stage.plan(run);
        for (role, who) in [("sre", "alice"), ("qa", "bob")] {
            // GitHub itself lets no other branch than the default one come so far.
            let said = stage.github.review(run, &[&format!("staging-approval-{role}")], who, "approved", "");
            assert_eq!(said.is_ok(), in_default);
        }
        let ran = stage.promote();
        stage.ends(&ran, 10, &[says, "start a new run, of the workflow that the rules name, on the default branch"]);
    }
}

#[test]
fn a_plan_that_was_run_again_is_not_approved() {
    for copies in [false, true] {
        let mut stage = Stage::new();
        if copies {
            stage.github.copy_jobs_over();
        }
        let run = stage.start("dana");
        let job = stage.github.running_job(run, "plan", None);
        stage.github.finish_job(job, "failure");
        stage.github.finish_run(run, "failure");
        stage.github.rerun(run, Rerun::Failed, "dana");
        stage.enter(run, 2);
        stage.plan(run);
        stage.review(run, "sre", "alice");
        stage.review(run, "qa", "bob");
        let ran = stage.promote();
        stage.ends(&ran, 10, &["the job plan was run again (attempt 2)", "start a new run"]);
    }
}

#[test]
fn an_approving_job_that_was_run_again_does_not_count() {
    for copies in [false, true] {
        let mut stage = Stage::new();
        if copies {
            stage.github.copy_jobs_over();
        }
        let run = stage.start("dana");
        stage.plan(run);
        stage.review(run, "sre", "alice");
        stage.github.finish_job(stage.jobs["qa"], "cancelled");
        stage.github.finish_run(run, "cancelled");
        stage.github.rerun(run, Rerun::Failed, "dana");
        stage.enter(run, 2);
        stage.review(run, "qa", "bob");
        let ran = stage.promote();
        stage.ends(&ran, 10, &["cannot be approved by qa", "was run again (attempt 2)", "start a new run"]);
    }
}

#[test]
fn nothing_counts_in_a_run_that_was_run_again_as_a_whole() {
    for copies in [false, true] {
        let mut stage = Stage::new();
        if copies {
            stage.github.copy_jobs_over();
        }
        let run = stage.approved();
        stage.github.finish_run(run, "failure");
        stage.github.pass(Duration::from_secs(2));
        stage.github.rerun(run, Rerun::All, "dana");
        stage.enter(run, 2);
        stage.review(run, "sre", "carol");
        stage.review(run, "qa", "carol");
        let ran = stage.promote();
        stage.ends(&ran, 10, &["the job plan was run again (attempt 2)", "start a new run"]);
    }
}

#[test]
fn only_the_job_that_promotes_may_be_run_again() {
    for copies in [false, true] {
        let mut stage = Stage::new();
        if copies {
            stage.github.copy_jobs_over();
        }
        let run = stage.approved();
        let job = stage.github.running_job(run, "promote", None);
        stage.github.finish_job(job, "failure");
        stage.github.finish_run(run, "failure");
        stage.github.rerun(run, Rerun::Failed, "dana");
        stage.enter(run, 2);
        let ran = stage.promote();
        stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
    }
}

#[test]
fn an_approver_who_runs_it_again_has_started_it() {
    let mut stage = Stage::new();
    let run = stage.approved();
    let job = stage.github.running_job(run, "promote", None);
    stage.github.finish_job(job, "failure");
    stage.github.finish_run(run, "failure");
    stage.github.rerun(run, Rerun::Failed, "alice");
    stage.enter(run, 2);
    let ran = stage.promote();
    stage.ends(&ran, 13, &["sre", "@alice started this"]);
}

#[test]
fn an_approval_of_an_older_plan_is_not_one_of_a_later_plan_that_looks_the_same() {
    let mut stage = Stage::new();
    let old = stage.approved();
    for version in ["1.15", "1.10"] {
        stage.pin_dev(version);
        stage.approved();
        let ran = stage.promote();
        assert_eq!((ran.exit, stage.pinned().as_str()), (Some(0), version), "{}", ran.all());
    }
    stage.pin_dev("1.20");
    stage.enter(old, 1);
    let ran = stage.promote();
    stage.ends(&ran, 13, &["what was shown to approvers is plan", "start a new run"]);
}

/// Environments that would let somebody through whom the rules do not name, and what is said of them.
fn unsound() -> Vec<(Protection, i32, &'static str)> {
    let sound = || guarded("qa-team");
    vec![
        (Protection { reviewers: Vec::new(), ..sound() }, 10, "has no required reviewers"),
        (guarded("sre-team"), 10, "is to ask acme/qa-team, and asks acme/sre-team"),
        (Protection { reviewers: vec![person("eve")], ..sound() }, 10, "is to ask acme/qa-team, and asks @eve"),
        (Protection { can_admins_bypass: true, ..sound() }, 10, "administrators may start jobs"),
        (Protection { branches: None, ..sound() }, 10, "any branch may use staging-approval-qa"),
        (Protection { policies: vec!["*".to_owned()], ..sound() }, 10, "only main is to use staging-approval-qa"),
    ]
}

#[test]
fn an_environment_that_lets_others_through_stops_the_plan() {
    for (protection, exit, says) in unsound() {
        let mut stage = Stage::new();
        stage.github.repository("acme/app").environment("staging-approval-qa", protection);
        stage.start("dana");
        let ran = stage.try_plan();
        stage.ends_planned(&ran, exit, &[says, "promote environments sync"]);
    }
    let mut stage = Stage::new();
    stage.github.repository("acme/app").delete_environment("staging-approval-qa");
    stage.start("dana");
    let ran = stage.try_plan();
    stage.ends_planned(&ran, 10, &["staging-approval-qa does not exist", "promote environments sync"]);
}

#[test]
fn an_environment_that_was_opened_after_the_plan_approves_nothing() {
    for (protection, exit, says) in unsound() {
        let mut stage = Stage::new();
        stage.approved();
        stage.github.repository("acme/app").environment("staging-approval-qa", protection);
        let ran = stage.promote();
        stage.ends(&ran, exit, &[says, "promote environments sync"]);
    }
    let mut stage = Stage::new();
    stage.approved();
    stage.github.repository("acme/app").delete_environment("staging-approval-qa");
    let ran = stage.promote();
    stage.ends(&ran, 10, &["staging-approval-qa does not exist", "promote environments sync"]);
}

#[test]
fn rules_that_changed_after_the_plan_need_new_approvals() {
    let mut stage = Stage::new();
    stage.approved();
    let loose = stage.rules.replace("required: [unit]", "optional: [unit]");
    stage.github.repository("acme/app").commit("main", "eve", "Loosen", &[(RULES, &loose)]);
    let ran = stage.promote();
    stage.ends(&ran, 13, &["what would run now is plan", "the promotion's rule changed"]);
}
