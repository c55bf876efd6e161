//! The lines of the GitHub Actions protocol: groups, annotations, masks, and the file of outputs.
//!
//! Sources: `actions/toolkit` (`core/src/command.ts`, `file-command.ts`) and the runner's own parser. The runner reads
//! standard output and standard error alike, and takes a command only at the start of a line.

use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::words::count as count_of;
use crate::render::escape::{self, command_data, command_property};
use crate::render::{report, words};

/// The most annotations of one kind that the runner keeps for a step.
const ANNOTATIONS: usize = 10;
/// The longest message that the runner keeps, in characters.
const MESSAGE: usize = 4096;

/// Opens a group; groups do not nest.
pub fn group(title: &str) -> String {
    format!("::group::{}\n", command_data(&escape::line(title)))
}

/// Closes the open group.
pub fn end_group() -> &'static str {
    "::endgroup::\n"
}

/// Where an annotation is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, from the repository's root.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
}

/// Reads `path:line` or `path:line:column`, or a path alone.
pub fn place(at: &str) -> Place {
    let number = |text: &str| text.parse::<u32>().ok().filter(|line| *line > 0);
    let (rest, last) = match at.rsplit_once(':') {
        Some((rest, last)) if number(last).is_some() => (rest, number(last)),
        _ => (at, None),
    };
    match rest.rsplit_once(':') {
        Some((file, line)) if last.is_some() && number(line).is_some() => {
            Place { file: file.to_owned(), line: number(line) }
        }
        _ => Place { file: rest.to_owned(), line: last },
    }
}

/// An error annotation.
pub fn error(title: &str, at: Option<&Place>, message: &str) -> String {
    annotation("error", title, at, message)
}

/// A warning annotation.
pub fn warning(title: &str, at: Option<&Place>, message: &str) -> String {
    annotation("warning", title, at, message)
}

fn annotation(kind: &str, title: &str, at: Option<&Place>, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = at {
        properties.push(format!("file={}", command_property(&escape::line(&place.file))));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", command_property(&escape::line(title))));
    let message: String = message.lines().map(escape::line).collect::<Vec<_>>().join("\n");
    let message: String = message.chars().take(MESSAGE).collect();
    format!("::{kind} {}::{}\n", properties.join(","), command_data(&message))
}

/// One annotation for each gate that holds the promotion, at most ten (the last then says how many there are more). It is
/// shown on the evidence's line when that file is `in_repository`, else without a place.
pub fn annotations(gates: &GateReport, in_repository: &dyn Fn(&str) -> bool) -> String {
    let holding: Vec<&GateRow> = gates
        .rows
        .iter()
        .filter(|row| matches!(row.mark, Mark::Fail | Mark::Unknown) && row.not_before.is_none())
        .collect();
    let shown = if holding.len() > ANNOTATIONS { ANNOTATIONS - 1 } else { holding.len() };
    let mut out: String = holding.iter().take(shown).map(|row| annotated(row, in_repository)).collect();
    if holding.len() > shown {
        let rest: Vec<String> = holding.iter().skip(shown).map(|row| words::gate(&row.id)).collect();
        let title = format!("{} more gates do not pass", count_of(rest.len() as u64));
        out.push_str(&error(&title, None, &format!("{}: the job summary has them all", rest.join(", "))));
    }
    out
}

fn annotated(row: &GateRow, in_repository: &dyn Fn(&str) -> bool) -> String {
    let at = row.details.iter().map(|detail| place(&detail.at)).find(|place| in_repository(&place.file));
    let title = format!("{}: wanted {}, found {}", words::gate(&row.id), row.expected, row.observed);
    let mut lines: Vec<String> = row.because.iter().cloned().collect();
    for detail in row.details.iter().take(report::DETAILS_SHOWN) {
        let parts = [&detail.name, &detail.message, &detail.at];
        let parts: Vec<String> =
            parts.into_iter().filter(|text| !text.is_empty()).map(|text| escape::line(text)).collect();
        lines.push(parts.join(" - "));
    }
    lines.extend(report::more(row, report::DETAILS_SHOWN));
    lines.extend(row.hint.clone());
    lines.push(format!("rule {}", row.rule));
    error(&title, at.as_ref(), &lines.join("\n"))
}

/// Masks for every secret and each of its lines, to be written before anything else. What the runner refuses (empty texts)
/// is left out.
pub fn masks(secrets: &[&str]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for secret in secrets {
        for text in std::iter::once(*secret).chain(secret.lines().map(str::trim)) {
            if !text.trim().is_empty() && !seen.contains(&text) {
                seen.push(text);
            }
        }
    }
    seen.iter().map(|text| format!("::add-mask::{}\n", command_data(text))).collect()
}

/// Why an output cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputFault {
    /// The value holds the delimiter, and could add outputs of its own.
    #[error("the value of output `{0}` holds the delimiter")]
    Delimiter(String),
    /// The name cannot be written in this file's form.
    #[error("`{0}` is not a name of an output")]
    Name(String),
}

/// One output in the form of the file that `GITHUB_OUTPUT` names. `delimiter` must be random, a new one for each call
/// (`ghadelimiter_<uuid>`).
pub fn output(name: &str, value: &str, delimiter: &str) -> Result<String, OutputFault> {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !is_plain(name) {
        return Err(OutputFault::Name(name.to_owned()));
    }
    if !is_plain(delimiter) || value.contains(delimiter) || name.contains(delimiter) {
        return Err(OutputFault::Delimiter(name.to_owned()));
    }
    Ok(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

#[cfg(test)]
mod tests;
