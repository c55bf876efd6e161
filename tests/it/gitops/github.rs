//! What GitHub's API adds to the preflight of a repository, and what it must not take away.

use std::sync::Arc;
use std::time::Duration;

use promote::adapters::clock::SystemClock;
use promote::adapters::git::address::Address;
use promote::adapters::github::client::{Client, ClientSettings, Credential};
use promote::adapters::github::repository;
use promote::adapters::gitops::GitOps;
use promote::adapters::secret::Secret;
use promote::ports::{Delivery, Fault, FaultKind};

use super::{assert_no_secret, bare, http, main_branch, settings};
use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, Trouble, WRITE_TOKEN};

/// The preflight of a repository on a server whose API answers this.
fn preflight(bare: &Bare, status: u16, kind: &'static str, answer: &str, token: &str) -> Result<(), Fault> {
    let server = GitServer::start(bare);
    server.trouble("GET /api/repos/acme/gitops", Trouble::Answer(status, kind, answer.to_owned()), usize::MAX);
    let address = Address::parse(&format!("{}/acme/gitops.git", server.origin()), "https://github.com").unwrap();
    let (owner, name) = address.hosted(&server.origin()).unwrap();
    let api = format!("{}/api", server.origin());
    let client = client(api, format!("{owner}/{name}"), token).unwrap();
    let mut gitops = GitOps::new(&settings(&server.url(), Some(WRITE_TOKEN)), &http()).unwrap();
    gitops.also_check("default", Box::new(move || repository::preflight(&client)));
    let result = gitops.preflight(&main_branch());
    let asked = server.seen().iter().filter(|line| *line == "GET /api/repos/acme/gitops").count();
    assert_eq!(asked, 1, "{:?}", server.seen());
    result
}

fn client(api: String, repository: String, token: &str) -> Result<Client, Fault> {
    let credential = Credential::Token(Secret::new(token).unwrap());
    let (token_name, patience, on_secret) = ("GITOPS_TOKEN".to_owned(), Duration::ZERO, Arc::new(|_: &Secret| {}));
    let settings = ClientSettings { api, repository, credential, token_name, patience, on_secret };
    Client::new(&settings, &http(), Arc::new(SystemClock::default()))
}

const JSON: &str = "application/json; charset=utf-8";

#[test]
fn a_definite_no_is_a_fault() {
    let bare = bare();
    for (answer, said) in [
        (r#"{"id":1,"archived":true,"permissions":{"pull":true,"push":true}}"#, "archived"),
        (r#"{"id":1,"archived":false,"disabled":true}"#, "disabled"),
        (r#"{"archived":false,"permissions":{"admin":false,"push":false,"pull":true}}"#, "but not push"),
    ] {
        let fault = preflight(&bare, 200, JSON, answer, WRITE_TOKEN).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(fault.why.contains(said) && fault.hint.is_some(), "{fault}");
        assert_no_secret(&fault);
    }
}

#[test]
fn what_the_api_does_not_tell_is_left_to_git() {
    let bare = bare();
    let role = r#"{"archived":false,"permissions":{"admin":false,"push":false,"pull":true}}"#;
    let none = r#"{"archived":false,"permissions":{"admin":false,"push":false,"pull":false}}"#;
    let limited = r#"{"message":"API rate limit exceeded","documentation_url":"x"}"#;
    for (status, kind, answer, token) in [
        (200, JSON, role, "ghs_x"),
        (200, JSON, none, WRITE_TOKEN),
        (200, JSON, r#"{"archived":false}"#, WRITE_TOKEN),
        (403, JSON, limited, WRITE_TOKEN),
        (404, JSON, r#"{"message":"Not Found"}"#, WRITE_TOKEN),
        (200, "text/html", "<title>Sign in</title>", WRITE_TOKEN),
        (502, "text/html", "<h1>Bad Gateway</h1>", WRITE_TOKEN),
    ] {
        preflight(&bare, status, kind, answer, token).unwrap();
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_without_a_panic() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let fault = client(server.origin(), "acme/gitops".to_owned(), "hunter2\u{1}\nx").err().unwrap();
    assert_eq!(fault.kind, FaultKind::Settings);
    assert_no_secret(&fault);
    assert_eq!(server.requests(), 0);
}
