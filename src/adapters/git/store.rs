//! A repository, wherever it is: its tip, its objects, and the one way to move a branch.

use std::ffi::OsString;
use std::path::PathBuf;

use git2::{Oid, Repository};

use crate::adapters::git::address::{Address, Login};
use crate::adapters::git::branch::Tip;
use crate::adapters::git::local::Local;
use crate::adapters::git::remote::Remote;
use crate::adapters::git::smart_http::SmartHttp;
use crate::adapters::git::ssh::Ssh;
use crate::adapters::git::wire::Wire;
use crate::adapters::http::Http;
use crate::adapters::secret::Secret;
use crate::ports::{Fault, Pushed};

/// What every repository is reached with.
#[derive(Debug, Clone)]
pub struct Access {
    /// The one HTTP client.
    pub http: Http,
    /// Where objects that are fetched are kept while the process lives.
    pub temp: PathBuf,
    /// The ssh program.
    pub ssh: OsString,
    /// How many commits of a branch are fetched at most.
    pub depth_max: u32,
}

/// How a repository is reached.
#[derive(Debug)]
pub(crate) enum Reached {
    /// It is a directory of this machine.
    Directly(PathBuf),
    /// It is behind a wire.
    By(Wire),
}

impl Access {
    /// How the repository at an address is reached; nothing is reached yet. A token beats the password in the address.
    pub(crate) fn wire(&self, address: &Address, token: Option<&Secret>, token_name: &str) -> Result<Reached, Fault> {
        Ok(Reached::By(match address {
            Address::Local(path) => return Ok(Reached::Directly(path.clone())),
            Address::Http { url, login } => {
                let user = login.as_ref().map(|login| login.user.clone());
                let login = token.cloned().map(|token| Login::token(user, token)).or_else(|| login.clone());
                Wire::Http(SmartHttp::new(self.http.clone(), url.clone(), login.as_ref(), token_name)?)
            }
            Address::Ssh { user, host, port, path } => {
                Wire::Ssh(Ssh::new(self.ssh.clone(), user.as_deref(), host, *port, path, address.shown()))
            }
        }))
    }
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Store {
    place: Place,
    shown: String,
    depth_max: u32,
}

#[derive(Debug)]
enum Place {
    Local(Local),
    Remote(Box<Remote>),
}

impl Store {
    /// The repository at an address; nothing is reached yet.
    pub(crate) fn new(
        access: &Access,
        address: &Address,
        token: Option<&Secret>,
        token_name: &str,
    ) -> Result<Self, Fault> {
        let shown = address.shown();
        let place = match access.wire(address, token, token_name)? {
            Reached::Directly(path) => Place::Local(Local::new(path)),
            Reached::By(wire) => Place::Remote(Box::new(Remote::new(wire, shown.clone(), &access.temp)?)),
        };
        Ok(Self { place, shown, depth_max: access.depth_max })
    }

    /// The address as it may be shown.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The objects. Opened anew each time: an open repository does not see what a deeper fetch brought.
    pub(crate) fn repository(&self) -> Result<Repository, Fault> {
        match &self.place {
            Place::Local(local) => local.repository(),
            Place::Remote(remote) => remote.repository(),
        }
    }

    /// The branch's tip as it is now, with so many commits of its history; the default branch if none is named.
    pub(crate) fn tip(&mut self, branch: Option<&str>, depth: u32) -> Result<Tip, Fault> {
        match &mut self.place {
            Place::Local(local) => local.tip(branch),
            Place::Remote(remote) => remote.tip(branch, depth),
        }
    }

    /// Looks at the present tip with more and more of its history, until something is found, all
    /// of the history is here, or the limit is reached.
    pub(crate) fn deepen<T>(
        &mut self,
        branch: Option<&str>,
        mut look: impl FnMut(&Repository, &Tip) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        for depth in [50, 500, self.depth_max].map(|depth| depth.min(self.depth_max)) {
            let tip = self.tip(branch, depth)?;
            let repository = self.repository()?;
            if let Some(found) = look(&repository, &tip)? {
                return Ok(Some(found));
            }
            if !repository.is_shallow() {
                break;
            }
        }
        Ok(None)
    }

    /// Moves a branch from `base` to `commit`, which is made on it, if it still stands at `base`.
    pub(crate) fn push(&mut self, branch: &str, base: Oid, commit: Oid) -> Result<Pushed, Fault> {
        match &mut self.place {
            Place::Local(local) => local.push(branch, base, commit),
            Place::Remote(remote) => remote.push(branch, base, commit, self.depth_max),
        }
    }

    /// Checks that a push would be accepted, as far as that can be told without one.
    pub(crate) fn preflight(&mut self, branch: Option<&str>) -> Result<(), Fault> {
        match &mut self.place {
            Place::Local(local) => local.preflight(branch),
            Place::Remote(remote) => remote.preflight(branch),
        }
    }
}
