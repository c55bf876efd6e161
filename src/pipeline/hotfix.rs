//! A hotfix on the road: that it was asked for as one, and the review that follows it.

use crate::pipeline::desk::{Desk, known};
use crate::pipeline::job::{End, Halt, Job, Me};
use crate::promotion::folded::Folded;
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::order::{Ordered, Reviewed};
use crate::promotion::outcome::Outcome;
use crate::promotion::planning::PlanFault;
use crate::promotion::record::Bypass;
use crate::promotion::request::Request;
use crate::promotion::words;

/// What is skipped and why, where the promotion is a hotfix and was asked for as one. The reason is that of the request, which
/// does not change when somebody else goes on with it.
pub fn asked(job: &Job<'_>, request: &Request) -> Option<Hotfixed> {
    let hotfix = job.promotion.hotfix.as_ref()?;
    let said = job.approving.bypass.contains(&Bypass::Hotfix);
    let reason = request.reason.as_deref().or(job.reason).filter(|reason| said && !reason.trim().is_empty())?;
    Some(Hotfixed { skips: hotfix.skips.clone(), reason: reason.to_owned() })
}

/// Gives the review of a hotfix that is over. Nobody reviews their own.
///
/// # Errors
/// [`Halt::Invalid`] where there is nothing to review, or this person may not.
pub fn review(desk: Desk<'_>, me: &Me<'_>, id: &str, reason: &str) -> Result<End, Halt> {
    let story = known(desk, id)?;
    let Request { service, to, .. } = &story.requested.request;
    let head = desk.ledger.head(service, to)?;
    let Some(review) = head.reviews.iter().find(|review| review.promotion == story.id) else {
        return nothing_open(&story);
    };
    if review.is_by(&me.actor.name) {
        return Err(Halt::Invalid(PlanFault {
            what: format!("a hotfix is not reviewed by who asked for it, and {} did", me.actor.name),
            seen: format!("promotion {id}: {}", review.reason),
            hint: format!("somebody else says: promote review {id} --reason \"…\""),
        }));
    }
    let reviewed = Reviewed { promotion: story.id.clone(), reason: reason.to_owned() };
    desk.ledger.order(&me.order(desk.clock.now(), service, to, Ordered::Reviewed(reviewed)))?;
    let mut end = End::of(Outcome::Recorded, format!("the hotfix {id} to {to} is reviewed")).seen(format!(
        "it skipped {}, and was asked for by {}",
        words::list(&review.skips),
        review.by
    ));
    (end.id, end.recorded) = (Some(story.id.clone()), true);
    Ok(end)
}

fn nothing_open(story: &Folded) -> Result<End, Halt> {
    let id = &story.id;
    let fault = |seen: &str| {
        let (what, hint) = (format!("no review of promotion {id} is open"), "`promote list` names those that are");
        Err(Halt::Invalid(PlanFault { what: format!("{what}: {seen}"), seen: seen.to_owned(), hint: hint.to_owned() }))
    };
    match (story.hotfix(), story.is_over()) {
        (None, _) => fault("it was no hotfix"),
        (Some(_), false) => fault("it is not over yet"),
        (Some(_), true) if story.committed.is_none() => fault("it wrote nothing"),
        (Some(_), true) => {
            let end = End::of(Outcome::Unchanged, format!("the hotfix {id} has been reviewed already"));
            Ok(End { id: Some(id.clone()), recorded: true, ..end.seen("nothing was written") })
        }
    }
}
