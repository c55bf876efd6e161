//! Promoting without a person: what should be promoted now, and if not, why not. Nothing is written here.
//!
//! A version that a person took back, or that did not hold in the target, is not promoted there again by itself: a person's
//! run may, and says so by being one.

use crate::pipeline::ends::versions;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::past::{self, History};
use crate::pipeline::run;
use crate::ports::World;
use crate::promotion::gates::standing;
use crate::promotion::image::{self, ImageRef};
use crate::promotion::outcome::Outcome;
use crate::promotion::path::Past;
use crate::promotion::words;

/// Judges whether a promotion should be carried out now, of the named version if one is named. `ready`: it should;
/// `unchanged`: there is nothing to do; `held`, `unknown` or `waiting`: it should not, and why.
pub fn judge(world: &World<'_>, job: &Job<'_>, version: Option<&str>) -> Result<End, Halt> {
    let quiet = World { tell: &|_| {}, ..*world };
    let judged = run::validate(&quiet, job)?;
    let images = judged.request.as_ref().map(|request| request.images.as_slice()).unwrap_or_default();
    let wanted: Vec<ImageRef> = images.iter().map(|wanted| wanted.new.clone()).collect();
    let (from, to) = (&job.promotion.from, &job.promotion.to);
    let what = versions(&wanted);
    let orders = judged.facts.as_ref().map(|facts| facts.target.head.orders.clone()).unwrap_or_default();
    let end = if let Some(version) = version.filter(|version| !image::is_version(&wanted, version)) {
        End::of(Outcome::Waiting, format!("{from} pins {what}, not {version}"))
            .next(format!("put {version} in {from} first"))
    } else {
        let history = past::of(world, &job.service.name, to, &wanted, 0)?;
        let pinned = images.iter().all(|wanted| wanted.old.same_version(&wanted.new));
        let held = judged.report.as_ref().is_some_and(standing::holds);
        let forgiven = |past: &Past| orders.cleared_since(&wanted, past.at);
        match stands(&history, &what, to, pinned, &forgiven) {
            Some(end) if end.outcome == Outcome::Unchanged => end,
            // An order says better why than what once became of the version, and how it is lifted.
            _ if held => return Ok(judged),
            Some(end) => end,
            None if judged.outcome == Outcome::Ready && !job.promotion.approvals.is_empty() => {
                let roles: Vec<String> = job.promotion.approvals.iter().map(|role| role.name.clone()).collect();
                let what = format!(
                    "it needs approvals by {}, and nothing that goes by itself gives them",
                    words::list(&roles)
                );
                End::of(Outcome::Waiting, what).next(format!("promote run --from {from} --to {to}"))
            }
            None => return Ok(judged),
        }
    };
    // What its gates say is no reason here, and is left out.
    Ok(End { id: judged.id, request: judged.request, facts: judged.facts, ..end })
}

/// What the target's own records say of the version: it is there already, or must not come again by itself, unless a person has
/// lifted the veto on it since.
fn stands(history: &History, what: &str, to: &str, pinned: bool, forgiven: &dyn Fn(&Past) -> bool) -> Option<End> {
    let newest = history.newest.as_ref();
    if pinned && newest.is_some_and(Past::stands) {
        let record = newest.map(|past| past.promotion.clone()).unwrap_or_default();
        return Some(End::of(Outcome::Unchanged, format!("{to} has {what} already")).seen(format!("record {record}")));
    }
    let (why, record) = match (&history.cancelled, newest) {
        (Some(cancelled), _) => ("a person cancelled it", cancelled),
        (None, Some(past)) => match (&past.undone_by, past.outcome) {
            (Some(rollback), _) => ("a person took it back", rollback),
            (None, Outcome::RolledBack | Outcome::Stuck) if forgiven(past) => return None,
            (None, Outcome::RolledBack) => ("it did not verify there, and was rolled back", &past.promotion),
            (None, Outcome::Stuck) => ("it did not verify there", &past.promotion),
            (None, Outcome::Rejected) => ("a person rejected it", &past.promotion),
            _ => return None,
        },
        (None, None) => return None,
    };
    let end = End::of(Outcome::Held, format!("{what} is not promoted to {to} again by itself"));
    let end = end.seen(format!("{why}: record {record}"));
    Some(end.next("promote a version that is better, or run this promotion by hand"))
}
