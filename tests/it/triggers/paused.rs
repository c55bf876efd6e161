//! A canary limit that pauses: the environment is on hold, a person lets it go on or goes back.

use super::record;
use super::shop::Shop;
use super::weather::Mood;

/// Errors pause here, and nothing else is asked.
pub(super) const PAUSES: &str =
    "gates: { canary: { from: [slo], error_rate_increase_max: 1%, actions: { error_rate_increase_max: pause } } }";

fn paused() -> Shop {
    let shop = Shop::new("canary", PAUSES);
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(13), "{}", ran.all());
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "staging is paused: a person decides",
        "canary error_rate_increase in staging is +5 points",
        "50 of 1,000 requests failed in staging (5 %), 0 of 1,000 requests failed before",
        "to go on: promote hold lift --env staging --reason \"…\", then promote run --from dev --to staging",
        "to go back: promote rollback --env staging --reason \"…\"",
    ] {
        assert!(words.contains(said), "{said}: {}", ran.all());
    }
    assert!(shop.pins("1.20"), "nothing was rolled back");
    let record = record(&shop, &ran);
    assert_eq!(record["paused"]["gates"][0]["id"], "canary.error_rate_increase", "{record:#}");
    let held = shop.promote(&["hold", "list"]);
    assert!(held.stdout.contains("is paused"), "{}", held.all());
    shop
}

#[test]
fn a_person_lets_it_go_on() {
    let shop = paused();
    // Nobody has decided yet.
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(13), "{}", ran.all());
    let ran = shop.promote(&["hold", "lift", "--env", "staging", "--reason", "it is the new check, which is right"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("a person let it go on"), "{}", ran.all());
    assert!(shop.pins("1.20"));
}

#[test]
fn a_person_goes_back() {
    let shop = paused();
    let ran = shop.promote(&["rollback", "--env", "staging", "--reason", "too many errors"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(shop.pins("1.10"));
}

#[test]
fn the_same_limit_rolls_back_where_the_rules_say_so() {
    let shop = Shop::new("canary", "gates: { canary: { from: [slo], error_rate_increase_max: 1% } }");
    shop.bad_with("1.20", Mood::Errors);
    let ran = shop.promote(&["run"]);
    assert_eq!(ran.exit, Some(21), "{}", ran.all());
    assert!(shop.pins("1.10"));
}
