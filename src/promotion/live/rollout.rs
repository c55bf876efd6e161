//! An Argo Rollout: how far a canary inside one application has come.
//!
//! Fields as `argo-rollouts` writes them (its `RolloutStatus`), and as Argo CD's health script reads them: a pause is *Suspended*,
//! an abort leaves Argo CD at *Synced, Degraded*, with git ahead of what the stable pods run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One Rollout as it was seen at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollout {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The version of its API: `v1alpha1`.
    pub version: String,
    /// `Healthy`, `Progressing`, `Paused`, `Degraded`; empty where the controller has not spoken yet.
    pub phase: String,
    /// What the controller says: `CanaryPauseStep`, `RolloutAborted: …`.
    pub message: String,
    /// The step that it is at, counted from 0; absent where the strategy has no steps.
    pub step: Option<u64>,
    /// How many steps there are.
    pub steps: u64,
    /// The share of the traffic that the new version gets, in per cent; absent where nothing tells.
    pub weight: Option<u64>,
    /// Whether it waits at a pause, of a step or of a person.
    pub paused: bool,
    /// Whether somebody paused it by hand, beside what its steps say.
    pub by_hand: bool,
    /// Whether it was aborted.
    pub aborted: bool,
    /// Whether the new version is the stable one: there is no canary any more.
    pub full: bool,
}

/// What a Rollout can be told to do, by Argo CD's resource actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutAction {
    /// Go on after a pause.
    Resume,
    /// Give all traffic back to the stable version.
    Abort,
    /// Stay at this step.
    Pause,
    /// Leave the remaining steps out.
    PromoteFull,
}

impl RolloutAction {
    /// The action's name at Argo CD. There is none that is called `promote`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Abort => "abort",
            Self::Pause => "pause",
            Self::PromoteFull => "promote-full",
        }
    }
}

impl Rollout {
    /// Whether a new version is on its way and not the stable one yet.
    pub fn is_in_progress(&self) -> bool {
        !self.full && !self.aborted
    }

    /// Where it stands, in a few words: `paused at step 3 of 6 (20 %)`.
    pub fn words(&self) -> String {
        if self.aborted {
            return format!("Rollout {} was aborted", self.name);
        }
        if self.full {
            return format!("Rollout {} is through", self.name);
        }
        let how = if self.paused { "is paused" } else { "goes on" };
        let step = match self.step {
            Some(step) if self.steps > 0 => format!(" at step {} of {}", (step + 1).min(self.steps), self.steps),
            _ => String::new(),
        };
        let weight = self.weight.map(|weight| format!(" ({weight} %)")).unwrap_or_default();
        format!("Rollout {} {how}{step}{weight}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_where_it_stands() {
        let at = |step, paused| Rollout {
            name: "app".to_owned(),
            step: Some(step),
            steps: 6,
            weight: Some(20),
            paused,
            ..Rollout::default()
        };
        assert_eq!(at(2, true).words(), "Rollout app is paused at step 3 of 6 (20 %)");
        assert_eq!(at(6, false).words(), "Rollout app goes on at step 6 of 6 (20 %)");
        let through = Rollout { full: true, ..at(6, false) };
        assert_eq!((through.words().as_str(), through.is_in_progress()), ("Rollout app is through", false));
        let aborted = Rollout { aborted: true, ..at(2, false) };
        assert_eq!((aborted.words().as_str(), aborted.is_in_progress()), ("Rollout app was aborted", false));
        let plain = Rollout { name: "app".to_owned(), ..Rollout::default() };
        assert_eq!(plain.words(), "Rollout app goes on");
    }
}
