//! Orders: what a person tells an environment, beside the promotions: files of their own in the ledger, folded into the
//! [head](crate::promotion::head).

use serde::{Deserialize, Serialize};

use crate::promotion::image::ImageRef;
use crate::promotion::request::Actor;
use crate::promotion::time::Time;

/// One order, one file: `orders/<service>/<environment>/<run>-<seq>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The schema number, that of [records](crate::promotion::record::SCHEMA).
    pub schema: u32,
    /// The process that wrote it.
    pub run: String,
    /// Its place among that process's orders, from 0.
    pub seq: u32,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: Actor,
    /// The CI run that it happened in, as its page's address, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci_run: Option<String>,
    /// The service that it is about; absent: every service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The environment that it is about; absent: every environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What was ordered.
    pub event: Ordered,
}

/// What can be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Ordered {
    /// What runs now is taken as given: a baseline, never "verified by us".
    Adopted(Adopted),
    /// The lock was taken away from a run.
    Unlocked {
        /// The run that held it.
        holder: String,
        /// Why.
        reason: String,
    },
    /// A hotfix was looked at again, by somebody other than who asked for it.
    Reviewed(Reviewed),
    /// An order of a later version of promote, which this one passes over.
    #[serde(other)]
    Unfamiliar,
}

/// A version that is taken as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The images that the environment pins.
    pub images: Vec<ImageRef>,
    /// The GitOps commit that pins them.
    pub commit: String,
    /// Why.
    pub reason: String,
}

/// The review of a hotfix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The promotion.
    pub promotion: String,
    /// What came of it.
    pub reason: String,
}

impl Ordered {
    /// The word for lists and the audit trail.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Adopted(_) => "adopted",
            Self::Unlocked { .. } => "unlocked",
            Self::Reviewed(_) => "reviewed",
            Self::Unfamiliar => "unfamiliar",
        }
    }
}
