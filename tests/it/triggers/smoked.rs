//! Smoke tests: requests that are made once the new version is live, and what fails twice leads back.

use super::record;
use super::shop::Shop;
use super::weather::Mood;
use crate::order::ends;

/// An order is made, and found again.
const ORDER: &str = "smoke: [{ name: order, steps: [\
    { post: 'SERVICE/orders', body: '{\"item\": \"tea\"}', status: 201, save: { id: id } }, \
    { get: 'SERVICE/orders/{id}', json: { state: open } }] }]";

#[test]
fn what_fails_twice_leads_back_and_is_run_against_what_was_restored() {
    let shop = Shop::new("health", ORDER);
    shop.bad_with("1.20", Mood::Lost);
    let ran = shop.promote(&["run"]);
    let words = ["ROLLED BACK: staging is back on app 1.10", "the smoke test order failed twice", "step 2, GET", "404"];
    ends(&ran, 21, &words);
    assert!(shop.pins("1.10") && shop.runs("1.10"));
    let record = record(&shop, &ran);
    assert_eq!(record["refuted"]["trigger"], "health", "{record:#}");
    assert_eq!(record["rollback"]["verified"]["smoke"], serde_json::json!(["order"]), "{record:#}");
    super::stays_back(&shop);
}

#[test]
fn what_passes_is_in_the_record() {
    let shop = Shop::new("health", ORDER);
    let ran = shop.promote(&["run"]);
    ends(&ran, 0, &["PROMOTED", "order"]);
    let record = record(&shop, &ran);
    assert_eq!(record["verified"]["smoke"], serde_json::json!(["order"]), "{record:#}");
    assert!(shop.pins("1.20") && shop.runs("1.20"));
}

#[test]
fn what_fails_and_is_not_named_is_a_persons() {
    let shop = Shop::new("deployment", ORDER);
    shop.bad_with("1.20", Mood::Lost);
    ends(&shop.promote(&["run"]), 22, &["STUCK", "this failure is not among `rollback.on`", "promote rollback"]);
    assert!(shop.pins("1.20"));
}
