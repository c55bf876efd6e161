//! What has to be read for the gates of a promotion.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::canary::limit::{Against, Canary, Limit};
use crate::promotion::condition::Condition;
use crate::promotion::levels::USUAL_BURN;
use crate::promotion::rules::github::OfCommit;
use crate::promotion::rules::{Gate, GateKind, Promotion, Source};

/// The gate's name: what stands before the dot of its id.
pub fn name(gate: &Gate) -> &str {
    gate.id.split_once('.').map_or(gate.id.as_str(), |(name, _)| name)
}

/// What has to be read for a promotion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The evidence ids.
    pub readings: BTreeSet<String>,
    /// Gates whose measures are merged over several evidence ids: gate name → ids.
    pub merged: BTreeMap<String, Vec<String>>,
    /// What a gate asks for by itself: parts of the tree for their coverage, as globs, and pairs of windows for burn rates.
    pub parts: Vec<String>,
    /// The evidence that knows a canary and its baseline; whether a gate asks for its share of the traffic.
    pub canary: BTreeMap<String, bool>,
    /// Whether a gate asks how long the version has run in the source environment.
    pub soak: bool,
}

impl Needs {
    /// Notes what a limit on the canary asks for: how long it has run the version, and two readings; of a verification one, since
    /// the other was taken before.
    fn canary(&mut self, canary: &Canary) {
        match canary.against {
            Against::Target => {
                self.soak = true;
                let traffic = self.canary.entry(canary.evidence.clone()).or_default();
                *traffic |= matches!(canary.limit, Limit::Traffic(_));
            }
            Against::Before(_) => drop(self.readings.insert(canary.evidence.clone())),
        }
    }

    /// Every evidence that is read.
    pub fn evidence(&self) -> BTreeSet<String> {
        self.readings.iter().chain(self.canary.keys()).cloned().collect()
    }

    /// Notes the parts that a condition asks about: `coverage.line_rate@src/core/**`, `error_budget.burn_rate@6h/30m`.
    fn parts(&mut self, condition: &Condition) {
        for comparison in condition.comparisons() {
            let part = match comparison.field.split_once('@') {
                Some((_, part)) => part,
                None if comparison.field.ends_with(".burn_rate") => USUAL_BURN,
                None => continue,
            };
            if !self.parts.iter().any(|other| other == part) {
                self.parts.push(part.to_owned());
            }
        }
    }
}

/// Works out what has to be read.
pub fn needs(promotion: &Promotion, evidence: &BTreeMap<String, Source>) -> Needs {
    let mut needs = Needs::default();
    let mut by_gate: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for gate in &promotion.gates {
        let ids = match &gate.kind {
            GateKind::Tests { evidence, .. }
            | GateKind::Checks(OfCommit { evidence, .. })
            | GateKind::Review(OfCommit { evidence, .. }) => vec![evidence.clone()],
            GateKind::Measured { from, base, condition, .. } => {
                needs.readings.extend(base.clone());
                needs.parts(condition);
                from.clone()
            }
            GateKind::Soak(_) => {
                needs.soak = true;
                continue;
            }
            GateKind::Canary(canary) => {
                needs.canary(canary);
                continue;
            }
            GateKind::Condition(condition) => {
                needs.parts(condition);
                for comparison in condition.comparisons() {
                    match comparison.field.split_once('.') {
                        Some(("deployment", _)) => needs.soak = true,
                        Some((id, _)) if evidence.contains_key(id) => {
                            needs.readings.insert(id.to_owned());
                        }
                        _ => {}
                    }
                }
                continue;
            }
        };
        needs.readings.extend(ids.iter().cloned());
        // What is live is never merged: each source answers for itself.
        if ids.iter().any(|id| evidence.get(id).is_some_and(Source::is_live)) {
            continue;
        }
        let known = by_gate.entry(name(gate).to_owned()).or_default();
        known.extend(ids.into_iter().filter(|id| !known.contains(id)).collect::<Vec<_>>());
    }
    needs.merged = by_gate.into_iter().filter(|(_, ids)| ids.len() > 1).collect();
    needs
}
