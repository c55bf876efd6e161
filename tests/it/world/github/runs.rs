//! Runs of workflows and their jobs: what they are, and how they are shown. How they go on is in [`super::reviews`].

use jiff::Timestamp;
use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call, key};
use super::fields::{Is, check};
use super::reviews::Review;
use super::shapes::{SITE, node, when};
use super::state::{Repo, World};

/// A run, as it is started.
#[derive(Debug, Clone)]
pub(crate) struct RunSpec {
    pub(crate) repository: String,
    /// The workflow's file: `.github/workflows/promotion-workflow.yml`.
    pub(crate) workflow: String,
    pub(crate) event: String,
    pub(crate) actor: String,
    /// Empty for none (`null`).
    pub(crate) head_branch: String,
    /// Empty for the branch's tip.
    pub(crate) head_sha: String,
    /// A fork's name; empty for the repository itself.
    pub(crate) head_repository: String,
    /// How it ended: `success`. `None` for a run that goes on.
    pub(crate) conclusion: Option<&'static str>,
    /// Reusable workflows that it calls: `acme/ci/.github/workflows/test.yml@main`.
    pub(crate) calls: Vec<String>,
}

impl Default for RunSpec {
    fn default() -> Self {
        Self {
            repository: "acme/app".to_owned(),
            workflow: ".github/workflows/promotion-workflow.yml".to_owned(),
            event: "workflow_dispatch".to_owned(),
            actor: "octocat".to_owned(),
            head_branch: "main".to_owned(),
            head_sha: String::new(),
            head_repository: String::new(),
            conclusion: None,
            calls: Vec::new(),
        }
    }
}

/// A run.
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) number: usize,
    pub(super) workflow_id: u64,
    pub(super) suite: u64,
    pub(super) spec: RunSpec,
    pub(super) attempt: u64,
    pub(super) triggered_by: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// When the attempt began.
    pub(super) started: Timestamp,
    /// How the attempt ended.
    pub(super) conclusion: Option<&'static str>,
    pub(super) jobs: Vec<Job>,
    pub(super) reviews: Vec<Review>,
}

/// A job of one attempt of a run.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) attempt: u64,
    pub(super) name: String,
    pub(super) environment: Option<String>,
    /// It has but one step that does nothing: once let through, it succeeds.
    pub(super) is_leg: bool,
    /// A reviewer approved: what it still may wait for is time.
    pub(super) is_approved: bool,
    pub(super) status: &'static str,
    pub(super) conclusion: Option<String>,
    pub(super) created: Timestamp,
    pub(super) started: Timestamp,
    pub(super) completed: Option<Timestamp>,
    /// The deployment that it files.
    pub(super) deployment: Option<u64>,
}

impl Run {
    /// Where it stands: `waiting`, and so on.
    pub(super) fn status(&self) -> &'static str {
        let now = |status: &str| self.jobs.iter().any(|job| job.attempt == self.attempt && job.status == status);
        match self.conclusion {
            Some(_) => "completed",
            None if now("waiting") => "waiting",
            None => "in_progress",
        }
    }
}

impl GitHub {
    /// Starts a run; its id.
    pub(crate) fn run(&self, spec: RunSpec) -> u64 {
        self.repository(&spec.repository);
        self.lock().start_run(spec)
    }

    /// How a run stands: its attempt, status and conclusion.
    pub(crate) fn run_state(&self, run: u64) -> (u64, String, Option<String>) {
        let world = self.lock();
        let (_, run) = world.run(run).expect("the run");
        (run.attempt, run.status().to_owned(), run.conclusion.map(str::to_owned))
    }

    /// How a job stands: its status and conclusion.
    pub(crate) fn job_state(&self, job: u64) -> (String, Option<String>) {
        let world = self.lock();
        let all = world.repos.values().flat_map(|repo| &repo.runs).flat_map(|run| &run.jobs);
        let job = all.into_iter().find(|one| one.id == job).expect("the job");
        (job.status.to_owned(), job.conclusion.clone())
    }
}

impl World {
    pub(super) fn start_run(&mut self, mut spec: RunSpec) -> u64 {
        self.person(&spec.actor);
        let (id, suite, now) = (self.id(), self.id(), self.now());
        let fresh = self.id();
        let repo = self.repos.get_mut(&spec.repository.to_lowercase()).expect("the repository");
        if spec.head_sha.is_empty() {
            spec.head_sha = repo.branches.get(&spec.head_branch).cloned().unwrap_or_else(|| "0".repeat(40));
        }
        if spec.head_repository.is_empty() {
            spec.head_repository.clone_from(&repo.full_name);
        }
        let known = repo.workflows.iter().find(|(_, path)| *path == spec.workflow).map(|(id, _)| *id);
        let workflow_id = known.unwrap_or_else(|| {
            repo.workflows.push((fresh, spec.workflow.clone()));
            fresh
        });
        let number = repo.runs.iter().filter(|run| run.workflow_id == workflow_id).count() + 1;
        let (triggered_by, conclusion) = (spec.actor.clone(), spec.conclusion);
        repo.runs.push(Run {
            id,
            number,
            workflow_id,
            suite,
            spec,
            attempt: 1,
            triggered_by,
            created: now,
            updated: now,
            started: now,
            conclusion,
            jobs: Vec::new(),
            reviews: Vec::new(),
        });
        id
    }

    /// `workflow-run`.
    fn run_json(&self, repo: &Repo, run: &Run) -> Value {
        let (spec, url) = (&run.spec, format!("{}/repos/{}/actions/runs/{}", self.url, repo.full_name, run.id));
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let head = self.repos.get(&spec.head_repository.to_lowercase());
        let (head, head_id) = match head {
            Some(head) => (self.minimal_repository(head), head.id),
            None => {
                let fork = Repo::new(repo.id + 500_000, &spec.head_repository, repo.created);
                let mut shown = self.minimal_repository(&fork);
                shown["fork"] = true.into();
                (shown, fork.id)
            }
        };
        let commit = repo.commits.get(&spec.head_sha);
        let message = commit.map_or("", |commit| commit.message.as_str());
        let name = spec.workflow.rsplit('/').next().unwrap_or_default().trim_end_matches(".yml");
        let previous = (run.attempt > 1).then(|| format!("{url}/attempts/{}", run.attempt - 1));
        let called = spec.calls.iter().map(|path| json!({"path": path, "sha": spec.head_sha})).collect::<Value>();
        json!({
            "id": run.id, "name": name, "node_id": node(run.id), "check_suite_id": run.suite,
            "check_suite_node_id": node(run.suite), "workflow_id": run.workflow_id, "path": spec.workflow,
            "head_branch": (!spec.head_branch.is_empty()).then_some(&spec.head_branch), "head_sha": spec.head_sha,
            "run_number": run.number, "run_attempt": run.attempt, "event": spec.event, "status": run.status(),
            "conclusion": run.conclusion, "display_title": if message.is_empty() { name } else { message },
            "referenced_workflows": called, "pull_requests": [], "url": url,
            "html_url": format!("{SITE}/{}/actions/runs/{}", repo.full_name, run.id),
            "created_at": when(Some(run.created)), "updated_at": when(Some(run.updated)),
            "run_started_at": when(Some(run.started)), "actor": self.user_json(&spec.actor),
            "triggering_actor": self.user_json(&run.triggered_by), "previous_attempt_url": previous,
            "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"),
            "check_suite_url": format!("{base}/check-suites/{}", run.suite), "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
            "workflow_url": format!("{base}/actions/workflows/{}", run.workflow_id),
            "head_commit": commit.map(|commit| commit.simple()), "repository": self.minimal_repository(repo),
            "head_repository": head, "head_repository_id": head_id,
        })
    }

    fn job_json(&self, repo: &Repo, run: &Run, job: &Job) -> Value {
        let base = format!("{}/repos/{}", self.url, repo.full_name);
        let ran = job.status != "waiting" && job.conclusion.as_deref() != Some("skipped");
        let name = run.spec.workflow.rsplit('/').next().unwrap_or_default().trim_end_matches(".yml");
        json!({
            "id": job.id, "node_id": node(job.id), "run_id": run.id, "run_attempt": job.attempt,
            "run_url": format!("{base}/actions/runs/{}", run.id), "head_sha": run.spec.head_sha, "workflow_name": name,
            "head_branch": (!run.spec.head_branch.is_empty()).then_some(&run.spec.head_branch), "name": job.name,
            "url": format!("{base}/actions/jobs/{}", job.id),
            "html_url": format!("{SITE}/{}/actions/runs/{}/job/{}", repo.full_name, run.id, job.id),
            "status": job.status, "conclusion": job.conclusion, "created_at": when(Some(job.created)),
            "started_at": when(Some(job.started)), "completed_at": when(job.completed), "steps": [],
            "check_run_url": format!("{base}/check-runs/{}", job.id), "labels": ["ubuntu-24.04"],
            "runner_id": ran.then_some(7), "runner_name": ran.then_some("GitHub Actions 7"),
            "runner_group_id": ran.then_some(0), "runner_group_name": ran.then_some("GitHub Actions"),
        })
    }
}

/// The run that a request names.
pub(super) fn find<'a>(world: &'a World, call: &Call) -> Result<(&'a Repo, &'a Run), Answer> {
    let (repo, id) = (world.repo(call), call.number("run_id")?);
    let run = repo.runs.iter().find(|run| run.id == id).ok_or_else(Answer::not_found)?;
    Ok((repo, run))
}

/// `GET /repos/{owner}/{repo}/actions/runs`, and of one workflow: by file name or id. Newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let wanted = match call.argument("workflow_id") {
        "" => None,
        name => Some(find_workflow(repo, name)?.0),
    };
    let fits = |run: &&Run| {
        let status = |wanted: &str| wanted == run.status() || run.conclusion == Some(wanted);
        wanted.is_none_or(|id| run.workflow_id == id)
            && call.wants("head_sha", &run.spec.head_sha)
            && call.wants("event", &run.spec.event)
            && call.wants("branch", &run.spec.head_branch)
            && call.wants("actor", &run.spec.actor)
            && call.wants("check_suite_id", &run.suite.to_string())
            && call.query("status").is_none_or(status)
    };
    let found = repo.runs.iter().rev().filter(fits).map(|run| world.run_json(repo, run)).collect();
    Ok(call.counted("workflow_runs", found))
}

/// `GET /repos/{owner}/{repo}/actions/runs/{run_id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    Ok(Answer::new(200, world.run_json(repo, run)))
}

/// `GET …/actions/runs/{run_id}/jobs`: of the latest attempt, or of all.
pub(super) fn jobs(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    let all = match call.query("filter") {
        None | Some("latest") => false,
        Some("all") => true,
        Some(_) => return Err(Answer::invalid("Job", "filter", "invalid", "filter must be latest or all")),
    };
    let found = match all {
        true => run.jobs.iter().collect(),
        false => latest(run, run.attempt),
    };
    let shown = found.into_iter().map(|job| world.job_json(repo, run, job)).collect();
    Ok(call.counted("jobs", shown))
}

/// `GET …/actions/runs/{run_id}/attempts/{attempt_number}/jobs`.
pub(super) fn attempt(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    let attempt = call.number("attempt_number")?;
    if attempt == 0 || attempt > run.attempt {
        return Err(Answer::not_found());
    }
    let shown = latest(run, attempt).into_iter().map(|job| world.job_json(repo, run, job)).collect();
    Ok(call.counted("jobs", shown))
}

/// The jobs of an attempt: for those that were not run again, what the attempts before it left.
fn latest(run: &Run, attempt: u64) -> Vec<&Job> {
    let upto = || run.jobs.iter().filter(|job| job.attempt <= attempt);
    upto().filter(|job| !upto().any(|other| other.name == job.name && other.attempt > job.attempt)).collect()
}

fn find_workflow<'a>(repo: &'a Repo, name: &str) -> Result<&'a (u64, String), Answer> {
    let fits =
        |(id, path): &&(u64, String)| id.to_string() == name || path.rsplit('/').next() == Some(name) || path == name;
    repo.workflows.iter().find(fits).ok_or_else(Answer::not_found)
}

/// `GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}`.
pub(super) fn workflow(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    let (id, path) = find_workflow(repo, call.argument("workflow_id"))?;
    let file = path.rsplit('/').next().unwrap_or_default();
    let at = when(Some(repo.created));
    let body = json!({
        "id": id, "node_id": node(*id), "name": file.trim_end_matches(".yml"), "path": path, "state": "active",
        "created_at": at, "updated_at": at, "url": format!("{}/repos/{}/actions/workflows/{id}", world.url, repo.full_name),
        "html_url": format!("{SITE}/{}/blob/{}/{path}", repo.full_name, repo.default_branch),
        "badge_url": format!("{SITE}/{}/workflows/{file}/badge.svg", repo.full_name),
    });
    Ok(Answer::new(200, body))
}

/// `POST …/actions/workflows/{workflow_id}/dispatches`.
pub(super) fn dispatch(world: &mut World, call: &Call) -> Answered {
    let fields = [("ref", Is::Text(255), true), ("inputs", Is::Object, false), ("return_run_details", Is::Flag, false)];
    check("Workflow", &call.body, &fields)?;
    if call.body.get("inputs").and_then(Value::as_object).is_some_and(|inputs| inputs.len() > 25) {
        return Err(Answer::error(422, "you may only define up to 25 `inputs` for a `workflow_dispatch` event"));
    }
    let repo = world.repo(call);
    let (_, workflow) = find_workflow(repo, call.argument("workflow_id"))?.clone();
    let wanted = call.text("ref").unwrap_or_default();
    let branch = wanted.strip_prefix("refs/heads/").unwrap_or(wanted).to_owned();
    if !repo.branches.contains_key(&branch) {
        return Err(Answer::error(422, &format!("No ref found for: {wanted}")));
    }
    let (repository, name) = (key(call), repo.full_name.clone());
    let actor = call.caller.user().unwrap_or_default().to_owned();
    let id = world.start_run(RunSpec { repository, workflow, actor, head_branch: branch, ..RunSpec::default() });
    if call.body.get("return_run_details") != Some(&Value::Bool(true)) {
        return Ok(Answer::empty(204));
    }
    let run_url = format!("{}/repos/{name}/actions/runs/{id}", world.url);
    let html_url = format!("{SITE}/{name}/actions/runs/{id}");
    Ok(Answer::new(200, json!({"workflow_run_id": id, "run_url": run_url, "html_url": html_url})))
}

impl super::Repository<'_> {
    /// Has it know a workflow that never ran: `.github/workflows/promotion-workflow.yml`.
    pub(crate) fn workflow(&self, path: &str) -> u64 {
        let mut world = self.github.lock();
        let id = world.id();
        let repo = world.repos.get_mut(&self.name.to_lowercase()).expect("the repository");
        repo.workflows.push((id, path.to_owned()));
        id
    }
}
