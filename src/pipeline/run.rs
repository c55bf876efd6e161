//! The road itself, as prose: judge, plan, keep, commit, watch, keep.

use crate::pipeline::approve;
use crate::pipeline::asked::Asked;
use crate::pipeline::before::{self, Judging};
use crate::pipeline::collect;
use crate::pipeline::commit::{self, NoCommit};
use crate::pipeline::decide::{also_ships, decide, judged, make, preflight_reads, with_judgement};
use crate::pipeline::ends::{overtaken_end, run_versions, verdict, versions};
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::Run;
use crate::pipeline::lock;
use crate::pipeline::pause;
use crate::pipeline::restore;
use crate::pipeline::rollouts;
use crate::pipeline::still;
use crate::pipeline::verify::{self, Expect};
use crate::pipeline::wait::goal::Settled;
use crate::ports::{Claim, World};
use crate::promotion::image::ImageChange;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::record::Milestone;
use crate::promotion::request::RequestKind;

/// What a run is to promote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// What the source environment pins now; an open promotion of the same versions goes on.
    Now,
    /// What this promotion, which is in the ledger, asks for.
    Request(&'a str),
}

/// Judges the gates; writes nothing.
pub fn validate(world: &World<'_>, job: &Job<'_>) -> Result<End, Halt> {
    built(job)?;
    let asked = collect::asked(world, job)?;
    let set_aside = approve::set_aside(world, job)?;
    let (facts, report) = judged(world, job, &asked, set_aside)?;
    let end = match verdict(job, &report) {
        Some(end) => end,
        None => {
            End::of(Outcome::Ready, format!("{} may be promoted to {}", versions(&facts.version), job.promotion.to))
        }
    };
    Ok(with_judgement(end, asked, facts, report))
}

/// Judges the gates and makes the plan; writes nothing.
pub fn plan(world: &World<'_>, job: &Job<'_>, wanted: Wanted<'_>) -> Result<End, Halt> {
    built(job)?;
    let mut asked = match asked(world, job, wanted)? {
        Ok(asked) => asked,
        Err(end) => return Ok(*end),
    };
    preflight_reads(world, job, &mut asked)?;
    let set_aside = approve::set_aside(world, job)?;
    let (mut facts, report) = judged(world, job, &asked, set_aside)?;
    facts.also_ships = also_ships(world, job, &asked);
    let shown = make(job, &asked, &facts, &report)?;
    // Who would be asked must be protected before anybody is: an environment that nobody guards approves by itself.
    let approvals = approve::judged(world, job, (&asked, &facts), &shown, false)?;
    let guarded = job.approving.in_run && job.approving.pull_request.is_none();
    let unsound = approvals.as_ref().filter(|_| guarded).and_then(|judged| approve::holds(job, judged, &shown));
    let unsound = unsound.filter(|end| matches!(end.outcome, Outcome::Held | Outcome::Unknown));
    let end = match verdict(job, &report).or(unsound) {
        Some(end) => end,
        None => End::of(Outcome::Planned, "nothing was written"),
    };
    let changed = approve::rules_changed(world, job, &asked)?;
    let mut end = with_judgement(end, asked, facts, report);
    end.seen.extend(changed);
    end.plan = Some(Box::new(shown.plan.clone()));
    end.approvals = approvals.map(|judged| Box::new(judged.report));
    end.shown = Some(Box::new(shown));
    Ok(end)
}

/// Promotes: what the source environment pins now, or what an earlier request asked for.
pub fn run(world: &World<'_>, job: &Job<'_>, wanted: Wanted<'_>) -> Result<End, Halt> {
    built(job)?;
    let claim = match lock::claim(world, job)? {
        Ok(claim) => claim,
        Err(end) => return Ok(end),
    };
    Halt::ended(claimed(world, job, claim, wanted))
}

fn asked(world: &World<'_>, job: &Job<'_>, wanted: Wanted<'_>) -> Result<Result<Asked, Box<End>>, Halt> {
    match wanted {
        Wanted::Now => collect::asked(world, job).map(Ok),
        Wanted::Request(id) => collect::requested(world, job, id),
    }
}

fn claimed(world: &World<'_>, job: &Job<'_>, claim: Box<dyn Claim>, wanted: Wanted<'_>) -> Result<End, Halt> {
    let mut asked = match asked(world, job, wanted)? {
        Ok(asked) => asked,
        Err(end) => return Ok(*end),
    };
    if let Some(end) = nothing_new(world, job, claim.as_ref(), &asked)? {
        return Ok(end);
    }
    let mut run = Run::begin(world, job, claim, asked.beginning())?;
    take_up(&mut run)?;
    if run.story.committed.is_none() {
        if let Some(end) = overtaken(&mut run, &asked)? {
            return Ok(end);
        }
        preflight_reads(world, job, &mut asked)?;
        if let Some(end) = decide(&mut run, &asked)? {
            return Ok(end);
        }
    }
    carry_out(&mut run)
}

/// Looks whether an earlier run was killed between its push and its record.
pub fn take_up(run: &mut Run<'_>) -> Result<(), Halt> {
    let Some(planned) = run.story.planned.clone().filter(|_| run.story.committed.is_none()) else { return Ok(()) };
    let target = run.job.target()?.1;
    if let Some(commits) = commit::found(run, &planned.plan, target)? {
        run.wrote = true;
        run.keep(Milestone::Committed { commits })?;
    }
    Ok(())
}

/// An earlier run's plan whose old values no longer stand: it is over, and must not be carried out over somebody else's.
fn overtaken(run: &mut Run<'_>, asked: &Asked) -> Result<Option<End>, Halt> {
    let Some(plan) = run.story.planned.as_ref().map(|planned| planned.plan.clone()) else { return Ok(None) };
    let target = run.job.target()?.1;
    let who = commit::overtaken(run, &plan, target, &asked.target.snapshot)?;
    who.map(|who| run.close(overtaken_end(&plan, who, "this run wrote nothing"))).transpose()
}

/// Carries out the plan that the record holds, from wherever an earlier run left it.
pub fn carry_out(run: &mut Run<'_>) -> Result<End, Halt> {
    let Some(planned) = run.story.planned.clone() else { return Ok(run.interrupted()) };
    let plan = planned.plan;
    if let Some(end) = commit_once(run, &plan)? {
        return Ok(end);
    }
    if let Some(refuted) = run.story.refuted.clone() {
        return refuted_end(run, &plan, &refuted);
    }
    if run.story.verified.is_some() {
        return finished(run, &plan);
    }
    if let Some(end) = pause::decided(run, &plan)? {
        return Ok(end);
    }
    if run.world.clock.stopped() {
        return Ok(run.interrupted());
    }
    let commits: Vec<String> = run.story.committed.iter().flatten().map(|commit| commit.commit.clone()).collect();
    let rollback = run.story.requested.request.is_rollback();
    let judging = if rollback {
        Judging::of_undoing(run.job, planned.facts.clone())
    } else {
        Judging::of_promotion(run.job, planned.facts.clone())
    };
    let judging = judging.accepting(run.story.paused.as_ref());
    let expect = Expect {
        images: &plan.images,
        commits: &commits,
        nonce: &plan.id,
        baseline: &planned.facts.target.apps,
        failing_before: &planned.facts.failing_before,
        judging: &judging,
        snapshot: &planned.facts.target.snapshot,
        rollback,
    };
    match verify::watch(run, &expect)? {
        None => finished(run, &plan),
        Some(Settled::Verified(verified)) => {
            run.note(Milestone::Verified(verified));
            finished(run, &plan)
        }
        Some(Settled::Refuted(refuted)) => {
            run.note(Milestone::Refuted(refuted.clone()));
            refuted_end(run, &plan, &refuted)
        }
        Some(Settled::Paused(paused)) => pause::pause(run, &plan, paused),
        Some(Settled::Overtaken { by }) => {
            let end = End::of(Outcome::Superseded, format!("{} went on past this promotion", plan.to)).seen(by);
            run.close(end)
        }
        Some(Settled::Unconfirmed { why, hint }) => unconfirmed(run, &plan, why, hint),
        Some(Settled::Stopped) => Ok(run.interrupted()),
        Some(Settled::Lost(end)) => Ok(*end),
    }
}

/// Commits, unless that is done; ends the run if it cannot be.
fn commit_once(run: &mut Run<'_>, plan: &Plan) -> Result<Option<End>, Halt> {
    if run.story.committed.is_some() {
        run.wrote = true;
        return Ok(None);
    }
    let target = run.job.target()?.1.clone();
    if run.story.requested.request.is_rollback() {
        rollouts::abort(run)?;
    }
    let no_commit = match commit::commit(run, plan, &target) {
        Ok(commits) => {
            run.wrote = true;
            run.keep(Milestone::Committed { commits })?;
            return Ok(None);
        }
        Err(no_commit) => no_commit,
    };
    let end = match no_commit {
        NoCommit::Stopped => return Ok(Some(run.interrupted())),
        NoCommit::Halted(halt) => return Err(halt),
        NoCommit::Held(holds) => return still::end(run, *holds).map(Some),
        NoCommit::Changed(end) => *end,
        NoCommit::Overtaken(who) => overtaken_end(plan, who, "nothing was written"),
        NoCommit::Fault(fault) => {
            let end = End::of(Outcome::Failed, format!("{} is as it was: the commit could not be pushed", plan.to));
            end.because(&fault)
        }
        NoCommit::Uncertain(fault) => {
            let end =
                End::of(Outcome::Unconfirmed, "a push was sent, and it could not be found out whether it arrived");
            return Ok(Some(run.finish(end.because(&fault).next("run it again: it looks for its commit first"))));
        }
    };
    run.close(end).map(Some)
}

/// The end of a promotion that is written, and verified if there is anything to watch.
fn finished(run: &mut Run<'_>, plan: &Plan) -> Result<End, Halt> {
    let unchanged = run.story.committed.iter().flatten().all(|commit| commit.unchanged);
    let what = versions(&plan.images.iter().map(|change| change.new.clone()).collect::<Vec<_>>());
    let end = if plan.apps.is_empty() && !unchanged {
        End::of(Outcome::Delivered, format!("{what} is pushed to {}", plan.to))
            .seen("no Argo CD application is configured, so nothing was watched or verified")
    } else if unchanged {
        let end = End::of(Outcome::Unchanged, format!("{} pins {what} already", plan.to));
        if plan.apps.is_empty() { end } else { end.seen("it is live and healthy") }
    } else if run.story.requested.request.is_rollback() {
        let mut end = End::of(Outcome::Promoted, format!("{} is back on {what}", plan.to));
        let healthy = |change: &ImageChange| {
            let name = if plan.images.len() == 1 { plan.service.as_str() } else { change.new.short_name() };
            format!("✓ {name}: {} (healthy)", change.new.version())
        };
        end.seen.extend(plan.images.iter().map(healthy));
        kept_back(run, plan, end)
    } else {
        End::of(Outcome::Promoted, format!("{what} is live in {}", plan.to))
    };
    let end = match &run.story.verified {
        Some(verified) => before::reported(end, verified),
        None => end,
    };
    let end = match &plan.hotfix {
        Some(_) => end.next(format!("it was a hotfix, and somebody else reviews it: promote review {}", plan.id)),
        None => end,
    };
    run.close(end)
}

/// A rollback that no person asked for stays, as one at the end of a promotion does.
fn kept_back(run: &mut Run<'_>, plan: &Plan, end: End) -> End {
    let requested = &run.story.requested;
    match &requested.request.kind {
        RequestKind::Rollback { undoes } if requested.alone => {
            let why = format!("promotion {undoes} failed under watch, and was rolled back");
            restore::keep_back(run, restore::moved(plan, |change| &change.old), why, end)
        }
        _ => end,
    }
}

fn refuted_end(run: &mut Run<'_>, plan: &Plan, refuted: &crate::promotion::record::Refuted) -> Result<End, Halt> {
    let changed = run.story.committed.iter().flatten().any(|commit| !commit.unchanged);
    let is_rollback = run.story.requested.request.is_rollback();
    if changed && !is_rollback {
        return restore::after(run, refuted);
    }
    let end = End::of(Outcome::Stuck, format!("{} does not run {} well", plan.to, run_versions(plan)));
    let end = end.seen(refuted.what.clone()).next("nothing was rolled back: there is no change of ours to undo");
    run.close(end)
}

/// "Could not confirm" is not "failed": nothing is rolled back, unless the rules say so.
fn unconfirmed(run: &mut Run<'_>, plan: &Plan, why: String, hint: Option<String>) -> Result<End, Halt> {
    if run.job.promotion.rollback.on_unknown {
        let trigger = crate::promotion::rules::trigger::Trigger::Deployment;
        let what = format!("it could not be confirmed, and the rules say `on_unknown: rollback`: {why}");
        let refuted = crate::promotion::record::Refuted { trigger, what, detail: None, gates: Vec::new() };
        run.note(Milestone::Refuted(refuted.clone()));
        return refuted_end(run, plan, &refuted);
    }
    let what = format!("{} is written to {}, and what came of it could not be found out", run_versions(plan), plan.to);
    let mut end = End::of(Outcome::Unconfirmed, what).seen(why);
    end.next.extend(hint);
    Ok(run.finish(end.next("nothing was rolled back; run it again to go on")))
}

/// Refuses a promotion that uses parts which this version cannot do.
pub fn built(job: &Job<'_>) -> Result<(), Halt> {
    let parts = &job.promotion.not_built;
    if parts.is_empty() { Ok(()) } else { Err(Halt::NotBuilt(parts.clone())) }
}

/// Nothing is asked for that is not recorded, verified and pinned already: the environment is only looked at again.
fn nothing_new(world: &World<'_>, job: &Job<'_>, claim: &dyn Claim, asked: &Asked) -> Result<Option<End>, Halt> {
    let head = &asked.target.head;
    let pinned = asked.request.images.iter().all(|wanted| wanted.old == wanted.new);
    let Some(last) = head.last_verified.as_ref().filter(|_| pinned && head.open.is_none()) else { return Ok(None) };
    let verified = asked.request.images.iter().all(|wanted| last.images.contains(&wanted.new));
    if !verified || head.current.as_ref() != Some(&last.promotion) {
        return Ok(None);
    }
    let what = format!("{} pins {} already", job.promotion.to, versions(&last.images));
    let facts_end = End::of(Outcome::Unchanged, what).seen(format!("promotion {} verified it", last.promotion));
    let mut end = verify::look_again(world, job, claim, asked, facts_end)?;
    end.id = Some(last.promotion.clone());
    end.recorded = true;
    end.request = Some(asked.request.clone());
    end.commit = Some(asked.target.snapshot.commit.clone());
    Ok(Some(end))
}
