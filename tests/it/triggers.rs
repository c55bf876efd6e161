//! What leads to a rollback, with the real binary: each trigger promoted, broken, rolled back, verified and held; each once more where
//! it was broken before; what could not be found out; and the same for a version that is looked at again later.

mod canary;
mod outages;
mod paused;
mod rollouts;
mod shop;
mod smoked;
mod watch;
mod weather;

use serde_json::Value;

use self::shop::{Shop, Terms};
use self::weather::{Mood, Outage};
use crate::harness::Ran;
use crate::order::ends;

const SLO: &str = "gates: { slo: { availability_min: 99% } }";

/// Each trigger, what the rules verify by it, and what is bad then.
const TRIGGERS: [(&str, &str, Mood); 5] = [
    ("slo", SLO, Mood::Errors),
    ("error_budget", "gates: { error_budget: { from: [slo], burn_rate_max: 14.4 } }", Mood::Errors),
    ("alerts", "gates: { alerts: { critical_max: 0 } }", Mood::Alert),
    ("deployment", "", Mood::Degraded),
    ("health", "health: [{ url: 'SERVICE/healthz' }]", Mood::Unhealthy),
];

/// The promotion's folded record.
fn record(shop: &Shop, ran: &Ran) -> Value {
    let id = ran.stdout.lines().last().and_then(|line| line.split_once("record ")).map(|(_, rest)| rest);
    let id = id.and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("no record: {}", ran.all()));
    serde_json::from_str(&shop.promote(&["show", id, "--json"]).stdout).unwrap()
}

#[test]
fn each_trigger_rolls_back_what_it_refutes_and_it_stays_back() {
    for (trigger, verify, mood) in TRIGGERS {
        let shop = Shop::new(trigger, verify);
        shop.bad_with("1.20", mood);
        let ran = shop.promote(&["run"]);
        assert_eq!(ran.exit, Some(21), "{trigger}: {}", ran.all());
        assert!(ran.stdout.contains("ROLLED BACK: staging is back on app 1.10"), "{trigger}: {}", ran.all());
        assert!(!ran.all().contains('\r'), "{trigger}: a log holds a line that changes");
        assert!(shop.pins("1.10") && shop.runs("1.10"), "{trigger}");
        let record = record(&shop, &ran);
        assert_eq!(record["refuted"]["trigger"], trigger, "{record:#}");
        let verified = &record["rollback"]["verified"];
        assert_eq!(verified["apps"][0]["images"][0], "app:1.10", "{record:#}");
        if verify.starts_with("gates") {
            assert_eq!(record["refuted"]["gates"][0]["mark"], "fail", "{record:#}");
            assert_eq!(verified["gates"][0]["mark"], "pass", "{record:#}");
        }
        if trigger == "health" {
            assert!(verified["health"][0].as_str().is_some_and(|url| url.ends_with("/healthz")), "{record:#}");
        }
        stays_back(&shop);
    }
}

/// Nothing brings 1.20 again by itself: not while staging is on hold, and not under the veto once a person has lifted that.
fn stays_back(shop: &Shop) {
    let why = "and was rolled back";
    ends(&shop.promote(&["hold", "list"]), 0, &["staging (app) is on hold", why]);
    ends(&shop.promote(&["veto", "list"]), 0, &["app@1.20 is vetoed for staging (app)", why]);
    let stood = shop.written();
    ends(
        &shop.promote(&["run", "--auto"]),
        10,
        &["HELD: a hold and a veto stand against it", "✗ hold staging", "✗ veto staging", "1 kept back by order"],
    );
    ends(&shop.promote(&["check-auto"]), 10, &["✗ hold staging", "✗ veto staging"]);
    assert_eq!(shop.written(), stood, "a run that is held wrote something");
    ends(
        &shop.promote(&["hold", "lift", "--env", "staging", "--reason", "looked at"]),
        0,
        &["hold of staging is lifted"],
    );
    ends(&shop.promote(&["hold", "list"]), 0, &["No environment is on hold."]);
    let stood = shop.written();
    let refused = shop.promote(&["run", "--auto"]);
    ends(&refused, 10, &["HELD", "✗ veto staging", "app@1.20", why, "promote veto lift app@1.20 --env staging"]);
    assert!(!refused.all().contains("hold staging"), "{}", refused.all());
    ends(&shop.promote(&["check-auto"]), 10, &["✗ veto staging"]);
    assert_eq!(shop.written(), stood, "a run that is held wrote something");
    ends(&shop.promote(&["veto", "list"]), 0, &["app@1.20 is vetoed for staging (app)"]);
    assert!(shop.pins("1.10") && shop.runs("1.10"));
    ends(&shop.promote(&["history", "verify"]), 0, &[]);
}

#[test]
fn what_was_broken_before_is_reported_and_not_rolled_back() {
    for (trigger, verify, mood) in TRIGGERS {
        let shop = Shop::new(trigger, verify);
        shop.always_bad(mood);
        let ran = shop.promote(&["run"]);
        // What says only whether the version runs well cannot confirm it while it says no.
        let (exit, said) = match mood {
            Mood::Alert => (0, "HighErrorRate fired before already"),
            Mood::Degraded => (23, "app-staging: it is Degraded, as it was before our commit"),
            Mood::Unhealthy => (23, "503, as before our commit"),
            _ => (0, "it failed before already"),
        };
        ends(&ran, exit, &[said]);
        if exit == 23 {
            ends(&ran, exit, &["UNCONFIRMED", "nothing was rolled back; run it again to go on"]);
        }
        assert!(shop.pins("1.20"), "{trigger}");
        let record = record(&shop, &ran);
        assert!(record["refuted"].is_null() && record["rollback"].is_null(), "{trigger}: {record:#}");
        assert_eq!(shop.told(), ["sync"], "{trigger}: no second sync");
        ends(&shop.promote(&["hold", "list"]), 0, &["No environment is on hold."]);
        ends(&shop.promote(&["veto", "list"]), 0, &["No version is vetoed."]);
    }
}

#[test]
fn a_failure_that_is_not_among_the_triggers_is_a_persons() {
    let shop = Shop::of(&Terms { verify: SLO, rollback: "{ on: [deployment, health] }", ..Terms::default() });
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(22), "{}", ran.all());
    assert!(ran.stdout.contains("this failure is not among `rollback.on`"), "{}", ran.all());
    assert!(shop.pins("1.20"));
}

#[test]
fn what_runs_is_looked_at_again() {
    let shop = Shop::new("slo", SLO);
    let none = shop.promote(&["verify", "--env", "staging"]);
    assert_eq!(none.exit, Some(11), "{}", none.all());
    assert_eq!(shop.promote(&["run"]).exit, Some(0));
    let stood = shop.written();
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
    assert_eq!(shop.written(), stood, "a look writes nothing");
    shop.pin("1.30");
    looked(None, 10, "staging pins app 1.30, which promote did not bring there");
}
