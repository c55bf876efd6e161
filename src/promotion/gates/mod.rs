//! Judging: facts and the gates of one promotion become a report. Pure, and the same for `validate`, `plan` and `run`.

pub mod aside;
mod canary;
pub mod explain;
pub mod lookup;
pub mod needs;
pub mod order;
pub mod rows;
pub mod standing;
pub mod target;
pub mod tools;
pub mod usable;

use std::collections::BTreeMap;

use crate::promotion::facts::{Facts, SetAside};
use crate::promotion::gates::rows::Judge;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::rules::{Promotion, Source};
use crate::promotion::waivers::covered;

/// Judges what stands against it, the order of environments, and every gate of a promotion in the order of the rules.
pub fn evaluate(
    promotion: &Promotion,
    evidence: &BTreeMap<String, Source>,
    facts: &Facts,
    rules_path: &str,
) -> GateReport {
    let judge = Judge { promotion, evidence, facts, rules_path };
    let standing = standing::rows(promotion, facts, rules_path);
    let mut order = order::rows(promotion, facts, rules_path);
    order.extend(aside::skipped(promotion, facts, rules_path));
    let mut waived = Vec::new();
    let gates = promotion.gates.iter().map(|gate| {
        let row = under_waivers(judge.row(gate), facts, &mut waived);
        match &facts.set_aside {
            Some(set_aside) => set_aside_row(row, set_aside),
            None => row,
        }
    });
    let soaking = aside::soaking(facts, rules_path);
    let mut report = GateReport::of(standing.into_iter().chain(order).chain(gates).chain(soaking).collect());
    if let Some(waivers) = &facts.waivers {
        report.waivers = covered::rows(waivers, facts, &needs::needs(promotion, evidence), &waived);
    }
    report
}

/// The row of a gate under the waivers in force; one that is waived is kept.
fn under_waivers(row: GateRow, facts: &Facts, waived: &mut Vec<GateRow>) -> GateRow {
    let Some(waivers) = &facts.waivers else { return row };
    let before = row.mark;
    let row = covered::gate(row, waivers);
    if row.mark != before {
        waived.push(row.clone());
    }
    row
}

/// The row of a gate where the gates are set aside: one that holds is waived, and says what it was. The order of environments is
/// no gate, and is never set aside.
fn set_aside_row(row: GateRow, set_aside: &SetAside) -> GateRow {
    let was = match row.mark {
        Mark::Fail => "it failed",
        Mark::Unknown => "it could not be evaluated",
        Mark::Pass | Mark::Warn | Mark::Waived | Mark::Skipped => return row,
    };
    let why = row.because.map(|because| format!(": {because}")).unwrap_or_default();
    let by = set_aside.by.trim_start_matches('@');
    let because = format!("set aside by @{by}: {}; {was}{why}", set_aside.reason);
    GateRow { mark: Mark::Waived, because: Some(because), hint: None, not_before: None, ..row }
}

#[cfg(test)]
mod tests;
