//! The way to an environment: what is known of a version in each environment before the target, from the first one on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::head::Baseline;
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::time::{Millis, Time};

/// An environment before the target, and what is known of the version there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Predecessor {
    /// The environment.
    pub environment: String,
    /// Its directory in the GitOps repository.
    pub place: String,
    /// Where the version comes from to it. Absent: the way begins here, and no record is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comes_from: Option<String>,
    /// The environment that it leads on to.
    pub leads_to: String,
    /// The newest record of this version here that says something of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Past>,
    /// Who took this version as given here, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Whether it is pinned here now.
    pub pins: Pins,
    /// Whether it runs here: looked at in the environment that the version comes from to the target.
    pub running: Running,
    /// How long it stood here, where it is no longer pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<Stay>,
    /// How long the promotion that leads on wants it to have stood here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_min: Option<Millis>,
}

/// What a record says of a version in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Past {
    /// The promotion.
    pub promotion: String,
    /// The environment that it came from; of a rollback the environment itself.
    pub from: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended.
    pub at: Time,
    /// The rollback that took the version away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
    /// Why the record does not count, where the rules believe only records whose run GitHub confirms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<String>,
    /// Who revoked it, when and why, if somebody did: its verification counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
}

/// What an environment pins now, as to one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pins {
    /// This version.
    Version,
    /// Another one.
    Other(Vec<ImageRef>),
    /// It cannot be read: why.
    Unreadable(String),
}

/// Whether an environment runs a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Running {
    /// Nobody was asked: no application is named, or none needs to be asked.
    NotAsked,
    /// Every application runs it, and is Healthy.
    Live {
        /// The applications.
        apps: Vec<String>,
    },
    /// One does not: which, and what it does.
    Not(String),
    /// It could not be found out.
    Unreadable {
        /// Why.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// How long a version stood in an environment that no longer pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Until a newer promotion took its place.
    Until {
        /// That promotion.
        by: String,
        /// How long it had stood by then.
        span: Millis,
    },
    /// No promotion took its place: it was changed past promote.
    Unknown,
}

impl Past {
    /// Whether the version came to stand there, and no rollback took it away: a delivery that nobody watched counts.
    pub fn stands(&self) -> bool {
        let done = matches!(self.outcome, Outcome::Promoted | Outcome::Delivered | Outcome::Unchanged);
        done && self.undone_by.is_none() && self.unconfirmed.is_none() && self.revoked.is_none()
    }
}
