//! Refs of a repository on this machine, moved all or none: every one is locked, compared under its lock, and only then
//! written. git and libgit2 keep to the same lock files, so no other process can come between. Hooks are not run.

use std::time::Duration;

use git2::{ErrorClass, ErrorCode, Oid, ReferenceType, Repository};

use crate::adapters::git::fault;
use crate::adapters::git::lazy::packed::Packed;
use crate::adapters::git::lazy::update::{Moved, RefUpdate};
use crate::ports::Fault;

/// How long is slept between two tries to lock the refs, and how often it is tried again.
const NAP: Duration = Duration::from_millis(20);
const LOOKS: u32 = 100;
/// How often it is tried again when a directory went away under a new lock: whoever deletes a ref tidies up behind it.
const TIDIED: u32 = 10;

/// Where a ref stands; `None` where there is none.
pub(crate) fn stands(repository: &Repository, name: &str) -> Result<Option<Oid>, git2::Error> {
    match repository.find_reference(name) {
        Ok(reference) if reference.kind() == Some(ReferenceType::Direct) => Ok(reference.target()),
        Ok(_) => {
            Err(git2::Error::from_str(&format!("{name} is a symbolic ref; one that holds an object was expected")))
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Moves refs, if each stands where it was seen. Another process holds a ref's lock for a moment only; a lock that stays
/// belongs to one that died, and is a fault.
pub(crate) fn swap(
    open: impl Fn() -> Result<Repository, Fault>,
    updates: &[RefUpdate],
    doing: &str,
) -> Result<Moved, Fault> {
    let mut sorted: Vec<&RefUpdate> = updates.iter().collect();
    // In one order, so that two processes that move the same refs do not hold up each other for long.
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut locked, mut tidied) = (LOOKS, TIDIED);
    let mut begun = false;
    loop {
        // Opened anew: libgit2 reads packed refs from a copy that it may not see change.
        let error = match once(&open()?, &sorted, &mut begun) {
            Ok(moved) => return Ok(moved),
            Err(error) => error,
        };
        let left = match (error.code(), error.class()) {
            (ErrorCode::Locked, _) => &mut locked,
            (_, ErrorClass::Os | ErrorClass::Filesystem) => &mut tidied,
            _ => return Err(fault::of(doing, &error)),
        };
        if *left == 0 {
            return Err(fault::of(doing, &error));
        }
        *left -= 1;
        std::thread::sleep(NAP);
    }
}

/// One try. `begun`: the refs were compared before, and some of them may have been written then.
fn once(repository: &Repository, updates: &[&RefUpdate], begun: &mut bool) -> Result<Moved, git2::Error> {
    let mut transaction = repository.transaction()?;
    for update in updates {
        transaction.lock_ref(&update.name)?;
    }
    let deleted: Vec<&str> = updates.iter().filter(|update| update.new.is_none()).map(|update| &*update.name).collect();
    let packed = if deleted.is_empty() { None } else { Some(Packed::lock(repository)?) };
    for update in updates {
        let at = stands(repository, &update.name)?;
        let ours = *begun && at == update.new;
        if at != update.old && !ours {
            return Ok(Moved::Lost);
        }
        match update.new {
            _ if ours => {}
            Some(new) => {
                // A ref to nothing would break the repository.
                repository.find_object(new, None)?;
                transaction.set_target(&update.name, new, None, "promote: move")?;
            }
            None => transaction.remove(&update.name)?,
        }
    }
    *begun = true;
    if let Some(packed) = &packed {
        packed.remove(&deleted)?;
    }
    // The lock of the packed refs is held until the loose ones are gone.
    transaction.commit()?;
    drop(packed);
    Ok(Moved::Done)
}
