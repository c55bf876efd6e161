//! Argo CD over its REST API: watches and syncs applications.
//!
//! What its answers mean is in `reply`, how an application reads in `wire`; whether a state means "live" is not decided
//! here but in [`judge`](crate::promotion::live::judge). No `argocd` program is needed, and no stream is kept open: a plain
//! GET reads what Kubernetes holds, and cannot go stale behind a proxy.

mod images;
pub mod options;
mod reply;
mod rollouts;
pub mod server;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;

use crate::adapters::argocd::images::ManagedResources;
use crate::adapters::argocd::reply::{FAILED_PRECONDITION, Reply};
use crate::adapters::argocd::server::{Ask, Server, ServerSettings};
use crate::adapters::argocd::wire::{Application, Tree};
use crate::adapters::http;
use crate::ports::{Deployer, Fault, FaultKind, SyncAnswer};
use crate::promotion::facts::Snapshot;
use crate::promotion::live::aim::INFO;
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::live::{AppState, HealthWord};
use crate::promotion::rules::App;

/// The Argo CD servers of the rules, by their names there.
#[derive(Debug)]
pub struct ArgoCd {
    servers: BTreeMap<String, Server>,
    /// Applications that could be read: a 403 for one of these is more likely an outage than missing rights.
    seen: Mutex<BTreeSet<(String, String)>>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "Version", default)]
    version: String,
}

#[derive(Deserialize)]
struct CanI {
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SyncWindows {
    #[serde(default)]
    can_sync: bool,
}

impl ArgoCd {
    /// Connects nothing yet; faults of the settings show here.
    pub fn new(servers: &BTreeMap<String, ServerSettings>, handle: &Handle) -> Result<Self, Fault> {
        let made = servers.iter().map(|(name, settings)| Ok((name.clone(), Server::new(settings, handle.clone())?)));
        Ok(Self { servers: made.collect::<Result<_, Fault>>()?, seen: Mutex::default() })
    }

    fn server(&self, app: &App) -> Result<&Server, Fault> {
        self.servers.get(&app.server).ok_or_else(|| {
            let why = format!("the Argo CD server `{}` is not configured", app.server);
            Fault::new(FaultKind::Settings, format!("reach application {}", app.name), why)
                .hint("set ARGOCD_SERVER, and ARGOCD_AUTH_TOKEN or ARGOCD_USERNAME and ARGOCD_PASSWORD")
        })
    }

    fn remember(&self, app: &App) {
        let key = (app.server.clone(), app.name.clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// A refusal, unless it is the 403 with which Argo CD masks an outage of Kubernetes.
    fn refusal(&self, app: &App, reply: &Reply, doing: &str) -> Fault {
        let key = (app.server.clone(), app.name.clone());
        let known = self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains(&key);
        if reply.status == 403 && reply.message == "permission denied" && known {
            let why = "Argo CD answered 403: permission denied, although it could be read before; it says so as well when \
                       it cannot reach Kubernetes";
            return Fault::new(FaultKind::Transient, doing, why);
        }
        reply.refusal(doing)
    }

    fn fetch(&self, app: &App, refresh: bool) -> Result<AppState, Fault> {
        let server = self.server(app)?;
        let doing = format!("read application {} from Argo CD", app.name);
        let mut query = place(app).to_vec();
        query.push(("refresh", refresh.then_some("normal")));
        let path = ["api", "v1", "applications", &app.name];
        let mut ask = Ask::get(&doing, &path, &query);
        ask.once_within = refresh.then_some(server.refresh);
        let reply = server.ask(&ask)?;
        if !reply.ok() {
            return Err(self.refusal(app, &reply, &doing));
        }
        let application: Application = reply.granted(&doing)?;
        self.remember(app);
        let mut state = application.state(&without_user);
        state.server_time = reply.date;
        Ok(state)
    }

    /// What the resources below say, pods included; a bonus, so a failure of it is none.
    fn explain(&self, app: &App, state: &mut AppState) {
        let path = ["api", "v1", "applications", &app.name, "resource-tree"];
        let doing = format!("read the resources of {} from Argo CD", app.name);
        let tree = self.server(app).and_then(|server| server.ask(&Ask::get(&doing, &path, &place(app))));
        if let Ok(tree) = tree.and_then(|reply| reply.granted::<Tree>(&doing)) {
            let more = tree.troubled().into_iter().filter(|one| !one.message.is_empty());
            let mut more: Vec<_> = more.filter(|one| !state.troubled.contains(one)).collect();
            for one in &mut more {
                one.below = state.troubled.iter().all(|own| own.resource != one.resource);
            }
            state.troubled.retain(|old| !more.iter().any(|new| new.resource == old.resource));
            state.troubled.extend(more);
        }
    }

    /// Whether an operation with our mark is there: running, or taken up.
    fn carries(&self, app: &App, nonce: &str) -> Result<bool, Fault> {
        let state = self.fetch(app, false)?;
        let newest = state.operation.as_ref().or(state.last.as_ref().map(|last| &last.operation));
        Ok(newest.is_some_and(|operation| operation.infos.get(INFO).is_some_and(|value| value == nonce)))
    }

    /// A sync whose answer was lost, or came from something before Argo CD, may have begun: look before anybody asks again.
    fn lost(&self, app: &App, nonce: &str, fault: Fault) -> Result<SyncAnswer, Fault> {
        if self.carries(app, nonce)? {
            return Ok(SyncAnswer::Started);
        }
        Err(Fault { kind: FaultKind::Transient, ..fault })
    }

    fn check_source(&self, app: &App, state: &AppState, snapshot: &Snapshot) -> Result<(), Fault> {
        let doing = format!("check application {}", app.name);
        let settings = |why: &str| Fault::new(FaultKind::Settings, &doing, why);
        if state.deleting {
            return Err(settings("it is being deleted"));
        }
        if state.hydrator {
            return Err(settings("it has a source hydrator, which is not supported yet"));
        }
        let tracked = state.tracks(&snapshot.repository, &snapshot.branch, &snapshot.path);
        tracked.map(drop).map_err(|why| settings(&why).hint("correct `path:`, `argocd:`, GITOPS_REPO or GITOPS_BRANCH"))
    }

    fn check_rights(&self, app: &App, state: &AppState) -> Result<(), Fault> {
        let server = self.server(app)?;
        let doing = format!("check that {} may be synced", app.name);
        let object = match &app.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", state.project, app.name),
            None => format!("{}/{}", state.project, app.name),
        };
        let path = ["api", "v1", "account", "can-i", "applications", "sync", &object];
        // Proxies that decode `%2F` break this route; then only the sync itself can tell.
        let reply = server.ask(&Ask::get(&doing, &path, &[]));
        if let Ok(CanI { value }) = reply.and_then(|reply| reply.granted(&doing))
            && value == "no"
        {
            let why = format!("the account has no right to sync {object}");
            return Err(Fault::new(FaultKind::Denied, &doing, why)
                .hint(format!("grant it: p, <role>, applications, sync, {object}, allow")));
        }
        if state.auto_sync {
            return Ok(());
        }
        let path = ["api", "v1", "applications", &app.name, "syncwindows"];
        let reply = server.ask(&Ask::get(&doing, &path, &place(app)))?;
        let SyncWindows { can_sync } = reply.granted(&doing)?;
        if can_sync {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Denied, &doing, "a sync window of its project forbids manual syncs now")
            .hint("wait for the window to end, or allow manual syncs in it"))
    }
}

impl Deployer for ArgoCd {
    fn preflight(&self, app: &App, snapshot: &Snapshot) -> Result<AppState, Fault> {
        let doing = "read the version of Argo CD";
        let ask = Ask::get(doing, &["api", "version"], &[]);
        let Version { version } = self.server(app)?.ask_anonymously(&ask)?.granted(doing)?;
        let mut state = self.fetch(app, false)?;
        state.server = Some(version).filter(|version| !version.is_empty());
        self.check_source(app, &state, snapshot)?;
        self.check_rights(app, &state)?;
        Ok(state)
    }

    fn state(&self, app: &App, refresh: bool) -> Result<AppState, Fault> {
        let state = match self.fetch(app, refresh) {
            // The comparison goes on without us, however long it takes: what is there now can be read meanwhile.
            Err(fault) if refresh && matches!(fault.kind, FaultKind::Transient | FaultKind::TimedOut) => {
                self.fetch(app, false)
            }
            state => state,
        };
        let mut state = state?;
        if state.health.status == HealthWord::Degraded {
            self.explain(app, &mut state);
        }
        Ok(state)
    }

    fn sync(&self, app: &App, revision: Option<&str>, nonce: &str) -> Result<SyncAnswer, Fault> {
        let doing = format!("sync application {}", app.name);
        if revision.is_some() && self.fetch(app, false)?.sources.len() > 1 {
            let why = "it has several sources, and `sync: commit` pins one";
            return Err(Fault::new(FaultKind::Settings, doing, why).hint("leave out `sync: commit`"));
        }
        let mut body = json!({ "infos": [{ "name": INFO, "value": nonce }] });
        for (name, value) in place(app).into_iter().chain([("revision", revision)]) {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let path = ["api", "v1", "applications", &app.name, "sync"];
        let ask = Ask { method: Method::POST, body: Some(body), ..Ask::get(&doing, &path, &[]) };
        let reply = match self.server(app)?.ask(&ask) {
            Ok(reply) => reply,
            Err(fault) if matches!(fault.kind, FaultKind::Uncertain | FaultKind::TimedOut | FaultKind::Transient) => {
                return self.lost(app, nonce, fault);
            }
            Err(fault) => return Err(fault),
        };
        let waits = ["another operation is already in progress", "auto-sync currently set to"];
        match reply.status {
            200..300 => Ok(SyncAnswer::Started),
            _ if reply.code == FAILED_PRECONDITION && waits.iter().any(|text| reply.message.contains(text)) => {
                Ok(SyncAnswer::Busy(reply.message))
            }
            403 if reply.message.contains("sync window") => Ok(SyncAnswer::Busy(reply.message)),
            500.. => self.lost(app, nonce, reply.refusal(&doing)),
            _ => Err(self.refusal(app, &reply, &doing)),
        }
    }

    fn terminate(&self, app: &App) -> Result<(), Fault> {
        let doing = format!("end the running operation of {}", app.name);
        let path = ["api", "v1", "applications", &app.name, "operation"];
        let query = place(app);
        let ask = Ask { method: Method::DELETE, ..Ask::get(&doing, &path, &query) };
        let reply = self.server(app)?.ask(&ask)?;
        // Also said before the controller has taken an operation up: whoever waits for its end looks again.
        if reply.ok() || reply.message.contains("No operation is in progress") {
            return Ok(());
        }
        Err(self.refusal(app, &reply, &doing))
    }

    fn images(&self, app: &App) -> Result<Vec<String>, Fault> {
        let doing = format!("read the live manifests of {} from Argo CD", app.name);
        let path = ["api", "v1", "applications", &app.name, "managed-resources"];
        let reply = self.server(app)?.ask(&Ask::get(&doing, &path, &place(app)))?;
        if !reply.ok() {
            return Err(self.refusal(app, &reply, &doing));
        }
        let images = reply.granted::<ManagedResources>(&doing)?.images();
        if !images.is_empty() {
            return Ok(images.into_iter().collect());
        }
        // An operator's resource has no containers of its own: then the pods must do.
        let pods: BTreeSet<String> = self.fetch(app, false)?.pod_images.into_iter().collect();
        Ok(pods.into_iter().collect())
    }

    fn rollouts(&self, app: &App) -> Result<Vec<Rollout>, Fault> {
        self.read_rollouts(app)
    }

    fn act(&self, app: &App, rollout: &Rollout, action: RolloutAction) -> Result<(), Fault> {
        self.tell_rollout(app, rollout, action)
    }

    fn pods(&self, app: &App) -> Result<u64, Fault> {
        self.count_pods(app)
    }
}

/// Where an application is: in the query of a GET or DELETE, in the body of a POST.
fn place(app: &App) -> [(&str, Option<&str>); 2] {
    [("project", app.project.as_deref()), ("appNamespace", app.namespace.as_deref())]
}

/// A repository's address without user and password.
fn without_user(repository: &str) -> String {
    match Url::parse(repository) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => http::shown(&url),
        _ => repository.to_owned(),
    }
}
