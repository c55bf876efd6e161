//! Argo Rollouts: read and told through Argo CD, waited for in the words of their steps, and let through after a rollback.

use std::time::Duration;

use promote::adapters::argocd::options::Options;
use promote::pipeline::wait::goal::Settled;
use promote::ports::Deployer;
use promote::promotion::event::Event;
use promote::promotion::live::HealthWord;
use promote::promotion::live::rollout::{Rollout, RolloutAction};
use promote::promotion::time::Millis;

use super::scenarios::{End, end, manual, usual};
use super::scene::{NEW, OLD, Scene, app};
use crate::world::argo::behaviour::{Behaviour, Step};

const STEPS: [Step; 4] = [Step::Weight(20), Step::Pause(None), Step::Weight(50), Step::Pause(Some(60_000))];

fn canary(steps: &[Step]) -> Behaviour {
    Behaviour { canary: Some(steps.to_vec()), ..usual() }
}

/// Our sync is through, and the Rollout has had time for its first steps.
fn rolled(behaviour: Behaviour) -> Scene {
    let scene = manual(behaviour);
    scene.argocd(&Options::default()).sync(&app("app"), None, "n").unwrap();
    scene.argo.pass(Duration::from_secs(10));
    scene
}

fn only(scene: &Scene) -> Rollout {
    let mut all = scene.argocd(&Options::default()).rollouts(&app("app")).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn tell(scene: &Scene, action: RolloutAction) {
    let argocd = scene.argocd(&Options::default());
    argocd.act(&app("app"), &only(scene), action).unwrap();
    scene.argo.pass(Duration::from_secs(2));
}

#[test]
fn a_pause_is_read_and_resumed_and_let_through() {
    let scene = rolled(canary(&STEPS));
    let seen = only(&scene);
    assert_eq!(seen.words(), "Rollout app is paused at step 2 of 4 (20 %)");
    assert!(seen.is_in_progress() && !seen.by_hand);
    let argocd = scene.argocd(&Options::default());
    assert_eq!(argocd.state(&app("app"), true).unwrap().health.status, HealthWord::Suspended);
    assert_eq!(argocd.pods(&app("app")).unwrap(), 2);
    tell(&scene, RolloutAction::Resume);
    assert_eq!(only(&scene).words(), "Rollout app is paused at step 4 of 4 (50 %)");
    tell(&scene, RolloutAction::PromoteFull);
    assert_eq!(only(&scene).words(), "Rollout app is through");
    assert!(scene.argo.runs("app", NEW));
}

#[test]
fn an_abort_leaves_git_ahead_and_the_application_degraded() {
    let scene = rolled(canary(&STEPS));
    tell(&scene, RolloutAction::Abort);
    let state = scene.argocd(&Options::default()).state(&app("app"), true).unwrap();
    assert!(!state.words(0).contains("out of sync"));
    assert_eq!(state.health.status, HealthWord::Degraded);
    assert_eq!(only(&scene).weight, Some(0));
}

#[test]
fn what_a_person_paused_is_told_from_a_pause_of_its_steps() {
    let scene = rolled(canary(&[Step::Weight(20), Step::Pause(Some(600_000))]));
    tell(&scene, RolloutAction::Pause);
    let seen = only(&scene);
    assert!(seen.by_hand && seen.paused && seen.is_in_progress(), "{seen:?}");
    tell(&scene, RolloutAction::Resume);
    assert!(!only(&scene).by_hand);
}

#[test]
fn an_older_server_is_told_by_the_bare_name() {
    let scene = rolled(Behaviour { old_actions: true, ..canary(&STEPS) });
    tell(&scene, RolloutAction::Abort);
    assert!(only(&scene).aborted);
    let route = "POST /api/v1/applications/app/resource/actions";
    assert_eq!((scene.count(&format!("{route}/v2")), scene.count(&format!("{route}?"))), (1, 1));
    let newer = rolled(canary(&STEPS));
    tell(&newer, RolloutAction::Abort);
    assert_eq!(newer.count(&format!("{route}?")), 0);
}

#[test]
fn an_application_without_rollouts_has_none_and_is_asked_once() {
    let scene = manual(usual());
    assert!(scene.argocd(&Options::default()).rollouts(&app("app")).unwrap().is_empty());
    let before = scene.count("GET /api/v1/applications/app/resource-tree");
    assert_eq!(end(&scene.ours()), End::Verified);
    assert_eq!(scene.count("GET /api/v1/applications/app/resource-tree") - before, 1);
}

#[test]
fn the_wait_says_at_which_step_a_rollout_is() {
    let mut scene = manual(canary(&STEPS));
    scene.verify.timeout = Millis::secs(90);
    let Settled::Unconfirmed { why, .. } = scene.ours() else { panic!("a pause until a person resumes has no end") };
    assert!(why.contains("Rollout app is paused at step 2 of 4 (20 %)"), "{why}");
    let told = |event: &Event| matches!(event, Event::Waiting { on, .. } if on.contains("paused at step 2 of 4"));
    assert!(scene.events.borrow().iter().any(told));
    // Nobody but a rollback lets a canary through.
    assert_eq!(scene.count("POST /api/v1/applications/app/resource/actions"), 0);
    let timed = manual(canary(&[Step::Weight(20), Step::Pause(Some(60_000))]));
    assert_eq!(end(&timed.ours()), End::Verified);
}

#[test]
fn what_is_restored_does_not_take_the_steps_again() {
    let mut scene = rolled(canary(&STEPS));
    tell(&scene, RolloutAction::PromoteFull);
    assert!(scene.argo.runs("app", NEW));
    // The way back is a new version to the Rollout: it would pause for a person.
    scene.commit = scene.repo.commit(OLD);
    (scene.terminate, scene.nonce) = (true, "promotion-1-rollback");
    let settled = scene.ours();
    assert_eq!(end(&settled), End::Verified, "{settled:?}");
    assert!(scene.argo.runs("app", OLD));
    let told = |event: &Event| matches!(event, Event::App { state, .. } if state.ends_with("told to promote-full"));
    assert_eq!(scene.events.borrow().iter().filter(|event| told(event)).count(), 1);
}

#[test]
fn a_rollback_in_the_middle_of_a_canary_never_lets_the_bad_version_through() {
    let mut scene = rolled(canary(&STEPS));
    scene.commit = scene.repo.commit(OLD);
    (scene.terminate, scene.nonce) = (true, "promotion-1-rollback");
    assert_eq!(end(&scene.ours()), End::Verified);
    assert!(scene.argo.runs("app", OLD));
    assert_eq!(
        scene.count("POST /api/v1/applications/app/resource/actions"),
        0,
        "it is back on the stable pods at once"
    );
}
