//! Kill -9 from outside, after every request and every record: whoever runs it again comes to the same end (DECISIONS H.4).

mod ends;
pub(crate) mod held;
mod late;
pub(crate) mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use promote::adapters::ledger::Records;
use promote::ports::Ledger;

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
    let before = records(stage);
    let running = slot.get_or_init(|| stage.start("staging"));
    if let Spot::Record(n) = spot {
        while records(stage) < before + n && running.ended().is_none() {
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

/// Requests to the git server and to Argo CD, and records, so far.
fn counts(stage: &Stage) -> [usize; 3] {
    [stage.git.requests(), stage.argo.as_ref().map_or(0, |argo| argo.requests().len()), records(stage)]
}

/// Every spot of an undisturbed run.
fn spots(before: [usize; 3], after: [usize; 3], answers: &[Answer]) -> Vec<Spot> {
    let both = |count: usize, spot: fn(usize, Answer) -> Spot| {
        answers.iter().flat_map(move |answer| (1..=count).map(move |n| spot(n, *answer))).collect::<Vec<_>>()
    };
    let mut spots = both(after[0] - before[0], Spot::Git);
    spots.extend(both(after[1] - before[1], Spot::Argo));
    spots.extend((1..=after[2] - before[2]).map(Spot::Record));
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

/// How many promotions have ended. What was all but written when its process was killed, whoever looks finishes.
fn ended(stage: &Stage) -> usize {
    Records::directory(stage.ledger()).heads().unwrap();
    files(&stage.ledger()).iter().filter(|file| file.to_string_lossy().ends_with("-closed.json")).count()
}

/// What is played, and how it ends when nobody disturbs it.
struct Case {
    play: Play,
    code: i32,
    outcome: &'static str,
}

impl Case {
    fn promoted(play: Play) -> Self {
        Self { play, code: 0, outcome: "promoted" }
    }

    fn rolled_back(play: Play) -> Self {
        Self { play: play.bad(), code: 21, outcome: "rolled_back" }
    }

    /// Strikes at every spot of an undisturbed run, or at some, runs it again, and compares.
    fn at_every_spot(&self, blow: Blow, answers: &[Answer], chosen: fn(&Spot) -> bool) {
        let whole = Stage::ready(&self.play);
        let before = counts(&whole);
        let ran = whole.run("staging");
        assert_eq!(ran.code, Some(self.code), "{}", ran.said);
        let wanted = Ends::of(&whole, "staging");
        assert_eq!(wanted.outcomes().pop(), Some(self.outcome));
        let syncs = if self.play.auto { 0 } else { wanted.commits.len() - 1 };
        assert_eq!(wanted.syncs, syncs, "one for each commit of ours");
        let mut spots = spots(before, counts(&whole), answers);
        spots.retain(chosen);
        let struck = AtomicUsize::new(0);
        for_each_at_once(&spots, |spot| {
            let ran = self.at(*spot, blow, &wanted);
            let code = if blow == Blow::Kill { None } else { Some(130) };
            struck.fetch_add(usize::from(ran.code == code), Ordering::SeqCst);
        });
        // A blow may come too late for a run that is at its end, above all a request to stop.
        assert!(struck.into_inner() * 4 >= spots.len() * 3, "most of {spots:?} strike");
    }

    fn at(&self, spot: Spot, blow: Blow, wanted: &Ends) -> Ran {
        let stage = Stage::ready(&self.play);
        let over = ended(&stage);
        let first = struck_at(&stage, spot, blow);
        let mut said = first.said.clone();
        // One that has ended already has only lost its last words. To ask again would be to ask for something else.
        if ended(&stage) == over {
            let second = stage.run("staging");
            said.push_str(&second.said);
            assert_eq!(second.code, Some(self.code), "{blow:?} at {spot:?}:\n{said}");
        } else if self.outcome == "promoted" && !self.play.undo {
            let second = stage.run("staging");
            assert_eq!(second.code, Some(0), "{blow:?} at {spot:?}:\n{said}{}", second.said);
        }
        let differences = Ends::of(&stage, "staging").differences(wanted);
        assert!(differences.is_empty(), "{blow:?} at {spot:?}:\n{said}\n{}", differences.join("\n"));
        stage.assert_nothing_lost();
        first
    }
}

const BOTH: [Answer; 2] = [Answer::Lost, Answer::Given];

fn all(_: &Spot) -> bool {
    true
}

/// All records, and every third request.
fn some(spot: &Spot) -> bool {
    match spot {
        Spot::Git(n, _) | Spot::Argo(n, _) => n % 3 == 0,
        Spot::Record(_) => true,
    }
}

#[test]
fn a_promotion_that_is_killed_anywhere_ends_as_if_it_had_not_been() {
    let case = Case::promoted(Play::usual());
    case.at_every_spot(Blow::Kill, &[Answer::Lost], all);
    case.at_every_spot(Blow::Kill, &[Answer::Given], |spot| some(spot) && !matches!(spot, Spot::Record(_)));
}

#[test]
fn a_promotion_that_rolls_back_and_is_killed_anywhere_ends_as_if_it_had_not_been() {
    Case::rolled_back(Play::usual()).at_every_spot(Blow::Kill, &[Answer::Lost], all);
}

#[test]
fn a_persons_rollback_that_is_killed_ends_as_if_it_had_not_been() {
    Case::promoted(Play { undo: true, ..Play::usual() }).at_every_spot(Blow::Kill, &[Answer::Lost], some);
}

#[test]
fn a_promotion_that_rolls_back_and_is_asked_to_stop_goes_on_when_it_is_run_again() {
    Case::rolled_back(Play::usual()).at_every_spot(Blow::Stop, &[Answer::Lost], some);
}

/// The whole matrix: minutes.
#[test]
fn every_kind_of_promotion_is_struck_everywhere() {
    if std::env::var_os("PROMOTE_SOAK").is_none() {
        return;
    }
    for (auto, helm) in [(true, false), (false, true), (true, true), (false, false)] {
        let play = Play { auto, helm, ..Play::usual() };
        for blow in [Blow::Kill, Blow::Stop] {
            Case::promoted(play.clone()).at_every_spot(blow, &BOTH, all);
            Case::rolled_back(play.clone()).at_every_spot(blow, &BOTH, all);
            Case::promoted(Play { undo: true, ..play.clone() }).at_every_spot(blow, &BOTH, all);
        }
    }
}
