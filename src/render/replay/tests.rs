//! Approvals are judged again from what a bundle holds: what was changed in it, by whoever repaired every hash, comes out.

use std::collections::BTreeMap;

use super::*;
use crate::promotion::approvals::facts::{
    ApprovalFacts, Branches, EnvironmentFacts, JobFacts, Person, Protection, Review, Reviewer, RunFacts,
};
use crate::promotion::approvals::judge::{Question, judged};
use crate::promotion::approvals::report::{JudgedApprovals, Standing};
use crate::promotion::folded::fold;
use crate::promotion::record::{Entry, Milestone};
use crate::promotion::replay::{self, APPROVALS};
use crate::promotion::rules::read::read;
use crate::render::{bundle, samples};

const RULES: &str = "version: 1
service: app
environments:
  dev: { path: dev }
  staging: { path: staging }
promotions:
  - from: dev
    to: staging
    gates: { soak: { min: 1h } }
    approvals: [{ role: sre, users: [ana, bo] }]
    bypass: { approvals: { by: [zoe], reason: required } }
";

fn user(login: &str, id: u64) -> Person {
    Person { login: login.to_owned(), id, kind: "User".to_owned() }
}

fn job(name: String) -> JobFacts {
    JobFacts { name, attempt: 1, status: "completed".to_owned(), conclusion: Some("success".to_owned()) }
}

/// @zoe started it, @bo approved it.
fn facts(digest: &str) -> ApprovalFacts {
    let reviewers = vec![Reviewer::User(user("ana", 1)), Reviewer::User(user("bo", 2))];
    let environment = EnvironmentFacts {
        id: 7,
        name: "staging-approval-sre".to_owned(),
        url: String::new(),
        reviewers,
        prevent_self_review: true,
        admins_bypass: Some(false),
        wait_minutes: 0,
        branches: Branches::Protected,
    };
    let review = Review {
        state: "approved".to_owned(),
        comment: String::new(),
        environments: vec![7],
        user: Some(user("bo", 2)),
    };
    let run = RunFacts {
        id: 1,
        attempt: 1,
        path: ".github/workflows/promotion-workflow.yml".to_owned(),
        event: "workflow_dispatch".to_owned(),
        branch: Some("main".to_owned()),
        commit: samples::COMMIT.to_owned(),
        repository: "acme/app".to_owned(),
        head_repository: Some("acme/app".to_owned()),
        actor: Some(user("zoe", 26)),
        triggering_actor: Some(user("zoe", 26)),
        created: "2026-11-22T12:00:00Z".parse().unwrap(),
        url: String::new(),
        conclusion: None,
        jobs: vec![job("plan".to_owned()), job(format!("approve sre {}", &digest[..12]))],
        reviews: vec![review],
    };
    ApprovalFacts {
        repository: "acme/app".to_owned(),
        default_branch: Some("main".to_owned()),
        environments: BTreeMap::from([("staging-approval-sre".to_owned(), Protection::Known(environment))]),
        run: Some(run),
        ..ApprovalFacts::default()
    }
}

fn files() -> BTreeMap<String, String> {
    let rules = read("rules.yaml", RULES).unwrap();
    let digest = samples::plan().digest;
    let question = Question {
        promotion: rules.promotion("dev", "staging").unwrap(),
        github: &rules.github,
        digest: &digest,
        planned_at: None,
        now: "2026-11-22T12:10:00Z".parse().unwrap(),
        requested_by: &["zoe".to_owned()],
    };
    let approvals = judged(&question, facts(&digest));
    assert_eq!(approvals.report.standing, Standing::Approved, "{:?}", approvals.report);
    let mut entries: Vec<Entry> = samples::approvals::kept(&approvals);
    if let Milestone::Requested(requested) = &mut entries[0].event {
        requested.rules = RULES.to_owned();
    }
    bundle::files(&entries, &fold(&entries).unwrap()).1
}

/// What the approvals come to, after a change of what was read.
fn after(change: impl FnOnce(&mut JudgedApprovals)) -> Replayed {
    let mut files = files();
    let mut approvals: JudgedApprovals = serde_json::from_str(&files[APPROVALS]).unwrap();
    change(&mut approvals);
    files.insert(APPROVALS.to_owned(), serde_json::to_string(&approvals).unwrap());
    replay::replay(&replay::open(&files).unwrap()).unwrap().unwrap()
}

fn standing(replayed: &Replayed) -> (Standing, Standing) {
    let standing = &replayed.approvals.as_ref().unwrap().standing;
    (standing.recorded, standing.recomputed)
}

#[test]
fn approvals_come_out_the_same_from_what_was_read() {
    let replayed = after(|_| {});
    assert!(replayed.approvals.as_ref().unwrap().same(), "{:?}", replayed.approvals);
    assert_eq!(standing(&replayed), (Standing::Approved, Standing::Approved));
}

#[test]
fn a_flipped_fact_changes_the_judgement_and_is_named() {
    type Change = fn(&mut JudgedApprovals);
    let table: [(Change, Standing); 5] = [
        (|j| j.facts.run.as_mut().unwrap().reviews[0].state = "rejected".to_owned(), Standing::Rejected),
        (|j| j.facts.run.as_mut().unwrap().reviews[0].user = Some(user("eve", 9)), Standing::Open),
        (|j| j.facts.run.as_mut().unwrap().branch = Some("loosened".to_owned()), Standing::Broken),
        (|j| j.requested_by = vec!["bo".to_owned()], Standing::Open),
        (|j| j.facts.environments.clear(), Standing::Unknown),
    ];
    for (change, now) in table {
        let replayed = after(change);
        assert_eq!(standing(&replayed), (Standing::Approved, now));
        assert!(!replayed.same());
        let found = Found {
            what: "in out",
            id: samples::ID,
            by: "0.1.0",
            now: "0.1.0",
            sealed: None,
            files: &[],
            inputs: None,
            replayed: Some(&replayed),
            unreadable: None,
        };
        let shown = text(&found, Style::PLAIN);
        assert!(shown.contains(&format!("approval of sre: approved recorded, {} now", now.word())), "{shown}");
        assert!(shown.contains("the approvals came out otherwise"), "{shown}");
    }
}

#[test]
fn an_approval_of_another_plan_contradicts_the_bundle() {
    let mut files = files();
    files.insert(APPROVALS.to_owned(), files[APPROVALS].replacen("\"7f3a7f3a", "\"00aa7f3a", 1));
    let opened = replay::open(&files).unwrap();
    let entries = samples::promoted();
    let (about, _) = bundle::files(&entries, &fold(&entries).unwrap());
    let manifest = crate::promotion::bundle::seal(about, &files);
    let said: Vec<String> = replay::contradictions(&manifest, &opened).iter().map(|d| d.what.clone()).collect();
    assert!(said.iter().any(|what| what.starts_with("they are of plan 00aa7f3a")), "{said:?}");
}

#[test]
fn what_was_set_aside_was_allowed_or_not() {
    let aside = |judged: &mut JudgedApprovals| {
        judged.report.roles[0].standing = Standing::Bypassed;
        judged.report.standing = Standing::Bypassed;
        judged.facts.run.as_mut().unwrap().reviews.clear();
    };
    assert_eq!(standing(&after(aside)), (Standing::Bypassed, Standing::Bypassed));
    let replayed = after(|judged| {
        aside(judged);
        judged.requested_by.push("eve".to_owned());
    });
    assert_eq!(standing(&replayed), (Standing::Bypassed, Standing::Open));
}
