//! A pause: the version is worse than it may be, and a person decides what follows.
//!
//! Its Rollouts stay at their step, its environment is on hold until that is lifted, and the run ends `waiting`. Whoever lifts the
//! hold and runs it again lets it go on: what it paused for is reported from then on, and pauses no more.

use crate::pipeline::job::{End, Halt};
use crate::pipeline::keep::Run;
use crate::pipeline::orders;
use crate::pipeline::rollouts;
use crate::promotion::order::Ordered;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::record::{Milestone, Refuted};
use crate::promotion::words;

/// Pauses: the Rollouts first, then the order and the record of it, kept together.
pub(super) fn pause(run: &mut Run<'_>, plan: &Plan, paused: Refuted) -> Result<End, Halt> {
    let told = rollouts::pause(run)?;
    let reason = format!("promotion {} is paused: {}", run.story.id, paused.what);
    run.order_now(Ordered::Held { until: None, reason });
    let mut end = waiting(plan, &paused);
    if !told.is_empty() {
        end = end.seen(format!("Rollout {} stays at its step", words::list(&told)));
    }
    run.keep(Milestone::Paused(paused))?;
    Ok(run.finish(end))
}

/// Whether a person has decided on an earlier pause: the end of a run that comes before that; `None` where it goes on.
pub(super) fn decided(run: &Run<'_>, plan: &Plan) -> Result<Option<End>, Halt> {
    let Some(paused) = &run.story.paused else { return Ok(None) };
    let orders = orders::standing(run.world, run.job, &plan.to)?;
    if orders.held(run.world.clock.now()).next().is_some() {
        return Ok(Some(run.finish(waiting(plan, paused))));
    }
    rollouts::resume(run)?;
    Ok(None)
}

fn waiting(plan: &Plan, paused: &Refuted) -> End {
    let to = &plan.to;
    let mut end = End::of(Outcome::Waiting, format!("{to} is paused: a person decides")).seen(paused.what.clone());
    if let Some(detail) = &paused.detail {
        end = end.seen(detail.clone());
    }
    let again = if plan.from == plan.to {
        format!("promote rollback --env {to} --reason \"…\"")
    } else {
        format!("promote run --from {} --to {to}", plan.from)
    };
    end.seen(format!("nothing is promoted to {to} by itself until the hold is lifted"))
        .next(format!("to go on: promote hold lift --env {to} --reason \"…\", then {again}"))
        .next(format!("to go back: promote rollback --env {to} --reason \"…\""))
}
