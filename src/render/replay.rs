//! What came of a replay, for people and for programs: the answer first, then each thing that differs.

use serde_json::json;

use crate::promotion::approvals::report::RoleRow;
use crate::promotion::bundle::Difference;
use crate::promotion::replay::{ApprovalsReplayed, PlanReplayed, Replayed, RowDifference, word};
use crate::promotion::report::{GateRow, Verdict};
use crate::render::style::{COLUMNS, Style, word as mark_word};
use crate::render::{escape, words};

/// The exit code of a replay that came out otherwise.
pub const DIFFERS: u8 = 10;

/// How many digits of a hash are shown.
const HASH_SHOWN: usize = 12;
/// What a difference begins with.
const NOT_SAME: &str = "≠";

/// What a replay found.
#[derive(Debug)]
pub struct Found<'a> {
    /// What was replayed: a directory, or a promotion of the ledger.
    pub what: &'a str,
    /// The promotion's id.
    pub id: &'a str,
    /// The version of promote that began the record.
    pub by: &'a str,
    /// The version of promote that judged again.
    pub now: &'a str,
    /// How many files have the hash that the manifest says; absent for a promotion of the ledger, which has no manifest.
    pub sealed: Option<usize>,
    /// Files that are not as they should be, evidence files included.
    pub files: &'a [Difference],
    /// How many evidence files were compared, if any were asked for.
    pub inputs: Option<usize>,
    /// What came of judging again; absent where nothing had been judged.
    pub replayed: Option<&'a Replayed>,
    /// Why it could not be judged again.
    pub unreadable: Option<&'a str>,
}

impl Found<'_> {
    /// Whether everything came out the same.
    pub fn same(&self) -> bool {
        self.files.is_empty() && self.unreadable.is_none() && self.replayed.is_none_or(Replayed::same)
    }
}

/// The findings as text, with a line end.
pub fn text(found: &Found<'_>, style: Style) -> String {
    let head = format!("{} {}   {}", style.strong("REPLAY"), escape::line(found.id), escape::line(found.what));
    let mut lines = vec![head];
    lines.extend(compared(found));
    if !found.same() {
        lines.push(String::new());
    }
    for difference in found.files {
        let first = format!("{NOT_SAME} {}: ", escape::line(&difference.file));
        lines.extend(words::wrapped(&first, 6, &escape::line(&difference.what), COLUMNS));
    }
    for why in found.unreadable.iter().flat_map(|why| why.lines()) {
        lines.extend(words::wrapped("  ", 4, &escape::line(why), COLUMNS));
    }
    if let Some(replayed) = found.replayed {
        lines.extend(differing(replayed, style));
    }
    lines.push(String::new());
    lines.extend(words::wrapped("", 2, &answer(found), COLUMNS));
    lines.join("\n") + "\n"
}

/// The findings as a document.
pub fn document(found: &Found<'_>, exit: u8) -> String {
    let document = json!({
        "schema": crate::render::json::SCHEMA,
        "same": found.same(),
        "exit": exit,
        "what": answer(found),
        "replayed": found.what,
        "promotion_id": found.id,
        "recorded_by": found.by,
        "replayed_by": found.now,
        "files": found.files,
        "inputs_compared": found.inputs,
        "verdict": found.replayed.map(|replayed| &replayed.verdict),
        "report_sha256": found.replayed.map(|replayed| &replayed.report_sha256),
        "rows": found.replayed.map(|replayed| &replayed.rows),
        "approvals": found.replayed.and_then(|replayed| replayed.approvals.as_ref()),
        "plan": found.replayed.and_then(|replayed| replayed.plan.as_ref()),
        "unreadable": found.unreadable,
    });
    escape::json(&format!("{document:#}\n"))
}

/// What was compared.
fn compared(found: &Found<'_>) -> Vec<String> {
    let row = |name: &str, said: &str| words::wrapped(&format!("  {name:<11}"), 13, said, COLUMNS);
    let mut lines = row("promote", &format!("{} recorded it, {} judges it now", escape::line(found.by), found.now));
    if let Some(sealed) = found.sealed {
        let said = format!("{} as sealed in manifest.json", words::counted(sealed, "file is", "files are"));
        lines.extend(row("files", &said));
    }
    if let Some(inputs) = found.inputs {
        lines.extend(row("inputs", &format!("{} compared", words::counted(inputs, "evidence file", "evidence files"))));
    }
    match found.replayed {
        None if found.unreadable.is_none() => lines.extend(row("gates", "nothing was judged yet")),
        None => {}
        Some(replayed) => {
            lines.extend(row("verdict", &twice(word(replayed.verdict.recorded), word(replayed.verdict.recomputed))));
            let (old, new) = (&replayed.report_sha256.recorded, &replayed.report_sha256.recomputed);
            lines.extend(row("report", &twice(&short(old), &short(new))));
            if let Some(approvals) = &replayed.approvals {
                let standing = &approvals.standing;
                lines.extend(row("approvals", &twice(standing.recorded.word(), standing.recomputed.word())));
            }
            match &replayed.plan {
                Some(plan) => {
                    let shown = |digest: &Option<String>| digest.as_deref().map_or_else(|| "none".to_owned(), short);
                    lines.extend(row("plan", &twice(&shown(&plan.digest.recorded), &shown(&plan.digest.recomputed))));
                }
                None if replayed.verdict.recorded == Verdict::Go => {
                    lines.extend(row("plan", "a rollback's is made from what it undoes, and not from its own facts"));
                }
                None => {}
            }
        }
    }
    lines
}

/// The first digits of a hash: whoever wants it whole has the file, or `--json`.
fn short(hash: &str) -> String {
    let shown: String = escape::line(hash).chars().take(HASH_SHOWN).collect();
    format!("sha256 {shown}…")
}

fn twice(recorded: &str, recomputed: &str) -> String {
    if recorded == recomputed {
        return format!("{recorded}, the same again");
    }
    format!("{recorded} recorded, {recomputed} now")
}

fn differing(replayed: &Replayed, style: Style) -> Vec<String> {
    let mut lines: Vec<String> = replayed.rows.iter().flat_map(|row| differing_row(row, style)).collect();
    if replayed.rows.is_empty() && !replayed.report_sha256.same() {
        lines.push(format!("{NOT_SAME} gate-report.json: each row is the same, but not the bytes"));
    }
    if let Some(approvals) = replayed.approvals.as_ref().filter(|approvals| !approvals.same()) {
        lines.extend(differing_approvals(approvals));
    }
    if let Some(plan) = replayed.plan.as_ref().filter(|plan| !plan.same()) {
        lines.extend(differing_plan(plan));
    }
    lines
}

/// One gate that came out otherwise: which of its parts differ, and whether that is the rule's or the facts' doing.
pub fn differing_row(row: &RowDifference, style: Style) -> Vec<String> {
    let gate = words::gate(&row.gate);
    let marked = |row: &Option<GateRow>| {
        row.as_ref().map_or_else(
            || "no such gate".to_owned(),
            |row| format!("{} {}", style.mark(row.mark), mark_word(row.mark)),
        )
    };
    let mut lines =
        vec![format!("{NOT_SAME} {gate}: {} recorded, {} now", marked(&row.recorded), marked(&row.recomputed))];
    let mut part = |name: &str, of: fn(&GateRow) -> &str| {
        if let (Some(old), Some(new)) = (&row.recorded, &row.recomputed)
            && of(old) != of(new)
        {
            let said = format!("{} recorded, {} now", escape::line(of(old)), escape::line(of(new)));
            lines.extend(words::wrapped(&format!("      {name:<10}"), 18, &said, COLUMNS));
        }
    };
    part("wanted", |row| &row.expected);
    part("found", |row| &row.observed);
    part("because", |row| row.because.as_deref().unwrap_or("-"));
    part("evidence", |row| &row.evidence);
    part("rule", |row| &row.rule);
    lines.extend(words::wrapped("      ", 8, &cause(row), COLUMNS));
    lines
}

/// Whose doing a difference is, as far as a row can tell.
fn cause(row: &RowDifference) -> String {
    if row.recorded.is_none() || row.recomputed.is_none() {
        return "the rules differ: they do not name the same gates".to_owned();
    }
    let place = row.recomputed.as_ref().map(|row| escape::line(&row.rule)).unwrap_or_default();
    let of_rule = |part: &&String| matches!(part.as_str(), "expected" | "rule");
    let parts = row.parts.join(", ");
    match (row.parts.iter().any(|part| of_rule(&part)), row.parts.iter().all(|part| of_rule(&part))) {
        (true, true) => format!("the rule at {place} differs ({parts})"),
        (true, false) => format!("the rule at {place} and the facts differ ({parts})"),
        (false, _) => format!("the facts that {} reads differ ({parts})", words::gate(&row.gate)),
    }
}

fn differing_approvals(approvals: &ApprovalsReplayed) -> Vec<String> {
    let mut lines = Vec::new();
    for role in &approvals.roles {
        let word = |row: &Option<RoleRow>| row.as_ref().map_or("no such role", |row| row.standing.word());
        let (old, new) = (word(&role.recorded), word(&role.recomputed));
        let first = format!("{NOT_SAME} approval of {}: ", escape::line(&role.role));
        lines.extend(words::wrapped(
            &first,
            6,
            &format!("{old} recorded, {new} now ({})", role.parts.join(", ")),
            COLUMNS,
        ));
        let because = role.recomputed.iter().flat_map(|row| &row.because);
        lines.extend(because.flat_map(|why| words::wrapped("      ", 8, &escape::line(why), COLUMNS)));
    }
    if !approvals.because.same() {
        lines.push(format!("{NOT_SAME} approvals: what holds all of them differs"));
        let now = approvals.because.recomputed.iter();
        lines.extend(now.flat_map(|why| words::wrapped("      ", 8, &escape::line(why), COLUMNS)));
    }
    lines
}

fn differing_plan(plan: &PlanReplayed) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(plan.why_not.as_ref().map(|why| format!("it cannot be made now: {}", escape::line(why))));
    if !plan.bound.is_empty() {
        said.push(format!("of what an approval binds differs: {}", plan.bound.join(", ")));
    }
    if !plan.parts.is_empty() {
        said.push(format!("of the plan differs: {}", plan.parts.join(", ")));
    }
    let mut lines = vec![format!("{NOT_SAME} plan.json")];
    lines.extend(said.iter().flat_map(|said| words::wrapped("      ", 8, said, COLUMNS)));
    lines
}

/// The answer in a sentence.
fn answer(found: &Found<'_>) -> String {
    if found.same() {
        return match found.replayed {
            Some(replayed) => {
                format!("SAME: verdict {}, and every byte of the report.", word(replayed.verdict.recorded))
            }
            None => "SAME: every file is as it was sealed; nothing had been judged.".to_owned(),
        };
    }
    let mut said = Vec::new();
    if !found.files.is_empty() {
        said.push(words::counted(found.files.len(), "file is not as it was", "files are not as they were"));
    }
    if found.unreadable.is_some() {
        said.push("it could not be judged again".to_owned());
    }
    if let Some(replayed) = found.replayed {
        let (old, new) = (replayed.verdict.recorded, replayed.verdict.recomputed);
        if old != new {
            said.push(format!("the verdict was {} and is {} now", word(old), word(new)));
        }
        if !replayed.rows.is_empty() {
            said.push(words::counted(replayed.rows.len(), "gate came out otherwise", "gates came out otherwise"));
        } else if !replayed.report_sha256.same() {
            said.push("the report has other bytes".to_owned());
        }
        if replayed.approvals.as_ref().is_some_and(|approvals| !approvals.same()) {
            said.push("the approvals came out otherwise".to_owned());
        }
        if replayed.plan.as_ref().is_some_and(|plan| !plan.same()) {
            said.push("the plan came out otherwise".to_owned());
        }
    }
    format!("NOT THE SAME: {}.", said.join(", "))
}

/// What changed between two reports of the same facts, below a report; nothing where nothing did.
pub fn changed(rows: &[RowDifference], style: Style) -> String {
    if rows.is_empty() {
        return "Against the recorded report nothing changes.\n".to_owned();
    }
    let count = words::counted(rows.len(), "gate comes out otherwise", "gates come out otherwise");
    let mut lines = vec![format!("Against the recorded report {count}:")];
    lines.extend(rows.iter().flat_map(|row| differing_row(row, style)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests;
