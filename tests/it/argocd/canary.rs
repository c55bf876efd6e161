//! The gate `canary` in a verification: worse than before leads back, pauses, or is shown; too few requests hold it open.

use promote::pipeline::wait::goal::Settled;
use promote::promotion::report::Mark;
use promote::promotion::rules::trigger::Trigger;

use super::live::{Live, Said};
use super::scenarios::{End, end, manual, usual};
use super::scene::Scene;

/// 1 % of many.
const BEFORE: Said = Said::Counts(100_000, 1_000);
/// At the limit of 1 point more, and one failure beyond.
const AT: Said = Said::Counts(100_000, 2_000);
const BEYOND: Said = Said::Counts(100_000, 2_001);
const FEW: Said = Said::Counts(50, 0);

fn scene(gate: &str, said: &[(i64, Said)], before: &[Said]) -> Scene {
    let mut scene = manual(usual());
    let live = Live::new(&format!("{{ canary: {{ from: [slo], {gate} }} }}"), said, before);
    scene.verify = live.verify();
    scene.live = Some(live);
    scene
}

const RISE: &str = "error_rate_increase_max: 1%";

fn rise(action: &str) -> String {
    format!("{RISE}, actions: {{ error_rate_increase_max: {action} }}")
}

#[test]
fn worse_than_before_leads_to_what_the_rules_say() {
    for (gate, said, expected) in [
        (RISE.to_owned(), AT, End::Verified),
        (RISE.to_owned(), BEYOND, End::Refuted),
        (rise("rollback"), BEYOND, End::Refuted),
        (rise("pause"), AT, End::Verified),
        (rise("pause"), BEYOND, End::Paused),
        (rise("warn"), BEYOND, End::Verified),
        (RISE.to_owned(), FEW, End::Unconfirmed),
        (RISE.to_owned(), Said::Down, End::Unconfirmed),
        ("success_rate_min: 99%".to_owned(), Said::Counts(2_000, 20), End::Verified),
        ("success_rate_min: 99%".to_owned(), Said::Counts(2_000, 21), End::Refuted),
        ("success_rate_min: 99%".to_owned(), Said::Counts(1_999, 0), End::Unconfirmed),
    ] {
        let settled = scene(&gate, &[(0, said.clone())], &[BEFORE]).ours();
        assert_eq!(end(&settled), expected, "{gate} {said:?}: {settled:?}");
        match settled {
            Settled::Refuted(refuted) => assert_eq!(refuted.trigger, Trigger::Canary),
            Settled::Paused(paused) => {
                assert!(paused.what.contains("canary error_rate_increase in staging is +1.01 points"), "{paused:?}");
                assert!(paused.detail.is_some_and(|detail| detail.contains("2,001 of 100,000")));
            }
            Settled::Unconfirmed { why, .. } if matches!(said, Said::Counts(50, _)) => {
                assert!(why.contains("too few requests to tell that from chance; it takes"), "{why}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_rollback_comes_before_a_pause() {
    let gate = "success_rate_min: 99%, error_rate_increase_max: 0.5%, actions: { success_rate_min: pause }";
    let settled = scene(gate, &[(0, BEYOND)], &[BEFORE]).ours();
    assert_eq!(end(&settled), End::Refuted, "{settled:?}");
}

#[test]
fn what_a_person_let_go_on_pauses_no_more() {
    let mut scene = scene(&rise("pause"), &[(0, BEYOND)], &[BEFORE]);
    if let Some(live) = &mut scene.live {
        live.accepted.insert("canary.error_rate_increase".to_owned());
    }
    let Settled::Verified(verified) = scene.ours() else { panic!("not verified") };
    assert_eq!(verified.gates[0].mark, Mark::Warn);
    assert!(verified.before[0].contains("a person let it go on"), "{:?}", verified.before);
}

#[test]
fn what_was_not_known_before_is_no_baseline() {
    assert_eq!(end(&scene(RISE, &[(0, BEYOND)], &[Said::Down]).ours()), End::Unconfirmed);
    assert_eq!(end(&scene(RISE, &[(0, BEYOND)], &[]).ours()), End::Unconfirmed);
    assert_eq!(end(&scene(RISE, &[(0, BEYOND)], &[Said::Counts(0, 0)]).ours()), End::Unconfirmed);
}
