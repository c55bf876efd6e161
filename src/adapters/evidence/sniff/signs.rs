//! The table of signs: what gives each format away.

use crate::adapters::evidence::sniff::outline::{Outline, Syntax};
use crate::promotion::rules::format::Format;

/// A shape that a format comes in. All of its signs must be there; `a|b` is one of both, `!a` must not be there.
type Shape = &'static [&'static str];

/// What gives a format away, in one syntax.
pub struct Signs {
    /// The format.
    pub format: Format,
    /// What it is written in.
    pub syntax: Syntax,
    /// Its shapes, of which one must fit.
    pub shapes: &'static [Shape],
}

const fn xml(format: Format, shapes: &'static [Shape]) -> Signs {
    Signs { format, syntax: Syntax::Xml, shapes }
}

const fn json(format: Format, shapes: &'static [Shape]) -> Signs {
    Signs { format, syntax: Syntax::Json, shapes }
}

const fn text(format: Format, shapes: &'static [Shape]) -> Signs {
    Signs { format, syntax: Syntax::Text, shapes }
}

/// Every format, in the order of the enum; what [`Outline::has`] says of each sign.
pub const SIGNS: &[Signs] = &[
    // The second is libcheck's own.
    xml(Format::Junit, &[&["testsuites", "!testsuites/suite"], &["testsuite"]]),
    // CppUnit's root has the same name.
    xml(
        Format::Trx,
        &[&[
            "TestRun",
            "TestRun/Results|TestRun/ResultSummary|TestRun/Times|TestRun/TestDefinitions|TestRun/TestSettings",
        ]],
    ),
    xml(
        Format::Nunit,
        &[
            &["test-run", "test-run@testcasecount|test-run/test-suite|test-run@fullname|test-run@name"],
            &["test-suite@fullname"],
        ],
    ),
    xml(
        Format::Nunit2,
        &[
            &["test-results", "test-results@name|test-results/test-suite"],
            &["test-suite@executed", "!test-suite@fullname"],
        ],
    ),
    xml(
        Format::Xunit,
        &[&["assemblies"], &["assembly", "assembly@run-date|assembly/collection|assembly/class|assembly/errors"]],
    ),
    json(
        Format::Ctrf,
        &[&["reportFormat=CTRF"], &["results.tool{}", "results.summary{}|results.tests[]", "!results.tool.driver"]],
    ),
    json(Format::GoTest, &[&["Action", "Package|ImportPath|Test", "![]"]]),
    text(Format::GoTest, &[&["Action", "Package|ImportPath|Test"]]),
    text(Format::Tap, &[&["(version)"], &["(plan)", "(point)"], &["(first)"]]),
    json(Format::Libtest, &[&["type=suite|type=test|type=bench", "event"]]),
    text(Format::Libtest, &[&["type=suite|type=test|type=bench", "event"]]),
    xml(
        Format::Cobertura,
        &[&[
            "coverage@line-rate|coverage@branch-rate|coverage@lines-valid|coverage/packages",
            "!coverage@clover",
            "!coverage/project",
            "!coverage/testproject",
        ]],
    ),
    text(Format::Lcov, &[&["1^TN:|1^SF:"]]),
    xml(Format::Jacoco, &[&["report", "report/sessioninfo|report/package|report/group|report/counter"]]),
    xml(Format::Clover, &[&["coverage@clover|coverage/project|coverage/testproject"]]),
    text(Format::GoCover, &[&["1^mode: "]]),
    json(
        Format::LlvmCov,
        &[
            &["type=llvm.coverage.json.export"],
            &[
                "data[].files[]",
                "data[].files[].filename|data[].files[].segments|data[].files[].expansions|data[].totals.lines",
            ],
        ],
    ),
    json(Format::Istanbul, &[&["*.statementMap{}|*.data.statementMap{}"]]),
    json(Format::IstanbulSummary, &[&["*.lines.pct", "*.statements.pct|*.branches.pct|*.functions.pct", "!meta"]]),
    json(
        Format::CoveragePy,
        &[
            &[
                "meta.branch_coverage|meta.show_contexts|meta.format|meta.timestamp",
                "files{}",
                "!meta.simplecov_version",
            ],
            &["files.*.executed_lines[]", "totals.covered_lines"],
        ],
    ),
    xml(Format::Opencover, &[&["CoverageSession"]]),
    json(Format::Simplecov, &[&["*.coverage.*[]|*.coverage.*.lines[]", "!meta"], &["meta.simplecov_version"]]),
    json(
        Format::Sarif,
        &[&["runs", "version|$schema|runs[].tool|runs[].results"], &["$schema~sarif", "!$schema~external"]],
    ),
    json(
        Format::Trivy,
        &[
            &["SchemaVersion", "ArtifactName|ArtifactType|Results[]|CreatedAt|ClusterName"],
            &["ClusterName", "Resources|Vulnerabilities|Misconfigurations|Findings"],
            &["[].Target", "[].Vulnerabilities|[].Misconfigurations|[].Type|[].Class"],
        ],
    ),
    json(
        Format::Grype,
        &[
            &["matches[].vulnerability", "matches[].artifact"],
            &["matches", "descriptor", "!matches[].Cycle", "!descriptor.name=xeol"],
        ],
    ),
    json(
        Format::Osv,
        &[
            &["results[].packages[].package"],
            &["results[].source", "results[].packages"],
            &["results", "experimental_config"],
        ],
    ),
    json(
        Format::Snyk,
        &[
            &[
                "vulnerabilities[]",
                "packageManager|projectName|dependencyCount|vulnerabilities[].semver|vulnerabilities[].CVSSv3",
                "!bomFormat",
            ],
            &[
                "[].vulnerabilities[]",
                "[].packageManager|[].projectName|[].dependencyCount|[].vulnerabilities[].semver",
            ],
            &["ok", "error", "!vulnerabilities"],
            &["[].ok", "[].error"],
        ],
    ),
    json(
        Format::NpmAudit,
        &[
            &["auditReportVersion"],
            &["advisories{}", "actions|metadata.vulnerabilities|muted"],
            &["error.code", "error.summary"],
            &["error", "uri", "statusCode|headers"],
        ],
    ),
    json(
        Format::PipAudit,
        &[
            &["dependencies[].vulns|dependencies[].skip_reason"],
            &["[].vulns[]", "[].name"],
            &["dependencies[]", "fixes"],
        ],
    ),
    json(Format::CargoAudit, &[&["vulnerabilities.found", "vulnerabilities.list|vulnerabilities.count"]]),
    json(
        Format::Bandit,
        &[
            &["errors", "metrics._totals|metrics.*.nosec|metrics.*.loc"],
            &["results[].test_id", "results[].issue_severity"],
        ],
    ),
    json(
        Format::Semgrep,
        &[
            &["results[].check_id", "!results[].check_type"],
            &["results[]", "paths.scanned|paths._comment|engine_requested", "errors"],
        ],
    ),
    json(Format::Gitleaks, &[&["[].RuleID", "[].Secret|[].Match"], &["[].offender", "[].rule"]]),
    json(
        Format::Checkov,
        &[
            &["check_type", "results.failed_checks|results.passed_checks"],
            &["[].check_type", "[].results.failed_checks|[].results.passed_checks"],
            &["checkov_version", "passed", "failed"],
        ],
    ),
    json(Format::Cyclonedx, &[&["bomFormat"], &["$schema~cyclonedx"]]),
    xml(Format::Checkstyle, &[&["checkstyle"]]),
    json(
        Format::Eslint,
        &[&["[].filePath", "[].messages[]", "![].sourceContentType"], &["results[].filePath", "results[].messages[]"]],
    ),
    json(
        Format::CodeClimate,
        &[
            &["[].check_name", "[].fingerprint|[].location|[].categories"],
            &["[].fingerprint", "[].location.path", "[].description"],
            &["check_name", "location.path", "categories|fingerprint|type=issue"],
        ],
    ),
    json(Format::SonarGate, &[&["projectStatus{}"]]),
    json(
        Format::K6,
        &[
            &[
                "metrics.iterations|metrics.iteration_duration|metrics.http_reqs|metrics.http_req_duration|metrics.vus|metrics.data_received|metrics.checks",
                "!aggregate",
            ],
            &["root_group.checks|root_group.groups|root_group.path"],
            &["results.metrics[]", "metadata|config|version"],
            &["type=Metric|type=Point", "metric", "data{}"],
        ],
    ),
    xml(Format::Jmeter, &[&["testResults"]]),
    text(Format::Jmeter, &[&["#timestamp", "#elapsed"], &["(row)"]]),
    json(
        Format::Gatling,
        &[
            &["numberOfRequests{}", "meanResponseTime|percentiles1|minResponseTime"],
            &["stats.numberOfRequests", "contents|type=GROUP"],
            &["simulation", "assertions[]"],
        ],
    ),
    text(Format::Locust, &[&["#name", "#request count|## requests", "#failure count|## failures"]]),
    json(Format::Vegeta, &[&["latencies{}", "status_codes|bytes_in|earliest"]]),
    json(Format::Oha, &[&["summary.successRate"], &["latencyPercentiles", "responseTimeHistogram|rps"]]),
    text(
        Format::Hey,
        &[
            &["1^Summary:", "^Total:", "^Slowest:", "^Requests/sec:", "!^Count:", "!^Success rate:"],
            &["#response-time", "#dns+dialup|#response-read"],
        ],
    ),
    json(
        Format::Artillery,
        &[&["aggregate.counters|aggregate.summaries|aggregate.latency|aggregate.codes|aggregate.scenariosCreated"]],
    ),
];

/// Whether all signs of a shape are there.
pub fn fits(outline: &Outline, shape: Shape) -> bool {
    shape.iter().all(|sign| holds(outline, sign))
}

/// Whether one sign holds.
fn holds(outline: &Outline, sign: &str) -> bool {
    match sign.strip_prefix('!') {
        Some(other) => !outline.has(other),
        None => sign.split('|').any(|one| outline.has(one)),
    }
}

impl Signs {
    /// Whether a file is of this format, by its outline.
    pub fn fit(&self, outline: &Outline) -> bool {
        self.syntax == outline.syntax && self.shapes.iter().any(|shape| fits(outline, shape))
    }

    /// What is missing in a file of the same syntax, or is there that must not be: of the shape that comes nearest, with how
    /// many of its signs are there.
    pub fn lack(&self, outline: &Outline) -> Option<(usize, String)> {
        let held = |shape: Shape| shape.iter().filter(|sign| !sign.starts_with('!') && holds(outline, sign)).count();
        // Of several that come as near, the first: it is the usual one.
        let nearest = self.shapes.iter().rev().max_by_key(|shape| held(shape))?;
        let lacking = nearest.iter().find(|sign| !holds(outline, sign))?;
        Some((held(nearest), words(lacking)))
    }
}

/// A sign that does not hold, in words that fit after "it".
fn words(sign: &str) -> String {
    if let Some(other) = sign.strip_prefix('!') {
        return format!("has {}", thing(other));
    }
    let things: Vec<String> = sign.split('|').map(thing).collect();
    match &things[..] {
        [first, .., last] if things.len() > 3 => format!("has none of {first} … {last}"),
        _ => format!("has no {}", things.join(" or ")),
    }
}

fn thing(sign: &str) -> String {
    if let Some(start) = sign.strip_prefix("1^") {
        return format!("first line that begins with `{}`", start.trim());
    }
    if let Some(start) = sign.strip_prefix('^') {
        return format!("line that begins with `{start}`");
    }
    if let Some(column) = sign.strip_prefix('#') {
        return format!("column `{column}`");
    }
    match sign {
        "(version)" => "line `TAP version`".to_owned(),
        "(plan)" => "plan (`1..4`)".to_owned(),
        "(point)" => "line `ok` or `not ok`".to_owned(),
        "(first)" => "first line `ok` or `not ok`".to_owned(),
        "(row)" => "first line of a sample (time, elapsed, label, …, true)".to_owned(),
        path => format!("`{path}`"),
    }
}
