//! What a reading can measure: one shape for each kind of evidence, in whole numbers and exact decimals.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::alerts::Alerts;
use crate::promotion::levels::Levels;
use crate::promotion::number::Decimal;

/// What a reading measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Test results.
    Tests(Tests),
    /// Line and branch coverage.
    Coverage(Coverage),
    /// Security findings.
    Findings(Findings),
    /// What linters and quality gates say.
    Quality(Quality),
    /// The results of a load test.
    Performance(Performance),
    /// Service levels over a window.
    Levels(Levels),
    /// Alerts.
    Alerts(Alerts),
    /// The checks of a commit.
    Checks(Checks),
    /// The review of the pull request that brought a commit.
    Review(Review),
    /// The answer of a health check.
    Health(Health),
}

/// Test results: `total = passed + failed + errored + skipped + waived`; `executed = total - skipped - waived` is never 0 in a reading
/// of reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tests {
    /// Test cases; attempts of one case are one.
    pub total: u64,
    /// Passed at last.
    pub passed: u64,
    /// An assertion failed.
    pub failed: u64,
    /// Could not be judged: a crash, a failing set-up.
    pub errored: u64,
    /// Not run.
    pub skipped: u64,
    /// Passed after a failed attempt; part of `passed`.
    pub flaky: u64,
    /// Cases that stood in several files.
    pub duplicates: u64,
    /// The failing cases, the first ones in file order (at most [`DETAILS_KEPT`]).
    pub failures: Vec<Detail>,
    /// Cases that are bad, and that a waiver names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
}

/// How many details of one reading are kept; the rest are counted.
pub const DETAILS_KEPT: usize = 50;

impl Tests {
    /// Cases that ran, without those that are waived.
    pub fn executed(&self) -> u64 {
        self.total - self.skipped - self.waived.len() as u64
    }
}

/// A failing test or a finding that does not count, because a waiver that is in force names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    /// What it is.
    pub detail: Detail,
    /// The waiver, by its place: `promotion/waivers.yaml:4`.
    pub waiver: String,
}

/// One failing test or finding: untrusted text, escaped wherever it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Detail {
    /// Name of the test, or identifier of the rule.
    pub name: String,
    /// What it says, one line.
    pub message: String,
    /// Where: `path:line` in the evidence or the source, as the report has it.
    pub at: String,
}

/// Coverage: distinct lines of distinct files, merged by file and line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Lines that were hit at least once.
    pub lines_covered: u64,
    /// Lines that could be hit; never 0 in a reading.
    pub lines_total: u64,
    /// Branches that were taken.
    pub branches_covered: u64,
    /// Branches that could be taken; 0 when the report has none.
    pub branches_total: u64,
    /// Functions that were entered.
    #[serde(default)]
    pub functions_covered: u64,
    /// Functions that could be entered; 0 when the report has none.
    #[serde(default)]
    pub functions_total: u64,
    /// Source files.
    pub files: u64,
    /// The same of a part of the tree, by the glob that the rules ask with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Part>,
}

impl Coverage {
    /// The numbers of all files, how many there are, and the numbers of parts of the tree.
    pub fn of(all: Part, files: u64, parts: BTreeMap<String, Part>) -> Self {
        let Part { lines_covered, lines_total, branches_covered, branches_total, functions_covered, functions_total } =
            all;
        Self {
            lines_covered,
            lines_total,
            branches_covered,
            branches_total,
            functions_covered,
            functions_total,
            files,
            parts,
        }
    }

    /// The numbers of all of it.
    pub fn whole(&self) -> Part {
        Part {
            lines_covered: self.lines_covered,
            lines_total: self.lines_total,
            branches_covered: self.branches_covered,
            branches_total: self.branches_total,
            functions_covered: self.functions_covered,
            functions_total: self.functions_total,
        }
    }
}

/// Coverage of a part of the tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Lines that were hit at least once.
    pub lines_covered: u64,
    /// Lines that could be hit; 0 when no file of the reports matches.
    pub lines_total: u64,
    /// Branches that were taken.
    pub branches_covered: u64,
    /// Branches that could be taken.
    pub branches_total: u64,
    /// Functions that were entered.
    pub functions_covered: u64,
    /// Functions that could be entered.
    pub functions_total: u64,
}

impl Part {
    /// Adds the numbers of another part.
    pub fn add(&mut self, other: &Self) {
        self.lines_covered += other.lines_covered;
        self.lines_total += other.lines_total;
        self.branches_covered += other.branches_covered;
        self.branches_total += other.branches_total;
        self.functions_covered += other.functions_covered;
        self.functions_total += other.functions_total;
    }
}

/// Findings by severity. `unknown` severities count as high for a gate, and are shown apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// CVSS 9.0 and more, or the tool's `critical`.
    pub critical: u64,
    /// CVSS 7.0–8.9, or `error`.
    pub high: u64,
    /// CVSS 4.0–6.9, or `warning`.
    pub medium: u64,
    /// CVSS 0.1–3.9, or `note`.
    pub low: u64,
    /// Information only.
    pub info: u64,
    /// The tool gave none.
    pub unknown: u64,
    /// Suppressed in the report; not counted above.
    pub suppressed: u64,
    /// The worst findings, most severe first (at most [`DETAILS_KEPT`]).
    pub worst: Vec<Detail>,
    /// Findings that a waiver names; not counted above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
}

/// What linters and quality gates say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Errors, and conditions of a quality gate that are not met.
    pub errors: u64,
    /// Warnings.
    pub warnings: u64,
    /// Information only.
    pub info: u64,
    /// The highest cyclomatic complexity of a function, where a report tells of it.
    pub complexity: Option<u64>,
    /// The worst findings, errors first (at most [`DETAILS_KEPT`]).
    pub worst: Vec<Detail>,
    /// Findings that a waiver names; not counted above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
}

/// The results of a load test. What the report does not say is absent: a percentile is never worked out from a mean, or from
/// another percentile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Performance {
    /// Requests; never 0 in a reading.
    pub requests: u64,
    /// Requests that failed.
    pub failed: Option<u64>,
    /// The latency in milliseconds that half of the requests stay under.
    #[schemars(with = "Option<String>")]
    pub p50_ms: Option<Decimal>,
    /// The latency in milliseconds that 95 of 100 requests stay under.
    #[schemars(with = "Option<String>")]
    pub p95_ms: Option<Decimal>,
    /// The latency in milliseconds that 99 of 100 requests stay under.
    #[schemars(with = "Option<String>")]
    pub p99_ms: Option<Decimal>,
    /// Requests per second.
    #[schemars(with = "Option<String>")]
    pub throughput: Option<Decimal>,
    /// The thresholds that the load test itself judges, as test cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Tests>,
}

/// The checks of a commit, by their newest state: `total = green + pending + failed`, and never 0 in a reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checks {
    /// Check runs and statuses that count.
    pub total: u64,
    /// Ended well: `success`, `neutral` or `skipped`.
    pub green: u64,
    /// Not ended yet.
    pub pending: u64,
    /// Ended in any other way.
    pub failed: u64,
    /// Left out because the rules say so; not counted above.
    pub ignored: u64,
    /// Those that are not green, the failed ones first (at most [`DETAILS_KEPT`]).
    pub worst: Vec<Detail>,
}

/// The review of the pull request that brought a commit: the newest word of each person who counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// People whose newest word is an approval of the pull request's last commit.
    pub approved: u64,
    /// People whose newest word asks for changes.
    pub changes_requested: u64,
    /// Who approved.
    pub approvers: Vec<String>,
    /// The pull request's number.
    pub pull_request: Option<u64>,
}

/// The answer of one health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether it is what was expected.
    pub ok: bool,
    /// What was seen: `200`, `503 after 3 s`.
    pub seen: String,
}
