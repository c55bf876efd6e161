//! The real binary with its records where they usually are: in a branch of the GitOps repository.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use super::BRANCH;
use crate::kill::stage::{Play, Ran, Running, Stage};
use crate::world::bare::Bare;

/// The usual ledger instead of the stage's own.
fn usual(command: &mut Command) {
    command.env_remove("PROMOTE_LEDGER");
}

fn asked(stage: &Stage, words: &[&str]) -> Ran {
    stage
        .start_with("staging", |command| {
            *command = stage.command(words);
            usual(command);
        })
        .wait()
}

/// The words of the branch's entries, oldest first.
fn words(stage: &Stage) -> Vec<String> {
    let names = stage.bare.git(&["ls-tree", "-r", "--name-only", BRANCH, "promotions"], &[]);
    let word = |name: &str| name.rsplit_once('/').unwrap().1[5..].trim_end_matches(".json").to_owned();
    names.lines().map(word).collect()
}

fn locks(stage: &Stage) -> String {
    stage.bare.git(&["for-each-ref", "--format=%(refname)", "refs/promote-lock/"], &[])
}

#[test]
fn a_promotion_keeps_its_record_in_a_branch() {
    let stage = Stage::new(&Play::usual());
    let ran = stage.start_with("staging", usual).wait();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(words(&stage), ["requested", "planned", "committed", "verified", "closed"]);
    assert!(stage.bare.log(BRANCH).len() <= 5, "a run makes at most five commits");
    assert_eq!(locks(&stage), "", "the lock was given back");
    assert!(!stage.ledger().exists(), "nothing is kept in the working directory");
    // The commit names the ledger as it was when the plan was in it.
    let message = &stage.bare.log("main")[0].message;
    let tip = message.lines().find_map(|line| line.strip_prefix("Ledger-Tip: ")).unwrap().to_owned();
    assert!(stage.bare.log(BRANCH).iter().any(|commit| commit.id == tip), "{message}");
    let shown = asked(&stage, &["show"]);
    assert_eq!(shown.code, Some(0), "{}", shown.said);
    assert!(shown.said.contains("dev → staging  1.20     completed"), "{}", shown.said);
    stage.bare.check();
}

#[test]
fn a_run_that_is_killed_is_taken_up_at_once_and_ends_as_if_it_had_not_been() {
    // All that an undisturbed run asks of the server.
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let before = stage.git.requests();
    let ran = stage.start_with("staging", usual).wait();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let (all, wanted) = (stage.git.requests() - before, words(&stage));
    let mut struck = 0;
    let step = if std::env::var_os("PROMOTE_SOAK").is_some() { 1 } else { 4 };
    let spots: Vec<usize> = (1..=all).step_by(step).collect();
    for &n in &spots {
        let stage = Stage::new(&Play::delivery_only(&["staging"]));
        let slot: Arc<OnceLock<Running>> = Arc::default();
        let own = Arc::clone(&slot);
        stage.git.after(n, move || own.wait().kill());
        let first = slot.get_or_init(|| stage.start_with("staging", usual)).wait();
        struck += usize::from(first.code.is_none());
        let second = stage.start_with("staging", usual).wait();
        assert_eq!(second.code, Some(0), "killed at {n} of {all}:\n{}{}", first.said, second.said);
        assert_eq!(stage.bare.log("main").len(), 2, "{n}: one commit");
        // One that had ended already, and lost only its last words, was asked for anew.
        let seen = words(&stage);
        assert!(seen.starts_with(&wanted), "killed at {n} of {all}: {seen:?}");
        assert_eq!(locks(&stage), "");
        stage.assert_nothing_lost();
    }
    assert!(struck * 4 >= spots.len() * 3, "most strike: {struck} of {spots:?}");
}

#[test]
fn records_can_be_in_a_repository_of_their_own() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let audit = Bare::new(&[("README.md", "Audit.\n")]);
    let ledger = format!("{}#records", audit.path().display());
    let ran = stage
        .start_with("staging", |command| {
            command.env("PROMOTE_LEDGER", &ledger);
        })
        .wait();
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let names = audit.git(&["ls-tree", "-r", "--name-only", "records"], &[]);
    assert!(names.starts_with("heads/app/staging.json\npromotions/") && names.ends_with("-closed.json"), "{names}");
    assert_eq!((stage.bare.tip(BRANCH), locks(&stage)), (None, String::new()));
    audit.check();
}

#[test]
fn the_second_of_two_names_the_first_by_the_lock_in_the_repository() {
    let stage = Stage::new(&Play::delivery_only(&["staging"]));
    let message = r#"{"schema":1,"run":"0196-other","owner":"erin","ci_run":"https://ci.example.com/7","since":"2026-01-01T12:00:00Z","term":300000,"renewals":4}"#;
    let tree = stage.bare.git(&["mktree"], &[]);
    let commit = stage.bare.git(&["commit-tree", &tree, "-m", message], &[]);
    stage.bare.git(&["update-ref", "refs/promote-lock/app/staging", &commit], &[]);
    let ran = stage.start_with("staging", usual).wait();
    assert_eq!(ran.code, Some(14), "{}", ran.said);
    for word in ["0196-other", "erin", "https://ci.example.com/7"] {
        assert!(ran.said.contains(word), "{word} in {}", ran.said);
    }
    assert_eq!(stage.bare.tip(BRANCH), None, "nothing was written");
    let ran = asked(&stage, &["unlock", "--env", "staging", "--reason", "it hangs"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(locks(&stage), "");
    let orders = stage.bare.git(&["ls-tree", "-r", "--name-only", BRANCH, "orders"], &[]);
    assert!(orders.starts_with("orders/app/staging/"), "{orders}");
    assert_eq!(stage.start_with("staging", usual).wait().code, Some(0));
}
