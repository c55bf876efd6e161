//! Documents for programs: `validate --json`, `plan --json` (also `plan.json`), `show --json`, `list --json`, `freeze list --json`, and how
//! a command ended. Each is written from a struct whose JSON Schema is [published](schema).
//!
//! Every document names its `schema`; fields are added, never renamed or removed, while it stays the same. The texts in it
//! are as they were read: JSON itself holds them apart, and what a log's reader would act on is written as JSON escapes.

pub mod list;
pub mod orders;
pub mod schema;
pub mod show;

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::edit::diff::Side;
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::time::Millis;
use crate::render::diff::FileDiff;
use crate::render::ending;
use crate::render::report::Heading;
use crate::render::{escape, report};

/// The number of the documents' form.
pub const SCHEMA: u32 = 1;

/// What `promote validate --json` prints: what was judged, and what the gates said.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote validate")]
struct Validate<'a> {
    #[serde(flatten)]
    judged: Judged<'a>,
    /// The service.
    service: &'a str,
    /// The source environment.
    from: &'a str,
    /// The target environment.
    to: &'a str,
    /// The version: the images that the target would pin.
    images: &'a [ImageRef],
    /// The commit that the version was built from, where it is known.
    commit: Option<&'a str>,
}

/// What `promote plan --json` prints: the plan that would be carried out, its diff, and the report that lets it through or
/// holds it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote plan")]
struct Plan<'a> {
    #[serde(flatten)]
    judged: Judged<'a>,
    /// The plan.
    plan: &'a crate::promotion::plan::Plan,
    /// The lines that its commits change, file by file.
    diff: Vec<Diffed<'a>>,
}

/// What the gates said.
#[derive(Debug, Serialize, JsonSchema)]
struct Judged<'a> {
    /// The number of the document's form.
    schema: u32,
    /// How it ended, in a word.
    outcome: Outcome,
    /// The exit code.
    exit: u8,
    /// The answer in a sentence.
    answer: String,
    /// How many gates have each mark.
    counts: Counts,
    /// The gate report.
    report: &'a GateReport,
}

/// How many gates have each mark.
#[derive(Debug, Serialize, JsonSchema)]
struct Counts {
    /// Met.
    pass: usize,
    /// A definite no.
    fail: usize,
    /// Could not be found out; holds like a no.
    unknown: usize,
    /// Optional and not met; does not hold.
    warn: usize,
    /// Not met, and waived.
    waived: usize,
    /// Optional and without evidence.
    skipped: usize,
}

/// The changed lines of one file.
#[derive(Debug, Serialize, JsonSchema)]
struct Diffed<'a> {
    /// The target whose commit it is.
    target: &'a str,
    /// The file, from the repository's root.
    path: &'a str,
    /// The changed lines.
    lines: Vec<Line<'a>>,
}

/// One changed line.
#[derive(Debug, Serialize, JsonSchema)]
struct Line<'a> {
    /// Whether it is taken away or added.
    #[schemars(extend("enum" = ["-", "+"]))]
    sign: &'static str,
    /// Its number, from 1, in the text that it is of.
    line: u32,
    /// Its text.
    text: &'a str,
    /// Whether it has a line end.
    ended: bool,
}

/// What a command prints with `--json` where there is neither a report nor a plan to print: how it ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote: how a command ended")]
struct Ending<'a> {
    /// The number of the document's form.
    schema: u32,
    /// How it ended, in a word; `null` if it was refused before there could be an outcome.
    outcome: Option<Outcome>,
    /// The exit code.
    exit: u8,
    /// What happened, in one sentence.
    what: &'a str,
    /// What was expected and what was seen, a line each.
    seen: &'a [String],
    /// What to do now, a line each.
    next: &'a [String],
    /// The promotion's id, where there is a record.
    promotion_id: Option<&'a str>,
    /// How long it took, in milliseconds.
    took_ms: Option<Millis>,
}

/// `validate --json`.
pub fn validate(heading: &Heading<'_>, gates: &GateReport, outcome: Outcome) -> String {
    let Heading { service, from, to, images, commit } = *heading;
    written(&Validate { judged: judged(gates, outcome), service, from, to, images, commit })
}

/// `plan --json`.
pub fn plan(plan: &crate::promotion::plan::Plan, diffs: &[FileDiff], gates: &GateReport, outcome: Outcome) -> String {
    written(&Plan { judged: judged(gates, outcome), plan, diff: diffs.iter().map(diffed).collect() })
}

/// An ending before there was a report or a plan.
pub fn ending(ending: &ending::Ending) -> String {
    written(&Ending {
        schema: SCHEMA,
        outcome: ending.exit.outcome(),
        exit: ending.exit.code(),
        what: &ending.what,
        seen: &ending.seen,
        next: &ending.next,
        promotion_id: ending.record.as_deref(),
        took_ms: ending.took,
    })
}

fn judged(gates: &GateReport, outcome: Outcome) -> Judged<'_> {
    Judged {
        schema: SCHEMA,
        outcome,
        exit: outcome.exit_code(),
        answer: report::answer(gates),
        counts: Counts {
            pass: gates.count(Mark::Pass),
            fail: gates.count(Mark::Fail),
            unknown: gates.count(Mark::Unknown),
            warn: gates.count(Mark::Warn),
            waived: gates.count(Mark::Waived),
            skipped: gates.count(Mark::Skipped),
        },
        report: gates,
    }
}

fn diffed(diff: &FileDiff) -> Diffed<'_> {
    let lines = diff.lines.iter().map(|line| {
        let sign = match line.side {
            Side::Old => "-",
            Side::New => "+",
        };
        Line { sign, line: line.line, text: &line.text, ended: line.ended }
    });
    Diffed { target: &diff.target, path: &diff.path, lines: lines.collect() }
}

/// A document as text. What cannot be written as JSON (a map whose keys are no texts) is in none of them.
pub(super) fn written(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("every key of a document is a text");
    escape::json(&format!("{text}\n"))
}

#[cfg(test)]
mod tests;
