//! How long the source has run this version, and whose soak in the target the promotion would end.

use crate::pipeline::asked::{Asked, branch};
use crate::pipeline::job::{Halt, Job};
use crate::pipeline::past;
use crate::ports::{Deployer, Descent, Fault, Step, World};
use crate::promotion::facts::{SetAside, Soak};
use crate::promotion::image::{ImageRef, all_among};
use crate::promotion::live::{AppState, HealthWord};
use crate::promotion::path::Past;
use crate::promotion::planning::{self, PlanFault};
use crate::promotion::record::Bypass;
use crate::promotion::rules::soak::SoakSince;
use crate::promotion::rules::{App, GateKind, Target};
use crate::promotion::soaking::Soaking;
use crate::promotion::time::{Millis, Time};

/// How long the source has run this version without a break: since the record that verified it (where the rules say so, since
/// Argo CD deployed it), or since its applications last turned Healthy, whichever is shorter.
pub fn of_source(world: &World<'_>, job: &Job<'_>, asked: &Asked, version: &[ImageRef]) -> Result<Soak, Halt> {
    let from = &job.promotion.from;
    let (_, target) = job.source()?;
    let verified = asked.source.head.last_verified.as_ref();
    let recorded = verified.filter(|last| same_images(&last.images, version));
    let (mut elapsed, mut known_by) = match (recorded, since(job)) {
        (Some(verified), _) => {
            (Millis::between(verified.since, world.clock.now()), format!("record {}", verified.promotion))
        }
        (None, SoakSince::Record) => {
            let place = world.ledger.place();
            let recorded = format!("no verified promotion of this version to {from} is recorded in {place}");
            let why = format!("{recorded}, so its soak stands at zero");
            return Ok(Soak::Unknown { why });
        }
        (None, SoakSince::Argocd) => match deployed(world, job, asked, version)? {
            Ok(known) => known,
            Err(why) => return Ok(Soak::Unknown { why }),
        },
    };
    for app in &target.apps {
        let Some(deployer) = world.deployer else { break };
        let state = deployer.state(app, false)?;
        match healthy_for(&state) {
            Some(healthy) if healthy < elapsed => {
                elapsed = healthy;
                known_by = format!("{} Healthy in Argo CD", app.name);
            }
            Some(_) => {}
            None => return Ok(Soak::Unknown { why: format!("{} is not Healthy now", app.name) }),
        }
    }
    Ok(Soak::For { elapsed, known_by })
}

/// What the promotion's own soak says of versions that no record knows.
fn since(job: &Job<'_>) -> SoakSince {
    let of = |kind: &GateKind| if let GateKind::Soak(soak) = kind { Some(soak.since) } else { None };
    job.promotion.gates.iter().find_map(|gate| of(&gate.kind)).unwrap_or_default()
}

/// How long ago every application of the source deployed the commit that brought this version, each by its own server's clock; why
/// that cannot be said, where it cannot.
fn deployed(
    world: &World<'_>,
    job: &Job<'_>,
    asked: &Asked,
    version: &[ImageRef],
) -> Result<Result<(Millis, String), String>, Halt> {
    let (environment, target) = job.source()?;
    let from = &environment.name;
    let Some(deployer) = world.deployer else { return Ok(Err("no Argo CD server is set".to_owned())) };
    let pins = |snapshot| {
        let pins = planning::pinned(job.service, environment, snapshot);
        pins.is_ok_and(|pins| all_among(version, &pins.into_iter().map(|pin| pin.image).collect::<Vec<_>>()))
    };
    let steps = world.delivery.steps(&branch(target), &target.path)?;
    let brought = steps.items.iter().take_while(|step| step.after.as_ref().is_ok_and(&pins)).last();
    let Some(brought) = brought else {
        return Ok(Err(format!("no commit is found that brought this version to {from}")));
    };
    let mut shortest: Option<(Millis, String)> = None;
    for app in &target.apps {
        let running = Running { world, deployer, target, brought, asked };
        match running.since(app)? {
            Ok((at, now)) => {
                let elapsed = Millis::between(at, now);
                if shortest.as_ref().is_none_or(|(known, _)| elapsed < *known) {
                    shortest = Some((elapsed, format!("deployed by {}, no record", app.name)));
                }
            }
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(shortest.ok_or_else(|| format!("{from} has no application to ask")))
}

/// Asks since when an application runs what a commit brought.
struct Running<'a> {
    world: &'a World<'a>,
    deployer: &'a dyn Deployer,
    target: &'a Target,
    brought: &'a Step,
    asked: &'a Asked,
}

impl Running<'_> {
    /// When the application deployed the version that it still runs, and what its server's clock says now. Its history goes back so
    /// far only: then the oldest deployment that is kept counts, and the soak comes out too short.
    fn since(&self, app: &App) -> Result<Result<(Time, Time), String>, Fault> {
        let state = self.deployer.state(app, false)?;
        let snapshot = &self.asked.source.snapshot;
        let source = match state.tracks(&snapshot.repository, &snapshot.branch, &snapshot.path) {
            Ok(source) => source,
            Err(why) => return Ok(Err(format!("{}: {why}", app.name))),
        };
        let mut since = None;
        for one in state.history.iter().rev() {
            let (Some(revision), Some(at)) = (one.revisions.get(source), one.at) else { break };
            if !self.holds(revision)? {
                break;
            }
            since = Some(at);
        }
        let known = since.zip(state.server_time);
        let commit = self.brought.found.commit.id.chars().take(7).collect::<String>();
        Ok(known.ok_or_else(|| format!("{} has not deployed this version ({commit}), by its history", app.name)))
    }

    /// Whether a revision has the commit that brought the version.
    fn holds(&self, revision: &str) -> Result<bool, Fault> {
        if revision.len() < 40 || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(false);
        }
        let stands = self.world.delivery.descent(&branch(self.target), revision, &self.brought.found.commit.id)?;
        Ok(matches!(stands, Descent::Same | Descent::Descendant))
    }
}

/// How long an application has been Healthy, by its server's own clock.
fn healthy_for(state: &AppState) -> Option<Millis> {
    let healthy = state.health.status == HealthWord::Healthy;
    let (since, now) = (state.health.since?, state.server_time?);
    healthy.then(|| Millis::between(since, now))
}

/// Whether the same images stand on both sides, each in the same version.
fn same_images(a: &[ImageRef], b: &[ImageRef]) -> bool {
    a.len() == b.len()
        && b.iter().all(|image| a.iter().any(|other| other.name == image.name && other.same_version(image)))
}

/// The soaks that the promotion would end before their time: the target runs, verified, another version that a promotion which
/// leads on from there still waits for.
pub fn in_target(world: &World<'_>, job: &Job<'_>, asked: &Asked, now: Time) -> Result<Vec<Soaking>, Fault> {
    let (to, request) = (&job.promotion.to, &asked.request);
    let Some(last) = &asked.target.head.last_verified else { return Ok(Vec::new()) };
    let old: Vec<ImageRef> = request.images.iter().map(|wanted| wanted.old.clone()).collect();
    let moves = request.images.iter().any(|wanted| !wanted.old.same_version(&wanted.new));
    // What somebody changed by hand has ended the soak already.
    if !moves || !all_among(&old, &last.images) {
        return Ok(Vec::new());
    }
    let elapsed = Millis::between(last.since, now);
    let mut found = Vec::new();
    for way in job.rules.promotions.iter().filter(|way| way.from == *to) {
        let soak = way.gates.iter().find_map(|gate| match &gate.kind {
            GateKind::Soak(soak) if elapsed < soak.min => Some((soak, gate.at.line)),
            _ => None,
        });
        let Some((soak, line)) = soak else { continue };
        let there = past::of(world, &job.service.name, &way.to, &last.images, 0)?;
        if there.newest.as_ref().is_some_and(Past::stands) {
            continue;
        }
        found.push(Soaking {
            environment: to.clone(),
            next: way.to.clone(),
            images: last.images.clone(),
            promotion: last.promotion.clone(),
            elapsed,
            min: soak.min,
            protect: soak.protect,
            line,
        });
    }
    Ok(found)
}

/// That a protected soak is ended by name, and by whom; a fault where that is asked for without a reason.
pub fn replaced(job: &Job<'_>) -> Result<Option<SetAside>, Halt> {
    if !job.approving.bypass.contains(&Bypass::Soak) {
        return Ok(None);
    }
    let (from, to) = (&job.promotion.from, &job.promotion.to);
    match job.reason.filter(|reason| !reason.trim().is_empty()) {
        Some(reason) => Ok(Some(SetAside { by: job.me.actor.name.clone(), reason: reason.to_owned() })),
        None => Err(Halt::Invalid(PlanFault {
            what: format!("what soaks in {to} cannot be replaced without a reason"),
            seen: "--replace (or PROMOTE_REPLACE) is set, and REASON (or --reason) is not".to_owned(),
            hint: format!("promote run --from {from} --to {to} --replace --reason \"…\""),
        })),
    }
}
