//! A promotion's life beside the road: asked for, approved, refused, taken back. What may follow what is one pure table
//! ([`life`](crate::promotion::life)); of two who move a promotion at once, one wins, and the other is told who.

use crate::pipeline::collect;
use crate::pipeline::desk::{Desk, known};
use crate::pipeline::ends;
use crate::pipeline::job::{End, Halt, Job, Me};
use crate::pipeline::keep;
use crate::pipeline::lock;
use crate::ports::{Claim, Claimed, Fault, FaultKind, Ledger, World};
use crate::promotion::folded::{self, Folded};
use crate::promotion::life::{Move, State};
use crate::promotion::order::Ordered;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::{Approved, Cancelled, Milestone, Rejected};

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
            let (_, mut entries) = asked.beginning().entries(world, job);
            keep::append(world, &asked.id, &mut entries, &[])?;
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
pub fn say(desk: Desk<'_>, me: &Me<'_>, id: &str, word: &Word) -> Result<End, Halt> {
    let story = known(desk, id)?;
    // Whoever takes a promotion back must know that no run works on it.
    let _claim = match word {
        Word::Cancel(_) => match claim(desk, me, &story)? {
            Ok(claim) => Some(claim),
            Err(end) => return Ok(end),
        },
        Word::Approve(_) | Word::Reject(_) => None,
    };
    let story = known(desk, id)?;
    let milestone = match word.clone() {
        Word::Approve(approved) => Milestone::Approved(approved),
        Word::Reject(rejected) => Milestone::Rejected(rejected),
        Word::Cancel(cancelled) => Milestone::Cancelled(cancelled),
    };
    let step = Move::of(&milestone).unwrap_or(Move::Work);
    let entry = me.entry(desk.clock.now(), &story.id, story.next_seq, milestone);
    if story.state.after(step, story.committed.is_some()).is_none() {
        return Ok(refused(&story, word));
    }
    match desk.ledger.append(std::slice::from_ref(&entry)) {
        Ok(()) => {}
        Err(fault) if fault.kind == FaultKind::Conflict => return Ok(refused(&known(desk, id)?, word)),
        Err(fault) => return Err(fault.into()),
    }
    let mut moved = story;
    moved.take(&entry);
    Ok(said(&moved, word))
}

fn claim(desk: Desk<'_>, me: &Me<'_>, story: &Folded) -> Result<Result<Box<dyn Claim>, End>, Fault> {
    let request = &story.requested.request;
    let asking = me.asking(desk.clock.now(), &request.service, &request.to);
    Ok(match desk.ledger.claim(&asking)? {
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

/// Takes the lock of a service and environment away from whoever holds it, and keeps who did so and why.
pub fn unlock(desk: Desk<'_>, me: &Me<'_>, service: &str, environment: &str, reason: &str) -> Result<End, Halt> {
    let Some(holder) = desk.ledger.unlock(service, environment)? else {
        let end = End::of(Outcome::Unchanged, format!("nobody holds the lock of {service} in {environment}"));
        return Ok(end.seen("nothing was written"));
    };
    let unlocked = Ordered::Unlocked { holder: holder.run.clone(), reason: reason.to_owned() };
    desk.ledger.order(&me.order(desk.clock.now(), service, environment, unlocked))?;
    let end = End::of(Outcome::Recorded, format!("{service} in {environment} is unlocked"));
    Ok(end
        .seen(format!("the lock was held by {}", lock::who(&holder)))
        .seen("if that run is alive it stops before its next write")
        .next("promote resume goes on with what it left"))
}

/// The promotions that a run may have left: those that are being executed, else those that are open at all; of one
/// service and environment where they are named.
pub fn left(ledger: &dyn Ledger, service: Option<&str>, environment: Option<&str>) -> Result<Vec<String>, Fault> {
    let is = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(is));
    let (mut executing, mut open) = (Vec::new(), Vec::new());
    for ((of, to), file) in ledger.heads()? {
        if !is(service, &of) || !is(environment, &to) {
            continue;
        }
        let file = file?;
        let Some(id) = file.head.open else { continue };
        let known = file.recent.iter().find(|summary| summary.promotion == id);
        match known.map(|summary| summary.state) {
            Some(State::Executing) => executing.push(id),
            _ => open.push(id),
        }
    }
    Ok(if executing.is_empty() { open } else { executing })
}
