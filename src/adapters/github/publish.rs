//! Shows a promotion at GitHub: a check run or a commit status, a comment on the pull request, a deployment.
//!
//! What is there already is found again and changed, so that re-runs do not pile up. A POST whose answer was lost is never
//! sent again: what it made is looked for. Faults are the caller's to print: publishing decides nothing.

mod checks;
mod comments;
mod deployments;

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};
use crate::promotion::publication::{Status, StatusState};

/// Publishes in the client's repository.
pub struct Publisher<'a> {
    client: &'a Client,
}

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It was not there, and is now.
    Made,
    /// It was there, and was changed.
    Updated,
    /// It was there as it should be, or there was nothing to change.
    Same,
    /// The token cannot make check runs: the commit has a status.
    StatusInstead,
}

/// The part of a commit that matters here.
#[derive(Deserialize)]
struct CommitId {
    sha: String,
}

/// An answer of which nothing matters.
#[derive(Deserialize)]
struct Anything {}

impl<'a> Publisher<'a> {
    /// A publisher; nothing is sent yet.
    pub fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The whole id of a commit of the repository, of which this is the beginning or all; `None` if it has no such commit.
    pub fn commit(&self, beginning: &str) -> Result<Option<String>, Fault> {
        let is_id = beginning.len() >= 7 && beginning.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            return Ok(None);
        }
        let doing = format!("find the commit {beginning}");
        // The list has no diffs, unlike the commit itself.
        let query = [("sha", beginning), ("per_page", "1")];
        let found: Option<Vec<CommitId>> =
            match self.client.get_optional(&doing, &self.client.route(&["commits"]), &query) {
                Err(fault) if fault.kind == FaultKind::Broken => None,
                found => found?,
            };
        let beginning = beginning.to_ascii_lowercase();
        // A branch may be called like the beginning of another commit.
        Ok(found.into_iter().flatten().map(|commit| commit.sha).find(|sha| sha.starts_with(&beginning)))
    }

    /// Sets the commit's status: the newest of its context is what counts.
    pub fn status(&self, status: &Status) -> Result<Published, Fault> {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            state: StatusState,
            context: &'a str,
            description: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            target_url: Option<&'a str>,
        }
        let body = Body {
            state: status.state,
            context: &status.context,
            description: &status.description,
            target_url: status.target_url.as_deref(),
        };
        let doing = format!("set the commit status {}", status.context);
        let route = self.client.route(&["statuses", &status.head_sha]);
        self.client.post::<Anything>(&doing, &route, &body).map(|_| Published::Made)
    }
}

/// The beginning of a text that has at most so many bytes, between two characters.
fn within(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
