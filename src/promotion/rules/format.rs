//! The formats of reports: one row for each, which names it in the rules, says what it measures, and what it is called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// Visual Studio test results (TRX).
    Trx,
    /// NUnit 3 XML.
    Nunit,
    /// NUnit 2 XML.
    Nunit2,
    /// xUnit.net XML.
    Xunit,
    /// CTRF JSON.
    Ctrf,
    /// `go test -json`.
    GoTest,
    /// Test Anything Protocol.
    Tap,
    /// JSON of Rust's libtest and of nextest.
    Libtest,
    /// Cobertura XML.
    Cobertura,
    /// LCOV tracefile.
    Lcov,
    /// JaCoCo XML.
    Jacoco,
    /// Clover XML.
    Clover,
    /// Go coverage profile.
    GoCover,
    /// `llvm-cov export` JSON.
    LlvmCov,
    /// Istanbul `coverage-final.json`.
    Istanbul,
    /// Istanbul `coverage-summary.json`.
    IstanbulSummary,
    /// coverage.py JSON.
    CoveragePy,
    /// OpenCover XML.
    Opencover,
    /// SimpleCov JSON.
    Simplecov,
    /// SARIF 2.1.0.
    Sarif,
    /// Trivy JSON.
    Trivy,
    /// Grype JSON.
    Grype,
    /// OSV-Scanner JSON.
    Osv,
    /// Snyk JSON.
    Snyk,
    /// `npm audit --json`.
    NpmAudit,
    /// pip-audit JSON.
    PipAudit,
    /// `cargo audit --json`.
    CargoAudit,
    /// Bandit JSON.
    Bandit,
    /// Semgrep JSON.
    Semgrep,
    /// Gitleaks JSON.
    Gitleaks,
    /// Checkov JSON.
    Checkov,
    /// CycloneDX JSON with vulnerabilities (VEX).
    Cyclonedx,
    /// Checkstyle XML.
    Checkstyle,
    /// ESLint JSON.
    Eslint,
    /// Code Climate (GitLab code quality) JSON.
    CodeClimate,
    /// SonarQube quality gate (`api/qualitygates/project_status`).
    SonarGate,
    /// k6 summary JSON.
    K6,
    /// JMeter results (JTL, CSV or XML).
    Jmeter,
    /// Gatling `global_stats.json`.
    Gatling,
    /// Locust `_stats.csv`.
    Locust,
    /// `vegeta report -type=json`.
    Vegeta,
    /// oha JSON.
    Oha,
    /// hey text.
    Hey,
    /// Artillery JSON.
    Artillery,
}

/// What a format tells of: all formats of a family can be read together, as one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Test results.
    Tests,
    /// Coverage.
    Coverage,
    /// Security findings.
    Security,
    /// What linters and quality gates say.
    Quality,
    /// Results of a load test.
    Load,
}

/// All that is to be said of a format.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The format.
    pub format: Format,
    /// Its name in the rules and in records.
    pub name: &'static str,
    /// What it tells of.
    pub family: Family,
    /// What it is called.
    pub title: &'static str,
    /// What a file of it is, fitting after "it is".
    pub a_file: &'static str,
}

const fn row(format: Format, name: &'static str, family: Family, title: &'static str, a_file: &'static str) -> Row {
    Row { format, name, family, title, a_file }
}

/// Every format, in the order of the enum.
pub const FORMATS: &[Row] = &[
    row(Format::Junit, "junit", Family::Tests, "JUnit XML", "a JUnit report"),
    row(Format::Trx, "trx", Family::Tests, "Visual Studio test results (TRX)", "a TRX report"),
    row(Format::Nunit, "nunit", Family::Tests, "NUnit 3 XML", "an NUnit 3 report"),
    row(Format::Nunit2, "nunit2", Family::Tests, "NUnit 2 XML", "an NUnit 2 report"),
    row(Format::Xunit, "xunit", Family::Tests, "xUnit.net XML", "an xUnit report"),
    row(Format::Ctrf, "ctrf", Family::Tests, "CTRF JSON", "a CTRF report"),
    row(Format::GoTest, "go_test", Family::Tests, "`go test -json`", "the output of `go test -json`"),
    row(Format::Tap, "tap", Family::Tests, "Test Anything Protocol", "TAP"),
    row(Format::Libtest, "libtest", Family::Tests, "JSON of Rust's libtest and of nextest", "libtest JSON"),
    row(Format::Cobertura, "cobertura", Family::Coverage, "Cobertura XML", "a Cobertura report"),
    row(Format::Lcov, "lcov", Family::Coverage, "LCOV tracefile", "an LCOV tracefile"),
    row(Format::Jacoco, "jacoco", Family::Coverage, "JaCoCo XML", "a JaCoCo report"),
    row(Format::Clover, "clover", Family::Coverage, "Clover XML", "a Clover report"),
    row(Format::GoCover, "go_cover", Family::Coverage, "Go coverage profile", "a Go coverage profile"),
    row(Format::LlvmCov, "llvm_cov", Family::Coverage, "`llvm-cov export` JSON", "an llvm-cov export"),
    row(Format::Istanbul, "istanbul", Family::Coverage, "Istanbul `coverage-final.json`", "an Istanbul report"),
    row(
        Format::IstanbulSummary,
        "istanbul_summary",
        Family::Coverage,
        "Istanbul `coverage-summary.json`",
        "an Istanbul summary",
    ),
    row(Format::CoveragePy, "coverage_py", Family::Coverage, "coverage.py JSON", "a coverage.py report"),
    row(Format::Opencover, "opencover", Family::Coverage, "OpenCover XML", "an OpenCover report"),
    row(Format::Simplecov, "simplecov", Family::Coverage, "SimpleCov JSON", "a SimpleCov report"),
    row(Format::Sarif, "sarif", Family::Security, "SARIF 2.1.0", "SARIF"),
    row(Format::Trivy, "trivy", Family::Security, "Trivy JSON", "a Trivy report"),
    row(Format::Grype, "grype", Family::Security, "Grype JSON", "a Grype report"),
    row(Format::Osv, "osv", Family::Security, "OSV-Scanner JSON", "an OSV-Scanner report"),
    row(Format::Snyk, "snyk", Family::Security, "Snyk JSON", "a Snyk report"),
    row(Format::NpmAudit, "npm_audit", Family::Security, "`npm audit --json`", "an npm audit report"),
    row(Format::PipAudit, "pip_audit", Family::Security, "pip-audit JSON", "a pip-audit report"),
    row(Format::CargoAudit, "cargo_audit", Family::Security, "`cargo audit --json`", "a cargo audit report"),
    row(Format::Bandit, "bandit", Family::Security, "Bandit JSON", "a Bandit report"),
    row(Format::Semgrep, "semgrep", Family::Security, "Semgrep JSON", "a Semgrep report"),
    row(Format::Gitleaks, "gitleaks", Family::Security, "Gitleaks JSON", "a Gitleaks report"),
    row(Format::Checkov, "checkov", Family::Security, "Checkov JSON", "a Checkov report"),
    row(
        Format::Cyclonedx,
        "cyclonedx",
        Family::Security,
        "CycloneDX JSON with vulnerabilities (VEX)",
        "a CycloneDX document",
    ),
    row(Format::Checkstyle, "checkstyle", Family::Quality, "Checkstyle XML", "a Checkstyle report"),
    row(Format::Eslint, "eslint", Family::Quality, "ESLint JSON", "an ESLint report"),
    row(
        Format::CodeClimate,
        "code_climate",
        Family::Quality,
        "Code Climate (GitLab code quality) JSON",
        "a Code Climate report",
    ),
    row(
        Format::SonarGate,
        "sonar_gate",
        Family::Quality,
        "SonarQube quality gate (`api/qualitygates/project_status`)",
        "a SonarQube quality gate",
    ),
    row(Format::K6, "k6", Family::Load, "k6 summary JSON", "a k6 summary"),
    row(Format::Jmeter, "jmeter", Family::Load, "JMeter results (JTL, CSV or XML)", "JMeter results"),
    row(Format::Gatling, "gatling", Family::Load, "Gatling `global_stats.json`", "Gatling statistics"),
    row(Format::Locust, "locust", Family::Load, "Locust `_stats.csv`", "Locust statistics"),
    row(Format::Vegeta, "vegeta", Family::Load, "`vegeta report -type=json`", "a vegeta report"),
    row(Format::Oha, "oha", Family::Load, "oha JSON", "an oha report"),
    row(Format::Hey, "hey", Family::Load, "hey text", "a hey report"),
    row(Format::Artillery, "artillery", Family::Load, "Artillery JSON", "an Artillery report"),
];

impl Format {
    /// Its row.
    pub fn row(self) -> &'static Row {
        &FORMATS[self as usize]
    }

    /// Its name in the rules and in records.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it tells of.
    pub fn family(self) -> Family {
        self.row().family
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|row| row.format)
    }
}

impl Family {
    /// What a report of it holds, fitting after "it holds".
    pub fn holds(self) -> &'static str {
        match self {
            Self::Tests => "test results",
            Self::Coverage => "coverage",
            Self::Security => "security findings",
            Self::Quality => "findings of linters",
            Self::Load => "results of a load test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_row_and_its_name() {
        for (place, row) in FORMATS.iter().enumerate() {
            assert_eq!(row.format as usize, place, "{}", row.name);
            assert_eq!(serde_json::to_value(row.format).unwrap(), row.name);
        }
        let last = serde_json::from_value::<Format>("artillery".into()).unwrap();
        assert_eq!(last as usize + 1, FORMATS.len());
    }
}
