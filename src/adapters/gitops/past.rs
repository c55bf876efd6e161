//! What a branch held before: the commits that say which promotion they are of, and those that changed a directory.

use std::collections::BTreeMap;

use git2::{Commit, Oid, Repository};

use crate::adapters::git::branch::Tip;
use crate::adapters::git::objects;
use crate::adapters::git::{fault, history};
use crate::adapters::gitops::snapshot;
use crate::ports::{Fault, Found, Step};
use crate::promotion::facts::Snapshot;

/// The commits with a trailer of this key, newest first, and whether the whole history was seen.
pub(super) fn carriers(objects: &Repository, tip: Oid, key: &str) -> Result<(Vec<Found>, bool), git2::Error> {
    let mut walk = history::Walk::from(objects, tip);
    let mut all = Vec::new();
    for commit in walk.by_ref().filter(|commit| history::has_key(commit, key)) {
        all.extend(found(objects, &commit)?);
    }
    Ok((all, !walk.cut))
}

/// A commit with its changes; `None` if its first parent is not here.
fn found(objects: &Repository, commit: &Commit<'_>) -> Result<Option<Found>, git2::Error> {
    let parents = history::parents(commit);
    let (parent, changes) = match parents.first() {
        None => (String::new(), objects::changes_since(objects, None, commit)?),
        Some(parent) => match objects.find_commit(*parent) {
            Ok(parent) => (parent.id().to_string(), objects::changes_since(objects, Some(&parent), commit)?),
            Err(_) => return Ok(None),
        },
    };
    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
    Ok(Some(Found { commit: history::summary(commit), message, parent, changes }))
}

/// The commits that changed a directory, newest first, each with what the directory held before and after, and whether the
/// whole history was seen.
pub(super) fn steps(
    objects: &Repository,
    shown: &str,
    tip: &Tip,
    path: &str,
    doing: &str,
) -> Result<(Vec<Step>, bool), Fault> {
    let fail = |error: git2::Error| fault::of(doing, &error);
    let (commits, whole) = history::changing(objects, tip.commit, path).map_err(fail)?;
    let mut steps = Vec::new();
    for commit in commits {
        let Some(found) = found(objects, &commit).map_err(fail)? else { continue };
        let at = |commit: Oid| snapshot::take(objects, shown, &Tip { branch: tip.branch.clone(), commit }, path);
        let before = match Oid::from_str(&found.parent) {
            Ok(parent) if !found.parent.is_empty() => at(parent),
            _ => Ok(Snapshot {
                repository: shown.to_owned(),
                branch: tip.branch.clone(),
                commit: String::new(),
                path: path.to_owned(),
                files: BTreeMap::new(),
                trees: BTreeMap::new(),
                releases: None,
            }),
        };
        // One commit that cannot be read hides no other.
        steps.push(Step { found, before, after: at(commit.id()) });
    }
    Ok((steps, whole))
}
