//! Code Climate issues (spec/analyzers/SPEC.md of codeclimate/platform), which GitLab calls code quality reports.
//!
//! - GitLab wants one array. An engine of Code Climate writes one issue after the other, each ended by a NUL byte: such a stream
//!   has no end that could be missed.
//! - Severities are `blocker`, `critical` and `major` (errors), `minor` (a warning) and `info`. An issue without one, or with
//!   another word, counts as an error.
//! - The place is `location.lines.begin` or `location.positions.begin`.
//! - `[]` is what a clean run writes. Nothing in it says so: the format has to be declared.

use std::io::{self, Read};

use serde::Deserialize;

use crate::adapters::evidence::fields::place;
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::quality::lint::{Complaint, Level, Lint};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

#[derive(Debug, Deserialize)]
struct Issue {
    #[serde(rename = "type")]
    kind: Option<String>,
    check_name: Option<String>,
    description: Option<String>,
    severity: Option<String>,
    location: Option<Location>,
    engine_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Location {
    path: Option<String>,
    lines: Option<Span>,
    positions: Option<Span>,
}

#[derive(Debug, Deserialize)]
struct Span {
    begin: Option<Begin>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Begin {
    Line(f64),
    Position { line: Option<f64>, column: Option<f64> },
}

/// A report whose NUL bytes are blanks. Within a text JSON allows none, so nothing else is changed.
struct Blanked<'a>(Window<'a>);

impl Read for Blanked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buf)?;
        buf.iter_mut().take(length).filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        Ok(length)
    }
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lint: &mut Lint) -> Result<About, Defect> {
    let mut json = Json::new(Window::new(Blanked(input)));
    let mut about = About::default();
    let read = issues(&mut json, &mut about, lint);
    read.map_err(|fault| json.defect("Code Climate JSON", fault))?;
    Ok(about)
}

fn issues(json: &mut Json<'_>, about: &mut About, lint: &mut Lint) -> Result<(), Error> {
    if json.peek()? == Kind::Array {
        json.array(|json| add(&json.read()?, about, lint))?;
        return match json.more()? {
            true => Err(Error::Syntax("something stands behind the array".to_owned())),
            false => Ok(()),
        };
    }
    while json.more()? {
        add(&json.read()?, about, lint)?;
    }
    Ok(())
}

fn add(issue: &Issue, about: &mut About, lint: &mut Lint) -> Result<(), Error> {
    if issue.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("issue")) {
        // Engines also write measurements.
        return Ok(());
    }
    let Some(rule) = issue.check_name.as_deref().or(issue.description.as_deref()) else {
        return Err(Error::Data("an issue has neither `check_name` nor `description`".to_owned()));
    };
    let Some((location, path)) = issue.location.as_ref().and_then(|place| Some((place, place.path.as_deref()?))) else {
        return Err(Error::Data("an issue has no `location.path`".to_owned()));
    };
    let engine = issue.engine_name.as_deref().unwrap_or_default();
    if about.tools.iter().all(|tool| tool.name != engine) {
        about.made_by(engine, None);
    }
    let begin = [&location.lines, &location.positions].into_iter().flatten().find_map(|span| span.begin.as_ref());
    let (line, column) = match begin {
        Some(Begin::Line(line)) => (Some(*line), None),
        Some(Begin::Position { line, column }) => (*line, *column),
        None => (None, None),
    };
    let level = match issue.severity.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("info") => Level::Info,
        Some("minor") => Level::Warning,
        _ => Level::Error,
    };
    lint.add(&Complaint {
        tool: if engine.is_empty() { "Code Climate" } else { engine },
        rules: &[rule],
        level,
        path,
        line: place(line),
        column: place(column),
        message: issue.description.as_deref().unwrap_or_default(),
    });
    Ok(())
}
