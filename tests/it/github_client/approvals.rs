//! The port for approvals: everything at once, each thing once.

use std::sync::Arc;

use promote::adapters::github::approvals::{GitHubApprovals, ThisRun};
use promote::ports::{Approvals, FaultKind};
use promote::promotion::approvals::asked::ApprovalsAsked;
use promote::promotion::approvals::facts::{Member, Protection, WordKind, WordPlace};
use serde_json::{Value, json};

use super::{client, lines, repository};
use crate::world::canned::Canned;

const AT: &str = "2026-11-20T10:00:00Z";

fn user(login: &str, id: u64) -> Value {
    json!({ "login": login, "id": id, "type": if login.ends_with("[bot]") { "Bot" } else { "User" } })
}

fn run(id: u64, event: &str, actor: &str) -> Value {
    json!({ "id": id, "head_sha": "c0ffee", "head_branch": "main", "event": event, "path": ".github/workflows/p.yml",
        "run_attempt": 1, "actor": user(actor, 50), "triggering_actor": user(actor, 50), "created_at": AT,
        "html_url": format!("https://github.com/acme/app/actions/runs/{id}"),
        "repository": { "full_name": "acme/app" }, "head_repository": { "full_name": "acme/app" } })
}

fn comment(id: u64, body: &str, by: &str) -> Value {
    json!({ "id": id, "html_url": "", "issue_url": "https://h/issues/3", "body": body, "user": user(by, id), "created_at": AT,
        "updated_at": AT })
}

fn review(id: u64, body: &str, by: &str) -> Value {
    json!({ "id": id, "node_id": format!("R{id}"), "body": body, "user": user(by, id), "state": "APPROVED",
        "commit_id": "c0ffee", "submitted_at": AT })
}

fn world(actor: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("GET ", json!({ "default_branch": "main", "private": false })),
        ("GET /environments/sre", json!({ "id": 1, "name": "sre", "protection_rules": [], "can_admins_bypass": true })),
        ("GET /actions/runs/5", run(5, "workflow_run", actor)),
        ("GET /actions/runs/4", run(4, "push", "carl")),
        ("GET /actions/runs/5/jobs", json!({ "jobs": [{ "name": "plan", "run_attempt": 1, "status": "completed" }] })),
        (
            "GET /actions/runs/5/approvals",
            json!([{ "state": "approved", "comment": "", "environments": [{ "id": 1 }], "user": user("Ana", 1) }]),
        ),
        ("GET /issues/3/comments", json!([comment(10, "LGTM", "dan"), comment(11, "Promote: approve 7f3a", "bo")])),
        ("GET /pulls/3", json!({ "number": 3, "head": { "sha": "c0ffee" } })),
        (
            "GET /pulls/3/reviews",
            json!([
                review(20, "", "dan"),
                review(21, "promote: approve 7f3a", "eve"),
                review(22, "promote: reject", "x[bot]")
            ]),
        ),
        (
            "POST /api/graphql",
            json!({ "data": { "nodes": [{ "id": "R21", "lastEditedAt": null }, { "id": "R22", "lastEditedAt": AT }, null] } }),
        ),
        (
            "GET /issues/comments/12",
            json!({ "id": 12, "issue_url": "https://h/issues/8", "body": "promote: approve", "user": user("fay", 9),
            "created_at": AT, "updated_at": AT }),
        ),
        ("GET /compare/a...b", json!({ "commits": [{ "sha": "b", "author": user("gil", 30), "commit": {} }] })),
        ("GET /orgs/acme/teams/sre", json!({ "id": 7, "slug": "sre" })),
        ("GET /orgs/acme/teams/sre/memberships/ana", json!({ "state": "active" })),
    ]
}

fn open(server: &Canned) -> GitHubApprovals {
    GitHubApprovals::new(Arc::new(client(server).0), Some(ThisRun { id: 5, led_by: Some(4) }))
}

fn asked() -> ApprovalsAsked {
    ApprovalsAsked {
        environments: vec!["sre".to_owned(), "qa".to_owned(), "sre".to_owned()],
        run: true,
        pull_request: Some(3),
        words: vec![
            WordPlace { kind: WordKind::Comment, number: 8, id: 12, url: String::new() },
            WordPlace { kind: WordKind::Comment, number: 8, id: 13, url: String::new() },
            WordPlace { kind: WordKind::Comment, number: 3, id: 11, url: String::new() },
        ],
        teams: vec!["acme/sre".to_owned()],
        users: vec!["Hal".to_owned()],
        since: Some(("a".to_owned(), "b".to_owned())),
    }
}

#[test]
fn everything_is_read_and_each_thing_once() {
    let server = repository(&world("carl"));
    let facts = open(&server).read(&asked()).unwrap();
    assert_eq!((facts.repository.as_str(), facts.default_branch.as_deref()), ("acme/app", Some("main")));
    assert!(
        matches!(&facts.environments["sre"], Protection::Known(found) if found.id == 1 && found.reviewers.is_empty())
    );
    assert_eq!(facts.environments["qa"], Protection::Missing);
    let run = facts.run.unwrap();
    assert_eq!((run.id, run.jobs.len(), run.reviews.len()), (5, 1, 1));
    assert_eq!(facts.led_here.iter().map(|run| run.id).collect::<Vec<_>>(), [4]);
    assert_eq!(facts.authors, None, "people started both runs");
    let words: Vec<_> = facts.words.iter().map(|word| (word.place.id, word.edited)).collect();
    assert_eq!(words, [(11, false), (21, false), (22, true), (12, false)]);
    assert_eq!(facts.words[1].head.as_deref(), Some("c0ffee"));
    let members: Vec<_> = facts.members["acme/sre"].iter().map(|(login, member)| (login.as_str(), member)).collect();
    let no = &Member::No;
    assert_eq!(members, [("ana", &Member::Yes), ("bo", no), ("eve", no), ("fay", no), ("hal", no)]);
    for route in ["environments/sre", "environments/qa", "actions/runs/5/approvals"] {
        assert!(facts.answers.contains_key(&format!("GET /repos/acme/app/{route}")), "{route}");
    }
    // The team itself may be looked at by several threads at the same time; nothing else is asked twice.
    let mut asked = lines(&server);
    asked.retain(|line| !line.ends_with("/teams/sre"));
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), all, "{asked:#?}");
}

#[test]
fn who_wrote_it_is_read_where_a_program_started_it() {
    let server = repository(&world("renovate[bot]"));
    let facts = open(&server).read(&asked()).unwrap();
    assert_eq!(facts.authors.unwrap()[0].login, "gil");
    let nothing = ApprovalsAsked { since: None, ..asked() };
    assert_eq!(open(&server).read(&nothing).unwrap().authors, None);
}

#[test]
fn what_was_not_asked_for_is_not_read() {
    let server = repository(&world("carl"));
    let facts = open(&server).read(&ApprovalsAsked::default()).unwrap();
    assert!(facts.run.is_none() && facts.led_here.is_empty() && facts.words.is_empty() && facts.members.is_empty());
    assert_eq!(lines(&server), ["GET /api/v3/repos/acme/app"]);
}

#[test]
fn a_review_counts_as_edited_unless_github_says_otherwise() {
    let mut world = world("carl");
    world.retain(|(route, _)| *route != "POST /api/graphql");
    let facts = open(&repository(&world)).read(&asked()).unwrap();
    let reviews: Vec<_> = facts.words.iter().filter(|word| word.place.kind == WordKind::Review).collect();
    assert!(reviews.len() == 2 && reviews.iter().all(|word| word.edited), "{reviews:?}");
}

#[test]
fn a_run_that_cannot_be_read_is_no_answer() {
    for missing in ["GET /actions/runs/5", "GET /actions/runs/4", "GET /actions/runs/5/jobs"] {
        let mut world = world("carl");
        world.retain(|(route, _)| *route != missing);
        let fault = open(&repository(&world)).read(&asked()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
    }
}

#[test]
fn a_run_is_found_by_its_page_and_by_no_other() {
    let server = repository(&world("carl"));
    let approvals = open(&server);
    let page = "https://github.com/acme/app/actions/runs/5";
    for page in [page.to_owned(), format!("{page}/attempts/2"), page.replace("acme", "Acme")] {
        assert_eq!(approvals.run(&page).unwrap().unwrap().id, 5, "{page}");
    }
    for page in [
        "https://github.com/evil/app/actions/runs/5",
        "https://elsewhere.invalid/acme/app/actions/runs/5",
        "https://github.com/acme/app/actions/runs/55",
        "https://github.com/acme/app/actions/runs/x",
        "https://github.com/acme/app",
    ] {
        assert_eq!(approvals.run(page).unwrap(), None, "{page}");
    }
    assert_eq!(approvals.default_branch().unwrap(), "main");
}
