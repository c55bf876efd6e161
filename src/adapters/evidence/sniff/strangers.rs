//! Reports that are known and not read: they are refused by name, some with what to use instead.

use crate::adapters::evidence::sniff::outline::{Outline, Syntax};
use crate::adapters::evidence::sniff::signs::fits;

/// What gives it away, and what it is, fitting after "it is".
type Stranger = (Syntax, &'static [&'static str], &'static str);

const STRANGERS: &[Stranger] = &[
    (Syntax::Xml, &["testng-results"], "TestNG's own report, and its JUnit report is read"),
    (Syntax::Xml, &["robot"], "Robot Framework's own output, and its JUnit report (`--xunit`) is read"),
    (Syntax::Xml, &["testsuites/suite"], "a report of the Check library, which is not JUnit"),
    (Syntax::Xml, &["TestRun/SuccessfulTests|TestRun/FailedTests|TestRun/Statistics"], "a CppUnit report"),
    (Syntax::Xml, &["test-suite"], "a result of Allure"),
    (Syntax::Xml, &["Site|Testing"], "CTest's own report, and its JUnit report (`--output-junit`) is read"),
    (Syntax::Xml, &["testExecutions|unitTest"], "SonarQube's generic test report"),
    (Syntax::Xml, &["coverage/file@path"], "SonarQube's generic coverage"),
    (Syntax::Xml, &["results/modules|CoverageDSPriv"], "Visual Studio's own coverage, and Cobertura is read"),
    (Syntax::Xml, &["pmd"], "a PMD report"),
    (Syntax::Xml, &["pmd-cpd"], "a CPD report"),
    (Syntax::Xml, &["BugCollection"], "a SpotBugs report"),
    (Syntax::Xml, &["bom"], "a CycloneDX document in XML, and its JSON is read"),
    (Syntax::Xml, &["analysis/dependencies"], "an OWASP Dependency-Check report, and its SARIF is read"),
    (Syntax::Xml, &["results/errors|results/cppcheck"], "a Cppcheck report"),
    (Syntax::Xml, &["issues"], "an Android lint report"),
    (Syntax::Xml, &["lint"], "a report in lint's XML"),
    (Syntax::Xml, &["rss|feed"], "a news feed"),
    (Syntax::Xml, &["svg"], "a picture"),
    (Syntax::Json, &["[].elements", "[].keyword"], "a Cucumber report, and its JUnit report is read"),
    (Syntax::Json, &["[].sourceContentType", "[].messages"], "a secretlint report, and its SARIF is read"),
    (Syntax::Json, &["matches[].Cycle|descriptor.name=xeol"], "a Xeol report"),
    (Syntax::Json, &["[].num_requests", "[].num_failures"], "Locust's JSON, and its `_stats.csv` is read"),
    (Syntax::Json, &["rpa", "suite"], "Robot Framework's own output, and its JUnit report (`--xunit`) is read"),
    (Syntax::Json, &["generalDiagnostics"], "a Pyright report"),
    (Syntax::Json, &["Issues", "Report|Issues[].FromLinter"], "a golangci-lint report, and its Checkstyle is read"),
    (Syntax::Json, &["Issues", "Stats"], "a gosec report, and its SARIF is read"),
    (Syntax::Json, &["statements", "@context"], "an OpenVEX document, which is a filter and not a scan"),
    (Syntax::Json, &["[].message-id"], "a Pylint report"),
    (Syntax::Json, &["[].code", "[].location", "[].filename"], "a Ruff report, and its JUnit or SARIF is read"),
    (Syntax::Json, &["[].code", "[].level", "[].line"], "a report of Hadolint or ShellCheck"),
    (Syntax::Json, &["[].source", "[].warnings"], "a stylelint report"),
    (Syntax::Json, &["reason"], "the messages of cargo"),
    (Syntax::Json, &["latency.p97_5"], "an autocannon report, which has no p95"),
    (Syntax::Json, &["latencyDistribution"], "a ghz report"),
    (Syntax::Json, &["vulnerabilities[]", "scan"], "a security report in GitLab's form"),
    (Syntax::Json, &["numTotalTests"], "Jest's own report, and that of jest-junit is read"),
    (Syntax::Json, &["suites[]", "config"], "Playwright's own report, and its JUnit report is read"),
    (Syntax::Json, &["stats.suites|stats.passes"], "Mocha's own report, and that of mocha-junit-reporter is read"),
    (Syntax::Json, &["exitcode", "tests"], "a report of pytest-json-report, and pytest's JUnit report is read"),
    (Syntax::Json, &["examples[]", "summary_line"], "RSpec's own report, and that of rspec_junit_formatter is read"),
    (Syntax::Json, &["spdxVersion"], "an SPDX document, which lists parts and no findings"),
    (Syntax::Json, &["infrastructureAsCodeIssues"], "a report of Snyk IaC, and its SARIF is read"),
    (Syntax::Json, &["result[].scriptId|result[].functions"], "V8's raw coverage, and what c8 makes of it is read"),
    (Syntax::Text, &["^This is ApacheBench"], "the output of ApacheBench"),
    (Syntax::Text, &["1^Running ", "^Requests/sec:"], "the output of wrk"),
    (Syntax::Text, &["1^Summary:", "^Count:"], "the output of ghz"),
    (Syntax::Text, &["1^Summary:", "^Success rate:"], "oha's text, and its JSON (`--output-format json`) is read"),
    (Syntax::Text, &["#duration (ms)", "#status"], "ghz's CSV"),
    (Syntax::Text, &["#timestamp", "#user count"], "Locust's history, and `_stats.csv` beside it is read"),
    (Syntax::Text, &["#error", "#occurrences"], "Locust's list of failures, and `_stats.csv` beside it is read"),
    (Syntax::Text, &["#message", "#traceback"], "Locust's list of exceptions, and `_stats.csv` beside it is read"),
    (Syntax::Text, &["1^var stats = {"], "Gatling's `stats.js`, and `global_stats.json` beside it is read"),
    (Syntax::Text, &["1^RUN\t|1^ASSERTION\t"], "Gatling's `simulation.log`, and `js/global_stats.json` is read"),
    (
        Syntax::Text,
        &["^ok  \t|^--- FAIL: |^--- PASS: |^=== RUN "],
        "the text of `go test`, and that of `go test -json` is read",
    ),
];

/// What a file is that no parser reads, if that is known.
pub fn named(outline: &Outline) -> Option<&'static str> {
    let known = STRANGERS.iter().filter(|(syntax, ..)| *syntax == outline.syntax);
    known.into_iter().find(|(_, signs, _)| fits(outline, signs)).map(|(.., what)| *what)
}
