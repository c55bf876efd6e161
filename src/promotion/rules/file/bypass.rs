//! Who may go past what, as people write it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::rules::file::shape::{OneOrMany, Placed};

/// Who may go past approvals or gates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bypass {
    /// Past approvals.
    #[serde(default)]
    pub approvals: Option<Placed<BypassRule>>,
    /// Past gates.
    #[serde(default)]
    pub gates: Option<Placed<BypassRule>>,
}

/// Who may, and what they must say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BypassRule {
    /// Users, or teams as `org/team`.
    pub by: Placed<OneOrMany<String>>,
    /// A reason is always required; this says so to readers.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// Whether a bypass needs a reason.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It does.
    Required,
}
