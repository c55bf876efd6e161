//! What the files of a reading say together, in whatever order they were read.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tally::Tally;
use crate::promotion::facts::{EvidenceFile, Observation, Reading, Subject, SubjectKnown, Tool};
use crate::promotion::rules::format::{Family, Format};
use crate::promotion::time::{Millis, Time};

/// How far in the future a report's time may lie before it is noted: clocks differ.
const AHEAD: Millis = Millis::mins(5);
/// How many faulty files are named.
const NAMED: usize = 3;

/// One file that was read.
#[derive(Debug)]
pub struct ReadFile {
    /// Its path, as it is shown.
    pub path: String,
    /// Its format, if that could be told.
    pub format: Option<Format>,
    /// What was looked at, if it could be.
    pub file: Option<EvidenceFile>,
    /// What it says of itself, or why it says nothing.
    pub result: Result<About, Defect>,
}

/// All files of a reading.
#[derive(Debug, Default)]
pub struct Joined {
    files: Vec<ReadFile>,
    /// What they hold, by what kind of thing it is. A reading has one kind; two are a defect that names a file of each.
    tallies: BTreeMap<Family, Tally>,
    notes: Vec<(String, String)>,
}

/// The reading that a defect is.
pub fn failed(defect: Defect, files: Vec<EvidenceFile>) -> Reading {
    match defect {
        Defect::Missing(why) => Reading::Missing { why },
        Defect::Unreadable(why) => Reading::Unreadable { why, files },
    }
}

impl Joined {
    /// Notes something of a file.
    pub fn note(&mut self, path: &str, note: String) {
        self.notes.push((path.to_owned(), note));
    }

    /// Adds a file.
    pub fn add(&mut self, file: ReadFile) {
        self.files.push(file);
    }

    /// Adds what a file holds.
    pub fn absorb(&mut self, family: Family, tally: Tally) {
        match self.tallies.get_mut(&family) {
            Some(all) => all.absorb(tally),
            None => drop(self.tallies.insert(family, tally)),
        }
    }

    /// Takes in files that were read elsewhere.
    pub fn join(&mut self, other: Self) {
        self.files.extend(other.files);
        self.notes.extend(other.notes);
        for (family, tally) in other.tallies {
            self.absorb(family, tally);
        }
    }

    /// What all of them say.
    pub fn finish(mut self, now: Time) -> Reading {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let tally = match self.one_kind() {
            Ok(tally) => tally,
            Err(defect) => return failed(defect, self.evidence()),
        };
        for file in &mut self.files {
            let notes = file.result.as_mut().map(|about| std::mem::take(&mut about.notes)).unwrap_or_default();
            self.notes.extend(notes.into_iter().map(|note| (file.path.clone(), note)));
        }
        let subject = match self.subject() {
            Ok(subject) => subject,
            Err(why) => return failed(Defect::Unreadable(why), self.evidence()),
        };
        let taken = self.taken(now);
        let (measure, mut notes) = match tally.finish() {
            Ok(done) => done,
            Err(Defect::Missing(why)) => {
                let files = self.evidence();
                return failed(Defect::Missing(format!("{why} in {}", names(&files))), files);
            }
            Err(defect) => return failed(defect, self.evidence()),
        };
        notes.extend(in_words(&self.notes));
        let tools: BTreeSet<Tool> = self.abouts().flat_map(|about| about.tools.clone()).collect();
        let tools = tools.into_iter().collect();
        Reading::Observed(Observation { files: self.evidence(), subject, taken, tools, measure, notes })
    }

    fn abouts(&self) -> impl Iterator<Item = &About> {
        self.files.iter().filter_map(|file| file.result.as_ref().ok())
    }

    fn evidence(&self) -> Vec<EvidenceFile> {
        self.files.iter().filter_map(|file| file.file.clone()).collect()
    }

    /// What they hold, if none has a defect and all hold the same kind of thing.
    fn one_kind(&mut self) -> Result<Tally, Defect> {
        let kind = |file: &ReadFile| Some((file.path.clone(), file.format?.family()));
        let first = self.files.iter().find_map(kind);
        if let Some((first, family)) = &first {
            for file in &mut self.files {
                let Some(other) = file.format.map(Format::family).filter(|other| other != family) else { continue };
                let (this, that) = (other.holds(), family.holds());
                let why = format!("it holds {this}, and {first} holds {that}: one source is one kind");
                file.result = Err(Defect::Unreadable(why));
            }
        }
        let defects: Vec<(&str, &Defect)> =
            self.files.iter().filter_map(|file| Some((file.path.as_str(), file.result.as_ref().err()?))).collect();
        if let Some(defect) = join(&defects) {
            return Err(defect);
        }
        let tally = first.and_then(|(_, family)| self.tallies.remove(&family));
        tally.ok_or_else(|| Defect::Missing("no file was read".to_owned()))
    }

    /// What the files and their stamps say that they are about. Two commits in one reading cannot be one version, nor can two
    /// environments; two digests can, of two images. Where only some files say it, it is kept, so that another version is
    /// still noticed, but nobody vouches for the rest.
    fn subject(&mut self) -> Result<Option<Subject>, String> {
        let mut commits: BTreeSet<String> = BTreeSet::new();
        let (mut digests, mut environments) = (BTreeSet::new(), BTreeSet::new());
        for about in self.abouts() {
            let (of_images, of_sources): (Vec<&String>, Vec<&String>) =
                about.subjects.iter().chain(&about.stamped).partition(|name| name.starts_with("sha256:"));
            digests.extend(of_images.into_iter().cloned());
            of_sources.into_iter().for_each(|commit| add_commit(&mut commits, commit));
            environments.extend(about.environment.clone());
        }
        let mut names = commits.iter().chain(&digests).cloned();
        let Some(version) = names.next() else { return Ok(None) };
        let also = names.collect();
        for (found, what) in [(&commits, "about different commits"), (&environments, "taken in different environments")]
        {
            if found.len() > 1 {
                let found: Vec<&str> = found.iter().map(String::as_str).collect();
                return Err(format!("the files are {what}: {}", found.join(" and ")));
            }
        }
        let environment = environments.into_iter().next();
        let silent = self.abouts().filter(|about| about.subjects.is_empty() && about.stamped.is_empty()).count();
        let known = match silent {
            0 if self.abouts().all(|about| about.stamped.is_empty()) => SubjectKnown::Stated,
            0 => SubjectKnown::Stamped,
            _ => SubjectKnown::Claimed,
        };
        if silent > 0 {
            let all = self.abouts().count();
            self.note(&format!("{silent} of {all} files"), "they do not say which commit they are about".to_owned());
        }
        Ok(Some(Subject { version, known, also, environment }))
    }

    /// The oldest of the files' times; without one for each file the age of the whole is not known.
    fn taken(&mut self, now: Time) -> Option<Time> {
        let times: Vec<Time> = self.abouts().filter_map(|about| about.taken).collect();
        if let Some(late) = times.iter().filter(|time| **time > AHEAD.after(now)).max() {
            self.note("the clock", format!("a report says that it was made at {late}, which has not come yet"));
        }
        let all = self.abouts().count();
        if times.len() < all {
            if !times.is_empty() {
                let note = "they do not say when they were made, so the age is not known";
                self.note(&format!("{} of {all} files", all - times.len()), note.to_owned());
            }
            return None;
        }
        times.into_iter().min()
    }
}

/// Adds a commit, unless it is known already: of two names of one commit the longer one is kept.
fn add_commit(commits: &mut BTreeSet<String>, commit: &str) {
    let commit = commit.to_ascii_lowercase();
    let shorter = commits.iter().find(|known| known.len() >= 7 && commit.starts_with(known.as_str())).cloned();
    if let Some(shorter) = shorter {
        commits.remove(&shorter);
    } else if commit.len() >= 7 && commits.iter().any(|known| known.starts_with(&commit)) {
        return;
    }
    commits.insert(commit);
}

/// Each note once, with the first path that it is about and how many there are.
fn in_words(notes: &[(String, String)]) -> Vec<String> {
    let mut by_note: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for (path, note) in notes {
        let entry = by_note.entry(note).or_insert((path, 0));
        entry.0 = entry.0.min(path);
        entry.1 += 1;
    }
    let shown = |(note, (path, count)): (&str, (&str, u64))| match count {
        1 => format!("{path}: {note}"),
        _ => format!("{path} and {} more: {note}", count - 1),
    };
    by_note.into_iter().map(shown).collect()
}

/// All defects in one: the first few are named. One that is unreadable outweighs those that are missing.
fn join(defects: &[(&str, &Defect)]) -> Option<Defect> {
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
