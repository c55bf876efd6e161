//! Wiring of GitHub's API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Runtime;

use crate::adapters::clock::SystemClock;
use crate::adapters::github::app_token::AppKey;
use crate::adapters::github::client::{Client, ClientSettings, Credential, PATIENCE};
use crate::adapters::http::Http;
use crate::adapters::secret::Secret;
use crate::app::mask;
use crate::app::settings::Settings;
use crate::app::wiring::{http_settings, runtime};
use crate::ports::{Fault, FaultKind};

/// GitHub's API alone, for commands that neither read nor write anything else.
pub struct AtGitHub {
    /// The repository.
    pub client: Client,
    _runtime: Runtime,
}

/// Connects to the repository that the settings name; nothing is reached yet.
pub fn open(settings: &Settings, stop: &Arc<AtomicBool>) -> Result<AtGitHub, Fault> {
    let Some(github) = &settings.github else {
        let fault = Fault::new(FaultKind::Settings, "find the repository at GitHub", "none is named");
        return Err(fault.hint("set GITHUB_REPOSITORY to owner/name, and GITHUB_TOKEN"));
    };
    let (credential, token_name) = match (&github.app_id, &github.app_private_key, &github.token) {
        (Some(id), Some(key), _) => {
            let key = AppKey { id: id.clone(), key: key.clone(), permissions: BTreeMap::new() };
            (Credential::App(key), "PROMOTE_APP_PRIVATE_KEY")
        }
        (_, _, Some(token)) => (Credential::Token(token.clone()), "GITHUB_TOKEN"),
        (_, _, None) => (Credential::None, "GITHUB_TOKEN"),
    };
    connect(settings, stop, &github.repository, credential, token_name)
}

/// Connects to another repository, by its own token; nothing is reached yet.
pub fn at(
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    repository: &str,
    token: Option<Secret>,
    token_name: &str,
) -> Result<AtGitHub, Fault> {
    connect(settings, stop, repository, token.map_or(Credential::None, Credential::Token), token_name)
}

fn connect(
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    repository: &str,
    credential: Credential,
    token_name: &str,
) -> Result<AtGitHub, Fault> {
    let runtime = runtime(stop)?;
    let http = Http::new(&http_settings(settings)?, runtime.handle().clone())?;
    let in_actions = settings.actions.is_some();
    let on_secret = move |secret: &Secret| {
        if in_actions {
            mask::announce(secret);
        }
    };
    let client = ClientSettings {
        api: settings.github_api.clone(),
        repository: repository.to_owned(),
        credential,
        token_name: token_name.to_owned(),
        patience: PATIENCE,
        on_secret: Arc::new(on_secret),
    };
    let client = Client::new(&client, &http, Arc::new(SystemClock::new(Arc::clone(stop))))?;
    Ok(AtGitHub { client, _runtime: runtime })
}
