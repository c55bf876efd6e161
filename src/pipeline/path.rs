//! Reading the way that a version came: every environment before the target, from its records, its manifests, and for the
//! source from Argo CD.

use std::collections::BTreeSet;

use crate::pipeline::job::{Halt, Job};
use crate::pipeline::orders;
use crate::pipeline::past::{self, History};
use crate::pipeline::trust;
use crate::ports::{Branch, Fault, World};
use crate::promotion::facts::Snapshot;
use crate::promotion::gates::standing;
use crate::promotion::image::{ImageChange, ImageRef, all_among};
use crate::promotion::live::{HealthWord, images_live, word};
use crate::promotion::path::{Past, Pins, Predecessor, Running, Stay};
use crate::promotion::planning;
use crate::promotion::record::Milestone;
use crate::promotion::rules::{App, GateKind, Target};
use crate::promotion::time::{Millis, Time};

/// Reads what is known of a version in each environment before the target: from the first one on, the source comes last.
pub fn path(
    world: &World<'_>,
    job: &Job<'_>,
    source: &Snapshot,
    version: &[ImageRef],
) -> Result<Vec<Predecessor>, Halt> {
    let reader = Reader { world, job, source, version };
    let mut path = Vec::new();
    let mut seen = BTreeSet::new();
    let (mut next, mut leads_to) = (Some(job.promotion.from.clone()), job.promotion.to.clone());
    // Rules have no circles, and only their ways are followed; what a later version writes might have one.
    while let Some(name) = next.filter(|name| seen.insert(name.clone())) {
        let predecessor = reader.predecessor(&name, leads_to)?;
        next = predecessor.comes_from.clone();
        leads_to = name;
        path.push(predecessor);
    }
    path.reverse();
    Ok(path)
}

struct Reader<'a> {
    world: &'a World<'a>,
    job: &'a Job<'a>,
    source: &'a Snapshot,
    version: &'a [ImageRef],
}

impl Reader<'_> {
    fn predecessor(&self, name: &str, leads_to: String) -> Result<Predecessor, Halt> {
        let (world, job) = (self.world, self.job);
        let (environment, target) = job.place(name)?;
        let is_source = environment.name == job.promotion.from;
        let mut history = past::of(world, &job.service.name, name, self.version, past::BACK)?;
        if let Some(past) = history.newest.as_mut().filter(|past| past.stands()) {
            let orders = orders::standing(world, job, name)?;
            let revoked = orders.revoked_since(&past.promotion, self.version, past.at);
            past.revoked = revoked.map(|revoked| standing::said(&revoked.signed));
            past.unconfirmed = trust::unconfirmed(world, job, &past.promotion)?;
        }
        let snapshot = match is_source {
            true => self.source.clone(),
            false => {
                let branch = Branch { repo: target.repo.clone(), branch: target.branch.clone() };
                world.delivery.snapshot(&branch, &target.path)?
            }
        };
        let pins = match planning::pinned(job.service, environment, &snapshot) {
            Ok(pins) => self.pins(pins.into_iter().map(|pin| pin.image).collect()),
            Err(fault) => Pins::Unreadable(fault.seen),
        };
        let pinned = pins == Pins::Version;
        let running = if is_source && pinned { self.running(target) } else { Running::NotAsked };
        let stay = match history.newest.as_ref().filter(|past| past.stands() && matches!(pins, Pins::Other(_))) {
            Some(past) => Some(self.stay(past, &history)?),
            None => None,
        };
        let baseline = history.file.head.baseline.filter(|baseline| all_among(self.version, &baseline.images));
        let comes_from = self.comes_from(name, history.newest.as_ref());
        let (record, soak_min) = (history.newest, self.soak_min(name, &leads_to));
        let (environment, place) = (environment.name.clone(), target.path.clone());
        Ok(Predecessor { environment, place, comes_from, leads_to, record, baseline, pins, running, stay, soak_min })
    }

    fn pins(&self, images: Vec<ImageRef>) -> Pins {
        if all_among(self.version, &images) { Pins::Version } else { Pins::Other(images) }
    }

    /// Where a version comes from to an environment: by its record, as long as the rules still have that way; else by the
    /// first promotion of the rules that leads there. `None`: none does, and the way begins here.
    fn comes_from(&self, name: &str, past: Option<&Past>) -> Option<String> {
        let recorded = past.and_then(|past| self.job.rules.promotion(&past.from, name));
        let first = || self.job.rules.promotions.iter().find(|promotion| promotion.to == name);
        recorded.or_else(first).map(|promotion| promotion.from.clone())
    }

    fn soak_min(&self, from: &str, to: &str) -> Option<Millis> {
        let gates = self.job.rules.promotion(from, to).map(|promotion| promotion.gates.as_slice()).unwrap_or_default();
        gates.iter().find_map(|gate| match gate.kind {
            GateKind::Soak { min } if !gate.optional => Some(min),
            _ => None,
        })
    }

    /// How long a version stood that has been replaced: from when it held to when the next one was written.
    fn stay(&self, past: &Past, history: &History) -> Result<Stay, Fault> {
        let Some(by) = history.replaced_by.clone() else { return Ok(Stay::Unknown) };
        let held =
            past::story(self.world, &past.promotion)?.and_then(|story| story.verified).map(|verified| verified.since);
        let Some(until) = self.written(&by)? else { return Ok(Stay::Unknown) };
        Ok(Stay::Until { by, span: Millis::between(held.unwrap_or(past.at), until) })
    }

    /// When a promotion's version was written; if it does not say, when it was asked for.
    fn written(&self, id: &str) -> Result<Option<Time>, Fault> {
        let entries = self.world.ledger.entries(id)?;
        let commit = entries.iter().find(|entry| matches!(entry.event, Milestone::Committed { .. }));
        Ok(commit.or(entries.first()).map(|entry| entry.at))
    }

    /// Whether every application of the environment is Healthy and its live manifests have the version.
    fn running(&self, target: &Target) -> Running {
        if target.apps.is_empty() {
            return Running::NotAsked;
        }
        let Some(deployer) = self.world.deployer else {
            let hint = "set ARGOCD_SERVER, and ARGOCD_AUTH_TOKEN or ARGOCD_USERNAME and ARGOCD_PASSWORD";
            let why = format!("the rules name the application {}, and no Argo CD server is set", target.apps[0].name);
            return Running::Unreadable { why, hint: Some(hint.to_owned()) };
        };
        let same = |image: &ImageRef| ImageChange { name: image.name.clone(), old: image.clone(), new: image.clone() };
        let images: Vec<ImageChange> = self.version.iter().map(same).collect();
        let not_well = |app: &App| -> Result<Option<String>, Fault> {
            let health = deployer.state(app, false)?.health;
            if health.status != HealthWord::Healthy {
                let says = health.message.map(|message| format!(": {message}")).unwrap_or_default();
                return Ok(Some(format!("{} is {}{says}", app.name, word(&health.status))));
            }
            let live = images_live(&deployer.images(app)?, &images);
            Ok(live.err().map(|why| format!("{}: {why}", app.name)))
        };
        for app in &target.apps {
            match not_well(app) {
                Ok(None) => {}
                Ok(Some(why)) => return Running::Not(why),
                Err(fault) => return Running::Unreadable { why: fault.to_string(), hint: fault.hint },
            }
        }
        Running::Live { apps: target.apps.iter().map(|app| app.name.clone()).collect() }
    }
}
