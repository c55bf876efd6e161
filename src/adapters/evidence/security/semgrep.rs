//! Semgrep's JSON (`semgrep scan --json`, semgrep_output_v1.atd of semgrep/semgrep-interfaces), one finding for each of `results`.
//!
//! - Severities are ERROR, WARNING and INFO, in newer rules also CRITICAL, HIGH, MEDIUM and LOW.
//! - `extra.is_ignored` is `nosem` in the source: suppressed.
//! - `errors`: one of level `error` means that a rule or a file was not looked at, so the report is not believed. Those of level
//!   `warn` (a part of a file that does not parse, a rule that timed out) and rules that were skipped are noted.
//! - `paths.scanned` names what was looked at: a report that names none, and has no finding, is of nothing.
//! - The words of a secret or a line of the source (`extra.lines`) are never kept.

use serde::Deserialize;

use crate::adapters::evidence::fields::{Faults, Texts, cwe, lacks, looked_at_nothing, message, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// One of `results`.
#[derive(Debug, Deserialize)]
struct Match {
    check_id: Option<String>,
    path: Option<String>,
    start: Option<Point>,
    extra: Option<Extra>,
}

#[derive(Debug, Deserialize)]
struct Point {
    line: Option<f64>,
    col: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Extra {
    severity: Option<String>,
    message: Option<String>,
    is_ignored: Option<bool>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    cwe: Option<Texts>,
}

/// One of `errors`.
#[derive(Debug, Deserialize)]
struct Trouble {
    level: Option<String>,
    message: Option<String>,
    path: Option<String>,
}

#[derive(Debug, Default)]
struct Report {
    results: Option<u64>,
    has_errors: bool,
    failed: Faults,
    partial: Faults,
    skipped_rules: u64,
    scanned: Option<u64>,
    version: Option<String>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "Semgrep JSON", |json| json.object(|name, json| field(name, json, &mut report, found)))?;
    let results = report.results.ok_or_else(|| lacks(Format::Semgrep, "results"))?;
    if !report.has_errors {
        return Err(lacks(Format::Semgrep, "errors"));
    }
    if !report.failed.is_empty() {
        let errors = report.failed.said("error", "errors");
        return Err(Defect::Unreadable(format!("Semgrep reports {errors}: what it says is not all")));
    }
    if results == 0 && report.scanned == Some(0) {
        return Err(looked_at_nothing("file"));
    }
    let mut about = About::default();
    if !report.partial.is_empty() {
        let warnings = report.partial.said("warning", "warnings");
        about.notes.push(format!("Semgrep reports {warnings}: the scan may be incomplete"));
    }
    if report.skipped_rules > 0 {
        about.notes.push(format!("Semgrep left out {} of its rules", report.skipped_rules));
    }
    about.made_by("Semgrep", report.version.as_deref());
    Ok(about)
}

fn field(name: &str, json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    match name {
        "version" => report.version = json.read()?,
        "results" => {
            let mut count = 0u64;
            json.array(|json| {
                count += 1;
                add(&json.read()?, found)
            })?;
            report.results = Some(count);
        }
        "errors" => {
            report.has_errors = true;
            let (failed, partial) = (&mut report.failed, &mut report.partial);
            json.each(|one: Trouble| {
                let level = one.level.unwrap_or_default().to_ascii_lowercase();
                let faults =
                    if matches!(level.as_str(), "warn" | "warning" | "info") { &mut *partial } else { &mut *failed };
                faults.add(&one.path.unwrap_or_default(), &one.message.unwrap_or_default());
            })?;
        }
        "paths" if json.peek()? == Kind::Object => json.object(|name, json| {
            if name != "scanned" || json.peek()? != Kind::Array {
                return json.skip();
            }
            report.scanned = Some(count(json)?);
            Ok(())
        })?,
        "skipped_rules" if json.peek()? == Kind::Array => report.skipped_rules = count(json)?,
        _ => json.skip()?,
    }
    Ok(())
}

fn count(json: &mut Json<'_>) -> Result<u64, Error> {
    let mut count = 0;
    json.array(|json| {
        count += 1;
        json.skip()
    })?;
    Ok(count)
}

fn add(one: &Match, found: &mut Found) -> Result<(), Error> {
    let (Some(rule), Some(path)) = (one.check_id.as_deref(), one.path.as_deref()) else {
        return Err(Error::Data("a result has no `check_id` or no `path`".to_owned()));
    };
    let Some(extra) = &one.extra else {
        return Err(Error::Data("a result has no `extra`".to_owned()));
    };
    let weaknesses = extra.metadata.as_ref().and_then(|metadata| metadata.cwe.as_ref()).map_or(&[][..], Texts::all);
    let ids: Vec<&str> = [rule].into_iter().chain(weaknesses.iter().filter_map(|text| cwe(text))).collect();
    found.add(&Finding {
        ids: &ids,
        tool: "Semgrep",
        severity: Severity::of_word(extra.severity.as_deref().unwrap_or_default()),
        suppressed: extra.is_ignored == Some(true),
        place: Place::Code {
            path,
            line: place(one.start.as_ref().and_then(|start| start.line)),
            column: place(one.start.as_ref().and_then(|start| start.col)),
            mark: "",
        },
        message: &message([&extra.message]),
    });
    Ok(())
}
