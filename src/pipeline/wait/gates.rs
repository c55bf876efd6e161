//! The gates of a verification, looked at through the settle window as [`looks`] says.
//!
//! Their evidence is of the time since the version first ran, however often the window began anew: a look that could not be had
//! loses nothing, so that "could not find out" closes no window; it only keeps the wait from ending well.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::readings;
use crate::pipeline::wait::goal::{Gated, Goal, Settled};
use crate::ports::{About, World};
use crate::promotion::event::Event;
use crate::promotion::gates::target::{self, Readings, Seen};
use crate::promotion::gates::{needs, needs::Needs};
use crate::promotion::looks;
use crate::promotion::record::Refuted;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::rules::{Gate, Verify};
use crate::promotion::time::{Millis, Over, Time};

/// How long a look may take at least, however little time is left: else the last one could never be had.
const LOOK_MIN: Millis = Millis::secs(1);

/// What the gates say.
pub(super) enum Said {
    /// All hold, or are not to be waited for.
    Good,
    /// One could not be judged yet: why.
    Unknown(String),
    /// One fails, and that is not definite.
    Bad(String),
    /// One failed for the grace.
    Over(Settled),
}

/// The gates, and since when each fails.
pub(super) struct Gates<'a> {
    world: &'a World<'a>,
    goal: &'a Goal<'a>,
    gated: Option<&'a Gated<'a>>,
    verify: &'a Verify,
    needs: Needs,
    /// When time is up: a slow answer does not hold the run beyond it.
    until: Time,
    /// Since when the version runs: the first time that it ran in every application, wholly or as a canary.
    since: Option<Time>,
    looked: Option<Time>,
    failing: BTreeMap<String, Time>,
    /// Those that were well once with our commit: what they do from now on is our doing.
    healed: BTreeSet<String>,
    rows: Vec<GateRow>,
    /// What was broken or firing before, and is so still.
    before: Vec<String>,
    lacking: Option<String>,
    doubt: Option<String>,
}

impl<'a> Gates<'a> {
    pub(super) fn new(world: &'a World<'a>, goal: &'a Goal<'a>, verify: &'a Verify) -> Self {
        let gated = goal.gated.filter(|gated| !gated.lens.gates.is_empty());
        let needs = gated.map(|gated| needs::needs(gated.lens, gated.evidence)).unwrap_or_default();
        let (failing, healed, rows, before) = (BTreeMap::new(), BTreeSet::new(), Vec::new(), Vec::new());
        let (since, looked, lacking, doubt) = (gated.and_then(|gated| gated.since), None, None, None);
        let until = verify.timeout.after(world.clock.now());
        Self { world, goal, gated, verify, needs, until, since, looked, failing, healed, rows, before, lacking, doubt }
    }

    /// The version runs: from the first time on its time has begun.
    pub(super) fn begin(&mut self) {
        self.since.get_or_insert_with(|| self.world.clock.now());
    }

    /// What they say, once the version's time has begun; asked anew where it is time for it. `end`: of the window that is open.
    pub(super) fn look(&mut self, end: Option<Time>) -> Said {
        let (Some(gated), Some(since)) = (self.gated, self.since) else { return Said::Good };
        let now = self.world.clock.now();
        // A failure is definite when its grace is over, and not a look later.
        let definite = self.failing.values().map(|since| self.verify.grace.after(*since));
        let ends: Vec<Time> = end.into_iter().chain(definite).collect();
        if looks::is_due(self.looked, now, &ends) {
            self.ask(gated, since);
            self.looked = Some(now);
            if let Some(settled) = self.judge(gated) {
                return Said::Over(settled);
            }
        }
        match (&self.doubt, &self.lacking) {
            (Some(what), _) => Said::Bad(what.clone()),
            (None, Some(why)) => Said::Unknown(why.clone()),
            (None, None) => Said::Good,
        }
    }

    /// The rows as they were seen last, and what was broken before.
    pub(super) fn seen(&self) -> (Vec<GateRow>, Vec<String>) {
        (self.rows.clone(), self.before.clone())
    }

    fn ask(&mut self, gated: &Gated<'_>, since: Time) {
        let over = Over { since, until: None };
        let left = Millis::between(self.world.clock.now(), self.until).max(LOOK_MIN);
        let (readings, merged) = read(self.world, self.goal, gated, &self.needs, (over, left));
        let seen = Seen { at: self.world.clock.now(), since, readings: &readings, merged: &merged };
        let facts = target::facts(gated.facts, &seen, gated.before);
        let rows = target::rows(gated.lens, gated.evidence, &facts, gated.rules_path);
        let fired = target::fired_before(&readings, gated.before);
        let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
        self.before =
            fired.into_iter().map(|(id, names)| format!("{id}: {} fired before already", list(names))).collect();
        let marks = |rows: &[GateRow]| rows.iter().map(|row| row.mark).collect::<Vec<_>>();
        if marks(&rows) != marks(&self.rows) {
            (self.world.tell)(&Event::Judged(GateReport::of(rows.clone())));
        }
        self.rows = rows;
    }

    /// Works out what the rows of this look mean.
    fn judge(&mut self, gated: &Gated<'_>) -> Option<Settled> {
        (self.lacking, self.doubt) = (None, None);
        let now = self.world.clock.now();
        let mut definite: Option<(&Gate, Time)> = None;
        for (at, gate) in gated.lens.gates.iter().enumerate() {
            let Some(row) = self.rows.get(at).cloned() else { continue };
            let failed = row.mark == Mark::Fail && row.not_before.is_none();
            if !failed {
                self.failing.remove(&gate.id);
            }
            match row.mark {
                Mark::Pass => drop(self.healed.insert(gate.id.clone())),
                Mark::Warn | Mark::Waived | Mark::Skipped => {}
                Mark::Fail if failed => match self.excuse(gated, gate, &row) {
                    Excuse::None => {
                        let since = *self.failing.entry(gate.id.clone()).or_insert(now);
                        self.doubt.get_or_insert_with(|| words(&row));
                        // What leads back comes before what waits for a person.
                        let first = definite.is_none_or(|(other, _)| target::pauses(other) && !target::pauses(gate));
                        if Millis::between(since, now) >= self.verify.grace && first {
                            definite = Some((gate, since));
                        }
                    }
                    Excuse::Known(why) => {
                        self.rows[at] = GateRow { mark: Mark::Warn, because: Some(why.clone()), hint: None, ..row };
                        self.before.push(format!("{}: {why}", gate.id));
                    }
                    Excuse::Waited(why) => drop(self.lacking.get_or_insert(format!("{}: {why}", gate.id))),
                },
                Mark::Fail | Mark::Unknown => drop(self.lacking.get_or_insert_with(|| words(&row))),
            }
        }
        let (gate, since) = definite?;
        let refuted = self.refuted(gate, Millis::between(since, now));
        Some(if target::pauses(gate) { Settled::Paused(refuted) } else { Settled::Refuted(refuted) })
    }

    /// Why a failure is none of ours, if it is not.
    fn excuse(&self, gated: &Gated<'_>, gate: &Gate, row: &GateRow) -> Excuse {
        let seen = format!("{}, wanted {}", row.observed, row.expected);
        if gated.accepted.contains(&gate.id) {
            return Excuse::Known(format!("{seen}; a person let it go on"));
        }
        if self.healed.contains(&gate.id) {
            return Excuse::None;
        }
        if gated.failed_before.contains(&gate.id) {
            return Excuse::Known(format!("{seen}; it failed before already, so it is not this version's doing"));
        }
        if gated.failed_lately.contains(&gate.id) {
            return Excuse::Waited(format!("{seen}, as before the rollback"));
        }
        match target::unknown_before(gate, gated.before) {
            Some(why) => Excuse::Waited(format!("{seen}, and it is not known whether it was so before: {why}")),
            None => Excuse::None,
        }
    }

    fn refuted(&self, gate: &Gate, lasted: Millis) -> Refuted {
        let failed: Vec<GateRow> = self.rows.iter().filter(|row| self.failing.contains_key(&row.id)).cloned().collect();
        let row = failed.iter().find(|row| row.id == gate.id);
        let seen = row.map(|row| format!("{}, wanted {}", row.observed, row.expected)).unwrap_or_default();
        let what = format!("{} in {} is {seen}, and stayed so for {lasted}", spoken(&gate.id), self.goal.environment);
        let details = row.into_iter().flat_map(|row| &row.details).map(|detail| {
            [detail.name.as_str(), detail.message.as_str(), detail.at.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(": ")
        });
        let details: Vec<String> = details.collect();
        let because = row.and_then(|row| row.because.clone()).filter(|_| details.is_empty());
        let detail = because.or_else(|| (!details.is_empty()).then(|| details.join("\n")));
        Refuted { trigger: target::trigger(gate), what, detail, gates: failed }
    }
}

/// What a failure that is not ours leads to.
enum Excuse {
    /// It is ours.
    None,
    /// It is reported.
    Known(String),
    /// It is waited for, and leads to nothing.
    Waited(String),
}

/// A gate's id as people say it: `slo availability`.
fn spoken(id: &str) -> String {
    id.replace('.', " ")
}

fn words(row: &GateRow) -> String {
    match &row.because {
        Some(because) => format!("{}: {because}", spoken(&row.id)),
        None => format!("{}: {}, wanted {}", spoken(&row.id), row.observed, row.expected),
    }
}

fn read(
    world: &World<'_>,
    goal: &Goal<'_>,
    gated: &Gated<'_>,
    needs: &Needs,
    (over, within): (Over, Millis),
) -> (Readings, Readings) {
    let in_force = gated.facts.waivers.as_ref().map(|waivers| waivers.in_force()).unwrap_or_default();
    let in_force = std::sync::Arc::new(in_force);
    let about = About {
        commit: gated.facts.commit.as_deref(),
        parts: &needs.parts,
        over: Some(over),
        within: Some(within.duration()),
        ..About::of(goal.service, goal.environment, &in_force)
    };
    readings::read(world, gated.evidence, needs, &about)
}
