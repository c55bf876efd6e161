//! Ends that are words only: what a report, a plan or a claim means for a run.

use crate::pipeline::job::{End, Job};
use crate::promotion::folded::{Folded, Refusal};
use crate::promotion::image::{self, ImageRef};
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::report::GateReport;
use crate::promotion::request::{Actor, ActorKnown};
use crate::promotion::words;

/// The end that a report which does not say `go` means.
pub fn verdict(job: &Job<'_>, report: &GateReport) -> Option<End> {
    let unknown = report.unknown();
    let not_evaluated = format!("{unknown} could not be evaluated");
    let end = match report.outcome() {
        Outcome::Held => {
            let mut said = report.against();
            said.extend((unknown > 0).then_some(not_evaluated));
            End::of(Outcome::Held, said.join(", "))
        }
        Outcome::Unknown => End::of(Outcome::Unknown, not_evaluated),
        Outcome::Waiting => {
            let at = report.not_before().map_or_else(String::new, |at| format!(", not before {}", words::moment(at)));
            let end = End::of(Outcome::Waiting, format!("only time is lacking{at}"));
            end.next(format!("run it again then; {} stays as it is", job.promotion.to))
        }
        _ => return None,
    };
    Some(end)
}

/// The end of a run that finds the environment claimed.
pub fn held_by_another(service: &str, to: &str, by: &str, stopped: bool) -> End {
    let outcome = if stopped { Outcome::Interrupted } else { Outcome::Superseded };
    End::of(outcome, format!("another run is promoting {service} to {to}"))
        .seen(format!("the lock is held by {by}"))
        .seen("nothing was written")
        .next("run it again when that run has ended, or let it wait: --wait-lock 10m")
        .next(format!("if that run is dead: promote unlock --service {service} --env {to} --reason \"…\""))
}

/// The end of a plan whose old values somebody else has changed.
pub fn overtaken_end(plan: &Plan, who: String, wrote: &str) -> End {
    End::of(Outcome::Superseded, format!("somebody else promoted {}", plan.to))
        .seen(who)
        .seen(format!("this promotion was planned from {}; {wrote}", old_versions(plan)))
        .next("run it again to plan from what stands there now")
}

/// The versions that a plan brings, in words.
pub fn run_versions(plan: &Plan) -> String {
    versions(&plan.images.iter().map(|change| change.new.clone()).collect::<Vec<_>>())
}

/// The versions that a plan found, in words.
fn old_versions(plan: &Plan) -> String {
    versions(&plan.images.iter().map(|change| change.old.clone()).collect::<Vec<_>>())
}

/// Images in words: `app 1.20 and worker 3.1`.
pub fn versions(images: &[ImageRef]) -> String {
    image::versions(images)
}

/// How a promotion stands that this run cannot move: who moved it, and where to.
pub fn stands(story: &Folded) -> End {
    let id = &story.id;
    let by = |by: &Actor| match by.known {
        ActorKnown::Github => by.name.clone(),
        ActorKnown::Claimed => format!("{} (claimed)", by.name),
    };
    let said = |refusal: &Option<Refusal>| {
        let words = |refusal: &Refusal| {
            let reason = refusal.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!(" by {} at {}{reason}", by(&refusal.by), words::moment(refusal.at))
        };
        refusal.as_ref().map(words).unwrap_or_default()
    };
    let (outcome, what) = match story.state {
        State::Pending | State::Approved => (Outcome::Waiting, format!("promotion {id} is {}", story.state.word())),
        State::Executing => (Outcome::Superseded, format!("promotion {id} is being executed")),
        State::Completed | State::Failed | State::RolledBack => {
            let what = story.closed.as_ref().map(|closed| format!(": {}", closed.what)).unwrap_or_default();
            let outcome = story.outcome.filter(|outcome| outcome.exit_code() == 0).unwrap_or(Outcome::Superseded);
            (outcome, format!("promotion {id} has {} already{what}", ended_word(story.state)))
        }
        State::Rejected => (Outcome::Rejected, format!("promotion {id} was rejected{}", said(&story.rejected))),
        State::Cancelled => (Outcome::Superseded, format!("promotion {id} was cancelled{}", said(&story.cancelled))),
        State::Superseded => {
            let by = story.superseded_by.as_ref().map(|by| format!(" by promotion {by}")).unwrap_or_default();
            (Outcome::Superseded, format!("promotion {id} was superseded{by}"))
        }
    };
    let mut end = End::of(outcome, what);
    (end.id, end.recorded) = (Some(id.clone()), true);
    end.request = Some(story.requested.request.clone());
    end
}

fn ended_word(state: State) -> &'static str {
    match state {
        State::Failed => "failed",
        State::RolledBack => "been rolled back",
        _ => "completed",
    }
}
