//! A monitoring server as the settings name it: its address, who we are to it, and headers for whatever stands before it.

use std::time::Duration;

use reqwest::Url;

use crate::adapters::http::Http;
use crate::adapters::http::server::{Login, Server, ServerSettings, headers_in, login_in};
use crate::adapters::secret::Secret;
use crate::app::settings::sources::Sources;
use crate::ports::Fault;

/// How long one answer may take: a gate, or a look of the verification, waits for it.
const WITHIN: Duration = Duration::from_secs(15);

/// A kind of monitoring server, by its names.
#[derive(Debug, Clone, Copy)]
pub struct Called {
    /// What it is called.
    pub name: &'static str,
    /// What its inputs begin with.
    pub inputs: &'static str,
    /// What its variables begin with.
    pub variables: &'static str,
    /// What its secrets are called where they are hidden: token, password, header, password in the address.
    secrets: [&'static str; 4],
}

/// Alertmanager.
pub const ALERTMANAGER: Called = Called {
    name: "Alertmanager",
    inputs: "alertmanager",
    variables: "ALERTMANAGER",
    secrets: ["ALERTMANAGER_TOKEN", "ALERTMANAGER_PASSWORD", "ALERTMANAGER_HEADER", "ALERTMANAGER_URL_PASSWORD"],
};

/// How a monitoring server is reached.
#[derive(Debug, Clone)]
pub struct Monitor {
    called: Called,
    url: String,
    token: Option<Secret>,
    username: Option<String>,
    password: Option<Secret>,
    headers: Option<Secret>,
}

impl Sources {
    /// A monitoring server, where its address is set.
    pub(super) fn monitor(&self, called: Called) -> Option<Monitor> {
        let name = |name: &str| format!("{}-{name}", called.inputs);
        Some(Monitor {
            called,
            url: self.text(&name("url"))?,
            token: self.secret(&name("token")),
            username: self.text(&name("username")),
            password: self.secret(&name("password")),
            headers: self.secret(&name("headers")),
        })
    }
}

impl Monitor {
    /// Connects it to the client; nothing is reached yet. An address, a login or a header that cannot be is a fault of the
    /// settings.
    pub fn server(&self, http: &Http) -> Result<Server, Fault> {
        let Called { name, variables, .. } = self.called;
        let settings = ServerSettings {
            called: name,
            variables,
            url: self.url.clone(),
            login: Login::of(self.token.as_ref(), self.username.as_deref(), self.password.as_ref()),
            headers: self.headers.clone(),
            within: WITHIN,
        };
        Server::new(&settings, http)
    }

    /// Its secrets by name. What is not understood is refused later, without being shown.
    pub(super) fn secrets(&self) -> Vec<(&'static str, Secret)> {
        let [token, password, header, in_address] = self.called.secrets;
        let headers = self.headers.as_ref().and_then(|lines| headers_in(lines, self.called.variables).ok());
        let of_url = Url::parse(&self.url).ok().and_then(|url| match login_in(&url)? {
            Login::Password { password, .. } => Some(password),
            Login::Token(_) | Login::None => None,
        });
        let own = [(token, self.token.clone()), (password, self.password.clone()), (in_address, of_url)];
        let own = own.into_iter().filter_map(|(name, secret)| Some((name, secret?)));
        own.chain(headers.into_iter().flatten().map(|(_, value)| (header, value))).collect()
    }
}
