//! The gate report: for every gate what was expected, what was observed, why it counts as it does, and where the
//! evidence is.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::measures::Detail;
use crate::promotion::outcome::Outcome;
use crate::promotion::time::Time;
use crate::promotion::words;

/// How one gate came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Met.
    Pass,
    /// A definite no.
    Fail,
    /// Could not be found out; holds like a no.
    Unknown,
    /// An optional gate that is not met, or something else to know; shown, does not hold.
    Warn,
    /// Not met, and a waiver that still runs says that it need not be.
    Waived,
    /// An optional gate without evidence, or an environment that a hotfix goes past.
    Skipped,
}

/// One row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateRow {
    /// `<gate>.<evidence or measure>`: `tests.unit`, `coverage.line`.
    pub id: String,
    /// How it came out.
    pub mark: Mark,
    /// What the rules want, as people write it: `≥ 80 %`.
    pub expected: String,
    /// What was seen: `83.4 %`, `2 of 31 failed`, `no report`.
    pub observed: String,
    /// Why it is not a pass, in a sentence; absent for a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What to do about it, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where the evidence is, in a few words: `3 files, 2 min old`.
    pub evidence: String,
    /// The files behind it, with their hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The failing tests or findings behind it, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// How many details there are in all.
    #[serde(default)]
    pub details_total: u64,
    /// When it will pass by itself, if only time is lacking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Where the rule stands: `promotion/promotion-rules.yaml:41`.
    pub rule: String,
}

/// One waiver of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverRow {
    /// Its place: `promotion/waivers.yaml:4`.
    pub at: String,
    /// What it names, in words.
    pub names: String,
    /// What came of it.
    pub standing: WaiverStanding,
    /// Until when, as it is shown.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who answers for it, and how that is known: `merged by @bo in #12`.
    pub by: String,
    /// Where it stands, in words: `covers 2 findings`, `covers nothing here`, `expired 3 d ago`.
    pub said: String,
    /// How many things it covers.
    pub count: u64,
    /// The things that it covers, the first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<Detail>,
}

/// What came of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaiverStanding {
    /// It covers something.
    InForce,
    /// It covers nothing that was judged.
    Unused,
    /// Its time is over: it counts as none.
    Expired,
}

impl GateRow {
    /// Which order it is, where it is no gate of the rules: a `freeze` (or freeze window), a `veto` or a `hold`.
    pub fn order(&self) -> Option<&str> {
        let (kind, _) = self.id.split_once('.')?;
        matches!(kind, "freeze" | "veto" | "hold").then_some(kind)
    }
}

/// What the gates say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every gate that holds is met.
    Go,
    /// Only time is lacking.
    Wait,
    /// A gate failed, or could not be evaluated.
    Stop,
}

/// The report of one evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateReport {
    /// The rows, in the order of the rules.
    pub rows: Vec<GateRow>,
    /// What they say together.
    pub verdict: Verdict,
    /// What came of each waiver, in the order of their file; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverRow>,
}

impl GateReport {
    /// Folds rows into a report. The order of the rows does not matter to the verdict.
    pub fn of(rows: Vec<GateRow>) -> Self {
        let holding: Vec<&GateRow> = rows.iter().filter(|row| matches!(row.mark, Mark::Fail | Mark::Unknown)).collect();
        let verdict = if holding.is_empty() {
            Verdict::Go
        } else if holding.iter().all(|row| row.not_before.is_some()) {
            Verdict::Wait
        } else {
            Verdict::Stop
        };
        Self { rows, verdict, waivers: Vec::new() }
    }

    /// What the report alone means for a run: a definite no outweighs what could not be found out, and both outweigh what
    /// only lacks time.
    pub fn outcome(&self) -> Outcome {
        let failed = self.rows.iter().any(|row| row.mark == Mark::Fail && row.not_before.is_none());
        match self.verdict {
            Verdict::Go => Outcome::Ready,
            Verdict::Wait => Outcome::Waiting,
            Verdict::Stop if failed => Outcome::Held,
            Verdict::Stop => Outcome::Unknown,
        }
    }

    /// What holds it for good, in words: `1 gate failed`, `a hold and a veto stand against it`.
    pub fn against(&self) -> Vec<String> {
        let failed = self.rows.iter().filter(|row| row.mark == Mark::Fail && row.not_before.is_none());
        let (orders, gates): (Vec<&GateRow>, Vec<&GateRow>) = failed.partition(|row| row.order().is_some());
        let mut said = Vec::new();
        if !gates.is_empty() {
            said.push(format!("{} failed", words::counted(gates.len() as u64, "gate")));
        }
        let kinds: BTreeSet<String> =
            orders.iter().filter_map(|row| row.order()).map(|kind| format!("a {kind}")).collect();
        if !kinds.is_empty() {
            let stand = if kinds.len() == 1 { "stands" } else { "stand" };
            said.push(format!("{} {stand} against it", words::list(&kinds.into_iter().collect::<Vec<_>>())));
        }
        said
    }

    /// How many gates could not be evaluated, where that is not for lack of time.
    pub fn unknown(&self) -> usize {
        self.rows.iter().filter(|row| row.mark == Mark::Unknown && row.not_before.is_none()).count()
    }

    /// How many rows have this mark.
    pub fn count(&self, mark: Mark) -> usize {
        self.rows.iter().filter(|row| row.mark == mark).count()
    }

    /// The moment before which waiting is all there is to do: the latest of the rows' own.
    pub fn not_before(&self) -> Option<Time> {
        self.rows.iter().filter_map(|row| row.not_before).max()
    }
}
