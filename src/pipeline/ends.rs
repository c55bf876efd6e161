//! Ends that are words only: what a report, a plan or a claim means for a run.

use crate::pipeline::job::{End, Job};
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::report::{GateReport, Mark, Verdict};
use crate::promotion::words;

/// The end that a report which does not say `go` means: a definite no outweighs what could not be found out, and both
/// outweigh what only lacks time.
pub fn verdict(job: &Job<'_>, report: &GateReport) -> Option<End> {
    let holds = |mark| report.rows.iter().filter(|row| row.mark == mark && row.not_before.is_none()).count();
    let (failed, unknown) = (holds(Mark::Fail), holds(Mark::Unknown));
    let not_evaluated = format!("{unknown} could not be evaluated");
    let end = match report.verdict {
        Verdict::Go => return None,
        Verdict::Stop if failed > 0 && unknown > 0 => {
            End::of(Outcome::Held, format!("{} failed, {not_evaluated}", words::counted(failed as u64, "gate")))
        }
        Verdict::Stop if failed > 0 => {
            End::of(Outcome::Held, format!("{} failed", words::counted(failed as u64, "gate")))
        }
        Verdict::Stop => End::of(Outcome::Unknown, not_evaluated),
        Verdict::Wait => {
            let at = report.not_before().map_or_else(String::new, |at| format!(", not before {}", words::moment(at)));
            let end = End::of(Outcome::Waiting, format!("only time is lacking{at}"));
            end.next(format!("run it again then; {} stays as it is", job.promotion.to))
        }
    };
    Some(end)
}

/// The end of a run that finds the environment claimed.
pub fn held_by_another(service: &str, to: &str, by: &str) -> End {
    End::of(Outcome::Superseded, format!("another run is promoting {service} to {to}"))
        .seen(format!("the lock is held by {by}"))
        .seen("nothing was written")
        .next("run it again when that run has ended")
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
    let texts: Vec<String> = images.iter().map(|image| format!("{} {}", image.short_name(), image.version())).collect();
    words::list(&texts)
}
