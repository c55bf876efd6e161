//! Two rules files compared in what they mean: promotion by promotion, what asks for less than before, and what for more.
//!
//! Parts that parse and are not built have no meaning to compare yet: only whether they are there. The text shows the rest.

mod hotfix;
mod roles;
mod sources;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::promotion::canary::limit::{Action, Against, Canary};
use crate::promotion::condition::{Comparison, Condition, Op, Operand};
use crate::promotion::freeze::Window;
use crate::promotion::gates::explain::describe;
use crate::promotion::gates::needs::needs;
use crate::promotion::rules::github::OfCommit;
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::rules::{Environment, Gate, GateKind, Promotion, Rules};
use crate::promotion::time::Millis;
use crate::promotion::words;

/// What a change does to what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Less is asked for than before.
    Loosened,
    /// More is asked for than before.
    Tightened,
    /// Something else is asked for.
    Changed,
}

impl Effect {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Changed => "changed",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it does.
    pub effect: Effect,
    /// The part of the promotion: a gate's id, `verify.settle`, `evidence.unit`.
    pub part: String,
    /// Before and after, in words.
    pub what: String,
}

/// What changed in one promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// What changed, in the order of a promotion's parts.
    pub changes: Vec<Change>,
    /// Parts of either side that are not built, and so are compared by name only.
    pub by_name_only: BTreeSet<String>,
}

/// Every promotion of either file, in the order of the new one, with what changed in it.
pub fn compare(old: &Rules, new: &Rules) -> Vec<Compared> {
    let gone = old.promotions.iter().filter(|promotion| new.promotion(&promotion.from, &promotion.to).is_none());
    let mut compared: Vec<Compared> = new.promotions.iter().map(|promotion| one(old, new, promotion)).collect();
    compared.extend(gone.map(|promotion| {
        let what = "the promotion is gone".to_owned();
        whole(promotion, Change { effect: Effect::Tightened, part: "promotion".to_owned(), what })
    }));
    compared
}

fn whole(promotion: &Promotion, change: Change) -> Compared {
    let (from, to) = (promotion.from.clone(), promotion.to.clone());
    Compared { from, to, changes: vec![change], by_name_only: unbuilt(promotion) }
}

fn unbuilt(promotion: &Promotion) -> BTreeSet<String> {
    promotion.not_built.iter().map(|part| part.part.clone()).collect()
}

fn one(old_rules: &Rules, new_rules: &Rules, new: &Promotion) -> Compared {
    let Some(old) = old_rules.promotion(&new.from, &new.to) else {
        let other = old_rules.promotions.iter().find(|other| other.to == new.to);
        let (effect, what) = match other {
            Some(other) => (Effect::Loosened, format!("is new: another way there than from {}", other.from)),
            None => (Effect::Changed, "is new".to_owned()),
        };
        return whole(new, Change { effect, part: "promotion".to_owned(), what });
    };
    let mut found = Changes(Vec::new());
    found.gates("", &old.gates, &new.gates);
    found.evidence((old_rules, old), (new_rules, new));
    found.flag("require_digest", old.require_digest, new.require_digest);
    found.flag("require_subject", old.require_subject, new.require_subject);
    found.opens("trust_baseline", old.trust_baseline, new.trust_baseline);
    found.opens("auto_promote", old.auto_promote, new.auto_promote);
    found.roles(old, new);
    found.hotfix(old, new);
    found.verify(old, new);
    found.rollback(old, new);
    found.freeze(old, new);
    let (was, is) = (unbuilt(old), unbuilt(new));
    for part in was.difference(&is) {
        found.add(Effect::Loosened, part, "is gone");
    }
    for part in is.difference(&was) {
        found.add(Effect::Tightened, part, "is new");
    }
    found.environments((old_rules, new_rules), &[&new.from, &new.to]);
    let by_name_only = was.intersection(&is).cloned().collect();
    Compared { from: new.from.clone(), to: new.to.clone(), changes: found.0, by_name_only }
}

struct Changes(Vec<Change>);

impl Changes {
    fn add(&mut self, effect: Effect, part: &str, what: impl Into<String>) {
        self.0.push(Change { effect, part: part.to_owned(), what: what.into() });
    }

    /// A switch that asks for something when it is on.
    fn flag(&mut self, part: &str, old: bool, new: bool) {
        if old != new {
            let effect = if old { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, part, format!("{old} → {new}"));
        }
    }

    /// A switch that opens something when it is on.
    fn opens(&mut self, part: &str, old: bool, new: bool) {
        if old != new {
            let effect = if new { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, part, format!("{old} → {new}"));
        }
    }

    /// `place`: before the ids of gates that are not the promotion's own.
    fn gates(&mut self, place: &str, old: &[Gate], new: &[Gate]) {
        for gate in old {
            match new.iter().find(|other| other.id == gate.id) {
                Some(now) => self.gate(place, gate, now),
                None => self.add(
                    Effect::Loosened,
                    &format!("{place}{}", gate.id),
                    format!("is gone; it wanted {}", wants(gate)),
                ),
            }
        }
        for gate in new.iter().filter(|gate| old.iter().all(|other| other.id != gate.id)) {
            let optional = if gate.optional { ", optional" } else { "" };
            self.add(Effect::Tightened, &format!("{place}{}", gate.id), format!("is new: {}{optional}", wants(gate)));
        }
    }

    fn gate(&mut self, place: &str, old: &Gate, new: &Gate) {
        let id = &format!("{place}{}", old.id);
        match (old.optional, new.optional) {
            (false, true) => self.add(Effect::Loosened, id, "required → optional"),
            (true, false) => self.add(Effect::Tightened, id, "optional → required"),
            _ => {}
        }
        match (&old.kind, &new.kind) {
            (GateKind::Canary(was), GateKind::Canary(is)) => self.canary(id, was, is),
            (GateKind::Soak(old), GateKind::Soak(new)) => self.soak(id, old, new),
            (GateKind::Tests { condition: old, .. }, GateKind::Tests { condition: new, .. })
            | (GateKind::Checks(OfCommit { condition: old, .. }), GateKind::Checks(OfCommit { condition: new, .. }))
            | (GateKind::Review(OfCommit { condition: old, .. }), GateKind::Review(OfCommit { condition: new, .. }))
            | (GateKind::Condition(old), GateKind::Condition(new)) => self.condition(id, old, new),
            (
                GateKind::Measured { from, condition, tools, base },
                GateKind::Measured { from: now_from, condition: now, tools: now_tools, base: now_base },
            ) => {
                for gone in tools.iter().filter(|tool| !now_tools.contains(tool)) {
                    self.add(Effect::Loosened, id, format!("no longer expects {gone}"));
                }
                for added in now_tools.iter().filter(|tool| !tools.contains(tool)) {
                    self.add(Effect::Tightened, id, format!("expects {added} too"));
                }
                if base != now_base {
                    self.add(Effect::Changed, id, "is compared with other evidence");
                }
                for gone in from.iter().filter(|evidence| !now_from.contains(evidence)) {
                    self.add(Effect::Loosened, id, format!("no longer reads {gone}"));
                }
                for added in now_from.iter().filter(|evidence| !from.contains(evidence)) {
                    self.add(Effect::Tightened, id, format!("reads {added} too"));
                }
                self.condition(id, condition, now);
            }
            _ => self.add(Effect::Changed, id, format!("{} → {}", wants(old), wants(new))),
        }
    }

    fn canary(&mut self, id: &str, old: &Canary, new: &Canary) {
        if old.evidence != new.evidence {
            self.add(Effect::Changed, id, format!("reads {} → {}", old.evidence, new.evidence));
        }
        let effect = match new.limit.stricter_than(old.limit) {
            Some(Ordering::Less) => Some(Effect::Loosened),
            Some(Ordering::Greater) => Some(Effect::Tightened),
            Some(Ordering::Equal) => None,
            None => Some(Effect::Changed),
        };
        if let Some(effect) = effect {
            self.add(effect, id, format!("{} → {}", old.limit.wanted(), new.limit.wanted()));
        }
        if let (Against::Before(was), Against::Before(is)) = (old.against, new.against)
            && was != is
        {
            let rank = |action| [Action::Warn, Action::Pause, Action::Rollback].iter().position(|one| *one == action);
            let effect = if rank(is) < rank(was) { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, id, format!("leads to {} → {}", was.word(), is.word()));
        }
    }

    fn condition(&mut self, id: &str, old: &Condition, new: &Condition) {
        if old == new {
            return;
        }
        if !is_conjunction(old) || !is_conjunction(new) {
            return self.add(Effect::Changed, id, format!("{} → {}", describe(old), describe(new)));
        }
        let (old, new) = (old.comparisons(), new.comparisons());
        let like = |all: &[&Comparison], one: &Comparison| {
            all.iter().find(|other| other.field == one.field && other.op == one.op).map(|found| (*found).clone())
        };
        for was in &old {
            match like(&new, was) {
                None => self.add(Effect::Loosened, id, format!("no longer {} {}", was.field, words::wanted(was))),
                Some(is) if is.value == was.value => {}
                Some(is) => {
                    let what = format!("{} {} → {}", was.field, words::wanted(was), words::wanted(&is));
                    self.add(direction(was, &is), id, what);
                }
            }
        }
        for is in new.iter().filter(|is| like(&old, is).is_none()) {
            self.add(Effect::Tightened, id, format!("also {} {}", is.field, words::wanted(is)));
        }
    }

    fn evidence(&mut self, (old_rules, old): (&Rules, &Promotion), (new_rules, new): (&Rules, &Promotion)) {
        let of = |rules: &Rules, promotion| needs(promotion, &rules.evidence).evidence();
        let both = of(old_rules, old);
        for id in both.intersection(&of(new_rules, new)) {
            let kind = |rules: &Rules| rules.evidence.get(id).map(|source| source.kind.clone());
            let (Some(was), Some(is)) = (kind(old_rules), kind(new_rules)) else { continue };
            self.source(&format!("evidence.{id}"), &was, &is);
        }
    }

    fn verify(&mut self, old: &Promotion, new: &Promotion) {
        let (old, new) = (&old.verify, &new.verify);
        self.gates("verify.gates.", &old.gates, &new.gates);
        self.span("verify.settle", old.settle, new.settle);
        // What may last longer before it is definite is seen later.
        self.span("verify.grace", new.grace, old.grace);
        if let Some(last) = self.0.last_mut().filter(|_| old.grace != new.grace) {
            last.what = format!("{} → {}", old.grace, new.grace);
        }
        if old.timeout != new.timeout {
            self.add(Effect::Changed, "verify.timeout", format!("{} → {}", old.timeout, new.timeout));
        }
        let watch = |watch: Option<Millis>| watch.unwrap_or(Millis(0));
        self.span("verify.watch", watch(old.watch), watch(new.watch));
        self.named("verify.health", (&old.health, &new.health), |check| check.url.as_str());
        self.named("verify.smoke", (&old.smoke, &new.smoke), |test| test.name.as_str());
    }

    /// What is asked of a service, each by its name: what is gone, another, or new.
    fn named<T: PartialEq>(&mut self, part: &str, (old, new): (&[T], &[T]), name: fn(&T) -> &str) {
        for one in old {
            match new.iter().find(|other| name(other) == name(one)) {
                None => self.add(Effect::Loosened, part, format!("{} is gone", name(one))),
                Some(now) if now != one => self.add(Effect::Changed, part, name(one).to_owned()),
                Some(_) => {}
            }
        }
        for one in new.iter().filter(|one| old.iter().all(|other| name(other) != name(one))) {
            self.add(Effect::Tightened, part, format!("{} is new", name(one)));
        }
    }

    fn rollback(&mut self, old: &Promotion, new: &Promotion) {
        let (old, new) = (&old.rollback, &new.rollback);
        if old.when != new.when {
            let word = |when| match when {
                RollbackWhen::Auto => "auto",
                RollbackWhen::Ask => "ask",
                RollbackWhen::Never => "never",
            };
            let rank = |when| [RollbackWhen::Auto, RollbackWhen::Ask].iter().position(|known| *known == when);
            let later = rank(new.when).unwrap_or(2) > rank(old.when).unwrap_or(2);
            let effect = if later { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, "rollback.when", format!("{} → {}", word(old.when), word(new.when)));
        }
        for gone in old.on.difference(&new.on) {
            self.add(Effect::Loosened, "rollback.on", format!("no longer {gone:?}").to_lowercase());
        }
        for added in new.on.difference(&old.on) {
            self.add(Effect::Tightened, "rollback.on", format!("also {added:?}").to_lowercase());
        }
        self.flag("rollback.on_unknown", old.on_unknown, new.on_unknown);
        self.span("rollback.hold", old.hold, new.hold);
        self.span("rollback.cooldown", old.cooldown, new.cooldown);
        if old.per_day != new.per_day {
            let effect = if new.per_day > old.per_day { Effect::Loosened } else { Effect::Tightened };
            self.add(effect, "rollback.per_day", format!("{} → {}", old.per_day, new.per_day));
        }
    }

    /// Freeze windows are known by their names.
    fn freeze(&mut self, old: &Promotion, new: &Promotion) {
        let named = |windows: &[Window], name: &str| windows.iter().find(|window| window.name == name).cloned();
        for was in &old.freeze {
            let part = format!("freeze.{}", was.name);
            match named(&new.freeze, &was.name) {
                None => self.add(Effect::Loosened, &part, "is gone"),
                Some(is) if is.when != was.when || is.zone != was.zone => {
                    self.add(Effect::Changed, &part, format!("{} → {}", was.describe(), is.describe()));
                }
                Some(is) if is.except != was.except => self.add(Effect::Changed, &part, "others may go on in it"),
                Some(_) => {}
            }
        }
        for is in new.freeze.iter().filter(|is| named(&old.freeze, &is.name).is_none()) {
            self.add(Effect::Tightened, &format!("freeze.{}", is.name), is.describe());
        }
    }

    fn environments(&mut self, (old, new): (&Rules, &Rules), names: &[&String]) {
        let find =
            |rules: &Rules, name: &str| rules.services.values().find_map(|service| service.environment(name).cloned());
        let apps =
            |environment: &Environment| environment.targets.iter().map(|target| target.apps.len()).sum::<usize>();
        for name in names {
            let (Some(was), Some(is)) = (find(old, name), find(new, name)) else { continue };
            let part = format!("environments.{name}");
            if apps(&was) > 0 && apps(&is) == 0 {
                self.add(Effect::Loosened, &part, "is no longer watched in Argo CD");
            } else if was != is {
                self.add(Effect::Changed, &part, "is written down, run or pinned elsewhere");
            }
        }
    }
}

fn wants(gate: &Gate) -> String {
    match &gate.kind {
        GateKind::Canary(canary) => canary.limit.wanted(),
        GateKind::Soak(soak) => format!("≥ {}", soak.min),
        GateKind::Tests { condition, .. }
        | GateKind::Checks(OfCommit { condition, .. })
        | GateKind::Review(OfCommit { condition, .. })
        | GateKind::Measured { condition, .. }
        | GateKind::Condition(condition) => describe(condition),
    }
}

/// Whether all of it must hold: comparisons joined by `all` only.
fn is_conjunction(condition: &Condition) -> bool {
    match condition {
        Condition::Is(_) => true,
        Condition::All(parts) => parts.iter().all(is_conjunction),
        Condition::Any(_) | Condition::Not(_) => false,
    }
}

/// What another value does to a comparison of the same field.
fn direction(old: &Comparison, new: &Comparison) -> Effect {
    let (Operand::Number(was), Operand::Number(is)) = (&old.value, &new.value) else { return Effect::Changed };
    match old.op {
        Op::Gt | Op::Gte if is < was => Effect::Loosened,
        Op::Lt | Op::Lte if is > was => Effect::Loosened,
        Op::Gt | Op::Gte | Op::Lt | Op::Lte => Effect::Tightened,
        Op::Eq | Op::Ne | Op::In | Op::Exists => Effect::Changed,
    }
}

#[cfg(test)]
mod tests;
