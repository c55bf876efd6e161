//! A promotion's life, as people move it: asked for, approved, executed; refused; taken back; overtaken by a newer one.

use crate::kill::held::Held;
use crate::kill::stage::{Play, Ran, Stage, files};

/// Runs a command on the stage, to its end.
fn say(stage: &Stage, words: &[&str]) -> Ran {
    let out = stage.command(words).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    Ran { code: out.status.code(), said }
}

fn stage() -> Stage {
    Stage::new(&Play::delivery_only(&["staging"]))
}

/// Asks for what dev pins now; the promotion's id.
fn ask(stage: &Stage) -> String {
    let ran = say(stage, &["request", "--from", "dev", "--to", "staging", "--reason", "release 7"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    record_in(&ran.said)
}

/// The id that an ending names.
fn record_in(said: &str) -> String {
    let at = said.find("record ").unwrap_or_else(|| panic!("a record in {said}"));
    said[at + 7..].chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn state(stage: &Stage, id: &str) -> String {
    let ran = stage.command(&["show", id, "--json"]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    document["state"].as_str().unwrap().to_owned()
}

fn assert_says(ran: &Ran, words: &[&str]) {
    // Lines are wrapped at the screen's width.
    let said = ran.said.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(said.contains(word), "`{word}` in {said}");
    }
}

#[test]
fn it_is_asked_for_approved_and_executed() {
    let stage = stage();
    let id = ask(&stage);
    assert_eq!(state(&stage, &id), "pending");
    assert_eq!(stage.bare.log("main").len(), 1, "to ask writes nothing to the repository");
    let again = say(&stage, &["request", "--from", "dev", "--to", "staging"]);
    assert_says(&again, &["is asked for already", &id]);
    let approved = say(&stage, &["approve", &id[..8], "--reason", "looks good"]);
    assert_eq!(approved.code, Some(0), "{}", approved.said);
    assert_eq!(state(&stage, &id), "approved");
    let executed = say(&stage, &["execute", &id]);
    assert_eq!(executed.code, Some(0), "{}", executed.said);
    assert_eq!(state(&stage, &id), "completed");
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.20"));
    let again = say(&stage, &["execute", &id]);
    assert_eq!(again.code, Some(0), "{}", again.said);
    assert_says(&again, &["has completed already"]);
    for late in [["approve", &id], ["reject", &id], ["cancel", &id]] {
        let ran = say(&stage, &[&late[..], &["--reason", "too late"]].concat());
        assert_eq!(ran.code, Some(14), "{}", ran.said);
        assert_says(&ran, &["has completed already", "nothing was written"]);
    }
    stage.assert_nothing_lost();
}

#[test]
fn what_is_executed_is_what_was_asked_for() {
    let stage = stage();
    let id = ask(&stage);
    stage.set("dev", "1.21", "Pin 1.21 in dev");
    let ran = say(&stage, &["execute", &id]);
    // dev no longer runs what was asked for: the newer version needs a request of its own.
    assert_ne!(stage.pinned("staging"), stage.text("staging", "1.21"), "{}", ran.said);
}

#[test]
fn what_is_rejected_stays_so() {
    let stage = stage();
    let id = ask(&stage);
    let without = say(&stage, &["reject", &id]);
    assert_eq!(without.code, Some(2), "{}", without.said);
    assert_says(&without, &["A refusal needs its reason", &format!("promote reject {id} --reason")]);
    let rejected = say(&stage, &["reject", &id, "--reason", "the migration is missing"]);
    assert_eq!(rejected.code, Some(0), "{}", rejected.said);
    let executed = say(&stage, &["execute", &id]);
    assert_eq!(executed.code, Some(12), "{}", executed.said);
    assert_says(&executed, &["REJECTED", "was rejected by dana (claimed)", "the migration is missing"]);
    assert_eq!(stage.bare.log("main").len(), 1);
    // Asked for again, it is another promotion.
    assert_ne!(ask(&stage), id);
}

#[test]
fn a_newer_promotion_takes_the_place_of_an_older_one_that_waits() {
    let stage = stage();
    let older = ask(&stage);
    stage.set("dev", "1.21", "Pin 1.21 in dev");
    let newer = ask(&stage);
    assert_eq!((state(&stage, &older).as_str(), state(&stage, &newer).as_str()), ("superseded", "pending"));
    let ran = say(&stage, &["execute", &older]);
    assert_eq!(ran.code, Some(14), "{}", ran.said);
    assert_says(&ran, &["was superseded by promotion", &newer]);
    let ran = say(&stage, &["execute", &newer]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.21"));
}

#[test]
fn what_is_taken_back_is_not_executed() {
    let stage = stage();
    let id = ask(&stage);
    let ran = say(&stage, &["cancel", &id, "--reason", "wrong branch"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let ran = say(&stage, &["execute", &id]);
    assert_eq!(ran.code, Some(14), "{}", ran.said);
    assert_says(&ran, &["was cancelled by dana (claimed)", "wrong branch"]);
}

#[test]
fn a_run_that_was_killed_is_resumed_without_a_word_about_which() {
    let stage = stage();
    let nothing = say(&stage, &["resume"]);
    assert_eq!(nothing.code, Some(0), "{}", nothing.said);
    assert_says(&nothing, &["there is nothing to resume"]);
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    held.off();
    run.kill();
    held.land(0);
    let resumed = say(&stage, &["resume"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.said);
    assert_says(&resumed, &["resumed promotion", "DELIVERED"]);
    assert_eq!(stage.bare.log("main").len(), 2, "one commit, whoever made it");
    stage.assert_nothing_lost();
}
#[test]
fn a_lock_is_taken_away_by_name_and_whoever_had_it_stops_before_its_next_write() {
    let stage = stage();
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    let without = say(&stage, &["unlock", "--env", "staging"]);
    assert_eq!(without.code, Some(2), "{}", without.said);
    let unlocked = say(&stage, &["unlock", "--env", "staging", "--reason", "the runner is gone"]);
    assert_eq!(unlocked.code, Some(0), "{}", unlocked.said);
    assert_says(&unlocked, &["RECORDED", "app in staging is unlocked", "the lock was held by run", "dana"]);
    let again = say(&stage, &["unlock", "--env", "staging", "--reason", "the runner is gone"]);
    assert_says(&again, &["nobody holds the lock"]);
    held.off();
    held.land(0);
    let ran = run.wait();
    // Its push had been sent; it keeps nothing more, and says who goes on.
    assert_eq!(ran.code, Some(23), "{}", ran.said);
    assert_says(&ran, &["lost its lock", "promote resume"]);
    let closed = |file: &std::path::PathBuf| file.to_string_lossy().ends_with("-closed.json");
    assert!(!files(&stage.ledger()).iter().any(closed));
    let resumed = say(&stage, &["resume"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.said);
    stage.assert_nothing_lost();
}

#[test]
fn whoever_waits_for_a_lock_says_for_whom_and_goes_on_when_it_is_free() {
    let stage = stage();
    let held = Held::on(&stage);
    let first = stage.start("staging");
    held.arrived(1);
    held.off();
    let second = stage.start_with("staging", |command| {
        command.args(["--wait-lock", "2m"]).env("USER", "erin");
    });
    crate::kill::held::until("the second one waits", || {
        stage
            .said(&second)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("the lock of staging, held by run")
    });
    held.land(0);
    let (first, second) = (first.wait(), second.wait());
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.said, second.said);
    assert_says(&second, &["waiting", "of dana, since", "staging pins app 1.20 already"]);
    assert_eq!(stage.bare.log("main").len(), 2, "what the first one did is not done again");
}
