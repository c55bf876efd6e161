//! Rows that no gate asks for, beside the order of environments: what a hotfix skips, and whose soak a promotion would end.

use crate::promotion::facts::Facts;
use crate::promotion::gates::order;
use crate::promotion::image::versions;
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::Promotion;
use crate::promotion::soaking::Soaking;

/// One row for each environment that a hotfix goes past. Where nobody said aloud that it is skipped, that is unknown, and holds.
pub fn skipped(promotion: &Promotion, facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let skips = promotion.hotfix.iter().flat_map(|hotfix| &hotfix.skips);
    skips
        .map(|environment| {
            let said = facts.hotfix.as_ref().filter(|hotfix| hotfix.skips.contains(environment));
            let (mark, observed, because) = match said {
                Some(hotfix) => (Mark::Skipped, "skipped", format!("skipped by a hotfix: {}", hotfix.reason)),
                None => (
                    Mark::Unknown,
                    "not looked at",
                    format!("{} → {} is a hotfix, and was not asked for as one", promotion.from, promotion.to),
                ),
            };
            let hint = said.is_none().then(|| format!("promote run --hotfix --skip {environment} --reason \"…\""));
            GateRow {
                id: format!("{}.{environment}", order::NAME),
                mark,
                expected: "completed".to_owned(),
                observed: observed.to_owned(),
                because: Some(because),
                hint,
                evidence: "hotfix".to_owned(),
                files: Vec::new(),
                details: Vec::new(),
                details_total: 0,
                not_before: None,
                rule: format!("{rules_path}:{}", promotion.at.line),
            }
        })
        .collect()
}

/// One row for each soak that the promotion would end before its time: a warning; where the rules protect it, it holds until the
/// soak is over, or somebody goes on by name.
pub fn soaking(facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let several = facts.soaking.len() > 1;
    facts.soaking.iter().map(|soaking| row(soaking, several, facts, rules_path)).collect()
}

fn row(soaking: &Soaking, several: bool, facts: &Facts, rules_path: &str) -> GateRow {
    let Soaking { environment, next, images, promotion, elapsed, min, protect, line } = soaking;
    let (what, left) = (versions(images), soaking.left());
    let soaks = format!("{environment} soaks {what} for {next}, {left} left");
    let (mark, because) = match (&facts.replaced, protect) {
        (_, false) => (Mark::Warn, format!("{soaks}; this promotion ends that, and it begins anew")),
        (None, true) => (Mark::Fail, format!("{soaks}, and the rules protect that")),
        (Some(by), true) => {
            let who = by.by.trim_start_matches('@');
            (Mark::Waived, format!("replaced by @{who}: {}; {soaks}", by.reason))
        }
    };
    let holds = mark == Mark::Fail;
    let again = || {
        let (from, to) = (&facts.source.name, &facts.target.name);
        format!("wait, or go on by name: promote run --from {from} --to {to} --replace --reason \"…\"")
    };
    let id = if several { format!("soak.{environment}.{next}") } else { format!("soak.{environment}") };
    GateRow {
        id,
        mark,
        expected: format!("≥ {min}"),
        observed: elapsed.to_string(),
        because: Some(because),
        hint: holds.then(again),
        evidence: format!("record {promotion}"),
        files: Vec::new(),
        details: Vec::new(),
        details_total: 0,
        not_before: holds.then(|| left.after(facts.at)),
        rule: format!("{rules_path}:{line}"),
    }
}
