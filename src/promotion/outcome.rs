//! How a run ends: one word and one exit code (the README's table).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// `validate`: every gate passes.
    Ready,
    /// `plan`: printed, nothing written.
    Planned,
    /// A request, an approval, a refusal, an order: it is in the ledger, and nothing else was written.
    Recorded,
    /// Written, live, and verified.
    Promoted,
    /// Pushed; there is no Argo CD to watch.
    Delivered,
    /// The target already pins and runs this version.
    Unchanged,
    /// A gate failed.
    Held,
    /// Evidence is missing, stale or unreadable.
    Unknown,
    /// An approval was refused, or its deadline passed.
    Rejected,
    /// Approvals, time or a person's decision are still open.
    Waiting,
    /// Somebody else holds the lock, won the race, or promoted something newer.
    Superseded,
    /// Delivery failed, and the environment is as it was.
    Failed,
    /// Promoted, did not verify, restored.
    RolledBack,
    /// A human is needed.
    Stuck,
    /// Written, but what came of it could not be found out.
    Unconfirmed,
    /// Stopped between two steps.
    Interrupted,
}

impl Outcome {
    /// Every outcome, in the order of the README's table.
    pub const ALL: [Self; 16] = [
        Self::Ready,
        Self::Planned,
        Self::Recorded,
        Self::Promoted,
        Self::Delivered,
        Self::Unchanged,
        Self::Held,
        Self::Unknown,
        Self::Rejected,
        Self::Waiting,
        Self::Superseded,
        Self::Failed,
        Self::RolledBack,
        Self::Stuck,
        Self::Unconfirmed,
        Self::Interrupted,
    ];

    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ready | Self::Planned | Self::Recorded | Self::Promoted | Self::Delivered | Self::Unchanged => 0,
            Self::Held => 10,
            Self::Unknown => 11,
            Self::Rejected => 12,
            Self::Waiting => 13,
            Self::Superseded => 14,
            Self::Failed => 20,
            Self::RolledBack => 21,
            Self::Stuck => 22,
            Self::Unconfirmed => 23,
            Self::Interrupted => 130,
        }
    }

    /// The word, as outputs and records have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Planned => "planned",
            Self::Recorded => "recorded",
            Self::Promoted => "promoted",
            Self::Delivered => "delivered",
            Self::Unchanged => "unchanged",
            Self::Held => "held",
            Self::Unknown => "unknown",
            Self::Rejected => "rejected",
            Self::Waiting => "waiting",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Stuck => "stuck",
            Self::Unconfirmed => "unconfirmed",
            Self::Interrupted => "interrupted",
        }
    }
}
