//! git's smart protocol over HTTP (gitprotocol-http): `GET info/refs`, then one POST for each exchange, on the one client.
//!
//! The token goes to the one host that the address names. A redirect is followed for the listing only, on the same host
//! (a renamed repository), and the exchanges then go where it led.

use std::io::{self, Read, Write};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use git2::transport::Service;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use reqwest::{Method, Url};

use crate::adapters::git::address::Login;
use crate::adapters::git::fault::{Trace, clean};
use crate::adapters::http::{Answer, Call, Http, fault, shown};
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// How many redirects a listing may take.
const HOPS: usize = 4;
/// How long one exchange may take, the pack included.
const EXCHANGE: Duration = Duration::from_secs(600);
/// How large the answer of one exchange may be, in bytes.
const ANSWER_MAX: u64 = 1 << 30;
/// Who we say that we are: servers give their web pages to whoever does not begin with `git/`.
const AGENT: &str = concat!("git/2.0 (promote ", env!("CARGO_PKG_VERSION"), ")");
/// How much of a refusing answer is read for its words.
const REFUSAL_MAX: usize = 16 << 10;

/// A repository behind HTTP.
#[derive(Debug, Clone)]
pub(crate) struct SmartHttp {
    http: Http,
    /// The repository's address; what a redirect led to, once one did.
    base: Arc<Mutex<Url>>,
    authorization: Option<HeaderValue>,
    /// Texts that no message may show.
    hidden: Vec<Secret>,
    /// Where the token comes from, for hints: `GITOPS_TOKEN`.
    token_name: String,
    two: bool,
    trace: Trace,
}

impl SmartHttp {
    /// A repository at an address, with a login for its host.
    pub(crate) fn new(http: Http, url: Url, login: Option<&Login>, token_name: &str) -> Result<Self, Fault> {
        let mut hidden = Vec::new();
        let authorization = login.map(|login| basic(&http, login)).transpose()?;
        if let (Some(login), Some(value)) = (login, &authorization) {
            hidden.extend(login.password.clone());
            hidden.extend(value.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).and_then(Secret::new));
        }
        let base = Arc::new(Mutex::new(url));
        let (token_name, two, trace) = (token_name.to_owned(), false, Trace::default());
        Ok(Self { http, base, authorization, hidden, token_name, two, trace })
    }

    /// The same, asking the server for version 2 of the protocol (gitprotocol-v2, "HTTP Transport").
    pub(crate) fn speaking_two(self) -> Self {
        Self { two: true, ..self }
    }

    /// What this wire leaves behind.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// A text without the login.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "…"))
    }

    /// One request and its answer.
    pub(crate) fn exchange(&self, service: Service) -> Exchange {
        Exchange { wire: self.clone(), service, body: Vec::new(), answer: None }
    }

    fn base(&self) -> Url {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The server's listing of refs for a service, which shows too whether it would serve us.
    fn listing(&self, service: &str) -> Result<Vec<u8>, Fault> {
        let mut url = self.base();
        url.set_path(&format!("{}/info/refs", url.path().trim_end_matches('/')));
        url.set_query(Some(&format!("service={service}")));
        for _ in 0..=HOPS {
            let mut call = Call::new(Method::GET, url.clone());
            call.headers = self.headers(service);
            let answer = self.http.read(&call)?;
            if (300..400).contains(&answer.status) {
                url = self.redirected(&url, &answer)?;
                continue;
            }
            self.judge(&url, answer.status, &answer.content_type(), &format!("{service}-advertisement"), || {
                answer.text()
            })?;
            let path = url.path().trim_end_matches("/info/refs").to_owned();
            url.set_path(&path);
            url.set_query(None);
            *self.base.lock().unwrap_or_else(PoisonError::into_inner) = url;
            return Ok(answer.body);
        }
        Err(Fault::new(FaultKind::Broken, self.doing(), format!("{} redirects more than {HOPS} times", shown(&url))))
    }

    /// Where a redirect leads, if the token may go there.
    fn redirected(&self, from: &Url, answer: &Answer) -> Result<Url, Fault> {
        let location = answer.header(LOCATION.as_str()).unwrap_or_default();
        let to = from.join(location).ok().filter(|to| to.path().ends_with("/info/refs") && to.query() == from.query());
        let same = |to: &Url| {
            let secured = from.scheme() == "http" && to.scheme() == "https" && from.port().is_none();
            to.host_str() == from.host_str() && to.port() == from.port() && (to.scheme() == from.scheme() || secured)
        };
        let shown_to = || from.join(location).map_or_else(|_| "nowhere".to_owned(), |to| shown(&to));
        to.filter(same).ok_or_else(|| {
            let why = format!("{} redirects to {}, where the token is not sent", shown(from), shown_to());
            Fault::new(FaultKind::Broken, self.doing(), why).hint("if that is right, give that address itself")
        })
    }

    fn headers(&self, service: &str) -> HeaderMap {
        let login = self.authorization.clone().map(|value| (AUTHORIZATION, value));
        let mut headers: HeaderMap = login.into_iter().chain([(USER_AGENT, HeaderValue::from_static(AGENT))]).collect();
        // There is no version 2 of pushing.
        if self.two && service == "git-upload-pack" {
            headers.insert("git-protocol", HeaderValue::from_static("version=2"));
        }
        headers
    }

    fn doing(&self) -> String {
        format!("reach the repository {}", shown(&self.base()))
    }

    /// Takes an answer of the kind that was asked for, and says what any other means.
    fn judge(
        &self,
        url: &Url,
        status: u16,
        content_type: &str,
        wanted: &str,
        body: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        let wanted = format!("application/x-{wanted}");
        if status == 200 && content_type == wanted {
            return Ok(());
        }
        let kind = if content_type.is_empty() { "no content type" } else { content_type };
        let mut why = format!("{} answered {status} ({kind})", shown(url));
        let html = content_type.contains("html");
        let said = if html { String::new() } else { clean(&self.scrub(&body())) };
        if status != 200 && !said.is_empty() && (content_type.starts_with("text/") || content_type.contains("json")) {
            why = format!("{why}: {said}");
        }
        let doing = self.doing();
        let token = &self.token_name;
        Err(match status {
            401 | 407 if self.authorization.is_none() => Fault::new(FaultKind::Denied, doing, why)
                .hint(format!("the server asks for a login: set {token}")),
            401 | 407 => Fault::new(FaultKind::Denied, doing, why)
                .hint(format!("{token} is refused: it is wrong, revoked or expired")),
            403 => Fault::new(FaultKind::Denied, doing, why).hint(format!(
                "{token} may not do this: it needs write access to the repository's contents (and, where the organisation \
                 asks for it, single sign-on for the token)"
            )),
            404 | 410 => Fault::new(FaultKind::NotFound, doing, why).hint(format!(
                "the repository does not exist there, or {token} may not see it (servers say 404 for both)"
            )),
            408 | 425 | 429 | 500.. => Fault::new(FaultKind::Transient, doing, why),
            _ if html => Fault::new(FaultKind::Broken, doing, format!("{why}: a web page, not a git repository"))
                .hint("check the address; a login page or a proxy may stand before the server"),
            _ => Fault::new(FaultKind::Broken, doing, format!("{why}; {wanted} was expected"))
                .hint("check that this address is a git repository"),
        })
    }

    /// Sends one exchange's request, and gives its answer once it is of the right kind.
    fn post(&self, service: &str, body: Vec<u8>) -> Result<reqwest::Response, Fault> {
        let writes = service == "git-receive-pack";
        let mut url = self.base();
        url.set_path(&format!("{}/{service}", url.path().trim_end_matches('/')));
        let media = |end: &str| format!("application/x-{service}-{end}");
        let request = self.http.client().post(url.clone()).headers(self.headers(service)).timeout(EXCHANGE);
        let request = request.header(CONTENT_TYPE, media("request")).header(ACCEPT, media("result")).body(body);
        if writes {
            self.trace.sent.store(true, Ordering::SeqCst);
        }
        // Sent from within the runtime: the client starts its timers as soon as it is called.
        let response = self.http.handle().block_on(async { request.send().await }).map_err(|error| {
            if error.is_connect() {
                self.trace.sent.store(false, Ordering::SeqCst);
            }
            fault::of(&format!("POST {}", shown(&url)), false, &url, &error)
        })?;
        let status = response.status().as_u16();
        if (300..500).contains(&status) {
            // A definite no: the server did not begin.
            self.trace.sent.store(false, Ordering::SeqCst);
        }
        let header = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let wanted = format!("{service}-result");
        if status == 200 && content_type == format!("application/x-{wanted}") {
            return Ok(response);
        }
        let text = self.start_of(response);
        self.judge(&url, status, &content_type, &wanted, || text)?;
        Err(Fault::new(FaultKind::Broken, self.doing(), "the answer cannot be used"))
    }

    /// The beginning of an answer's text, as far as it comes.
    fn start_of(&self, mut response: reqwest::Response) -> String {
        let mut text = Vec::new();
        self.http.handle().block_on(async {
            while let Ok(Some(chunk)) = response.chunk().await {
                text.extend_from_slice(&chunk);
                if text.len() > REFUSAL_MAX {
                    break;
                }
            }
        });
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// One request, which libgit2 writes, and its answer, which libgit2 reads. It is sent at the first read.
#[derive(Debug)]
pub(crate) struct Exchange {
    wire: SmartHttp,
    service: Service,
    body: Vec<u8>,
    answer: Option<Reply>,
}

#[derive(Debug)]
enum Reply {
    Whole(io::Cursor<Vec<u8>>),
    Stream { response: reqwest::Response, chunk: io::Cursor<bytes::Bytes>, left: u64 },
}

impl Exchange {
    fn send(&mut self) -> Result<Reply, Fault> {
        let body = std::mem::take(&mut self.body);
        let service = match self.service {
            Service::UploadPackLs => return self.list("git-upload-pack"),
            Service::ReceivePackLs => return self.list("git-receive-pack"),
            Service::UploadPack => "git-upload-pack",
            Service::ReceivePack => "git-receive-pack",
        };
        let response = self.wire.post(service, body)?;
        Ok(Reply::Stream { response, chunk: io::Cursor::default(), left: ANSWER_MAX })
    }

    fn list(&self, service: &str) -> Result<Reply, Fault> {
        self.wire.listing(service).map(|body| Reply::Whole(io::Cursor::new(body)))
    }

    /// Leaves the fault for us, and a text for libgit2 that holds nothing of the outside (a NUL in it would abort).
    fn fail(&self, fault: Fault) -> io::Error {
        self.wire.trace.fault.put(fault);
        io::Error::other("the git server could not be reached")
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Exchange {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_none() {
            self.answer = Some(self.send().map_err(|fault| self.fail(fault))?);
        }
        let (response, chunk, left) = match self.answer.as_mut() {
            None => return Ok(0),
            Some(Reply::Whole(body)) => return body.read(into),
            Some(Reply::Stream { response, chunk, left }) => (response, chunk, left),
        };
        loop {
            let count = chunk.read(into)?;
            if count > 0 || into.is_empty() {
                return Ok(count);
            }
            let fault = match self.wire.http.handle().block_on(response.chunk()) {
                Ok(None) => return Ok(0),
                Ok(Some(next)) if next.len() as u64 <= *left => {
                    *left -= next.len() as u64;
                    *chunk = io::Cursor::new(next);
                    continue;
                }
                Ok(Some(_)) => {
                    let why = format!("the server sends more than {} MiB", ANSWER_MAX >> 20);
                    Fault::new(FaultKind::Broken, self.wire.doing(), why)
                }
                Err(error) => Fault::new(
                    FaultKind::Transient,
                    self.wire.doing(),
                    format!("the answer broke off: {}", fault::chain(&error)),
                ),
            };
            return Err(self.fail(fault));
        }
    }
}

/// The header of a login, made by the client itself, which marks it as not to be shown.
fn basic(http: &Http, login: &Login) -> Result<HeaderValue, Fault> {
    let password = login.password.as_ref().map(|secret| secret.expose());
    let request = http.client().get("http://localhost/").basic_auth(&login.user, password).build();
    let header = request.ok().and_then(|request| request.headers().get(AUTHORIZATION).cloned());
    header.ok_or_else(|| Fault::new(FaultKind::Settings, "use the git token", "it cannot be sent in a header"))
}
