//! Lifts of holds, vetoes and freezes where the rules say `ledger: { trust: runs }`: whoever can push to the ledger opens nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{GREEN, LEDGER, SRE_AND_QA, Stage, rules};
use crate::harness::Ran;
use crate::history::forge::Forge;
use crate::world::github::Token;

/// Everything is frozen, and whoever is at the terminal may write on an issue.
struct Frozen {
    stage: Stage,
    issue: u64,
}

impl Frozen {
    fn by(approvals: &str) -> Self {
        let more = if approvals.is_empty() { String::new() } else { format!("    approvals: {approvals}\n") };
        let mut stage = Stage::with(&format!("ledger: {{ trust: runs }}\n{}", rules(&more)));
        let issue = stage.github.repository("acme/app").issue();
        stage.checkout(GREEN);
        let token = stage.github.token(Token::personal("dana"));
        stage.outside_actions(&token);
        let frozen = Self { stage, issue };
        let set = frozen.order(&["freeze", "set"]);
        frozen.stage.says(&set, 0, &["everything is frozen"]);
        frozen
    }

    fn order(&self, words: &[&str]) -> Ran {
        self.stage.sandbox.promote(&[words, &["--reason", "incident 7"]].concat())
    }

    /// A person lifts the freeze at a terminal, and says so on the issue.
    fn lift_as(&mut self, who: &str) -> Ran {
        let token = self.stage.github.token(Token::personal(who));
        self.stage.outside_actions(&token);
        self.order(&["freeze", "lift", "--pull-request", &self.issue.to_string()])
    }

    fn judged(&mut self) -> Ran {
        let token = self.stage.github.token(Token::personal("erin"));
        self.stage.outside_actions(&token);
        self.stage.sandbox.promote(&["validate", "-f", "dev", "-t", "staging"])
    }

    #[track_caller]
    fn stands(&mut self, why: &str) {
        let ran = self.judged();
        self.stage.says(&ran, 10, &["✗ freeze staging", "everything is frozen", "which does not count", why]);
    }

    #[track_caller]
    fn is_lifted(&mut self) {
        let ran = self.judged();
        self.stage.says(&ran, 0, &[]);
        assert!(!ran.all().contains("frozen"), "{}", ran.all());
    }

    /// What somebody who can push to the ledger writes there.
    fn forge(&self, word: Option<(u64, u64)>) {
        let place = |(number, id): (u64, u64)| {
            let url = format!("https://github.com/acme/app/issues/{number}#issuecomment-{id}");
            json!({"kind": "comment", "number": number, "id": id, "url": url})
        };
        let mut event = json!({"kind": "lifted", "what": "freeze", "reason": "it is over"});
        if let Some(word) = word {
            event["word"] = place(word);
        }
        let order = json!({
            "schema": 1, "run": "0196-forged", "seq": 0, "at": jiff::Timestamp::now().to_string(),
            "actor": {"name": "alice", "known": "claimed"}, "event": event,
        });
        Forge::of(&self.stage.sandbox, LEDGER).put("orders/_/_/0196-forged-0.json", &order.to_string());
    }

    fn comment(&self, who: &str, body: &str) -> (u64, u64) {
        (self.issue, self.stage.github.repository("acme/app").comment(self.issue, who, body))
    }
}

const SAID: &str = "promote: lift freeze of everything";

#[test]
fn what_a_person_lifts_counts_by_what_they_said_at_github() {
    let mut frozen = Frozen::by(SRE_AND_QA);
    let unsaid = frozen.order(&["freeze", "lift"]);
    let counts_only = "by `ledger: { trust: runs }` a lift counts only with a workflow run, or a comment at GitHub";
    frozen.stage.says(&unsaid, 0, &["RECORDED", counts_only, "with --pull-request"]);
    let again = frozen.order(&["freeze", "lift"]);
    frozen.stage.says(&again, 0, &["UNCHANGED", counts_only, "with --pull-request"]);
    frozen.stands("it names neither a workflow run nor a comment at GitHub");
    let lifted = frozen.lift_as("alice");
    frozen.stage.says(
        &lifted,
        0,
        &["the freeze of everything is lifted", "said in https://github.com/acme/app/issues/"],
    );
    let comments = frozen.stage.github.repository("acme/app").comments(frozen.issue);
    assert_eq!(comments, [("alice".to_owned(), format!("{SAID}\n\nincident 7\n"))]);
    frozen.is_lifted();
    let again = frozen.lift_as("alice");
    frozen.stage.says(&again, 0, &["UNCHANGED: there is no freeze to lift"]);
    assert_eq!(frozen.stage.github.repository("acme/app").comments(frozen.issue).len(), 1, "nothing was said again");
}

#[test]
fn what_a_stranger_lifts_does_not_count() {
    let mut frozen = Frozen::by(SRE_AND_QA);
    let lifted = frozen.lift_as("mallory");
    frozen.stage.says(&lifted, 0, &["is lifted"]);
    frozen.stands("@mallory is none of acme/sre-team, acme/qa-team");
    // Where nobody is asked for approval, it need only be known who it was.
    let mut frozen = Frozen::by("");
    frozen.lift_as("mallory");
    frozen.is_lifted();
}

#[test]
fn a_forged_lift_does_not_count() {
    for (who, body, edited, why) in [
        ("mallory", SAID, false, "@mallory is none of acme/sre-team, acme/qa-team"),
        (
            "alice",
            "promote: lift hold of app in staging",
            false,
            "it does not say `promote: lift freeze of everything`",
        ),
        (
            "alice",
            "> promote: lift freeze of everything",
            false,
            "it does not say `promote: lift freeze of everything`",
        ),
        ("alice", "I shall look at it", true, "it was edited"),
    ] {
        let mut frozen = Frozen::by(SRE_AND_QA);
        let place = frozen.comment(who, body);
        if edited {
            frozen.stage.github.pass(Duration::from_secs(2));
            frozen.stage.github.repository("acme/app").edit_comment(place.1, SAID);
        }
        frozen.forge(Some(place));
        frozen.stands(why);
    }
    let mut frozen = Frozen::by(SRE_AND_QA);
    frozen.forge(None);
    frozen.stands("it names neither a workflow run nor a comment at GitHub");
    frozen.forge(Some((frozen.issue, 4711)));
    frozen.stands("there is no such comment");
    // What alice said of another freeze, at another time.
    frozen.stage.github.pass(Duration::from_secs(3600));
    let place = frozen.comment("alice", SAID);
    frozen.forge(Some(place));
    frozen.stands("it is of another time");
}

#[test]
fn what_a_run_lifts_counts_by_its_run() {
    for (workflow, lifts) in [(None, true), (Some(".github/workflows/ci.yml"), false)] {
        let mut stage = Frozen::by(SRE_AND_QA).stage;
        stage.sandbox.in_actions();
        let mut spec = crate::world::github::RunSpec { actor: "dana".to_owned(), ..Default::default() };
        if let Some(workflow) = workflow {
            workflow.clone_into(&mut spec.workflow);
        }
        stage.start_of(spec);
        let lifted = stage.sandbox.promote(&["freeze", "lift", "--reason", "over"]);
        stage.says(&lifted, 0, &["the freeze of everything is lifted"]);
        let mut frozen = Frozen { stage, issue: 1 };
        if lifts { frozen.is_lifted() } else { frozen.stands("it is a run of .github/workflows/ci.yml") }
    }
}

/// Orders stay in the ledger for ever; what is over costs no request.
#[test]
fn nobody_is_asked_of_the_lift_of_what_is_over() {
    for (until, asked) in [("2026-01-02T00:00:00Z", 0), ("2199-01-01T00:00:00Z", 1)] {
        let mut frozen = Frozen::by("");
        frozen.lift_as("mallory");
        let word = json!({"kind": "comment", "number": 1, "id": 4711, "url": "https://github.com/acme/app/issues/1"});
        let events = [
            json!({"kind": "frozen", "until": until, "reason": "a fair"}),
            json!({"kind": "lifted", "what": "freeze", "reason": "it is over", "word": word}),
        ];
        for (seq, event) in (0..).zip(events) {
            let order = json!({
                "schema": 1, "run": "0196-fair", "seq": seq, "at": format!("2026-01-01T00:00:0{seq}Z"),
                "service": "app", "environment": "staging", "actor": {"name": "alice", "known": "claimed"}, "event": event,
            });
            let path = format!("orders/app/staging/0196-fair-{seq}.json");
            Forge::of(&frozen.stage.sandbox, LEDGER).put(&path, &order.to_string());
        }
        let ran = frozen.judged();
        frozen.stage.says(&ran, if asked == 0 { 0 } else { 10 }, &[]);
        let requests = frozen.stage.github.requests_matching("GET", "/issues/comments/4711");
        assert_eq!(requests.len(), asked, "{until}");
    }
}

/// The order that stands says why its lift does not count.
#[test]
fn a_document_says_why_a_lift_does_not_count() {
    let mut frozen = Frozen::by(SRE_AND_QA);
    frozen.forge(None);
    let token = frozen.stage.github.token(Token::personal("erin"));
    frozen.stage.outside_actions(&token);
    let ran = frozen.stage.sandbox.promote(&["validate", "-f", "dev", "-t", "staging", "--json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["outcome"], "held", "{document:#}");
    assert!(document["report"].to_string().contains("which does not count"), "{document:#}");
}
