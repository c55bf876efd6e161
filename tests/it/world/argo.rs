//! An honest stand-in for Argo CD: it refuses what the real one refuses, in its words, and its status lags behind the
//! cluster as the real one's does. Anybody who trusts "Synced, Healthy" is fooled by it.
//!
//! Time is virtual. At [`Pace::Manual`] it moves by [`Argo::pass`] only (and a little with each request), so that minutes
//! take none; at [`Pace::Real`] it follows the real clock, times a factor. The server's clock is far from ours.

pub(crate) mod git;
pub(crate) mod sim;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use self::sim::{AppSpec, Sim};

/// How virtual time moves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// When it is told to.
    Manual,
    /// So many times as fast as real time.
    Real(u32),
}

/// The stand-in, as it is made.
pub(crate) struct ArgoBuilder {
    apps: Vec<AppSpec>,
    pace: Pace,
    root: String,
    login_secs: i64,
    login_page: bool,
    redirect: bool,
}

/// A running stand-in. It stops when it is dropped.
pub(crate) struct Argo {
    addr: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The only account, and its token for machines.
pub(crate) const USER: &str = "ci";
pub(crate) const PASSWORD: &str = "correct-horse-battery";
pub(crate) const TOKEN: &str = "aaa.machine.bbb";

/// Where the server's clock stands at the start: not where ours does.
const EPOCH: i64 = 1_767_225_600;

type Action = Box<dyn FnOnce() + Send>;

struct World {
    apps: BTreeMap<String, Sim>,
    pace: Pace,
    began: Instant,
    manual: i64,
    root: String,
    login_secs: i64,
    login_page: bool,
    redirect: bool,
    sessions: BTreeMap<String, i64>,
    logins: usize,
    requests: Vec<String>,
    actions: Vec<(usize, Action)>,
}

impl ArgoBuilder {
    /// A server without applications, at manual pace.
    pub(crate) fn new() -> Self {
        let root = String::new();
        Self { apps: vec![], pace: Pace::Manual, root, login_secs: 86_400, login_page: false, redirect: false }
    }

    pub(crate) fn app(mut self, app: AppSpec) -> Self {
        self.apps.push(app);
        self
    }

    pub(crate) fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The API is below this path; elsewhere a login page answers.
    pub(crate) fn root(mut self, root: &str) -> Self {
        root.clone_into(&mut self.root);
        self
    }

    /// Sessions end after so many virtual seconds.
    pub(crate) fn login_secs(mut self, secs: i64) -> Self {
        self.login_secs = secs;
        self
    }

    /// A login proxy answers everything with its page.
    pub(crate) fn login_page(mut self) -> Self {
        self.login_page = true;
        self
    }

    /// Everything is redirected to https.
    pub(crate) fn redirect(mut self) -> Self {
        self.redirect = true;
        self
    }

    /// Starts it on a free port.
    pub(crate) fn start(self) -> Argo {
        let world = Arc::new(Mutex::new(World {
            apps: self.apps.into_iter().map(|spec| (spec.name.clone(), Sim::new(spec))).collect(),
            pace: self.pace,
            began: Instant::now(),
            manual: 0,
            root: self.root,
            login_secs: self.login_secs,
            login_page: self.login_page,
            redirect: self.redirect,
            sessions: BTreeMap::new(),
            logins: 0,
            requests: Vec::new(),
            actions: Vec::new(),
        }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that tokio can use");
        let addr = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shared = Arc::clone(&world);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("the listener");
                let router = axum::Router::new().fallback(move |method, uri, headers, body| {
                    let shared = Arc::clone(&shared);
                    async move { answer(&shared, method, uri, headers, body).await }
                });
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Argo { addr, world, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Argo {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Argo {
    /// What `ARGOCD_SERVER` may be.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Lets virtual time pass.
    pub(crate) fn pass(&self, span: Duration) {
        let mut world = self.lock();
        world.manual += i64::try_from(span.as_millis()).expect("a span in milliseconds");
        world.advance();
    }

    /// Whether the cluster really runs this image, and well.
    pub(crate) fn runs(&self, app: &str, image: &str) -> bool {
        let mut world = self.lock();
        world.advance();
        let now = world.now();
        world.apps[app].runs(image, now)
    }

    /// Whether it does so for so long from now, looked at every 100 ms of virtual time: at manual pace.
    pub(crate) fn keeps_running(&self, app: &str, image: &str, span: Duration) -> bool {
        (0..span.as_millis() / 100).all(|_| {
            let runs = self.runs(app, image);
            self.pass(Duration::from_millis(100));
            runs
        })
    }

    /// The requests so far: `GET /api/v1/applications/app?refresh=normal`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// Ends all sessions.
    pub(crate) fn log_everybody_out(&self) {
        self.lock().sessions.clear();
    }

    /// Does something before the n-th request from the start (from 1) is answered.
    pub(crate) fn on_request(&self, n: usize, action: impl FnOnce() + Send + 'static) {
        self.lock().actions.push((n, Box::new(action)));
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer, and what is done with it.
enum Reply {
    Json(u16, Value),
    Text(u16, &'static str, &'static str),
    Redirect(String),
    /// The connection breaks before the answer is whole.
    Broken,
    /// No answer for a long time.
    Silence,
}

async fn answer(shared: &Mutex<World>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let actions = {
        let mut world = lock();
        world.requests.push(format!("{method} {uri}"));
        let count = world.requests.len();
        let all = std::mem::take(&mut world.actions);
        let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(n, _)| *n <= count);
        world.actions = later;
        due
    };
    for (_, action) in actions {
        action();
    }
    let (reply, date) = {
        let mut world = lock();
        world.manual += 10;
        world.advance();
        let reply = world.handle(&method, &uri, &headers, &body);
        (reply, EPOCH + world.now().div_euclid(1000))
    };
    let date = jiff::Timestamp::from_second(date).expect("a time");
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).expect("a date");
    let builder = Response::builder().header(header::DATE, date);
    let built = match reply {
        Reply::Json(status, value) => {
            builder.status(status).header(header::CONTENT_TYPE, "application/json").body(Body::from(value.to_string()))
        }
        Reply::Text(status, kind, text) => {
            builder.status(status).header(header::CONTENT_TYPE, kind).body(Body::from(text))
        }
        Reply::Redirect(to) => {
            builder.status(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, to).body(Body::empty())
        }
        Reply::Broken => builder
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, "100000")
            .body(Body::from("{")),
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            builder.status(500).body(Body::empty())
        }
    };
    built.expect("a response")
}

const LOGIN_PAGE: Reply =
    Reply::Text(200, "text/html; charset=utf-8", "<html><head><title>Sign in</title></head></html>");

impl World {
    fn now(&self) -> i64 {
        let real = match self.pace {
            Pace::Manual => 0,
            Pace::Real(factor) => i64::try_from(self.began.elapsed().as_millis()).unwrap_or(0) * i64::from(factor),
        };
        self.manual + real
    }

    fn advance(&mut self) {
        let now = self.now();
        self.apps.values_mut().for_each(|app| app.advance(now));
    }

    fn handle(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Reply {
        if self.redirect {
            return Reply::Redirect(format!("https://argocd.test{uri}"));
        }
        if self.login_page {
            return LOGIN_PAGE;
        }
        let path = match (self.root.as_str(), uri.path()) {
            ("", path) => path,
            (root, path) => match path.strip_prefix(root) {
                Some(path) => path,
                None => return LOGIN_PAGE,
            },
        };
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if segments.first() != Some(&"api") {
            return Reply::Text(404, "text/plain", "404 page not found");
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if *method != Method::GET && !kind.eq_ignore_ascii_case("application/json") {
            return Reply::Text(415, "text/plain", "Invalid content type");
        }
        let known = match (method, segments.as_slice()) {
            (&Method::GET, ["api", "version"]) => return Reply::Json(200, json!({ "Version": "v3.5.1+stand-in" })),
            (&Method::POST, ["api", "v1", "session"]) => return self.log_in(body),
            (&Method::GET, ["api", "v1", "account", "can-i", "applications", "sync", _]) => true,
            (_, ["api", "v1", "applications", _, ..]) => true,
            _ => false,
        };
        if !known {
            return Reply::Text(404, "text/plain", "Not Found");
        }
        if let Err(why) = self.authorised(headers) {
            return refuse(401, 16, &why);
        }
        match segments.as_slice() {
            [_, _, "account", ..] => Reply::Json(200, json!({ "value": "yes" })),
            [_, _, _, name, rest @ ..] => self.application(method, name, rest, uri, body),
            _ => Reply::Text(404, "text/plain", "Not Found"),
        }
    }

    fn log_in(&mut self, body: &Bytes) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if body["username"] != USER || body["password"] != PASSWORD {
            return refuse(401, 16, "Invalid username or password");
        }
        self.logins += 1;
        let token = format!("aaa.session{}.bbb", self.logins);
        self.sessions.insert(token.clone(), self.now() + self.login_secs * 1000);
        Reply::Json(200, json!({ "token": token }))
    }

    fn authorised(&self, headers: &HeaderMap) -> Result<(), String> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        if token.split('.').count() != 3 {
            return Err("no session information".to_owned());
        }
        match self.sessions.get(token) {
            _ if token == TOKEN => Ok(()),
            Some(until) if *until > self.now() => Ok(()),
            Some(_) => Err("invalid session: token has invalid claims: token is expired".to_owned()),
            None => Err("invalid session: signature is invalid".to_owned()),
        }
    }

    fn application(&mut self, method: &Method, name: &str, rest: &[&str], uri: &Uri, body: &Bytes) -> Reply {
        let now = self.now();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let query = query(uri);
        let project =
            query.get("project").map(String::as_str).or(body["project"].as_str()).filter(|text| !text.is_empty());
        let Some(sim) = self.apps.get_mut(name).filter(|sim| project.is_none_or(|wanted| wanted == sim.spec.project))
        else {
            // Without a project a missing application looks like missing rights.
            return match project {
                Some(_) => refuse(404, 5, &format!("applications.argoproj.io \"{name}\" not found")),
                None => refuse(403, 7, "permission denied"),
            };
        };
        let within = |span: Option<(i64, i64)>| span.is_some_and(|(from, to)| (from..to).contains(&now));
        if within(sim.spec.behaviour.ingress_down) {
            return Reply::Text(503, "text/html", "<html><title>503 Service Temporarily Unavailable</title></html>");
        }
        if within(sim.spec.behaviour.masked) {
            return refuse(403, 7, "permission denied");
        }
        let result = match (method, rest) {
            (&Method::GET, []) => return self.read(name, query.get("refresh").map(String::as_str)),
            (&Method::POST, ["sync"]) => match sim.sync(&body, now) {
                Ok(()) if sim.spec.behaviour.lose_answer && !sim.lost => {
                    sim.lost = true;
                    return Reply::Broken;
                }
                Ok(()) => Ok(sim.json(&moment)),
                Err(refusal) => Err(refusal),
            },
            (&Method::DELETE, ["operation"]) => sim.terminate(now).map(|()| json!({})),
            (&Method::GET, ["managed-resources"]) => Ok(managed(sim.images())),
            (&Method::GET, ["resource-tree"]) => Ok(tree(sim)),
            (&Method::GET, ["syncwindows"]) if sim.can_sync() => Ok(json!({ "canSync": true })),
            (&Method::GET, ["syncwindows"]) => Ok(json!({ "activeWindows": [{ "kind": "deny" }] })),
            _ => return Reply::Text(405, "text/plain", "Method Not Allowed"),
        };
        match result {
            Ok(value) => Reply::Json(200, value),
            Err((status, code, message)) => refuse(status, code, &message),
        }
    }

    fn read(&mut self, name: &str, refresh: Option<&str>) -> Reply {
        if refresh.is_some() {
            // The request waits for the comparison.
            self.manual += 300;
            self.advance();
        }
        let now = self.now();
        let Some(sim) = self.apps.get_mut(name) else { return refuse(403, 7, "permission denied") };
        match refresh {
            Some(_) if sim.spec.behaviour.refresh_hangs => {
                sim.refresh_later(now);
                return Reply::Silence;
            }
            Some(_) => sim.refresh(now),
            None => {}
        }
        Reply::Json(200, sim.json(&moment))
    }
}

fn moment(at: i64) -> String {
    jiff::Timestamp::from_second(EPOCH + at.div_euclid(1000)).expect("a time").to_string()
}

fn refuse(status: u16, code: i64, message: &str) -> Reply {
    Reply::Json(status, json!({ "error": message, "code": code, "message": message }))
}

fn managed(images: &[String]) -> Value {
    let containers: Vec<Value> = images.iter().map(|image| json!({ "name": "c", "image": image })).collect();
    let deployment = json!({ "kind": "Deployment", "spec": { "template": { "spec": { "containers": containers } } } });
    json!({ "items": [
        { "group": "apps", "kind": "Deployment", "name": "app", "liveState": deployment.to_string() },
        { "kind": "Secret", "name": "app", "liveState": "{\"kind\":\"Secret\",\"data\":{\"a\":\"++++\"}}" },
        { "kind": "ConfigMap", "name": "gone", "liveState": "null" },
    ]})
}

fn tree(sim: &Sim) -> Value {
    let mut nodes = vec![json!({ "kind": "Deployment", "name": "app", "health": { "status": sim.health() } })];
    if sim.health() == "Degraded" {
        let health = json!({ "status": "Degraded", "message": "CrashLoopBackOff: \"DATABASE_URL is not set\"" });
        nodes.push(json!({ "kind": "Pod", "name": "app-6d5f-x2", "health": health }));
    }
    json!({ "nodes": nodes })
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// Percent-decoding.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
