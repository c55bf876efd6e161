//! Refs that are created, moved and deleted in each place.

use promote::adapters::git::lazy::update::Moved;
use promote::ports::FaultKind;

use super::{LEDGER, LOCK, add, at, bare, claim, lazy, lazy_over_ssh, lives, refs, update};
use crate::world::fake_ssh::LETS_IN;
use crate::world::git_server::GitServer;

#[test]
fn over_http() {
    let bare = bare();
    let server = GitServer::start(&bare);
    lives(&mut lazy(&server.url()), &bare);
    // What the server can do is asked once for each side.
    let asked = server.seen().iter().filter(|line| line.starts_with("GET ")).count();
    assert_eq!(asked, 2, "{:?}", server.seen());
}

#[test]
fn over_http_without_filters_and_by_the_old_protocol() {
    let bare = bare();
    bare.git(&["config", "uploadpack.allowFilter", "false"], &[]);
    let server = GitServer::start(&bare);
    lives(&mut lazy(&server.url()), &bare);
    let bare = super::bare();
    let server = GitServer::start(&bare);
    server.speak_old();
    lives(&mut lazy(&server.url()), &bare);
}

#[test]
fn over_ssh() {
    for body in [LETS_IN.to_owned(), format!("unset GIT_PROTOCOL; {LETS_IN}")] {
        let bare = bare();
        lives(&mut lazy_over_ssh(&bare, &body), &bare);
    }
}

#[test]
fn in_a_directory() {
    for scheme in ["", "file://"] {
        let bare = bare();
        lives(&mut lazy(&format!("{scheme}{}", bare.path().display())), &bare);
    }
}

#[test]
fn in_a_repository_that_has_nothing_yet() {
    for old in [false, true] {
        let bare = bare();
        bare.git(&["update-ref", "-d", "refs/heads/main"], &[]);
        let server = GitServer::start(&bare);
        if old {
            server.speak_old();
        }
        for address in [server.url(), bare.path().display().to_string()] {
            let mut lazy = lazy(&address);
            assert!(lazy.refs("refs/").unwrap().is_empty());
            let (first, objects) = add(&lazy, None, "one.json", "1\n");
            assert_eq!(lazy.update(&[update(LEDGER, None, Some(first))], &objects).unwrap(), Moved::Done);
            assert_eq!(at(&mut lazy, LEDGER), Some(first));
            assert_eq!(lazy.update(&[update(LEDGER, Some(first), None)], &[]).unwrap(), Moved::Done);
        }
    }
}

#[test]
fn a_ref_that_stands_elsewhere_is_not_deleted_though_the_object_it_was_seen_at_is_cleared_away() {
    let bare = bare();
    let server = GitServer::start(&bare);
    for address in [server.url(), bare.path().display().to_string()] {
        let mut lazy = lazy(&address);
        let repository = lazy.repository().unwrap();
        let (ours, theirs) = (claim(&repository, "ours"), claim(&repository, "theirs"));
        lazy.update(&[update(LOCK, None, Some(ours))], &[ours]).unwrap();
        lazy.update(&[update(LOCK, Some(ours), Some(theirs))], &[theirs]).unwrap();
        bare.git(&["prune", "--expire=now"], &[]);
        assert_eq!(lazy.update(&[update(LOCK, Some(ours), None)], &[]).unwrap(), Moved::Lost);
        let (commit, objects) = add(&lazy, None, "one.json", "1\n");
        let both = [update(LEDGER, None, Some(commit)), update(LOCK, Some(ours), None)];
        assert_eq!(lazy.update(&both, &objects).unwrap(), Moved::Lost);
        assert_eq!(refs(&bare).get(LOCK), Some(&theirs.to_string()));
        lazy.update(&[update(LOCK, Some(theirs), None)], &[]).unwrap();
    }
}

#[test]
fn a_lock_that_somebody_left_behind_is_said_and_left() {
    let bare = bare();
    let mut lazy = lazy(bare.path().to_str().unwrap());
    let (commit, objects) = add(&lazy, None, "one.json", "1\n");
    let left = bare.path().join(format!("{LEDGER}.lock"));
    std::fs::write(&left, "").unwrap();
    let both = [LOCK, LEDGER].map(|name| update(name, None, Some(commit)));
    let fault = lazy.update(&both, &objects).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Transient, "{fault}");
    assert!(fault.why.contains("promotions.lock") && fault.hint.is_some(), "{fault}");
    assert_eq!(refs(&bare).len(), 1);
    std::fs::remove_file(left).unwrap();
    assert_eq!(lazy.update(&both, &objects).unwrap(), Moved::Done);
}

#[test]
fn packed_refs_are_moved_and_deleted_too() {
    let bare = bare();
    let mut lazy = lazy(bare.path().to_str().unwrap());
    let names = [LEDGER, LOCK, "refs/promote-lock/app/staging"];
    let first = claim(&lazy.repository().unwrap(), "first");
    let (commit, objects) = add(&lazy, None, "one.json", "1\n");
    let new = |name: &str| if name == LEDGER { commit } else { first };
    for name in names {
        assert_eq!(lazy.update(&[update(name, None, Some(new(name)))], &objects).unwrap(), Moved::Done);
    }
    bare.git(&["pack-refs", "--all"], &[]);
    assert!(!bare.path().join(LEDGER).exists());
    let (second, objects) = add(&lazy, Some(commit), "two.json", "2\n");
    let other = claim(&lazy.repository().unwrap(), "other");
    for (name, old, new, wanted) in [
        (LEDGER, None, Some(second), Moved::Lost),
        (LEDGER, Some(commit), Some(second), Moved::Done),
        (LOCK, Some(other), None, Moved::Lost),
        (LOCK, Some(first), None, Moved::Done),
        (LOCK, None, Some(other), Moved::Done),
        (names[2], Some(first), Some(other), Moved::Done),
        (names[2], Some(other), None, Moved::Done),
    ] {
        assert_eq!(lazy.update(&[update(name, old, new)], &objects).unwrap(), wanted, "{name} {old:?} {new:?}");
    }
    let left = refs(&bare);
    assert_eq!((left.get(LEDGER), left.get(LOCK)), (Some(&second.to_string()), Some(&other.to_string())));
    assert_eq!((left.len(), lazy.refs("refs/promote-lock/").unwrap().len()), (3, 1));
    assert_eq!(bare.git(&["for-each-ref", "--format=%(refname)", "refs/promote-lock"], &[]), LOCK);
}

#[test]
fn a_branch_that_is_checked_out_and_a_symbolic_ref_are_left_alone() {
    let bare = bare();
    let clone = tempfile::tempdir().unwrap();
    let place = clone.path().join("work");
    bare.git(&["clone", "-q", bare.path().to_str().unwrap(), place.to_str().unwrap()], &[]);
    let mut work = lazy(place.to_str().unwrap());
    let main = at(&mut work, "refs/heads/main").unwrap();
    let (commit, objects) = add(&work, Some(main), "one.json", "1\n");
    let fault = work.update(&[update("refs/heads/main", Some(main), Some(commit))], &objects).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    // Another branch of the same repository is nobody's working directory.
    assert_eq!(work.update(&[update(LEDGER, None, Some(commit))], &objects).unwrap(), Moved::Done);

    bare.git(&["symbolic-ref", "refs/heads/other", "refs/heads/main"], &[]);
    let mut lazy = lazy(bare.path().to_str().unwrap());
    let (commit, objects) = add(&lazy, Some(main), "one.json", "1\n");
    let fault = lazy.update(&[update("refs/heads/other", Some(main), Some(commit))], &objects).unwrap_err();
    assert!(fault.why.contains("symbolic"), "{fault}");
    assert_eq!(bare.tip("main"), Some(main.to_string()));
}

#[test]
fn a_ref_to_an_object_that_is_nowhere_is_refused() {
    let bare = bare();
    let server = GitServer::start(&bare);
    let nothing = git2::Oid::from_bytes(&[7; 20]).unwrap();
    for address in [server.url(), bare.path().display().to_string()] {
        let mut lazy = lazy(&address);
        for objects in [&[][..], &[nothing]] {
            let fault = lazy.update(&[update(LOCK, None, Some(nothing))], objects).unwrap_err();
            assert!([FaultKind::Broken, FaultKind::NotFound].contains(&fault.kind), "{fault}");
        }
    }
    assert_eq!(refs(&bare).keys().collect::<Vec<_>>(), ["refs/heads/main"]);
}
