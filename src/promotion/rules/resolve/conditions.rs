//! The general form: conditions over named facts, bound to the table of facts.

use crate::promotion::condition::{Comparison, Condition, Op, Operand};
use crate::promotion::fields::{FIELDS, Field, Kind, Unit, of_kind};
use crate::promotion::rules::fault::{Wrong, advice};
use crate::promotion::rules::file::gates::{Condition as Written, Gates};
use crate::promotion::rules::file::shape::{OneOrMany, Placed, Scalar};
use crate::promotion::rules::quantity;
use crate::promotion::rules::resolve::gates::GateReader;
use crate::promotion::rules::{Gate, GateKind};
use crate::promotion::words::list;

/// The kinds that files can hold.
const OF_FILES: [Kind; 5] = [Kind::Tests, Kind::Coverage, Kind::Security, Kind::Quality, Kind::Performance];

/// A field that is bound: the name that it is looked up by, and its row of the table.
type Bound = (String, &'static Field);

impl GateReader<'_> {
    /// One gate for each part of the outermost `all`.
    pub(super) fn conditions(&mut self, written: &Placed<Written>, gates: &Gates) -> Vec<Gate> {
        let whole = std::slice::from_ref(written);
        let parts = match (&written.all, one_form(written)) {
            (Some(all), true) if !all.is_empty() => all.value.as_slice(),
            _ => whole,
        };
        let mut resolved = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if let Some(condition) = self.condition(part, gates) {
                let id = format!("conditions.{}", index + 1);
                resolved.push(Gate { id, kind: GateKind::Condition(condition), optional: false, at: part.at });
            }
        }
        resolved
    }

    fn condition(&mut self, written: &Placed<Written>, gates: &Gates) -> Option<Condition> {
        if !one_form(written) {
            if !written.faulty {
                let wrong = Wrong::of(written, "this is not one condition");
                self.faults.push(wrong.help("write either `field`, `op` and `value`, or one of `all`, `any`, `not`"));
            }
            return None;
        }
        if let Some(all) = &written.all {
            return self.parts("all", all, gates).map(Condition::All);
        }
        if let Some(any) = &written.any {
            return self.parts("any", any, gates).map(Condition::Any);
        }
        if let Some(not) = &written.not {
            return self.condition(not, gates).map(|part| Condition::Not(Box::new(part)));
        }
        self.comparison(written, gates).map(Condition::Is)
    }

    fn parts(&mut self, name: &str, parts: &Placed<Vec<Placed<Written>>>, gates: &Gates) -> Option<Vec<Condition>> {
        if parts.is_empty() && !parts.faulty {
            self.faults.push(Wrong::of(parts, format!("`{name}` is empty")).help("add conditions, or remove it"));
        }
        let resolved: Vec<Condition> = parts.iter().filter_map(|part| self.condition(part, gates)).collect();
        // Less than all of it would be another condition.
        (resolved.len() == parts.len() && !resolved.is_empty()).then_some(resolved)
    }

    fn comparison(&mut self, written: &Placed<Written>, gates: &Gates) -> Option<Comparison> {
        let (Some(name), Some(op)) = (&written.field, &written.op) else {
            if !written.faulty {
                let missing = if written.field.is_none() { "field" } else { "op" };
                let wrong = Wrong::of(written, format!("this condition has no `{missing}`"));
                self.faults.push(wrong.help("write { field: coverage.line_rate, op: gte, value: 80% }"));
            }
            // The name is judged all the same.
            return written.field.as_ref().and_then(|name| self.field(name, gates)).and(None);
        };
        let (bound, field) = self.field(name, gates)?;
        let value = self.operand(written, op.value, field)?;
        Some(Comparison { field: bound, op: op.value, value, unit: field.unit })
    }

    fn operand(&mut self, written: &Placed<Written>, op: Op, field: &Field) -> Option<Operand> {
        let Some(value) = &written.value.value else {
            if op == Op::Exists {
                return Some(Operand::Bool(true));
            }
            if !written.faulty {
                self.faults.push(Wrong::of(written, "this condition has no `value`").help("add what to compare with"));
            }
            return None;
        };
        if value.faulty {
            return None;
        }
        if op == Op::In {
            let items: Vec<Operand> = value.0.iter().filter_map(|item| self.scalar(item, field, field.unit)).collect();
            if value.0.is_empty() {
                self.faults.push(Wrong::of(value, "nothing is in an empty list").help("write value: [a, b]"));
            }
            return (items.len() == value.0.len() && !items.is_empty()).then_some(Operand::List(items));
        }
        let ordered = matches!(op, Op::Gt | Op::Gte | Op::Lt | Op::Lte);
        if ordered && matches!(field.unit, Unit::Text | Unit::Bool) {
            let wrong = Wrong::of(value, format!("`{}` has no order", field.measure));
            self.faults.push(wrong.help("use eq, ne or in"));
            return None;
        }
        let OneOrMany(items) = &value.value;
        let [item] = items.as_slice() else {
            self.faults.push(Wrong::of(value, "one value is compared at a time").help("use op: in for a list"));
            return None;
        };
        self.scalar(item, field, if op == Op::Exists { Unit::Bool } else { field.unit })
    }

    fn scalar(&mut self, value: &Placed<Scalar>, field: &Field, unit: Unit) -> Option<Operand> {
        let text = value.map_text(|scalar| &scalar.0);
        let may_exceed = field.measure == "consumption";
        let read = if may_exceed { quantity::unbounded } else { quantity::operand };
        self.quantity("value", &text, |text| read(unit, text))
    }

    /// The row of the table that a field names; `None` if it was reported.
    fn field(&mut self, name: &Placed<String>, gates: &Gates) -> Option<Bound> {
        if name.faulty {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        // A pair of windows stands behind the `@`: `slo.burn_rate@6h/30m`.
        let whole = lower.split_once('@').map_or(lower.as_str(), |(name, _)| name);
        let (prefix, measure) = whole.rsplit_once('.').unwrap_or((whole, ""));
        if let Some(id) = self.live_source(name, prefix, gates) {
            return self.live_field(name, &lower, &id?, measure);
        }
        self.field_of_reports(name, &lower, gates).map(|row| (lower.clone(), row))
    }

    /// A field of service levels or alerts. What stands before the dot is the evidence's id afterwards.
    fn live_field(&mut self, name: &Placed<String>, lower: &str, id: &str, measure: &str) -> Option<Bound> {
        let kind = self.sources.measures(id)?;
        let row = self.row(name, measure, &[kind])?;
        self.accept(id, name.at, name.width, Some(row.kind));
        let Some((_, pair)) = lower.split_once('@') else { return Some((format!("{id}.{measure}"), row)) };
        let spans = pair
            .split_once('/')
            .and_then(|(long, short)| Some((quantity::span(long).ok()?, quantity::span(short).ok()?)));
        if row.measure != "burn_rate" || spans.is_none_or(|(long, short)| short.0 < 1000 || short >= long) {
            let wrong = Wrong::of(name, format!("`@{pair}` is no pair of windows of a burn rate"));
            self.faults.push(wrong.help(format!("write the longer one first, such as {id}.burn_rate@6h/30m")));
            return None;
        }
        Some((format!("{id}.{measure}@{pair}"), row))
    }

    /// The live evidence that a field speaks of: an id, the gate's own evidence, or the only one of its kind. The outer `None`: it
    /// speaks of something else; the inner one: it was reported which are meant.
    fn live_source(&mut self, name: &Placed<String>, prefix: &str, gates: &Gates) -> Option<Option<String>> {
        if self.sources.sources.contains_key(prefix) {
            return self.sources.is_live(prefix).then(|| Some(prefix.to_owned()));
        }
        let (kind, from) = match prefix {
            "metrics" => (Kind::Levels, None),
            "slo" => (Kind::Levels, gates.slo.as_ref().and_then(|gate| gate.from.as_ref())),
            "error_budget" => (Kind::Levels, gates.error_budget.as_ref().and_then(|gate| gate.from.as_ref())),
            "alerts" => (Kind::Alerts, gates.alerts.as_ref().and_then(|gate| gate.from.as_ref())),
            _ => return None,
        };
        let ids: Vec<String> = match from {
            Some(OneOrMany(ids)) => ids.iter().map(|id| id.to_ascii_lowercase()).collect(),
            None => {
                let of_kind = self.sources.ids().filter(|id| self.sources.measures(id) == Some(kind));
                of_kind.map(str::to_owned).collect()
            }
        };
        let is_known = |id: &&String| self.sources.sources.contains_key(id.as_str());
        match ids.as_slice() {
            [only] => Some(Some(only).filter(is_known).cloned()),
            [] if !self.sources.readable => Some(None),
            [] => {
                let what = if kind == Kind::Levels { "prometheus:" } else { "alertmanager:" };
                let wrong = Wrong::of(name, format!("`{}` speaks of evidence that the file does not have", name.value));
                self.faults.push(wrong.help(format!("add evidence with `{what}`")));
                Some(None)
            }
            several => {
                let wrong = Wrong::of(name, format!("`{}` may mean any of {}", name.value, list(several)));
                self.faults.push(wrong.help(format!(
                    "name one: {}.{}",
                    several[0],
                    name.rsplit('.').next().unwrap_or_default()
                )));
                Some(None)
            }
        }
    }

    fn field_of_reports(&mut self, name: &Placed<String>, lower: &str, gates: &Gates) -> Option<&'static Field> {
        let (prefix, measure) = lower.rsplit_once('.').unwrap_or((lower, ""));
        if prefix == "deployment" {
            return self.row(name, measure, &[Kind::Deployment]);
        }
        if self.sources.sources.contains_key(prefix) {
            let kinds = match self.sources.measures(prefix) {
                None => OF_FILES.to_vec(),
                // A load test's report holds its thresholds too.
                Some(Kind::Performance) => vec![Kind::Performance, Kind::Tests],
                Some(kind) => vec![kind],
            };
            let row = self.row(name, measure, &kinds)?;
            self.accept(prefix, name.at, name.width, Some(row.kind));
            return Some(row);
        }
        let gate = match prefix {
            "tests" => Some((Kind::Tests, gates.tests.is_some())),
            "coverage" => Some((Kind::Coverage, gates.coverage.is_some())),
            "security" => Some((Kind::Security, gates.security.is_some())),
            "performance" => Some((Kind::Performance, gates.performance.is_some())),
            "quality" => Some((Kind::Quality, gates.quality.is_some())),
            "canary" => Some((Kind::Canary, gates.canary.is_some())),
            "checks" => Some((Kind::Checks, gates.checks.is_some())),
            "review" => Some((Kind::Review, gates.review.is_some())),
            _ => None,
        };
        match gate {
            Some((kind, true)) => self.row(name, measure, &[kind]),
            Some((_, false)) => {
                let message = format!("`{}` speaks of a gate that this promotion does not have", name.value);
                let help = format!("add the gate `{prefix}`, or name evidence: <evidence id>.{measure}");
                self.faults.push(Wrong::of(name, message).help(help));
                None
            }
            None if !self.sources.readable => None,
            None => self.row(name, measure, &[]),
        }
    }

    /// The row of one of these kinds; a fault with the nearest name if there is none.
    fn row(&mut self, name: &Placed<String>, measure: &str, kinds: &[Kind]) -> Option<&'static Field> {
        if let Some(row) = kinds.iter().find_map(|kind| of_kind(*kind, measure)) {
            return Some(row);
        }
        let mut wrong = Wrong::of(name, format!("unknown field `{}`", name.value));
        wrong.help = match name.rsplit_once('.') {
            Some((prefix, _)) if !kinds.is_empty() => {
                let rows = FIELDS.iter().filter(|row| kinds.contains(&row.kind)).map(|row| row.measure);
                let of = prefix.to_ascii_lowercase();
                advice(measure, rows).map(|help| format!("after `{of}.`: {help}"))
            }
            _ => advice(&name.value, self.all_fields().iter().map(String::as_str)),
        };
        self.faults.push(wrong);
        None
    }

    /// Every field that a condition may name here.
    fn all_fields(&self) -> Vec<String> {
        let mut all = Vec::new();
        for row in FIELDS {
            let gate = match row.kind {
                Kind::Tests => "tests",
                Kind::Coverage => "coverage",
                Kind::Security => "security",
                Kind::Quality => "quality",
                Kind::Performance => "performance",
                Kind::Levels => "slo",
                Kind::Alerts => "alerts",
                Kind::Checks => "checks",
                Kind::Review => "review",
                Kind::Canary => "canary",
                Kind::Deployment => "deployment",
            };
            let ids = self.sources.ids().filter(|_| !matches!(row.kind, Kind::Deployment | Kind::Canary));
            all.extend(ids.chain([gate]).map(|prefix| format!("{prefix}.{}", row.measure)));
        }
        all
    }
}

/// Whether exactly one of the four forms is written.
fn one_form(written: &Written) -> bool {
    let compares = written.field.is_some() || written.op.is_some() || written.value.is_some();
    let forms = [written.all.is_some(), written.any.is_some(), written.not.is_some(), compares];
    forms.into_iter().filter(|is| *is).count() == 1
}
