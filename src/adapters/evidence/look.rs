//! Files one by one, for whoever wants to know what was found: what each says by itself, and what it was not taken for.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::adapters::evidence::files::{Given, Reader};
use crate::adapters::evidence::globs;
use crate::adapters::evidence::intake;
use crate::adapters::evidence::joined::{Joined, failed};
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::sniff::reasons;
use crate::adapters::evidence::stamps;
use crate::adapters::evidence::tally::Asked;
use crate::ports::{About, Clock};
use crate::promotion::facts::{Observation, Reading};
use crate::promotion::inspection::{FileFound, NotTaken};
use crate::promotion::rules::format::Format;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::stamp::is_stamp;

/// Looks at files, each by itself.
pub struct Look<'a> {
    /// Where relative paths begin.
    pub root: &'a Path,
    /// What is asked of them.
    pub about: &'a About<'a>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

impl Look<'_> {
    /// The files of a source in the working directory; none of any other source.
    pub fn of_source(&self, source: &Source) -> Vec<FileFound> {
        let SourceKind::Files { globs, format, .. } = &source.kind else { return Vec::new() };
        let chosen = globs::choose(self.root, globs, self.about.service, self.about.environment);
        let chosen = chosen.map(|chosen| chosen.files).unwrap_or_default();
        let reports = chosen.iter().filter(|(path, _)| !is_stamp(path));
        reports.map(|(path, place)| self.file(path, place, *format)).collect()
    }

    /// The files that somebody names: by path, by directory, or by glob.
    pub fn named(&self, name: &str, format: Option<Format>) -> Vec<FileFound> {
        let place = self.root.join(name);
        if place.is_file() {
            return vec![self.file(name, &place, format)];
        }
        let trimmed = name.trim_end_matches('/');
        let glob = if place.is_dir() { format!("{trimmed}/**/*") } else { name.to_owned() };
        match globs::choose(self.root, &[glob], self.about.service, self.about.environment) {
            Ok(chosen) => {
                let reports = chosen.files.iter().filter(|(path, _)| !is_stamp(path));
                reports.map(|(path, place)| self.file(path, place, format)).collect()
            }
            Err(defect) => {
                vec![FileFound { path: name.to_owned(), reading: failed(defect, Vec::new()), not_taken: Vec::new() }]
            }
        }
    }

    fn file(&self, path: &str, place: &Path, format: Option<Format>) -> FileFound {
        let path = path.to_owned();
        let opened = match File::open(place) {
            Ok(file) => file,
            Err(fault) => {
                let defect = Defect::Unreadable(format!("it cannot be opened: {fault}"));
                return FileFound { path, reading: failed(defect, Vec::new()), not_taken: Vec::new() };
            }
        };
        let asked = Asked { parts: self.about.parts.to_vec(), waivers: Arc::clone(self.about.waivers) };
        let reader = Reader::new(asked, self.clock);
        let mut joined = Joined::default();
        reader.read(&path, opened, Given { format, stamp: stamps::beside(place) }, &mut joined);
        let reading = joined.finish(reader.begun());
        let taken_for = format_of(&reading);
        let not_taken = not_taken(place).into_iter().filter(|other| Some(other.format.name()) != taken_for);
        FileFound { path, not_taken: not_taken.collect(), reading }
    }
}

fn format_of(reading: &Reading) -> Option<&str> {
    let files = match reading {
        Reading::Observed(Observation { files, .. }) | Reading::Unreadable { files, .. } => files,
        Reading::Missing { .. } => return None,
    };
    files.first().map(|file| file.format.as_str())
}

/// Why a file is not of each format that is written in the same way.
fn not_taken(place: &Path) -> Vec<NotTaken> {
    let opened = File::open(place).and_then(intake::open);
    let reasons = opened.map(|opened| reasons(&opened.head)).unwrap_or_default();
    reasons.into_iter().map(|(format, why)| NotTaken { format, why }).collect()
}
