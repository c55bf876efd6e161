//! Faults of the transport, in words: what went wrong below HTTP, with all its causes, and whether a write may have happened.

use std::error::Error;
use std::io;

use reqwest::Url;

use crate::ports::{Fault, FaultKind};

/// What a failed request means. A request that changes nothing and may work the next time is `Transient`; a write that
/// was sent and not answered is `Uncertain`.
///
/// `shown` is the request as it may be shown; `question` whether it changes nothing.
pub fn of(shown: &str, question: bool, url: &Url, error: &reqwest::Error) -> Fault {
    let doing = format!("reach {}", host(url));
    let why = format!("{shown}: {}", chain(error));
    if let Some(hint) = tls_hint(error) {
        return Fault::new(FaultKind::Broken, doing, why).hint(hint);
    }
    if error.is_connect() {
        return Fault::new(FaultKind::Transient, doing, why)
            .hint("check the address, the network, and HTTPS_PROXY and NO_PROXY");
    }
    let kind = match (question, error.is_timeout()) {
        _ if error.is_builder() => FaultKind::Settings,
        (false, _) => FaultKind::Uncertain,
        (true, true) => FaultKind::TimedOut,
        (true, false) => FaultKind::Transient,
    };
    Fault::new(kind, doing, why)
}

/// An error with all its causes in one line: the outermost alone says only "error sending request". Addresses are left
/// out, since they may hold a password. A cause that the one before it already says is not said twice.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let text = without_address(&cause.to_string());
        if !text.is_empty() && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

/// reqwest ends its own messages with ` for url (…)`.
fn without_address(text: &str) -> String {
    match text.find(" for url (") {
        Some(at) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the server");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What to do about a TLS failure, if it is one.
fn tls_hint(error: &reqwest::Error) -> Option<&'static str> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(hint_of(tls));
        }
        // An io::Error's source() passes over the error that it wraps.
        next = match cause.downcast_ref::<io::Error>() {
            Some(wrapping) => wrapping.get_ref().map(|inner| inner as _),
            None => cause.source(),
        };
    }
    None
}

fn hint_of(error: &rustls::Error) -> &'static str {
    let text = error.to_string();
    if text.contains("CaUsedAsEndEntity") {
        "the server shows a self-signed certificate that says it is an authority (CA:TRUE), which is refused even when \
         it is in the CA file: issue a server certificate without CA:TRUE"
    } else if text.contains("UnknownIssuer") {
        "its authority is not known: give it with the CA file (for Argo CD also --server-crt in ARGOCD_OPTS)"
    } else if text.contains("NotValidForName") || text.contains("not valid for") {
        "the certificate names another host; only its subjectAltName counts, not its CN"
    } else if text.contains("InvalidContentType") || text.contains("corrupt message") {
        "the server does not speak TLS on this port: is it plain http? (for Argo CD: --plaintext in ARGOCD_OPTS)"
    } else {
        "check the server's certificate and its clock"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer for url (https://user:pw@host/)")]
    struct Outer(#[source] io::Error);

    #[test]
    fn every_cause_is_said_once_and_without_the_address() {
        let error = Outer(io::Error::other("refused"));
        assert_eq!(chain(&error), "outer: refused");
    }
}
