//! SonarQube's quality gate, as `api/qualitygates/project_status` answers it.
//!
//! - Each condition that is not met is an error; one that warns (before SonarQube 7.6) a warning.
//! - `NONE` means that no gate was evaluated: nothing is known, so it is no pass.
//! - A gate that is `ERROR` without a condition that fails is one error.
//! - Values are texts, and conditions without data are left out.
//! - A refused question (`errors`) is no gate.

use serde::Deserialize;

use crate::adapters::evidence::fields::{Name, lacks};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::quality::lint::{Complaint, Level, Lint};
use crate::adapters::evidence::said::{About, Defect, first_line, short};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

#[derive(Debug, Deserialize)]
struct Status {
    status: Option<String>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    status: Option<String>,
    metric_key: Option<String>,
    comparator: Option<String>,
    error_threshold: Option<Name>,
    actual_value: Option<Name>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    msg: Option<String>,
}

/// Reads one answer into the accumulator. `path` is that of the answer.
pub fn parse(input: Window<'_>, path: &str, lint: &mut Lint) -> Result<About, Defect> {
    let mut status: Option<Status> = None;
    let mut refused: Option<String> = None;
    Json::document(input, "a SonarQube quality gate", |json| {
        json.object(|name, json| {
            match name {
                "projectStatus" => status = json.read()?,
                "errors" if json.peek()? == Kind::Array => {
                    json.each(|one: Refusal| {
                        let why = one.msg.as_deref().and_then(first_line);
                        refused = refused.take().or(why).or_else(|| Some("it gives no reason".to_owned()));
                    })?;
                }
                _ => json.skip()?,
            }
            Ok::<(), Error>(())
        })
    })?;
    if let Some(why) = refused {
        return Err(Defect::Unreadable(format!("SonarQube refused to answer: {why}")));
    }
    let status = status.ok_or_else(|| lacks(Format::SonarGate, "projectStatus"))?;
    let failed = conditions(status.conditions.as_deref().unwrap_or_default(), path, lint);
    match status.status.as_deref() {
        Some("OK" | "WARN") => {}
        Some("ERROR") if failed => {}
        Some("ERROR") => add("quality gate", Level::Error, "the quality gate is not passed", path, lint),
        Some("NONE") => return Err(Defect::Missing("no quality gate was evaluated (NONE)".to_owned())),
        Some(other) => {
            let why = format!("the quality gate has a status that is not known: {}", short(other));
            return Err(Defect::Unreadable(why));
        }
        None => return Err(lacks(Format::SonarGate, "projectStatus.status")),
    }
    let mut about = About::default();
    about.made_by("SonarQube", None);
    Ok(about)
}

/// Adds the conditions that are not met; `true` if one of them fails.
fn conditions(conditions: &[Condition], path: &str, lint: &mut Lint) -> bool {
    let mut failed = false;
    for condition in conditions {
        let level = match condition.status.as_deref() {
            Some("OK" | "NONE" | "NO_VALUE") => continue,
            Some("WARN") => Level::Warning,
            _ => Level::Error,
        };
        failed |= level == Level::Error;
        let text = |value: &Option<Name>| value.as_ref().map_or("not known".to_owned(), Name::text);
        let (actual, limit) = (text(&condition.actual_value), text(&condition.error_threshold));
        let must = match condition.comparator.as_deref() {
            Some("LT") => "must not be less than",
            Some("GT") => "must not be more than",
            _ => "does not fit",
        };
        let metric = condition.metric_key.as_deref().unwrap_or("condition");
        add(metric, level, &format!("{metric} is {actual}, and {must} {limit}"), path, lint);
    }
    failed
}

fn add(rule: &str, level: Level, message: &str, path: &str, lint: &mut Lint) {
    lint.add(&Complaint { tool: "SonarQube", rules: &[rule], level, path, line: 0, column: 0, message });
}
