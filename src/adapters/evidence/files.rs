//! A source of files, read: one [`Reading`] of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::adapters::evidence::globs;
use crate::adapters::evidence::intake::{self, Hashed};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::sniff::decide;
use crate::adapters::evidence::tally::{Asked, Tally};
use crate::promotion::facts::{EvidenceFile, Observation, Reading, Subject, SubjectKnown, Tool};
use crate::promotion::rules::format::Format;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::time::{Millis, Time};

/// How far in the future a report's time may lie before it is noted: clocks differ.
const AHEAD: Millis = Millis::mins(5);
/// How many faulty files are named.
const NAMED: usize = 3;

/// Reads the files that a source names below `root`, each once. It cannot fail: failing is a reading.
///
/// `max_age` is not judged here, and a claim of the caller's is not known here: the subject is what the files state, else none.
pub fn read(root: &Path, source: &Source, service: &str, environment: &str, now: Time) -> Reading {
    let (globs, format) = match &source.kind {
        SourceKind::Files { globs, format, .. } => (globs, *format),
        SourceKind::GitHub(source) => {
            let why = format!("GitHub's {} are not files of the workspace", source.asks.word());
            return Reading::Unreadable { why, files: Vec::new() };
        }
        SourceKind::NotBuilt(name) => {
            return Reading::Unreadable { why: format!("{name} is not read by this version"), files: Vec::new() };
        }
    };
    let chosen = match globs::choose(root, globs, service, environment) {
        Ok(chosen) => chosen,
        Err(defect) => return failed(defect, Vec::new()),
    };
    let mut all = Files::default();
    for link in chosen.links {
        all.note(&link, "it is a symbolic link to a directory, and was not entered".to_owned());
    }
    for (path, place) in &chosen.files {
        all.add(path, place, format);
    }
    all.finish(now)
}

/// The reading that a defect is.
pub fn failed(defect: Defect, files: Vec<EvidenceFile>) -> Reading {
    match defect {
        Defect::Missing(why) => Reading::Missing { why },
        Defect::Unreadable(why) => Reading::Unreadable { why, files },
    }
}

/// All files of a source on their way.
#[derive(Default)]
pub struct Files {
    files: Vec<EvidenceFile>,
    tally: Option<Tally>,
    abouts: Vec<About>,
    defects: Vec<(String, Defect)>,
    /// Each note once, with the first path that it is about and how many there are.
    notes: BTreeMap<String, (String, u64)>,
}

impl Files {
    /// Notes something of a file.
    pub fn note(&mut self, path: &str, note: String) {
        self.notes.entry(note).or_insert_with(|| (path.to_owned(), 0)).1 += 1;
    }

    fn add(&mut self, path: &str, place: &Path, declared: Option<Format>) {
        match File::open(place) {
            Ok(file) => self.read(path, file, declared),
            Err(fault) => {
                let why = format!("it cannot be opened: {fault}");
                self.defects.push((path.to_owned(), Defect::Unreadable(why)));
            }
        }
    }

    /// Reads one file through: even a faulty one is hashed whole, so that its record says what was looked at.
    pub fn read(&mut self, path: &str, bytes: impl Read, declared: Option<Format>) {
        let mut defect = |why: String| self.defects.push((path.to_owned(), Defect::Unreadable(why)));
        let mut hashed = Hashed::new(bytes);
        let (format, about) = pour(&mut hashed, path, declared, &mut self.tally);
        match hashed.finish() {
            Ok((sha256, bytes)) => {
                let format = format.map_or("unknown", Format::name).to_owned();
                self.files.push(EvidenceFile { path: path.to_owned(), sha256, bytes, format });
            }
            Err(fault) => return defect(format!("it cannot be read: {fault}")),
        }
        match about {
            Ok(mut about) => {
                for note in std::mem::take(&mut about.notes) {
                    self.note(path, note);
                }
                self.abouts.push(about);
            }
            Err(defect) => self.defects.push((path.to_owned(), defect)),
        }
    }

    /// What all of them say.
    pub fn finish(mut self, now: Time) -> Reading {
        if let Some(defect) = join(&self.defects) {
            return failed(defect, self.files);
        }
        let subject = match self.subject() {
            Ok(subject) => subject,
            Err(why) => return failed(Defect::Unreadable(why), self.files),
        };
        let taken = self.taken(now);
        let Some(tally) = self.tally.take() else {
            return failed(Defect::Missing("no file was read".to_owned()), self.files);
        };
        let (measure, notes) = match tally.finish() {
            Ok(done) => done,
            Err(Defect::Missing(why)) => {
                return failed(Defect::Missing(format!("{why} in {}", names(&self.files))), self.files);
            }
            Err(defect) => return failed(defect, self.files),
        };
        let of_files = self.notes.into_iter().map(|(note, (path, count))| match count {
            1 => format!("{path}: {note}"),
            _ => format!("{path} and {} more: {note}", count - 1),
        });
        let notes = notes.into_iter().chain(of_files).collect();
        let tools: BTreeSet<Tool> = self.abouts.iter().flat_map(|about| about.tools.clone()).collect();
        let tools = tools.into_iter().collect();
        Reading::Observed(Observation { files: self.files, subject, taken, tools, measure, notes })
    }

    /// What the files say that they are about. Two commits in one reading cannot be one version. Where only some files
    /// say it, the commit is kept, so that another version is still noticed, but nobody vouches for the rest.
    fn subject(&mut self) -> Result<Option<Subject>, String> {
        let stated: BTreeSet<String> = self.abouts.iter().flat_map(|about| about.subjects.clone()).collect();
        let mut stated = stated.into_iter();
        let Some(version) = stated.next() else { return Ok(None) };
        if let Some(other) = stated.next() {
            return Err(format!("the files are about different commits: {version} and {other}"));
        }
        let silent = self.abouts.iter().filter(|about| about.subjects.is_empty()).count();
        if silent == 0 {
            return Ok(Some(Subject { version, known: SubjectKnown::Stated }));
        }
        let all = self.abouts.len();
        self.note(&format!("{silent} of {all} files"), "they do not say which commit they are about".to_owned());
        Ok(Some(Subject { version, known: SubjectKnown::Claimed }))
    }

    /// The oldest of the files' times; without one for each file the age of the whole is not known.
    fn taken(&mut self, now: Time) -> Option<Time> {
        let times: Vec<Time> = self.abouts.iter().filter_map(|about| about.taken).collect();
        if let Some(late) = times.iter().filter(|time| **time > AHEAD.after(now)).max() {
            self.note("the clock", format!("a report says that it was made at {late}, which has not come yet"));
        }
        if times.len() < self.abouts.len() {
            if !times.is_empty() {
                let note = "they do not say when they were made, so the age is not known";
                self.note(
                    &format!("{} of {} files", self.abouts.len() - times.len(), self.abouts.len()),
                    note.to_owned(),
                );
            }
            return None;
        }
        times.into_iter().min()
    }
}

/// Opens, tells the format, and parses.
fn pour(
    raw: &mut Hashed<impl Read>,
    path: &str,
    declared: Option<Format>,
    tally: &mut Option<Tally>,
) -> (Option<Format>, Result<About, Defect>) {
    let opened = match intake::open(raw) {
        Ok(opened) => opened,
        Err(fault) => return (declared, Err(Defect::Unreadable(format!("it cannot be read: {fault}")))),
    };
    let format = match decide(&opened.head, declared) {
        Ok(format) => format,
        Err(defect) => return (None, Err(defect)),
    };
    let tally = tally.get_or_insert_with(|| Tally::new(format.family(), path, &Asked::default()));
    (Some(format), tally.pour(format, opened.text, path))
}

/// All defects in one: the first few are named. One that is unreadable outweighs those that are missing.
fn join(defects: &[(String, Defect)]) -> Option<Defect> {
    let unreadable = defects.iter().any(|(_, defect)| matches!(defect, Defect::Unreadable(_)));
    let mut parts: Vec<String> = defects
        .iter()
        .filter(|(_, defect)| matches!(defect, Defect::Unreadable(_)) == unreadable)
        .map(|(path, Defect::Missing(why) | Defect::Unreadable(why))| format!("{path}: {why}"))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let more = parts.len().saturating_sub(NAMED);
    parts.truncate(NAMED);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    let why = parts.join("; ");
    Some(if unreadable { Defect::Unreadable(why) } else { Defect::Missing(why) })
}

fn names(files: &[EvidenceFile]) -> String {
    match files {
        [] => "no file".to_owned(),
        [one] => one.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
    }
}
