//! What the stand-in answers where the real one surprises.

use reqwest::Method;
use serde_json::{Value, json};

use super::asking::Asking;
use crate::world::github::{GitHub, RunSpec, Token, Trouble, zip};

const APP: &str = "/repos/acme/app";

#[test]
fn an_artifact_is_had_once_from_another_host_that_wants_no_token() {
    let github = GitHub::start();
    let run = github.run(RunSpec::default());
    let bytes = zip::of(&[("unit/report.xml", b"<testsuite/>"), ("../evil", b"x")]);
    let id = github.artifact(run, "plan", bytes.clone());
    github.single_artifact(run, "summary", "summary.md", *b"# ok");
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("actions", "read")]));
    let list = ask.get(&format!("{APP}/actions/runs/{run}/artifacts?name=plan"));
    assert_eq!((&list.body["total_count"], list.each("artifacts", "id")), (&json!(1), vec![json!(id)]));
    let link = ask.get(&format!("{APP}/actions/artifacts/{id}/zip"));
    assert_eq!(link.status, 302);
    let to = link.header("location").to_owned();
    assert!(!to.starts_with(&github.url()), "{to}");
    assert_eq!((ask.get(&to).status, github.credentials_leaked()), (400, 1));
    let bare = Asking::nobody("");
    let got = bare.get(&to);
    assert_eq!((got.status, got.header("content-type"), &got.bytes), (200, "application/zip", &bytes));
    assert_eq!(bare.get(&to).status, 403);
    let single =
        ask.get(&format!("{APP}/actions/runs/{run}/artifacts?name=summary")).body["artifacts"][0]["id"].clone();
    let got = bare.get(ask.get(&format!("{APP}/actions/artifacts/{single}/zip")).header("location"));
    assert_eq!((got.header("content-type"), got.bytes.as_slice()), ("application/octet-stream", &b"# ok"[..]));
    assert_eq!(got.header("content-disposition"), "attachment; filename=\"summary.md\"");
    github.expire_artifact(id);
    assert_eq!(ask.get(&format!("{APP}/actions/artifacts/{id}/zip")).status, 410);
}

#[test]
fn a_commit_without_statuses_is_pending_and_its_jobs_are_check_runs() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let sha = app.commit("feature/x", "octocat", "Start", &[]);
    let all = [("checks", "write"), ("statuses", "write"), ("actions", "read")];
    let ask = Asking::with(&github, Token::workflow("acme/app", &all));
    let none = ask.get(&format!("{APP}/commits/feature/x/status"));
    assert_eq!((&none.body["state"], &none.body["total_count"]), (&json!("pending"), &json!(0)));
    app.status(&sha, "ci", "failure");
    app.status(&sha, "CI", "success");
    assert_eq!(ask.get(&format!("{APP}/commits/{sha}/status")).body["state"], "success");

    let spec = RunSpec { head_branch: "feature/x".into(), event: "push".into(), ..RunSpec::default() };
    let run = github.run(spec);
    github.job(run, "test", None);
    github.running_job(run, "lint", None);
    let made =
        ask.post(&format!("{APP}/check-runs"), &json!({"name": "promote", "head_sha": sha, "conclusion": "success"}));
    // It lands in the suite of the run, whoever made it, and is completed without being told to be.
    let suite = ask.get(&format!("{APP}/actions/runs/{run}")).body["check_suite_id"].clone();
    assert_eq!((&made.body["check_suite"]["id"], &made.body["status"]), (&suite, &json!("completed")));
    app.check_run(&sha, "codecov", "coverage", "completed", Some("neutral"));
    let seen = ask.get(&format!("{APP}/commits/{sha}/check-runs?filter=latest&per_page=100"));
    assert_eq!(seen.body["total_count"], 4);
    let state = |name: &str| {
        let all = seen.body["check_runs"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).map(|one| one["status"].clone())
    };
    assert_eq!((state("test"), state("lint")), (Some(json!("completed")), Some(json!("in_progress"))));
    // Only the App that made one may change it; annotations are added.
    let output = json!({"output": {"title": "t", "summary": "s", "annotations":
        [{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}]}});
    let patch = |id: &Value| ask.send(Method::PATCH, &format!("{APP}/check-runs/{id}"), &[], Some(output.to_string()));
    patch(&made.body["id"]);
    assert_eq!(patch(&made.body["id"]).body["output"]["annotations_count"], 2);
    let other = seen.body["check_runs"].as_array().unwrap().iter().find(|one| one["name"] == "coverage").unwrap();
    assert_eq!(patch(&other["id"]).status, 403);
}

#[test]
fn lists_are_paged_by_a_link_and_never_more_than_a_hundred() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let number = app.issue();
    for at in 0..120 {
        app.comment(number, "octocat", &format!("{at}"));
    }
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("pull-requests", "read")]));
    let comments = format!("{APP}/issues/{number}/comments");
    assert_eq!(ask.get(&comments).body.as_array().unwrap().len(), 30);
    let first = ask.get(&format!("{comments}?per_page=500"));
    assert_eq!(first.body.as_array().unwrap().len(), 100);
    let next = first.header("link").split(", ").find(|one| one.ends_with("rel=\"next\"")).unwrap();
    let last = ask.get(next.split(['<', '>']).nth(1).unwrap());
    assert_eq!(last.body.as_array().unwrap().len(), 20);
    assert!(!last.header("link").contains("rel=\"next\""), "{}", last.header("link"));
    // The same below a GitHub Enterprise Server's path.
    let server = Asking::nobody(&github.enterprise_url());
    server.by(&github.token(Token::workflow("acme/app", &[("issues", "read")])));
    assert!(server.get(&comments).header("link").contains("/api/v3/repos/"));
}

#[test]
fn an_edited_comment_shows_it_and_a_deleted_person_is_nobody() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let number = app.issue();
    let id = app.comment(number, "alice", "/approve 1a2b");
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("issues", "write")]));
    let at = format!("{APP}/issues/comments/{id}");
    let before = ask.get(&at);
    assert_eq!(before.body["created_at"], before.body["updated_at"]);
    app.edit_comment(id, "/approve 3c4d");
    let after = ask.get(&at);
    assert_ne!(after.body["created_at"], after.body["updated_at"]);
    assert_eq!(after.body["user"]["login"], "alice");
    github.delete_person("alice");
    assert_eq!(ask.get(&at).body["user"], Value::Null);
    assert_eq!(ask.send(Method::DELETE, &at, &[], None).status, 204);
    assert_eq!(ask.get(&at).status, 404);
}

#[test]
fn a_deployment_may_be_a_merge_or_a_conflict_instead() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    app.commit("main", "octocat", "Start", &[]);
    app.branch("topic", "main");
    let sha = app.commit("main", "octocat", "Next", &[]);
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("deployments", "write")]));
    let at = format!("{APP}/deployments");
    let merged = ask.post(&at, &json!({"ref": "topic"}));
    assert_eq!((merged.status, merged.body.get("id")), (202, None));
    app.status(&sha, "ci", "pending");
    let body = json!({"ref": sha, "auto_merge": false, "environment": "canary"});
    assert_eq!(ask.post(&at, &body).status, 409);
    let filed = |environment: &str| {
        let body = json!({"ref": sha, "auto_merge": false, "required_contexts": [], "environment": environment});
        let filed = ask.post(&at, &body);
        assert_eq!(filed.status, 201);
        let done = ask.post(&format!("{at}/{}/statuses", filed.body["id"]), &json!({"state": "success"}));
        assert_eq!(done.status, 201);
    };
    for environment in ["canary", "canary", "production", "production"] {
        filed(environment);
    }
    let states =
        |environment: &str| app.deployments(environment).into_iter().map(|one| one.1.join(" ")).collect::<Vec<_>>();
    assert_eq!(states("canary"), ["success inactive", "success"]);
    assert_eq!(states("production"), ["success", "success"]);
}

#[test]
fn files_history_and_pull_requests_are_those_of_the_commits() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let text = "version: 1\n".repeat(10);
    let first = app.commit("main", "octocat", "Start", &[("promotion/rules.yaml", &text), ("README.md", "app\n")]);
    app.branch("topic", "main");
    let change = app.commit("topic", "dana", "Loosen a gate", &[("promotion/rules.yaml", "version: 1\n")]);
    let number = app.pull("dana", "topic", "main", "Loosen a gate");
    app.pull_review(number, "alice", "APPROVED", "");
    let merge = app.merge_pull(number, "octocat");
    let all = [("contents", "read"), ("pull-requests", "write")];
    let ask = Asking::with(&github, Token::workflow("acme/app", &all));
    let file = ask.get(&format!("{APP}/contents/promotion/rules.yaml?ref={first}"));
    assert_eq!(file.body["content"].as_str().unwrap().lines().map(str::len).max(), Some(60));
    assert_eq!(ask.get(&format!("{APP}/contents/promotion/none.yaml")).status, 404);
    assert_eq!(ask.get(&format!("{APP}/git/ref/heads/main")).body["object"]["sha"], json!(merge));
    let history = ask.get(&format!("{APP}/commits?path=promotion/rules.yaml&sha=main&per_page=5"));
    // Who merged it did not change it.
    assert_eq!(history.each("", "sha"), [json!(change), json!(first)]);
    let way = ask.get(&format!("{APP}/compare/{first}...main"));
    assert_eq!((&way.body["status"], way.each("commits", "sha")), (&json!("ahead"), vec![json!(change), json!(merge)]));
    assert_eq!(way.body["commits"][0]["author"]["login"], "dana");
    let pulls = ask.get(&format!("{APP}/commits/{merge}/pulls"));
    assert_eq!(pulls.each("", "number"), [json!(number)]);
    let reviews = format!("{APP}/pulls/{number}/reviews");
    assert_eq!(ask.get(&reviews).body[0]["commit_id"], json!(change));
    // That a review was edited only GraphQL tells.
    let review = ask.get(&reviews).body[0].clone();
    app.edit_review(number, review["id"].as_u64().unwrap(), "/approve");
    assert_eq!(ask.get(&format!("{reviews}/{}", review["id"])).body["submitted_at"], review["submitted_at"]);
    let query = "query($ids:[ID!]!){nodes(ids:$ids){...on PullRequestReview{id lastEditedAt}}}";
    let asked = ask.post("/graphql", &json!({"query": query, "variables": {"ids": [review["node_id"], "N_0"]}}));
    assert!(asked.body["data"]["nodes"][0]["lastEditedAt"].is_string(), "{asked:?}");
    assert_eq!(
        (&asked.body["data"]["nodes"][1], &asked.body["errors"][0]["type"]),
        (&Value::Null, &json!("NOT_FOUND"))
    );
    let refused = ask.post(&reviews, &json!({"event": "APPROVE"}));
    assert!(refused.message().contains("not permitted to approve"), "{refused:?}");
    ask.by(&github.token(Token::personal("dana")));
    assert_eq!(ask.post(&reviews, &json!({"event": "APPROVE"})).status, 422);
}

#[test]
fn the_newest_run_is_first_and_a_dispatch_starts_one() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let sha = app.commit("main", "octocat", "Start", &[]);
    let file = ".github/workflows/ci.yml";
    let ci = |conclusion| RunSpec { workflow: file.into(), event: "push".into(), conclusion, ..RunSpec::default() };
    let green = github.run(ci(Some("success")));
    let red = github.run(ci(Some("failure")));
    let fork = github.run(RunSpec { head_repository: "mallory/app".into(), event: "pull_request".into(), ..ci(None) });
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("actions", "write")]));
    let runs = ask.get(&format!("{APP}/actions/workflows/ci.yml/runs?head_sha={sha}&event=push"));
    assert_eq!(runs.each("workflow_runs", "id"), [json!(red), json!(green)]);
    let only = ask.get(&format!("{APP}/actions/runs?head_sha={sha}&status=success"));
    assert_eq!(only.each("workflow_runs", "id"), [json!(green)]);
    let forked = ask.get(&format!("{APP}/actions/runs/{fork}"));
    assert_eq!(forked.body["head_repository"]["full_name"], "mallory/app");
    assert_ne!(forked.body["head_repository_id"], forked.body["repository"]["id"]);
    let at = format!("{APP}/actions/workflows/ci.yml/dispatches");
    assert_eq!(ask.post(&at, &json!({"ref": "nowhere"})).status, 422);
    assert_eq!(ask.post(&at, &json!({"ref": "main"})).status, 204);
    let told = ask.post(&at, &json!({"ref": "main", "inputs": {}, "return_run_details": true}));
    assert_eq!(github.run_state(told.body["workflow_run_id"].as_u64().unwrap()).1, "in_progress");
}

#[test]
fn an_answer_may_be_lost_after_the_deed() {
    let github = GitHub::start();
    let app = github.repository("acme/app");
    let number = app.issue();
    github.trouble("POST", "/comments", Trouble::LoseAnswer, 1);
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("issues", "write")]));
    let lost = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        ask.post(&format!("{APP}/issues/{number}/comments"), &json!({"body": "once"}))
    }));
    assert!(lost.is_err());
    assert_eq!(app.comments(number), [("github-actions[bot]".to_owned(), "once".to_owned())]);
}
