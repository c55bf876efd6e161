//! Is it really live? The wait, through the real adapter, against a stand-in that lags and lies as Argo CD does; and how a
//! client fares that trusts "Synced, Healthy".

mod canary;
mod contract;
mod gates;
mod live;
mod no_ledger;
mod real;
mod rollouts;
mod scenarios;
mod scene;
mod smoke;
mod wire;

use promote::adapters::argocd::options::Options;
use promote::pipeline::wait::goal::Settled;
use promote::ports::Deployer;
use promote::promotion::event::Event;
use promote::promotion::rules::SyncTo;
use promote::promotion::rules::trigger::Trigger;

use self::scenarios::{End, auto, end, manual, usual};
use self::scene::{NEW, OLD, Scene, check};
use crate::world::argo::behaviour::Behaviour;

#[test]
fn a_sync_whose_answer_is_lost_is_not_sent_twice() {
    let scene = manual(Behaviour { lose_answer: true, ..usual() });
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("POST /api/v1/applications/app/sync"), 1);
}

#[test]
fn a_run_that_is_taken_up_finds_its_sync() {
    let mut scene = manual(usual());
    scene.stop_at = Some(3000);
    assert_eq!(scene.ours(), Settled::Stopped);
    scene.stop_at = None;
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("POST /api/v1/applications/app/sync"), 1);
}

#[test]
fn auto_sync_is_watched_and_not_pushed() {
    let scene = auto(usual());
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("POST /api/v1/applications/app/sync"), 0);
}

#[test]
fn a_commit_that_renders_to_the_same_needs_no_sync() {
    let scene = Scene::with(true, &[usual()], OLD, |argo| argo);
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("POST /api/v1/applications/app/sync"), 0);
}

#[test]
fn all_applications_must_be_live_and_one_that_fails_is_enough() {
    let slow = Behaviour { rollout: vec![(0, "Progressing"), (120_000, "Healthy")], ..usual() };
    let scene = Scene::with(false, &[usual(), slow], NEW, |argo| argo);
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert_eq!(verified.apps.len(), 2);
    assert!(verified.since.as_millisecond() >= 120_000 && verified.settled.0 >= 10_000, "{verified:?}");
    let bad = Behaviour { rollout: vec![(0, "Progressing"), (2000, "Degraded")], ..usual() };
    let scene = Scene::with(false, &[usual(), bad], NEW, |argo| argo);
    let Settled::Refuted(refuted) = scene.ours() else { panic!("not refuted") };
    assert_eq!(refuted.trigger, Trigger::Deployment);
    assert!(refuted.what.starts_with("app2 turned Degraded"), "{refuted:?}");
    assert_eq!(refuted.detail.as_deref(), Some("Pod/app-6d5f-x2: CrashLoopBackOff: \"DATABASE_URL is not set\""));
}

#[test]
fn a_rollback_ends_an_operation_that_is_in_its_way() {
    let blocked = Behaviour { other_operation: Some(10_000_000), ..usual() };
    let mut scene = manual(blocked.clone());
    assert_eq!(end(&scene.ours()), End::Unconfirmed);
    scene = manual(blocked);
    scene.terminate = true;
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("DELETE /api/v1/applications/app/operation"), 1);
}

#[test]
fn the_old_version_is_restored_whoever_syncs() {
    for auto_sync in [false, true] {
        let bad = Some((":1.20".to_owned(), vec![(0, "Progressing"), (2000, "Degraded")]));
        let mut scene = Scene::new(auto_sync, Behaviour { bad, ..usual() });
        assert_eq!(end(&scene.ours()), End::Refuted);
        scene.commit = scene.repo.commit(OLD);
        scene.terminate = true;
        scene.nonce = "promotion-1-rollback";
        assert_eq!(end(&scene.ours()), End::Verified, "auto-sync: {auto_sync}");
        assert!(scene.argo.runs("app", OLD));
    }
}

#[test]
fn a_sync_that_is_retried_for_ever_is_ended_by_a_rollback() {
    for auto_sync in [false, true] {
        let mut scene = Scene::new(auto_sync, Behaviour { stuck: true, ..usual() });
        assert_eq!(end(&scene.ours()), End::Unconfirmed, "auto-sync: {auto_sync}");
        scene.argo.heal("app");
        scene.commit = scene.repo.commit(OLD);
        scene.terminate = true;
        scene.nonce = "promotion-1-rollback";
        let settled = scene.ours();
        assert_eq!(end(&settled), End::Verified, "auto-sync: {auto_sync}: {settled:?}");
    }
}

#[test]
fn a_pinned_sync_asks_for_our_commit() {
    let mut scene = manual(usual());
    scene.apps[0].sync = SyncTo::Commit;
    scene.repo.commit(NEW);
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert_ne!(verified.apps[0].revision, scene.commit, "compared with the later commit");
    let argocd = scene.argocd(&Options::default());
    let state = argocd.state(&scene.apps[0], false).unwrap();
    assert_eq!(state.last.unwrap().operation.revisions, [scene.commit.clone()]);
}

#[test]
fn health_checks_count_in_the_window() {
    for (answers, expected) in [
        (vec![(0, Some(true))], End::Verified),
        // Bad for a while, then good; good, then bad for a while.
        (vec![(0, Some(false)), (40_000, Some(true))], End::Verified),
        (vec![(0, Some(true)), (10_000, Some(false)), (50_000, Some(true))], End::Verified),
        (vec![(0, Some(true)), (10_000, Some(false))], End::Refuted),
        (vec![(0, Some(false))], End::Refuted),
        // What could not be asked is never a failure.
        (vec![(0, None)], End::Unconfirmed),
    ] {
        let mut scene = manual(usual());
        scene.verify.health = vec![check()];
        scene.answers.clone_from(&answers);
        let settled = scene.ours();
        assert_eq!(end(&settled), expected, "{answers:?}: {settled:?}");
        match settled {
            Settled::Refuted(refuted) => assert_eq!(refuted.trigger, Trigger::Health),
            Settled::Verified(verified) => assert_eq!(verified.health, [check().url]),
            _ => {}
        }
    }
}

#[test]
fn a_break_of_any_kind_closes_the_window() {
    // Healthy at about 4 s, Progressing for three seconds when the window is almost over.
    let rollout = vec![(0, "Progressing"), (2000, "Healthy"), (11_000, "Progressing"), (14_000, "Healthy")];
    let scene = manual(Behaviour { rollout, ..usual() });
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert!(verified.since.as_millisecond() >= 14_000 && verified.settled.0 >= 10_000, "{verified:?}");
    // A health check that is bad between 8 s and 12 s.
    let mut scene = manual(usual());
    scene.verify.health = vec![check()];
    scene.answers = vec![(0, Some(true)), (8000, Some(false)), (12_000, Some(true))];
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert!(verified.since.as_millisecond() >= 12_000 && verified.settled.0 >= 10_000, "{verified:?}");
    // Argo CD that cannot be read in the window.
    let scene = manual(Behaviour { masked: Some((9000, 16_000)), ..usual() });
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert!(verified.since.as_millisecond() >= 15_000 && verified.settled.0 >= 10_000, "{verified:?}");
}

#[test]
fn a_health_check_that_failed_before_never_triggers_until_it_was_good() {
    let mut scene = manual(usual());
    scene.verify.health = vec![check()];
    scene.failing_before = [check().url].into();
    scene.answers = vec![(0, Some(false))];
    assert_eq!(end(&scene.ours()), End::Unconfirmed);
    scene = manual(usual());
    scene.verify.health = vec![check()];
    scene.failing_before = [check().url].into();
    scene.answers = vec![(0, Some(false)), (8000, Some(true)), (11_000, Some(false))];
    assert_eq!(end(&scene.ours()), End::Refuted);
}

#[test]
fn a_wait_that_ends_without_an_answer_says_what_was_lacking() {
    let scene = manual(Behaviour { poisoned: true, ..usual() });
    let Settled::Unconfirmed { why, .. } = scene.ours() else { panic!("not unconfirmed") };
    assert!(why.contains("not confirmed within 15 min: app: expected 1.20 live; seen: "), "{why}");
    let scene = manual(Behaviour { window: true, ..usual() });
    let Settled::Unconfirmed { why, .. } = scene.ours() else { panic!("not unconfirmed") };
    assert!(why.contains("cannot sync: blocked by sync window"), "{why}");
}

#[test]
fn what_happens_is_told_once_and_in_order() {
    let rollout = vec![(0, "Progressing"), (2000, "Degraded"), (8000, "Healthy")];
    let scene = manual(Behaviour { rollout, ..usual() });
    assert_eq!(end(&scene.ours()), End::Verified);
    let words: Vec<&str> = scene
        .events
        .borrow()
        .iter()
        .filter_map(|event| match event {
            Event::Syncing { ours: true, .. } => Some("sync"),
            Event::Doubt { .. } => Some("doubt"),
            Event::Settling { .. } => Some("settling"),
            Event::Settled { .. } => Some("settled"),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["sync", "doubt", "settling", "settled"]);
}
