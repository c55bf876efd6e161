//! Approvals by comment and by review of a pull request: who said it, of which plan, and whether it still stands.

use std::time::Duration;

use super::stage::{GREEN, SRE_AND_QA, Stage, rules};
use crate::harness::Ran;
use crate::world::github::Token;

/// A stage outside GitHub Actions, with a pull request to write in and a plan that was shown once.
struct Talk {
    stage: Stage,
    pull: u64,
    digest: String,
}

impl Talk {
    fn new() -> Self {
        Self::on(Stage::new())
    }

    fn on(mut stage: Stage) -> Self {
        let token = stage.github.token(Token::personal("erin"));
        stage.outside_actions(&token);
        let app = stage.github.repository("acme/app");
        app.branch("promotion", "main");
        app.commit("promotion", "octocat", "Promote 1.20", &[("promote.txt", "1.20")]);
        let pull = app.pull("octocat", "promotion", "main", "Promote 1.20");
        let mut talk = Self { stage, pull, digest: String::new() };
        let ran = talk.run();
        talk.stage.ends(&ran, 13, &["waits for approval by sre (acme/sre-team) and qa (acme/qa-team)"]);
        talk.digest = talk.shown(&ran);
        talk.stage.github.pass(Duration::from_secs(2));
        talk
    }

    fn run(&self) -> Ran {
        self.stage.promote_here(GREEN, &["--pull-request", &self.pull.to_string()])
    }

    /// The digest of the plan that waits.
    fn shown(&self, ran: &Ran) -> String {
        let (_, rest) = ran.stdout.split_once("WAITING: plan ").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Somebody approves in a comment; its id.
    fn says(&self, who: &str, rest: &str) -> u64 {
        let words = format!("Looks good.\n\npromote: approve {}{rest}", self.digest);
        self.stage.github.repository("acme/app").comment(self.pull, who, &words)
    }
}

#[test]
fn the_right_words_of_the_right_people_approve() {
    let talk = Talk::new();
    talk.says("alice", "");
    let ran = talk.run();
    talk.stage.ends(&ran, 13, &["waits for approval by qa"]);
    talk.says("bob", " as qa");
    let ran = talk.run();
    talk.stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}

#[test]
fn words_serve_where_there_are_no_environments() {
    let stage = Stage::new();
    for role in ["sre", "qa"] {
        stage.github.repository("acme/app").delete_environment(&format!("staging-approval-{role}"));
    }
    let talk = Talk::on(stage);
    talk.says("alice", "");
    talk.says("bob", "");
    let ran = talk.run();
    talk.stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}

#[test]
fn an_edited_comment_does_not_approve() {
    let talk = Talk::new();
    talk.says("bob", "");
    let app = talk.stage.github.repository("acme/app");
    // Alice wrote something harmless; somebody who may edit made an approval of it.
    let id = app.comment(talk.pull, "alice", "I shall look at it tomorrow.");
    app.edit_comment(id, &format!("promote: approve {}", talk.digest));
    let ran = talk.run();
    talk.stage.ends(&ran, 13, &["waits for approval by sre", "what @alice wrote does not count: it was edited"]);
}

#[test]
fn a_word_for_another_plan_does_not_approve_this_one() {
    let talk = Talk::new();
    talk.says("bob", "");
    talk.says("alice", "");
    talk.stage.pin_dev("1.21");
    let ran = talk.run();
    let now = talk.shown(&ran);
    assert_ne!(now, talk.digest);
    let words = format!("it is of plan {}, what would run now is plan {now}", talk.digest);
    talk.stage.ends(&ran, 13, &["waits for approval by sre (acme/sre-team) and qa (acme/qa-team)", &words]);
}

#[test]
fn a_stranger_and_whoever_asked_for_it_do_not_approve() {
    let talk = Talk::new();
    talk.stage.github.team("sre-team", &["alice", "dana"]);
    talk.says("bob", "");
    talk.says("mallory", " as sre");
    talk.says("dana", "");
    let ran = talk.run();
    let words = [
        "waits for approval by sre",
        "what @mallory wrote does not count: they are not acme/sre-team",
        "what @dana wrote does not count: @dana started this",
    ];
    talk.stage.ends(&ran, 13, &words);
    // Nor does somebody who has left the team since.
    talk.says("alice", "");
    talk.stage.github.team("sre-team", &["dana"]);
    let ran = talk.run();
    talk.stage.ends(&ran, 13, &["waits for approval by sre"]);
}

#[test]
fn a_team_that_cannot_be_read_leaves_it_unknown() {
    let mut talk = Talk::new();
    talk.says("alice", "");
    talk.says("bob", "");
    let may = [("actions", "read"), ("contents", "read"), ("issues", "read"), ("pull-requests", "read")];
    let token = talk.stage.github.token(Token::workflow("acme/app", &may));
    talk.stage.outside_actions(&token);
    let ran = talk.run();
    talk.stage.ends(&ran, 11, &["could not be found out", "Members: read", "@alice", "acme/sre-team"]);
}

#[test]
fn a_review_counts_for_the_commit_that_is_there() {
    let talk = Talk::new();
    talk.says("bob", "");
    let app = talk.stage.github.repository("acme/app");
    app.pull_review(talk.pull, "alice", "APPROVED", &format!("promote: approve {}", talk.digest));
    app.commit("promotion", "mallory", "One more thing", &[("promote.txt", "1.20 and more")]);
    app.push_to_pull(talk.pull);
    let ran = talk.run();
    let words = "what @alice wrote does not count: the pull request has other commits since";
    talk.stage.ends(&ran, 13, &["waits for approval by sre", words]);
    app.pull_review(talk.pull, "alice", "APPROVED", &format!("promote: approve {}", talk.digest));
    let ran = talk.run();
    talk.stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}

#[test]
fn a_word_that_refuses_ends_it() {
    let talk = Talk::new();
    talk.says("alice", "");
    let words = format!("promote: reject {} the load test is red", talk.digest);
    talk.stage.github.repository("acme/app").comment(talk.pull, "bob", &words);
    let ran = talk.run();
    talk.stage.ends(&ran, 12, &["was refused by qa", "@bob refused it in", "the load test is red"]);
}

#[test]
fn a_forged_approval_in_the_ledger_fills_no_quorum() {
    let text = rules(&format!("    approvals: {SRE_AND_QA}\n"));
    let talk = Talk::on(Stage::with(&text));
    talk.says("alice", "");
    let ran = talk.run();
    talk.stage.ends(&ran, 13, &["waits for approval by qa"]);
    // Whoever can push to the ledger writes that bob approved: without a word, and with one that is not there or not his.
    let app = talk.stage.github.repository("acme/app");
    let other = app.issue();
    let forged = app.comment(other, "mallory", &format!("promote: approve {} as qa", talk.digest));
    for word in [None, Some(4711), Some(forged)] {
        talk.stage.forge_approval("bob", "qa", word.map(|id| (other, id)));
        let ran = talk.run();
        talk.stage.ends(&ran, 13, &["waits for approval by qa"]);
    }
}

#[test]
fn approving_by_command_leaves_a_word_that_is_asked_for_again() {
    let mut talk = Talk::new();
    let shown = talk.run();
    let (_, id) = shown.stdout.rsplit_once("record ").unwrap();
    let (id, pull) = (id.split_whitespace().next().unwrap().to_owned(), talk.pull.to_string());
    for (who, role) in [("alice", "sre"), ("bob", "qa")] {
        let token = talk.stage.github.token(Token::personal(who));
        talk.stage.outside_actions(&token);
        let args = ["approve", &id, "--pull-request", &pull, "--role", role, "--reason", "well tested"];
        let ran = talk.stage.sandbox.promote(&args);
        assert_eq!(ran.exit, Some(0), "{}", ran.all());
    }
    let comments = talk.stage.github.repository("acme/app").comments(talk.pull);
    let said: Vec<&str> = comments.iter().map(|(who, _)| who.as_str()).collect();
    assert_eq!(said, ["alice", "bob"]);
    let token = talk.stage.github.token(Token::personal("erin"));
    talk.stage.outside_actions(&token);
    // Nobody names the pull request: the ledger says where the words are.
    let ran = talk.stage.promote_here(GREEN, &[]);
    talk.stage.ends(&ran, 0, &["approvals sre @alice, qa @bob"]);
}
