//! Bandit's JSON (`bandit -f json`, formatters/json.py of PyCQA/bandit), one finding for each of `results`.
//!
//! - `errors` names files that could not be parsed: nothing is known of them, so the report is not believed.
//! - `metrics` has a row for each file and their sum as `_totals`; the rows are not findings. They tell whether any file was
//!   looked at, and whether findings were left out by a level (`-l`, `-i`): `_totals` counts all, `results` only what is shown.
//! - Counts are texts of floats in old versions (`3.0`), and a line may be negative in broken plug-ins.

use serde::Deserialize;

use crate::adapters::evidence::fields::{Faults, lacks, looked_at_nothing, message, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// One of `results`.
#[derive(Debug, Deserialize)]
struct Issue {
    test_id: Option<String>,
    filename: Option<String>,
    line_number: Option<f64>,
    col_offset: Option<f64>,
    issue_severity: Option<String>,
    issue_text: Option<String>,
    issue_cwe: Option<Cwe>,
}

#[derive(Debug, Deserialize)]
struct Cwe {
    id: Option<f64>,
}

/// One of `errors`.
#[derive(Debug, Deserialize)]
struct Unparsed {
    filename: Option<String>,
    reason: Option<String>,
}

/// The sums over all files.
#[derive(Debug, Deserialize)]
struct Totals {
    #[serde(rename = "SEVERITY.HIGH")]
    high: Option<f64>,
    #[serde(rename = "SEVERITY.MEDIUM")]
    medium: Option<f64>,
    #[serde(rename = "SEVERITY.LOW")]
    low: Option<f64>,
    #[serde(rename = "SEVERITY.UNDEFINED")]
    undefined: Option<f64>,
}

#[derive(Debug, Default)]
struct Report {
    results: Option<u64>,
    totals: Option<Totals>,
    files: u64,
    unparsed: Faults,
    about: About,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "Bandit JSON", |json| json.object(|name, json| field(name, json, &mut report, found)))?;
    let Report { results, totals, files, unparsed, mut about } = report;
    let results = results.ok_or_else(|| lacks(Format::Bandit, "results"))?;
    let totals = totals.ok_or_else(|| lacks(Format::Bandit, "metrics._totals"))?;
    if !unparsed.is_empty() {
        let files = unparsed.said("file", "files");
        return Err(Defect::Unreadable(format!("Bandit could not parse {files}: what it says is not all")));
    }
    if results == 0 && files == 0 {
        return Err(looked_at_nothing("file"));
    }
    let all = [totals.high, totals.medium, totals.low, totals.undefined].into_iter().map(place);
    let left_out = all.fold(0, u64::saturating_add).saturating_sub(results);
    if left_out > 0 {
        about.notes.push(format!("Bandit found {left_out} more than it lists: it ran with a level"));
    }
    about.made_by("Bandit", None);
    Ok(about)
}

fn field(name: &str, json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    match name {
        "results" => {
            let mut count = 0u64;
            json.array(|json| {
                count += 1;
                add(&json.read()?, found)
            })?;
            report.results = Some(count);
        }
        "errors" => {
            let unparsed = &mut report.unparsed;
            json.each(|one: Unparsed| {
                unparsed.add(&one.filename.unwrap_or_default(), &one.reason.unwrap_or_default());
            })?;
        }
        "metrics" if json.peek()? == Kind::Object => json.object(|name, json| {
            if name == "_totals" {
                report.totals = Some(json.read()?);
                return Ok(());
            }
            report.files += 1;
            json.skip()
        })?,
        "generated_at" => {
            let time: Option<String> = json.read()?;
            parts::taken(&mut report.about, time.as_deref());
        }
        _ => json.skip()?,
    }
    Ok(())
}

fn add(issue: &Issue, found: &mut Found) -> Result<(), Error> {
    let (Some(rule), Some(path)) = (issue.test_id.as_deref(), issue.filename.as_deref()) else {
        return Err(Error::Data("a result has no `test_id` or no `filename`".to_owned()));
    };
    let cwe = issue.issue_cwe.as_ref().and_then(|cwe| cwe.id).map(|id| format!("CWE-{}", place(Some(id))));
    let ids: Vec<&str> = [Some(rule), cwe.as_deref()].into_iter().flatten().collect();
    found.add(&Finding {
        ids: &ids,
        tool: "Bandit",
        severity: Severity::of_word(issue.issue_severity.as_deref().unwrap_or_default()),
        suppressed: false,
        place: Place::Code {
            path,
            line: place(issue.line_number),
            // Bandit counts columns from 0.
            column: issue.col_offset.map_or(0, |column| place(Some(column)).saturating_add(1)),
            mark: "",
        },
        message: &message([&issue.issue_text]),
    });
    Ok(())
}
