//! What is asked of GitHub about approvals.

use crate::promotion::approvals::facts::WordPlace;

/// What is to be found out about approvals.
#[derive(Debug, Clone, Default)]
pub struct ApprovalsAsked {
    /// The environments whose protection is read.
    pub environments: Vec<String>,
    /// Whether the workflow run that this is, its jobs and its reviews are read; before anybody could approve they are not.
    pub run: bool,
    /// The pull request whose comments and reviews are read.
    pub pull_request: Option<u64>,
    /// Words that the ledger knows of, which are fetched again.
    pub words: Vec<WordPlace>,
    /// The teams (`org/team`) that whoever reviewed, wrote a word, or is named in `users`, is looked up in.
    pub teams: Vec<String>,
    /// Users who are looked up in the teams too.
    pub users: Vec<String>,
    /// The commits of the last verified version and of this one: who wrote those between is read where a bot started the run.
    pub since: Option<(String, String)>,
}
