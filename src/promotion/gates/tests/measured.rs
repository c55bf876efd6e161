//! Gates on parts of the tree, on the drop of coverage, on linters, and on who made a report.

use super::{NOW, facts, gate, is, observed, one, source, with};
use crate::promotion::condition::Op;
use crate::promotion::facts::{Facts, Reading, Tool};
use crate::promotion::fields::Unit;
use crate::promotion::measures::{Coverage, Findings, Measure, Part, Quality};
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::{Gate, GateKind};
use crate::promotion::time::Millis;

fn limit(name: &str, op: Op, value: &str, unit: Unit) -> Gate {
    let (evidence, base) = (name.split('.').next().unwrap(), name.ends_with("line_drop").then(|| "main".to_owned()));
    let kind =
        GateKind::Measured { from: vec![evidence.into()], tools: vec![], base, condition: is(name, op, value, unit) };
    gate(name, kind)
}

fn covered(lines_covered: u64, lines_total: u64) -> Reading {
    observed(Measure::Coverage(Coverage { lines_covered, lines_total, files: 1, ..Coverage::default() }))
}

fn drop(readings: &[(&str, Reading)], max_age: Option<Millis>) -> GateRow {
    let sources = [source("coverage", None), source("main", max_age)];
    one(limit("coverage.line_drop", Op::Lte, "0.01", Unit::Percent), &sources, &facts(readings))
}

#[test]
fn a_drop_is_inclusive_and_counted_in_points() {
    for (now, base, mark) in [
        ((890, 1000), (900, 1000), Mark::Pass),
        ((889, 1000), (900, 1000), Mark::Fail),
        ((89, 100), (900, 1000), Mark::Pass),
        ((2, 3), (203, 300), Mark::Pass),
        ((2, 3), (204, 300), Mark::Fail),
        ((950, 1000), (900, 1000), Mark::Pass),
    ] {
        let row = drop(&[("coverage", covered(now.0, now.1)), ("main", covered(base.0, base.1))], None);
        assert_eq!(row.mark, mark, "{now:?} after {base:?}: {:?}", row.because);
    }
}

#[test]
fn without_a_base_that_counts_nobody_knows() {
    let coverage = || ("coverage", covered(9, 10));
    let missing = Reading::Missing { why: "nothing matches main/*.xml".to_owned() };
    let dated = |time: &str| with(covered(9, 10), |seen| seen.taken = Some(time.parse().unwrap()));
    for (readings, mark) in [
        (vec![coverage()], Mark::Unknown),
        (vec![coverage(), ("main", missing)], Mark::Unknown),
        (vec![coverage(), ("main", dated("2026-11-19T12:00:00Z"))], Mark::Unknown),
        (vec![coverage(), ("main", covered(9, 10))], Mark::Unknown),
        (vec![coverage(), ("main", dated(NOW))], Mark::Pass),
    ] {
        let row = drop(&readings, Some(Millis::mins(60)));
        assert_eq!(row.mark, mark, "{:?}", row.because);
    }
}

#[test]
fn a_part_of_the_tree_is_judged_by_itself_and_an_empty_one_is_unknown() {
    let of = |part: Part| -> Facts {
        let parts = [("src/core/**".to_owned(), part)].into();
        let coverage = Coverage { lines_covered: 1, lines_total: 100, files: 1, parts, ..Coverage::default() };
        facts(&[("coverage", observed(Measure::Coverage(coverage)))])
    };
    for (measure, part, mark) in [
        ("line_rate", Part { lines_covered: 90, lines_total: 100, ..Part::default() }, Mark::Pass),
        ("line_rate", Part { lines_covered: 89, lines_total: 100, ..Part::default() }, Mark::Fail),
        ("line_rate", Part::default(), Mark::Unknown),
        ("function_rate", Part { functions_covered: 9, functions_total: 10, ..Part::default() }, Mark::Pass),
        ("branch_rate", Part { branches_covered: 8, branches_total: 10, ..Part::default() }, Mark::Fail),
    ] {
        let gate = limit(&format!("coverage.{measure}@src/core/**"), Op::Gte, "0.9", Unit::Percent);
        assert_eq!(one(gate, &[source("coverage", None)], &of(part)).mark, mark, "{measure} {part:?}");
    }
}

#[test]
fn linters_are_counted_inclusively() {
    let of = |quality: Quality| facts(&[("quality", observed(Measure::Quality(quality)))]);
    for (measure, quality, mark) in [
        ("errors", Quality { errors: 2, ..Quality::default() }, Mark::Pass),
        ("errors", Quality { errors: 3, ..Quality::default() }, Mark::Fail),
        ("warnings", Quality { warnings: 3, ..Quality::default() }, Mark::Fail),
        ("complexity", Quality { complexity: Some(2), ..Quality::default() }, Mark::Pass),
        ("complexity", Quality::default(), Mark::Unknown),
    ] {
        let gate = limit(&format!("quality.{measure}"), Op::Lte, "2", Unit::Count);
        assert_eq!(one(gate, &[source("quality", None)], &of(quality)).mark, mark, "{measure}");
    }
}

#[test]
fn a_report_of_another_scanner_opens_nothing() {
    let condition = is("security.high", Op::Lte, "0", Unit::Count);
    let kind = GateKind::Measured { from: vec!["security".into()], tools: vec!["trivy".into()], base: None, condition };
    let by = |name: Option<&str>| {
        let clean = observed(Measure::Findings(Findings::default()));
        let tools = name.map(|name| Tool { name: name.to_owned(), version: Some("1.2".to_owned()) });
        facts(&[("security", with(clean, |seen| seen.tools = tools.into_iter().collect()))])
    };
    for (name, mark) in [(Some("Trivy"), Mark::Pass), (Some("Grype"), Mark::Unknown), (None, Mark::Unknown)] {
        let row = one(gate("security.high", kind.clone()), &[source("security", None)], &by(name));
        assert_eq!(row.mark, mark, "{name:?}");
        if name == Some("Grype") {
            let because = row.because.unwrap();
            assert_eq!(because, "the rules expect a report by `trivy`, and the reports were made by Grype 1.2");
        }
    }
}
