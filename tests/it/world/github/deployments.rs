//! Deployments and their statuses.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, Answered, Call, key};
use super::fields::{Is, check};
use super::shapes::{merge, node, when};
use super::state::{Repo, World};

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

/// A deployment.
pub(super) struct Deployment {
    pub(super) id: u64,
    sha: String,
    reference: String,
    task: String,
    environment: String,
    description: Value,
    payload: Value,
    is_transient: bool,
    is_production: bool,
    creator: String,
    created: Timestamp,
    /// Id, state, what else was sent, when.
    pub(super) statuses: Vec<(u64, String, Value, Timestamp)>,
}

impl Deployment {
    pub(super) fn new(
        id: u64,
        sha: &str,
        reference: &str,
        environment: &str,
        creator: &str,
        created: Timestamp,
    ) -> Self {
        Self {
            id,
            sha: sha.to_owned(),
            reference: reference.to_owned(),
            task: "deploy".to_owned(),
            environment: environment.to_owned(),
            description: Value::Null,
            payload: json!({}),
            is_transient: false,
            is_production: environment == "production",
            creator: creator.to_owned(),
            created,
            statuses: Vec::new(),
        }
    }
}

impl World {
    /// `deployment`.
    pub(super) fn deployment_json(&self, repo: &Repo, one: &Deployment) -> Value {
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let url = format!("{base}/deployments/{}", one.id);
        let updated = one.statuses.last().map_or(one.created, |status| status.3);
        json!({
            "id": one.id, "node_id": node(one.id), "url": url, "sha": one.sha, "ref": one.reference, "task": one.task,
            "payload": one.payload, "original_environment": one.environment, "environment": one.environment,
            "description": one.description, "creator": self.user_json(&one.creator), "statuses_url": format!("{url}/statuses"),
            "repository_url": base, "created_at": when(Some(one.created)), "updated_at": when(Some(updated)),
            "transient_environment": one.is_transient, "production_environment": one.is_production,
        })
    }

    fn status_json(&self, repo: &Repo, one: &Deployment, status: &(u64, String, Value, Timestamp)) -> Value {
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let (url, at) = (format!("{base}/deployments/{}", one.id), when(Some(status.3)));
        let sent = |name: &str| status.2[name].as_str().unwrap_or_default();
        let mut body = json!({
            "id": status.0, "node_id": node(status.0), "url": format!("{url}/statuses/{}", status.0), "state": status.1,
            "creator": self.user_json(&one.creator), "description": sent("description"), "environment": one.environment,
            "target_url": sent("log_url"), "log_url": sent("log_url"),
            "deployment_url": url, "repository_url": base, "created_at": at, "updated_at": at,
        });
        if let Some(address) = status.2["environment_url"].as_str() {
            body["environment_url"] = address.into();
        }
        body
    }
}

impl super::Repository<'_> {
    /// The deployments to an environment, oldest first: who made each, and its states.
    pub(crate) fn deployments(&self, environment: &str) -> Vec<(String, Vec<String>)> {
        let states = |one: &Deployment| one.statuses.iter().map(|status| status.1.clone()).collect();
        self.with(|repo| {
            let there = repo.deployments.iter().filter(|one| one.environment == environment);
            there.map(|one| (one.creator.clone(), states(one))).collect()
        })
    }
}

/// `GET /repos/{owner}/{repo}/deployments`: newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let fits = |one: &&Deployment| {
        call.wants("sha", &one.sha)
            && call.wants("ref", &one.reference)
            && call.wants("task", &one.task)
            && call.wants("environment", &one.environment)
    };
    Ok(call.list(repo.deployments.iter().rev().filter(fits).map(|one| world.deployment_json(repo, one)).collect()))
}

/// `POST /repos/{owner}/{repo}/deployments`: 202 where it merged instead, 409 where the commit's checks are not green.
pub(super) fn create(world: &mut World, call: &Call) -> Answered {
    let fields = [
        ("ref", Is::Text(255), true),
        ("task", Is::Text(128), false),
        ("auto_merge", Is::Flag, false),
        ("required_contexts", Is::List(1000), false),
        ("payload", Is::Any, false),
        ("environment", Is::Text(255), false),
        ("description", Is::Text(140), false),
        ("transient_environment", Is::Flag, false),
        ("production_environment", Is::Flag, false),
    ];
    check("Deployment", &call.body, &fields)?;
    let repo = world.repo(call);
    let reference = call.text("ref").unwrap_or_default();
    let sha = repo.resolve(reference).ok_or_else(|| Answer::error(422, &format!("No ref found for: {reference}")))?;
    let flag = |name: &str| call.body.get(name).and_then(Value::as_bool);
    let base = repo.branches.get(&repo.default_branch);
    if flag("auto_merge") != Some(false) && base.is_some_and(|base| !repo.reaches(&sha, base)) {
        let message = format!("Auto-merged {} into {reference} on deployment.", repo.default_branch);
        return Ok(Answer::new(202, json!({ "message": message })));
    }
    let required = call.body.get("required_contexts").and_then(Value::as_array);
    let required = required.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
    if !repo.is_green(&sha, required.as_deref()) {
        return Err(Answer::error(409, &format!("Conflict: Commit status checks failed for {reference}.")));
    }
    let environment = call.text("environment").unwrap_or("production").to_owned();
    let (id, now) = (world.id(), world.now());
    let creator = call.caller.user().unwrap_or_default().to_owned();
    world.person(&creator);
    let mut one = Deployment::new(id, &sha, reference, &environment, &creator, now);
    call.text("task").unwrap_or("deploy").clone_into(&mut one.task);
    one.payload = call.body.get("payload").cloned().unwrap_or_else(|| json!({}));
    one.description = call.body.get("description").cloned().unwrap_or_default();
    one.is_transient = flag("transient_environment").unwrap_or(false);
    one.is_production = flag("production_environment").unwrap_or(one.is_production);
    // A name that was never used becomes an environment here too.
    let place = key(call);
    if world.repos[&place].environment(&environment).is_none() {
        world.environment(&place, &environment, super::Protection::default());
    }
    world.repo_mut(call).deployments.push(one);
    let repo = world.repo(call);
    Ok(Answer::new(201, world.deployment_json(repo, &repo.deployments[repo.deployments.len() - 1])))
}

fn find(repo: &Repo, call: &Call) -> Result<usize, Answer> {
    let id = call.number("deployment_id")?;
    repo.deployments.iter().position(|one| one.id == id).ok_or_else(Answer::not_found)
}

/// `GET …/deployments/{deployment_id}/statuses`: newest first.
pub(super) fn statuses(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let one = &repo.deployments[find(repo, call)?];
    Ok(call.list(one.statuses.iter().rev().map(|status| world.status_json(repo, one, status)).collect()))
}

/// `POST …/deployments/{deployment_id}/statuses`. A success makes the older ones of its environment inactive.
pub(super) fn set_status(world: &mut World, call: &Call) -> Answered {
    let fields = [
        ("state", Is::OneOf(&STATES), true),
        ("log_url", Is::Text(1024), false),
        ("target_url", Is::Text(1024), false),
        ("environment_url", Is::Text(1024), false),
        ("description", Is::Text(140), false),
        ("environment", Is::Text(255), false),
        ("auto_inactive", Is::Flag, false),
    ];
    check("DeploymentStatus", &call.body, &fields)?;
    let at = find(world.repo(call), call)?;
    let (id, now) = (world.id(), world.now());
    let state = call.text("state").unwrap_or_default().to_owned();
    let mut sent = json!({});
    merge(&mut sent, Value::Object(call.body.clone()));
    if sent["log_url"].is_null() {
        sent["log_url"] = sent["target_url"].clone();
    }
    let environment = world.repo(call).deployments[at].environment.clone();
    let quietens = state == "success" && call.body.get("auto_inactive") != Some(&Value::Bool(false));
    let succeeded = |one: &Deployment| one.statuses.last().is_some_and(|last| last.1 == "success");
    let older: Vec<usize> = (0..at).filter(|_| quietens).collect();
    for other in older {
        let fresh = world.id();
        let one = &mut world.repo_mut(call).deployments[other];
        if one.environment == environment && !one.is_transient && !one.is_production && succeeded(one) {
            one.statuses.push((fresh, "inactive".to_owned(), Value::Null, now));
        }
    }
    world.repo_mut(call).deployments[at].statuses.push((id, state, sent, now));
    let repo = world.repo(call);
    let one = &repo.deployments[at];
    Ok(Answer::new(201, world.status_json(repo, one, &one.statuses[one.statuses.len() - 1])))
}
