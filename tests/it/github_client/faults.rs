//! The words of every refusal, and that no secret is among them.

use promote::adapters::github::client::{ClientSettings, Credential};
use promote::ports::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{TOKEN, Turned, assert_hidden, client, json as answer, open, settings};
use crate::world::canned::Canned;

fn refusal(bytes: &[u8]) -> Fault {
    let server = Canned::start(&[bytes]);
    let fault = client(&server).0.post::<Value>("comment", "/x", &json!({})).unwrap_err();
    assert_hidden(&fault, TOKEN);
    fault
}

fn said(message: &str) -> String {
    json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }).to_string()
}

#[test]
fn every_refusal_says_what_to_do() {
    let lacks = "Resource not accessible by integration";
    let accepts = |permissions| format!("x-accepted-github-permissions: {permissions}\r\n");
    let sso = "x-github-sso: required; url=https://github.com/orgs/acme/sso?authorization_request=hunter2\r\n";
    for (status, headers, message, kind, hint) in [
        (
            "401 No",
            String::new(),
            "Bad credentials",
            FaultKind::Denied,
            "wrong, expired or revoked: check GITHUB_TOKEN",
        ),
        ("403 No", accepts("actions=read"), lacks, FaultKind::Denied, "`permissions:`, as `actions: read`"),
        (
            "403 No",
            accepts("administration=write; pull_requests=write,contents=read"),
            lacks,
            FaultKind::Denied,
            "as `pull-requests: write`, `contents: read`",
        ),
        (
            "403 No",
            accepts("administration=write"),
            lacks,
            FaultKind::Denied,
            "no `permissions:` of a workflow gives \"administration: write\"",
        ),
        (
            "403 No",
            accepts("members=read"),
            "Resource not accessible by personal access token",
            FaultKind::Denied,
            "give the token of GITHUB_TOKEN the permission \"members: read\"",
        ),
        ("403 No", String::new(), lacks, FaultKind::Denied, "that GitHub does not name"),
        ("403 No", accepts("a=`b`"), lacks, FaultKind::Denied, "that GitHub does not name"),
        ("403 No", sso.to_owned(), "Resource protected by organization SAML", FaultKind::Denied, "/orgs/acme/sso"),
        ("403 No", String::new(), "Must have admin rights to Repository.", FaultKind::Denied, "may not do this"),
        (
            "404 No",
            String::new(),
            "Not Found",
            FaultKind::NotFound,
            "404 also for what the token of GITHUB_TOKEN may not see",
        ),
        ("410 No", String::new(), "Issues are disabled", FaultKind::NotFound, "expired or was deleted"),
    ] {
        let fault = refusal(&answer(status, &headers, &said(message)));
        let found = fault.hint.as_deref().unwrap_or_default();
        assert!(fault.kind == kind && found.contains(hint), "{status} {message}: {fault:?}");
        assert!(fault.why.contains(message) && fault.why.contains("POST http://127.0.0.1:"), "{fault}");
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    }
}

#[test]
fn every_error_of_a_refused_body_is_repeated() {
    let errors = json!({ "message": "Validation Failed", "errors": [
        { "resource": "CommitStatus", "code": "custom", "message": "description is too long (maximum is 140 characters)" },
        { "resource": "Issue", "field": "title", "code": "missing_field" },
        "plain words",
        7,
    ] });
    let fault = refusal(&answer("422 No", "", &errors.to_string()));
    assert_eq!(fault.kind, FaultKind::Broken);
    let said = "→ 422: Validation Failed (description is too long (maximum is 140 characters); Issue title missing_field; \
                plain words)";
    assert!(fault.why.contains(said), "{fault}");
    let fault = refusal(&answer("422 No", "", r#"{"message":"no","errors":"one text"}"#));
    assert!(fault.why.ends_with("no (one text)"), "{fault}");
    let long = refusal(&answer("422 No", "", &super::faults::said(&"x".repeat(100_000))));
    assert!(long.why.len() < 1000, "{}", long.why.len());
}

#[test]
fn what_is_not_the_api_is_named() {
    let page = |status| Canned::answer(status, "content-type: text/html\r\n", "<html><title>\n Sign  in</title>");
    let fault = refusal(&page("200 OK"));
    assert_eq!(fault.kind, FaultKind::Broken);
    assert!(fault.why.contains("a web page") && fault.why.contains("200 text/html (title: \"Sign in\")"), "{fault}");
    assert!(fault.hint.unwrap().contains("GITHUB_API_URL"));
    let fault = refusal(&page("502 No"));
    assert!(fault.kind == FaultKind::Uncertain && fault.why.contains("Sign in"), "{fault}");
    let fault = refusal(&answer("200 OK", "", "{"));
    assert!(fault.kind == FaultKind::Broken && fault.why.contains("cannot be read"), "{fault}");
    let moved = "location: https://h/api/v3/repositories/9?token=hunter2\r\n";
    let fault = refusal(&answer("301 Moved", moved, &said("Moved Permanently")));
    assert_eq!(fault.kind, FaultKind::Broken);
    assert!(fault.why.contains("301 to https://h/api/v3/repositories/9") && !fault.why.contains("hunter2"), "{fault}");
    assert!(fault.hint.unwrap().contains("renamed or transferred"));
}

#[test]
fn a_token_that_comes_back_is_not_repeated() {
    let echo = format!("you sent {TOKEN}, did you?");
    for bytes in [
        answer("422 No", "", &said(&echo)),
        Canned::answer("500 No", "content-type: text/plain\r\n", &echo),
        Canned::answer("200 OK", "content-type: text/html\r\n", &format!("<title>{echo}</title>")),
        answer("200 OK", "", &format!("\"{TOKEN}\" x")),
        answer("302 No", &format!("location: https://h/{TOKEN}\r\n"), ""),
    ] {
        refusal(&bytes);
    }
}

#[test]
fn settings_that_cannot_be_are_refused_at_once() {
    let server = Canned::start(&[&answer("401 No", "", &said("Requires authentication"))]);
    let anonymous = settings(&server, Credential::None);
    let fault = open(&anonymous, &Turned::new()).unwrap().get::<Value>("read it", "/x", &[]).unwrap_err();
    assert!(fault.hint.unwrap().contains("no token was sent: set GITHUB_TOKEN"));
    let with = |api: &str, repository: &str| ClientSettings {
        api: api.to_owned(),
        repository: repository.to_owned(),
        ..settings(&server, Credential::None)
    };
    for (api, repository) in [
        ("", "acme/app"),
        ("api.github.com", "acme/app"),
        ("ftp://h", "acme/app"),
        ("https://h", "acme"),
        ("https://h", "acme/.."),
        ("https://h", "acme/app/x"),
        ("https://h", "/app"),
        ("https://h", "acme/a?b"),
    ] {
        let fault = open(&with(api, repository), &Turned::new()).err().unwrap();
        assert_eq!(fault.kind, FaultKind::Settings, "{api} {repository}");
    }
    // A password in the address is neither sent nor shown.
    let client = open(&with(&server.url("/api").replace("//", "//me:hunter2@"), "acme/app"), &Turned::new()).unwrap();
    let fault = client.get::<Value>("read it", "/x", &[]).unwrap_err();
    assert!(!format!("{fault:?}").contains("hunter2"));
    assert!(!server.heads()[1].to_ascii_lowercase().contains("authorization"));
}
