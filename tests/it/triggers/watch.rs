//! A version that is looked at again after its promotion: it is rolled back once it definitely fails, and that counts like the rollback of
//! a run, and is limited like it.

use super::shop::{Shop, Terms};
use super::weather::{Mood, Outage};
use super::{SLO, record};
use crate::order::ends;
use crate::world::argo::behaviour::Away;

/// The service under watch, with this rule on rollbacks.
fn under_watch(rollback: &str) -> Shop {
    Shop::of(&Terms { verify: &format!("watch: 24h, {SLO}"), rollback, ..Terms::default() })
}

/// The same, with these limits of rollbacks.
fn watched(limits: &str) -> Shop {
    under_watch(&format!("{{ on: [slo], {limits} }}"))
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
    let stood = shop.written();
    let ran = shop.promote(&["verify", "--watch"]);
    ends(&ran, 22, &CALLS);
    ends(&ran, 22, &["rolled back once in 24 hours already (`rollback.per_day`)"]);
    assert_eq!(shop.written(), stood, "nothing was written");
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

#[test]
fn a_version_under_watch_is_rolled_back_once_it_definitely_fails() {
    let quiet = Shop::new("slo", SLO);
    let ran = quiet.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(ran.stdout.contains("no version is under watch"), "{}", ran.all());

    let shop = under_watch("{ on: [slo] }");
    assert_eq!(shop.promote(&["run"]).exit, Some(0));
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    shop.out_with("1.20", Outage::Page);
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(11), "{}", ran.all());
    assert!(shop.pins("1.20"), "what could not be found out leads to nothing");
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(21), "{}", ran.all());
    assert!(ran.stdout.contains("slo availability in staging is 95 %"), "{}", ran.all());
    assert!(shop.pins("1.10"));
    let record = record(&shop, &ran);
    assert!(record["request"]["reason"].as_str().is_some_and(|why| why.starts_with("under watch: ")), "{record:#}");
    assert!(ran.stdout.contains("app 1.20 is vetoed for staging"), "{}", ran.all());
    let again = shop.promote(&["run"]);
    assert_eq!(again.exit, Some(10), "what was rolled back is vetoed: {}", again.all());
    // What was restored is not rolled back again, whatever becomes of it.
    shop.always_bad(Mood::Errors);
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(10), "{}", ran.all());
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("a rollback is not rolled back"), "{}", ran.all());
    assert!(shop.pins("1.10"));
}

#[test]
fn a_watch_leaves_to_a_person_what_the_rules_leave_to_one() {
    let shop = under_watch("{ on: [slo], when: ask }");
    assert_eq!(shop.promote(&["run"]).exit, Some(0));
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(10), "{}", ran.all());
    assert!(ran.stdout.contains("it was not rolled back"), "{}", ran.all());
    assert!(shop.pins("1.20"));
}

#[test]
fn what_a_watch_began_the_next_one_ends_and_it_stays() {
    let shop = under_watch("{ on: [slo] }");
    ends(&shop.promote(&["run"]), 0, &[]);
    shop.bad_with("1.20", Mood::Errors);
    // The push goes through, and then Argo CD is gone.
    shop.argo_away_with("1.10", Away::Page);
    ends(&shop.promote(&["verify", "--watch"]), 23, &["UNCONFIRMED"]);
    assert!(shop.pins("1.10") && !shop.runs("1.10"));
    ends(&shop.promote(&["veto", "list"]), 0, &["No version is vetoed."]);
    shop.well();
    ends(
        &shop.promote(&["verify", "--watch"]),
        21,
        &["ROLLED BACK: staging is back on app 1.10", "app 1.20 is vetoed"],
    );
    assert!(shop.runs("1.10"));
    let why = "failed under watch, and was rolled back";
    ends(&shop.promote(&["veto", "list"]), 0, &["app@1.20 is vetoed for staging (app)", why]);
    ends(&shop.promote(&["hold", "list"]), 0, &["staging (app) is on hold", why]);
    ends(&shop.promote(&["history", "verify"]), 0, &[]);
}
