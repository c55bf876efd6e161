//! The rows of the gate `canary`.

use crate::promotion::canary::finding::{self, Finding, Sides};
use crate::promotion::canary::limit::{Action, Against, Canary, Limit};
use crate::promotion::condition::{Known, Truth};
use crate::promotion::facts::{Compared, Reading, Soak};
use crate::promotion::gates::rows::{Judge, Judged};
use crate::promotion::gates::usable::{Unusable, usable};
use crate::promotion::levels::Levels;
use crate::promotion::measures::Measure;
use crate::promotion::report::{GateRow, Mark};
use crate::promotion::rules::{Gate, GateKind};
use crate::promotion::time::{Millis, Time};
use crate::promotion::words;

/// By how much a monitoring system may begin earlier than it was asked to: it counts in whole seconds.
const EARLIER: Millis = Millis::secs(1);

impl Judge<'_> {
    /// Judges one limit on the canary.
    pub(super) fn canary(&self, gate: &Gate, canary: &Canary) -> GateRow {
        if let Limit::Duration(min) = canary.limit {
            return self.soak(gate, min);
        }
        let evidence = &canary.evidence;
        let found = match canary.against {
            Against::Target => self.against_target(canary),
            Against::Before(_) => self.against_before(canary),
        };
        let (finding, over) = match found {
            Ok(found) => found,
            Err(Unusable { missing, observed, because, hint }) => {
                let judged = Judged { truth: Truth::Unknown, missing, observed, because: Some(because), hint };
                let row = self.finish(gate, canary.limit.wanted(), judged);
                return GateRow { evidence: evidence.clone(), ..row };
            }
        };
        let Finding { truth, observed, because, hint } = finding;
        let because = (truth != Truth::True).then_some(because);
        let judged = Judged { truth, missing: false, observed, because, hint };
        let mut row = self.finish(gate, canary.limit.wanted(), judged);
        if canary.against == Against::Before(Action::Warn) && matches!(row.mark, Mark::Fail | Mark::Unknown) {
            row.mark = Mark::Warn;
        }
        row.evidence = over.map_or_else(|| evidence.clone(), |over| format!("{evidence} over {over}"));
        row
    }

    /// A measure of the comparison that the gate `canary` makes, as it is, however many requests it is of: 0 where it is no increase.
    pub(super) fn canary_field(&self, measure: &str) -> Known {
        let mut of_gates = self.promotion.gates.iter().filter_map(|gate| match &gate.kind {
            GateKind::Canary(canary) => Some(canary),
            _ => None,
        });
        let Some(first) = of_gates.next() else { return Known::No("no gate `canary` reads evidence".to_owned()) };
        if of_gates.any(|other| other.evidence != first.evidence) {
            return Known::No("several sources know the canary: give them limits under the gate `canary`".to_owned());
        }
        let sides = match first.against {
            Against::Target => match self.facts.canary.get(&first.evidence) {
                Some(compared) => self.sides(&first.evidence, compared),
                None => Err(not_read(&first.evidence)),
            },
            Against::Before(_) => self.sides_before(first),
        };
        match sides {
            Ok(sides) => finding::fact(measure, &sides),
            Err(unusable) => Known::No(unusable.because),
        }
    }

    /// The canary environment and the one that it is to replace, over the version's own time.
    fn against_target(&self, canary: &Canary) -> Result<(Finding, Option<Millis>), Unusable> {
        let id = &canary.evidence;
        let compared = self.facts.canary.get(id).ok_or_else(|| not_read(id))?;
        let sides = self.sides(id, compared);
        if let Limit::Traffic(least) = canary.limit {
            let over = sides.as_ref().ok().map(|sides| window(sides.canary));
            let sides = sides.map_err(|unusable| unusable.because);
            return Ok((finding::traffic(least, compared, sides), over));
        }
        let sides = sides?;
        let found = finding::find(canary.limit, &sides).ok_or_else(|| not_read(id))?;
        Ok((found, Some(window(sides.canary))))
    }

    fn sides<'a>(&'a self, id: &str, compared: &'a Compared) -> Result<Sides<'a>, Unusable> {
        let (from, to) = (self.facts.source.name.as_str(), self.facts.target.name.as_str());
        let (canary, baseline) =
            (self.levels(id, Some(&compared.canary), from)?, self.levels(id, Some(&compared.baseline), to)?);
        for (levels, name) in [(canary, from), (baseline, to)] {
            own_time(id, levels, name, self.running_since())?;
        }
        Ok(Sides { canary, of_canary: from, baseline, of_baseline: to })
    }

    /// The environment now, and before the commit.
    fn against_before(&self, canary: &Canary) -> Result<(Finding, Option<Millis>), Unusable> {
        let sides = self.sides_before(canary)?;
        let found = finding::find(canary.limit, &sides).ok_or_else(|| not_read(&canary.evidence))?;
        Ok((found, Some(window(sides.canary))))
    }

    fn sides_before<'a>(&'a self, canary: &Canary) -> Result<Sides<'a>, Unusable> {
        let id = &canary.evidence;
        let name = self.facts.target.name.as_str();
        let (now, before) = (self.facts.readings.get(id), self.facts.before.get(id));
        let canary_levels = self.levels(id, now, name)?;
        own_time(id, canary_levels, name, self.running_since())?;
        // A fixed limit is compared with nothing.
        let fixed = matches!(canary.limit, Limit::SuccessRate(_));
        let baseline = if fixed { canary_levels } else { self.levels(id, before, "before")? };
        Ok(Sides { canary: canary_levels, of_canary: name, baseline, of_baseline: "before" })
    }

    fn levels<'a>(&'a self, id: &str, reading: Option<&'a Reading>, name: &str) -> Result<&'a Levels, Unusable> {
        let source = self.evidence.get(id).ok_or_else(|| not_read(id))?;
        let named = |unusable: Unusable| Unusable { because: format!("{name}: {}", unusable.because), ..unusable };
        match &usable(source, reading, self.facts, &self.facts.version, false).map_err(named)?.measure {
            Measure::Levels(levels) => Ok(levels),
            _ => Err(Unusable {
                missing: false,
                observed: "no service levels".to_owned(),
                because: format!("`{id}` holds no service levels"),
                hint: Some("name evidence with `prometheus:`".to_owned()),
            }),
        }
    }

    /// Since when the source runs this version, as far as anybody knows.
    fn running_since(&self) -> Option<Time> {
        match &self.facts.soak {
            Some(Soak::For { elapsed, .. }) => Some(Millis(-elapsed.0).after(self.facts.at)),
            _ => None,
        }
    }
}

/// The canary gate speaks of a version: what was measured before it ran is of another one.
fn own_time(id: &str, levels: &Levels, name: &str, since: Option<Time>) -> Result<(), Unusable> {
    let Some(since) = since else {
        return Err(Unusable {
            missing: true,
            observed: "time not known".to_owned(),
            because: format!("it is not known since when {name} runs this version"),
            hint: Some(format!("promote this version to {name} with promote: its record starts its time")),
        });
    };
    if name != "before" && Millis::between(levels.since, since) > EARLIER {
        return Err(Unusable {
            missing: false,
            observed: "of another time".to_owned(),
            because: format!(
                "`{id}` begins at {}, and this version runs since {}",
                words::moment(levels.since),
                words::moment(since)
            ),
            hint: None,
        });
    }
    Ok(())
}

fn window(levels: &Levels) -> Millis {
    Millis::between(levels.since, levels.until)
}

fn not_read(id: &str) -> Unusable {
    Unusable {
        missing: true,
        observed: "not read".to_owned(),
        because: format!("evidence `{id}` was not read for the canary"),
        hint: None,
    }
}
