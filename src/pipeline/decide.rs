//! Deciding: the gates are judged, the plan is made, the approvals are judged for it, and what follows is kept.

use crate::pipeline::approve;
use crate::pipeline::asked::{Asked, branch};
use crate::pipeline::before;
use crate::pipeline::collect;
use crate::pipeline::ends::verdict;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::keep::Run;
use crate::pipeline::verify;
use crate::pipeline::wait;
use crate::ports::World;
use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::event::{Event, Phase};
use crate::promotion::facts::{Facts, SetAside};
use crate::promotion::gates;
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::planning::{self, Making};
use crate::promotion::record::{Judged, Milestone, Planned, Rejected};
use crate::promotion::report::GateReport;
use crate::promotion::shown::Shown;

/// Judges the gates and keeps what follows: the plan, or the judgement that holds the promotion, which ends the run.
pub fn decide(run: &mut Run<'_>, asked: &Asked) -> Result<Option<End>, Halt> {
    let (world, job) = (run.world, run.job);
    let set_aside = approve::set_aside(world, job)?;
    let (mut facts, report) = judged(world, job, asked, set_aside)?;
    if let Some(end) = verdict(job, &report) {
        let outcome = end.outcome;
        let (rules, waivers) = (run.other_rules(), run.other_waivers());
        let judged = Judged { facts: facts.clone(), report: report.clone(), outcome, rules, waivers, approvals: None };
        run.keep(Milestone::Judged(Box::new(judged)))?;
        let mut end = run.finish(end);
        (end.facts, end.report) = (Some(Box::new(facts)), Some(report));
        return Ok(Some(end));
    }
    facts.also_ships = also_ships(world, job, asked);
    let (service, to) = (&job.service.name, &job.promotion.to);
    facts.failing_before = wait::failing(world, service, to, &job.promotion.verify);
    facts.before = before::read(world, job, &facts);
    let shown = make(job, asked, &facts, &report)?;
    if world.clock.stopped() {
        return Ok(Some(run.interrupted()));
    }
    let approvals = approve::judged(world, job, (asked, &facts), &shown, true)?;
    if let Some((approvals, end)) = approvals.as_ref().and_then(|a| Some((a, approve::holds(job, a, &shown)?))) {
        return not_approved(run, (facts, report), approvals, end, shown).map(Some);
    }
    let plan = shown.plan;
    preflight_writes(run, &plan)?;
    // A plan that a later judgement held, or that a run did not go on with, is no longer to be carried out: it is kept again.
    let same = run.story.planned.as_ref().is_some_and(|earlier| earlier.plan.digest == plan.digest);
    let known = same && !run.story.held && run.story.state == State::Executing;
    if !known {
        let (rules, waivers, approvals) = (run.other_rules(), run.other_waivers(), approvals.map(Box::new));
        run.keep(Milestone::Planned(Box::new(Planned { facts, report, plan, rules, waivers, approvals })))?;
    }
    Ok(None)
}

/// Keeps that a plan is not approved: it waits, or a refusal ends the promotion.
pub fn not_approved(
    run: &mut Run<'_>,
    (facts, report): (Facts, GateReport),
    approvals: &JudgedApprovals,
    end: End,
    shown: Shown,
) -> Result<End, Halt> {
    let (outcome, rules, waivers) = (end.outcome, run.other_rules(), run.other_waivers());
    let kept = Some(Box::new(approvals.clone()));
    let judged =
        Judged { facts: facts.clone(), report: report.clone(), outcome, rules, waivers, approvals: kept.clone() };
    run.note(Milestone::Judged(Box::new(judged)));
    if outcome == Outcome::Rejected {
        let (by, reason) = approve::refusal(&approvals.report);
        run.note(Milestone::Rejected(Rejected { reason, by, approvals: kept }));
    }
    run.flush()?;
    let mut end = run.finish(end);
    (end.facts, end.report) = (Some(Box::new(facts)), Some(report));
    end.plan = Some(Box::new(shown.plan.clone()));
    end.approvals = Some(Box::new(approvals.report.clone()));
    end.shown = Some(Box::new(shown));
    Ok(end)
}

/// Reads the evidence and judges the gates.
pub fn judged(
    world: &World<'_>,
    job: &Job<'_>,
    asked: &Asked,
    set_aside: Option<SetAside>,
) -> Result<(Facts, GateReport), Halt> {
    let mut facts = Facts { set_aside, ..collect::facts(world, job, asked)? };
    facts.excepted = approve::excepted(world, job, facts.at)?;
    let report = gates::evaluate(job.promotion, &job.rules.evidence, &facts, job.rules_path);
    (world.tell)(&Event::Judged(report.clone()));
    Ok((facts, report))
}

/// Makes the plan, as approvers are shown it.
pub fn make(job: &Job<'_>, asked: &Asked, facts: &Facts, report: &GateReport) -> Result<Shown, Halt> {
    let (environment, target) = job.target()?;
    let (rules, promotion, request) = (job.rules, job.promotion, &asked.request);
    let making = Making { id: &asked.id, request, rules, promotion, environment, target, facts, report };
    let plan = planning::plan(&making, &asked.pins)?;
    Ok(planning::shown(&making, &plan))
}

/// What reading can show before anything is written: the target's applications exist, track this place, and are ours to sync.
pub fn preflight_reads(world: &World<'_>, job: &Job<'_>, asked: &mut Asked) -> Result<(), Halt> {
    let (_, target) = job.target()?;
    for app in &target.apps {
        let deployer = verify::deployer(world, app)?;
        let state = deployer.preflight(app, &asked.target.snapshot)?;
        asked.target.apps.insert(app.name.clone(), state);
    }
    Ok(())
}

/// What can be shown before the first write: that a push would be accepted.
fn preflight_writes(run: &Run<'_>, plan: &Plan) -> Result<(), Halt> {
    (run.world.tell)(&Event::Phase(Phase::Preflight));
    let writes = plan.commits.iter().any(|commit| !commit.files.is_empty());
    if writes {
        run.world.delivery.preflight(&branch(run.job.target()?.1))?;
    }
    Ok(())
}

/// Commits that wait in the target's directory already; best effort, so that a history that cannot be read stops nothing.
pub fn also_ships(world: &World<'_>, job: &Job<'_>, asked: &Asked) -> Vec<crate::promotion::facts::CommitSummary> {
    let Ok((_, target)) = job.target() else { return Vec::new() };
    let snapshot = &asked.target.snapshot;
    let deployed =
        asked.target.apps.values().filter_map(|state| state.last.as_ref()).find_map(|last| last.revisions.first());
    let Some(live) = deployed.filter(|live| **live != snapshot.commit) else { return Vec::new() };
    let paths: Vec<String> = snapshot.trees.keys().cloned().collect();
    world.delivery.between(&branch(target), live, &snapshot.commit, &paths).unwrap_or_default()
}

/// The end with what was judged.
pub fn with_judgement(mut end: End, asked: Asked, facts: Facts, report: GateReport) -> End {
    end.id = Some(asked.id);
    end.request = Some(asked.request);
    end.facts = Some(Box::new(facts));
    end.report = Some(report);
    end
}
