//! A repository on a server: objects are fetched when they are asked for, and kept in a directory of our own.
//!
//! How much a server leaves out differs. Most know `filter`, by default or by their administrator's grace; some of these
//! allow no deeper `tree:` filter than 0; git's own default is to know none. So it is asked for the best first, and what
//! it refuses is not asked for again. Without a filter a commit comes with its whole tree, once, and later only what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{ObjectType, Odb, Oid, Repository};
use tempfile::TempDir;

use crate::adapters::git::lazy::link::{Ended, Link};
use crate::adapters::git::lazy::pack::Incoming;
use crate::adapters::git::lazy::pkt::Trouble;
use crate::adapters::git::lazy::upload::{self, NO_FILTER, Want};
use crate::adapters::git::remote::directory;
use crate::adapters::git::wire::Wire;
use crate::adapters::git::{branch, fault, history};
use crate::ports::{Fault, FaultKind};

/// How many commits a server without filters is told of at most, so that it need not send what they hold.
const HELD_MAX: usize = 16;

/// How much a server leaves out of what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    /// All below some level of the trees.
    Levels,
    /// All that is not asked for by its id.
    Flat,
    /// Nothing.
    Off,
}

/// A repository on a server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) link: Link,
    /// Commits of ours that may have landed without our knowing.
    pub(crate) unsure: BTreeSet<Oid>,
    dir: TempDir,
    filter: Filter,
    /// Commits that are here with all that they hold: with their history too, or without it.
    whole: BTreeSet<Oid>,
    shallow: BTreeSet<Oid>,
}

impl Server {
    /// The repository at the end of a wire; nothing is reached yet.
    pub(crate) fn new(wire: Wire, temp: &Path) -> Result<Self, Fault> {
        let (whole, shallow, unsure) = Default::default();
        Ok(Self { link: Link::new(wire), unsure, dir: directory(temp)?, filter: Filter::Levels, whole, shallow })
    }

    /// The objects that are here.
    pub(crate) fn repository(&self) -> Result<Repository, Fault> {
        Repository::open(self.dir.path()).map_err(|error| fault::of("open the directory for git objects", &error))
    }

    /// The refs whose names begin with one of the texts.
    pub(crate) fn refs(&mut self, prefixes: &[&str], doing: &str) -> Result<BTreeMap<String, Oid>, Fault> {
        self.link.forget_refs();
        let refs = self.link.ask(
            doing,
            |advert| Ok(if advert.two { upload::list_request(advert, prefixes) } else { Vec::new() }),
            |advert, packets| {
                if advert.two {
                    return upload::list_answer(packets, prefixes);
                }
                let named = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
                Ok(advert.refs.iter().filter(|(name, _)| named(name)).map(|(name, id)| (name.clone(), *id)).collect())
            },
        )?;
        Ok(refs)
    }

    /// A commit and the upper levels of its tree.
    pub(crate) fn commit(&mut self, id: Oid, levels: u32, doing: &str) -> Result<(), Fault> {
        for round in 0..=levels {
            let missing = missing(&self.repository()?, id, levels).map_err(|error| fault::of(doing, &error))?;
            if missing.is_empty() {
                return Ok(());
            }
            // At once, where the server can; else level by level.
            let (ids, levels) = match self.filter {
                Filter::Flat => (missing, 0),
                Filter::Levels | Filter::Off if round > 0 => (missing, 0),
                Filter::Levels | Filter::Off => (vec![id], levels),
            };
            self.fetch(ids, Some(1), levels, doing)?;
        }
        let missing = missing(&self.repository()?, id, levels).map_err(|error| fault::of(doing, &error))?;
        missing.first().map_or(Ok(()), |id| Err(unsent(doing, *id)))
    }

    /// Objects that are not here yet.
    pub(crate) fn bring(&mut self, ids: &[Oid], doing: &str) -> Result<(), Fault> {
        let repository = self.repository()?;
        let objects = repository.odb().map_err(|error| fault::of(doing, &error))?;
        let wanted: BTreeSet<Oid> = ids.iter().copied().filter(|id| !objects.exists(*id)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        self.fetch(wanted.into_iter().collect(), Some(1), 0, doing)
    }

    /// A branch with its history.
    pub(crate) fn whole(&mut self, name: &str, doing: &str) -> Result<Oid, Fault> {
        let refs = self.refs(&["refs/heads/"], doing)?;
        let Some(tip) = refs.get(&format!("refs/heads/{name}")).copied() else {
            let names = refs.keys().filter_map(|name| name.strip_prefix("refs/heads/")).map(str::to_owned);
            return Err(branch::no_branch(doing, name, &names.collect::<Vec<_>>()));
        };
        if !self.whole.contains(&tip) {
            let have = self.whole.iter().copied().collect();
            self.take(&Want { ids: vec![tip], have, ..Want::default() }, doing)?;
            self.whole = BTreeSet::from([tip]);
        }
        Ok(tip)
    }

    /// Fetches commits with so much of their histories, without what they hold where the server can leave that out.
    pub(crate) fn commits(&mut self, id: Oid, depth: u32, doing: &str) -> Result<(), Fault> {
        self.fetch(vec![id], Some(depth), 0, doing)
    }

    /// A commit that was made here on one that is here with all that it holds, is so too.
    pub(crate) fn grown(&mut self, commit: Oid) {
        // If it cannot be read, no more is taken for granted than before.
        let Ok(repository) = self.repository() else { return };
        let parents = repository.find_commit(commit).map(|commit| history::parents(&commit)).unwrap_or_default();
        for held in [&mut self.whole, &mut self.shallow] {
            if !parents.is_empty() && parents.iter().all(|parent| held.contains(parent)) {
                held.retain(|had| !parents.contains(had));
                held.insert(commit);
            }
        }
    }

    /// Fetches objects, with so many levels of trees where the server can leave out the rest.
    fn fetch(&mut self, ids: Vec<Oid>, depth: Option<u32>, levels: u32, doing: &str) -> Result<(), Fault> {
        let mut want = Want { ids, depth, ..Want::default() };
        loop {
            let filter = self.filter;
            want.levels = match filter {
                Filter::Levels => Some(levels),
                Filter::Flat => Some(0),
                Filter::Off => None,
            };
            if filter == Filter::Off {
                want.have = self.whole.union(&self.shallow).copied().collect();
                want.shallow = self.shallow.difference(&self.whole).copied().collect();
            }
            match self.take(&want, doing) {
                Ok(()) => break,
                Err(ended) if ended.refused && filter != Filter::Off && ended.fault.why.contains("filter") => {
                    let none = ended.fault.why.contains(NO_FILTER);
                    let flat = filter == Filter::Levels && levels > 0 && !none;
                    self.filter = if flat { Filter::Flat } else { Filter::Off };
                    tracing::debug!(why = ended.fault.why, now = ?self.filter, "the server filters less than was asked for");
                }
                Err(ended) => return Err(ended.into()),
            }
        }
        if self.filter == Filter::Off && depth == Some(1) {
            let repository = self.repository()?;
            self.shallow.extend(want.ids.iter().filter(|id| repository.find_commit(**id).is_ok()));
            while self.shallow.len() > HELD_MAX {
                self.shallow.pop_first();
            }
        }
        Ok(())
    }

    /// Fetches exactly what is wanted, and looks whether it came.
    fn take(&mut self, want: &Want, doing: &str) -> Result<(), Ended> {
        let ours = |fault: Fault| Ended { fault, refused: false };
        let repository = self.repository().map_err(ours)?;
        let objects = repository.odb().map_err(|error| ours(fault::of(doing, &error)))?;
        self.link.ask(
            doing,
            |advert| upload::fetch_request(advert, want),
            |advert, packets| {
                let mut pack = Incoming::into(&objects);
                upload::fetch_answer(advert, want, packets, &mut pack)?;
                pack.finish().map_err(|error| Trouble::Nonsense(error.message().to_owned()))
            },
        )?;
        match want.ids.iter().find(|id| !objects.exists(**id)) {
            Some(id) => Err(ours(unsent(doing, *id))),
            None => Ok(()),
        }
    }
}

/// What is not here of a commit and the upper levels of its tree, as far as that can be seen: what is missing may hold more.
fn missing(repository: &Repository, id: Oid, levels: u32) -> Result<Vec<Oid>, git2::Error> {
    let objects = repository.odb()?;
    if !objects.exists(id) {
        return Ok(vec![id]);
    }
    let mut missing = BTreeSet::new();
    if levels > 0 {
        let tree = repository.find_commit(id)?.tree_id();
        look_into(repository, &objects, tree, levels, &mut missing)?;
    }
    Ok(missing.into_iter().collect())
}

/// A tree, and what is missing of it, so many levels deep.
fn look_into(
    repository: &Repository,
    objects: &Odb<'_>,
    tree: Oid,
    levels: u32,
    missing: &mut BTreeSet<Oid>,
) -> Result<(), git2::Error> {
    if !objects.exists(tree) {
        missing.insert(tree);
    } else if levels > 1 {
        for entry in repository.find_tree(tree)?.iter() {
            match entry.kind() {
                Some(ObjectType::Tree) => look_into(repository, objects, entry.id(), levels - 1, missing)?,
                Some(ObjectType::Blob) if !objects.exists(entry.id()) => {
                    missing.insert(entry.id());
                }
                // A submodule's commit is in another repository.
                _ => {}
            }
        }
    }
    Ok(())
}

fn unsent(doing: &str, id: Oid) -> Fault {
    Fault::new(FaultKind::Broken, doing, format!("the server did not send {id}"))
}
