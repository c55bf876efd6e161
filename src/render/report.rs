//! The gate report for a terminal: what it is about, the table, the answer, and below it whatever is not a plain pass.

use crate::promotion::image::ImageRef;
use crate::promotion::measures::Detail;
use crate::promotion::report::{GateReport, GateRow, Mark, Verdict};
use crate::promotion::words::count as count_of;
use crate::render::escape;
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::table::{lay, width};
use crate::render::waivers;
use crate::render::words;

/// How many details of one gate stand below the table; the rest are counted, with the place that has them.
pub const DETAILS_SHOWN: usize = 5;

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    /// The service.
    pub service: &'a str,
    /// The source environment.
    pub from: &'a str,
    /// The target environment.
    pub to: &'a str,
    /// The images that the source pins.
    pub images: &'a [ImageRef],
    /// The commit that the version was built from, where it is known.
    pub commit: Option<&'a str>,
}

/// The whole report, with a line end.
pub fn text(heading: &Heading<'_>, report: &GateReport, style: Style) -> String {
    let mut lines = head(heading, style);
    lines.push(String::new());
    let mut below = Vec::new();
    if !report.rows.is_empty() {
        let cells: Vec<Vec<String>> = report.rows.iter().map(cells).collect();
        let laid = lay(&["gate", "wanted", "found", "evidence"], &cells, COLUMNS - 2);
        lines.push(style.faint(&format!("  {}", laid.heading)));
        for ((row, line), shortened) in report.rows.iter().zip(&laid.lines).zip(&laid.shortened) {
            lines.push(format!("{} {line}", style.mark(row.mark)));
            below.extend(explained(row, shortened, style));
        }
        lines.push(String::new());
    }
    let answer = answer(report);
    let (word, rest) = answer.split_once(':').unwrap_or((&answer, ""));
    lines.push(format!("{}:{rest}", style.strong(word)));
    if !below.is_empty() {
        lines.push(String::new());
        lines.extend(below);
    }
    let waivers = waivers::text(&report.waivers, style);
    if !waivers.is_empty() {
        lines.push(String::new());
        lines.extend(waivers);
    }
    lines.join("\n") + "\n"
}

/// `staging → canary   app   registry.example.com/app:1.20 @sha256:9f2b…   commit 3f1c2ab`, on more lines if it is long.
fn head(heading: &Heading<'_>, style: Style) -> Vec<String> {
    let path = words::way(heading.from, heading.to);
    let mut parts = vec![escape::line(heading.service)];
    parts.extend(heading.images.iter().map(words::image));
    parts.extend(heading.commit.map(|commit| format!("commit {}", words::short_commit(commit))));
    let one = format!("{path}   {}", parts.join("   "));
    if width(&one) <= COLUMNS {
        return vec![one.replacen(&path, &style.strong(&path), 1)];
    }
    let first = format!("{}   {}", style.strong(&path), parts[0]);
    let rest = format!("  {}", parts[1..].join("   "));
    if width(&rest) <= COLUMNS {
        return vec![first, rest];
    }
    std::iter::once(first).chain(parts[1..].iter().map(|part| format!("  {part}"))).collect()
}

fn cells(row: &GateRow) -> Vec<String> {
    vec![
        words::gate(&row.id),
        escape::line(&row.expected),
        escape::line(&row.observed),
        escape::line(row.because.as_deref().filter(|_| row.mark == Mark::Waived).unwrap_or(&row.evidence)),
    ]
}

/// What the gates say together, in a sentence that begins with the outcome's word.
pub fn answer(report: &GateReport) -> String {
    let holding = |row: &&GateRow| matches!(row.mark, Mark::Fail | Mark::Unknown);
    let waiting = report.rows.iter().filter(holding).filter(|row| row.not_before.is_some()).count();
    let unknown = report.unknown();
    let until = report.not_before().map(|at| format!(", not before {}", words::minute(at))).unwrap_or_default();
    if report.verdict == Verdict::Wait {
        let passing = report.count(Mark::Pass);
        return format!("WAITING: only time is lacking{until}; {} already.", passes(passing));
    }
    if report.verdict == Verdict::Go {
        return ready(report);
    }
    let mut said = report.against();
    let held = !said.is_empty();
    if unknown > 0 {
        let gates = if held { count_of(unknown as u64) } else { words::counted(unknown, "gate", "gates") };
        said.push(format!("{gates} could not be evaluated"));
    }
    if waiting > 0 {
        said.push(format!("{} only time", if waiting == 1 { "1 lacks".to_owned() } else { format!("{waiting} lack") }));
    }
    format!("{}: {}.", if held { "HELD" } else { "UNKNOWN" }, said.join(", "))
}

fn passes(count: usize) -> String {
    format!("{} {}", words::counted(count, "gate", "gates"), if count == 1 { "passes" } else { "pass" })
}

fn ready(report: &GateReport) -> String {
    if report.rows.is_empty() {
        return "READY: the rules ask for no gate.".to_owned();
    }
    let mut said = vec![passes(report.count(Mark::Pass))];
    for (mark, one, many) in [
        (Mark::Waived, "is waived", "are waived"),
        (Mark::Warn, "optional one is not met", "optional ones are not met"),
        (Mark::Skipped, "optional one has no evidence", "optional ones have no evidence"),
    ] {
        let count = report.count(mark);
        if count > 0 {
            said.push(words::counted(count, one, many));
        }
    }
    format!("READY: {}.", said.join(", "))
}

/// What stands below the table about one gate: why it is no pass, the failing things, what to do, where its rule is; for a
/// pass only what the table had to shorten.
fn explained(row: &GateRow, shortened: &[usize], style: Style) -> Vec<String> {
    let gate = words::gate(&row.id);
    let names = ["gate", "wanted", "found", "evidence"];
    let shown = cells(row);
    let because = row.because.as_deref().map(escape::line);
    let whole: Vec<String> = shortened
        .iter()
        .filter(|n| **n > 0 && because.as_ref().is_none_or(|why| !why.contains(shown[**n].as_str())))
        .map(|n| format!("{}: {}", names[*n], shown[*n]))
        .collect();
    if row.mark == Mark::Pass && row.hint.is_none() {
        let first = format!("  {gate}: ");
        let said = whole.join("; ");
        return if shortened.is_empty() { Vec::new() } else { words::wrapped(&first, 6, &said, COLUMNS) };
    }
    let why = because.unwrap_or_else(|| shown[2].clone());
    let mut lines = words::wrapped(&format!("{} {gate}: ", sign(row.mark)), 6, &why, COLUMNS);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(sign(row.mark), &style.mark(row.mark), 1);
    }
    let evidence = format!("evidence: {}", escape::line(&row.evidence));
    let replaced = (row.mark == Mark::Waived).then_some(evidence);
    for text in whole.into_iter().chain(replaced) {
        lines.extend(words::wrapped("      ", 8, &text, COLUMNS));
    }
    for detail in row.details.iter().take(DETAILS_SHOWN) {
        lines.extend(detailed(detail));
    }
    lines.extend(more(row, DETAILS_SHOWN).map(|text| format!("      {text}")));
    if let Some(at) = row.not_before {
        lines.push(format!("      not before {}", words::minute(at)));
    }
    if let Some(hint) = &row.hint {
        lines.extend(words::wrapped("    → ", 6, &escape::line(hint), COLUMNS));
    }
    if matches!(row.mark, Mark::Fail | Mark::Unknown | Mark::Warn) {
        lines.push(style.faint(&format!("      rule {}", escape::line(&row.rule))));
    }
    lines
}

fn detailed(detail: &Detail) -> Vec<String> {
    let at = if detail.at.is_empty() { String::new() } else { format!("({})", escape::line(&detail.at)) };
    let mut lines = words::wrapped("      ", 8, &escape::line(&detail.name), COLUMNS);
    if let Some(last) = lines.last_mut()
        && width(last) + 2 + width(&at) <= COLUMNS
        && !at.is_empty()
    {
        last.push_str(&" ".repeat(COLUMNS - width(last) - width(&at)));
        last.push_str(&at);
    } else if !at.is_empty() {
        lines.push(format!("        {at}"));
    }
    if !detail.message.is_empty() {
        lines.extend(words::wrapped("        ", 8, &escape::line(&detail.message), COLUMNS));
    }
    lines
}

/// `and 12 more: artifacts/e2e/r.xml`, if there are more details than are shown.
pub fn more(row: &GateRow, shown: usize) -> Option<String> {
    let shown = row.details.len().min(shown) as u64;
    let left = row.details_total.max(row.details.len() as u64) - shown;
    let place = if row.files.is_empty() { vec![row.evidence.clone()] } else { row.files.clone() };
    let place: Vec<String> = place.iter().map(|file| escape::line(path_of(file))).collect();
    (left > 0).then(|| format!("and {} more, all in {}", count_of(left), place.join(", ")))
}

/// The path of a row's file: without the hash that may stand behind it.
fn path_of(file: &str) -> &str {
    file.split_once(" sha256:").or_else(|| file.split_once(" (sha256:")).map_or(file, |(path, _)| path)
}

#[cfg(test)]
mod tests;
