//! The head of a service and environment: what its records say together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::image::ImageRef;
use crate::promotion::orders::Orders;
use crate::promotion::request::Actor;
use crate::promotion::time::Time;

/// What the ledger says of a service in an environment: derived from the records, rewritten by whoever adds one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The newest terminal promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// The newest version that was verified here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_verified: Option<LastVerified>,
    /// The promotion that has begun and has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// How many promotions have ended here.
    #[serde(default)]
    pub sequence: u64,
    /// What a person declared to be running here: never verified by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The orders that stand. As the ledger keeps it, of those for this service and environment alone; as it is read for a
    /// judgement, of all that apply here.
    #[serde(flatten)]
    pub orders: Orders,
}

/// The newest version that was verified in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastVerified {
    /// The promotion that verified it.
    pub promotion: String,
    /// The images.
    pub images: Vec<ImageRef>,
    /// Since when it held.
    pub since: Time,
}

/// A version that a person declared to be running in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The images.
    pub images: Vec<ImageRef>,
    /// When.
    pub at: Time,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

impl Head {
    /// The head once its open promotion has lost its place to another.
    #[must_use]
    pub fn without_open(&self) -> Self {
        match &self.open {
            Some(open) => Self { current: Some(open.clone()), open: None, sequence: self.sequence + 1, ..self.clone() },
            None => self.clone(),
        }
    }
}
