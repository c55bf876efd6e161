//! Kills that one run alone does not show: several in a row, a push that lands after its run is dead, and what other people
//! do before it is run again.

use std::fs;

use promote::adapters::ledger::Records;
use promote::ports::Ledger;

use super::ends::Ends;
use super::held::{Held, until};
use super::stage::{Play, Ran, Stage, files};
use super::{Answer, Spot, killed_at};

fn undisturbed(play: &Play) -> Ends {
    let stage = Stage::new(play);
    stage.run("staging");
    Ends::of(&stage, "staging")
}

fn assert_same(stage: &Stage, wanted: &Ends, said: &str) {
    let differences = Ends::of(stage, "staging").differences(wanted);
    assert!(differences.is_empty(), "{said}\n{}", differences.join("\n"));
    stage.assert_nothing_lost();
}

/// Kills a run after its plan is kept and before anything is pushed.
fn killed_before_its_push(stage: &Stage) {
    let held = Held::on(stage);
    let run = stage.start("staging");
    held.arrived(1);
    run.kill();
    held.refuse(0);
    held.off();
    assert!(files(&stage.ledger()).iter().any(|file| file.ends_with("0001-planned.json")));
    assert_eq!(stage.bare.log("main").len(), 1);
}

#[test]
fn a_promotion_whose_every_run_is_killed_a_little_later_comes_to_its_end() {
    for play in [Play::usual(), Play::usual().bad()] {
        let wanted = undisturbed(&play);
        let stage = Stage::new(&play);
        let mut said = String::new();
        for n in 1.. {
            assert!(n < 60, "{said}");
            // Whichever comes first: most runs talk to both servers.
            let spot = if n % 2 == 0 { Spot::Git(n, Answer::Lost) } else { Spot::Argo(n.div_ceil(2), Answer::Lost) };
            let ran = killed_at(&stage, spot);
            said = format!("{said}{spot:?}: {:?}\n{}", ran.code, ran.said);
            if ran.code.is_some() {
                break;
            }
        }
        assert_same(&stage, &wanted, &said);
    }
}

#[test]
fn of_a_run_that_was_taken_up_and_killed_after_its_push_the_commit_is_found() {
    let wanted = undisturbed(&Play::usual());
    let stage = Stage::new(&Play::usual());
    killed_before_its_push(&stage);
    killed_after_its_push(&stage);
    let third = stage.run("staging");
    assert_eq!(third.code, Some(0), "{}", third.said);
    assert_same(&stage, &wanted, &third.said);
}

#[test]
fn a_push_that_lands_after_its_run_is_dead_is_found_by_the_next_one() {
    let wanted = undisturbed(&Play::usual());
    let stage = Stage::new(&Play::usual());
    let held = Held::on(&stage);
    let first = stage.start("staging");
    held.arrived(1);
    first.kill();
    let second = stage.start("staging");
    held.arrived(2);
    held.off();
    held.land(0);
    until("the first push lands", || stage.bare.log("main").len() == 2);
    held.land(1);
    let second = second.wait();
    assert_eq!(second.code, Some(0), "{}", second.said);
    assert_same(&stage, &wanted, &second.said);
}

/// Kills a run, and lets its push land: nothing but the repository knows of it.
fn killed_after_its_push(stage: &Stage) {
    let held = Held::on(stage);
    let run = stage.start("staging");
    held.arrived(1);
    run.kill();
    held.land(0);
    held.off();
    until("the push lands", || stage.pinned("staging") == stage.text("staging", "1.20"));
}

fn rolled_back(stage: &Stage) -> Ran {
    let words = ["--env", "staging", "--reason", "it is slow"];
    stage.start_with("staging", |command| *command = stage.command(&[&["rollback"], &words[..]].concat())).wait()
}

#[test]
fn what_a_killed_run_pushed_can_be_undone() {
    let stage = Stage::new(&Play::usual());
    killed_after_its_push(&stage);
    let ran = rolled_back(&stage);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.10"));
    stage.assert_nothing_lost();
}

#[test]
fn a_promotion_that_was_killed_before_its_push_is_not_what_a_person_undoes() {
    let stage = Stage::new(&Play::usual());
    assert_eq!(stage.run("staging").code, Some(0));
    stage.set("dev", "1.30", "Build 1.30");
    let held = Held::on(&stage);
    let run = stage.start("staging");
    held.arrived(1);
    run.kill();
    held.refuse(0);
    held.off();
    let ran = rolled_back(&stage);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.10"));
    stage.assert_nothing_lost();
}

#[test]
fn what_a_person_pinned_after_a_kill_is_not_overwritten() {
    let stage = Stage::new(&Play::usual());
    killed_before_its_push(&stage);
    let commit = stage.set("staging", "1.15", "Pin 1.15 by hand");
    let second = stage.run("staging");
    assert_eq!(second.code, Some(14), "{}", second.said);
    for word in [&commit[..7], "Dana", "Pin 1.15 by hand", "1.15"] {
        assert!(second.said.contains(word), "{word} in {}", second.said);
    }
    assert_eq!(stage.pinned("staging"), stage.text("staging", "1.15"));
    // That promotion is over. Asked for again it is another one, planned from what stands now.
    let third = stage.run("staging");
    assert_eq!(third.code, Some(0), "{}", third.said);
    let ends = Ends::of(&stage, "staging");
    let mut outcomes = ends.outcomes();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["promoted", "superseded"]);
    let plans = ends.records.values().filter(|entry| entry["event"]["kind"] == "planned");
    let mut old: Vec<_> = plans.map(|entry| entry["event"]["plan"]["images"][0]["old"]["tag"].clone()).collect();
    old.sort_by_key(ToString::to_string);
    assert_eq!(old, ["1.10", "1.15"]);
    stage.assert_nothing_lost();
}

#[test]
fn what_was_held_is_asked_for_anew_when_the_target_has_changed() {
    let stage = Stage::new(&Play::usual());
    let report = stage.file("artifacts/unit/junit.xml");
    let text = fs::read(&report).unwrap();
    fs::remove_file(&report).unwrap();
    assert_eq!(stage.run("staging").code, Some(11));
    stage.set("staging", "1.15", "Pin 1.15 by hand");
    fs::write(&report, text).unwrap();
    let second = stage.run("staging");
    assert_eq!(second.code, Some(0), "{}", second.said);
    let ends = Ends::of(&stage, "staging");
    let plan = ends.records.values().find(|entry| entry["event"]["kind"] == "planned").unwrap();
    assert_eq!(plan["event"]["plan"]["images"][0]["old"]["tag"], "1.15");
    assert_eq!(plan["event"]["plan"]["on_failure"]["restore"][0]["new"]["tag"], "1.15");
}

#[test]
fn an_end_whose_head_was_not_written_is_not_forgotten_by_the_next_promotion() {
    let stage = Stage::new(&Play::usual());
    let first = stage.run("staging");
    assert_eq!(first.code, Some(0), "{}", first.said);
    let ledger = Records::directory(stage.ledger());
    let head = ledger.head("app", "staging").unwrap();
    let id = head.current.clone().unwrap();
    // As a kill between the last entry and the head leaves it.
    let file = stage.ledger().join("heads/app/staging.json");
    fs::write(&file, format!("{{\"open\": \"{id}\", \"sequence\": 0}}")).unwrap();
    assert_eq!(ledger.head("app", "staging").unwrap(), head, "it is derived again");
    stage.set("dev", "1.30", "Build 1.30");
    fs::remove_file(stage.file("artifacts/unit/junit.xml")).unwrap();
    assert_eq!(stage.run("staging").code, Some(11));
    let after = ledger.head("app", "staging").unwrap();
    assert_ne!(after.open, None, "the second promotion is open");
    assert_eq!((after.current, after.last_verified, after.sequence), (head.current, head.last_verified, 1));
}
