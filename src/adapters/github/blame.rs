//! Who brought the lines of a file into the default branch: for each the pull request that its commit came with, and who merged
//! that. One question, which the REST API does not answer.

use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::Time;
use crate::promotion::waivers::facts::{Blame, Merged};
use crate::promotion::waivers::lines::Lines;

/// By GitHub's published GraphQL schema: `Commit.file`, `Commit.blame`, `Commit.associatedPullRequests`, `PullRequest.mergedBy`.
const QUERY: &str = "query($owner:String!,$name:String!,$path:String!){repository(owner:$owner,name:$name){defaultBranchRef{name \
target{...on Commit{file(path:$path){object{...on Blob{text}}} blame(path:$path){ranges{startingLine endingLine commit{oid \
author{name user{login}} committer{name user{login}} \
associatedPullRequests(first:10){nodes{number merged mergedAt baseRefName mergedBy{login}}}}}}}}}}}";
/// What is asked of the job, where GitHub does not show all of it.
const MAY: &str = "the job needs `permissions:` with `contents: read` and `pull-requests: read`";
/// Who commits what is written or merged on GitHub's own pages.
const WEB: &str = "web-flow";
/// Whom GitHub shows for an account that is gone.
const GONE: &str = "ghost";

#[derive(Deserialize)]
struct Data {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    default_branch_ref: Option<Branch>,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    file: Option<Entry>,
    #[serde(default)]
    blame: Option<Ranges>,
}

#[derive(Deserialize)]
struct Entry {
    object: Option<Blob>,
}

#[derive(Deserialize)]
struct Blob {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Ranges {
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    starting_line: u32,
    ending_line: u32,
    commit: Commit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    oid: String,
    author: Option<GitActor>,
    committer: Option<GitActor>,
    associated_pull_requests: PullRequests,
}

#[derive(Deserialize)]
struct GitActor {
    name: Option<String>,
    user: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
struct PullRequests {
    nodes: Vec<Option<PullRequest>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequest {
    number: u64,
    merged: bool,
    merged_at: Option<Time>,
    base_ref_name: String,
    merged_by: Option<Account>,
}

impl Client {
    /// Who brought the lines of a file of the default branch there; `None` if it has no such file. Needs `contents: read` and
    /// `pull_requests: read`.
    pub fn blame(&self, path: &str) -> Result<Option<Blame>, Fault> {
        let doing = format!("find out who merged {path}");
        let variables = json!({ "owner": self.owner(), "name": self.name(), "path": path });
        let broken = |why: &str| Fault::new(FaultKind::Broken, doing.as_str(), why).hint(MAY);
        let asked: Result<(Data, _), Fault> = self.question(&doing, QUERY, &variables);
        let (data, complaint) = asked.map_err(|fault| match fault.kind {
            FaultKind::Broken => fault.hint(MAY),
            _ => fault,
        })?;
        // What the token may not see must not look like a commit that came without a pull request.
        if let Some(complaint) = complaint {
            return Err(broken(&complaint));
        }
        let repository =
            data.repository.ok_or_else(|| broken("GitHub knows no such repository, or the token may not see it"))?;
        let Some(Branch { name, target: Some(target) }) = repository.default_branch_ref else { return Ok(None) };
        let Some(file) = target.file else { return Ok(None) };
        let text = file.object.and_then(|blob| blob.text).ok_or_else(|| broken("GitHub does not show it as a text"))?;
        let ranges = target.blame.ok_or_else(|| broken("GitHub does not say which commits its lines are of"))?.ranges;
        let ranges = ranges.into_iter().map(|range| {
            let lines = Lines { first: range.starting_line, last: range.ending_line };
            (lines, merged(range.commit, &name))
        });
        Ok(Some(Blame { text, ranges: ranges.collect() }))
    }
}

/// Who brought a commit into the default branch: by the first pull request into it that has the commit.
fn merged(commit: Commit, branch: &str) -> Merged {
    let into_it = commit
        .associated_pull_requests
        .nodes
        .into_iter()
        .flatten()
        .filter(|pull| pull.merged && pull.base_ref_name == branch);
    if let Some(pull) = into_it.min_by_key(|pull| (pull.merged_at, pull.number)) {
        let by = pull.merged_by.map_or_else(|| GONE.to_owned(), |account| account.login);
        return Merged { by, pull_request: Some(pull.number), commit: commit.oid };
    }
    let on_a_page = |actor: &GitActor| actor.user.as_ref().is_some_and(|account| account.login == WEB);
    let actor = commit.committer.filter(|actor| !on_a_page(actor)).or(commit.author);
    let by = actor.and_then(|actor| actor.user.map(|account| account.login).or(actor.name));
    Merged { by: by.unwrap_or_else(|| GONE.to_owned()), pull_request: None, commit: commit.oid }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(committer: &str, pulls: serde_json::Value) -> Commit {
        let person = |login: &str| json!({ "name": "A Name", "user": { "login": login } });
        serde_json::from_value(json!({
            "oid": "c1", "author": person("ana"), "committer": person(committer),
            "associatedPullRequests": { "nodes": pulls },
        }))
        .unwrap()
    }

    fn pull(number: u64, merged_at: Option<&str>, base: &str, by: &str) -> serde_json::Value {
        json!({
            "number": number, "merged": merged_at.is_some(), "mergedAt": merged_at, "baseRefName": base,
            "mergedBy": (!by.is_empty()).then(|| json!({ "login": by })),
        })
    }

    #[test]
    fn whoever_first_merged_it_into_the_branch_brought_it() {
        for (committer, pulls, by, number) in [
            ("web-flow", json!([pull(12, Some("2026-11-02T00:00:00Z"), "main", "bo")]), "bo", Some(12)),
            (
                "web-flow",
                json!([
                    pull(7, Some("2026-11-01T00:00:00Z"), "feature", "cy"),
                    pull(12, Some("2026-11-03T00:00:00Z"), "main", "bo"),
                    pull(9, Some("2026-11-02T00:00:00Z"), "main", "dan"),
                ]),
                "dan",
                Some(9),
            ),
            ("bo", json!([pull(3, None, "main", "")]), "bo", None),
            ("web-flow", json!([]), "ana", None),
            ("bo", json!([pull(3, Some("2026-11-01T00:00:00Z"), "main", ""), null]), "ghost", Some(3)),
        ] {
            let found = merged(commit(committer, pulls), "main");
            assert_eq!((found.by.as_str(), found.pull_request), (by, number));
        }
    }
}
