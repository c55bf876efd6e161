//! A repository on this machine. libgit2's own push to a path checks nothing between reading and writing a ref, so the
//! repository itself is opened, the objects are written there, and the ref is moved with libgit2's compare-and-swap,
//! which compares under the ref's lock. Its hooks are not run.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use git2::{BranchType, ErrorCode, Oid, Repository, RepositoryOpenFlags};

use crate::adapters::git::branch::{Tip, no_branch};
use crate::adapters::git::fault;
use crate::ports::{Fault, FaultKind, Pushed};

/// How long is slept between two tries to lock a ref, and how often it is tried again.
const NAP: Duration = Duration::from_millis(20);
const LOOKS: u32 = 100;

/// A repository on this machine.
#[derive(Debug)]
pub(crate) struct Local {
    path: PathBuf,
}

impl Local {
    /// The repository at a path: bare, or a working directory's top.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The repository.
    pub(crate) fn repository(&self) -> Result<Repository, Fault> {
        let none: [&OsStr; 0] = [];
        Repository::open_ext(&self.path, RepositoryOpenFlags::NO_SEARCH, none).map_err(|error| {
            let fault = fault::of(&format!("open the repository {}", self.path.display()), &error);
            match fault.kind {
                FaultKind::NotFound => fault.hint("name a bare repository, or the top of a working directory"),
                _ => fault,
            }
        })
    }

    /// The branch's tip.
    pub(crate) fn tip(&self, branch: Option<&str>) -> Result<Tip, Fault> {
        let repository = self.repository()?;
        let shown = self.path.display();
        let branch = match branch {
            Some(branch) => branch.to_owned(),
            None => head(&repository).ok_or_else(|| {
                Fault::new(
                    FaultKind::NotFound,
                    format!("find the default branch of {shown}"),
                    "its HEAD names no branch",
                )
                .hint("name the branch")
            })?,
        };
        let doing = format!("read {branch} of {shown}");
        let reference = match repository.find_branch(&branch, BranchType::Local) {
            Ok(found) => found.into_reference(),
            Err(error) if error.code() == ErrorCode::NotFound => {
                let names = names(&repository).map_err(|error| fault::of(&doing, &error))?;
                return Err(no_branch(&doing, &branch, &names));
            }
            Err(error) => return Err(fault::of(&doing, &error)),
        };
        let commit = reference.target().ok_or_else(|| {
            Fault::new(
                FaultKind::Broken,
                doing,
                "it is a symbolic reference; a branch that holds a commit was expected",
            )
        })?;
        Ok(Tip { branch, commit })
    }

    /// Moves the branch, if it still stands at `base`.
    pub(crate) fn push(&self, branch: &str, base: Oid, commit: Oid) -> Result<Pushed, Fault> {
        let repository = self.repository()?;
        let doing = format!("move {branch} of {}", self.path.display());
        self.refuse_checked_out(&repository, branch)?;
        if !self.swap(&repository, branch, base, commit, &doing)? {
            return Ok(Pushed::Moved);
        }
        // Read back; somebody may have gone on from our commit already.
        let tip = self.tip(Some(branch))?.commit;
        let landed = tip == commit || repository.graph_descendant_of(tip, commit).unwrap_or(false);
        if landed {
            return Ok(Pushed::Landed(commit.to_string()));
        }
        Err(Fault::new(FaultKind::Uncertain, doing, format!("it was moved to {commit}, and is now at {tip}")))
    }

    /// The compare-and-swap: whether the branch is at `commit` now. Another process holds the ref's lock for a moment only;
    /// a lock that stays belongs to one that died, and is a fault.
    fn swap(&self, repository: &Repository, branch: &str, base: Oid, commit: Oid, doing: &str) -> Result<bool, Fault> {
        let name = format!("refs/heads/{branch}");
        let mut looks = LOOKS;
        loop {
            let moved = repository.reference_matching(&name, commit, true, base, "promote: commit");
            let Err(error) = moved else { return Ok(true) };
            match error.code() {
                ErrorCode::Modified | ErrorCode::NotFound => return Ok(self.tip(Some(branch))?.commit == commit),
                ErrorCode::Locked if looks > 0 => {
                    looks -= 1;
                    std::thread::sleep(NAP);
                }
                _ => return Err(fault::of(doing, &error)),
            }
        }
    }

    /// Checks that the branch exists and may be moved, and that objects can be written.
    pub(crate) fn preflight(&self, branch: Option<&str>) -> Result<(), Fault> {
        let tip = self.tip(branch)?;
        let repository = self.repository()?;
        self.refuse_checked_out(&repository, &tip.branch)?;
        self.writable(&repository)
    }

    /// Checks that objects can be written.
    pub(crate) fn writable(&self, repository: &Repository) -> Result<(), Fault> {
        let objects = repository.commondir().join("objects");
        // A file without a name, which is gone when it is closed.
        tempfile::tempfile_in(&objects).map(drop).map_err(|error| {
            let why = format!("{}: {error}", objects.display());
            Fault::new(FaultKind::Denied, format!("write to {}", self.path.display()), why)
                .hint("run as a user that may write to the repository")
        })
    }

    /// A branch that is checked out somewhere would show our commit as undone in that working directory.
    pub(crate) fn refuse_checked_out(&self, repository: &Repository, branch: &str) -> Result<(), Fault> {
        let here = !repository.is_bare() && head(repository).as_deref() == Some(branch);
        let names = repository.worktrees();
        let linked = names.iter().flat_map(|names| names.iter().flatten().flatten()).any(|name| {
            let linked = repository.find_worktree(name).and_then(|tree| Repository::open_from_worktree(&tree));
            linked.is_ok_and(|linked| head(&linked).as_deref() == Some(branch))
        });
        if !here && !linked {
            return Ok(());
        }
        let doing = format!("move {branch} of {}", self.path.display());
        Err(Fault::new(
            FaultKind::Denied,
            doing,
            format!("{branch} is checked out there, and its files would not follow"),
        )
        .hint("give a bare repository or the server's URL, or check out another branch there"))
    }
}

/// The branch that HEAD names, whether or not it has a commit.
fn head(repository: &Repository) -> Option<String> {
    let head = repository.find_reference("HEAD").ok()?;
    let target = head.symbolic_target().ok().flatten()?;
    target.strip_prefix("refs/heads/").map(str::to_owned)
}

fn names(repository: &Repository) -> Result<Vec<String>, git2::Error> {
    let mut names = Vec::new();
    for branch in repository.branches(Some(BranchType::Local))? {
        names.extend(branch?.0.name()?.map(str::to_owned));
    }
    Ok(names)
}
