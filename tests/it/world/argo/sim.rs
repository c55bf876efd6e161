//! The controller: what happens in the cluster, and what Argo CD says of it. The two differ for a while after everything
//! that happens, as they do in reality: comparisons and operations are separate loops.

mod json;
mod rollout;

use serde_json::{Value, json};

use super::behaviour::{AppSpec, Away, Rollout};

#[derive(Clone)]
struct Op {
    infos: Value,
    revision: Option<String>,
    by: Option<String>,
}

#[derive(Clone)]
struct OpState {
    op: Op,
    phase: &'static str,
    finished: Option<i64>,
    revision: String,
    message: String,
    retries: u32,
}

/// What is still to come.
enum Due {
    Running,
    Apply,
    Finish,
    Retry,
    Compare,
    Health,
    Back,
    Overwrite,
    /// A step of the canary of this turn is over.
    Step(u64),
}

/// What the cluster really runs.
struct Cluster {
    images: Vec<String>,
    before: Vec<String>,
    commit: String,
    started: i64,
    rollout: Rollout,
}

/// What Argo CD says.
struct Shown {
    sync: &'static str,
    revision: String,
    health: &'static str,
    health_since: i64,
    reconciled: i64,
}

/// One application and its controller.
pub(crate) struct Sim {
    pub(crate) spec: AppSpec,
    cluster: Cluster,
    shown: Shown,
    op: Option<Op>,
    state: Option<OpState>,
    due: Vec<(i64, Due)>,
    attempted: String,
    /// What was deployed, and when, oldest first: whole syncs that succeeded.
    history: Vec<(String, i64)>,
    /// Health is not looked at before this moment.
    blind_until: i64,
    refresh_pending: bool,
    done: (bool, bool),
    start: String,
    version: u64,
    canary: rollout::Canary,
    pub(crate) lost: bool,
    /// What it was told to do, and took on: `sync`, `terminate`, the names of resource actions.
    pub(crate) told: Vec<String>,
}

impl Sim {
    /// An application that has long been in sync with the repository as it is now.
    pub(crate) fn new(spec: AppSpec) -> Self {
        let commit = (spec.git.tip)();
        let images = (spec.git.images)(&commit).unwrap_or_default();
        let health = if spec.behaviour.broken_before { "Degraded" } else { "Healthy" };
        let shown = Shown { sync: "Synced", revision: commit.clone(), health, health_since: -9000, reconciled: -5000 };
        let rollout = vec![(i64::MIN, health)];
        let cluster =
            Cluster { images: images.clone(), before: images.clone(), commit: commit.clone(), started: -9000, rollout };
        let first = Op { infos: json!(null), revision: Some(commit.clone()), by: None };
        let old = OpState {
            op: first.clone(),
            phase: "Succeeded",
            finished: Some(-7000),
            revision: commit.clone(),
            message: "successfully synced (all tasks run)".to_owned(),
            retries: 0,
        };
        let mut sim = Self {
            spec,
            cluster,
            shown,
            op: None,
            state: Some(old),
            due: vec![(180_000, Due::Compare)],
            attempted: commit.clone(),
            history: vec![(commit.clone(), -7000)],
            blind_until: i64::MIN,
            refresh_pending: false,
            done: (false, false),
            start: commit,
            version: 100,
            canary: rollout::Canary::stable(images),
            lost: false,
            told: Vec::new(),
        };
        if let Some(span) = sim.spec.behaviour.other_operation {
            let op = Op { by: Some("somebody".to_owned()), ..first };
            if let Some(state) = &mut sim.state {
                (state.phase, state.finished, state.op) = ("Running", None, op.clone());
            }
            sim.op = Some(op);
            sim.due.push((span, Due::Finish));
        }
        sim
    }

    /// Whether the cluster runs this image, well, and not another one in its place.
    pub(crate) fn runs(&self, image: &str, now: i64) -> bool {
        self.cluster.images.iter().any(|one| one == image) && self.cluster_health(now) == "Healthy"
    }

    /// Lets everything happen that is due.
    pub(crate) fn advance(&mut self, now: i64) {
        loop {
            let next = (0..self.due.len()).filter(|at| self.due[*at].0 <= now).min_by_key(|at| self.due[*at].0);
            let Some(next) = next else { return };
            let (at, due) = self.due.remove(next);
            self.version += 1;
            self.happen(at, &due);
        }
    }

    fn happen(&mut self, at: i64, due: &Due) {
        match due {
            Due::Running => {
                let Some(op) = self.op.clone() else { return };
                let revision = op.revision.clone().unwrap_or_else(|| self.spec.git.tip.as_ref()());
                let message = "one or more tasks are running".to_owned();
                self.state = Some(OpState { op, phase: "Running", finished: None, revision, message, retries: 0 });
            }
            Due::Apply => self.apply(at),
            Due::Finish => self.finish(at),
            Due::Retry => {
                // Up to v3.5.1 a merge patch leaves the result of the try before in place.
                if let Some(state) = &mut self.state {
                    state.finished = None;
                }
                self.due.extend([(at + 300, Due::Apply), (at + 600, Due::Finish)]);
            }
            Due::Compare => {
                self.compare(at);
                self.due.push((at + 180_000, Due::Compare));
            }
            Due::Health => self.look_at_health(at),
            Due::Step(turn) => self.step(at, *turn),
            Due::Back => {
                let op = Op { infos: json!(null), revision: Some(self.start.clone()), by: None };
                self.begin(op, at);
                // The next comparison sees the real tip, and auto-sync comes forth again.
                self.attempted.clear();
            }
            Due::Overwrite => {
                let op = Op { infos: json!(null), revision: None, by: Some("somebody".to_owned()) };
                if self.op.is_none() {
                    self.begin(op, at);
                }
            }
        }
    }

    /// Takes an operation on. Its result is not there before the controller has seen it.
    fn begin(&mut self, op: Op, at: i64) {
        self.op = Some(op);
        self.state = None;
        self.due.extend([(at + 300, Due::Running), (at + 700, Due::Apply), (at + 1000, Due::Finish)]);
    }

    fn apply(&mut self, at: i64) {
        let behaviour = &self.spec.behaviour;
        let first = behaviour.first_try_fails && !self.done.0;
        let (Some(state), false) = (&self.state, first) else { return };
        let commit = state.revision.clone();
        let wrong = behaviour.sync_fails.is_some() || behaviour.sync_errors.is_some() || behaviour.poisoned;
        let wrong = wrong || behaviour.cannot_compare.is_some();
        let Some(images) = (self.spec.git.images)(&commit).filter(|_| !wrong) else { return };
        self.cluster.commit = commit;
        if images == self.cluster.images {
            return;
        }
        let bad = behaviour.bad.as_ref().filter(|(text, _)| images.iter().any(|image| image.contains(text.as_str())));
        let mut rollout = bad.map_or(&behaviour.rollout, |(_, rollout)| rollout).clone();
        if behaviour.broken_before {
            rollout = vec![(0, "Degraded")];
        }
        self.due.extend(rollout.iter().map(|(after, _)| (at + after + 400, Due::Health)));
        let before = std::mem::replace(&mut self.cluster.images, images);
        self.cluster =
            Cluster { before, started: at, rollout, ..std::mem::replace(&mut self.cluster, Cluster::empty()) };
        if self.spec.behaviour.canary.is_some() {
            self.roll_out(at);
        }
    }

    fn finish(&mut self, at: i64) {
        let behaviour = self.spec.behaviour.clone();
        let Some(state) = &mut self.state else { return };
        if behaviour.stuck && state.op.by.as_deref() != Some("somebody") && state.phase != "Terminating" {
            return;
        }
        if state.phase == "Terminating" {
            (state.phase, state.message) = ("Failed", "Operation terminated".to_owned());
        } else if behaviour.first_try_fails && !self.done.0 {
            self.done.0 = true;
            state.retries += 1;
            state.finished = Some(at);
            state.message = "one or more objects failed to apply. Retrying attempt #1 at 3:04PM.".to_owned();
            self.due.push((at + 4000, Due::Retry));
            return;
        } else if let Some(message) = &behaviour.sync_fails {
            (state.phase, state.message) = ("Failed", message.clone());
        } else if let Some(message) = behaviour.sync_errors.as_ref().or(behaviour.cannot_compare.as_ref()) {
            (state.phase, state.message) = ("Error", message.clone());
        } else {
            (state.phase, state.message) = ("Succeeded", "successfully synced (all tasks run)".to_owned());
            self.history.push((state.revision.clone(), at));
        }
        state.finished = Some(at);
        let ours = !state.op.infos.is_null();
        self.op = None;
        if behaviour.same_second {
            self.shown.sync = "Synced";
            self.shown.revision.clone_from(&self.cluster.commit);
            self.shown.reconciled = at;
        }
        let blind = if behaviour.same_second { behaviour.stale.max(2500) } else { behaviour.stale };
        self.blind_until = at + blind;
        self.due.push((at + blind, Due::Compare));
        let here = self.cluster.commit == self.spec.git.tip.as_ref()();
        if behaviour.sync_back && here && !self.done.1 {
            self.done.1 = true;
            self.due.push((at + 8500, Due::Back));
        }
        if behaviour.overwritten && ours && !self.done.1 {
            self.done.1 = true;
            self.due.push((at + 600, Due::Overwrite));
        }
    }

    /// A comparison with git that begins now. It is stamped with its start.
    fn compare(&mut self, at: i64) {
        self.refresh_pending = false;
        self.version += 1;
        let tip = self.spec.git.tip.as_ref()();
        self.shown.reconciled = at;
        if self.spec.behaviour.cannot_compare.is_some() && tip != self.start {
            (self.shown.sync, self.shown.revision) = ("Unknown", self.spec.branch.clone());
            return;
        }
        let wanted = (self.spec.git.images)(&tip).unwrap_or_default();
        let same = wanted == self.cluster.images || self.spec.behaviour.poisoned;
        self.shown.sync = if same { "Synced" } else { "OutOfSync" };
        self.shown.revision.clone_from(&tip);
        self.blind_until = at;
        self.look_at_health(at);
        if self.spec.auto && !same && self.op.is_none() && self.attempted != tip {
            self.attempted.clone_from(&tip);
            let state = self.state.take();
            self.begin(Op { infos: json!(null), revision: Some(tip), by: None }, at);
            // Auto-sync does not take the last result away before it has one of its own.
            self.state = state;
        }
    }

    fn look_at_health(&mut self, at: i64) {
        let health = self.cluster_health(at);
        if at >= self.blind_until && health != self.shown.health {
            (self.shown.health, self.shown.health_since) = (health, at);
        }
    }

    fn cluster_health(&self, now: i64) -> &'static str {
        if self.spec.behaviour.canary.is_some() {
            return self.canary_health();
        }
        let passed = now - self.cluster.started;
        self.cluster.rollout.iter().rev().find(|(from, _)| *from <= passed).map_or("Progressing", |(_, word)| word)
    }

    /// A refresh that answers: it compares now.
    pub(crate) fn refresh(&mut self, now: i64) {
        self.compare(now);
    }

    /// A refresh that does not answer: the annotation stays until the comparison comes.
    pub(crate) fn refresh_later(&mut self, now: i64) {
        self.refresh_pending = true;
        self.due.push((now + 5000, Due::Compare));
    }

    /// Takes a sync on, or says why not, with gRPC's code.
    pub(crate) fn sync(&mut self, body: &Value, now: i64) -> Result<(), (u16, i64, String)> {
        let behaviour = &self.spec.behaviour;
        if behaviour.window {
            return Err((403, 7, "cannot sync: blocked by sync window".to_owned()));
        }
        let revision = body["revision"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        if let Some(revision) = revision.as_ref().filter(|revision| self.spec.auto && **revision != self.spec.branch) {
            let message = format!("Cannot sync to {revision}: auto-sync currently set to {}", self.spec.branch);
            return Err((400, 9, message));
        }
        if self.op.is_some() {
            return Err((400, 9, "another operation is already in progress".to_owned()));
        }
        let infos = body.get("infos").cloned().unwrap_or(json!(null));
        self.version += 1;
        self.begin(Op { infos, revision, by: Some("ci".to_owned()) }, now);
        self.told.push("sync".to_owned());
        Ok(())
    }

    /// Ends the running operation, or says why not.
    pub(crate) fn terminate(&mut self, now: i64) -> Result<(), (u16, i64, String)> {
        match &mut self.state {
            // Also in the gap in which the controller has not taken the operation up.
            Some(state) if self.op.is_some() => {
                state.phase = "Terminating";
                self.version += 1;
                self.told.push("terminate".to_owned());
                self.due.retain(|(_, due)| !matches!(due, Due::Apply | Due::Finish | Due::Retry));
                self.due.push((now + 800, Due::Finish));
                Ok(())
            }
            _ => Err((400, 3, "Unable to terminate operation. No operation is in progress".to_owned())),
        }
    }

    /// Whether somebody may start a sync now, by the sync windows.
    pub(crate) fn can_sync(&self) -> bool {
        !self.spec.behaviour.window
    }

    /// Turns Degraded, and stays so whatever is deployed.
    pub(crate) fn degrade(&mut self) {
        self.spec.behaviour.broken_before = true;
        self.cluster.rollout = vec![(i64::MIN, "Degraded")];
        self.shown.health = "Degraded";
        self.version += 1;
    }

    /// Whether the API is away, and how.
    pub(crate) fn away(&self) -> Option<Away> {
        let (text, away) = self.spec.behaviour.away.as_ref()?;
        let images = (self.spec.git.images)(&(self.spec.git.tip)())?;
        images.iter().any(|image| image.contains(text)).then_some(*away)
    }

    /// The images of the live manifests.
    pub(crate) fn images(&self) -> &[String] {
        &self.cluster.images
    }

    /// How many versions were deployed: pods have other names with each.
    pub(crate) fn deployed(&self) -> usize {
        self.history.len()
    }

    /// The health as Argo CD shows it.
    pub(crate) fn health(&self) -> &'static str {
        self.shown.health
    }
}

impl Cluster {
    fn empty() -> Self {
        Self { images: vec![], before: vec![], commit: String::new(), started: 0, rollout: vec![] }
    }
}
