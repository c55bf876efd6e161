//! Rolling back: the version from before is committed back, synced, and verified like any other.
//!
//! It is never Argo CD's own rollback, which auto-sync refuses and which leaves git ahead of the cluster. The plan is made
//! from what stands in the repository now, and touches only scalars that still hold our value: what somebody else changed since is not ours to undo.

use std::collections::BTreeMap;

use crate::pipeline::before::{self, Judging};
use crate::pipeline::collect;
use crate::pipeline::commit::{self, NoCommit};
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::Run;
use crate::pipeline::orders as standing_orders;
use crate::pipeline::rollouts;
use crate::pipeline::targets;
use crate::pipeline::verify::{self, Expect};
use crate::pipeline::wait::goal::Settled;
use crate::ports::{Fault, FaultKind, World};
use crate::promotion::event::{Event, Phase};
use crate::promotion::gates::target::Readings;
use crate::promotion::image::{ImageChange, ImageRef};
use crate::promotion::live::{AppState, short};
use crate::promotion::order::Ordered;
use crate::promotion::orders;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning;
use crate::promotion::record::{Milestone, Refuted};
use crate::promotion::rollback::{self, NoRollback};
use crate::promotion::rules::App;
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::time::{Millis, Time};
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
    if run.story.rollback_plan.is_none()
        && let Some(end) = limited(run.world, run.job, refuted)?
    {
        return run.close(end);
    }
    roll_back(run, refuted)
}

/// The end where no further rollback goes by itself, and a person has to look; `None` where one may.
pub fn limited(world: &World<'_>, job: &Job<'_>, refuted: &Refuted) -> Result<Option<End>, Halt> {
    let Some(why) = too_often(world, job)? else { return Ok(None) };
    let (service, to) = (&job.service.name, &job.promotion.to);
    let end = End::of(Outcome::Stuck, format!("{to} runs a version that did not verify, and a person has to look"));
    let command = format!("promote rollback --service {service} --env {to} --reason \"…\"");
    Ok(Some(with_cause(end, refuted).seen(why).next(format!("to restore the version before: {command}"))))
}

/// Why there is no further automatic rollback, in a sentence: what is rolled back again and again is not helped by that.
fn too_often(world: &World<'_>, job: &Job<'_>) -> Result<Option<String>, Halt> {
    let (rules, to) = (&job.promotion.rollback, &job.promotion.to);
    let file = world.ledger.recent(&job.service.name, to)?;
    let ended = file.recent.iter().filter(|one| one.is_rolled_back_alone());
    let mut before: Vec<Time> = ended.filter_map(|one| one.completed_at).collect();
    before.sort_unstable();
    let now = world.clock.now();
    let within = |span: Millis| before.iter().filter(move |at| Millis::between(**at, now) < span).count();
    if let Some(last) = before.last().filter(|_| within(rules.cooldown) > 0) {
        let ago = Millis::between(*last, now);
        return Ok(Some(format!(
            "{to} was rolled back {ago} ago, and the rules want {} between two (`rollback.cooldown`)",
            rules.cooldown
        )));
    }
    let today = within(Millis::mins(24 * 60));
    Ok((today >= usize::try_from(rules.per_day).unwrap_or(usize::MAX))
        .then(|| format!("{to} was rolled back {} in 24 hours already (`rollback.per_day`)", times(today))))
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Orders what keeps a rollback of `bad` versions: nothing goes there by itself for a while, and nobody brings one of them again until
/// it is lifted.
pub fn keep_back(run: &mut Run<'_>, bad: Vec<ImageRef>, why: String, end: End) -> End {
    let (job, now) = (run.job, run.world.clock.now());
    let to = &job.promotion.to;
    let until = job.promotion.rollback.hold.after(now);
    run.order(Ordered::Held { until: Some(until), reason: why.clone() });
    let mut end = end.seen(format!("auto-promotion to {to} is on hold until {}", words::moment(until)));
    if let Some(named) = bad.first().map(orders::named) {
        end = end.seen(format!("{} is vetoed for {to}", versions_of(&bad)));
        end = end.next(format!("to lift: promote veto lift {named} --env {to} --reason \"…\""));
        run.order(Ordered::Vetoed { images: bad, reason: why });
    }
    end
}

/// The images of a plan whose version it changes, as one side has them.
pub fn moved<'a>(plan: &'a Plan, side: impl Fn(&'a ImageChange) -> &'a ImageRef) -> Vec<ImageRef> {
    let changes = plan.images.iter().filter(|change| !change.old.same_version(&change.new));
    changes.map(|change| side(change).clone()).collect()
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
    if run.story.rollback_committed.is_none() {
        rollouts::abort(run)?;
    }
    match committed(run, &plan) {
        Ok(()) => {}
        Err(NoCommit::Stopped) => return Ok(run.interrupted()),
        Err(NoCommit::Halted(halt)) => return Err(halt),
        Err(NoCommit::Uncertain(fault)) => {
            let what = "a push that restores was sent, and it could not be found out whether it arrived";
            let end = with_cause(End::of(Outcome::Unconfirmed, what), refuted).because(&fault);
            return Ok(run.finish(end.next("run it again: it looks for its commit first")));
        }
        Err(NoCommit::Held(_) | NoCommit::Changed(_)) => return stuck(run, refuted, "the rollback is held"),
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
    let end = end.seen(format!("the rollback {} is synced and healthy", short(&commit)));
    let bad = run.story.planned.as_ref().map(|planned| moved(&planned.plan, |change| &change.new)).unwrap_or_default();
    let why = format!("promotion {} did not verify, and was rolled back", run.story.id);
    let end = keep_back(run, bad, why, end).next("find the cause, and promote a version that does not have it");
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
        Some(Settled::Refuted(again) | Settled::Paused(again)) => {
            format!("what was restored does not verify: {}", again.what)
        }
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
    let mut plan = plan.clone();
    if let Some(restore) = otherwise(run, &plan)? {
        plan.on_failure.restore = restore;
    }
    let made = rollback::plan(&plan, &run.story.id, &run.story.requested.request, report, &snapshot, &pins);
    Ok(made.map_err(|NoRollback(why)| why))
}

/// What is restored in place of what was planned, where that was vetoed or revoked since.
fn otherwise(run: &Run<'_>, plan: &Plan) -> Result<Option<Vec<ImageChange>>, Fault> {
    let (world, job) = (run.world, run.job);
    let orders = standing_orders::standing(world, job, &plan.to)?;
    let planned: Vec<ImageRef> = plan.on_failure.restore.iter().map(|change| change.new.clone()).collect();
    let verified_by = plan.on_failure.verified_by.as_deref().unwrap_or_default();
    if !orders.refuse(verified_by, &planned, run.story.created_at) {
        return Ok(None);
    }
    let file = world.ledger.recent(&job.service.name, &plan.to)?;
    let head = targets::believed(world, job, file, orders, Some(&run.story.id))?;
    Ok(Some(planning::restore(&head, &run.story.requested.request)))
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

fn versions_of(images: &[ImageRef]) -> String {
    crate::promotion::image::versions(images)
}

/// The restored versions in words: `app 1.10`.
pub fn versions(images: &[ImageChange]) -> String {
    let texts: Vec<String> =
        images.iter().map(|change| format!("{} {}", change.new.short_name(), change.new.version())).collect();
    words::list(&texts)
}
