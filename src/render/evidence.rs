//! `promote evidence`: what was found, for people and for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::facts::{EvidenceFile, Observation, Reading, Subject, SubjectKnown, Tool};
use crate::promotion::inspection::{FileFound, Inspection, SourceFound, is_observed};
use crate::promotion::measured;
use crate::promotion::report::Mark;
use crate::promotion::rules::format::Format;
use crate::promotion::stamp::{SUFFIX, Stamp};
use crate::promotion::time::{Millis, Time};
use crate::promotion::words::counted;
use crate::render::json::SCHEMA;
use crate::render::style::{COLUMNS, Style};
use crate::render::{escape, words};

/// How many files of one source are shown.
const FILES: usize = 20;
/// How many formats are shown that an unknown file comes near to.
const NEAREST: usize = 5;
/// The column that what is said of a file begins at.
const SAID_AT: usize = 13;

/// What `promote evidence --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote evidence")]
pub(super) struct Found<'a> {
    /// The number of the document's form.
    schema: u32,
    /// The exit code: 0 all can be read, 11 something is missing or cannot be read.
    exit: u8,
    /// What was found.
    #[serde(flatten)]
    found: &'a Inspection,
}

/// What `promote evidence stamp --json` prints.
#[derive(Debug, Serialize)]
struct Stamped<'a> {
    schema: u32,
    stamps: Vec<OneStamp<'a>>,
}

#[derive(Debug, Serialize)]
struct OneStamp<'a> {
    path: &'a str,
    stamp: &'a Stamp,
}

/// The document.
pub fn document(found: &Inspection, exit: u8) -> String {
    crate::render::json::written(&Found { schema: SCHEMA, exit, found })
}

/// The document of stamps that were written.
pub fn stamped_document(stamps: &[(&str, &Stamp)]) -> String {
    let stamps = stamps.iter().map(|(path, stamp)| OneStamp { path, stamp }).collect();
    crate::render::json::written(&Stamped { schema: SCHEMA, stamps })
}

/// Stamps that were written, a line each.
pub fn stamped(stamps: &[(String, Stamp)]) -> String {
    let one = |(path, stamp): &(String, Stamp)| {
        let mut parts: Vec<String> = stamp.names().map(name).collect();
        parts.extend(stamp.environment.iter().map(|environment| format!("taken in {}", escape::line(environment))));
        let first = format!("wrote  {}{SUFFIX}: ", escape::line(path));
        words::wrapped(&first, 7, &parts.join(", "), COLUMNS).join("\n") + "\n"
    };
    stamps.iter().map(one).collect()
}

/// What was found, as text. `why`: also what each file that was read was not taken for.
pub fn text(found: &Inspection, why: bool, style: Style) -> String {
    let mut lines = Vec::new();
    for source in &found.sources {
        lines.extend(of_source(source, found.at, why, style));
        lines.push(String::new());
    }
    for file in &found.files {
        lines.push(format!("{} {}", sign(&file.reading, style), style.strong(&escape::line(&file.path))));
        lines.extend(of_file(file, found.at, why));
        lines.push(String::new());
    }
    lines.extend(words::wrapped("", 2, &answer(found), COLUMNS));
    lines.join("\n") + "\n"
}

fn answer(found: &Inspection) -> String {
    let files: usize = found.sources.iter().map(|source| source.files.len()).sum::<usize>() + found.files.len();
    let files = counted(files as u64, "file");
    let all = match &found.rules {
        Some(_) => format!("{}, {files}", counted(found.sources.len() as u64, "source")),
        None => files,
    };
    match found.unusable() {
        0 => format!("{all}: all can be read"),
        1 => format!("{all}: 1 says nothing that can be believed"),
        bad => format!("{all}: {bad} say nothing that can be believed"),
    }
}

fn sign(reading: &Reading, style: Style) -> String {
    style.mark(if is_observed(reading) { Mark::Pass } else { Mark::Unknown })
}

fn of_source(source: &SourceFound, at: Time, why: bool, style: Style) -> Vec<String> {
    let mut id = escape::line(&source.id);
    if let Some(environment) = &source.environment {
        id = format!("{id}@{}", escape::line(environment));
    }
    let first = format!("{} {}: ", sign(&source.reading, Style::PLAIN), id);
    let mut lines = words::wrapped(&first, 4, &said(&source.reading, None), COLUMNS);
    if let Some(line) = lines.first_mut() {
        *line = line.replacen(&first, &format!("{} {}: ", sign(&source.reading, style), style.strong(&id)), 1);
    }
    let mut place = escape::line(&source.place);
    if let Some(max_age) = source.max_age {
        place = format!("{place}, at most {max_age} old");
    }
    lines.extend(words::wrapped("  in ", 5, &place, COLUMNS));
    if source.files.is_empty()
        && let Reading::Observed(seen) = &source.reading
    {
        lines.extend(of_observation(seen, at));
    }
    // Those that spoil the reading are what one looks for.
    let mut files: Vec<&FileFound> = source.files.iter().collect();
    files.sort_by_key(|file| is_observed(&file.reading));
    for file in files.iter().take(FILES) {
        lines.push(format!("  {}", escape::line(&file.path)));
        lines.extend(of_file(file, at, why));
    }
    if files.len() > FILES {
        lines.push(format!("  and {} more; --json has all", files.len() - FILES));
    }
    lines
}

/// What a reading says, in a line. Of a file's own reading its path is left out.
fn said(reading: &Reading, path: Option<&str>) -> String {
    let without = |why: &str| {
        let prefix = path.map(|path| format!("{path}: "));
        escape::line(prefix.and_then(|prefix| why.strip_prefix(&prefix)).unwrap_or(why))
    };
    match reading {
        Reading::Observed(seen) => escape::line(&measured::words(&seen.measure)),
        Reading::Missing { why } => format!("nothing: {}", without(why)),
        Reading::Unreadable { why, .. } => format!("unreadable: {}", without(why)),
    }
}

fn of_file(file: &FileFound, at: Time, why: bool) -> Vec<String> {
    let mut lines = field("says", &said(&file.reading, Some(&file.path)));
    match &file.reading {
        Reading::Observed(seen) => lines.extend(of_observation(seen, at)),
        Reading::Unreadable { files, .. } => lines.extend(files.iter().flat_map(of_bytes)),
        Reading::Missing { .. } => {}
    }
    let is_known = match &file.reading {
        Reading::Observed(_) => true,
        Reading::Unreadable { files, .. } => files.iter().any(|file| file.format != "unknown"),
        Reading::Missing { .. } => true,
    };
    if why || !is_known {
        let not =
            file.not_taken.iter().map(|other| format!("{}: it {}", other.format.name(), escape::line(&other.why)));
        let shown = if why { usize::MAX } else { NEAREST };
        lines.extend(not.take(shown).flat_map(|not| field("is not", &not)));
        let more = file.not_taken.len().saturating_sub(shown);
        lines.extend(
            (more > 0)
                .then(|| field("", &format!("and {more} more, which it is less like: --why")))
                .into_iter()
                .flatten(),
        );
    }
    lines
}

fn of_observation(seen: &Observation, at: Time) -> Vec<String> {
    let mut lines: Vec<String> = match seen.files.as_slice() {
        [only] => of_bytes(only),
        _ => Vec::new(),
    };
    let tools: Vec<String> = seen.tools.iter().map(tool).collect();
    if !tools.is_empty() {
        lines.extend(field("made by", &tools.join(", ")));
    }
    let taken = seen.taken.map_or_else(
        || "not said".to_owned(),
        |taken| match Millis::between(taken, at) {
            age if age.0 < 0 => words::second(taken),
            age => format!("{}, {} ago", words::second(taken), age.coarse()),
        },
    );
    lines.extend(field("taken", &taken));
    lines.extend(field("about", &seen.subject.as_ref().map_or_else(|| "not said".to_owned(), subject)));
    lines.extend(seen.notes.iter().flat_map(|note| field("note", &escape::line(note))));
    lines
}

fn of_bytes(file: &EvidenceFile) -> Vec<String> {
    let title = Format::all().find(|format| format.name() == file.format).map(|format| format.row().title);
    let format = title.map_or_else(
        || "in no format that is read".to_owned(),
        |title| format!("{} ({})", file.format, title.replace('`', "")),
    );
    let short: String = file.sha256.chars().take(12).collect();
    field("format", &format!("{format}, {}, SHA-256 {short}…", counted(file.bytes, "byte")))
}

fn tool(tool: &Tool) -> String {
    match &tool.version {
        Some(version) => format!("{} {}", escape::line(&tool.name), escape::line(version)),
        None => escape::line(&tool.name),
    }
}

fn name(version: &str) -> String {
    if version.starts_with("sha256:") {
        format!("image {}", words::short_digest(version))
    } else {
        format!("commit {}", words::short_commit(version))
    }
}

fn subject(subject: &Subject) -> String {
    let mut text = subject.names().map(name).collect::<Vec<_>>().join(", ");
    if let Some(environment) = &subject.environment {
        text = format!("{text}, taken in {}", escape::line(environment));
    }
    let known = match subject.known {
        SubjectKnown::Stated => "the file states it",
        SubjectKnown::Run => "the commit of its CI run",
        SubjectKnown::Stamped => "by its stamp",
        SubjectKnown::Claimed => "claimed, and shown by nothing",
    };
    format!("{text} ({known})")
}

fn field(name: &str, value: &str) -> Vec<String> {
    words::wrapped(&format!("    {name:<width$}", width = SAID_AT - 4), SAID_AT, value, COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::inspection::NotTaken;
    use crate::render::table::width;

    #[test]
    fn untrusted_names_break_nothing() {
        let bad = "a\u{1b}[31m\nb \u{202e}".to_owned();
        let file = FileFound {
            path: bad.clone(),
            reading: Reading::Unreadable { why: format!("{bad}: it is `{bad}`"), files: Vec::new() },
            not_taken: vec![NotTaken { format: Format::Sarif, why: format!("has no `{bad}`") }],
        };
        let source = SourceFound {
            id: bad.clone(),
            environment: Some(bad.clone()),
            place: bad.clone(),
            max_age: None,
            reading: Reading::Missing { why: bad },
            files: vec![file.clone()],
        };
        let found = Inspection { at: Time::UNIX_EPOCH, rules: None, sources: vec![source], files: vec![file] };
        let shown = text(&found, true, Style::PLAIN);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert!(!shown.lines().any(|line| line.starts_with('b')), "{shown}");
        assert!(shown.contains("is not   sarif") && shown.ends_with("2 say nothing that can be believed\n"), "{shown}");
        assert!(shown.lines().all(|line| width(line) <= COLUMNS + 40), "{shown}");
        assert!(!document(&found, 11).contains('\u{1b}'));
    }

    #[test]
    fn what_is_nearest_comes_first_and_the_rest_is_counted() {
        let not = |format| NotTaken { format, why: "has no `x`".to_owned() };
        let file = FileFound {
            path: "a.json".to_owned(),
            reading: Reading::Unreadable { why: "a.json: it is JSON".to_owned(), files: Vec::new() },
            not_taken: Format::all().take(7).map(not).collect(),
        };
        let found = Inspection { at: Time::UNIX_EPOCH, rules: None, sources: Vec::new(), files: vec![file] };
        let (short, long) = (text(&found, false, Style::PLAIN), text(&found, true, Style::PLAIN));
        assert_eq!((short.matches("is not").count(), long.matches("is not").count()), (5, 7), "{short}");
        assert!(short.contains("and 2 more, which it is less like: --why"), "{short}");
        assert!(short.contains("unreadable: it is JSON\n"), "{short}");
    }
}
