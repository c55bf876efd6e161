//! How a smoke test stands: over, or running somewhere else.

use crate::promotion::facts::Reading;

/// How a smoke test stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each smoke test, and those are few")]
pub enum Smoked {
    /// It is over: good or bad as a health check is, or not known.
    Over(Reading),
    /// It runs: ask again.
    Running(SmokeRun),
}

/// A workflow run that was begun as a smoke test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeRun {
    /// The workflow's file.
    pub workflow: String,
    /// The branch or tag that it runs at.
    pub git_ref: String,
    /// Its number; absent where GitHub did not tell, and it must be found yet.
    pub id: Option<u64>,
    /// The newest run of the workflow before ours was begun; zero: there was none.
    pub after: u64,
    /// Its page, where it is known.
    pub page: Option<String>,
}
