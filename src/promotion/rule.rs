//! The rule of one promotion with everything that it stands on: what of the rules a plan's digest binds, and what must still be the
//! same when the plan is written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::promotion::approvals::slots;
use crate::promotion::gates::needs::needs;
use crate::promotion::gates::target;
use crate::promotion::rules::compare::{self, Change};
use crate::promotion::rules::{Promotion, Rules, Source};

/// The evidence that a promotion asks for: by its gates, and by its verification.
pub fn sources<'a>(rules: &'a Rules, promotion: &Promotion) -> BTreeMap<&'a String, &'a Source> {
    let needed = needs(promotion, &rules.evidence).evidence();
    // What verification asks is read when the version is there: it is bound by what it is, and not by what it says.
    let after = needs(&target::lens(promotion), &rules.evidence).readings;
    rules.evidence.iter().filter(|(id, _)| needed.contains(*id) || after.contains(*id)).collect()
}

/// Where a promotion is approved, if anybody is asked.
pub fn approved_in(rules: &Rules, promotion: &Promotion) -> Option<Value> {
    let slots = slots::slots(promotion, &rules.github);
    let asked: Vec<&str> = slots.iter().map(|slot| slot.environment.as_str()).collect();
    (!asked.is_empty()).then(|| json!({ "workflow": rules.github.workflow, "environments": asked }))
}

/// Everything of the rules that a promotion of a service stands on; `None` if they have no such promotion.
pub fn of(rules: &Rules, service: &str, (from, to): (&str, &str)) -> Option<Value> {
    let (service, promotion) = (rules.service(Some(service))?, rules.promotion(from, to)?);
    Some(json!({
        "promotion": promotion,
        "environments": [service.environment(from), service.environment(to)],
        "evidence": sources(rules, promotion),
        "approved_in": approved_in(rules, promotion),
        "trust": rules.trust,
        "releases": rules.releases,
    }))
}

/// What became of a promotion from one state of the rules to another, a line each: what is loosened, tightened or changed.
pub fn changes(old: &Rules, new: &Rules, (from, to): (&str, &str)) -> Vec<String> {
    let ours = compare::compare(old, new).into_iter().filter(|one| one.from == from && one.to == to);
    let line = |change: Change| format!("{} {}: {}", change.effect.word(), change.part, change.what);
    ours.flat_map(|one| one.changes).map(line).collect()
}
