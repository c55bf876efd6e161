//! Several promotions at once, and people who push beside them: nobody's commit is lost, nobody's value is overwritten, and
//! whoever comes second is told who was first.

use crate::kill::held::{Held, until};
use crate::kill::stage::{Play, Ran, Stage, files};

/// How many promotions are at once in the crowd.
const RUNS: usize = 20;

fn assert_says(ran: &Ran, words: &[&str]) {
    // Lines are wrapped at the screen's width.
    let said = ran.said.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(said.contains(word), "`{word}` in {said}");
    }
}

fn subjects(stage: &Stage) -> Vec<String> {
    let log = stage.bare.log("main");
    log.iter().map(|logged| logged.message.lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn two_at_once_for_two_environments_both_land() {
    let stage = Stage::new(&Play::delivery_only(&["staging", "canary"]));
    let held = Held::on(&stage);
    let runs = [stage.start("staging"), stage.start("canary")];
    held.arrived(2);
    held.off();
    held.land(0);
    until("the first push lands", || stage.bare.log("main").len() == 2);
    held.land(1);
    for run in runs {
        let ran = run.wait();
        assert_eq!(ran.code, Some(0), "{}", ran.said);
    }
    assert_eq!(stage.bare.log("main").len(), 3);
    for target in ["staging", "canary"] {
        assert_eq!(stage.pinned(target), stage.text(target, "1.20"));
    }
    stage.assert_nothing_lost();
}

#[test]
fn of_two_at_once_for_one_environment_the_second_names_the_run_that_has_the_lock() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let held = Held::on(&stage);
    let first = stage.start("staging");
    held.arrived(1);
    held.off();
    let before = files(&stage.ledger());
    let second = stage.run("staging");
    assert_eq!(second.code, Some(14), "{}", second.said);
    let requested = before.iter().find(|file| file.ends_with("0000-requested.json")).unwrap();
    let requested = std::fs::read(stage.ledger().join(requested)).unwrap();
    let requested: serde_json::Value = serde_json::from_slice(&requested).unwrap();
    assert_says(&second, &["SUPERSEDED", requested["run"].as_str().unwrap(), "nothing was written"]);
    assert_eq!(files(&stage.ledger()), before, "the second one wrote nothing");
    held.land(0);
    let first = first.wait();
    assert_eq!(first.code, Some(0), "{}", first.said);
    assert_eq!(stage.bare.log("main").len(), 2);
    stage.assert_nothing_lost();
}

#[test]
fn of_two_at_once_with_ledgers_of_their_own_the_second_names_the_commit_that_won() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let held = Held::on(&stage);
    let other = stage.file("other-ledger");
    let runs = [
        stage.start("staging"),
        stage.start_with("staging", |command| {
            command.env("PROMOTE_LEDGER", &other).env("USER", "erin");
        }),
    ];
    held.arrived(2);
    held.off();
    held.land(0);
    until("the first push lands", || stage.bare.log("main").len() == 2);
    held.land(1);
    let mut ran = runs.map(|run| run.wait());
    ran.sort_by_key(|ran| ran.code);
    assert_eq!([ran[0].code, ran[1].code], [Some(0), Some(14)], "{ran:?}");
    let won = stage.bare.log("main").remove(0);
    let author = won.author.split(" <").next().unwrap();
    assert_says(&ran[1], &["somebody else promoted staging", &won.id[..7], author, "nothing was written"]);
    assert_says(&ran[0], &[&won.id[..7]]);
    assert_eq!(stage.bare.log("main").len(), 2);
    stage.assert_nothing_lost();
}

#[test]
fn twenty_at_once_on_twenty_environments_all_land() {
    let targets: Vec<String> = (0..RUNS).map(|n| format!("e{n}")).collect();
    let stage = Stage::new(&Play::delivery_only(&targets.iter().map(String::as_str).collect::<Vec<_>>()));
    let runs: Vec<_> = targets.iter().map(|target| stage.start(target)).collect();
    for (run, target) in runs.iter().zip(&targets) {
        let ran = run.wait();
        assert_eq!(ran.code, Some(0), "{target}: {}", ran.said);
        assert_eq!(stage.pinned(target), stage.text(target, "1.20"));
    }
    let mut seen = subjects(&stage);
    assert_eq!(seen.len(), RUNS + 1);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), RUNS + 1, "each its own");
    stage.assert_nothing_lost();
}

#[test]
fn what_a_person_pins_between_plan_and_push_stays() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    let commit = stage.set("staging", "1.15", "Pin 1.15 by hand");
    held.off();
    held.land(0);
    let ran = run.wait();
    assert_eq!(ran.code, Some(14), "{}", ran.said);
    assert_says(&ran, &[&commit[..7], "Dana", "Pin 1.15 by hand", "it is `1.15` now", "planned from app 1.10"]);
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.15"));
    assert_eq!(subjects(&stage), ["Pin 1.15 by hand", "Start"]);
    stage.assert_nothing_lost();
}

#[test]
fn what_a_person_writes_elsewhere_in_the_same_file_stays_too() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    let theirs = format!("# Ask Dana.\n{}commonLabels: {{ a: b }}\n", stage.text("staging", "1.10"));
    stage.bare.commit("main", &[("k8s/overlays/staging/kustomization.yaml", theirs.as_bytes())], "Label it");
    held.off();
    held.land(0);
    let ran = run.wait();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(stage.pinned("staging"), theirs.replace("1.10", "1.20"));
    assert_eq!(subjects(&stage), ["promote app 1.20 to staging", "Label it", "Start"]);
    stage.assert_nothing_lost();
}

#[test]
fn asked_to_stop_between_two_steps_it_does_and_goes_on_when_it_is_run_again() {
    let stage = Stage::new(&Play::usual());
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    run.ask_to_stop();
    // A push that was sent is seen through: the step ends, and the next one does not begin.
    held.off();
    held.land(0);
    let first = run.wait();
    assert_eq!(first.code, Some(130), "{}", first.said);
    assert_says(&first, &["run it again"]);
    let committed = |file: &std::path::PathBuf| file.ends_with("0002-committed.json");
    assert!(files(&stage.ledger()).iter().any(committed), "the push is in the record");
    assert_eq!(stage.asked("POST"), 0, "no sync was begun");
    let second = stage.run("staging");
    assert_eq!(second.code, Some(0), "{}", second.said);
    assert_eq!(stage.bare.log("main").len(), 2);
    assert_eq!(stage.asked("POST"), 1);
    stage.assert_nothing_lost();
}

#[test]
fn a_branch_that_the_server_protects_is_left_alone_and_the_servers_words_are_shown() {
    let stage = Stage::new(&Play::usual());
    stage.bare.protect("main", "GH006: Protected branch update failed for refs/heads/main.");
    let ran = stage.run("staging");
    assert_eq!(ran.code, Some(20), "{}", ran.said);
    assert_says(&ran, &["GH006: Protected branch update failed for refs/heads/main.", "staging is as it was"]);
    assert_eq!(subjects(&stage), ["Start"]);
    assert_eq!(stage.asked("POST"), 0, "nothing is synced");
    stage.assert_nothing_lost();
}
