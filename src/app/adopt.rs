//! `promote adopt`: what an environment pins is taken as given, with a reason.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::app::commands::{Door, environment};
use crate::app::{actions, ends, wiring};
use crate::pipeline::adopt::{Adopting, adopt};
use crate::pipeline::job::{End, Halt};
use crate::promotion::event::Event;
use crate::promotion::rules::{Environment, Service};
use crate::promotion::time::Millis;
use crate::render::ending::{self, Ending, USAGE};
use crate::render::json;

/// Adopts; the exit code.
pub fn run(door: &Door<'_>, env: Option<&str>, stop: &Arc<AtomicBool>) -> Result<u8> {
    let ending = match named(door, env) {
        Err(ending) => return Ok(door.refused(&ending)),
        Ok((service, environment, reason)) => match adopted(door, (service, environment, &reason), stop) {
            Ok(end) => ends::ended(&end, Millis::secs(0)),
            Err(halt) => ends::stopped(&halt),
        },
    };
    if door.screen.json() {
        door.screen.document(&json::ending(&ending));
    }
    door.screen.say(&ending::text(&ending, door.screen.style()));
    door.settings.actions.iter().for_each(|to| actions::ended(door.screen, to, ending.exit.outcome()));
    Ok(ending.exit.code())
}

/// The service, the environment and the reason; without a reason the whole corrected command.
fn named<'a>(door: &'a Door<'_>, env: Option<&str>) -> Result<(&'a Service, &'a Environment, String), Ending> {
    let service = door.service()?;
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

fn adopted(door: &Door<'_>, named: (&Service, &Environment, &str), stop: &Arc<AtomicBool>) -> Result<End, Halt> {
    let (service, environment, reason) = named;
    let wired = wiring::open_all(door.settings, door.mask, false, stop)?;
    let tell = |_: &Event| {};
    let who = door.who();
    let adopting = Adopting {
        rules: &door.loaded.rules,
        service,
        environment,
        reason,
        run: &who.run,
        actor: &who.actor,
        ci_run: door.settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref()),
    };
    Halt::ended(adopt(&wired.world(door.clock, &tell), &adopting))
}
