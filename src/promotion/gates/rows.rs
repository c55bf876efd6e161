//! One gate, one row: the mark, and the words that explain it.

use std::collections::BTreeMap;

use crate::promotion::condition::{Condition, Known, Op, Truth};
use crate::promotion::facts::{Facts, Observation, Reading, Soak};
use crate::promotion::gates::explain::{because, describe, details, expected, files, observed, seen};
use crate::promotion::gates::lookup;
use crate::promotion::gates::needs::name;
use crate::promotion::gates::tools;
use crate::promotion::gates::usable::{Unusable, usable, young_enough};
use crate::promotion::image::ImageRef;
use crate::promotion::measures::Measure;
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::github::OfCommit;
use crate::promotion::rules::{Gate, GateKind, Promotion, Source};
use crate::promotion::time::Millis;
use crate::promotion::words;

/// Everything that judging a gate looks at.
pub struct Judge<'a> {
    /// The promotion whose gates are judged.
    pub promotion: &'a Promotion,
    /// The sources of evidence.
    pub evidence: &'a BTreeMap<String, Source>,
    /// What was read.
    pub facts: &'a Facts,
    /// The rules file, for the row's place.
    pub rules_path: &'a str,
}

/// How a gate came out, before its mode (optional or not) is applied.
pub(super) struct Judged {
    pub(super) truth: Truth,
    pub(super) missing: bool,
    pub(super) observed: String,
    pub(super) because: Option<String>,
    pub(super) hint: Option<String>,
}

impl Judge<'_> {
    /// Judges one gate.
    pub fn row(&self, gate: &Gate) -> GateRow {
        match &gate.kind {
            GateKind::Tests { evidence, condition }
            | GateKind::Checks(OfCommit { evidence, condition })
            | GateKind::Review(OfCommit { evidence, condition }) => {
                self.measured(gate, std::slice::from_ref(evidence), condition)
            }
            GateKind::Measured { from, condition, .. } => self.measured(gate, from, condition),
            GateKind::Canary(canary) => self.canary(gate, canary),
            GateKind::Soak(soak) => self.soak(gate, soak.min),
            GateKind::Condition(condition) => self.condition(gate, condition),
        }
    }

    fn version(&self) -> &[ImageRef] {
        &self.facts.version
    }

    fn observation(&self, id: &str) -> Result<&Observation, Unusable> {
        let Some(source) = self.evidence.get(id) else {
            return Err(Unusable {
                missing: true,
                observed: "not defined".to_owned(),
                because: format!("the rules define no evidence `{id}`"),
                hint: None,
            });
        };
        usable(source, self.facts.readings.get(id), self.facts, self.version(), self.promotion.require_subject)
    }

    /// A gate on the measures of some evidence: each must be believable, then their merge is judged.
    fn measured(&self, gate: &Gate, from: &[String], condition: &Condition) -> GateRow {
        let mut observations = Vec::new();
        for id in from {
            match self.observation(id) {
                Ok(observation) => observations.push(observation),
                Err(unusable) => return self.unusable(gate, from, condition, unusable),
            }
        }
        let merged = match (observations.as_slice(), self.facts.merged.get(name(gate))) {
            ([only], _) => *only,
            (_, Some(Reading::Observed(merged))) => merged,
            (_, reading) => {
                let because = match reading {
                    Some(Reading::Unreadable { why, .. } | Reading::Missing { why }) => why.clone(),
                    _ => "the evidence was not merged".to_owned(),
                };
                let observed = "cannot be merged".to_owned();
                let unusable = Unusable { missing: false, observed, because, hint: None };
                return self.unusable(gate, from, condition, unusable);
            }
        };
        if let Some(unusable) = tools::missing(&gate.kind, &observations) {
            return self.unusable(gate, from, condition, unusable);
        }
        let lookup = |field: &str| match field.split_once('.') {
            Some((_, "line_drop")) => self.drop(&gate.kind, merged),
            Some((_, measure)) => lookup::measure(merged, measure),
            None => lookup::measure(merged, field),
        };
        let truth = condition.judge(&lookup);
        let observed = observed(merged, condition, &lookup);
        let because = (truth != Truth::True).then(|| because(merged, condition, &lookup));
        let judged = Judged { truth, missing: false, observed, because, hint: None };
        let mut row = self.finish(gate, expected(&gate.kind, condition), judged);
        row.evidence = self.where_from(from, merged);
        row.files = files(merged);
        if truth != Truth::True {
            (row.details, row.details_total) = details(merged);
        }
        row
    }

    /// How much lower the coverage is than that of the gate's base, which may be of another version.
    fn drop(&self, kind: &GateKind, merged: &Observation) -> Known {
        let GateKind::Measured { base: Some(base), .. } = kind else { return Known::No("there is no base".to_owned()) };
        match self.facts.readings.get(base) {
            Some(Reading::Observed(observation)) => {
                let source = self.evidence.get(base);
                match source.map(|source| young_enough(source, observation, self.facts)) {
                    Some(Err(too_old)) => Known::No(too_old.because),
                    _ => lookup::drop(observation, merged),
                }
            }
            Some(Reading::Missing { why } | Reading::Unreadable { why, .. }) => Known::No(format!("{base}: {why}")),
            None => Known::No(format!("{base} was not read")),
        }
    }

    fn unusable(&self, gate: &Gate, from: &[String], condition: &Condition, unusable: Unusable) -> GateRow {
        let Unusable { missing, observed, because, hint } = unusable;
        let judged = Judged { truth: Truth::Unknown, missing, observed, because: Some(because), hint };
        let mut row = self.finish(gate, expected(&gate.kind, condition), judged);
        row.evidence = match from.iter().find_map(|id| self.facts.readings.get(id)) {
            Some(Reading::Unreadable { files, .. }) => {
                row.files = files.iter().map(|file| format!("{} sha256:{}", file.path, file.sha256)).collect();
                files.first().map_or_else(String::new, |file| file.path.clone())
            }
            Some(Reading::Missing { why }) => why.clone(),
            _ => from.join(", "),
        };
        if from.iter().any(|id| self.evidence.get(id).is_some_and(Source::is_live)) {
            row.evidence = self.at(from);
        }
        row
    }

    pub(super) fn soak(&self, gate: &Gate, min: Millis) -> GateRow {
        let expected = format!("≥ {min}");
        let from = &self.promotion.from;
        let (judged, evidence, not_before) = match &self.facts.soak {
            Some(Soak::For { elapsed, known_by }) if *elapsed >= min => (
                Judged { truth: Truth::True, missing: false, observed: elapsed.to_string(), because: None, hint: None },
                known_by.clone(),
                None,
            ),
            Some(Soak::For { elapsed, known_by }) => {
                let left = Millis(min.0 - elapsed.0);
                let ready = left.after(self.facts.at);
                let because = format!(
                    "{from} has run this version for {elapsed}; {left} are left, until {}",
                    words::moment(ready)
                );
                let judged = Judged {
                    truth: Truth::False,
                    missing: false,
                    observed: elapsed.to_string(),
                    because: Some(because),
                    hint: None,
                };
                (judged, known_by.clone(), Some(ready))
            }
            other => {
                let why = match other {
                    Some(Soak::Unknown { why }) => why.clone(),
                    _ => "it was not read".to_owned(),
                };
                let because = format!("it is not known how long {from} has run this version: {why}");
                let judged = Judged {
                    truth: Truth::Unknown,
                    missing: true,
                    observed: "not known".to_owned(),
                    because: Some(because),
                    hint: Some(format!("promote this version to {from} with promote: its record starts the soak")),
                };
                (judged, "records".to_owned(), None)
            }
        };
        let mut row = self.finish(gate, expected, judged);
        row.evidence = evidence;
        row.not_before = not_before;
        row
    }

    /// A general condition: its fields are looked up by evidence id first, then by gate name.
    fn condition(&self, gate: &Gate, condition: &Condition) -> GateRow {
        let lookup = |field: &str| self.field(field);
        let truth = condition.judge(&lookup);
        let comparisons = condition.comparisons();
        let seen: Vec<String> = comparisons.iter().map(|comparison| seen(comparison, &lookup)).collect();
        let unknown: Vec<String> = comparisons
            .iter()
            .filter_map(|comparison| match lookup(&comparison.field) {
                Known::No(why) if comparison.op != Op::Exists => Some(format!("{}: {why}", comparison.field)),
                _ => None,
            })
            .collect();
        let because = match truth {
            Truth::True => None,
            Truth::False => Some(format!("it is {}", words::list(&seen))),
            Truth::Unknown if unknown.is_empty() => Some("a field is compared with another kind of value".to_owned()),
            Truth::Unknown => Some(unknown.join("; ")),
        };
        let judged = Judged { truth, missing: !unknown.is_empty(), observed: seen.join(", "), because, hint: None };
        let mut row = self.finish(gate, describe(condition), judged);
        row.evidence = "conditions".to_owned();
        row
    }

    /// The fact of this name.
    fn field(&self, field: &str) -> Known {
        let Some((prefix, measure)) = field.split_once('.') else {
            return Known::No(format!("`{field}` is not a field"));
        };
        if prefix == "deployment" {
            return lookup::deployment(self.facts.soak.as_ref(), measure);
        }
        if self.evidence.contains_key(prefix) {
            return match self.observation(prefix) {
                Ok(observation) => lookup::measure(observation, measure),
                Err(unusable) => Known::No(unusable.because),
            };
        }
        if prefix == "canary" {
            return self.canary_field(measure);
        }
        self.merged_field(prefix, measure)
    }

    /// A measure of the merge of a gate's evidence; every evidence of the gate must be believable.
    fn merged_field(&self, gate_name: &str, measure: &str) -> Known {
        let mut ids: Vec<&String> = Vec::new();
        for gate in self.promotion.gates.iter().filter(|gate| name(gate) == gate_name) {
            match &gate.kind {
                GateKind::Tests { evidence, .. }
                | GateKind::Checks(OfCommit { evidence, .. })
                | GateKind::Review(OfCommit { evidence, .. }) => ids.push(evidence),
                GateKind::Measured { from, .. } => ids.extend(from),
                GateKind::Soak(_) | GateKind::Canary(_) | GateKind::Condition(_) => {}
            }
        }
        let mut only = None;
        for id in ids {
            match self.observation(id) {
                Ok(observation) => only = Some(observation),
                Err(unusable) => return Known::No(unusable.because),
            }
        }
        match (self.facts.merged.get(gate_name), only) {
            (Some(Reading::Observed(merged)), _) => lookup::measure(merged, measure),
            (Some(Reading::Missing { why } | Reading::Unreadable { why, .. }), _) => Known::No(why.clone()),
            (None, Some(observation)) => lookup::measure(observation, measure),
            (None, None) => Known::No(format!("no gate `{gate_name}` reads evidence")),
        }
    }

    /// Applies the gate's mode: an optional gate warns or is skipped where another would hold.
    pub(super) fn finish(&self, gate: &Gate, expected: String, judged: Judged) -> GateRow {
        let mark = match (judged.truth, gate.optional) {
            (Truth::True, _) => Mark::Pass,
            (Truth::False, false) => Mark::Fail,
            (Truth::Unknown, false) => Mark::Unknown,
            (Truth::Unknown, true) if judged.missing => Mark::Skipped,
            (_, true) => Mark::Warn,
        };
        GateRow {
            id: gate.id.clone(),
            mark,
            expected,
            observed: judged.observed,
            because: judged.because,
            // There is nothing to do about an optional gate without evidence.
            hint: judged.hint.filter(|_| mark != Mark::Skipped),
            evidence: String::new(),
            files: Vec::new(),
            details: Vec::new(),
            details_total: 0,
            not_before: None,
            rule: format!("{}:{}", self.rules_path, gate.at.line),
        }
    }

    /// Live evidence with the environment that it was asked about: `slo@staging`.
    fn at(&self, from: &[String]) -> String {
        let at: Vec<String> = from.iter().map(|id| format!("{id}@{}", self.facts.source.name)).collect();
        at.join(", ")
    }

    /// Where a reading comes from, in a few words: `3 files, 2 min old`.
    fn where_from(&self, from: &[String], observation: &Observation) -> String {
        match &observation.measure {
            Measure::Levels(levels) => {
                let (window, until) = (Millis::between(levels.since, levels.until), words::time_of_day(levels.until));
                return format!("{}: {window} to {until}", self.at(from));
            }
            Measure::Alerts(_) => return self.at(from),
            _ => {}
        }
        let files = match observation.files.as_slice() {
            [] => from.join(", "),
            [only] => only.path.clone(),
            several => words::counted(several.len() as u64, "file"),
        };
        let age = observation.taken.map(|taken| format!(", {} old", Millis::between(taken, self.facts.at).coarse()));
        // A load test is of whatever ran then: without a name of its version nothing says that it was this one.
        let is_load = matches!(observation.measure, Measure::Performance(_));
        let is_unbound = observation.subject.is_none() && (is_load || self.facts.commit.is_some());
        let bound = if is_unbound { ", not bound to a version" } else { "" };
        format!("{files}{}{bound}", age.unwrap_or_default())
    }
}
