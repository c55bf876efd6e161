//! The table of facts: every field that a condition may name, with its one unit.

use serde::{Deserialize, Serialize};

/// The one unit of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A whole number of things.
    Count,
    /// A ratio that people write in per cent: canonical `0.7`, written `70%`. A bare number in `conditions` is per cent.
    Percent,
    /// A ratio: canonical `0.01`; a bare number in `conditions` is the ratio itself, `1%` is accepted.
    Ratio,
    /// Milliseconds: canonical `800`, written `800ms`, `2h`.
    Duration,
    /// Hours, for fields whose name says so.
    Hours,
    /// A rate per second, written `100/s`.
    PerSecond,
    /// A bare number.
    Number,
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
}

/// What kind of thing a measure belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Test results.
    Tests,
    /// Coverage.
    Coverage,
    /// Security findings.
    Security,
    /// What linters say.
    Quality,
    /// Results of a load test.
    Performance,
    /// Service levels over a window, and what is left of the error budget.
    Levels,
    /// Alerts that are firing.
    Alerts,
    /// Checks of the commit.
    Checks,
    /// The review of the commit.
    Review,
    /// The canary compared with what it is to replace.
    Canary,
    /// The version's time in the source environment.
    Deployment,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// What it belongs to.
    pub kind: Kind,
    /// The name after the dot.
    pub measure: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it means, in a line.
    pub meaning: &'static str,
}

const fn field(kind: Kind, measure: &'static str, unit: Unit, meaning: &'static str) -> Field {
    Field { kind, measure, unit, meaning }
}

/// Every field. Before the dot stands the evidence's id (`unit.failed`), or the gate's name for the merge of all evidence
/// that the promotion's gate of that name reads (`tests.failed`); `deployment` stands for the source environment.
pub const FIELDS: &[Field] = &[
    field(Kind::Tests, "total", Unit::Count, "test cases; attempts of one case count once"),
    field(Kind::Tests, "executed", Unit::Count, "cases that ran: total less skipped"),
    field(Kind::Tests, "passed", Unit::Count, "cases that passed at last"),
    field(Kind::Tests, "failed", Unit::Count, "cases whose assertion failed"),
    field(Kind::Tests, "errored", Unit::Count, "cases that could not be judged: crash, failing set-up"),
    field(Kind::Tests, "skipped", Unit::Count, "cases that did not run"),
    field(Kind::Tests, "flaky", Unit::Count, "cases that passed after a failed attempt"),
    field(Kind::Tests, "pass_rate", Unit::Percent, "passed of executed"),
    field(Kind::Coverage, "line_rate", Unit::Percent, "covered of coverable lines, over all files"),
    field(Kind::Coverage, "branch_rate", Unit::Percent, "taken of all branches; unknown where a report has none"),
    field(Kind::Coverage, "function_rate", Unit::Percent, "entered of all functions; unknown where a report has none"),
    field(Kind::Coverage, "lines_total", Unit::Count, "coverable lines"),
    field(Kind::Coverage, "lines_covered", Unit::Count, "lines that were hit"),
    field(Kind::Security, "critical", Unit::Count, "findings of CVSS 9.0 and more"),
    field(Kind::Security, "high", Unit::Count, "findings of CVSS 7.0 to 8.9, and those without a severity"),
    field(Kind::Security, "medium", Unit::Count, "findings of CVSS 4.0 to 6.9"),
    field(Kind::Security, "low", Unit::Count, "findings of CVSS 0.1 to 3.9"),
    field(Kind::Security, "unknown", Unit::Count, "findings without a severity; also counted in high"),
    field(Kind::Quality, "errors", Unit::Count, "errors of linters, and unmet conditions of a quality gate"),
    field(Kind::Quality, "warnings", Unit::Count, "warnings of linters"),
    field(Kind::Quality, "info", Unit::Count, "what linters only mention"),
    field(
        Kind::Quality,
        "complexity",
        Unit::Count,
        "highest cyclomatic complexity of a function, where a report tells",
    ),
    field(Kind::Performance, "requests", Unit::Count, "requests of the load test"),
    field(Kind::Performance, "error_rate", Unit::Ratio, "failed of all requests; unknown where a report does not tell"),
    field(Kind::Performance, "p50", Unit::Duration, "latency that half of the requests do not exceed"),
    field(Kind::Performance, "p95", Unit::Duration, "latency that 95 of 100 requests do not exceed"),
    field(Kind::Performance, "p99", Unit::Duration, "latency that 99 of 100 requests do not exceed"),
    field(Kind::Performance, "throughput", Unit::PerSecond, "requests per second"),
    field(Kind::Levels, "requests", Unit::Number, "requests in the window"),
    field(Kind::Levels, "errors", Unit::Number, "requests in the window that failed"),
    field(Kind::Levels, "availability", Unit::Percent, "good of all requests in the window"),
    field(Kind::Levels, "error_rate", Unit::Ratio, "failed of all requests in the window"),
    field(Kind::Levels, "latency_p50", Unit::Duration, "latency that half of the requests do not exceed"),
    field(Kind::Levels, "latency_p95", Unit::Duration, "latency that 95 of 100 requests do not exceed"),
    field(Kind::Levels, "latency_p99", Unit::Duration, "latency that 99 of 100 requests do not exceed"),
    field(Kind::Levels, "throughput", Unit::PerSecond, "requests per second, over the window"),
    field(Kind::Levels, "consumption", Unit::Percent, "share of the window's error budget that is used up"),
    field(Kind::Levels, "burn_rate", Unit::Number, "how many times faster than allowed the budget is used up now"),
    field(Kind::Alerts, "critical", Unit::Count, "firing alerts of severity critical"),
    field(
        Kind::Alerts,
        "warning",
        Unit::Count,
        "firing alerts of severity warning, and of none or one that is not known",
    ),
    field(Kind::Alerts, "active", Unit::Count, "all firing alerts, of any severity"),
    field(Kind::Alerts, "silenced", Unit::Count, "alerts that fire and are silenced"),
    field(Kind::Alerts, "inhibited", Unit::Count, "alerts that fire and are inhibited by another"),
    field(Kind::Checks, "total", Unit::Count, "checks of the commit that count"),
    field(Kind::Checks, "failed", Unit::Count, "checks that ended otherwise than success, neutral or skipped"),
    field(Kind::Checks, "pending", Unit::Count, "checks that have not ended"),
    field(Kind::Review, "approved", Unit::Count, "people who approved the pull request's last commit"),
    field(Kind::Review, "changes_requested", Unit::Count, "people whose newest review asks for changes"),
    field(Kind::Canary, "traffic", Unit::Percent, "the canary's share of the requests of both"),
    field(Kind::Canary, "success_rate", Unit::Percent, "good of all requests of the canary"),
    field(Kind::Canary, "error_rate_increase", Unit::Percent, "percentage points by which its error rate is higher"),
    field(Kind::Canary, "latency_p95_increase", Unit::Percent, "how much higher its 95th percentile is, relatively"),
    field(Kind::Canary, "latency_p99_increase", Unit::Percent, "how much higher its 99th percentile is, relatively"),
    field(Kind::Deployment, "duration_hours", Unit::Hours, "time that the source has run this version without a break"),
];

/// The field with this measure among a kind's.
pub fn of_kind(kind: Kind, measure: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.kind == kind && field.measure == measure)
}
