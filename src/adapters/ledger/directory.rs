//! A ledger in a directory of this machine.
//!
//! Whoever writes has a lock of the operating system, which ends with the process. What is written together is first
//! written to files of its own, synced, and listed; then each file is moved to its place. A process that is killed before
//! the list is there has written nothing; what one that is killed later left half done, whoever comes next finishes first.
//! Readers wait for no lock: between two moves they see the entries, and derive again what the heads do not tell yet.

use std::fs::{self, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::adapters::clock::SystemClock;
use crate::adapters::ledger::batch::{Batch, Written};
use crate::ports::{Clock as _, Fault, FaultKind};

/// Where writing happens; nothing in it is a record.
const WRITING: &str = "locks/.writing";
/// How long is slept between two tries to get the turn to write, and how often it is tried: half a minute.
const NAP: Duration = Duration::from_millis(5);
const TRIES: u32 = 6000;

/// A ledger in a directory, which need not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    root: PathBuf,
    clock: SystemClock,
}

/// The turn to write: others wait while it is held.
#[derive(Debug)]
pub(crate) struct Turn {
    _lock: fs::File,
}

/// A file that is written and not in its place yet.
#[derive(Debug, Serialize, Deserialize)]
struct Staged {
    from: String,
    to: String,
}

impl Directory {
    /// The ledger at this directory.
    pub(crate) fn new(root: PathBuf) -> Self {
        // A clock of its own: a run that was asked to stop must still keep its last words.
        Self { root, clock: SystemClock::default() }
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Finishes what another left half done, if that can be done at once. Else it is being done, or cannot be by whoever
    /// may only read.
    pub(crate) fn look(&self) {
        if self.list().exists() {
            let finished = self.lock().and_then(|(lock, _)| lock.try_lock().is_ok().then(|| self.finish()).transpose());
            if let Err(fault) = finished {
                tracing::debug!(%fault, "what another process left half done could not be finished");
            }
        }
    }

    fn lock(&self) -> Result<(fs::File, PathBuf), Fault> {
        let folder = self.root.join(WRITING);
        fs::create_dir_all(&folder).map_err(|error| io_fault("open the ledger", &folder, &error))?;
        let file = folder.join("lock");
        let opened = fs::File::options().create(true).truncate(false).write(true).open(&file);
        opened.map(|lock| (lock, file.clone())).map_err(|error| io_fault("open the ledger", &file, &error))
    }

    /// Waits for the turn to write, and finishes what another left half done.
    pub(crate) fn turn(&self) -> Result<Turn, Fault> {
        let (lock, file) = self.lock()?;
        for _ in 0..TRIES {
            match lock.try_lock() {
                Ok(()) => {
                    self.finish()?;
                    return Ok(Turn { _lock: lock });
                }
                Err(TryLockError::WouldBlock) => self.clock.sleep(NAP),
                Err(TryLockError::Error(error)) => return Err(io_fault("lock the ledger", &file, &error)),
            }
        }
        let why = format!("another process holds {} and does not go on", file.display());
        Err(Fault::new(FaultKind::TimedOut, "write to the ledger", why).hint("`fuser` on that file names the process"))
    }

    /// Writes files together; the caller has the turn.
    pub(crate) fn write(&self, _: &Turn, batch: &Batch) -> Result<Written, Fault> {
        let writing = self.root.join(WRITING);
        let mut list = Vec::new();
        for (number, file) in batch.files.iter().enumerate() {
            let to = self.root.join(&file.path);
            if !file.replaces && to.exists() {
                return Err(taken(&to));
            }
            let from = number.to_string();
            let fault = |error: std::io::Error| io_fault("write a record", &to, &error);
            create_anew(&writing.join(&from), file.text.as_bytes()).map_err(fault)?;
            list.push(Staged { from, to: file.path.clone() });
        }
        let (draft, listed) = (writing.join("draft"), self.list());
        let text = serde_json::to_vec(&list).unwrap_or_default();
        let done = create_anew(&draft, &text).and_then(|()| fs::rename(&draft, &listed));
        done.map_err(|error| io_fault("write a record", &listed, &error))?;
        sync_folder(&writing);
        self.finish()?;
        Ok(Written::Done)
    }

    /// Removes a file that is no record; the caller has the turn. Nothing happens if there is none.
    pub(crate) fn remove(&self, _: &Turn, path: &str) -> Result<(), Fault> {
        let file = self.root.join(path);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io_fault("write the ledger", &file, &error)),
            _ => Ok(()),
        }
    }

    /// Moves what is listed to its place. What is no longer where it was written is there already.
    fn finish(&self) -> Result<(), Fault> {
        let listed = self.list();
        let Some(bytes) = read(&listed)? else { return Ok(()) };
        let list: Vec<Staged> = serde_json::from_slice(&bytes).map_err(|error| {
            let why = format!("{}, which another process left half done, cannot be read: {error}", listed.display());
            Fault::new(FaultKind::Broken, "write to the ledger", why).hint("look what is in it, and remove it")
        })?;
        for staged in &list {
            let (from, to) = (self.root.join(WRITING).join(&staged.from), self.root.join(&staged.to));
            let folder = to.parent().unwrap_or(&self.root);
            let moved = fs::create_dir_all(folder).and_then(|()| match fs::rename(&from, &to) {
                Err(error) if error.kind() == ErrorKind::NotFound && to.exists() => Ok(()),
                moved => moved,
            });
            moved.map_err(|error| io_fault("write a record", &to, &error))?;
            // A new folder's name is in the one above it.
            folder.ancestors().take_while(|above| above.starts_with(&self.root)).for_each(sync_folder);
        }
        fs::remove_file(&listed).map_err(|error| io_fault("write the ledger", &listed, &error))
    }

    fn list(&self) -> PathBuf {
        self.root.join(WRITING).join("batch.json")
    }

    /// The names in folders; none where there is no folder.
    pub(crate) fn names(&self, folders: &[String]) -> Result<Vec<Vec<String>>, Fault> {
        folders.iter().map(|folder| names(&self.root.join(folder))).collect()
    }

    /// The bytes of files; `None` where there is none.
    pub(crate) fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        paths.iter().map(|path| read(&self.root.join(path))).collect()
    }

    /// A path as people find it.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }
}

fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let fault = |error: &std::io::Error| io_fault("read the ledger", folder, error);
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(fault(&error)),
    };
    let name = |item: std::io::Result<fs::DirEntry>| item.map(|item| item.file_name().to_string_lossy().into_owned());
    let mut names =
        listing.map(|item| name(item).map_err(|error| fault(&error))).collect::<Result<Vec<String>, Fault>>()?;
    names.sort();
    Ok(names)
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Fault> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(io_fault("read the ledger", file, &error)),
    }
}

/// Writes a file that nobody else may still have under another name.
fn create_anew(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = fs::File::create_new(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

/// Makes a new name durable. Not every file system can sync a folder; the file itself is synced in any case.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn taken(file: &Path) -> Fault {
    let why = format!("{} is there already: another run works on this promotion", file.display());
    Fault::new(FaultKind::Conflict, "write a record", why)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ledger::batch::File;

    fn batch(files: &[(&str, &str)]) -> Batch {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
            replaces: path.starts_with("heads"),
        };
        Batch {
            files: files.iter().map(file).collect(),
            message: String::new(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    fn write(directory: &Directory, files: &[(&str, &str)]) -> Result<Written, Fault> {
        directory.write(&directory.turn()?, &batch(files))
    }

    #[test]
    fn what_was_listed_and_not_moved_is_finished_by_whoever_comes_next() {
        finished(false);
        finished(true);
    }

    fn finished(reader: bool) {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().to_owned());
        write(&directory, &[("heads/a", "old")]).unwrap();
        // As a kill between the second and the third move leaves it.
        let writing = dir.path().join(WRITING);
        fs::write(dir.path().join("one"), "1").unwrap();
        fs::write(writing.join("1"), "2").unwrap();
        fs::write(writing.join("2"), "new").unwrap();
        let list = ["one", "deep/two", "heads/a"];
        let list = list.iter().enumerate().map(|(n, to)| Staged { from: n.to_string(), to: (*to).to_owned() });
        fs::write(writing.join("batch.json"), serde_json::to_vec(&list.collect::<Vec<_>>()).unwrap()).unwrap();
        let read = |path: &str| fs::read_to_string(dir.path().join(path)).unwrap_or_default();
        let held = directory.lock().unwrap().0;
        held.lock().unwrap();
        directory.look();
        assert_eq!(["one", "deep/two", "heads/a"].map(read), ["1", "", "old"], "somebody is at it");
        drop(held);
        if reader {
            directory.look();
        } else {
            write(&directory, &[("three", "3")]).unwrap();
        }
        assert_eq!(["one", "deep/two", "heads/a"].map(read), ["1", "2", "new"]);
        assert_eq!(names(&writing).unwrap(), ["lock"], "nothing is left over");
    }

    #[test]
    fn what_was_not_listed_was_never_written() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().to_owned());
        fs::create_dir_all(dir.path().join(WRITING)).unwrap();
        for name in ["0", "7", "draft"] {
            fs::write(dir.path().join(WRITING).join(name), "half").unwrap();
        }
        write(&directory, &[("one", "1")]).unwrap();
        assert_eq!(names(dir.path()).unwrap(), ["locks", "one"]);
        assert_eq!(fs::read_to_string(dir.path().join("one")).unwrap(), "1");
    }

    #[test]
    fn of_a_batch_with_a_place_that_is_taken_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::new(dir.path().to_owned());
        write(&directory, &[("b", "theirs")]).unwrap();
        let fault = write(&directory, &[("a", "ours"), ("b", "ours")]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Conflict);
        assert_eq!(directory.read(&["a".to_owned(), "b".to_owned()]).unwrap(), [None, Some(b"theirs".to_vec())]);
    }
}
