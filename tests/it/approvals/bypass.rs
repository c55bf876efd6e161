//! Going past approvals and gates: only whom the rules let, only with a reason, and never quietly.

use super::stage::{GREEN, RED, SRE_AND_QA, Stage, rules};
use crate::world::github::{RunSpec, Token};

/// A stage whose rules let these go past approvals and gates, with a token that may look members up.
fn stage(by: &str) -> Stage {
    let bypass = format!("{{ by: [{by}], reason: required }}");
    let more = format!("    approvals: {SRE_AND_QA}\n    bypass: {{ approvals: {bypass}, gates: {bypass} }}\n");
    let mut stage = Stage::with(&rules(&more));
    let may = [("actions", "read"), ("contents", "read"), ("checks", "write"), ("members", "read")];
    let token = stage.github.token(Token::installation(&["acme/app"], &may));
    stage.sandbox.set("GITHUB_TOKEN", token);
    stage
}

#[test]
fn what_the_rules_do_not_allow_is_refused() {
    let mut stage = Stage::new();
    stage.start("alice");
    stage.sandbox.set("REASON", "the site is down");
    for (variable, what, report) in [("AUTO_APPROVE", "approvals", GREEN), ("SKIP_VALIDATION", "gates", RED)] {
        stage.sandbox.set(variable, "true");
        let ran = stage.promote_here(report, &[]);
        let refused = format!("The {what} of dev → staging cannot be set aside");
        stage.ends(&ran, 3, &[&refused, "the rules let nobody go past", "nothing was written"]);
        stage.sandbox.unset(variable);
    }
}

#[test]
fn without_a_reason_the_whole_command_is_shown() {
    let mut stage = stage("acme/sre-team");
    stage.start("alice");
    let ran = stage.promote_here(GREEN, &["--auto-approve"]);
    let again = "promote run --from dev --to staging --auto-approve --reason \"…\"";
    stage.ends(&ran, 3, &["AUTO_APPROVE needs a reason", again]);
}

#[test]
fn who_is_not_in_the_team_goes_past_nothing() {
    for (who, says) in [
        ("dana", "the rules let acme/sre-team, and @dana is none of them"),
        ("renovate[bot]", "@renovate[bot] is a bot, and the rules let only acme/sre-team: a bot is to be named itself"),
    ] {
        let mut stage = stage("acme/sre-team");
        let event = "push".to_owned();
        stage.start_of(RunSpec { actor: who.to_owned(), event, ..RunSpec::default() });
        for flag in ["--auto-approve", "--skip-validation"] {
            let ran = stage.promote_here(GREEN, &[flag, "--reason", "the site is down"]);
            stage.ends(&ran, 3, &[says, "nothing was written"]);
        }
    }
}

#[test]
fn a_team_that_cannot_be_read_lets_nobody_past() {
    let mut stage = stage("acme/sre-team");
    let may = [("actions", "read"), ("contents", "read"), ("checks", "write")];
    let token = stage.github.token(Token::workflow("acme/app", &may));
    stage.sandbox.set("GITHUB_TOKEN", token);
    stage.start("alice");
    let ran = stage.promote_here(GREEN, &["--auto-approve", "--reason", "the site is down"]);
    stage.ends(
        &ran,
        3,
        &["whether @alice is in acme/sre-team could not be found out", "\"members: read\"", "GITHUB_TOKEN"],
    );
}

#[test]
fn whom_the_rules_let_goes_past_the_approvals_and_it_is_seen() {
    for who in ["alice", "renovate[bot]"] {
        let mut stage = stage("acme/sre-team, 'renovate[bot]'");
        let event = "push".to_owned();
        stage.start_of(RunSpec { actor: who.to_owned(), event, ..RunSpec::default() });
        let ran = stage.promote_here(GREEN, &["--auto-approve", "--reason", "the site is down"]);
        stage.ends(&ran, 0, &["sre", "set aside"]);
        let requested = &stage.entries("requested")[0]["event"];
        assert_eq!(requested["bypassed"], serde_json::json!(["approvals"]), "{requested}");
        let planned = &stage.entries("planned")[0]["event"]["approvals"]["report"]["roles"][0];
        assert_eq!(planned["standing"], "bypassed");
        assert_eq!(planned["because"][0], format!("set aside by {who}: the site is down"));
        let list = stage.sandbox.promote(&["list", "--bypassed"]);
        stage.says(&list, 0, &["dev → staging", who, "1 promotion."]);
        let id = stage.entries("requested")[0]["id"].as_str().unwrap().to_owned();
        let shown = stage.sandbox.promote(&["show", &id]);
        stage.says(&shown, 0, &["the site is down", "set aside"]);
    }
}

#[test]
fn what_was_approved_is_not_among_what_went_past_approvals() {
    let mut stage = Stage::new();
    stage.approved();
    let ran = stage.promote();
    stage.ends(&ran, 0, &[]);
    let list = stage.sandbox.promote(&["list", "--bypassed"]);
    assert!(!list.stdout.contains("dev → staging"), "{}", list.all());
}

#[test]
fn failing_tests_set_aside_still_need_the_approvals() {
    let mut stage = stage("acme/sre-team");
    stage.start("alice");
    let ran = stage.promote_here(RED, &["--skip-validation", "--reason", "the test is wrong"]);
    stage.ends(&ran, 13, &["waits for approval by sre (acme/sre-team) and qa (acme/qa-team)", "the test is wrong"]);
    let both = ["--skip-validation", "--auto-approve", "--reason", "the test is wrong"];
    let ran = stage.promote_here(RED, &both);
    stage.ends(&ran, 0, &[]);
    let facts = &stage.entries("planned")[0]["event"]["facts"];
    assert_eq!(facts["set_aside"], serde_json::json!({"by": "alice", "reason": "the test is wrong"}));
}
