//! Gates, spelled out as conditions. Every value is judged, also those of gates that are not built yet.

use std::collections::BTreeSet;

use crate::promotion::condition::{Comparison, Condition, Op, Operand};
use crate::promotion::fields::{Kind, Unit};
use crate::promotion::number::Decimal;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::gates::{Gates, Soak, Tests};
use crate::promotion::rules::file::shape::{OneOrMany, Percent, Placed, Span};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::evidence::Sources;
use crate::promotion::rules::resolve::names::bound;
use crate::promotion::rules::{self, Gate, GateKind, NotBuilt};
use crate::promotion::time::Millis;

/// What to write where a gate names evidence that is not live.
const WANTS_LEVELS: &str = "name evidence with `prometheus:`";
const WANTS_ALERTS: &str = "name evidence with `alertmanager:` or `prometheus_alerts:`";

/// Reads the gates of one promotion, or of its verification.
pub struct GateReader<'a> {
    /// The evidence that they may name.
    pub sources: &'a Sources,
    /// Where faults go.
    pub faults: &'a mut Vec<Wrong>,
    /// What is not built, of all that was read.
    pub not_built: Vec<NotBuilt>,
    /// The evidence that is read.
    pub uses: BTreeSet<String>,
    /// Whether they are those of a verification.
    pub(super) verification: bool,
    /// What was read, by its place in the file.
    pub(super) gates: Vec<(At, Vec<Gate>)>,
}

impl<'a> GateReader<'a> {
    /// A reader that has read nothing.
    pub fn new(sources: &'a Sources, faults: &'a mut Vec<Wrong>) -> Self {
        Self { sources, faults, not_built: Vec::new(), uses: BTreeSet::new(), verification: false, gates: Vec::new() }
    }

    /// A reader of the gates of a verification.
    pub fn of_verification(sources: &'a Sources, faults: &'a mut Vec<Wrong>) -> Self {
        Self { verification: true, ..Self::new(sources, faults) }
    }

    /// Reads all gates; the result is in the order of the file.
    pub fn read(&mut self, written: &Gates) -> Vec<Gate> {
        if let Some(tests) = &written.tests {
            self.tests(tests);
        }
        if let Some(coverage) = &written.coverage {
            self.coverage(coverage);
        }
        if let Some(security) = &written.security {
            self.security(security);
        }
        if let Some(performance) = &written.performance {
            self.performance(performance);
        }
        if let Some(quality) = &written.quality {
            self.quality(quality);
        }
        let of_commit = [
            written.checks.as_ref().map(|checks| self.checks(checks)),
            written.review.as_ref().map(|review| self.review(review)),
        ];
        self.gates.extend(of_commit.into_iter().flatten());
        if let Some(soak) = &written.soak {
            self.soak(soak);
        }
        if let Some(slo) = &written.slo {
            self.slo(slo);
        }
        if let Some(budget) = &written.error_budget {
            self.error_budget(budget);
        }
        if let Some(alerts) = &written.alerts {
            self.alerts(alerts);
        }
        if let Some(canary) = &written.canary {
            self.canary(canary);
        }
        if let Some(conditions) = &written.conditions {
            let parts = self.conditions(conditions, written);
            self.gates.push((conditions.at, parts));
        }
        let mut groups = std::mem::take(&mut self.gates);
        groups.sort_by_key(|(at, _)| (at.line, at.column));
        groups.into_iter().flat_map(|(_, gates)| gates).collect()
    }

    fn tests(&mut self, tests: &Placed<Tests>) {
        let required = self.listed(tests.required.as_ref(), Kind::Tests);
        let optional = self.listed(tests.optional.as_ref(), Kind::Tests);
        for (id, place) in &optional {
            if required.iter().any(|(other, _)| other == id) {
                let wrong = Wrong::of(place, format!("`{id}` is both required and optional"));
                self.faults.push(wrong.help("remove one of them"));
            }
        }
        if let Some(min) = tests.count_min.as_ref().filter(|min| min.value == 0) {
            let wrong = Wrong::of(min, "`0` cannot be `count_min`: a report without tests is no evidence");
            self.faults.push(wrong.help("write 1 or more, or name the evidence under `optional`"));
        }
        let named = tests.required.is_some() || tests.optional.is_some();
        let mut all: Vec<(String, At, bool)> = Vec::new();
        if named {
            let empty = required.is_empty() && optional.is_empty();
            let given = [&tests.required, &tests.optional].into_iter().flatten().any(|list| !list.0.is_empty());
            if empty && !given && !tests.faulty {
                self.asks_nothing(tests, "tests", "name evidence under `required:`");
            }
            all.extend(required.into_iter().map(|(id, place)| (id, place.at, false)));
            all.extend(optional.into_iter().map(|(id, place)| (id, place.at, true)));
        } else {
            let ids = self.from(tests, "tests", "required", None, Some(Kind::Tests));
            all.extend(ids.into_iter().map(|id| (id, tests.at, false)));
        }
        let gates = all.into_iter().map(|(id, at, optional)| tests_gate(tests, id, at, optional)).collect();
        self.gates.push((tests.at, gates));
    }

    fn soak(&mut self, soak: &Placed<Soak>) {
        if let Some(min) = self.span("min", Some(&soak.min)) {
            if min.0 == 0 {
                self.asks_nothing(soak, "soak", "write a longer time, such as 2h");
            }
            let gate = Gate {
                id: "soak.min".to_owned(),
                kind: GateKind::Soak(rules::soak::SoakGate {
                    min,
                    since: soak.since.unwrap_or_default(),
                    protect: soak.protect,
                }),
                optional: soak.optional,
                at: soak.min.at,
            };
            self.gates.push((soak.at, vec![gate]));
        }
    }

    /// The evidence of a gate: what `from` names, else the evidence with the gate's name. `kind` is what a built gate reads.
    pub fn from<T>(
        &mut self,
        gate: &Placed<T>,
        name: &str,
        key: &str,
        from: Option<&OneOrMany<String>>,
        kind: Option<Kind>,
    ) -> Vec<String> {
        if from.is_some_and(|from| from.0.is_empty()) && !gate.faulty {
            self.faults.push(Wrong::of(gate, format!("`{name}` names no evidence")).help(format!("write {key}: [id]")));
        }
        if from.is_some() {
            return self.listed_of(from, kind).into_iter().map(|(id, _)| id).collect();
        }
        if self.sources.sources.contains_key(name) {
            self.accept(name, gate.at, gate.width, kind);
            return vec![name.to_owned()];
        }
        if self.sources.readable && !gate.faulty {
            let wrong = Wrong::of(gate, format!("`{name}` does not say which evidence it reads"));
            self.faults.push(wrong.help(format!("add `{key}: [id]`: there is no evidence with the id `{name}`")));
        }
        Vec::new()
    }

    fn listed<'p>(&mut self, list: Option<&'p OneOrMany<String>>, kind: Kind) -> Vec<(String, &'p Placed<String>)> {
        self.listed_of(list, Some(kind))
    }

    fn listed_of<'p>(
        &mut self,
        list: Option<&'p OneOrMany<String>>,
        kind: Option<Kind>,
    ) -> Vec<(String, &'p Placed<String>)> {
        let mut ids: Vec<(String, &Placed<String>)> = Vec::new();
        for place in list.into_iter().flat_map(|list| &list.0) {
            if !self.sources.readable {
                continue;
            }
            let Some(id) = bound("evidence", place, self.sources.ids(), self.faults) else { continue };
            if ids.iter().any(|(other, _)| *other == id) {
                self.faults.push(Wrong::of(place, format!("`{id}` is named twice")).help("remove one"));
                continue;
            }
            self.accept(&id, place.at, place.width, kind);
            ids.push((id, place));
        }
        ids
    }

    /// Notes that evidence is read; a built gate needs evidence that is built and of its own kind.
    pub fn accept(&mut self, id: &str, at: At, width: u32, kind: Option<Kind>) {
        self.uses.insert(id.to_owned());
        let Some(kind) = kind else { return };
        let (message, help) = match self.sources.measures(id) {
            // The thresholds that a load test judges itself are tests of it.
            Some(Kind::Performance) if kind == Kind::Tests => return,
            Some(measured) if measured != kind => {
                let what = what(kind);
                if self.sources.is_live(id) {
                    let help = match kind {
                        Kind::Levels => WANTS_LEVELS,
                        Kind::Alerts => WANTS_ALERTS,
                        _ => "name other evidence",
                    };
                    (format!("`{id}` holds no {what}"), help)
                } else if self.sources.is_asked(id) {
                    (format!("GitHub's answer for `{id}` holds no {what}"), "name other evidence, or correct its `ask`")
                } else {
                    (format!("the format of `{id}` holds no {what}"), "name other evidence, or correct its `format`")
                }
            }
            None if matches!(kind, Kind::Levels | Kind::Alerts) => {
                let help = if kind == Kind::Levels { WANTS_LEVELS } else { WANTS_ALERTS };
                (format!("`{id}` holds no {}", what(kind)), help)
            }
            None if matches!(kind, Kind::Checks | Kind::Review) => {
                let word = if kind == Kind::Checks { "checks" } else { "review" };
                let help = if kind == Kind::Checks {
                    "name evidence with `ask: checks`"
                } else {
                    "name evidence with `ask: review`"
                };
                (format!("`{id}` holds no {word}"), help)
            }
            _ => return,
        };
        self.faults.push(Wrong::new(at, width, message).help(help));
    }

    /// A gate without a limit would always pass.
    pub fn asks_nothing<T>(&mut self, gate: &Placed<T>, name: &str, help: &str) {
        if !gate.faulty {
            self.faults.push(Wrong::of(gate, format!("`{name}` asks for nothing, and would always pass")).help(help));
        }
    }

    /// A share of a whole: at most 100%.
    pub fn share(&mut self, name: &str, text: Option<&Placed<Percent>>) -> Option<Decimal> {
        let value = self.percent(name, text)?;
        if value > Decimal::whole(1) {
            let text = text?;
            let message = format!("`{}` cannot be `{name}`", text.value.0);
            self.faults.push(Wrong::of(text, message).help("it is a share of a whole: at most 100%"));
            return None;
        }
        Some(value)
    }

    /// A percentage, which may be more than 100%.
    pub fn percent(&mut self, name: &str, text: Option<&Placed<Percent>>) -> Option<Decimal> {
        let text = text?.map_text(|percent| &percent.0);
        self.quantity(name, &text, quantity::percent)
    }

    /// A span of time.
    pub fn span(&mut self, name: &str, text: Option<&Placed<Span>>) -> Option<Millis> {
        let text = text?.map_text(|span| &span.0);
        self.quantity(name, &text, quantity::span)
    }

    /// Any text with a unit.
    pub fn quantity<T>(
        &mut self,
        name: &str,
        text: &Placed<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if text.faulty {
            return None;
        }
        match read(&text.value) {
            Ok(value) => Some(value),
            Err(help) => {
                self.faults.push(Wrong::of(text, format!("`{}` cannot be `{name}`", text.value)).help(help));
                None
            }
        }
    }
}

fn tests_gate(tests: &Tests, id: String, at: At, optional: bool) -> Gate {
    let limit = |measure: &str, op, value| is(format!("{id}.{measure}"), op, count(value), Unit::Count);
    let mut parts = vec![
        limit("failed", Op::Eq, 0),
        limit("errored", Op::Eq, 0),
        limit("executed", Op::Gte, tests.count_min.as_ref().map_or(1, |min| min.value)),
    ];
    if let Some(max) = &tests.skipped_max {
        parts.push(limit("skipped", Op::Lte, max.value));
    }
    if let Some(max) = &tests.flaky_max {
        parts.push(limit("flaky", Op::Lte, max.value));
    }
    let condition = Condition::All(parts);
    Gate { id: format!("tests.{id}"), kind: GateKind::Tests { evidence: id, condition }, optional, at }
}

/// One comparison.
pub(super) fn is(field: String, op: Op, value: Operand, unit: Unit) -> Condition {
    Condition::Is(Comparison { field, op, value, unit })
}

/// A whole number.
pub(super) fn count(value: u64) -> Operand {
    Operand::Number(Decimal::new(i128::from(value), 0))
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Tests => "test results",
        Kind::Coverage => "coverage",
        Kind::Security => "security findings",
        Kind::Quality => "findings of linters",
        Kind::Performance => "results of a load test",
        Kind::Levels => "service levels",
        Kind::Alerts => "alerts",
        Kind::Checks => "checks",
        Kind::Review => "review",
        Kind::Canary => "comparison of a canary",
        Kind::Deployment => "deployment",
    }
}
