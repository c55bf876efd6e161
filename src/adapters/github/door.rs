//! One request to GitHub, and the same again where it surely did nothing. octocrab carries it: it knows the API's version
//! (2022-11-28), how a token is sent, and that it is for this server only. Its own retries are left out, since they repeat
//! writes too.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, Url};
use serde_json::Value;

use crate::adapters::github::fault::Asked;
use crate::adapters::github::limits;
use crate::adapters::http::{Answer, Call, Http, PAUSE, TRIES, fault, jitter, shown};
use crate::adapters::secret::Secret;
use crate::ports::{Clock, Fault, FaultKind};
use crate::promotion::time::Millis;

/// A request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// What is being done, fitting "failed to …".
    pub(super) doing: &'a str,
    pub(super) method: &'a Method,
    /// The route below the API's address, encoded, with its query.
    pub(super) route: &'a str,
    pub(super) body: Option<&'a Value>,
    /// The tag of the answer that is known already.
    pub(super) tag: Option<&'a str>,
    /// How large the answer may be, in bytes.
    pub(super) body_max: Option<usize>,
    /// A write that does no harm when it happens twice.
    pub(super) harmless: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn new(doing: &'a str, method: &'a Method, route: &'a str) -> Self {
        Self { doing, method, route, body: None, tag: None, body_max: None, harmless: false }
    }

    /// Whether it may be sent again although it may have been processed.
    fn again(&self) -> bool {
        self.method.is_safe() || self.harmless
    }
}

/// The API of one GitHub server.
pub(super) struct Door {
    octocrab: Octocrab,
    http: Http,
    api: Url,
    pub(super) clock: Arc<dyn Clock + Send + Sync>,
    patience: Duration,
    pub(super) token_name: String,
    sent: AtomicU64,
}

impl Door {
    /// Opens the API at an address; nothing is sent yet.
    pub(super) fn new(
        api: &str,
        token_name: &str,
        patience: Duration,
        http: &Http,
        clock: Arc<dyn Clock + Send + Sync>,
    ) -> Result<Self, Fault> {
        let doing = "reach GitHub's API";
        let settings = |why: String| {
            Fault::new(FaultKind::Settings, doing, why)
                .hint("set GITHUB_API_URL to https://api.github.com, or to https://HOST/api/v3 of an own server")
        };
        let mut url = Url::parse(api).map_err(|error| settings(format!("GITHUB_API_URL is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(settings(format!("GITHUB_API_URL is {}, which is no address of a web server", shown(&url))));
        }
        url.set_query(None);
        url.set_fragment(None);
        // Both fail only for addresses that cannot hold a user at all.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let base = url.as_str().parse().map_err(|_| settings(format!("{} is no address", shown(&url))))?;
        let octocrab = {
            // octocrab starts a task of its own.
            let _entered = http.handle().enter();
            // Its ready-made stack would repeat writes, send our name beside its own, and show tokens in traces.
            let Ok(octocrab) = OctocrabBuilder::new_empty()
                .with_service(ReqwestConnector::new(http.client().clone()))
                .with_layer(&BaseUriLayer::new(base))
                .with_auth(AuthState::None)
                .build();
            octocrab
        };
        let (http, token_name) = (http.clone(), token_name.to_owned());
        Ok(Self { octocrab, http, api: url, clock, patience, token_name, sent: AtomicU64::new(0) })
    }

    /// How many requests were sent so far, every try counted.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// Counts a request that does not go through this door.
    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// The address that a route or a `Location` stands for.
    pub(super) fn url(&self, route: &str) -> Url {
        let mut url = self.api.clone();
        let (path, query) = route.split_once('?').map_or((route, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.api.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    /// How a request is named in a fault.
    pub(super) fn shown(&self, ask: &Ask<'_>) -> String {
        Call::new(ask.method.clone(), self.url(ask.route)).shown()
    }

    /// What an answer means that is not what was asked for.
    pub(super) fn refusal(&self, ask: &Ask<'_>, token: Option<&Secret>, answer: &Answer) -> Fault {
        self.asked(ask, token, |asked| asked.refusal(answer))
    }

    /// Lets a fault be worded for a request.
    pub(super) fn asked(&self, ask: &Ask<'_>, token: Option<&Secret>, word: impl FnOnce(Asked<'_>) -> Fault) -> Fault {
        let shown = &self.shown(ask);
        word(Asked { doing: ask.doing, shown, write: !ask.again(), token_name: &self.token_name, token })
    }

    /// Sends a request until it is answered: a read again after a lost connection or a 502 to 504; a write only when it
    /// surely was not processed. A limit is waited for while patience lasts. Any other answer is the answer.
    pub(super) fn ask(&self, ask: &Ask<'_>, token: Option<&Secret>) -> Result<Answer, Fault> {
        let (mut left, mut pause, mut tries) = (self.patience, PAUSE, 0);
        loop {
            tries += 1;
            let last = tries == TRIES;
            let wait = match self.send(ask, token) {
                Ok(answer) => match limits::of(&answer, self.clock.now()) {
                    Some(limit) if last || limit.wait > left => {
                        return Err(limit.fault(ask.doing, &self.shown(ask), self.clock.now()));
                    }
                    Some(limit) => limit.wait,
                    None if last || !ask.again() || !matches!(answer.status, 502..=504) => return Ok(answer),
                    None => match answer.retry_after().unwrap_or(pause + jitter(pause)) {
                        wait if wait > left => return Ok(answer),
                        wait => wait,
                    },
                },
                // A write's fault is transient only when it was never sent.
                Err(fault) if last || fault.kind != FaultKind::Transient || pause > left => return Err(fault),
                Err(_) => pause + jitter(pause),
            };
            self.wait(ask, wait)?;
            left = left.saturating_sub(wait);
            pause *= 2;
        }
    }

    fn wait(&self, ask: &Ask<'_>, span: Duration) -> Result<(), Fault> {
        let shown = self.shown(ask);
        let span_shown = Millis(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        tracing::debug!(request = shown, "asking GitHub again in {span_shown}");
        self.clock.sleep(span);
        if self.clock.stopped() {
            let why = format!("{shown}: the run was asked to stop while it waited for another try");
            return Err(Fault::new(FaultKind::Transient, ask.doing, why));
        }
        Ok(())
    }

    /// Sends a request, once.
    fn send(&self, ask: &Ask<'_>, token: Option<&Secret>) -> Result<Answer, Fault> {
        let mut call = Call::new(ask.method.clone(), self.url(ask.route));
        call.body_max = ask.body_max;
        self.count();
        let work = async {
            let response = self.carry(ask, token).await.map_err(|error| fault_of(&call, &error))?;
            self.http.take(&call, response).await
        };
        let answer = self.http.within(work).unwrap_or_else(|| {
            let kind = if ask.method.is_safe() { FaultKind::TimedOut } else { FaultKind::Uncertain };
            Err(Fault::new(kind, ask.doing, format!("{}: no answer came in time", call.shown())))
        });
        answer.map_err(|fault| match fault.kind {
            FaultKind::Uncertain if ask.harmless => {
                Fault { kind: FaultKind::Transient, doing: ask.doing.to_owned(), ..fault }
            }
            _ => Fault { doing: ask.doing.to_owned(), ..fault },
        })
    }

    async fn carry(&self, ask: &Ask<'_>, token: Option<&Secret>) -> octocrab::Result<reqwest::Response> {
        let github = match token {
            // Unlike a builder's token, this one is marked as sensitive, and so shown in no trace.
            Some(token) => self.octocrab.user_access_token(token.expose().to_owned())?,
            None => self.octocrab.clone(),
        };
        let response = match *ask.method {
            Method::POST => github._post(ask.route, ask.body).await?,
            Method::PATCH => github._patch(ask.route, ask.body).await?,
            Method::PUT => github._put(ask.route, ask.body).await?,
            Method::DELETE => github._delete(ask.route, ask.body).await?,
            _ => {
                let mut headers = HeaderMap::new();
                headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
                if let Some(tag) = ask.tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
                    headers.insert(IF_NONE_MATCH, tag);
                }
                github._get_with_headers(ask.route, Some(headers)).await?
            }
        };
        // Through reqwest's type again, whose body can be counted as it comes.
        Ok(reqwest::Response::from(response.map(reqwest::Body::wrap)))
    }
}

/// What octocrab's error means: mostly reqwest's, deep inside.
fn fault_of(call: &Call, error: &octocrab::Error) -> Fault {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(transport) = cause.downcast_ref::<reqwest::Error>() {
            return call.fault(transport);
        }
        next = cause.source();
    }
    let kind = if call.method.is_safe() { FaultKind::Broken } else { FaultKind::Uncertain };
    Fault::new(kind, "ask GitHub", format!("{}: {}", call.shown(), fault::chain(error)))
}
