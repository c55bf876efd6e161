//! Argo Rollouts on the road: what is told to the Rollouts of an environment.

use crate::pipeline::job::Halt;
use crate::pipeline::keep::Run;
use crate::ports::Fault;
use crate::promotion::event::Event;
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::rules::App;

/// Gives the traffic back to the stable version before anything is committed: the fastest relief, and no rollback by itself, since
/// git and the stable pods then differ.
pub(super) fn abort(run: &Run<'_>) -> Result<(), Halt> {
    tell(run, RolloutAction::Abort, &Rollout::is_in_progress).map(drop)
}

/// Lets every Rollout stay at its step; which were told.
pub(super) fn pause(run: &Run<'_>) -> Result<Vec<String>, Halt> {
    tell(run, RolloutAction::Pause, &Rollout::is_in_progress)
}

/// Lets every Rollout go on that was paused by hand; a pause of its own steps is left to whoever waits for it.
pub(super) fn resume(run: &Run<'_>) -> Result<Vec<String>, Halt> {
    tell(run, RolloutAction::Resume, &|rollout| rollout.is_in_progress() && rollout.by_hand)
}

/// Tells the Rollouts of the target that are meant. What cannot be read or told is warned of and ends nothing; a lost lock does.
fn tell(run: &Run<'_>, action: RolloutAction, meant: &dyn Fn(&Rollout) -> bool) -> Result<Vec<String>, Halt> {
    let (Some(deployer), Ok((_, target))) = (run.world.deployer, run.job.target()) else { return Ok(Vec::new()) };
    let warn = |app: &App, fault: &Fault| {
        (run.world.tell)(&Event::Warning(format!(
            "the Rollouts of {} were not told to {}: {fault}",
            app.name,
            action.word()
        )));
    };
    let mut told = Vec::new();
    for app in &target.apps {
        let rollouts = deployer.rollouts(app).unwrap_or_else(|fault| {
            warn(app, &fault);
            Vec::new()
        });
        for rollout in rollouts.iter().filter(|rollout| meant(rollout)) {
            if run.still_ours()?.is_some() {
                // Whoever took the lock away decides.
                return Ok(told);
            }
            match deployer.act(app, rollout, action) {
                Ok(()) => {
                    let state = format!("{}; told to {}", rollout.words(), action.word());
                    (run.world.tell)(&Event::App { app: app.name.clone(), state });
                    told.push(rollout.name.clone());
                }
                Err(fault) => warn(app, &fault),
            }
        }
    }
    Ok(told)
}
