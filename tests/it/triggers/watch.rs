//! Rollbacks under watch count like those of a run, and are limited like them.

use super::TRIGGERS;
use super::shop::{Mood, Shop};
use crate::harness::Ran;

/// The service under watch, with these limits of rollbacks.
fn watched(limits: &str) -> Shop {
    Shop::watched(TRIGGERS[0].1, &format!("rollback: {{ on: [slo], {limits} }}"))
}

#[track_caller]
fn ends(ran: &Ran, exit: i32, said: &[&str]) {
    assert_eq!(ran.exit, Some(exit), "{}", ran.all());
    let words = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
    for said in said {
        assert!(words.contains(said), "`{said}` is not in {}", ran.all());
    }
}

/// 1.20 is promoted, and rolled back under watch; then it may come again.
fn rolled_back_once(shop: &Shop) {
    ends(&shop.promote(&["run"]), 0, &[]);
    shop.bad_with("1.20", Mood::Errors);
    ends(&shop.promote(&["verify", "--watch"]), 21, &["slo availability in staging is 95 %"]);
    assert!(shop.pins("1.10"));
    shop.well();
    let lift = ["veto", "lift", "app@1.20", "--env", "staging", "--reason", "it was the load balancer"];
    ends(&shop.promote(&lift), 0, &[]);
}

const CALLS: [&str; 3] = [
    "STUCK: staging runs a version that did not verify, and a person has to look",
    "slo availability in staging is 95 %",
    "to restore the version before: promote rollback --service app --env staging --reason",
];

#[test]
fn after_the_limit_of_a_day_a_watch_calls_a_person() {
    let shop = watched("per_day: 1");
    rolled_back_once(&shop);
    ends(&shop.promote(&["run"]), 0, &["PROMOTED"]);
    shop.bad_with("1.20", Mood::Errors);
    let tips = (shop.tip(), shop.syncs());
    let ran = shop.promote(&["verify", "--watch"]);
    ends(&ran, 22, &CALLS);
    ends(&ran, 22, &["rolled back once in 24 hours already (`rollback.per_day`)"]);
    assert_eq!((shop.tip(), shop.syncs()), tips, "nothing was written");
    assert!(shop.pins("1.20"));
    // What a person does is not limited.
    ends(&shop.promote(&["rollback", "--env", "staging", "--reason", "I looked"]), 0, &[]);
    assert!(shop.pins("1.10"));
}

#[test]
fn a_run_counts_what_a_watch_rolled_back() {
    for (limits, why) in [
        ("per_day: 1", "rolled back once in 24 hours already (`rollback.per_day`)"),
        ("cooldown: 1h", "and the rules want 1 h between two (`rollback.cooldown`)"),
    ] {
        let shop = watched(limits);
        rolled_back_once(&shop);
        shop.bad_with("1.20", Mood::Errors);
        let ran = shop.promote(&["run"]);
        ends(&ran, 22, &CALLS);
        ends(&ran, 22, &[why]);
        assert!(shop.pins("1.20"));
        ends(&shop.promote(&["history", "verify"]), 0, &[]);
    }
}

#[test]
fn a_persons_rollback_does_not_count() {
    let shop = watched("per_day: 1, cooldown: 1h");
    ends(&shop.promote(&["run"]), 0, &[]);
    ends(&shop.promote(&["rollback", "--env", "staging", "--reason", "it is slow"]), 0, &[]);
    ends(&shop.promote(&["run"]), 0, &[]);
    shop.bad_with("1.20", Mood::Errors);
    ends(&shop.promote(&["verify", "--watch"]), 21, &["staging is back on app 1.10"]);
}
