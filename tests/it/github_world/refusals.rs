//! What the stand-in refuses, and how.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use super::asking::Asking;
use crate::world::github::apps::PRIVATE_KEY;
use crate::world::github::environments::{Protection, team};
use crate::world::github::{GitHub, RunSpec, Token, Trouble};

const APP: &str = "/repos/acme/app";

#[test]
fn credentials_and_permissions_are_needed() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let sha = app.commit("main", "octocat", "Start", &[]);
    let ask = Asking::nobody(&github.url());
    assert_eq!((ask.get(APP).status, ask.get("/repos/acme/none").status), (404, 404));
    ask.by("ghp_made_up");
    assert_eq!((ask.get(APP).status, ask.get(APP).message()), (401, "Bad credentials"));

    let checks = format!("{APP}/check-runs");
    let body = json!({"name": "promote", "head_sha": sha});
    ask.by(&github.token(Token::workflow("acme/app", &[("checks", "read")])));
    let refused = ask.post(&checks, &body);
    assert_eq!((refused.status, refused.message()), (403, "Resource not accessible by integration"));
    assert_eq!(refused.header("x-accepted-github-permissions"), "checks=write");
    assert_eq!(ask.get("/orgs/acme/teams/sre-team").status, 403);
    assert_eq!(ask.send(Method::PUT, &format!("{APP}/environments/x"), &[], Some("{}".into())).status, 403);
    github.repository("acme/other");
    assert_eq!(ask.get("/repos/acme/other").status, 404);

    app.role("dana", "admin");
    ask.by(&github.token(Token::personal("dana")));
    assert_eq!(ask.post(&checks, &body).message(), "You must authenticate via a GitHub App.");
    assert_eq!(ask.send(Method::PUT, &format!("{APP}/environments/x"), &[], Some("{}".into())).status, 200);
    ask.by(&github.token(Token::fine_grained("dana", &[("contents", "read")])));
    assert_eq!(ask.get(&format!("{APP}/actions/runs")).message(), "Resource not accessible by personal access token");
}

#[test]
fn a_body_that_github_would_not_take_is_refused() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let sha = app.commit("main", "octocat", "Start", &[]);
    let number = app.issue();
    let all = [("checks", "write"), ("statuses", "write"), ("issues", "write"), ("deployments", "write")];
    let ask = Asking::with(&github, Token::workflow("acme/app", &all));
    let status = format!("{APP}/statuses/{sha}");
    let long = ask.post(&status, &json!({"state": "success", "description": "x".repeat(141)}));
    let error = &long.body["errors"][0];
    assert_eq!((long.status, &error["message"]), (422, &json!("description is too long (maximum is 140 characters)")));
    assert_eq!(ask.post(&status, &json!({"state": "green"})).status, 422);
    assert_eq!(ask.post(&status, &json!({})).body["errors"][0]["code"], "missing_field");
    assert_eq!(ask.post(&status, &json!({"state": "success", "description": "x".repeat(140)})).status, 201);

    let annotation = json!({"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"});
    let check = |output: Value| {
        let body = json!({"name": "promote", "head_sha": sha, "output": output});
        ask.post(&format!("{APP}/check-runs"), &body).status
    };
    assert_eq!(check(json!({"title": "t", "summary": "x".repeat(65_536)})), 422);
    assert_eq!(check(json!({"title": "t", "summary": "s", "annotations": vec![annotation.clone(); 51]})), 422);
    assert_eq!(check(json!({"title": "t", "summary": "s", "annotations": vec![annotation; 50]})), 201);
    let no_conclusion = json!({"name": "promote", "head_sha": sha, "status": "completed"});
    assert_eq!(ask.post(&format!("{APP}/check-runs"), &no_conclusion).status, 422);

    let comments = format!("{APP}/issues/{number}/comments");
    assert_eq!(ask.post(&comments, &json!({"body": "x".repeat(65_537)})).status, 422);
    assert_eq!(ask.post(&format!("{APP}/issues/99/comments"), &json!({"body": "x"})).status, 404);
    let broken = ask.send(Method::POST, &comments, &[], Some("{".to_owned()));
    assert_eq!((broken.status, broken.message()), (400, "Problems parsing JSON"));
    assert_eq!(ask.send(Method::GET, &comments, &[("accept", "text/plain")], None).status, 415);
    assert!(app.comments(number).is_empty());
}

#[test]
fn an_environment_is_replaced_whole_and_takes_six_reviewers_at_most() {
    let github = GitHub::start();
    let id = github.team("sre-team", &["alice"]);
    let app = github.repository("acme/app");
    app.role("dana", "admin");
    let ask = Asking::with(&github, Token::personal("dana"));
    let put = |body: Value| ask.send(Method::PUT, &format!("{APP}/environments/a%2Fb"), &[], Some(body.to_string()));
    let reviewers = json!([{"type": "Team", "id": id}]);
    assert_eq!(put(json!({"reviewers": reviewers, "wait_timer": 5})).status, 200);
    assert_eq!(app.protection("A/B").unwrap().reviewers, [team("sre-team")]);
    let reset = put(json!({"reviewers": reviewers}));
    assert_eq!(reset.body["name"], "a/b");
    assert_eq!(app.protection("a/b").unwrap().wait_timer, 0);
    let seven: Vec<Value> = (0..7).map(|_| reviewers[0].clone()).collect();
    assert_eq!(put(json!({"reviewers": seven})).status, 422);
    assert_eq!(put(json!({"reviewers": [{"type": "User", "id": 1}]})).status, 422);
    let both = json!({"protected_branches": true, "custom_branch_policies": true});
    assert_eq!(put(json!({"deployment_branch_policy": both})).status, 422);
    app.enterprise(false);
    assert!(put(json!({"reviewers": reviewers})).message().contains("billing plan"));
    app.public(true);
    assert_eq!(put(json!({"reviewers": reviewers})).status, 200);
}

#[test]
fn limits_are_counted_and_told() {
    let github = GitHub::start();
    let ask = Asking::nobody(&github.url());
    let token = github.token(Token::workflow("acme/app", &[]));
    ask.by(&token);
    let first = ask.get(APP);
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("1000", "999"));
    let same = ask.send(Method::GET, APP, &[("if-none-match", first.header("etag"))], None);
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    // What has not changed costs nothing, nor does asking for the limits.
    assert_eq!(ask.get("/rate_limit").body["resources"]["core"]["remaining"], 999);
    github.requests_left(&token, 0);
    let refused = ask.get(APP);
    assert_eq!((refused.status, refused.header("x-ratelimit-remaining")), (403, "0"));

    ask.by(&github.token(Token::workflow("acme/app", &[])));
    github.trouble("GET", "/acme/app", Trouble::Secondary { status: 429, retry_after: Some(7) }, 1);
    github.trouble("GET", "/acme/app", Trouble::Secondary { status: 403, retry_after: None }, 1);
    github.trouble("GET", "/acme/app", Trouble::Status(502), 1);
    let told = ask.get(APP);
    assert_eq!((told.status, told.header("retry-after")), (429, "7"));
    let told = ask.get(APP);
    assert_eq!((told.status, told.header("retry-after")), (403, ""));
    assert_eq!((ask.get(APP).status, ask.get(APP).status), (502, 200));
    let log: Vec<_> = github.requests_matching("GET", "/acme/app").iter().map(|one| one.status).collect();
    assert_eq!(log, [200, 304, 403, 429, 403, 502, 200]);
    assert_eq!(github.requests()[0].authorization, "workflow");
}

#[test]
fn an_app_needs_its_own_key_and_gets_no_more_than_it_was_given() {
    let github = GitHub::start();
    github.install_app(&["acme/app", "acme/gitops"], &[("contents", "write"), ("members", "read")]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let jwt = |issuer: &str, minutes: u64| {
        let claims = json!({"iss": issuer, "iat": now - 60, "exp": now + 60 * minutes});
        let key = EncodingKey::from_rsa_pem(PRIVATE_KEY.as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    };
    let ask = Asking::nobody(&github.url());
    let own = github.app_id().to_string();
    let at = format!("{APP}/installation");
    for (text, status) in [(jwt(&own, 9), 200), (jwt(&own, 20), 401), (jwt("1", 9), 404), (jwt(&own, 9) + "x", 401)] {
        ask.by(&text);
        assert_eq!(ask.get(&at).status, status);
    }
    ask.by(&jwt(&own, 9));
    assert_eq!(ask.get(APP).status, 401);
    let id = ask.get(&at).body["id"].clone();
    let at = format!("/app/installations/{id}/access_tokens");
    assert_eq!(ask.post(&at, &json!({"permissions": {"contents": "write", "checks": "write"}})).status, 422);
    assert_eq!(ask.post(&at, &json!({"repositories": ["elsewhere"]})).status, 422);
    let given = ask.post(&at, &json!({"repositories": ["gitops"], "permissions": {"contents": "read"}}));
    assert_eq!((given.status, given.each("repositories", "name")), (201, vec![json!("gitops")]));
    ask.by(given.body["token"].as_str().unwrap());
    assert_eq!((ask.get("/repos/acme/gitops").status, ask.get(APP).status), (200, 404));
    github.pass(std::time::Duration::from_secs(3600));
    assert_eq!(ask.get("/repos/acme/gitops").status, 401);
}

#[test]
fn alerts_that_are_off_say_so_each_in_its_way() {
    use crate::world::github::alerts::CodeScanning;
    let github = GitHub::start();
    let app = github.repository("acme/app");
    app.commit("main", "octocat", "Start", &[]);
    let all = [("security-events", "read"), ("vulnerability-alerts", "read")];
    let ask = Asking::with(&github, Token::workflow("acme/app", &all));
    let (code, dependencies, secrets) = (
        format!("{APP}/code-scanning/alerts"),
        format!("{APP}/dependabot/alerts"),
        format!("{APP}/secret-scanning/alerts"),
    );
    app.code_alert(Some("critical"), "CodeQL", "main");
    assert_eq!(
        ask.get(&format!("{code}?state=open&ref=refs/heads/main")).body[0]["rule"]["security_severity_level"],
        "critical"
    );
    app.code_scanning(CodeScanning::Off);
    assert_eq!(ask.get(&code).status, 403);
    app.code_scanning(CodeScanning::NoAnalysis);
    assert_eq!(ask.get(&code).status, 404);
    for _ in 0..3 {
        app.dependency_alert("high", "open", "openssl", "runtime");
    }
    let first = ask.get(&format!("{dependencies}?state=open&severity=critical,high&per_page=2"));
    assert_eq!(first.each("", "number"), [json!(1), json!(2)]);
    let next = first.header("link").split(['<', '>']).nth(1).unwrap();
    assert_eq!(ask.get(next).each("", "number"), [json!(3)]);
    assert_eq!(ask.get(&format!("{dependencies}?page=2")).status, 400);
    // A workflow cannot see secrets at all; who can sees them whole unless he says not to.
    app.secret_alert("aws_access_key", "AKIA", "open");
    assert_eq!(ask.get(&secrets).status, 403);
    ask.by(&github.token(Token::installation(&["acme/app"], &[("secret_scanning_alerts", "read")])));
    assert_eq!(ask.get(&secrets).body[0]["secret"], "AKIA");
    assert_eq!(ask.get(&format!("{secrets}?hide_secret=true")).body[0].get("secret"), None);
    app.scanning(false, false);
    assert_eq!(ask.get(&secrets).status, 404);
    let run = github.run(RunSpec::default());
    assert_eq!(github.run_state(run).0, 1);
    app.environment("canary", Protection::default());
}
