//! What is known of a history that was fetched shallowly: descent, our earlier commits, and what else would ship.

use std::collections::BTreeMap;

use promote::adapters::gitops::{GitOps, GitOpsSettings};
use promote::ports::{Delivery, Descent, FaultKind, Pushed};

use super::{KUSTOMIZATION, STAGING, bare, bump, gitops, http, main_branch, settings};
use crate::world::bare::Bare;
use crate::world::git_server::{GitServer, WRITE_TOKEN};

fn readme(bare: &Bare, count: usize) -> Vec<String> {
    bare.edits("main", "README.md", count)
}

#[test]
fn descent_is_found_from_a_depth_of_one() {
    let bare = bare();
    let start = bare.tip("main").unwrap();
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let ours = readme(&bare, 1).remove(0);
        let later = readme(&bare, 60).pop().unwrap();
        let gitops = gitops(&address);
        gitops.snapshot(&main_branch(), STAGING).unwrap();
        let descent = |revision: &str| gitops.descent(&main_branch(), revision, &ours).unwrap();
        assert_eq!(descent(&ours), Descent::Same);
        assert_eq!(descent(&later), Descent::Descendant, "{address}");
        assert_eq!(descent(&start), Descent::Other, "{address}");
        assert_eq!(descent("not a commit"), Descent::Unknown);
        assert_eq!(descent(&"ab".repeat(20)), Descent::Unknown);
        // A commit that came since the last fetch.
        let latest = readme(&bare, 1).remove(0);
        assert_eq!(descent(&latest), Descent::Descendant);
    }
}

#[test]
fn beyond_the_limit_of_depth_nothing_is_claimed() {
    let bare = bare();
    let ours = readme(&bare, 1).remove(0);
    let later = readme(&bare, 30).pop().unwrap();
    let server = GitServer::start(&bare);
    let settings = GitOpsSettings { depth_max: 10, ..settings(&server.url(), Some(WRITE_TOKEN)) };
    let gitops = GitOps::new(&settings, &http()).unwrap();
    assert_eq!(gitops.descent(&main_branch(), &later, &ours).unwrap(), Descent::Unknown);
    let fault = gitops.between(&main_branch(), &ours, &later, &[STAGING.to_owned()]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    let fault = gitops.read(&main_branch(), &ours, &["README.md".to_owned()]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    // Within the limit all is known, though the history is cut off behind it.
    let near = bare.git(&["rev-parse", "main~5"], &[]);
    assert_eq!(gitops.descent(&main_branch(), &later, &near).unwrap(), Descent::Descendant);
    assert_eq!(gitops.descent(&main_branch(), &near, &later).unwrap(), Descent::Other);
    assert_eq!(gitops.between(&main_branch(), &near, &later, &["README.md".to_owned()]).unwrap().len(), 5);
    let proposal = bump(&gitops, "tag: new\n", "Promote\n");
    assert!(matches!(gitops.push(&main_branch(), &proposal).unwrap(), Pushed::Landed(_)));
    bare.check();
}

#[test]
fn a_long_history_is_deepened_step_by_step() {
    let bare = bare();
    let message = "Promote\n\nPromotion-Id: abc\n";
    let ours = bare.commit("main", &[(KUSTOMIZATION, b"tag: new\n")], message);
    let later = readme(&bare, 900).pop().unwrap();
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    gitops.snapshot(&main_branch(), STAGING).unwrap();
    assert_eq!(gitops.descent(&main_branch(), &later, &ours).unwrap(), Descent::Descendant);
    assert_eq!(gitops.find(&main_branch(), "Promotion-Id: abc").unwrap()[0].commit.id, ours);
    // What is here is not fetched again: each look asks once where the branch stands.
    let before = server.requests();
    assert_eq!(gitops.descent(&main_branch(), &later, &ours).unwrap(), Descent::Descendant);
    assert_eq!(server.requests(), before);
    gitops.find(&main_branch(), "Promotion-Id: abc").unwrap();
    assert_eq!(server.requests(), before + 1);
}

#[test]
fn our_commit_is_found_by_its_trailer_with_what_it_changed() {
    let bare = bare();
    let before = bare.text("main", KUSTOMIZATION).unwrap();
    let server = GitServer::start(&bare);
    let first = gitops(&server.url());
    let proposal = bump(&first, "tag: new\n", "Promote\n\nSee Promotion-Id: other\n\nPromotion-Id: abc\nTo: staging\n");
    let Pushed::Landed(commit) = first.push(&main_branch(), &proposal).unwrap() else { panic!("it lands") };
    bare.commit("main", &[("README.md", b"x\n")], "Talks about it\n\nPromotion-Id: abc\n\nbut not as a trailer.");
    readme(&bare, 70);
    for address in [server.url(), bare.path().display().to_string()] {
        let gitops = gitops(&address);
        gitops.snapshot(&main_branch(), STAGING).unwrap();
        let found = gitops.find(&main_branch(), "Promotion-Id: abc").unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0].commit.id, &found[0].parent), (&commit, &proposal.base));
        assert_eq!(found[0].commit.author, "promote");
        assert_eq!(found[0].message, proposal.message);
        let sides = (Some(before.clone()), Some("tag: new\n".to_owned()));
        assert_eq!(found[0].changes, BTreeMap::from([(KUSTOMIZATION.to_owned(), sides)]));
        assert!(gitops.find(&main_branch(), "Promotion-Id: other").unwrap().is_empty());
    }
}

#[test]
fn what_else_would_ship_is_listed_by_path() {
    let bare = bare();
    let live = readme(&bare, 1).remove(0);
    let one = bare.commit("main", &[("k8s/base/deployment.yaml", b"kind: StatefulSet\n")], "Change the base\n\nWhy.");
    readme(&bare, 60);
    let two = bare.commit("main", &[("k8s/overlays/staging/deeper/x.yaml", b"x: 2\n")], "Change staging");
    let tip = readme(&bare, 1).remove(0);
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let gitops = gitops(&address);
        gitops.snapshot(&main_branch(), STAGING).unwrap();
        let list = |from: &str, paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            let commits = gitops.between(&main_branch(), from, &tip, &paths).unwrap();
            commits.into_iter().map(|commit| (commit.id, commit.author, commit.subject)).collect::<Vec<_>>()
        };
        let line = |id: &String, subject: &str| (id.clone(), "Dana".to_owned(), subject.to_owned());
        let both = vec![line(&two, "Change staging"), line(&one, "Change the base")];
        assert_eq!(list(&live, &[STAGING, "k8s/base"]), both, "{address}");
        assert_eq!(list(&live, &["k8s/overlays/prod"]), []);
        assert_eq!(list(&one, &["k8s/base"]), []);
        assert_eq!(list(&tip, &["README.md"]), []);
    }
}

#[test]
fn a_merge_ships_what_its_side_brought_and_is_not_listed_for_it() {
    let bare = bare();
    let live = bare.tip("main").unwrap();
    bare.branch("side", "main");
    let side = bare.commit("side", &[("k8s/base/deployment.yaml", b"kind: Job\n")], "Change the base aside");
    let merge = bare.git(&["commit-tree", "side^{tree}", "-p", &live, "-p", &side, "-m", "Merge side"], &[]);
    bare.git(&["update-ref", "refs/heads/main", &merge], &[]);
    let gitops = gitops(bare.path().to_str().unwrap());
    let ships = gitops.between(&main_branch(), &live, &merge, &["k8s/base".to_owned()]).unwrap();
    assert_eq!(ships.iter().map(|commit| &commit.id).collect::<Vec<_>>(), [&side]);
    assert_eq!(gitops.descent(&main_branch(), &merge, &side).unwrap(), Descent::Descendant);
}

#[test]
fn files_are_read_at_a_commit_that_must_be_fetched_first() {
    let bare = bare();
    let old = bare.tip("main").unwrap();
    bare.commit("main", &[(KUSTOMIZATION, b"tag: new\n")], "New");
    readme(&bare, 55);
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    gitops.snapshot(&main_branch(), STAGING).unwrap();
    let paths = [KUSTOMIZATION.to_owned(), "k8s/none.yaml".to_owned(), STAGING.to_owned()];
    let read = gitops.read(&main_branch(), &old, &paths).unwrap();
    assert!(read[KUSTOMIZATION].as_ref().unwrap().contains("1.10"));
    assert_eq!((&read["k8s/none.yaml"], &read[STAGING]), (&None, &None));
    // The tip is still the tip after the history became deeper, and can be pushed to.
    let proposal = bump(&gitops, "tag: newer\n", "Newer\n");
    assert!(matches!(gitops.push(&main_branch(), &proposal).unwrap(), Pushed::Landed(_)));
}

#[test]
fn the_trees_of_all_local_bases_are_named() {
    let bare = bare();
    let base = b"resources:\n  - deployment.yaml\ncomponents:\n  - ../components/log\n";
    bare.commit(
        "main",
        &[
            ("k8s/base/kustomization.yaml", base),
            ("k8s/components/log/Kustomization", b"kind: Component\nresources: [../../base]\n"),
        ],
        "Bases",
    );
    let gitops = gitops(bare.path().to_str().unwrap());
    let before = gitops.snapshot(&main_branch(), STAGING).unwrap().trees;
    let names: Vec<&str> = before.keys().map(String::as_str).collect();
    assert_eq!(names, ["k8s/base", "k8s/components/log", STAGING]);
    for (path, id) in &before {
        assert_eq!(&bare.git(&["rev-parse", &format!("main:{path}")], &[]), id);
    }
    bare.commit("main", &[("k8s/components/log/x.yaml", b"a: 1\n")], "Another base");
    let after = gitops.snapshot(&main_branch(), STAGING).unwrap().trees;
    let changed: Vec<&str> = before.keys().filter(|path| before[*path] != after[*path]).map(String::as_str).collect();
    assert_eq!(changed, ["k8s/components/log"]);
}

#[test]
fn a_manifest_that_is_no_text_is_a_fault() {
    let bare = bare();
    bare.commit("main", &[("k8s/overlays/staging/odd.yaml", b"a: \xff\xfe\n")], "Odd");
    let fault = gitops(bare.path().to_str().unwrap()).snapshot(&main_branch(), STAGING).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken);
    assert!(fault.why.contains("odd.yaml: it is not UTF-8 (byte 3)"), "{fault}");
}

#[test]
fn a_branch_that_was_rewritten_is_no_descendant() {
    let bare = bare();
    let start = bare.tip("main").unwrap();
    let ours = readme(&bare, 1).remove(0);
    let server = GitServer::start(&bare);
    let gitops = gitops(&server.url());
    gitops.snapshot(&main_branch(), STAGING).unwrap();
    bare.git(&["update-ref", "refs/heads/main", &start], &[]);
    let other = bare.commit("main", &[("README.md", b"other\n")], "Rewritten");
    assert_eq!(gitops.descent(&main_branch(), &other, &ours).unwrap(), Descent::Other);
    assert_eq!(gitops.snapshot(&main_branch(), STAGING).unwrap().commit, other);
}
