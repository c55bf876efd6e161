//! GitHub, as the settings have it: one client for everything that a process asks of its API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Runtime;

use crate::adapters::clock::SystemClock;
use crate::adapters::github::app_token::AppKey;
use crate::adapters::github::approvals::{GitHubApprovals, ThisRun};
use crate::adapters::github::client::{Client, ClientSettings, Credential, PATIENCE};
use crate::adapters::http::Http;
use crate::adapters::secret::Secret;
use crate::app::mask::{self, Mask};
use crate::app::settings::Settings;
use crate::app::settings::github::GitHub;
use crate::app::wiring::runtime::{http_settings, runtime};
use crate::ports::{Fault, FaultKind};

/// What an App's token may do here: read what approvals and evidence are made of, and show what came of it.
const APP_PERMISSIONS: [(&str, &str); 6] = [
    ("actions", "read"),
    ("checks", "write"),
    ("contents", "read"),
    ("members", "read"),
    ("pull_requests", "write"),
    ("statuses", "write"),
];

/// GitHub, and the runtime that it blocks on.
pub struct GitHubDoor {
    /// Its API, for the repository that promote runs for.
    pub client: Arc<Client>,
    /// Its API for whoever starts workflows: an App's token for that is made when it is needed.
    pub dispatcher: Arc<Client>,
    /// Who approved.
    pub approvals: GitHubApprovals,
    _runtime: Runtime,
}

/// Opens GitHub where the settings name a repository and a token or an App; nothing is reached yet.
pub fn open(settings: &Settings, mask: &Mask, stop: &Arc<AtomicBool>) -> Result<Option<GitHubDoor>, Fault> {
    let Some(github) = &settings.github else { return Ok(None) };
    let Some((credential, token_name)) = credential(github)? else { return Ok(None) };
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    let starting = match &credential {
        Credential::App(app) => {
            let permissions = BTreeMap::from([("actions".to_owned(), "write".to_owned())]);
            Some(Credential::App(AppKey { permissions, ..app.clone() }))
        }
        Credential::None | Credential::Token(_) => None,
    };
    let open = |credential| client(settings, mask, stop, &http, (&github.repository, credential, token_name));
    let client = Arc::new(open(credential)?);
    let dispatcher = starting.map(|credential| open(credential).map(Arc::new)).transpose()?;
    let dispatcher = dispatcher.unwrap_or_else(|| Arc::clone(&client));
    let run = github.run.as_ref().map(|run| ThisRun { id: run.id, led_by: run.led_by });
    let approvals = GitHubApprovals::new(Arc::clone(&client), run);
    Ok(Some(GitHubDoor { approvals, client, dispatcher, _runtime: runtime }))
}

/// A repository's API alone, and the runtime that it blocks on.
pub struct AtGitHub {
    /// The repository.
    pub client: Client,
    _runtime: Runtime,
}

/// The repository that promote runs for, for whoever sets it up: an App's token may all that the App may. Nothing is reached yet.
pub fn setting_up(settings: &Settings, mask: &Mask, stop: &Arc<AtomicBool>) -> Result<AtGitHub, Fault> {
    let Some(github) = &settings.github else {
        let fault = Fault::new(FaultKind::Settings, "find the repository at GitHub", "none is named");
        return Err(fault.hint("set GITHUB_REPOSITORY to owner/name, and GITHUB_TOKEN"));
    };
    let (credential, token_name) = match credential(github)? {
        Some((Credential::App(app), name)) => (Credential::App(AppKey { permissions: BTreeMap::new(), ..app }), name),
        Some(known) => known,
        None => (Credential::None, "GITHUB_TOKEN"),
    };
    connect(settings, mask, stop, (&github.repository, credential, token_name))
}

/// Another repository, by its own token; nothing is reached yet.
pub fn at(
    settings: &Settings,
    mask: &Mask,
    stop: &Arc<AtomicBool>,
    (repository, token, token_name): (&str, Option<Secret>, &str),
) -> Result<AtGitHub, Fault> {
    let credential = token.map_or(Credential::None, Credential::Token);
    connect(settings, mask, stop, (repository, credential, token_name))
}

fn connect(
    settings: &Settings,
    mask: &Mask,
    stop: &Arc<AtomicBool>,
    (repository, credential, token_name): (&str, Credential, &str),
) -> Result<AtGitHub, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    let client = client(settings, mask, stop, &http, (repository, credential, token_name))?;
    Ok(AtGitHub { client, _runtime: runtime })
}

fn client(
    settings: &Settings,
    mask: &Mask,
    stop: &Arc<AtomicBool>,
    http: &Http,
    (repository, credential, token_name): (&str, Credential, &str),
) -> Result<Client, Fault> {
    let (mask, in_actions) = (mask.clone(), settings.actions.is_some());
    let settings = ClientSettings {
        api: settings.github_api.clone(),
        repository: repository.to_owned(),
        credential,
        token_name: token_name.to_owned(),
        patience: PATIENCE,
        on_secret: Arc::new(move |secret| mask::minted(&mask, secret, in_actions)),
    };
    Client::new(&settings, http, Arc::new(SystemClock::new(Arc::clone(stop))))
}

/// Who we are to GitHub, and the variable that says so.
fn credential(github: &GitHub) -> Result<Option<(Credential, &'static str)>, Fault> {
    let permissions = || BTreeMap::from(APP_PERMISSIONS.map(|(name, may)| (name.to_owned(), may.to_owned())));
    match (&github.app_id, &github.app_private_key, &github.token) {
        (Some(id), Some(key), _) => {
            let app = AppKey { id: id.clone(), key: key.clone(), permissions: permissions() };
            Ok(Some((Credential::App(app), "PROMOTE_APP_PRIVATE_KEY")))
        }
        (Some(_), None, _) | (None, Some(_), _) => {
            let why = "of a GitHub App both its id and its private key are needed, and one is set";
            let fault = Fault::new(FaultKind::Settings, "log in to GitHub", why);
            Err(fault.hint("set PROMOTE_APP_ID and PROMOTE_APP_PRIVATE_KEY, or neither"))
        }
        (None, None, Some(token)) => Ok(Some((Credential::Token(token.clone()), "GITHUB_TOKEN"))),
        (None, None, None) => Ok(None),
    }
}
