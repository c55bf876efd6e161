//! The server: what every request goes through, whatever it asks for.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::answer::{Answer, Call};
use super::routes;
use super::state::World;
use super::tokens::Caller;

/// What goes wrong with a request that is itself in order.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// The hour's requests are used up: 403, and `x-ratelimit-remaining: 0`; the hour ends after so many seconds.
    Primary { resets_in: i64 },
    /// A secondary limit: this status (403 or 429), and perhaps how long to wait.
    Secondary { status: u16, retry_after: Option<u64> },
    /// An error of the server's, with a page instead of JSON. Nothing is carried out.
    Status(u16),
    /// It is carried out, and the connection breaks before the answer is whole.
    LoseAnswer,
    /// This page instead, with this status.
    Page(u16, String),
    /// This JSON instead, with this status.
    Json(u16, Value),
}

/// A request as it was logged.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Below the API's root, as it was sent.
    pub(crate) path: String,
    /// As it was sent, without `?`.
    pub(crate) query: String,
    /// The token's name, `app` for a JWT, `unknown` for another, `none`.
    pub(crate) authorization: String,
    pub(crate) body: Option<Value>,
    /// What was answered.
    pub(crate) status: u16,
}

/// A listener on a free port. It stops when it is dropped.
pub(super) struct Listening {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Listening {
    /// Serves on a free port.
    pub(super) fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens for the API.
pub(super) fn listen(world: Arc<Mutex<World>>) -> Listening {
    Listening::start(Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let world = Arc::clone(&world);
        async move { receive(&world, &method, &uri, &headers, &body) }
    }))
}

fn receive(shared: &Mutex<World>, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let raw = uri.path();
    let (prefix, path) = match raw.strip_prefix("/api/v3") {
        Some(rest) => ("/api/v3", rest),
        // GraphQL of an Enterprise Server stands beside its REST API.
        None => ("", if raw == "/api/graphql" { "/graphql" } else { raw }),
    };
    let (at, due) = {
        let mut world = lock();
        world.log.push(Request {
            method: method.to_string(),
            path: path.to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            authorization: String::new(),
            body: serde_json::from_slice(body).ok(),
            status: 0,
        });
        let at = world.log.len();
        let all = std::mem::take(&mut world.actions);
        let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(n, _)| *n <= at);
        world.actions = later;
        (at - 1, due)
    };
    for (_, action) in due {
        action();
    }
    let mut world = lock();
    let trouble = world.next_trouble(method.as_str(), path);
    let call = Call {
        method: method.to_string(),
        path: path.to_owned(),
        arguments: Vec::new(),
        query: pairs(uri.query().unwrap_or_default()),
        body: Map::new(),
        caller: Caller::Nobody,
        base: format!("{}{prefix}", world.url),
    };
    let (answer, common) = world.answer(call, headers, body, trouble.as_ref(), at);
    world.log[at].status = answer.status;
    match trouble {
        Some(Trouble::LoseAnswer) => broken(),
        _ => answer.response(common),
    }
}

/// A response whose body ends before its length.
fn broken() -> Response<Body> {
    Response::builder().header(header::CONTENT_LENGTH, "100000").body(Body::from("{")).expect("a response")
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://query/?{query}")).expect("an address");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

impl World {
    fn next_trouble(&mut self, method: &str, path: &str) -> Option<Trouble> {
        let fits = |by: &str, part: &str| (by.is_empty() || by == method) && path.contains(part);
        let at = self.troubles.iter().position(|(by, part, _, times)| *times > 0 && fits(by, part))?;
        self.troubles[at].3 -= 1;
        Some(self.troubles[at].2.clone())
    }

    /// The answer, and the headers that all have.
    fn answer(
        &mut self,
        mut call: Call,
        headers: &HeaderMap,
        body: &[u8],
        trouble: Option<&Trouble>,
        at: usize,
    ) -> (Answer, Vec<(&'static str, String)>) {
        let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let identified = self.identify(given("authorization"));
        self.log[at].authorization = match &identified {
            Ok(Caller::Nobody) => "none".to_owned(),
            Ok(Caller::App) => "app".to_owned(),
            Ok(Caller::Holder { token, .. }) => token.name.clone(),
            Err(_) => "unknown".to_owned(),
        };
        let mut need = "";
        let answer = identified.and_then(|caller| {
            call.caller = caller;
            heads(&given)?;
            self.limits(&call, trouble)?;
            let (route, arguments) = routes::find(&call.method, &call.path).ok_or_else(Answer::not_found)?;
            call.arguments = arguments;
            need = route.need;
            if call.method != "GET" && call.method != "DELETE" {
                call.body = object(body)?;
            }
            self.admit(route, &call)?;
            (route.answer)(self, &call)
        });
        let mut answer = answer.unwrap_or_else(|refusal| refusal);
        let mut common = self.rate_headers(&call, &answer);
        common.push(("x-github-request-id", format!("0000:{at:04X}")));
        common.push(("x-accepted-github-permissions", need.replace(';', "; ")));
        if call.method == "GET" && answer.status == 200 {
            let tag =
                format!("W/\"{}\"", hex::encode(Sha256::digest(format!("{:?}", (&answer.body, &answer.headers)))));
            if given("if-none-match").is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
                answer = Answer::empty(304);
            }
            common.push(("etag", tag));
        }
        self.count(&call, &answer);
        (answer, common)
    }
}

/// What GitHub refuses whoever asks.
fn heads<'a>(given: &impl Fn(&str) -> Option<&'a str>) -> Result<(), Answer> {
    if given("user-agent").is_none_or(str::is_empty) {
        let why = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
        return Err(Answer::error(403, why));
    }
    let accept = given("accept").unwrap_or("*/*");
    if !["*/*", "application/", "text/html, */*"].iter().any(|known| accept.contains(known)) {
        return Err(Answer::error(
            415,
            &format!("Unsupported 'Accept' header: '{accept}'. Must accept 'application/json'."),
        ));
    }
    match given("x-github-api-version") {
        None | Some("2022-11-28" | "2026-03-10") => Ok(()),
        Some(other) => Err(Answer::error(400, &format!("\"{other}\" is not a supported X-GitHub-Api-Version."))),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Answer> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Answer::error(400, "Body should be a JSON object")),
        Err(_) => Err(Answer::error(400, "Problems parsing JSON")),
    }
}

impl Trouble {
    /// The refusal that it is; `None` where the request is carried out.
    pub(super) fn refusal(&self) -> Option<Answer> {
        let secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let answer = match self {
            Self::Primary { .. } => Answer::error(403, "API rate limit exceeded for the stand-in."),
            Self::Secondary { status, retry_after: None } => Answer::error(*status, secondary),
            Self::Secondary { status, retry_after: Some(secs) } => {
                Answer::error(*status, secondary).with("retry-after", secs.to_string())
            }
            Self::Status(status) => {
                let reason = StatusCode::from_u16(*status).ok().and_then(|code| code.canonical_reason());
                Answer::new(*status, Value::String(format!("<html><title>{}</title>", reason.unwrap_or("Error"))))
            }
            Self::Page(status, text) => Answer::new(*status, Value::String(text.clone())),
            Self::Json(status, body) => Answer::new(*status, body.clone()),
            Self::LoseAnswer => return None,
        };
        Some(answer)
    }
}
