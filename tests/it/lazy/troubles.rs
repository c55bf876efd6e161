//! Answers that are lost, refused, or not what they should be.

use promote::adapters::git::lazy::update::Moved;
use promote::ports::FaultKind;

use super::{
    LEDGER, LOCK, add, assert_no_secret, at, bare, claim, lazy, lazy_with, ledger, read, record, refs, update,
};
use crate::world::git_server::{GitServer, READ_TOKEN, Trouble, WRITE_TOKEN};

const PUSH: &str = "POST /gitops.git/git-receive-pack";
const FETCH: &str = "POST /gitops.git/git-upload-pack";

/// How often something was pushed.
fn pushes(server: &GitServer) -> usize {
    server.seen().iter().filter(|line| line.starts_with(PUSH)).count()
}

#[test]
fn a_push_whose_answer_is_lost_is_read_back_and_not_sent_again() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let lock = claim(&lazy.repository().unwrap(), "ours");
    let (first, mut objects) = add(&lazy, None, "one.json", "1\n");
    objects.push(lock);
    for (updates, objects) in [
        (vec![update(LEDGER, None, Some(first)), update(LOCK, None, Some(lock))], objects.as_slice()),
        (vec![update(LOCK, Some(lock), None)], &[]),
    ] {
        let before = pushes(&server);
        server.trouble(PUSH, Trouble::LoseAnswer, 1);
        assert_eq!(lazy.update(&updates, objects).unwrap(), Moved::Done);
        assert_eq!(pushes(&server), before + 1);
    }
    assert_eq!((bare.tip("promotions"), at(&mut lazy, LOCK)), (Some(first.to_string()), None));
}

#[test]
fn a_lost_answer_is_read_back_also_when_somebody_went_on_or_was_first() {
    for first in [false, true] {
        let bare = std::sync::Arc::new(ledger(3));
        let server = GitServer::start(&bare);
        let mut lazy = lazy(&server.url());
        let tip = at(&mut lazy, LEDGER).unwrap();
        lazy.commit(tip, 1).unwrap();
        let (commit, objects) = add(&lazy, Some(tip), "one.json", "1\n");
        lazy.preflight().unwrap();
        let other = std::sync::Arc::clone(&bare);
        let go_on = move || drop(other.commit("promotions", &[("theirs", b"2\n")], "Theirs"));
        if first {
            go_on();
        } else {
            server.after(1, go_on);
        }
        server.trouble(PUSH, Trouble::LoseAnswer, 1);
        let moved = lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects).unwrap();
        assert_eq!(moved, if first { Moved::Lost } else { Moved::Done });
        assert_eq!(bare.text("promotions", "one.json").is_some(), !first);
        assert_eq!((bare.log("promotions").len(), pushes(&server)), (if first { 2 } else { 3 }, 1));
    }
}

#[test]
fn a_push_that_never_arrived_is_uncertain_and_can_be_tried_again() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let (commit, objects) = add(&lazy, None, "one.json", "1\n");
    let updates = [update(LEDGER, None, Some(commit))];
    server.trouble(PUSH, Trouble::Drop, 1);
    let fault = lazy.update(&updates, &objects).unwrap_err();
    assert_eq!((fault.kind, pushes(&server)), (FaultKind::Uncertain, 1), "{fault}");
    assert!(fault.why.contains("still stand as before"), "{fault}");
    assert_no_secret(&fault);
    assert_eq!(lazy.update(&updates, &objects).unwrap(), Moved::Done);
}

#[test]
fn an_uncertain_push_that_landed_is_recognised_when_it_is_tried_again() {
    let bare = ledger(3);
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let tip = at(&mut lazy, LEDGER).unwrap();
    lazy.commit(tip, 1).unwrap();
    let (commit, objects) = add(&lazy, Some(tip), "one.json", "1\n");
    let updates = [update(LEDGER, Some(tip), Some(commit))];
    server.trouble(PUSH, Trouble::LoseAnswer, 1);
    server.trouble(FETCH, Trouble::Answer(502, "text/html", "<h1>Bad Gateway</h1>".into()), 3);
    let fault = lazy.update(&updates, &objects).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Uncertain, "{fault}");
    assert!(fault.why.contains("502"), "{fault}");
    bare.commit("promotions", &[("theirs", b"2\n")], "On top");
    assert_eq!(lazy.update(&updates, &objects).unwrap(), Moved::Done);
    assert_eq!(bare.log("promotions").len(), 3);
}

#[test]
fn a_refusing_hook_is_denied_with_its_words() {
    let bare = bare();
    bare.protect("promotions", "GH013: Repository rule violations found for refs/heads/promotions.");
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let lock = claim(&lazy.repository().unwrap(), "ours");
    let (commit, mut objects) = add(&lazy, None, "one.json", "1\n");
    objects.push(lock);
    for updates in [
        vec![update(LEDGER, None, Some(commit))],
        vec![update(LOCK, None, Some(lock)), update(LEDGER, None, Some(commit))],
    ] {
        let fault = lazy.update(&updates, &objects).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
        assert!(fault.why.contains("hook declined") && fault.why.contains("GH013"), "{fault}");
        assert_no_secret(&fault);
    }
    assert_eq!(refs(&bare).len(), 1);
}

#[test]
fn an_update_hook_that_refuses_one_ref_stops_them_all() {
    use std::os::unix::fs::PermissionsExt;
    let bare = bare();
    let hook = bare.path().join("hooks/update");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\ncase \"$1\" in refs/heads/*) echo 'only by hand' >&2; exit 1;; esac\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let (commit, objects) = add(&lazy, None, "one.json", "1\n");
    for names in [[LOCK, LEDGER], [LEDGER, LOCK]] {
        let fault = lazy.update(&names.map(|name| update(name, None, Some(commit))), &objects).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
        assert!(fault.why.contains("only by hand"), "{fault}");
        assert_eq!(refs(&bare).len(), 1);
    }
}

#[test]
fn several_refs_are_not_sent_to_a_server_that_would_move_some() {
    let bare = bare();
    bare.git(&["config", "receive.advertiseAtomic", "false"], &[]);
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let (commit, objects) = add(&lazy, None, "one.json", "1\n");
    let both = [LEDGER, LOCK].map(|name| update(name, None, Some(commit)));
    let fault = lazy.update(&both, &objects).unwrap_err();
    assert!(fault.why.contains("atomic"), "{fault}");
    assert_eq!((refs(&bare).len(), pushes(&server)), (1, 0));
    assert_eq!(lazy.update(&both[..1], &objects).unwrap(), Moved::Done);
}

#[test]
fn a_token_that_may_only_read_is_found_out_before_a_push() {
    let bare = ledger(3);
    let server = GitServer::start(&bare);
    let mut lazy = lazy_with(&server.url(), READ_TOKEN);
    let tip = at(&mut lazy, LEDGER).unwrap();
    lazy.commit(tip, 1).unwrap();
    let (commit, objects) = add(&lazy, Some(tip), "one.json", "1\n");
    let pushed = lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects);
    for fault in [lazy.preflight().unwrap_err(), pushed.unwrap_err()] {
        assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
        assert!(fault.hint.unwrap().contains("PROMOTE_LEDGER_TOKEN"));
    }
    let fault = lazy_with(&server.url(), "hunter2").refs("refs/heads/").unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(!format!("{fault:?}").contains("hunter2"));
}

#[test]
fn a_read_that_fails_is_asked_again() {
    let bare = ledger(30);
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    server.trouble(FETCH, Trouble::Drop, 1);
    let tip = at(&mut lazy, LEDGER).unwrap();
    server.trouble(FETCH, Trouble::Answer(503, "text/plain", "later".into()), 2);
    assert_eq!(read(&mut lazy, tip, &record(7)), bare.text("promotions", &record(7)));
    server.trouble(FETCH, Trouble::Answer(503, "text/plain", "later".into()), usize::MAX);
    let fault = lazy.refs(LEDGER).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Transient, "{fault}");
    assert!(fault.why.contains("later"), "{fault}");
}

#[test]
fn answers_that_make_no_sense_are_said_and_leave_nothing_behind() {
    const PULLED: &str = "application/x-git-upload-pack-result";
    const PUSHED: &str = "application/x-git-receive-pack-result";
    let bare = ledger(3);
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let tip = at(&mut lazy, LEDGER).unwrap();
    let pack = |bytes: &str| format!("000dpackfile\n{:04x}\u{1}{bytes}0000", bytes.len() + 5);
    for (kind, answer, said) in [
        (FaultKind::Broken, "garbage".to_owned(), "length of a packet"),
        (FaultKind::Transient, String::new(), "broke off"),
        (FaultKind::Transient, "000dpackfile\n00ff\u{1}PACK".to_owned(), "broke off"),
        (FaultKind::Broken, "0000".to_owned(), "no pack"),
        (FaultKind::Broken, pack("PACK"), "cut off"),
        (FaultKind::Broken, pack("not a pack, and much longer than a head"), "pack"),
        (FaultKind::Broken, "000dpackfile\n0010\u{3}no memory\n0".to_owned(), "no memory"),
        (FaultKind::Denied, format!("{:04x}ERR access denied: {WRITE_TOKEN}", 23 + WRITE_TOKEN.len()), "denied: …"),
    ] {
        server.trouble(FETCH, Trouble::Answer(200, PULLED, answer.clone()), 3);
        let fault = lazy.commit(tip, 2).unwrap_err();
        assert_eq!(fault.kind, kind, "{answer:?}: {fault}");
        assert!(fault.why.contains(said), "{answer:?}: {fault}");
        assert_no_secret(&fault);
        server.clear();
    }
    lazy.commit(tip, 2).unwrap();
    let (commit, objects) = add(&lazy, Some(tip), "one.json", "1\n");
    for answer in ["garbage", "", "0000", "000eunpack ok\n0000", "0010\u{3}no memory\n0"] {
        server.trouble(PUSH, Trouble::Answer(200, PUSHED, answer.to_owned()), 1);
        let fault = lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects).unwrap_err();
        let wanted = if answer.contains('\u{3}') { FaultKind::Broken } else { FaultKind::Uncertain };
        assert_eq!(fault.kind, wanted, "{answer:?}: {fault}");
    }
    assert_eq!(bare.tip("promotions"), Some(tip.to_string()));
    assert_eq!(lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects).unwrap(), Moved::Done);
}
