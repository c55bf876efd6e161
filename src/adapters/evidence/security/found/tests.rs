use proptest::prelude::*;

use super::*;
use crate::promotion::waivers::Waives;

const HIGH: Severity = Severity::High;

fn package<'a>(ids: &'a [&'a str], name: &'a str, version: &'a str) -> Finding<'a> {
    let place = Place::Package { ecosystem: "npm", name, version, path: "package-lock.json" };
    Finding { ids, tool: "t", severity: HIGH, suppressed: false, place, message: "" }
}

fn code<'a>(ids: &'a [&'a str], tool: &'a str, path: &'a str, line: u64, mark: &'a str) -> Finding<'a> {
    let place = Place::Code { path, line, column: 0, mark };
    Finding { ids, tool, severity: HIGH, suppressed: false, place, message: "" }
}

fn waivers(list: &[(&str, Waives)]) -> Arc<Waivers> {
    Arc::new(Waivers::new(list.iter().map(|(label, waives)| ((*label).to_owned(), waives.clone()))))
}

fn id(id: &str) -> Waives {
    Waives { id: Some(id.to_owned()), ..Waives::default() }
}

fn all(findings: &[Finding<'_>], waivers: &Arc<Waivers>) -> Findings {
    let mut found = Found::new(Arc::clone(waivers));
    findings.iter().for_each(|finding| found.add(finding));
    found.finish().unwrap().0
}

fn of(findings: &[Finding<'_>]) -> Findings {
    all(findings, &Arc::default())
}

#[test]
fn packages_are_the_same_by_any_name_in_common() {
    for (findings, count) in [
        (vec![package(&["CVE-1"], "a", "1"), package(&["cve-1"], "A", "1")], 1),
        (vec![package(&["CVE-1", "GHSA-1"], "a", "1"), package(&["GHSA-1"], "a", "v1")], 1),
        (vec![package(&["CVE-1"], "a_b.c", "1"), package(&["CVE-1"], "A-B--C", "1")], 1),
        // Whoever knows both names joins those who know one.
        (
            vec![
                package(&["CVE-1"], "a", "1"),
                package(&["GHSA-1"], "a", "1"),
                package(&["X-1", "GHSA-1", "CVE-1"], "a", "1"),
            ],
            1,
        ),
        (vec![package(&["CVE-1"], "a", "1"), package(&["CVE-1"], "a", "2")], 2),
        (vec![package(&["CVE-1"], "a", "1"), package(&["CVE-1"], "b", "1")], 2),
        (vec![package(&["CVE-1"], "a", "1"), package(&["CVE-2"], "a", "1")], 2),
        // An advisory that covers several CVEs is none of them.
        (
            vec![
                package(&["CVE-1"], "a", "1"),
                package(&["CVE-2"], "a", "1"),
                package(&["ELSA-1", "CVE-1", "CVE-2"], "a", "1"),
            ],
            3,
        ),
        (vec![package(&["CVE-1", "cve-1", "GHSA-1"], "a", "1"), package(&["GHSA-1"], "a", "1")], 1),
        // One that does not know the version speaks of every version that others know.
        (vec![package(&["CVE-1"], "a", ""), package(&["CVE-1"], "a", "1"), package(&["CVE-1"], "a", "2")], 2),
        (vec![package(&["CVE-1"], "a", ""), package(&["CVE-2"], "a", "1")], 2),
        (vec![package(&["CVE-1"], "a", ""), package(&["CVE-1"], "a", "")], 1),
        (vec![package(&["CVE-1"], "a", "1"), code(&["CVE-1"], "t", "a", 1, "")], 2),
    ] {
        let findings = of(&findings);
        assert_eq!((findings.high, findings.worst.len() as u64), (count, count), "{:?}", findings.worst);
    }
}

#[test]
fn code_is_the_same_by_rule_or_weakness_and_line() {
    for (findings, count) in [
        (vec![code(&["r"], "t", "a.py", 3, "x"), code(&["r"], "t", "a.py", 3, "x")], 1),
        (vec![code(&["r"], "t", "a.py", 3, "x"), code(&["r"], "t", "a.py", 3, "y")], 2),
        (vec![code(&["r"], "t", "a.py", 3, "x"), code(&["r"], "u", "./a.py", 3, "y")], 1),
        (vec![code(&["r", "CWE-079"], "t", "a.py", 3, "x"), code(&["s", "cwe-79"], "u", "a.py", 3, "y")], 1),
        (vec![code(&["r", "CWE-79"], "t", "a.py", 3, "x"), code(&["s", "CWE-80"], "u", "a.py", 3, "y")], 2),
        (vec![code(&["r"], "t", "a.py", 3, "x"), code(&["r"], "u", "a.py", 4, "x")], 2),
        // Two of one tool, and one of another, are two.
        (
            vec![
                code(&["r"], "t", "a.py", 3, "x"),
                code(&["r"], "u", "a.py", 3, "z"),
                code(&["r"], "t", "a.py", 3, "y"),
            ],
            2,
        ),
        (vec![code(&["r"], "t", "", 0, "x"), code(&["r"], "u", "", 0, "y")], 2),
        (vec![code(&["r"], "t", "", 0, "x"), code(&["r"], "u", "", 0, "x")], 1),
    ] {
        let findings = of(&findings);
        assert_eq!((findings.high, findings.worst.len() as u64), (count, count), "{:?}", findings.worst);
    }
}

#[test]
fn of_two_that_are_the_same_the_worse_stands() {
    let with = |severity, suppressed, tool| Finding { severity, suppressed, ..code(&["r"], tool, "a", 1, "") };
    for (severities, wanted) in [
        ([(HIGH, true), (HIGH, false)], (1, 0, 0)),
        ([(Severity::Low, false), (HIGH, false)], (1, 0, 0)),
        ([(Severity::Low, false), (HIGH, true)], (0, 1, 0)),
        ([(HIGH, true), (HIGH, true)], (0, 0, 1)),
    ] {
        for tools in [["t", "t"], ["t", "u"]] {
            let pair = [0, 1].map(|n| with(severities[n].0, severities[n].1, tools[n]));
            let mut found = Found::default();
            pair.iter().for_each(|finding| found.add(finding));
            let (findings, notes) = found.finish().unwrap();
            assert_eq!((findings.high, findings.low, findings.suppressed), wanted, "{severities:?} {tools:?}");
            assert_eq!((findings.worst.len() as u64, notes.len()), (1 - wanted.2, 1), "{severities:?} {tools:?}");
        }
    }
}

#[test]
fn a_waived_finding_is_not_counted_and_stays() {
    let waivers = waivers(&[("w:1", id("GHSA-1")), ("w:2", id("r"))]);
    let findings = all(
        &[
            package(&["CVE-1"], "a", "1"),
            package(&["CVE-1", "GHSA-1"], "a", "1"),
            package(&["CVE-2"], "a", "1"),
            code(&["r"], "t", "a.py", 3, "x"),
            code(&["s"], "t", "a.py", 3, "x"),
        ],
        &waivers,
    );
    assert_eq!((findings.high, findings.worst.len()), (2, 2));
    let waived: Vec<_> = findings.waived.iter().map(|one| (one.detail.name.as_str(), one.waiver.as_str())).collect();
    assert_eq!(waived, [("r", "w:2"), ("CVE-1", "w:1")]);
}

#[test]
fn a_waiver_for_a_package_of_no_version_holds_for_its_versions() {
    let waives = Waives { id: Some("CVE-1".to_owned()), path: Some("*.json".to_owned()), ..Waives::default() };
    let mut elsewhere = package(&["CVE-1"], "a", "1");
    elsewhere.place = Place::Package { ecosystem: "", name: "a", version: "1", path: "image" };
    let findings = all(&[package(&["CVE-1"], "a", ""), elsewhere], &waivers(&[("w:1", waives)]));
    assert_eq!((findings.high, findings.waived.len()), (0, 1));
}

#[test]
fn what_is_suppressed_everywhere_is_suppressed_and_not_waived() {
    let suppressed = Finding { suppressed: true, ..package(&["CVE-1"], "a", "1") };
    let waivers = waivers(&[("w:1", id("CVE-1"))]);
    let findings = all(&[suppressed], &waivers);
    assert_eq!((findings.suppressed, findings.waived.len(), findings.high), (1, 0, 0));
    let findings = all(&[suppressed, package(&["CVE-1"], "a", "1")], &waivers);
    assert_eq!((findings.suppressed, findings.waived.len(), findings.high), (0, 1, 0));
}

#[test]
fn waivers_are_for_single_findings() {
    let waivers = waivers(&[("w:1", id("r"))]);
    for (count, fits) in [(Waived::MOST, true), (Waived::MOST + 1, false)] {
        let mut found = Found::new(Arc::clone(&waivers));
        (1..=count as u64).for_each(|line| found.add(&code(&["r"], "t", "a", line, "")));
        match found.finish() {
            Ok((findings, _)) => assert_eq!((findings.waived.len(), fits), (count, true)),
            Err(defect) => {
                let wanted = "waivers name more than 10000 of its findings, the most that may be";
                assert_eq!((defect, fits), (Defect::Unreadable(wanted.to_owned()), false));
            }
        }
    }
}

#[test]
fn the_worst_come_first_and_are_limited() {
    let names: Vec<String> = (0..300).map(|n| format!("r{n:03}")).collect();
    let mut found = Found::default();
    for name in &names {
        let severity = if name == "r299" { Severity::Critical } else { Severity::Low };
        found.add(&Finding { severity, ..code(&[name], "t", "a", 7, "") });
    }
    let (findings, _) = found.finish().unwrap();
    let shown: Vec<&str> = findings.worst.iter().map(|detail| detail.name.as_str()).collect();
    assert_eq!((findings.low, shown.len(), &shown[..3]), (299, DETAILS_KEPT, ["r299", "r000", "r001"].as_slice()));
}

#[test]
fn places_are_shown_as_people_write_them() {
    let long = "ä".repeat(400);
    let ids = [long.as_str()];
    let texts = [
        package(&["CVE-1"], "a", "1"),
        Finding {
            place: Place::Package { ecosystem: "", name: "a", version: "", path: "" },
            ..package(&["CVE-2"], "", "")
        },
        Finding { message: "\n  first \nsecond", ..code(&["r"], "t", "a.py", 3, "") },
        code(&ids, "t", "b.py", 0, ""),
    ];
    let shown: Vec<String> = of(&texts).worst.iter().map(|d| format!("{}|{}|{}", d.name, d.message, d.at)).collect();
    let long = format!("{}…||b.py", "ä".repeat(299));
    assert_eq!(shown, ["CVE-2||a", "r|first|a.py:3", &long, "CVE-1||a@1 (npm, package-lock.json)"]);
}

fn findings() -> impl Strategy<Value = Vec<(u8, u8, u8, u8, u8)>> {
    prop::collection::vec((0u8..6, 0u8..3, 0u8..3, 0u8..14, 0u8..2), 0..40)
}

/// Pours findings that have much in common into accumulators, `cut` of them into another one that is absorbed.
fn poured(findings: &[(u8, u8, u8, u8, u8)], cut: usize) -> Findings {
    const IDS: [&[&str]; 6] = [&["A"], &["B"], &["A", "B"], &["C", "B"], &["D"], &["C", "CWE-1"]];
    const GRADES: [Severity; 7] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::Unknown,
        Severity::High,
        Severity::Critical,
        Severity::Low,
    ];
    let path = Waives { path: Some("p1".to_owned()), ..id("D") };
    let waivers = waivers(&[("w:1", id("A")), ("w:2", path)]);
    let (mut left, mut right) = (Found::new(Arc::clone(&waivers)), Found::new(waivers));
    for (at, &(ids, place, tool, grade, kind)) in findings.iter().enumerate() {
        let (path, tool) = (["p1", "p2", "p2"][usize::from(place)], ["t", "u", "v"][usize::from(tool)]);
        let version = ["1", "2", ""][usize::from(place)];
        let place = match kind {
            0 => Place::Package { ecosystem: "", name: "n", version, path },
            _ => Place::Code { path, line: u64::from(place), column: 0, mark: version },
        };
        let (severity, suppressed) = (GRADES[usize::from(grade % 7)], grade >= 7);
        let into = if at < cut { &mut left } else { &mut right };
        into.add(&Finding { ids: IDS[usize::from(ids)], tool, severity, suppressed, place, message: "" });
    }
    right.absorb(left);
    right.finish().unwrap().0
}

proptest! {
    #[test]
    fn neither_order_nor_split_matters(
        (findings, shuffled) in findings().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(findings.len() + 1);
        prop_assert_eq!(poured(&shuffled, cut), poured(&findings, 0));
    }

    #[test]
    fn a_report_more_never_makes_a_finding_less_bad(findings in findings(), more in findings()) {
        // Of packages: one with more names may join two that were taken for two.
        let keep = |all: Vec<(u8, u8, u8, u8, u8)>| -> Vec<_> {
            all.into_iter().map(|one| (one.0 % 2 * 4 + 1, one.1, one.2, one.3 % 7, 1)).filter(|one| one.0 != 5).collect()
        };
        let (findings, more) = (keep(findings), keep(more));
        let both: Vec<_> = findings.iter().chain(&more).copied().collect();
        let (before, after) = (poured(&findings, 0), poured(&both, 0));
        prop_assert!(after.critical >= before.critical);
        prop_assert!(after.critical + after.high >= before.critical + before.high);
    }
}
