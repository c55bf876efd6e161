//! A server of a JSON API at an address of the user's: who we are to it, one request, and what an answer means that is none.
//!
//! Prometheus, what answers its API (Thanos, Mimir, Grafana Cloud), and Alertmanager are such servers. Only questions are asked of
//! them here: a `POST` carries one that is too long for an address, and changes nothing.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::http::page::{brief, title_of};
use crate::adapters::http::{Answer, Call, Http, sensitive, shown};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::Time;

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// What it is called: `Prometheus`.
    pub called: &'static str,
    /// What the names of its settings begin with: `PROMETHEUS`, of `PROMETHEUS_URL` and `PROMETHEUS_TOKEN`.
    pub variables: &'static str,
    /// Its address, with the path that its API is below: `https://mimir.example.com/prometheus`. May hold a login.
    pub url: String,
    /// Who we are to it.
    pub login: Login,
    /// Further headers, one in a line: `X-Scope-OrgID: acme`.
    pub headers: Option<Secret>,
    /// How long one request may take.
    pub within: Duration,
}

/// Who we are to a server.
#[derive(Debug, Clone)]
pub enum Login {
    /// Nobody, or whom the address or a header names.
    None,
    /// A bearer's token.
    Token(Secret),
    /// Basic authentication.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
}

impl Login {
    /// The login that the settings give; a token goes before a name.
    pub fn of(token: Option<&Secret>, user: Option<&str>, password: Option<&Secret>) -> Self {
        match (token, user, password) {
            (Some(token), ..) => Self::Token(token.clone()),
            (None, Some(user), Some(password)) => Self::Password { user: user.to_owned(), password: password.clone() },
            _ => Self::None,
        }
    }
}

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    http: Http,
    base: Url,
    headers: HeaderMap,
    called: &'static str,
    variables: &'static str,
    within: Duration,
    by: Option<Instant>,
}

/// What a server said, and its clock.
#[derive(Debug, Clone)]
pub struct Heard<T> {
    /// What it said.
    pub said: T,
    /// The server's clock, where it told.
    pub date: Option<Time>,
}

/// How much of another's text is repeated, in characters.
const REPEATED: usize = 300;

impl Server {
    /// Connects the settings to the client; nothing is reached yet. An address or a header that cannot be is a fault of the settings.
    pub fn new(settings: &ServerSettings, http: &Http) -> Result<Self, Fault> {
        let variables = settings.variables;
        let fault = |why: String| {
            Fault::new(FaultKind::Settings, format!("reach {}", settings.called), format!("{variables}_URL: {why}"))
                .hint(format!("write an address such as https://{}.example.com", variables.to_ascii_lowercase()))
        };
        let mut base = Url::parse(settings.url.trim()).map_err(|error| fault(format!("it is no address: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(fault("it does not begin with http:// or https://".to_owned()));
        }
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let in_address = login_in(&base);
        let login =
            if let (Login::None, Some(login)) = (&settings.login, &in_address) { login } else { &settings.login };
        if let Some(value) = authorization(login)? {
            headers.insert(AUTHORIZATION, value);
        }
        for (name, value) in
            settings.headers.as_ref().map(|lines| headers_in(lines, variables)).transpose()?.unwrap_or_default()
        {
            headers.insert(name, sensitive("", &value)?);
        }
        // Both fail only for addresses that cannot hold a user at all.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_query(None);
        base.set_fragment(None);
        let (called, within) = (settings.called, settings.within);
        Ok(Self { http: http.clone(), base, headers, called, variables, within, by: None })
    }

    /// The same for one who can wait so long for everything that is asked from now on.
    #[must_use]
    pub fn in_all(&self, within: Option<Duration>) -> Self {
        Self { by: within.map(|within| Instant::now() + within), ..self.clone() }
    }

    /// Where it is, as it may be shown.
    pub fn place(&self) -> String {
        shown(&self.base)
    }

    /// What it is called.
    pub fn called(&self) -> &'static str {
        self.called
    }

    /// How long one request may take.
    pub fn within(&self) -> Duration {
        self.within
    }

    /// Asks with a `GET`. `path` is below the address: `/api/v2/alerts`.
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<Heard<T>, Fault> {
        let mut call = self.call(Method::GET, path);
        if !query.is_empty() {
            call.url.query_pairs_mut().extend_pairs(query);
        }
        self.ask(&call)
    }

    /// Asks with a form, which may be longer than an address.
    pub fn form<T: DeserializeOwned>(&self, path: &str, form: &[(&str, &str)]) -> Result<Heard<T>, Fault> {
        let mut call = self.call(Method::POST, path);
        let body = Url::parse_with_params("form:", form).ok().and_then(|url| url.query().map(str::to_owned));
        call.body = Some(body.unwrap_or_default().into_bytes());
        self.ask(&call.header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")))
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let mut call = Call::new(method, url).within(self.within).changing_nothing();
        (call.headers, call.by) = (self.headers.clone(), self.by);
        call
    }

    fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<Heard<T>, Fault> {
        let answer = self.http.read(call)?;
        if !answer.ok() {
            return Err(self.refused(call, &answer));
        }
        let date = answer.date();
        let said = serde_json::from_slice(&answer.body).map_err(|error| self.nonsense(call, &answer, &error))?;
        Ok(Heard { said, date })
    }

    fn fault(&self, kind: FaultKind, why: String) -> Fault {
        Fault::new(kind, format!("ask {}", self.called), why)
    }

    /// What a refusal means.
    fn refused(&self, call: &Call, answer: &Answer) -> Fault {
        let (variables, status) = (self.variables, answer.status);
        let to = answer.header("location").filter(|_| (300..400).contains(&status));
        let to = to.map(|to| format!(" to {}", to.split('?').next().unwrap_or_default())).unwrap_or_default();
        let why = format!("{} answered {status}{to}{}", call.shown(), words_of(answer));
        let (kind, hint) = match status {
            401 | 403 => {
                let names = format!("{variables}_TOKEN, or {variables}_USERNAME and {variables}_PASSWORD");
                (FaultKind::Denied, Some(format!("set {names}; for a tenant also {variables}_HEADERS")))
            }
            300..=399 => {
                (FaultKind::Broken, Some(format!("redirects are not followed: set {variables}_URL to where it leads")))
            }
            404 | 405 => {
                let hint = format!("set {variables}_URL to the address that the API is below, with its path");
                (FaultKind::NotFound, Some(hint))
            }
            429 | 500.. => (FaultKind::Transient, None),
            _ => (FaultKind::Broken, None),
        };
        let fault = self.fault(kind, why);
        if let Some(hint) = hint { fault.hint(hint) } else { fault }
    }

    /// What an answer means that is not what was asked for.
    fn nonsense(&self, call: &Call, answer: &Answer, error: &serde_json::Error) -> Fault {
        let (shown, status) = (call.shown(), answer.status);
        let looks_like_json = matches!(answer.body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['));
        if !looks_like_json {
            let kind = answer.content_type();
            let kind = if kind.is_empty() { "no content type".to_owned() } else { kind };
            let why = format!("{shown} answered {status} with {kind}{} where JSON was expected", title_of(answer));
            let hint = format!("is that the API, or a page in front of it? check {}_URL and the login", self.variables);
            return self.fault(FaultKind::Broken, why).hint(hint);
        }
        let why = if error.is_eof() {
            format!("{shown} answered {status}, and its answer breaks off after {} bytes", answer.body.len())
        } else {
            format!("{shown} answered {status} with what its API does not say: {error}")
        };
        self.fault(FaultKind::Broken, why)
    }
}

/// The headers that are written in lines. Their values are secrets: they log in to a tenant or a proxy.
pub fn headers_in(lines: &Secret, variables: &str) -> Result<Vec<(HeaderName, Secret)>, Fault> {
    let lines = lines.expose().lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(at, line)| {
            let header = line
                .split_once(':')
                .and_then(|(name, value)| Some((HeaderName::try_from(name.trim()).ok()?, Secret::new(value.trim())?)));
            header.ok_or_else(|| {
                let why = format!("line {} is not `Name: value`", at + 1);
                Fault::new(FaultKind::Settings, format!("read {variables}_HEADERS"), why)
                    .hint("write one header in a line, such as X-Scope-OrgID: acme")
            })
        })
        .collect()
}

/// The login that an address holds, as it was written before it was escaped.
pub fn login_in(url: &Url) -> Option<Login> {
    let password = Secret::new(unescaped(url.password()?))?;
    Some(Login::Password { user: unescaped(url.username()), password })
}

/// `%40` is `@`. What is no UTF-8 afterwards stays as it is.
fn unescaped(text: &str) -> String {
    let digit = |at: usize| text.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(byte) = text.as_bytes().get(at) {
        let escaped = if *byte == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        let escaped = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn authorization(login: &Login) -> Result<Option<HeaderValue>, Fault> {
    match login {
        Login::None => Ok(None),
        Login::Token(token) => sensitive("Bearer ", token).map(Some),
        Login::Password { user, password } => {
            let pair = Secret::new(STANDARD.encode(format!("{user}:{}", password.expose())));
            pair.map(|pair| sensitive("Basic ", &pair)).transpose()
        }
    }
}

/// What an answer says of itself, after a colon or in brackets; empty where nothing is to be made of it.
fn words_of(answer: &Answer) -> String {
    let said = match serde_json::from_slice::<Value>(&answer.body) {
        // Alertmanager refuses a filter with a bare string.
        Ok(Value::String(text)) => Some(text),
        Ok(Value::Object(fields)) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            let said = text("error").or_else(|| text("message"));
            said.map(|said| text("errorType").map_or_else(|| said.to_owned(), |kind| format!("{kind}: {said}")))
        }
        _ => None,
    };
    said.map_or_else(|| title_of(answer), |said| format!(": {}", brief(&said, REPEATED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &'static str, body: &str) -> Answer {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_refusal_is_said_in_the_servers_own_words() {
        for (kind, body, wanted) in [
            (
                "application/json",
                r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error"}"#,
                ": bad_data: 1:5: parse error",
            ),
            ("application/json", r#"{"code":602,"message":"matchers is required"}"#, ": matchers is required"),
            ("application/json", "\"bad matcher format\"", ": bad matcher format"),
            ("text/html", "<html><title>Bad Gateway</title>", " (title: \"Bad Gateway\")"),
            ("application/json", "{}", ""),
        ] {
            assert_eq!(words_of(&answer(400, kind, body)), wanted, "{body}");
        }
    }

    #[test]
    fn headers_stand_in_lines_and_are_never_shown() {
        let lines = Secret::new("X-Scope-OrgID: acme\n\n  Cf-Access: a:b \r\n").unwrap();
        let headers = headers_in(&lines, "PROMETHEUS").unwrap();
        let shown: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(shown, [("x-scope-orgid", "acme"), ("cf-access", "a:b")]);
        for broken in ["hunter2", "X-A: b\nhunter2 x: y", "X-A:"] {
            let fault = headers_in(&Secret::new(broken).unwrap(), "PROMETHEUS").unwrap_err();
            assert!(!fault.to_string().contains("hunter2") && fault.to_string().contains("line"), "{fault}");
        }
    }

    #[test]
    fn an_addresses_login_is_taken_as_it_was_meant() {
        let url = Url::parse("https://me:p%40ss%2F%zz@host/prom").unwrap();
        let Some(Login::Password { user, password }) = login_in(&url) else { panic!("no login") };
        assert_eq!((user.as_str(), password.expose()), ("me", "p@ss/%zz"));
        assert!(login_in(&Url::parse("https://host/").unwrap()).is_none());
    }
}
