use std::fmt::Write as _;

use crate::promotion::rules::Rules;
use crate::promotion::rules::read::read;

/// Rules with an ordinary way over four environments, and a hotfix past the middle of it.
fn rules(hotfix: &str) -> Result<Rules, Vec<String>> {
    let mut text = "version: 1\nservice: app\nenvironments:\n".to_owned();
    for name in ["dev", "staging", "canary", "production", "lab"] {
        let _ = writeln!(text, "  {name}: {{ path: k8s/{name} }}");
    }
    text += "evidence: { unit: a.xml }\npromotions:\n";
    text += hotfix;
    for (from, to) in [("dev", "staging"), ("staging", "canary"), ("canary", "production")] {
        let _ = writeln!(text, "  - from: {from}\n    to: {to}\n    gates: {{ tests: {{ required: [unit] }} }}");
    }
    read("rules.yaml", &text).map_err(|faults| faults.iter().map(|fault| format!("{fault:?}")).collect())
}

fn hotfix(skips: &str, more: &str) -> String {
    format!("  - from: dev\n    to: production\n    hotfix: {{ skips: {skips} }}\n{more}")
}

const TWO: &str = "    approvals: [{ role: sre, team: acme/sre, min: 2 }]\n";

#[test]
fn what_is_skipped_comes_out_in_the_order_of_the_way() {
    let rules = rules(&hotfix("[Canary, staging]", TWO)).unwrap();
    let promotion = rules.promotion("dev", "production").unwrap();
    assert_eq!(promotion.hotfix.as_ref().unwrap().skips, ["staging", "canary"]);
    assert!(!promotion.is_ordinary());
    assert_eq!(rules.ordinary().count(), 3);
}

#[test]
fn it_goes_past_exactly_what_lies_between() {
    for (skips, words) in [
        ("[staging]", "write skips: [staging, canary]"),
        ("[staging, canary, lab]", "write skips: [staging, canary]"),
        ("[]", "a hotfix that skips nothing"),
        ("[staging, staging]", "`staging` is named twice"),
        ("[staging, nowhere]", "unknown environment `nowhere`"),
    ] {
        let faults = rules(&hotfix(skips, TWO)).unwrap_err();
        assert!(faults.len() == 1 && faults[0].contains(words), "{skips}: {faults:#?}");
    }
    let elsewhere = format!("  - from: dev\n    to: lab\n    hotfix: {{ skips: [staging] }}\n{TWO}");
    let faults = rules(&elsewhere).unwrap_err();
    assert!(faults[0].contains("no other promotions lead from dev to lab"), "{faults:#?}");
}

#[test]
fn two_different_people_stand_behind_it() {
    for (more, words) in [
        ("", Some("nobody has to approve it")),
        ("    approvals: [{ role: sre, team: acme/sre }]\n", Some("one person approves it")),
        (TWO, None),
        ("    approvals: [{ role: sre, team: acme/sre }, { role: lead, users: [ana] }]\n", None),
        ("    approvals: [{ role: sre, users: [ana] }, { role: lead, users: [bo] }]\n", None),
        ("    approvals: [{ role: sre, users: [ana] }, { role: lead, users: [Ana] }]\n", Some("only 1 can")),
        (
            "    approvals: [{ role: sre, users: [ana, bo], min: 2 }, { role: lead, users: [ana, bo] }]\n",
            Some("only 2 can"),
        ),
    ] {
        let read = rules(&hotfix("[staging, canary]", more));
        match words {
            None => assert!(read.is_ok(), "{more}: {read:#?}"),
            Some(words) => {
                let faults = read.unwrap_err();
                assert!(faults.len() == 1 && faults[0].contains(words), "{more}: {faults:#?}");
            }
        }
    }
}

#[test]
fn nothing_stands_beside_it_that_would_take_the_people_away() {
    for (more, words) in [
        ("    same_person: true\n", "`same_person` stands beside `hotfix`"),
        ("    auto_promote: true\n", "`auto_promote` stands beside `hotfix`"),
        ("    bypass: { approvals: { by: [ana] } }\n", "cannot be set aside"),
    ] {
        let faults = rules(&hotfix("[staging, canary]", &format!("{TWO}{more}"))).unwrap_err();
        assert!(faults.len() == 1 && faults[0].contains(words), "{more}: {faults:#?}");
    }
    assert!(rules(&hotfix("[staging, canary]", &format!("{TWO}    bypass: {{ gates: {{ by: [ana] }} }}\n"))).is_ok());
}

#[test]
fn a_soak_since_argo_cd_needs_an_application() {
    let soak = "  - from: dev\n    to: lab\n    gates: { soak: { min: 2h, since: argocd, protect: true } }\n";
    let faults = rules(soak).unwrap_err();
    assert!(faults.len() == 1 && faults[0].contains("`dev` has no `argocd`"), "{faults:#?}");
    let rules = rules(&soak.replace("since: argocd", "since: record")).unwrap();
    let crate::promotion::rules::GateKind::Soak(soak) = &rules.promotions[0].gates[0].kind else { panic!("no soak") };
    assert!(soak.protect && soak.since.is_record() && soak.min == crate::promotion::time::Millis::mins(120));
}
