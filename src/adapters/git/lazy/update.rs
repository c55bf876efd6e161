//! What is asked of refs, and what came of it.

use std::collections::BTreeSet;

use git2::{Oid, Reference};

use crate::ports::{Fault, FaultKind};

/// A ref to be created (`old` is `None`), moved, or deleted (`new` is `None`), if it stands where it was seen.
///
/// What `new` names should be of this run's own making (a commit, or a blob that holds the run's id): when an answer is
/// lost, a ref that stands at `new` counts as moved by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name: `refs/heads/promotions`.
    pub name: String,
    /// Where it was seen; `None`: it was not there.
    pub old: Option<Oid>,
    /// Where it shall stand; `None`: it shall be gone.
    pub new: Option<Oid>,
}

/// What came of moving refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// All of them stand where they shall.
    Done,
    /// One did not stand where it was seen; none was moved.
    Lost,
}

/// Refuses what no server could carry out: names that cannot be, a ref twice, nothing to do.
pub(crate) fn check(updates: &[RefUpdate], doing: &str) -> Result<(), Fault> {
    let fault = |why: String| Err(Fault::new(FaultKind::Broken, doing, why));
    let mut seen = BTreeSet::new();
    for update in updates {
        if !update.name.starts_with("refs/") || !Reference::is_valid_name(&update.name) {
            return fault(format!("{:?} is no full name of a ref", update.name));
        }
        if !seen.insert(&update.name) {
            return fault(format!("{} is named twice", update.name));
        }
        if update.old == update.new {
            return fault(format!("{} would not be moved", update.name));
        }
    }
    if updates.is_empty() { fault("no ref is named".to_owned()) } else { Ok(()) }
}

/// The refs, in a line for people: `refs/heads/promotions, refs/promote-lock/app/prod`.
pub(crate) fn names(updates: &[RefUpdate]) -> String {
    updates.iter().map(|update| update.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let id = |byte: u8| Some(Oid::from_bytes(&[byte; 20]).unwrap());
        let update = |name: &str, old, new| RefUpdate { name: name.to_owned(), old, new };
        let good = update("refs/promote-lock/app/prod", None, id(1));
        assert_eq!(check(std::slice::from_ref(&good), "x"), Ok(()));
        for (updates, said) in [
            (vec![], "no ref"),
            (vec![good.clone(), good], "twice"),
            (vec![update("main", None, id(1))], "no full name"),
            (vec![update("refs/heads/a b", None, id(1))], "no full name"),
            (vec![update("refs/heads/a\n0000", None, id(1))], "no full name"),
            (vec![update("refs/heads/a", id(1), id(1))], "not be moved"),
            (vec![update("refs/heads/a", None, None)], "not be moved"),
        ] {
            assert!(check(&updates, "x").unwrap_err().why.contains(said), "{updates:?}");
        }
    }
}
