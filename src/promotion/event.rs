//! Progress: what happens while a run works, for whoever watches. Every output is a consumer of these; what must be kept
//! is a [`Milestone`](crate::promotion::record::Milestone) of the record.

use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::report::GateReport;
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::time::Millis;

/// One thing that happened, with what a line about it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part of the road begins: a group in a CI log.
    Phase(Phase),
    /// An earlier run of this promotion is taken up.
    Resumed {
        /// The promotion.
        id: String,
        /// What it had reached: the word of its last milestone.
        reached: String,
    },
    /// The gates were judged.
    Judged(GateReport),
    /// The approvals were judged.
    Approvals(ApprovalReport),
    /// The branch moved between planning and pushing, and the edit still applies.
    Moved {
        /// Which try comes now.
        attempt: u32,
    },
    /// A commit stands in the GitOps repository.
    Committed {
        /// Its id.
        commit: String,
        /// The branch.
        branch: String,
        /// Which try it was.
        attempt: u32,
        /// Whether it was found from an earlier run.
        found: bool,
    },
    /// The target already pins this version.
    NothingToCommit {
        /// The tip that holds it.
        commit: String,
    },
    /// A sync was started, by us or by auto-sync.
    Syncing {
        /// The application.
        app: String,
        /// Whether it is our own operation.
        ours: bool,
    },
    /// What an application is doing: sent when it changes.
    App {
        /// The application.
        app: String,
        /// In a few words: `Progressing: 1 of 3 replicas updated`.
        state: String,
    },
    /// Everything is as it should be; the settle time runs.
    Settling {
        /// How long it must hold.
        settle: Millis,
    },
    /// Something failed that must last to be definite.
    Doubt {
        /// What failed, in a sentence.
        what: String,
        /// How long it may last.
        grace: Millis,
    },
    /// A smoke test passed.
    Smoke {
        /// Its name.
        name: String,
        /// What was seen.
        says: String,
    },
    /// All held for the settle time.
    Settled {
        /// How long.
        settle: Millis,
    },
    /// A definite failure.
    Refuted {
        /// Which kind.
        trigger: Trigger,
        /// What failed, in a sentence.
        what: String,
    },
    /// The old version is being restored.
    RollingBack {
        /// The version that is restored.
        to: String,
    },
    /// Still at it: what is being waited for.
    Waiting {
        /// In a sentence.
        on: String,
        /// How long there is left.
        left: Millis,
    },
    /// Something that does not stop the run, and that a person should know.
    Warning(String),
}

/// The parts of the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading the world.
    Collect,
    /// Checking that every write will be possible.
    Preflight,
    /// Writing to the GitOps repository.
    Commit,
    /// Waiting for Argo CD and the settle time.
    Verify,
    /// Restoring the old version.
    Rollback,
}
