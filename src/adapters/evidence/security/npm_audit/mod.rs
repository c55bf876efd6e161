//! The JSON of `npm audit --json`: version 2 (npm 7 and later, `auditReportVersion: 2`; npm-audit-report) and version 1 (npm 6,
//! `pnpm audit --json`, and what wraps Yarn's in one document), which lists `advisories`.
//!
//! - Version 2 lists vulnerable packages, and counts those (`metadata.vulnerabilities`). The advisories are the objects in
//!   `via`; a text in `via` is the name of another package, whose entry has the advisory. One advisory stands in many packages.
//! - Version 2 does not say which version is installed, only which range is vulnerable: its findings are of a package without
//!   a version, and the range is in the words.
//! - Version 1 has the versions in `findings`, with a path for each way to the package (thousands of them): one finding for each
//!   version. Old advisories have no GHSA id; all have the registry's number, which is kept as `npm:1234`.
//! - A score of 0 without a vector means that there is none.
//! - An `error` at the root means that nothing was audited (no lock file, the registry refused), whatever else stands there.

mod score;
mod v1;
mod v2;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::adapters::evidence::fields::{Name, lacks, looked_at_nothing, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect, first_line};
use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// What the report counts itself.
#[derive(Debug, Deserialize)]
struct Metadata {
    vulnerabilities: Option<Counts>,
    dependencies: Option<Dependencies>,
    #[serde(rename = "totalDependencies")]
    total: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    info: Option<f64>,
    low: Option<f64>,
    moderate: Option<f64>,
    high: Option<f64>,
    critical: Option<f64>,
}

/// Version 1 has a number here, version 2 a table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Dependencies {
    Table { total: Option<f64> },
    Number(IgnoredAny),
}

impl Metadata {
    /// How many vulnerabilities it declares.
    fn declared(&self) -> u64 {
        let Some(counts) = &self.vulnerabilities else { return 0 };
        let Counts { info, low, moderate, high, critical } = counts;
        [info, low, moderate, high, critical].into_iter().map(|count| place(*count)).fold(0, u64::saturating_add)
    }

    /// Whether it says that there is no package at all.
    fn is_of_nothing(&self) -> bool {
        let in_table = match self.dependencies {
            Some(Dependencies::Table { total }) => total,
            Some(Dependencies::Number(_)) | None => None,
        };
        self.total.or(in_table) == Some(0.0)
    }
}

/// The `error` at the root: a table with some of these.
#[derive(Debug, Default, Deserialize)]
struct Failure {
    code: Option<Name>,
    summary: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Default)]
struct Report {
    version: Option<f64>,
    /// How many vulnerable packages version 2 lists, and how many advisories.
    packages: Option<(u64, u64)>,
    /// How many advisories version 1 lists.
    advisories: Option<u64>,
    metadata: Option<Metadata>,
    failure: Option<Failure>,
    message: Option<String>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "npm audit JSON", |json| json.object(|name, json| field(name, json, &mut report, found)))?;
    if let Some(failure) = &report.failure {
        let code = failure.code.as_ref().map(Name::text);
        let texts = [&failure.summary, &failure.message, &report.message, &code];
        let why = texts.into_iter().flatten().find_map(|text| first_line(text));
        let why = why.unwrap_or_else(|| "it gives no reason".to_owned());
        return Err(Defect::Unreadable(format!("npm audit failed, and audited nothing: {why}")));
    }
    let listed = match (report.version, report.packages, report.advisories) {
        (Some(2.0), Some((packages, 0)), _) if packages > 0 => {
            let why = format!("it names vulnerable packages ({packages}), and no advisory");
            return Err(Defect::Unreadable(why));
        }
        (Some(2.0), Some((_, advisories)), _) => advisories,
        (Some(2.0), None, _) => return Err(lacks(Format::NpmAudit, "vulnerabilities")),
        (Some(version), _, _) => {
            let why = format!("it is npm audit JSON of version {version}; what is read is 1 and 2");
            return Err(Defect::Unreadable(why));
        }
        (None, _, Some(advisories)) => advisories,
        (None, _, None) => return Err(lacks(Format::NpmAudit, "auditReportVersion` and no `advisories")),
    };
    let metadata = report.metadata.ok_or_else(|| lacks(Format::NpmAudit, "metadata"))?;
    if listed == 0 && metadata.declared() > 0 {
        let why = format!("it declares vulnerabilities ({}), and lists none", metadata.declared());
        return Err(Defect::Unreadable(why));
    }
    if listed == 0 && metadata.is_of_nothing() {
        return Err(looked_at_nothing("package"));
    }
    let mut about = About::default();
    about.made_by("npm audit", None);
    Ok(about)
}

fn field(name: &str, json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    match name {
        "auditReportVersion" => report.version = json.read()?,
        "vulnerabilities" => report.packages = Some(v2::packages(json, found)?),
        "advisories" => report.advisories = Some(v1::advisories(json, found)?),
        "metadata" => report.metadata = json.read()?,
        "message" if json.peek()? == Kind::String => report.message = json.read()?,
        "error" => match json.peek()? {
            Kind::Null => json.skip()?,
            Kind::Object => report.failure = Some(json.read()?),
            Kind::String => report.failure = Some(Failure { summary: json.read()?, ..Failure::default() }),
            _ => {
                report.failure = Some(Failure::default());
                json.skip()?;
            }
        },
        _ => json.skip()?,
    }
    Ok(())
}
