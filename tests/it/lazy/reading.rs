//! What comes over the wire when a little of much is read.

use git2::Oid;
use promote::adapters::git::lazy::Lazy;
use promote::ports::FaultKind;

use super::{LEDGER, add, at, find, lazy, lazy_over_ssh, ledger, read, record, update};
use crate::world::bare::Bare;
use crate::world::fake_ssh::LETS_IN;
use crate::world::git_server::GitServer;

const RECORDS: usize = 3000;
const FEWER: usize = 1000;

/// Reads one record; gives the tip, the number of requests, and the bytes that the server sent for it.
fn one_of_many(bare: &Bare, server: &GitServer, lazy: &mut Lazy) -> (Oid, usize, usize) {
    let (requests, sent) = (server.requests(), server.sent());
    let tip = at(lazy, LEDGER).unwrap();
    assert_eq!(Some(tip.to_string()), bare.tip("promotions"));
    let path = record(123);
    assert_eq!(read(lazy, tip, &path), bare.text("promotions", &path));
    assert_eq!(read(lazy, tip, "promotions/nothing/here"), None);
    (tip, server.requests() - requests, server.sent() - sent)
}

#[test]
fn one_file_of_three_thousand_costs_a_few_requests_and_a_few_bytes() {
    let bare = ledger(RECORDS);
    let server = GitServer::start(&bare);
    let mut lazy = lazy(&server.url());
    let (tip, requests, sent) = one_of_many(&bare, &server, &mut lazy);
    assert!(requests < 12, "{requests} requests: {:?}", server.seen());
    assert!(sent < 20_000, "{sent} bytes");

    // What is here is not asked for again.
    let before = server.requests();
    read(&mut lazy, tip, &record(123)).unwrap();
    lazy.bring(&[tip]).unwrap();
    lazy.commit(tip, 2).unwrap();
    assert_eq!(server.requests(), before);

    // One more record: what is new goes, and nothing else.
    let path = format!("promotions/{}", "5/6/7/8/new/0000-requested.json");
    find(&mut lazy, tip, &path);
    let received = server.received();
    let (commit, objects) = add(&lazy, Some(tip), &path, "{}\n");
    lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects).unwrap();
    assert!(server.received() - received < 3_000, "{} bytes", server.received() - received);
    assert_eq!(bare.text("promotions", &path).unwrap(), "{}\n");
    assert_eq!(bare.text("promotions", &record(7)), read(&mut lazy, commit, &record(7)));
    bare.check();
}

#[test]
fn a_server_that_filters_no_trees_but_all_is_asked_level_by_level() {
    let bare = ledger(FEWER);
    bare.git(&["config", "uploadpackfilter.tree.maxDepth", "0"], &[]);
    let server = GitServer::start(&bare);
    let (_, requests, sent) = one_of_many(&bare, &server, &mut lazy(&server.url()));
    assert!(requests < 14, "{requests} requests: {:?}", server.seen());
    assert!(sent < 20_000, "{sent} bytes");
}

#[test]
fn a_server_without_filters_sends_a_tree_once_and_then_what_is_new() {
    for refusal in ["uploadpack.allowFilter", "uploadpackfilter.allow"] {
        let bare = ledger(FEWER);
        bare.git(&["config", refusal, "false"], &[]);
        let server = GitServer::start(&bare);
        let mut lazy = lazy(&server.url());
        let (tip, requests, sent) = one_of_many(&bare, &server, &mut lazy);
        assert!(requests < 8 && sent > 100_000, "{requests} requests, {sent} bytes");

        // Somebody else's commit and our own.
        for number in 0..2 {
            let sent = server.sent();
            let path = record(FEWER + number);
            bare.fill("promotions", &[(path.clone(), "new\n".to_owned())], "One more");
            let tip = at(&mut lazy, LEDGER).unwrap();
            assert_eq!(read(&mut lazy, tip, &path).unwrap(), "new\n");
            let (commit, objects) = add(&lazy, Some(tip), "promotions/ours.json", &format!("{number}\n"));
            lazy.update(&[update(LEDGER, Some(tip), Some(commit))], &objects).unwrap();
            assert_eq!(read(&mut lazy, commit, "promotions/ours.json").unwrap(), format!("{number}\n"));
            assert!(server.sent() - sent < 10_000, "{} bytes", server.sent() - sent);
        }
        assert_ne!(bare.tip("promotions"), Some(tip.to_string()));
        bare.check();
    }
}

#[test]
fn a_server_of_the_old_protocol_is_read_too() {
    let bare = ledger(300);
    let server = GitServer::start(&bare);
    server.speak_old();
    let mut lazy = lazy(&server.url());
    let (tip, ..) = one_of_many(&bare, &server, &mut lazy);
    assert_eq!(lazy.whole("promotions").unwrap(), tip);
    let fault = lazy.bring(&[Oid::from_bytes(&[7; 20]).unwrap()]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
}

#[test]
fn over_ssh_by_both_protocols() {
    for body in [LETS_IN.to_owned(), format!("unset GIT_PROTOCOL; {LETS_IN}")] {
        let bare = ledger(300);
        let mut lazy = lazy_over_ssh(&bare, &body);
        let tip = at(&mut lazy, LEDGER).unwrap();
        assert_eq!(read(&mut lazy, tip, &record(123)), bare.text("promotions", &record(123)));
        assert_eq!(lazy.whole("promotions").unwrap(), tip);
        let args = std::fs::read_to_string(bare.root().join("ssh-args")).unwrap();
        assert!(args.contains("SendEnv=GIT_PROTOCOL\n"), "{args}");
    }
}

#[test]
fn a_whole_branch_comes_with_its_history_and_later_with_what_is_new() {
    let bare = ledger(300);
    bare.edits("promotions", "promotions/edited.json", 20);
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let mut lazy = lazy(&address);
        let tip = at(&mut lazy, LEDGER).unwrap();
        // What came before in part does not stand in the way.
        lazy.commit(tip, 1).unwrap();
        assert_eq!(lazy.whole("promotions").unwrap(), tip);
        let commits = |lazy: &Lazy, tip: Oid| {
            let repository = lazy.repository().unwrap();
            let mut walk = repository.revwalk().unwrap();
            walk.push(tip).unwrap();
            let commits: Vec<Oid> = walk.map(Result::unwrap).collect();
            for commit in &commits {
                let tree = repository.find_commit(*commit).unwrap().tree().unwrap();
                tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
                    assert!(repository.odb().unwrap().exists(entry.id()));
                    git2::TreeWalkResult::Ok
                })
                .unwrap();
            }
            commits.len()
        };
        let had = commits(&lazy, tip);
        assert_eq!(had, bare.log("promotions").len());
        let (requests, sent) = (server.requests(), server.sent());
        assert_eq!(lazy.whole("promotions").unwrap(), tip);
        assert!(server.requests() - requests <= 1, "only where it stands is asked");
        bare.fill("promotions", &[(record(301), address.clone())], "One more");
        let tip = lazy.whole("promotions").unwrap();
        assert_eq!(commits(&lazy, tip), had + 1);
        assert!(server.sent() - sent < 10_000, "{} bytes", server.sent() - sent);
        let fault = lazy.whole("nothing").unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotFound);
        assert!(fault.why.contains("there are main, promotions"), "{fault}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let bare = ledger(3);
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let mut lazy = lazy(&address);
        assert!(lazy.refs("refs/promote-lock/").unwrap().is_empty());
        assert_eq!(lazy.shown(), address);
        let nothing = Oid::from_bytes(&[7; 20]).unwrap();
        for fault in [lazy.bring(&[nothing]).unwrap_err(), lazy.commit(nothing, 1).unwrap_err()] {
            assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
            assert!(fault.why.contains(&nothing.to_string()), "{fault}");
        }
        lazy.bring(&[]).unwrap();
    }
}
