//! Replay: what a bundle holds is judged again, and compared with what it says came out.

pub mod again;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::promotion::approvals::report::{ApprovalReport, JudgedApprovals, RoleRow, Standing};
use crate::promotion::bundle::contents::Asked;
use crate::promotion::bundle::{Difference, MANIFEST, Manifest, document};
use crate::promotion::facts::Facts;
use crate::promotion::id::{canonical, sha256};
use crate::promotion::plan::Plan;
use crate::promotion::replay::again::{NotAgain, Saved};
use crate::promotion::report::{GateReport, GateRow, Verdict};
use crate::promotion::rules::fault;

/// The files that a replay reads.
pub const REQUEST: &str = "request.json";
/// The rules, word for word.
pub const RULES: &str = "rules.yaml";
/// Every fact that was read.
pub const FACTS: &str = "facts.json";
/// What the gates said.
pub const REPORT: &str = "gate-report.json";
/// What the approvals came to, with everything that was read of them.
pub const APPROVALS: &str = "approvals.json";
/// What was to be done.
pub const PLAN: &str = "plan.json";
/// What the plan's digest is the hash of.
pub const BOUND: &str = "plan-digest.json";

/// A bundle's texts as values.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What was asked for.
    pub asked: Asked,
    /// The rules, word for word.
    pub rules: String,
    /// What was judged; absent where nothing was.
    pub judged: Option<Judged>,
}

/// A judgement as a bundle holds it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What was read.
    pub facts: Facts,
    /// What the gates said.
    pub report: GateReport,
    /// The same as the bytes that the bundle holds.
    pub report_text: String,
    /// What the approvals came to, where any were asked for.
    pub approvals: Option<JudgedApprovals>,
    /// What was to be done, where the gates let it through.
    pub plan: Option<Plan>,
    /// The document that its digest is the hash of, where the bundle has it.
    pub bound: Option<Value>,
}

/// What came of judging again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// What the gates said, recorded and now.
    pub verdict: Twice<Verdict>,
    /// SHA-256 of the gate report's bytes, recorded and now.
    pub report_sha256: Twice<String>,
    /// The rows that differ.
    pub rows: Vec<RowDifference>,
    /// The approvals; absent where none were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalsReplayed>,
    /// The plan; absent where there is none, or where it is a rollback's, which cannot be made from its facts.
    pub plan: Option<PlanReplayed>,
}

/// A value as it is recorded, and as it was worked out again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Twice<T> {
    /// As the bundle has it.
    pub recorded: T,
    /// As it came out now.
    pub recomputed: T,
}

impl<T: PartialEq> Twice<T> {
    /// Whether both are the same.
    pub fn same(&self) -> bool {
        self.recorded == self.recomputed
    }
}

/// A row that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// The gate.
    pub gate: String,
    /// The row as the bundle has it; absent where the bundle has none.
    pub recorded: Option<GateRow>,
    /// The row as it came out now; absent where there is none now.
    pub recomputed: Option<GateRow>,
    /// The names of its parts that differ: `mark`, `observed`.
    pub parts: Vec<String>,
}

/// Approvals that were judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalsReplayed {
    /// What they came to, recorded and now.
    pub standing: Twice<Standing>,
    /// What holds all of them, recorded and now, a sentence each.
    pub because: Twice<Vec<String>>,
    /// The roles that differ.
    pub roles: Vec<RoleDifference>,
}

/// A role that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleDifference {
    /// The role.
    pub role: String,
    /// As the bundle has it; absent where the bundle has none.
    pub recorded: Option<RoleRow>,
    /// As it came out now; absent where there is none now.
    pub recomputed: Option<RoleRow>,
    /// The names of its parts that differ: `standing`, `given`.
    pub parts: Vec<String>,
}

impl ApprovalsReplayed {
    /// Compares two reports.
    fn of(recorded: &ApprovalReport, recomputed: &ApprovalReport) -> Self {
        let find = |report: &ApprovalReport, name: &str| report.roles.iter().find(|row| row.role == name).cloned();
        let mut names_of: Vec<&str> = recorded.roles.iter().map(|row| row.role.as_str()).collect();
        let new: Vec<&str> = recomputed.roles.iter().map(|row| row.role.as_str()).collect();
        names_of.extend(new.into_iter().filter(|name| find(recorded, name).is_none()));
        let differing = names_of.into_iter().filter_map(|name| {
            let (old, new) = (find(recorded, name), find(recomputed, name));
            let parts = names(&old, &new);
            (old != new).then(|| RoleDifference { role: name.to_owned(), recorded: old, recomputed: new, parts })
        });
        Self {
            standing: Twice { recorded: recorded.standing, recomputed: recomputed.standing },
            roles: differing.collect(),
            because: Twice { recorded: recorded.because.clone(), recomputed: recomputed.because.clone() },
        }
    }

    /// Whether they came out the same.
    pub fn same(&self) -> bool {
        self.standing.same() && self.because.same() && self.roles.is_empty()
    }
}

/// A plan that was made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReplayed {
    /// The plan's digest; what came out now is absent where no plan could be made.
    pub digest: Twice<Option<String>>,
    /// Why no plan could be made now.
    pub why_not: Option<String>,
    /// What of the plan differs, by its names: `commits`, `verify`.
    pub parts: Vec<String>,
    /// What of that which the digest binds differs, by its names: `trees`, `promotion`, `files`.
    pub bound: Vec<String>,
}

impl PlanReplayed {
    /// Whether the plan came out the same.
    pub fn same(&self) -> bool {
        self.digest.same() && self.parts.is_empty() && self.bound.is_empty()
    }
}

impl Replayed {
    /// Whether all of it came out the same.
    pub fn same(&self) -> bool {
        let approvals = self.approvals.as_ref().is_none_or(ApprovalsReplayed::same);
        approvals
            && self.verdict.same()
            && self.report_sha256.same()
            && self.plan.as_ref().is_none_or(PlanReplayed::same)
    }
}

/// Reads a bundle's files; what is wrong with those that cannot be read.
pub fn open(files: &BTreeMap<String, String>) -> Result<Bundle, Vec<Difference>> {
    let mut faults = Vec::new();
    let asked: Option<Asked> = read(files, REQUEST, &mut faults);
    let rules = text(files, RULES, &mut faults);
    let judged = [FACTS, REPORT, PLAN].iter().any(|name| files.contains_key(*name));
    let facts: Option<Facts> = if judged { read(files, FACTS, &mut faults) } else { None };
    let report: Option<GateReport> = if judged { read(files, REPORT, &mut faults) } else { None };
    let with_approvals = judged && files.contains_key(APPROVALS);
    let approvals: Option<JudgedApprovals> = if with_approvals { read(files, APPROVALS, &mut faults) } else { None };
    // What still waits for approvals has no plan that was to be carried out.
    let stands = approvals.as_ref().is_none_or(|judged| judged.report.stands());
    let go = report.as_ref().is_some_and(|report| report.verdict == Verdict::Go);
    let planned = (go && stands) || files.contains_key(PLAN);
    let plan: Option<Plan> = if planned { read(files, PLAN, &mut faults) } else { None };
    let bound: Option<Value> = if files.contains_key(BOUND) { read(files, BOUND, &mut faults) } else { None };
    match (asked, rules, faults.is_empty()) {
        (Some(asked), Some(rules), true) => {
            let report_text = files.get(REPORT).cloned().unwrap_or_default();
            let judged =
                facts.zip(report).map(|(facts, report)| Judged { facts, report, report_text, approvals, plan, bound });
            Ok(Bundle { asked, rules, judged })
        }
        _ => Err(faults),
    }
}

fn text(files: &BTreeMap<String, String>, name: &str, faults: &mut Vec<Difference>) -> Option<String> {
    let text = files.get(name);
    if text.is_none() {
        faults.push(Difference::of(name, "it is missing, and nothing can be judged without it"));
    }
    text.cloned()
}

fn read<T: DeserializeOwned>(files: &BTreeMap<String, String>, name: &str, faults: &mut Vec<Difference>) -> Option<T> {
    let text = text(files, name, faults)?;
    let read = serde_json::from_str(&text);
    read.map_err(|error| faults.push(Difference::of(name, format!("it cannot be read: {error}")))).ok()
}

/// Where the files of a bundle, each as it was sealed, contradict each other.
pub fn contradictions(manifest: &Manifest, bundle: &Bundle) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differs = |what: &str, said: &str, file: &str, has: &str| {
        if said != has {
            found.push(Difference::of(MANIFEST, format!("it says {what} {said}, and {file} says {has}")));
        }
    };
    let or_none = |text: Option<&str>| text.unwrap_or("none").to_owned();
    differs("promotion", &manifest.promotion_id, REQUEST, &bundle.asked.promotion_id);
    differs("promote", &manifest.promote, REQUEST, &bundle.asked.promote);
    let judged = bundle.judged.as_ref();
    let verdict = |verdict: Option<Verdict>| or_none(verdict.map(word));
    differs("verdict", &verdict(manifest.verdict), REPORT, &verdict(judged.map(|judged| judged.report.verdict)));
    let plan = judged.and_then(|judged| judged.plan.as_ref());
    let digest = or_none(plan.map(|plan| plan.digest.as_str()));
    differs("plan digest", &or_none(manifest.plan_digest.as_deref()), PLAN, &digest);
    if let Some(plan) = plan
        && plan.id != bundle.asked.promotion_id
    {
        found.push(Difference::of(PLAN, format!("it is of promotion {}", plan.id)));
    }
    if let (Some(plan), Some(bound)) = (plan, judged.and_then(|judged| judged.bound.as_ref()))
        && sha256(canonical(bound)) != plan.digest
    {
        found.push(Difference::of(BOUND, format!("its SHA-256 is not the plan's digest {}", plan.digest)));
    }
    if let Some((plan, approvals)) = plan.zip(judged.and_then(|judged| judged.approvals.as_ref()))
        && approvals.report.stands()
        && approvals.digest != plan.digest
    {
        found.push(Difference::of(
            APPROVALS,
            format!("they are of plan {}, and not of {}", approvals.digest, plan.digest),
        ));
    }
    found
}

/// A verdict by its word in reports.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "go",
        Verdict::Wait => "wait",
        Verdict::Stop => "stop",
    }
}

/// Judges a bundle again and compares. `Err` says why the rules cannot be read by this version of promote.
pub fn replay(bundle: &Bundle) -> Result<Option<Replayed>, String> {
    let Some(judged) = &bundle.judged else { return Ok(None) };
    let Asked { promotion_id, request, rules_path, .. } = &bundle.asked;
    let saved = Saved { id: promotion_id, request, rules_path, rules: &bundle.rules, facts: &judged.facts };
    let report = again::report(&saved).map_err(|why| not_again(&why))?;
    let approvals = judged.approvals.as_ref().map(|judged| {
        let now = again::approvals(&saved, judged).map_err(|why| not_again(&why))?;
        Ok::<_, String>(ApprovalsReplayed::of(&judged.report, &now))
    });
    Ok(Some(Replayed {
        approvals: approvals.transpose()?,
        verdict: Twice { recorded: judged.report.verdict, recomputed: report.verdict },
        report_sha256: Twice { recorded: sha256(&judged.report_text), recomputed: sha256(document(&report)) },
        rows: rows(&judged.report, &report),
        plan: judged.plan.as_ref().and_then(|plan| planned(&saved, judged, plan)),
    }))
}

/// Why nothing can be judged again, in words.
pub fn not_again(why: &NotAgain) -> String {
    match why {
        NotAgain::Rules(faults) => fault::render(faults).trim_end().to_owned(),
        NotAgain::NoPromotion { from, to } => format!("the rules have no promotion from {from} to {to}"),
    }
}

/// The rows of two reports that differ, in the order of the first.
pub fn rows(recorded: &GateReport, recomputed: &GateReport) -> Vec<RowDifference> {
    let find = |report: &GateReport, id: &str| report.rows.iter().find(|row| row.id == id).cloned();
    let mut ids: Vec<&str> = recorded.rows.iter().map(|row| row.id.as_str()).collect();
    let new = recomputed.rows.iter().map(|row| row.id.as_str()).filter(|id| !ids.contains(id)).collect::<Vec<_>>();
    ids.extend(new);
    let differing = ids.into_iter().filter_map(|id| {
        let (old, new) = (find(recorded, id), find(recomputed, id));
        let parts = names(&old, &new);
        (old != new).then(|| RowDifference { gate: id.to_owned(), recorded: old, recomputed: new, parts })
    });
    differing.collect()
}

/// The plan again, with the recorded report: its hash stands in the commit's message, and what differs in the report is said.
fn planned(saved: &Saved<'_>, judged: &Judged, plan: &Plan) -> Option<PlanReplayed> {
    let recorded = Some(plan.digest.clone());
    match again::plan(saved, &judged.report) {
        Ok(None) => None,
        Ok(Some((now, bound))) => Some(PlanReplayed {
            digest: Twice { recorded, recomputed: Some(now.digest.clone()) },
            why_not: None,
            parts: names(plan, &now),
            bound: judged.bound.as_ref().map(|recorded| names(recorded, &bound)).unwrap_or_default(),
        }),
        Err(why) => Some(PlanReplayed {
            digest: Twice { recorded, recomputed: None },
            why_not: Some(why),
            parts: Vec::new(),
            bound: Vec::new(),
        }),
    }
}

/// The names of the fields that differ between two values of one kind.
fn names<T: Serialize>(a: &T, b: &T) -> Vec<String> {
    let value = |of: &T| serde_json::to_value(of).unwrap_or_default();
    let (a, b) = (value(a), value(b));
    let keys = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    let (of_a, of_b): (BTreeSet<String>, BTreeSet<String>) = (keys(&a), keys(&b));
    of_a.union(&of_b).filter(|key| a.get(key.as_str()) != b.get(key.as_str())).cloned().collect()
}
