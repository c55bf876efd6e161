//! What leads to a rollback, with the real binary: each trigger promoted, broken, rolled back and verified; each once more where it
//! was broken before; what could not be found out; and the same for a version that is looked at again later.

mod paused;
mod shop;
mod watch;

use serde_json::Value;

use self::shop::{Mood, Outage, Shop};
use crate::harness::Ran;

/// The gates of each live trigger, as the rules write them, and what is bad then.
const TRIGGERS: [(&str, &str, Mood); 3] = [
    ("slo", "slo: { availability_min: 99% }", Mood::Errors),
    ("error_budget", "error_budget: { from: [slo], burn_rate_max: 14.4 }", Mood::Errors),
    ("alerts", "alerts: { critical_max: 0 }", Mood::Alert),
];

/// The promotion's folded record.
fn record(shop: &Shop, ran: &Ran) -> Value {
    let id = ran.stdout.lines().last().and_then(|line| line.split_once("record ")).map(|(_, rest)| rest);
    let id = id.and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("no record: {}", ran.all()));
    serde_json::from_str(&shop.promote(&["show", id, "--json"]).stdout).unwrap()
}

#[test]
fn each_live_trigger_rolls_back_what_it_refutes() {
    for (trigger, gates, mood) in TRIGGERS {
        let shop = Shop::new(gates, "");
        shop.bad_with("1.20", mood);
        let ran = shop.promote(&["run"]);
        assert_eq!(ran.exit, Some(21), "{trigger}: {}", ran.all());
        assert!(ran.stdout.contains("ROLLED BACK: staging is back on app 1.10"), "{trigger}: {}", ran.all());
        assert!(!ran.all().contains('\r'), "{trigger}: a log holds a line that changes");
        assert!(shop.pins("1.10"), "{trigger}");
        let record = record(&shop, &ran);
        assert_eq!(record["refuted"]["trigger"], trigger, "{record:#}");
        assert_eq!(record["refuted"]["gates"][0]["mark"], "fail", "{record:#}");
        assert_eq!(record["rollback"]["verified"]["gates"][0]["mark"], "pass", "{record:#}");
    }
}

#[test]
fn what_was_broken_before_is_reported_and_not_rolled_back() {
    for (trigger, gates, mood) in TRIGGERS {
        let shop = Shop::new(gates, "");
        shop.always_bad(mood);
        let ran = shop.promote(&["run"]);
        assert_eq!(ran.exit, Some(0), "{trigger}: {}", ran.all());
        let said = if trigger == "alerts" { "HighErrorRate fired before already" } else { "it failed before already" };
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said), "{trigger}: {}", ran.all());
        assert!(shop.pins("1.20"), "{trigger}");
        assert!(record(&shop, &ran)["refuted"].is_null(), "{trigger}");
    }
}

#[test]
fn a_failure_that_is_not_among_the_triggers_is_a_persons() {
    let shop = Shop::new(TRIGGERS[0].1, "rollback: { on: [deployment, health] }");
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(22), "{}", ran.all());
    assert!(ran.stdout.contains("this failure is not among `rollback.on`"), "{}", ran.all());
    assert!(shop.pins("1.20"));
}

#[test]
fn what_monitoring_cannot_say_rolls_nothing_back_and_the_next_run_finishes() {
    for outage in [Outage::Closed, Outage::Refuses, Outage::Unavailable, Outage::Page, Outage::Half] {
        let shop = Shop::new(TRIGGERS[0].1, "");
        shop.out_with("1.20", outage);
        let ran = shop.promote(&["run"]);
        assert_eq!(ran.exit, Some(23), "{outage:?}: {}", ran.all());
        assert!(shop.pins("1.20"), "{outage:?}");
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("not confirmed within 3 s: slo availability"), "{outage:?}: {}", ran.all());
        assert!(words.contains("nothing was rolled back; run it again to go on"), "{outage:?}: {}", ran.all());
        shop.well();
        let ran = shop.promote(&["run"]);
        assert_eq!(ran.exit, Some(0), "{outage:?}: {}", ran.all());
        assert!(shop.pins("1.20"), "{outage:?}");
    }
}

#[test]
fn what_runs_is_looked_at_again() {
    let shop = Shop::new(TRIGGERS[0].1, "");
    let none = shop.promote(&["verify", "--env", "staging"]);
    assert_eq!(none.exit, Some(11), "{}", none.all());
    assert_eq!(shop.promote(&["run"]).exit, Some(0));
    let tips = (shop.tip(), shop.syncs());
    let looked = |mood: Option<Mood>, exit: i32, said: &str| {
        match mood {
            Some(mood) => shop.always_bad(mood),
            None => shop.well(),
        }
        let ran = shop.promote(&["verify", "--env", "staging"]);
        let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ran.exit, Some(exit), "{}", ran.all());
        assert!(words.contains(said), "{said}: {}", ran.all());
    };
    looked(None, 0, "staging runs app 1.20, and is well");
    looked(Some(Mood::Errors), 10, "staging does not run app 1.20 well");
    shop.out_with("1.20", Outage::Unavailable);
    let ran = shop.promote(&["verify", "--env", "staging", "--json"]);
    assert_eq!(ran.exit, Some(11), "{}", ran.all());
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["outcome"], "unknown", "{document:#}");
    assert_eq!((shop.tip(), shop.syncs()), tips, "a look writes nothing");
    shop.pin("1.30");
    looked(None, 10, "staging pins app 1.30, which promote did not bring there");
}

#[test]
fn a_version_under_watch_is_rolled_back_once_it_definitely_fails() {
    let quiet = Shop::new(TRIGGERS[0].1, "");
    let ran = quiet.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(ran.stdout.contains("no version is under watch"), "{}", ran.all());

    let shop = Shop::watched(TRIGGERS[0].1, "");
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
    let shop = Shop::watched(TRIGGERS[0].1, "rollback: { on: [slo], when: ask }");
    assert_eq!(shop.promote(&["run"]).exit, Some(0));
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["verify", "--watch"]);
    assert_eq!(ran.exit, Some(10), "{}", ran.all());
    assert!(ran.stdout.contains("it was not rolled back"), "{}", ran.all());
    assert!(shop.pins("1.20"));
}
