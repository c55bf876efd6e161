//! Many at once: every entry has one place, every place one entry, and a claim one holder.

use promote::adapters::ledger::Records;
use promote::ports::{Claim, Claimed, FaultKind, Hold, Ledger};
use promote::promotion::holder::Asking;
use promote::promotion::record::Entry;
use promote::promotion::time::Millis;

use super::{BRANCH, Site, approved, id, rejected, requested, requested_for, superseded, time};

const RUNS: usize = 16;

/// Does something in many processes' stead at once, each with its own view of the ledger.
fn at_once<T: Send>(site: &Site, act: impl Fn(usize, &Records) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..RUNS)
            .map(|run| {
                let (records, act) = (site.records(), &act);
                scope.spawn(move || act(run, &records))
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// One of three words for the same place.
fn word(run: usize, id: &str, seq: u32) -> Entry {
    let entry = match run % 3 {
        0 => approved(id, seq),
        1 => rejected(id, seq),
        _ => superseded(id, seq, &super::id(99)),
    };
    Entry { run: format!("run-{run}"), ..entry }
}

#[test]
fn of_many_words_for_one_place_one_is_kept() {
    for (site, rounds) in Site::each().into_iter().zip([10, 5, 1]) {
        for round in 0..rounds {
            let one = id(round);
            site.records().append(&[requested(&one)]).unwrap();
            let won = at_once(&site, |run, records| match records.append(&[word(run, &one, 1)]) {
                Ok(()) => Some(run),
                Err(fault) => {
                    assert_eq!(fault.kind, FaultKind::Conflict, "{fault}");
                    None
                }
            });
            let won: Vec<usize> = won.into_iter().flatten().collect();
            assert_eq!(won.len(), 1, "round {round}: {won:?}");
            let kept = site.records().entries(&one).unwrap();
            assert_eq!(kept, [requested(&one), word(won[0], &one, 1)]);
        }
    }
}

#[test]
fn of_many_that_write_at_once_nothing_is_lost() {
    for (site, each) in Site::each().into_iter().zip([4, 2, 1]) {
        let entries = |run: usize, n: usize| {
            let id = id(run * 10 + n);
            let (service, to) = (format!("s{}", run % 8), format!("e{}", run / 8));
            vec![requested_for(&id, &service, &to), rejected(&id, 1)]
        };
        at_once(&site, |run, records| {
            for n in 0..each {
                let [asked, refused] = <[Entry; 2]>::try_from(entries(run, n)).unwrap();
                records.append(&[asked]).unwrap();
                records.append(&[refused]).unwrap();
            }
        });
        let records = site.records();
        assert_eq!(records.matching("").unwrap().len(), RUNS * each);
        for run in 0..RUNS {
            for n in 0..each {
                assert_eq!(records.entries(&id(run * 10 + n)).unwrap(), entries(run, n));
            }
        }
        let heads = records.heads().unwrap();
        assert_eq!(heads.len(), RUNS);
        assert!(heads.values().flatten().all(|file| file.head.sequence == each as u64 && file.recent.len() == each));
        if let Some(bare) = site.bare() {
            let log = bare.log(BRANCH);
            assert_eq!(log.len(), RUNS * each * 2, "a commit for each write");
            assert!(log.iter().all(|commit| commit.parents.len() <= 1), "in one line");
            bare.check();
        }
    }
}

fn asking(run: &str) -> Asking<'_> {
    let (service, environment, term) = ("app", "staging", Millis::mins(5));
    Asking { service, environment, run, owner: "dana", ci_run: None, at: time(0), term, expired: None }
}

fn claimed(records: &Records, run: &str) -> Option<Box<dyn Claim>> {
    match records.claim(&asking(run)).unwrap() {
        Claimed::Ours(claim) => Some(claim),
        Claimed::Held(_) => None,
    }
}

#[test]
fn of_many_that_claim_at_once_one_holds_it_at_any_time() {
    for (site, rounds) in Site::each().into_iter().zip([20, 10, 1]) {
        let holders = std::sync::atomic::AtomicUsize::new(0);
        let had = at_once(&site, |run, records| {
            let mut had = 0;
            for _ in 0..rounds {
                let Some(claim) = claimed(records, &format!("run-{run}")) else { continue };
                assert_eq!(holders.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0, "two hold it");
                assert_eq!(claim.hold(time(1), true).unwrap(), Hold::Ours);
                holders.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                had += 1;
            }
            had
        });
        assert!(had.iter().sum::<usize>() > 0);
        assert!(claimed(&site.records(), "last").is_some(), "all of them gave it back");
        if let Some(bare) = site.bare() {
            bare.check();
        }
    }
}

#[test]
fn a_claim_that_is_taken_away_by_name_is_lost_and_can_be_had_again() {
    for site in Site::each() {
        let (mine, theirs) = (site.records(), site.records());
        let claim = claimed(&mine, "a").unwrap();
        assert_eq!(theirs.unlock("app", "staging").unwrap().unwrap().run, "a");
        assert_eq!(theirs.unlock("app", "staging").unwrap(), None);
        assert_eq!(claim.hold(time(1), true).unwrap(), Hold::Lost(None));
        let other = claimed(&theirs, "b").unwrap();
        let Hold::Lost(Some(by)) = claim.hold(time(1), true).unwrap() else { panic!("b has it") };
        assert_eq!((by.run.as_str(), by.owner.as_str()), ("b", "dana"));
        drop(claim);
        assert_eq!(other.hold(time(1), true).unwrap(), Hold::Ours);
    }
}
