//! Freeze windows as people write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::rules::file::bypass::BypassRule;
use crate::promotion::rules::file::shape::{OneOrMany, Placed};

/// A time in which nothing is promoted: every week (`weekly`), or once (`from` and `to`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Its name.
    pub name: Placed<String>,
    /// The environments that it freezes.
    pub environments: Placed<OneOrMany<String>>,
    /// The time zone, as the IANA database names it: `Europe/Berlin`.
    pub zone: Placed<String>,
    /// Every week.
    #[serde(default)]
    pub weekly: Option<Placed<Weekly>>,
    /// Once: from when on, as `2026-12-20 18:00`.
    #[serde(default)]
    pub from: Option<Placed<String>>,
    /// Until when.
    #[serde(default)]
    pub to: Option<Placed<String>>,
    /// Who may go on in it, with a reason. Default: nobody.
    #[serde(default)]
    pub except: Option<Vec<Placed<BypassRule>>>,
}

/// From one moment of the week to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// From when on, as `fri 16:00`.
    pub from: Placed<String>,
    /// Until when: the next such moment after it.
    pub to: Placed<String>,
}
