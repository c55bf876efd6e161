//! A git server on loopback: git's own `http-backend`, behind a login, with the troubles that real servers have.
#![allow(dead_code, clippy::allow_attributes, reason = "the tests and the examples each use a part")]
#![expect(clippy::unwrap_used, reason = "a world that cannot be set up ends the test")]

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::Response;
use tokio::sync::oneshot;

use super::bare::{Bare, plain_git};

/// The token that may read and write.
pub(crate) const WRITE_TOKEN: &str = "may-write-0123456789-abcdef";
/// The token that may read only.
pub(crate) const READ_TOKEN: &str = "may-read-0123456789-abcdef";

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// It is carried out, and the connection is closed instead of an answer.
    LoseAnswer,
    /// The connection is closed, and nothing is carried out.
    Drop,
    /// An answer from something before the server: status, content type, text.
    Answer(u16, &'static str, String),
    /// It is sent elsewhere.
    Redirect(String),
}

/// A trouble, where it happens, and how often still.
struct Planned {
    on: String,
    trouble: Trouble,
    times: usize,
}

type Action = Box<dyn FnOnce() + Send>;

struct Inner {
    root: PathBuf,
    requests: AtomicUsize,
    seen: Mutex<Vec<String>>,
    troubles: Mutex<Vec<Planned>>,
    after: Mutex<Vec<(usize, Action)>>,
    public: Mutex<bool>,
    accepted: Mutex<Vec<String>>,
    old: Mutex<bool>,
    received: AtomicUsize,
    sent: AtomicUsize,
}

/// The server. It stops when it is dropped.
pub(crate) struct GitServer {
    address: SocketAddr,
    inner: Arc<Inner>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GitServer {
    /// Serves a repository.
    pub(crate) fn start(bare: &Bare) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            root: bare.root().to_owned(),
            requests: AtomicUsize::new(0),
            seen: Mutex::default(),
            troubles: Mutex::default(),
            after: Mutex::default(),
            public: Mutex::default(),
            accepted: Mutex::default(),
            old: Mutex::default(),
            received: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = async { axum::serve(listener, router).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { address, inner, stop: Some(stop), thread: Some(thread) }
    }

    /// The repository's address, without a login.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/gitops.git", self.address)
    }

    /// The server's address without a path.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// The requests that have come: `GET /gitops.git/info/refs?service=git-upload-pack`.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// The next so many requests that hold a text have a trouble.
    pub(crate) fn trouble(&self, on: &str, trouble: Trouble, times: usize) {
        self.inner.troubles.lock().unwrap().push(Planned { on: on.to_owned(), trouble, times });
    }

    /// No request has a trouble any more.
    pub(crate) fn clear(&self) {
        self.inner.troubles.lock().unwrap().clear();
    }

    /// Does something once the n-th request from now on (from 1) has been carried out, before it is answered.
    pub(crate) fn after(&self, n: usize, action: impl FnOnce() + Send + 'static) {
        self.inner.after.lock().unwrap().push((self.requests() + n, Box::new(action)));
    }

    /// Accepts this login too.
    pub(crate) fn accept(&self, user: &str, password: &str) {
        let login = format!("Basic {}", base64(format!("{user}:{password}").as_bytes()));
        self.inner.accepted.lock().unwrap().push(login);
    }

    /// Speaks only the protocol before version 2 from now on.
    pub(crate) fn speak_old(&self) {
        *self.inner.old.lock().unwrap() = true;
    }

    /// How many bytes of bodies have come.
    pub(crate) fn received(&self) -> usize {
        self.inner.received.load(Ordering::SeqCst)
    }

    /// How many bytes of bodies the backend has answered.
    pub(crate) fn sent(&self) -> usize {
        self.inner.sent.load(Ordering::SeqCst)
    }

    /// Lets anybody read without a login.
    pub(crate) fn make_public(&self) {
        *self.inner.public.lock().unwrap() = true;
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let number = inner.requests.fetch_add(1, Ordering::SeqCst) + 1;
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri);
    inner.seen.lock().unwrap().push(line.clone());
    let body = to_bytes(body, 64 << 20).await.unwrap();
    inner.received.fetch_add(body.len(), Ordering::SeqCst);
    let trouble = inner.trouble_for(&line);
    match &trouble {
        Some(Trouble::Drop) => hang_up(),
        Some(Trouble::Answer(status, kind, text)) => return plain(*status, kind, text),
        Some(Trouble::Redirect(to)) => {
            let response = Response::builder().status(301).header(header::LOCATION, to);
            return response.body(Body::empty()).unwrap();
        }
        Some(Trouble::LoseAnswer) | None => {}
    }
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (agent, login) = (header(header::USER_AGENT), header(header::AUTHORIZATION));
    let response = match inner.refuses(agent.as_deref(), login.as_deref(), &line) {
        Some(refusal) => refusal,
        None => {
            let inner = Arc::clone(&inner);
            let (kind, encoding) = (header(header::CONTENT_TYPE), header(header::CONTENT_ENCODING));
            let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
            let protocol =
                header(header::HeaderName::from_static("git-protocol")).filter(|_| !*inner.old.lock().unwrap());
            let cgi = Cgi { method: parts.method, path, query, kind, encoding, protocol, body };
            tokio::task::spawn_blocking(move || {
                let (response, length) = cgi.run(&inner.root);
                inner.sent.fetch_add(length, Ordering::SeqCst);
                response
            })
            .await
            .unwrap()
        }
    };
    for action in inner.due(number) {
        action();
    }
    if matches!(trouble, Some(Trouble::LoseAnswer)) {
        hang_up();
    }
    response
}

/// Ends the connection's task, and so the connection, without a word.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection is closed"))
}

fn plain(status: u16, kind: &str, text: &str) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, kind).body(Body::from(text.to_owned())).unwrap()
}

impl Inner {
    fn trouble_for(&self, line: &str) -> Option<Trouble> {
        let mut troubles = self.troubles.lock().unwrap();
        let planned = troubles.iter_mut().find(|planned| planned.times > 0 && line.contains(&planned.on))?;
        planned.times -= 1;
        Some(planned.trouble.clone())
    }

    fn due(&self, number: usize) -> Vec<Action> {
        let mut after = self.after.lock().unwrap();
        let (due, later) = std::mem::take(&mut *after).into_iter().partition(|(at, _)| *at <= number);
        *after = later;
        due.into_iter().map(|(_, action): (usize, Action)| action).collect()
    }

    fn refuses(&self, agent: Option<&str>, login: Option<&str>, line: &str) -> Option<Response> {
        if !agent.is_some_and(|agent| agent.starts_with("git/")) {
            return Some(plain(200, "text/html", "<title>acme/gitops</title>"));
        }
        let is =
            |token: &str| login == Some(&format!("Basic {}", base64(format!("x-access-token:{token}").as_bytes())));
        if login.is_some_and(|login| self.accepted.lock().unwrap().iter().any(|accepted| accepted == login)) {
            return None;
        }
        let writes = line.contains("git-receive-pack");
        if is(WRITE_TOKEN) || (!writes && (is(READ_TOKEN) || *self.public.lock().unwrap())) {
            return None;
        }
        if is(READ_TOKEN) {
            return Some(plain(403, "text/plain", "Write access to repository not granted."));
        }
        let mut response = plain(401, "text/plain", "Invalid username or token.");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, "Basic realm=\"git\"".parse().unwrap());
        Some(response)
    }
}

/// One request for `git http-backend`.
struct Cgi {
    method: Method,
    path: String,
    query: String,
    kind: Option<String>,
    encoding: Option<String>,
    protocol: Option<String>,
    body: Bytes,
}

impl Cgi {
    /// The answer, and how long its body is.
    fn run(self, root: &std::path::Path) -> (Response, usize) {
        let mut command = plain_git();
        command
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REMOTE_USER", "x-access-token")
            .env("REQUEST_METHOD", self.method.as_str())
            .env("PATH_INFO", &self.path)
            .env("QUERY_STRING", &self.query)
            .env("CONTENT_LENGTH", self.body.len().to_string())
            .env("CONTENT_TYPE", self.kind.unwrap_or_default())
            .env("HTTP_CONTENT_ENCODING", self.encoding.unwrap_or_default())
            .env("GIT_PROTOCOL", self.protocol.unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let body = self.body;
        let writer = std::thread::spawn(move || {
            // The backend may end without reading all of it.
            let _ = input.write_all(&body);
        });
        let out = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let cut = out.stdout.windows(4).position(|window| window == b"\r\n\r\n").expect("the backend's headers");
        let head = String::from_utf8_lossy(&out.stdout[..cut]).into_owned();
        let mut response = Response::builder();
        for line in head.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            response = match name {
                "Status" => response.status(value.split(' ').next().unwrap()),
                _ => response.header(name, value),
            };
        }
        let body = out.stdout[cut + 4..].to_vec();
        let length = body.len();
        (response.body(Body::from(body)).unwrap(), length)
    }
}

/// Base64 with padding (RFC 4648 §4), for logins and for the search for leaked ones.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_usize, |word, i| word << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            text.push(if i <= chunk.len() { char::from(LETTERS[word >> (18 - 6 * i) & 63]) } else { '=' });
        }
    }
    text
}
