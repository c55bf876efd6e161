//! Judging: facts and the gates of one promotion become a report. Pure, and the same for `validate`, `plan` and `run`.

pub mod explain;
pub mod lookup;
pub mod needs;
pub mod order;
pub mod rows;
pub mod usable;

use std::collections::BTreeMap;

use crate::promotion::facts::Facts;
use crate::promotion::gates::rows::Judge;
use crate::promotion::report::GateReport;
use crate::promotion::rules::{Promotion, Source};

/// Judges the order of environments, and every gate of a promotion in the order of the rules.
pub fn evaluate(
    promotion: &Promotion,
    evidence: &BTreeMap<String, Source>,
    facts: &Facts,
    rules_path: &str,
) -> GateReport {
    let judge = Judge { promotion, evidence, facts, rules_path };
    let order = order::rows(promotion, facts, rules_path);
    GateReport::of(order.into_iter().chain(promotion.gates.iter().map(|gate| judge.row(gate))).collect())
}

#[cfg(test)]
mod tests;
