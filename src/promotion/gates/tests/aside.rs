use super::*;
use crate::promotion::gates::aside;
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::report::{GateReport, Mark, Verdict};
use crate::promotion::rules::Rules;
use crate::promotion::rules::read::read;
use crate::promotion::soaking::Soaking;

const RULES: &str = "version: 1
service: app
environments: { dev: { path: a }, staging: { path: b }, canary: { path: c } }
promotions:
  - { from: dev, to: staging }
  - { from: staging, to: canary }
  - from: dev
    to: canary
    hotfix: { skips: [staging] }
    approvals: [{ role: sre, team: acme/sre, min: 2 }]
";

fn rules() -> Rules {
    read("rules.yaml", RULES).unwrap()
}

fn soaking(elapsed: i64, protect: bool) -> Soaking {
    Soaking {
        environment: "canary".to_owned(),
        next: "production".to_owned(),
        images: vec![ImageRef::parse("r/app:1.20").unwrap()],
        promotion: "01J".to_owned(),
        elapsed: Millis::mins(elapsed),
        min: Millis::mins(120),
        protect,
        line: 41,
    }
}

#[test]
fn a_skipped_environment_is_skipped_only_where_somebody_said_so() {
    let rules = rules();
    let promotion = rules.promotion("dev", "canary").unwrap();
    let said = |skips: &[&str]| {
        let skips = skips.iter().map(|name| (*name).to_owned()).collect();
        Some(Hotfixed { skips, reason: "the login is down".to_owned() })
    };
    for (hotfix, mark, words) in [
        (said(&["staging"]), Mark::Skipped, "skipped by a hotfix: the login is down"),
        (said(&[]), Mark::Unknown, "was not asked for as one"),
        (None, Mark::Unknown, "was not asked for as one"),
    ] {
        let mut facts = super::facts(&[]);
        facts.hotfix = hotfix;
        let rows = aside::skipped(promotion, &facts, "rules.yaml");
        assert_eq!((rows.len(), rows[0].id.as_str(), rows[0].mark), (1, "order.staging", mark));
        assert!(rows[0].because.as_ref().unwrap().contains(words), "{rows:?}");
        let verdict = if mark == Mark::Skipped { Verdict::Go } else { Verdict::Stop };
        assert_eq!(GateReport::of(rows).verdict, verdict);
    }
    let ordinary = rules.promotion("dev", "staging").unwrap();
    assert!(aside::skipped(ordinary, &super::facts(&[]), "rules.yaml").is_empty());
}

#[test]
fn a_soak_is_told_of_held_for_or_replaced_by_name() {
    let by = || Some(SetAside { by: "@dana".to_owned(), reason: "it leaks".to_owned() });
    for (protect, replaced, mark, verdict, words) in [
        (false, None, Mark::Warn, Verdict::Go, "canary soaks app 1.20 for production, 1 h left"),
        (false, by(), Mark::Warn, Verdict::Go, "canary soaks app 1.20 for production, 1 h left"),
        (true, None, Mark::Fail, Verdict::Wait, "and the rules protect that"),
        (true, by(), Mark::Waived, Verdict::Go, "replaced by @dana: it leaks"),
    ] {
        let mut facts = super::facts(&[]);
        (facts.soaking, facts.replaced) = (vec![soaking(60, protect)], replaced);
        let rows = aside::soaking(&facts, "rules.yaml");
        assert_eq!((rows[0].id.as_str(), rows[0].mark, rows[0].rule.as_str()), ("soak.canary", mark, "rules.yaml:41"));
        assert!(rows[0].because.as_ref().unwrap().contains(words), "{rows:?}");
        assert_eq!(rows[0].not_before, (mark == Mark::Fail).then(|| Millis::mins(60).after(facts.at)));
        assert_eq!(GateReport::of(rows).verdict, verdict);
    }
}

#[test]
fn several_soaks_are_rows_of_their_own() {
    let mut facts = super::facts(&[]);
    facts.soaking = vec![soaking(60, false), Soaking { next: "lab".to_owned(), ..soaking(10, true) }];
    let ids: Vec<String> = aside::soaking(&facts, "rules.yaml").into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["soak.canary.production", "soak.canary.lab"]);
}
