//! Evidence from GitHub: reports in artifacts, checks, reviews and alerts, of the commit that a version was built from.
//!
//! ```text
//!  commit ─► runs ─► artifacts ─► bytes ─► (parsers, given by whoever asks) ┐
//!        └─► check runs, statuses · pull requests, reviews · alerts ────────┴► Reading
//! ```
//!
//! Absence is not zero here either: no run, no check, no pull request, a scanner that is off are *missing*, and a refusal of
//! GitHub's is *unreadable* in GitHub's own words. Which run counts is decided by GitHub's record of it (workflow, event,
//! branch, repository), never by what an artifact says of itself.

mod alerts;
mod artifacts;
pub mod asking;
mod checks;
mod code_scanning;
mod place;
mod review;
mod runs;

use crate::adapters::github::client::Client;
use crate::adapters::github::evidence::asking::{Asking, Found};
use crate::adapters::github::evidence::place::{No, Place, commit};
use crate::promotion::facts::{Observation, Reading, Subject, SubjectKnown};
use crate::promotion::rules::github::{GitHubAsks, GitHubSource};

/// Reads one source. It cannot fail: failing is a reading.
pub fn read(client: &Client, source: &GitHubSource, asking: &Asking<'_>) -> Reading {
    answer(client, source, asking).unwrap_or_else(No::reading)
}

fn answer(client: &Client, source: &GitHubSource, asking: &Asking<'_>) -> Result<Reading, No> {
    let place = Place::of(client, source.repository.as_deref());
    match &source.asks {
        GitHubAsks::Artifact { workflow, artifact, files, format, event, branch } => {
            let wanted = runs::Wanted { workflow, event, branch: branch.as_deref() };
            artifacts::read(&place, &wanted, artifact, asking, &|artifacts| (asking.parse)(artifacts, files, *format))
        }
        GitHubAsks::Checks { ignore } => {
            let sha = commit(&place, asking.about)?;
            checks::read(&place, &sha, ignore, asking.own_run).map(|found| observed(found, Some(sha)))
        }
        GitHubAsks::Review => {
            let sha = commit(&place, asking.about)?;
            review::read(&place, &sha).map(|found| observed(found, Some(sha)))
        }
        GitHubAsks::CodeScanning { branch } => {
            let sha = commit(&place, asking.about)?;
            code_scanning::read(&place, &sha, branch.as_deref()).map(|found| observed(found, Some(sha)))
        }
        GitHubAsks::Dependabot => alerts::dependabot(&place, asking.now).map(|found| observed(found, None)),
        GitHubAsks::SecretScanning => alerts::secrets(&place, asking.now).map(|found| observed(found, None)),
    }
}

fn observed((measure, taken, notes): Found, sha: Option<String>) -> Reading {
    let subject = sha.map(|version| Subject::of(version, SubjectKnown::Run));
    Reading::Observed(Observation { files: Vec::new(), subject, taken, tools: Vec::new(), measure, notes })
}
