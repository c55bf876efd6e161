//! What an environment goes back to: the newest version that was verified there, that no revocation or veto is on, and whose
//! record is believed.

use crate::pipeline::job::Job;
use crate::pipeline::past;
use crate::pipeline::trust;
use crate::ports::{Fault, World};
use crate::promotion::head::{Head, LastVerified};
use crate::promotion::heads::{HeadFile, Summary};
use crate::promotion::image::{ImageRef, is_version};
use crate::promotion::orders::Orders;
use crate::promotion::outcome::Outcome;
use crate::promotion::request::RequestKind;

/// A head whose last verified version is one that counts, with the orders that apply. `without` is a promotion that is undone:
/// what it verified itself is nothing to go back to.
pub fn believed(
    world: &World<'_>,
    job: &Job<'_>,
    file: HeadFile,
    orders: Orders,
    without: Option<&str>,
) -> Result<Head, Fault> {
    let last_verified = last_verified(world, job, &file, &orders, without)?;
    Ok(Head { last_verified, orders, ..file.head })
}

/// The newest promotion that verified a version, named by tag or digest, in the job's target: what it brought, and where from.
/// `None` if the records know none.
pub fn named(world: &World<'_>, job: &Job<'_>, version: &str) -> Result<Option<(LastVerified, String)>, Fault> {
    let file = world.ledger.recent(&job.service.name, &job.promotion.to)?;
    let mut next = file.head.current.unwrap_or_default();
    for _ in 0..past::BACK {
        let Some(story) = past::story(world, &next)? else { break };
        let request = &story.requested.request;
        let images: Vec<ImageRef> = request.images.iter().map(|wanted| wanted.new.clone()).collect();
        let since = story.verified.as_ref().filter(|_| story.outcome == Some(Outcome::Promoted));
        if let Some(verified) = since.filter(|_| is_version(&images, version) && request.kind == RequestKind::Promotion)
        {
            let last = LastVerified { promotion: story.id.clone(), images, since: verified.since };
            return Ok(Some((last, request.from.clone())));
        }
        next.clone_from(&request.previous);
    }
    Ok(None)
}

fn last_verified(
    world: &World<'_>,
    job: &Job<'_>,
    file: &HeadFile,
    orders: &Orders,
    without: Option<&str>,
) -> Result<Option<LastVerified>, Fault> {
    let newest = file.head.last_verified.as_ref();
    let counts = |last: &LastVerified| {
        without != Some(last.promotion.as_str()) && !orders.refuse(&last.promotion, &last.images, last.since)
    };
    if let Some(last) = newest.filter(|last| counts(last))
        && trust::verified(world, job, &last.promotion, &last.images)?
    {
        return Ok(Some(last.clone()));
    }
    let older = |one: &&Summary| {
        one.outcome == Some(Outcome::Promoted) && newest.is_none_or(|last| last.promotion != one.promotion)
    };
    for summary in file.recent.iter().filter(older) {
        let Some(since) = past::story(world, &summary.promotion)?.and_then(|story| story.verified) else { continue };
        let (promotion, images) = (summary.promotion.clone(), summary.images.clone());
        let last = LastVerified { promotion, images, since: since.since };
        if counts(&last) && trust::verified(world, job, &last.promotion, &last.images)? {
            return Ok(Some(last));
        }
    }
    Ok(None)
}
