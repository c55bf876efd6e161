//! Commit statuses.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call};
use super::fields::{Is, check};
use super::shapes::{node, when};
use super::state::{Repo, World};

/// A commit status.
pub(super) struct CommitStatus {
    id: u64,
    sha: String,
    creator: String,
    at: Timestamp,
    /// `state`, `context`, `description`, `target_url`, as they were sent.
    sent: Map<String, Value>,
}

impl CommitStatus {
    pub(super) fn context(&self) -> &str {
        self.sent["context"].as_str().unwrap_or_default()
    }

    pub(super) fn is_green(&self) -> bool {
        self.sent["state"] == "success"
    }
}

impl Repository<'_> {
    /// A commit status, as another program posts it.
    pub(crate) fn status(&self, sha: &str, context: &str, state: &str) {
        let mut world = self.github.lock();
        world.person("ci-bot[bot]");
        let (id, at) = (world.id(), world.now());
        let sent = json!({"state": state, "context": context}).as_object().unwrap().clone();
        let repo = world.repos.get_mut(&self.name.to_lowercase()).unwrap();
        repo.statuses.push(CommitStatus { id, sha: sha.to_owned(), creator: "ci-bot[bot]".to_owned(), at, sent });
    }
}

impl Repo {
    /// The newest status of each context, whatever its case.
    pub(super) fn newest_statuses(&self, sha: &str) -> Vec<&CommitStatus> {
        let mut found: Vec<&CommitStatus> = Vec::new();
        for one in self.statuses.iter().rev().filter(|one| one.sha == sha) {
            if !found.iter().any(|other| other.context().eq_ignore_ascii_case(one.context())) {
                found.push(one);
            }
        }
        found
    }
}

impl World {
    fn commit_status_json(&self, repo: &Repo, one: &CommitStatus) -> Value {
        let null = || Value::Null;
        let sent = |name: &str| one.sent.get(name).cloned().unwrap_or_else(null);
        let url = format!("{}/repos/{}/statuses/{}", self.url, repo.full_name, one.sha);
        let at = when(Some(one.at));
        json!({
            "id": one.id, "node_id": node(one.id), "url": url, "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
            "state": sent("state"), "context": sent("context"), "description": sent("description"),
            "target_url": sent("target_url"), "created_at": at, "updated_at": at,
        })
    }
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/status`: `pending` where there is none.
pub(super) fn combined(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let sha = repo.resolve(call.argument("ref")).ok_or_else(Answer::not_found)?;
    let newest = repo.newest_statuses(&sha);
    let any =
        |states: &[&str]| newest.iter().any(|one| one.sent["state"].as_str().is_some_and(|is| states.contains(&is)));
    let state = match () {
        () if any(&["error", "failure"]) => "failure",
        () if newest.is_empty() || any(&["pending"]) => "pending",
        () => "success",
    };
    let all = newest.iter().map(|one| world.commit_status_json(repo, one)).collect();
    let mut answer = call.counted("statuses", all);
    let base = format!("{}/repos/{}/commits/{sha}", world.url, repo.full_name);
    if let Some(body) = &mut answer.body {
        body["state"] = state.into();
        body["sha"] = sha.into();
        body["repository"] = world.minimal_repository(repo);
        body["url"] = format!("{base}/status").into();
        body["commit_url"] = base.into();
    }
    Ok(answer)
}

/// `POST /repos/{owner}/{repo}/statuses/{sha}`.
pub(super) fn status(world: &mut World, call: &Call) -> Answered {
    let fields = [
        ("state", Is::OneOf(&["error", "failure", "pending", "success"]), true),
        ("target_url", Is::Text(2048), false),
        ("description", Is::Text(140), false),
        ("context", Is::Text(255), false),
    ];
    check("Status", &call.body, &fields)?;
    let sha = call.argument("sha").to_owned();
    if !world.repo(call).commits.contains_key(&sha) {
        return Err(Answer::error(422, &format!("No commit found for SHA: {sha}")));
    }
    let mut sent = call.body.clone();
    if !sent.contains_key("context") {
        sent.insert("context".to_owned(), "default".into());
    }
    let creator = call.caller.user().unwrap_or_default().to_owned();
    world.person(&creator);
    let (id, at) = (world.id(), world.now());
    world.repo_mut(call).statuses.push(CommitStatus { id, sha, creator: creator.clone(), at, sent });
    let repo = world.repo(call);
    let mut body = world.commit_status_json(repo, &repo.statuses[repo.statuses.len() - 1]);
    body["creator"] = world.user_json(&creator);
    Ok(Answer::new(201, body))
}
