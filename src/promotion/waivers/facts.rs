//! What is known of the waivers: each with its standing when the evidence was read, and who merged it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::promotion::gates::needs::name;
use crate::promotion::id::canonical;
use crate::promotion::rules::{GateKind, Promotion};
use crate::promotion::time::Time;
use crate::promotion::waivers::file::{Waiver, WaiversFile};
use crate::promotion::waivers::lines::Lines;
use crate::promotion::waivers::{Waivers, Waives};
use crate::promotion::words;

/// The waivers file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiversFacts {
    /// Its path.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The waivers, in the order of the file.
    pub list: Vec<WaiverFacts>,
    /// Why GitHub does not say who merged them, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_merges: Option<String>,
}

/// One waiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverFacts {
    /// Its place: `promotion/waivers.yaml:4`.
    pub at: String,
    /// What it names.
    pub waives: Waives,
    /// Why.
    pub reason: String,
    /// Who accepts it, by the file's word.
    pub approved_by: String,
    /// The moment from which it counts as none.
    pub expires: Time,
    /// The same as it is shown: `2026-12-01`.
    pub until: String,
    /// Whether it counted when the evidence was read: the one moment that all of it is matched at.
    pub state: State,
    /// Who brought its lines into the default branch; empty where GitHub does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Merged>,
}

/// Whether a waiver counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does.
    InForce,
    /// Its time is over: it counts as none.
    Expired,
}

/// Who brought lines into the default branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// Who merged the pull request; without one, who made the commit. A login, or else the name that the commit has.
    pub by: String,
    /// The pull request; absent where the commit came without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// The commit.
    pub commit: String,
}

/// The lines of a file at the default branch's newest commit, and who brought them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The file's text there.
    pub text: String,
    /// Who brought which lines.
    pub ranges: Vec<(Lines, Merged)>,
}

impl WaiversFacts {
    /// What a file says, at a moment; nobody is known to have merged anything.
    pub fn of(file: &WaiversFile, at: Time) -> Self {
        let same_line =
            |waiver: &Waiver| file.waivers.iter().filter(|other| other.at.line == waiver.at.line).count() > 1;
        let fact = |waiver: &Waiver| {
            let line = format!("{}:{}", file.path, waiver.at.line);
            let place = if same_line(waiver) { format!("{line}:{}", waiver.at.column) } else { line };
            let state = if at < waiver.expires { State::InForce } else { State::Expired };
            WaiverFacts {
                at: place,
                waives: waiver.waives.clone(),
                reason: waiver.reason.clone(),
                approved_by: waiver.approved_by.clone(),
                expires: waiver.expires,
                until: waiver.until.clone(),
                state,
                merged: Vec::new(),
            }
        };
        Self {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            list: file.waivers.iter().map(fact).collect(),
            unknown_merges: None,
        }
    }

    /// Adds who merged each, where the blame is of the same text: else its lines are other lines.
    pub fn blamed(&mut self, file: &WaiversFile, blame: &Blame) {
        let text = |text: &str| text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        if text(&file.text) != text(&blame.text) {
            self.unknown_merges = Some("the file differs from the default branch's".to_owned());
            return;
        }
        for (fact, waiver) in self.list.iter_mut().zip(&file.waivers) {
            for (lines, merged) in &blame.ranges {
                let same = |known: &Merged| known.by == merged.by && known.pull_request == merged.pull_request;
                if lines.meets(&waiver.lines) && !fact.merged.iter().any(same) {
                    fact.merged.push(merged.clone());
                }
            }
        }
    }

    /// Those in force, ready to be asked.
    pub fn in_force(&self) -> Waivers {
        let counts = self.list.iter().filter(|waiver| waiver.state == State::InForce);
        Waivers::new(counts.map(|waiver| (waiver.at.clone(), waiver.waives.clone())))
    }

    /// Those that apply to a promotion, for its plan's digest: in force, and of a kind that one of its gates could ask for. Which of
    /// them cover something today is no part of it, as live values are none.
    pub fn bound(&self, promotion: &Promotion) -> Vec<Value> {
        let gates = &promotion.gates;
        // A condition may be about anything.
        let asks = |names: &[&str]| {
            gates.iter().any(|gate| matches!(gate.kind, GateKind::Condition(_)) || names.contains(&name(gate)))
        };
        let applies = |waives: &Waives| match waives {
            Waives { gate: Some(id), .. } => gates.iter().any(|gate| gate.id == *id),
            Waives { test: Some(_), .. } => asks(&["tests"]),
            _ => asks(&["security", "quality"]),
        };
        let said = |waiver: &WaiverFacts| {
            let WaiverFacts { waives, reason, approved_by, until, .. } = waiver;
            json!({ "waives": waives, "reason": reason, "approved_by": approved_by, "until": until })
        };
        let counts = self.list.iter().filter(|waiver| waiver.state == State::InForce && applies(&waiver.waives));
        let mut bound: Vec<Value> = counts.map(said).collect();
        // Where one stands in the file is nobody's concern.
        bound.sort_by_key(canonical);
        bound
    }

    /// The first one in force that names a gate.
    pub fn of_gate(&self, id: &str) -> Option<&WaiverFacts> {
        let names = |waiver: &&WaiverFacts| waiver.waives.gate.as_deref() == Some(id);
        self.list.iter().filter(|waiver| waiver.state == State::InForce).find(names)
    }
}

impl WaiverFacts {
    /// Who answers for it, as people are named: whoever merged it, else whom the file names.
    pub fn by(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for merged in &self.merged {
            let name = person(&merged.by);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { person(&self.approved_by) } else { words::list(&names) }
    }

    /// The same with how that is known, and what the file says if it names somebody else.
    pub fn known_by(&self) -> String {
        if self.merged.is_empty() {
            return format!("approved by {}, by the file's word", person(&self.approved_by));
        }
        let one = |merged: &Merged| match merged.pull_request {
            Some(number) => format!("merged by {} in #{number}", person(&merged.by)),
            None => format!("committed by {}, without a pull request", person(&merged.by)),
        };
        let said: Vec<String> = self.merged.iter().map(one).collect();
        let named = self.merged.iter().any(|merged| merged.by.eq_ignore_ascii_case(&self.approved_by));
        let other = if named { String::new() } else { format!("; the file says {}", person(&self.approved_by)) };
        format!("{}{other}", words::list(&said))
    }

    /// `waived until 2026-12-01 by @ana: load test host`.
    pub fn sentence(&self) -> String {
        format!("waived until {} by {}: {}", self.until, self.by(), self.reason)
    }
}

/// A login with its sign; another name as it is.
fn person(name: &str) -> String {
    let is_login = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_[]".contains(&b));
    if is_login { format!("@{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests;
