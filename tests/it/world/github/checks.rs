//! Check runs: those that Apps post, and one for each job. Commit statuses are beside them, in [`super::statuses`].

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Repository;
use super::answer::{Answer, Answered, Call};
use super::fields::{Is, check};
use super::runs::Job;
use super::shapes::{SITE, node, when};
use super::state::{Repo, World};
use super::tokens::Kind;

/// The App that workflows are: its id.
const ACTIONS: u64 = 15_368;

/// A check run.
#[derive(Clone)]
pub(super) struct CheckRun {
    id: u64,
    sha: String,
    suite: u64,
    app: (u64, String),
    status: String,
    conclusion: Value,
    started: Timestamp,
    completed: Option<Timestamp>,
    annotations: usize,
    /// `name`, `details_url`, `external_id`, `output`, as they were sent.
    sent: Map<String, Value>,
}

impl CheckRun {
    fn name(&self) -> &str {
        self.sent.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Takes over what was sent. Annotations are added to those that are there.
    fn take(&mut self, body: &Map<String, Value>, now: Timestamp) {
        for (field, value) in body {
            self.sent.insert(field.clone(), value.clone());
        }
        let output = body.get("output").unwrap_or(&Value::Null);
        self.annotations += output["annotations"].as_array().map_or(0, Vec::len);
        if let Some(status) = body.get("status").and_then(Value::as_str) {
            status.clone_into(&mut self.status);
        }
        if let Some(conclusion) = body.get("conclusion").filter(|value| !value.is_null()) {
            self.conclusion = conclusion.clone();
            "completed".clone_into(&mut self.status);
            self.completed = Some(now);
        }
        if self.status != "completed" {
            (self.conclusion, self.completed) = (Value::Null, None);
        }
    }

    fn is_green(&self) -> bool {
        matches!(self.conclusion.as_str(), Some("success" | "neutral" | "skipped"))
    }
}

impl Repository<'_> {
    /// Another App's check run: `completed`, `success`.
    pub(crate) fn check_run(&self, sha: &str, app: &str, name: &str, status: &str, conclusion: Option<&str>) -> u64 {
        let mut world = self.github.lock();
        let body = json!({"name": name, "status": status, "conclusion": conclusion});
        let body = body.as_object().unwrap().clone();
        let app = (app.bytes().map(u64::from).sum(), app.to_owned());
        world.add_check(&self.name.to_lowercase(), sha, app, &body)
    }

    /// The check runs of a commit that were posted, as GitHub shows them, oldest first: without those of jobs.
    pub(crate) fn checks_of(&self, sha: &str) -> Vec<Value> {
        let world = self.github.lock();
        let repo = &world.repos[&self.name.to_lowercase()];
        repo.checks.iter().filter(|one| one.sha == sha).map(|one| world.check_json(repo, one)).collect()
    }
}

impl Repo {
    /// The check runs of a commit: those that were posted, and one for each job of its runs.
    fn all_checks(&self, sha: &str) -> Vec<CheckRun> {
        let of_job = |job: &Job, suite: u64| {
            let url = format!("{SITE}/{}/job/{}", self.full_name, job.id);
            let sent = json!({"name": job.name, "details_url": url, "external_id": format!("job-{}", job.id)});
            CheckRun {
                id: job.id,
                sha: sha.to_owned(),
                suite,
                app: (ACTIONS, "github-actions".to_owned()),
                status: if job.status == "waiting" { "queued" } else { job.status }.to_owned(),
                conclusion: job.conclusion.clone().map_or(Value::Null, Value::String),
                started: job.started,
                completed: job.completed,
                annotations: 0,
                sent: sent.as_object().cloned().unwrap_or_default(),
            }
        };
        let runs = self.runs.iter().filter(|run| run.spec.head_sha == sha);
        let jobs = runs.flat_map(|run| run.jobs.iter().map(|job| of_job(job, run.suite)));
        self.checks.iter().filter(|one| one.sha == sha).cloned().chain(jobs).collect()
    }

    /// Whether these contexts, or all, are green.
    pub(super) fn is_green(&self, sha: &str, required: Option<&[String]>) -> bool {
        let checks = self.all_checks(sha);
        let statuses = self.newest_statuses(sha);
        match required {
            None => checks.iter().all(CheckRun::is_green) && statuses.iter().all(|one| one.is_green()),
            Some(names) => names.iter().all(|name| {
                let by_check = checks.iter().any(|one| one.name() == name && one.is_green());
                by_check || statuses.iter().any(|one| one.context() == name && one.is_green())
            }),
        }
    }
}

impl World {
    fn add_check(&mut self, place: &str, sha: &str, app: (u64, String), body: &Map<String, Value>) -> u64 {
        let (id, fresh, now) = (self.id(), self.id(), self.now());
        let repo = self.repos.get_mut(place).unwrap();
        // A suite cannot be chosen: what a workflow posts lands in the first suite that Actions has for the commit.
        let of_run = repo.runs.iter().find(|run| run.spec.head_sha == sha && app.0 == ACTIONS).map(|run| run.suite);
        let known = repo.checks.iter().find(|one| one.sha == sha && one.app == app).map(|one| one.suite);
        let suite = of_run.or(known).unwrap_or(fresh);
        let mut one = CheckRun {
            id,
            sha: sha.to_owned(),
            suite,
            app,
            status: "queued".to_owned(),
            conclusion: Value::Null,
            started: now,
            completed: None,
            annotations: 0,
            sent: Map::new(),
        };
        one.take(body, now);
        repo.checks.push(one);
        id
    }

    fn check_json(&self, repo: &Repo, one: &CheckRun) -> Value {
        let url = format!("{}/repos/{}/check-runs/{}", self.url, repo.full_name, one.id);
        let html = format!("{SITE}/{}/runs/{}", repo.full_name, one.id);
        let null = Value::Null;
        let output = one.sent.get("output").unwrap_or(&null);
        let details = one.sent.get("details_url").cloned().unwrap_or_else(|| html.clone().into());
        json!({
            "id": one.id, "node_id": node(one.id), "head_sha": one.sha, "name": one.name(), "url": url, "html_url": html,
            "details_url": details, "external_id": one.sent.get("external_id").cloned().unwrap_or_else(|| "".into()),
            "status": one.status, "conclusion": one.conclusion, "started_at": when(Some(one.started)),
            "completed_at": when(one.completed), "check_suite": {"id": one.suite}, "pull_requests": [],
            "output": {
                "title": output["title"], "summary": output["summary"], "text": output["text"],
                "annotations_count": one.annotations, "annotations_url": format!("{url}/annotations"),
            },
            "app": {
                "id": one.app.0, "slug": one.app.1, "node_id": node(one.app.0), "owner": self.organisation(),
                "name": one.app.1, "description": null, "external_url": SITE, "html_url": format!("{SITE}/apps/{}", one.app.1),
                "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
                "permissions": {"checks": "write"}, "events": [],
            },
        })
    }

    /// The App that the caller acts as.
    fn acting_app(&self, call: &Call) -> (u64, String) {
        match call.caller.kind() {
            Some(Kind::Workflow) => (ACTIONS, "github-actions".to_owned()),
            _ => (self.app.id, self.app.slug.clone()),
        }
    }
}

const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

fn check_body(call: &Call, is_new: bool) -> Result<(), Answer> {
    let fields = [
        ("name", Is::Text(255), is_new),
        ("head_sha", Is::Text(64), is_new),
        ("details_url", Is::Text(2048), false),
        ("external_id", Is::Text(1024), false),
        ("status", Is::OneOf(&STATUSES), false),
        ("conclusion", Is::OneOf(&CONCLUSIONS), false),
        ("started_at", Is::Text(40), false),
        ("completed_at", Is::Text(40), false),
        ("output", Is::Object, false),
        ("actions", Is::List(3), false),
    ];
    check("CheckRun", &call.body, &fields)?;
    let has = |field: &str| call.body.get(field).is_some_and(|value| !value.is_null());
    if (call.text("status") == Some("completed") || has("completed_at")) && !has("conclusion") {
        let why = "conclusion is required when status is completed or completed_at is given";
        return Err(Answer::invalid("CheckRun", "conclusion", "missing_field", why));
    }
    let Some(output) = call.body.get("output").and_then(Value::as_object) else { return Ok(()) };
    let fields = [
        ("title", Is::Text(255), true),
        ("summary", Is::Text(65_535), true),
        ("text", Is::Text(65_535), false),
        ("annotations", Is::List(50), false),
    ];
    check("CheckRun", output, &fields)?;
    let fields = [
        ("path", Is::Text(4096), true),
        ("start_line", Is::Number, true),
        ("end_line", Is::Number, true),
        ("annotation_level", Is::OneOf(&["notice", "warning", "failure"]), true),
        ("message", Is::Text(65_536), true),
        ("title", Is::Text(255), false),
        ("raw_details", Is::Text(65_536), false),
    ];
    for annotation in output.get("annotations").and_then(Value::as_array).into_iter().flatten() {
        let annotation = annotation.as_object().cloned().unwrap_or_default();
        check("CheckAnnotation", &annotation, &fields)?;
        let one_line = annotation.get("start_line") == annotation.get("end_line");
        if !one_line && annotation.contains_key("start_column") {
            return Err(Answer::invalid(
                "CheckAnnotation",
                "start_column",
                "custom",
                "columns need one and the same line",
            ));
        }
    }
    Ok(())
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/check-runs`.
pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let (repo, name) = (world.repo(call), call.argument("ref"));
    let no_commit = || Answer::error(422, &format!("No commit found for SHA: {name}"));
    let sha = repo.resolve(name).or_else(|| (name.len() == 40).then(|| name.to_owned())).ok_or_else(no_commit)?;
    let all = repo.all_checks(&sha);
    let newest = |one: &CheckRun| {
        !all.iter().any(|other| other.id > one.id && other.suite == one.suite && other.name() == one.name())
    };
    let fits = |one: &&CheckRun| {
        (call.query("filter") == Some("all") || newest(one))
            && call.query("check_name").is_none_or(|wanted| wanted == one.name())
            && call.wants("status", &one.status)
            && call.wants("app_id", &one.app.0.to_string())
    };
    Ok(call.counted("check_runs", all.iter().filter(fits).map(|one| world.check_json(repo, one)).collect()))
}

fn find(repo: &Repo, call: &Call) -> Result<usize, Answer> {
    let id = call.number("check_run_id")?;
    repo.checks.iter().position(|one| one.id == id).ok_or_else(Answer::not_found)
}

/// `GET /repos/{owner}/{repo}/check-runs/{check_run_id}`.
pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let repo = world.repo(call);
    Ok(Answer::new(200, world.check_json(repo, &repo.checks[find(repo, call)?])))
}

/// `POST /repos/{owner}/{repo}/check-runs`.
pub(super) fn create(world: &mut World, call: &Call) -> Answered {
    check_body(call, true)?;
    let sha = call.text("head_sha").unwrap_or_default().to_owned();
    if !world.repo(call).commits.contains_key(&sha) {
        return Err(Answer::error(422, &format!("No commit found for SHA: {sha}")));
    }
    let app = world.acting_app(call);
    world.add_check(&super::answer::key(call), &sha, app, &call.body);
    let repo = world.repo(call);
    Ok(Answer::new(201, world.check_json(repo, &repo.checks[repo.checks.len() - 1])))
}

/// `PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}`: by the App that made it only.
pub(super) fn update(world: &mut World, call: &Call) -> Answered {
    check_body(call, false)?;
    let (at, now, app) = (find(world.repo(call), call)?, world.now(), world.acting_app(call));
    let one = &mut world.repo_mut(call).checks[at];
    if one.app != app {
        let why =
            format!("Invalid app_id `{}` - check run can only be modified by the GitHub App that created it.", app.0);
        return Err(Answer::error(403, &why));
    }
    one.take(&call.body, now);
    get(world, call)
}
