//! Applications with an Argo Rollout: a limit that pauses leaves it at its step, a rollback aborts it, and what is restored does not
//! go the steps again.

use super::paused::PAUSES;
use super::record;
use super::shop::{Shop, Terms};
use super::weather::Mood;
use crate::order::ends;
use crate::world::argo::behaviour::{Behaviour, Step};

/// Long enough to be looked at in the middle of it: that is done every 15 s.
const LONG: [Step; 4] = [Step::Weight(20), Step::Pause(Some(600_000)), Step::Weight(50), Step::Pause(Some(600_000))];

fn shop(steps: &[Step], verify: &str, rollback: &str) -> Shop {
    let app = Behaviour { canary: Some(steps.to_vec()), ..Behaviour::default() };
    Shop::of(&Terms { verify, rollback, app, timeout: "40s", ..Terms::default() })
}

#[test]
fn a_limit_that_pauses_leaves_it_at_its_step() {
    let shop = shop(&LONG, PAUSES, "{ on: [canary] }");
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    ends(&ran, 13, &["staging is paused: a person decides", "Rollout app stays at its step"]);
    assert_eq!(shop.told(), ["sync", "pause"]);
    ends(&shop.promote(&["hold", "list"]), 0, &["staging (app) is on hold", "is paused"]);
    assert!(shop.pins("1.20"));
    // Nobody has decided.
    ends(&shop.promote(&["run"]), 13, &["staging is paused"]);
    ends(&shop.promote(&["run", "--auto"]), 10, &["✗ hold staging"]);
    assert_eq!(shop.told(), ["sync", "pause"]);
    // A person goes back: the traffic first, then the commit.
    let ran = shop.promote(&["rollback", "--env", "staging", "--reason", "too many errors"]);
    ends(&ran, 0, &["staging is back on app 1.10"]);
    assert_eq!(shop.told(), ["sync", "pause", "abort", "sync"]);
    assert!(shop.pins("1.10") && shop.runs("1.10"));
}

#[test]
fn what_a_person_lets_go_on_is_resumed() {
    let shop = shop(&LONG[..2], PAUSES, "{ on: [canary] }");
    shop.bad_with("1.20", Mood::Errors);
    ends(&shop.promote(&["run"]), 13, &["Rollout app stays at its step"]);
    let lift = ["hold", "lift", "--env", "staging", "--reason", "it is the new check, which is right"];
    ends(&shop.promote(&lift), 0, &[]);
    ends(&shop.promote(&["run"]), 0, &["PROMOTED", "a person let it go on"]);
    assert_eq!(shop.told(), ["sync", "pause", "resume"]);
    assert!(shop.runs("1.20"));
}

#[test]
fn a_canary_that_fails_in_the_middle_is_aborted_before_the_commit() {
    let shop = shop(&LONG, super::SLO, "{ on: [slo] }");
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    ends(&ran, 21, &["ROLLED BACK: staging is back on app 1.10", "told to abort"]);
    // It is back on the stable pods at once, and takes no steps.
    assert_eq!(shop.told(), ["sync", "abort", "sync"]);
    assert!(shop.pins("1.10") && shop.runs("1.10"));
    assert_eq!(record(&shop, &ran)["refuted"]["trigger"], "slo");
    super::stays_back(&shop);
}

#[test]
fn what_is_restored_after_all_steps_does_not_take_them_again() {
    let verify = format!("watch: 24h, {}", super::SLO);
    let shop = shop(&[Step::Weight(20), Step::Pause(Some(3000))], &verify, "{ on: [slo] }");
    ends(&shop.promote(&["run"]), 0, &["PROMOTED"]);
    assert!(shop.runs("1.20"));
    shop.steps(&LONG);
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["verify", "--watch"]);
    ends(&ran, 21, &["staging is back on app 1.10", "told to promote-full"]);
    assert_eq!(shop.told(), ["sync", "sync", "promote-full"]);
    assert!(shop.pins("1.10") && shop.runs("1.10"));
    super::stays_back(&shop);
}
