//! One Argo CD server: how it is reached, how we log in, and one request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::runtime::Handle;

use crate::adapters::argocd::options::{self, Options};
use crate::adapters::argocd::reply::Reply;
use crate::adapters::http::{Call, Http, HttpSettings, sensitive};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// `ARGOCD_SERVER`: `host[:port]`.
    pub server: String,
    /// Who we are.
    pub login: Login,
    /// `ARGOCD_OPTS`.
    pub options: Options,
    /// Certificates and timeouts; the options' own are added.
    pub http: HttpSettings,
    /// How long a comparison with git may keep us waiting: it goes on without us.
    pub refresh: Duration,
}

/// Who we are to Argo CD.
#[derive(Debug, Clone)]
pub enum Login {
    /// `ARGOCD_AUTH_TOKEN`.
    Token(Secret),
    /// `ARGOCD_USERNAME` and `ARGOCD_PASSWORD`; a session that ends is opened again.
    Password {
        /// The account.
        user: String,
        /// Its password.
        password: Secret,
    },
}

/// A server, and the session with it.
#[derive(Debug)]
pub(super) struct Server {
    http: Http,
    base: Url,
    login: Login,
    options: Options,
    pub(super) refresh: Duration,
    session: Mutex<Option<HeaderValue>>,
}

/// A request to the API.
pub(super) struct Ask<'a> {
    /// What is being done, fitting "failed to …".
    pub(super) doing: &'a str,
    pub(super) method: Method,
    /// The path below the root, by segments: a `/` in one is escaped.
    pub(super) path: &'a [&'a str],
    /// Absent values are left out.
    pub(super) query: &'a [(&'a str, Option<&'a str>)],
    pub(super) body: Option<serde_json::Value>,
    /// Tried once, and given up after this time.
    pub(super) once_within: Option<Duration>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(doing: &'a str, path: &'a [&'a str], query: &'a [(&'a str, Option<&'a str>)]) -> Self {
        Self { doing, method: Method::GET, path, query, body: None, once_within: None }
    }
}

#[derive(Deserialize)]
struct Session {
    token: String,
}

impl Server {
    pub(super) fn new(settings: &ServerSettings, handle: Handle) -> Result<Self, Fault> {
        let options = settings.options.clone();
        let mut http = settings.http.clone();
        http.insecure |= options.insecure;
        if let Some(path) = &options.server_crt {
            let pem = std::fs::read(path).map_err(|error| {
                let why = format!("{}: {error}", path.display());
                Fault::new(FaultKind::Settings, "read the file of --server-crt", why)
            })?;
            http.ca_pem.get_or_insert_default().extend(b"\n".iter().chain(&pem));
        }
        let base = options::base(&settings.server, &options)?;
        let http = Http::new(&http, handle)?;
        let (login, refresh) = (settings.login.clone(), settings.refresh);
        Ok(Self { http, base, login, options, refresh, session: Mutex::new(None) })
    }

    /// Sends one request with our credentials. A session that has ended is opened again, once: a request that was refused
    /// for it did nothing.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Reply, Fault> {
        let reply = self.send(ask, Some(self.credentials()?))?;
        if reply.status != 401 || matches!(self.login, Login::Token(_)) {
            return Ok(reply);
        }
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.send(ask, Some(self.credentials()?))
    }

    /// Sends one request without credentials.
    pub(super) fn ask_anonymously(&self, ask: &Ask<'_>) -> Result<Reply, Fault> {
        self.send(ask, None)
    }

    fn send(&self, ask: &Ask<'_>, credentials: Option<HeaderValue>) -> Result<Reply, Fault> {
        let mut call =
            Call::new(ask.method.clone(), self.url(ask)).header(ACCEPT, HeaderValue::from_static("application/json"));
        if !ask.method.is_safe() {
            // Exactly so, also without a body: anything else is 415.
            call = call.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &self.options.headers {
            call = call.header(name.clone(), sensitive("", value)?);
        }
        if let Some(credentials) = credentials {
            call = call.header(AUTHORIZATION, credentials);
        }
        call.body = ask.body.as_ref().map(|body| body.to_string().into_bytes());
        call.total = ask.once_within;
        let again = ask.method.is_safe() && ask.once_within.is_none();
        let answer = if again { self.http.read(&call) } else { self.http.request(&call) };
        let answer = answer.map_err(|fault| Fault { doing: ask.doing.to_owned(), ..fault })?;
        Reply::of(ask.doing, &call.shown(), answer)
    }

    fn url(&self, ask: &Ask<'_>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(ask.path);
        }
        let pairs: Vec<_> = ask.query.iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }

    fn credentials(&self) -> Result<HeaderValue, Fault> {
        let (user, password) = match &self.login {
            Login::Token(token) => return sensitive("Bearer ", token),
            Login::Password { user, password } => (user, password),
        };
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &*session {
            return Ok(value.clone());
        }
        let doing = "log in to Argo CD";
        let ask = Ask {
            method: Method::POST,
            body: Some(serde_json::json!({ "username": user, "password": password.expose() })),
            ..Ask::get(doing, &["api", "v1", "session"], &[])
        };
        let reply = self.send(&ask, None).map_err(|fault| match fault.kind {
            // A session that was opened and not told of does no harm.
            FaultKind::Uncertain => Fault { kind: FaultKind::Transient, ..fault },
            _ => fault,
        })?;
        if reply.status == 401 {
            return Err(Fault { hint: None, ..reply.refusal(doing) }
                .hint("check ARGOCD_USERNAME and ARGOCD_PASSWORD; the account needs the `login` capability"));
        }
        let Session { token } = reply.granted(doing)?;
        let token = Secret::new(token)
            .ok_or_else(|| Fault::new(FaultKind::Broken, doing, "Argo CD answered without a token"))?;
        let value = sensitive("Bearer ", &token)?;
        *session = Some(value.clone());
        Ok(value)
    }
}
