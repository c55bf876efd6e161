//! The smoke tests: each runs once when everything is live and healthy, one after the other, while the settle time passes.
//!
//! Requests that are not answered as they must be are made once more after the grace: what fails then too is definite. A
//! workflow that failed has its own tries, and is definite at once. What could not be found out is no failure.

use crate::pipeline::wait::goal::{Goal, Settled};
use crate::ports::World;
use crate::promotion::event::Event;
use crate::promotion::facts::Reading;
use crate::promotion::measures::Measure;
use crate::promotion::record::Refuted;
use crate::promotion::rules::Verify;
use crate::promotion::rules::health::{Smoke, SmokeDoes};
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::smoked::{SmokeRun, Smoked};
use crate::promotion::time::{Millis, Time};

/// How often a run is asked about.
const LOOK: Millis = Millis::secs(5);

/// Where the test whose turn it is stands.
enum State {
    Idle,
    /// It runs somewhere else.
    Running {
        run: SmokeRun,
        since: Time,
        looked: Time,
    },
    /// It failed once.
    Failed {
        since: Time,
        seen: String,
    },
}

/// The tests, and how far they have come.
pub(super) struct Smokes<'a> {
    world: &'a World<'a>,
    goal: &'a Goal<'a>,
    verify: &'a Verify,
    passed: usize,
    state: State,
}

impl<'a> Smokes<'a> {
    pub(super) fn new(world: &'a World<'a>, goal: &'a Goal<'a>, verify: &'a Verify) -> Self {
        Self { world, goal, verify, passed: 0, state: State::Idle }
    }

    /// Goes on as far as it can now. The end of the wait, if a test ends it.
    pub(super) fn look(&mut self) -> Option<Settled> {
        while let Some(test) = self.verify.smoke.get(self.passed) {
            let now = self.world.clock.now();
            let smoked = match &self.state {
                State::Running { looked, .. } if Millis::between(*looked, now) < LOOK => return None,
                State::Running { run, .. } => self.world.evidence.smoke_run(run),
                State::Failed { since, .. } if Millis::between(*since, now) < self.verify.grace => return None,
                State::Idle | State::Failed { .. } => {
                    self.world.evidence.smoke(test, self.goal.service, self.goal.environment)
                }
            };
            match smoked {
                Smoked::Running(run) => return self.running(test, run),
                Smoked::Over(reading) => match said(reading) {
                    Ok((true, seen)) => self.pass(test, seen),
                    Ok((false, seen)) => return self.fail(test, seen),
                    Err(why) => return Some(self.unknown(test, &why)),
                },
            }
        }
        None
    }

    /// What it waits for; `None` once every test has passed.
    pub(super) fn lacks(&self) -> Option<String> {
        let test = self.verify.smoke.get(self.passed)?;
        Some(match &self.state {
            State::Idle => format!("smoke test {} has not run", test.name),
            State::Running { run, .. } => {
                let page = run.page.as_ref().map(|page| format!(": {page}")).unwrap_or_default();
                format!("smoke test {} runs{page}", test.name)
            }
            State::Failed { seen, .. } => format!("smoke test {} failed, and runs once more: {seen}", test.name),
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.verify.smoke.iter().map(|test| test.name.clone()).collect()
    }

    fn running(&mut self, test: &Smoke, run: SmokeRun) -> Option<Settled> {
        let now = self.world.clock.now();
        let since = match &self.state {
            State::Running { since, .. } => *since,
            State::Idle | State::Failed { .. } => now,
        };
        let timeout = match &test.does {
            SmokeDoes::Workflow(workflow) => workflow.timeout,
            SmokeDoes::Steps(_) => self.verify.timeout,
        };
        if Millis::between(since, now) >= timeout {
            let page = run.page.unwrap_or_else(|| "its run was not found".to_owned());
            return Some(self.unknown(test, &format!("it did not end within {timeout}: {page}")));
        }
        self.state = State::Running { run, since, looked: now };
        None
    }

    fn pass(&mut self, test: &Smoke, says: String) {
        (self.world.tell)(&Event::Smoke { name: test.name.clone(), says });
        self.passed += 1;
        self.state = State::Idle;
    }

    fn fail(&mut self, test: &Smoke, seen: String) -> Option<Settled> {
        let again = matches!((&self.state, &test.does), (State::Idle, SmokeDoes::Steps(_)));
        if again && self.verify.grace.0 > 0 {
            let what = format!("smoke test {}: {seen}", test.name);
            (self.world.tell)(&Event::Doubt { what, grace: self.verify.grace });
            self.state = State::Failed { since: self.world.clock.now(), seen };
            return None;
        }
        let twice = matches!(self.state, State::Failed { .. });
        Some(Settled::Refuted(Refuted {
            trigger: Trigger::Health,
            what: format!("the smoke test {} failed{}", test.name, if twice { " twice" } else { "" }),
            detail: Some(seen),
            gates: Vec::new(),
        }))
    }

    fn unknown(&self, test: &Smoke, why: &str) -> Settled {
        let why = format!("what the smoke test {} says could not be found out: {why}", test.name);
        Settled::Unconfirmed { why, hint: None }
    }
}

/// Whether it is good, and what was seen; else why that is not known.
fn said(reading: Reading) -> Result<(bool, String), String> {
    match reading {
        Reading::Observed(observation) => match observation.measure {
            Measure::Health(health) => Ok((health.ok, health.seen)),
            _ => Err("the answer is not one of a smoke test".to_owned()),
        },
        Reading::Missing { why } | Reading::Unreadable { why, .. } => Err(why),
    }
}
