use super::*;
use crate::promotion::rules::read::read;

fn rules(evidence: &str, body: &str) -> Rules {
    let text = format!(
        "version: 1\nservice: app\nenvironments:\n  dev: {{ path: dev }}\n  staging: {{ path: staging, argocd: app }}\n\
         evidence:\n  unit: {evidence}\n  coverage: c.xml\n  security: s.sarif\n  other: o.sarif\n\
         promotions:\n  - from: dev\n    to: staging\n{body}"
    );
    read("rules.yaml", &text).unwrap_or_else(|faults| panic!("{}", crate::promotion::rules::fault::render(&faults)))
}

const UNIT: &str = "u.xml";

fn changes(old: &str, new: &str) -> Vec<(Effect, String, String)> {
    let compared = compare(&rules(UNIT, old), &rules(UNIT, new));
    assert_eq!(compared.len(), 1);
    compared[0].changes.iter().map(|change| (change.effect, change.part.clone(), change.what.clone())).collect()
}

#[track_caller]
fn is(old: &str, new: &str, there: (Effect, &str, &str), back: Effect) {
    let (old, new) = (format!("    {old}\n"), format!("    {new}\n"));
    assert_eq!(changes(&old, &new), [(there.0, there.1.to_owned(), there.2.to_owned())]);
    let returned = changes(&new, &old);
    assert_eq!(returned.iter().map(|change| change.0).collect::<Vec<_>>(), [back], "{returned:?}");
}

#[test]
fn what_asks_for_less_is_loosened_and_the_way_back_is_tightened() {
    use Effect::{Changed, Loosened, Tightened};
    let gates = |gate: &str| format!("gates: {{ {gate} }}");
    for (old, new, part, what) in [
        (
            "coverage: { line_min: 80% }",
            "coverage: { line_min: 70% }",
            "coverage.line",
            "coverage.line_rate ≥ 80 % → ≥ 70 %",
        ),
        ("security: { high_max: 0 }", "security: { high_max: 5 }", "security.high", "security.high ≤ 0 → ≤ 5"),
        ("soak: { min: 2h }", "soak: { min: 1h }", "soak.min", "2 h → 1 h"),
        (
            "coverage: { line_min: 80% }",
            "coverage: { line_min: 80%, optional: true }",
            "coverage.line",
            "required → optional",
        ),
        (
            "security: { from: [security, other], high_max: 0 }",
            "security: { high_max: 0 }",
            "security.high",
            "no longer reads other",
        ),
        (
            "tests: { required: [unit], skipped_max: 3 }",
            "tests: { required: [unit] }",
            "tests.unit",
            "no longer unit.skipped ≤ 3",
        ),
    ] {
        is(&gates(old), &gates(new), (Loosened, part, what), Tightened);
    }
    is("require_digest: true", "require_digest: false", (Loosened, "require_digest", "true → false"), Tightened);
    is("auto_promote: false", "auto_promote: true", (Loosened, "auto_promote", "false → true"), Tightened);
    is("trust_baseline: false", "trust_baseline: true", (Loosened, "trust_baseline", "false → true"), Tightened);
    is("verify: { settle: 5m }", "verify: { settle: 1m }", (Loosened, "verify.settle", "5 min → 1 min"), Tightened);
    is("verify: { grace: 1m }", "verify: { grace: 5m }", (Loosened, "verify.grace", "1 min → 5 min"), Tightened);
    is("verify: { timeout: 20m }", "verify: { timeout: 30m }", (Changed, "verify.timeout", "20 min → 30 min"), Changed);
    is("rollback: { when: auto }", "rollback: { when: never }", (Loosened, "rollback.when", "auto → never"), Tightened);
    is(
        "rollback: { on: [deployment, health] }",
        "rollback: { on: [deployment] }",
        (Loosened, "rollback.on", "no longer health"),
        Tightened,
    );
    let qa = |more: &str| format!("approvals: [{{ role: qa, users: [a, b]{more} }}]");
    let gone = (Loosened, "approvals.qa", "is gone; it was 1 of @a, @b");
    is(&qa(""), "approvals: []", gone, Tightened);
    is(&qa(", min: 2"), &qa(""), (Loosened, "approvals.qa", "min 2 → 1"), Tightened);
    is(&qa(", within: 1d"), &qa(", within: 2d"), (Loosened, "approvals.qa", "within 1 d → 2 d"), Tightened);
    is("same_person: false", "same_person: true", (Loosened, "same_person", "false → true"), Tightened);
    let may = "bypass: { gates: { by: [ana] } }";
    is("require_digest: false", may, (Loosened, "bypass.gates", "ana may too"), Tightened);
}

#[test]
fn gates_come_and_go() {
    let one = "    gates: { tests: { required: [unit] } }\n";
    let two = "    gates: { tests: { required: [unit] }, coverage: { line_min: 80% } }\n";
    let part = |changes: Vec<(Effect, String, String)>| (changes[0].0, changes[0].1.clone());
    assert_eq!(part(changes(one, two)), (Effect::Tightened, "coverage.line".to_owned()));
    assert_eq!(part(changes(two, one)), (Effect::Loosened, "coverage.line".to_owned()));
    assert_eq!(changes(two, two), []);
}

#[test]
fn what_is_no_plain_conjunction_is_only_changed() {
    let any = |limit: &str| {
        format!(
            "    gates: {{ tests: {{ required: [unit] }}, conditions: {{ any: [{{ field: tests.flaky, op: eq, value: 0 }}, \
             {{ field: tests.pass_rate, op: gte, value: {limit} }}] }} }}\n"
        )
    };
    let found = changes(&any("100"), &any("90"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, Effect::Changed);
}

#[test]
fn evidence_that_may_be_older_is_loosened() {
    let gates = "    gates: { tests: { required: [unit] } }\n";
    let aged = |age: &str| rules(&format!("{{ files: u.xml, max_age: {age} }}"), gates);
    let effects = |old: &Rules, new: &Rules| {
        compare(old, new)[0].changes.iter().map(|change| (change.effect, change.part.clone())).collect::<Vec<_>>()
    };
    let unit = || "evidence.unit".to_owned();
    assert_eq!(effects(&aged("24h"), &aged("48h")), [(Effect::Loosened, unit())]);
    assert_eq!(effects(&aged("24h"), &rules(UNIT, gates)), [(Effect::Loosened, unit())]);
    assert_eq!(effects(&rules("v.xml", gates), &rules(UNIT, gates)), [(Effect::Changed, unit())]);
}

#[test]
fn another_way_in_is_loosened() {
    let body = "    gates: { tests: { required: [unit] } }\n";
    let old = rules(UNIT, body);
    let mut new = old.clone();
    new.promotions.push(Promotion { from: "canary".to_owned(), ..old.promotions[0].clone() });
    let added = compare(&old, &new).pop().unwrap();
    assert_eq!((added.from.as_str(), added.changes[0].effect), ("canary", Effect::Loosened));
    let gone = compare(&new, &old).pop().unwrap();
    assert_eq!((gone.from.as_str(), gone.changes[0].effect), ("canary", Effect::Tightened));
}
