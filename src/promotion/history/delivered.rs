//! The ledger and the GitOps repository against each other: every commit of a promotion has its record, and names the ledger as
//! it was then; every record's commit is there, and is what was planned.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::facts::CommitSummary;
use crate::promotion::history::Examined;
use crate::promotion::history::story::Told;
use crate::promotion::made::{Changes, made, trailer};
use crate::promotion::planning::{ID_TRAILER, TIP_TRAILER};

/// A branch of a GitOps repository, as far as it was walked.
#[derive(Debug, Clone)]
pub struct Walked {
    /// The repository as it may be shown.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// Whether its whole history was seen.
    pub whole: bool,
    /// The commits that say which promotion they are of.
    pub commits: Vec<Carrier>,
}

/// A commit that says which promotion it is of.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// The commit in a line.
    pub commit: CommitSummary,
    /// Its whole message.
    pub message: String,
    /// What it changes.
    pub changes: Changes,
}

const REMOVED: &str = "its record was removed, or it was made with another ledger: name that with --ledger, or restore the \
                       record from a backup";
const REWRITTEN: &str = "restore the ledger from a backup or an older clone that holds it, and find out who rewrote it";

/// Compares what was examined with the branches that its records name.
pub fn compare(examined: &mut Examined, walked: &[Walked]) {
    let mut seen: BTreeMap<&str, &Carrier> = BTreeMap::new();
    for branch in walked {
        for carrier in &branch.commits {
            seen.insert(&carrier.commit.id, carrier);
            from_commit(examined, branch, carrier);
        }
    }
    examined.counts.gitops_commits = seen.len() as u64;
    let mut unseen = 0;
    for promotion in std::mem::take(&mut examined.told) {
        unseen += from_record(examined, walked, &seen, &promotion);
        examined.told.push(promotion);
    }
    if unseen > 0 {
        let many = crate::promotion::words::counted(unseen, "commit");
        examined.out.note(format!("{many} of records are older than what was read of the GitOps history"));
    }
}

fn place(branch: &Walked, commit: &str) -> String {
    format!("commit {} on {} of {}", commit.get(..7).unwrap_or(commit), branch.branch, branch.repository)
}

/// From a commit to its record.
fn from_commit(examined: &mut Examined, branch: &Walked, carrier: &Carrier) {
    let at = place(branch, &carrier.commit.id);
    let Some(id) = trailer(&carrier.message, ID_TRAILER) else { return };
    let Some(promotion) = examined.told.iter().find(|told| told.story.id == id) else {
        let what = format!("it is of promotion {id}, which the ledger does not hold");
        return examined.out.add(at, what, REMOVED);
    };
    let named = promotion.commits.iter().any(|commit| commit.commit == carrier.commit.id);
    let planned = promotion.plans.iter().any(|plan| made(plan, &carrier.changes));
    let hint = "look at the commit, and undo it if nobody can say what it is";
    match (named, planned) {
        (true, true) => {}
        (true, false) => {
            examined.out.add(&at, format!("it changes something else than the plan of promotion {id} says"), hint);
        }
        (false, true) => examined.out.note(format!(
            "{at} is not in the record of promotion {id}: its run was killed before it could write that down"
        )),
        (false, false) if promotion.damaged => {}
        (false, false) => {
            let what = format!("it says that it is of promotion {id}, whose record and plan do not know it");
            examined.out.add(&at, what, hint);
        }
    }
    let Some(tip) = trailer(&carrier.message, TIP_TRAILER) else { return };
    let promotion = promotion.clone();
    tip_stands(examined, &at, tip, &promotion);
}

/// What stood in the ledger when a commit was made must stand in it for good.
fn tip_stands(examined: &mut Examined, at: &str, tip: &str, promotion: &Told) {
    let is_hash = tip.len() == 64;
    let id = &promotion.story.id;
    match (&examined.commits, is_hash) {
        (_, true) if promotion.hashes.iter().any(|hash| hash == tip) => {}
        (_, true) => {
            let what = format!(
                "an entry of promotion {id} stood in the ledger when it was made (SHA-256 {tip}), and does not any more"
            );
            examined.out.add(at, what, REWRITTEN);
        }
        (Some(commits), false) if commits.contains(tip) => {}
        (Some(_), false) => {
            let what =
                format!("the ledger's branch stood at {tip} when it was made, and does not contain that any more");
            examined.out.add(at, what, REWRITTEN);
        }
        (None, false) => examined.out.note(format!("{at} was made with a ledger on a branch; this one is a directory")),
    }
}

/// From a record to its commits; how many of them are too old to be seen.
fn from_record(examined: &mut Examined, walked: &[Walked], seen: &BTreeMap<&str, &Carrier>, promotion: &Told) -> u64 {
    let id = &promotion.story.id;
    let mut unseen = 0;
    let mut done = BTreeSet::new();
    for commit in promotion.commits.iter().filter(|commit| !commit.unchanged) {
        if !done.insert(&commit.commit) {
            continue;
        }
        let carrier = seen.get(commit.commit.as_str());
        if carrier.is_some_and(|carrier| trailer(&carrier.message, ID_TRAILER) == Some(id)) {
            continue;
        }
        let Some(branch) = walked.iter().find(|branch| branch.branch == commit.branch) else {
            unseen += 1;
            continue;
        };
        if carrier.is_none() && !branch.whole {
            unseen += 1;
            continue;
        }
        let at = place(branch, &commit.commit);
        let (what, hint) = match carrier {
            None => (
                format!("the record of promotion {id} names it, and the branch does not hold it"),
                "the branch was rewritten, or the record is forged: look for the commit in an older clone",
            ),
            Some(_) => (
                format!("the record of promotion {id} names it, and it says that it is of another"),
                "the record is forged, or the commit is: look at both",
            ),
        };
        examined.out.add(at, what, hint);
    }
    unseen
}
