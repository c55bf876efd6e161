//! Servers of monitoring systems as a run knows them: where they are, and who it is to them.

use std::time::Duration;

use reqwest::Url;

use crate::adapters::http::server::{Login, ServerSettings, headers_in, login_in};
use crate::adapters::secret::Secret;
use crate::app::settings::sources::Sources;

/// How long a question to a monitoring system may take: a query over weeks reads a lot.
const WITHIN: Duration = Duration::from_secs(30);

/// A monitoring system's server.
#[derive(Debug, Clone)]
pub struct Monitoring {
    /// Its address.
    pub url: String,
    /// A token.
    pub token: Option<Secret>,
    /// The name to log in with, instead.
    pub username: Option<String>,
    /// The password to log in with.
    pub password: Option<Secret>,
    /// Further headers, one in a line.
    pub headers: Option<Secret>,
}

/// The names that a server's settings go by.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// What it is called.
    pub called: &'static str,
    /// What the names of its variables begin with.
    pub variables: &'static str,
    /// What stands for its token, its password, the password in its address, and a header, where they are hidden.
    pub hidden: [&'static str; 4],
}

/// Prometheus, and whatever answers its API.
pub const PROMETHEUS: Names = Names {
    called: "Prometheus",
    variables: "PROMETHEUS",
    hidden: ["PROMETHEUS_TOKEN", "PROMETHEUS_PASSWORD", "PROMETHEUS_URL_PASSWORD", "PROMETHEUS_HEADER"],
};

/// Alertmanager.
pub const ALERTMANAGER: Names = Names {
    called: "Alertmanager",
    variables: "ALERTMANAGER",
    hidden: ["ALERTMANAGER_TOKEN", "ALERTMANAGER_PASSWORD", "ALERTMANAGER_URL_PASSWORD", "ALERTMANAGER_HEADER"],
};

impl Sources {
    /// The server whose inputs begin with a name; `None` where its address is not set.
    pub(super) fn monitoring(&self, name: &str) -> Option<Monitoring> {
        let of = |setting: &str| format!("{name}-{setting}");
        Some(Monitoring {
            url: self.text(&of("url"))?,
            token: self.secret(&of("token")),
            username: self.text(&of("username")),
            password: self.secret(&of("password")),
            headers: self.secret(&of("headers")),
        })
    }
}

impl Monitoring {
    /// Every secret, by the name that stands for it. What is not understood is refused later, without being shown.
    pub fn secrets(&self, names: &Names) -> Vec<(&'static str, Secret)> {
        let [token, password, in_address, header] = names.hidden;
        let in_url = Url::parse(&self.url).ok().and_then(|url| match login_in(&url) {
            Some(Login::Password { password, .. }) => Some(password),
            _ => None,
        });
        let single = [(token, self.token.clone()), (password, self.password.clone()), (in_address, in_url)];
        let headers = self.headers.as_ref().and_then(|lines| headers_in(lines, names.variables).ok());
        // Lines that cannot be read are hidden as they are.
        let headers = headers.map_or_else(
            || self.headers.clone().into_iter().collect(),
            |headers| headers.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
        );
        let single = single.into_iter().filter_map(|(name, secret)| Some((name, secret?)));
        single.chain(headers.into_iter().map(|value| (header, value))).collect()
    }

    /// How the server is reached.
    pub fn server(&self, names: &Names) -> ServerSettings {
        ServerSettings {
            called: names.called,
            variables: names.variables,
            url: self.url.clone(),
            login: Login::of(self.token.as_ref(), self.username.as_deref(), self.password.as_ref()),
            headers: self.headers.clone(),
            within: WITHIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_secret_of_a_server_is_hidden() {
        let environment = [
            ("PROMETHEUS_URL", "https://me:pw-in-url@prom.example.com/x"),
            ("INPUT_PROMETHEUS-TOKEN", "token-1234"),
            ("PROMETHEUS_HEADERS", "X-Scope-OrgID: acme\nCf: secret-5678"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let sources = Sources { flags: BTreeMap::new(), environment: BTreeMap::from(environment) };
        let server = sources.monitoring("prometheus").unwrap();
        let secrets = server.secrets(&PROMETHEUS);
        let shown: Vec<_> = secrets.iter().map(|(name, secret)| (*name, secret.expose())).collect();
        assert_eq!(
            shown,
            [
                ("PROMETHEUS_TOKEN", "token-1234"),
                ("PROMETHEUS_URL_PASSWORD", "pw-in-url"),
                ("PROMETHEUS_HEADER", "acme"),
                ("PROMETHEUS_HEADER", "secret-5678"),
            ]
        );
        let broken = Monitoring { headers: Secret::new("no header at all"), ..server };
        assert!(broken.secrets(&PROMETHEUS).iter().any(|(_, secret)| secret.expose() == "no header at all"));
        assert!(sources.monitoring("alertmanager").is_none());
    }
}
