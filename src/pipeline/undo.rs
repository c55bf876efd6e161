//! `promote rollback`: a person undoes a promotion. It enters the road from the ledger, and is a promotion of its own.

use std::collections::BTreeMap;

use crate::pipeline::approve;
use crate::pipeline::asked::{Asked, branch};
use crate::pipeline::before;
use crate::pipeline::collect;
use crate::pipeline::decide;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::{Beginning, Run};
use crate::pipeline::lock;
use crate::pipeline::orders;
use crate::pipeline::run;
use crate::pipeline::targets;
use crate::ports::{Claim, Fault, FaultKind, World};
use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::facts::{EnvironmentFacts, Facts, Snapshot};
use crate::promotion::folded::{self, Folded};
use crate::promotion::gates::standing;
use crate::promotion::head::{Head, LastVerified};
use crate::promotion::heads::HeadFile;
use crate::promotion::id::{self, canonical, sha256};
use crate::promotion::image::{all_among, versions};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning::{self, PlanFault};
use crate::promotion::record::{Milestone, Planned};
use crate::promotion::report::GateReport;
use crate::promotion::request::{Request, RequestKind, Wanted};
use crate::promotion::rollback::{self, NoRollback};
use crate::promotion::shown::{self, Shown};

/// What a rollback would do: the plan, and everything it was made from.
struct Undoing {
    request: Request,
    facts: Facts,
    plan: Plan,
    /// The open promotion whose place it takes.
    supersedes: Option<Folded>,
    /// The environment that the version came from, where it is not the last verified one: that promotion's approvals are asked for.
    asks: Option<String>,
}

/// What a person's rollback goes back from, and to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Back<'a> {
    /// The promotion that is undone, by the beginning of its id; absent: the newest.
    pub from: Option<&'a str>,
    /// The version that is restored, as a tag or digest; absent: the last verified one.
    pub to: Option<&'a str>,
}

/// Prints what a rollback would do; writes nothing.
pub fn plan(world: &World<'_>, job: &Job<'_>, back: Back<'_>) -> Result<End, Halt> {
    let undoing = prepare(world, job, back)?;
    let mut end = End::of(Outcome::Planned, "nothing was written");
    end.id = Some(undoing.plan.id.clone());
    end.request = Some(undoing.request);
    end.facts = Some(Box::new(undoing.facts));
    end.plan = Some(Box::new(undoing.plan));
    Ok(end)
}

/// Restores the version from before a promotion: of the newest one to the environment, or of the one that is named.
pub fn roll_back(world: &World<'_>, job: &Job<'_>, back: Back<'_>) -> Result<End, Halt> {
    let claim = match lock::claim(world, job)? {
        Ok(claim) => claim,
        Err(end) => return Ok(end),
    };
    Halt::ended(claimed(world, job, claim, back))
}

fn claimed(world: &World<'_>, job: &Job<'_>, claim: Box<dyn Claim>, back: Back<'_>) -> Result<End, Halt> {
    if let Some(open) = open_rollback(world, job)?.filter(|open| open.planned.is_some()) {
        let mut run = Run::begin(world, job, claim, Beginning::of(&open.id, &open.requested.request))?;
        run::take_up(&mut run)?;
        return run::carry_out(&mut run);
    }
    let undoing = prepare(world, job, back)?;
    let supersedes = undoing.supersedes.as_ref();
    let beginning = Beginning { supersedes, ..Beginning::of(&undoing.plan.id, &undoing.request) };
    let mut run = Run::begin(world, job, claim, beginning)?;
    world.delivery.preflight(&branch(job.target()?.1))?;
    let report = GateReport::of(Vec::new());
    let approvals = match &undoing.asks {
        Some(from) => match approved(&mut run, &undoing, from)? {
            Ok(approvals) => approvals.map(Box::new),
            Err(end) => return Ok(*end),
        },
        None => None,
    };
    let (mut facts, plan, rules) = (undoing.facts, undoing.plan, run.other_rules());
    facts.before = before::read(world, job, &facts);
    run.keep(Milestone::Planned(Box::new(Planned { facts, report, plan, rules, waivers: None, approvals })))?;
    run::carry_out(&mut run)
}

/// The approvals of a rollback to another version than the last verified one: those that its promotion needs. The end of the run
/// where they are not there.
fn approved(
    run: &mut Run<'_>,
    undoing: &Undoing,
    from: &str,
) -> Result<Result<Option<JudgedApprovals>, Box<End>>, Halt> {
    let (world, job, facts) = (run.world, run.job, &undoing.facts);
    let rule = job.rules.promotion(from, &job.promotion.to).unwrap_or(job.promotion);
    let job = Job { promotion: rule, ..job.clone() };
    let asked = Asked {
        source: facts.source.clone(),
        target: facts.target.clone(),
        pins: Vec::new(),
        request: undoing.request.clone(),
        id: undoing.plan.id.clone(),
        supersedes: None,
    };
    let binds = rollback::binds(&undoing.plan, facts.target.head.sequence);
    let shown = Shown { schema: shown::SCHEMA, digest: undoing.plan.digest.clone(), binds, plan: undoing.plan.clone() };
    let Some(approvals) = approve::judged(world, &job, (&asked, facts), &shown, true)? else { return Ok(Ok(None)) };
    let Some(end) = approve::holds(&job, &approvals, &shown) else { return Ok(Ok(Some(approvals))) };
    let judged = (facts.clone(), GateReport::of(Vec::new()));
    let end = end.seen("another version than the last verified one needs the approvals of its promotion");
    decide::not_approved(run, judged, &approvals, end, shown).map(|end| Err(Box::new(end)))
}

/// A rollback of this environment that an earlier run began and did not end.
fn open_rollback(world: &World<'_>, job: &Job<'_>) -> Result<Option<Folded>, Halt> {
    let head = world.ledger.head(&job.service.name, &job.promotion.to)?;
    let Some(open) = head.open else { return Ok(None) };
    let story = folded::fold(&world.ledger.entries(&open)?);
    Ok(story.filter(|story| story.requested.request.is_rollback()))
}

/// What a rollback undoes that went by itself, and that the run which began it did not end.
pub fn begun_alone(world: &World<'_>, job: &Job<'_>) -> Result<Option<String>, Halt> {
    let open = open_rollback(world, job)?.map(|open| open.requested).filter(|requested| requested.alone);
    Ok(open.and_then(|requested| match requested.request.kind {
        RequestKind::Rollback { undoes } => Some(undoes),
        RequestKind::Promotion => None,
    }))
}

fn prepare(world: &World<'_>, job: &Job<'_>, back: Back<'_>) -> Result<Undoing, Halt> {
    let (service, to) = (job.service, &job.promotion.to);
    let (environment, target) = job.target()?;
    let file = world.ledger.recent(&service.name, to)?;
    let snapshot = collect::snapshot(world, job, target)?;
    let (undone, earlier) = undone(world, job, back, &file.head, &snapshot)?;
    let wanted = undone.id;
    let pins = planning::pinned(service, environment, &snapshot)?;
    // A rollback that is open itself keeps the promotion before it; any other that is open loses its place to it.
    let open = match &file.head.open {
        Some(open) => folded::fold(&world.ledger.entries(open)?),
        None => None,
    };
    let (itself, supersedes) = match open {
        Some(open) if open.requested.request.is_rollback() => (Some(open), None),
        // A person may have ended it since the head was read.
        other => (None, other.filter(|open| !open.is_over())),
    };
    let head = if itself.is_some() { Head { open: None, ..file.head.clone() } } else { file.head.without_open() };
    let previous =
        itself.map_or_else(|| head.current.clone().unwrap_or_default(), |open| open.requested.request.previous);
    let orders = orders::standing(world, job, to)?;
    // Where somebody pinned something else past promote, what is undone is that, and not the newest promotion.
    let by_hand = back.from.is_none() && !rollback::holds(&earlier, &snapshot);
    let without = (!by_hand).then_some(wanted.as_str());
    let head = targets::believed(world, job, HeadFile { head, ..file }, orders, without)?;
    let (named, asks) = match back.to {
        Some(version) => named_version(world, job, version, &head)?,
        None => (head.last_verified.clone().filter(|_| by_hand), None),
    };
    let mut plan = match &named {
        Some(last) => rollback::towards(&earlier, &last.images, &pins),
        None => earlier,
    };
    if let Some(last) = named.as_ref().filter(|_| plan.on_failure.restore.is_empty()) {
        return Err(there_already(job, last).into());
    }
    if named.is_none() {
        plan.on_failure.restore = planning::restore(&head, &undone.requested.request);
    }
    let restore = &plan.on_failure.restore;
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
    let report = GateReport::of(Vec::new());
    let mut plan = rollback::plan(&plan, &id, &request, &report, &snapshot, &pins).map_err(|NoRollback(why)| {
        Halt::Invalid(PlanFault {
            what: format!("promotion {wanted} cannot be undone"),
            seen: why,
            hint: format!("look at what {to} pins now, and promote what it should"),
        })
    })?;
    if named.is_some() {
        plan.digest = sha256(canonical(&rollback::binds(&plan, head.sequence)));
    }
    let facts = facts(world, &request, snapshot, head);
    Ok(Undoing { request, facts, plan, supersedes, asks })
}

/// The promotion that is undone, and its plan: the one that is named, else the newest that stands there, else, where somebody
/// pinned something past promote, the newest that has a plan at all.
fn undone(
    world: &World<'_>,
    job: &Job<'_>,
    back: Back<'_>,
    head: &Head,
    now: &Snapshot,
) -> Result<(Folded, Plan), Halt> {
    let to = &job.promotion.to;
    let wanted = match back.from {
        Some(id) => named(world, job, id)?,
        None => {
            let verified = head.last_verified.as_ref().map(|last| last.promotion.clone());
            newest_standing(world, head, now)?
                .or(verified)
                .ok_or_else(|| nothing_recorded(world, job, "no promotion is recorded whose version stands there"))?
        }
    };
    let Some(mut story) = folded::fold(&world.ledger.entries(&wanted)?) else {
        return Err(nothing_recorded(world, job, &format!("there is no promotion {wanted}")));
    };
    let request = &story.requested.request;
    if request.service != job.service.name || request.to != *to {
        let what = format!("promotion {wanted} is of {} to {}", request.service, request.to);
        return Err(nothing_recorded(world, job, &what));
    }
    match story.planned.take() {
        Some(planned) => Ok((story, planned.plan)),
        None => Err(nothing_recorded(world, job, &format!("promotion {wanted} wrote nothing"))),
    }
}

/// The version that a person names, and the environment whose promotion's approvals it needs; none where it is the last verified
/// one. A fault where no record verified it, and an end where it was revoked or is vetoed.
fn named_version(
    world: &World<'_>,
    job: &Job<'_>,
    version: &str,
    head: &Head,
) -> Result<(Option<LastVerified>, Option<String>), Halt> {
    let to = &job.promotion.to;
    let Some((last, from)) = targets::named(world, job, version)? else {
        let why = format!("no promotion of {version} to {to} is recorded that was verified");
        return Err(nothing_recorded(world, job, &why));
    };
    if head.orders.refuse(&last.promotion, &last.images, last.since) {
        let vetoed =
            head.orders.vetoes_on(&last.images).next().map(|veto| format!("vetoed {}", standing::said(&veto.signed)));
        let revoked = head.orders.revoked_since(&last.promotion, &last.images, last.since);
        let why = vetoed.or_else(|| revoked.map(|revoked| format!("revoked {}", standing::said(&revoked.signed))));
        let end = End::of(Outcome::Held, format!("{} is nothing to go back to in {to}", versions(&last.images)));
        let end = end.seen(format!("it is {}", why.unwrap_or_default())).seen("nothing was written");
        return Err(end.into());
    }
    let is_last = head.last_verified.as_ref().is_some_and(|known| all_among(&last.images, &known.images));
    Ok((Some(last), (!is_last).then_some(from)))
}

fn there_already(job: &Job<'_>, last: &LastVerified) -> End {
    let to = &job.promotion.to;
    let end = End::of(Outcome::Unchanged, format!("{to} pins {} already", versions(&last.images)));
    end.seen(format!("promotion {} verified it there; nothing was written", last.promotion)).next(format!(
        "to go back further, name the version: promote rollback --env {to} --to-version … --reason \"…\""
    ))
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

fn nothing_recorded(world: &World<'_>, job: &Job<'_>, why: &str) -> Halt {
    let fault = Fault::new(FaultKind::NotFound, format!("roll back {}", job.promotion.to), why);
    Halt::Fault(fault.hint(format!("`promote list` shows what {} holds", world.ledger.place())))
}
