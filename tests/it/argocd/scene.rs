//! A scene: a GitOps repository in memory, the stand-in that follows it, and the two clients that are compared.

use std::cell::RefCell;
use std::cmp::Ordering as Order;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promote::adapters::argocd::ArgoCd;
use promote::adapters::argocd::options::Options;
use promote::adapters::argocd::server::{Login, ServerSettings};
use promote::adapters::http::{Call, Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::pipeline::wait::goal::{Goal, Place, Settled};
use promote::pipeline::wait::until_live;
use promote::ports::{
    About, Branch, Clock, Delivery, Deployer, Descent, Evidence, Fault, FaultKind, Found, Past, Proposal, Pushed, Step,
    World,
};
use promote::promotion::event::Event;
use promote::promotion::facts::{CommitSummary, Observation, Reading, Snapshot};
use promote::promotion::image::{ImageChange, ImageRef};
use promote::promotion::live::AppState;
use promote::promotion::measures::{Health, Measure};
use promote::promotion::rules::health::{HealthCheck, Smoke};
use promote::promotion::rules::{App, Source, SyncTo, Verify};
use promote::promotion::smoked::{SmokeRun, Smoked};
use promote::promotion::time::{Millis, Time};
use serde_json::{Value, json};

use crate::argocd::live::Live;
use crate::argocd::no_ledger::NoLedger;
use crate::argocd::smoke::Smokes;
use crate::world::argo::behaviour::{AppSpec, Behaviour, Git};
use crate::world::argo::{Argo, ArgoBuilder, PASSWORD, USER};

pub(crate) const OLD: &str = "registry.example.com/app:1.10";
pub(crate) const NEW: &str = "registry.example.com/app:1.20";
const REPOSITORY: &str = "https://git.example.com/acme/gitops";

/// Commits in a line, each with the image that it pins.
#[derive(Clone, Default)]
pub(crate) struct Repo(Arc<Mutex<Vec<String>>>);

impl Repo {
    pub(crate) fn commit(&self, image: &str) -> String {
        let mut images = self.0.lock().unwrap();
        images.push(image.to_owned());
        id(images.len() - 1)
    }

    fn image(&self, commit: &str) -> Option<String> {
        let at = usize::from_str_radix(commit.get(32..)?, 16).ok()?;
        self.0.lock().unwrap().get(at).cloned()
    }

    pub(crate) fn git(&self) -> Git {
        let (tip, images) = (self.clone(), self.clone());
        Git {
            tip: Arc::new(move || id(tip.0.lock().unwrap().len() - 1)),
            images: Arc::new(move |commit| images.image(commit).map(|image| vec![image])),
        }
    }
}

fn id(at: usize) -> String {
    format!("{at:040x}")
}

/// What the wait asks of a repository; it asks for nothing else.
impl Delivery for Repo {
    fn read(&self, _: &Branch, commit: &str, paths: &[String]) -> Result<BTreeMap<String, Option<String>>, Fault> {
        Ok(paths.iter().map(|path| (path.clone(), self.image(commit))).collect())
    }

    fn descent(&self, _: &Branch, revision: &str, ours: &str) -> Result<Descent, Fault> {
        Ok(match revision.cmp(ours) {
            _ if self.image(revision).is_none() => Descent::Unknown,
            Order::Equal => Descent::Same,
            Order::Greater => Descent::Descendant,
            Order::Less => Descent::Other,
        })
    }

    fn snapshot(&self, _: &Branch, _: &str) -> Result<Snapshot, Fault> {
        Err(unasked())
    }

    fn push(&self, _: &Branch, _: &Proposal) -> Result<Pushed, Fault> {
        Err(unasked())
    }

    fn find(&self, _: &Branch, _: &str) -> Result<Vec<Found>, Fault> {
        Err(unasked())
    }

    fn carriers(&self, _: &Branch, _: &str) -> Result<Past<Found>, Fault> {
        Err(unasked())
    }

    fn steps(&self, _: &Branch, _: &str) -> Result<Past<Step>, Fault> {
        Err(unasked())
    }

    fn between(&self, _: &Branch, _: &str, _: &str, _: &[String]) -> Result<Vec<CommitSummary>, Fault> {
        Err(unasked())
    }

    fn preflight(&self, _: &Branch) -> Result<(), Fault> {
        Err(unasked())
    }
}

pub(crate) fn unasked() -> Fault {
    Fault::new(FaultKind::Broken, "wait", "a wait does not ask for this")
}

/// Our own clock: a sleep takes no time, and lets it pass for the stand-in too.
struct VirtualClock<'a> {
    now: AtomicI64,
    argo: &'a Argo,
    stop_at: Option<i64>,
    stop: Option<Arc<AtomicBool>>,
}

impl Clock for VirtualClock<'_> {
    fn now(&self) -> Time {
        Time::from_millisecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    fn sleep(&self, span: Duration) {
        self.now.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
        self.argo.pass(span);
    }

    fn stopped(&self) -> bool {
        let flag = self.stop.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst));
        flag || self.stop_at.is_some_and(|at| self.now.load(Ordering::SeqCst) >= at)
    }
}

/// Health checks that answer by a script: from when on (in milliseconds of the clock), and what.
struct Script<'a> {
    clock: &'a dyn Clock,
    answers: &'a [(i64, Option<bool>)],
    smokes: &'a Smokes,
    live: Option<&'a Live>,
}

impl Evidence for Script<'_> {
    fn read(&self, sources: &[&Source], about: &About<'_>) -> Reading {
        match self.live {
            Some(live) => live.read(&sources[0].id, self.clock.now(), about),
            None => Reading::Missing { why: "a wait reads no files".to_owned() },
        }
    }

    fn probe(&self, _: &HealthCheck, _: &str, _: &str) -> Reading {
        let now = self.clock.now().as_millisecond();
        let answer = self.answers.iter().rev().find(|(from, _)| *from <= now).map(|(_, answer)| *answer);
        let Some(Some(ok)) = answer else { return Reading::Unreadable { why: "no route".to_owned(), files: vec![] } };
        let measure = Measure::Health(Health { ok, seen: if ok { "200" } else { "503" }.to_owned() });
        Reading::Observed(Observation {
            files: vec![],
            subject: None,
            taken: None,
            tools: vec![],
            measure,
            notes: vec![],
        })
    }

    fn smoke(&self, _: &Smoke, _: &str, _: &str) -> Smoked {
        self.smokes.begin(self.clock)
    }

    fn smoke_run(&self, _: &SmokeRun) -> Smoked {
        self.smokes.look(self.clock)
    }
}

/// Everything that a story needs.
pub(crate) struct Scene {
    pub(crate) argo: Argo,
    /// Where Argo CD is reached, if not directly.
    pub(crate) server: Option<String>,
    pub(crate) repo: Repo,
    pub(crate) commit: String,
    pub(crate) apps: Vec<App>,
    pub(crate) failing_before: BTreeSet<String>,
    pub(crate) answers: Vec<(i64, Option<bool>)>,
    pub(crate) smokes: Smokes,
    pub(crate) terminate: bool,
    pub(crate) nonce: &'static str,
    pub(crate) stop_at: Option<i64>,
    pub(crate) stop: Option<Arc<AtomicBool>>,
    pub(crate) baseline: BTreeMap<String, AppState>,
    pub(crate) verify: Verify,
    pub(crate) live: Option<Live>,
    pub(crate) events: RefCell<Vec<Event>>,
    runtime: tokio::runtime::Runtime,
}

pub(crate) fn app(name: &str) -> App {
    let server = "default".to_owned();
    App { server, name: name.to_owned(), project: None, namespace: None, sync: SyncTo::Branch }
}

pub(crate) fn spec(name: &str, auto: bool, repo: &Repo, behaviour: Behaviour) -> AppSpec {
    AppSpec {
        name: name.to_owned(),
        project: "default".to_owned(),
        repository: format!("{REPOSITORY}.git"),
        path: "k8s/staging".to_owned(),
        branch: "main".to_owned(),
        auto,
        git: repo.git(),
        behaviour,
    }
}

impl Scene {
    /// One application at the old version, and our commit on top; nobody has told Argo CD.
    pub(crate) fn new(auto: bool, behaviour: Behaviour) -> Self {
        Self::with(auto, &[behaviour], NEW, |builder| builder)
    }

    /// Applications `app`, `app2`, … that all deploy one directory; our commit pins `image`.
    pub(crate) fn with(
        auto: bool,
        behaviours: &[Behaviour],
        image: &str,
        change: impl FnOnce(ArgoBuilder) -> ArgoBuilder,
    ) -> Self {
        let repo = Repo::default();
        repo.commit(OLD);
        let mut builder = ArgoBuilder::new();
        let mut apps = Vec::new();
        for (at, behaviour) in behaviours.iter().enumerate() {
            let name = if at == 0 { "app".to_owned() } else { format!("app{}", at + 1) };
            builder = builder.app(spec(&name, auto, &repo, behaviour.clone()));
            apps.push(app(&name));
        }
        let argo = change(builder).start();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut scene = Self {
            argo,
            server: None,
            repo,
            commit: String::new(),
            apps,
            failing_before: BTreeSet::new(),
            answers: vec![(0, Some(true))],
            smokes: Smokes::default(),
            terminate: false,
            nonce: "promotion-1",
            stop_at: None,
            stop: None,
            baseline: BTreeMap::new(),
            verify: Verify::default(),
            live: None,
            events: RefCell::default(),
            runtime,
        };
        let argocd = scene.argocd(&Options::default());
        scene.baseline = scene.apps.iter().map(|app| (app.name.clone(), argocd.state(app, false).unwrap())).collect();
        scene.commit = scene.repo.commit(image);
        scene
    }

    /// The same scene before another stand-in.
    pub(crate) fn at(self, argo: Argo) -> Self {
        Self { argo, ..self }
    }

    /// Our adapter, logged in with a password.
    pub(crate) fn argocd(&self, options: &Options) -> ArgoCd {
        let password = Secret::new(PASSWORD).unwrap();
        let login = Login::Password { user: USER.to_owned(), password };
        self.argocd_as(login, options)
    }

    pub(crate) fn argocd_as(&self, login: Login, options: &Options) -> ArgoCd {
        let settings = ServerSettings {
            server: self.server.clone().unwrap_or_else(|| self.argo.url()),
            login,
            options: options.clone(),
            http: HttpSettings::default(),
            refresh: Duration::from_millis(150),
        };
        ArgoCd::new(&[("default".to_owned(), settings)].into(), self.runtime.handle()).unwrap()
    }

    /// Waits as promote does.
    pub(crate) fn ours(&self) -> Settled {
        let (stop_at, stop) = (self.stop_at, self.stop.clone());
        self.ours_by(&VirtualClock { now: AtomicI64::new(0), argo: &self.argo, stop_at, stop })
    }

    /// The same by another clock.
    pub(crate) fn ours_by(&self, clock: &dyn Clock) -> Settled {
        let argocd = self.argocd(&Options::default());
        let evidence = Script { clock, answers: &self.answers, smokes: &self.smokes, live: self.live.as_ref() };
        let tell = |event: &Event| self.events.borrow_mut().push(event.clone());
        let world = World {
            evidence: &evidence,
            delivery: &self.repo,
            deployer: Some(&argocd),
            ledger: &NoLedger,
            approvals: None,
            clock,
            tell: &tell,
            rules: &|| panic!("what waits needs no rules"),
        };
        let new = self.repo.image(&self.commit).unwrap();
        let (old, new) = (ImageRef::parse(OLD).unwrap(), ImageRef::parse(&new).unwrap());
        let holds = |texts: &BTreeMap<String, Option<String>>| texts["image"].as_deref() == Some(&new.to_string());
        let gated = self.live.as_ref().map(Live::gated);
        let place = Place {
            at: Branch { repo: "default".to_owned(), branch: None },
            repository: REPOSITORY.to_owned(),
            branch: "main".to_owned(),
            path: "k8s/staging".to_owned(),
            commit: self.commit.clone(),
            files: vec!["image".to_owned()],
            apps: self.apps.clone(),
        };
        let goal = Goal {
            service: "app",
            environment: "staging",
            nonce: self.nonce,
            images: &[ImageChange { name: "app".to_owned(), old, new: new.clone() }],
            places: &[place],
            baseline: &self.baseline,
            failing_before: &self.failing_before,
            gated: gated.as_ref(),
            terminate: self.terminate,
            holds: &holds,
            alive: &|| None,
            ours: &|| Ok(None),
        };
        until_live(&world, &goal, &self.verify)
    }

    /// What many a pipeline does: log in, POST a sync, give it ten seconds, and poll for Synced and Healthy.
    pub(crate) fn naive(&self) -> bool {
        let http = Http::new(&HttpSettings::default(), self.runtime.handle().clone()).unwrap();
        let ask = |method: &str, path: &str, token: &str, body: Option<Value>| {
            let url = format!("{}{path}", self.argo.url()).parse().unwrap();
            let mut call = Call::new(method.parse().unwrap(), url);
            call.headers.insert("content-type", "application/json".parse().unwrap());
            call.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
            call.body = body.map(|body| body.to_string().into_bytes());
            http.request(&call).ok().and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok())
        };
        let session = ask("POST", "/api/v1/session", "", Some(json!({ "username": USER, "password": PASSWORD })));
        let token = session.unwrap()["token"].as_str().unwrap().to_owned();
        ask("POST", "/api/v1/applications/app/sync", &token, Some(json!({})));
        self.argo.pass(Duration::from_secs(10));
        for _ in 0..300 {
            let Some(app) = ask("GET", "/api/v1/applications/app", &token, None) else { return false };
            if app.get("error").is_some() {
                return false;
            }
            if app["status"]["sync"]["status"] == "Synced" && app["status"]["health"]["status"] == "Healthy" {
                return true;
            }
            self.argo.pass(Duration::from_secs(1));
        }
        false
    }

    /// How often something was asked for.
    pub(crate) fn count(&self, request: &str) -> usize {
        self.argo.requests().iter().filter(|one| one.starts_with(request)).count()
    }
}

/// A health check of the rules.
pub(crate) fn check() -> HealthCheck {
    HealthCheck { timeout: Millis::secs(3), ..HealthCheck::of("https://app.example.com/healthz") }
}

/// A branch and directory of the repository, as the GitOps side reads it.
pub(crate) fn snapshot(path: &str, branch: &str) -> Snapshot {
    Snapshot {
        repository: REPOSITORY.to_owned(),
        branch: branch.to_owned(),
        commit: "a".repeat(40),
        path: path.to_owned(),
        files: [].into(),
        trees: [].into(),
        releases: None,
    }
}
