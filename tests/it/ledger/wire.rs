//! The branch on the wire: what reading costs, answers that are lost, and servers that refuse.

use promote::ports::{Claimed, FaultKind, Hold, Ledger};
use promote::promotion::holder::Asking;
use promote::promotion::time::Millis;

use super::{BRANCH, Site, approved, bare, id, rejected, requested, requested_for, time};
use crate::world::git_server::{GitServer, Trouble};

const PUSH: &str = "POST /gitops.git/git-receive-pack";

fn served(site: &Site) -> &GitServer {
    match site {
        Site::Served(_, server) => server,
        _ => panic!("it is served"),
    }
}

/// How many requests something takes.
fn requests(site: &Site, act: impl FnOnce()) -> usize {
    let before = served(site).requests();
    act();
    served(site).requests() - before
}

#[test]
fn a_large_ledger_is_read_and_written_with_few_requests() {
    let site = Site::served();
    // A head for each of 8 services, and a few thousand promotions that no head lists.
    let known: Vec<String> = (0..8).map(id).collect();
    for (n, id) in known.iter().enumerate() {
        site.records().append(&[requested_for(id, &format!("s{n}"), "staging")]).unwrap();
    }
    let text = "x".repeat(400);
    let many: Vec<(String, String)> = (0..3000_u64)
        .map(|n| {
            let hash = format!("{:016x}", (n + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let levels: Vec<String> = hash.chars().take(4).map(String::from).collect();
            (format!("promotions/{}/{hash}/0000-requested.json", levels.join("/")), format!("{hash}{text}"))
        })
        .collect();
    site.bare().unwrap().fill(BRANCH, &many, "Many");
    // Each by a process of its own. One request finds out what the server can do, one where the branch is.
    let (records, sent) = (site.records(), served(&site).sent());
    assert!(requests(&site, || assert_eq!(records.heads().unwrap().len(), 8)) <= 4);
    assert!(served(&site).sent() - sent < 60_000, "{} bytes", served(&site).sent() - sent);
    let records = site.records();
    assert!(requests(&site, || assert_eq!(records.entries(&known[3]).unwrap().len(), 1)) <= 8);
    assert!(requests(&site, || assert_eq!(records.entries(&known[3]).unwrap().len(), 1)) <= 1, "it is known by now");
    let (records, received) = (site.records(), served(&site).received());
    assert!(requests(&site, || records.append(&[approved(&known[3], 1)]).unwrap()) <= 11);
    assert!(served(&site).received() - received < 12_000, "{} bytes", served(&site).received() - received);
    assert!(requests(&site, || records.append(&[rejected(&known[3], 2)]).unwrap()) <= 3);
    site.bare().unwrap().check();
}

#[test]
fn a_server_that_filters_nothing_has_the_same_ledger() {
    let site = Site::served();
    site.bare().unwrap().git(&["config", "uploadpack.allowFilter", "false"], &[]);
    let one = id(1);
    site.records().append(&[requested(&one)]).unwrap();
    let records = site.records();
    records.append(&[approved(&one, 1)]).unwrap();
    site.records().append(&[rejected(&one, 2)]).unwrap();
    assert_eq!(records.entries(&one).unwrap().len(), 3);
    site.bare().unwrap().check();
}

#[test]
fn an_answer_that_is_lost_makes_no_second_entry() {
    let site = Site::served();
    let one = id(1);
    let records = site.records();
    records.append(&[requested(&one)]).unwrap();
    for (seq, trouble) in [(1, Trouble::LoseAnswer), (2, Trouble::Drop), (3, Trouble::LoseAnswer)] {
        served(&site).trouble(PUSH, trouble, 1);
        records.append(&[approved(&one, seq)]).unwrap();
    }
    assert_eq!(site.records().entries(&one).unwrap().len(), 4);
    assert_eq!(site.bare().unwrap().log(BRANCH).len(), 4);
}

#[test]
fn a_claim_whose_answers_are_lost_is_ours_all_the_same() {
    let site = Site::served();
    let records = site.records();
    let asking = Asking {
        service: "app",
        environment: "staging",
        run: "a",
        owner: "dana",
        ci_run: None,
        at: time(0),
        term: Millis::mins(5),
        expired: None,
    };
    served(&site).trouble(PUSH, Trouble::LoseAnswer, 1);
    let Claimed::Ours(claim) = records.claim(&asking).unwrap() else { panic!("it was free") };
    served(&site).trouble(PUSH, Trouble::LoseAnswer, 1);
    assert_eq!(claim.hold(time(3), false).unwrap(), Hold::Ours, "renewed");
    assert_eq!(claim.hold(time(3), true).unwrap(), Hold::Ours);
    drop(claim);
    assert!(matches!(site.records().claim(&asking).unwrap(), Claimed::Ours(_)), "given back");
}

#[test]
fn a_branch_that_the_server_protects_is_refused_in_its_words() {
    let site = Site::served();
    site.bare().unwrap().protect(BRANCH, "GH013: Repository rule violations found for refs/heads/promotions.");
    let fault = site.records().append(&[requested(&id(1))]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    assert!(fault.why.contains("GH013: Repository rule violations"), "{fault}");
    assert_eq!(site.bare().unwrap().tip(BRANCH), None);
}

#[test]
fn a_branch_that_is_checked_out_is_left_alone() {
    let site = Site::Local(bare());
    let bare = site.bare().unwrap();
    site.records().append(&[requested(&id(1))]).unwrap();
    let tip = bare.tip(BRANCH);
    let linked = bare.root().join("linked");
    bare.git(&["worktree", "add", "-q", linked.to_str().unwrap(), BRANCH], &[]);
    let fault = site.records().append(&[approved(&id(1), 1)]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    assert_eq!(bare.tip(BRANCH), tip);
}
