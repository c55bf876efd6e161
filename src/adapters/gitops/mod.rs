//! GitOps repositories: the versions that environments pin are read from them and written to them, as commits.
//!
//! A branch is fetched shallowly and never checked out. A commit is made on a named base and pushed as a compare-and-swap;
//! a moved branch is the caller's to judge, since only the rules know whether the old value still stands.

mod past;
pub mod snapshot;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use git2::{Oid, Repository};

use crate::adapters::git::address::Address;
use crate::adapters::git::branch::Tip;
use crate::adapters::git::objects::{self, Author};
use crate::adapters::git::store::{Access, Store};
use crate::adapters::git::{fault, history};
use crate::adapters::http::Http;
use crate::adapters::secret::Secret;
use crate::ports::{Branch, Delivery, Descent, Fault, FaultKind, Found, Past, Proposal, Pushed, Step};
use crate::promotion::facts::{CommitSummary, Snapshot};

/// One repository, as the settings name it.
#[derive(Debug, Clone)]
pub struct RepoSettings {
    /// `owner/name`, an address, or a path: see [`Address::parse`].
    pub address: String,
    /// The token for HTTP; it goes to the address's host only.
    pub token: Option<Secret>,
    /// The variable that the token comes from, for hints: `GITOPS_TOKEN`.
    pub token_name: String,
    /// The branch where the rules name none; absent: the repository's default branch.
    pub branch: Option<String>,
}

/// The repositories, and how they are written to.
#[derive(Debug, Clone)]
pub struct GitOpsSettings {
    /// The repositories by their names in the rules; `default` is `GITOPS_REPO`.
    pub repos: BTreeMap<String, RepoSettings>,
    /// What completes `owner/name`: `https://github.com`, or `GITHUB_SERVER_URL`.
    pub server: String,
    /// Who commits.
    pub author: Author,
    /// A directory for fetched objects: they go when the process ends.
    pub temp: PathBuf,
    /// The ssh program: `ssh`.
    pub ssh: OsString,
    /// How many commits of a branch are fetched at most, in search of one.
    pub depth_max: u32,
}

impl Default for GitOpsSettings {
    fn default() -> Self {
        Self {
            repos: BTreeMap::new(),
            server: "https://github.com".to_owned(),
            author: Author::default(),
            temp: PathBuf::from("/tmp"),
            ssh: OsString::from("ssh"),
            depth_max: 2000,
        }
    }
}

/// The GitOps repositories of a run. Calls block, and must not be made on a runtime's worker.
pub struct GitOps {
    repos: BTreeMap<String, Mutex<Repo>>,
    author: Author,
}

/// A further check before the first write: what the hosting service's own API knows of the repository.
pub type Check = Box<dyn Fn() -> Result<(), Fault> + Send>;

struct Repo {
    store: Store,
    branch: Option<String>,
    checks: Vec<Check>,
}

impl GitOps {
    /// Reads the addresses; nothing is reached yet.
    pub fn new(settings: &GitOpsSettings, http: &Http) -> Result<Self, Fault> {
        let access = Access {
            http: http.clone(),
            temp: settings.temp.clone(),
            ssh: settings.ssh.clone(),
            depth_max: settings.depth_max,
        };
        let mut repos = BTreeMap::new();
        for (name, repo) in &settings.repos {
            let address = Address::parse(&repo.address, &settings.server)?;
            let store = Store::new(&access, &address, repo.token.as_ref(), &repo.token_name)?;
            repos.insert(name.clone(), Mutex::new(Repo { store, branch: repo.branch.clone(), checks: Vec::new() }));
        }
        Ok(Self { repos, author: settings.author.clone() })
    }

    /// Adds a check to the preflight of a repository; nothing happens if there is none of that name.
    pub fn also_check(&mut self, repo: &str, check: Check) {
        if let Some(repo) = self.repos.get_mut(repo) {
            repo.get_mut().unwrap_or_else(PoisonError::into_inner).checks.push(check);
        }
    }

    fn repo(&self, branch: &Branch) -> Result<(MutexGuard<'_, Repo>, Option<String>), Fault> {
        let repo = self.repos.get(&branch.repo).ok_or_else(|| {
            let fault = Fault::new(
                FaultKind::Settings,
                format!("find the GitOps repository `{}`", branch.repo),
                "no repository of that name is configured",
            );
            fault.hint(if branch.repo == "default" { "set GITOPS_REPO" } else { "name it under `repos:` in the rules" })
        })?;
        // A panic of another thread leaves no half-made state behind: each call begins with a fetch.
        let repo = repo.lock().unwrap_or_else(PoisonError::into_inner);
        let named = branch.branch.clone().or_else(|| repo.branch.clone());
        Ok((repo, named))
    }
}

impl Delivery for GitOps {
    fn snapshot(&self, branch: &Branch, path: &str) -> Result<Snapshot, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let path = snapshot::normal(path)?;
        let tip = repo.store.tip(named.as_deref(), 1)?;
        snapshot::take(&repo.store.repository()?, repo.store.shown(), &tip, &path)
    }

    fn read(&self, branch: &Branch, commit: &str, paths: &[String]) -> Result<BTreeMap<String, Option<String>>, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("read {commit} of {}", repo.store.shown());
        let id = id(commit, &doing)?;
        if repo.store.repository()?.find_commit(id).is_err() {
            let found = repo.store.deepen(named.as_deref(), |objects, _| Ok(objects.find_commit(id).ok().map(drop)))?;
            found.ok_or_else(|| {
                Fault::new(FaultKind::NotFound, &doing, "the branch's fetched history does not hold it")
            })?;
        }
        let objects = repo.store.repository()?;
        let tree =
            objects.find_commit(id).and_then(|commit| commit.tree()).map_err(|error| fault::of(&doing, &error))?;
        paths.iter().map(|path| Ok((path.clone(), objects::text(&objects, &tree, path, &doing)?))).collect()
    }

    fn push(&self, branch: &Branch, proposal: &Proposal) -> Result<Pushed, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("commit to {}", repo.store.shown());
        let base = id(&proposal.base, &doing)?;
        let known = repo.store.repository()?.find_commit(base).is_ok();
        let branch = match named {
            Some(branch) if known => branch,
            named => {
                let tip = repo.store.tip(named.as_deref(), 1)?;
                if tip.commit != base {
                    return Ok(Pushed::Moved);
                }
                tip.branch
            }
        };
        let commit = objects::commit(&repo.store.repository()?, proposal, &self.author, &doing)?;
        repo.store.push(&branch, base, commit)
    }

    fn find(&self, branch: &Branch, trailer: &str) -> Result<Vec<Found>, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("look for `{trailer}` in {}", repo.store.shown());
        let mut best = Vec::new();
        let all = repo.store.deepen(named.as_deref(), |objects, tip| {
            let (found, enough) = carriers(objects, tip, trailer).map_err(|error| fault::of(&doing, &error))?;
            best.clone_from(&found);
            Ok(enough.then_some(found))
        })?;
        Ok(all.unwrap_or(best))
    }

    fn carriers(&self, branch: &Branch, key: &str) -> Result<Past<Found>, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("look for `{key}` in {}", repo.store.shown());
        let tip = repo.store.deep(named.as_deref())?;
        let (items, whole) =
            past::carriers(&repo.store.repository()?, tip.commit, key).map_err(|error| fault::of(&doing, &error))?;
        Ok(Past { repository: repo.store.shown().to_owned(), branch: tip.branch, whole, items })
    }

    fn steps(&self, branch: &Branch, path: &str) -> Result<Past<Step>, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("read the history of {path} in {}", repo.store.shown());
        let path = snapshot::normal(path)?;
        let tip = repo.store.deep(named.as_deref())?;
        let shown = repo.store.shown().to_owned();
        let (items, whole) = past::steps(&repo.store.repository()?, &shown, &tip, &path, &doing)?;
        Ok(Past { repository: shown, branch: tip.branch, whole, items })
    }

    fn descent(&self, branch: &Branch, revision: &str, ours: &str) -> Result<Descent, Fault> {
        if revision == ours {
            return Ok(Descent::Same);
        }
        let (mut repo, named) = self.repo(branch)?;
        let (Ok(revision), Ok(ours)) = (Oid::from_str(revision), Oid::from_str(ours)) else {
            tracing::debug!(revision, "not a commit id, so it cannot be compared with ours");
            return Ok(Descent::Unknown);
        };
        let look = |objects: &Repository| {
            let here = objects.find_commit(revision).is_ok();
            here.then(|| history::contains(objects, revision, ours)).flatten()
        };
        let known = look(&repo.store.repository()?);
        let known = match known {
            Some(known) => Some(known),
            None => repo.store.deepen(named.as_deref(), |objects, _| Ok(look(objects)))?,
        };
        Ok(match known {
            Some(true) => Descent::Descendant,
            Some(false) => Descent::Other,
            None => {
                tracing::debug!(%revision, %ours, "the branch's fetched history does not tell how they stand");
                Descent::Unknown
            }
        })
    }

    /// `NotFound` if `from` is not in the history of `to` within the depth limit: a list from a wrong start would be long and wrong.
    fn between(&self, branch: &Branch, from: &str, to: &str, paths: &[String]) -> Result<Vec<CommitSummary>, Fault> {
        let (mut repo, named) = self.repo(branch)?;
        let doing = format!("list the commits from {from} to {to} of {}", repo.store.shown());
        let (from, to) = (id(from, &doing)?, id(to, &doing)?);
        let look = |objects: &Repository| -> Result<Option<Vec<CommitSummary>>, Fault> {
            if history::contains(objects, to, from) != Some(true) {
                return Ok(None);
            }
            let commits = history::between(objects, from, to, paths).map_err(|error| fault::of(&doing, &error))?;
            Ok(Some(commits.iter().map(history::summary).collect()))
        };
        let known = look(&repo.store.repository()?)?;
        let known = match known {
            Some(known) => Some(known),
            None => repo.store.deepen(named.as_deref(), |objects, _| look(objects))?,
        };
        known.ok_or_else(|| {
            Fault::new(FaultKind::NotFound, doing, format!("{from} is not in the fetched history of {to}"))
        })
    }

    fn preflight(&self, branch: &Branch) -> Result<(), Fault> {
        let (mut repo, named) = self.repo(branch)?;
        repo.store.preflight(named.as_deref())?;
        repo.checks.iter().try_for_each(|check| check())
    }
}

fn id(text: &str, doing: &str) -> Result<Oid, Fault> {
    let full = text.len() == 40;
    Oid::from_str(text).ok().filter(|_| full).ok_or_else(|| {
        Fault::new(FaultKind::Broken, doing, format!("{text} is no commit id; 40 hexadecimal digits were expected"))
    })
}

/// The commits that carry a trailer, and whether a deeper look would be in vain. One whose first parent is not here
/// cannot be shown with its changes, and is left out until it is.
fn carriers(objects: &Repository, tip: &Tip, trailer: &str) -> Result<(Vec<Found>, bool), git2::Error> {
    let mut walk = history::Walk::from(objects, tip.commit);
    let (mut found, mut whole) = (Vec::new(), true);
    for commit in walk.by_ref().filter(|commit| history::has_trailer(commit, trailer)) {
        let Some(parent) = history::parents(&commit).first().and_then(|parent| objects.find_commit(*parent).ok())
        else {
            whole = false;
            continue;
        };
        found.push(Found {
            commit: history::summary(&commit),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            parent: parent.id().to_string(),
            changes: objects::changes(objects, &parent, &commit)?,
        });
    }
    let enough = (whole && !found.is_empty()) || !walk.cut;
    Ok((found, enough))
}
