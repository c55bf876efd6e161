use super::*;
use crate::promotion::measures::{Detail, Waived};
use crate::promotion::report::WaiverStanding;
use crate::promotion::waivers::facts::WaiversFacts;
use crate::promotion::waivers::file;

#[test]
fn a_waived_gate_says_what_it_was_and_until_when_and_the_rest_is_told() {
    let sources = ["unit", "e2e", "gone"].map(|id| source(id, None));
    let gates = promotion(vec![all_pass("unit"), all_pass("e2e"), all_pass("gone")]);
    let mut facts = facts(&[("unit", tests(5, 0, 0)), ("e2e", tests(4, 1, 0))]);
    let waived = Waived {
        detail: Detail { name: "slow".into(), message: String::new(), at: String::new() },
        waiver: "w.yaml:4".into(),
    };
    let Some(Reading::Observed(Observation { measure: Measure::Tests(unit), .. })) = facts.readings.get_mut("unit")
    else {
        panic!("no tests")
    };
    (unit.total, unit.waived) = (unit.total + 1, vec![waived]);
    let text = "\
- { gate: tests.e2e, reason: load test host, approved_by: ana, expires: 2100-12-01 }
- { gate: tests.gone, reason: not yet, approved_by: ana, expires: 2100-12-01 }
- { gate: tests.unit, reason: it passes, approved_by: ana, expires: 2100-12-01 }
- { test: slow, reason: slow, approved_by: ana, expires: 2100-12-01 }
- { gate: tests.e2e, reason: long ago, approved_by: ana, expires: 2000-01-01 }
";
    let file = file::read("w.yaml", text).unwrap();
    facts.waivers = Some(WaiversFacts::of(&file, facts.at));
    let report = judge(&gates, &sources, &facts);
    let marks: Vec<Mark> = report.rows.iter().map(|row| row.mark).collect();
    assert_eq!(marks, [Mark::Pass, Mark::Waived, Mark::Waived]);
    let because = |n: usize| report.rows[n].because.clone().unwrap();
    assert!(because(1).starts_with("waived until 2100-12-01 by @ana: load test host (it failed: "), "{}", because(1));
    assert!(because(2).contains("(it could not be evaluated: "), "{}", because(2));
    let said: Vec<(WaiverStanding, u64)> = report.waivers.iter().map(|row| (row.standing, row.count)).collect();
    let (used, unused, over) = (WaiverStanding::InForce, WaiverStanding::Unused, WaiverStanding::Expired);
    assert_eq!(said, [(used, 1), (used, 1), (unused, 0), (used, 1), (over, 0)]);
    assert_eq!(report.waivers[3].covers[0].name, "slow");
    // Without the file all of it holds again, and nothing is said of waivers.
    facts.waivers = None;
    let report = judge(&gates, &sources, &facts);
    assert_eq!((report.verdict, report.waivers.len()), (Verdict::Stop, 0));
}

#[test]
fn no_waiver_covers_the_order_of_environments() {
    let mut facts = facts(&[]);
    facts.path[0].pins = Pins::Other(Vec::new());
    let mut waivers = WaiversFacts::of(&file::read("w.yaml", "").unwrap(), facts.at);
    let text = "- { gate: a.b, reason: r, approved_by: a, expires: 2100-01-01 }\n";
    waivers.list = WaiversFacts::of(&file::read("w.yaml", text).unwrap(), facts.at).list;
    // A file cannot name it; neither can facts that say so.
    let judged = |facts: &Facts| evaluate(&promotion(Vec::new()), &BTreeMap::new(), facts, "rules.yaml");
    let order = judged(&facts).rows[0].id.clone();
    waivers.list[0].waives.gate = Some(order);
    facts.waivers = Some(waivers);
    assert_eq!(judged(&facts).verdict, Verdict::Stop);
}
