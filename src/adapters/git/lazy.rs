//! A repository whose objects come when they are asked for, and whose refs are moved as a compare-and-swap.
//!
//! Why not libgit2 for this: its fetch takes the whole tree of a tip, and its push walks the whole tree of the base, so
//! both grow with what is kept there; and it can neither ask for a single object nor move several refs all or none. Here
//! one more file costs the same among a hundred and among a million. Nothing is ever forced: whoever holds the refs
//! compares and swaps them itself.

pub mod advert;
pub mod link;
pub mod pack;
pub mod packed;
pub mod pkt;
pub mod push;
pub mod receive;
pub mod server;
pub mod swap;
pub mod update;
pub mod upload;

use std::collections::BTreeMap;

use git2::{Oid, Reference, Repository};

use crate::adapters::git::address::Address;
use crate::adapters::git::lazy::server::Server;
use crate::adapters::git::lazy::update::{Moved, RefUpdate, check, names};
use crate::adapters::git::local::Local;
use crate::adapters::git::store::{Access, Reached};
use crate::adapters::git::{fault, history};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// A repository whose objects come when they are asked for, and whose refs are moved as a compare-and-swap.
#[derive(Debug)]
pub struct Lazy {
    place: Place,
    shown: String,
}

#[derive(Debug)]
enum Place {
    Local(Local),
    Server(Box<Server>),
}

impl Lazy {
    /// The repository at an address; nothing is reached yet. A token beats the password in the address.
    pub fn new(access: &Access, address: &Address, token: Option<&Secret>, token_name: &str) -> Result<Self, Fault> {
        let shown = address.shown();
        let place = match access.wire(address, token, token_name)? {
            Reached::Directly(path) => Place::Local(Local::new(path)),
            Reached::By(wire) => Place::Server(Box::new(Server::new(wire, &access.temp)?)),
        };
        Ok(Self { place, shown })
    }

    /// The address as it may be shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The objects that are here; new ones may be written to it. Opened anew each time: an open repository does not see
    /// all that came later. A commit's parents may not be here: `history::parents` names them all the same.
    pub fn repository(&self) -> Result<Repository, Fault> {
        match &self.place {
            Place::Local(local) => local.repository(),
            Place::Server(server) => server.repository(),
        }
    }

    /// The refs whose full names begin with a text (`refs/heads/promotions`, `refs/promote-lock/`), as they stand now.
    /// One request; no object comes.
    pub fn refs(&mut self, prefix: &str) -> Result<BTreeMap<String, Oid>, Fault> {
        let doing = format!("list {prefix} of {}", self.shown);
        match &mut self.place {
            Place::Local(local) => listed(&local.repository()?, prefix).map_err(|error| fault::of(&doing, &error)),
            Place::Server(server) => server.refs(&[prefix], &doing),
        }
    }

    /// Brings a commit, without its history, and of its tree so many levels: 1 is the root tree, 2 also the trees and
    /// files that are named in it, 3 also those in these, and so on. `NotFound` if there is no such commit.
    pub fn commit(&mut self, id: Oid, levels: u32) -> Result<(), Fault> {
        let doing = format!("fetch the commit {id} of {}", self.shown);
        match &mut self.place {
            Place::Local(local) => {
                let repository = local.repository()?;
                let is = repository.find_commit(id).is_ok();
                if is { Ok(()) } else { Err(missing(&doing, id)) }
            }
            Place::Server(server) => server.commit(id, levels, &doing),
        }
    }

    /// Brings objects that are not here yet, in one request: commits without their history and tree, trees without what
    /// is in them, files. Nothing is asked if all are here. `NotFound` if there is no such object.
    pub fn bring(&mut self, ids: &[Oid]) -> Result<(), Fault> {
        let doing = format!("fetch {} objects of {}", ids.len(), self.shown);
        match &mut self.place {
            Place::Local(local) => {
                let repository = local.repository()?;
                let objects = repository.odb().map_err(|error| fault::of(&doing, &error))?;
                match ids.iter().find(|id| !objects.exists(**id)) {
                    Some(id) => Err(missing(&doing, *id)),
                    None => Ok(()),
                }
            }
            Place::Server(server) => server.bring(ids, &doing),
        }
    }

    /// Brings a branch with all of its history and objects; gives its tip.
    pub fn whole(&mut self, branch: &str) -> Result<Oid, Fault> {
        let doing = format!("fetch all of {branch} of {}", self.shown);
        match &mut self.place {
            Place::Local(local) => local.tip(Some(branch)).map(|tip| tip.commit),
            Place::Server(server) => server.whole(branch, &doing),
        }
    }

    /// Checks that a push would be accepted, as far as that can be told without one.
    pub fn preflight(&mut self) -> Result<(), Fault> {
        let doing = format!("prepare a push to {}", self.shown);
        match &mut self.place {
            Place::Local(local) => local.writable(&local.repository()?),
            Place::Server(server) => server.preflight(&doing),
        }
    }

    /// Moves refs, all or none, if each stands where it was seen; a branch only to a commit that contains the old one, with
    /// all commits between them here. `objects` are exactly the new objects that the other
    /// side lacks, all of them here. An answer that was lost is read back: `Uncertain` only if that did not tell.
    pub fn update(&mut self, updates: &[RefUpdate], objects: &[Oid]) -> Result<Moved, Fault> {
        let doing = format!("move {} of {}", names(updates), self.shown);
        check(updates, &doing)?;
        let repository = self.repository()?;
        if let Some(forced) = updates.iter().find(|update| forces(&repository, update)) {
            let why = format!("{} would lose commits: its new one does not contain the old one", forced.name);
            return Err(Fault::new(FaultKind::Broken, doing, why));
        }
        match &mut self.place {
            Place::Local(local) => {
                for update in updates {
                    if let Some(branch) = update.name.strip_prefix("refs/heads/") {
                        local.refuse_checked_out(&repository, branch)?;
                    }
                }
                swap::swap(|| local.repository(), updates, &doing)
            }
            Place::Server(server) => server.update(updates, objects, &doing),
        }
    }
}

/// The refs of a repository on this machine whose names begin with a text.
fn listed(repository: &Repository, prefix: &str) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut found = BTreeMap::new();
    for reference in repository.references_glob(&format!("{prefix}*"))? {
        let reference = reference?;
        if let (Ok(name), Some(id)) = (reference.name(), reference.target()) {
            found.insert(name.to_owned(), id);
        }
    }
    // A listing may miss a ref that git packs at that moment; asked for by its name, it is found.
    if Reference::is_valid_name(prefix) && !found.contains_key(prefix) {
        found.extend(swap::stands(repository, prefix)?.map(|id| (prefix.to_owned(), id)));
    }
    Ok(found)
}

/// Whether a branch would be forced.
fn forces(repository: &Repository, update: &RefUpdate) -> bool {
    let (Some(old), Some(new)) = (update.old, update.new) else { return false };
    let branch = update.name.starts_with("refs/heads/");
    branch && !history::Walk::from(repository, new).any(|commit| history::parents(&commit).contains(&old))
}

fn missing(doing: &str, id: Oid) -> Fault {
    Fault::new(FaultKind::NotFound, doing, format!("the repository does not hold {id}"))
}

#[cfg(test)]
mod tests;
