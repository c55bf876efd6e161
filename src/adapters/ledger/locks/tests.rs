use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;
use crate::adapters::git::address::Address;
use crate::adapters::git::lazy::Lazy;
use crate::adapters::git::objects::Author;
use crate::adapters::git::store::Access;
use crate::adapters::http::{Http, HttpSettings};
use crate::adapters::ledger::directory::Directory;

const TERM: Millis = Millis::mins(5);

/// One register of each kind, and what stands behind it.
struct Two {
    dir: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Two {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        git2::Repository::init_bare(dir.path().join("a.git")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { dir, runtime }
    }

    /// Each seen by a process of its own.
    fn each(&self) -> [Register; 2] {
        let http = Http::new(&HttpSettings::default(), self.runtime.handle().clone()).unwrap();
        let access = Access { http, temp: self.dir.path().to_owned(), ssh: "ssh".into(), depth_max: 10 };
        let address = Address::Local(self.dir.path().join("a.git"));
        let lazy = Lazy::new(&access, &address, None, "LEDGER_TOKEN").unwrap();
        let refs = Register::Refs(Arc::new(Mutex::new(lazy)), Author::default());
        [Register::Files(Directory::new(self.dir.path().join("files"))), refs]
    }
}

fn at(minutes: i64) -> Time {
    let start: Time = "2026-01-01T12:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_mins(minutes)
}

fn asking(run: &str, minutes: i64) -> Asking<'_> {
    let (service, environment, owner) = ("my.app", "staging", "dana");
    let ci_run = Some("https://ci.example.com/7");
    Asking { service, environment, run, owner, ci_run, at: at(minutes), term: TERM, expired: None }
}

fn ours(claimed: Claimed) -> Box<dyn Claim> {
    match claimed {
        Claimed::Ours(claim) => claim,
        Claimed::Held(holder) => panic!("held by {holder:?}"),
    }
}

fn held(claimed: Claimed) -> Holder {
    match claimed {
        Claimed::Ours(_) => panic!("it was free"),
        Claimed::Held(holder) => holder,
    }
}

#[test]
fn one_has_it_until_it_is_given_back() {
    let two = Two::new();
    for (mine, theirs) in two.each().iter().zip(two.each()) {
        let claim = ours(super::claim(mine, &asking("a", 0)).unwrap());
        let holder = held(super::claim(&theirs, &asking("b", 1)).unwrap());
        assert_eq!((holder.run.as_str(), holder.owner.as_str(), holder.since), ("a", "dana", at(0)));
        assert_eq!((holder.ci_run.as_deref(), holder.term), (Some("https://ci.example.com/7"), TERM));
        assert_eq!(claim.hold(at(1), true).unwrap(), Hold::Ours);
        drop(claim);
        ours(super::claim(&theirs, &asking("b", 1)).unwrap());
    }
}

#[test]
fn it_is_renewed_after_a_third_of_its_term_and_not_before() {
    let two = Two::new();
    for (mine, theirs) in two.each().iter().zip(two.each()) {
        let stamp = || held(super::claim(&theirs, &asking("b", 0)).unwrap()).stamp;
        let claim = ours(super::claim(mine, &asking("a", 0)).unwrap());
        let first = stamp();
        assert_eq!(claim.hold(at(1), true).unwrap(), Hold::Ours);
        assert_eq!(stamp(), first);
        assert_eq!(claim.hold(at(2), false).unwrap(), Hold::Ours);
        let second = stamp();
        assert_ne!(second, first);
        assert_eq!(claim.hold(at(3), false).unwrap(), Hold::Ours);
        assert_eq!(stamp(), second);
        drop(claim);
        assert!(super::kept(&theirs, "my.app", "staging").unwrap().is_none(), "given back in its newest version");
    }
}

#[test]
fn an_expired_one_is_taken_over_in_the_version_that_was_seen_only() {
    let two = Two::new();
    for (mine, theirs) in two.each().iter().zip(two.each()) {
        let claim = ours(super::claim(mine, &asking("a", 0)).unwrap());
        let old = held(super::claim(&theirs, &asking("b", 0)).unwrap()).stamp;
        claim.hold(at(2), false).unwrap();
        let taking = Asking { expired: Some(&old), ..asking("b", 6) };
        let new = held(super::claim(&theirs, &taking).unwrap()).stamp;
        assert_ne!(new, old, "it was renewed since");
        let taken = ours(super::claim(&theirs, &Asking { expired: Some(&new), ..asking("b", 8) }).unwrap());
        for sure in [true, false] {
            let Hold::Lost(Some(by)) = claim.hold(at(8), sure).unwrap() else { panic!("it is lost") };
            assert_eq!(by.run, "b");
        }
        drop(claim);
        assert_eq!(taken.hold(at(8), true).unwrap(), Hold::Ours, "the loser gives back nothing");
    }
}

#[test]
fn what_is_taken_away_by_name_is_lost() {
    let two = Two::new();
    for (mine, theirs) in two.each().iter().zip(two.each()) {
        assert_eq!(unlock(&theirs, "my.app", "staging", at(0)).unwrap(), None);
        let claim = ours(super::claim(mine, &asking("a", 0)).unwrap());
        assert_eq!(unlock(&theirs, "my.app", "staging", at(0)).unwrap().unwrap().run, "a");
        assert_eq!(claim.hold(at(1), false).unwrap(), Hold::Ours, "nobody was asked");
        assert_eq!(claim.hold(at(1), true).unwrap(), Hold::Lost(None));
        assert_eq!(claim.hold(at(1), false).unwrap(), Hold::Lost(None), "and from then on it is known");
        assert_eq!(claim.hold(at(3), false).unwrap(), Hold::Lost(None), "nor is it renewed");
    }
}

#[test]
fn a_holder_of_this_machine_that_is_gone_loses_it_at_once() {
    let two = Two::new();
    let mut text = Text {
        schema: SCHEMA,
        run: "dead".to_owned(),
        owner: "erin".to_owned(),
        ci_run: None,
        since: at(0),
        term: TERM,
        renewals: 3,
        process: Process::this(),
    };
    for register in two.each() {
        let put = |text: &Text| {
            unlock(&register, "my.app", "staging", at(0)).unwrap();
            let done = register.swap("my.app", "staging", None, &document(text).unwrap(), at(0)).unwrap();
            assert!(matches!(done, Swapped::Done(_)));
        };
        put(&text);
        assert_eq!(held(super::claim(&register, &asking("b", 0)).unwrap()).run, "dead", "it lives");
        let process = serde_json::to_value(&text.process).unwrap();
        let of_another = |field: &str, value: serde_json::Value| {
            let mut process = process.clone();
            process[field] = value;
            serde_json::from_value(process).unwrap()
        };
        put(&Text { process: None, ..text.clone() });
        held(super::claim(&register, &asking("b", 0)).unwrap());
        put(&Text { process: of_another("boot", "x".into()), ..text.clone() });
        held(super::claim(&register, &asking("b", 0)).unwrap());
        text.process = of_another("start", 1.into());
        put(&text);
        ours(super::claim(&register, &asking("b", 0)).unwrap());
        text.process = Process::this();
    }
}

#[test]
fn a_text_that_makes_no_sense_holds_the_place_and_can_be_taken_away() {
    let two = Two::new();
    for register in two.each() {
        register.swap("my.app", "staging", None, "what?", at(0)).unwrap();
        let holder = held(super::claim(&register, &asking("b", 0)).unwrap());
        assert_eq!((holder.run.as_str(), holder.term), ("unknown", TERM));
        ours(super::claim(&register, &Asking { expired: Some(&holder.stamp), ..asking("b", 6) }).unwrap());
    }
}

#[test]
fn a_register_that_cannot_be_reached_is_waited_for_until_the_term_has_passed() {
    let two = Two::new();
    let hide = |from: &str, to: &str| std::fs::rename(two.dir.path().join(from), two.dir.path().join(to)).unwrap();
    let [files, refs] = two.each();
    for (register, place) in [(&files, "files"), (&refs, "a.git")] {
        let claim = ours(super::claim(register, &asking("a", 0)).unwrap());
        hide(place, "away");
        // In its place is something that can be neither read nor written.
        std::fs::write(two.dir.path().join(place), "").unwrap();
        assert_eq!(claim.hold(at(1), false).unwrap(), Hold::Ours);
        assert!(claim.hold(at(4), false).is_err());
        assert_eq!(claim.hold(at(5), false).unwrap(), Hold::Lost(None));
        std::fs::remove_file(two.dir.path().join(place)).unwrap();
        hide("away", place);
        assert_eq!(claim.hold(at(6), false).unwrap(), Hold::Ours, "nobody had taken it");
    }
}

#[test]
fn of_many_at_once_one_has_it() {
    let two = Two::new();
    for kind in 0..2 {
        let registers: Vec<Register> = (0..16).map(|_| two.each()[kind].clone()).collect();
        let winners = std::thread::scope(|scope| {
            let runs: Vec<_> = registers
                .iter()
                .enumerate()
                .map(|(n, register)| {
                    scope.spawn(move || match super::claim(register, &asking(&n.to_string(), 0)).unwrap() {
                        // It is kept: given back, another could have it.
                        Claimed::Ours(claim) => {
                            usize::from(std::mem::ManuallyDrop::new(claim).hold(at(0), true).unwrap() == Hold::Ours)
                        }
                        Claimed::Held(_) => 0,
                    })
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).sum::<usize>()
        });
        assert_eq!(winners, 1);
    }
    assert!(Path::new(&two.dir.path().join("files/locks/my.app/staging.json")).exists());
}
