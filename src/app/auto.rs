//! `promote check-auto` and `promote run --auto`: every promotion of the rules, one after the other, each judged anew.

use anyhow::Result;

use crate::app::door::Door;
use crate::app::{actions, choose, ends, wiring};
use crate::pipeline::auto;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::run::{self as road, Wanted};
use crate::ports::{Clock as _, World};
use crate::promotion::gates::standing;
use crate::promotion::image::ImageChange;
use crate::promotion::outcome::Outcome;
use crate::promotion::rules::{Promotion, Service};
use crate::promotion::time::Millis;
use crate::promotion::words;
use crate::render::auto::{Answer, document, heading, text};
use crate::render::ending::{self, Ending, Exit, INVALID};

/// Says of each promotion whether it should be carried out now; the exit code.
pub fn check(door: &Door<'_>, version: Option<&str>) -> Result<u8> {
    let service = match choose::service(&door.loaded.rules, door.settings) {
        Ok(service) => service,
        Err(ending) => return Ok(door.refused(&ending)),
    };
    let wired = match wiring::open_all(door.settings, door.mask, watched(service), door.given(), door.stop) {
        Ok(wired) => wired,
        Err(halt) => return Ok(door.refused(&ends::stopped(&halt))),
    };
    let (who, tell) = (door.who(), |_: &_| {});
    let rules = || door.place.now();
    let world = wired.world(door.clock, &tell, &rules);
    let mut answers = Vec::new();
    for promotion in door.loaded.rules.ordinary() {
        let mut job = door.job(&who, service, promotion);
        job.approving.alone = true;
        let mut answer = answered(&job, auto::judge(&world, &job, version));
        if answer.ending.exit == Exit::Outcome(Outcome::Ready) {
            answer.ending.next.push(format!("promote run --from {} --to {}", promotion.from, promotion.to));
        }
        say(door, &answer);
        answers.push(answer);
    }
    let ready = answers.iter().filter(|answer| answer.ending.exit == Exit::Outcome(Outcome::Ready)).count();
    let what = format!("{ready} of {} can be made now", words::counted(answers.len() as u64, "promotion"));
    Ok(end(door, &answers, &Ending::of(strongest(&answers), what)))
}

/// What all answers come to: `ready` if one is; else a definite no outweighs what is not known, and both outweigh waiting.
fn strongest(answers: &[Answer]) -> Outcome {
    let any = |outcome: Outcome| answers.iter().any(|answer| answer.ending.exit == Exit::Outcome(outcome));
    let unclear = |answer: &Answer| !matches!(answer.ending.exit.code(), 0 | 13);
    match () {
        () if any(Outcome::Ready) => Outcome::Ready,
        () if any(Outcome::Held) => Outcome::Held,
        () if answers.iter().any(unclear) => Outcome::Unknown,
        () => Outcome::Waiting,
    }
}

/// Carries out every promotion that may go by itself and is ready, in the order of the file; the exit code.
pub fn run(door: &Door<'_>) -> Result<u8> {
    let service = match choose::service(&door.loaded.rules, door.settings) {
        Ok(service) => service,
        Err(ending) => return Ok(door.refused(&ending)),
    };
    let promotions: Vec<&Promotion> = door.loaded.rules.ordinary().filter(|rule| rule.auto_promote).collect();
    if promotions.is_empty() {
        let mut ending = Ending::refused(INVALID, "no promotion of the rules may go by itself");
        ending.seen.push(format!("{} has no `auto_promote: true`; nothing was read or written", door.loaded.path));
        ending.next.push("add it to the promotions that need no person".to_owned());
        return Ok(door.refused(&ending));
    }
    let wired = match wiring::open_all(door.settings, door.mask, watched(service), door.given(), door.stop) {
        Ok(wired) => wired,
        Err(halt) => return Ok(door.refused(&ends::stopped(&halt))),
    };
    actions::warn_of_ledger(door.screen, door.settings);
    let who = door.who();
    let tell = |event: &_| door.screen.tell(event, door.clock.now());
    let rules = || door.place.now();
    let world = wired.world(door.clock, &tell, &rules);
    let (mut answers, mut worst): (Vec<Answer>, Option<Exit>) = (Vec::new(), None);
    for promotion in promotions {
        let mut job = door.job(&who, service, promotion);
        job.approving.alone = true;
        let answer = one(door, &world, &job)?;
        let exit = answer.ending.exit;
        if answer.ran && worst.is_none_or(|worst| exit.code() > worst.code()) {
            worst = Some(exit);
        }
        answers.push(answer);
        // What comes later may stand on what went wrong here.
        if matches!(worst.map(Exit::code), Some(20..)) || door.clock.stopped() {
            break;
        }
    }
    let done = answers.iter().filter(|answer| answer.ran && answer.ending.exit.code() == 0).count();
    let kept = answers.iter().filter(|answer| is_kept_back(answer)).count();
    let and_kept = if kept > 0 { format!(", {kept} kept back by order") } else { String::new() };
    let what = format!("{done} of {} carried out{and_kept}", words::counted(answers.len() as u64, "promotion"));
    let whole = match worst {
        None if door.clock.stopped() => Ending::of(Outcome::Interrupted, what),
        None | Some(Exit::Outcome(Outcome::Waiting)) if kept > 0 => Ending::of(Outcome::Held, what),
        Some(exit) if kept > 0 && exit.code() == 0 => Ending::of(Outcome::Held, what),
        None => Ending::of(Outcome::Unchanged, "no promotion that may go by itself is ready"),
        Some(Exit::Outcome(outcome)) => Ending::of(outcome, what),
        Some(Exit::Refused(code)) => Ending::refused(code, what),
    };
    Ok(end(door, &answers, &whole))
}

/// Whether an order keeps a promotion back: a hold, a veto, a freeze. That ends the whole with 10, since somebody has to lift it; what
/// its gates hold is tried again by itself (DECISIONS D.7).
fn is_kept_back(answer: &Answer) -> bool {
    let held = answer.ending.exit == Exit::Outcome(Outcome::Held);
    held && answer.report.as_ref().is_some_and(standing::holds)
}

/// Judges one promotion, and carries it out if it is ready.
fn one(door: &Door<'_>, world: &World<'_>, job: &Job<'_>) -> Result<Answer> {
    let judged = auto::judge(world, job, None);
    let ready = matches!(&judged, Ok(end) if end.outcome == Outcome::Ready);
    let failed = matches!(judged, Err(Halt::Fault(_) | Halt::Invalid(_)));
    if !ready && !failed {
        let answer = answered(job, judged);
        say(door, &answer);
        return Ok(answer);
    }
    let images = judged.as_ref().map(changes).unwrap_or_default();
    say_heading(door, job, &images);
    let came = match judged {
        Ok(_) if door.settings.dry_run => road::plan(world, job, Wanted::Now),
        Ok(_) => road::run(world, job, Wanted::Now),
        failed => failed,
    };
    door.screen.end_group();
    let mut answer = Answer { images, ..answered(job, came.clone()) };
    // Whoever has the lock does what would be done here.
    let locked = matches!(&came, Ok(end) if end.outcome == Outcome::Superseded && end.id.is_none());
    if locked {
        door.screen.say(&text(&answer, door.screen.style()));
        return Ok(answer);
    }
    answer.ran = true;
    door.close(job, came)?;
    Ok(answer)
}

/// What is said of a promotion, from what was judged of it or what came of it.
fn answered(job: &Job<'_>, came: Result<End, Halt>) -> Answer {
    let Promotion { from, to, auto_promote, .. } = job.promotion;
    let (images, report) = came.as_ref().map(|end| (changes(end), end.report.clone())).unwrap_or_default();
    let ending = match &came {
        Ok(end) => ends::ended(end, Millis::secs(0)),
        Err(halt) => ends::halted(halt, job.promotion, job.rules_path),
    };
    let (from, to) = (from.clone(), to.clone());
    Answer { from, to, auto_promote: *auto_promote, images, ran: false, ending, report }
}

fn changes(end: &End) -> Vec<ImageChange> {
    let images = end.request.as_ref().map(|request| request.images.as_slice()).unwrap_or_default();
    let change = |wanted: &crate::promotion::request::Wanted| ImageChange {
        name: wanted.new.name.clone(),
        old: wanted.old.clone(),
        new: wanted.new.clone(),
    };
    images.iter().map(change).collect()
}

fn say(door: &Door<'_>, answer: &Answer) {
    let style = door.screen.style();
    let heading = heading(&answer.from, &answer.to, &answer.images, style);
    door.screen.say(&format!("{heading}{}", text(answer, style)));
}

fn say_heading(door: &Door<'_>, job: &Job<'_>, images: &[ImageChange]) {
    door.screen.say(&heading(&job.promotion.from, &job.promotion.to, images, door.screen.style()));
}

/// Says how it ended as a whole; the exit code.
fn end(door: &Door<'_>, answers: &[Answer], whole: &Ending) -> u8 {
    if door.screen.json() {
        door.screen.document(&document(answers, whole));
    }
    door.screen.say(&ending::text(whole, door.screen.style()));
    door.settings.actions.iter().for_each(|to| actions::ended(door.screen, to, whole.exit.outcome()));
    whole.exit.code()
}

/// Whether Argo CD has something to say of the service.
fn watched(service: &Service) -> bool {
    service.environments.iter().any(|environment| environment.targets.iter().any(|target| !target.apps.is_empty()))
}
