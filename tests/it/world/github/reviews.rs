//! How a run goes on: jobs that wait for a review, reviews, and running again.
//!
//! GitHub's rules, no kinder: a job on an environment that is not there makes it, unprotected; one approval of any reviewer
//! is enough; the history of reviews has no times and mixes the attempts.

use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answer, Answered, Call};
use super::deployments::Deployment;
use super::environments::{Protection, Reviewer};
use super::fields::{Is, check};
use super::runs::{Job, find};
use super::shapes::when;
use super::state::{Repo, World};

/// What GitHub says to whoever may not review what he names, for whatever reason.
pub(crate) const NOTHING_TO_REVIEW: &str = "No pending deployment requests to approve or reject";

/// A review as the run's history has it.
pub(super) struct Review {
    environments: Vec<u64>,
    user: String,
    state: &'static str,
    comment: String,
}

/// What is run again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rerun {
    All,
    /// What failed or was cancelled.
    Failed,
    /// One job, by id.
    Job(u64),
}

impl GitHub {
    /// Adds a leg to a run: a job that does nothing, so that it succeeds once its environment lets it through. Its id.
    pub(crate) fn job(&self, run: u64, name: &str, environment: Option<&str>) -> u64 {
        self.lock().add_job(run, name, environment, true)
    }

    /// Adds a job that runs until [`GitHub::finish_job`].
    pub(crate) fn running_job(&self, run: u64, name: &str, environment: Option<&str>) -> u64 {
        self.lock().add_job(run, name, environment, false)
    }

    /// Ends a job that runs: `success`, `failure`, `cancelled`.
    pub(crate) fn finish_job(&self, job: u64, conclusion: &str) {
        self.lock().finish(job, conclusion);
    }

    /// Ends a run's attempt.
    pub(crate) fn finish_run(&self, run: u64, conclusion: &'static str) {
        let mut world = self.lock();
        let (place, now) = (world.place_of(run), world.now());
        let found =
            world.repos.get_mut(&place).and_then(|repo| repo.runs.iter_mut().find(|one| one.id == run)).unwrap();
        found.conclusion = Some(conclusion);
        found.updated = now;
    }

    /// A person reviews, as on the site: `approved` or `rejected`. The error is what GitHub would say.
    pub(crate) fn review(
        &self,
        run: u64,
        environments: &[&str],
        user: &str,
        state: &'static str,
        comment: &str,
    ) -> Result<(), &'static str> {
        let mut world = self.lock();
        let repo = &world.repos[&world.place_of(run)];
        let ids: Option<Vec<u64>> = environments.iter().map(|name| repo.environment(name).map(|one| one.id)).collect();
        world.review(run, &ids.ok_or(NOTHING_TO_REVIEW)?, user, state, comment).map(drop)
    }

    /// An administrator starts all waiting jobs of an environment that lets administrators bypass it. It leaves no review.
    pub(crate) fn bypass(&self, run: u64, environment: &str, admin: &str) -> Result<(), &'static str> {
        let mut world = self.lock();
        let place = world.place_of(run);
        let lets = world.repos[&place].environment(environment).is_some_and(|one| one.protection.can_admins_bypass);
        if !lets || world.role_of(admin, &place) != "admin" {
            return Err("Not Found");
        }
        for job in world.waiting(run, environment) {
            world.let_through(job);
        }
        Ok(())
    }

    /// Has a new attempt list copies, with new ids and its number, of the jobs that are not run again. Whether GitHub does
    /// so is not documented: whoever reads jobs must be right with both.
    pub(crate) fn copy_jobs_over(&self) {
        self.lock().copies_jobs = true;
    }

    /// Runs a completed run again, or a part; the same commit, another triggering actor.
    pub(crate) fn rerun(&self, run: u64, what: Rerun, by: &str) {
        self.lock().rerun(run, what, by);
    }
}

impl World {
    fn add_job(&mut self, run: u64, name: &str, environment: Option<&str>, is_leg: bool) -> u64 {
        let (place, id, now) = (self.place_of(run), self.id(), self.now());
        if let Some(environment) = environment
            && self.repos[&place].environment(environment).is_none()
        {
            self.environment(&place, environment, Protection::default());
        }
        let found = self.repos.get_mut(&place).and_then(|repo| repo.runs.iter_mut().find(|one| one.id == run)).unwrap();
        assert!(found.conclusion.is_none(), "a run that has ended gets no more jobs");
        found.jobs.push(Job {
            id,
            attempt: found.attempt,
            name: name.to_owned(),
            environment: environment.map(str::to_owned),
            is_leg,
            is_approved: false,
            status: "waiting",
            conclusion: None,
            created: now,
            started: now,
            completed: None,
            deployment: None,
        });
        self.arrive(&place, id);
        id
    }

    /// What becomes of a job that came to its environment: it waits, it runs, or it may not.
    fn arrive(&mut self, place: &str, id: u64) {
        let repo = &self.repos[place];
        let (run, job) =
            repo.runs.iter().find_map(|run| Some((run, run.jobs.iter().find(|job| job.id == id)?))).unwrap();
        let environment = job.environment.as_deref().and_then(|name| repo.environment(name));
        let Some(environment) = environment else { return self.let_through(id) };
        let protection = &environment.protection;
        let may = repo.lets_deploy(protection, &run.spec.head_branch);
        let (sha, name) = (run.spec.head_sha.clone(), environment.name.clone());
        let (deployment, now) = (self.id(), self.now());
        let mut filed = Deployment::new(deployment, &sha, &sha, &name, "github-actions[bot]", now);
        filed.statuses.push((self.id(), "queued".to_owned(), Value::Null, now));
        self.person("github-actions[bot]");
        self.repos.get_mut(place).unwrap().deployments.push(filed);
        self.job(id).deployment = Some(deployment);
        if may { self.settle() } else { self.finish(id, "failure") }
    }

    /// Lets go what has nothing more to wait for.
    pub(super) fn settle(&mut self) {
        let now = self.now();
        let may = |repo: &Repo, job: &Job| {
            let environment = job.environment.as_deref().and_then(|name| repo.environment(name));
            environment.is_some_and(|one| {
                let minutes = i64::try_from(one.protection.wait_timer).unwrap_or(i64::MAX);
                let waited = now.as_second() - job.created.as_second() >= minutes.saturating_mul(60);
                waited && (job.is_approved || one.protection.reviewers.is_empty())
            })
        };
        let of = |repo: &Repo| -> Vec<u64> {
            let waiting = repo.runs.iter().flat_map(|run| &run.jobs).filter(|job| job.status == "waiting");
            waiting.filter(|job| may(repo, job)).map(|job| job.id).collect()
        };
        let due: Vec<u64> = self.repos.values().flat_map(of).collect();
        for job in due {
            self.let_through(job);
        }
    }

    fn job(&mut self, id: u64) -> &mut Job {
        let jobs = self.repos.values_mut().flat_map(|repo| &mut repo.runs).flat_map(|run| &mut run.jobs);
        jobs.into_iter().find(|job| job.id == id).expect("the job")
    }

    fn let_through(&mut self, id: u64) {
        let now = self.now();
        let job = self.job(id);
        job.status = "in_progress";
        job.started = now;
        if job.is_leg {
            self.finish(id, "success");
        }
    }

    fn finish(&mut self, id: u64, conclusion: &str) {
        let (now, status) = (self.now(), self.id());
        let job = self.job(id);
        assert!(job.status != "completed", "the job {:?} has ended before", job.name);
        job.status = "completed";
        job.conclusion = Some(conclusion.to_owned());
        job.completed = Some(now);
        let deployment = job.deployment;
        let state = if conclusion == "success" { "success" } else { "failure" };
        let filed =
            self.repos.values_mut().flat_map(|repo| &mut repo.deployments).find(|one| Some(one.id) == deployment);
        if let Some(filed) = filed {
            filed.statuses.push((status, state.to_owned(), Value::Null, now));
        }
    }

    /// The jobs of the present attempt that wait for an environment.
    fn waiting(&self, run: u64, environment: &str) -> Vec<u64> {
        let Some((_, run)) = self.run(run) else { return Vec::new() };
        let fits = |job: &&Job| {
            let named = job.environment.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(environment));
            job.attempt == run.attempt && job.status == "waiting" && !job.is_approved && named
        };
        run.jobs.iter().filter(fits).map(|job| job.id).collect()
    }

    /// Whether somebody may review for an environment in a run.
    fn may_review(&self, triggered_by: &str, protection: &Protection, user: &str) -> bool {
        let is_reviewer = protection.reviewers.iter().any(|reviewer| match reviewer {
            Reviewer::Team(slug) => self.in_team(slug, user) == Some(true),
            Reviewer::Person(login) => login.eq_ignore_ascii_case(user),
        });
        let is_person = self.users.get(&user.to_lowercase()).is_some_and(|user| !user.is_bot);
        // The one who started this attempt, whoever started the first.
        let is_own = protection.prevent_self_review && triggered_by.eq_ignore_ascii_case(user);
        is_person && is_reviewer && !is_own
    }

    /// Reviews: all of these environments, or none. The jobs that it was about.
    fn review(
        &mut self,
        run: u64,
        environments: &[u64],
        user: &str,
        state: &'static str,
        comment: &str,
    ) -> Result<Vec<u64>, &'static str> {
        let place = self.place_of(run);
        let (repo, found) = self.run(run).expect("the run");
        let mut jobs = Vec::new();
        for id in environments {
            let one = repo.environments.iter().find(|one| one.id == *id).ok_or(NOTHING_TO_REVIEW)?;
            let waiting = self.waiting(run, &one.name);
            if waiting.is_empty() || !self.may_review(&found.triggered_by, &one.protection, user) {
                return Err(NOTHING_TO_REVIEW);
            }
            jobs.extend(waiting);
        }
        if jobs.is_empty() {
            return Err(NOTHING_TO_REVIEW);
        }
        let login = self.users[&user.to_lowercase()].login.clone();
        let review = Review { environments: environments.to_vec(), user: login, state, comment: comment.to_owned() };
        let repo = self.repos.get_mut(&place).unwrap();
        repo.runs.iter_mut().find(|one| one.id == run).unwrap().reviews.push(review);
        for job in &jobs {
            if state == "approved" { self.job(*job).is_approved = true } else { self.finish(*job, "failure") }
        }
        self.settle();
        Ok(jobs)
    }

    fn rerun(&mut self, run: u64, what: Rerun, by: &str) {
        self.person(by);
        let (place, now) = (self.place_of(run), self.now());
        let found = self.repos.get_mut(&place).and_then(|repo| repo.runs.iter_mut().find(|one| one.id == run)).unwrap();
        assert!(found.conclusion.is_some(), "GitHub says: This workflow is already running");
        let before = found.attempt;
        found.attempt += 1;
        found.conclusion = None;
        by.clone_into(&mut found.triggered_by);
        (found.started, found.updated) = (now, now);
        let newest = |job: &&Job| !found.jobs.iter().any(|other| other.name == job.name && other.attempt > job.attempt);
        let picked = |job: &&Job| match what {
            Rerun::All => job.attempt <= before,
            Rerun::Failed => !matches!(job.conclusion.as_deref(), Some("success" | "skipped")),
            Rerun::Job(id) => job.id == id,
        };
        let (again, kept): (Vec<&Job>, Vec<&Job>) = found.jobs.iter().filter(newest).partition(picked);
        let (again, kept): (Vec<Job>, Vec<Job>) =
            (again.into_iter().cloned().collect(), kept.into_iter().cloned().collect());
        assert!(!again.is_empty(), "there is nothing to run again");
        let attempt = found.attempt;
        let kept = if self.copies_jobs { kept } else { Vec::new() };
        for job in kept {
            let copy = Job { id: self.id(), attempt, ..job };
            let repo = self.repos.get_mut(&place).unwrap();
            repo.runs.iter_mut().find(|one| one.id == run).unwrap().jobs.push(copy);
        }
        for job in again {
            self.add_job(run, &job.name, job.environment.as_deref(), job.is_leg);
        }
    }
}

/// `GET …/actions/runs/{run_id}/approvals`: no times, no attempts, no pages.
pub(super) fn approvals(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    let shown = run.reviews.iter().map(|review| {
        let environments = review.environments.iter().filter_map(|id| repo.environments.iter().find(|one| one.id == *id));
        let environments = environments.map(|one| {
            let mut body = world.environment_short(repo, one);
            body["created_at"] = when(Some(one.created));
            body["updated_at"] = when(Some(one.updated));
            body
        });
        json!({
            "environments": environments.collect::<Value>(), "user": world.user_json(&review.user), "state": review.state,
            "comment": review.comment,
        })
    });
    Ok(Answer::new(200, shown.collect()))
}

/// `GET …/actions/runs/{run_id}/pending_deployments`.
pub(super) fn pending(world: &mut World, call: &Call) -> Answered {
    let (repo, run) = find(world, call)?;
    let waited = repo.environments.iter().filter(|one| !world.waiting(run.id, &one.name).is_empty());
    let shown = waited.map(|one| {
        let user = call.caller.person().unwrap_or_default();
        let since = (one.protection.wait_timer > 0).then_some(run.started);
        json!({
            "environment": world.environment_short(repo, one), "wait_timer": one.protection.wait_timer,
            "wait_timer_started_at": when(since), "reviewers": world.reviewers_json(&one.protection),
            "current_user_can_approve": world.may_review(&run.triggered_by, &one.protection, user),
        })
    });
    Ok(Answer::new(200, shown.collect()))
}

/// `POST …/actions/runs/{run_id}/pending_deployments`: by a person who is a reviewer.
pub(super) fn post(world: &mut World, call: &Call) -> Answered {
    let fields = [
        ("environment_ids", Is::List(100), true),
        ("state", Is::OneOf(&["approved", "rejected"]), true),
        ("comment", Is::Text(65_536), true),
    ];
    check("PendingDeployment", &call.body, &fields)?;
    let id = find(world, call)?.1.id;
    let Some(user) = call.caller.person() else { return Err(world.lacking(call)) };
    let ids: Option<Vec<u64>> =
        call.body["environment_ids"].as_array().into_iter().flatten().map(Value::as_u64).collect();
    let ids =
        ids.ok_or_else(|| Answer::invalid("PendingDeployment", "environment_ids", "invalid", "must be integers"))?;
    let state = if call.text("state") == Some("approved") { "approved" } else { "rejected" };
    let comment = call.text("comment").unwrap_or_default();
    let jobs = world.review(id, &ids, user, state, comment).map_err(|why| Answer::error(422, why))?;
    let filed: Vec<_> = jobs.into_iter().filter_map(|job| world.job(job).deployment).collect();
    let repo = world.repo(call);
    let shown =
        repo.deployments.iter().filter(|one| filed.contains(&one.id)).map(|one| world.deployment_json(repo, one));
    Ok(Answer::new(200, shown.collect()))
}
