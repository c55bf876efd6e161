//! A promotion's life beside the road: asked for, approved, refused, taken back. What may follow what is one pure table
//! ([`life`](crate::promotion::life)); of two who move a promotion at once, one wins, and the other is told who.

use crate::pipeline::collect;
use crate::pipeline::ends;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::lock;
use crate::ports::{Asking, Claimed, Fault, FaultKind, World};
use crate::promotion::event::Event;
use crate::promotion::folded::{self, Folded};
use crate::promotion::life::Move;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::{Approved, Cancelled, Entry, Milestone, Rejected, SCHEMA};
use crate::promotion::request::Actor;

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub struct Me<'a> {
    /// This process.
    pub run: &'a str,
    /// Who runs it.
    pub actor: &'a Actor,
    /// The CI run's page, where there is one.
    pub ci_run: Option<&'a str>,
}

/// What a person says of a promotion that is in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It may go on.
    Approve(Approved),
    /// It may not.
    Reject(Rejected),
    /// It is taken back.
    Cancel(Cancelled),
}

/// Asks for a promotion of what the source environment pins now; an older one that waits there loses its place.
pub fn request(world: &World<'_>, job: &Job<'_>) -> Result<End, Halt> {
    crate::pipeline::run::built(job)?;
    let _claim = match lock::claim(world, job)? {
        Ok(claim) => claim,
        Err(end) => return Ok(end),
    };
    let asked = collect::asked(world, job)?;
    let known = folded::fold(&world.ledger.entries(&asked.id)?);
    let what = ends::versions(&asked.request.images.iter().map(|wanted| wanted.new.clone()).collect::<Vec<_>>());
    let end = match known {
        Some(story) => {
            let end = End::of(Outcome::Waiting, format!("{what} to {} is asked for already", job.promotion.to));
            end.seen(format!("promotion {} is {}", story.id, story.state.word()))
        }
        None => {
            let (_, entries) = asked.beginning().entries(world, job);
            world.ledger.append(&entries)?;
            let end = End::of(Outcome::Waiting, format!("{what} to {} is asked for", job.promotion.to));
            match &asked.supersedes {
                Some(older) => end.seen(format!("promotion {}, which was open there, is superseded", older.id)),
                None => end,
            }
        }
    };
    let next = format!("promote execute {}", asked.id);
    let end = End { outcome: Outcome::Recorded, id: Some(asked.id), recorded: true, ..end };
    Ok(End { request: Some(asked.request), ..end }.next(next))
}

/// Adds a person's word to a promotion, if its state allows it.
pub fn say(world: &World<'_>, me: &Me<'_>, id: &str, word: &Word) -> Result<End, Halt> {
    let story = known(world, id)?;
    // Whoever takes a promotion back must know that no run works on it.
    let _claim = match word {
        Word::Cancel(_) => match claim(world, me, &story)? {
            Ok(claim) => Some(claim),
            Err(end) => return Ok(end),
        },
        Word::Approve(_) | Word::Reject(_) => None,
    };
    let story = known(world, id)?;
    let milestone = match word.clone() {
        Word::Approve(approved) => Milestone::Approved(approved),
        Word::Reject(rejected) => Milestone::Rejected(rejected),
        Word::Cancel(cancelled) => Milestone::Cancelled(cancelled),
    };
    let step = Move::of(&milestone).unwrap_or(Move::Work);
    let entry = Entry {
        schema: SCHEMA,
        id: story.id.clone(),
        run: me.run.to_owned(),
        seq: story.next_seq,
        at: world.clock.now(),
        actor: me.actor.clone(),
        ci_run: me.ci_run.map(str::to_owned),
        event: milestone,
    };
    if story.state.after(step, story.committed.is_some()).is_none() {
        return Ok(refused(&story, word));
    }
    match world.ledger.append(std::slice::from_ref(&entry)) {
        Ok(()) => {}
        Err(fault) if fault.kind == FaultKind::Conflict => return Ok(refused(&known(world, id)?, word)),
        Err(fault) => return Err(fault.into()),
    }
    let mut moved = story;
    moved.take(&entry);
    Ok(said(&moved, word))
}

fn known(world: &World<'_>, id: &str) -> Result<Folded, Halt> {
    folded::fold(&world.ledger.entries(id)?).ok_or_else(|| {
        let why = format!("{} holds no promotion {id}", world.ledger.place());
        Fault::new(FaultKind::NotFound, "find the promotion", why).hint("`promote list` shows what there is").into()
    })
}

fn claim(world: &World<'_>, me: &Me<'_>, story: &Folded) -> Result<Result<Box<dyn crate::ports::Claim>, End>, Fault> {
    let request = &story.requested.request;
    let asking = Asking {
        service: &request.service,
        environment: &request.to,
        run: me.run,
        owner: &me.actor.name,
        ci_run: me.ci_run,
        at: world.clock.now(),
        term: lock::TERM,
        expired: None,
    };
    Ok(match world.ledger.claim(&asking)? {
        Claimed::Ours(claim) => Ok(claim),
        Claimed::Held(holder) => Err(ends::held_by_another(&request.service, &request.to, &lock::who(&holder), false)),
    })
}

/// The promotion is past the point where this word could count.
fn refused(story: &Folded, word: &Word) -> End {
    let end = ends::stands(story);
    let what = match word {
        Word::Approve(_) => "approved",
        Word::Reject(_) => "rejected",
        Word::Cancel(_) => "cancelled",
    };
    let written = story.committed.is_some() && !story.is_over();
    let end =
        End { outcome: Outcome::Superseded, ..end }.seen(format!("it can no longer be {what}; nothing was written"));
    if written {
        return end.next(format!("its version is written already: promote resume {}", story.id));
    }
    end
}

fn said(story: &Folded, word: &Word) -> End {
    let what = match word {
        Word::Approve(_) => format!("promotion {} is approved", story.id),
        Word::Reject(_) => format!("promotion {} is rejected", story.id),
        Word::Cancel(_) => format!("promotion {} is cancelled", story.id),
    };
    let mut end = End::of(Outcome::Recorded, what);
    (end.id, end.recorded) = (Some(story.id.clone()), true);
    end.request = Some(story.requested.request.clone());
    match word {
        Word::Approve(_) => end.next(format!("promote execute {}", story.id)),
        _ => end,
    }
}

/// The promotion that is to be resumed: the one of this id; else the only open one, of one service and environment where
/// they are named.
pub fn open(world: &World<'_>, service: Option<&str>, environment: Option<&str>) -> Result<Vec<String>, Fault> {
    let mut ids = Vec::new();
    for ((of, to), file) in world.ledger.heads()? {
        let is = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(is));
        if !is(service, &of) || !is(environment, &to) {
            continue;
        }
        match file {
            Ok(file) => ids.extend(file.head.open),
            Err(fault) => (world.tell)(&Event::Warning(format!("{of} in {to} is passed over: {fault}"))),
        }
    }
    if ids.len() > 1 {
        (world.tell)(&Event::Warning(format!("{} promotions are open", ids.len())));
    }
    Ok(ids)
}
