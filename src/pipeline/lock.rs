//! The lock: the right to write to a service and environment. It is claimed before the first write, renewed while a run
//! works, looked at before each further write, and given back at the end.

use std::time::Duration;

use crate::pipeline::ends::held_by_another;
use crate::pipeline::job::{End, Halt, Job};
use crate::ports::{Claim, Claimed, Fault, Hold, World};
use crate::promotion::event::Event;
use crate::promotion::holder::{Asking, Holder};
use crate::promotion::outcome::Outcome;
use crate::promotion::time::{Millis, Time};

/// The first pause between two looks at a lock that is held; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Claims the job's service and environment. While somebody else holds it, waits as long as the job says, and takes over
/// a claim that was not renewed for its whole term. The end of the run if it does not come to a claim.
pub fn claim(world: &World<'_>, job: &Job<'_>) -> Result<Result<Box<dyn Claim>, End>, Halt> {
    let (service, environment) = (job.service.name.as_str(), job.promotion.to.as_str());
    let begun = world.clock.now();
    let mut waiting = Waiting { job, seen: None, expired: None, pause: PAUSE };
    loop {
        let now = world.clock.now();
        let asking = Asking { expired: waiting.expired.as_deref(), ..job.me.asking(now, service, environment) };
        let holder = match world.ledger.claim(&asking)? {
            Claimed::Ours(claim) => return Ok(Ok(claim)),
            Claimed::Held(holder) => holder,
        };
        let left = Millis(job.wait_lock.0 - Millis::between(begun, now).0);
        if left.0 <= 0 || world.clock.stopped() {
            return Ok(Err(held_by_another(service, environment, &who(&holder), world.clock.stopped())));
        }
        waiting.look(world, &holder, left);
    }
}

/// A wait for somebody else's claim.
struct Waiting<'a> {
    job: &'a Job<'a>,
    /// The stamp that was seen last, and since when it has been the same.
    seen: Option<(String, Time)>,
    /// The stamp of a claim that has expired before our eyes.
    expired: Option<String>,
    pause: Duration,
}

impl Waiting<'_> {
    fn look(&mut self, world: &World<'_>, holder: &Holder, left: Millis) {
        let now = world.clock.now();
        match &self.seen {
            Some((stamp, since)) if *stamp == holder.stamp => {
                let unrenewed = Millis::between(*since, now);
                self.expired = (unrenewed >= holder.term).then(|| stamp.clone());
            }
            _ => {
                let on = format!("the lock of {}, held by {}", self.job.promotion.to, who(holder));
                (world.tell)(&Event::Waiting { on, left });
                self.seen = Some((holder.stamp.clone(), now));
                (self.expired, self.pause) = (None, PAUSE);
            }
        }
        if self.expired.is_none() {
            world.clock.sleep(self.pause.min(left.duration()));
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
    }
}

/// A holder in words: `run 0196…, dana, since 14:05 UTC, https://…`.
pub fn who(holder: &Holder) -> String {
    let page = holder.ci_run.as_ref().map(|page| format!(", {page}")).unwrap_or_default();
    format!("run {} of {}, since {}{page}", holder.run, holder.owner, holder.since)
}

/// The end of a run whose claim is no longer its own; `None` while it is.
pub fn lost(world: &World<'_>, job: &Job<'_>, claim: &dyn Claim, wrote: bool) -> Result<Option<End>, Fault> {
    Ok(match claim.hold(world.clock.now(), true)? {
        Hold::Ours => None,
        Hold::Lost(by) => Some(lost_end(job, by.as_ref(), wrote)),
    })
}

/// Keeps a claim alive while a run waits; the end of the run if it was taken away.
pub fn alive(world: &World<'_>, job: &Job<'_>, claim: &dyn Claim, wrote: bool) -> Option<End> {
    match claim.hold(world.clock.now(), false) {
        Ok(Hold::Ours) => None,
        Ok(Hold::Lost(by)) => Some(lost_end(job, by.as_ref(), wrote)),
        // An outage is waited out; before the next write the lock must be certain.
        Err(fault) => {
            tracing::debug!(%fault, "the lock could not be renewed");
            None
        }
    }
}

/// The end of a run that lost its claim.
fn lost_end(job: &Job<'_>, by: Option<&Holder>, wrote: bool) -> End {
    let to = &job.promotion.to;
    let by =
        by.map_or_else(|| "it was taken away by name".to_owned(), |holder| format!("it is held by {}", who(holder)));
    if wrote {
        let what = format!("{to} is written, and this run lost its lock before it could verify it");
        return End::of(Outcome::Unconfirmed, what).seen(by).next("`promote resume` goes on once the lock is free");
    }
    let end = End::of(Outcome::Superseded, format!("this run lost the lock of {to} before it wrote anything"));
    end.seen(by).next("run it again when the other run has ended")
}
