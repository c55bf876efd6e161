//! The ledger in a local directory: one folder of immutable files for each promotion.
//!
//! Layout (the same that a git branch will have): `promotions/<h>/<h>/<h>/<h>/<id>/0000-requested.json`, where `h` are the first hexadecimal
//! digits of the id's SHA-256, and `heads/<service>/<environment>.json`, derived from them. An entry is written to a file of
//! its own, synced, and linked to its place, so that it is there whole or not at all, and never replaces another. The claim
//! is a lock of the operating system: it ends with the process, however that ends.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::{Asking, Claim, Claimed, Fault, FaultKind, Heads, Hold, Holder, Ledger};
use crate::promotion::folded;
use crate::promotion::heads::HeadFile;
use crate::promotion::id::sha256;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;
use crate::promotion::time::Time;

/// What a file that is being written begins with; what is left of a killed run.
const UNFINISHED: &str = ".unfinished-";
/// Levels of folders above a promotion's own.
const LEVELS: usize = 4;

/// A ledger in a directory.
#[derive(Debug, Clone)]
pub struct DirectoryLedger {
    root: PathBuf,
}

impl DirectoryLedger {
    /// The ledger at this directory, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn folder(&self, id: &str) -> PathBuf {
        let hash = sha256(id);
        let levels = hash.chars().take(LEVELS).map(String::from);
        levels.fold(self.root.join("promotions"), |path, level| path.join(level)).join(id)
    }

    fn head_file(&self, service: &str, environment: &str) -> PathBuf {
        self.root.join("heads").join(service).join(format!("{environment}.json"))
    }

    /// Rewrites the head that entries change. The entries are the truth: a head that a killed run left behind is derived
    /// again when it is read.
    fn derive_head(&self, id: &str) -> Result<(), Fault> {
        let entries = self.entries(id)?;
        let Some(promotion) = folded::fold(&entries) else { return Ok(()) };
        let request = &promotion.requested.request;
        let file = self.head_file(&request.service, &request.to);
        let kept = read_json::<HeadFile>(&file)?.unwrap_or_default();
        // A run that was killed right after its last entry left the file behind: what it ended must not be forgotten.
        let before = self.recent(&request.service, &request.to)?;
        let after = before.after(&promotion);
        if after == kept { Ok(()) } else { replace(&file, &after) }
    }

    fn write(&self, entry: &Entry) -> Result<(), Fault> {
        let folder = self.folder(&entry.id);
        create_folder(&folder)?;
        let place = format!("{:04}-", entry.seq);
        for name in names(&folder)? {
            if name.starts_with(UNFINISHED) {
                let _ = fs::remove_file(folder.join(&name));
            } else if name.starts_with(&place) {
                return Err(taken(&folder.join(name)));
            }
        }
        let file = folder.join(format!("{place}{}.json", entry.event.word()));
        let unfinished = folder.join(format!("{UNFINISHED}{}", entry.run));
        let linked = write_synced(&unfinished, entry).and_then(|()| fs::hard_link(&unfinished, &file));
        let _ = fs::remove_file(&unfinished);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(&file)),
            Err(error) => return Err(io_fault("write a record", &file, &error)),
        }
        sync_folder(&folder);
        self.derive_head(&entry.id)
    }
}

impl Ledger for DirectoryLedger {
    fn claim(&self, asking: &Asking<'_>) -> Result<Claimed, Fault> {
        let Asking { service, environment, run, .. } = asking;
        let file = self.root.join("locks").join(service).join(format!("{environment}.lock"));
        let doing = format!("claim {service} in {environment}");
        create_folder(file.parent().unwrap_or(&self.root))?;
        let mut options = File::options();
        let opened = options.create(true).truncate(false).read(true).write(true).open(&file);
        let mut lock = opened.map_err(|error| io_fault(&doing, &file, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let text = fs::read_to_string(&file).unwrap_or_default();
                let mut words = text.split_whitespace().map(str::to_owned);
                let run = words.next().unwrap_or_default();
                let since = words.next().and_then(|since| since.parse().ok()).unwrap_or(asking.at);
                return Ok(Claimed::Held(Holder {
                    stamp: run.clone(),
                    run,
                    owner: words.collect::<Vec<_>>().join(" "),
                    ci_run: None,
                    since,
                    term: asking.term,
                }));
            }
            Err(fs::TryLockError::Error(error)) => return Err(io_fault(&doing, &file, &error)),
        }
        let written = lock.set_len(0).and_then(|()| writeln!(lock, "{run} {} {}", asking.at, asking.owner));
        written.map_err(|error| io_fault(&doing, &file, &error))?;
        Ok(Claimed::Ours(Box::new(FileClaim { _lock: lock })))
    }

    fn unlock(&self, _: &str, _: &str) -> Result<Option<Holder>, Fault> {
        Ok(None)
    }

    fn append(&self, entries: &[Entry]) -> Result<(), Fault> {
        entries.iter().try_for_each(|entry| self.write(entry))
    }

    fn tip(&self, id: &str) -> Result<Option<String>, Fault> {
        let folder = self.folder(id);
        let Some(name) = names(&folder)?.into_iter().filter(|name| name.ends_with(".json")).max() else {
            return Ok(None);
        };
        let file = folder.join(name);
        fs::read(&file).map(|bytes| Some(sha256(bytes))).map_err(|error| io_fault("read the ledger", &file, &error))
    }

    fn order(&self, order: &Order) -> Result<(), Fault> {
        let (service, environment) =
            (order.service.as_deref().unwrap_or("_"), order.environment.as_deref().unwrap_or("_"));
        let folder = self.root.join("orders").join(service).join(environment);
        replace(&folder.join(format!("{}-{}.json", order.run, order.seq)), order)?;
        let head = self.recent(service, environment)?.ordered(order);
        replace(&self.head_file(service, environment), &head)
    }

    fn entries(&self, id: &str) -> Result<Vec<Entry>, Fault> {
        let folder = self.folder(id);
        let mut files: Vec<String> = names(&folder)?;
        files.retain(|name| name.ends_with(".json") && !name.starts_with(UNFINISHED));
        files.sort();
        let mut entries = Vec::with_capacity(files.len());
        for name in files {
            entries.extend(read_json::<Entry>(&folder.join(name))?);
        }
        Ok(entries)
    }

    fn matching(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let prefix = prefix.to_ascii_uppercase();
        let mut folders = vec![self.root.join("promotions")];
        for _ in 0..LEVELS {
            let mut below = Vec::new();
            for folder in &folders {
                below.extend(names(folder)?.into_iter().map(|name| folder.join(name)));
            }
            folders = below;
        }
        let mut ids = Vec::new();
        for folder in &folders {
            ids.extend(names(folder)?.into_iter().filter(|name| name.starts_with(&prefix)));
        }
        ids.sort();
        Ok(ids)
    }

    fn recent(&self, service: &str, environment: &str) -> Result<HeadFile, Fault> {
        let file = read_json::<HeadFile>(&self.head_file(service, environment))?.unwrap_or_default();
        let Some(open) = &file.head.open else { return Ok(file) };
        // A run that was killed after its last entry left the head behind.
        let entries = self.entries(open)?;
        Ok(folded::fold(&entries).map_or_else(|| file.clone(), |promotion| file.after(&promotion)))
    }

    fn heads(&self) -> Result<Heads, Fault> {
        let mut heads = BTreeMap::new();
        for service in names(&self.root.join("heads"))? {
            for name in names(&self.root.join("heads").join(&service))? {
                let Some(environment) = name.strip_suffix(".json") else { continue };
                let file = match self.recent(&service, environment) {
                    Err(fault) if fault.kind != FaultKind::Broken => return Err(fault),
                    file => file,
                };
                heads.insert((service.clone(), environment.to_owned()), file);
            }
        }
        Ok(heads)
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }
}

struct FileClaim {
    _lock: File,
}

impl Claim for FileClaim {
    fn hold(&self, _: Time, _: bool) -> Result<Hold, Fault> {
        Ok(Hold::Ours)
    }
}

fn io_fault(doing: &str, path: &Path, error: &std::io::Error) -> Fault {
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded => {
            "free some space, or name another place with --ledger"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "name a directory that can be written with --ledger"
        }
        _ => "look at the directory that --ledger names",
    };
    Fault::new(FaultKind::Broken, doing, format!("{}: {error}", path.display())).hint(hint)
}

fn taken(file: &Path) -> Fault {
    let why = format!("{} is there already: another run works on this promotion", file.display());
    Fault::new(FaultKind::Conflict, "write a record", why)
}

fn create_folder(folder: &Path) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|error| io_fault("open the ledger", folder, &error))
}

/// The names in a folder; none if it does not exist.
fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let fault = |error: &std::io::Error| io_fault("read the ledger", folder, error);
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(&error)),
    };
    listing
        .map(|item| item.map(|item| item.file_name().to_string_lossy().into_owned()).map_err(|error| fault(&error)))
        .collect()
}

fn read_json<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, Fault> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_fault("read the ledger", file, &error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let why = format!("{} is not a record of this version of promote: {error}", file.display());
        Fault::new(FaultKind::Broken, "read the ledger", why)
            .hint("restore the file, or use the newer promote that wrote it")
    })
}

fn write_synced(file: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    let mut out = File::create(file)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

/// Puts a derived file in its place at once.
fn replace(file: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let folder = file.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let unfinished = file.with_extension("json.unfinished");
    let done = write_synced(&unfinished, value).and_then(|()| fs::rename(&unfinished, file));
    done.map_err(|error| io_fault("write the ledger", file, &error))?;
    sync_folder(folder);
    Ok(())
}

/// Makes a new name durable. Not every file system can sync a folder; the file itself is synced in any case.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
