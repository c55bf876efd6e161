//! Wiring: settings become the adapters that a run works with.

pub mod github;
pub mod runtime;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Runtime;

use crate::adapters::alerts;
use crate::adapters::argocd::ArgoCd;
use crate::adapters::argocd::options::Options;
use crate::adapters::argocd::server::{Login, ServerSettings};
use crate::adapters::clock::SystemClock;
use crate::adapters::evidence::files::{self, Reader};
use crate::adapters::evidence::packages::{self, Package};
use crate::adapters::evidence::tally::Asked;
use crate::adapters::git::address::Address;
use crate::adapters::git::store::Access;
use crate::adapters::github::client::{Client, ClientSettings, Credential};
use crate::adapters::github::dispatch;
use crate::adapters::github::evidence as at_github;
use crate::adapters::github::evidence::asking::{Artifact, Asking};
use crate::adapters::github::repository;
use crate::adapters::gitops::{GitOps, GitOpsSettings, RepoSettings};
use crate::adapters::health::{self, scenario};
use crate::adapters::http::server::Server;
use crate::adapters::http::{Http, HttpSettings};
use crate::adapters::ledger::Records;
use crate::adapters::prometheus;
use crate::adapters::workspace::{Around, tree};
use crate::app::mask::Mask;
use crate::app::settings::Settings;
use crate::app::settings::monitoring::{self, Monitoring, Names};
use crate::app::wiring::github::GitHubDoor;
use crate::app::wiring::runtime::{http_settings, runtime};
use crate::pipeline::job::{Halt, Job};
use crate::ports::{About, Clock as _, Evidence, Fault, FaultKind, RulesNow, World};
use crate::promotion::event::Event;
use crate::promotion::facts::{Reading, Subject, SubjectKnown};
use crate::promotion::rules::github::GitHubSource;
use crate::promotion::rules::health::{HealthCheck, Smoke, SmokeDoes};
use crate::promotion::rules::live::{AlertsFrom, AlertsSource};
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::smoked::{SmokeRun, Smoked};

/// How long a comparison with git may keep us waiting for Argo CD's answer; it goes on without us.
const REFRESH: std::time::Duration = std::time::Duration::from_secs(20);

/// The variable that holds the GitOps token, for hints.
const TOKEN: &str = "GITOPS_TOKEN";

/// The adapters of a run, and the runtime that they block on.
pub struct Wired<'g> {
    /// Evidence: files and health checks.
    pub evidence: Workspace,
    /// GitOps repositories.
    pub delivery: GitOps,
    /// Argo CD, where the target names applications.
    pub deployer: Option<ArgoCd>,
    /// The ledger.
    pub ledger: Records,
    github: Option<&'g GitHubDoor>,
    _runtime: Runtime,
}

/// What was opened or fetched before the adapters are.
#[derive(Clone, Copy, Default)]
pub struct Given<'g> {
    /// GitHub, where the settings name it.
    pub github: Option<&'g GitHubDoor>,
    /// Where evidence files are; absent: the working directory.
    pub evidence: Option<&'g Path>,
}

impl Wired<'_> {
    /// The world, as the road is given it.
    pub fn world<'a>(
        &'a self,
        clock: &'a SystemClock,
        tell: &'a dyn Fn(&Event),
        rules: &'a dyn Fn() -> Result<RulesNow, Fault>,
    ) -> World<'a> {
        World {
            evidence: &self.evidence,
            delivery: &self.delivery,
            approvals: self.github.map(|github| &github.approvals as _),
            deployer: self.deployer.as_ref().map(|deployer| deployer as _),
            ledger: &self.ledger,
            clock,
            tell,
            rules,
        }
    }
}

/// Evidence from the working directory and from GitHub, and health checks over HTTP.
pub struct Workspace {
    root: PathBuf,
    commit: Option<String>,
    http: Http,
    clock: SystemClock,
    mask: Mask,
    /// The repository that promote runs for, where GitHub is configured.
    github: Option<Arc<Client>>,
    /// The workflow run that this is.
    own_run: Option<u64>,
    /// Prometheus, or why there is none to ask.
    prometheus: Result<Server, Fault>,
    /// Alertmanager, or why there is none to ask.
    alertmanager: Result<Server, Fault>,
    /// The same repository, for whoever starts workflows.
    dispatcher: Option<Arc<Client>>,
}

impl Workspace {
    fn at_github(&self, source: &GitHubSource, about: &About<'_>) -> Reading {
        let Some(client) = &self.github else { return no_github() };
        let now = self.clock.now();
        let parse = |artifacts: Vec<Artifact>, globs: &[String], format| {
            let package = |Artifact { name, file, bytes }| Package { name, file, bytes };
            let wanted = packages::Wanted { globs, format, service: about.service, environment: about.environment };
            let asked = Asked { parts: about.parts.to_vec(), waivers: Arc::clone(about.waivers) };
            packages::read(artifacts.into_iter().map(package).collect(), &wanted, &Reader::new(asked, &self.clock))
        };
        at_github::read(client, source, &Asking { about, own_run: self.own_run, now, parse: &parse })
    }

    fn alerts(&self, source: &AlertsSource, about: &About<'_>) -> Reading {
        let server = match source.from {
            AlertsFrom::Alertmanager => &self.alertmanager,
            AlertsFrom::Prometheus => &self.prometheus,
        };
        match server {
            Ok(server) => alerts::read(&server.in_all(about.within), source, about, alerts::WARM),
            Err(fault) => unreachable_server(fault),
        }
    }
}

fn no_github() -> Reading {
    let why = "no GitHub is configured: set GITHUB_TOKEN (or github-token) and GITHUB_REPOSITORY";
    Reading::Unreadable { why: why.to_owned(), files: Vec::new() }
}

impl Evidence for Workspace {
    /// What a file says of its own subject stands; where it says nothing, the caller's word is noted as a claim.
    fn read(&self, sources: &[&Source], about: &About<'_>) -> Reading {
        let mut reading = match sources.first().map(|source| &source.kind) {
            Some(SourceKind::GitHub(source)) => self.at_github(source, about),
            Some(SourceKind::Prometheus(source)) => match &self.prometheus {
                Ok(server) => prometheus::read(&server.in_all(about.within), source, &self.root, about, &self.clock),
                Err(fault) => unreachable_server(fault),
            },
            Some(SourceKind::Alerts(source)) => self.alerts(source, about),
            _ => files::read(&self.root, sources, about, &self.clock),
        };
        let is_file = matches!(sources.first().map(|source| &source.kind), Some(SourceKind::Files { .. }));
        if let (true, Reading::Observed(observation), Some(commit)) = (is_file, &mut reading, &self.commit) {
            let claim = || Subject::of(commit.clone(), SubjectKnown::Claimed);
            observation.subject.get_or_insert_with(claim);
        }
        // A careless test prints what it logs in with; reports and records quote it.
        self.mask.hide_in(reading).unwrap_or_else(|| Reading::Unreadable {
            why: "a secret of this run stands in it where it cannot be hidden".to_owned(),
            files: Vec::new(),
        })
    }

    fn probe(&self, check: &HealthCheck, service: &str, environment: &str) -> Reading {
        health::probe(&self.http, check, service, environment, self.clock.now())
    }

    fn smoke(&self, test: &Smoke, service: &str, environment: &str) -> Smoked {
        match &test.does {
            SmokeDoes::Steps(steps) => {
                Smoked::Over(scenario::run(&self.http, steps, service, environment, self.clock.now()))
            }
            SmokeDoes::Workflow(workflow) => match &self.dispatcher {
                Some(client) => dispatch::begin(client, workflow, service, environment),
                None => Smoked::Over(no_github()),
            },
        }
    }

    fn smoke_run(&self, run: &SmokeRun) -> Smoked {
        match &self.dispatcher {
            Some(client) => dispatch::look(client, run),
            None => Smoked::Over(no_github()),
        }
    }
}

/// Connects the settings to the adapters; nothing is reached yet.
pub fn open<'g>(
    settings: &Settings,
    mask: &Mask,
    job: &Job<'_>,
    given: Given<'g>,
    stop: &Arc<AtomicBool>,
) -> Result<Wired<'g>, Halt> {
    let (_, source) = job.source()?;
    let (_, target) = job.target()?;
    open_all(settings, mask, !source.apps.is_empty() || !target.apps.is_empty(), given, stop)
}

/// Connects the settings to the adapters; `watched`: Argo CD is one of them, where it is set.
pub fn open_all<'g>(
    settings: &Settings,
    mask: &Mask,
    watched: bool,
    given: Given<'g>,
    stop: &Arc<AtomicBool>,
) -> Result<Wired<'g>, Halt> {
    let runtime = runtime(stop)?;
    let http_settings = http_settings(settings)?;
    let http = Http::new(&http_settings, runtime.handle().clone())?;
    let clock = SystemClock::new(Arc::clone(stop));
    let deployer = match &settings.argocd_server {
        Some(server) if watched => Some(argocd(settings, server, http_settings, &runtime)?),
        _ => None,
    };
    Ok(Wired {
        delivery: gitops(settings, &http, &clock)?,
        evidence: evidence(settings, mask, given, &http, clock),
        deployer,
        ledger: ledger(settings, &http)?,
        github: given.github,
        _runtime: runtime,
    })
}

/// The ledger alone, for commands that neither read nor write anything else, and the runtime that it blocks on.
pub struct Books {
    /// The ledger.
    pub ledger: Records,
    _runtime: Runtime,
}

/// Opens the ledger that the settings name; nothing is reached yet.
pub fn books(settings: &Settings, stop: &Arc<AtomicBool>) -> Result<Books, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    Ok(Books { ledger: ledger(settings, &http)?, _runtime: runtime })
}

fn ledger(settings: &Settings, http: &Http) -> Result<Records, Fault> {
    let GitOpsSettings { author, ssh, depth_max, .. } = GitOpsSettings::default();
    let access = Access { http: http.clone(), temp: settings.temp.clone(), ssh, depth_max };
    Records::open(&settings.place()?, &access, &author)
}

/// The GitOps repositories alone, for commands that look back.
pub struct Repositories {
    /// The repositories.
    pub delivery: GitOps,
    _runtime: Runtime,
}

/// Opens the GitOps repositories that the settings name; nothing is reached yet.
pub fn repositories(settings: &Settings, stop: &Arc<AtomicBool>) -> Result<Repositories, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    let clock = SystemClock::new(Arc::clone(stop));
    Ok(Repositories { delivery: gitops(settings, &http, &clock)?, _runtime: runtime })
}

/// Argo CD alone, and the runtime that it blocks on.
pub struct Watcher {
    /// Argo CD.
    pub deployer: ArgoCd,
    _runtime: Runtime,
}

/// Connects the settings to Argo CD, where they name one; nothing is reached yet.
pub fn watcher(settings: &Settings, stop: &Arc<AtomicBool>) -> Result<Option<Watcher>, Fault> {
    let Some(server) = &settings.argocd_server else { return Ok(None) };
    let runtime = runtime(stop)?;
    let deployer = argocd(settings, server, http_settings(settings)?, &runtime)?;
    Ok(Some(Watcher { deployer, _runtime: runtime }))
}

/// Evidence alone, and the runtime that it blocks on.
pub struct Local {
    /// Evidence: files and health checks.
    pub evidence: Workspace,
    _runtime: Runtime,
}

/// Opens the working directory as a place of evidence, and GitHub where it is given.
pub fn local(settings: &Settings, mask: &Mask, given: Given<'_>, stop: &Arc<AtomicBool>) -> Result<Local, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    Ok(Local {
        evidence: evidence(settings, mask, given, &http, SystemClock::new(Arc::clone(stop))),
        _runtime: runtime,
    })
}

fn evidence(settings: &Settings, mask: &Mask, given: Given<'_>, http: &Http, clock: SystemClock) -> Workspace {
    let (root, commit) = (given.evidence.unwrap_or(Path::new(".")).to_owned(), settings.commit.clone());
    let github = given.github.map(|github| Arc::clone(&github.client));
    let own_run = settings.github.as_ref().and_then(|github| github.run.as_ref()).map(|run| run.id);
    let prometheus = server(settings.prometheus.as_ref(), &monitoring::PROMETHEUS, http);
    let alertmanager = server(settings.alertmanager.as_ref(), &monitoring::ALERTMANAGER, http);
    let dispatcher = given.github.map(|github| Arc::clone(&github.dispatcher));
    let (http, mask) = (http.clone(), mask.clone());
    Workspace { root, commit, github, own_run, http, clock, mask, prometheus, alertmanager, dispatcher }
}

/// A monitoring system's server; a run without gates on it needs none.
fn server(settings: Option<&Monitoring>, names: &Names, http: &Http) -> Result<Server, Fault> {
    match settings {
        Some(settings) => Server::new(&settings.server(names), http),
        None => {
            let why = format!("no server is set: set {}_URL", names.variables);
            Err(Fault::new(FaultKind::Settings, format!("reach {}", names.called), why))
        }
    }
}

/// What a source says whose server cannot be reached with these settings.
fn unreachable_server(fault: &Fault) -> Reading {
    let hint = fault.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
    Reading::Unreadable { why: format!("{fault}{hint}"), files: Vec::new() }
}

/// Looks around in a repository that is somewhere else.
pub fn look(settings: &Settings, stop: &Arc<AtomicBool>, address: &Address) -> Result<Around, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    let GitOpsSettings { ssh, depth_max, .. } = GitOpsSettings::default();
    let access = Access { http, temp: settings.temp.clone(), ssh, depth_max };
    tree::look(&access, address, settings.gitops_token.as_ref(), settings.gitops_branch.as_deref())
}

fn gitops(settings: &Settings, http: &Http, clock: &SystemClock) -> Result<GitOps, Fault> {
    let Some(address) = settings.gitops_repo.clone() else {
        let fault = Fault::new(FaultKind::Settings, "find the GitOps repository", "none is set");
        return Err(fault.hint("set GITOPS_REPO (or --gitops-repo) to owner/name, a URL, or a local path"));
    };
    let token = settings.gitops_token.clone();
    let api = &settings.github_api;
    let repo = RepoSettings {
        address: address.clone(),
        token: token.clone(),
        token_name: TOKEN.to_owned(),
        branch: settings.gitops_branch.clone(),
    };
    let settings = GitOpsSettings {
        repos: BTreeMap::from([("default".to_owned(), repo)]),
        server: settings.github_server.clone(),
        temp: settings.temp.clone(),
        ..GitOpsSettings::default()
    };
    let mut gitops = GitOps::new(&settings, http)?;
    if let Some((owner, name)) = Address::parse(&address, &settings.server)?.hosted(&settings.server) {
        let settings = ClientSettings {
            api: api.to_owned(),
            repository: format!("{owner}/{name}"),
            credential: token.map_or(Credential::None, Credential::Token),
            token_name: TOKEN.to_owned(),
            // Git's own answer decides, so none is waited for here.
            patience: std::time::Duration::ZERO,
            on_secret: Arc::new(|_| {}),
        };
        let client = Client::new(&settings, http, Arc::new(clock.clone()))?;
        gitops.also_check("default", Box::new(move || repository::preflight(&client)));
    }
    Ok(gitops)
}

fn argocd(settings: &Settings, server: &str, http: HttpSettings, runtime: &Runtime) -> Result<ArgoCd, Fault> {
    let options = Options::parse(settings.argocd_opts.as_deref().unwrap_or_default())?;
    let login = match (&settings.argocd_auth_token, &settings.argocd_username, &settings.argocd_password) {
        (Some(token), _, _) => Login::Token(token.clone()),
        (None, Some(user), Some(password)) => Login::Password { user: user.clone(), password: password.clone() },
        _ => {
            let fault =
                Fault::new(FaultKind::Settings, "log in to Argo CD", "neither a token nor name and password are set");
            return Err(fault.hint("set ARGOCD_AUTH_TOKEN, or ARGOCD_USERNAME and ARGOCD_PASSWORD"));
        }
    };
    let settings = ServerSettings { server: server.to_owned(), login, options, http, refresh: REFRESH };
    ArgoCd::new(&BTreeMap::from([("default".to_owned(), settings)]), runtime.handle())
}
