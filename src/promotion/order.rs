//! Orders: what a person tells an environment, beside the promotions: files of their own in the ledger, folded into the
//! [head](crate::promotion::head).

use serde::{Deserialize, Serialize};

use crate::promotion::approvals::facts::WordPlace;
use crate::promotion::image::ImageRef;
use crate::promotion::request::Actor;
use crate::promotion::time::Time;

/// One order, one file: `orders/<service>/<environment>/<run>-<seq>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The schema number, that of [records](crate::promotion::record::SCHEMA).
    pub schema: u32,
    /// The process that wrote it. An order that follows from a promotion's end names the promotion instead: so it is given once,
    /// however many processes come to that end.
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
    /// Nothing is promoted there by itself. A person's run passes it, and says so.
    Held {
        /// Until when; absent: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
        /// Why.
        reason: String,
    },
    /// A version is not promoted there by anybody.
    Vetoed {
        /// Its images: a version that has all of them is meant.
        images: Vec<ImageRef>,
        /// Why.
        reason: String,
    },
    /// Nothing is promoted there by anybody. What is rolled back passes it.
    Frozen {
        /// Until when; absent: until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
        /// Why.
        reason: String,
    },
    /// An earlier order for the same service and environment stands no more.
    Lifted(Lifted),
    /// The verification of a promotion counts no more.
    Revoked {
        /// The promotion.
        promotion: String,
        /// What it brought.
        images: Vec<ImageRef>,
        /// Why.
        reason: String,
    },
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

/// An order that is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    /// What of.
    pub what: What,
    /// The version that a veto is on, as it is named: `app@1.20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why.
    pub reason: String,
    /// Where whoever lifts it said so at GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<WordPlace>,
}

/// What can be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A hold.
    Hold,
    /// A veto.
    Veto,
    /// A freeze.
    Freeze,
}

impl Order {
    /// Whether it lifts another and names nothing that could confirm it.
    pub fn lifts_unproven(&self) -> bool {
        matches!(&self.event, Ordered::Lifted(lifted) if lifted.word.is_none()) && self.ci_run.is_none()
    }
}

impl Lifted {
    /// What is lifted, and where, as whoever lifts it says it at GitHub: `lift veto app@1.20 of app in staging`.
    pub fn said(&self, service: Option<&str>, environment: Option<&str>) -> String {
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let of = match (service, environment) {
            (Some(service), Some(environment)) => format!("{service} in {environment}"),
            (None, Some(environment)) => format!("every service in {environment}"),
            (Some(service), None) => service.to_owned(),
            (None, None) => "everything".to_owned(),
        };
        format!("lift {}{version} of {of}", self.what.word())
    }
}

impl What {
    /// In a word: the command's name too.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Veto => "veto",
            Self::Freeze => "freeze",
        }
    }
}

impl Ordered {
    /// The word for lists and the audit trail.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Adopted(_) => "adopted",
            Self::Unlocked { .. } => "unlocked",
            Self::Reviewed(_) => "reviewed",
            Self::Held { .. } => "held",
            Self::Vetoed { .. } => "vetoed",
            Self::Frozen { .. } => "frozen",
            Self::Lifted(_) => "lifted",
            Self::Revoked { .. } => "revoked",
            Self::Unfamiliar => "unfamiliar",
        }
    }

    /// Why it was given.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Adopted(adopted) => Some(&adopted.reason),
            Self::Lifted(lifted) => Some(&lifted.reason),
            Self::Reviewed(reviewed) => Some(&reviewed.reason),
            Self::Unlocked { reason, .. }
            | Self::Held { reason, .. }
            | Self::Vetoed { reason, .. }
            | Self::Frozen { reason, .. }
            | Self::Revoked { reason, .. } => Some(reason),
            Self::Unfamiliar => None,
        }
    }
}
