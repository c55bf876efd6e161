//! What an answer of Argo CD means: its error bodies, and answers that do not come from Argo CD at all.
//!
//! Its gateway maps several gRPC codes to one status (400 is three of them), and hides a missing application, missing
//! rights and an unreachable Kubernetes alike behind `403 permission denied`. So code and message count, not the status.

use serde::Deserialize;

use crate::adapters::http::page::title_of;
use crate::adapters::http::{Answer, shown};
use crate::ports::{Fault, FaultKind};
use crate::promotion::time::Time;

/// gRPC's code for "not in this state": an operation in progress, auto-sync in the way.
pub(super) const FAILED_PRECONDITION: i64 = 9;

/// An answer in JSON: what was asked for, or a refusal with its code and message.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// gRPC's code; 0 where there is none.
    pub(super) code: i64,
    /// The refusal, in Argo CD's words.
    pub(super) message: String,
    pub(super) body: Vec<u8>,
    /// The server's clock.
    pub(super) date: Option<Time>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    error: serde_json::Value,
}

impl Reply {
    /// Reads an answer; a redirect and whatever is not JSON is a fault. `asked` is the request as it may be shown.
    pub(super) fn of(doing: &str, asked: &str, answer: Answer) -> Result<Self, Fault> {
        let status = answer.status;
        if (300..400).contains(&status) {
            return Err(redirected(doing, asked, &answer));
        }
        let json = answer.content_type() == "application/json" || (answer.ok() && answer.body.is_empty());
        if !json && matches!(status, 429 | 500 | 502..=504) {
            let why = format!("{asked} → {status}: what stands before Argo CD does not reach it{}", title_of(&answer));
            return Err(Fault::new(FaultKind::Transient, doing, why));
        }
        if !json {
            return Err(not_the_api(doing, asked, &answer));
        }
        let refusal = (!answer.ok()).then(|| serde_json::from_slice::<Refusal>(&answer.body).ok()).flatten();
        let (code, message) = match refusal {
            Some(Refusal { code, message, error }) if message.is_empty() => {
                (code, error.as_str().unwrap_or_default().to_owned())
            }
            Some(refusal) => (refusal.code, refusal.message),
            None => (0, String::new()),
        };
        let date = answer.date();
        Ok(Self { status, code, message, body: answer.body, date })
    }

    pub(super) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, if the request was granted; else what its refusal means.
    pub(super) fn granted<T: for<'de> Deserialize<'de>>(&self, doing: &str) -> Result<T, Fault> {
        if !self.ok() {
            return Err(self.refusal(doing));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Fault::new(FaultKind::Broken, doing, format!("Argo CD's answer cannot be read: {error}")))
    }

    /// What a refusal means, where nothing more is known.
    pub(super) fn refusal(&self, doing: &str) -> Fault {
        let why = if self.message.is_empty() {
            format!("Argo CD answered {}", self.status)
        } else {
            format!("Argo CD answered {}: {}", self.status, self.message)
        };
        let kind = match self.status {
            401 | 403 => FaultKind::Denied,
            404 => FaultKind::NotFound,
            408 | 429 | 500.. => FaultKind::Transient,
            409 => FaultKind::Conflict,
            _ => FaultKind::Broken,
        };
        let fault = Fault::new(kind, doing, why);
        match self.status {
            401 => fault.hint("the token is missing, wrong, expired or revoked: check ARGOCD_AUTH_TOKEN"),
            403 => fault.hint(
                "Argo CD says so both when the application does not exist and when the account has no right to it: \
                 check the name under `argocd:`, and that the account may `applications, get` and `applications, sync`",
            ),
            _ => fault,
        }
    }
}

fn redirected(doing: &str, asked: &str, answer: &Answer) -> Fault {
    let to = answer.header("location").unwrap_or("nowhere");
    let to =
        reqwest::Url::parse(to).map_or_else(|_| to.split('?').next().unwrap_or_default().to_owned(), |to| shown(&to));
    let why = format!(
        "{asked} → {} to {to}; redirects are not followed, since the token would travel with them",
        answer.status
    );
    let hint = if to.starts_with("https://") && asked.contains(" http://") {
        "Argo CD wants TLS: leave out http:// and --plaintext"
    } else {
        "a login proxy or a TLS-terminating ingress stands before it: give the runner a way around it, or set \
         ARGOCD_SERVER to the address that it redirects to"
    };
    Fault::new(FaultKind::Broken, doing, why).hint(hint)
}

fn not_the_api(doing: &str, asked: &str, answer: &Answer) -> Fault {
    let kind = answer.content_type();
    let page = kind == "text/html";
    let what = if page { "a web page, not with its API" } else { "something that is not its API" };
    let kind = if kind.is_empty() { "without a content type".to_owned() } else { kind };
    let why = format!("Argo CD answered with {what}\n{asked} → {} {kind}{}", answer.status, title_of(answer));
    Fault::new(FaultKind::Broken, doing, why).hint(
        "a login proxy or a wrong root path stands before it: set ARGOCD_OPTS=\"--grpc-web-root-path /argocd\", or give \
         the runner a way around the proxy",
    )
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, kind: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kind));
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    fn kind(answer: Answer) -> FaultKind {
        match Reply::of("read", "GET https://h/api", answer) {
            Ok(reply) => reply.refusal("read").kind,
            Err(fault) => fault.kind,
        }
    }

    #[test]
    fn a_refusal_means_what_its_code_and_type_say() {
        let json = "application/json";
        for (status, content, body, expected) in [
            (
                401,
                json,
                r#"{"error":"no session information","code":16,"message":"no session information"}"#,
                FaultKind::Denied,
            ),
            (403, json, r#"{"error":"permission denied","code":7,"message":"permission denied"}"#, FaultKind::Denied),
            (404, json, r#"{"error":"not found","code":5}"#, FaultKind::NotFound),
            (400, json, r#"{"error":"x","code":9,"message":"x"}"#, FaultKind::Broken),
            (500, json, r#"{"error":"application refresh deadline exceeded","code":2}"#, FaultKind::Transient),
            (503, "text/html", "<html>503</html>", FaultKind::Transient),
            (200, "text/html", "<title>Sign in</title>", FaultKind::Broken),
            (404, "text/plain", "Not Found", FaultKind::Broken),
            (415, "text/plain", "Invalid content type", FaultKind::Broken),
        ] {
            assert_eq!(kind(answer(status, content, body)), expected, "{status} {content} {body}");
        }
    }

    #[test]
    fn a_page_is_named_by_its_title() {
        let page = answer(200, "text/html; charset=utf-8", "<html><head><TITLE>\n Sign  in</TITLE>");
        let fault = Reply::of("read", "GET https://h/api/v1/session", page).unwrap_err();
        assert!(fault.why.contains("GET https://h/api/v1/session → 200 text/html (title: \"Sign in\")"), "{fault}");
        assert!(fault.hint.unwrap().contains("--grpc-web-root-path"));
    }

    #[test]
    fn a_redirect_is_reported_without_its_query() {
        let mut to = answer(302, "text/html", "");
        let value = HeaderValue::from_static("https://sso.example.com/login?state=hunter2");
        to.headers.insert(HeaderName::from_static("location"), value);
        let fault = Reply::of("read", "GET https://h/api", to).unwrap_err();
        assert!(
            fault.why.contains("302 to https://sso.example.com/login") && !fault.why.contains("hunter2"),
            "{fault}"
        );
    }
}
