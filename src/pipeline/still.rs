//! What is read again before each push: orders and freeze windows may have come since the plan was made, and the rules may have
//! changed.

use crate::pipeline::ends::verdict;
use crate::pipeline::job::{End, Halt};
use crate::pipeline::keep::Run;
use crate::pipeline::orders;
use crate::ports::{Fault, RulesNow};
use crate::promotion::facts::Facts;
use crate::promotion::gates;
use crate::promotion::gates::standing;
use crate::promotion::image::{self, ImageRef};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::record::{Judged, Milestone};
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::rule;

/// A judgement that holds what was planned.
#[derive(Debug)]
pub struct Holds {
    facts: Facts,
    report: GateReport,
}

/// What stands against a plan now; `None` if nothing does. What is rolled back passes freeze and hold.
pub fn held(run: &Run<'_>, plan: &Plan) -> Result<Option<Holds>, Fault> {
    let Some(planned) = run.story.planned.as_ref().filter(|_| !is_rollback(run, plan)) else { return Ok(None) };
    let (world, job) = (run.world, run.job);
    let mut facts = planned.facts.clone();
    facts.target.head.orders = orders::standing(world, job, &plan.to)?;
    (facts.at, facts.alone) = (world.clock.now(), job.approving.alone);
    let stands = standing::rows(job.promotion, &facts, job.rules_path);
    if stands.iter().all(|row| row.mark != Mark::Fail) {
        return Ok(None);
    }
    let report = gates::evaluate(job.promotion, &job.rules.evidence, &facts, job.rules_path);
    Ok(Some(Holds { facts, report }))
}

/// Why what a rollback restores must not come back by now, in a sentence; `None` if it may.
pub fn refused(run: &Run<'_>, plan: &Plan) -> Result<Option<String>, Fault> {
    if !is_rollback(run, plan) {
        return Ok(None);
    }
    let restored: Vec<ImageRef> = plan.images.iter().map(|change| change.new.clone()).collect();
    let orders = orders::standing(run.world, run.job, &plan.to)?;
    let why = orders.vetoes_on(&restored).next().map(|veto| {
        format!("{} is vetoed for {} {}", image::versions(&restored), plan.to, standing::said(&veto.signed))
    });
    Ok(why)
}

/// The end of a run whose plan was made by rules that are no longer those; `None` if nothing that the promotion stands on has
/// changed. A rollback needs no consent of the rules.
pub fn changed(run: &Run<'_>, plan: &Plan) -> Result<Option<End>, Fault> {
    if is_rollback(run, plan) {
        return Ok(None);
    }
    let RulesNow { place, rules } = (run.world.rules)()?;
    let (job, way) = (run.job, (plan.from.as_str(), plan.to.as_str()));
    let lines = match rules {
        Err(why) => why.lines().map(str::to_owned).collect(),
        Ok(now) if rule::of(&now, &plan.service, way) == rule::of(job.rules, &plan.service, way) => return Ok(None),
        Ok(now) => rule::changes(job.rules, &now, way),
    };
    let mut end = End::of(Outcome::Waiting, format!("the rules changed after the plan for {} was made", plan.to));
    end.seen.push(format!("{place} is not what it was planned by; nothing was written"));
    end.seen.extend(lines);
    Ok(Some(end.next("run it again: it is judged and planned anew, by the rules as they are now")))
}

fn is_rollback(run: &Run<'_>, plan: &Plan) -> bool {
    plan.from == plan.to || run.story.requested.request.is_rollback()
}

/// Keeps that a plan is held before anything of it was written, and ends the run.
pub fn end(run: &mut Run<'_>, holds: Holds) -> Result<End, Halt> {
    let Holds { facts, report } = holds;
    let Some(end) = verdict(run.job, &report) else { return Ok(run.interrupted()) };
    let (rules, waivers, outcome) = (run.other_rules(), run.other_waivers(), end.outcome);
    let judged = Judged { facts: facts.clone(), report: report.clone(), outcome, rules, waivers, approvals: None };
    run.keep(Milestone::Judged(Box::new(judged)))?;
    let mut end = run.finish(end.seen("it came after the plan was made, and before anything was written"));
    (end.facts, end.report, end.plan) = (Some(Box::new(facts)), Some(report), None);
    Ok(end)
}
