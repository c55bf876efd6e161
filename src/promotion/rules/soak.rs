//! What a soak asks for: how long, by which clock, and whether it is protected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::time::Millis;

/// How long the version must have run in the source environment without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakGate {
    /// How long; met by exactly this time.
    pub min: Millis,
    /// What tells since when a version runs that no record knows.
    #[serde(default, skip_serializing_if = "SoakSince::is_record")]
    pub since: SoakSince,
    /// Another version may take its place in the source environment only by name, while it soaks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
}

impl SoakGate {
    /// A soak of so long, known from records.
    pub fn of(min: Millis) -> Self {
        Self { min, since: SoakSince::Record, protect: false }
    }
}

/// What tells since when a version runs that no record knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoakSince {
    /// Nothing: a soak begins with the record of a promotion.
    #[default]
    Record,
    /// Argo CD's history of the applications: when the commit that brought the version was deployed.
    Argocd,
}

impl SoakSince {
    /// Whether records alone count.
    pub fn is_record(&self) -> bool {
        *self == Self::Record
    }

    /// In a word, as the rules write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Argocd => "argocd",
        }
    }
}
