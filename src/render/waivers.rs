//! The waivers below a gate report: what each covers, until when, why and by whom; those that cover nothing, and those whose time
//! is over.

use crate::promotion::measures::Detail;
use crate::promotion::report::{Mark, WaiverRow, WaiverStanding};
use crate::render::page::Page;
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::{escape, words};

/// How many of the things that one waiver covers are shown at a terminal.
const SHOWN: usize = 5;

/// The section for a terminal; no lines where there is no waiver.
pub fn text(rows: &[WaiverRow], style: Style) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("{}: {}", style.strong("waivers"), counted(rows))];
    for row in rows {
        let mark = mark(row.standing);
        let mut own = words::wrapped(&format!("  {} ", sign(mark)), 6, &headline(row), COLUMNS);
        if let Some(first) = own.first_mut() {
            *first = first.replacen(sign(mark), &style.mark(mark), 1);
        }
        lines.extend(own);
        lines.extend(words::wrapped("      ", 6, &why(row), COLUMNS));
        let named = row.covers.iter().take(SHOWN).filter(|_| !is_gate(row));
        lines.extend(named.flat_map(|detail| words::wrapped("      · ", 10, &covered(detail), COLUMNS)));
        let more = row.count.saturating_sub(SHOWN as u64);
        if more > 0 {
            lines.push(format!("      · and {more} more"));
        }
    }
    lines
}

/// The section on a page of GitHub, folded; `whole`: with the things that each covers.
pub fn onto(page: &mut Page, rows: &[WaiverRow], whole: bool) {
    if rows.is_empty() {
        return;
    }
    let mut lines = Vec::new();
    for row in rows {
        let head = escape::markdown(&headline(row));
        // A sign of its own for what is unused: a dash would begin a list in the list.
        let sign = if row.standing == WaiverStanding::Unused { "·" } else { sign(mark(row.standing)) };
        lines.push(format!("- {sign} {head}: {}", escape::markdown(&why(row))));
        let named = row.covers.iter().filter(|_| whole);
        lines.extend(named.map(|detail| format!("  - {}", escape::code(&covered(detail)))));
        let more = row.count.saturating_sub(row.covers.len() as u64);
        if whole && more > 0 {
            lines.push(format!("  - and {more} more"));
        }
    }
    page.block(&format!("<details><summary>waivers: {}</summary>\n", counted(rows)), &lines, "\n</details>");
}

/// A waiver in one line, for a record.
pub fn line(row: &WaiverRow) -> String {
    format!("{} {}; {}", sign(mark(row.standing)), headline(row), why(row))
}

/// `2 in use, 1 expired, 1 covers nothing here`.
fn counted(rows: &[WaiverRow]) -> String {
    let count = |standing| rows.iter().filter(|row| row.standing == standing).count();
    let unused = count(WaiverStanding::Unused);
    let said = [
        (count(WaiverStanding::InForce), "in use"),
        (unused, if unused == 1 { "covers nothing here" } else { "cover nothing here" }),
        (count(WaiverStanding::Expired), "expired"),
    ];
    let said = said.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    said.collect::<Vec<_>>().join(", ")
}

/// `finding CVE-2026-1 covers 2 findings, until 2026-12-01`.
fn headline(row: &WaiverRow) -> String {
    let said = if row.standing == WaiverStanding::Expired {
        format!("{}, on {}", row.said, row.until)
    } else {
        format!("{}, until {}", row.said, row.until)
    };
    format!("{}: {}", escape::line(&row.names), escape::line(&said))
}

/// `load test host; merged by @bo in #12 (promotion/waivers.yaml:4)`.
fn why(row: &WaiverRow) -> String {
    format!("{}; {} ({})", escape::line(&row.reason), escape::line(&row.by), escape::line(&row.at))
}

fn covered(detail: &Detail) -> String {
    let at = if detail.at.is_empty() { String::new() } else { format!(" ({})", detail.at) };
    escape::line(&format!("{}{at}", detail.name))
}

fn is_gate(row: &WaiverRow) -> bool {
    row.names.starts_with("gate ")
}

fn mark(standing: WaiverStanding) -> Mark {
    match standing {
        WaiverStanding::InForce => Mark::Waived,
        WaiverStanding::Unused => Mark::Skipped,
        WaiverStanding::Expired => Mark::Warn,
    }
}
