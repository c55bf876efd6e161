//! Who answers for a waiver, and which file of them governs, where GitHub can be asked.

use super::{WAIVERS, ends, waiver};
use crate::approvals::stage::{GREEN, RED, Stage};
use crate::harness::Ran;
use crate::world::github::{GitHub, Repository, Token};

/// What the job's token has to be allowed for the names of those who merged.
const MAY: [(&str, &str); 4] =
    [("actions", "read"), ("contents", "read"), ("checks", "write"), ("pull-requests", "read")];

/// Has somebody merge a change of the waivers that another proposes; the pull request's number.
fn merge(app: &Repository<'_>, branch: &str, text: &str, by: &str) -> u64 {
    app.branch(branch, "main");
    app.commit(branch, "dana", "Waive", &[(WAIVERS, text)]);
    let number = app.pull("dana", branch, "main", "Waive");
    app.merge_pull(number, by);
    number
}

/// A stage that approves, in a run of the default branch.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let token = stage.github.token(Token::workflow("acme/app", &MAY));
    stage.sandbox.set("GITHUB_TOKEN", token);
    stage.evidence = RED.to_owned();
    stage.start("dana");
    stage
}

fn asked(github: &GitHub) -> usize {
    github.requests_matching("POST", "/graphql").len()
}

fn validate(stage: &Stage) -> Ran {
    stage.checkout(&stage.evidence);
    stage.sandbox.promote(&["validate", "-f", "dev", "-t", "staging"])
}

#[test]
fn who_merged_a_waiver_answers_for_it() {
    let stage = stage();
    let app = stage.github.repository("acme/app");
    let first = waiver("gate: tests.unit", "load test host");
    let number = merge(&app, "one", &first, "bo");
    let ran = validate(&stage);
    let said = format!("merged by @bo in #{number}; the file says @ana (promotion/waivers.yaml:1)");
    ends(&ran, 0, &["waived until 2100-12-01 by @bo: load test host", &said]);
    assert_eq!(asked(&stage.github), 1, "one question");
    // Another's waiver below it changes nothing of the first, and one that comes without a pull request is told.
    let both = format!("{first}{}", waiver("test: other", "flaky"));
    let second = merge(&app, "two", &both, "ana");
    app.commit("main", "cy", "Waive one more", &[(WAIVERS, &format!("{both}{}", waiver("test: third", "slow")))]);
    let ran = validate(&stage);
    ends(&ran, 0, &[&said, &format!("flaky; merged by @ana in #{second} (")]);
    ends(&ran, 0, &["slow; committed by @cy, without a pull request; the file says @ana"]);
}

#[test]
fn where_github_does_not_say_the_file_is_quoted() {
    let mut stage = stage();
    merge(&stage.github.repository("acme/app"), "one", &waiver("gate: tests.unit", "load test host"), "bo");
    let blind = stage.github.token(Token::workflow("acme/app", &MAY[..3]));
    stage.sandbox.set("GITHUB_TOKEN", blind);
    let ran = validate(&stage);
    ends(
        &ran,
        0,
        &["who merged the waivers is not known", "`pull-requests: read`", "approved by @ana, by the file's word"],
    );
    assert!(!ran.all().contains("without a pull request"), "{}", ran.all());
}

#[test]
fn a_branch_that_waives_a_gate_is_not_judged_by_itself() {
    let stage = stage();
    let own = waiver("gate: tests.unit", "because");
    stage.sandbox.write(WAIVERS, &own);
    let ran = stage.promote_here(RED, &[]);
    let what = "The waivers of this workspace are not those of the default branch";
    stage.ends(&ran, 3, &[what, "the head of main, which governs", "because"]);
    // What reads only is judged by those that govern: none.
    ends(&validate(&stage), 10, &["the waivers of this workspace are not those that govern", "✗ tests unit"]);
    // Once they are merged, they are the same; a workspace without them is judged by them too.
    merge(&stage.github.repository("acme/app"), "one", &own, "bo");
    ends(&validate(&stage), 0, &["~ tests unit", "merged by @bo"]);
    std::fs::remove_file(stage.sandbox.work().join(WAIVERS)).unwrap();
    ends(&validate(&stage), 0, &["~ tests unit", "merged by @bo"]);
}

#[test]
fn a_waiver_that_is_merged_after_the_approval_is_not_what_was_approved() {
    let mut stage = stage();
    stage.evidence = GREEN.to_owned();
    stage.approved();
    merge(&stage.github.repository("acme/app"), "one", &waiver("test: other", "flaky"), "bo");
    let ran = stage.promote();
    stage.ends(&ran, 13, &["the waivers in force changed"]);
}
