//! Smoke tests in the wait: each runs once, what fails is definite when it fails twice, and what is not known is no failure.

use std::sync::atomic::{AtomicUsize, Ordering};

use promote::pipeline::wait::goal::Settled;
use promote::ports::Clock;
use promote::promotion::event::Event;
use promote::promotion::facts::{Observation, Reading};
use promote::promotion::measures::{Health, Measure};
use promote::promotion::rules::health::{HealthCheck, Smoke, SmokeDoes, SmokeWorkflow, Step};
use promote::promotion::rules::trigger::Trigger;
use promote::promotion::smoked::{SmokeRun, Smoked};
use promote::promotion::time::Millis;

use super::scenarios::{End, end, manual, usual};
use super::scene::Scene;

/// What a smoke test says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Good,
    Bad,
    Unknown,
    /// It goes on.
    Runs,
}

/// What smoke tests say by a script, from when on (in milliseconds of the clock), and how often one was begun.
#[derive(Debug, Default)]
pub(crate) struct Smokes {
    says: Vec<(i64, Says)>,
    begun: AtomicUsize,
}

impl Smokes {
    pub(crate) fn begin(&self, clock: &dyn Clock) -> Smoked {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.look(clock)
    }

    pub(crate) fn look(&self, clock: &dyn Clock) -> Smoked {
        let now = clock.now().as_millisecond();
        let says = self.says.iter().rev().find(|(from, _)| *from <= now).map_or(Says::Unknown, |(_, says)| *says);
        let ok = match says {
            Says::Good => true,
            Says::Bad => false,
            Says::Unknown => {
                return Smoked::Over(Reading::Unreadable { why: "it was cancelled".to_owned(), files: vec![] });
            }
            Says::Runs => {
                let (workflow, git_ref) = ("smoke.yml".to_owned(), "main".to_owned());
                return Smoked::Running(SmokeRun { workflow, git_ref, id: Some(7), after: 0, page: None });
            }
        };
        let measure = Measure::Health(Health { ok, seen: if ok { "fine" } else { "step 2 is not" }.to_owned() });
        let (files, tools, notes) = (vec![], vec![], vec![]);
        Smoked::Over(Reading::Observed(Observation { files, subject: None, taken: None, tools, measure, notes }))
    }
}

fn steps(name: &str) -> Smoke {
    let step = Step { check: HealthCheck::of("https://app.example.com/"), body: None, save: [].into() };
    Smoke { name: name.to_owned(), does: SmokeDoes::Steps(vec![step]) }
}

fn workflow(timeout: Millis) -> Smoke {
    let workflow = ".github/workflows/smoke.yml".to_owned();
    let does = SmokeDoes::Workflow(SmokeWorkflow { workflow, git_ref: None, inputs: [].into(), timeout });
    Smoke { name: "suite".to_owned(), does }
}

/// A wait with these tests, and how often one was begun.
fn waited(tests: &[Smoke], says: &[(i64, Says)]) -> (Settled, usize, Scene) {
    let mut scene = manual(usual());
    scene.verify.smoke = tests.to_vec();
    scene.smokes.says = says.to_vec();
    let settled = scene.ours();
    (settled, scene.smokes.begun.load(Ordering::SeqCst), scene)
}

#[test]
fn each_runs_once_and_is_told_of() {
    let (settled, begun, scene) = waited(&[steps("login"), steps("order")], &[(0, Says::Good)]);
    let Settled::Verified(verified) = settled else { panic!("{settled:?}") };
    assert_eq!((begun, verified.smoke), (2, vec!["login".to_owned(), "order".to_owned()]));
    let events = scene.events.borrow();
    let told: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Smoke { name, .. } => Some(name.as_str()),
            Event::Settled { .. } => Some("settled"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["login", "order", "settled"]);
}

#[test]
fn what_fails_is_run_once_more_after_the_grace_and_then_definite() {
    let (settled, begun, _) = waited(&[steps("login")], &[(0, Says::Bad)]);
    let Settled::Refuted(refuted) = settled else { panic!("{settled:?}") };
    assert_eq!((begun, refuted.trigger), (2, Trigger::Health));
    assert_eq!(refuted.what, "the smoke test login failed twice");
    assert_eq!(refuted.detail.as_deref(), Some("step 2 is not"));
    let (settled, begun, _) = waited(&[steps("login")], &[(0, Says::Bad), (30_000, Says::Good)]);
    assert_eq!((end(&settled), begun), (End::Verified, 2), "a hiccup is none");
    let (settled, begun, _) = waited(&[steps("login"), steps("order")], &[(0, Says::Bad)]);
    assert_eq!((end(&settled), begun), (End::Refuted, 2), "the second waits for the first");
}

#[test]
fn a_workflow_is_awaited_and_fails_at_once() {
    let suite = || workflow(Millis::mins(5));
    let (settled, begun, _) = waited(&[suite()], &[(0, Says::Runs), (120_000, Says::Good)]);
    let Settled::Verified(verified) = settled else { panic!("{settled:?}") };
    assert!(begun == 1 && verified.settled.0 >= 100_000, "the settle time passed meanwhile: {verified:?}");
    let (settled, begun, _) = waited(&[suite()], &[(0, Says::Runs), (120_000, Says::Bad)]);
    let Settled::Refuted(refuted) = settled else { panic!("{settled:?}") };
    assert_eq!((begun, refuted.what.as_str()), (1, "the smoke test suite failed"));
}

#[test]
fn what_is_not_known_is_neither_good_nor_bad() {
    for (test, says, why) in [
        (steps("login"), vec![(0, Says::Unknown)], "smoke test login says could not be found out: it was cancelled"),
        (workflow(Millis::mins(5)), vec![(0, Says::Runs), (9000, Says::Unknown)], "it was cancelled"),
        (workflow(Millis::mins(2)), vec![(0, Says::Runs)], "it did not end within 2 min"),
        (steps("login"), vec![(0, Says::Bad), (30_000, Says::Unknown)], "it was cancelled"),
    ] {
        let (settled, _, _) = waited(std::slice::from_ref(&test), &says);
        let Settled::Unconfirmed { why: said, .. } = settled else { panic!("{test:?}: {settled:?}") };
        assert!(said.contains(why), "{said}");
    }
}
