//! Rolling back: the version from before is committed back, synced, and verified like any other.
//!
//! It is never Argo CD's own rollback, which auto-sync refuses and which leaves git ahead of the cluster. The plan is made
//! from what stands in the repository now, and touches only scalars that still hold our value: what somebody else changed since is not ours to undo.

use std::collections::BTreeMap;

use crate::pipeline::before::{self, Judging};
use crate::pipeline::collect;
use crate::pipeline::commit::{self, NoCommit};
use crate::pipeline::job::{End, Halt};
use crate::pipeline::keep::Run;
use crate::pipeline::verify::{self, Expect};
use crate::pipeline::wait::goal::Settled;
use crate::ports::{Fault, FaultKind};
use crate::promotion::event::{Event, Phase};
use crate::promotion::gates::target::Readings;
use crate::promotion::image::ImageChange;
use crate::promotion::live::{AppState, short};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning;
use crate::promotion::record::{Milestone, Refuted};
use crate::promotion::rollback::{self, NoRollback};
use crate::promotion::rules::{App, RollbackWhen};
use crate::promotion::words;

/// What follows a definite failure: the rollback that the rules ask for, or a person.
pub fn after(run: &mut Run<'_>, refuted: &Refuted) -> Result<End, Halt> {
    let rules = &run.job.promotion.rollback;
    let (service, to) = (run.job.service.name.clone(), run.job.promotion.to.clone());
    let why = if rules.when == RollbackWhen::Ask {
        Some("the rules leave the decision to a person (`rollback.when: ask`)")
    } else if rules.when == RollbackWhen::Never {
        Some("the rules say `rollback.when: never`")
    } else if !rules.on.contains(&refuted.trigger) {
        Some("this failure is not among `rollback.on`")
    } else {
        None
    };
    if let Some(why) = why {
        let end =
            End::of(Outcome::Stuck, format!("{to} runs a version that did not verify, and it was not rolled back"));
        let command = format!("promote rollback --service {service} --env {to} --reason \"…\"");
        return run.close(with_cause(end, refuted).seen(why).next(format!("to restore the version before: {command}")));
    }
    roll_back(run, refuted)
}

fn with_cause(end: End, refuted: &Refuted) -> End {
    let end = end.seen(refuted.what.clone());
    match &refuted.detail {
        Some(detail) => end.seen(detail.clone()),
        None => end,
    }
}

/// Restores and verifies. Whatever fails on this way needs a person; there is no rollback of a rollback.
pub fn roll_back(run: &mut Run<'_>, refuted: &Refuted) -> Result<End, Halt> {
    (run.world.tell)(&Event::Phase(Phase::Rollback));
    let plan = match planned(run)? {
        Ok(plan) => plan,
        Err(why) => return stuck(run, refuted, &why),
    };
    let back = versions(&plan.images);
    let broken = states(run);
    let lately = run.story.planned.as_ref().map(|planned| before::read(run.world, run.job, &planned.facts));
    let lately = lately.unwrap_or_default();
    (run.world.tell)(&Event::RollingBack { to: back.clone() });
    match committed(run, &plan) {
        Ok(()) => {}
        Err(NoCommit::Stopped) => return Ok(run.interrupted()),
        Err(NoCommit::Halted(halt)) => return Err(halt),
        Err(NoCommit::Uncertain(fault)) => {
            let what = "a push that restores was sent, and it could not be found out whether it arrived";
            let end = with_cause(End::of(Outcome::Unconfirmed, what), refuted).because(&fault);
            return Ok(run.finish(end.next("run it again: it looks for its commit first")));
        }
        Err(NoCommit::Overtaken(why)) => return stuck(run, refuted, &why),
        Err(NoCommit::Fault(fault)) => return stuck(run, refuted, &fault.to_string()),
    }
    if run.story.rollback_verified.is_none()
        && let Some(end) = verified(run, refuted, &plan, &broken, lately)?
    {
        return Ok(end);
    }
    let commits = run.story.rollback_committed.iter().flatten();
    let commit = commits.map(|done| done.commit.clone()).next().unwrap_or_default();
    let what = format!("{} is back on {back}", plan.to);
    let mut end = with_cause(End::of(Outcome::RolledBack, what), refuted);
    if let Some(verified) = &run.story.rollback_verified {
        end = before::reported(end, verified);
    }
    let end = end
        .seen(format!("the rollback {} is synced and healthy", short(&commit)))
        .next("find the cause, and promote a version that does not have it");
    run.close(end)
}

/// Watches what was restored until it is verified; the run's end if it does not come to that.
fn verified(
    run: &mut Run<'_>,
    refuted: &Refuted,
    plan: &Plan,
    broken: &BTreeMap<String, AppState>,
    lately: Readings,
) -> Result<Option<End>, Halt> {
    let commits: Vec<String> = run.story.rollback_committed.iter().flatten().map(|done| done.commit.clone()).collect();
    let Some(facts) = run.story.planned.as_ref().map(|planned| planned.facts.clone()) else {
        return stuck(run, refuted, "the promotion was never planned").map(Some);
    };
    let nonce = format!("{}-rollback", run.story.id);
    let judging = Judging::of_rollback(run.job, &facts, &plan.images, lately);
    let expect = Expect {
        images: &plan.images,
        commits: &commits,
        nonce: &nonce,
        baseline: broken,
        failing_before: &facts.failing_before,
        judging: &judging,
        snapshot: &facts.target.snapshot,
        rollback: true,
    };
    let why = match verify::watch(run, &expect)? {
        Some(Settled::Verified(verified)) => {
            run.note(Milestone::RollbackVerified(verified));
            return Ok(None);
        }
        None => return Ok(None),
        Some(Settled::Stopped) => return Ok(Some(run.interrupted())),
        Some(Settled::Lost(end)) => return Ok(Some(*end)),
        Some(Settled::Refuted(again)) => format!("what was restored does not verify: {}", again.what),
        Some(Settled::Unconfirmed { why, .. }) => format!("what was restored could not be confirmed: {why}"),
        Some(Settled::Overtaken { by }) => format!("somebody promoted over it: {by}"),
    };
    stuck(run, refuted, &why).map(Some)
}

fn stuck(run: &mut Run<'_>, refuted: &Refuted, why: &str) -> Result<End, Halt> {
    let to = run.job.promotion.to.clone();
    let end =
        with_cause(End::of(Outcome::Stuck, format!("{to} did not verify, and could not be rolled back")), refuted);
    let end = end.seen(why).next(format!("look at {to} now: what its GitOps directory pins, and what runs"));
    run.close(end)
}

/// The rollback's plan: the one that an earlier run kept, or one made from what stands now.
fn planned(run: &mut Run<'_>) -> Result<Result<Plan, String>, Halt> {
    if let Some(plan) = &run.story.rollback_plan {
        return Ok(Ok(plan.clone()));
    }
    let Some(planned) = run.story.planned.clone() else {
        return Ok(Err("the promotion was never planned".to_owned()));
    };
    let plan = match make(run, &planned.plan, &planned.report) {
        Ok(Ok(plan)) => plan,
        Ok(Err(why)) => return Ok(Err(why)),
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    run.keep(Milestone::RollbackPlanned { plan: Box::new(plan.clone()) })?;
    Ok(Ok(plan))
}

fn make(
    run: &Run<'_>,
    plan: &Plan,
    report: &crate::promotion::report::GateReport,
) -> Result<Result<Plan, String>, Fault> {
    let Ok((environment, target)) = run.job.target() else {
        return Ok(Err("the rules no longer define the environment".to_owned()));
    };
    let snapshot = collect::snapshot(run.world, run.job, target)?;
    let pins = match planning::pinned(run.job.service, environment, &snapshot) {
        Ok(pins) => pins,
        Err(fault) => return Ok(Err(format!("{}: {}", fault.what, fault.seen))),
    };
    let made = rollback::plan(plan, &run.story.id, &run.story.requested.request, report, &snapshot, &pins);
    Ok(made.map_err(|NoRollback(why)| why))
}

/// The applications as the bad version left them: that they are broken now must not refute what is restored. One that
/// cannot be read counts as well, and then a failure that lasts is definite.
fn states(run: &Run<'_>) -> BTreeMap<String, AppState> {
    let Ok((_, target)) = run.job.target() else { return BTreeMap::new() };
    let state = |app: &App| Some((app.name.clone(), run.world.deployer?.state(app, false).ok()?));
    target.apps.iter().filter_map(state).collect()
}

/// Makes the rollback's commit, or finds the one that an earlier run made.
fn committed(run: &mut Run<'_>, plan: &Plan) -> Result<(), NoCommit> {
    if run.story.rollback_committed.is_some() {
        return Ok(());
    }
    let broken = |why: String| NoCommit::Fault(Fault::new(FaultKind::Broken, "keep the record", why));
    let target = match run.job.target() {
        Ok((_, target)) => target.clone(),
        Err(_) => return Err(broken("the rules no longer define the environment".to_owned())),
    };
    let commits = match commit::found(run, plan, &target)? {
        Some(commits) => commits,
        None => commit::commit(run, plan, &target)?,
    };
    run.keep(Milestone::RollbackCommitted { commits }).map_err(NoCommit::Halted)
}

/// The restored versions in words: `app 1.10`.
pub fn versions(images: &[ImageChange]) -> String {
    let texts: Vec<String> =
        images.iter().map(|change| format!("{} {}", change.new.short_name(), change.new.version())).collect();
    words::list(&texts)
}
