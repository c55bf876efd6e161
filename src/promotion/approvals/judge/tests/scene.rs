//! A promotion to production that needs SRE (a team) and QA (users), and a run in which both approved.

use std::collections::BTreeMap;

use crate::promotion::approvals::facts::{
    ApprovalFacts, Branches, EnvironmentFacts, JobFacts, Person, Protection, Review, Reviewer, RunFacts, Word,
    WordKind, WordPlace,
};
use crate::promotion::approvals::judge::{Question, judge, protections};
use crate::promotion::approvals::report::{ApprovalReport, RoleRow};
use crate::promotion::rules::at::At;
use crate::promotion::rules::roles::{AtGitHub, MayBypass, Role, WORKFLOW};
use crate::promotion::rules::rollback::Rollback;
use crate::promotion::rules::{Promotion, Verify};
use crate::promotion::time::Time;

/// The plan's digest.
pub(super) const DIGEST: &str = "7f3a2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a";
/// Another plan's.
pub(super) const OTHER: &str = "00aa2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a2b1c9d0e7f3a";

/// What is judged, and what was read.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub promotion: Promotion,
    pub facts: ApprovalFacts,
    pub planned_at: Option<Time>,
    pub now: Time,
    pub requested_by: Vec<String>,
}

impl Scene {
    pub(super) fn judge(&self) -> ApprovalReport {
        let question = Question {
            promotion: &self.promotion,
            github: &AtGitHub::default(),
            digest: DIGEST,
            planned_at: self.planned_at,
            now: self.now,
            requested_by: &self.requested_by,
        };
        judge(&question, &self.facts)
    }

    pub(super) fn protections(&self) -> Vec<RoleRow> {
        protections(&self.promotion, &AtGitHub::default(), &self.facts)
    }

    pub(super) fn run(&mut self) -> &mut RunFacts {
        self.facts.run.as_mut().unwrap()
    }

    pub(super) fn job(&mut self, name: &str, attempt: u32, status: &str, conclusion: Option<&str>) {
        let conclusion = conclusion.map(str::to_owned);
        self.run().jobs.push(JobFacts { name: name.to_owned(), attempt, status: status.to_owned(), conclusion });
    }

    pub(super) fn rename(&mut self, name: &str, to: &str) {
        self.run().jobs.iter_mut().find(|job| job.name == name).unwrap().name = to.to_owned();
    }

    pub(super) fn end(&mut self, name: &str, status: &str, conclusion: Option<&str>) {
        let job = self.run().jobs.iter_mut().find(|job| job.name == name).unwrap();
        job.status = status.to_owned();
        job.conclusion = conclusion.map(str::to_owned);
    }

    pub(super) fn environment(&mut self, name: &str, id: u64, reviewers: Vec<Reviewer>) {
        self.facts.environments.insert(name.to_owned(), environment(id, reviewers));
    }

    /// The environment that asks SRE.
    pub(super) fn sre(&mut self) -> &mut EnvironmentFacts {
        match self.facts.environments.get_mut("production-approval-sre") {
            Some(Protection::Known(environment)) => environment,
            _ => panic!("the scene knows it"),
        }
    }
}

pub(super) fn user(login: &str, id: u64) -> Person {
    Person { login: login.to_owned(), id, kind: "User".to_owned() }
}

pub(super) fn bot(login: &str) -> Person {
    Person { login: login.to_owned(), id: 99, kind: "Bot".to_owned() }
}

pub(super) fn role(name: &str, team: Option<&str>, users: &[&str]) -> Role {
    Role {
        name: name.to_owned(),
        team: team.map(str::to_owned),
        users: users.iter().map(|login| (*login).to_owned()).collect(),
        deputies: Vec::new(),
        min: 1,
        within: None,
        at: At::default(),
    }
}

pub(super) fn environment(id: u64, reviewers: Vec<Reviewer>) -> Protection {
    Protection::Known(EnvironmentFacts {
        id,
        name: format!("environment {id}"),
        url: String::new(),
        reviewers,
        prevent_self_review: true,
        admins_bypass: Some(false),
        wait_minutes: 0,
        branches: Branches::Named(vec!["main".to_owned()]),
    })
}

pub(super) fn review(login: &str, id: u64, environments: &[u64]) -> Review {
    Review {
        state: "approved".to_owned(),
        comment: String::new(),
        environments: environments.to_vec(),
        user: Some(user(login, id)),
    }
}

pub(super) fn leg(label: &str, digest: &str) -> String {
    format!("promote / approve {label} {}", &digest[..12])
}

/// A comment, one minute after the plan.
pub(super) fn word(login: &str, id: u64, body: &str) -> Word {
    Word {
        place: WordPlace { kind: WordKind::Comment, number: 5, id, url: format!("https://github.test/5#{id}") },
        author: Some(user(login, id)),
        body: body.to_owned(),
        at: "2026-11-20T12:01:00Z".parse().unwrap(),
        edited: false,
        state: None,
        commit: None,
        head: None,
    }
}

fn run() -> RunFacts {
    RunFacts {
        id: 8412,
        attempt: 1,
        path: WORKFLOW.to_owned(),
        event: "workflow_dispatch".to_owned(),
        branch: Some("main".to_owned()),
        commit: "c".repeat(40),
        repository: "acme/app".to_owned(),
        head_repository: Some("acme/app".to_owned()),
        actor: Some(user("zoe", 26)),
        triggering_actor: Some(user("zoe", 26)),
        created: "2026-11-20T12:00:00Z".parse().unwrap(),
        url: "https://github.test/acme/app/actions/runs/8412".to_owned(),
        conclusion: None,
        jobs: Vec::new(),
        reviews: vec![review("ana", 1, &[1]), review("bo", 2, &[2])],
    }
}

/// @zoe started it; @ana of SRE and @bo of QA approved.
pub(super) fn approved() -> Scene {
    let promotion = Promotion {
        from: "canary".to_owned(),
        to: "production".to_owned(),
        gates: Vec::new(),
        require_digest: true,
        require_subject: true,
        trust_baseline: false,
        auto_promote: false,
        approvals: vec![role("sre", Some("acme/sre-team"), &[]), role("qa", None, &["Bo", "cy"])],
        same_person: false,
        bypass: MayBypass::default(),
        hotfix: None,
        verify: Verify::default(),
        freeze: Vec::new(),
        rollback: Rollback::default(),
        not_built: Vec::new(),
        at: At::default(),
    };
    let facts = ApprovalFacts {
        repository: "acme/app".to_owned(),
        default_branch: Some("main".to_owned()),
        environments: BTreeMap::new(),
        run: Some(run()),
        ..ApprovalFacts::default()
    };
    let mut scene = Scene {
        promotion,
        facts,
        planned_at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        now: "2026-11-20T12:30:00Z".parse().unwrap(),
        requested_by: vec!["zoe".to_owned()],
    };
    let users = vec![Reviewer::User(user("bo", 2)), Reviewer::User(user("cy", 3))];
    scene.environment("production-approval-sre", 1, vec![Reviewer::Team { id: 7, slug: "sre-team".to_owned() }]);
    scene.environment("production-approval-qa", 2, users);
    scene.job("promote / plan", 1, "completed", Some("success"));
    scene.job(&leg("sre", DIGEST), 1, "completed", Some("success"));
    scene.job(&leg("qa", DIGEST), 1, "completed", Some("success"));
    scene.job("promote / promote", 1, "in_progress", None);
    scene
}

/// Every sentence and hint of a report, a line each.
pub(super) fn all(report: &ApprovalReport) -> String {
    let mut lines: Vec<String> = report.because.iter().chain(&report.hints).cloned().collect();
    for row in &report.roles {
        lines.push(format!("{} {:?}", row.role, row.standing));
        lines.extend(row.because.iter().chain(&row.hints).cloned());
    }
    lines.join("\n")
}
