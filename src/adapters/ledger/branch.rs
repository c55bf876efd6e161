//! A ledger in a branch of a git repository: commits are made without a checkout and only add files, heads excepted.
//!
//! What is read is brought when it is asked for: the commit at the tip with three levels of its tree, then the trees and
//! files on the way to what is looked for, all of one level in one request.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Odb, Oid, Repository, Signature, Tree};

use crate::adapters::git::fault;
use crate::adapters::git::lazy::Lazy;
use crate::adapters::git::lazy::update::{Moved, RefUpdate};
use crate::adapters::git::objects::Author;
use crate::adapters::ledger::batch::{Batch, Written};
use crate::adapters::ledger::layout;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::Time;

/// So many levels of trees come with a tip: the root, `promotions` and `heads`, and what these name.
const LEVELS: u32 = 3;

/// A repository that several parts of a ledger use.
pub(crate) type Shared = Arc<Mutex<Lazy>>;

/// The repository, for the moment.
pub(crate) fn held(lazy: &Shared) -> MutexGuard<'_, Lazy> {
    lazy.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who makes a commit, and when.
pub(crate) fn signature(author: &Author, at: Time, doing: &str) -> Result<Signature<'static>, Fault> {
    let time = git2::Time::new(at.as_second(), 0);
    Signature::new(&author.name, &author.email, &time).map_err(|error| fault::of(doing, &error))
}

/// A ledger in a branch.
#[derive(Debug)]
pub(crate) struct Branch {
    lazy: Shared,
    name: String,
    author: Author,
    /// The branch as it was seen last.
    tip: Option<Oid>,
}

/// What stands at a path.
type Found = Option<(Oid, ObjectType)>;

impl Branch {
    /// The ledger in this branch, which need not exist yet; nothing is reached yet.
    pub(crate) fn new(lazy: Shared, name: String, author: Author) -> Self {
        Self { lazy, name, author, tip: None }
    }

    /// Looks where the branch is now.
    pub(crate) fn look(&mut self) -> Result<(), Fault> {
        let reference = self.reference();
        let mut lazy = held(&self.lazy);
        let tip = lazy.refs(&reference)?.get(&reference).copied();
        if let Some(tip) = tip {
            lazy.commit(tip, LEVELS)?;
        }
        self.tip = tip;
        Ok(())
    }

    /// The branch as it was seen last.
    pub(crate) fn tip(&self) -> Option<Oid> {
        self.tip
    }

    /// Writes files together: one commit on the branch as it was seen last.
    pub(crate) fn write(&mut self, batch: &Batch) -> Result<Written, Fault> {
        let doing = format!("write to {}", self.shown(""));
        let fail = |error: git2::Error| fault::of(&doing, &error);
        let folders: BTreeSet<&str> = batch.files.iter().map(|file| layout::parent(&file.path)).collect();
        self.names(&folders.into_iter().map(str::to_owned).collect::<Vec<_>>())?;
        let mut lazy = held(&self.lazy);
        let repository = lazy.repository()?;
        let parent = self.tip.map(|tip| repository.find_commit(tip)).transpose().map_err(fail)?;
        let base = match &parent {
            Some(parent) => parent.tree().map_err(fail)?,
            None => empty(&repository).map_err(fail)?,
        };
        let mut objects = BTreeSet::new();
        let mut update = TreeUpdateBuilder::new();
        for file in &batch.files {
            let blob = repository.blob(file.text.as_bytes()).map_err(fail)?;
            objects.insert(blob);
            update.upsert(file.path.as_str(), blob, FileMode::Blob);
        }
        let tree = update.create_updated(&repository, &base).and_then(|id| repository.find_tree(id)).map_err(fail)?;
        for file in &batch.files {
            new_trees(&repository, &base, &tree, &file.path, &mut objects).map_err(fail)?;
        }
        let who = signature(&self.author, batch.at, &doing)?;
        let parents: Vec<_> = parent.iter().collect();
        let message = format!("promote: {}\n\n[skip ci]\n", batch.message);
        let commit = repository.commit(None, &who, &who, &message, &tree, &parents).map_err(fail)?;
        objects.insert(commit);
        let update = RefUpdate { name: self.reference(), old: self.tip, new: Some(commit) };
        Ok(match lazy.update(&[update], &objects.into_iter().collect::<Vec<_>>())? {
            Moved::Done => {
                self.tip = Some(commit);
                Written::Done
            }
            Moved::Lost => Written::Moved,
        })
    }

    /// The names in folders; none where there is no folder.
    pub(crate) fn names(&self, folders: &[String]) -> Result<Vec<Vec<String>>, Fault> {
        let doing = format!("read {}", self.shown(""));
        let found = self.find(folders)?;
        let tree = |found: &Found| found.filter(|(_, kind)| *kind == ObjectType::Tree).map(|(id, _)| id);
        let mut lazy = held(&self.lazy);
        lazy.bring(&found.iter().filter_map(tree).collect::<Vec<_>>())?;
        let repository = lazy.repository()?;
        let names = |found: &Found| -> Result<Vec<String>, git2::Error> {
            let Some(id) = tree(found) else { return Ok(Vec::new()) };
            let names = repository.find_tree(id)?;
            Ok(names.iter().map(|entry| String::from_utf8_lossy(entry.name_bytes()).into_owned()).collect())
        };
        found.iter().map(names).collect::<Result<_, _>>().map_err(|error| fault::of(&doing, &error))
    }

    /// The bytes of files; `None` where there is none.
    pub(crate) fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let doing = format!("read {}", self.shown(""));
        let found = self.find(paths)?;
        let blob = |found: &Found| found.filter(|(_, kind)| *kind == ObjectType::Blob).map(|(id, _)| id);
        let mut lazy = held(&self.lazy);
        lazy.bring(&found.iter().filter_map(blob).collect::<Vec<_>>())?;
        let repository = lazy.repository()?;
        let bytes = |found: &Found| {
            let read = |id| repository.find_blob(id).map(|blob| blob.content().to_vec());
            blob(found).map(read).transpose()
        };
        found.iter().map(bytes).collect::<Result<_, _>>().map_err(|error| fault::of(&doing, &error))
    }

    /// What stands at paths. The trees on the way are brought, level by level.
    fn find(&self, paths: &[String]) -> Result<Vec<Found>, Fault> {
        let Some(tip) = self.tip else { return Ok(vec![None; paths.len()]) };
        let doing = format!("read {}", self.shown(""));
        let fail = |error: git2::Error| fault::of(&doing, &error);
        loop {
            let mut lazy = held(&self.lazy);
            let repository = lazy.repository()?;
            let objects = repository.odb().map_err(fail)?;
            let root = repository.find_commit(tip).map_err(fail)?.tree_id();
            let mut missing = BTreeSet::new();
            let step = |path: &String| walk(&repository, &objects, root, path, &mut missing);
            let found = paths.iter().map(step).collect::<Result<Vec<_>, _>>().map_err(fail)?;
            if missing.is_empty() {
                return Ok(found);
            }
            lazy.bring(&missing.into_iter().collect::<Vec<_>>())?;
        }
    }

    fn reference(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    /// A path as people find it.
    pub(crate) fn shown(&self, path: &str) -> String {
        let branch = format!("branch {} of {}", self.name, held(&self.lazy).shown());
        if path.is_empty() { branch } else { format!("{path} in {branch}") }
    }
}

/// What stands at a path. A tree on the way that is not here is noted as missing.
fn walk(
    repository: &Repository,
    objects: &Odb<'_>,
    root: Oid,
    path: &str,
    missing: &mut BTreeSet<Oid>,
) -> Result<Found, git2::Error> {
    let mut at = (root, ObjectType::Tree);
    for name in path.split('/').filter(|name| !name.is_empty()) {
        if at.1 != ObjectType::Tree {
            return Ok(None);
        }
        if !objects.exists(at.0) {
            missing.insert(at.0);
            return Ok(None);
        }
        let tree = repository.find_tree(at.0)?;
        let Some(entry) = tree.get_name(name) else { return Ok(None) };
        at = (entry.id(), entry.kind().unwrap_or(ObjectType::Any));
    }
    Ok(Some(at))
}

/// A tree without anything in it.
pub(crate) fn empty(repository: &Repository) -> Result<Tree<'_>, git2::Error> {
    repository.treebuilder(None)?.write().and_then(|id| repository.find_tree(id))
}

/// Adds the trees on the way to a file that the base does not have there.
fn new_trees(
    repository: &Repository,
    base: &Tree<'_>,
    tree: &Tree<'_>,
    path: &str,
    objects: &mut BTreeSet<Oid>,
) -> Result<(), git2::Error> {
    let (mut old, mut new) = (Some(base.id()), tree.id());
    for name in path.split('/') {
        if old == Some(new) {
            return Ok(());
        }
        objects.insert(new);
        let below = |id: Oid| -> Result<Option<Oid>, git2::Error> {
            Ok(repository
                .find_tree(id)?
                .get_name(name)
                .filter(|entry| entry.kind() == Some(ObjectType::Tree))
                .map(|entry| entry.id()))
        };
        old = old.map(below).transpose()?.flatten();
        let Some(next) = below(new)? else { return Ok(()) };
        new = next;
    }
    Ok(())
}

/// The fault for a branch whose name cannot be.
pub(crate) fn check_name(name: &str) -> Result<(), Fault> {
    if git2::Reference::is_valid_name(&format!("refs/heads/{name}")) {
        return Ok(());
    }
    let fault = Fault::new(FaultKind::Settings, "find the ledger", format!("{name:?} cannot be the name of a branch"));
    Err(fault.hint("write branch:promotions, <repository>#<branch>, or a directory"))
}
