//! Kill -9 from outside, after every request and every record: whoever runs it again comes to the same end (DECISIONS H.4).

mod ends;
pub(crate) mod held;
mod late;
pub(crate) mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::ends::Ends;
use self::stage::{Play, Ran, Running, Stage, files};

/// How many worlds there are at once: most of the time each of them waits.
const AT_ONCE: usize = 6;
/// How long an answer may take to arrive.
const ARRIVES: Duration = Duration::from_millis(4);

/// How a run is ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// It has no say in it.
    Kill,
    /// It is asked to stop, and does so between two steps.
    Stop,
}

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// The n-th request to the git server was carried out.
    Git(usize, Answer),
    /// The n-th request to Argo CD has come.
    Argo(usize, Answer),
    /// The n-th record is there.
    Record(usize),
}

/// What became of the request's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The process was killed before it.
    Lost,
    /// The process had it, or nearly.
    Given,
}

/// Runs, and kills at a spot; `None` in the result's code if it was killed in time.
fn killed_at(stage: &Stage, spot: Spot) -> Ran {
    struck_at(stage, spot, Blow::Kill)
}

fn struck_at(stage: &Stage, spot: Spot, blow: Blow) -> Ran {
    let slot: Arc<OnceLock<Running>> = Arc::default();
    let kill = |answer: Answer| {
        let slot = Arc::clone(&slot);
        move || {
            let kill = move || strike(slot.wait(), blow);
            match answer {
                Answer::Lost => kill(),
                Answer::Given => drop(std::thread::spawn(move || {
                    std::thread::sleep(ARRIVES);
                    kill();
                })),
            }
        }
    };
    match spot {
        Spot::Git(n, answer) => stage.git.after(n, kill(answer)),
        Spot::Argo(n, answer) => {
            let argo = stage.argo.as_ref().unwrap();
            argo.on_request(argo.requests().len() + n, kill(answer));
        }
        Spot::Record(_) => {}
    }
    let running = slot.get_or_init(|| stage.start("staging"));
    if let Spot::Record(n) = spot {
        while records(stage) < n && running.ended().is_none() {
            std::thread::sleep(Duration::from_micros(300));
        }
        strike(running, blow);
    }
    running.wait()
}

fn strike(running: &Running, blow: Blow) {
    match blow {
        Blow::Kill => running.kill(),
        Blow::Stop => running.ask_to_stop(),
    }
}

fn records(stage: &Stage) -> usize {
    files(&stage.ledger().join("promotions")).len()
}

/// Every spot of an undisturbed run.
fn spots(stage: &Stage, answers: &[Answer]) -> Vec<Spot> {
    let requests = stage.argo.as_ref().map_or(0, |argo| argo.requests().len());
    let both = |count: usize, spot: fn(usize, Answer) -> Spot| {
        answers.iter().flat_map(move |answer| (1..=count).map(move |n| spot(n, *answer))).collect::<Vec<_>>()
    };
    let mut spots = both(stage.git.requests(), Spot::Git);
    spots.extend(both(requests, Spot::Argo));
    spots.extend((1..=records(stage)).map(Spot::Record));
    spots
}

/// Does something for each of many, several at once.
fn for_each_at_once<T: Sync>(all: &[T], act: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
                    act(one);
                }
            });
        }
    });
}

fn is_over(stage: &Stage) -> bool {
    files(&stage.ledger()).iter().any(|file| file.to_string_lossy().ends_with("-closed.json"))
}

/// Kills at every spot of an undisturbed run, which ends so, runs it again, and compares.
fn at_every_spot(play: &Play, (code, outcome): (i32, &str), blow: Blow, answers: &[Answer]) {
    let whole = Stage::new(play);
    let ran = whole.run("staging");
    assert_eq!(ran.code, Some(code), "{}", ran.said);
    let wanted = Ends::of(&whole, "staging");
    assert_eq!(wanted.outcomes(), [outcome]);
    let syncs = if play.auto { 0 } else { wanted.commits.len() - 1 };
    assert_eq!(wanted.syncs, syncs);
    let spots = spots(&whole, answers);
    let kills = AtomicUsize::new(0);
    for_each_at_once(&spots, |spot| {
        let stage = Stage::new(play);
        let first = struck_at(&stage, *spot, blow);
        let mut said = first.said;
        let struck = if blow == Blow::Kill { None } else { Some(130) };
        kills.fetch_add(usize::from(first.code == struck), Ordering::SeqCst);
        if !is_over(&stage) {
            let second = stage.run("staging");
            said.push_str(&second.said);
            assert_eq!(second.code, Some(code), "killed at {spot:?}:\n{said}");
        } else if code == 0 {
            // It had ended, and only its last words were lost.
            let second = stage.run("staging");
            assert_eq!(second.code, Some(0), "killed at {spot:?}:\n{said}{}", second.said);
        }
        let differences = Ends::of(&stage, "staging").differences(&wanted);
        assert!(differences.is_empty(), "killed at {spot:?}:\n{said}\n{}", differences.join("\n"));
        stage.assert_nothing_lost();
    });
    // Those that were to be killed with their last answer may have ended before.
    assert!(kills.into_inner() + 6 > spots.len(), "{spots:?}");
}

const PROMOTED: (i32, &str) = (0, "promoted");
const ROLLED_BACK: (i32, &str) = (21, "rolled_back");

#[test]
fn a_promotion_that_is_killed_anywhere_ends_as_if_it_had_not_been() {
    at_every_spot(&Play::usual(), PROMOTED, Blow::Kill, &[Answer::Lost, Answer::Given]);
}

#[test]
fn a_promotion_that_rolls_back_and_is_killed_anywhere_ends_as_if_it_had_not_been() {
    at_every_spot(&Play::usual().bad(), ROLLED_BACK, Blow::Kill, &[Answer::Lost]);
}

#[test]
fn a_promotion_that_rolls_back_and_is_asked_to_stop_anywhere_goes_on_when_it_is_run_again() {
    at_every_spot(&Play::usual().bad(), ROLLED_BACK, Blow::Stop, &[Answer::Lost]);
}
