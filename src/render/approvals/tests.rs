//! Tests of [`approvals`](super).

use super::*;
use crate::render::samples::approvals::{approved, refused, waiting};

#[test]
fn a_plan_says_who_is_still_asked() {
    insta::assert_snapshot!(still_needed(&waiting(), Style::PLAIN).join("\n"), @r###"
        approvals still needed: qa (acme/qa-team), owner (any of @po @deputy)
          ✗ owner  cannot be given: @po @deputy in production-approval-owner
              the environment production-approval-owner has no required reviewers
              → promote environments sync creates or updates it from the rules
    "###);
    assert_eq!(still_needed(&approved(), Style::PLAIN), ["approvals: sre @bo"]);
    assert!(still_needed(&ApprovalReport::of(Vec::new(), Vec::new(), Vec::new()), Style::PLAIN).is_empty());
}

#[test]
fn a_line_for_each_role_and_why_it_does_not_stand() {
    insta::assert_snapshot!(text(&waiting(), Style::PLAIN), @r###"
        ✓ sre    @bo (production-approval-sre)
        · qa     @dan (deputy, said on #5); open: acme/qa-team in
            production-approval-qa, production-approval-qa-2
            @zoe started this or wrote what it brings, and somebody else is to approve
        ✗ owner  cannot be given: @po @deputy in production-approval-owner
            the environment production-approval-owner has no required reviewers
            → promote environments sync creates or updates it from the rules
    "###);
    insta::assert_snapshot!(text(&refused(), Style::PLAIN), @r###"
        the branch of the run is to be main, and is loosened
        → start a new run
        ✗ sre  refused by @bo (production-approval-sre)
            @bo refused it in production-approval-sre: the load test is red
    "###);
}

#[test]
fn a_table_says_who_approved_what() {
    insta::assert_snapshot!(markdown(&waiting(), Some("7f3a7f3a7f3a7f3a"), 10_000), @r###"
        #### Approvals of plan `7f3a7f3a7f3a`: approvals of owner cannot stand

        | | role | who | how |
        |---|---|---|---|
        | ✓ approved | sre | \@&#8203;bo | production-approval-sre |
        | · open | qa | \@&#8203;dan; still acme/qa-team | deputy, [said on \#&#8203;5](https://github.com/acme/app/pull/5#issuecomment-12): fine \| \*by\* me |
        | ✗ cannot be given | owner | \@&#8203;po \@&#8203;deputy | production-approval-owner |

        <details><summary>· qa: open</summary>

        - \@&#8203;zoe started this or wrote what it brings, and somebody else is to approve

        </details>

        <details open><summary>✗ owner: cannot be given</summary>

        - the environment production-approval-owner has no required reviewers
        - → promote environments sync creates or updates it from the rules

        </details>
    "###);
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
