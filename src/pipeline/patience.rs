//! Waiting for evidence: a push starts a run before the source environment has the new version, and before its checks are done.

use std::time::Duration;

use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::run;
use crate::ports::{Fault, World};
use crate::promotion::event::Event;
use crate::promotion::outcome::Outcome;
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::time::Millis;

/// How long between two looks.
const PAUSE: Duration = Duration::from_secs(15);

/// Waits until the source pins the version that the run is for and no gate lacks evidence, or until the time is up; then the
/// road says what is missing. `newer` says what has taken this run's place, if something has: that ends the wait and the run.
pub fn until_complete(
    world: &World<'_>,
    job: &Job<'_>,
    wait: Millis,
    newer: &dyn Fn() -> Result<Option<String>, Fault>,
) -> Result<Option<End>, Halt> {
    let begun = world.clock.now();
    let quiet = World { tell: &|_| {}, ..*world };
    loop {
        let on = match run::validate(&quiet, job) {
            Ok(end) if end.outcome == Outcome::Unknown => end.report.as_ref().map(lacking).unwrap_or_default(),
            Err(Halt::Ended(end)) if end.outcome == Outcome::Superseded => end.what.clone(),
            _ => return Ok(None),
        };
        if let Some(newer) = newer()? {
            let end = End::of(Outcome::Superseded, "a newer push has taken this run's place").seen(newer);
            return Ok(Some(end.seen("nothing was written").next("its own run goes on")));
        }
        let left = Millis(wait.0 - Millis::between(begun, world.clock.now()).0);
        if left.0 <= 0 {
            return Ok(None);
        }
        if world.clock.stopped() {
            return Ok(Some(End::of(Outcome::Interrupted, "stopped while it waited for evidence").seen(on)));
        }
        (world.tell)(&Event::Waiting { on, left });
        world.clock.sleep(PAUSE.min(left.duration()));
    }
}

/// What is lacking, in a sentence: the first gate that is not known, and how many more there are.
fn lacking(report: &GateReport) -> String {
    let mut unknown = report.rows.iter().filter(|row| row.mark == Mark::Unknown);
    let Some(first) = unknown.next() else { return "evidence".to_owned() };
    let why = first.because.as_ref().unwrap_or(&first.observed);
    match unknown.count() {
        0 => format!("{}: {why}", first.id),
        more => format!("{}: {why} (and {more} more)", first.id),
    }
}
