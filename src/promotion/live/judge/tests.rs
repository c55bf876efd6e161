//! Tests of the judge: one table of single looks, and stories of several.

use super::*;
use crate::promotion::live::{AppCondition, AppHealth, AppSync, Troubled};

const OURS: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LATER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const OLD: &str = "0000000000000000000000000000000000000000";

fn stand(revision: &str) -> Standing {
    match revision {
        OURS => Standing::Ours,
        LATER => Standing::Later,
        "cccccccccccccccccccccccccccccccccccccccc" => Standing::Overtaken,
        "unknown" => Standing::Unknown,
        _ => Standing::Not,
    }
}

fn at(secs: i64) -> Time {
    Time::from_second(1_700_000_000 + secs).unwrap()
}

fn watch(baseline: Option<AppState>) -> Watch {
    let grace = Millis::secs(60);
    Watch::new(Aim { nonce: "p1".into(), source: 0, grace, terminate: false, baseline })
}

fn ours() -> Operation {
    Operation { infos: [(INFO.to_owned(), "p1".to_owned())].into(), by: "ci".into(), ..Operation::default() }
}

/// A manual application that our sync brought to our commit: compared after it, Synced and Healthy.
fn live() -> AppState {
    AppState {
        name: "app".into(),
        health: AppHealth { status: HealthWord::Healthy, ..AppHealth::default() },
        sync: AppSync { status: SyncWord::Synced, revisions: vec![OURS.into()] },
        reconciled_at: Some(at(11)),
        last: Some(LastOperation {
            operation: ours(),
            phase: Phase::Succeeded,
            finished_at: Some(at(10)),
            revisions: vec![OURS.into()],
            ..LastOperation::default()
        }),
        ..AppState::default()
    }
}

fn with(change: impl Fn(&mut AppState)) -> AppState {
    let mut state = live();
    change(&mut state);
    state
}

/// The word of what comes next.
fn word(next: &Next) -> &'static str {
    match next {
        Next::Refresh(_) => "refresh",
        Next::Sync(_) => "sync",
        Next::Terminate(_) => "terminate",
        Next::Wait(_) => "wait",
        Next::Doubt(_) => "doubt",
        Next::Prove => "prove",
        Next::Failed { .. } => "failed",
        Next::Overtaken { .. } => "overtaken",
    }
}

fn look(state: &AppState) -> &'static str {
    word(&watch(None).next(state, &stand, at(100)))
}

/// Changes the newest operation.
fn last(state: &mut AppState, change: &dyn Fn(&mut LastOperation)) {
    change(state.last.as_mut().unwrap());
}

fn first_looks(looks: Vec<(&str, &str, AppState)>) {
    for (what, expected, state) in looks {
        assert_eq!(look(&state), expected, "{what}");
    }
}

#[test]
fn a_first_look_at_commits_and_times() {
    first_looks(vec![
        ("live", "prove", live()),
        ("live at a later commit", "prove", with(|s| s.sync.revisions = vec![LATER.into()])),
        ("overtaken", "overtaken", with(|s| s.sync.revisions = vec!["c".repeat(40)])),
        ("cannot tell", "wait", with(|s| s.sync.revisions = vec!["unknown".into()])),
        ("compared before the sync ended", "refresh", with(|s| s.reconciled_at = Some(at(9)))),
        ("compared in the same second", "refresh", with(|s| s.reconciled_at = Some(at(10)))),
        ("never compared", "refresh", with(|s| s.reconciled_at = None)),
        ("synced, compared with the old commit", "refresh", with(|s| s.sync.revisions = vec![OLD.into()])),
        ("nobody synced it", "sync", with(|s| s.last = None)),
        ("somebody synced the old commit", "sync", with(|s| last(s, &|l| l.revisions = vec![OLD.into()]))),
        (
            "our own sync landed on the old one",
            "sync",
            with(|s| {
                s.sync.revisions = vec![OLD.into()];
                last(s, &|l| l.revisions = vec![OLD.into()]);
            }),
        ),
        ("somebody else synced ours", "prove", with(|s| last(s, &|l| l.operation = Operation::default()))),
        ("auto-sync, and nothing to do", "prove", with(|s| (s.auto_sync, s.last) = (true, None))),
        (
            "auto-sync has not looked",
            "refresh",
            with(|s| {
                (s.auto_sync, s.last) = (true, None);
                s.sync.revisions = vec![OLD.into()];
            }),
        ),
        (
            "auto-sync has not begun",
            "wait",
            with(|s| {
                (s.auto_sync, s.last, s.sync.status) = (true, None, SyncWord::OutOfSync);
            }),
        ),
    ]);
}

#[test]
fn a_first_look_at_operations() {
    first_looks(vec![
        ("our sync runs", "wait", with(|s| s.operation = Some(ours()))),
        ("another sync runs", "wait", with(|s| s.operation = Some(Operation::default()))),
        (
            "a retry is to come",
            "wait",
            with(|s| {
                s.operation = Some(ours());
                last(s, &|l| l.phase = Phase::Running);
            }),
        ),
        ("running for ever", "wait", with(|s| last(s, &|l| l.phase = Phase::Running))),
        ("an unknown phase", "wait", with(|s| last(s, &|l| l.phase = Phase::Other("Paused".into())))),
        ("succeeded without an end", "wait", with(|s| last(s, &|l| l.finished_at = None))),
        ("our sync failed", "failed", with(|s| last(s, &|l| l.phase = Phase::Failed))),
        ("our sync could not be done", "sync", with(|s| last(s, &|l| l.phase = Phase::Error))),
        (
            "somebody's sync of another commit failed",
            "sync",
            with(|s| {
                last(s, &|l| {
                    (l.phase, l.operation, l.revisions) = (Phase::Failed, Operation::default(), vec![OLD.into()])
                });
            }),
        ),
    ]);
}

#[test]
fn a_first_look_at_health_and_conditions() {
    first_looks(vec![
        ("progressing", "wait", with(|s| s.health.status = HealthWord::Progressing)),
        ("suspended", "wait", with(|s| s.health.status = HealthWord::Suspended)),
        ("missing", "wait", with(|s| s.health.status = HealthWord::Missing)),
        ("unknown health", "wait", with(|s| s.health.status = HealthWord::Unknown)),
        ("a new word", "wait", with(|s| s.health.status = HealthWord::Other("Splendid".into()))),
        ("degraded", "doubt", with(|s| s.health.status = HealthWord::Degraded)),
        ("sync unknown", "wait", with(|s| s.sync.status = SyncWord::Unknown)),
        ("sync a new word", "wait", with(|s| s.sync.status = SyncWord::Other("Mostly".into()))),
        ("out of sync after success", "wait", with(|s| s.sync.status = SyncWord::OutOfSync)),
        (
            "cannot be compared",
            "doubt",
            with(|s| {
                s.conditions = vec![AppCondition { kind: "ComparisonError".into(), message: "no such path".into() }];
            }),
        ),
        (
            "auto-sync gave up on ours",
            "failed",
            with(|s| {
                let message = format!("Failed last sync attempt to [{OURS}]: immutable");
                s.conditions = vec![AppCondition { kind: "SyncError".into(), message }];
            }),
        ),
        (
            "auto-sync gave up on another",
            "prove",
            with(|s| {
                s.conditions = vec![AppCondition { kind: "SyncError".into(), message: format!("attempt to [{OLD}]") }];
            }),
        ),
        (
            "a warning",
            "prove",
            with(|s| {
                s.conditions = vec![AppCondition { kind: "SharedResourceWarning".into(), message: String::new() }];
            }),
        ),
        ("being deleted", "wait", with(|s| s.deleting = true)),
        ("not reconciled", "wait", with(|s| s.paused = true)),
    ]);
}

#[test]
fn a_failure_must_last_for_the_grace_and_a_break_starts_it_anew() {
    let bad = with(|s| {
        s.health.status = HealthWord::Degraded;
        let message = "CrashLoopBackOff".to_owned();
        s.troubled =
            vec![Troubled { resource: "Pod/app-1".into(), health: HealthWord::Degraded, message, below: true }];
    });
    let mut watch = watch(None);
    let mut look = |state: &AppState, secs| watch.next(state, &stand, at(secs));
    for secs in [0, 30, 59] {
        assert_eq!(word(&look(&bad, secs)), "doubt", "at {secs}");
    }
    assert_eq!(word(&look(&live(), 60)), "prove");
    for secs in [70, 100, 129] {
        assert_eq!(word(&look(&bad, secs)), "doubt", "at {secs}");
    }
    let Next::Failed { what, detail } = look(&bad, 130) else { panic!("not definite") };
    assert!(what.contains("stayed so for 1 min"), "{what}");
    assert_eq!(detail.as_deref(), Some("Pod/app-1: CrashLoopBackOff"));
}

#[test]
fn a_gap_in_what_was_seen_is_not_counted_as_failing() {
    let bad = with(|s| s.health.status = HealthWord::Degraded);
    let mut watch = watch(None);
    assert_eq!(word(&watch.next(&bad, &stand, at(0))), "doubt");
    assert_eq!(word(&watch.next(&bad, &stand, at(600))), "doubt");
}

#[test]
fn what_was_broken_before_our_commit_never_triggers_until_it_has_been_well() {
    let troubled = |resource: &str, below| {
        let (resource, message) = (resource.to_owned(), String::new());
        Troubled { resource, health: HealthWord::Degraded, message, below }
    };
    let bad = |resource: &str| {
        with(|s| {
            s.health.status = HealthWord::Degraded;
            s.troubled = vec![troubled(resource, false)];
        })
    };
    let mut watch = watch(Some(bad("Job/old")));
    let mut look = |state: &AppState, secs| word(&watch.next(state, &stand, at(secs)));
    for secs in 0..120 {
        assert_eq!(look(&bad("Job/old"), secs), "wait");
    }
    let mut crashes = bad("Job/old");
    crashes.troubled.push(troubled("Pod/old-x7", true));
    assert_eq!(look(&crashes, 120), "wait", "a pod has another name with each version");
    assert_eq!(look(&bad("Deployment/app"), 121), "doubt", "another resource broke with us");
    assert_eq!(look(&live(), 122), "prove");
    assert_eq!(look(&bad("Job/old"), 123), "doubt", "it was well, and broke again");
}

#[test]
fn an_old_failure_is_not_ours() {
    let failed = with(|s| {
        let last = s.last.as_mut().unwrap();
        (last.phase, last.operation) = (Phase::Failed, Operation::default());
        s.conditions = vec![AppCondition { kind: "ComparisonError".into(), message: "before".into() }];
    });
    assert_eq!(word(&watch(None).next(&failed, &stand, at(0))), "failed");
    assert_eq!(word(&watch(Some(failed.clone())).next(&failed, &stand, at(0))), "sync");
}

#[test]
fn auto_sync_gets_its_time_and_then_a_push() {
    let idle = with(|s| (s.auto_sync, s.last, s.sync.status) = (true, None, SyncWord::OutOfSync));
    let mut watch = watch(None);
    let mut words = Vec::new();
    for secs in 0..=21 {
        words.push(word(&watch.next(&idle, &stand, at(secs))));
    }
    assert!(words[..20].iter().all(|word| *word == "wait"), "{words:?}");
    assert_eq!(words[20], "sync");
    watch.asked(false, at(21));
    assert_eq!(word(&watch.next(&idle, &stand, at(22))), "wait", "Argo CD was busy");
    assert_eq!(word(&watch.next(&idle, &stand, at(26))), "sync");
}

#[test]
fn an_operation_that_cannot_be_done_is_tried_again_and_then_definite() {
    let error = with(|s| s.last.as_mut().unwrap().phase = Phase::Error);
    let mut watch = watch(None);
    let (mut syncs, mut end) = (0, None);
    for secs in 0..300 {
        match watch.next(&error, &stand, at(secs)) {
            Next::Sync(_) => {
                watch.asked(true, at(secs));
                syncs += 1;
            }
            Next::Failed { .. } => {
                end = Some(secs);
                break;
            }
            _ => {}
        }
    }
    assert_eq!(syncs, SYNCS);
    assert!(end.is_some());
}

#[test]
fn a_rollback_ends_what_would_keep_it_waiting_and_spares_its_own() {
    let running = |revision: &str| {
        with(|s| s.operation = Some(Operation { revisions: vec![revision.into()], ..Operation::default() }))
    };
    let aim = Aim { nonce: "p1".into(), source: 0, grace: Millis::secs(60), terminate: true, baseline: None };
    let mut watch = Watch::new(aim);
    assert_eq!(word(&watch.next(&running(OLD), &stand, at(0))), "terminate");
    assert_eq!(word(&watch.next(&running(OLD), &stand, at(2))), "wait");
    assert_eq!(word(&watch.next(&running(OLD), &stand, at(6))), "terminate");
    assert_eq!(word(&watch.next(&running(OURS), &stand, at(20))), "wait");
    assert_eq!(word(&watch.next(&with(|s| s.operation = Some(ours())), &stand, at(40))), "wait");
}

#[test]
fn a_drift_holds_only_while_it_is_news() {
    let drift = with(|s| s.sync.status = SyncWord::OutOfSync);
    assert_eq!(word(&watch(Some(drift.clone())).next(&drift, &stand, at(0))), "prove");
    let mut watch = watch(Some(live()));
    assert_eq!(word(&watch.next(&drift, &stand, at(0))), "wait");
    assert_eq!(word(&watch.next(&drift, &stand, at(30))), "wait");
    assert_eq!(word(&watch.next(&drift, &stand, at(60))), "prove");
}
