use std::collections::BTreeMap;

use crate::promotion::facts::{EnvironmentFacts, Facts, Snapshot};
use crate::promotion::gates::order::rows;
use crate::promotion::head::{Baseline, Head};
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::path::{Past, Pins, Predecessor, Running, Stay};
use crate::promotion::report::{GateReport, GateRow, Mark, Verdict};
use crate::promotion::request::{Actor, ActorKnown};
use crate::promotion::rules::at::At;
use crate::promotion::rules::roles::MayBypass;
use crate::promotion::rules::rollback::Rollback;
use crate::promotion::rules::{Promotion, Verify};
use crate::promotion::time::{Millis, Time};

fn at(hour: u8) -> Time {
    format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap()
}

fn image(tag: &str) -> ImageRef {
    ImageRef::parse(&format!("r.example.com/app:{tag}")).unwrap()
}

fn other() -> Pins {
    Pins::Other(vec![image("1.21")])
}

fn past(outcome: Outcome) -> Option<Past> {
    let promotion = "01JD".to_owned();
    Some(Past {
        promotion,
        from: "dev".to_owned(),
        outcome,
        at: at(9),
        undone_by: None,
        unconfirmed: None,
        revoked: None,
    })
}

fn adopted(hour: u8) -> Option<Baseline> {
    let by = Actor { name: "dana".to_owned(), known: ActorKnown::Claimed };
    Some(Baseline { images: vec![image("1.20")], at: at(hour), by, reason: "it ran before".to_owned() })
}

fn until(hours: i64) -> Option<Stay> {
    Some(Stay::Until { by: "02JD".to_owned(), span: Millis::mins(hours * 60) })
}

fn environment(name: &str, comes_from: Option<&str>, leads_to: &str) -> Predecessor {
    Predecessor {
        environment: name.to_owned(),
        place: format!("k8s/{name}"),
        comes_from: comes_from.map(str::to_owned),
        leads_to: leads_to.to_owned(),
        record: None,
        baseline: None,
        pins: Pins::Version,
        running: Running::NotAsked,
        stay: None,
        soak_min: None,
    }
}

fn dev() -> Predecessor {
    environment("dev", None, "staging")
}

fn staging() -> Predecessor {
    Predecessor { record: past(Outcome::Promoted), ..environment("staging", Some("dev"), "production") }
}

fn judge(path: Vec<Predecessor>, trust_baseline: bool) -> Vec<GateRow> {
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
    let facts = Facts {
        source: environment("staging"),
        path,
        ..Facts::of_target(at(12), vec![image("1.20")], environment("production"))
    };
    let promotion = Promotion {
        from: "staging".into(),
        to: "production".into(),
        gates: Vec::new(),
        require_digest: false,
        require_subject: false,
        trust_baseline,
        auto_promote: false,
        approvals: Vec::new(),
        same_person: false,
        bypass: MayBypass::default(),
        hotfix: None,
        verify: Verify::default(),
        freeze: Vec::new(),
        rollback: Rollback::default(),
        not_built: Vec::new(),
        at: At { line: 9, column: 3 },
    };
    rows(&promotion, &facts, "rules.yaml")
}

/// The row of staging, after dev.
fn second(staging: Predecessor, trust_baseline: bool) -> GateRow {
    judge(vec![dev(), staging], trust_baseline).pop().unwrap()
}

#[test]
fn each_environment_before_the_target_is_a_row_from_the_first_one_on() {
    let rows = judge(vec![dev(), staging()], false);
    let seen: Vec<(&str, &str, &str, &str)> = rows
        .iter()
        .map(|row| (row.id.as_str(), row.expected.as_str(), row.observed.as_str(), row.evidence.as_str()))
        .collect();
    let wanted =
        [("order.dev", "pinned", "pinned", "k8s/dev"), ("order.staging", "completed", "promoted", "record 01JD")];
    assert_eq!(seen, wanted);
    assert!(rows.iter().all(|row| row.mark == Mark::Pass && row.rule == "rules.yaml:9"));
}

#[test]
fn what_was_not_read_holds() {
    let rows = judge(Vec::new(), false);
    assert_eq!((rows[0].id.as_str(), rows[0].mark), ("order.staging", Mark::Unknown));
    assert_eq!(GateReport::of(rows).verdict, Verdict::Stop);
}

#[test]
fn the_first_environment_pins_the_version_or_did_when_it_went_on() {
    let moved_on = || Predecessor { pins: other(), ..dev() };
    let lone = judge(vec![moved_on()], false).remove(0);
    assert_eq!((lone.mark, lone.observed.as_str()), (Mark::Fail, "app 1.21"));
    assert_eq!(lone.because.as_deref(), Some("dev pins app 1.21 now, not app 1.20"));

    let first = |staging: Predecessor| judge(vec![moved_on(), staging], false).remove(0);
    let went_on = first(staging());
    assert_eq!((went_on.mark, went_on.evidence.as_str()), (Mark::Pass, "record 01JD"));
    let refuted = Predecessor { record: past(Outcome::RolledBack), ..staging() };
    assert_eq!(first(refuted).mark, Mark::Fail);
    let from_elsewhere = past(Outcome::Promoted).map(|past| Past { from: "qa".to_owned(), ..past });
    assert_eq!(first(Predecessor { record: from_elsewhere, ..staging() }).mark, Mark::Fail);
    let unreadable = Predecessor { pins: Pins::Unreadable("two images".to_owned()), ..dev() };
    assert_eq!(judge(vec![unreadable], false)[0].mark, Mark::Unknown);
}

#[test]
fn the_newest_record_decides() {
    for (outcome, mark) in [
        (Outcome::Promoted, Mark::Pass),
        (Outcome::Delivered, Mark::Pass),
        (Outcome::Unchanged, Mark::Pass),
        (Outcome::Failed, Mark::Fail),
        (Outcome::Stuck, Mark::Fail),
        (Outcome::RolledBack, Mark::Fail),
        (Outcome::Rejected, Mark::Fail),
    ] {
        let row = second(Predecessor { record: past(outcome), ..staging() }, false);
        assert_eq!(row.mark, mark, "{outcome:?}");
        assert_eq!(row.observed, outcome.word().replace('_', " "), "{outcome:?}");
    }
    let undone = past(Outcome::Promoted).map(|past| Past { undone_by: Some("03JD".to_owned()), ..past });
    let row = second(Predecessor { record: undone, pins: other(), ..staging() }, false);
    assert_eq!((row.mark, row.observed.as_str(), row.evidence.as_str()), (Mark::Fail, "taken back", "record 03JD"));
    assert_eq!(row.hint.as_deref(), Some("promote run --from dev --to staging"));
}

#[test]
fn a_version_that_is_gone_must_have_stood_for_the_soak() {
    let (hour, record) = (Millis::mins(60), past(Outcome::Promoted));
    for (stay, soak_min, mark) in [
        (until(2), Some(Millis(2 * hour.0)), Mark::Pass),
        (until(1), Some(Millis(2 * hour.0)), Mark::Fail),
        (until(0), None, Mark::Pass),
        (Some(Stay::Unknown), None, Mark::Fail),
        (Some(Stay::Unknown), Some(hour), Mark::Fail),
        (None, None, Mark::Fail),
    ] {
        let row = second(
            Predecessor { record: record.clone(), pins: other(), stay: stay.clone(), soak_min, ..staging() },
            false,
        );
        assert_eq!(row.mark, mark, "{stay:?} {soak_min:?}: {:?}", row.because);
    }
    let short = Predecessor { record, pins: other(), stay: until(1), soak_min: Some(Millis(2 * hour.0)), ..staging() };
    let why = second(short, false).because.unwrap();
    assert!(why.contains("stood there for 1 h only, and the rules want 2 h"), "{why}");
}

#[test]
fn without_a_record_the_command_that_would_help_is_named() {
    let bare = || Predecessor { record: None, ..staging() };
    let row = second(bare(), false);
    assert_eq!((row.mark, row.observed.as_str()), (Mark::Fail, "no record"));
    assert_eq!(row.hint.as_deref(), Some("promote run --from dev --to staging"));

    let gone = Predecessor { pins: other(), ..dev() };
    let hint = |trust| judge(vec![gone.clone(), bare()], trust).remove(1).hint.unwrap();
    assert_eq!(hint(false), "once dev pins app 1.20: promote run --from dev --to staging");
    assert_eq!(hint(true), "promote adopt --env staging --reason \"…\"");
}

#[test]
fn a_baseline_counts_where_the_rules_trust_it_and_it_still_stands() {
    let with = |baseline, record, pins| Predecessor { record, baseline, pins, ..staging() };
    for (hour, record, pins, trusted, mark) in [
        (10, None, Pins::Version, true, Mark::Pass),
        (10, None, Pins::Version, false, Mark::Fail),
        (10, None, other(), true, Mark::Fail),
        (10, past(Outcome::RolledBack), Pins::Version, true, Mark::Pass),
        (8, past(Outcome::RolledBack), Pins::Version, true, Mark::Fail),
        (10, past(Outcome::RolledBack), Pins::Version, false, Mark::Fail),
    ] {
        let row = second(with(adopted(hour), record.clone(), pins.clone()), trusted);
        assert_eq!(row.mark, mark, "at {hour}, {record:?}, {pins:?}, trusted {trusted}");
    }
    let row = second(with(adopted(10), None, Pins::Version), false);
    assert!(row.because.unwrap().contains("`trust_baseline`"));
    let row = second(with(adopted(10), None, other()), true);
    assert!(row.because.unwrap().contains("staging no longer pins it"));
    let rows = judge(vec![Predecessor { pins: other(), ..dev() }, with(adopted(10), None, Pins::Version)], true);
    assert_eq!(rows.len(), 1, "its way begins where it was taken as given");
    let row = &rows[0];
    assert_eq!((row.observed.as_str(), row.evidence.as_str()), ("adopted", "adopted by dana"));
}

#[test]
fn what_is_pinned_must_run_where_somebody_can_be_asked() {
    let live = Running::Live { apps: vec!["app-staging".to_owned()] };
    let unreadable = Running::Unreadable { why: "503".to_owned(), hint: Some("try later".to_owned()) };
    for (running, mark, observed) in [
        (Running::NotAsked, Mark::Pass, "promoted"),
        (live, Mark::Pass, "promoted, live"),
        (Running::Not("app-staging is Degraded".to_owned()), Mark::Fail, "not live"),
        (unreadable, Mark::Unknown, "not known"),
    ] {
        let row = second(Predecessor { running: running.clone(), ..staging() }, false);
        assert_eq!((row.mark, row.observed.as_str()), (mark, observed), "{running:?}");
    }
}
