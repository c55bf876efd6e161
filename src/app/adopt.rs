//! `promote adopt`: what an environment pins is taken as given, with a reason.

use anyhow::Result;

use crate::app::choose::{self, environment};
use crate::app::door::Door;
use crate::app::{actions, ends, wiring};
use crate::pipeline::adopt::{Adopting, adopt};
use crate::pipeline::job::{End, Halt};
use crate::promotion::event::Event;
use crate::promotion::rules::{Environment, Service};
use crate::promotion::time::Millis;
use crate::render::ending::{Ending, USAGE};

/// Adopts; the exit code.
pub fn run(door: &Door<'_>, env: Option<&str>) -> Result<u8> {
    let ending = match named(door, env) {
        Err(ending) => return Ok(door.refused(&ending)),
        Ok((service, environment, reason)) => match adopted(door, (service, environment, &reason)) {
            Ok(end) => ends::ended(&end, Millis::secs(0)),
            Err(halt) => ends::stopped(&halt),
        },
    };
    door.settings.actions.iter().for_each(|to| actions::said(door.screen, to, &ending));
    Ok(door.screen.end(&ending))
}

/// The service, the environment and the reason; without a reason the whole corrected command.
fn named<'a>(door: &'a Door<'_>, env: Option<&str>) -> Result<(&'a Service, &'a Environment, String), Ending> {
    let service = choose::service(&door.loaded.rules, door.settings)?;
    let environment = environment(service, env, "--env")?;
    let reason = door.who().reason.filter(|reason| !reason.trim().is_empty()).ok_or_else(|| {
        let mut ending = Ending::refused(USAGE, "a reason is not given (--reason)");
        ending.seen.push("a baseline is believed for its reason; nothing was read or written".to_owned());
        let of = door.settings.service.as_ref().map(|_| format!(" --service {}", service.name)).unwrap_or_default();
        ending.next.push(format!("promote adopt --env {}{of} --reason \"…\"", environment.name));
        ending
    })?;
    Ok((service, environment, reason))
}

fn adopted(door: &Door<'_>, named: (&Service, &Environment, &str)) -> Result<End, Halt> {
    let (service, environment, reason) = named;
    let wired = wiring::open_all(door.settings, door.mask, false, door.given(), door.stop)?;
    actions::warn_of_ledger(door.screen, door.settings);
    let tell = |_: &Event| {};
    let who = door.who();
    let adopting = Adopting { rules: &door.loaded.rules, service, environment, reason, me: door.me(&who) };
    let rules = || door.place.now();
    Halt::ended(adopt(&wired.world(door.clock, &tell, &rules), &adopting))
}
