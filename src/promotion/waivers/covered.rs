//! What came of each waiver in one judgement: what it covered, that it covered nothing, or that its time is over.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::facts::{Facts, Reading};
use crate::promotion::gates::needs::Needs;
use crate::promotion::measures::{DETAILS_KEPT, Detail, Measure, Waived};
use crate::promotion::report::{GateRow, Mark, WaiverRow, WaiverStanding};
use crate::promotion::time::Millis;
use crate::promotion::waivers::facts::{State, WaiverFacts, WaiversFacts};
use crate::promotion::words;

/// A gate's row under the waivers in force: one that holds is waived, and says what it was.
pub fn gate(row: GateRow, waivers: &WaiversFacts) -> GateRow {
    let Some(waiver) = waivers.of_gate(&row.id) else { return row };
    let was = match row.mark {
        Mark::Fail => "it failed",
        Mark::Unknown => "it could not be evaluated",
        Mark::Pass | Mark::Warn | Mark::Waived | Mark::Skipped => return row,
    };
    let why = row.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
    let because = format!("{} ({was}{why})", waiver.sentence());
    GateRow { mark: Mark::Waived, because: Some(because), hint: None, not_before: None, ..row }
}

/// A row for each waiver, in the order of the file. `rows` are the gates as they came out, and `waived` those of them that a waiver
/// covers, by their ids.
pub fn rows(waivers: &WaiversFacts, facts: &Facts, needs: &Needs, waived: &[GateRow]) -> Vec<WaiverRow> {
    let mut covered = of_readings(facts, needs);
    for row in waived {
        let Some(waiver) = waivers.of_gate(&row.id) else { continue };
        let message = row.because.clone().unwrap_or_default();
        let detail = Detail { name: row.id.clone(), message, at: row.rule.clone() };
        covered.entry(waiver.at.clone()).or_default().push(detail);
    }
    waivers.list.iter().map(|waiver| one(waiver, covered.remove(&waiver.at).unwrap_or_default(), facts)).collect()
}

fn one(waiver: &WaiverFacts, covers: Vec<Detail>, facts: &Facts) -> WaiverRow {
    let count = covers.len() as u64;
    let (standing, said) = match (waiver.state, count) {
        (State::Expired, _) => {
            (WaiverStanding::Expired, format!("expired {} ago", Millis::between(waiver.expires, facts.at).coarse()))
        }
        (State::InForce, 0) => (WaiverStanding::Unused, "covers nothing here".to_owned()),
        (State::InForce, count) => (WaiverStanding::InForce, format!("covers {}", things(waiver, count))),
    };
    WaiverRow {
        at: waiver.at.clone(),
        names: waiver.waives.words(),
        standing,
        until: waiver.until.clone(),
        reason: waiver.reason.clone(),
        by: waiver.known_by(),
        said,
        count,
        covers: covers.into_iter().take(DETAILS_KEPT).collect(),
    }
}

fn things(waiver: &WaiverFacts, count: u64) -> String {
    if waiver.waives.gate.is_some() {
        return "the gate".to_owned();
    }
    let noun = if waiver.waives.test.is_some() { "test" } else { "finding" };
    words::counted(count, noun)
}

/// What stands aside in the readings, by the waiver's place. Of a gate that reads several sources the merge counts, so that what
/// two of them say counts once.
fn of_readings(facts: &Facts, needs: &Needs) -> BTreeMap<String, Vec<Detail>> {
    let merges = || needs.merged.iter().filter_map(|(gate, ids)| Some((facts.merged.get(gate)?, ids)));
    let merges: Vec<_> = merges().filter(|(reading, _)| matches!(reading, Reading::Observed(_))).collect();
    let in_a_merge: BTreeSet<&String> = merges.iter().flat_map(|(_, ids)| ids.iter()).collect();
    let single = facts.readings.iter().filter(|(id, _)| !in_a_merge.contains(id)).map(|(_, reading)| reading);
    let mut covered: BTreeMap<String, Vec<Detail>> = BTreeMap::new();
    for reading in merges.iter().map(|(reading, _)| *reading).chain(single) {
        for Waived { detail, waiver } in waived(reading) {
            covered.entry(waiver.clone()).or_default().push(detail.clone());
        }
    }
    covered
}

fn waived(reading: &Reading) -> &[Waived] {
    let Reading::Observed(observation) = reading else { return &[] };
    match &observation.measure {
        Measure::Tests(tests) => &tests.waived,
        Measure::Findings(findings) => &findings.waived,
        Measure::Quality(quality) => &quality.waived,
        Measure::Performance(load) => load.thresholds.as_ref().map_or(&[], |tests| &tests.waived),
        Measure::Levels(_) | Measure::Alerts(_) => &[],
        Measure::Coverage(_) | Measure::Checks(_) | Measure::Review(_) | Measure::Health(_) => &[],
    }
}
