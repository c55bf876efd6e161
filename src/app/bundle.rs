//! Bundles on disk: `promote bundle`, and what a run leaves where the rules or `--bundle` say so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result, bail};
use tempfile::{Builder, NamedTempFile};

use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring;
use crate::pipeline::job::End;
use crate::ports::{Fault, Ledger};
use crate::promotion::bundle::{MANIFEST, document, manifest, place, seal};
use crate::promotion::folded::{self, Folded};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Entry;
use crate::promotion::rules::Rules;
use crate::promotion::words;
use crate::render::bundle;
use crate::render::ending::{Ending, Exit, USAGE};

/// Where `promote bundle` writes to where it is not told.
const DEFAULT: &str = "promotion-bundle";
/// What a file begins with that is being written.
const UNFINISHED: &str = ".unfinished-";

/// The bundle of a promotion, with its manifest: every file by its name. Secrets of this run do not stand in it.
pub fn files(screen: &Screen, entries: &[Entry], story: &Folded) -> BTreeMap<String, String> {
    let (about, files) = bundle::files(entries, story);
    let mut files: BTreeMap<String, String> =
        files.into_iter().map(|(name, text)| (name, screen.hide(&text))).collect();
    let sealed = seal(about, &files);
    files.insert(MANIFEST.to_owned(), document(&sealed));
    files
}

/// The one promotion of the ledger whose id begins so: its entries, and what they say together. `Err` is the ending.
pub fn find(ledger: &dyn Ledger, id: &str) -> Result<(Vec<Entry>, Folded), Ending> {
    let ids = ledger.matching(id).map_err(|fault| failed(&fault))?;
    let [only] = ids.as_slice() else {
        let what = if ids.is_empty() { "there is no record" } else { "there are several records that begin with" };
        let mut ending = Ending::refused(USAGE, format!("{what} `{id}`"));
        ending.seen = ids.into_iter().take(10).collect();
        ending.seen.push(format!("looked in {}", ledger.place()));
        ending.next.push("`promote list` shows what there is; --ledger names another place".to_owned());
        return Err(ending);
    };
    let entries = ledger.entries(only).map_err(|fault| failed(&fault))?;
    let story = folded::fold(&entries);
    let broken = || Ending::refused(USAGE, format!("the record `{only}` does not begin with a request"));
    story.map(|story| (entries, story)).ok_or_else(broken)
}

/// The ending of a ledger that could not be read.
pub fn failed(fault: &Fault) -> Ending {
    Ending::fault(Exit::Outcome(Outcome::Failed), &fault.doing, &fault.why, fault.hint.as_deref())
}

/// `promote bundle`: writes the bundle of one promotion. The exit code.
pub fn run(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, id: &str, out: Option<&str>) -> Result<u8> {
    let found = wiring::books(settings, stop).map_err(|fault| failed(&fault));
    let (entries, story) = match found.and_then(|books| find(&books.ledger, id)) {
        Ok(found) => found,
        Err(ending) => return Ok(screen.end(&ending)),
    };
    let directory = out.map_or_else(|| Path::new(DEFAULT).join(&story.id), PathBuf::from);
    let files = files(screen, &entries, &story);
    if let Err(error) = write(&directory, &story.id, &files) {
        let mut ending = Ending::fault(Exit::Outcome(Outcome::Failed), "write the bundle", &format!("{error:#}"), None);
        ending.next.push("name another directory with --out".to_owned());
        return Ok(screen.end(&ending));
    }
    let shown = directory.display().to_string();
    if screen.json() {
        screen.document(&bundle::written(&story.id, &shown, &files));
    } else {
        let count = words::counted(files.len() as u64, "file");
        screen.say(&format!("{shown}: the bundle of {}, {count}\n", story.id));
    }
    Ok(0)
}

/// What came of the bundles that a run leaves.
#[derive(Debug, Default)]
pub struct Left {
    /// The directories, in the order in which they are asked for.
    pub directories: Vec<String>,
    /// Why one could not be written, each in words.
    pub warnings: Vec<String>,
}

/// Leaves the bundle of an ended run in every directory that is asked for: first `--bundle`, then those of the rules. What
/// cannot be written is a warning, and changes nothing about how the run ended.
pub fn leave(screen: &Screen, settings: &Settings, rules: &Rules, end: &End, stop: &Arc<AtomicBool>) -> Left {
    let mut left = Left::default();
    let patterns: Vec<&String> = settings.bundle.iter().chain(&rules.bundles).collect();
    let Some(id) = end.id.as_deref().filter(|_| end.recorded && !patterns.is_empty()) else { return left };
    let kept = wiring::books(settings, stop).map_err(|fault| failed(&fault));
    let (entries, story) = match kept.and_then(|books| find(&books.ledger, id)) {
        Ok(found) => found,
        Err(ending) => {
            left.warnings.push(format!("no bundle was written: {} {}", ending.what, ending.seen.join(" ")));
            return left;
        }
    };
    let files = files(screen, &entries, &story);
    for pattern in patterns {
        let directory = place::directory(pattern, &story.requested.request, &story.id);
        match write(Path::new(&directory), &story.id, &files) {
            Ok(()) => left.directories.push(directory),
            Err(error) => left.warnings.push(format!("no bundle was written to {directory}: {error:#}")),
        }
    }
    left
}

/// Writes a bundle to a directory: one that is not there yet, that is empty, or that holds a bundle of the same promotion.
pub fn write(directory: &Path, id: &str, files: &BTreeMap<String, String>) -> Result<()> {
    match fs::symlink_metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => write_new(directory, files),
        Err(error) => Err(error.into()),
        Ok(kind) if !kind.is_dir() => bail!("{} is there already, and is no directory", directory.display()),
        Ok(_) => write_over(directory, id, files),
    }
}

/// The directory is there whole or not at all.
fn write_new(directory: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let doing = || format!("write {}", directory.display());
    fs::create_dir_all(parent).with_context(doing)?;
    // A folder of its own for the work, so that the bundle's has the rights that every folder gets.
    let unfinished = Builder::new().prefix(UNFINISHED).tempdir_in(parent).with_context(doing)?;
    let inside = unfinished.path().join("bundle");
    fs::create_dir(&inside).with_context(doing)?;
    for (name, text) in files {
        fs::write(inside.join(name), text).with_context(doing)?;
    }
    fs::rename(&inside, directory).with_context(doing)
}

/// The bundle that is there may be an older one of the same promotion. The manifest is written last.
fn write_over(directory: &Path, id: &str, files: &BTreeMap<String, String>) -> Result<()> {
    let names = names(directory)?;
    let old = fs::read(directory.join(MANIFEST)).ok().and_then(|text| manifest(&text).ok());
    let old = old.filter(|old| old.promotion_id == id);
    let ours = |name: &String| {
        let sealed = old.as_ref().is_some_and(|old| old.files.contains_key(name));
        name.starts_with(UNFINISHED) || old.is_some() && (sealed || files.contains_key(name))
    };
    if let Some(other) = names.iter().find(|name| !ours(name)) {
        bail!("{} holds something else: {other}", directory.display());
    }
    let last = files.get_key_value(MANIFEST);
    for (name, text) in files.iter().filter(|(name, _)| *name != MANIFEST).chain(last) {
        replace(&directory.join(name), text).with_context(|| format!("write {name} in {}", directory.display()))?;
    }
    for name in names.iter().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(directory.join(name)).with_context(|| format!("remove the older {name}"))?;
    }
    Ok(())
}

fn replace(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let mut unfinished: NamedTempFile = Builder::new().prefix(UNFINISHED).permissions(mode).tempfile_in(folder)?;
    unfinished.write_all(text.as_bytes())?;
    unfinished.persist(file)?;
    Ok(())
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let listed = fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))?;
    let names: Result<Vec<String>, std::io::Error> =
        listed.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect();
    names.with_context(|| format!("list {}", directory.display()))
}
