//! Approvals by several roles, through environment reviews, as the shipped workflow has them.

mod attacks;
mod bypass;
mod changed;
mod lifts;
pub(crate) mod stage;
mod trust;
mod waits;
mod words;

use stage::Stage;

#[test]
fn every_role_approves_and_then_it_is_promoted() {
    let mut stage = Stage::new();
    let run = stage.start("dana");
    let told = stage.plan(run);
    let planning = stage.github.requests().len();
    assert_eq!(told["needs-approval"], "true");
    assert_eq!(told["outcome"], "planned");
    stage.review(run, "sre", "alice");
    let waits = stage.promote();
    stage.ends(
        &waits,
        13,
        &["WAITING", "waits for approval by qa (acme/qa-team)", "approve it in staging-approval-qa"],
    );
    stage.review(run, "qa", "bob");
    let before = stage.github.requests().len();
    let done = stage.promote();
    stage.ends(&done, 0, &["approvals sre @alice, qa @bob"]);
    // What the jobs of one promotion ask: its plan, and the run that carries it out.
    let asked = planning + stage.github.requests().len() - before;
    assert!(asked <= 40, "{asked} requests");
}

#[test]
fn one_person_does_not_stand_for_two_roles() {
    let mut stage = Stage::new();
    let run = stage.start("dana");
    stage.plan(run);
    stage.review(run, "sre", "carol");
    stage.review(run, "qa", "carol");
    let ran = stage.promote();
    stage.ends(&ran, 13, &["carol"]);
}
