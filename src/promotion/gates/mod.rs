//! Judging: facts and the gates of one promotion become a report. Pure, and the same for `validate`, `plan` and `run`.

pub mod explain;
pub mod lookup;
pub mod needs;
pub mod order;
pub mod rows;
pub mod usable;

use std::collections::BTreeMap;

use crate::promotion::facts::{Facts, SetAside};
use crate::promotion::gates::rows::Judge;
use crate::promotion::report::{GateReport, GateRow, Mark};
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
    let gates = promotion.gates.iter().map(|gate| judge.row(gate)).map(|row| match &facts.set_aside {
        Some(set_aside) => waived(row, set_aside),
        None => row,
    });
    GateReport::of(order.into_iter().chain(gates).collect())
}

/// The row of a gate where the gates are set aside: one that holds is waived, and says what it was. The order of environments is
/// no gate, and is never set aside.
fn waived(row: GateRow, set_aside: &SetAside) -> GateRow {
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
