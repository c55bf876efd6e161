//! `ARGOCD_SERVER` and `ARGOCD_OPTS`, as the argocd command line reads them.
//!
//! What changes how the server is reached is understood; anything else is a fault, since an option that is silently ignored
//! is one that somebody relies on.

use std::path::PathBuf;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use crate::adapters::http;
use crate::adapters::secret::Secret;
use crate::ports::{Fault, FaultKind};

/// What `ARGOCD_OPTS` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `--insecure`: accept any certificate.
    pub insecure: bool,
    /// `--plaintext`: http instead of https.
    pub plaintext: bool,
    /// `--grpc-web-root-path`: where the API is below the host, without slashes at its ends.
    pub root_path: String,
    /// `--server-crt`: a file with the server's certificate or its authority.
    pub server_crt: Option<PathBuf>,
    /// `--header`: further headers, for a login proxy. Their values may be secrets.
    pub headers: Vec<(HeaderName, Secret)>,
}

impl Options {
    /// Reads the options. All faults of the text are reported at once.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut options = Self::default();
        let mut faults = Vec::new();
        let words = split(text).map_err(|why| refuse(&[why]))?;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--") else {
                faults.push("a word that belongs to no option (is a quotation mark missing?)".to_owned());
                continue;
            };
            let (name, mut value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            if value.is_none() && takes_value(name) {
                value = words.next_if(|next| !next.starts_with("--"));
            }
            if let Err(why) = options.set(name, value.as_deref()) {
                faults.push(why);
            }
        }
        if faults.is_empty() { Ok(options) } else { Err(refuse(&faults)) }
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        match name {
            "insecure" => self.insecure = truth(name, value)?,
            "plaintext" => self.plaintext = truth(name, value)?,
            // We speak REST, which needs what gRPC-Web needs and no more.
            "grpc-web" => drop(truth(name, value)?),
            "grpc-web-root-path" => needed(name, value)?.trim_matches('/').clone_into(&mut self.root_path),
            "server-crt" => self.server_crt = Some(PathBuf::from(needed(name, value)?)),
            "header" | "H" => self.headers.push(header(needed(name, value)?)?),
            "auth-token" => return Err("--auth-token: set ARGOCD_AUTH_TOKEN instead".to_owned()),
            "server" => return Err("--server: set ARGOCD_SERVER instead".to_owned()),
            "core" | "port-forward" | "port-forward-namespace" => {
                return Err(format!("--{name}: promote speaks to the API server, not to Kubernetes"));
            }
            "client-crt" | "client-crt-key" => return Err(format!("--{name}: client certificates are not supported")),
            _ => return Err(format!("--{name}: not an option that promote understands")),
        }
        Ok(())
    }
}

/// The address of the API from `ARGOCD_SERVER`: `host`, `host:port`, and leniently with a scheme and a path.
pub fn base(server: &str, options: &Options) -> Result<Url, Fault> {
    let refuse = |why: String| {
        Fault::new(FaultKind::Settings, "read ARGOCD_SERVER", why)
            .hint("expected host or host:port: argocd.example.com")
    };
    let server = server.trim().trim_end_matches('/');
    let (scheme, rest) = match server.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some((scheme, _)) => return Err(refuse(format!("{scheme}:// is not a scheme of Argo CD"))),
        None if options.plaintext => ("http", server),
        None => ("https", server),
    };
    if rest.is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    let mut url = Url::parse(&format!("{scheme}://{rest}/")).map_err(|error| refuse(error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it holds a user or a password".to_owned()));
    }
    if !options.root_path.is_empty() {
        url.set_path(&format!("/{}/", options.root_path));
    }
    Ok(url)
}

fn refuse(faults: &[String]) -> Fault {
    Fault::new(FaultKind::Settings, "read ARGOCD_OPTS", faults.join("; ")).hint(
        "understood are --grpc-web, --grpc-web-root-path PATH, --insecure, --plaintext, --server-crt FILE and --header 'Name: value'",
    )
}

fn takes_value(name: &str) -> bool {
    matches!(name, "grpc-web-root-path" | "server-crt" | "header" | "H" | "auth-token" | "server")
        || matches!(name, "client-crt" | "client-crt-key" | "port-forward-namespace")
}

fn needed<'a>(name: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| format!("--{name}: its value is missing"))
}

fn truth(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(format!("--{name}: expected true or false")),
    }
}

/// `Name: value`. The text is not repeated in the fault, since it may hold a secret.
fn header(text: &str) -> Result<(HeaderName, Secret), String> {
    let wrong = || "--header: expected 'Name: value'".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    let secret = Secret::new(value.trim()).ok_or_else(wrong)?;
    let sent: Result<HeaderValue, Fault> = http::sensitive("", &secret);
    sent.map(|_| (name, secret)).map_err(|_| wrong())
}

/// Splits as a shell does: blanks, single and double quotes, backslashes.
fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => match chars.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err("it ends in a backslash".to_owned()),
            },
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quotation mark is missing".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_a_shell_would() {
        let text = r#" --grpc-web --grpc-web-root-path=/argocd/ --insecure --header "X-A: b c" --header 'X-T: s\'"#;
        let options = Options::parse(text).unwrap();
        assert!(options.insecure && !options.plaintext);
        assert_eq!(options.root_path, "argocd");
        let headers: Vec<(&str, &str)> = options.headers.iter().map(|(k, v)| (k.as_str(), v.expose())).collect();
        assert_eq!(headers, [("x-a", "b c"), ("x-t", "s\\")]);
        let options = Options::parse("--insecure=false --plaintext").unwrap();
        assert!(options.plaintext && !options.insecure);
        assert_eq!(Options::parse("").unwrap(), Options::default());
    }

    #[test]
    fn what_is_not_understood_is_a_fault_and_shows_no_value() {
        for (text, says) in [
            ("--core", "not to Kubernetes"),
            ("--insecur", "--insecur"),
            ("--insecure=maybe", "true or false"),
            ("--server-crt", "its value is missing"),
            ("--server-crt --insecure", "its value is missing"),
            ("hunter2", "belongs to no option"),
            ("--header hunter2", "expected 'Name: value'"),
            ("--auth-token hunter2", "ARGOCD_AUTH_TOKEN"),
            ("--auth-token=hunter2", "ARGOCD_AUTH_TOKEN"),
            ("--header 'hunter2", "quotation mark"),
            ("--core --client-crt x", "client certificates"),
        ] {
            let fault = Options::parse(text).unwrap_err();
            assert!(fault.why.contains(says), "{text}: {fault}");
            assert!(!fault.why.contains("hunter2"), "{fault}");
            assert_eq!(fault.kind, FaultKind::Settings);
        }
    }

    #[test]
    fn a_server_is_a_host_and_leniently_more() {
        let plain = Options { plaintext: true, ..Options::default() };
        let below = Options { root_path: "argocd".into(), ..Options::default() };
        let none = Options::default();
        for (server, options, url) in [
            ("argocd.example.com", &none, "https://argocd.example.com/"),
            ("argocd.example.com:8443", &none, "https://argocd.example.com:8443/"),
            ("https://argocd.example.com/", &none, "https://argocd.example.com/"),
            ("http://127.0.0.1:8080", &none, "http://127.0.0.1:8080/"),
            ("127.0.0.1:8080", &plain, "http://127.0.0.1:8080/"),
            ("argocd.example.com", &below, "https://argocd.example.com/argocd/"),
            ("https://example.com/argocd", &none, "https://example.com/argocd/"),
        ] {
            assert_eq!(base(server, options).unwrap().as_str(), url);
        }
        for server in ["", "ftp://x", "https://u:p@x", "a b"] {
            assert!(base(server, &none).is_err(), "{server}");
        }
    }
}
