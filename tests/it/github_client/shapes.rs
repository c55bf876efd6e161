//! What is taken from GitHub's answers, and what they may leave null.

use promote::adapters::github::environments::{
    BranchPattern, BranchPolicy, EnvironmentSettings, ReviewerId, ReviewerKind, protection,
};
use promote::adapters::github::people::member;
use promote::adapters::github::runs::reviews;
use promote::adapters::github::transcript::Transcript;
use promote::adapters::github::words::Verdict;
use promote::ports::FaultKind;
use promote::promotion::approvals::facts::{Branches, EnvironmentFacts, Member, Person, Protection, Reviewer};
use serde_json::{Value, json};

use super::{client, json as answer, lines, repository};
use crate::world::canned::Canned;

fn user(login: &str, id: u64) -> Value {
    json!({ "login": login, "id": id, "node_id": "U", "type": "User", "site_admin": false })
}

fn person(login: &str, id: u64) -> Person {
    Person { login: login.to_owned(), id, kind: "User".to_owned() }
}

#[test]
fn an_environment_is_read_with_its_rules_and_branches() {
    let environment = json!({
        "id": 161_088_068, "node_id": "E", "name": "Production-approval-sre", "html_url": "https://h/e",
        "protection_rules": [
            { "id": 1, "type": "wait_timer", "wait_timer": 30 },
            { "id": 2, "type": "required_reviewers", "prevent_self_review": true, "reviewers": [
                { "type": "Team", "reviewer": { "id": 7, "slug": "sre", "name": "SRE" } },
                { "type": "User", "reviewer": user("ana", 1) },
            ] },
            { "id": 3, "type": "branch_policy" },
            { "id": 4, "type": "some-new-rule", "reviewers": null },
        ],
        "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
        "can_admins_bypass": false,
    });
    let patterns = json!({ "total_count": 2, "branch_policies": [
        { "id": 1, "name": "main", "type": "branch" }, { "id": 2, "name": "v*", "type": "tag" }, { "id": 3, "name": "hot/*" },
    ] });
    let at = "GET /environments/production-approval-sre";
    let server = repository(&[(at, environment), (&format!("{at}/deployment-branch-policies"), patterns)]);
    let (client, _) = client(&server);
    let transcript = Transcript::new(&client);
    let expected = EnvironmentFacts {
        id: 161_088_068,
        name: "Production-approval-sre".to_owned(),
        url: "https://h/e".to_owned(),
        reviewers: vec![Reviewer::Team { id: 7, slug: "sre".to_owned() }, Reviewer::User(person("ana", 1))],
        prevent_self_review: true,
        admins_bypass: Some(false),
        wait_minutes: 30,
        branches: Branches::Named(vec!["main".to_owned(), "hot/*".to_owned()]),
    };
    assert_eq!(protection(&transcript, "production-approval-sre"), Protection::Known(expected));
    assert_eq!(protection(&transcript, "none"), Protection::Missing);
    let answers = transcript.into_answers();
    let routes: Vec<&str> = answers.keys().map(String::as_str).collect();
    assert_eq!(routes.len(), 3, "{routes:?}");
    assert_eq!(answers["GET /repos/acme/app/environments/production-approval-sre"]["id"], 161_088_068);
    assert_eq!(answers["GET /repos/acme/app/environments/none"], Value::Null);
}

#[test]
fn an_environment_that_cannot_be_read_is_not_missing() {
    let denied = r#"{"message":"Resource not accessible by integration"}"#;
    let server = Canned::start(&[&answer("403 No", "x-accepted-github-permissions: actions=read\r\n", denied)]);
    let (reader, _) = client(&server);
    let Protection::Unreadable { why } = protection(&Transcript::new(&reader), "production") else {
        panic!("it was read")
    };
    assert!(why.contains("not accessible by integration") && why.contains("actions: read"), "{why}");
    // Another environment than the one that was asked for is an answer to nothing.
    let server = repository(&[("GET /environments/production", json!({ "id": 1, "name": "staging" }))]);
    let (reader, _) = client(&server);
    assert!(matches!(protection(&Transcript::new(&reader), "production"), Protection::Unreadable { .. }));
}

#[test]
fn an_environment_is_set_whole() {
    let there = Canned::answer("303 See Other", "location: https://h/x\r\n", "");
    let server =
        Canned::start(&[&answer("200 OK", "", "{}"), &there, &answer("404 No", "", r#"{"message":"Not Found"}"#)]);
    let (client, _) = client(&server);
    let policy = BranchPolicy { protected_branches: false, custom_branch_policies: true };
    let settings = EnvironmentSettings {
        wait_timer: 0,
        prevent_self_review: true,
        reviewers: vec![ReviewerId { kind: ReviewerKind::Team, id: 7 }],
        deployment_branch_policy: Some(policy),
        can_admins_bypass: false,
    };
    client.set_environment("a/b", &settings).unwrap();
    let pattern = BranchPattern { name: "main".to_owned(), kind: "branch".to_owned() };
    client.add_branch_pattern("a/b", &pattern).unwrap();
    assert_eq!(client.add_branch_pattern("a/b", &pattern).unwrap_err().kind, FaultKind::NotFound);
    assert_eq!(lines(&server)[0], "PUT /api/v3/repos/acme/app/environments/a%2Fb");
    assert_eq!(lines(&server)[1], "POST /api/v3/repos/acme/app/environments/a%2Fb/deployment-branch-policies");
    let sent: Value = serde_json::from_str(&server.bodies()[0]).unwrap();
    assert_eq!(
        sent,
        json!({ "wait_timer": 0, "prevent_self_review": true, "reviewers": [{ "type": "Team", "id": 7 }],
            "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
            "can_admins_bypass": false })
    );
    assert_eq!(
        serde_json::from_str::<Value>(&server.bodies()[1]).unwrap(),
        json!({ "name": "main", "type": "branch" })
    );
}

#[test]
fn a_run_is_read_though_much_of_it_is_null() {
    let run = json!({ "id": 5, "name": null, "head_branch": null, "head_sha": "c0ffee", "event": "workflow_dispatch",
        "path": ".github/workflows/promotion-workflow.yml@refs/heads/main", "status": "in_progress", "conclusion": null,
        "run_attempt": 2, "actor": null, "triggering_actor": user("bo", 2), "created_at": "2026-11-20T10:00:00Z",
        "html_url": "https://h/acme/app/actions/runs/5", "repository": { "full_name": "acme/app" }, "head_repository": null });
    let jobs = json!({ "total_count": 1, "jobs": [
        { "id": 1, "name": "promote / plan", "status": "requested", "conclusion": null, "head_branch": null, "run_attempt": 1 },
    ] });
    let given = json!([
        { "state": "approved", "comment": "Ship it!", "environments": [{ "id": 1, "name": "a" }, { "id": 2 }], "user": user("ana", 1) },
        { "state": "rejected", "comment": null, "environments": [], "user": null },
    ]);
    let pending =
        json!([{ "environment": { "id": 9, "name": "qa" }, "wait_timer": 0, "current_user_can_approve": true }]);
    let server = repository(&[
        ("GET /actions/runs/5", run),
        ("GET /actions/runs/5/jobs", jobs),
        ("GET /actions/runs/5/approvals", given),
        ("GET /actions/runs/5/pending_deployments", pending),
    ]);
    let (client, _) = client(&server);
    let run = client.run(5).unwrap().unwrap();
    assert_eq!((run.path.as_str(), run.attempt), (".github/workflows/promotion-workflow.yml", 2));
    assert_eq!((run.branch, run.actor, run.head_repository, run.conclusion), (None, None, None, None));
    assert_eq!(run.triggering_actor, Some(person("bo", 2)));
    let jobs = client.jobs(5).unwrap();
    assert_eq!((jobs[0].name.as_str(), jobs[0].status.as_str(), jobs[0].attempt), ("promote / plan", "requested", 1));
    assert!(lines(&server)[1].contains("filter=all"));
    let transcript = Transcript::new(&client);
    let reviews = reviews(&transcript, 5).unwrap();
    assert_eq!(
        (reviews[0].environments.as_slice(), reviews[0].user.clone()),
        ([1, 2].as_slice(), Some(person("ana", 1)))
    );
    assert_eq!((reviews[1].state.as_str(), reviews[1].comment.as_str(), &reviews[1].user), ("rejected", "", &None));
    assert!(transcript.into_answers().contains_key("GET /repos/acme/app/actions/runs/5/approvals"));
    let pending = client.pending(5).unwrap();
    assert_eq!((pending[0].environment, pending[0].name.as_str(), pending[0].ours), (9, "qa", true));
    assert_eq!(client.run(6).unwrap(), None);
}

#[test]
fn who_is_no_member_and_what_may_not_be_seen_are_told_apart() {
    let team = json!({ "id": 7, "slug": "sre", "name": "SRE" });
    let server = repository(&[
        ("GET /orgs/acme/teams/sre", team),
        ("GET /orgs/acme/teams/sre/memberships/ana", json!({ "url": "u", "role": "member", "state": "active" })),
        ("GET /orgs/acme/teams/sre/memberships/bo", json!({ "url": "u", "role": "member", "state": "pending" })),
    ]);
    let (client, _) = client(&server);
    let transcript = Transcript::new(&client);
    assert_eq!(member(&transcript, "acme/sre", "ana"), Member::Yes);
    assert_eq!(member(&transcript, "acme/sre", "bo"), Member::No);
    assert_eq!(member(&transcript, "acme/sre", "eve"), Member::No);
    for team in ["acme/hidden", "sre", "acme/a/b", "/x"] {
        let Member::Unknown { why } = member(&transcript, team, "ana") else { panic!("{team} is known") };
        assert!(why.contains("Members: read") || why.contains("org/team"), "{why}");
    }
    assert_eq!(client.team("acme/sre").unwrap().unwrap().id, 7);
    assert_eq!(client.user("nobody").unwrap(), None);
}

#[test]
fn the_authors_between_two_commits_are_known_or_not() {
    let commit = |author: Value, committer: Value| {
        let by = json!({ "name": "x", "email": "x@y", "date": "2026-11-20T10:00:00Z" });
        json!({ "sha": "1", "author": author, "committer": committer, "commit": { "message": "a\nb", "author": by, "committer": by } })
    };
    let read = |commits: Vec<Value>| {
        let server =
            repository(&[("GET /compare/a...b", json!({ "total_commits": commits.len(), "commits": commits }))]);
        client(&server).0.authors("a", "b").unwrap()
    };
    let (ana, bo) = (user("ana", 1), user("bo", 2));
    let both = read(vec![commit(ana.clone(), bo.clone()), commit(bo.clone(), ana.clone())]);
    assert_eq!(both, Some(vec![person("ana", 1), person("bo", 2)]));
    assert_eq!(read(vec![commit(ana.clone(), Value::Null)]), Some(vec![person("ana", 1)]));
    assert_eq!(read(vec![]), Some(vec![]));
    for nobody in [Value::Null, json!({})] {
        assert_eq!(read(vec![commit(ana.clone(), bo.clone()), commit(nobody, bo.clone())]), None);
    }
    assert_eq!(client(&repository(&[])).0.authors("a", "b").unwrap(), None);
}

#[test]
fn a_file_is_read_at_a_commit() {
    let file = |content: &str, encoding: &str| json!({ "type": "file", "content": content, "encoding": encoding, "sha": "b10b" });
    let server = repository(&[
        ("GET /contents/a%20b/rules.yaml", file("dmVyc2lvbjog\nMQrDvAo=\n", "base64")),
        ("GET /contents/large", file("", "none")),
        ("GET /contents/binary", file("/w==", "base64")),
        ("GET /contents/odd", file("%%", "base64")),
        ("GET /contents/dir", json!([{ "name": "x" }])),
        ("GET /contents/module", json!({ "type": "submodule", "sha": "1" })),
        ("GET /branches/main", json!({ "name": "main", "commit": { "sha": "c0ffee" }, "protected": true })),
        (
            "GET /commits",
            json!([{ "sha": "1", "author": null, "commit": { "message": "Fix it\n\nwhy", "author": { "name": "Ana" } } }]),
        ),
    ]);
    let (client, _) = client(&server);
    let found = client.file_at("a b/rules.yaml", "refs/heads/main").unwrap().unwrap();
    assert_eq!((found.text.as_str(), found.sha.as_str()), ("version: 1\nü\n", "b10b"));
    assert!(lines(&server)[0].ends_with("?ref=refs%2Fheads%2Fmain"));
    assert_eq!(client.file_at("none", "main").unwrap(), None);
    for (path, why) in
        [("large", "larger"), ("binary", "UTF-8"), ("odd", "base64"), ("dir", "not a file"), ("module", "not a file")]
    {
        let fault = client.file_at(path, "main").unwrap_err();
        assert!(fault.kind == FaultKind::Broken && fault.why.contains(why), "{fault}");
    }
    assert_eq!(client.branch_head("main").unwrap().as_deref(), Some("c0ffee"));
    assert_eq!(client.branch_head("other").unwrap(), None);
    let changes = client.changes("rules.yaml", "main", 5).unwrap();
    assert_eq!((changes[0].subject.as_str(), changes[0].author.as_str(), changes[0].at), ("Fix it", "Ana", None));
}

#[test]
fn words_are_written_and_read_again() {
    let comment = |id: u64, on: u64, updated: &str| {
        json!({ "id": id, "html_url": format!("https://h/{id}"), "issue_url": format!("https://h/repos/acme/app/issues/{on}"),
            "body": null, "user": null, "created_at": "2026-11-20T10:00:00Z", "updated_at": updated })
    };
    let server = repository(&[
        (
            "GET /issues/3/comments",
            json!([comment(1, 3, "2026-11-20T10:00:00Z"), comment(2, 3, "2026-11-20T10:00:01Z")]),
        ),
        ("GET /issues/comments/1", comment(1, 3, "2026-11-20T10:00:00Z")),
        ("POST /issues/3/comments", comment(4, 3, "2026-11-20T10:00:00Z")),
        ("PATCH /issues/comments/4", json!({ "id": 4 })),
        (
            "POST /pulls/3/reviews",
            json!({ "id": 6, "html_url": "https://h/6", "state": "APPROVED", "user": user("ana", 1) }),
        ),
    ]);
    let (client, _) = client(&server);
    let comments = client.comments(3).unwrap();
    assert_eq!(comments.iter().map(|word| word.edited).collect::<Vec<_>>(), [false, true]);
    assert_eq!((comments[0].author.clone(), comments[0].body.as_str()), (None, ""));
    assert_eq!(client.comment(3, 1).unwrap(), Some(comments[0].clone()));
    assert_eq!(client.comment(4, 1).unwrap(), None, "it is on another issue");
    assert_eq!(client.comment(3, 9).unwrap(), None);
    let place = client.write_comment(3, "hello").unwrap();
    assert_eq!((place.number, place.id, place.url.as_str()), (3, 4, "https://h/4"));
    client.rewrite_comment(4, "again").unwrap();
    assert_eq!(client.write_review(3, "c0ffee", Verdict::Approve, "promote: approve").unwrap().id, 6);
    let sent: Value = serde_json::from_str(server.bodies().last().unwrap()).unwrap();
    assert_eq!(sent, json!({ "commit_id": "c0ffee", "event": "APPROVE", "body": "promote: approve" }));
}

#[test]
fn a_list_with_a_cursor_is_followed_by_our_own_address() {
    let next = "link: <http://elsewhere.invalid/alerts?after=Y3Vy%3D&per_page=100>; rel=\"next\"\r\n";
    let server = Canned::start(&[&answer("200 OK", next, "[1]"), &answer("200 OK", "", "[2]")]);
    let (reader, _) = client(&server);
    let all: Vec<u8> =
        reader.cursor_pages("list the alerts", &reader.route(&["dependabot", "alerts"]), &[("state", "open")]).unwrap();
    assert_eq!(all, [1, 2]);
    let line = "GET /api/v3/repos/acme/app/dependabot/alerts?state=open&per_page=100";
    assert_eq!(lines(&server), [line.to_owned(), format!("{line}&after=Y3Vy%3D")]);
    // A cursor that leads to itself is the end.
    let server = Canned::start(&[&answer("200 OK", next, "[1]")]);
    assert_eq!(client(&server).0.cursor_pages::<u8>("list", "/x", &[]).unwrap(), [1, 1]);
}
