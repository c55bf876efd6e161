//! A branch and its tip, and what to say where there is none.

use git2::Oid;

use crate::ports::{Fault, FaultKind};

/// A branch's newest commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tip {
    /// The branch's short name: `main`.
    pub(crate) branch: String,
    /// The commit.
    pub(crate) commit: Oid,
}

/// The fault of a branch that is not there: which ones are.
pub(crate) fn no_branch(doing: &str, branch: &str, names: &[String]) -> Fault {
    const SHOWN: usize = 10;
    let mut why = format!("there is no branch {branch}");
    if names.is_empty() {
        return Fault::new(FaultKind::NotFound, doing, format!("{why}: the repository has no branch at all"))
            .hint("push a first commit to it");
    }
    let some: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    why = format!("{why}; there are {}", some.join(", "));
    if names.len() > SHOWN {
        why = format!("{why} and {} more", names.len() - SHOWN);
    }
    Fault::new(FaultKind::NotFound, doing, why).hint("name one of these (GITOPS_BRANCH, or `branch:` in the rules)")
}
