//! What a page at GitHub is made of, and how its texts are kept to a sensible length.

use crate::promotion::approvals::report::{ApprovalReport, Given, RoleRow};
use crate::promotion::measures::Detail;
use crate::promotion::report::{GateReport, GateRow, WaiverRow};
use crate::promotion::time::Time;
use crate::render::markdown::Summary;
use crate::render::{escape, words};

/// The longest text of one cell of a table, in characters.
const CELL: usize = 160;
/// The longest sentence, in characters.
const SENTENCE: usize = 500;
/// How many entries of one list are shown.
const LIST: usize = 50;

/// A promotion as GitHub shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The same as in the job summary.
    pub summary: Summary<'a>,
    /// The promotion's id, once it is known.
    pub id: Option<&'a str>,
    /// The run's page, which has the job summary.
    pub run_url: Option<&'a str>,
    /// Now.
    pub at: Time,
}

impl Shown<'_> {
    /// `promote / app staging → canary`.
    pub fn name(&self) -> String {
        let heading = &self.summary.heading;
        format!("promote / {} {}", escape::line(heading.service), words::way(heading.from, heading.to))
    }
}

/// A text of at most this many characters; what is cut off is an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The same report with every text cut to what a page of limited size can hold many of.
pub fn shorter(gates: &GateReport) -> GateReport {
    GateReport {
        rows: gates.rows.iter().map(shorter_row).collect(),
        verdict: gates.verdict,
        waivers: gates.waivers.iter().map(shorter_waiver).collect(),
    }
}

fn shorter_detail(detail: &Detail) -> Detail {
    Detail { name: cut(&detail.name, SENTENCE), message: cut(&detail.message, SENTENCE), at: cut(&detail.at, SENTENCE) }
}

fn shorter_waiver(row: &WaiverRow) -> WaiverRow {
    WaiverRow {
        at: cut(&row.at, CELL),
        names: cut(&row.names, CELL),
        standing: row.standing,
        until: cut(&row.until, CELL),
        reason: cut(&row.reason, SENTENCE),
        by: cut(&row.by, SENTENCE),
        said: cut(&row.said, CELL),
        count: row.count,
        covers: row.covers.iter().take(LIST).map(shorter_detail).collect(),
    }
}

fn shorter_row(row: &GateRow) -> GateRow {
    GateRow {
        id: cut(&row.id, CELL),
        expected: cut(&row.expected, CELL),
        observed: cut(&row.observed, CELL),
        because: row.because.as_ref().map(|text| cut(text, SENTENCE)),
        hint: row.hint.as_ref().map(|text| cut(text, SENTENCE)),
        evidence: cut(&row.evidence, CELL),
        files: row.files.iter().take(LIST).map(|file| cut(file, SENTENCE)).collect(),
        details: row.details.iter().take(LIST).map(shorter_detail).collect(),
        rule: cut(&row.rule, SENTENCE),
        ..*row
    }
}

/// The same approvals with every text cut.
pub fn shorter_roles(report: &ApprovalReport) -> ApprovalReport {
    let texts = |all: &[String]| all.iter().take(LIST).map(|text| cut(text, SENTENCE)).collect::<Vec<_>>();
    let given = |given: &Given| Given {
        login: cut(&given.login, CELL),
        environment: given.environment.as_ref().map(|name| cut(name, CELL)),
        comment: cut(&given.comment, SENTENCE),
        ..given.clone()
    };
    let role = |role: &RoleRow| RoleRow {
        role: cut(&role.role, CELL),
        people: cut(&role.people, SENTENCE),
        environments: role.environments.iter().map(|name| cut(name, CELL)).collect(),
        given: role.given.iter().take(LIST).map(given).collect(),
        because: texts(&role.because),
        hints: texts(&role.hints),
        ..*role
    };
    ApprovalReport {
        roles: report.roles.iter().map(role).collect(),
        standing: report.standing,
        because: texts(&report.because),
        hints: texts(&report.hints),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöü€", 3), "äö…");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut("👩‍💻x", 2), "👩…");
    }
}
