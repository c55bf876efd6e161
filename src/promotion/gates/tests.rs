mod subjects;

use std::collections::BTreeMap;

use crate::promotion::condition::{Comparison, Condition, Op, Operand};
use crate::promotion::facts::{
    EnvironmentFacts, EvidenceFile, Facts, Observation, Reading, SetAside, Snapshot, Soak, Subject, SubjectKnown,
};
use crate::promotion::fields::Unit;
use crate::promotion::gates::evaluate;
use crate::promotion::gates::needs::needs;
use crate::promotion::head::Head;
use crate::promotion::image::ImageRef;
use crate::promotion::measures::{Coverage, Findings, Measure, Tests};
use crate::promotion::path::{Pins, Predecessor, Running};
use crate::promotion::report::{GateReport, GateRow, Mark, Verdict};
use crate::promotion::rules::at::At;
use crate::promotion::rules::format::Format;
use crate::promotion::rules::roles::MayBypass;
use crate::promotion::rules::rollback::Rollback;
use crate::promotion::rules::soak::SoakGate;
use crate::promotion::rules::{Gate, GateKind, Promotion, Source, SourceKind, Verify};
use crate::promotion::time::{Millis, Time};

const NOW: &str = "2026-11-21T12:00:00Z";

fn now() -> Time {
    NOW.parse().unwrap()
}

fn source(id: &str, max_age: Option<Millis>) -> (String, Source) {
    let globs = vec![format!("artifacts/{id}/*.xml")];
    let kind = SourceKind::Files { globs, format: Some(Format::Junit), max_age };
    (id.to_owned(), Source { id: id.to_owned(), kind, at: At::default() })
}

fn observed(measure: Measure) -> Reading {
    let file = EvidenceFile { path: "r.xml".into(), sha256: "ab".into(), bytes: 1, format: "junit".into() };
    Reading::Observed(Observation {
        files: vec![file],
        subject: None,
        taken: None,
        tools: Vec::new(),
        measure,
        notes: Vec::new(),
    })
}

fn tests(passed: u64, failed: u64, skipped: u64) -> Reading {
    let total = passed + failed + skipped;
    observed(Measure::Tests(Tests { total, passed, failed, skipped, ..Tests::default() }))
}

fn with(reading: Reading, change: impl FnOnce(&mut Observation)) -> Reading {
    let Reading::Observed(mut observation) = reading else { panic!("an observation") };
    change(&mut observation);
    Reading::Observed(observation)
}

fn is(field: &str, op: Op, value: &str, unit: Unit) -> Condition {
    let value = Operand::Number(value.parse().unwrap());
    Condition::Is(Comparison { field: field.to_owned(), op, value, unit })
}

fn all_pass(id: &str) -> Gate {
    let parts = [("failed", Op::Eq, "0"), ("errored", Op::Eq, "0"), ("executed", Op::Gte, "1")];
    let parts = parts.map(|(measure, op, value)| is(&format!("{id}.{measure}"), op, value, Unit::Count));
    let kind = GateKind::Tests { evidence: id.to_owned(), condition: Condition::All(parts.to_vec()) };
    Gate { id: format!("tests.{id}"), kind, optional: false, at: At { line: 7, column: 3 } }
}

fn gate(id: &str, kind: GateKind) -> Gate {
    Gate { id: id.to_owned(), kind, optional: false, at: At::default() }
}

fn promotion(gates: Vec<Gate>) -> Promotion {
    Promotion {
        from: "staging".into(),
        to: "production".into(),
        gates,
        require_digest: false,
        require_subject: false,
        trust_baseline: false,
        auto_promote: false,
        approvals: Vec::new(),
        same_person: false,
        bypass: MayBypass::default(),
        hotfix: None,
        verify: Verify::default(),
        freeze: Vec::new(),
        rollback: Rollback::default(),
        not_built: Vec::new(),
        at: At::default(),
    }
}

fn facts(readings: &[(&str, Reading)]) -> Facts {
    let environment = |name: &str| EnvironmentFacts {
        name: name.to_owned(),
        snapshot: Snapshot {
            repository: "acme/gitops".into(),
            branch: "main".into(),
            commit: "a".repeat(40),
            path: "k8s".into(),
            files: BTreeMap::new(),
            trees: BTreeMap::new(),
            releases: None,
        },
        apps: BTreeMap::new(),
        head: Head::default(),
    };
    Facts {
        commit: Some("c0ffee1".into()),
        source: environment("staging"),
        path: vec![Predecessor {
            environment: "staging".into(),
            place: "k8s".into(),
            comes_from: None,
            leads_to: "production".into(),
            record: None,
            baseline: None,
            pins: Pins::Version,
            running: Running::NotAsked,
            stay: None,
            soak_min: None,
        }],
        readings: readings.iter().map(|(id, reading)| ((*id).to_owned(), reading.clone())).collect(),
        ..Facts::of_target(now(), vec![ImageRef::parse("r/app:1.20@sha256:aa").unwrap()], environment("production"))
    }
}

fn judge(promotion: &Promotion, sources: &[(String, Source)], facts: &Facts) -> GateReport {
    let mut report = evaluate(promotion, &sources.iter().cloned().collect(), facts, "rules.yaml");
    let order = report.rows.remove(0);
    assert_eq!((order.id.as_str(), order.mark), ("order.staging", Mark::Pass), "order comes first, and is met here");
    report
}

fn one(gate: Gate, sources: &[(String, Source)], facts: &Facts) -> GateRow {
    judge(&promotion(vec![gate]), sources, facts).rows.remove(0)
}

#[test]
fn tests_pass_fail_and_say_how_many() {
    let sources = [source("unit", None)];
    let row = one(all_pass("unit"), &sources, &facts(&[("unit", tests(412, 0, 3))]));
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Pass, "412 of 412, 3 skipped"));
    assert_eq!((row.expected.as_str(), row.rule.as_str()), ("all pass", "rules.yaml:7"));
    let row = one(all_pass("unit"), &sources, &facts(&[("unit", tests(29, 2, 0))]));
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Fail, "2 of 31 failed"));
    assert_eq!(row.details_total, 2);
}

#[test]
fn absence_is_unknown_and_holds_unless_the_gate_is_optional() {
    let sources = [source("unit", None)];
    let missing = Reading::Missing { why: "nothing matches".into() };
    let unreadable = Reading::Unreadable { why: "cut off".into(), files: Vec::new() };
    for (reading, optional_mark) in [(missing, Mark::Skipped), (unreadable, Mark::Warn)] {
        let facts = facts(&[("unit", reading)]);
        assert_eq!(one(all_pass("unit"), &sources, &facts).mark, Mark::Unknown);
        let optional = Gate { optional: true, ..all_pass("unit") };
        let report = judge(&promotion(vec![optional]), &sources, &facts);
        assert_eq!((report.rows[0].mark, report.verdict), (optional_mark, Verdict::Go));
    }
    let failing = Gate { optional: true, ..all_pass("unit") };
    assert_eq!(one(failing, &sources, &facts(&[("unit", tests(1, 1, 0))])).mark, Mark::Warn);
}

#[test]
fn a_report_of_another_version_is_unknown_always() {
    let about = |version: &str, known| {
        let subject = Subject::of(version, known);
        facts(&[("unit", with(tests(1, 0, 0), |reading| reading.subject = Some(subject)))])
    };
    let sources = [source("unit", None)];
    for (version, mark) in [
        ("c0ffee1", Mark::Pass),
        ("C0FFEE1aaaabbbbccccddddeeeeffff000011112", Mark::Pass),
        ("c0ffee", Mark::Unknown),
        ("0ddba11c0ffee1", Mark::Unknown),
        ("sha256:aa", Mark::Pass),
        ("sha256:bb", Mark::Unknown),
    ] {
        let row = one(all_pass("unit"), &sources, &about(version, SubjectKnown::Stated));
        assert_eq!(row.mark, mark, "{version}");
    }
    let strict = Promotion { require_subject: true, ..promotion(vec![all_pass("unit")]) };
    let mark = |facts: &Facts| judge(&strict, &sources, facts).rows[0].mark;
    assert_eq!(mark(&about("c0ffee1", SubjectKnown::Stated)), Mark::Pass);
    assert_eq!(mark(&about("c0ffee1", SubjectKnown::Claimed)), Mark::Unknown);
    assert_eq!(mark(&facts(&[("unit", tests(1, 0, 0))])), Mark::Unknown);
}

#[test]
fn age_counts_to_the_millisecond_and_must_be_known() {
    let sources = [source("unit", Some(Millis::secs(3600)))];
    let taken = |text: &str| {
        let at: Time = text.parse().unwrap();
        facts(&[("unit", with(tests(1, 0, 0), |reading| reading.taken = Some(at)))])
    };
    assert_eq!(one(all_pass("unit"), &sources, &taken("2026-11-21T11:00:00Z")).mark, Mark::Pass);
    let old = one(all_pass("unit"), &sources, &taken("2026-11-21T10:59:59.999Z"));
    assert_eq!((old.mark, old.observed.as_str()), (Mark::Unknown, "1 h old"));
    assert_eq!(one(all_pass("unit"), &sources, &facts(&[("unit", tests(1, 0, 0))])).mark, Mark::Unknown);
}

#[test]
fn coverage_and_findings_at_the_limit() {
    let coverage = |covered, total| {
        let coverage = Coverage { lines_covered: covered, lines_total: total, ..Coverage::default() };
        facts(&[("coverage", observed(Measure::Coverage(coverage)))])
    };
    let condition = is("coverage.line_rate", Op::Gte, "0.7", Unit::Percent);
    let line = gate(
        "coverage.line",
        GateKind::Measured { from: vec!["coverage".into()], tools: vec![], base: None, condition },
    );
    let sources = [source("coverage", None), source("scan", None)];
    assert_eq!(one(line.clone(), &sources, &coverage(7, 10)).mark, Mark::Pass);
    let row = one(line, &sources, &coverage(69_999, 100_000));
    assert_eq!((row.mark, row.expected.as_str(), row.observed.as_str()), (Mark::Fail, "≥ 70 %", "69.99 %"));

    let condition = is("security.high", Op::Lte, "1", Unit::Count);
    let high =
        gate("security.high", GateKind::Measured { from: vec!["scan".into()], tools: vec![], base: None, condition });
    let found = |high, unknown| {
        let findings = Findings { high, unknown, ..Findings::default() };
        facts(&[("scan", observed(Measure::Findings(findings)))])
    };
    assert_eq!(one(high.clone(), &sources, &found(1, 0)).mark, Mark::Pass);
    assert_eq!(one(high, &sources, &found(1, 1)).mark, Mark::Fail, "a finding without a severity counts as high");
}

#[test]
fn taking_one_of_two_scans_away_opens_nothing() {
    let condition = is("security.high", Op::Lte, "0", Unit::Count);
    let gates = vec![gate(
        "security.high",
        GateKind::Measured { from: vec!["a".into(), "b".into()], tools: vec![], base: None, condition },
    )];
    let sources = [source("a", None), source("b", None)];
    let clean = || observed(Measure::Findings(Findings::default()));
    let mut both = facts(&[("a", clean()), ("b", clean())]);
    both.merged.insert("security".into(), clean());
    assert_eq!(judge(&promotion(gates.clone()), &sources, &both).verdict, Verdict::Go);
    both.readings.insert("b".into(), Reading::Missing { why: "gone".into() });
    assert_eq!(judge(&promotion(gates.clone()), &sources, &both).rows[0].mark, Mark::Unknown);
    let needs = needs(&promotion(gates), &sources.iter().cloned().collect());
    assert_eq!(needs.merged["security"], ["a", "b"]);
}

#[test]
fn a_soak_that_only_lacks_time_waits() {
    let soak = gate("soak.min", GateKind::Soak(SoakGate::of(Millis::mins(120))));
    let after = |mins| {
        let mut facts = facts(&[]);
        facts.soak = Some(Soak::For { elapsed: Millis::mins(mins), known_by: "record X".into() });
        judge(&promotion(vec![soak.clone()]), &[], &facts)
    };
    assert_eq!(after(120).verdict, Verdict::Go);
    let early = after(90);
    assert_eq!(early.verdict, Verdict::Wait);
    assert_eq!(early.not_before(), Some("2026-11-21T12:30:00Z".parse().unwrap()));
    let unknown = judge(&promotion(vec![soak.clone()]), &[], &facts(&[]));
    assert_eq!(unknown.verdict, Verdict::Stop);
    let failing = promotion(vec![soak.clone(), all_pass("unit")]);
    let mut both = facts(&[("unit", tests(0, 1, 0))]);
    both.soak = Some(Soak::For { elapsed: Millis::mins(1), known_by: "record X".into() });
    assert_eq!(
        judge(&failing, &[source("unit", None)], &both).verdict,
        Verdict::Stop,
        "a failure is not a matter of time"
    );
}

#[test]
fn conditions_read_evidence_gates_and_the_deployment() {
    let sources = [source("unit", None)];
    let mut facts = facts(&[("unit", tests(99, 1, 0))]);
    facts.soak = Some(Soak::For { elapsed: Millis::mins(24 * 60), known_by: "record X".into() });
    let condition = |condition| gate("conditions.1", GateKind::Condition(condition));
    let rate = is("unit.pass_rate", Op::Gte, "0.99", Unit::Percent);
    assert_eq!(one(condition(rate), &sources, &facts).mark, Mark::Pass);
    let hours = is("deployment.duration_hours", Op::Gt, "24", Unit::Hours);
    let row = one(condition(hours), &sources, &facts);
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Fail, "deployment.duration_hours 24 h"));
    let merged = promotion(vec![all_pass("unit"), condition(is("tests.failed", Op::Eq, "1", Unit::Count))]);
    assert_eq!(judge(&merged, &sources, &facts).rows[1].mark, Mark::Pass);
    facts.readings.remove("unit");
    assert_eq!(judge(&merged, &sources, &facts).rows[1].mark, Mark::Unknown);
}

#[test]
fn removing_any_reading_never_opens_a_gate() {
    let sources = [source("unit", None), source("coverage", None)];
    let condition = is("coverage.line_rate", Op::Gte, "0.7", Unit::Percent);
    let line = gate(
        "coverage.line",
        GateKind::Measured { from: vec!["coverage".into()], tools: vec![], base: None, condition },
    );
    let promotion = promotion(vec![all_pass("unit"), line]);
    for (failed, covered) in [(0, 9), (1, 9), (0, 1), (1, 1)] {
        let coverage = Coverage { lines_covered: covered, lines_total: 10, ..Coverage::default() };
        let full = facts(&[("unit", tests(5, failed, 0)), ("coverage", observed(Measure::Coverage(coverage)))]);
        for id in ["unit", "coverage"] {
            let mut less = full.clone();
            less.readings.remove(id);
            assert_eq!(judge(&promotion, &sources, &less).verdict, Verdict::Stop, "without {id}");
        }
    }
}

#[test]
fn gates_that_are_set_aside_are_waived_and_say_what_they_were() {
    let soak = gate("soak.min", GateKind::Soak(SoakGate::of(Millis::mins(120))));
    let gates = promotion(vec![all_pass("unit"), all_pass("e2e"), soak, all_pass("gone")]);
    let sources = ["unit", "e2e", "gone"].map(|id| source(id, None));
    let mut facts = facts(&[("unit", tests(5, 0, 0)), ("e2e", tests(4, 1, 0))]);
    facts.soak = Some(Soak::For { elapsed: Millis::mins(90), known_by: "record X".into() });
    assert_eq!(judge(&gates, &sources, &facts).verdict, Verdict::Stop);
    let reason = "production is down".to_owned();
    facts.set_aside = Some(SetAside { by: "ana".to_owned(), reason });
    let report = judge(&gates, &sources, &facts);
    let marks: Vec<Mark> = report.rows.iter().map(|row| row.mark).collect();
    assert_eq!(marks, [Mark::Pass, Mark::Waived, Mark::Waived, Mark::Waived]);
    assert_eq!((report.verdict, report.not_before()), (Verdict::Go, None));
    let because = |n: usize| report.rows[n].because.clone().unwrap();
    assert!(because(1).starts_with("set aside by @ana: production is down; it failed: "), "{}", because(1));
    assert!(because(3).contains("it could not be evaluated: "), "{}", because(3));
    // That the version did not come by the path is not set aside with the gates.
    facts.path[0].pins = Pins::Other(Vec::new());
    let report = evaluate(&gates, &sources.iter().cloned().collect(), &facts, "rules.yaml");
    assert_ne!(report.verdict, Verdict::Go);
    assert!(report.rows.iter().all(|row| row.mark != Mark::Fail || row.id.starts_with("order.")));
}

mod aside;
mod canary;
mod measured;
mod performance;
mod waivers;
