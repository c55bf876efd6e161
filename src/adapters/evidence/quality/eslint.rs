//! ESLint's JSON (`eslint -f json`), an array of files with their messages; `-f json-with-metadata` wraps it in `results`.
//!
//! - Severity 2 is an error, 1 a warning. `fatal` is a file that does not parse, has no rule, and counts as an error.
//! - `suppressedMessages` (comments in the source) stand apart, and do not count.
//! - Files without a message are listed too: a report without any file is of nothing.
//! - `source`, the whole text of the file, is passed over.
//! - The rule `complexity` tells the complexity of a function.

use serde::Deserialize;

use crate::adapters::evidence::fields::{lacks, looked_at_nothing, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::quality::lint::{Complaint, Level, Lint};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// One file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linted {
    file_path: Option<String>,
    messages: Option<Vec<Message>>,
    error_count: Option<f64>,
    warning_count: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    rule_id: Option<String>,
    severity: Option<f64>,
    message: Option<String>,
    line: Option<f64>,
    column: Option<f64>,
    fatal: Option<bool>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lint: &mut Lint) -> Result<About, Defect> {
    let mut count = None;
    Json::document(input, "ESLint JSON", |json| {
        if json.peek()? == Kind::Array {
            count = Some(files(json, lint)?);
            return Ok(());
        }
        json.object(|name, json| {
            if name != "results" {
                return json.skip();
            }
            count = Some(files(json, lint)?);
            Ok(())
        })
    })?;
    match count {
        None => Err(lacks(Format::Eslint, "results")),
        Some(0) => Err(looked_at_nothing("file")),
        Some(_) => {
            let mut about = About::default();
            about.made_by("ESLint", None);
            Ok(about)
        }
    }
}

fn files(json: &mut Json<'_>, lint: &mut Lint) -> Result<u64, Error> {
    let mut count = 0;
    json.array(|json| {
        count += 1;
        add(&json.read()?, lint)
    })?;
    Ok(count)
}

fn add(file: &Linted, lint: &mut Lint) -> Result<(), Error> {
    let (Some(path), Some(messages)) = (file.file_path.as_deref(), &file.messages) else {
        return Err(Error::Data("a file has no `filePath` or no `messages`".to_owned()));
    };
    let declared = place(file.error_count).saturating_add(place(file.warning_count));
    if messages.is_empty() && declared > 0 {
        return Err(Error::Data(format!("a file declares {declared} messages and holds none")));
    }
    for message in messages {
        let fatal = message.fatal == Some(true);
        let rule = message.rule_id.as_deref().unwrap_or(if fatal { "parse error" } else { "eslint" });
        let level = if message.severity == Some(1.0) && !fatal { Level::Warning } else { Level::Error };
        lint.add(&Complaint {
            tool: "ESLint",
            rules: &[rule],
            level,
            path,
            line: place(message.line),
            column: place(message.column),
            message: message.message.as_deref().unwrap_or_default(),
        });
    }
    Ok(())
}
