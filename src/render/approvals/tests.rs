//! Tests of [`approvals`](super).

use super::*;
use crate::render::samples::approvals::{approved, refused, waiting};

#[test]
fn a_plan_says_who_is_still_asked() {
    insta::assert_snapshot!(still_needed(&waiting(), Style::PLAIN).join("\n"), @"");
    insta::assert_snapshot!(still_needed(&approved(), Style::PLAIN).join("\n"), @"");
    assert!(still_needed(&ApprovalReport::of(Vec::new(), Vec::new(), Vec::new()), Style::PLAIN).is_empty());
}

#[test]
fn a_line_for_each_role_and_why_it_does_not_stand() {
    insta::assert_snapshot!(text(&waiting(), Style::PLAIN), @"");
    insta::assert_snapshot!(text(&refused(), Style::PLAIN), @"");
}

#[test]
fn a_table_says_who_approved_what() {
    insta::assert_snapshot!(markdown(&waiting(), Some("7f3a7f3a7f3a7f3a"), 10_000), @"");
}

#[test]
fn a_title_in_a_few_words() {
    let mut report = waiting();
    for (standing, said) in [
        (Standing::Open, "waiting for qa"),
        (Standing::Broken, "approvals of qa cannot stand"),
        (Standing::Unknown, "approvals of qa could not be found out"),
        (Standing::Rejected, "refused by qa"),
        (Standing::Bypassed, "approvals of qa set aside"),
    ] {
        report.roles[2].standing = Standing::Approved;
        report.roles[1].standing = standing;
        report.standing = standing;
        assert_eq!(title(&report), said);
    }
    assert_eq!(title(&approved()), "approved by sre");
    assert_eq!(title(&ApprovalReport::of(Vec::new(), Vec::new(), Vec::new())), "no approvals needed");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for report in [waiting(), refused(), approved()] {
        let lines = lines(&report, 13, Style::PLAIN).into_iter().chain(still_needed(&report, Style::PLAIN));
        for line in lines {
            assert!(width(&line) <= COLUMNS, "{line}");
        }
    }
}
