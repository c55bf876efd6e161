//! The jobs of a run that tie its reviews to a plan: *plan*, and one approving job for each slot, whose name ends in the plan's digest.
//!
//! Names of jobs are text that a workflow chooses; the review of the environment, by its number, is what counts. The name only says
//! which plan the reviewer saw, and the origin of the run says whose workflow it is.

use crate::promotion::approvals::facts::{JobFacts, RunFacts};
use crate::promotion::approvals::obstacle::{NEW_RUN, Obstacle};
use crate::promotion::approvals::report::Standing;
use crate::promotion::approvals::slots::{Slot, short};

/// What an approving job's name says after `approve`: the role, and from the second approval on its number.
pub fn label(slot: &Slot) -> String {
    if slot.number == 1 { slot.role.clone() } else { format!("{}-{}", slot.role, slot.number) }
}

/// The name that an approving job ends in: `approve sre 7f3a2b1c9d0e`.
pub fn name(slot: &Slot, digest: &str) -> String {
    format!("approve {} {}", label(slot), short(digest))
}

/// The part of a job's name after those of the workflows that called it.
fn last(job: &JobFacts) -> &str {
    job.name.rsplit(" / ").next().unwrap_or(&job.name)
}

/// The approving jobs of a slot, each with the digest in its name.
fn of<'a>(slot: &Slot, run: &'a RunFacts) -> Vec<(&'a JobFacts, &'a str)> {
    let label = label(slot);
    let named =
        |job: &'a JobFacts| last(job).strip_prefix("approve ")?.rsplit_once(' ').map(|(of, digest)| (job, of, digest));
    run.jobs.iter().filter_map(named).filter(|(_, of, _)| *of == label).map(|(job, _, digest)| (job, digest)).collect()
}

/// Whether the run asks for this approval at all.
pub fn asks(slot: &Slot, run: &RunFacts) -> bool {
    !of(slot, run).is_empty()
}

/// That the job which plans was run again: then nobody can say which plan the reviewers saw.
pub fn replanned(run: &RunFacts) -> Option<Obstacle> {
    let again = run.jobs.iter().find(|job| last(job) == "plan" && job.attempt != 1)?;
    let because =
        format!("the job plan was run again (attempt {}); approvals stand for its first attempt only", again.attempt);
    Some(Obstacle::new(Standing::Broken, because).hint(NEW_RUN))
}

/// Why the reviews of this slot's environment do not speak of the plan with this digest.
pub fn obstacle(slot: &Slot, digest: &str, run: &RunFacts) -> Option<Obstacle> {
    let legs = of(slot, run);
    let name = name(slot, digest);
    if let Some((job, _)) = legs.iter().find(|(job, _)| job.attempt != 1) {
        let because = format!("the job {} was run again (attempt {})", last(job), job.attempt);
        return Some(Obstacle::new(Standing::Broken, because).hint(NEW_RUN));
    }
    let Some((job, _)) = legs.first() else {
        let because = format!("the run has no job {name}, so that nobody is asked in {}", slot.environment);
        return Some(Obstacle::new(Standing::Open, because).hint("start a run of the workflow that promote ships"));
    };
    if let Some((_, other)) = legs.iter().find(|(_, found)| *found != short(digest)) {
        let because = format!(
            "what was asked for in {} is plan {other}, what would run now is plan {}",
            slot.environment,
            short(digest)
        );
        return Some(
            Obstacle::new(Standing::Open, because).hint("start a new run: what changed is to be approved anew"),
        );
    }
    if !run.jobs.iter().any(|job| last(job) == "plan") {
        let because = format!("the run has no job plan, which {name} would be about");
        return Some(Obstacle::new(Standing::Open, because).hint("start a run of the workflow that promote ships"));
    }
    if legs.iter().all(|(job, _)| job.status == "completed" && job.conclusion.as_deref() == Some("success")) {
        return None;
    }
    let ended = legs.iter().find(|(job, _)| job.status == "completed" && job.conclusion.as_deref() != Some("success"));
    if let Some((job, _)) = ended {
        let how = job.conclusion.as_deref().unwrap_or("without a conclusion");
        let because = format!("the job {name} was to end with success, and ended: {how}");
        return Some(Obstacle::new(Standing::Broken, because).hint(NEW_RUN));
    }
    let because = format!("the job {name} is {}, not approved yet", job.status);
    Some(Obstacle::new(Standing::Open, because).hint(format!("approve it in {}: {}", slot.environment, run.url)))
}
