//! Approvals as examples: one role approved, by a review; one that waits; and a refusal.

use crate::promotion::approvals::facts::{ApprovalFacts, WordKind, WordPlace};
use crate::promotion::approvals::report::{ApprovalReport, Given, JudgedApprovals, RoleRow, Standing};
use crate::promotion::record::{Entry, Milestone};
use crate::render::samples;

fn row(role: &str, people: &str, standing: Standing) -> RoleRow {
    RoleRow {
        role: role.to_owned(),
        needed: 1,
        people: people.to_owned(),
        environments: vec![format!("production-approval-{role}")],
        given: Vec::new(),
        standing,
        because: Vec::new(),
        hints: Vec::new(),
    }
}

fn given(login: &str, environment: Option<&str>) -> Given {
    Given {
        login: login.to_owned(),
        environment: environment.map(str::to_owned),
        word: None,
        comment: String::new(),
        deputy: false,
    }
}

/// SRE approved, one QA approval of two is open, and the product owner's environment is not protected.
pub(crate) fn waiting() -> ApprovalReport {
    let sre = RoleRow {
        given: vec![given("bo", Some("production-approval-sre"))],
        ..row("sre", "@ana @bo", Standing::Approved)
    };
    let qa = RoleRow {
        needed: 2,
        given: vec![Given { deputy: true, comment: "fine | *by* me".to_owned(), ..said("dan") }],
        environments: vec!["production-approval-qa".to_owned(), "production-approval-qa-2".to_owned()],
        because: vec!["@zoe started this or wrote what it brings, and somebody else is to approve".to_owned()],
        ..row("qa", "acme/qa-team", Standing::Open)
    };
    let owner = RoleRow {
        because: vec!["the environment production-approval-owner has no required reviewers".to_owned()],
        hints: vec!["promote environments sync creates or updates it from the rules".to_owned()],
        ..row("owner", "@po @deputy", Standing::Broken)
    };
    ApprovalReport::of(vec![sre, qa, owner], Vec::new(), Vec::new())
}

/// An approval by a comment.
fn said(login: &str) -> Given {
    let url = "https://github.com/acme/app/pull/5#issuecomment-12".to_owned();
    Given { word: Some(WordPlace { kind: WordKind::Comment, number: 5, id: 12, url }), ..given(login, None) }
}

/// Everything stands.
pub(crate) fn approved() -> ApprovalReport {
    let sre = RoleRow {
        given: vec![given("bo", Some("production-approval-sre"))],
        ..row("sre", "@ana @bo", Standing::Approved)
    };
    ApprovalReport::of(vec![sre], Vec::new(), Vec::new())
}

/// SRE refused it, in a run of another branch.
pub(crate) fn refused() -> ApprovalReport {
    let sre = RoleRow {
        given: vec![given("bo", Some("production-approval-sre"))],
        because: vec!["@bo refused it in production-approval-sre: the load test is red".to_owned()],
        ..row("sre", "@ana @bo", Standing::Rejected)
    };
    let because = vec!["the branch of the run is to be main, and is loosened".to_owned()];
    ApprovalReport::of(vec![sre], because, vec!["start a new run".to_owned()])
}

/// A judgement as a record keeps it.
pub(crate) fn judged(report: ApprovalReport) -> JudgedApprovals {
    JudgedApprovals {
        digest: samples::plan().digest,
        planned_at: None,
        at: None,
        requested_by: vec!["zoe".to_owned()],
        facts: ApprovalFacts { repository: "acme/app".to_owned(), ..ApprovalFacts::default() },
        report,
    }
}

/// The record of a promotion that went well, with these approvals.
pub(crate) fn kept(judged: &JudgedApprovals) -> Vec<Entry> {
    let mut entries = samples::promoted();
    for entry in &mut entries {
        if let Milestone::Planned(planned) = &mut entry.event {
            planned.approvals = Some(Box::new(judged.clone()));
        }
    }
    entries
}
