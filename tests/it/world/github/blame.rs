//! GraphQL's blame of a file at the default branch's newest commit, by GitHub's published schema: `Commit.blame`, and for each range the
//! commit with the pull requests that brought it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::answer::{Answer, Answered, Call};
use super::commits::Commit;
use super::graphql::{admitted, without_spaces};
use super::state::{Repo, World};

/// What has to be in the question for this to be its answer.
const PARTS: [&str; 6] = [
    "repository(owner:$owner,name:$name){defaultBranchRef{nametarget{...onCommit{",
    "file(path:$path){object{...onBlob{text}}}",
    "blame(path:$path){ranges{startingLineendingLinecommit{oid",
    "author{nameuser{login}}",
    "committer{nameuser{login}}",
    "associatedPullRequests(first:10){nodes{numbermergedmergedAtbaseRefNamemergedBy{login}}}",
];

/// Whether the query asks what can be told here.
pub(super) fn is_known(query: &str) -> bool {
    let query = without_spaces(query);
    PARTS.iter().all(|part| query.contains(part))
}

/// The blame. What the token may not see is `null`, with an error that says so.
pub(super) fn ask(world: &World, call: &Call) -> Answered {
    let said = |name: &str| call.body.get("variables").and_then(|all| all[name].as_str()).unwrap_or_default();
    let (owner, name, path) = (said("owner"), said("name"), said("path"));
    let found = world.repos.get(&format!("{owner}/{name}").to_lowercase());
    let seen = found.filter(|repo| admitted(world, call, repo, "contents=read").is_ok());
    let Some(repo) = seen else {
        let why = format!("Could not resolve to a Repository with the name '{owner}/{name}'.");
        let errors = json!([{"type": "NOT_FOUND", "path": ["repository"], "message": why}]);
        return Ok(Answer::new(200, json!({"data": {"repository": null}, "errors": errors})));
    };
    let Some(tip) = repo.branches.get(&repo.default_branch).map(|sha| &repo.commits[sha]) else {
        return Ok(Answer::new(200, json!({"data": {"repository": {"defaultBranchRef": null}}})));
    };
    let branch =
        |target: Value| json!({"repository": {"defaultBranchRef": {"name": repo.default_branch, "target": target}}});
    let Some(bytes) = tip.files.get(path) else {
        return Ok(Answer::new(200, json!({"data": branch(json!({"file": null, "blame": {"ranges": []}}))})));
    };
    let text = String::from_utf8_lossy(bytes);
    let refusal = admitted(world, call, repo, "pull_requests=read").err();
    let ranges: Vec<Value> = ranges(&repo.blame(tip, path))
        .into_iter()
        .map(|(first, last, sha)| {
            let commit = &repo.commits[sha];
            let pulls = if refusal.is_some() { Value::Null } else { json!({"nodes": repo.brought(sha)}) };
            json!({"startingLine": first, "endingLine": last, "commit": {
                "oid": sha, "author": actor(&commit.author), "committer": actor(repo.committer(commit)),
                "associatedPullRequests": pulls,
            }})
        })
        .collect();
    let target = json!({"file": {"object": {"text": text}}, "blame": {"ranges": ranges}});
    let mut body = json!({"data": branch(target)});
    if let Some(refusal) = refusal {
        body["errors"] = json!([{"type": "FORBIDDEN", "message": refusal.message()}]);
    }
    Ok(Answer::new(200, body))
}

/// A `GitActor`; an address that belongs to no account has no user.
fn actor(login: &str) -> Value {
    let name = if login.is_empty() { "unknown" } else { login };
    json!({"name": name, "user": (!login.is_empty()).then(|| json!({"login": login}))})
}

/// Lines of the same commit that stand together, as `(first, last, commit)`, from 1.
fn ranges<'a>(lines: &[&'a str]) -> Vec<(usize, usize, &'a str)> {
    let mut ranges: Vec<(usize, usize, &str)> = Vec::new();
    for (n, sha) in lines.iter().enumerate() {
        match ranges.last_mut() {
            Some((_, last, known)) if known == sha => *last = n + 1,
            _ => ranges.push((n + 1, n + 1, sha)),
        }
    }
    ranges
}

impl Repo {
    /// For each line of a commit's file, the commit that it came with: the oldest that has it on its way through parents.
    fn blame<'a>(&'a self, commit: &'a Commit, path: &str) -> Vec<&'a str> {
        let text = |commit: &Commit| String::from_utf8_lossy(&commit.files[path]).into_owned();
        let own = text(commit);
        let mut lines: BTreeMap<usize, &str> = BTreeMap::new();
        for parent in commit.parents.iter().filter_map(|sha| self.commits.get(sha)) {
            if !parent.files.contains_key(path) {
                continue;
            }
            let (old, theirs) = (text(parent), self.blame(parent, path));
            for change in TextDiff::from_lines(&old, &own).iter_all_changes() {
                if let (ChangeTag::Equal, Some(old), Some(new)) = (change.tag(), change.old_index(), change.new_index())
                {
                    lines.entry(new).or_insert(theirs[old]);
                }
            }
        }
        (0..own.lines().count()).map(|n| lines.get(&n).copied().unwrap_or(&commit.sha)).collect()
    }

    /// Who made a commit: what is merged on GitHub's page, its own account makes.
    fn committer<'a>(&self, commit: &'a Commit) -> &'a str {
        if commit.parents.len() > 1 { "web-flow" } else { &commit.author }
    }
}
