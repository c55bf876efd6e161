//! HTTP: the one client. TLS is rustls with bundled roots (a `scratch` image has none of its own) and the caller's own
//! authority beside them; redirects are never followed, since a token must not travel to where a page points.
//!
//! The road is blocking: [`Http`] holds the handle of the one tokio runtime and blocks on it. It must not be called on a
//! runtime's own worker, where tokio panics.

pub mod fault;
pub mod page;
pub mod probe;
pub mod server;
pub mod tls;

use std::future::Future;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};
use tokio::runtime::Handle;

use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::Time;

/// How often a read is tried in all.
pub const TRIES: u32 = 3;
/// The first pause between two tries of a read; each further one is twice as long.
pub const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a server may ask for; a longer one is for the caller to wait.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How the client is made.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Certificates of further authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Accept any certificate: only what `ARGOCD_OPTS=--insecure` asks for.
    pub insecure: bool,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long a server may be silent.
    pub read: Duration,
    /// How long one request may take, its answer included; a [`Call`] may have its own.
    pub total: Duration,
    /// How large an answer may be, in bytes after decompression.
    pub body_max: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            ca_pem: None,
            insecure: false,
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            total: Duration::from_secs(60),
            body_max: 32 << 20,
        }
    }
}

/// The client and the runtime that it works on. Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    handle: Handle,
    total: Duration,
    body_max: usize,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Option<Vec<u8>>,
    /// How long it may take; absent: as the settings say.
    pub total: Option<Duration>,
    /// The moment that no try goes beyond, and after which there is no further one; absent: there is none.
    pub by: Option<Instant>,
    /// How large its answer may be, in bytes after decompression; absent: as the settings say.
    pub body_max: Option<usize>,
    /// Whether it is a question whatever its method: one whose answer is lost may be asked again.
    pub question: bool,
}

/// What a server answered: any status is an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl Call {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        let question = method.is_safe();
        Self { method, url, headers: HeaderMap::new(), body: None, total: None, by: None, body_max: None, question }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same with its own deadline.
    #[must_use]
    pub fn within(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// The same with its own limit for the answer, in bytes.
    #[must_use]
    pub fn at_most(mut self, body_max: usize) -> Self {
        self.body_max = Some(body_max);
        self
    }

    /// The same as a question, though its method could change something.
    #[must_use]
    pub fn changing_nothing(mut self) -> Self {
        self.question = true;
        self
    }

    /// Method and address, as they may be shown.
    pub fn shown(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }

    /// What a failure of the transport means for this request.
    pub fn fault(&self, error: &reqwest::Error) -> Fault {
        fault::of(&self.shown(), self.question, &self.url, error)
    }
}

impl Answer {
    /// Whether the status is from 200 to 299.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text; absent too where it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type without its parameters, in lower case; empty if there is none.
    pub fn content_type(&self) -> String {
        let whole = self.header("content-type").unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The server's clock.
    pub fn date(&self) -> Option<Time> {
        parse_date(self.header("date")?)
    }

    /// What `Retry-After` asks for: seconds, or a date, which is compared with the same server's `Date`.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        if let Ok(secs) = asked.trim().parse::<u64>() {
            return Some(Duration::from_secs(secs));
        }
        let span = parse_date(asked)?.as_millisecond() - self.date()?.as_millisecond();
        Some(Duration::from_millis(u64::try_from(span).unwrap_or(0)))
    }
}

impl Http {
    /// Makes the client. A CA file that holds no certificate is a fault of the settings.
    pub fn new(settings: &HttpSettings, handle: Handle) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(settings.ca_pem.as_deref(), settings.insecure)?)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .tls_info(true)
            .connect_timeout(settings.connect)
            .read_timeout(settings.read)
            .user_agent(concat!("promote/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Fault::new(FaultKind::Settings, "set up the HTTP client", fault::chain(&error)))?;
        Ok(Self { client, handle, total: settings.total, body_max: settings.body_max })
    }

    /// The client itself, for octocrab and git's transport: no redirects, no deadline for a whole request.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The runtime that requests run on.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Blocks on a request that another client makes with ours; `None` if it took longer than the settings allow.
    pub fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.handle.block_on(async { tokio::time::timeout(self.total, work).await.ok() })
    }

    /// Sends one request, once. A write whose answer is lost is `Uncertain`, unless it surely was never sent.
    pub fn request(&self, call: &Call) -> Result<Answer, Fault> {
        self.handle.block_on(self.send(call))
    }

    /// Sends a request that changes nothing, a few times if need be: after a lost connection, a 429 or a 5xx, as the
    /// server asks (`Retry-After`). The last answer is the answer.
    pub fn read(&self, call: &Call) -> Result<Answer, Fault> {
        self.handle.block_on(async {
            let mut pause = PAUSE;
            for _ in 1..TRIES {
                let came = self.send(call).await;
                let wait = match &came {
                    Ok(answer) if !retryable(answer.status) => return came,
                    Ok(answer) => match answer.retry_after() {
                        Some(asked) if asked > PAUSE_MAX => return came,
                        asked => asked.unwrap_or(pause),
                    },
                    Err(fault) if fault.kind == FaultKind::Transient => pause,
                    Err(_) => return came,
                };
                let wait = wait + jitter(pause);
                if call.by.is_some_and(|by| Instant::now() + wait >= by) {
                    return came;
                }
                tokio::time::sleep(wait).await;
                pause *= 2;
            }
            self.send(call).await
        })
    }

    async fn send(&self, call: &Call) -> Result<Answer, Fault> {
        let response = self.open(call).await?;
        self.take(call, response).await
    }

    /// Sends a request and reads the head of its answer.
    async fn open(&self, call: &Call) -> Result<reqwest::Response, Fault> {
        let total = call.total.unwrap_or(self.total);
        let total = call.by.map_or(total, |by| total.min(by.saturating_duration_since(Instant::now())));
        let mut request =
            self.client.request(call.method.clone(), call.url.clone()).headers(call.headers.clone()).timeout(total);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| call.fault(&error))
    }

    /// Reads an answer to its end, as far as its size allows.
    pub async fn take(&self, call: &Call, mut response: reqwest::Response) -> Result<Answer, Fault> {
        let most = call.body_max.unwrap_or(self.body_max);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        tracing::debug!(request = call.shown(), status);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| call.fault(&error))? {
            if body.len() + chunk.len() > most {
                let size = if most >> 20 > 0 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
                let why = format!("{} answered more than {size}", call.shown());
                return Err(Fault::new(FaultKind::Broken, "read an answer", why));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// A header's value that carries a secret, after a prefix (`Bearer `), and is never shown.
pub fn sensitive(prefix: &str, secret: &Secret) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose())).map_err(|_| {
        let why = "it holds a character that no HTTP header can carry (a line end, perhaps)";
        Fault::new(FaultKind::Settings, "use the token", why)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// An address as it may be shown: without user, password, query and fragment, any of which may hold a secret.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let query = if url.query().is_some() { "?…" } else { "" };
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for addresses that cannot hold a user at all.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    format!("{url}{query}")
}

fn retryable(status: u16) -> bool {
    status == 429 || (status >= 500 && status != 501)
}

fn parse_date(text: &str) -> Option<Time> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Up to half of a span, by chance: so that many runs do not come back at the same moment.
pub fn jitter(span: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    // Each RandomState has its own random keys.
    let chance = std::hash::RandomState::new().build_hasher().finish() % 1000;
    span * u32::try_from(chance).unwrap_or(0) / 2000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let url = Url::parse("https://user:hunter2@host:8443/a/b?token=t#frag").unwrap();
        assert_eq!(shown(&url), "https://host:8443/a/b?…");
        assert_eq!(shown(&Url::parse("http://host/").unwrap()), "http://host/");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_own_clock() {
        let answer = |pairs: &[(&'static str, &'static str)]| {
            let headers =
                pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect();
            Answer { status: 503, headers, body: Vec::new() }
        };
        assert_eq!(answer(&[("retry-after", "2")]).retry_after(), Some(Duration::from_secs(2)));
        let dated = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT")];
        assert_eq!(answer(&dated).retry_after(), Some(Duration::from_secs(3)));
        assert_eq!(answer(&[("retry-after", "soon")]).retry_after(), None);
        assert_eq!(answer(&[]).retry_after(), None);
    }

    #[test]
    fn a_header_with_a_secret_does_not_show_it() {
        let value = sensitive("Bearer ", &Secret::new("hunter2").unwrap()).unwrap();
        assert!(!format!("{value:?}").contains("hunter2"));
        let fault = sensitive("Bearer ", &Secret::new("hunter2\nx").unwrap()).unwrap_err();
        assert!(!fault.to_string().contains("hunter2"));
    }
}
