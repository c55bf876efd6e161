//! Where claims are kept: one text for each service and environment, compared and swapped. In a repository it is a ref of
//! its own, `refs/promote-lock/<service>/<environment>`, to a commit without parents and files whose message is the text;
//! in a directory it is a file, swapped in one's turn to write.

use crate::adapters::git::fault;
use crate::adapters::git::lazy::update::{Moved, RefUpdate};
use crate::adapters::git::objects::Author;
use crate::adapters::ledger::batch::{Batch, File};
use crate::adapters::ledger::branch::{Shared, empty, held, signature};
use crate::adapters::ledger::directory::Directory;
use crate::adapters::ledger::layout;
use crate::ports::{Fault, FaultKind};
use crate::promotion::id::sha256;
use crate::promotion::time::Time;
use git2::Oid;

/// What names a text in a register: another text has another one.
pub(crate) type Version = String;

/// What came of a swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Swapped {
    /// The text is there, in this version.
    Done(Version),
    /// Another text stood there; nothing was written.
    Lost,
}

/// Where claims are kept.
#[derive(Debug, Clone)]
pub(crate) enum Register {
    /// In files of a directory.
    Files(Directory),
    /// In refs of a repository, by commits of this author.
    Refs(Shared, Author),
}

impl Register {
    /// The text for a service and environment, as it is now.
    pub(crate) fn read(&self, service: &str, environment: &str) -> Result<Option<(Version, Vec<u8>)>, Fault> {
        match self {
            Self::Files(directory) => {
                let path = file(service, environment)?;
                let bytes = directory.read(&[path])?.pop().flatten();
                Ok(bytes.map(|bytes| (sha256(&bytes), bytes)))
            }
            Self::Refs(lazy, _) => {
                let name = reference(service, environment)?;
                let mut lazy = held(lazy);
                let Some(id) = lazy.refs(&name)?.get(&name).copied() else { return Ok(None) };
                lazy.bring(&[id])?;
                let repository = lazy.repository()?;
                // Whatever else stands there holds the place too, until it is taken away by name.
                let text = repository.find_commit(id).map(|commit| commit.message_bytes().to_vec());
                Ok(Some((id.to_string(), text.unwrap_or_default())))
            }
        }
    }

    /// Puts a text in the place of the one that was seen.
    pub(crate) fn swap(
        &self,
        service: &str,
        environment: &str,
        old: Option<&str>,
        new: &str,
        at: Time,
    ) -> Result<Swapped, Fault> {
        match self {
            Self::Files(directory) => {
                let path = file(service, environment)?;
                let turn = directory.turn()?;
                if stands(directory, &path)?.as_deref() != old {
                    return Ok(Swapped::Lost);
                }
                let file = File { path, text: new.to_owned(), replaces: true };
                directory.write(&turn, &Batch { files: vec![file], message: String::new(), at })?;
                Ok(Swapped::Done(sha256(new)))
            }
            Self::Refs(lazy, author) => {
                let name = reference(service, environment)?;
                let doing = format!("claim {service} in {environment}");
                let fail = |error: git2::Error| fault::of(&doing, &error);
                let mut lazy = held(lazy);
                let repository = lazy.repository()?;
                let tree = empty(&repository).map_err(fail)?;
                let who = signature(author, at, &doing)?;
                let commit = repository.commit(None, &who, &who, new, &tree, &[]).map_err(fail)?;
                let update = RefUpdate { name, old: old.map(id).transpose()?, new: Some(commit) };
                Ok(match lazy.update(&[update], &[commit, tree.id()])? {
                    Moved::Done => Swapped::Done(commit.to_string()),
                    Moved::Lost => Swapped::Lost,
                })
            }
        }
    }

    /// Takes away the text that was seen; whether it was there.
    pub(crate) fn clear(&self, service: &str, environment: &str, old: &str) -> Result<bool, Fault> {
        match self {
            Self::Files(directory) => {
                let path = file(service, environment)?;
                let turn = directory.turn()?;
                let was = stands(directory, &path)?.as_deref() == Some(old);
                if was {
                    directory.remove(&turn, &path)?;
                }
                Ok(was)
            }
            Self::Refs(lazy, _) => {
                let update = RefUpdate { name: reference(service, environment)?, old: Some(id(old)?), new: None };
                Ok(held(lazy).update(&[update], &[])? == Moved::Done)
            }
        }
    }
}

fn stands(directory: &Directory, path: &str) -> Result<Option<Version>, Fault> {
    Ok(directory.read(&[path.to_owned()])?.pop().flatten().map(sha256))
}

fn id(version: &str) -> Result<Oid, Fault> {
    let fault = |error: git2::Error| Fault::new(FaultKind::Broken, "read a claim", error.message().to_owned());
    Oid::from_str(version).map_err(fault)
}

fn file(service: &str, environment: &str) -> Result<String, Fault> {
    let (service, environment) = (layout::named("service", service)?, layout::named("environment", environment)?);
    Ok(format!("locks/{service}/{environment}.json"))
}

/// The ref. git refuses some names with dots (`a..b`, `a.lock`, `a.`), so that a dot is written `%2e`.
fn reference(service: &str, environment: &str) -> Result<String, Fault> {
    let step = |what, name| layout::named(what, name).map(|name| name.replace('.', "%2e"));
    Ok(format!("refs/promote-lock/{}/{}", step("service", service)?, step("environment", environment)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_can_be_a_ref() {
        for name in ["app", "my.app", "a..b", "app.lock", "app.", "a_b-c"] {
            let reference = reference(name, "staging").unwrap();
            assert!(git2::Reference::is_valid_name(&reference), "{reference}");
        }
        assert_eq!(reference("my.app", "eu.1").unwrap(), "refs/promote-lock/my%2eapp/eu%2e1");
        assert!(reference("../heads", "main").is_err());
    }
}
