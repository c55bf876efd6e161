//! Sources of files, read: one [`Reading`] of all of them. Several files are read at once, on as many threads as there are cores.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::adapters::evidence::globs::{self, Chosen};
use crate::adapters::evidence::intake::{self, Hashed};
use crate::adapters::evidence::joined::{Joined, ReadFile, failed};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::sniff::decide;
use crate::adapters::evidence::stamps;
use crate::adapters::evidence::tally::{Asked, Tally};
use crate::ports::{self, Clock};
use crate::promotion::facts::{EvidenceFile, Reading};
use crate::promotion::rules::format::Format;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::stamp::is_stamp;
use crate::promotion::time::{Millis, Time};

/// How long the files of one reading may take: then something is wrong with them, or with the disk.
const PATIENCE: Millis = Millis::mins(5);

/// One file to be read.
#[derive(Debug, Clone)]
struct Job {
    path: String,
    place: PathBuf,
    format: Option<Format>,
}

/// What is known of a file before it is read.
#[derive(Debug, Default)]
pub struct Given {
    /// The format, where the rules say it.
    pub format: Option<Format>,
    /// The stamp beside it, where there is one.
    pub stamp: Option<stamps::Found>,
}

/// What reading goes by.
pub struct Reader<'a> {
    /// What the rules ask of reports.
    pub asked: Asked,
    /// Tells the time.
    pub clock: &'a (dyn Clock + Sync),
    begun: Time,
}

impl<'a> Reader<'a> {
    /// Begins now.
    pub fn new(asked: Asked, clock: &'a (dyn Clock + Sync)) -> Self {
        Self { asked, clock, begun: clock.now() }
    }

    /// When it began.
    pub fn begun(&self) -> Time {
        self.begun
    }

    /// Reads one file through, and its stamp, if it has one: even a faulty one is hashed whole, so that its record says what was
    /// looked at.
    pub fn read(&self, path: &str, bytes: impl Read, given: Given, tallies: &mut Joined) {
        let mut hashed = Hashed::new(bytes);
        let poured = self.pour(&mut hashed, path, given.format);
        let (format, mut result) = match poured {
            Ok((format, about, tally)) => {
                tallies.absorb(format.family(), tally);
                (Some(format), Ok(about))
            }
            Err((format, defect)) => (format, Err(defect)),
        };
        tallies.add(match hashed.finish() {
            Ok((sha256, bytes)) => {
                let name = format.map_or("unknown", Format::name).to_owned();
                let file = EvidenceFile { path: path.to_owned(), sha256, bytes, format: name };
                if let (Some(stamp), Ok(about)) = (given.stamp, &mut result)
                    && let Err(defect) = stamps::apply(stamp, &file, about)
                {
                    result = Err(defect);
                }
                ReadFile { path: path.to_owned(), format, file: Some(file), result }
            }
            Err(fault) => unreadable(path, format!("it cannot be read: {fault}")),
        });
    }

    /// Opens, tells the format, and parses.
    fn pour(
        &self,
        raw: &mut Hashed<impl Read>,
        path: &str,
        declared: Option<Format>,
    ) -> Result<(Format, About, Tally), (Option<Format>, Defect)> {
        let unreadable = |format, why: String| (format, Defect::Unreadable(why));
        let mut opened =
            intake::open(raw).map_err(|fault| unreadable(declared, format!("it cannot be read: {fault}")))?;
        let format = decide(&opened.head, declared).map_err(|defect| (None, defect))?;
        let late = move || {
            (Millis::between(self.begun, self.clock.now()) > PATIENCE)
                .then(|| format!("reading it took longer than {PATIENCE}, the most that is waited"))
        };
        opened.text.until(late);
        let mut tally = Tally::new(format.family(), &self.asked);
        match tally.pour(format, opened.text, path) {
            Ok(about) => Ok((format, about, tally)),
            Err(defect) => Err((Some(format), defect)),
        }
    }
}

fn unreadable(path: &str, why: String) -> ReadFile {
    ReadFile { path: path.to_owned(), format: None, file: None, result: Err(Defect::Unreadable(why)) }
}

/// Reads the files that the sources name below `root`, each once. It cannot fail: failing is a reading.
///
/// `max_age` is not judged here, and a claim of the caller's is not known here: the subject is what the files state, else none.
pub fn read(root: &Path, sources: &[&Source], about: &ports::About<'_>, clock: &(dyn Clock + Sync)) -> Reading {
    let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
    let mut joined = Joined::default();
    for source in sources {
        let (globs, format) = match &source.kind {
            SourceKind::Files { globs, format, .. } => (globs, *format),
            SourceKind::GitHub(source) => {
                let why = format!("GitHub's {} are not files of the workspace", source.asks.word());
                return failed(Defect::Unreadable(why), Vec::new());
            }
            SourceKind::Prometheus(_) | SourceKind::Alerts(_) => {
                let why = format!("`{}` is asked of a server, and is no file of the workspace", source.id);
                return failed(Defect::Unreadable(why), Vec::new());
            }
        };
        match globs::choose(root, globs, about.service, about.environment) {
            Ok(chosen) => collect(chosen, format, &mut jobs, &mut joined),
            Err(defect) => return failed(defect, Vec::new()),
        }
    }
    let asked = Asked { parts: about.parts.to_vec(), waivers: std::sync::Arc::clone(about.waivers) };
    let reader = Reader::new(asked, clock);
    let jobs: Vec<Job> = jobs.into_values().collect();
    all(&reader, &jobs, &mut joined);
    joined.finish(reader.begun())
}

fn collect(chosen: Chosen, format: Option<Format>, jobs: &mut BTreeMap<String, Job>, joined: &mut Joined) {
    for link in chosen.links {
        joined.note(&link, "it is a symbolic link to a directory, and was not entered".to_owned());
    }
    for (path, place) in chosen.files {
        if is_stamp(&path) {
            continue;
        }
        let job = jobs.entry(path.clone()).or_insert(Job { path, place, format: None });
        job.format = job.format.or(format);
    }
}

/// Reads all files, the next one wherever a thread is free.
fn all(reader: &Reader<'_>, jobs: &[Job], joined: &mut Joined) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = Joined::default();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            match File::open(&job.place) {
                Ok(file) => {
                    let given = Given { format: job.format, stamp: stamps::beside(&job.place) };
                    reader.read(&job.path, file, given, &mut own);
                }
                Err(fault) => own.add(unreadable(&job.path, format!("it cannot be opened: {fault}"))),
            }
        }
        own
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    if threads <= 1 {
        joined.join(work());
        return;
    }
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(own) => joined.join(own),
                Err(_) => joined.add(unreadable("a report", "the reader stopped with a bug in promote".to_owned())),
            }
        }
    });
}
