//! A repository on a server: objects are fetched one at a time, refs are moved by the server itself.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Oid, Repository};
use tempfile::TempDir;

use crate::adapters::git::fault;
use crate::adapters::git::lazy::update::{Moved, RefUpdate};
use crate::adapters::git::remote::directory;
use crate::adapters::git::wire::Wire;
use crate::ports::{Fault, FaultKind};

/// A repository on a server.
#[derive(Debug)]
pub(crate) struct Server {
    wire: Wire,
    shown: String,
    dir: TempDir,
}

impl Server {
    /// The repository at the end of a wire; nothing is reached yet.
    pub(crate) fn new(wire: Wire, shown: String, temp: &Path) -> Result<Self, Fault> {
        Ok(Self { wire, shown, dir: directory(temp)? })
    }

    /// The objects that are here.
    pub(crate) fn repository(&self) -> Result<Repository, Fault> {
        Repository::open(self.dir.path()).map_err(|error| fault::of("open the directory for git objects", &error))
    }

    /// The refs whose names begin with a text.
    pub(crate) fn refs(&mut self, _: &str, doing: &str) -> Result<BTreeMap<String, Oid>, Fault> {
        Err(self.unreached(doing))
    }

    /// A commit and the upper levels of its tree.
    pub(crate) fn commit(&mut self, _: Oid, _: u32, doing: &str) -> Result<(), Fault> {
        Err(self.unreached(doing))
    }

    /// Objects.
    pub(crate) fn bring(&mut self, _: &[Oid], doing: &str) -> Result<(), Fault> {
        Err(self.unreached(doing))
    }

    /// A branch with its history.
    pub(crate) fn whole(&mut self, _: &str, doing: &str) -> Result<Oid, Fault> {
        Err(self.unreached(doing))
    }

    /// Whether the server would take a push.
    pub(crate) fn preflight(&mut self, doing: &str) -> Result<(), Fault> {
        Err(self.unreached(doing))
    }

    /// Moves refs.
    pub(crate) fn update(&mut self, _: &[RefUpdate], _: &[Oid], doing: &str) -> Result<Moved, Fault> {
        Err(self.unreached(doing))
    }

    fn unreached(&self, doing: &str) -> Fault {
        let by = if matches!(self.wire, Wire::Http(_)) { "HTTP" } else { "ssh" };
        Fault::new(FaultKind::Settings, doing, format!("{} is not reached over {by} yet", self.shown))
    }
}
