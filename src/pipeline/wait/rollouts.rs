//! The Rollouts of an application that is watched: where they stand, and letting through what is restored.

use std::collections::BTreeSet;

use crate::ports::{Deployer, Fault};
use crate::promotion::live::rollout::{Rollout, RolloutAction};
use crate::promotion::live::{AppState, HealthWord};
use crate::promotion::rules::App;

/// What was read of the Rollouts, and which of them were told.
#[derive(Default)]
pub(super) struct Rollouts {
    seen: Vec<Rollout>,
    /// The state that they were read at.
    at: Option<String>,
    told: BTreeSet<String>,
}

/// Whether a Rollout can be what an application waits for.
pub(super) fn is_on_its_way(state: &AppState) -> bool {
    matches!(state.health.status, HealthWord::Suspended | HealthWord::Progressing)
}

impl Rollouts {
    /// Where the Rollouts stand that are on their way, in words; `None` where there is none, or where that cannot be read. An
    /// application without any is asked for them once.
    pub(super) fn look(&mut self, deployer: &dyn Deployer, app: &App, state: &AppState) -> Option<String> {
        let known = self.at.as_deref() == Some(state.resource_version.as_str());
        if !known && (self.at.is_none() || !self.seen.is_empty()) {
            match deployer.rollouts(app) {
                Ok(rollouts) => {
                    self.seen = rollouts;
                    self.at = Some(state.resource_version.clone());
                }
                Err(fault) => tracing::debug!(%fault, "cannot read the Rollouts"),
            }
        }
        let words: Vec<String> = self.on_their_way().map(Rollout::words).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn on_their_way(&self) -> impl Iterator<Item = &Rollout> {
        self.seen.iter().filter(|rollout| rollout.is_in_progress())
    }

    /// Lets every Rollout that is on its way through without its remaining steps, once; what was told, in words.
    pub(super) fn let_through(&mut self, deployer: &dyn Deployer, app: &App) -> Result<Vec<String>, Fault> {
        let wanted: Vec<Rollout> =
            self.on_their_way().filter(|rollout| !self.told.contains(&rollout.name)).cloned().collect();
        let mut told = Vec::new();
        for rollout in wanted {
            deployer.act(app, &rollout, RolloutAction::PromoteFull)?;
            told.push(format!("{}; told to {}", rollout.words(), RolloutAction::PromoteFull.word()));
            self.told.insert(rollout.name);
        }
        Ok(told)
    }
}
