//! What somebody asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::image::ImageRef;

/// A promotion that was asked for: service, environments, and the versions at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The service.
    pub service: String,
    /// What kind of change it is.
    pub kind: RequestKind,
    /// The source environment; for a rollback the environment itself.
    pub from: String,
    /// The target environment.
    pub to: String,
    /// For each image what the target pinned at the request, and what it shall pin.
    pub images: Vec<Wanted>,
    /// The newest terminal promotion of this service and environment at the request; empty if there was none.
    pub previous: String,
    /// Why, in the words of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request {
    /// Whether it restores the version from before a promotion.
    pub fn is_rollback(&self) -> bool {
        matches!(self.kind, RequestKind::Rollback { .. })
    }
}

/// What kind of change is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Move a version forward.
    Promotion,
    /// Restore the version from before a promotion.
    Rollback {
        /// The promotion that is undone.
        undoes: String,
    },
}

/// One image's change as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wanted {
    /// What the target pinned at the request.
    pub old: ImageRef,
    /// What it shall pin.
    pub new: ImageRef,
}

/// Who asked, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// A name.
    pub name: String,
    /// How it is known. A claimed identity never fills a quorum.
    pub known: ActorKnown,
}

/// How an actor is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKnown {
    /// GitHub Actions says so (`GITHUB_ACTOR`).
    Github,
    /// The environment of the process says so (`USER`).
    Claimed,
}
