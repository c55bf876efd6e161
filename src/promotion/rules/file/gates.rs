//! The gates as people write them. Every limit is inclusive: `line_min: 70%` is met by exactly 70 %.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::canary::limit::Action;
use crate::promotion::condition::Op;
use crate::promotion::rules::file::shape::{Entries, Number, OneOrMany, Percent, Placed, Rate, Scalar, Span};
use crate::promotion::rules::soak::SoakSince;

/// The gates of a promotion or of a verification, by name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Test results: every named source has results, and none failed.
    pub tests: Option<Placed<Tests>>,
    /// Coverage, over the merge of the named reports.
    pub coverage: Option<Placed<Coverage>>,
    /// Findings of security scans, by severity.
    pub security: Option<Placed<Security>>,
    /// All checks of the commit are green.
    pub checks: Option<Placed<Checks>>,
    /// The pull request that brought the commit was approved.
    pub review: Option<Placed<Review>>,
    /// Service levels over a window.
    pub slo: Option<Placed<Slo>>,
    /// What is left of the error budget.
    pub error_budget: Option<Placed<ErrorBudget>>,
    /// Alerts that are firing.
    pub alerts: Option<Placed<Alerts>>,
    /// Results of a load test.
    pub performance: Option<Placed<Performance>>,
    /// How long the source environment has run this version without a break.
    pub soak: Option<Placed<Soak>>,
    /// The canary compared with what it is to replace.
    pub canary: Option<Placed<Canary>>,
    /// Findings of linters.
    pub quality: Option<Placed<Quality>>,
    /// A condition over any facts, in general form; each part of an outermost `all` is one gate.
    pub conditions: Option<Placed<Condition>>,
}

/// Which test results are needed, and what they must say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    /// Evidence that must be there and pass. Default: the evidence named `tests`.
    #[serde(default)]
    pub required: Option<OneOrMany<String>>,
    /// Evidence that is judged if it is there; failing is a warning.
    #[serde(default)]
    pub optional: Option<OneOrMany<String>>,
    /// The least number of cases that ran, for each source. Default: 1.
    #[serde(default)]
    pub count_min: Option<Placed<u64>>,
    /// The most cases that may be skipped, for each source. Default: any number.
    #[serde(default)]
    pub skipped_max: Option<Placed<u64>>,
    /// The most cases that may have passed only after a failed attempt, for each source. Default: any number.
    #[serde(default)]
    pub flaky_max: Option<Placed<u64>>,
}

/// How much must be covered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The evidence, merged. Default: the evidence named `coverage`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Covered of coverable lines.
    #[serde(default)]
    pub line_min: Option<Placed<Percent>>,
    /// Taken of all branches.
    #[serde(default)]
    pub branch_min: Option<Placed<Percent>>,
    /// Entered of all functions.
    #[serde(default)]
    pub function_min: Option<Placed<Percent>>,
    /// How much must be covered of a part of the tree, by a glob over the paths of source files.
    #[serde(default)]
    pub parts: Option<Placed<Entries<CoveragePart>>>,
    /// The evidence that the coverage is compared with, such as the report of the default branch.
    #[serde(default)]
    pub base: Option<Placed<String>>,
    /// How many percentage points of lines the coverage may be lower than that of the base.
    #[serde(default)]
    pub line_drop_max: Option<Placed<Percent>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// How much of a part of the tree must be covered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoveragePart {
    /// Covered of coverable lines.
    #[serde(default)]
    pub line_min: Option<Placed<Percent>>,
    /// Taken of all branches.
    #[serde(default)]
    pub branch_min: Option<Placed<Percent>>,
    /// Entered of all functions.
    #[serde(default)]
    pub function_min: Option<Placed<Percent>>,
}

/// How many findings there may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// The evidence; findings of all of it are counted. Default: the evidence named `security`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Scanners, each of which must have made at least one of the reports, by name. Default: any.
    #[serde(default)]
    pub tool: Option<OneOrMany<String>>,
    /// Findings of CVSS 9.0 and more.
    #[serde(default)]
    pub critical_max: Option<Placed<u64>>,
    /// Findings of CVSS 7.0 to 8.9, and those without a severity.
    #[serde(default)]
    pub high_max: Option<Placed<u64>>,
    /// Findings of CVSS 4.0 to 6.9.
    #[serde(default)]
    pub medium_max: Option<Placed<u64>>,
    /// Findings of CVSS 0.1 to 3.9.
    #[serde(default)]
    pub low_max: Option<Placed<u64>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// That every check of the commit is green.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// The evidence, each judged by itself. Default: the evidence named `checks`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// The least number of checks that there must be. Default: 1.
    #[serde(default)]
    pub min: Option<Placed<u64>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// That people approved the commit in its pull request, and nobody asked for changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The evidence, each judged by itself. Default: the evidence named `review`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// How many people must have approved. Default: 1.
    #[serde(default)]
    pub min: Option<Placed<u64>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// Service levels over the window of their source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// The evidence. Default: the evidence named `slo`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Good of all requests.
    #[serde(default)]
    pub availability_min: Option<Placed<Percent>>,
    /// Failed of all requests.
    #[serde(default)]
    pub error_rate_max: Option<Placed<Percent>>,
    /// The latency that half of the requests stay under.
    #[serde(default)]
    pub latency_p50_max: Option<Placed<Span>>,
    /// The latency that 95 of 100 requests stay under.
    #[serde(default)]
    pub latency_p95_max: Option<Placed<Span>>,
    /// The latency that 99 of 100 requests stay under.
    #[serde(default)]
    pub latency_p99_max: Option<Placed<Span>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// What is left of the error budget.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorBudget {
    /// The evidence. Default: the evidence named `error_budget`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// The share of the budget that may be used up.
    #[serde(default)]
    pub consumption_max: Option<Placed<Percent>>,
    /// How many times faster than allowed the budget may be burning.
    #[serde(default)]
    pub burn_rate_max: Option<Placed<Number>>,
    /// The same over other pairs of windows than `1h` and `5m`.
    #[serde(default)]
    pub burn_rates: Option<Placed<Vec<Placed<BurnRate>>>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// How fast the budget may be burning over a pair of windows: it is too fast where it is so over both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BurnRate {
    /// The long window.
    pub long: Placed<Span>,
    /// The short window, a twelfth of the long one for instance.
    pub short: Placed<Span>,
    /// How many times faster than allowed it may be burning.
    pub max: Placed<Number>,
}

/// How many alerts may be firing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// The evidence. Default: the evidence named `alerts`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Alerts of severity `critical`.
    #[serde(default)]
    pub critical_max: Option<Placed<u64>>,
    /// Alerts of severity `warning`, and those without a severity or with one that is not known.
    #[serde(default)]
    pub warning_max: Option<Placed<u64>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// What a load test must show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Performance {
    /// The evidence. Default: the evidence named `performance`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Programs, each of which must have made at least one of the reports, by name. Default: any.
    #[serde(default)]
    pub tool: Option<OneOrMany<String>>,
    /// The latency that half of the requests stay under.
    #[serde(default)]
    pub p50_max: Option<Placed<Span>>,
    /// The latency that 95 of 100 requests stay under.
    #[serde(default)]
    pub p95_max: Option<Placed<Span>>,
    /// The latency that 99 of 100 requests stay under.
    #[serde(default)]
    pub p99_max: Option<Placed<Span>>,
    /// Failed of all requests.
    #[serde(default)]
    pub error_rate_max: Option<Placed<Percent>>,
    /// Requests per second.
    #[serde(default)]
    pub throughput_min: Option<Placed<Rate>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// How long this version must have run in the source environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Soak {
    /// The least time without a break.
    pub min: Placed<Span>,
    /// What tells since when a version runs that no record knows. Default: record, which is nothing.
    #[serde(default)]
    pub since: Option<SoakSince>,
    /// While a version soaks, hold promotions that would put another one in its place; `--replace` goes on by name.
    #[serde(default)]
    pub protect: bool,
    /// Too short a time is a warning.
    #[serde(default)]
    pub optional: bool,
}

/// The canary compared with what it is to replace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The evidence. Default: the evidence named `canary`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// The share of the traffic that it has had.
    #[serde(default)]
    pub traffic_min: Option<Placed<Percent>>,
    /// For how long.
    #[serde(default)]
    pub duration_min: Option<Placed<Span>>,
    /// Good of all requests.
    #[serde(default)]
    pub success_rate_min: Option<Placed<Percent>>,
    /// How much higher its error rate may be, in percentage points.
    #[serde(default)]
    pub error_rate_increase_max: Option<Placed<Percent>>,
    /// How much higher its 95th percentile may be, relative to the other.
    #[serde(default)]
    pub latency_p95_increase_max: Option<Placed<Percent>>,
    /// How much higher its 99th percentile may be, relative to the other.
    #[serde(default)]
    pub latency_p99_increase_max: Option<Placed<Percent>>,
    /// What follows where a limit is broken; under `verify.gates` only.
    #[serde(default)]
    pub actions: Option<Placed<CanaryActions>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// What follows where a limit on the canary is broken: errors lead to `rollback`, latency to `pause`, unless it is said here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryActions {
    /// Too few good requests.
    #[serde(default)]
    pub success_rate_min: Option<Placed<Action>>,
    /// A higher error rate.
    #[serde(default)]
    pub error_rate_increase_max: Option<Placed<Action>>,
    /// A higher 95th percentile.
    #[serde(default)]
    pub latency_p95_increase_max: Option<Placed<Action>>,
    /// A higher 99th percentile.
    #[serde(default)]
    pub latency_p99_increase_max: Option<Placed<Action>>,
}

/// How many findings of linters there may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// The evidence. Default: the evidence named `quality`.
    #[serde(default)]
    pub from: Option<OneOrMany<String>>,
    /// Linters, each of which must have made at least one of the reports, by name. Default: any.
    #[serde(default)]
    pub tool: Option<OneOrMany<String>>,
    /// Errors.
    #[serde(default)]
    pub errors_max: Option<Placed<u64>>,
    /// Warnings.
    #[serde(default)]
    pub warnings_max: Option<Placed<u64>>,
    /// The highest cyclomatic complexity of a function.
    #[serde(default)]
    pub complexity_max: Option<Placed<u64>>,
    /// Failing is a warning, and missing evidence is skipped.
    #[serde(default)]
    pub optional: bool,
}

/// Either one comparison (`field`, `op`, `value`), or one of `all`, `any`, `not`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Every part holds.
    #[serde(default)]
    pub all: Option<Placed<Vec<Placed<Self>>>>,
    /// At least one part holds.
    #[serde(default)]
    pub any: Option<Placed<Vec<Placed<Self>>>>,
    /// The part does not hold.
    #[serde(default)]
    pub not: Option<Box<Placed<Self>>>,
    /// The fact's name: `unit.failed`, `coverage.line_rate`, `deployment.duration_hours`.
    #[serde(default)]
    pub field: Option<Placed<String>>,
    /// How it is compared.
    #[serde(default)]
    pub op: Option<Placed<Op>>,
    /// With what; a list for `in`. A bare number has the field's own unit.
    #[serde(default)]
    pub value: Option<Placed<OneOrMany<Scalar>>>,
}
