//! `promote rollback`: a person undoes a promotion. It enters the road from the ledger, and is a promotion of its own.

use std::collections::BTreeMap;

use crate::pipeline::before;
use crate::pipeline::collect::{self, branch};
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::{Beginning, Run};
use crate::pipeline::lock;
use crate::pipeline::run;
use crate::ports::{Claim, Fault, FaultKind, World};
use crate::promotion::facts::{EnvironmentFacts, Facts, Snapshot};
use crate::promotion::folded::{self, Folded};
use crate::promotion::head::Head;
use crate::promotion::id;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning::{self, PlanFault};
use crate::promotion::record::{Milestone, Planned};
use crate::promotion::report::GateReport;
use crate::promotion::request::{Request, RequestKind, Wanted};
use crate::promotion::rollback::{self, NoRollback};

/// What a rollback would do: the plan, and everything it was made from.
struct Undoing {
    request: Request,
    facts: Facts,
    plan: Plan,
    /// The open promotion whose place it takes.
    supersedes: Option<Folded>,
}

/// Prints what a rollback would do; writes nothing.
pub fn plan(world: &World<'_>, job: &Job<'_>, undone: Option<&str>) -> Result<End, Halt> {
    let undoing = prepare(world, job, undone)?;
    let mut end = End::of(Outcome::Planned, "nothing was written");
    end.id = Some(undoing.plan.id.clone());
    end.request = Some(undoing.request);
    end.facts = Some(Box::new(undoing.facts));
    end.plan = Some(Box::new(undoing.plan));
    Ok(end)
}

/// Restores the version from before a promotion: of the newest one to the environment, or of the one that is named.
pub fn roll_back(world: &World<'_>, job: &Job<'_>, undone: Option<&str>) -> Result<End, Halt> {
    let claim = match lock::claim(world, job)? {
        Ok(claim) => claim,
        Err(end) => return Ok(end),
    };
    Halt::ended(claimed(world, job, claim, undone))
}

fn claimed(world: &World<'_>, job: &Job<'_>, claim: Box<dyn Claim>, undone: Option<&str>) -> Result<End, Halt> {
    if let Some(open) = open_rollback(world, job)?.filter(|open| open.planned.is_some()) {
        let mut run = Run::begin(world, job, claim, Beginning::of(&open.id, &open.requested.request))?;
        run::take_up(&mut run)?;
        return run::carry_out(&mut run);
    }
    let undoing = prepare(world, job, undone)?;
    let supersedes = undoing.supersedes.as_ref();
    let beginning = Beginning { supersedes, ..Beginning::of(&undoing.plan.id, &undoing.request) };
    let mut run = Run::begin(world, job, claim, beginning)?;
    world.delivery.preflight(&branch(job.target()?.1))?;
    let report = GateReport::of(Vec::new());
    let (mut facts, plan, rules) = (undoing.facts, undoing.plan, run.other_rules());
    facts.before = before::read(world, job, &facts);
    run.keep(Milestone::Planned(Box::new(Planned { facts, report, plan, rules, waivers: None, approvals: None })))?;
    run::carry_out(&mut run)
}

/// A rollback of this environment that an earlier run began and did not end.
fn open_rollback(world: &World<'_>, job: &Job<'_>) -> Result<Option<Folded>, Halt> {
    let head = world.ledger.head(&job.service.name, &job.promotion.to)?;
    let Some(open) = head.open else { return Ok(None) };
    let story = folded::fold(&world.ledger.entries(&open)?);
    Ok(story.filter(|story| matches!(story.requested.request.kind, RequestKind::Rollback { .. })))
}

fn prepare(world: &World<'_>, job: &Job<'_>, undone: Option<&str>) -> Result<Undoing, Halt> {
    let (service, to) = (job.service, &job.promotion.to);
    let (environment, target) = job.target()?;
    let head = world.ledger.head(&service.name, to)?;
    let snapshot = collect::snapshot(world, job, target)?;
    let wanted = match undone {
        Some(id) => named(world, job, id)?,
        None => newest_standing(world, &head, &snapshot)?
            .ok_or_else(|| nothing_recorded(world, job, "no promotion is recorded whose version stands there"))?,
    };
    let Some(story) = folded::fold(&world.ledger.entries(&wanted)?) else {
        return Err(nothing_recorded(world, job, &format!("there is no promotion {wanted}")));
    };
    let request = &story.requested.request;
    if request.service != service.name || request.to != *to {
        let what = format!("promotion {wanted} is of {} to {}", request.service, request.to);
        return Err(nothing_recorded(world, job, &what));
    }
    let Some(earlier) = story.planned else {
        return Err(nothing_recorded(world, job, &format!("promotion {wanted} wrote nothing")));
    };
    let pins = planning::pinned(service, environment, &snapshot)?;
    // A rollback that is open itself keeps the promotion before it; any other that is open loses its place to it.
    let open = match &head.open {
        Some(open) => folded::fold(&world.ledger.entries(open)?),
        None => None,
    };
    let (itself, supersedes) = match open {
        Some(open) if matches!(open.requested.request.kind, RequestKind::Rollback { .. }) => (Some(open), None),
        // A person may have ended it since the head was read.
        other => (None, other.filter(|open| !open.is_over())),
    };
    let head = if itself.is_some() { Head { open: None, ..head } } else { head.without_open() };
    let previous =
        itself.map_or_else(|| head.current.clone().unwrap_or_default(), |open| open.requested.request.previous);
    let restore = planning::restore(&before(&head, &wanted), request);
    let request = Request {
        service: service.name.clone(),
        kind: RequestKind::Rollback { undoes: wanted.clone() },
        from: to.clone(),
        to: to.clone(),
        images: restore.iter().map(|change| Wanted { old: change.old.clone(), new: change.new.clone() }).collect(),
        previous,
        reason: job.reason.map(str::to_owned),
    };
    let id = id::of(&request);
    let mut undone = earlier.plan;
    undone.on_failure.restore = restore;
    let report = GateReport::of(Vec::new());
    let plan = rollback::plan(&undone, &id, &request, &report, &snapshot, &pins).map_err(|NoRollback(why)| {
        Halt::Invalid(PlanFault {
            what: format!("promotion {wanted} cannot be undone"),
            seen: why,
            hint: format!("look at what {to} pins now, and promote what it should"),
        })
    })?;
    let facts = facts(world, &request, snapshot, head);
    Ok(Undoing { request, facts, plan, supersedes })
}

/// What a rollback is planned from: nothing is judged for it.
fn facts(world: &World<'_>, request: &Request, snapshot: Snapshot, head: Head) -> Facts {
    let now = EnvironmentFacts { name: request.to.clone(), snapshot, apps: BTreeMap::new(), head };
    Facts::of_target(world.clock.now(), request.images.iter().map(|wanted| wanted.new.clone()).collect(), now)
}

/// The one promotion whose id begins so.
fn named(world: &World<'_>, job: &Job<'_>, id: &str) -> Result<String, Halt> {
    match world.ledger.matching(id)?.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(nothing_recorded(world, job, &format!("there is no promotion {id}"))),
        several => {
            let why = format!("`{id}` is the beginning of {} promotions: {}", several.len(), several.join(", "));
            Err(nothing_recorded(world, job, &why))
        }
    }
}

/// The newest promotion whose version is what the environment pins: not one that changed nothing, that was rolled back or
/// never landed, nor one that a person undid.
fn newest_standing(world: &World<'_>, head: &Head, now: &Snapshot) -> Result<Option<String>, Halt> {
    let mut next = head.open.clone().or_else(|| head.current.clone()).unwrap_or_default();
    while !next.is_empty() {
        let Some(story) = folded::fold(&world.ledger.entries(&next)?) else { return Ok(None) };
        let request = &story.requested.request;
        let landed = story.committed.iter().flatten().any(|commit| !commit.unchanged);
        next = match &request.kind {
            RequestKind::Promotion if story.rollback_committed.is_none() && (landed || pushed(&story, now)) => {
                return Ok(Some(next));
            }
            RequestKind::Promotion => request.previous.clone(),
            // One that was only begun has undone nothing yet.
            RequestKind::Rollback { undoes } if !landed => undoes.clone(),
            RequestKind::Rollback { undoes } => {
                let undone = folded::fold(&world.ledger.entries(undoes)?);
                undone.map(|undone| undone.requested.request.previous).unwrap_or_default()
            }
        };
    }
    Ok(None)
}

/// Whether what was planned stands there although no record says so: its run was killed right after the push.
fn pushed(story: &Folded, now: &Snapshot) -> bool {
    let plan = story.planned.as_ref().map(|planned| &planned.plan).filter(|_| !story.is_over());
    plan.is_some_and(|plan| rollback::holds(plan, now))
}

/// The head as it is to a rollback: what the undone promotion verified itself is nothing to go back to.
fn before(head: &Head, undone: &str) -> Head {
    let mut head = head.clone();
    head.last_verified = head.last_verified.filter(|last| last.promotion != undone);
    head
}

fn nothing_recorded(world: &World<'_>, job: &Job<'_>, why: &str) -> Halt {
    let fault = Fault::new(FaultKind::NotFound, format!("roll back {}", job.promotion.to), why);
    Halt::Fault(fault.hint(format!("`promote list` shows what {} holds", world.ledger.place())))
}
