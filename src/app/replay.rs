//! `promote replay`: a bundle, or a promotion of the ledger, is judged again: offline, from what it holds alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use crate::app::bundle;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring;
use crate::promotion::bundle::contents::{Input, Inputs};
use crate::promotion::bundle::{Difference, MANIFEST, Manifest, check, manifest};
use crate::promotion::replay::{self, Replayed};
use crate::render::bundle::INPUTS;
use crate::render::ending::{Ending, INVALID};
use crate::render::replay::{DIFFERS, Found, document, text};

/// The largest file of a bundle that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A bundle as it was found, in a directory or in the ledger.
pub struct Read {
    /// What it is, for people: the directory, or the ledger.
    pub what: String,
    /// Its manifest, and that as bytes.
    pub manifest: Manifest,
    manifest_text: Vec<u8>,
    /// Its other files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What stands in the directory and is no file.
    odd: Vec<Difference>,
}

impl Read {
    /// The files that are text.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let text = |(name, bytes): (&String, &Vec<u8>)| Some((name.clone(), String::from_utf8(bytes.clone()).ok()?));
        self.files.iter().filter_map(text).collect()
    }

    /// What is not as it was sealed.
    pub fn differences(&self) -> Vec<Difference> {
        let mut differences = check(&self.manifest, &self.manifest_text, &self.files);
        differences.extend(self.odd.iter().cloned());
        differences
    }
}

/// Finds what is to be replayed: a directory with a manifest, or a promotion of the ledger by its id. `Err` is the ending.
pub fn find(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, what: &str) -> Result<Read, Ending> {
    let path = Path::new(what);
    let directory = if path.ends_with(MANIFEST) { path.parent().unwrap_or(path) } else { path };
    if directory.is_dir() || what.contains('/') {
        return from_directory(directory).map_err(|why| {
            let mut ending = Ending::refused(INVALID, format!("{what} is not a bundle"));
            ending.seen.push(why);
            ending.next.push("`promote bundle <id>` writes the bundle of a promotion".to_owned());
            ending
        });
    }
    let books = wiring::books(settings, stop).map_err(|fault| bundle::failed(&fault))?;
    let (entries, story) = bundle::find(&books.ledger, what)?;
    let files = bundle::files(screen, &entries, &story);
    let mut files: BTreeMap<String, Vec<u8>> =
        files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let manifest_text = files.remove(MANIFEST).unwrap_or_default();
    let sealed = manifest(&manifest_text).map_err(|why| Ending::refused(INVALID, why))?;
    let what = format!("in {}", crate::ports::Ledger::place(&books.ledger));
    Ok(Read { what, manifest: sealed, manifest_text, files, odd: Vec::new() })
}

fn from_directory(directory: &Path) -> Result<Read, String> {
    let fault = |path: &Path, error: &io::Error| format!("{}: {error}", path.display());
    let mut files = BTreeMap::new();
    let mut odd = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| fault(directory, &error))? {
        let entry = entry.map_err(|error| fault(directory, &error))?;
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let kind = fs::symlink_metadata(&path).map_err(|error| fault(&path, &error))?;
        if !kind.is_file() || kind.len() > LARGEST {
            odd.push(Difference::of(name, "it is no file of a bundle"));
            continue;
        }
        files.insert(name, fs::read(&path).map_err(|error| fault(&path, &error))?);
    }
    let Some(manifest_text) = files.remove(MANIFEST) else { return Err(format!("there is no {MANIFEST} in it")) };
    let sealed = manifest(&manifest_text).map_err(|why| format!("{MANIFEST}: {why}"))?;
    Ok(Read { what: format!("in {}", directory.display()), manifest: sealed, manifest_text, files, odd })
}

/// `promote replay`. The exit code: 0 if everything came out the same, 10 if not, 3 if it cannot be replayed.
pub fn run(
    screen: &Screen,
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    what: &str,
    inputs: Option<&str>,
) -> Result<u8> {
    let read = match find(screen, settings, stop, what) {
        Ok(read) => read,
        Err(ending) => return Ok(screen.end(&ending)),
    };
    let texts = read.texts();
    let Again { mut differences, replayed, unreadable } = again(&read, &texts);
    let sealed = differences.is_empty().then_some(read.files.len());
    let compared = inputs.and_then(|folder| compare_inputs(Path::new(folder), &texts, &mut differences));
    let found = Found {
        what: &read.what,
        id: &read.manifest.promotion_id,
        by: &read.manifest.promote,
        now: env!("CARGO_PKG_VERSION"),
        sealed,
        files: &differences,
        inputs: compared,
        replayed: replayed.as_ref(),
        unreadable: unreadable.as_deref(),
    };
    let exit = match (found.same(), &unreadable) {
        (true, _) => 0,
        (false, Some(_)) if differences.is_empty() => INVALID,
        _ => DIFFERS,
    };
    if screen.json() {
        screen.document(&document(&found, exit));
    } else {
        screen.say(&format!("{}exit {exit}\n", text(&found, screen.style())));
    }
    Ok(exit)
}

/// What came of judging again.
struct Again {
    differences: Vec<Difference>,
    replayed: Option<Replayed>,
    unreadable: Option<String>,
}

fn again(read: &Read, texts: &BTreeMap<String, String>) -> Again {
    let mut differences = read.differences();
    match replay::open(texts) {
        Ok(opened) => {
            if differences.is_empty() {
                differences = replay::contradictions(&read.manifest, &opened);
            }
            match replay::replay(&opened) {
                Ok(replayed) => Again { differences, replayed, unreadable: None },
                Err(why) => Again { differences, replayed: None, unreadable: Some(why) },
            }
        }
        // A file that is not as it was sealed is named once.
        Err(faults) => {
            let known = |fault: &&Difference| differences.iter().any(|known| known.file == fault.file);
            let new = faults.iter().filter(|fault| !known(fault));
            let said: Vec<String> = new.map(|fault| format!("{}: {}", fault.file, fault.what)).collect();
            let why = if said.is_empty() { "so nothing can be judged again".to_owned() } else { said.join("\n") };
            Again { differences, replayed: None, unreadable: Some(why) }
        }
    }
}

/// Compares the evidence files below a folder with those that were read; how many there are.
fn compare_inputs(folder: &Path, texts: &BTreeMap<String, String>, differences: &mut Vec<Difference>) -> Option<usize> {
    match texts.get(INPUTS).map(|text| serde_json::from_str::<Inputs>(text)) {
        Some(Ok(inputs)) => {
            differences.extend(inputs.files.iter().filter_map(|input| differs(folder, input)));
            Some(inputs.files.len())
        }
        _ => {
            differences.push(Difference::of(INPUTS, "it cannot be read, so no evidence file was compared"));
            None
        }
    }
}

/// Where an evidence file below a folder is not the one that was read.
fn differs(folder: &Path, input: &Input) -> Option<Difference> {
    let file = &input.file;
    let of = |what: String| Some(Difference::of(&file.path, what));
    let path = PathBuf::from(&file.path);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return of("its path leads out of the directory of the inputs".to_owned());
    }
    let path = folder.join(path);
    let mut hasher = Sha256::new();
    match File::open(&path).and_then(|mut opened| io::copy(&mut opened, &mut hasher)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => of(format!("{} is missing", path.display())),
        Err(error) => of(format!("{}: {error}", path.display())),
        Ok(bytes) => {
            let seen = hex::encode(hasher.finalize());
            let what =
                format!("{} has {bytes} bytes and SHA-256 {seen}; what was read has {}", path.display(), file.bytes);
            if seen == file.sha256 { None } else { of(format!("{what} and {}", file.sha256)) }
        }
    }
}
