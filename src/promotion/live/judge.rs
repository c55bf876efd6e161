//! The judge: from one observation after another, what to do next about one application.
//!
//! Argo CD's controller refreshes and syncs in two independent loops, so a status that says "Synced, Healthy" may be older
//! than the sync that has just succeeded. In this order, each of these must be seen:
//!
//! 1. no operation runs, and the one that brought our commit has succeeded (an application that syncs by itself needs none
//!    when our commit renders to the same manifests);
//! 2. the comparison started *strictly after* that operation ended: both times are whole seconds of one server;
//! 3. it was made with our commit, or a later one that still holds our value;
//! 4. Synced (or a drift that is known, or that outlasts the grace), and Healthy.
//!
//! Then the images of the live manifests must prove it. A failure must last for the grace before it is definite, and what
//! was broken before our commit never is. What Argo CD's words do not say is never taken for done.

use crate::promotion::live::aim::{Aim, INFO, Next, Standing};
use crate::promotion::live::{AppState, HealthWord, LastOperation, Operation, Phase, SyncWord, short};
use crate::promotion::time::{Millis, Time};

/// How soon a comparison that must only be newer is asked for again: it then starts in another of the server's seconds.
const FRESHEN: Millis = Millis::secs(1);
/// How soon Argo CD is asked again to look for our commit.
const LOOK_AGAIN: Millis = Millis::secs(20);
/// How long auto-sync may leave an application out of sync at our commit before we start the sync ourselves.
const AUTO_SYNC: Millis = Millis::secs(20);
/// How soon a sync that was not accepted, or that vanished, is asked for again.
const RESEND: Millis = Millis::secs(5);
/// How soon a sync that was carried out in vain is asked for again.
const RESYNC: Millis = Millis::secs(15);
/// How many syncs one watch starts at most.
const SYNCS: u32 = 4;
/// After this long without an observation, what was wrong before it must be seen to last anew.
const GAP: Millis = Millis::secs(45);

/// The memory of one application's judge.
#[derive(Debug, Clone)]
pub struct Watch {
    aim: Aim,
    /// When our sync was last asked for, and whether Argo CD took it.
    asked: Option<(Time, bool)>,
    syncs: u32,
    refreshed: Option<Time>,
    terminated: Option<Time>,
    /// Since when an application that syncs by itself has not done so.
    idle: Option<Time>,
    /// Since when it is out of sync although our sync succeeded.
    drift: Option<Time>,
    /// What is failing, and since when.
    trouble: Option<(&'static str, Time)>,
    /// Since when our commit has been there.
    arrived: Option<Time>,
    /// Whether it has been healthy with our commit: what breaks from now on broke with us.
    healed: bool,
    seen: Option<Time>,
}

impl Watch {
    /// A watch that has seen nothing yet.
    pub fn new(aim: Aim) -> Self {
        Self {
            aim,
            asked: None,
            syncs: 0,
            refreshed: None,
            terminated: None,
            idle: None,
            drift: None,
            trouble: None,
            arrived: None,
            healed: false,
            seen: None,
        }
    }

    /// Tells that our sync was asked for; `accepted` unless Argo CD was busy.
    pub fn asked(&mut self, accepted: bool, now: Time) {
        self.asked = Some((now, accepted));
        self.syncs += u32::from(accepted);
    }

    /// Tells which of the application's sources is ours now: somebody may have changed their order.
    pub fn look_at(&mut self, source: usize) {
        self.aim.source = source;
    }

    /// Whether an operation carries our mark.
    pub fn is_ours(&self, operation: &Operation) -> bool {
        operation.infos.get(INFO) == Some(&self.aim.nonce)
    }

    /// What to do next. `stand` says how a revision stands to our commit; `now` is our own clock.
    pub fn next(&mut self, state: &AppState, stand: &dyn Fn(&str) -> Standing, now: Time) -> Next {
        if self.seen.is_some_and(|seen| Millis::between(seen, now) > GAP) {
            self.trouble = None;
        }
        self.seen = Some(now);
        let next = self.judge(state, stand, now);
        if !matches!(next, Next::Doubt(_) | Next::Failed { .. }) {
            self.trouble = None;
        }
        match next {
            Next::Refresh(_) => self.refreshed = Some(now),
            Next::Terminate(_) => self.terminated = Some(now),
            _ => {}
        }
        next
    }

    fn judge(&mut self, state: &AppState, stand: &dyn Fn(&str) -> Standing, now: Time) -> Next {
        if state.deleting {
            return Next::Wait("it is being deleted".to_owned());
        }
        if let Some(operation) = &state.operation {
            self.idle = None;
            return self.running(state, operation, stand, now);
        }
        if state.paused {
            return Next::Wait("the annotation argocd.argoproj.io/skip-reconcile stops Argo CD".to_owned());
        }
        let compared = state.compared(self.aim.source);
        let standing = compared.map_or(Standing::Not, stand);
        if let (Standing::Overtaken, Some(by)) = (standing, compared) {
            return Next::Overtaken { by: by.to_owned() };
        }
        let brought = self.brought(state, stand);
        if let Some(next) = self.ended_badly(state, brought, standing, now) {
            return next;
        }
        if let Some(error) = self.new_condition(state, &["ComparisonError", "InvalidSpecError"]) {
            let what = format!("Argo CD cannot compare {} with git", state.name);
            return self.doubt("comparison", what, Some(error), now);
        }
        let unended = state.last.as_ref().is_some_and(|last| !last.phase.ended());
        if unended {
            return Next::Wait(
                "an operation that neither runs nor has ended: was the controller restarted?".to_owned(),
            );
        }
        match standing {
            Standing::Unknown => Next::Wait(format!(
                "the repository does not tell how {} stands to our commit",
                short(compared.unwrap_or_default())
            )),
            Standing::Not | Standing::Overtaken => self.elsewhere(state, brought, now),
            Standing::Ours | Standing::Later => self.there(state, brought, now),
        }
    }

    /// Whether the newest operation brought our commit: it was at ours, or at a later one that holds our value.
    fn brought(&self, state: &AppState, stand: &dyn Fn(&str) -> Standing) -> bool {
        let Some(last) = &state.last else { return false };
        last.revisions.get(self.aim.source).is_some_and(|revision| stand(revision).good())
    }

    /// An operation that ended badly, if it was ours or brought our commit, and did not end so before our commit.
    fn ended_badly(&mut self, state: &AppState, brought: bool, standing: Standing, now: Time) -> Option<Next> {
        let known = self.aim.baseline.as_ref();
        if let Some(last) = &state.last {
            let ours = self.is_ours(&last.operation);
            let old = known.and_then(|state| state.last.as_ref()).is_some_and(|old| {
                (&old.phase, old.finished_at, &old.message) == (&last.phase, last.finished_at, &last.message)
            });
            let concerns = ours || (brought && !old);
            if concerns && last.phase == Phase::Failed {
                let what = format!("the sync of {} failed: {}", state.name, said(&last.message));
                return Some(Next::Failed { what, detail: first(&last.failed).or_else(|| detail(state)) });
            }
            if concerns && last.phase == Phase::Error {
                return Some(self.not_carried_out(state, last, now));
            }
        }
        let compared = state.compared(self.aim.source).unwrap_or_default();
        let error =
            self.new_condition(state, &["SyncError"]).filter(|text| standing.good() && text.contains(compared))?;
        let what = format!("auto-sync of {} gave up on {}", state.name, short(compared));
        Some(Next::Failed { what, detail: Some(error) })
    }

    /// An operation that could not be carried out: tried again, and definite when it does not help.
    fn not_carried_out(&mut self, state: &AppState, last: &LastOperation, now: Time) -> Next {
        let what = format!("the sync of {} could not be carried out: {}", state.name, said(&last.message));
        if self.syncs < SYNCS && passed(self.asked.map(|(at, _)| at), RESYNC, now) {
            return Next::Sync(what);
        }
        self.doubt("operation", what, first(&last.failed), now)
    }

    fn running(
        &mut self,
        state: &AppState,
        operation: &Operation,
        stand: &dyn Fn(&str) -> Standing,
        now: Time,
    ) -> Next {
        let source = self.aim.source;
        let result = state.last.as_ref().filter(|last| last.operation == *operation);
        let revision = operation.revisions.get(source).or_else(|| result.and_then(|last| last.revisions.get(source)));
        let (ours, good) = (self.is_ours(operation), revision.is_some_and(|revision| stand(revision).good()));
        let message = result.map(|last| last.message.clone()).filter(|message| !message.is_empty());
        let who = if ours { "our sync".to_owned() } else { format!("another operation (by {})", operation.by) };
        if self.aim.terminate && !ours && !good {
            let cause = format!("{who} must end first");
            return if passed(self.terminated, RESEND, now) { Next::Terminate(cause) } else { Next::Wait(cause) };
        }
        if (ours || good) && state.health.status == HealthWord::Degraded && !self.broken_before(state) {
            return self.degraded(state, now);
        }
        Next::Wait(match message {
            Some(message) => format!("{who} is running: {message}"),
            None => format!("{who} is running"),
        })
    }

    /// The comparison is not at our commit.
    fn elsewhere(&mut self, state: &AppState, brought: bool, now: Time) -> Next {
        self.idle = None;
        let seen = state.compared(self.aim.source).map_or("nothing", short);
        let cause = format!("Argo CD has not compared it with our commit yet; it is at {seen}");
        if brought {
            return self.refresh(FRESHEN, cause, now);
        }
        if !state.auto_sync && self.may_sync(now) {
            return Next::Sync(cause);
        }
        self.refresh(LOOK_AGAIN, cause, now)
    }

    /// The comparison is at our commit, or at a later one that holds our value.
    fn there(&mut self, state: &AppState, brought: bool, now: Time) -> Next {
        self.arrived.get_or_insert(now);
        if let Some(next) = self.must_sync(state, brought, now) {
            return next;
        }
        if let Some(last) = &state.last {
            let Some(ended) = last.finished_at else {
                return Next::Wait(
                    "the last operation has no time of its end: was the controller restarted?".to_owned(),
                );
            };
            // Both are whole seconds, and a comparison is stamped when it starts: in the same second it may be the older.
            if state.reconciled_at.is_none_or(|compared| compared <= ended) {
                return self.refresh(FRESHEN, "Argo CD has not looked at it since the sync ended".to_owned(), now);
            }
        }
        if let Some(next) = self.out_of_sync(state, now) {
            return next;
        }
        match &state.health.status {
            HealthWord::Healthy => {
                self.healed = true;
                Next::Prove
            }
            HealthWord::Degraded if self.broken_before(state) => {
                Next::Wait("it is Degraded, as it was before our commit".to_owned())
            }
            HealthWord::Degraded => self.degraded(state, now),
            _ => Next::Wait(state.words(self.aim.source)),
        }
    }

    /// A sync that is still to come: ours for a manual application, whose hooks would not run otherwise; auto-sync's for
    /// the others where they are out of sync, and ours if it does not come.
    fn must_sync(&mut self, state: &AppState, brought: bool, now: Time) -> Option<Next> {
        let succeeded = brought && state.last.as_ref().is_some_and(|last| last.phase == Phase::Succeeded);
        if succeeded {
            self.idle = None;
            return None;
        }
        if !state.auto_sync {
            let cause = "our sync has not been carried out".to_owned();
            return Some(if self.may_sync(now) { Next::Sync(cause) } else { Next::Wait(cause) });
        }
        if state.sync.status != SyncWord::OutOfSync {
            self.idle = None;
            return None;
        }
        let since = *self.idle.get_or_insert(now);
        let cause = "auto-sync has not begun".to_owned();
        let due = Millis::between(since, now) >= AUTO_SYNC && self.may_sync(now);
        Some(if due { Next::Sync(cause) } else { Next::Wait(cause) })
    }

    /// A drift after a sync that succeeded holds us only while it is news.
    fn out_of_sync(&mut self, state: &AppState, now: Time) -> Option<Next> {
        match state.sync.status {
            SyncWord::Synced => {
                self.drift = None;
                None
            }
            SyncWord::OutOfSync => {
                let since = *self.drift.get_or_insert(now);
                let known = self.aim.baseline.as_ref().is_some_and(|old| old.sync.status == SyncWord::OutOfSync);
                let lasting = Millis::between(since, now) >= self.aim.grace;
                let cause = "it is out of sync although its sync succeeded";
                (!known && !lasting).then(|| Next::Wait(cause.to_owned()))
            }
            _ => Some(Next::Wait("Argo CD does not say whether it is in sync".to_owned())),
        }
    }

    fn may_sync(&self, now: Time) -> bool {
        let pause = match self.asked {
            Some((_, true)) => RESYNC,
            _ => RESEND,
        };
        self.syncs < SYNCS && passed(self.asked.map(|(at, _)| at), pause, now)
    }

    fn refresh(&self, pause: Millis, cause: String, now: Time) -> Next {
        if passed(self.refreshed, pause, now) { Next::Refresh(cause) } else { Next::Wait(cause) }
    }

    fn degraded(&mut self, state: &AppState, now: Time) -> Next {
        let what = match self.arrived {
            Some(arrived) => {
                let since = self.trouble.map_or(now, |(_, since)| since);
                format!("{} turned Degraded {} after our commit arrived", state.name, Millis::between(arrived, since))
            }
            None => format!("{} is Degraded", state.name),
        };
        self.doubt("health", what, detail(state), now)
    }

    /// Something failed: definite once it has lasted for the grace.
    fn doubt(&mut self, kind: &'static str, what: String, detail: Option<String>, now: Time) -> Next {
        let since = match self.trouble {
            Some((old, since)) if old == kind => since,
            _ => now,
        };
        self.trouble = Some((kind, since));
        if Millis::between(since, now) < self.aim.grace {
            return Next::Doubt(detail.map_or_else(|| what.clone(), |detail| format!("{what}: {detail}")));
        }
        Next::Failed { what: format!("{what}, and stayed so for {}", Millis::between(since, now)), detail }
    }

    /// Whether every resource of its own that is Degraded now was so before our commit, and has not been well since. What these
    /// made tells nothing: pods are others, by other names, with each version.
    fn broken_before(&self, state: &AppState) -> bool {
        let Some(old) = self.aim.baseline.as_ref().filter(|old| old.health.status == HealthWord::Degraded) else {
            return false;
        };
        let degraded = |state: &AppState| -> Vec<String> {
            let bad = state.troubled.iter().filter(|one| one.health == HealthWord::Degraded && !one.below);
            bad.map(|one| one.resource.clone()).collect()
        };
        let known = degraded(old);
        !self.healed && (known.is_empty() || degraded(state).iter().all(|resource| known.contains(resource)))
    }

    /// A condition of one of these kinds that was not there before our commit.
    fn new_condition(&self, state: &AppState, kinds: &[&str]) -> Option<String> {
        let old = self.aim.baseline.as_ref().map(|old| old.conditions.as_slice()).unwrap_or_default();
        let new = |kind: &str, message: &str| !old.iter().any(|one| one.kind == kind && one.message == message);
        let mut found = state.conditions.iter().filter(|one| kinds.contains(&one.kind.as_str()));
        found.find(|one| new(&one.kind, &one.message)).map(|one| one.message.clone())
    }
}

/// Whether something never happened, or longer ago than a span.
fn passed(at: Option<Time>, span: Millis, now: Time) -> bool {
    at.is_none_or(|at| Millis::between(at, now) >= span)
}

fn said(message: &str) -> &str {
    if message.is_empty() { "Argo CD does not say why" } else { message }
}

fn first(lines: &[String]) -> Option<String> {
    lines.first().cloned()
}

/// What the worst resource says.
fn detail(state: &AppState) -> Option<String> {
    let worst = state.troubled.iter().max_by_key(|one| (one.health == HealthWord::Degraded, one.message.len()));
    worst.map(|one| format!("{}: {}", one.resource, said(&one.message)))
}

#[cfg(test)]
mod tests;
