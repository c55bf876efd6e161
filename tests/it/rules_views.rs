//! Rules as objects: listed, tried on saved facts, and compared with those of a promotion.

use serde_json::{Value, json};

use crate::bundle::delivered;
use crate::harness::{RULES, Sandbox};

fn said(sandbox: &Sandbox, args: &[&str], exit: i32) -> String {
    let ran = sandbox.promote(args);
    assert_eq!(ran.exit, Some(exit), "{args:?}: {}", ran.all());
    ran.stdout
}

fn change(sandbox: &Sandbox, from: &str, to: &str) {
    let rules = std::fs::read_to_string(sandbox.work().join(RULES)).unwrap();
    assert!(rules.contains(from), "the rules have no {from}");
    sandbox.write(RULES, rules.replacen(from, to, 1));
}

#[test]
fn each_promotion_is_a_line() {
    let sandbox = Sandbox::new(&[]);
    sandbox.write(RULES, include_str!("../../fixtures/rules/design.yaml"));
    let list = said(&sandbox, &["rules", "list"], 0);
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let lines: Vec<&str> = list.lines().collect();
    for (line, way) in lines[1..].iter().zip(["dev → staging", "staging → canary", "canary → production"]) {
        assert!(line.starts_with(way), "{list}");
    }
    assert!(lines[1..4].iter().all(|line| line.ends_with("none")), "nothing is not built: {list}");
    let document: Value = serde_json::from_str(&said(&sandbox, &["rules", "list", "--json"], 0)).unwrap();
    assert_eq!(document["promotions"][1]["approvals"], true);
    assert_eq!(document["promotions"][0]["approvals"], false);
}

#[test]
fn rules_are_tried_on_saved_facts() {
    let (sandbox, _) = delivered();
    // The world is not asked again.
    std::fs::remove_dir_all(sandbox.work().join("artifacts")).unwrap();
    assert!(said(&sandbox, &["rules", "test", "bundle"], 0).contains("Against the recorded report nothing changes."));
    change(&sandbox, "line_min: 80%", "line_min: 95%");
    let tried = said(&sandbox, &["rules", "test", "bundle"], 10);
    for part in ["✗ coverage line", "HELD: 1 gate failed.", "coverage line: ✓ pass recorded, ✗ fail now"] {
        assert!(tried.contains(part), "{part} is not in\n{tried}");
    }
    change(&sandbox, "  coverage: artifacts", "  e2e: artifacts/e2e.xml\n  coverage: artifacts");
    change(&sandbox, "required: [unit]", "required: [unit, e2e]");
    change(&sandbox, "line_min: 95%", "line_min: 80%");
    let tried = said(&sandbox, &["rules", "test", "bundle"], 11);
    assert!(tried.contains("tests e2e: no such gate recorded, ? unknown now"), "{tried}");
    std::fs::write(sandbox.work().join("bundle/facts.json"), "{}").unwrap();
    let refused = said(&sandbox, &["rules", "test", "bundle"], 3);
    assert!(refused.contains("The bundle is not as it was sealed") && refused.contains("facts.json"), "{refused}");
}

#[test]
fn what_was_loosened_since_a_promotion_is_marked() {
    let (sandbox, _) = delivered();
    let same = said(&sandbox, &["rules", "diff"], 0);
    assert!(same.starts_with("promotion/promotion-rules.yaml: the same since promotion"), "{same}");
    change(&sandbox, "line_min: 80%", "line_min: 70%");
    change(&sandbox, "high_max: 0", "high_max: 0, critical_max: 0");
    let changed = said(&sandbox, &["rules", "diff"], 0);
    for part in [
        "1 loosened, 1 tightened since promotion",
        "dev → staging\n",
        "! loosened   coverage line: coverage.line_rate ≥ 80 % → ≥ 70 %\n",
        "  tightened  security critical: is new",
        "-      coverage: { line_min: 80% }\n",
        "+      coverage: { line_min: 70% }\n",
    ] {
        assert!(changed.contains(part), "{part} is not in\n{changed}");
    }
    let document: Value = serde_json::from_str(&said(&sandbox, &["rules", "diff", "--json"], 0)).unwrap();
    assert_eq!((&document["loosened"], &document["same_text"]), (&json!(1), &json!(false)));
    change(&sandbox, "version: 1", "# only words\nversion: 1");
    change(&sandbox, "line_min: 70%", "line_min: 80%");
    change(&sandbox, "high_max: 0, critical_max: 0", "high_max: 0");
    let words = said(&sandbox, &["rules", "diff"], 0);
    assert!(words.contains("the same in meaning, other in text, since") && words.contains("+# only words"), "{words}");
    said(&sandbox, &["rules", "diff", "--since", "01NOSUCH"], 2);
}

#[test]
fn without_a_completed_promotion_there_is_nothing_to_compare_with() {
    let (sandbox, _) = delivered();
    let refused = said(&sandbox, &["rules", "diff", "--ledger", "elsewhere"], 2);
    assert!(refused.contains("--since"), "{refused}");
    assert!(!sandbox.work().join("elsewhere").exists());
}
