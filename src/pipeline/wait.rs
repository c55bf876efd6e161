//! The wait: until a version is live and has held for the settle time, has definitely failed, or time is up.
//!
//! There is one window for everything. It opens when every application is healthy at our commit with our image, and Argo CD,
//! the health checks and the gates are looked at through it; a break closes it, and it opens anew. A failure that lasts for the grace is
//! definite; "could not find out" never is, however long it lasts.

mod app;
mod gates;
pub mod goal;
mod probes;
mod rollouts;
mod smoke;
mod standing;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::pipeline::job::End;
use crate::pipeline::wait::app::{Look, Watched};
use crate::pipeline::wait::gates::{Gates, Said};
use crate::pipeline::wait::goal::{Goal, Settled};
use crate::pipeline::wait::probes::{Health, Probes};
use crate::pipeline::wait::smoke::Smokes;
use crate::ports::World;
use crate::promotion::event::Event;
use crate::promotion::record::{LiveApp, Verified};
use crate::promotion::rules::Verify;
use crate::promotion::time::{Millis, Time};

/// The first pause between two looks; it doubles while nothing changes.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The URLs of the health checks that fail now: asked before the commit, since what fails already never refutes.
pub fn failing(world: &World<'_>, service: &str, environment: &str, verify: &Verify) -> BTreeSet<String> {
    probes::failing(world, service, environment, &verify.health)
}

/// Waits until the goal is live and has held, or will not be. Every write that it makes can be made again: our operations
/// carry the goal's mark, and are found by it when a killed run is taken up.
pub fn until_live(world: &World<'_>, goal: &Goal<'_>, verify: &Verify) -> Settled {
    let apps: Vec<_> = goal.places.iter().flat_map(|place| place.apps.iter().map(move |app| (place, app))).collect();
    if world.deployer.is_none() && !apps.is_empty() {
        let why = "no Argo CD is configured, and the environment names applications".to_owned();
        return Settled::Unconfirmed { why, hint: Some("set ARGOCD_SERVER and a login".to_owned()) };
    }
    let watched =
        |deployer| apps.into_iter().map(|pair| Watched::new(world, deployer, goal, pair, verify.grace)).collect();
    let apps: Vec<Watched<'_>> = world.deployer.map(watched).unwrap_or_default();
    let probes = Probes::new(world, goal, verify);
    let now = world.clock.now();
    let (gates, smoke, pending) = (Gates::new(world, goal, verify), Smokes::new(world, goal, verify), None);
    let (window, cause, doubt) = (None, String::new(), None);
    let alive = goal.alive;
    Wait { world, verify, alive, apps, probes, gates, smoke, begun: now, window, pending, cause, doubt, pause: PAUSE }
        .run()
}

struct Wait<'a> {
    world: &'a World<'a>,
    verify: &'a Verify,
    alive: &'a dyn Fn() -> Option<End>,
    apps: Vec<Watched<'a>>,
    probes: Probes<'a>,
    gates: Gates<'a>,
    smoke: Smokes<'a>,
    begun: Time,
    /// Since when everything holds.
    window: Option<Time>,
    /// Why the window cannot end yet, although nothing is broken: a gate that is not known, a smoke test that runs.
    pending: Option<String>,
    /// What was lacking last.
    cause: String,
    /// The failure that was told of.
    doubt: Option<String>,
    pause: Duration,
}

/// What one round over everything shows.
enum Round {
    Holds(Vec<LiveApp>),
    Lacks,
    Over(Settled),
}

impl Wait<'_> {
    fn run(mut self) -> Settled {
        loop {
            if self.world.clock.stopped() {
                return Settled::Stopped;
            }
            if let Some(end) = (self.alive)() {
                return Settled::Lost(Box::new(end));
            }
            let told: Vec<String> = self.apps.iter().map(|app| app.told().to_owned()).collect();
            // What was seen before the settle time had passed does not count as its end, nor does an old proof.
            let ending = self.window.is_some_and(|since| self.is_over(since));
            match self.round(ending) {
                Round::Over(settled) => {
                    if let Settled::Refuted(refuted) | Settled::Paused(refuted) = &settled {
                        (self.world.tell)(&Event::Refuted { trigger: refuted.trigger, what: refuted.what.clone() });
                    }
                    return settled;
                }
                Round::Holds(apps) => {
                    if let Some(verified) = self.held(apps, ending) {
                        return Settled::Verified(verified);
                    }
                }
                Round::Lacks => self.window = None,
            }
            let now = self.world.clock.now();
            let left = self.verify.timeout.0 - Millis::between(self.begun, now).0;
            if left <= 0 {
                return self.out_of_time();
            }
            // How often that is said is for whoever shows it.
            (self.world.tell)(&Event::Waiting { on: self.cause.clone(), left: Millis(left) });
            let changed = self.apps.iter().map(Watched::told).ne(told.iter().map(String::as_str));
            self.sleep(changed, Millis(left));
        }
    }

    /// Looks at everything once. The health checks have their say when the applications are as they should be, and the gates from
    /// the first time on that the new version ran everywhere, be it as a canary: one that is bad must not go all its steps first.
    fn round(&mut self, again: bool) -> Round {
        let (mut live, mut lacking, mut doubt) = (Vec::new(), Vec::new(), None);
        let mut runs = true;
        for watched in &mut self.apps {
            if self.world.clock.stopped() {
                return Round::Over(Settled::Stopped);
            }
            let name = &watched.app.name;
            match watched.look(again) {
                Look::Live(app) => live.push(app),
                Look::OnItsWay(cause) => lacking.push(format!("{name}: {cause}")),
                Look::Waiting(cause) => {
                    runs = false;
                    lacking.push(format!("{name}: {cause}"));
                }
                Look::Doubt(what) => {
                    runs = false;
                    lacking.push(what.clone());
                    doubt = Some(what);
                }
                Look::Over(settled) => return Round::Over(settled),
            }
        }
        if runs {
            self.gates.begin();
        }
        if lacking.is_empty() {
            match self.probes.look() {
                Health::Good => {}
                Health::Unknown(cause) => lacking.push(cause),
                Health::Bad(what) => {
                    lacking.push(what.clone());
                    doubt = Some(what);
                }
                Health::Over(settled) => return Round::Over(settled),
            }
        } else {
            self.probes.forget();
        }
        self.pending = None;
        match self.gates.look(self.window.map(|since| self.verify.settle.after(since))) {
            Said::Good => {}
            Said::Unknown(cause) => self.pending = Some(cause),
            Said::Bad(what) => {
                lacking.push(what.clone());
                doubt.get_or_insert(what);
            }
            Said::Over(settled) => return Round::Over(settled),
        }
        if lacking.is_empty() {
            if let Some(settled) = self.smoke.look() {
                return Round::Over(settled);
            }
            self.pending = self.pending.take().or(self.smoke.lacks());
        }
        self.tell_doubt(doubt);
        if lacking.is_empty() {
            return Round::Holds(live);
        }
        self.cause = lacking.join("; ");
        Round::Lacks
    }

    fn tell_doubt(&mut self, doubt: Option<String>) {
        if let Some(what) = &doubt
            && self.doubt.is_none()
        {
            (self.world.tell)(&Event::Doubt { what: what.clone(), grace: self.verify.grace });
        }
        self.doubt = doubt;
    }

    /// Everything holds now: opens the window, or ends the wait when it has been open for the settle time.
    fn held(&mut self, apps: Vec<LiveApp>, ending: bool) -> Option<Verified> {
        let settle = self.verify.settle;
        let now = self.world.clock.now();
        self.cause = match &self.pending {
            Some(pending) => pending.clone(),
            None => format!("all is well, but has not been for {settle} yet"),
        };
        let Some(since) = self.window else {
            self.window = Some(now);
            (self.world.tell)(&Event::Settling { settle });
            return None;
        };
        if !ending || self.pending.is_some() {
            return None;
        }
        (self.world.tell)(&Event::Settled { settle });
        let settled = Millis::between(since, now);
        let (gates, before) = self.gates.seen();
        Some(Verified { since, settled, apps, health: self.probes.urls(), smoke: self.smoke.names(), gates, before })
    }

    fn is_over(&self, since: Time) -> bool {
        Millis::between(since, self.world.clock.now()) >= self.verify.settle
    }

    fn out_of_time(self) -> Settled {
        let why = format!("not confirmed within {}: {}", self.verify.timeout, self.cause);
        Settled::Unconfirmed { why, hint: None }
    }

    fn sleep(&mut self, changed: bool, left: Millis) {
        if changed {
            self.pause = PAUSE;
        }
        let now = self.world.clock.now();
        let span = match self.window {
            Some(since) => {
                let settle = self.verify.settle;
                let rest = settle.0 - Millis::between(since, now).0;
                // Past its end only a gate is waited for, which is not asked again at once.
                if rest > 0 || self.pending.is_none() {
                    Millis((settle.0 / 4).min(rest).max(20)).duration()
                } else {
                    self.pause
                }
            }
            None => self.pause,
        };
        self.world.clock.sleep(span.min(PAUSE_MAX).min(left.duration()));
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}
