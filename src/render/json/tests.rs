//! Tests of [`json`](super).

use serde_json::{Value, json};

use super::*;
use crate::promotion::folded::fold;
use crate::promotion::plan::Plan;
use crate::promotion::record::Entry;
use crate::render::samples;

fn parsed(document: &str) -> Value {
    assert!(document.ends_with("}\n"));
    assert!(!document.contains("##["), "the runner would act on it");
    serde_json::from_str(document).unwrap()
}

fn shown(entries: &[Entry]) -> String {
    show::show(&fold(entries).unwrap(), entries)
}

#[test]
fn validate_holds_the_report_whole() {
    let images = [samples::new()];
    let document = parsed(&validate(&samples::heading(&images), &samples::report(), Outcome::Held));
    assert_eq!(document["outcome"], "held");
    assert_eq!(document["exit"], 10);
    assert_eq!(document["counts"]["unknown"], 1);
    let back: GateReport = serde_json::from_value(document["report"].clone()).unwrap();
    assert_eq!(back, samples::report(), "hostile texts survive as they were read");
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let known =
        ["schema", "outcome", "exit", "answer", "counts", "report", "service", "from", "to", "images", "commit"];
    assert_eq!(keys, known);
}

#[test]
fn a_plan_can_be_read_back() {
    let document = parsed(&plan(&samples::plan(), &samples::diffs(), &samples::ready(), Outcome::Planned));
    let back: Plan = serde_json::from_value(document["plan"].clone()).unwrap();
    assert_eq!(back, samples::plan());
    let line = json!({ "sign": "-", "line": 12, "text": "    newTag: \"1.10\"\t# set by promote", "ended": true });
    assert_eq!(document["diff"][0]["lines"][0], line);
}

#[test]
fn a_record_is_folded() {
    let document = parsed(&shown(&samples::rolled_back()));
    for (at, value) in [
        ("/state", json!("rolled_back")),
        ("/outcome", json!("rolled_back")),
        ("/exit", json!(21)),
        ("/refuted/trigger", json!("deployment")),
        ("/rollback/commits/0/commit", json!(samples::TIP)),
        ("/commits/0/commit", json!(samples::COMMIT)),
        ("/events/1/event", json!("planned")),
        ("/request/to", json!("staging")),
    ] {
        assert_eq!(document.pointer(at), Some(&value), "{at}");
    }
    let open = parsed(&shown(&samples::killed()));
    assert_eq!(
        (&open["state"], &open["outcome"], &open["rollback"]),
        (&json!("executing"), &Value::Null, &Value::Null)
    );
}

#[test]
fn an_ending_without_a_report() {
    let document = parsed(&ending(&ending::Ending::refused(3, "2 faults.")));
    assert_eq!((&document["outcome"], &document["exit"]), (&Value::Null, &json!(3)));
}
