//! Reading a canary and what it is to replace: the same evidence about both environments, over the version's own time.

use std::collections::BTreeMap;
use std::thread;

use crate::pipeline::job::Job;
use crate::ports::{About, Deployer, Fault, World};
use crate::promotion::facts::{Compared, Reading, Shared, Soak};
use crate::promotion::gates::needs::Needs;
use crate::promotion::rules::{App, Source};
use crate::promotion::time::{Millis, Over, Time};

/// What is known of the canary before it is compared.
pub(super) struct Canary<'a> {
    /// The one reading of the clock.
    pub(super) at: Time,
    /// How long it has run the version.
    pub(super) soak: Option<&'a Soak>,
    /// What its evidence is asked about.
    pub(super) about: &'a About<'a>,
}

/// Reads every comparison that gates ask for, by the id of its evidence.
pub(super) fn read(world: &World<'_>, job: &Job<'_>, needs: &Needs, canary: &Canary<'_>) -> BTreeMap<String, Compared> {
    let wanted = needs.canary.iter().filter_map(|(id, traffic)| Some((id, job.rules.evidence.get(id)?, *traffic)));
    wanted
        .map(|(id, source, traffic)| {
            let mut compared = compare(world, job, source, canary);
            if traffic {
                compared.shared = shared(world, job);
            }
            (id.clone(), compared)
        })
        .collect()
}

fn compare(world: &World<'_>, job: &Job<'_>, source: &Source, canary: &Canary<'_>) -> Compared {
    let elapsed = match canary.soak {
        Some(Soak::For { elapsed, .. }) => *elapsed,
        other => {
            let why = match other {
                Some(Soak::Unknown { why }) => why.as_str(),
                _ => "it was not read",
            };
            let why = format!("it is not known since when {} runs this version: {why}", job.promotion.from);
            let missing = Reading::Missing { why };
            return Compared { since: None, canary: missing.clone(), baseline: missing, shared: None };
        }
    };
    let since = Millis(-elapsed.0).after(canary.at);
    // Both sides end at one moment, which is ours, so that they are of the same time.
    let over = Some(Over { since, until: Some(canary.at) });
    let here = About { over, ..*canary.about };
    let there = About { environment: &job.promotion.to, ..here };
    let (canary, baseline) = thread::scope(|scope| {
        let other = scope.spawn(|| world.evidence.read(&[source], &there));
        let canary = world.evidence.read(&[source], &here);
        let stopped = "the reader stopped with a bug in promote".to_owned();
        (canary, other.join().unwrap_or(Reading::Unreadable { why: stopped, files: Vec::new() }))
    });
    Compared { since: Some(since), canary, baseline, shared: None }
}

/// How the traffic is shared by what Argo CD knows: the weight of the source's Rollout, else the pods of both environments. Evidence
/// that counts requests knows better, so that a fault here is none.
fn shared(world: &World<'_>, job: &Job<'_>) -> Option<Shared> {
    let deployer = world.deployer?;
    let ((_, source), (_, target)) = (job.source().ok()?, job.target().ok()?);
    let found =
        weight(deployer, &source.apps).transpose().unwrap_or_else(|| pods(deployer, &source.apps, &target.apps));
    found.inspect_err(|fault| tracing::debug!(%fault, "cannot tell how the traffic is shared")).ok()
}

/// The weight of the only Rollout that is on its way.
fn weight(deployer: &dyn Deployer, apps: &[App]) -> Result<Option<Shared>, Fault> {
    for app in apps {
        for rollout in deployer.rollouts(app)?.iter().filter(|rollout| rollout.is_in_progress()) {
            if let Some(part) = rollout.weight {
                let known_by = format!("the weight of Rollout {} is {part} of 100", rollout.name);
                return Ok(Some(Shared { part, whole: 100, known_by }));
            }
        }
    }
    Ok(None)
}

fn pods(deployer: &dyn Deployer, canary: &[App], baseline: &[App]) -> Result<Shared, Fault> {
    let count = |apps: &[App]| apps.iter().map(|app| deployer.pods(app)).sum::<Result<u64, Fault>>();
    let (part, rest) = (count(canary)?, count(baseline)?);
    Ok(Shared { part, whole: part + rest, known_by: format!("{part} of {} pods", part + rest) })
}
