//! The life of environment reviews.

use std::time::Duration;

use serde_json::json;

use super::asking::Asking;
use crate::world::github::environments::{Protection, person, team};
use crate::world::github::reviews::{NOTHING_TO_REVIEW, Rerun};
use crate::world::github::{GitHub, RunSpec, Token};

/// A world with two teams, and an environment for each.
fn world() -> GitHub {
    let github = GitHub::start();
    github.team("sre-team", &["alice", "bob"]);
    github.team("qa-team", &["carol", "alice"]);
    let app = github.repository("acme/app");
    app.commit("main", "octocat", "Start", &[("README.md", "app\n")]);
    for (name, slug) in [("approval-sre", "sre-team"), ("approval-qa", "qa-team")] {
        let reviewers = vec![team(slug)];
        app.environment(name, Protection { reviewers, prevent_self_review: true, ..Protection::default() });
    }
    github
}

fn reader(github: &GitHub) -> Asking {
    Asking::with(github, Token::workflow("acme/app", &[("actions", "read")]))
}

fn is(status: &str, conclusion: Option<&str>) -> (String, Option<String>) {
    (status.to_owned(), conclusion.map(str::to_owned))
}

#[test]
fn an_environment_that_is_not_there_is_made_unprotected_by_the_job_that_names_it() {
    let github = world();
    let ask = reader(&github);
    assert_eq!(ask.get("/repos/acme/app/environments/approval-po").status, 404);
    let run = github.run(RunSpec::default());
    let leg = github.job(run, "approve (po)", Some("approval-po"));
    assert_eq!(github.job_state(leg), is("completed", Some("success")));
    let made = ask.get("/repos/acme/app/environments/approval-po");
    assert_eq!((made.status, &made.body["protection_rules"]), (200, &json!([])));
    assert_eq!(ask.get(&format!("/repos/acme/app/actions/runs/{run}/approvals")).body, json!([]));
}

#[test]
fn a_job_waits_until_any_one_reviewer_approves_and_the_history_has_no_time_of_it() {
    let github = world();
    let ask = reader(&github);
    let run = github.run(RunSpec::default());
    let leg = github.job(run, "approve (sre)", Some("Approval-SRE"));
    assert_eq!(github.job_state(leg), is("waiting", None));
    assert_eq!(github.run_state(run), (1, "waiting".to_owned(), None));
    let pending = ask.get(&format!("/repos/acme/app/actions/runs/{run}/pending_deployments"));
    assert_eq!(pending.body[0]["environment"]["name"], "approval-sre");
    assert_eq!(pending.body[0]["current_user_can_approve"], false);
    assert_eq!(pending.body[0]["reviewers"][0]["reviewer"]["slug"], "sre-team");

    github.review(run, &["approval-sre"], "bob", "approved", "Ship it!").unwrap();
    assert_eq!(github.job_state(leg), is("completed", Some("success")));
    let history = ask.get(&format!("/repos/acme/app/actions/runs/{run}/approvals"));
    let entry = history.body[0].as_object().unwrap();
    assert_eq!(entry.keys().collect::<Vec<_>>(), ["environments", "user", "state", "comment"]);
    assert_eq!((&entry["user"]["login"], &entry["comment"]), (&json!("bob"), &json!("Ship it!")));
    // Done is done: nobody else can approve it too.
    assert_eq!(github.review(run, &["approval-sre"], "alice", "approved", ""), Err(NOTHING_TO_REVIEW));
}

#[test]
fn who_is_no_reviewer_or_started_it_or_is_a_bot_cannot_review() {
    let github = world();
    github.team("sre-team", &["alice", "bob", "octocat", "dependabot[bot]"]);
    let run = github.run(RunSpec::default());
    github.job(run, "approve (sre)", Some("approval-sre"));
    for user in ["carol", "octocat", "dependabot[bot]", "nobody"] {
        assert_eq!(github.review(run, &["approval-sre"], user, "approved", ""), Err(NOTHING_TO_REVIEW), "{user}");
    }
    // All of the boxes that were ticked, or none.
    github.job(run, "approve (qa)", Some("approval-qa"));
    assert!(github.review(run, &["approval-sre", "approval-qa"], "bob", "approved", "").is_err());
    github.review(run, &["approval-sre", "approval-qa"], "alice", "approved", "both").unwrap();
    let history = reader(&github).get(&format!("/repos/acme/app/actions/runs/{run}/approvals"));
    assert_eq!(history.body.as_array().unwrap().len(), 1);
    assert_eq!(history.body[0]["environments"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rejection_fails_the_job() {
    let github = world();
    let run = github.run(RunSpec::default());
    let leg = github.job(run, "approve (sre)", Some("approval-sre"));
    github.review(run, &["approval-sre"], "alice", "rejected", "Not on a Friday").unwrap();
    assert_eq!(github.job_state(leg), is("completed", Some("failure")));
    let history = reader(&github).get(&format!("/repos/acme/app/actions/runs/{run}/approvals"));
    assert_eq!(
        (&history.body[0]["state"], &history.body[0]["comment"]),
        (&json!("rejected"), &json!("Not on a Friday"))
    );
}

#[test]
fn a_person_reviews_over_the_api_and_a_workflow_cannot() {
    let github = world();
    let run = github.run(RunSpec::default());
    github.job(run, "approve (sre)", Some("approval-sre"));
    let path = format!("/repos/acme/app/actions/runs/{run}/pending_deployments");
    let ask = Asking::with(&github, Token::workflow("acme/app", &[("actions", "read"), ("deployments", "write")]));
    let id = ask.get("/repos/acme/app/environments/approval-sre").body["id"].clone();
    let body = json!({"environment_ids": [id], "state": "approved", "comment": "Ship it!"});
    assert_eq!(ask.post(&path, &body).message(), "Resource not accessible by integration");
    ask.by(&github.token(Token::personal("carol")));
    assert_eq!((ask.post(&path, &body).status, ask.post(&path, &body).message()), (422, NOTHING_TO_REVIEW));
    ask.by(&github.token(Token::personal("alice")));
    assert_eq!(ask.get(&path).body[0]["current_user_can_approve"], true);
    assert_eq!(ask.post(&path, &json!({"environment_ids": [id], "state": "approved"})).status, 422);
    let done = ask.post(&path, &body);
    assert_eq!((done.status, &done.body[0]["environment"]), (200, &json!("approval-sre")));
    assert_eq!(ask.post(&path, &body).status, 422);
}

#[test]
fn running_again_keeps_the_earlier_jobs_mixes_the_reviews_and_changes_who_started_it() {
    let github = world();
    let ask = reader(&github);
    let run = github.run(RunSpec::default());
    let plan = github.job(run, "plan", None);
    github.job(run, "approve (sre)", Some("approval-sre"));
    github.review(run, &["approval-sre"], "alice", "rejected", "").unwrap();
    github.finish_run(run, "failure");
    github.rerun(run, Rerun::Failed, "bob");
    assert_eq!(github.run_state(run), (2, "waiting".to_owned(), None));
    // The one who started this attempt is barred now, the one who started the first is not barred any more.
    assert!(github.review(run, &["approval-sre"], "bob", "approved", "").is_err());
    github.team("sre-team", &["bob", "octocat"]);
    github.review(run, &["approval-sre"], "octocat", "approved", "").unwrap();

    let at = format!("/repos/acme/app/actions/runs/{run}");
    let shown = ask.get(&at);
    assert_eq!((&shown.body["actor"]["login"], &shown.body["run_attempt"]), (&json!("octocat"), &json!(2)));
    assert_eq!(shown.body["triggering_actor"]["login"], "bob");
    assert_eq!(ask.get(&format!("{at}/jobs?filter=all")).each("jobs", "run_attempt"), [json!(1), json!(1), json!(2)]);
    let latest = ask.get(&format!("{at}/jobs"));
    assert_eq!(latest.each("jobs", "conclusion"), [json!("success"), json!("success")]);
    assert_eq!(latest.body["jobs"][0]["id"], json!(plan));
    assert_eq!(ask.get(&format!("{at}/attempts/1/jobs")).each("jobs", "run_attempt"), [json!(1), json!(1)]);
    assert_eq!(ask.get(&format!("{at}/attempts/3/jobs")).status, 404);
    assert_eq!(ask.get(&format!("{at}/approvals")).each("", "state"), [json!("rejected"), json!("approved")]);
    // Perhaps the jobs that are not run again are copied.
    github.finish_run(run, "failure");
    github.copy_jobs_over();
    github.rerun(run, Rerun::Job(plan), "octocat");
    let latest = ask.get(&format!("{at}/jobs")).each("jobs", "run_attempt");
    assert_eq!(latest, [json!(3), json!(3)]);
    assert_eq!(ask.get(&format!("{at}/jobs?filter=all")).body["total_count"], 5);
}

#[test]
fn administrators_bypass_where_they_may_and_leave_no_review() {
    let github = world();
    github.owner("root");
    let app = github.repository("acme/app");
    let run = github.run(RunSpec::default());
    let leg = github.job(run, "approve (sre)", Some("approval-sre"));
    assert!(github.bypass(run, "approval-sre", "alice").is_err());
    github.bypass(run, "approval-sre", "root").unwrap();
    assert_eq!(github.job_state(leg), is("completed", Some("success")));
    assert_eq!(reader(&github).get(&format!("/repos/acme/app/actions/runs/{run}/approvals")).body, json!([]));
    let strict = Protection { reviewers: vec![person("dana")], can_admins_bypass: false, ..Protection::default() };
    app.environment("strict", strict);
    github.job(run, "approve (dana)", Some("strict"));
    assert!(github.bypass(run, "strict", "root").is_err());
}

#[test]
fn branches_and_time_hold_a_job_too() {
    let github = world();
    let app = github.repository("acme/app");
    let policies = vec!["main".to_owned(), "release/*".to_owned()];
    app.environment("production", Protection { branches: Some((false, true)), policies, ..Protection::default() });
    app.environment("slow", Protection { wait_timer: 30, ..Protection::default() });
    app.branch("topic", "main").branch("release/1", "main").branch("release/1/fix", "main");
    let job = |branch: &str, environment| {
        let run = github.run(RunSpec { head_branch: branch.to_owned(), ..RunSpec::default() });
        github.job(run, "promote", Some(environment))
    };
    for (branch, conclusion) in
        [("main", "success"), ("release/1", "success"), ("topic", "failure"), ("release/1/fix", "failure")]
    {
        assert_eq!(github.job_state(job(branch, "production")), is("completed", Some(conclusion)), "{branch}");
    }
    let slow = job("main", "slow");
    assert_eq!(github.job_state(slow), is("waiting", None));
    github.pass(Duration::from_secs(30 * 60));
    assert_eq!(github.job_state(slow), is("completed", Some("success")));
}
