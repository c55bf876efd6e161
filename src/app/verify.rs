//! `promote verify`: what runs now, against its last record; with a watch, what a scheduled workflow runs.

use anyhow::Result;

use crate::app::door::{Door, Who};
use crate::app::{actions, choose, ends, wiring};
use crate::pipeline::job::{End, Halt};
use crate::pipeline::recheck;
use crate::ports::Clock as _;
use crate::promotion::outcome::Outcome;
use crate::promotion::rules::{Promotion, Service};
use crate::promotion::time::Millis;
use crate::render::ending::{Ending, Exit};

/// Looks; the exit code.
pub fn run(door: &Door<'_>, env: Option<&str>, watch: bool) -> Result<u8> {
    let chosen = match chosen(door, env, watch) {
        Ok(chosen) => chosen,
        Err(ending) => return Ok(door.refused(&ending)),
    };
    let (service, promotions) = chosen;
    let who = door.who();
    let mut worst: Option<Ending> = None;
    for promotion in promotions {
        if let Some(ending) = one(door, (service, promotion), &who, watch)?
            && worst.as_ref().is_none_or(|worst| ending.exit.code() > worst.exit.code())
        {
            worst = Some(ending);
        }
        if door.clock.stopped() {
            break;
        }
    }
    let ending = worst.unwrap_or_else(|| {
        let mut ending = Ending::of(Outcome::Unchanged, "no version is under watch");
        ending.seen.push("a version is for as long after its promotion as `verify.watch` says".to_owned());
        door.screen.end(&ending);
        ending
    });
    door.settings.actions.iter().for_each(|to| actions::said(door.screen, to, &ending));
    Ok(ending.exit.code())
}

/// The service, and the promotions to look at: to the environment that is named, or to each that may be under watch.
fn chosen<'a>(door: &'a Door<'_>, env: Option<&str>, watch: bool) -> Result<(&'a Service, Vec<&'a Promotion>), Ending> {
    let rules = &door.loaded.rules;
    if !watch || env.is_some() {
        let (service, promotion) = choose::undoing(rules, door.settings, env)?;
        return Ok((service, vec![promotion]));
    }
    let mut promotions: Vec<&Promotion> = Vec::new();
    for promotion in rules.promotions.iter().filter(|promotion| promotion.verify.watch.is_some()) {
        if promotions.iter().all(|other| other.to != promotion.to) {
            promotions.push(promotion);
        }
    }
    Ok((choose::service(rules, door.settings)?, promotions))
}

/// Looks at one environment and says what is there; `None` where nothing is under watch.
fn one(
    door: &Door<'_>,
    (service, promotion): (&Service, &Promotion),
    who: &Who,
    watch: bool,
) -> Result<Option<Ending>> {
    let job = door.job(who, service, promotion);
    let looked = || -> Result<Option<End>, Halt> {
        let wired = wiring::open(door.settings, door.mask, &job, door.given(), door.stop)?;
        actions::warn_of_ledger(door.screen, door.settings);
        let tell = |event: &_| door.screen.tell(event, door.clock.now());
        let rules = || door.place.now();
        let world = wired.world(door.clock, &tell, &rules);
        if watch { recheck::watch(&world, &job) } else { recheck::recheck(&world, &job).map(Some) }
    };
    let came = match looked() {
        Ok(None) => return Ok(None),
        Ok(Some(end)) => Ok(end),
        Err(Halt::Ended(end)) => Ok(*end),
        Err(halt) => Err(halt),
    };
    door.screen.end_group();
    let ending = match &came {
        Ok(end) => ends::ended(end, Millis::secs(0)),
        // What could not be read was not found to be bad.
        Err(Halt::Fault(fault)) => {
            Ending::fault(Exit::Outcome(Outcome::Unknown), &fault.doing, &fault.why, fault.hint.as_deref())
        }
        Err(halt) => ends::halted(halt, promotion, &door.loaded.path),
    };
    match came {
        // A rollback is told of as any other is.
        Ok(end) if end.commit.is_some() => drop(door.close(&job, Ok(end))?),
        _ => drop(door.screen.end(&ending)),
    }
    Ok(Some(ending))
}
