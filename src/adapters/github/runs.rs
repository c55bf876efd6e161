//! Workflow runs: what started one, its jobs, and who reviewed its environments.

use serde::Deserialize;

use crate::adapters::github::client::Client;
use crate::adapters::github::people::User;
use crate::adapters::github::transcript::Transcript;
use crate::ports::Fault;
use crate::promotion::approvals::facts::{JobFacts, Person, Review, RunFacts};
use crate::promotion::time::Time;

#[derive(Deserialize)]
struct Run {
    id: u64,
    #[serde(default = "first")]
    run_attempt: u32,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    actor: Option<User>,
    #[serde(default)]
    triggering_actor: Option<User>,
    created_at: Time,
    #[serde(default)]
    html_url: String,
    repository: Repository,
    #[serde(default)]
    head_repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Job {
    name: String,
    #[serde(default = "first")]
    run_attempt: u32,
    #[serde(default)]
    status: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    completed_at: Option<String>,
}

impl Job {
    /// Whether a later attempt lists this job again, though it did not run in it: the same name, begin, end and conclusion.
    fn is_listed_again_by(&self, later: &Self) -> bool {
        let ran =
            |job: &Self| (job.name.clone(), job.started_at.clone(), job.completed_at.clone(), job.conclusion.clone());
        let ended = self.started_at.is_some() && self.completed_at.is_some();
        ended && self.run_attempt < later.run_attempt && ran(self) == ran(later)
    }
}

#[derive(Deserialize)]
struct Approval {
    state: String,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    environments: Vec<Numbered>,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

/// An environment whose review a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub environment: u64,
    /// Its name.
    pub name: String,
    /// Whether the token's user could approve it.
    pub ours: bool,
}

fn first() -> u32 {
    1
}

impl Client {
    /// A run of the repository, without its jobs and reviews; `None` if there is none. Needs `actions: read`.
    pub fn run(&self, id: u64) -> Result<Option<RunFacts>, Fault> {
        let number = id.to_string();
        let doing = format!("read the workflow run {id}");
        let run: Option<Run> = self.get_optional(&doing, &self.route(&["actions", "runs", &number]), &[])?;
        Ok(run.map(RunFacts::from))
    }

    /// A run's jobs, of all attempts. Needs `actions: read`.
    pub fn jobs(&self, id: u64) -> Result<Vec<JobFacts>, Fault> {
        let route = self.route(&["actions", "runs", &id.to_string(), "jobs"]);
        let jobs: Vec<Job> =
            self.pages(&format!("list the jobs of run {id}"), &route, &[("filter", "all")], Some("jobs"))?;
        // Whether GitHub lists in a later attempt what was not run again is not documented: it counts where it ran.
        let ran = |job: &&Job| !jobs.iter().any(|earlier| earlier.is_listed_again_by(job));
        let facts = |job: &Job| JobFacts {
            name: job.name.clone(),
            attempt: job.run_attempt,
            status: job.status.clone(),
            conclusion: job.conclusion.clone(),
        };
        Ok(jobs.iter().filter(ran).map(facts).collect())
    }

    /// The environments whose reviews a run waits for. Needs `actions: read`.
    pub fn pending(&self, id: u64) -> Result<Vec<Pending>, Fault> {
        #[derive(Deserialize)]
        struct Waiting {
            environment: Named,
            #[serde(default)]
            current_user_can_approve: bool,
        }
        #[derive(Deserialize)]
        struct Named {
            id: u64,
            #[serde(default)]
            name: String,
        }
        let route = self.route(&["actions", "runs", &id.to_string(), "pending_deployments"]);
        let all: Vec<Waiting> = self.get(&format!("read what run {id} waits for"), &route, &[])?;
        let pending = |Waiting { environment: Named { id, name }, current_user_can_approve: ours }| Pending {
            environment: id,
            name,
            ours,
        };
        Ok(all.into_iter().map(pending).collect())
    }
}

/// The reviews of a run's environments, of all attempts: GitHub says neither when they were given nor in which. Needs
/// `actions: read`.
pub fn reviews(transcript: &Transcript<'_>, id: u64) -> Result<Vec<Review>, Fault> {
    let route = transcript.client().route(&["actions", "runs", &id.to_string(), "approvals"]);
    let doing = format!("read the reviews of run {id}");
    let all: Vec<Approval> = transcript.get_optional(&doing, &route)?.unwrap_or_default();
    let review = |Approval { state, comment, environments, user }| Review {
        state,
        comment: comment.unwrap_or_default(),
        environments: environments.into_iter().map(|environment: Numbered| environment.id).collect(),
        user: user.map(Person::from),
    };
    Ok(all.into_iter().map(review).collect())
}

impl From<Run> for RunFacts {
    fn from(run: Run) -> Self {
        let path = run.path.unwrap_or_default();
        Self {
            id: run.id,
            attempt: run.run_attempt,
            path: path.split('@').next().unwrap_or_default().to_owned(),
            event: run.event,
            branch: run.head_branch,
            commit: run.head_sha,
            repository: run.repository.full_name,
            head_repository: run.head_repository.map(|repository| repository.full_name),
            actor: run.actor.map(Person::from),
            triggering_actor: run.triggering_actor.map(Person::from),
            created: run.created_at,
            url: run.html_url,
            conclusion: run.conclusion,
            jobs: Vec::new(),
            reviews: Vec::new(),
        }
    }
}
