//! A promotion's entries folded into what they say together: its state is stored nowhere, it is this.

use crate::promotion::facts::Facts;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, Plan};
use crate::promotion::record::{Closed, Entry, Milestone, Refuted, Requested, Verified};
use crate::promotion::report::GateReport;
use crate::promotion::time::Time;

/// What a promotion's entries say together; later entries of a kind stand for earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Story<'a> {
    /// The promotion's id.
    pub id: &'a str,
    /// What was asked for, and when first.
    pub requested: Option<&'a Requested>,
    /// When the first entry was written.
    pub began: Option<Time>,
    /// When the last entry was written.
    pub last: Option<Time>,
    /// The newest facts that a judgement read.
    pub facts: Option<&'a Facts>,
    /// The newest judgement.
    pub report: Option<&'a GateReport>,
    /// The plan.
    pub plan: Option<&'a Plan>,
    /// The commits.
    pub commits: &'a [Committed],
    /// The verification.
    pub verified: Option<&'a Verified>,
    /// The definite failure.
    pub refuted: Option<&'a Refuted>,
    /// The rollback's plan.
    pub rollback: Option<&'a Plan>,
    /// The rollback's commits.
    pub rollback_commits: &'a [Committed],
    /// The rollback's verification.
    pub rollback_verified: Option<&'a Verified>,
    /// How the newest run ended, in words.
    pub closed: Option<&'a Closed>,
    /// How the newest run ended; absent while one is at work, or when it was killed.
    pub outcome: Option<Outcome>,
}

/// Folds the entries of one promotion, in order.
pub fn of(entries: &[Entry]) -> Story<'_> {
    let mut story = Story::default();
    for entry in entries {
        story.id = &entry.id;
        story.began = story.began.or(Some(entry.at));
        story.last = Some(entry.at);
        // An entry after the end of a run is a new run's: the old end is no longer how it stands.
        (story.closed, story.outcome) = (None, None);
        match &entry.event {
            Milestone::Requested(requested) => story.requested = Some(requested),
            Milestone::Judged(judged) => {
                (story.facts, story.report) = (Some(&judged.facts), Some(&judged.report));
                story.outcome = Some(judged.outcome);
            }
            Milestone::Planned(planned) => {
                (story.facts, story.report, story.plan) =
                    (Some(&planned.facts), Some(&planned.report), Some(&planned.plan));
            }
            Milestone::Committed { commits } => story.commits = commits,
            Milestone::Verified(verified) => story.verified = Some(verified),
            Milestone::Refuted(refuted) => story.refuted = Some(refuted),
            Milestone::RollbackPlanned { plan } => story.rollback = Some(plan),
            Milestone::RollbackCommitted { commits } => story.rollback_commits = commits,
            Milestone::RollbackVerified(verified) => story.rollback_verified = Some(verified),
            Milestone::Unfamiliar => {}
            Milestone::Closed(closed) => (story.closed, story.outcome) = (Some(closed), Some(closed.outcome)),
        }
    }
    story
}

impl Story<'_> {
    /// `completed`, `failed`, `rolled_back`, `rejected` when the promotion is over, else `open`.
    pub fn state(&self) -> &'static str {
        match self.outcome.filter(|outcome| outcome.is_terminal()) {
            None => "open",
            Some(Outcome::RolledBack) => "rolled_back",
            Some(Outcome::Rejected) => "rejected",
            Some(Outcome::Failed | Outcome::Stuck) => "failed",
            Some(_) => "completed",
        }
    }
}
