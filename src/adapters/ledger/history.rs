//! A whole ledger, shown piece by piece: every file as it is, damaged and foreign ones too, and the commits of a branch.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::{Commit, Delta, ObjectType, Oid, Repository, Sort, TreeWalkMode, TreeWalkResult};

use crate::adapters::git::{fault, history};
use crate::adapters::ledger::directory::Directory;
use crate::ports::{Fault, FaultKind};
use crate::promotion::history::pieces::{Content, How, LedgerCommit, Piece, Touched};

/// How large a file is read, in bytes: a record holds rules, facts and a plan, and is far below that.
const FILE_MAX: u64 = 64 << 20;
/// What else is at the root of a directory, and no record: locks, files that are being written, and the newest gate report, which
/// the action leaves there for the steps that follow.
const BESIDE: [&str; 3] = ["locks", ".writing", "gate-report.json"];

/// Shows a ledger in a directory. What a run was killed over while it moved it to its place counts as being there.
pub(crate) fn directory(directory: &Directory, show: &mut dyn FnMut(Piece)) -> Result<(), Fault> {
    let root = directory.root();
    let mut paths = BTreeMap::new();
    below(root, "", &mut paths)?;
    for (file, path) in directory.staged() {
        paths.insert(path, file);
    }
    for (path, file) in paths {
        let place = root.join(&path);
        let moved = !file.exists() && place.exists();
        let content = read(if moved { &place } else { &file });
        show(Piece::File { path, content });
    }
    Ok(())
}

fn below(folder: &Path, prefix: &str, paths: &mut BTreeMap<String, PathBuf>) -> Result<(), Fault> {
    let fail = |error: &std::io::Error| {
        let why = format!("{}: {error}", folder.display());
        Fault::new(FaultKind::Broken, "read the ledger", why).hint("look at the directory that --ledger names")
    };
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound && prefix.is_empty() => return Ok(()),
        Err(error) => return Err(fail(&error)),
    };
    for item in listing {
        let item = item.map_err(|error| fail(&error))?;
        let name = item.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let is_folder = item.file_type().map_err(|error| fail(&error))?.is_dir();
        if BESIDE.contains(&path.as_str()) {
            continue;
        }
        if is_folder {
            below(&folder.join(&name), &path, paths)?;
        } else {
            paths.insert(path, folder.join(&name));
        }
    }
    Ok(())
}

fn read(file: &Path) -> Content {
    let read = || -> std::io::Result<Result<Vec<u8>, String>> {
        let about = fs::symlink_metadata(file)?;
        if !about.is_file() {
            return Ok(Err("it is no file".to_owned()));
        }
        if about.len() > FILE_MAX {
            return Ok(Err(format!("it has {} bytes, and {FILE_MAX} are read at most", about.len())));
        }
        fs::read(file).map(Ok)
    };
    match read() {
        Ok(Ok(bytes)) => text(bytes),
        Ok(Err(why)) => Content::Unreadable(why),
        Err(error) => Content::Unreadable(error.to_string()),
    }
}

fn text(bytes: Vec<u8>) -> Content {
    String::from_utf8(bytes).map_or_else(
        |error| Content::Unreadable(format!("it is not UTF-8 (byte {})", error.utf8_error().valid_up_to())),
        Content::Text,
    )
}

/// Shows a ledger on a branch: its commits, oldest first, then the files of its tip. All of its objects must be here.
pub(crate) fn branch(repository: &Repository, tip: Oid, shown: &str, show: &mut dyn FnMut(Piece)) -> Result<(), Fault> {
    let doing = format!("read the history of {shown}");
    let fail = |error: git2::Error| fault::of(&doing, &error);
    let mut walk = repository.revwalk().map_err(fail)?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).map_err(fail)?;
    walk.push(tip).map_err(fail)?;
    for id in walk {
        let commit = id.and_then(|id| repository.find_commit(id)).map_err(fail)?;
        let piece = ledger_commit(repository, &commit).map_err(fail)?;
        show(Piece::Commit(piece));
    }
    let tree = repository.find_commit(tip).and_then(|commit| commit.tree()).map_err(fail)?;
    let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() != Some(ObjectType::Tree) {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            show(Piece::File { path: format!("{folder}{name}"), content: blob(repository, entry) });
        }
        TreeWalkResult::Ok
    });
    walked.map_err(fail)
}

fn blob(repository: &Repository, entry: &git2::TreeEntry<'_>) -> Content {
    if !matches!(entry.filemode_raw(), 0o100_644 | 0o100_755 | 0o100_664) {
        return Content::Unreadable("it is no file".to_owned());
    }
    match repository.find_blob(entry.id()) {
        Ok(blob) if blob.size() as u64 > FILE_MAX => {
            Content::Unreadable(format!("it has {} bytes, and {FILE_MAX} are read at most", blob.size()))
        }
        Ok(blob) => text(blob.content().to_vec()),
        Err(error) => Content::Unreadable(error.message().to_owned()),
    }
}

fn ledger_commit(repository: &Repository, commit: &Commit<'_>) -> Result<LedgerCommit, git2::Error> {
    let parents = history::parents(commit);
    let before = match parents.first() {
        Some(parent) => Some(repository.find_commit(*parent)?.tree()?),
        None => None,
    };
    let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
    let changes = diff.deltas().map(|delta| {
        let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
        let how = match delta.status() {
            Delta::Added => How::Added,
            Delta::Deleted => How::Deleted,
            _ => How::Modified,
        };
        Touched { path: String::from_utf8_lossy(path).into_owned(), how }
    });
    Ok(LedgerCommit {
        summary: history::summary(commit),
        parents: parents.iter().map(Oid::to_string).collect(),
        changes: changes.collect(),
    })
}
