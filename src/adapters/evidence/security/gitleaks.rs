//! Gitleaks' JSON (`gitleaks git -f json`, report/finding.go of gitleaks/gitleaks): an array of leaks, also as versions before
//! 8 wrote it (names in small letters).
//!
//! - A leak has no severity: each counts as high. The same leak in several commits is one leak.
//! - The report holds the secrets themselves (`Match`, `Secret`, `Line`; before 8 `line`, `offender`), and the words of commits.
//!   None of them is read, so that none can be shown.
//! - `[]` and `null` are what a clean scan writes. Nothing in them says so: the format has to be declared.
//! - The dates and commits are those of the leaks: they say nothing of the scan.

use serde::Deserialize;

use crate::adapters::evidence::fields::{message, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;

/// One leak. Only what is no secret has a field.
#[derive(Debug, Deserialize)]
struct Leak {
    #[serde(rename = "RuleID")]
    rule_id: Option<String>,
    rule: Option<String>,
    #[serde(rename = "Description")]
    description: Option<String>,
    #[serde(rename = "File")]
    path: Option<String>,
    file: Option<String>,
    #[serde(rename = "StartLine")]
    start_line: Option<f64>,
    #[serde(rename = "lineNumber")]
    line_number: Option<f64>,
    #[serde(rename = "StartColumn")]
    start_column: Option<f64>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    Json::document(input, "Gitleaks JSON", |json| {
        if json.peek()? == Kind::Null {
            return json.skip();
        }
        json.array(|json| add(&json.read()?, found))
    })?;
    let mut about = About::default();
    about.made_by("Gitleaks", None);
    Ok(about)
}

fn add(leak: &Leak, found: &mut Found) -> Result<(), Error> {
    // Version 8.0 wrote no rule; its description is that of the rule.
    let rule = [&leak.rule_id, &leak.rule, &leak.description];
    let Some(rule) = rule.into_iter().flatten().map(|rule| rule.trim()).find(|rule| !rule.is_empty()) else {
        return Err(Error::Data("a leak has no `RuleID`".to_owned()));
    };
    let Some(path) = leak.path.as_deref().or(leak.file.as_deref()) else {
        return Err(Error::Data("a leak has no `File`".to_owned()));
    };
    let said = message([&leak.description]);
    found.add(&Finding {
        ids: &[rule],
        tool: "Gitleaks",
        severity: Severity::High,
        suppressed: false,
        place: Place::Code {
            path,
            line: place(leak.start_line.or(leak.line_number)),
            column: place(leak.start_column),
            mark: "",
        },
        message: if said.is_empty() { "a secret stands in the source" } else { &said },
    });
    Ok(())
}
