//! `promote verify`: what runs now, judged against its last record. It writes nothing; with a watch a definite failure may lead to a
//! rollback, which is one like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::before::{self, Judging};
use crate::pipeline::collect;
use crate::pipeline::ends::versions;
use crate::pipeline::job::{Approving, End, Halt, Job};
use crate::pipeline::restore;
use crate::pipeline::undo::{self, Back};
use crate::pipeline::verify::{self, Expect};
use crate::pipeline::wait::goal::Settled;
use crate::ports::World;
use crate::promotion::event::{Event, Phase};
use crate::promotion::facts::{EnvironmentFacts, Facts};
use crate::promotion::folded::{self, Folded};
use crate::promotion::head::{Head, LastVerified};
use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::outcome::Outcome;
use crate::promotion::planning;
use crate::promotion::record::{Planned, Refuted, Verified};
use crate::promotion::report::GateRow;
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::time::Millis;
use crate::promotion::words;

/// What a look came to.
struct Looked {
    end: End,
    /// The definite failure, if there is one, and the promotion whose version it is.
    refuted: Option<(Refuted, Box<Folded>)>,
}

impl From<End> for Looked {
    fn from(end: End) -> Self {
        Self { end, refuted: None }
    }
}

/// Judges what runs now: `unchanged` if it is well, `held` if it definitely is not, `unknown` if that could not be found out.
pub fn recheck(world: &World<'_>, job: &Job<'_>) -> Result<End, Halt> {
    Ok(looked(world, job)?.end)
}

/// The same for a version that is under watch; a definite failure leads to what the rules say. `None`: nothing is under watch.
pub fn watch(world: &World<'_>, job: &Job<'_>) -> Result<Option<End>, Halt> {
    let Some(span) = job.promotion.verify.watch else { return Ok(None) };
    if let Some(undoes) = undo::begun_alone(world, job)? {
        return back(world, job, &undoes, None).map(Some);
    }
    let head = world.ledger.head(&job.service.name, &job.promotion.to)?;
    let now = world.clock.now();
    let watched = head.last_verified.as_ref().filter(|last| Millis::between(last.since, now) < span);
    if watched.is_none() {
        return Ok(None);
    }
    let Looked { end, refuted } = looked(world, job)?;
    let Some((refuted, story)) = refuted else { return Ok(Some(end)) };
    let rules = &job.promotion.rollback;
    let is_rollback = story.requested.request.is_rollback();
    let why = if is_rollback {
        Some("it was restored by a rollback, and a rollback is not rolled back")
    } else if rules.when != RollbackWhen::Auto {
        Some("the rules leave it to a person (`rollback.when`)")
    } else if !rules.on.contains(&refuted.trigger) {
        Some("this failure is not among `rollback.on`")
    } else {
        None
    };
    if let Some(why) = why {
        return Ok(Some(end.seen(format!("it was not rolled back: {why}"))));
    }
    if let Some(limited) = restore::limited(world, job, &refuted)? {
        return Ok(Some(End { id: end.id, recorded: end.recorded, ..limited }));
    }
    let reason = format!("under watch: {}", refuted.what);
    let mut undone = back(world, job, &story.id, Some(&reason))?;
    undone.seen.insert(0, refuted.what.clone());
    let details: Vec<String> = refuted.detail.iter().flat_map(|detail| detail.lines()).map(str::to_owned).collect();
    undone.seen.splice(1..1, details);
    Ok(Some(undone))
}

/// Rolls a promotion back without a person, or goes on with that where it was begun.
fn back(world: &World<'_>, job: &Job<'_>, undoes: &str, reason: Option<&str>) -> Result<End, Halt> {
    let approving = Approving { alone: true, ..job.approving.clone() };
    let job = Job { reason, approving, ..job.clone() };
    let mut end = undo::roll_back(world, &job, Back { from: Some(undoes), to: None })?;
    if end.outcome == Outcome::Promoted {
        end.outcome = Outcome::RolledBack;
    }
    Ok(end)
}

fn looked(world: &World<'_>, job: &Job<'_>) -> Result<Looked, Halt> {
    (world.tell)(&Event::Phase(Phase::Verify));
    let (to, service) = (&job.promotion.to, &job.service.name);
    let head = world.ledger.head(service, to)?;
    let open = match &head.open {
        Some(open) => folded::fold(&world.ledger.entries(open)?).filter(|open| open.planned.is_some()),
        None => None,
    };
    // One that was only asked for, or that is held, has changed nothing.
    if let Some(Folded { id: open, .. }) = &open {
        let what = format!("a promotion of {service} to {to} is open, so what runs there is not settled");
        return Ok(End::of(Outcome::Unknown, what).next(format!("promote resume {open}")).into());
    }
    let Some(last) = head.last_verified.clone() else {
        let what = format!("no version of {service} was verified in {to} yet");
        return Ok(End::of(Outcome::Unknown, what).seen(format!("looked in {}", world.ledger.place())).into());
    };
    let story = folded::fold(&world.ledger.entries(&last.promotion)?).map(Box::new);
    let Some((story, planned, verified)) = story.and_then(|story| {
        let (planned, verified) = (story.planned.clone()?, story.verified.clone()?);
        Some((story, planned, verified))
    }) else {
        let what = format!("the record of promotion {} does not say what it verified", last.promotion);
        return Ok(End::of(Outcome::Unknown, what).next("promote history verify").into());
    };
    against(world, job, (head, &last), (story, &planned, &verified))
}

/// Judges what runs against what a promotion verified.
fn against(
    world: &World<'_>,
    job: &Job<'_>,
    (head, last): (Head, &LastVerified),
    (story, planned, verified): (Box<Folded>, &Planned, &Verified),
) -> Result<Looked, Halt> {
    let to = &job.promotion.to;
    let (environment, target) = job.target()?;
    let snapshot = collect::snapshot(world, job, target)?;
    let pins = planning::pinned(job.service, environment, &snapshot)?;
    let strange: Vec<ImageRef> = pins
        .iter()
        .map(|pin| pin.image.clone())
        .filter(|image| !last.images.iter().any(|known| known.name == image.name && known.same_version(image)))
        .collect();
    let named = |end: End| End { id: Some(last.promotion.clone()), recorded: true, ..end };
    if !strange.is_empty() {
        let what = format!("{to} pins {}, which promote did not bring there", versions(&strange));
        let end = End::of(Outcome::Held, what)
            .seen(format!("promotion {} verified {}", last.promotion, versions(&last.images)))
            .next(format!("promote adopt --env {to} --reason \"…\" takes it as given"));
        return Ok(named(end).into());
    }
    let same = |image: &ImageRef| ImageChange { name: image.name.clone(), old: image.clone(), new: image.clone() };
    let images: Vec<ImageChange> = last.images.iter().map(same).collect();
    let commits = story.committed.iter().flatten().map(|commit| commit.commit.clone()).collect::<Vec<_>>();
    let target_facts = EnvironmentFacts { name: to.clone(), snapshot: snapshot.clone(), apps: BTreeMap::new(), head };
    let now = Facts::of_target(world.clock.now(), last.images.clone(), target_facts);
    let judging = Judging::of_verified(job, &planned.facts, now, verified);
    let expect = Expect {
        images: &images,
        commits: &commits,
        nonce: &story.id,
        baseline: &BTreeMap::new(),
        failing_before: &BTreeSet::new(),
        judging: &judging,
        snapshot: &snapshot,
        rollback: false,
    };
    let what = versions(&last.images);
    let settled = verify::look(world, job, &expect)?;
    let (end, refuted) = match settled {
        Some(settled) => said(settled, &what, to),
        None => (End::of(Outcome::Unknown, format!("the rules name no application that runs {to}")), None),
    };
    let at = words::moment(verified.since);
    let end = named(end).seen(format!("promotion {} verified {what} at {at}", last.promotion));
    Ok(Looked { end, refuted: refuted.map(|refuted| (refuted, story)) })
}

/// What a look says, and the definite failure where there is one.
fn said(settled: Settled, what: &str, to: &str) -> (End, Option<Refuted>) {
    let end = match settled {
        Settled::Verified(verified) => {
            let end = End::of(Outcome::Unchanged, format!("{to} runs {what}, and is well"));
            let end = with_gates(before::reported(end, &verified), &verified.gates);
            verified.health.iter().fold(end, |end, url| end.seen(format!("{url} is healthy")))
        }
        Settled::Refuted(refuted) => {
            let end = End::of(Outcome::Held, format!("{to} does not run {what} well")).seen(refuted.what.clone());
            let end = refuted.detail.iter().flat_map(|detail| detail.lines()).fold(end, End::seen);
            return (
                end.next(format!("to restore the version before: promote rollback --env {to} --reason \"…\"")),
                Some(refuted),
            );
        }
        // A person decides: it is no failure that anything follows from by itself.
        Settled::Paused(paused) => {
            let end = End::of(Outcome::Held, format!("{to} does not run {what} as well as before")).seen(paused.what);
            let end = paused.detail.iter().flat_map(|detail| detail.lines()).fold(end, End::seen);
            end.next(format!("to restore the version before: promote rollback --env {to} --reason \"…\""))
        }
        Settled::Overtaken { by } => End::of(Outcome::Held, format!("{to} runs something else than {what}")).seen(by),
        Settled::Unconfirmed { why, hint } => {
            let end = End::of(Outcome::Unknown, format!("it could not be found out whether {to} runs {what} well"));
            hint.into_iter().fold(end.seen(why), End::next)
        }
        Settled::Stopped => End::of(Outcome::Interrupted, "stopped while looking at what runs"),
        Settled::Lost(end) => *end,
    };
    (end, None)
}

fn with_gates(end: End, rows: &[GateRow]) -> End {
    let line = |row: &GateRow| format!("{}: {}, wanted {}", row.id.replace('.', " "), row.observed, row.expected);
    rows.iter().fold(end, |end, row| end.seen(line(row)))
}
