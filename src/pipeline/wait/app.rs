//! One look at one application: reads it, does what its judge says, and tells what came of it.

use crate::pipeline::wait::goal::{Goal, Place, Settled};
use crate::pipeline::wait::rollouts::{Rollouts, is_on_its_way};
use crate::pipeline::wait::standing::Standings;
use crate::ports::{Deployer, Fault, FaultKind, SyncAnswer, World};
use crate::promotion::event::Event;
use crate::promotion::live::aim::{Aim, Next};
use crate::promotion::live::judge::Watch;
use crate::promotion::live::{AppState, SyncWord, images_live, images_of, short};
use crate::promotion::record::{LiveApp, Refuted};
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::rules::{App, SyncTo};
use crate::promotion::time::{Millis, Time};

/// What a look at an application shows.
pub(super) enum Look {
    /// Everything is as it should be.
    Live(LiveApp),
    /// A Rollout runs the new version in a part of its pods: where it stands.
    OnItsWay(String),
    /// Not yet: what is lacking.
    Waiting(String),
    /// Something failed that is not definite yet.
    Doubt(String),
    /// There is no more to wait for.
    Over(Settled),
}

/// The state that a proof belongs to: another state wants another proof.
type ProofKey = (Vec<String>, Option<Time>, String);

/// One application that is watched.
pub(super) struct Watched<'a> {
    world: &'a World<'a>,
    deployer: &'a dyn Deployer,
    goal: &'a Goal<'a>,
    place: &'a Place,
    pub(super) app: &'a App,
    standings: Standings<'a>,
    watch: Watch,
    grace: Millis,
    /// What was told last.
    told: String,
    /// Whether the running operation was told of.
    syncing: bool,
    proof: Option<(ProofKey, Vec<String>)>,
    /// Why Argo CD did not take our sync, when it was last asked.
    refused: Option<String>,
    /// Since when the application cannot be read.
    unreadable: Option<Time>,
    rollouts: Rollouts,
}

impl<'a> Watched<'a> {
    pub(super) fn new(
        world: &'a World<'a>,
        deployer: &'a dyn Deployer,
        goal: &'a Goal<'a>,
        (place, app): (&'a Place, &'a App),
        grace: Millis,
    ) -> Self {
        let baseline = goal.baseline.get(&app.name).cloned();
        let aim = Aim { nonce: goal.nonce.to_owned(), source: 0, grace, terminate: goal.terminate, baseline };
        let standings = Standings::new(world.delivery, goal, place);
        let watch = Watch::new(aim);
        let (told, syncing, proof, refused, unreadable) = (String::new(), false, None, None, None);
        let rollouts = Rollouts::default();
        Self {
            world,
            deployer,
            goal,
            place,
            app,
            standings,
            watch,
            grace,
            told,
            syncing,
            proof,
            refused,
            unreadable,
            rollouts,
        }
    }

    /// Looks once. `again`: the proof of the live images must be a new one.
    pub(super) fn look(&mut self, again: bool) -> Look {
        match self.step(again) {
            Ok(look) => {
                self.unreadable = None;
                look
            }
            Err(fault) => self.fault(fault),
        }
    }

    fn step(&mut self, again: bool) -> Result<Look, Fault> {
        let mut refresh = false;
        loop {
            let state = self.deployer.state(self.app, refresh)?;
            let source = match state.tracks(&self.place.repository, &self.place.branch, &self.place.path) {
                Ok(source) => source,
                Err(why) => return Ok(Look::Waiting(why)),
            };
            self.watch.look_at(source);
            let next = self.watch.next(&state, &|revision| self.standings.of(revision), self.world.clock.now());
            self.tell(&state, source, &next);
            match next {
                // Once: a comparison that does not come is asked for again at a later look.
                Next::Refresh(_) if !refresh => refresh = true,
                next => return self.act(next, &state, source, again),
            }
        }
    }

    fn act(&mut self, next: Next, state: &AppState, source: usize, again: bool) -> Result<Look, Fault> {
        let over = |settled| Ok(Look::Over(settled));
        match next {
            Next::Wait(cause) if is_on_its_way(state) => self.on_its_way(cause, state, source, again),
            Next::Refresh(cause) | Next::Wait(cause) => Ok(Look::Waiting(match &self.refused {
                Some(why) => format!("{cause}; Argo CD did not take it: {why}"),
                None => cause,
            })),
            Next::Doubt(what) => Ok(Look::Doubt(what)),
            Next::Sync(cause) => self.sync(cause, state.auto_sync),
            Next::Terminate(cause) => {
                if let Some(end) = (self.goal.ours)()? {
                    return over(Settled::Lost(Box::new(end)));
                }
                self.deployer.terminate(self.app)?;
                Ok(Look::Waiting(cause))
            }
            Next::Prove => self.prove(state, source, again),
            Next::Failed { what, detail } => {
                over(Settled::Refuted(Refuted { trigger: Trigger::Deployment, what, detail, gates: Vec::new() }))
            }
            Next::Overtaken { by } => over(Settled::Overtaken { by }),
        }
    }

    /// A Rollout may be on its way, by steps that can take long. What is restored does not go them again.
    fn on_its_way(&mut self, cause: String, state: &AppState, source: usize, again: bool) -> Result<Look, Fault> {
        let look = self.rollouts.look(self.deployer, self.app, state);
        let Some(words) = look else { return Ok(Look::Waiting(cause)) };
        let good = state.compared(source).is_some_and(|revision| self.standings.of(revision).good());
        if !good || state.sync.status != SyncWord::Synced {
            return Ok(Look::Waiting(words));
        }
        // Only where the live manifests hold what is wanted: else the steps are those of another version, and of a rollback that is
        // the one that is undone.
        if self.live(state, again)?.is_err() {
            return Ok(Look::Waiting(words));
        }
        if !self.goal.terminate {
            return Ok(Look::OnItsWay(words));
        }
        if let Some(end) = (self.goal.ours)()? {
            return Ok(Look::Over(Settled::Lost(Box::new(end))));
        }
        match self.rollouts.let_through(self.deployer, self.app) {
            Ok(told) => {
                told.into_iter().for_each(|told| self.say(told));
                Ok(Look::Waiting(words))
            }
            Err(fault) => Ok(Look::Waiting(format!("{words}; {fault}"))),
        }
    }

    /// Starts our sync. An application that syncs by itself refuses any commit but the one that it follows.
    fn sync(&mut self, cause: String, auto_sync: bool) -> Result<Look, Fault> {
        let pinned = self.app.sync == SyncTo::Commit && !auto_sync;
        let revision = pinned.then_some(self.place.commit.as_str());
        if let Some(end) = (self.goal.ours)()? {
            return Ok(Look::Over(Settled::Lost(Box::new(end))));
        }
        let answer = self.deployer.sync(self.app, revision, self.goal.nonce)?;
        self.watch.asked(answer == SyncAnswer::Started, self.world.clock.now());
        if let SyncAnswer::Busy(why) = answer {
            let cause = format!("{cause}; Argo CD did not take it: {why}");
            self.refused = Some(why);
            return Ok(Look::Waiting(cause));
        }
        self.refused = None;
        self.syncing = true;
        (self.world.tell)(&Event::Syncing { app: self.app.name.clone(), ours: true });
        Ok(Look::Waiting("our sync has begun".to_owned()))
    }

    /// The images of the live manifests, or why they are not what is wanted. `again`: as they are now.
    fn live(&mut self, state: &AppState, again: bool) -> Result<Result<Vec<String>, String>, Fault> {
        let key = (state.sync.revisions.clone(), state.reconciled_at, state.resource_version.clone());
        let images = match self.proof.take().filter(|(old, _)| *old == key && !again) {
            Some((_, images)) => images,
            None => self.deployer.images(self.app)?,
        };
        if let Err(why) = images_live(&images, self.goal.images) {
            return Ok(Err(why));
        }
        let ours = images_of(&images, self.goal.images);
        self.proof = Some((key, images));
        Ok(Ok(ours))
    }

    fn prove(&mut self, state: &AppState, source: usize, again: bool) -> Result<Look, Fault> {
        let ours = match self.live(state, again)? {
            Ok(ours) => ours,
            Err(why) => return Ok(Look::Waiting(why)),
        };
        let revision = state.compared(source).unwrap_or_default().to_owned();
        let shown = format!("Healthy at {}, live: {}", short(&revision), ours.join(", "));
        self.say(shown);
        Ok(Look::Live(LiveApp { app: self.app.name.clone(), revision, images: ours }))
    }

    /// What a fault means here: an outage is waited out, a refusal ends the wait, and what makes no sense may do so for the
    /// grace. None of them says that the version is bad.
    fn fault(&mut self, fault: Fault) -> Look {
        let now = self.world.clock.now();
        let since = *self.unreadable.get_or_insert(now);
        let patient = match fault.kind {
            FaultKind::Transient | FaultKind::TimedOut | FaultKind::Uncertain | FaultKind::Conflict => true,
            FaultKind::Denied => false,
            FaultKind::NotFound | FaultKind::Broken | FaultKind::Settings => Millis::between(since, now) < self.grace,
        };
        let why = fault.to_string();
        if patient {
            return Look::Waiting(why);
        }
        Look::Over(Settled::Unconfirmed { why, hint: fault.hint })
    }

    fn tell(&mut self, state: &AppState, source: usize, next: &Next) {
        if let Some(operation) = &state.operation {
            self.refused = None;
            if !self.syncing {
                let ours = self.watch.is_ours(operation);
                (self.world.tell)(&Event::Syncing { app: self.app.name.clone(), ours });
            }
            self.syncing = true;
        } else if !matches!(next, Next::Sync(_)) {
            self.syncing = false;
        }
        if !matches!(next, Next::Prove) {
            self.say(state.words(source));
        }
    }

    fn say(&mut self, words: String) {
        if words != self.told {
            (self.world.tell)(&Event::App { app: self.app.name.clone(), state: words.clone() });
            self.told = words;
        }
    }

    /// What was told last: another text, another state.
    pub(super) fn told(&self) -> &str {
        &self.told
    }
}
