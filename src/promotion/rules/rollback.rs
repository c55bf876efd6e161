//! What a failed verification leads to, and what keeps it so.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::rules::trigger::Trigger;
use crate::promotion::time::Millis;

/// Whether a rollback happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RollbackWhen {
    /// By itself.
    Auto,
    /// A person decides: the run ends `stuck` with the exact command.
    Ask,
    /// Never: the run ends `stuck`.
    Never,
}

/// What a failed verification leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// Which failures count.
    pub on: BTreeSet<Trigger>,
    /// Whether it happens by itself.
    pub when: RollbackWhen,
    /// Whether "could not be confirmed" counts as a failure.
    pub on_unknown: bool,
    /// For how long nothing is promoted there by itself after a rollback.
    #[serde(default = "Rollback::day", skip_serializing_if = "Rollback::is_day")]
    pub hold: Millis,
    /// How much time must lie between two automatic rollbacks of the environment; zero: none.
    #[serde(default, skip_serializing_if = "Rollback::is_none")]
    pub cooldown: Millis,
    /// How many automatic rollbacks of the environment there may be in 24 hours.
    #[serde(default = "Rollback::few", skip_serializing_if = "Rollback::is_few")]
    pub per_day: u32,
}

impl Rollback {
    const fn day() -> Millis {
        Millis::mins(24 * 60)
    }

    fn is_day(hold: &Millis) -> bool {
        *hold == Self::day()
    }

    fn is_none(cooldown: &Millis) -> bool {
        cooldown.0 == 0
    }

    const fn few() -> u32 {
        3
    }

    fn is_few(per_day: &u32) -> bool {
        *per_day == Self::few()
    }
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            on: BTreeSet::from([Trigger::Deployment, Trigger::Health]),
            when: RollbackWhen::Auto,
            on_unknown: false,
            hold: Self::day(),
            cooldown: Millis(0),
            per_day: Self::few(),
        }
    }
}
