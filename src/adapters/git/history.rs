//! What can be said of a history of which only a part may be here.
//!
//! Parents are read from the commit's own header: where the history is cut off, libgit2 shows a commit without parents,
//! and "there is no more" would look like "there never was".

use std::collections::{BinaryHeap, HashSet};

use git2::{Commit, Oid, Repository};

use crate::adapters::git::objects::id_at;
use crate::promotion::facts::CommitSummary;
use crate::promotion::time::Time;

/// The parents of a commit, whether they are here or not.
pub(crate) fn parents(commit: &Commit<'_>) -> Vec<Oid> {
    let header = String::from_utf8_lossy(commit.raw_header_bytes()).into_owned();
    // The header's fields come in this order: tree, parents, author.
    header
        .lines()
        .filter_map(|line| line.strip_prefix("parent "))
        .filter_map(|id| Oid::from_str(id.trim()).ok())
        .collect()
}

/// Commits and their ancestors, newest first.
pub(crate) struct Walk<'r> {
    repository: &'r Repository,
    next: BinaryHeap<(i64, Oid)>,
    seen: HashSet<Oid>,
    /// Whether an ancestor is not here.
    pub(crate) cut: bool,
}

impl<'r> Walk<'r> {
    /// A walk from a commit; an empty one that is cut if the commit is not here.
    pub(crate) fn from(repository: &'r Repository, start: Oid) -> Self {
        let mut walk = Self { repository, next: BinaryHeap::new(), seen: HashSet::new(), cut: false };
        walk.add(start);
        walk
    }

    fn add(&mut self, id: Oid) {
        if self.seen.insert(id) {
            match self.repository.find_commit(id) {
                Ok(commit) => self.next.push((commit.time().seconds(), id)),
                Err(_) => self.cut = true,
            }
        }
    }
}

impl<'r> Iterator for Walk<'r> {
    type Item = Commit<'r>;

    fn next(&mut self) -> Option<Commit<'r>> {
        let (_, id) = self.next.pop()?;
        let commit = self.repository.find_commit(id).ok()?;
        for parent in parents(&commit) {
            self.add(parent);
        }
        Some(commit)
    }
}

/// Whether a commit's history contains another; `None` where too little of it is here to tell.
pub(crate) fn contains(repository: &Repository, commit: Oid, wanted: Oid) -> Option<bool> {
    let mut walk = Walk::from(repository, commit);
    if walk.by_ref().any(|ancestor| ancestor.id() == wanted) {
        return Some(true);
    }
    // If the wanted one contains the other, it cannot be the other way round: there are no circles.
    let before = !walk.cut || Walk::from(repository, wanted).any(|ancestor| ancestor.id() == commit);
    before.then_some(false)
}

/// The commits after `from` up to `to`, newest first, that change one of the paths. `from` must be an ancestor that is here.
pub(crate) fn between<'r>(
    repository: &'r Repository,
    from: Oid,
    to: Oid,
    paths: &[String],
) -> Result<Vec<Commit<'r>>, git2::Error> {
    // libgit2's own walk stops with an error where the history is cut off.
    let before: HashSet<Oid> = Walk::from(repository, from).map(|commit| commit.id()).collect();
    let mut found = Vec::new();
    for commit in Walk::from(repository, to).filter(|commit| !before.contains(&commit.id())) {
        if touches(repository, &commit, paths)? {
            found.push(commit);
        }
    }
    Ok(found)
}

/// Whether a commit differs in one of the paths from each of its parents that is here.
fn touches(repository: &Repository, commit: &Commit<'_>, paths: &[String]) -> Result<bool, git2::Error> {
    let ids = |commit: &Commit<'_>| -> Result<Vec<Option<Oid>>, git2::Error> {
        let tree = commit.tree()?;
        Ok(paths.iter().map(|path| id_at(&tree, path)).collect())
    };
    let ours = ids(commit)?;
    for parent in parents(commit) {
        let Ok(parent) = repository.find_commit(parent) else { continue };
        if ids(&parent)? == ours {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The commits that change a directory, newest first, and whether the whole history is here. A merge that only brings in what
/// the commits on its other side did is not among them; one that chooses between two sides is.
pub(crate) fn changing<'r>(
    repository: &'r Repository,
    tip: Oid,
    path: &str,
) -> Result<(Vec<Commit<'r>>, bool), git2::Error> {
    let paths = [path.to_owned()];
    let mut walk = Walk::from(repository, tip);
    let mut found = Vec::new();
    for commit in walk.by_ref() {
        let parents = parents(&commit);
        let changes = match parents.as_slice() {
            [] => id_at(&commit.tree()?, path).is_some(),
            [_] => touches(repository, &commit, &paths)?,
            [first, ..] => touches(repository, &commit, &paths)? || chooses(repository, &commit, *first, &paths)?,
        };
        if changes {
            found.push(commit);
        }
    }
    Ok((found, !walk.cut))
}

/// Whether a merge changes a path against its first parent although no commit on its other side did.
fn chooses(repository: &Repository, merge: &Commit<'_>, first: Oid, paths: &[String]) -> Result<bool, git2::Error> {
    let Ok(parent) = repository.find_commit(first) else { return Ok(false) };
    let (ours, before) = (merge.tree()?, parent.tree()?);
    if paths.iter().all(|path| id_at(&ours, path) == id_at(&before, path)) {
        return Ok(false);
    }
    let other = between(repository, first, merge.id(), paths)?;
    Ok(other.iter().all(|commit| commit.id() == merge.id()))
}

/// Whether a message has a trailer of this key, by git's own rules.
pub(crate) fn has_key(commit: &Commit<'_>, key: &str) -> bool {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    git2::message_trailers_strs(&message).is_ok_and(|trailers| trailers.iter().any(|(name, _)| name == key))
}

/// A commit in a line. Its texts are the author's own, and untrusted.
pub(crate) fn summary(commit: &Commit<'_>) -> CommitSummary {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    CommitSummary {
        id: commit.id().to_string(),
        author: text(commit.author().name_bytes()),
        at: Time::from_second(commit.time().seconds()).unwrap_or(Time::UNIX_EPOCH),
        subject: text(commit.summary_bytes().unwrap_or_default()),
    }
}

/// Whether a message has this line among its trailers, by git's own rules.
pub(crate) fn has_trailer(commit: &Commit<'_>, trailer: &str) -> bool {
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    // Fails for a message with a NUL only, which no trailer of ours is in.
    git2::message_trailers_strs(&message)
        .is_ok_and(|trailers| trailers.iter().any(|(key, value)| format!("{key}: {value}") == trailer.trim()))
}
