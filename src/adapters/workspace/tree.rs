//! The same of a repository that is somewhere else: the YAML files of its branch's tip. Reports are not kept in one.

use git2::{ObjectType, TreeWalkMode, TreeWalkResult};

use crate::adapters::git::address::Address;
use crate::adapters::git::fault;
use crate::adapters::git::store::{Access, Store};
use crate::adapters::secret::Secret;
use crate::adapters::workspace::{Around, DEPTH, FILES, LONGEST, is_yaml};
use crate::ports::Fault;

/// Looks at the tip of a branch (else the default one) of a repository.
pub fn look(access: &Access, address: &Address, token: Option<&Secret>, branch: Option<&str>) -> Result<Around, Fault> {
    let mut store = Store::new(access, address, token, "GITOPS_TOKEN")?;
    let tip = store.tip(branch, 1)?;
    let doing = format!("look around in {} of {}", tip.branch, store.shown());
    let repository = store.repository()?;
    let tree = repository.find_commit(tip.commit).and_then(|commit| commit.tree());
    let tree = tree.map_err(|error| fault::of(&doing, &error))?;
    let mut around = Around::default();
    let mut files = 0;
    let walked = tree.walk(TreeWalkMode::PreOrder, |directory, entry| {
        let Ok(name) = entry.name() else { return TreeWalkResult::Skip };
        if entry.kind() == Some(ObjectType::Tree) {
            let deep = directory.matches('/').count() >= DEPTH;
            return if deep { TreeWalkResult::Skip } else { TreeWalkResult::Ok };
        }
        let link = entry.filemode_raw() == 0o120_000;
        if link || entry.kind() != Some(ObjectType::Blob) || !is_yaml(name) {
            return TreeWalkResult::Ok;
        }
        files += 1;
        if files > FILES {
            around.cut = true;
            return TreeWalkResult::Abort;
        }
        let blob = repository.find_blob(entry.id()).ok().filter(|blob| blob.size() as u64 <= LONGEST);
        if let Some(text) = blob.as_ref().and_then(|blob| std::str::from_utf8(blob.content()).ok()) {
            around.add(&format!("{directory}{name}"), text.to_owned());
        }
        TreeWalkResult::Ok
    });
    match walked {
        // To end early is an error of the walk, and what was asked for.
        Err(error) if !around.cut => Err(fault::of(&doing, &error)),
        _ => Ok(around),
    }
}
