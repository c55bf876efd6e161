//! The gates of a verification: the same gates, judged on the target, of the time since the deployment.
//!
//! What was broken or firing before never counts. Of alerts those that fired before are left out. Any other gate that failed over
//! the time before is only reported, until it was well once. Waivers of whole gates are for the gates of a promotion, and mute
//! nothing here.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::canary::limit::{Action, Against, Canary, Limit};
use crate::promotion::facts::{Facts, Observation, Reading, Soak};
use crate::promotion::gates::needs::name;
use crate::promotion::gates::rows::Judge;
use crate::promotion::head::LastVerified;
use crate::promotion::measures::Measure;
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::rules::{Gate, GateKind, Promotion, Source, Verify};
use crate::promotion::time::{Millis, Time};

/// Readings, by the id of their evidence or by the name of the gate that reads several.
pub type Readings = BTreeMap<String, Reading>;

/// A promotion as the gates of its verification see it: they are judged where it goes to.
pub fn lens(promotion: &Promotion) -> Promotion {
    Promotion { from: promotion.to.clone(), gates: promotion.verify.gates.clone(), ..promotion.clone() }
}

/// The same with the gates that ask live evidence alone: what files say is of the version that they were made for.
pub fn live_only(lens: &Promotion, evidence: &BTreeMap<String, Source>) -> Promotion {
    let is_live = |id: &String| evidence.get(id).is_some_and(Source::is_live);
    let gates = lens.gates.iter().filter(|gate| asked(gate).iter().all(is_live)).cloned().collect();
    Promotion { gates, ..lens.clone() }
}

/// The evidence that a gate asks, by id; of a general condition whatever its fields begin with.
pub fn asked(gate: &Gate) -> BTreeSet<String> {
    match &gate.kind {
        GateKind::Measured { from, .. } => from.iter().cloned().collect(),
        GateKind::Tests { evidence, .. } | GateKind::Canary(Canary { evidence, .. }) => {
            BTreeSet::from([evidence.clone()])
        }
        GateKind::Checks(of) | GateKind::Review(of) => BTreeSet::from([of.evidence.clone()]),
        GateKind::Soak(_) => BTreeSet::from(["deployment".to_owned()]),
        GateKind::Condition(condition) => {
            let prefix = |field: &str| field.split_once('.').map_or(field, |(prefix, _)| prefix).to_owned();
            condition.comparisons().iter().map(|comparison| prefix(&comparison.field)).collect()
        }
    }
}

/// Whether a gate speaks of a new version that comes: what is restored was verified once, and does not wait until it has had enough
/// traffic again.
pub fn of_canary(gate: &Gate) -> bool {
    matches!(gate.kind, GateKind::Canary(_))
}

/// Whether a gate compares the version with the time before it.
pub fn compares(gate: &Gate) -> bool {
    let GateKind::Canary(canary) = &gate.kind else { return false };
    !matches!(canary.limit, Limit::SuccessRate(_))
}

/// Whether a person decides what follows when a gate definitely fails.
pub fn pauses(gate: &Gate) -> bool {
    matches!(&gate.kind, GateKind::Canary(Canary { against: Against::Before(Action::Pause), .. }))
}

/// What a gate's definite failure is called in `rollback.on`.
pub fn trigger(gate: &Gate) -> Trigger {
    Trigger::of_gate(name(gate)).unwrap_or(Trigger::Conditions)
}

/// What was found out about the target since a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The one reading of the clock.
    pub at: Time,
    /// Since when the version runs there.
    pub since: Time,
    /// The readings.
    pub readings: &'a Readings,
    /// The merges, by gate.
    pub merged: &'a Readings,
}

/// The facts that the gates are judged by: those of the plan, with the target in the place of the source, and what was seen there.
pub fn facts(planned: &Facts, seen: &Seen<'_>, before: &Readings) -> Facts {
    let mut source = planned.target.clone();
    // It is nobody's record yet: only here, so that what was measured before the version ran does not count.
    source.head.last_verified =
        Some(LastVerified { promotion: String::new(), images: planned.version.clone(), since: seen.since });
    let elapsed = Millis::between(seen.since, seen.at);
    Facts {
        at: seen.at,
        source,
        readings: since(seen.readings, before),
        merged: seen.merged.clone(),
        soak: Some(Soak::For { elapsed, known_by: "this verification".to_owned() }),
        set_aside: None,
        ..planned.clone()
    }
}

/// One row for each gate.
pub fn rows(lens: &Promotion, evidence: &BTreeMap<String, Source>, facts: &Facts, rules_path: &str) -> Vec<GateRow> {
    let judge = Judge { promotion: lens, evidence, facts, rules_path };
    lens.gates.iter().map(|gate| judge.row(gate)).collect()
}

/// The gates that failed over the time before, by id: of alerts none does, since those that fired are known one by one.
pub fn failed_before(
    lens: &Promotion,
    evidence: &BTreeMap<String, Source>,
    planned: &Facts,
    before: &Readings,
    verify: &Verify,
) -> BTreeSet<String> {
    let begun = Millis(-verify.settle.0).after(planned.at);
    let seen = Seen { at: planned.at, since: begun, readings: before, merged: &Readings::new() };
    let facts = facts(planned, &seen, before);
    let rows = rows(lens, evidence, &facts, "");
    rows.into_iter().filter(|row| row.mark == Mark::Fail && row.not_before.is_none()).map(|row| row.id).collect()
}

/// The evidence of a gate that could not be read for the time before, so that nobody knows what of a failure is new.
pub fn unknown_before<'a>(gate: &Gate, before: &'a Readings) -> Option<&'a str> {
    asked(gate).iter().find_map(|id| match before.get(id) {
        Some(Reading::Unreadable { why, .. }) => Some(why.as_str()),
        _ => None,
    })
}

/// The alerts that fire and that fired before, by the evidence that knows of them: their names, each once.
pub fn fired_before(now: &Readings, before: &Readings) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, reading) in now {
        let (Reading::Observed(Observation { measure: Measure::Alerts(now), .. }), Some(Reading::Observed(earlier))) =
            (reading, before.get(id))
        else {
            continue;
        };
        let Measure::Alerts(earlier) = &earlier.measure else { continue };
        let known = |fingerprint: &String| earlier.active.iter().any(|alert| alert.fingerprint == *fingerprint);
        for alert in now.active.iter().filter(|alert| known(&alert.fingerprint)) {
            found.entry(id.clone()).or_default().insert(alert.name.clone());
        }
    }
    found
}

/// The readings without the alerts that fired before.
fn since(readings: &Readings, before: &Readings) -> Readings {
    let without = |(id, reading): (&String, &Reading)| {
        let mut reading = reading.clone();
        if let (Reading::Observed(now), Some(Reading::Observed(earlier))) = (&mut reading, before.get(id))
            && let (Measure::Alerts(alerts), Measure::Alerts(earlier)) = (&mut now.measure, &earlier.measure)
        {
            *alerts = alerts.since(earlier);
        }
        (id.clone(), reading)
    };
    readings.iter().map(without).collect()
}
