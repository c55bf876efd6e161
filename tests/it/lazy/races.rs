//! Many on one ref: exactly one wins each round, and nobody is told otherwise.

use std::sync::atomic::{AtomicBool, Ordering};

use git2::Oid;
use promote::adapters::git::lazy::Lazy;
use promote::adapters::git::lazy::update::Moved;

use super::{LEDGER, LOCK, add, at, bare, claim, find, lazy, read, refs, update};
use crate::world::bare::{Bare, plain_git};
use crate::world::git_server::GitServer;

const RUNS: usize = 16;

/// A round: each tries to move the lock from where it stands to something of its own, or to delete it. Gives where it
/// stands then.
fn round(runs: &mut [Lazy], old: Option<Oid>, number: usize, delete: bool) -> Option<Oid> {
    let won: Vec<Option<Oid>> = std::thread::scope(|scope| {
        let tries: Vec<_> = runs
            .iter_mut()
            .enumerate()
            .map(|(run, lazy)| {
                scope.spawn(move || {
                    let own = claim(&lazy.repository().unwrap(), &format!("run {run} in round {number}\n"));
                    let new = (!delete).then_some(own);
                    (lazy.update(&[update(LOCK, old, new)], new.as_slice()).unwrap() == Moved::Done).then_some(new)
                })
            })
            .collect();
        tries.into_iter().filter_map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(won.len(), 1, "round {number}: {won:?}");
    won[0]
}

fn many_rounds(bare: &Bare, address: &str, rounds: usize) {
    let mut runs: Vec<Lazy> = (0..RUNS).map(|_| lazy(address)).collect();
    let mut stands = None;
    for number in 0..rounds {
        stands = round(&mut runs, stands, number, number % 4 == 3);
        assert_eq!(refs(bare).get(LOCK), stands.map(|id| id.to_string()).as_ref(), "round {number}");
    }
    bare.check();
}

#[test]
fn one_of_sixteen_wins_over_http() {
    let bare = bare();
    let server = GitServer::start(&bare);
    many_rounds(&bare, &server.url(), 4);
}

/// A flag that is raised when this is dropped, also by a test that fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn one_of_sixteen_wins_in_a_directory_while_git_packs_its_refs() {
    let bare = bare();
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stopped.load(Ordering::SeqCst) {
                // It gives up where somebody holds the lock.
                let packing = plain_git().current_dir(bare.path()).args(["pack-refs", "--all"]).output().unwrap();
                assert!(packing.status.success() || !packing.stderr.is_empty());
            }
        });
        let _stop = Stop(&stopped);
        many_rounds(&bare, bare.path().to_str().unwrap(), 24);
    });
}

/// Each adds a file of its own to one branch, again and again until it has.
fn all_land(bare: &Bare, address: &str) {
    std::thread::scope(|scope| {
        for run in 0..RUNS {
            scope.spawn(move || {
                let mut lazy = lazy(address);
                let path = format!("promotions/{run}/0000.json");
                loop {
                    let old = at(&mut lazy, LEDGER);
                    if let Some(old) = old {
                        assert_eq!(find(&mut lazy, old, &path), None, "nobody else writes this");
                    }
                    let (commit, objects) = add(&lazy, old, &path, &format!("{run}\n"));
                    if lazy.update(&[update(LEDGER, old, Some(commit))], &objects).unwrap() == Moved::Done {
                        break;
                    }
                }
            });
        }
    });
    assert_eq!(bare.log("promotions").len(), RUNS);
    let mut lazy = lazy(address);
    let tip = at(&mut lazy, LEDGER).unwrap();
    for run in 0..RUNS {
        assert_eq!(read(&mut lazy, tip, &format!("promotions/{run}/0000.json")).unwrap(), format!("{run}\n"));
    }
    bare.check();
}

#[test]
fn sixteen_that_add_to_one_branch_all_land() {
    let bare = bare();
    all_land(&bare, bare.path().to_str().unwrap());
    let bare = super::bare();
    let server = GitServer::start(&bare);
    all_land(&bare, &server.url());
}
