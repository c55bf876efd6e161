//! One repository's door to GitHub's REST API: whose credentials are sent, how a list is read to its end, and what is
//! remembered. Shapes are ours and narrow: what GitHub adds or leaves null must not stop a promotion.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::github::app_token::{App, AppKey, OnSecret};
use crate::adapters::github::door::{Ask, Door};
use crate::adapters::github::etags::Etags;
use crate::adapters::github::fault::{Asked, is_json};
use crate::adapters::github::route::{path, with_query};
use crate::adapters::http::{Answer, Http, sensitive};
use crate::adapters::secret::Secret;
use crate::ports::{Clock, Fault, FaultKind};

/// How many entries a page of a list has: the most that GitHub gives.
pub const PER_PAGE: usize = 100;
/// How many pages of a list are read; a longer one is a fault, never a shorter list.
pub const PAGES_MAX: usize = 30;
/// How long a request may wait by default, for a limit or for another try.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How a repository's API is reached.
pub struct ClientSettings {
    /// Where the API is: `https://api.github.com`, or `GITHUB_API_URL`.
    pub api: String,
    /// The repository: `owner/name`.
    pub repository: String,
    /// Who we are.
    pub credential: Credential,
    /// The variable that the credential comes from, for hints: `GITHUB_TOKEN`.
    pub token_name: String,
    /// How long one request may wait in all, for a limit to end or before another try; zero: each is tried once.
    pub patience: Duration,
    /// Hears of every secret that is made on the way (an App's tokens), before it is used.
    pub on_secret: OnSecret,
}

/// Who we are to GitHub.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nobody: public repositories only, and 60 requests an hour.
    None,
    /// A workflow's or a person's token.
    Token(Secret),
    /// A GitHub App, whose tokens we make ourselves.
    App(AppKey),
}

/// A repository at GitHub. It blocks, and must not be used on a runtime's own worker; several threads may share it.
pub struct Client {
    pub(super) door: Door,
    identity: Identity,
    owner: String,
    name: String,
    etags: Etags,
}

enum Identity {
    Nobody,
    Token(Secret),
    App(App),
}

impl Client {
    /// Makes a client; nothing is sent yet. `Settings` where the address, the repository's name, the token or the key
    /// cannot be what they are meant to be.
    pub fn new(settings: &ClientSettings, http: &Http, clock: Arc<dyn Clock + Send + Sync>) -> Result<Self, Fault> {
        let ClientSettings { api, repository, credential, token_name, patience, on_secret } = settings;
        let door = Door::new(api, token_name, *patience, http, clock)?;
        let Some((owner, name)) = repository.split_once('/').filter(|(owner, name)| plain(owner) && plain(name)) else {
            let why = "the repository is not of the form owner/name";
            return Err(Fault::new(FaultKind::Settings, "reach GitHub's API", why).hint("set GITHUB_REPOSITORY"));
        };
        let identity = match credential {
            Credential::None => Identity::Nobody,
            Credential::Token(token) => {
                // octocrab would say less of a token that no header can carry.
                sensitive("Bearer ", token).map_err(|fault| fault.hint(format!("check {token_name}")))?;
                Identity::Token(token.clone())
            }
            Credential::App(app) => Identity::App(App::new(app, owner, name, Arc::clone(on_secret), token_name)?),
        };
        Ok(Self { door, identity, owner: owner.to_owned(), name: name.to_owned(), etags: Etags::default() })
    }

    /// The repository's owner.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository's name, without its owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The variable that the credential comes from.
    pub fn token_name(&self) -> &str {
        &self.door.token_name
    }

    /// Whether our token is an App's: it has no user, and no role.
    pub fn is_app(&self) -> bool {
        match &self.identity {
            Identity::Nobody => false,
            Identity::Token(token) => token.expose().starts_with("ghs_"),
            Identity::App(_) => true,
        }
    }

    /// How many requests were sent so far, every try counted.
    pub fn requests(&self) -> u64 {
        self.door.sent()
    }

    /// A route below the repository: `["environments", "a/b"]` is `/repos/owner/name/environments/a%2Fb`.
    pub fn route(&self, segments: &[&str]) -> String {
        format!("{}{}", path(&["repos", &self.owner, &self.name]), path(segments))
    }

    /// Reads one thing.
    pub fn get<T: DeserializeOwned>(&self, doing: &str, route: &str, query: &[(&str, &str)]) -> Result<T, Fault> {
        let route = with_query(route, query);
        let ask = Ask::new(doing, &Method::GET, &route);
        self.granted(&ask, &self.read(&ask)?)
    }

    /// Reads one thing; `None` where GitHub says 404, which it also says of what the token may not see.
    pub fn get_optional<T: DeserializeOwned>(
        &self,
        doing: &str,
        route: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, Fault> {
        let route = with_query(route, query);
        let ask = Ask::new(doing, &Method::GET, &route);
        let answer = self.read(&ask)?;
        if answer.status == 404 && is_json(&answer) {
            return Ok(None);
        }
        self.granted(&ask, &answer).map(Some)
    }

    /// Reads a list to its end; `field` is where each page holds its entries, absent if the page is the list. A list of more
    /// than [`PAGES_MAX`] pages is a fault.
    pub fn pages<T: DeserializeOwned>(
        &self,
        doing: &str,
        route: &str,
        query: &[(&str, &str)],
        field: Option<&str>,
    ) -> Result<Vec<T>, Fault> {
        let (route, size) = (with_query(route, query), PER_PAGE.to_string());
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            // The pages that GitHub links to may be on another host than the one that is meant.
            let route = with_query(&route, &[("per_page", &size), ("page", &page.to_string())]);
            let ask = Ask::new(doing, &Method::GET, &route);
            let answer = self.read(&ask)?;
            let mut body: Value = self.granted(&ask, &answer)?;
            let list = match field {
                Some(field) => body.get_mut(field).map(Value::take).unwrap_or_default(),
                None => body,
            };
            let entries: Vec<T> = serde_json::from_value(list).map_err(|error| self.unreadable(&ask, &error))?;
            let full = entries.len() >= PER_PAGE;
            all.extend(entries);
            let more = answer.header("link").map_or(full, |link| link.contains("rel=\"next\""));
            if !more {
                return Ok(all);
            }
        }
        Err(self.too_long(doing, &route))
    }

    /// Reads a list whose pages are linked by a cursor (`after`) and have no numbers, as Dependabot's alerts. The same limit.
    pub fn cursor_pages<T: DeserializeOwned>(
        &self,
        doing: &str,
        route: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Fault> {
        let (size, mut all, mut cursor) = (PER_PAGE.to_string(), Vec::new(), None::<String>);
        let first = with_query(&with_query(route, query), &[("per_page", &size)]);
        for _ in 1..=PAGES_MAX {
            let route = cursor.as_ref().map_or_else(|| first.clone(), |after| with_query(&first, &[("after", after)]));
            let ask = Ask::new(doing, &Method::GET, &route);
            let answer = self.read(&ask)?;
            all.extend(self.granted::<Vec<T>>(&ask, &answer)?);
            // Only the cursor is taken from the link: its host is not believed.
            match answer.header("link").and_then(next_cursor) {
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => return Ok(all),
            }
        }
        Err(self.too_long(doing, route))
    }

    /// Creates something. `Uncertain` when it was sent and the answer was lost.
    pub fn post<T: DeserializeOwned>(&self, doing: &str, route: &str, body: &impl Serialize) -> Result<T, Fault> {
        self.write(doing, &Method::POST, route, body)
    }

    /// Changes a part of something. `Uncertain` when it was sent and the answer was lost.
    pub fn patch<T: DeserializeOwned>(&self, doing: &str, route: &str, body: &impl Serialize) -> Result<T, Fault> {
        self.write(doing, &Method::PATCH, route, body)
    }

    /// Puts something in the place of what was there. `Uncertain` when it was sent and the answer was lost.
    pub fn put<T: DeserializeOwned>(&self, doing: &str, route: &str, body: &impl Serialize) -> Result<T, Fault> {
        self.write(doing, &Method::PUT, route, body)
    }

    fn write<T: DeserializeOwned>(
        &self,
        doing: &str,
        method: &Method,
        route: &str,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        let body = serde_json::to_value(body)
            .map_err(|error| Fault::new(FaultKind::Broken, doing, format!("the request cannot be written: {error}")))?;
        let ask = Ask { body: Some(&body), ..Ask::new(doing, method, route) };
        self.granted(&ask, &self.ask(&ask)?)
    }

    fn too_long(&self, doing: &str, route: &str) -> Fault {
        let shown = self.door.shown(&Ask::new(doing, &Method::GET, route));
        Fault::new(
            FaultKind::Broken,
            doing,
            format!("{shown}: the list has more than the {PAGES_MAX} pages that are read"),
        )
    }

    /// Reads with what is remembered of the last answer.
    fn read(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        let kept = self.etags.kept(ask.route);
        let ask = Ask { tag: kept.as_ref().map(|kept| kept.tag.as_str()), ..*ask };
        let answer = self.ask(&ask)?;
        Ok(self.etags.settle(ask.route, kept.as_deref(), answer))
    }

    /// The token to send now, made if need be; none for nobody.
    pub(super) fn token(&self, doing: &str) -> Result<Option<Secret>, Fault> {
        match &self.identity {
            Identity::Nobody => Ok(None),
            Identity::Token(token) => Ok(Some(token.clone())),
            Identity::App(app) => self.token_for(doing, app).map(Some),
        }
    }

    /// Sends a request with our credentials. An App's token that is refused is made anew, once: the refused request did
    /// nothing.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Fault> {
        let app = match &self.identity {
            Identity::Nobody => return self.door.ask(ask, None),
            Identity::Token(token) => return self.door.ask(ask, Some(token)),
            Identity::App(app) => app,
        };
        let token = self.token_for(ask.doing, app)?;
        let answer = self.door.ask(ask, Some(&token))?;
        if answer.status != 401 {
            return Ok(answer);
        }
        app.forget(&token);
        self.door.ask(ask, Some(&self.token_for(ask.doing, app)?))
    }

    fn token_for(&self, doing: &str, app: &App) -> Result<Secret, Fault> {
        app.token(&self.door).map_err(|fault| Fault { why: format!("{}\n(to {doing})", fault.why), ..fault })
    }

    /// What a request was asked for, out of its answer; else what its refusal means.
    fn granted<T: DeserializeOwned>(&self, ask: &Ask<'_>, answer: &Answer) -> Result<T, Fault> {
        if !answer.ok() {
            return Err(self.refusal(ask, answer));
        }
        if answer.body.is_empty() {
            return serde_json::from_slice(b"null").map_err(|error| self.unreadable(ask, &error));
        }
        if !is_json(answer) {
            return Err(self.worded(ask, |asked| asked.not_the_api(answer)));
        }
        serde_json::from_slice(&answer.body).map_err(|error| self.unreadable(ask, &error))
    }

    pub(super) fn refusal(&self, ask: &Ask<'_>, answer: &Answer) -> Fault {
        self.worded(ask, |asked| asked.refusal(answer))
    }

    fn unreadable(&self, ask: &Ask<'_>, error: &serde_json::Error) -> Fault {
        self.worded(ask, |asked| asked.unreadable(error))
    }

    pub(super) fn worded(&self, ask: &Ask<'_>, word: impl FnOnce(Asked<'_>) -> Fault) -> Fault {
        let token = match &self.identity {
            Identity::Nobody => None,
            Identity::Token(token) => Some(token.clone()),
            Identity::App(app) => app.present(),
        };
        self.door.asked(ask, token.as_ref(), word)
    }
}

/// The cursor of the next page in a `Link` header.
fn next_cursor(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let url = Url::parse(next.split_once('<')?.1.split_once('>')?.0).ok()?;
    url.query_pairs().find(|(name, _)| name == "after").map(|(_, value)| value.into_owned())
}

/// Whether a name is one that GitHub gives: letters, digits, `-`, `_` and `.`.
fn plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name != "." && name != ".." && name.bytes().all(allowed)
}
