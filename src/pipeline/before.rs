//! What was broken or firing before: read of the target before anything is written, over as long a time as is watched afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::pipeline::job::{End, Job};
use crate::pipeline::readings;
use crate::pipeline::wait::goal::Gated;
use crate::ports::{About, World};
use crate::promotion::facts::Facts;
use crate::promotion::gates::needs::{Needs, needs};
use crate::promotion::gates::target::{self, Readings};
use crate::promotion::image::ImageChange;
use crate::promotion::looks;
use crate::promotion::record::{Refuted, Verified};
use crate::promotion::report::Mark;
use crate::promotion::rules::Promotion;
use crate::promotion::time::{Millis, Over, Time};

/// Reads the live evidence of the verification's gates about the target, over the settle time before now.
pub fn read(world: &World<'_>, job: &Job<'_>, facts: &Facts) -> Readings {
    let evidence = &job.rules.evidence;
    let lens = live(job);
    // What is live is never merged.
    let needs = Needs { merged: BTreeMap::new(), ..needs(&lens, evidence) };
    if needs.readings.is_empty() {
        return Readings::new();
    }
    let now = world.clock.now();
    // A shorter time than between two looks says nothing.
    let since = Millis(-job.promotion.verify.settle.max(looks::EVERY).0).after(now);
    let waivers = Arc::default();
    let about = About {
        commit: facts.commit.as_deref(),
        parts: &needs.parts,
        over: Some(Over { since, until: Some(now) }),
        ..About::of(&job.service.name, &job.promotion.to, &waivers)
    };
    readings::read(world, evidence, &needs, &about).0
}

/// The live gates of the verification, as a promotion of the target to itself.
fn live(job: &Job<'_>) -> Promotion {
    target::live_only(&target::lens(job.promotion), &job.rules.evidence)
}

/// The same for a rollback, which waits for no sample of a canary.
fn of_undone(job: &Job<'_>) -> Promotion {
    let mut lens = live(job);
    lens.gates.retain(|gate| !target::of_canary(gate));
    lens
}

/// What the gates of a verification are judged with.
pub struct Judging {
    lens: Promotion,
    facts: Facts,
    before: Readings,
    failed_before: BTreeSet<String>,
    failed_lately: BTreeSet<String>,
    accepted: BTreeSet<String>,
    since: Option<Time>,
}

impl Judging {
    /// Of a promotion: what failed before its commit is not its doing.
    pub fn of_promotion(job: &Job<'_>, facts: Facts) -> Self {
        let (lens, before) = (target::lens(job.promotion), facts.before.clone());
        let failed_before = failed(job, &lens, &facts, &before);
        Self {
            lens,
            facts,
            before,
            failed_before,
            failed_lately: BTreeSet::new(),
            accepted: BTreeSet::new(),
            since: None,
        }
    }

    /// Of a person's rollback: what fails under the version that is undone is to get well. What files say is of that version too.
    pub fn of_undoing(job: &Job<'_>, facts: Facts) -> Self {
        let lens = of_undone(job);
        let before = facts.before.clone();
        let failed_lately = failed(job, &lens, &facts, &before);
        Self {
            lens,
            facts,
            before,
            failed_before: BTreeSet::new(),
            failed_lately,
            accepted: BTreeSet::new(),
            since: None,
        }
    }

    /// Of the rollback of a promotion, by what was read before it (`facts`) and lately, under the version that is undone.
    pub fn of_rollback(job: &Job<'_>, facts: &Facts, images: &[ImageChange], lately: Readings) -> Self {
        let lens = of_undone(job);
        let failed_before = failed(job, &lens, facts, &facts.before);
        let failed_lately = failed(job, &lens, facts, &lately);
        let version = images.iter().map(|change| change.new.clone()).collect();
        let facts = Facts { version, commit: None, ..facts.clone() };
        Self { lens, facts, before: lately, failed_before, failed_lately, accepted: BTreeSet::new(), since: None }
    }

    /// Of what runs since a moment, which nothing excuses.
    pub fn of_what_runs(job: &Job<'_>, facts: Facts, since: Option<Time>) -> Self {
        let mut lens = live(job);
        // There is no time before that anything could be compared with.
        lens.gates.retain(|gate| !target::compares(gate));
        let (failed_before, failed_lately) = (BTreeSet::new(), BTreeSet::new());
        Self { lens, facts, before: Readings::new(), failed_before, failed_lately, accepted: BTreeSet::new(), since }
    }

    /// The same, where a person let it go on although these gates failed.
    #[must_use]
    pub fn accepting(mut self, paused: Option<&Refuted>) -> Self {
        self.accepted.extend(paused.iter().flat_map(|paused| &paused.gates).map(|row| row.id.clone()));
        self
    }

    /// Of what was verified once: what was broken before its promotion and did not get well by then is not its doing.
    pub fn of_verified(job: &Job<'_>, planned: &Facts, now: Facts, verified: &Verified) -> Self {
        let mut judging = Self::of_what_runs(job, now, Some(verified.since));
        // Here the time before is known.
        judging.lens = live(job);
        let well = |id: &String| verified.gates.iter().any(|row| row.id == *id && row.mark == Mark::Pass);
        let failed_before = failed(job, &judging.lens, planned, &planned.before);
        judging.failed_before = failed_before.into_iter().filter(|id| !well(id)).collect();
        judging.before = planned.before.clone();
        judging
    }

    /// The same, as the wait is given it.
    pub fn gated<'a>(&'a self, job: &'a Job<'_>) -> Gated<'a> {
        Gated {
            lens: &self.lens,
            evidence: &job.rules.evidence,
            rules_path: job.rules_path,
            facts: &self.facts,
            before: &self.before,
            failed_before: &self.failed_before,
            failed_lately: &self.failed_lately,
            accepted: &self.accepted,
            since: self.since,
        }
    }
}

fn failed(job: &Job<'_>, lens: &Promotion, facts: &Facts, before: &Readings) -> BTreeSet<String> {
    target::failed_before(lens, &job.rules.evidence, facts, before, &lens.verify)
}

/// An end that also says what was broken or firing before.
pub fn reported(end: End, verified: &Verified) -> End {
    verified.before.iter().fold(end, End::seen)
}
