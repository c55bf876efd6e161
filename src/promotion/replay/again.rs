//! Judging again what was judged: from saved rules and facts alone, with the code at hand.

use serde_json::Value;

use crate::promotion::approvals::bypass::may_bypass;
use crate::promotion::approvals::judge::{Question, judge};
use crate::promotion::approvals::origin;
use crate::promotion::approvals::report::{ApprovalReport, JudgedApprovals, Standing};
use crate::promotion::facts::Facts;
use crate::promotion::gates;
use crate::promotion::plan::Plan;
use crate::promotion::planning::{self, Making};
use crate::promotion::report::GateReport;
use crate::promotion::request::Request;
use crate::promotion::rules::fault::RulesFault;
use crate::promotion::rules::read::read;
use crate::promotion::rules::{Promotion, Rules};

/// What judging again needs: nothing of it is read anew.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// The promotion's id.
    pub id: &'a str,
    /// What was asked for.
    pub request: &'a Request,
    /// The path of the rules, as the report's rows name it.
    pub rules_path: &'a str,
    /// The rules, word for word.
    pub rules: &'a str,
    /// Every fact that was read.
    pub facts: &'a Facts,
}

/// Why nothing can be judged again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAgain {
    /// This version of promote finds faults in the rules.
    Rules(Vec<RulesFault>),
    /// The rules have no such promotion.
    NoPromotion {
        /// From where.
        from: String,
        /// To where.
        to: String,
    },
}

/// The report that saved facts and rules give.
pub fn report(saved: &Saved<'_>) -> Result<GateReport, NotAgain> {
    if saved.request.is_rollback() {
        // A rollback asks no gate.
        return Ok(GateReport::of(Vec::new()));
    }
    let rules = rules(saved)?;
    let promotion = promotion(&rules, saved.request)?;
    Ok(gates::evaluate(promotion, &rules.evidence, saved.facts, saved.rules_path))
}

/// What the approvals come to, judged again from what was read of them then. Where they were set aside, it is judged again whether
/// that was allowed: if so, they stand as they are recorded.
pub fn approvals(saved: &Saved<'_>, judged: &JudgedApprovals) -> Result<ApprovalReport, NotAgain> {
    let rules = rules(saved)?;
    let promotion = promotion(&rules, saved.request)?;
    if judged.report.standing == Standing::Bypassed {
        let starters = origin::starters(&judged.facts, &judged.requested_by);
        if may_bypass(&promotion.bypass.approvals, &starters, &judged.facts.members).is_ok() {
            return Ok(judged.report.clone());
        }
    }
    let question = Question {
        promotion,
        github: &rules.github,
        digest: &judged.digest,
        planned_at: judged.planned_at,
        now: judged.at.unwrap_or(saved.facts.at),
        requested_by: &judged.requested_by,
    };
    Ok(judge(&question, &judged.facts))
}

/// The plan that saved facts and rules give with this report, and the document that its digest is the hash of. A rollback's
/// plan is made from the promotion that it undoes, so it cannot be made from its own facts: `Ok(None)`. `Err` in words.
pub fn plan(saved: &Saved<'_>, report: &GateReport) -> Result<Option<(Plan, Value)>, String> {
    if saved.request.is_rollback() {
        return Ok(None);
    }
    let Saved { id, request, facts, .. } = *saved;
    let rules = rules(saved).map_err(|_| "the rules have faults".to_owned())?;
    let promotion = promotion(&rules, request).map_err(|_| "the rules have no such promotion".to_owned())?;
    let service = rules.service(Some(&request.service)).ok_or("the rules have no such service")?;
    let place = |name: &str| service.environment(name).ok_or_else(|| format!("the rules have no environment {name}"));
    let (from, to) = (place(&promotion.from)?, place(&promotion.to)?);
    let target = to.targets.first().ok_or_else(|| format!("the environment {} has no path", to.name))?;
    let words = |fault: planning::PlanFault| format!("{}: {}", fault.what, fault.seen);
    let pairs = planning::paired(service, (from, &facts.source.snapshot), (to, &facts.target.snapshot));
    let pins: Vec<_> = pairs.map_err(words)?.into_iter().map(|pair| pair.target).collect();
    let making = Making { id, request, rules: &rules, promotion, environment: to, target, facts, report };
    let plan = planning::plan(&making, &pins).map_err(words)?;
    let bound = planning::bound(&making, to, &plan);
    Ok(Some((plan, bound)))
}

fn rules(saved: &Saved<'_>) -> Result<Rules, NotAgain> {
    read(saved.rules_path, saved.rules).map_err(NotAgain::Rules)
}

fn promotion<'a>(rules: &'a Rules, request: &Request) -> Result<&'a Promotion, NotAgain> {
    let found = rules.promotion(&request.from, &request.to);
    found.ok_or_else(|| NotAgain::NoPromotion { from: request.from.clone(), to: request.to.clone() })
}
