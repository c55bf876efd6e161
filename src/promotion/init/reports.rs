//! Which of the files that were seen are evidence, and the globs that name them and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::init::names::is_plain_path;
use crate::promotion::rules::format::Format;

/// A file that may be a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its path.
    pub path: String,
    /// What it is, by its content; none is something else.
    pub format: Option<Format>,
}

/// A source of evidence for the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id.
    pub id: String,
    /// What it is.
    pub format: Format,
    /// The globs.
    pub globs: Vec<String>,
    /// How many files there are now.
    pub found: u64,
}

impl Evidence {
    /// The format as people call it.
    pub fn format_name(&self) -> &'static str {
        let title = self.format.row().title;
        title.split(' ').next().unwrap_or(title)
    }
}

/// The most globs that are written for one source.
const GLOBS: usize = 8;
/// Words in a path that say which tests they are, and the id of such evidence.
const KINDS: &[(&str, &[&str])] = &[
    ("e2e", &["e2e", "end-to-end", "endtoend", "playwright", "cypress", "acceptance"]),
    ("integration", &["integration", "failsafe", "it", "api"]),
    ("load", &["load", "performance", "perf", "k6"]),
    ("unit", &["unit", "surefire"]),
];

/// The evidence among the files, and what is left over, in words. Without a test report there is one source that waits for
/// it: what is missing holds a promotion, and nothing is let through unjudged.
pub fn evidence(reports: &[Report]) -> (Vec<Evidence>, Vec<String>) {
    let usable: Vec<&Report> = reports.iter().filter(|report| is_plain_path(&report.path)).collect();
    let of = |format: Format| usable.iter().filter(move |report| report.format == Some(format)).copied();
    let mut found = Vec::new();
    let mut left = Vec::new();
    let mut suites: BTreeMap<&str, Vec<&Report>> = BTreeMap::new();
    for report in of(Format::Junit) {
        suites.entry(kind(&report.path)).or_default().push(report);
    }
    // In the order that people run them.
    for id in ["unit", "integration", "e2e", "load"] {
        found.extend(suites.get(id).map(|files| source(id, Format::Junit, files, reports)));
    }
    if found.is_empty() {
        let globs = vec!["artifacts/unit/**/*.xml".to_owned()];
        found.push(Evidence { id: "unit".to_owned(), format: Format::Junit, globs, found: 0 });
    }
    let (cobertura, lcov): (Vec<_>, Vec<_>) = (of(Format::Cobertura).collect(), of(Format::Lcov).collect());
    let (format, files, other) =
        if cobertura.is_empty() { (Format::Lcov, &lcov, None) } else { (Format::Cobertura, &cobertura, lcov.first()) };
    if !files.is_empty() {
        found.push(source("coverage", format, files, reports));
    }
    if let Some(other) = other {
        let (format, taken) = ("LCOV", "Cobertura");
        left.push(format!("whether {} ({format}) measures more than the {taken} reports: it is left out", other.path));
    }
    let scans: Vec<&Report> = of(Format::Sarif).collect();
    if !scans.is_empty() {
        found.push(source("security", Format::Sarif, &scans, reports));
    }
    (found, left)
}

/// Which tests a report is of, by the words of its path, the last ones first.
fn kind(path: &str) -> &'static str {
    let path = path.to_ascii_lowercase();
    let words: Vec<&str> = path.split(['/', '.', '_', '-']).collect();
    let says = |names: &[&str], word: &str| names.contains(&word);
    for word in words.iter().rev() {
        if let Some((id, _)) = KINDS.iter().find(|(_, names)| says(names, word)) {
            return id;
        }
    }
    if path.contains("end-to-end") { "e2e" } else { "unit" }
}

/// A source of these files. `all` are the files that its globs must keep apart from them.
fn source(id: &str, format: Format, files: &[&Report], all: &[Report]) -> Evidence {
    let ours: BTreeSet<&str> = files.iter().map(|report| report.path.as_str()).collect();
    let mut directories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &ours {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        directories.entry(directory).or_default().push(file);
    }
    let strangers = |directory: &str| -> Vec<&str> {
        let here = all.iter().filter(|report| !ours.contains(report.path.as_str()));
        let split = here.map(|report| report.path.rsplit_once('/').unwrap_or(("", &report.path)));
        split.filter(|(other, _)| *other == directory).map(|(_, file)| file).collect()
    };
    let mut globs: Vec<String> = directories
        .iter()
        .flat_map(|(directory, files)| in_directory(directory, files, &strangers(directory)))
        .collect();
    globs.truncate(GLOBS);
    Evidence { id: id.to_owned(), format, globs, found: files.len() as u64 }
}

/// Globs for the files of a directory that match none of the others beside them.
fn in_directory(directory: &str, files: &[&str], strangers: &[&str]) -> Vec<String> {
    let join = |file: &str| if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") };
    // At the top there is too much else that may come.
    let ending = files[0].rfind('.').map_or("", |at| &files[0][at..]);
    let wide = !ending.is_empty() && files.iter().all(|file| file.ends_with(ending)) && !directory.is_empty();
    let start = start(files);
    let narrow = !start.is_empty() && files.len() > 1;
    for (applies, prefix) in [(wide, ""), (wide && narrow, start)] {
        let hit = |file: &&str| file.starts_with(prefix) && file.ends_with(ending);
        if applies && !strangers.iter().any(hit) {
            return vec![join(&format!("{prefix}*{ending}"))];
        }
    }
    files.iter().map(|file| join(file)).collect()
}

/// What all of them begin with.
fn start<'a>(files: &[&'a str]) -> &'a str {
    let first = files[0];
    let ends = first.char_indices().map(|(at, _)| at).rev();
    let longest = ends.map(|at| &first[..at]).find(|start| files.iter().all(|file| file.starts_with(start)));
    longest.unwrap_or_default()
}
