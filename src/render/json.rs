//! Documents for programs: `validate --json`, `plan --json` (also `plan.json`), `show --json`.
//!
//! Every document names its `schema`; fields are added, never renamed or removed, while it stays the same. The texts in it
//! are as they were read: JSON itself holds them apart, and what a log's reader would act on is written as JSON escapes.

use serde_json::{Value, json};

use crate::promotion::edit::diff::Side;
use crate::promotion::folded::fold;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::record::Entry;
use crate::promotion::report::{GateReport, Mark};
use crate::render::diff::FileDiff;
use crate::render::ending::Ending;
use crate::render::report::Heading;
use crate::render::{escape, report};

/// The number of the documents' form.
pub const SCHEMA: u32 = 1;

/// `validate --json`: what was judged, and what the gates said.
pub fn validate(heading: &Heading<'_>, gates: &GateReport, outcome: Outcome) -> String {
    let mut document = judged(gates, outcome);
    document["service"] = json!(heading.service);
    document["from"] = json!(heading.from);
    document["to"] = json!(heading.to);
    document["images"] = json!(heading.images);
    document["commit"] = json!(heading.commit);
    written(&document)
}

/// `plan --json`: the plan that would be carried out, its diff, and the report that lets it through or holds it.
pub fn plan(plan: &Plan, diffs: &[FileDiff], gates: &GateReport, outcome: Outcome) -> String {
    let mut document = judged(gates, outcome);
    document["plan"] = json!(plan);
    document["diff"] = diffs.iter().map(diffed).collect();
    written(&document)
}

/// An ending before there was a report or a plan.
pub fn ending(ending: &Ending) -> String {
    written(&json!({
        "schema": SCHEMA,
        "outcome": ending.exit.outcome().map(Outcome::word),
        "exit": ending.exit.code(),
        "what": ending.what,
        "seen": ending.seen,
        "next": ending.next,
        "promotion_id": ending.record,
        "took_ms": ending.took,
    }))
}

/// `show --json`: the record, folded, and its entries in short.
pub fn show(entries: &[Entry]) -> String {
    let Some(story) = fold(entries) else { return written(&json!({ "schema": SCHEMA })) };
    let events: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let event = entry.event.word();
            json!({ "seq": entry.seq, "event": event, "at": entry.at, "run": entry.run, "actor": entry.actor })
        })
        .collect();
    written(&json!({
        "schema": SCHEMA,
        "promotion_id": story.id,
        "state": story.state,
        "outcome": story.outcome,
        "exit": story.outcome.map(Outcome::exit_code),
        "what": story.closed.as_ref().map(|closed| &closed.what),
        "next": story.closed.as_ref().and_then(|closed| closed.next.as_ref()),
        "began": story.created_at,
        "last": story.last,
        "request": story.requested.request,
        "rules": json!({ "path": story.requested.rules_path, "text": story.requested.rules }),
        "promote": story.requested.promote,
        "facts": story.facts(),
        "report": story.report(),
        "plan": story.plan(),
        "commits": story.committed,
        "verified": story.verified,
        "refuted": story.refuted,
        "rollback": story.rollback_plan.as_ref().map(|plan| json!({
            "plan": plan, "commits": story.rollback_committed, "verified": story.rollback_verified,
        })),
        "events": events,
    }))
}

fn judged(gates: &GateReport, outcome: Outcome) -> Value {
    json!({
        "schema": SCHEMA,
        "outcome": outcome,
        "exit": outcome.exit_code(),
        "answer": report::answer(gates),
        "counts": {
            "pass": gates.count(Mark::Pass),
            "fail": gates.count(Mark::Fail),
            "unknown": gates.count(Mark::Unknown),
            "warn": gates.count(Mark::Warn),
            "waived": gates.count(Mark::Waived),
            "skipped": gates.count(Mark::Skipped),
        },
        "report": gates,
    })
}

fn diffed(diff: &FileDiff) -> Value {
    let lines: Vec<Value> = diff
        .lines
        .iter()
        .map(|line| {
            let sign = match line.side {
                Side::Old => "-",
                Side::New => "+",
            };
            json!({ "sign": sign, "line": line.line, "text": line.text, "ended": line.ended })
        })
        .collect();
    json!({ "target": diff.target, "path": diff.path, "lines": lines })
}

fn written(document: &Value) -> String {
    escape::json(&format!("{document:#}\n"))
}

#[cfg(test)]
mod tests;
