//! The health checks, polled through the settle window.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::wait::goal::{Goal, Settled};
use crate::ports::World;
use crate::promotion::facts::Reading;
use crate::promotion::measures::Measure;
use crate::promotion::record::Refuted;
use crate::promotion::rules::Verify;
use crate::promotion::rules::health::HealthCheck;
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::time::{Millis, Time};

/// What a look at the health checks shows.
pub(super) enum Health {
    /// All are good.
    Good,
    /// One could not be asked: why.
    Unknown(String),
    /// One is bad, and that is not definite.
    Bad(String),
    /// One stayed bad for the grace.
    Over(Settled),
}

/// One answer of a check.
enum Answer {
    Good,
    Bad(String),
    Unknown(String),
}

/// The checks, and since when each is bad.
pub(super) struct Probes<'a> {
    world: &'a World<'a>,
    goal: &'a Goal<'a>,
    verify: &'a Verify,
    bad: BTreeMap<&'a str, Time>,
    /// Those that were good once with our commit: what they do from now on is our doing.
    healed: BTreeSet<&'a str>,
}

impl<'a> Probes<'a> {
    pub(super) fn new(world: &'a World<'a>, goal: &'a Goal<'a>, verify: &'a Verify) -> Self {
        Self { world, goal, verify, bad: BTreeMap::new(), healed: BTreeSet::new() }
    }

    /// Asks each check once.
    pub(super) fn look(&mut self) -> Health {
        let (mut unknown, mut bad) = (None, None);
        for check in &self.verify.health {
            let url = check.url.as_str();
            let answer = ask(self.world, self.goal.service, self.goal.environment, check);
            let now = self.world.clock.now();
            match answer {
                Answer::Good => {
                    self.bad.remove(url);
                    self.healed.insert(url);
                }
                Answer::Unknown(why) => {
                    self.bad.remove(url);
                    unknown = Some(format!("health {url}: {why}"));
                }
                Answer::Bad(seen) if self.goal.failing_before.contains(url) && !self.healed.contains(url) => {
                    unknown = Some(format!("health {url}: {seen}, as before our commit"));
                }
                Answer::Bad(seen) => {
                    let since = *self.bad.entry(url).or_insert(now);
                    let lasted = Millis::between(since, now);
                    let what = format!("health {url}: {seen}");
                    if lasted >= self.verify.grace {
                        return Health::Over(Settled::Refuted(Refuted {
                            trigger: Trigger::Health,
                            what: format!("the health check {url} failed and stayed so for {lasted}"),
                            detail: Some(format!("expected {}, seen {seen}", check.expected())),
                            gates: Vec::new(),
                        }));
                    }
                    bad = Some(what);
                }
            }
        }
        match (bad, unknown) {
            (Some(what), _) => Health::Bad(what),
            (None, Some(why)) => Health::Unknown(why),
            (None, None) => Health::Good,
        }
    }

    /// The applications are not as they should be: what a check said belongs to another state of affairs.
    pub(super) fn forget(&mut self) {
        self.bad.clear();
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.verify.health.iter().map(|check| check.url.clone()).collect()
    }
}

/// The URLs of the checks that are bad now.
pub(super) fn failing(world: &World<'_>, service: &str, environment: &str, checks: &[HealthCheck]) -> BTreeSet<String> {
    let bad = checks.iter().filter(|check| matches!(ask(world, service, environment, check), Answer::Bad(_)));
    bad.map(|check| check.url.clone()).collect()
}

fn ask(world: &World<'_>, service: &str, environment: &str, check: &HealthCheck) -> Answer {
    match world.evidence.probe(check, service, environment) {
        Reading::Observed(observation) => match observation.measure {
            Measure::Health(health) if health.ok => Answer::Good,
            Measure::Health(health) => Answer::Bad(health.seen),
            _ => Answer::Unknown("the answer is not one of a health check".to_owned()),
        },
        Reading::Missing { why } | Reading::Unreadable { why, .. } => Answer::Unknown(why),
    }
}
