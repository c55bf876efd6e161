//! What is shown at GitHub, against the stand-in: what is made, what is changed in its place, what a token may not.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use promote::adapters::clock::SystemClock;
use promote::adapters::github::client::{Client, ClientSettings, Credential};
use promote::adapters::github::publish::{Published, Publisher};
use promote::adapters::http::{Http, HttpSettings};
use promote::adapters::secret::Secret;
use promote::ports::FaultKind;
use promote::promotion::publication::{
    Annotation, Check, Comment, Conclusion, Deployment, DeploymentState, Status, StatusState,
};
use serde_json::Value;

use crate::world::github::{GitHub, Token, Trouble};

const ID: &str = "01JD5T0000000000000000000Z";
const MARKER: &str = "<!-- promote:app:staging:canary -->";
const RUN: &str = "https://github.com/acme/app/actions/runs/8412";
const ALL: [(&str, &str); 5] =
    [("checks", "write"), ("statuses", "write"), ("issues", "write"), ("deployments", "write"), ("contents", "read")];

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

fn client(github: &GitHub, token: Token) -> Client {
    let settings = ClientSettings {
        api: github.url(),
        repository: "acme/app".to_owned(),
        credential: Credential::Token(Secret::new(github.token(token)).unwrap()),
        token_name: "GITHUB_TOKEN".to_owned(),
        patience: Duration::ZERO,
        on_secret: Arc::new(|_| {}),
    };
    let http = Http::new(&HttpSettings::default(), runtime().handle().clone()).unwrap();
    Client::new(&settings, &http, Arc::new(SystemClock::new(Arc::default()))).unwrap()
}

/// A stand-in with a commit: its id.
fn world() -> (GitHub, String) {
    let github = GitHub::start();
    let sha = github.repository("acme/app").commit("main", "octocat", "Release 1.20", &[("a.txt", "x")]);
    (github, sha)
}

fn check(sha: &str, conclusion: Conclusion, annotations: usize) -> Check {
    let annotation = |n: usize| Annotation {
        path: "artifacts/e2e/r.xml".to_owned(),
        line: n as u32 + 1,
        title: "tests e2e".to_owned(),
        message: format!("case {n}"),
    };
    Check {
        name: "promote / app staging → canary".to_owned(),
        head_sha: sha.to_owned(),
        external_id: ID.to_owned(),
        details_url: Some(RUN.to_owned()),
        at: "2026-11-22T12:10:00.5Z".parse().unwrap(),
        conclusion,
        title: format!("{conclusion:?}"),
        summary: "the table".to_owned(),
        text: "the details".to_owned(),
        annotations: (0..annotations).map(annotation).collect(),
    }
}

fn status(sha: &str) -> Status {
    Status {
        head_sha: sha.to_owned(),
        context: "promote/app/canary".to_owned(),
        state: StatusState::Failure,
        description: "Held: tests e2e failed".to_owned(),
        target_url: Some(RUN.to_owned()),
    }
}

fn writes(github: &GitHub, path: &str) -> Vec<String> {
    let all = github.requests_matching("", path).into_iter().filter(|request| request.method != "GET");
    all.map(|request| format!("{} {}", request.method, request.status)).collect()
}

fn checks(github: &GitHub, sha: &str) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = github.repository("acme/app").checks_of(sha);
    let one = |one: &Value| {
        let output = &one["output"];
        (text(&output["title"]), text(&one["conclusion"]), output["annotations_count"].as_u64().unwrap())
    };
    all.iter().map(one).collect()
}

#[test]
fn a_second_run_changes_the_check_run_of_the_first() {
    let (github, sha) = world();
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    let held = check(&sha, Conclusion::ActionRequired, 0);
    assert_eq!(publisher.check(&held, &status(&sha)), Ok(Published::Made));
    let made = github.requests_matching("POST", "/check-runs").pop().unwrap().body.unwrap();
    assert_eq!(made["head_sha"], sha.as_str());
    assert_eq!(made["completed_at"], "2026-11-22T12:10:00Z");
    assert_eq!((&made["status"], &made["conclusion"]), (&"completed".into(), &"action_required".into()));
    assert_eq!((&made["external_id"], &made["details_url"]), (&ID.into(), &RUN.into()));
    assert_eq!(made["output"]["text"], "the details");

    let ready = check(&sha, Conclusion::Success, 0);
    assert_eq!(publisher.check(&ready, &status(&sha)), Ok(Published::Updated));
    assert_eq!(checks(&github, &sha), [("Success".to_owned(), "success".to_owned(), 0)]);
    // Another promotion at the same commit has its own, and so has another name.
    let other = Check { external_id: "01JD0000000000000000000000".to_owned(), ..ready.clone() };
    let elsewhere = Check { name: "promote / app canary → production".to_owned(), ..ready };
    for one in [other, elsewhere] {
        assert_eq!(publisher.check(&one, &status(&sha)), Ok(Published::Made));
    }
    assert_eq!(checks(&github, &sha).len(), 3);
    assert_eq!(writes(&github, "/check-runs"), ["POST 201", "PATCH 200", "POST 201", "POST 201"]);
    assert!(writes(&github, "/statuses/").is_empty());
}

#[test]
fn many_annotations_go_in_several_requests_and_never_twice() {
    let (github, sha) = world();
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    let failed = check(&sha, Conclusion::Failure, 51);
    assert_eq!(publisher.check(&failed, &status(&sha)), Ok(Published::Made));
    let sent: Vec<usize> = github
        .requests()
        .iter()
        .filter_map(|request| request.body.as_ref()?["output"]["annotations"].as_array().map(Vec::len))
        .collect();
    assert_eq!(sent, [50, 1]);
    assert_eq!(writes(&github, "/check-runs"), ["POST 201", "PATCH 200"]);

    assert_eq!(publisher.check(&failed, &status(&sha)), Ok(Published::Updated), "the same again");
    assert_eq!(checks(&github, &sha), [("Failure".to_owned(), "failure".to_owned(), 51)]);

    // GitHub only adds annotations: what is no longer true must not stand at a check run that passes.
    let passes = check(&sha, Conclusion::Success, 0);
    assert_eq!(publisher.check(&passes, &status(&sha)), Ok(Published::Made));
    assert_eq!(checks(&github, &sha)[1], ("Success".to_owned(), "success".to_owned(), 0));
    assert_eq!(publisher.check(&passes, &status(&sha)), Ok(Published::Updated), "the newest is found again");
    assert_eq!(checks(&github, &sha).len(), 2);
}

#[test]
fn a_token_that_makes_no_check_runs_sets_a_status() {
    let (github, sha) = world();
    github.repository("acme/app").role("dan", "write");
    let statuses = [("statuses", "write"), ("contents", "read")];
    let tokens = [
        Token::personal("dan"),
        Token::fine_grained("dan", &statuses),
        Token::workflow("acme/app", &statuses),
        Token::workflow("acme/app", &[("checks", "read"), ("statuses", "write")]),
    ];
    for (n, token) in tokens.into_iter().enumerate() {
        let client = client(&github, token);
        let came = Publisher::new(&client).check(&check(&sha, Conclusion::Failure, 3), &status(&sha));
        assert_eq!(came, Ok(Published::StatusInstead), "token {n}");
    }
    assert!(checks(&github, &sha).is_empty());
    let sent = github.requests_matching("POST", "/statuses/");
    assert_eq!(sent.len(), 4);
    let body = sent[0].body.as_ref().unwrap();
    assert_eq!((&body["state"], &body["context"]), (&"failure".into(), &"promote/app/canary".into()));
    assert_eq!((&body["description"], &body["target_url"]), (&"Held: tests e2e failed".into(), &RUN.into()));
}

#[test]
fn a_token_that_may_neither_is_told_both_permissions() {
    let (github, sha) = world();
    let client = client(&github, Token::workflow("acme/app", &[("contents", "read")]));
    let fault = Publisher::new(&client).check(&check(&sha, Conclusion::Failure, 0), &status(&sha)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    let hint = fault.hint.unwrap();
    assert!(hint.contains("checks: ") && hint.contains("statuses: write"), "{hint}");
    assert!(fault.why.contains("nor is a commit status possible"), "{}", fault.why);
}

#[test]
fn a_lost_answer_is_looked_for_and_never_repeated() {
    let (github, sha) = world();
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    github.trouble("POST", "/check-runs", Trouble::LoseAnswer, 1);
    assert_eq!(publisher.check(&check(&sha, Conclusion::Success, 0), &status(&sha)), Ok(Published::Made));
    assert_eq!(checks(&github, &sha).len(), 1);

    let number = github.repository("acme/app").issue();
    github.trouble("POST", "/comments", Trouble::LoseAnswer, 1);
    assert_eq!(publisher.comment(number, &comment("one")), Ok(Published::Made));
    assert_eq!(github.repository("acme/app").comments(number).len(), 1);

    github.trouble("POST", "/deployments", Trouble::LoseAnswer, 1);
    assert_eq!(publisher.deployment(&deployment(&sha, DeploymentState::Success)), Ok(Published::Made));
    assert_eq!(github.repository("acme/app").deployments("canary").len(), 1);

    // Where nothing was made, that is what is said, and it is not tried again.
    let other = Check { external_id: "other".to_owned(), ..check(&sha, Conclusion::Success, 0) };
    github.trouble("POST", "/check-runs", Trouble::Status(502), 1);
    assert_eq!(publisher.check(&other, &status(&sha)).unwrap_err().kind, FaultKind::Uncertain);
    assert_eq!(github.requests_matching("POST", "/check-runs").len(), 2);
}

fn comment(text: &str) -> Comment {
    Comment { marker: MARKER.to_owned(), body: format!("{MARKER}\n{text}") }
}

#[test]
fn the_comment_is_found_on_any_page_and_changed_in_its_place() {
    let (github, _) = world();
    let app = github.repository("acme/app");
    let number = app.issue();
    for n in 0..101 {
        app.comment(number, "dan", &format!("talk {n}"));
    }
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    assert_eq!(publisher.comment(number, &comment("one")), Ok(Published::Made));
    assert_eq!(publisher.comment(number, &comment("one")), Ok(Published::Same));
    assert_eq!(publisher.comment(number, &comment("two")), Ok(Published::Updated));
    let there = app.comments(number);
    assert_eq!(there.len(), 102);
    assert_eq!(there[101], ("github-actions[bot]".to_owned(), format!("{MARKER}\ntwo")));
    assert_eq!(writes(&github, "/comments"), ["POST 201", "PATCH 200"]);
}

#[test]
fn nobody_elses_comment_is_touched_whatever_it_begins_with() {
    let (github, _) = world();
    let app = github.repository("acme/app");
    app.role("dan", "write");
    let number = app.issue();
    let theirs = format!("{MARKER}\nnot ours");
    app.comment(number, "mallory", &theirs);
    app.comment(number, "dan", &format!("see {MARKER}"));
    for (token, author) in [(Token::workflow("acme/app", &ALL), "github-actions[bot]"), (Token::personal("dan"), "dan")]
    {
        let client = client(&github, token);
        let publisher = Publisher::new(&client);
        assert_eq!(publisher.comment(number, &comment("one")), Ok(Published::Made));
        assert_eq!(publisher.comment(number, &comment("two")), Ok(Published::Updated));
        assert_eq!(app.comments(number).pop(), Some((author.to_owned(), format!("{MARKER}\ntwo"))));
    }
    let there = app.comments(number);
    assert_eq!(there.len(), 4);
    assert_eq!(there[0], ("mallory".to_owned(), theirs));
    assert_eq!(there[1].1, format!("see {MARKER}"));
}

#[test]
fn a_comment_is_cut_to_what_github_takes() {
    let (github, _) = world();
    let number = github.repository("acme/app").issue();
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    assert_eq!(publisher.comment(number, &comment(&"ü".repeat(70_000))), Ok(Published::Made));
    assert_eq!(github.repository("acme/app").comments(number)[0].1.chars().count(), 65_536);
    let fault = publisher.comment(99, &comment("x")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

fn deployment(sha: &str, state: DeploymentState) -> Deployment {
    Deployment {
        head_sha: sha.to_owned(),
        environment: "canary".to_owned(),
        promotion: ID.to_owned(),
        state,
        description: "Promoted 1.20 to canary".to_owned(),
        log_url: Some(RUN.to_owned()),
        environment_url: None,
    }
}

#[test]
fn a_promotion_has_one_deployment_whatever_becomes_of_it() {
    let (github, sha) = world();
    let app = github.repository("acme/app");
    // A check that is not green must not keep the deployment from being made.
    app.status(&sha, "ci", "failure");
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    let undone = deployment(&sha, DeploymentState::Inactive);
    assert_eq!(publisher.deployment(&undone), Ok(Published::Same), "none is made only to be inactive");
    for (state, came) in [
        (DeploymentState::InProgress, Published::Made),
        (DeploymentState::Success, Published::Updated),
        (DeploymentState::Inactive, Published::Updated),
    ] {
        assert_eq!(publisher.deployment(&deployment(&sha, state)), Ok(came));
    }
    let states = ["in_progress", "success", "inactive"].map(str::to_owned).to_vec();
    assert_eq!(app.deployments("canary"), [("github-actions[bot]".to_owned(), states)]);
    let body = github.requests_matching("POST", "/deployments").swap_remove(0).body.unwrap();
    assert_eq!((&body["auto_merge"], &body["required_contexts"]), (&false.into(), &serde_json::json!([])));
    assert_eq!((&body["ref"], &body["payload"]["promotion"]), (&sha.as_str().into(), &ID.into()));
}

#[test]
fn a_commit_is_found_by_its_beginning_and_only_as_a_commit() {
    let (github, sha) = world();
    let app = github.repository("acme/app");
    app.branch("abcdef1", "main");
    let client = client(&github, Token::workflow("acme/app", &ALL));
    let publisher = Publisher::new(&client);
    assert_eq!(publisher.commit(&sha), Ok(Some(sha.clone())));
    assert_eq!(publisher.commit(&sha[..8]), Ok(Some(sha.clone())));
    for none in ["main", "1.20", "", "abcdef1", &"0".repeat(40)] {
        assert_eq!(publisher.commit(none), Ok(None), "{none}");
    }
}
