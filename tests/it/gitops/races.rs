//! Pushes as compare-and-swap: nothing is lost, nothing is forced, and what became of a push is known or said to be unknown.

use std::collections::BTreeSet;
use std::time::Duration;

use promote::adapters::gitops::GitOps;
use promote::ports::{Delivery, FaultKind, Pushed};

use super::{KUSTOMIZATION, STAGING, assert_no_secret, bare, bump, gitops, main_branch, proposal};
use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, Trouble};

const RUNS: usize = 20;

/// Fetches, edits its own environment and pushes until it has landed, as a run does.
fn promote_until_landed(gitops: &GitOps, number: usize) -> String {
    let path = format!("envs/e{number}");
    let file = format!("{path}/values.yaml");
    for attempt in 1..400 {
        let snapshot = gitops.snapshot(&main_branch(), &path).unwrap();
        assert_eq!(snapshot.files[&file], "tag: old\n", "nobody else writes here");
        let proposal = proposal(&snapshot.commit, &file, "tag: new\n", &format!("Promote e{number}\n"));
        match gitops.push(&main_branch(), &proposal).unwrap() {
            Pushed::Landed(commit) => return commit,
            // Back off as the road does, each at its own pace.
            Pushed::Moved => std::thread::sleep(Duration::from_millis((number * 37 + attempt * 59) as u64 % 800)),
        }
    }
    panic!("e{number} never landed");
}

fn twenty_at_once(bare: &Bare, address: &str) {
    let landed: BTreeSet<String> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..RUNS).map(|number| scope.spawn(move || promote_until_landed(&gitops(address), number))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let log = bare.log("main");
    assert_eq!(log.len(), RUNS + 1);
    assert_eq!(log.iter().take(RUNS).map(|logged| logged.id.clone()).collect::<BTreeSet<_>>(), landed);
    for number in 0..RUNS {
        assert_eq!(bare.text("main", &format!("envs/e{number}/values.yaml")).unwrap(), "tag: new\n");
    }
    bare.check();
}

fn twenty_environments() -> Bare {
    let paths: Vec<String> = (0..RUNS).map(|number| format!("envs/e{number}/values.yaml")).collect();
    Bare::new(&paths.iter().map(|path| (path.as_str(), "tag: old\n")).collect::<Vec<_>>())
}

#[test]
fn twenty_runs_on_twenty_environments_over_http_all_land() {
    let bare = twenty_environments();
    let server = GitServer::start(&bare);
    twenty_at_once(&bare, &server.url());
}

#[test]
fn twenty_runs_on_twenty_environments_in_a_directory_all_land() {
    let bare = twenty_environments();
    twenty_at_once(&bare, &format!("file://{}", bare.path().display()));
}

#[test]
fn of_two_runs_on_one_base_one_lands_and_the_other_has_moved() {
    let bare = bare();
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let (one, two) = (gitops(&address), gitops(&address));
        let (first, second) = (bump(&one, &format!("a: {address}\n"), "One\n"), bump(&two, "b: 2\n", "Two\n"));
        let Pushed::Landed(commit) = one.push(&main_branch(), &first).unwrap() else { panic!("the first lands") };
        assert_eq!(two.push(&main_branch(), &second).unwrap(), Pushed::Moved);
        assert_eq!(bare.tip("main"), Some(commit));
        // A run that was not there for the snapshot has no objects of the base, and sees the same.
        assert_eq!(gitops(&address).push(&main_branch(), &second).unwrap(), Pushed::Moved);
    }
    assert_eq!(bare.log("main").len(), 3);
}

#[test]
fn the_same_commit_again_has_landed_already() {
    let bare = bare();
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let gitops = gitops(&address);
        let proposal = bump(&gitops, &format!("a: {address}\n"), "One\n");
        let first = gitops.push(&main_branch(), &proposal).unwrap();
        let commits = bare.log("main").len();
        assert_eq!(gitops.push(&main_branch(), &proposal).unwrap(), first, "{address}");
        assert_eq!(bare.log("main").len(), commits);
    }
}

#[test]
fn a_protected_branch_says_so_in_the_servers_words() {
    let bare = bare();
    bare.protect("main", "GH006: Protected branch update failed for refs/heads/main.");
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let fault = gitops.push(&main_branch(), &bump(&gitops, "a: 1\n", "One\n")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(fault.why.contains("pre-receive hook declined"), "{fault}");
    assert!(fault.why.contains("GH006: Protected branch update failed for refs/heads/main."), "{fault}");
    assert!(fault.hint.as_ref().unwrap().contains("main"));
    assert_eq!(bare.log("main").len(), 1);
    assert_no_secret(&fault);
}

#[test]
fn a_push_whose_answer_is_lost_is_read_back() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    server.trouble("POST /gitops.git/git-receive-pack", Trouble::LoseAnswer, 1);
    let pushed = gitops.push(&main_branch(), &proposal).unwrap();
    assert_eq!(Pushed::Landed(bare.tip("main").unwrap()), pushed);
    assert_eq!(bare.log("main").len(), 2);
}

#[test]
fn a_lost_answer_is_read_back_also_when_somebody_pushed_on_top() {
    let bare = std::sync::Arc::new(bare());
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    server.trouble("POST /gitops.git/git-receive-pack", Trouble::LoseAnswer, 1);
    let other = std::sync::Arc::clone(&bare);
    server.after(2, move || drop(other.commit("main", &[("README.md", b"On top.\n")], "On top")));
    let Pushed::Landed(commit) = gitops.push(&main_branch(), &proposal).unwrap() else { panic!("it landed") };
    let log = bare.log("main");
    assert_eq!((log.len(), log[0].message.trim(), &log[1].id), (3, "On top", &commit));
}

#[test]
fn a_push_that_never_arrived_is_uncertain_while_nothing_shows() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    server.trouble("POST /gitops.git/git-receive-pack", Trouble::Drop, 1);
    let fault = gitops.push(&main_branch(), &proposal).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Uncertain);
    assert!(fault.why.contains("is still at"), "{fault}");
    assert_no_secret(&fault);
    // The same proposal is the same commit, so to try again is safe.
    assert!(matches!(gitops.push(&main_branch(), &proposal).unwrap(), Pushed::Landed(_)));
    assert_eq!(bare.log("main").len(), 2);
}

#[test]
fn a_push_that_was_uncertain_is_recognised_when_it_is_tried_again() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    server.trouble("service=git-upload-pack", Trouble::Drop, 3);
    server.trouble("POST /gitops.git/git-receive-pack", Trouble::LoseAnswer, 1);
    assert_eq!(gitops.push(&main_branch(), &proposal).unwrap_err().kind, FaultKind::Uncertain);
    let ours = bare.tip("main").unwrap();
    bare.commit("main", &[("README.md", b"On top.\n")], "On top");
    assert_eq!(gitops.push(&main_branch(), &proposal).unwrap(), Pushed::Landed(ours));
    assert_eq!(bare.log("main").len(), 3);
}

#[test]
fn a_push_that_cannot_be_read_back_is_uncertain() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    server.trouble(
        "service=git-upload-pack",
        Trouble::Answer(502, "text/html", "<h1>Bad Gateway</h1>".into()),
        usize::MAX,
    );
    let fault = gitops.push(&main_branch(), &proposal).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Uncertain);
    assert!(fault.why.contains("502"), "{fault}");
    assert_eq!(bare.log("main").len(), 2);
}

#[test]
fn a_refusal_of_the_push_request_itself_is_definite() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    let words = "this app was suspended";
    server.trouble("POST /gitops.git/git-receive-pack", Trouble::Answer(403, "text/plain", words.into()), 1);
    let fault = gitops.push(&main_branch(), &proposal).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(fault.why.contains(words), "{fault}");
    assert_eq!(bare.log("main").len(), 1);
}

#[test]
fn a_branch_that_is_checked_out_is_left_alone() {
    let bare = bare();
    let clone = tempfile::tempdir().unwrap();
    let place = clone.path().join("work");
    bare.git(&["clone", "-q", bare.path().to_str().unwrap(), place.to_str().unwrap()], &[]);
    let gitops = gitops(place.to_str().unwrap());
    let proposal = bump(&gitops, "a: 1\n", "One\n");
    for fault in [gitops.preflight(&main_branch()).unwrap_err(), gitops.push(&main_branch(), &proposal).unwrap_err()] {
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(fault.why.contains("checked out") && fault.hint.is_some(), "{fault}");
    }
    assert_eq!(gitops.snapshot(&main_branch(), STAGING).unwrap().commit, proposal.base);
}

#[test]
fn bytes_and_modes_stay() {
    let crlf = "a: 1\r\n# täg\r\nb: \"1.10\"";
    let bare = bare();
    bare.commit_executable("main", &[("k8s/overlays/staging/run.yaml", crlf.as_bytes())], "A script");
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let gitops = gitops(&address);
        let snapshot = gitops.snapshot(&main_branch(), STAGING).unwrap();
        let old = &snapshot.files["k8s/overlays/staging/run.yaml"];
        let new = if old.contains("1.10") { old.replace("1.10", "1.20") } else { old.replace("1.20", "1.10") };
        let proposal = proposal(&snapshot.commit, "k8s/overlays/staging/run.yaml", &new, "Change\n");
        assert!(matches!(gitops.push(&main_branch(), &proposal).unwrap(), Pushed::Landed(_)));
        assert_eq!(bare.file("main", "k8s/overlays/staging/run.yaml").unwrap(), new.as_bytes());
        assert_eq!(bare.mode("main", "k8s/overlays/staging/run.yaml"), "100755");
    }
    let changed = bare.git(&["diff", "--numstat", "main~1", "main"], &[]);
    assert_eq!(changed, "1\t1\tk8s/overlays/staging/run.yaml");
}

#[test]
fn only_files_that_are_there_are_changed() {
    let bare = bare();
    let gitops = gitops(bare.path().to_str().unwrap());
    let base = bare.tip("main").unwrap();
    let same = bare.text("main", KUSTOMIZATION).unwrap();
    for (path, text) in [("k8s/new.yaml", "a: 1\n"), ("k8s", "a: 1\n"), ("../x", "a: 1\n"), (KUSTOMIZATION, &same)] {
        let fault = gitops.push(&main_branch(), &proposal(&base, path, text, "No\n")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Broken, "{path}");
    }
    assert_eq!(bare.log("main").len(), 1);
}
