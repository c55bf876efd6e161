//! Checkov's JSON (`checkov -o json`, checkov/common/output/report.py of bridgecrewio/checkov): a report of one framework, or an
//! array of them, one finding for each of `results.failed_checks`.
//!
//! - `skipped_checks` are those that a comment in the source skips: suppressed.
//! - Without a key of the vendor's platform `severity` is null: such a finding is of an unknown one, which counts like high.
//! - A run that recognised no file writes flat counters instead (`passed`, `failed`, …, `checkov_version`), and a framework can be
//!   listed without a check that ran: a report in which nothing was checked is of nothing.
//! - `parsing_errors` names files that were not checked, so the report is not believed.
//! - Findings of packages (`sca_package`) have the package and the CVE in `vulnerability_details`.

use serde::Deserialize;

use crate::adapters::evidence::fields::{Faults, lacks, looked_at_nothing, message, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// One of `failed_checks` or `skipped_checks`.
#[derive(Debug, Deserialize)]
struct Check {
    check_id: Option<String>,
    check_name: Option<String>,
    file_path: Option<String>,
    repo_file_path: Option<String>,
    file_line_range: Option<Vec<f64>>,
    resource: Option<String>,
    severity: Option<String>,
    vulnerability_details: Option<Vulnerability>,
}

#[derive(Debug, Deserialize)]
struct Vulnerability {
    id: Option<String>,
    severity: Option<String>,
    package_name: Option<String>,
    package_version: Option<String>,
    package_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    passed: Option<f64>,
    failed: Option<f64>,
    skipped: Option<f64>,
    parsing_errors: Option<f64>,
    checkov_version: Option<String>,
}

#[derive(Debug, Default)]
struct Report {
    about: About,
    unparsed: Faults,
    /// How many checks ran, whatever came of them.
    checked: u64,
    /// The first framework whose report contradicts itself, in words.
    contradiction: Option<String>,
}

/// One framework's report on its way.
#[derive(Debug, Default)]
struct Part {
    framework: Option<String>,
    has_results: bool,
    failed: Option<u64>,
    skipped: u64,
    passed: u64,
    unparsed: u64,
    summary: Option<Summary>,
    version: Option<String>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "Checkov JSON", |json| match json.peek()? {
        Kind::Array => json.array(|json| part(json, &mut report, found)),
        _ => part(json, &mut report, found),
    })?;
    if !report.unparsed.is_empty() {
        let files = report.unparsed.said("file", "files");
        return Err(Defect::Unreadable(format!("Checkov could not parse {files}: what it says is not all")));
    }
    if let Some(why) = report.contradiction {
        return Err(Defect::Unreadable(why));
    }
    if report.checked == 0 {
        return Err(looked_at_nothing("file that it knows"));
    }
    Ok(report.about)
}

fn part(json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    let mut part = Part::default();
    json.object(|name, json| {
        match name {
            "check_type" => part.framework = json.read()?,
            "checkov_version" => part.version = json.read()?,
            "summary" => part.summary = json.read()?,
            "results" => {
                part.has_results = true;
                json.object(|name, json| results(name, json, &mut part, &mut report.unparsed, found))?;
            }
            _ => json.skip()?,
        }
        Ok(())
    })?;
    let version = part.version.as_deref().or_else(|| part.summary.as_ref()?.checkov_version.as_deref());
    report.about.made_by("Checkov", version);
    if !part.has_results && part.version.is_some() {
        // The flat counters: no framework recognised a file.
        return Ok(());
    }
    let (Some(framework), true) = (&part.framework, part.has_results) else {
        return Err(lacks(Format::Checkov, "check_type` or no `results").into());
    };
    let Some(failed) = part.failed else { return Err(lacks(Format::Checkov, "results.failed_checks").into()) };
    let summary = part.summary.as_ref();
    let declared = |count: fn(&Summary) -> Option<f64>| summary.map_or(0, |summary| place(count(summary)));
    let unparsed = declared(|summary| summary.parsing_errors);
    if unparsed > part.unparsed {
        report.unparsed.add(framework, "it is counted, and not named");
    }
    if failed == 0 && declared(|summary| summary.failed) > 0 && report.contradiction.is_none() {
        let declared = declared(|summary| summary.failed);
        report.contradiction = Some(format!("it declares failed checks of {framework} ({declared}), and lists none"));
    }
    let quiet = declared(|summary| summary.passed).saturating_add(declared(|summary| summary.skipped));
    let checked = failed.saturating_add(part.skipped).saturating_add(part.passed).saturating_add(quiet);
    report.checked = report.checked.saturating_add(checked);
    Ok(())
}

fn results(
    name: &str,
    json: &mut Json<'_>,
    part: &mut Part,
    unparsed: &mut Faults,
    found: &mut Found,
) -> Result<(), Error> {
    let suppressed = name == "skipped_checks";
    let mut count = 0u64;
    match name {
        "failed_checks" | "skipped_checks" if json.peek()? != Kind::Null => json.array(|json| {
            count += 1;
            add(&json.read()?, suppressed, found)
        })?,
        "passed_checks" if json.peek()? == Kind::Array => json.array(|json| {
            count += 1;
            json.skip()
        })?,
        "parsing_errors" if json.peek()? == Kind::Array => json.array(|json| {
            count += 1;
            if json.peek()? == Kind::String {
                unparsed.add(&json.read::<String>()?, "");
                return Ok(());
            }
            unparsed.add("", "");
            json.skip()
        })?,
        _ => return json.skip(),
    }
    match name {
        "failed_checks" => part.failed = Some(count),
        "skipped_checks" => part.skipped = count,
        "passed_checks" => part.passed = count,
        _ => part.unparsed = count,
    }
    Ok(())
}

fn add(check: &Check, suppressed: bool, found: &mut Found) -> Result<(), Error> {
    let Some(rule) = check.check_id.as_deref() else {
        return Err(Error::Data("a check has no `check_id`".to_owned()));
    };
    let details = check.vulnerability_details.as_ref();
    let cve = details.and_then(|details| details.id.as_deref());
    let ids: Vec<&str> = cve.into_iter().chain([rule]).collect();
    let path = check.repo_file_path.as_deref().or(check.file_path.as_deref()).unwrap_or_default();
    let path = path.trim_start_matches('/');
    let word = check.severity.as_deref().or_else(|| details?.severity.as_deref()).unwrap_or_default();
    let place = match details.and_then(|details| Some((details, details.package_name.as_deref()?))) {
        Some((details, name)) => Place::Package {
            ecosystem: details.package_type.as_deref().unwrap_or_default(),
            name,
            version: details.package_version.as_deref().unwrap_or_default(),
            path,
        },
        None => Place::Code {
            path,
            line: place(check.file_line_range.as_deref().and_then(|range| range.first().copied())),
            column: 0,
            // One file can hold the same resource several times, each with its own name.
            mark: check.resource.as_deref().unwrap_or_default(),
        },
    };
    found.add(&Finding {
        ids: &ids,
        tool: "Checkov",
        severity: Severity::of_word(word),
        suppressed,
        place,
        message: &message([&check.check_name, &check.resource]),
    });
    Ok(())
}
