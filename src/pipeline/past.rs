//! What the records of an environment say of one version: the newest record counts.

use crate::ports::{Fault, World};
use crate::promotion::folded::{self, Folded};
use crate::promotion::heads::{HeadFile, RECENT, Summary};
use crate::promotion::image::{ImageRef, all_among};
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::path::Past;

/// How many records are looked through beyond those that the head's file lists, where an old one may still count.
pub const BACK: usize = 200;

/// What the records of an environment say of one version.
#[derive(Debug, Clone)]
pub struct History {
    /// The environment's head, and its newest promotions.
    pub file: HeadFile,
    /// The newest record that says something of the version: one that came to its end, or was refused.
    pub newest: Option<Past>,
    /// A promotion of the version that a person took back before it was carried out, if that is newer.
    pub cancelled: Option<String>,
    /// The promotion that put another version in its place.
    pub replaced_by: Option<String>,
}

/// Reads the records of an environment, newest first, back to the one that counts: those that the head's file lists, and up
/// to `back` older ones.
pub fn of(
    world: &World<'_>,
    service: &str,
    environment: &str,
    version: &[ImageRef],
    back: usize,
) -> Result<History, Fault> {
    let file = world.ledger.recent(service, environment)?;
    let mut history = History { newest: None, cancelled: None, replaced_by: None, file };
    for summary in history.file.recent.clone() {
        if history.take(world, &summary, version)? {
            return Ok(history);
        }
    }
    let oldest = history.file.recent.get(RECENT - 1).filter(|_| back > 0);
    let mut next = match oldest {
        Some(oldest) => before(world, &oldest.promotion)?,
        None => String::new(),
    };
    for _ in 0..back {
        let Some(story) = (if next.is_empty() { None } else { story(world, &next)? }) else { break };
        if history.take(world, &Summary::of(&story), version)? {
            break;
        }
        next = story.requested.request.previous;
    }
    Ok(history)
}

/// The promotion that was the newest when this one was asked for; empty if there was none.
fn before(world: &World<'_>, id: &str) -> Result<String, Fault> {
    Ok(story(world, id)?.map(|story| story.requested.request.previous).unwrap_or_default())
}

/// A promotion, as its entries tell it.
pub fn story(world: &World<'_>, id: &str) -> Result<Option<Folded>, Fault> {
    Ok(folded::fold(&world.ledger.entries(id)?))
}

impl History {
    /// Takes one record into account; `true` if it is the one that counts.
    fn take(&mut self, world: &World<'_>, summary: &Summary, version: &[ImageRef]) -> Result<bool, Fault> {
        let ours = all_among(version, &summary.images);
        if let Some(undone) = summary.undoes.as_ref().filter(|_| !ours && took_away(summary)) {
            let undone = story(world, undone)?.map(|story| Summary::of(&story));
            if let Some(undone) = undone.filter(|undone| all_among(version, &undone.images)) {
                self.newest = past(&undone).map(|past| Past { undone_by: Some(summary.promotion.clone()), ..past });
                return Ok(self.newest.is_some());
            }
        }
        if !ours {
            if landed(summary) {
                self.replaced_by = Some(summary.promotion.clone());
            }
            return Ok(false);
        }
        match summary.state {
            State::Cancelled if self.cancelled.is_none() => self.cancelled = Some(summary.promotion.clone()),
            State::Completed | State::Failed | State::RolledBack | State::Rejected => self.newest = past(summary),
            _ => {}
        }
        Ok(self.newest.is_some())
    }
}

fn past(summary: &Summary) -> Option<Past> {
    let (outcome, at) = (summary.outcome?, summary.completed_at.unwrap_or(summary.created_at));
    Some(Past {
        promotion: summary.promotion.clone(),
        from: summary.from.clone(),
        outcome,
        at,
        undone_by: None,
        unconfirmed: None,
        revoked: None,
    })
}

/// Whether a rollback has put back what was before, is about to, or stopped half-way.
fn took_away(rollback: &Summary) -> bool {
    matches!(rollback.state, State::Completed | State::Executing) || rollback.outcome == Some(Outcome::Stuck)
}

/// Whether a promotion put its version there, be it for a while.
fn landed(summary: &Summary) -> bool {
    matches!(summary.state, State::Completed | State::RolledBack | State::Executing)
        || summary.outcome == Some(Outcome::Stuck)
}
