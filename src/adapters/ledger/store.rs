//! Where a ledger's files are: a directory, or a branch. Both are read by paths, and written to in batches.

use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;

use crate::adapters::git::lazy::Lazy;
use crate::adapters::git::objects::Author;
use crate::adapters::git::store::Access;
use crate::adapters::ledger::batch::{Batch, Written};
use crate::adapters::ledger::branch::Branch;
use crate::adapters::ledger::directory::{Directory, Turn};
use crate::adapters::ledger::place::Place;
use crate::adapters::ledger::register::Register;
use crate::ports::{Fault, FaultKind};

/// Where a ledger's files are.
#[derive(Debug)]
pub(crate) enum Store {
    /// In a directory.
    Directory(Directory),
    /// In a branch.
    Branch(Branch),
}

impl Store {
    /// The store at a place, and the register of its claims; nothing is reached yet.
    pub(crate) fn open(place: &Place, access: &Access, author: &Author) -> Result<(Self, Register), Fault> {
        Ok(match place {
            Place::Directory(root) => Self::directory(Directory::new(root.clone())),
            Place::Branch { address, branch, token, token_name } => {
                let lazy = Lazy::new(access, address, token.as_ref(), token_name)?;
                let lazy = Arc::new(Mutex::new(lazy));
                let register = Register::Refs(Arc::clone(&lazy), author.clone());
                (Self::Branch(Branch::new(lazy, branch.clone(), author.clone())), register)
            }
        })
    }

    /// The store in a directory, and the register of its claims.
    pub(crate) fn directory(directory: Directory) -> (Self, Register) {
        (Self::Directory(directory.clone()), Register::Files(directory))
    }

    /// Looks where it stands now: what is read is of this moment, until it is looked again.
    pub(crate) fn look(&mut self) -> Result<(), Fault> {
        match self {
            Self::Directory(directory) => {
                directory.look();
                Ok(())
            }
            Self::Branch(branch) => branch.look(),
        }
    }

    /// Looks where it stands now, to write: in a directory it is one's turn until the answer is dropped.
    pub(crate) fn begin(&mut self) -> Result<Option<Turn>, Fault> {
        match self {
            Self::Directory(directory) => directory.turn().map(Some),
            Self::Branch(branch) => branch.look().map(|()| None),
        }
    }

    /// Writes files together, if nothing was written since it was looked.
    pub(crate) fn write(&mut self, turn: Option<&Turn>, batch: &Batch) -> Result<Written, Fault> {
        match (self, turn) {
            (Self::Directory(directory), Some(turn)) => directory.write(turn, batch),
            (Self::Directory(directory), None) => directory.turn().and_then(|turn| directory.write(&turn, batch)),
            (Self::Branch(branch), _) => branch.write(batch),
        }
    }

    /// Whether a head may lag behind the entries: they are moved to their places one after the other.
    pub(crate) fn heads_lag(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The commit that it stands at, where there is one.
    pub(crate) fn commit(&self) -> Option<String> {
        match self {
            Self::Directory(_) => None,
            Self::Branch(branch) => branch.tip().map(|tip| tip.to_string()),
        }
    }

    /// The names in folders, sorted; none where there is no folder.
    pub(crate) fn names(&self, folders: &[String]) -> Result<Vec<Vec<String>>, Fault> {
        match self {
            Self::Directory(directory) => directory.names(folders),
            Self::Branch(branch) => branch.names(folders),
        }
    }

    /// The names in one folder.
    pub(crate) fn names_in(&self, folder: &str) -> Result<Vec<String>, Fault> {
        Ok(self.names(&[folder.to_owned()])?.pop().unwrap_or_default())
    }

    /// The bytes of files; `None` where there is none.
    pub(crate) fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        match self {
            Self::Directory(directory) => directory.read(paths),
            Self::Branch(branch) => branch.read(paths),
        }
    }

    /// A file's document; `None` where there is no file.
    pub(crate) fn document<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Fault> {
        let bytes = self.read(&[path.to_owned()])?.pop().flatten();
        bytes.map(|bytes| self.parsed(path, &bytes)).transpose()
    }

    /// The document that a file's bytes are.
    pub(crate) fn parsed<T: DeserializeOwned>(&self, path: &str, bytes: &[u8]) -> Result<T, Fault> {
        serde_json::from_slice(bytes)
            .map_err(|error| self.damaged(path, &format!("is not a record of this version of promote: {error}")))
    }

    /// The fault for a file that is not what it should be.
    pub(crate) fn damaged(&self, path: &str, what: &str) -> Fault {
        Fault::new(FaultKind::Broken, "read the ledger", format!("{} {what}", self.shown(path)))
            .hint("restore the file, or use the newer promote that wrote it")
    }

    /// A path as people find it; the ledger itself for the empty path.
    pub(crate) fn shown(&self, path: &str) -> String {
        match self {
            Self::Directory(directory) if path.is_empty() => directory.root().display().to_string(),
            Self::Directory(directory) => directory.shown(path),
            Self::Branch(branch) => branch.shown(path),
        }
    }
}
