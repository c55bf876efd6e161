//! Reading and writing objects: files of a commit, and a commit with other contents of the same files.

use std::collections::BTreeMap;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, ObjectType, Oid, Repository, Signature, Tree};

use crate::adapters::git::fault;
use crate::ports::{Fault, FaultKind, Proposal};

/// How large a file may be that is read as text, in bytes.
pub(crate) const TEXT_MAX: usize = 8 << 20;

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

impl Default for Author {
    fn default() -> Self {
        Self { name: "promote".to_owned(), email: "promote@users.noreply.github.com".to_owned() }
    }
}

/// Two texts of a file: before and after.
pub(crate) type Sides = (Option<String>, Option<String>);

/// The id of what is at a path; of the tree itself for the empty path.
pub(crate) fn id_at(tree: &Tree<'_>, path: &str) -> Option<Oid> {
    if path.is_empty() {
        return Some(tree.id());
    }
    tree.get_path(Path::new(path)).ok().map(|entry| entry.id())
}

/// The tree of a directory; `None` where there is none.
pub(crate) fn directory<'r>(repository: &'r Repository, tree: &Tree<'r>, path: &str) -> Option<Tree<'r>> {
    repository.find_tree(id_at(tree, path)?).ok()
}

/// A file's text; `None` where there is no file, a fault where it is no text.
pub(crate) fn text(repository: &Repository, tree: &Tree<'_>, path: &str, doing: &str) -> Result<Option<String>, Fault> {
    let entry = tree.get_path(Path::new(path)).ok().filter(|entry| entry.kind() == Some(ObjectType::Blob));
    let Some(entry) = entry else { return Ok(None) };
    let blob = repository.find_blob(entry.id()).map_err(|error| fault::of(doing, &error))?;
    let wrong = |why: String| Fault::new(FaultKind::Broken, doing, format!("{path}: {why}"));
    if blob.size() > TEXT_MAX {
        return Err(wrong(format!("it has {} bytes, and {TEXT_MAX} are read at most", blob.size())));
    }
    match std::str::from_utf8(blob.content()) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(wrong(format!("it is not UTF-8 (byte {})", error.valid_up_to()))
            .hint("save the file as UTF-8, or move it out of the directory if it is no manifest")),
    }
}

/// Makes a commit on its base: the same files, with new contents; their modes stay. Nothing points to it yet.
pub(crate) fn commit(repository: &Repository, proposal: &Proposal, author: &Author, doing: &str) -> Result<Oid, Fault> {
    let fail = |error: git2::Error| fault::of(doing, &error);
    let base = Oid::from_str(&proposal.base).and_then(|id| repository.find_commit(id)).map_err(fail)?;
    let tree = base.tree().map_err(fail)?;
    let mut update = TreeUpdateBuilder::new();
    for (path, text) in &proposal.files {
        let mode = tree.get_path(Path::new(path)).ok().and_then(|entry| match entry.filemode_raw() {
            0o100_644 => Some(FileMode::Blob),
            0o100_755 => Some(FileMode::BlobExecutable),
            0o100_664 => Some(FileMode::BlobGroupWritable),
            _ => None,
        });
        let mode = mode.ok_or_else(|| {
            Fault::new(
                FaultKind::Broken,
                doing,
                format!("{path} is no file of {}; only files are changed", proposal.base),
            )
        })?;
        update.upsert(path.as_str(), repository.blob(text.as_bytes()).map_err(fail)?, mode);
    }
    let new = update.create_updated(repository, &tree).map_err(fail)?;
    if new == tree.id() {
        return Err(Fault::new(FaultKind::Broken, doing, "the proposed files are what stands there already"));
    }
    let new = repository.find_tree(new).map_err(fail)?;
    let time = git2::Time::new(proposal.at.as_second(), 0);
    let who = Signature::new(&author.name, &author.email, &time).map_err(|error| {
        Fault::new(FaultKind::Settings, doing, format!("{} <{}>: {}", author.name, author.email, error.message()))
            .hint("give the commits an author with a name and an address")
    })?;
    repository.commit(None, &who, &who, &proposal.message, &new, &[&base]).map_err(fail)
}

/// What a commit changes against its first parent, by path; a side is `None` where there is no file, or no text.
pub(crate) fn changes(
    repository: &Repository,
    parent: &Commit<'_>,
    commit: &Commit<'_>,
) -> Result<BTreeMap<String, Sides>, git2::Error> {
    changes_since(repository, Some(parent), commit)
}

/// The same, for a commit that may be the first.
pub(crate) fn changes_since(
    repository: &Repository,
    parent: Option<&Commit<'_>>,
    commit: &Commit<'_>,
) -> Result<BTreeMap<String, Sides>, git2::Error> {
    let before = parent.map(Commit::tree).transpose()?;
    let diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
    let side = |file: &git2::DiffFile<'_>| {
        let blob = repository.find_blob(file.id()).ok().filter(|blob| blob.size() <= TEXT_MAX)?;
        String::from_utf8(blob.content().to_vec()).ok()
    };
    let mut changes = BTreeMap::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
        let sides = (side(&delta.old_file()), side(&delta.new_file()));
        changes.insert(String::from_utf8_lossy(path).into_owned(), sides);
    }
    Ok(changes)
}
