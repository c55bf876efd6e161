//! An honest stand-in for GitHub's REST API: one organisation, `acme`, its people, teams and repositories. It answers in the
//! shapes of GitHub's own description, and refuses what the real one refuses: see `/repos/…` in [`routes`] for what it knows.
//!
//! ```ignore
//! let github = GitHub::start();                                   // acme/app is there, and the person `octocat`
//! github.team("sre-team", &["alice", "bob"]);
//! let app = github.repository("acme/app");
//! let sha = app.commit("main", "octocat", "Release 1.15", &[("k8s/app.yaml", "…")]);
//! app.environment("production-approval-sre", Protection { reviewers: vec![team("sre-team")], ..Protection::default() });
//! let token = github.token(Token::workflow("acme/app", &[("actions", "read"), ("checks", "write")]));
//!
//! let run = github.run(RunSpec { head_sha: sha, actor: "octocat".into(), ..RunSpec::default() });
//! let leg = github.job(run, "approve (sre) 1a2b3c", Some("production-approval-sre"));
//! assert_eq!(github.job_state(leg), ("waiting".into(), None));
//! github.review(run, &["production-approval-sre"], "alice", "approved", "Ship it!").unwrap();
//! assert_eq!(github.job_state(leg), ("completed".into(), Some("success".into())));
//!
//! github.trouble("POST", "/check-runs", Trouble::Status(502), 1); // the next such request
//! promote(["--…"], [("GITHUB_API_URL", github.url()), ("GITHUB_TOKEN", token)]);
//! assert_eq!(github.requests_matching("POST", "/check-runs").len(), 2);
//! ```
//!
//! What is set up by plain methods stands beside what answers for it: [`runs`], [`reviews`], [`artifacts`], [`checks`],
//! [`pulls`], [`comments`], [`deployments`], [`alerts`], [`commits`], [`environments`], [`people`], [`apps`]. Time is the real
//! clock's, and moves further by [`GitHub::pass`]. Repositories are private: without a permission nothing is seen.
#![allow(dead_code, unused_imports, clippy::allow_attributes, reason = "the tests and the examples each use a part")]
#![expect(clippy::unwrap_used, reason = "a world that cannot be set up ends the test")]

mod admission;
pub(crate) mod alerts;
mod answer;
pub(crate) mod apps;
pub(crate) mod artifacts;
mod blame;
mod blobs;
pub(crate) mod checks;
mod comments;
pub(crate) mod commits;
mod contents;
pub(crate) mod contract;
mod deployments;
pub(crate) mod environments;
mod fields;
mod graphql;
mod history;
mod people;
pub(crate) mod pulls;
pub(crate) mod reviews;
pub(crate) mod routes;
pub(crate) mod runs;
mod server;
mod shapes;
mod state;
mod statuses;
mod tokens;
pub(crate) mod zip;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::blobs::Blobs;
use self::server::Listening;
use self::state::{Repo, World};

pub(crate) use self::environments::{Protection, person, team};
pub(crate) use self::runs::RunSpec;
pub(crate) use self::server::{Request, Trouble};
pub(crate) use self::tokens::Token;

/// The stand-in. It stops when it is dropped.
pub(crate) struct GitHub {
    world: Arc<Mutex<World>>,
    api: Listening,
    blobs: Listening,
}

/// One of its repositories, to be set up and looked at.
pub(crate) struct Repository<'a> {
    github: &'a GitHub,
    name: String,
}

impl GitHub {
    /// Starts it on a free port, its blob store on another. The repository `acme/app` is there, private, and `octocat`,
    /// who may write.
    pub(crate) fn start() -> Self {
        let world = Arc::new(Mutex::new(World::new()));
        let store = Arc::new(Mutex::new(Blobs::default()));
        let blobs = blobs::listen(Arc::clone(&store), Arc::clone(&world));
        let api = server::listen(Arc::clone(&world));
        let github = Self { world, api, blobs };
        {
            let mut world = github.lock();
            world.url = github.api.url();
            world.blob_url = github.blobs.url();
            world.blobs = store;
        }
        github.person("octocat");
        github.repository("acme/app");
        github
    }

    /// What `GITHUB_API_URL` may be.
    pub(crate) fn url(&self) -> String {
        self.api.url()
    }

    /// The same as a GitHub Enterprise Server has it: below `/api/v3`.
    pub(crate) fn enterprise_url(&self) -> String {
        format!("{}/api/v3", self.api.url())
    }

    /// Has links begin so: what stands before it.
    pub(crate) fn known_as(&self, url: &str) {
        url.clone_into(&mut self.lock().url);
    }

    /// A repository, made if it is not there: `acme/gitops`.
    pub(crate) fn repository(&self, name: &str) -> Repository<'_> {
        let mut world = self.lock();
        if !world.repos.contains_key(&name.to_lowercase()) {
            let id = world.id();
            let now = world.now();
            world.repos.insert(name.to_lowercase(), Repo::new(id, name, now));
        }
        drop(world);
        Repository { github: self, name: name.to_owned() }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: Duration) {
        let mut world = self.lock();
        world.ahead += i64::try_from(span.as_secs()).expect("a span in seconds");
        world.settle();
    }

    /// The requests so far, but those for blobs.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().log.clone()
    }

    /// The requests so far by this method (any, if empty) whose path holds this text.
    pub(crate) fn requests_matching(&self, method: &str, path: &str) -> Vec<Request> {
        let fits = |request: &Request| (method.is_empty() || request.method == method) && request.path.contains(path);
        self.requests().into_iter().filter(fits).collect()
    }

    /// The next so many requests by this method (any, if empty) whose path holds this text meet a trouble.
    pub(crate) fn trouble(&self, method: &str, path: &str, trouble: Trouble, times: usize) {
        self.lock().troubles.push((method.to_owned(), path.to_owned(), trouble, times));
    }

    /// Does something before the n-th request from the start (from 1) is answered.
    pub(crate) fn on_request(&self, n: usize, action: impl FnOnce() + Send + 'static) {
        self.lock().actions.push((n, Box::new(action)));
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository<'_> {
    /// Its name: `acme/app`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Makes it public, or private again.
    pub(crate) fn public(&self, is_public: bool) -> &Self {
        self.with(|repo| repo.private = !is_public);
        self
    }

    /// Whether the plan of its owner has required reviewers for private repositories too. It has, until this is called.
    pub(crate) fn enterprise(&self, has: bool) -> &Self {
        self.with(|repo| repo.enterprise = has);
        self
    }

    /// Makes it an archive: nothing can be written.
    pub(crate) fn archive(&self) -> &Self {
        self.with(|repo| repo.archived = true);
        self
    }

    /// Gives a person a role in it: `admin`, `write`, `read` or `none`. Who has none given may read.
    pub(crate) fn role(&self, login: &str, role: &'static str) -> &Self {
        self.github.person(login);
        self.with(|repo| repo.roles.insert(login.to_lowercase(), role));
        self
    }

    fn with<T>(&self, change: impl FnOnce(&mut Repo) -> T) -> T {
        let mut world = self.github.lock();
        change(world.repos.get_mut(&self.name.to_lowercase()).expect("the repository"))
    }
}
