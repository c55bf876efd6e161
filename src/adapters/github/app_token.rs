//! A GitHub App's token: its key signs a short word of its own (a JWT), and that is given for a token of one repository and
//! named permissions, for an hour. Source: GitHub's documentation, "Authenticating as a GitHub App installation".

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use octocrab::jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::adapters::github::door::{Ask, Door};
use crate::adapters::github::route::path;
use crate::adapters::http::Answer;
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::{Millis, Time};

/// How long before its end a token is renewed.
const EARLY: Millis = Millis::mins(5);
/// How long a JWT holds; GitHub allows ten minutes, and clocks differ.
const JWT_HOLDS: Millis = Millis::mins(9);
/// How far back a JWT is dated, since clocks differ.
const JWT_SINCE: Millis = Millis::secs(60);
/// How far our clock may be from GitHub's before a refused JWT is dated by GitHub's.
const CLOCK_OFF: Millis = Millis::secs(30);

/// Hears of every secret that is made on the way, so that it is hidden before it can be shown.
pub type OnSecret = Arc<dyn Fn(&Secret) + Send + Sync>;

/// A GitHub App, and what its token is to be allowed.
#[derive(Debug, Clone)]
pub struct AppKey {
    /// The App's client id, or its number.
    pub id: String,
    /// Its private key, PEM (PKCS#1, as GitHub gives it, or PKCS#8); line ends may be written as `\n`.
    pub key: Secret,
    /// The permissions that the token gets, as the API names them: `actions` → `read`. Empty: all that the App has.
    pub permissions: BTreeMap<String, String>,
}

/// An App at one repository, with the token that it has now.
pub(super) struct App {
    id: String,
    key: EncodingKey,
    permissions: BTreeMap<String, String>,
    owner: String,
    name: String,
    on_secret: OnSecret,
    minted: Mutex<Option<Minted>>,
}

#[derive(Clone)]
struct Minted {
    token: Secret,
    /// By our clock.
    renew_at: Time,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    expires_at: Time,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
}

impl App {
    pub(super) fn new(
        app: &AppKey,
        owner: &str,
        name: &str,
        on_secret: OnSecret,
        token_name: &str,
    ) -> Result<Self, Fault> {
        // A variable of one line is how many CI systems hold a key.
        let pem = app.key.expose().replace("\\n", "\n");
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| bad_key(token_name, &error.to_string()))?;
        let AppKey { id, permissions, .. } = app.clone();
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Ok(Self { id, key, permissions, owner, name, on_secret, minted: Mutex::new(None) })
    }

    /// The token, made or renewed if need be. Whoever asks meanwhile waits for it.
    pub(super) fn token(&self, door: &Door) -> Result<Secret, Fault> {
        let mut minted = self.minted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(minted) = &*minted
            && door.clock.now() < minted.renew_at
        {
            return Ok(minted.token.clone());
        }
        let fresh = self.mint(door)?;
        let token = fresh.token.clone();
        *minted = Some(fresh);
        Ok(token)
    }

    /// The token that was made last.
    pub(super) fn present(&self) -> Option<Secret> {
        let minted = self.minted.lock().unwrap_or_else(PoisonError::into_inner);
        minted.as_ref().map(|minted| minted.token.clone())
    }

    /// Forgets a token that GitHub did not accept, unless it was replaced already.
    pub(super) fn forget(&self, token: &Secret) {
        let mut minted = self.minted.lock().unwrap_or_else(PoisonError::into_inner);
        if minted.as_ref().is_some_and(|minted| minted.token == *token) {
            *minted = None;
        }
    }

    fn mint(&self, door: &Door) -> Result<Minted, Fault> {
        let doing = format!("get a token of the GitHub App {}", self.id);
        let (installation, skew) = self.installation(door, &doing)?;
        let mut body = json!({ "repositories": [self.name] });
        if !self.permissions.is_empty() {
            body["permissions"] = json!(self.permissions);
        }
        let route = format!("/app/installations/{installation}/access_tokens");
        // A token that was made and not told of ends within the hour, unused.
        let ask = Ask { body: Some(&body), harmless: true, ..Ask::new(&doing, &Method::POST, &route) };
        let jwt = self.jwt(door, skew)?;
        let answer = door.ask(&ask, Some(&jwt))?;
        if !answer.ok() {
            return Err(self.refused(door, &ask, &jwt, &answer));
        }
        let read = serde_json::from_slice::<Token>(&answer.body);
        let shown = door.shown(&ask);
        // The body of a token that cannot be read is not repeated: it may hold the token.
        let Token { token, expires_at } = read.map_err(|error| {
            let why =
                format!("{shown}: GitHub's answer cannot be read ({:?}, column {})", error.classify(), error.column());
            Fault::new(FaultKind::Broken, &doing, why)
        })?;
        let token = Secret::new(token).ok_or_else(|| {
            Fault::new(FaultKind::Broken, &doing, format!("{shown}: GitHub answered without a token"))
        })?;
        (self.on_secret)(&token);
        let now = door.clock.now();
        let holds = Millis::between(answer.date().unwrap_or(now), expires_at);
        Ok(Minted { token, renew_at: Millis(holds.0 - EARLY.0).after(now) })
    }

    /// The App's installation at our repository, and how far GitHub's clock is ahead of ours, where that matters.
    fn installation(&self, door: &Door, doing: &str) -> Result<(u64, Millis), Fault> {
        let route = path(&["repos", &self.owner, &self.name, "installation"]);
        let ask = Ask::new(doing, &Method::GET, &route);
        let (mut skew, mut jwt) = (Millis(0), self.jwt(door, Millis(0))?);
        let mut answer = door.ask(&ask, Some(&jwt))?;
        let off = answer.date().map_or(Millis(0), |date| Millis::between(door.clock.now(), date));
        if answer.status == 401 && off.0.abs() > CLOCK_OFF.0 {
            tracing::debug!("GitHub's clock is {off} from ours: the JWT is dated by GitHub's");
            (skew, jwt) = (off, self.jwt(door, off)?);
            answer = door.ask(&ask, Some(&jwt))?;
        }
        if !answer.ok() {
            return Err(self.refused(door, &ask, &jwt, &answer));
        }
        let installation: Installation = serde_json::from_slice(&answer.body)
            .map_err(|error| door.asked(&ask, Some(&jwt), |asked| asked.unreadable(&error)))?;
        Ok((installation.id, skew))
    }

    fn jwt(&self, door: &Door, skew: Millis) -> Result<Secret, Fault> {
        let now = skew.after(door.clock.now());
        let secs = |span: i64| Millis(span).after(now).as_second();
        let claims = Claims { iss: &self.id, iat: secs(-JWT_SINCE.0), exp: secs(JWT_HOLDS.0) };
        let jwt = encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map_err(|error| bad_key(&door.token_name, &error.to_string()))?;
        let jwt = Secret::new(jwt).ok_or_else(|| bad_key(&door.token_name, "it signs nothing"))?;
        (self.on_secret)(&jwt);
        Ok(jwt)
    }

    fn refused(&self, door: &Door, ask: &Ask<'_>, jwt: &Secret, answer: &Answer) -> Fault {
        let (Self { id, owner, name, .. }, token_name) = (self, &door.token_name);
        let fault = door.refusal(ask, Some(jwt), answer);
        match answer.status {
            401 => fault
                .hint(format!("check that {token_name} is the private key of the App {id}, and the runner's clock")),
            404 => {
                fault.hint(format!("install the App {id} on {owner}/{name}; GitHub says 404 also if it may not see it"))
            }
            422 if !self.permissions.is_empty() => {
                let wanted: Vec<String> =
                    self.permissions.iter().map(|(name, level)| format!("{name}: {level}")).collect();
                let wanted = wanted.join(", ");
                Fault { kind: FaultKind::Denied, ..fault }.hint(format!(
                    "the App's installation must have these permissions, and its owner must have accepted them: {wanted}"
                ))
            }
            _ => fault,
        }
    }
}

fn bad_key(token_name: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Settings, "use the private key of the GitHub App", format!("{token_name}: {why}"))
        .hint("it must be the whole PEM file that GitHub gave, from -----BEGIN RSA PRIVATE KEY----- to its end line")
}
