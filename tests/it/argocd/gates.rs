//! The gates of a verification in the wait: what holds, what must last, what was so before, and what could not be found out.

use promote::pipeline::wait::goal::Settled;
use promote::promotion::event::Event;
use promote::promotion::looks;
use promote::promotion::report::Mark;
use promote::promotion::rules::trigger::Trigger;
use promote::promotion::time::Millis;

use super::live::{Live, Said};
use super::scenarios::{End, end, manual, usual};
use super::scene::Scene;
use crate::world::argo::behaviour::Behaviour;

const SLO: &str = "{ slo: { availability_min: 99% } }";
const ALERTS: &str = "{ alerts: { critical_max: 0 } }";
const GOOD: Said = Said::Counts(1000, 0);
const BAD: Said = Said::Counts(1000, 50);
const QUIET: Said = Said::Counts(0, 0);
const FIRE: Said = Said::Fires(&["HighErrorRate"]);
const CALM: Said = Said::Fires(&[]);

fn scene(gates: &str, said: &[(i64, Said)], before: &[Said]) -> Scene {
    let mut scene = manual(usual());
    let live = Live::new(gates, said, before);
    scene.verify = live.verify();
    scene.live = Some(live);
    scene
}

#[test]
fn a_gate_must_hold_and_a_failure_must_last() {
    for (said, expected) in [
        (vec![(0, GOOD)], End::Verified),
        (vec![(0, BAD)], End::Refuted),
        (vec![(0, GOOD), (30_000, BAD)], End::Refuted),
        // Shorter than the grace of a minute.
        (vec![(0, GOOD), (30_000, BAD), (70_000, GOOD)], End::Verified),
        // Too little traffic at first, or never.
        (vec![(0, QUIET), (100_000, GOOD)], End::Verified),
        (vec![(0, QUIET)], End::Unconfirmed),
        // What could not be found out is never a failure, and takes nothing from what was seen.
        (vec![(0, Said::Down)], End::Unconfirmed),
        (vec![(0, GOOD), (20_000, Said::Down)], End::Unconfirmed),
        (vec![(0, GOOD), (20_000, Said::Down), (50_000, GOOD)], End::Verified),
        (vec![(0, BAD), (40_000, Said::Down)], End::Unconfirmed),
        (vec![(0, BAD), (40_000, Said::Down), (60_000, BAD)], End::Refuted),
    ] {
        let scene = scene(SLO, &said, &[GOOD]);
        let settled = scene.ours();
        assert_eq!(end(&settled), expected, "{said:?}: {settled:?}");
        match settled {
            Settled::Refuted(refuted) => {
                assert_eq!(refuted.trigger, Trigger::Slo);
                assert_eq!(refuted.gates.len(), 1);
                assert!(refuted.what.starts_with("slo availability in staging is 95 %, wanted ≥ 99 %"), "{refuted:?}");
            }
            Settled::Verified(verified) => {
                assert_eq!(verified.gates.iter().map(|row| row.mark).collect::<Vec<_>>(), [Mark::Pass]);
                assert!(verified.settled >= Millis::mins(1) && verified.before.is_empty(), "{verified:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_break_of_a_gate_starts_the_window_anew_and_an_outage_does_not() {
    let window = |said: &[(i64, Said)]| match scene(SLO, said, &[GOOD]).ours() {
        Settled::Verified(verified) => (verified.since.as_millisecond(), verified.settled),
        other => panic!("{other:?}"),
    };
    let (since, _) = window(&[(0, GOOD), (30_000, BAD), (70_000, GOOD)]);
    assert!(since >= 70_000, "{since}");
    let (since, settled) = window(&[(0, GOOD), (20_000, Said::Down), (150_000, GOOD)]);
    assert!(since < 20_000 && settled >= Millis::secs(130), "{since} {settled}");
}

#[test]
fn every_look_is_about_the_time_since_the_version_first_ran_and_they_are_calm() {
    let scene = scene(SLO, &[(0, GOOD), (30_000, BAD), (70_000, GOOD)], &[GOOD]);
    assert_eq!(end(&scene.ours()), End::Verified);
    let asked = scene.live.as_ref().unwrap().asked.lock().unwrap().clone();
    let first = asked[0].1;
    assert!(asked.iter().all(|(_, _, since)| *since == first), "{asked:?}");
    let pauses: Vec<i64> = asked.windows(2).map(|two| two[1].1 - two[0].1).collect();
    let short = pauses.iter().filter(|pause| Millis(**pause) < looks::EVERY).count();
    assert!(short <= 1, "only the look at the window's end comes sooner: {pauses:?}");
    let undisturbed = scene_of(&[(0, GOOD)]);
    let looks = undisturbed.live.as_ref().unwrap().asked.lock().unwrap().len();
    assert_eq!(looks, looks::schedule(Millis::mins(1)).len(), "as the schedule says");
}

fn scene_of(said: &[(i64, Said)]) -> Scene {
    let scene = scene(SLO, said, &[GOOD]);
    assert_eq!(end(&scene.ours()), End::Verified);
    scene
}

#[test]
fn what_failed_before_is_reported_until_it_was_well_once() {
    let Settled::Verified(verified) = scene(SLO, &[(0, BAD)], &[BAD]).ours() else { panic!("not verified") };
    assert_eq!(verified.gates[0].mark, Mark::Warn);
    assert!(verified.before[0].contains("it failed before already"), "{:?}", verified.before);
    let healed = scene(SLO, &[(0, BAD), (20_000, GOOD), (40_000, BAD)], &[BAD]);
    assert_eq!(end(&healed.ours()), End::Refuted);
    // No traffic before is no failure before.
    assert_eq!(end(&scene(SLO, &[(0, BAD)], &[QUIET]).ours()), End::Refuted);
    // What could not be read before leaves open whose failure it is.
    let open = scene(SLO, &[(0, BAD)], &[Said::Down]).ours();
    let Settled::Unconfirmed { why, .. } = open else { panic!("{open:?}") };
    assert!(why.contains("not known whether it was so before: Prometheus answered 503"), "{why}");
    assert_eq!(end(&scene(SLO, &[(0, GOOD)], &[Said::Down]).ours()), End::Verified);
}

#[test]
fn only_alerts_that_fire_since_then_count() {
    let settled = scene(ALERTS, &[(0, CALM), (20_000, FIRE)], &[CALM]).ours();
    let Settled::Refuted(refuted) = settled else { panic!("{settled:?}") };
    assert_eq!((refuted.trigger, refuted.detail.as_deref()), (Trigger::Alerts, Some("HighErrorRate: it is bad")));
    let settled = scene(ALERTS, &[(0, FIRE)], &[FIRE]).ours();
    let Settled::Verified(verified) = settled else { panic!("{settled:?}") };
    assert_eq!(verified.before, ["alerts: HighErrorRate fired before already"]);
    let other = Said::Fires(&["HighErrorRate", "Latency"]);
    let settled = scene(ALERTS, &[(0, FIRE), (20_000, other)], &[FIRE]).ours();
    let Settled::Refuted(refuted) = settled else { panic!("{settled:?}") };
    assert_eq!(refuted.detail.as_deref(), Some("Latency: it is bad"));
}

#[test]
fn what_a_rollback_restores_is_waited_for_and_not_refuted_by_what_it_undoes() {
    let undoing = |said: &[(i64, Said)]| {
        let mut scene = scene(SLO, said, &[GOOD]);
        scene.live.as_mut().unwrap().failed_lately = ["slo.availability".to_owned()].into();
        scene.ours()
    };
    assert_eq!(end(&undoing(&[(0, BAD), (200_000, GOOD)])), End::Verified);
    let never = undoing(&[(0, BAD)]);
    let Settled::Unconfirmed { why, .. } = never else { panic!("{never:?}") };
    assert!(why.contains("as before the rollback"), "{why}");
}

#[test]
fn a_wait_without_traffic_says_so() {
    let Settled::Unconfirmed { why, .. } = scene(SLO, &[(0, QUIET)], &[GOOD]).ours() else { panic!("not unconfirmed") };
    assert!(why.contains("not confirmed within 10 min: slo availability"), "{why}");
    assert!(why.contains("there were no requests in the window"), "{why}");
}

#[test]
fn gates_are_not_asked_before_the_version_runs_and_are_when_it_flaps() {
    let rollout = vec![(0, "Progressing"), (60_000, "Healthy")];
    let mut slow = manual(Behaviour { rollout, ..usual() });
    let live = Live::new(SLO, &[(0, GOOD)], &[GOOD]);
    (slow.verify, slow.live) = (live.verify(), Some(live));
    assert_eq!(end(&slow.ours()), End::Verified);
    let first = slow.live.as_ref().unwrap().asked.lock().unwrap()[0].1;
    assert!(first >= 60_000, "{first}");
}

#[test]
fn each_change_of_the_gates_is_told() {
    let scene = scene(SLO, &[(0, GOOD), (30_000, BAD), (70_000, GOOD)], &[GOOD]);
    assert_eq!(end(&scene.ours()), End::Verified);
    let words: Vec<&str> = scene
        .events
        .borrow()
        .iter()
        .filter_map(|event| match event {
            Event::Judged(report) => Some(if report.count(Mark::Pass) == 1 { "pass" } else { "fail" }),
            Event::Doubt { .. } => Some("doubt"),
            Event::Settling { .. } => Some("settling"),
            Event::Settled { .. } => Some("settled"),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["pass", "settling", "fail", "doubt", "pass", "settling", "settled"]);
}
