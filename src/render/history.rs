//! Looking back, in words and as documents: an examined ledger, the audit trail, and changes without a record.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::audit::Unrecorded;
use crate::promotion::history::Examined;
use crate::promotion::history::finding::{Counts, Finding};
use crate::promotion::trail::Line;
use crate::promotion::words::counted;
use crate::render::style::{COLUMNS, Style};
use crate::render::{escape, table, words};

/// The number of the documents' format.
const SCHEMA: u32 = 1;

/// The width of a moment to the minute.
const WHEN: usize = 17;

/// The document of `promote history verify --json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The examination of a ledger")]
pub struct Examination<'a> {
    /// The number of this format: 1.
    pub schema: u32,
    /// Whether nothing was found.
    pub intact: bool,
    /// The ledger.
    pub ledger: &'a str,
    /// How much was looked at.
    pub counts: Counts,
    /// What is not as it should be.
    pub findings: &'a [Finding],
    /// What could not be looked at, and what is only worth knowing.
    pub notes: &'a [String],
}

/// The document of `promote audit --json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Changes of pinned versions without a record")]
pub struct Audit<'a> {
    /// The number of this format: 1.
    pub schema: u32,
    /// How many directories of environments were looked at.
    pub directories: usize,
    /// How many commits changed them.
    pub commits: usize,
    /// The changes, newest first.
    pub unrecorded: &'a [Unrecorded],
    /// What could not be read.
    pub notes: &'a [String],
}

/// What an examination found, with a line end.
pub fn examined(examined: &Examined, ledger: &str, style: Style) -> String {
    let counts = looked_at(&examined.counts);
    let findings = &examined.out.findings;
    let mut lines = Vec::new();
    if findings.is_empty() {
        let text = format!("{counts}: nothing was rewritten, removed or reordered");
        lines.extend(words::wrapped("", 2, &text, COLUMNS));
    } else {
        let many = counted(findings.len() as u64, "finding");
        let headline = format!("{many} in {}", escape::line(ledger));
        lines.push(format!("{} {headline}", style.removed("NOT AS IT WAS WRITTEN:")));
        for finding in findings {
            lines.push(String::new());
            lines.push(escape::line(&finding.place));
            lines.extend(words::wrapped("  ", 2, &escape::line(&finding.what), COLUMNS));
            lines.extend(words::wrapped("  → ", 4, &escape::line(&finding.hint), COLUMNS));
        }
        lines.push(String::new());
        lines.extend(words::wrapped("", 2, &format!("looked at {counts}"), COLUMNS));
    }
    lines.extend(noted(&examined.out.notes));
    lines.join("\n") + "\n"
}

/// `1,204 promotions, 4,816 entries, 9 environments`, and the commits that were read.
fn looked_at(counts: &Counts) -> String {
    let mut parts = vec![
        counted(counts.promotions, "promotion"),
        words::counted(usize::try_from(counts.entries).unwrap_or(usize::MAX), "entry", "entries"),
        counted(counts.environments, "environment"),
    ];
    if counts.ledger_commits > 0 {
        parts.push(format!("{} of the ledger", counted(counts.ledger_commits, "commit")));
    }
    if counts.gitops_commits > 0 {
        parts.push(format!("{} in the GitOps repository", counted(counts.gitops_commits, "commit")));
    }
    parts.join(", ")
}

fn noted(notes: &[String]) -> Vec<String> {
    notes.iter().flat_map(|note| words::wrapped("note: ", 6, &escape::line(note), COLUMNS)).collect()
}

/// The document of an examination.
pub fn examination(examined: &Examined, ledger: &str) -> String {
    document(&Examination {
        schema: SCHEMA,
        intact: examined.out.findings.is_empty(),
        ledger,
        counts: examined.counts,
        findings: &examined.out.findings,
        notes: &examined.out.notes,
    })
}

/// The audit trail for people, oldest first, with a line end.
pub fn trail(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "Nothing was done in that time.\n".to_owned();
    }
    let mut services: Vec<&Option<String>> = lines.iter().map(|line| &line.service).collect();
    services.sort();
    services.dedup();
    let rows: Vec<Vec<String>> = lines.iter().map(|line| row(line, services.len() > 1)).collect();
    // A moment is never shortened: the rest shares what room is left.
    let gap = WHEN + 2;
    let laid = table::lay(&["what", "where", "version", "by"], &rows, COLUMNS - gap);
    let mut all = vec![format!("{}{}", table::padded("when", gap), laid.heading)];
    let when = lines.iter().map(|line| table::padded(&words::minute(line.timestamp), gap));
    all.extend(when.zip(laid.lines).map(|(when, line)| format!("{when}{line}")));
    all.join("\n") + "\n"
}

fn row(line: &Line, several: bool) -> Vec<String> {
    let shown = |text: &Option<String>| text.as_deref().map(escape::line).unwrap_or_default();
    let what = match &line.outcome {
        Some(outcome) if *outcome != line.action => format!("{} {}", escape::line(&line.action), escape::line(outcome)),
        _ => escape::line(&line.action),
    };
    let way = match (&line.from_stage, &line.to_stage) {
        (Some(from), Some(to)) => words::way(from, to),
        (_, to) => shown(to),
    };
    let place = if several { format!("{} {way}", shown(&line.service)) } else { way };
    let claimed = if line.actor_known == "claimed" { " (claimed)" } else { "" };
    vec![what, place.trim().to_owned(), shown(&line.version), format!("{}{claimed}", escape::line(&line.actor))]
}

/// The audit trail as JSON Lines: one object a line.
pub fn trail_lines(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{}\n", serde_json::to_string(line).unwrap_or_default())).collect()
}

/// The audit trail as one JSON list.
pub fn trail_list(lines: &[Line]) -> String {
    document(&lines)
}

/// Changes without a record for people, with a line end.
pub fn audited(audit: &Audit<'_>) -> String {
    let looked = format!(
        "{} of {}",
        counted(audit.commits as u64, "commit"),
        words::counted(audit.directories, "directory", "directories")
    );
    let mut lines = Vec::new();
    if audit.unrecorded.is_empty() {
        lines.push(format!("{looked}: every change of a pinned version has a record"));
    } else {
        let headline = format!("{} without a record, in {looked}", counted(audit.unrecorded.len() as u64, "change"));
        lines.push(headline);
        for change in audit.unrecorded {
            lines.push(String::new());
            lines.extend(changed(change));
        }
    }
    lines.extend(noted(audit.notes));
    if !audit.unrecorded.is_empty() {
        lines.push(String::new());
        let next = "find out who needed each, and let the rules allow it; `promote adopt --env <environment> --reason \"…\"` \
                    takes what stands there now as given";
        lines.extend(words::wrapped("→ ", 2, next, COLUMNS));
    }
    lines.join("\n") + "\n"
}

fn changed(change: &Unrecorded) -> Vec<String> {
    let side = |image: &Option<String>| image.as_deref().map_or_else(|| "nothing".to_owned(), escape::line);
    let head = format!(
        "{}  {}  {}",
        words::short_commit(&change.commit),
        words::second(change.at),
        escape::line(&change.author)
    );
    let mut lines = vec![head];
    let what =
        format!("{} in {}: {}", escape::line(&change.service), escape::line(&change.environment), side(&change.old));
    lines.extend(words::wrapped("  ", 4, &format!("{what} → {}", side(&change.new)), COLUMNS));
    lines.extend(words::wrapped("  ", 4, &format!("“{}”", escape::line(&change.subject)), COLUMNS));
    lines
}

/// The document of an audit.
pub fn audit(audit: &Audit<'_>) -> String {
    document(audit)
}

/// The document of an audit, from its parts.
pub fn audit_of<'a>(
    directories: usize,
    commits: usize,
    unrecorded: &'a [Unrecorded],
    notes: &'a [String],
) -> Audit<'a> {
    Audit { schema: SCHEMA, directories, commits, unrecorded, notes }
}

fn document(value: &impl Serialize) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

/// How many of the ledger's files could not be read, in a line with a line end.
pub fn unread(paths: &[String]) -> String {
    let many = words::counted(paths.len(), "file", "files");
    let first: Vec<String> = paths.iter().take(3).map(|path| escape::line(path)).collect();
    format!("{many} of the ledger cannot be read ({}): `promote history verify` names each\n", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_once_and_with_their_nouns() {
        let counts = Counts { promotions: 1204, entries: 1, environments: 9, ..Counts::default() };
        assert_eq!(looked_at(&counts), "1,204 promotions, 1 entry, 9 environments");
    }
}
