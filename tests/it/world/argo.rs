//! An honest stand-in for Argo CD: it refuses what the real one refuses, in its words, and its status lags behind the
//! cluster as the real one's does. Anybody who trusts "Synced, Healthy" is fooled by it.
//!
//! Time is virtual. At [`Pace::Manual`] it moves by [`Argo::pass`] only (and a little with each request), so that minutes
//! take none; at [`Pace::Real`] it follows the real clock, times a factor. The server's clock is far from ours.

mod api;
pub(crate) mod behaviour;
pub(crate) mod git;
pub(crate) mod sim;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use self::api::{EPOCH, Reply, World};
pub(crate) use self::api::{PASSWORD, TOKEN, USER};
use self::behaviour::{AppSpec, Behaviour};
use self::sim::Sim;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;

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
    step: i64,
    password: String,
    token: String,
}

/// A running stand-in. It stops when it is dropped.
pub(crate) struct Argo {
    addr: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ArgoBuilder {
    /// A server without applications, at manual pace.
    pub(crate) fn new() -> Self {
        let root = String::new();
        Self {
            apps: vec![],
            pace: Pace::Manual,
            root,
            login_secs: 86_400,
            login_page: false,
            redirect: false,
            step: 10,
            password: PASSWORD.to_owned(),
            token: TOKEN.to_owned(),
        }
    }

    pub(crate) fn app(mut self, app: AppSpec) -> Self {
        self.apps.push(app);
        self
    }

    pub(crate) fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Each request moves virtual time by so many milliseconds: what happens then depends on the requests alone.
    pub(crate) fn step(mut self, millis: i64) -> Self {
        self.step = millis;
        self
    }

    /// The account's password, and its token for machines.
    pub(crate) fn secrets(mut self, password: &str, token: &str) -> Self {
        password.clone_into(&mut self.password);
        token.clone_into(&mut self.token);
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
            step: self.step,
            password: self.password,
            token: self.token,
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

    /// What was told to do with the application, and was taken on: `sync`, `terminate`, the names of resource actions.
    pub(crate) fn told(&self, app: &str) -> Vec<String> {
        self.lock().apps[app].told.clone()
    }

    /// From now on the application does as usual.
    pub(crate) fn heal(&self, app: &str) {
        self.lock().apps.get_mut(app).expect("the application").spec.behaviour = Behaviour::default();
    }

    /// From now on the application does this beyond the usual.
    pub(crate) fn behaves(&self, app: &str, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.lock().apps.get_mut(app).expect("the application").spec.behaviour);
    }

    /// The application turns Degraded, and stays so whatever is deployed.
    pub(crate) fn degrade(&self, app: &str) {
        self.lock().apps.get_mut(app).expect("the application").degrade();
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
        world.manual += world.step;
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
