//! An Argo Rollout of an application: its canary's steps, and what resource actions do to it.

use serde_json::{Value, json};

use super::super::behaviour::Step;
use super::{Due, Sim};

/// How long a weight takes to be set, and the last switch.
const SET: i64 = 500;

/// Where the canary is.
pub(super) struct Canary {
    /// What the stable pods run.
    stable: Vec<String>,
    /// The step that it is at.
    at: usize,
    by_hand: bool,
    aborted: bool,
    full: bool,
    /// Counts what cuts a running step short.
    turn: u64,
}

impl Canary {
    pub(super) fn stable(images: Vec<String>) -> Self {
        Self { stable: images, at: 0, by_hand: false, aborted: false, full: true, turn: 0 }
    }
}

impl Sim {
    /// New manifests were applied: back to what the stable pods run at once, else all steps.
    pub(super) fn roll_out(&mut self, at: i64) {
        let images = self.cluster.images.clone();
        let canary = &mut self.canary;
        (canary.at, canary.by_hand, canary.aborted) = (0, false, false);
        canary.turn += 1;
        canary.full = canary.stable == images;
        let turn = canary.turn;
        self.due.push((at + SET, Due::Step(turn)));
        self.due.push((at + 100, Due::Health));
    }

    /// A step is over.
    pub(super) fn step(&mut self, at: i64, turn: u64) {
        let steps = self.spec.behaviour.canary.clone().unwrap_or_default();
        let canary = &mut self.canary;
        if canary.turn != turn || canary.full || canary.aborted || canary.by_hand {
            return self.look_at_health(at);
        }
        canary.at += 1;
        match steps.get(canary.at) {
            Some(Step::Weight(_)) => self.due.push((at + SET, Due::Step(turn))),
            Some(Step::Pause(Some(span))) => self.due.push((at + span, Due::Step(turn))),
            Some(Step::Pause(None)) => {}
            None => {
                canary.full = true;
                canary.stable.clone_from(&self.cluster.images);
            }
        }
        self.look_at_health(at);
    }

    /// What the Rollout makes of the application's health.
    pub(super) fn canary_health(&self) -> &'static str {
        let canary = &self.canary;
        if canary.full {
            "Healthy"
        } else if canary.aborted {
            "Degraded"
        } else if canary.by_hand || self.at_pause() {
            "Suspended"
        } else {
            "Progressing"
        }
    }

    fn at_pause(&self) -> bool {
        let steps = self.spec.behaviour.canary.as_deref().unwrap_or_default();
        matches!(steps.get(self.canary.at), Some(Step::Pause(_)))
    }

    /// Does a resource action, or says why not.
    pub(crate) fn act(&mut self, action: &str, now: i64) -> Result<Value, (u16, i64, String)> {
        self.version += 1;
        let paused = self.at_pause();
        let canary = &mut self.canary;
        canary.turn += 1;
        match action {
            "resume" => {
                canary.by_hand = false;
                if !paused {
                    canary.at = canary.at.saturating_sub(1);
                }
            }
            "pause" => canary.by_hand = true,
            "abort" if !canary.full => canary.aborted = true,
            "promote-full" if !canary.full => {
                (canary.aborted, canary.by_hand) = (false, false);
                canary.at = usize::MAX - 1;
            }
            "abort" | "promote-full" => {}
            other => return Err((400, 3, format!("action {other} does not exist"))),
        }
        let turn = canary.turn;
        self.told.push(action.to_owned());
        self.due.extend([(now + SET, Due::Step(turn)), (now + 100, Due::Health)]);
        Ok(json!({}))
    }

    /// The live object.
    pub(crate) fn rollout(&self) -> Value {
        let (steps, canary) = (self.spec.behaviour.canary.clone().unwrap_or_default(), &self.canary);
        let written: Vec<Value> = steps.iter().map(Step::json).collect();
        let (health, at_pause) = (self.canary_health(), self.at_pause() && !canary.full);
        let phase = if health == "Suspended" { "Paused" } else { health };
        let mut status = json!({
            "phase": phase,
            "observedGeneration": "1",
            "currentStepIndex": canary.at.min(steps.len()),
            "currentPodHash": format!("{:?}", self.cluster.images),
            "stableRS": format!("{:?}", canary.stable),
        });
        if canary.aborted {
            status["abort"] = json!(true);
            status["message"] = json!("RolloutAborted: Rollout aborted update to revision 2");
        }
        if at_pause {
            status["message"] = json!("CanaryPauseStep");
            status["controllerPause"] = json!(true);
            status["pauseConditions"] = json!([{ "reason": "CanaryPauseStep", "startTime": "2026-01-01T00:00:00Z" }]);
        }
        let mut spec = json!({ "strategy": { "canary": { "steps": written } } });
        if canary.by_hand {
            spec["paused"] = json!(true);
        }
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": { "name": "app", "generation": 1 },
                "spec": spec, "status": status })
    }
}

impl Step {
    fn json(&self) -> Value {
        match self {
            Self::Weight(weight) => json!({ "setWeight": weight }),
            Self::Pause(None) => json!({ "pause": {} }),
            Self::Pause(Some(span)) => json!({ "pause": { "duration": format!("{}s", span / 1000) } }),
        }
    }
}
