//! What stands in a bundle, taken from a promotion's entries.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::bundle::SCHEMA;
use crate::promotion::facts::{EvidenceFile, Facts, Reading};
use crate::promotion::folded::{Approval, Folded, Refusal};
use crate::promotion::id::{canonical, sha256};
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, Plan};
use crate::promotion::record::{Closed, Deployment, Entry, Milestone, Refuted, RulesText, Verified};
use crate::promotion::replay::again::{self, Saved};
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::request::{Actor, Request};
use crate::promotion::time::{Millis, Time};

/// `request.json`: what was asked for, by whom, and under which rules it was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: String,
    /// When it was asked for.
    pub requested_at: Time,
    /// By whom, and how that is known.
    pub requested_by: Actor,
    /// The CI run that it was asked for in.
    pub ci_run: Option<String>,
    /// The version of promote that began the record.
    pub promote: String,
    /// The path of the rules, as the gate report's rows name it.
    pub rules_path: String,
    /// What was asked for.
    pub request: Request,
    /// What the source environment pinned.
    pub source: Option<Deployment>,
    /// What the target environment pinned.
    pub target: Option<Deployment>,
}

/// `approval.json`: who said yes or no, and how that is known.
#[derive(Debug, Clone, Serialize)]
pub struct Approvals<'a> {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: &'a str,
    /// Who approved it, oldest first; empty where nobody was asked.
    pub approved: &'a [Approval],
    /// What the approvals came to at GitHub, role by role; absent where no role was asked. What was read of them is in
    /// `approvals.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<&'a ApprovalReport>,
    /// Who refused it.
    pub rejected: Option<&'a Refusal>,
    /// Who took it back.
    pub cancelled: Option<&'a Refusal>,
    /// The newer promotion that took its place.
    pub superseded_by: Option<&'a str>,
}

/// `outcome.json`: what came of it, and what was seen live.
#[derive(Debug, Clone, Serialize)]
pub struct Came<'a> {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: &'a str,
    /// Where the promotion stands.
    pub state: State,
    /// How its newest run ended.
    pub outcome: Option<Outcome>,
    /// How that run ended, in words, and what to do next.
    pub closed: Option<&'a Closed>,
    /// When the promotion ended.
    pub completed_at: Option<Time>,
    /// The commits that hold the new version.
    pub commits: Option<&'a [Committed]>,
    /// The verification that held.
    pub verified: Option<&'a Verified>,
    /// The verification that did not.
    pub refuted: Option<&'a Refuted>,
    /// The commits that restore the version before.
    pub rollback_commits: Option<&'a [Committed]>,
    /// The verification of what was restored.
    pub rollback_verified: Option<&'a Verified>,
}

/// `metrics.json`: how long it took, and how it came out.
#[derive(Debug, Clone, Serialize)]
pub struct Metrics<'a> {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: &'a str,
    /// Where the promotion stands.
    pub state: State,
    /// How its newest run ended.
    pub outcome: Option<Outcome>,
    /// The exit code of that.
    pub exit_code: Option<u8>,
    /// The time between its milestones; absent where one of the two is not there.
    pub durations: Durations,
    /// The gates by how they came out; absent where nothing was judged.
    pub gates: Option<BTreeMap<&'static str, usize>>,
    /// How many processes worked on it.
    pub runs: usize,
    /// How many evidence files were read.
    pub evidence_files: usize,
}

/// The time between two milestones, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Durations {
    /// From the request to the newest plan.
    pub requested_to_planned_ms: Option<Millis>,
    /// From the plan to the commit.
    pub planned_to_committed_ms: Option<Millis>,
    /// From the commit to the end of the verification that held.
    pub committed_to_verified_ms: Option<Millis>,
    /// From there to the end of the run.
    pub verified_to_closed_ms: Option<Millis>,
    /// From the commit to the definite failure.
    pub committed_to_refuted_ms: Option<Millis>,
    /// From there until the version before was live again and verified.
    pub refuted_to_restored_ms: Option<Millis>,
    /// From the request to the end of the newest run.
    pub requested_to_closed_ms: Option<Millis>,
}

/// `inputs.json`: every evidence file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: String,
    /// The files, in path order.
    pub files: Vec<Input>,
}

/// One evidence file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The file.
    #[serde(flatten)]
    pub file: EvidenceFile,
    /// The evidence that it was read for, by the ids of the rules.
    pub evidence: BTreeSet<String>,
}

/// Everything that a bundle is made from.
pub struct Contents<'a> {
    /// The promotion's entries.
    pub entries: &'a [Entry],
    /// The promotion, folded.
    pub story: &'a Folded,
    /// The newest judgement, if there is one.
    pub judged: Option<JudgedBy<'a>>,
}

/// A judgement, and what it was judged by.
pub struct JudgedBy<'a> {
    /// What was read.
    pub facts: &'a Facts,
    /// What the gates said of it.
    pub report: &'a GateReport,
    /// What follows, where the gates let it through.
    pub plan: Option<&'a Plan>,
    rules: Option<&'a RulesText>,
    waivers: Option<&'a RulesText>,
}

impl<'a> Contents<'a> {
    /// The contents of a promotion's bundle.
    pub fn of(entries: &'a [Entry], story: &'a Folded) -> Self {
        Self { entries, story, judged: judged(entries, story) }
    }

    /// `request.json`.
    pub fn asked(&self) -> Asked {
        let requested = &self.story.requested;
        Asked {
            schema: SCHEMA,
            promotion_id: self.story.id.clone(),
            requested_at: self.story.created_at,
            requested_by: self.story.requested_by.clone(),
            ci_run: self.entries.first().and_then(|entry| entry.ci_run.clone()),
            promote: requested.promote.clone(),
            rules_path: self.rules().0.to_owned(),
            request: requested.request.clone(),
            source: requested.source.clone(),
            target: requested.target.clone(),
        }
    }

    /// The path and text of the rules that the newest judgement was judged by; without one, of the request.
    pub fn rules(&self) -> (&'a str, &'a str) {
        let other = self.judged.as_ref().and_then(|judged| judged.rules);
        let requested = &self.story.requested;
        other.map_or((&requested.rules_path, &requested.rules), |rules| (&rules.path, &rules.text))
    }

    /// `waivers.yaml`: the text of the waivers that the newest judgement was judged by, where there were any.
    pub fn waivers(&self) -> Option<&'a str> {
        let other = self.judged.as_ref().and_then(|judged| judged.waivers);
        let kept = other.or(self.story.requested.waivers.as_ref());
        kept.map(|waivers| waivers.text.as_str()).filter(|text| !text.is_empty())
    }

    /// `approval.json`.
    pub fn approvals(&self) -> Approvals<'a> {
        Approvals {
            schema: SCHEMA,
            promotion_id: &self.story.id,
            approved: &self.story.approved_by,
            judged: self.story.approvals.as_deref().map(|judged| &judged.report),
            rejected: self.story.rejected.as_ref(),
            cancelled: self.story.cancelled.as_ref(),
            superseded_by: self.story.superseded_by.as_deref(),
        }
    }

    /// `outcome.json`.
    pub fn came(&self) -> Came<'a> {
        let story = self.story;
        Came {
            schema: SCHEMA,
            promotion_id: &story.id,
            state: story.state,
            outcome: story.outcome,
            closed: story.closed.as_ref(),
            completed_at: story.completed_at,
            commits: story.committed.as_deref(),
            verified: story.verified.as_ref(),
            refuted: story.refuted.as_ref(),
            rollback_commits: story.rollback_committed.as_deref(),
            rollback_verified: story.rollback_verified.as_ref(),
        }
    }

    /// `inputs.json`.
    pub fn inputs(&self) -> Inputs {
        let mut files: BTreeMap<(String, String), Input> = BTreeMap::new();
        let readings = self.judged.iter().flat_map(|judged| &judged.facts.readings);
        for (id, reading) in readings {
            let read = match reading {
                Reading::Observed(observation) => observation.files.as_slice(),
                Reading::Unreadable { files, .. } => files.as_slice(),
                Reading::Missing { .. } => &[],
            };
            for file in read {
                let key = (file.path.clone(), file.sha256.clone());
                let input = files.entry(key).or_insert_with(|| Input { file: file.clone(), evidence: BTreeSet::new() });
                input.evidence.insert(id.clone());
            }
        }
        let files = files.into_values().collect();
        Inputs { schema: SCHEMA, promotion_id: self.story.id.clone(), files }
    }

    /// `metrics.json`.
    pub fn metrics(&self) -> Metrics<'a> {
        let counted = |report: &GateReport| MARKS.map(|(mark, word)| (word, report.count(mark))).into();
        Metrics {
            schema: SCHEMA,
            promotion_id: &self.story.id,
            state: self.story.state,
            outcome: self.story.outcome,
            exit_code: self.story.outcome.map(Outcome::exit_code),
            durations: self.durations(),
            gates: self.judged.as_ref().map(|judged| counted(judged.report)),
            runs: self.story.runs.len(),
            evidence_files: self.inputs().files.len(),
        }
    }

    fn durations(&self) -> Durations {
        let at = |wanted: &str| {
            let is = |entry: &&Entry| entry.event.word() == wanted && !self.story.impossible.contains(&entry.seq);
            self.entries.iter().rfind(is).map(|entry| entry.at)
        };
        let span = |from: &str, to: &str| Some(Millis::between(at(from)?, at(to)?)).filter(|span| span.0 >= 0);
        Durations {
            requested_to_planned_ms: span("requested", "planned"),
            planned_to_committed_ms: span("planned", "committed"),
            committed_to_verified_ms: span("committed", "verified"),
            verified_to_closed_ms: span("verified", "closed"),
            committed_to_refuted_ms: span("committed", "refuted"),
            refuted_to_restored_ms: span("refuted", "rollback-verified"),
            requested_to_closed_ms: span("requested", "closed"),
        }
    }

    /// `plan-digest.json`: the document that the plan's digest is the SHA-256 of, byte by byte; absent where there is no plan, or
    /// where this version of promote would make another document.
    pub fn bound(&self) -> Option<String> {
        let judged = self.judged.as_ref()?;
        let plan = judged.plan?;
        let (rules_path, rules) = self.rules();
        let request = &self.story.requested.request;
        let saved = Saved { id: &self.story.id, request, rules_path, rules, facts: judged.facts };
        let (_, bound) = again::plan(&saved, judged.report).ok()??;
        Some(canonical(&bound)).filter(|text| sha256(text) == plan.digest)
    }
}

/// The marks by their words, in the order of every count.
const MARKS: [(Mark, &str); 6] = [
    (Mark::Pass, "pass"),
    (Mark::Fail, "fail"),
    (Mark::Unknown, "unknown"),
    (Mark::Warn, "warn"),
    (Mark::Waived, "waived"),
    (Mark::Skipped, "skipped"),
];

/// The newest judgement of the entries that count. One that holds outweighs an earlier plan: that is made anew before anything
/// is written.
fn judged<'a>(entries: &'a [Entry], story: &Folded) -> Option<JudgedBy<'a>> {
    let counts = |entry: &&Entry| !story.impossible.contains(&entry.seq);
    entries.iter().rev().filter(counts).find_map(|entry| match &entry.event {
        Milestone::Planned(planned) => Some(JudgedBy {
            facts: &planned.facts,
            report: &planned.report,
            plan: Some(&planned.plan),
            rules: planned.rules.as_ref(),
            waivers: planned.waivers.as_ref(),
        }),
        Milestone::Judged(judged) => {
            let (rules, waivers) = (judged.rules.as_ref(), judged.waivers.as_ref());
            Some(JudgedBy { facts: &judged.facts, report: &judged.report, plan: None, rules, waivers })
        }
        _ => None,
    })
}
