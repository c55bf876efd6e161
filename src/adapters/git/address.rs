//! Where a repository is: what people write for it, and how it is reached.

use std::path::PathBuf;

use reqwest::Url;

use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// A repository's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A directory of this machine.
    Local(PathBuf),
    /// A server that speaks git's smart protocol over HTTP.
    Http {
        /// Without user and password.
        url: Url,
        /// User and password that stood in the address.
        login: Option<Login>,
    },
    /// A server that is reached with ssh.
    Ssh {
        /// The user, if one is named.
        user: Option<String>,
        /// The host.
        host: String,
        /// The port, if one is named.
        port: Option<u16>,
        /// The repository's path there.
        path: String,
    },
}

/// A user's name and password for HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name; may be shown.
    pub user: String,
    /// The password or token.
    pub password: Option<Secret>,
}

impl Login {
    /// How GitHub, GitLab, Gitea and others take a token: any user, the token as the password. A service that wants a
    /// certain user (Bitbucket: `x-token-auth`) gets it from the address.
    pub fn token(user: Option<String>, token: Secret) -> Self {
        Self { user: user.unwrap_or_else(|| "x-access-token".to_owned()), password: Some(token) }
    }
}

impl Address {
    /// Reads an address: a path (`/…`, `./…`, `../…`, `~` is the shell's), `file://`, `http(s)://`, `ssh://`,
    /// `git@host:path`, or `owner/name`, which is completed with the server (`https://github.com`).
    pub fn parse(text: &str, server: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let fault = |why: &str| {
            Fault::new(FaultKind::Settings, "read the repository's address", format!("{}: {why}", hidden(text))).hint(
                "write owner/name, an address (https://…, ssh://…, git@host:path, file:///…), or a path that starts with / or ./",
            )
        };
        if text.is_empty() {
            return Err(fault("it is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(fault("it holds a control character"));
        }
        if text.starts_with(['/', '.']) {
            return Ok(Self::Local(PathBuf::from(text)));
        }
        if text.contains("://") {
            let url = Url::parse(text).map_err(|error| fault(&error.to_string()))?;
            return by_scheme(&url).map_err(|why| fault(&why));
        }
        if let Some((place, path)) = text.split_once(':').filter(|(place, _)| !place.contains('/')) {
            let (user, host) = place.split_once('@').map_or((None, place), |(user, host)| (Some(user), host));
            return ssh(user, host, None, path).map_err(|why| fault(&why));
        }
        match text.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => {
                let url = format!("{}/{owner}/{}.git", server.trim_end_matches('/'), name.trim_end_matches(".git"));
                let url = Url::parse(&url).map_err(|error| fault(&format!("with the server {server}: {error}")))?;
                by_scheme(&url).map_err(|why| fault(&why))
            }
            _ => Err(fault("it is neither owner/name nor an address nor a path")),
        }
    }

    /// Owner and name of a repository on a hosting service, if it is there: `acme`, `gitops` for
    /// `https://github.com/acme/gitops.git` and the server `https://github.com`.
    pub fn hosted(&self, server: &str) -> Option<(String, String)> {
        let server = Url::parse(server).ok()?;
        let (same, path) = match self {
            Self::Local(_) => return None,
            Self::Http { url, .. } => (
                (url.host(), url.port_or_known_default()) == (server.host(), server.port_or_known_default()),
                url.path(),
            ),
            Self::Ssh { host, path, .. } => (server.host_str() == Some(host), path.as_str()),
        };
        let (owner, name) = path.trim_matches('/').split_once('/').filter(|_| same)?;
        let name = name.strip_suffix(".git").unwrap_or(name);
        (is_name(owner) && is_name(name)).then(|| (owner.to_owned(), name.to_owned()))
    }

    /// The address as it may be shown: without user and password.
    pub fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            Self::Http { url, .. } => crate::adapters::http::shown(url),
            Self::Ssh { host, port, path, .. } => {
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                format!("ssh://{host}{port}/{}", path.trim_start_matches('/'))
            }
        }
    }
}

fn by_scheme(url: &Url) -> Result<Address, String> {
    match url.scheme() {
        "file" => {
            url.to_file_path().map(Address::Local).map_err(|()| "it names no absolute path of this machine".to_owned())
        }
        "http" | "https" => http(url),
        "ssh" | "git+ssh" | "ssh+git" => {
            let user = Some(url.username()).filter(|user| !user.is_empty());
            if url.password().is_some() {
                return Err("ssh takes no password from an address".to_owned());
            }
            let path = decoded(url.path())?;
            // ssh://host/~/repo is a path in the home directory.
            let path = path.strip_prefix("/~").map_or(path.as_str(), |_| &path[1..]);
            ssh(user, url.host_str().unwrap_or_default(), url.port(), path)
        }
        other => Err(format!("{other}:// is not supported")),
    }
}

fn http(url: &Url) -> Result<Address, String> {
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment".to_owned());
    }
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, password) => {
            Some(Login { user: decoded(user)?, password: password.map(decoded).transpose()?.and_then(Secret::new) })
        }
    };
    let mut url = url.clone();
    // Both fail only for addresses without a host, which http never is.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let path = url.path().trim_end_matches('/').to_owned();
    if path.is_empty() {
        return Err("it names a server, but no repository".to_owned());
    }
    url.set_path(&path);
    Ok(Address::Http { url, login })
}

fn ssh(user: Option<&str>, host: &str, port: Option<u16>, path: &str) -> Result<Address, String> {
    // A host or user that starts with a dash would be an option of ssh.
    if host.is_empty() || host.starts_with('-') || user.is_some_and(|user| user.is_empty() || user.starts_with('-')) {
        return Err("its host or user cannot be".to_owned());
    }
    if path.trim_matches('/').is_empty() || path.starts_with('-') {
        return Err("its path cannot be".to_owned());
    }
    Ok(Address::Ssh { user: user.map(str::to_owned), host: host.to_owned(), port, path: path.to_owned() })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A text without what may be a password.
fn hidden(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://…@{}", &text[..scheme], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = (*first == b'%').then(|| tail.get(..2)).flatten();
        match pair.and_then(|pair| hex::decode(pair).ok()) {
            Some(byte) => {
                bytes.extend_from_slice(&byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains(['\0', '\n', '\r']) => Ok(text),
        _ => Err("it holds a character that cannot be".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "https://github.com";

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, shown) in [
            ("acme/gitops", "https://github.com/acme/gitops.git"),
            ("acme/gitops.git", "https://github.com/acme/gitops.git"),
            (" acme/gitops\n", "https://github.com/acme/gitops.git"),
            ("https://git.example.com/acme/gitops/", "https://git.example.com/acme/gitops"),
            ("https://me:s3cret@git.example.com:8443/a.git", "https://git.example.com:8443/a.git"),
            ("http://127.0.0.1:3000/a.git", "http://127.0.0.1:3000/a.git"),
            ("/srv/git/a.git", "/srv/git/a.git"),
            ("./a.git", "./a.git"),
            ("../a", "../a"),
            ("file:///srv/git/a%20b.git", "/srv/git/a b.git"),
            ("ssh://git@host:2222/a/b.git", "ssh://host:2222/a/b.git"),
            ("git@github.com:acme/gitops.git", "ssh://github.com/acme/gitops.git"),
            ("host:/srv/a", "ssh://host/srv/a"),
        ] {
            assert_eq!(Address::parse(text, SERVER).unwrap().shown(), shown, "{text}");
        }
    }

    #[test]
    fn a_server_of_ones_own_completes_owner_and_name() {
        let address = Address::parse("acme/gitops", "https://ghe.example.com/").unwrap();
        assert_eq!(address.shown(), "https://ghe.example.com/acme/gitops.git");
    }

    #[test]
    fn a_repository_on_a_hosting_service_has_an_owner_and_a_name() {
        let both = Some(("acme".to_owned(), "gitops".to_owned()));
        for (text, wanted) in [
            ("acme/gitops", &both),
            ("https://github.com/acme/gitops", &both),
            ("git@github.com:acme/gitops.git", &both),
            ("https://gitlab.com/acme/gitops.git", &None),
            ("https://github.com:8443/acme/gitops.git", &None),
            ("https://github.com/acme/group/gitops.git", &None),
            ("/srv/acme/gitops.git", &None),
        ] {
            assert_eq!(&Address::parse(text, SERVER).unwrap().hosted(SERVER), wanted, "{text}");
        }
    }

    #[test]
    fn a_login_is_taken_out_of_the_address_and_decoded() {
        let Address::Http { login: Some(login), .. } = Address::parse("https://me:p%40ss@host/a", SERVER).unwrap()
        else {
            panic!("a login")
        };
        assert_eq!(login.user, "me");
        assert_eq!(login.password.unwrap().expose(), "p@ss");
    }

    #[test]
    fn ssh_paths_keep_their_meaning() {
        for (text, wanted) in [
            ("ssh://host/srv/a.git", "/srv/a.git"),
            ("ssh://host/~/a.git", "~/a.git"),
            ("host:a.git", "a.git"),
            ("ssh://host/it%27s", "/it's"),
        ] {
            let Address::Ssh { path, .. } = Address::parse(text, SERVER).unwrap() else { panic!("{text}") };
            assert_eq!(path, wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_without_showing_a_password() {
        for text in [
            "",
            "gitops",
            "a/b/c",
            "ftp://host/a",
            "https://host",
            "https://host/a?token=x",
            "https://me:hunter2@/",
            "https://me:hunter2@host",
            "ssh://-oProxyCommand=x/a",
            "-oProxyCommand=x:a",
            "-x@host:a",
            "ssh://me:hunter2@host/a",
            "host:",
            "acme/git\0ops",
            "ssh://host/a%0ab",
        ] {
            let fault = Address::parse(text, SERVER).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Settings, "{text}");
            assert!(!format!("{fault} {:?}", fault.hint).contains("hunter2"), "{fault}");
        }
    }
}
