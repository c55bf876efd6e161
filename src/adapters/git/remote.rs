//! A repository on a server: fetched shallowly into a directory of our own, pushed to as a compare-and-swap.
//!
//! The server compares and swaps: the push names the commit that the branch was seen at, and is sent only if that is the
//! base. `push` of libgit2 says Ok when the server refuses the ref; only the status of the ref tells. And after every
//! push, answered or not, the branch is read back: what it holds is what counts.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use git2::{
    AutotagOption, Direction, ErrorCode, FetchOptions, Oid, PushOptions, RemoteCallbacks, RemoteConnection, Repository,
};
use tempfile::TempDir;

use crate::adapters::git::branch::{Tip, no_branch};
use crate::adapters::git::fault::{self, Refusal, refusal};
use crate::adapters::git::history;
use crate::adapters::git::wire::{Line, Wire};
use crate::ports::{Fault, FaultKind, Pushed};

/// The pauses before the branch is read again after a push without an answer: the server may still be at it.
const PAUSES: [u64; 4] = [0, 250, 500, 1000];

/// A repository on a server.
#[derive(Debug)]
pub(crate) struct Remote {
    line: Line,
    shown: String,
    dir: TempDir,
    /// What was fetched of each branch: its tip, and how many commits (all of them: `u32::MAX`).
    fetched: BTreeMap<String, (Oid, u32)>,
    /// Commits of ours that may have landed without our knowing.
    unsure: BTreeSet<Oid>,
}

/// How the server answered a push.
#[derive(Debug)]
enum Answer {
    Accepted,
    Moved,
    Refused { status: String, said: String },
    Lost(Fault),
}

impl Remote {
    /// The repository at the end of a wire; nothing is reached yet.
    pub(crate) fn new(wire: Wire, shown: String, temp: &Path) -> Result<Self, Fault> {
        let dir = directory(temp)?;
        Ok(Self { line: Line::open(wire)?, shown, dir, fetched: BTreeMap::new(), unsure: BTreeSet::new() })
    }

    /// The objects that were fetched. `Repository::open_bare` would not honour the `shallow` file.
    pub(crate) fn repository(&self) -> Result<Repository, Fault> {
        Repository::open(self.dir.path()).map_err(|error| fault::of("open the directory for git objects", &error))
    }

    /// Fetches the branch's present tip with so many commits, unless they are here.
    pub(crate) fn tip(&mut self, branch: Option<&str>, depth: u32) -> Result<Tip, Fault> {
        let doing = format!("fetch {} of {}", branch.unwrap_or("the default branch"), self.shown);
        self.trace().fault.take();
        let repository = self.repository()?;
        let fail = |error: git2::Error| self.fault(&doing, &error);
        let mut remote = repository.remote_anonymous(&self.line.url()).map_err(fail)?;
        let mut connection = remote.connect_auth(Direction::Fetch, None, None).map_err(fail)?;
        let tip = advertised(&connection, branch, &doing)?;
        let here = self.fetched.get(&tip.branch).copied();
        let depth = here.map_or(depth, |(_, had)| had.max(depth));
        if here == Some((tip.commit, depth)) {
            return Ok(tip);
        }
        let mut options = FetchOptions::new();
        options.download_tags(AutotagOption::None).update_fetchhead(false);
        if depth != u32::MAX {
            options.depth(i32::try_from(depth).unwrap_or(i32::MAX));
        }
        let kept = format!("refs/promote/{}", tip.branch);
        let spec = format!("+refs/heads/{}:{kept}", tip.branch);
        connection.remote().fetch(&[&spec], Some(&mut options), None).map_err(fail)?;
        drop(connection);
        // Looked up in a repository that is opened after the fetch. What came is what counts, should it differ.
        let repository = self.repository()?;
        let commit = repository.refname_to_id(&kept).map_err(|error| self.fault(&doing, &error))?;
        let depth = if repository.is_shallow() { depth } else { u32::MAX };
        self.fetched.insert(tip.branch.clone(), (commit, depth));
        Ok(Tip { branch: tip.branch, commit })
    }

    /// Where the branch stands now, by the server's listing alone.
    fn listed(&self, branch: &str, direction: Direction, doing: &str) -> Result<Oid, Fault> {
        self.trace().fault.take();
        let repository = self.repository()?;
        let fail = |error: git2::Error| self.fault(doing, &error);
        let mut remote = repository.remote_anonymous(&self.line.url()).map_err(fail)?;
        let connection = remote.connect_auth(direction, None, None).map_err(fail)?;
        advertised(&connection, Some(branch), doing).map(|tip| tip.commit)
    }

    /// Moves the branch, if it still stands at `base`; reads it back.
    pub(crate) fn push(&mut self, branch: &str, base: Oid, commit: Oid, depth_max: u32) -> Result<Pushed, Fault> {
        let doing = format!("push to {branch} of {}", self.shown);
        let uncertain = |why: &str| Fault::new(FaultKind::Uncertain, &doing, why);
        let lost = match self.send(branch, base, commit, &doing)? {
            // The same proposal is the same commit: an earlier push of it may be what moved the branch.
            Answer::Moved if self.unsure.contains(&commit) => {
                uncertain("an earlier push of this commit was not answered")
            }
            Answer::Moved => return Ok(Pushed::Moved),
            Answer::Refused { status, said } => return self.refused(branch, base, &doing, &status, &said),
            Answer::Accepted => uncertain("the server accepted the commit, and does not show it"),
            Answer::Lost(lost) => lost,
        };
        let result = self.read_back(branch, base, commit, depth_max, &lost);
        if result.is_err() {
            self.unsure.insert(commit);
        }
        result
    }

    /// Checks that the server lists the branch to us as to somebody who pushes.
    pub(crate) fn preflight(&self, branch: Option<&str>) -> Result<(), Fault> {
        let doing = format!("prepare a push to {} of {}", branch.unwrap_or("the default branch"), self.shown);
        match branch {
            Some(branch) => self.listed(branch, Direction::Push, &doing).map(drop),
            None => self.reached(&doing),
        }
    }

    /// Whether the server answers a push that has not begun. It names its default branch to those who fetch only.
    fn reached(&self, doing: &str) -> Result<(), Fault> {
        self.trace().fault.take();
        let repository = self.repository()?;
        let fail = |error: git2::Error| self.fault(doing, &error);
        let mut remote = repository.remote_anonymous(&self.line.url()).map_err(fail)?;
        remote.connect_auth(Direction::Push, None, None).map(drop).map_err(fail)
    }

    fn send(&self, branch: &str, base: Oid, commit: Oid, doing: &str) -> Result<Answer, Fault> {
        let repository = self.repository()?;
        let mut remote = repository.remote_anonymous(&self.line.url()).map_err(|error| self.fault(doing, &error))?;
        let name = format!("refs/heads/{branch}");
        let seen = Cell::new(None);
        let status: RefCell<Option<Option<String>>> = RefCell::new(None);
        let said = RefCell::new(Vec::new());
        let mut callbacks = RemoteCallbacks::new();
        callbacks.push_negotiation(|updates| {
            let at = updates.first().map(git2::PushUpdate::src);
            seen.set(at);
            if at == Some(base) { Ok(()) } else { Err(git2::Error::from_str("the branch has moved")) }
        });
        callbacks.push_update_reference(|reference, text| {
            if reference == name {
                *status.borrow_mut() = Some(text.map(str::to_owned));
            }
            Ok(())
        });
        callbacks.sideband_progress(|text| {
            said.borrow_mut().extend_from_slice(text);
            true
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks).packbuilder_parallelism(1);
        self.trace().fault.take();
        self.trace().sent.store(false, Ordering::SeqCst);
        let result = remote.push(&[format!("{commit}:{name}")], Some(&mut options));
        drop(options);
        let said = self.words(&String::from_utf8_lossy(&said.into_inner()));
        match (result, status.into_inner()) {
            _ if seen.get() == Some(commit) => Ok(Answer::Accepted),
            _ if seen.get().is_some_and(|at| at != base) => Ok(Answer::Moved),
            (Ok(()), Some(None)) => Ok(Answer::Accepted),
            (Ok(()), Some(Some(status))) => Ok(Answer::Refused { status: self.words(&status), said }),
            (Ok(()), None) => {
                let fault = Fault::new(FaultKind::Uncertain, doing, "the server did not say what became of the branch");
                Ok(Answer::Lost(fault))
            }
            (Err(error), _) if error.code() == ErrorCode::NotFastForward => Ok(Answer::Moved),
            (Err(error), _) if error.message().contains("unpack") => {
                Ok(Answer::Refused { status: self.words(error.message()), said })
            }
            (Err(error), _) if self.trace().sent.load(Ordering::SeqCst) => Ok(Answer::Lost(self.fault(doing, &error))),
            (Err(error), _) => Err(self.fault(doing, &error)),
        }
    }

    /// The server refused the branch: because somebody was first, or by a rule.
    fn refused(&mut self, branch: &str, base: Oid, doing: &str, status: &str, said: &str) -> Result<Pushed, Fault> {
        let why = if said.is_empty() { status.to_owned() } else { format!("{status}\n{said}") };
        match refusal(status, said) {
            Refusal::Race => Ok(Pushed::Moved),
            Refusal::Perhaps if self.listed(branch, Direction::Fetch, doing)? != base => Ok(Pushed::Moved),
            Refusal::Perhaps => Err(Fault::new(FaultKind::Transient, doing, why)),
            Refusal::Rule => Err(Fault::new(FaultKind::Denied, doing, why).hint(format!(
                "the server's own rules refuse this push: let the promoting identity push to {branch}, or promote on \
                 another branch"
            ))),
        }
    }

    /// Finds out what became of a push from what the branch holds now.
    fn read_back(
        &mut self,
        branch: &str,
        base: Oid,
        commit: Oid,
        depth_max: u32,
        lost: &Fault,
    ) -> Result<Pushed, Fault> {
        let uncertain = |why: String| Fault { kind: FaultKind::Uncertain, why, ..lost.clone() };
        for pause in PAUSES {
            std::thread::sleep(Duration::from_millis(pause));
            let tip = match self.listed(branch, Direction::Fetch, &lost.doing) {
                Ok(tip) => tip,
                Err(fault) => return Err(uncertain(format!("{}; then, reading it back: {}", lost.why, fault.why))),
            };
            if tip == commit {
                // Its objects are here: they were made here.
                if let Some(fetched) = self.fetched.get_mut(branch).filter(|(had, _)| *had == base) {
                    fetched.0 = commit;
                }
                return Ok(Pushed::Landed(commit.to_string()));
            }
            if tip != base {
                // The server compares with the base: if ours is not in there by now, it never will be.
                let contains = self.contains(branch, commit, depth_max);
                return match contains.map_err(|fault| uncertain(format!("{}; then: {}", lost.why, fault.why)))? {
                    Some(true) => Ok(Pushed::Landed(commit.to_string())),
                    Some(false) => Ok(Pushed::Moved),
                    None => Err(uncertain(format!("{}; {branch} is now at {tip}", lost.why))),
                };
            }
        }
        Err(uncertain(format!("{}; {branch} is still at {base}", lost.why)))
    }

    /// Whether the branch contains a commit, as far as the limit of depth tells.
    fn contains(&mut self, branch: &str, commit: Oid, depth_max: u32) -> Result<Option<bool>, Fault> {
        let mut answer = None;
        for depth in [50, depth_max] {
            let tip = self.tip(Some(branch), depth)?;
            answer = history::contains(&self.repository()?, tip.commit, commit);
            if answer.is_some() {
                break;
            }
        }
        Ok(answer)
    }

    fn trace(&self) -> &fault::Trace {
        self.line.wire().trace()
    }

    fn words(&self, text: &str) -> String {
        fault::clean(&self.line.wire().scrub(text))
    }

    /// The fault behind an error of libgit2: the wire's own, if it left one.
    fn fault(&self, doing: &str, error: &git2::Error) -> Fault {
        match self.trace().fault.take() {
            Some(fault) => Fault { doing: doing.to_owned(), ..fault },
            None => fault::of(doing, &git2::Error::new(error.code(), error.class(), self.words(error.message()))),
        }
    }
}

/// A directory of our own for objects, which goes when it is dropped.
pub(crate) fn directory(temp: &Path) -> Result<TempDir, Fault> {
    let doing = "make a directory for git objects";
    let dir = tempfile::Builder::new().prefix("promote-git-").tempdir_in(temp).map_err(|error| {
        Fault::new(FaultKind::Settings, doing, format!("{}: {error}", temp.display()))
            .hint("set TMPDIR to a directory that can be written to")
    })?;
    Repository::init(dir.path()).map_err(|error| fault::of(doing, &error))?;
    Ok(dir)
}

/// The branch in the server's listing.
fn advertised(connection: &RemoteConnection<'_, '_, '_>, branch: Option<&str>, doing: &str) -> Result<Tip, Fault> {
    let heads = connection.list().map_err(|error| fault::of(doing, &error))?;
    let branch = match branch {
        Some(branch) => branch.to_owned(),
        None => heads
            .iter()
            .find(|head| head.name() == "HEAD")
            .and_then(|head| head.symref_target()?.strip_prefix("refs/heads/"))
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::new(FaultKind::NotFound, doing, "the server names no default branch").hint("name the branch")
            })?,
    };
    let name = format!("refs/heads/{branch}");
    match heads.iter().find(|head| head.name() == name) {
        Some(head) => Ok(Tip { branch, commit: head.oid() }),
        None => {
            let names = heads.iter().filter_map(|head| head.name().strip_prefix("refs/heads/"));
            Err(no_branch(doing, &branch, &names.map(str::to_owned).collect::<Vec<_>>()))
        }
    }
}
