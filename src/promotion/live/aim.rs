//! What one application must come to, and what there is to do about it.

use crate::promotion::live::AppState;
use crate::promotion::time::Millis;

/// The name of the info that marks an operation as ours.
pub const INFO: &str = "promote";

/// How the commit that Argo CD speaks of stands to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is ours.
    Ours,
    /// It contains ours, and still holds our value.
    Later,
    /// It contains ours, and holds another value: somebody has promoted over us.
    Overtaken,
    /// It does not contain ours.
    Not,
    /// The repository does not tell.
    Unknown,
}

impl Standing {
    /// Whether our value is what it holds.
    pub fn good(self) -> bool {
        matches!(self, Self::Ours | Self::Later)
    }
}

/// What one application must come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// The value of the info that marks our operations: the promotion's id.
    pub nonce: String,
    /// Which of its sources is ours.
    pub source: usize,
    /// How long a failure must last to be definite.
    pub grace: Millis,
    /// End an operation that runs for another commit, since it would keep ours waiting: for rollbacks.
    pub terminate: bool,
    /// The application before our commit, where it is known: what was broken then is not our doing.
    pub baseline: Option<AppState>,
}

/// What to do next. Every variant that waits says what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask Argo CD to compare with git, then look again.
    Refresh(String),
    /// Start our sync, then look again.
    Sync(String),
    /// End the running operation, then look again.
    Terminate(String),
    /// Look again later.
    Wait(String),
    /// Look again later: something failed that is not definite yet.
    Doubt(String),
    /// All that Argo CD says of it is as it should be: look at the live images.
    Prove,
    /// A definite failure.
    Failed {
        /// In one sentence.
        what: String,
        /// What the failing resource says.
        detail: Option<String>,
    },
    /// A later commit holds another value.
    Overtaken {
        /// That commit.
        by: String,
    },
}
