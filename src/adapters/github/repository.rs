//! What GitHub knows of a repository that is to be written to, before anything is written to it.
//!
//! Only a definite no is a fault here. Where the API does not tell (another token, a rate limit, an outage), git's own
//! answer decides: this check comes after it and adds to it.

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};

/// The part of `GET /repos/{owner}/{repo}` that matters here.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    permissions: Option<Permissions>,
}

/// The role of the token's user.
#[derive(Debug, Deserialize)]
struct Permissions {
    #[serde(default)]
    pull: bool,
    #[serde(default)]
    push: bool,
}

/// What GitHub says of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct About {
    /// The branch that work ends on.
    pub default_branch: String,
    /// Whether only some may see it. On GitHub's smaller plans such a one cannot have required reviewers.
    #[serde(default)]
    pub private: bool,
    /// `public`, `private` or `internal`; absent on old servers.
    #[serde(default)]
    pub visibility: Option<String>,
}

impl Client {
    /// What GitHub says of the repository.
    pub fn about(&self) -> Result<About, Fault> {
        self.get(&format!("read {}/{}", self.owner(), self.name()), &self.route(&[]), &[])
    }

    /// The branch that work ends on.
    pub fn default_branch(&self) -> Result<String, Fault> {
        self.about().map(|about| about.default_branch)
    }
}

/// Checks that the client's repository can be written to at all, and by its token's user. `Denied` if not.
pub fn preflight(client: &Client) -> Result<(), Fault> {
    let doing = format!("prepare a push to {}/{}", client.owner(), client.name());
    match client.get(&doing, &client.route(&[]), &[]) {
        Ok(answer) => judge(client, &doing, &answer),
        Err(fault) => {
            tracing::debug!(why = fault.why, "GitHub's API does not tell whether the repository can be written to");
            Ok(())
        }
    }
}

fn judge(client: &Client, doing: &str, answer: &Answer) -> Result<(), Fault> {
    let no = |why: &str| Fault::new(FaultKind::Denied, doing, why);
    if answer.archived {
        return Err(no("the repository is archived, and so read-only").hint("unarchive it, or name another repository"));
    }
    if answer.disabled {
        return Err(no("GitHub has disabled the repository").hint("its owner can see why in its settings"));
    }
    // An App's token has no user, and so no role: GitHub says `push: false` for it whatever it may do.
    match &answer.permissions {
        Some(role) if !client.is_app() && role.pull && !role.push => {
            let hint =
                format!("give the user of {} the write role, or use a token of one who has it", client.token_name());
            Err(no("the token's user may read the repository, but not push to it").hint(hint))
        }
        _ => Ok(()),
    }
}
