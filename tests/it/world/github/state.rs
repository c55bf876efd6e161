//! What the stand-in remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::alerts::Alerts;
use super::apps::App;
use super::artifacts::Artifact;
use super::blobs::Blobs;
use super::checks::CheckRun;
use super::comments::Comment;
use super::commits::Commit;
use super::deployments::Deployment;
use super::environments::Environment;
use super::people::{Team, User};
use super::pulls::Pull;
use super::runs::Run;
use super::server::{Request, Trouble};
use super::statuses::CommitStatus;
use super::tokens::Issued;

/// Done before the n-th request.
pub(super) type Action = (usize, Box<dyn FnOnce() + Send>);

/// Everything.
pub(super) struct World {
    pub(super) url: String,
    pub(super) blob_url: String,
    pub(super) blobs: Arc<Mutex<Blobs>>,
    /// Seconds that time is ahead of the real clock.
    pub(super) ahead: i64,
    /// Whether a new attempt has copies of the jobs that are not run again.
    pub(super) copies_jobs: bool,
    ids: u64,
    pub(super) users: BTreeMap<String, User>,
    pub(super) teams: BTreeMap<String, Team>,
    pub(super) repos: BTreeMap<String, Repo>,
    pub(super) tokens: BTreeMap<String, Issued>,
    pub(super) app: App,
    pub(super) log: Vec<Request>,
    pub(super) troubles: Vec<(String, String, Trouble, usize)>,
    pub(super) actions: Vec<Action>,
}

/// A repository.
pub(super) struct Repo {
    pub(super) id: u64,
    pub(super) full_name: String,
    pub(super) default_branch: String,
    pub(super) private: bool,
    pub(super) archived: bool,
    pub(super) enterprise: bool,
    pub(super) actions_approve_pulls: bool,
    pub(super) created: Timestamp,
    pub(super) roles: BTreeMap<String, &'static str>,
    pub(super) environments: Vec<Environment>,
    pub(super) workflows: Vec<(u64, String)>,
    pub(super) runs: Vec<Run>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) commits: BTreeMap<String, Commit>,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) protected: BTreeSet<String>,
    pub(super) rules: BTreeMap<String, Vec<serde_json::Value>>,
    pub(super) checks: Vec<CheckRun>,
    pub(super) statuses: Vec<CommitStatus>,
    pub(super) pulls: Vec<Pull>,
    pub(super) issues: BTreeSet<u64>,
    pub(super) comments: Vec<Comment>,
    pub(super) deployments: Vec<Deployment>,
    pub(super) alerts: Alerts,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            url: String::new(),
            blob_url: String::new(),
            blobs: Arc::default(),
            ahead: 0,
            copies_jobs: false,
            ids: 1000,
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            repos: BTreeMap::new(),
            tokens: BTreeMap::new(),
            app: App::default(),
            log: Vec::new(),
            troubles: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// A number that was never used.
    pub(super) fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// Now, in whole seconds, as GitHub tells time.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(Timestamp::now().as_second() + self.ahead).expect("a time")
    }

    /// The run of this number, with its repository's key.
    pub(super) fn run(&self, run: u64) -> Option<(&Repo, &Run)> {
        self.repos.values().find_map(|repo| repo.runs.iter().find(|one| one.id == run).map(|one| (repo, one)))
    }

    /// The repository that a run belongs to, by key.
    pub(super) fn place_of(&self, run: u64) -> String {
        let (repo, _) = self.run(run).unwrap_or_else(|| panic!("there is no run {run}"));
        repo.full_name.to_lowercase()
    }
}

impl Repo {
    pub(super) fn new(id: u64, full_name: &str, created: Timestamp) -> Self {
        Self {
            id,
            full_name: full_name.to_owned(),
            default_branch: "main".to_owned(),
            private: true,
            archived: false,
            enterprise: true,
            actions_approve_pulls: false,
            created,
            roles: BTreeMap::from([("octocat".to_owned(), "write")]),
            environments: Vec::new(),
            workflows: Vec::new(),
            runs: Vec::new(),
            artifacts: Vec::new(),
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            protected: BTreeSet::new(),
            rules: BTreeMap::new(),
            checks: Vec::new(),
            statuses: Vec::new(),
            pulls: Vec::new(),
            issues: BTreeSet::new(),
            comments: Vec::new(),
            deployments: Vec::new(),
            alerts: Alerts::default(),
        }
    }

    pub(super) fn owner(&self) -> &str {
        self.full_name.split('/').next().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.full_name.split('/').next_back().unwrap_or_default()
    }

    pub(super) fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|one| one.name.eq_ignore_ascii_case(name))
    }
}
