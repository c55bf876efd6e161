//! One request to each endpoint of the stand-in, held to GitHub's own description where that is there.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use super::asking::{Answered, Asking};
use crate::world::github::apps::PRIVATE_KEY;
use crate::world::github::contract::Contract;
use crate::world::github::environments::{Protection, person, team};
use crate::world::github::{GitHub, Repository, RunSpec, Token, Trouble, routes, zip};

const APP: &str = "/repos/acme/app";

/// What a world holds, by id.
struct Ids {
    sha: String,
    first: String,
    run: u64,
    pull: u64,
    merged: u64,
    review: u64,
    comment: u64,
    team: u64,
}

fn fill(github: &GitHub, app: &Repository<'_>) -> Ids {
    let team_id = github.team("sre-team", &["alice", "octocat"]);
    app.role("alice", "admin");
    let first = app.commit("main", "octocat", "Start", &[("promotion/rules.yaml", "version: 1\n")]);
    app.branch("topic", "main").branch("next", "main");
    app.commit("topic", "dana", "Change", &[("promotion/rules.yaml", "version: 1 # one\n")]);
    app.commit("next", "", "By nobody known", &[("README.md", "app\n")]);
    let merged = app.pull("dana", "topic", "main", "Change");
    let pull = app.pull("dana", "next", "main", "Next");
    let review = app.pull_review(merged, "alice", "APPROVED", "");
    let sha = app.merge_pull(merged, "octocat");
    app.protect(
        "main",
        vec![
            json!({"type": "deletion"}),
            json!({"type": "required_status_checks", "parameters":
            {"required_status_checks": [{"context": "ci"}], "strict_required_status_checks_policy": false}}),
        ],
    );
    let reviewers = vec![team("sre-team"), person("dana")];
    let branches = Some((false, true));
    let protection =
        Protection { reviewers, wait_timer: 0, branches, policies: vec!["main".into()], ..Protection::default() };
    app.environment("approval-sre", protection);
    app.environment("plain", Protection { wait_timer: 5, ..Protection::default() });
    let run = github.run(RunSpec { calls: vec!["acme/ci/.github/workflows/t.yml@main".into()], ..RunSpec::default() });
    github.job(run, "plan", None);
    github.job(run, "approve (sre)", Some("approval-sre"));
    github.artifact(run, "plan", zip::of(&[("plan.json", b"{}")]));
    app.status(&sha, "ci", "success");
    app.check_run(&sha, "codecov", "coverage", "completed", Some("neutral"));
    app.code_alert(Some("high"), "CodeQL", "main").code_alert(None, "CodeQL", "main");
    app.dependency_alert("high", "open", "openssl", "runtime").secret_alert("aws_access_key", "AKIA", "open");
    let comment = app.comment(merged, "alice", "Fine");
    Ids { sha, first, run, pull, merged, review, comment, team: team_id }
}

fn jwt(github: &GitHub) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"iss": github.app_id().to_string(), "iat": now - 60, "exp": now + 300});
    let key = EncodingKey::from_rsa_pem(PRIVATE_KEY.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
}

/// Everything, as an App may have it that the organisation trusts with all.
fn all_permissions() -> Vec<(&'static str, &'static str)> {
    let read = ["members", "security_events", "vulnerability_alerts", "secret_scanning_alerts"];
    let write =
        ["actions", "administration", "checks", "contents", "deployments", "issues", "pull_requests", "statuses"];
    read.into_iter().map(|key| (key, "read")).chain(write.into_iter().map(|key| (key, "write"))).collect()
}

fn well(answered: Answered) -> Value {
    assert!((200..400).contains(&answered.status), "{answered:?}");
    answered.body
}

fn read_all(ask: &Asking, ids: &Ids) {
    let Ids { sha, first, run, merged, review, comment, .. } = ids;
    for path in ["/rate_limit", "/users/alice", "/orgs/acme/teams/sre-team", "/orgs/acme/teams/sre-team/members"] {
        well(ask.get(path));
    }
    well(ask.get("/orgs/acme/teams/sre-team/memberships/alice"));
    let artifact = well(ask.get(&format!("{APP}/actions/runs/{run}/artifacts?name=plan&per_page=100")));
    for path in [
        "".to_owned(),
        "/collaborators/alice/permission".to_owned(),
        "/environments?per_page=100".to_owned(),
        "/environments/approval-sre".to_owned(),
        "/environments/approval-sre/deployment-branch-policies".to_owned(),
        format!("/actions/runs?head_sha={sha}&event=workflow_dispatch&status=in_progress&branch=main&per_page=100"),
        format!("/actions/runs/{run}"),
        format!("/actions/runs/{run}/jobs?filter=all"),
        format!("/actions/runs/{run}/attempts/1/jobs"),
        format!("/actions/runs/{run}/pending_deployments"),
        "/actions/workflows/promotion-workflow.yml".to_owned(),
        format!("/actions/workflows/promotion-workflow.yml/runs?head_sha={sha}"),
        format!("/actions/artifacts/{}/zip", artifact["artifacts"][0]["id"]),
        format!("/commits/{sha}/check-runs?filter=latest&per_page=100&page=1"),
        format!("/commits/{sha}/status"),
        format!("/commits/{sha}/pulls"),
        "/commits?path=promotion/rules.yaml&sha=main&per_page=1".to_owned(),
        format!("/commits/{sha}"),
        "/commits/next".to_owned(),
        format!("/compare/{first}...{sha}"),
        format!("/pulls/{merged}"),
        format!("/pulls/{merged}/reviews"),
        format!("/pulls/{merged}/reviews/{review}"),
        format!("/issues/{merged}/comments?per_page=100"),
        format!("/issues/comments/{comment}"),
        "/deployments?environment=approval-sre".to_owned(),
        "/contents/promotion/rules.yaml?ref=main".to_owned(),
        "/git/ref/heads/main".to_owned(),
        "/branches/main".to_owned(),
        "/rules/branches/main".to_owned(),
        "/code-scanning/alerts?state=open&ref=refs/heads/main".to_owned(),
        "/code-scanning/analyses?ref=refs/heads/main".to_owned(),
        "/dependabot/alerts?state=open&severity=critical,high&scope=runtime".to_owned(),
        "/secret-scanning/alerts?state=open&hide_secret=true".to_owned(),
    ] {
        well(ask.get(&format!("{APP}{path}")));
    }
}

fn write_all(ask: &Asking, ids: &Ids) {
    let Ids { sha, pull, merged, comment, team, .. } = ids;
    let change = |method: Method, path: String, body: Value| {
        well(ask.send(method, &format!("{APP}{path}"), &[], Some(body.to_string())))
    };
    let post = |path: String, body: Value| change(Method::POST, path, body);
    let protection = json!({
        "wait_timer": 0, "prevent_self_review": true, "can_admins_bypass": false,
        "reviewers": [{"type": "Team", "id": team}],
        "deployment_branch_policy": {"protected_branches": false, "custom_branch_policies": true},
    });
    change(Method::PUT, "/environments/approval-qa".into(), protection);
    post("/environments/approval-qa/deployment-branch-policies".into(), json!({"name": "main", "type": "branch"}));
    let output = json!({"title": "2 of 9 gates failed", "summary": "…", "annotations":
        [{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m"}]});
    let made = post("/check-runs".into(), json!({"name": "promote", "head_sha": sha, "status": "in_progress"}));
    let done = json!({"status": "completed", "conclusion": "failure", "output": output});
    change(Method::PATCH, format!("/check-runs/{}", made["id"]), done);
    well(ask.get(&format!("{APP}/check-runs/{}", made["id"])));
    post(format!("/statuses/{sha}"), json!({"state": "success", "description": "ok", "context": "promote/canary"}));
    post(format!("/pulls/{pull}/reviews"), json!({"event": "COMMENT", "body": "Fine"}));
    post(format!("/issues/{merged}/comments"), json!({"body": "<!-- promote -->"}));
    change(Method::PATCH, format!("/issues/comments/{comment}"), json!({"body": "Better"}));
    well(ask.send(Method::DELETE, &format!("{APP}/issues/comments/{comment}"), &[], None));
    let deployment = json!({
        "ref": sha, "task": "deploy", "auto_merge": false, "required_contexts": [], "payload": {"plan": "1a2b"},
        "environment": "canary", "description": "1.15", "transient_environment": false, "production_environment": false,
    });
    let id = post("/deployments".into(), deployment)["id"].clone();
    let status =
        json!({"state": "success", "log_url": "https://example.com/log", "description": "ok", "auto_inactive": true});
    post(format!("/deployments/{id}/statuses"), status);
    well(ask.get(&format!("{APP}/deployments/{id}/statuses")));
    let inputs = json!({"ref": "main", "inputs": {"from_env": "staging"}, "return_run_details": true});
    post("/actions/workflows/promotion-workflow.yml/dispatches".into(), inputs);
}

#[test]
fn what_is_not_as_described_is_seen_on_both_sides() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let sha = app.commit("main", "octocat", "Start", &[]);
    let contract = Contract::start(&github);
    let ask = Asking::nobody(&contract.url());
    ask.by(&github.token(Token::workflow("acme/app", &[("statuses", "write")])));
    assert_eq!(ask.post(&format!("{APP}/statuses/{sha}"), &json!({"state": "green"})).status, 422);
    let request = contract.violations();
    github.trouble("GET", "/acme/app", Trouble::Json(200, json!({"id": "one"})), 1);
    assert_eq!(ask.get(APP).body["id"], "one");
    let answer = contract.violations();
    assert_eq!(ask.get(&format!("{APP}/stargazers")).status, 404);
    let unknown = contract.violations();
    let held = contract.is_held();
    assert_eq!(request.iter().any(|one| one.contains("\"request\",\"body\",\"state\"")), held, "{request:?}");
    assert_eq!(unknown.len(), usize::from(held), "{unknown:?}");
    assert_eq!(answer.iter().any(|one| one.contains("\"response\",\"body\"")), held, "{answer:?}");
}

#[test]
fn each_endpoint_is_as_github_describes_it() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    github.install_app(&["acme/app"], &all_permissions());
    let ids = fill(&github, &app);
    let contract = Contract::start(&github);
    let ask = Asking::nobody(&contract.url());

    ask.by(&jwt(&github));
    let id = well(ask.get(&format!("{APP}/installation")))["id"].clone();
    let wanted = json!({"repositories": ["app"], "permissions": {"contents": "write"}});
    well(ask.post(&format!("/app/installations/{id}/access_tokens"), &wanted));
    let whole = well(ask.post(&format!("/app/installations/{id}/access_tokens"), &json!({})));
    ask.by(whole["token"].as_str().unwrap());
    read_all(&ask, &ids);
    write_all(&ask, &ids);
    well(ask.send(Method::DELETE, "/installation/token", &[], None));
    assert_eq!(ask.get(APP).status, 401);

    ask.by(&github.token(Token::personal("alice")));
    well(ask.get("/user"));
    let run = format!("{APP}/actions/runs/{}", ids.run);
    let waits = well(ask.get(&format!("{run}/pending_deployments")));
    let review =
        json!({"environment_ids": [waits[0]["environment"]["id"]], "state": "approved", "comment": "Ship it!"});
    well(ask.post(&format!("{run}/pending_deployments"), &review));
    assert_eq!(well(ask.get(&format!("{run}/approvals")))[0]["state"], "approved");
    // What is refused has its shape too.
    assert_eq!(ask.get(&format!("{APP}/environments/none")).status, 404);
    assert_eq!(ask.get(&format!("{APP}/issues/{}/comments?per_page=1", ids.merged)).status, 200);

    let asked: BTreeSet<_> =
        github.requests().iter().filter_map(|one| routes::pattern(&one.method, &one.path)).collect();
    let left: Vec<_> =
        routes::ROUTES.iter().map(|one| (one.method, one.pattern)).filter(|one| !asked.contains(one)).collect();
    assert!(left.is_empty(), "never asked: {left:?}");
    assert_eq!(contract.violations(), Vec::<String>::new());
}
