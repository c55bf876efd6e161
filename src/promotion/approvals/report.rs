//! What the approvals of one plan come to, role by role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::approvals::facts::{ApprovalFacts, WordPlace};
use crate::promotion::time::Time;

/// What the approvals come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalReport {
    /// One row for each role, in the order of the rules.
    pub roles: Vec<RoleRow>,
    /// The whole of it.
    pub standing: Standing,
    /// What holds all of it, whatever the roles say, in a sentence each: a run of another branch, a re-run, a chain that ends at a bot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleRow {
    /// The role.
    pub role: String,
    /// How many approvals it needs.
    pub needed: u32,
    /// Who can give them: `acme/sre-team`, `@ana @bo`.
    pub people: String,
    /// The environments that ask for them.
    pub environments: Vec<String>,
    /// Who gave one that counts.
    pub given: Vec<Given>,
    /// How it stands.
    pub standing: Standing,
    /// Why it does not stand, or what did not count and why, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// An approval that counts, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// Who.
    pub login: String,
    /// In which environment, where it was a review of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// In which comment or review, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<WordPlace>,
    /// What was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether a deputy gave it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deputy: bool,
}

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is missing.
    Approved,
    /// It is set aside, as the rules allow.
    Bypassed,
    /// Somebody has still to approve.
    Open,
    /// It could not be found out.
    Unknown,
    /// It can never stand as things are: an environment that nobody protects, a run of another branch.
    Broken,
    /// It was refused, or its time has passed.
    Rejected,
}

/// A judgement of approvals as a record keeps it: what was read, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedApprovals {
    /// The digest of the plan that they were judged for.
    pub digest: String,
    /// When this plan was published first, where that is known: words before it do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_at: Option<Time>,
    /// When they were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// The logins that asked for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested_by: Vec<String>,
    /// What was read.
    pub facts: ApprovalFacts,
    /// What it came to.
    pub report: ApprovalReport,
}

impl Standing {
    /// The word for it, as documents write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Bypassed => "bypassed",
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
            Self::Rejected => "rejected",
        }
    }
}

impl ApprovalReport {
    /// Folds rows: what is worst of them is the whole.
    pub fn of(roles: Vec<RoleRow>, because: Vec<String>, hints: Vec<String>) -> Self {
        let worst = roles.iter().map(|role| role.standing).max().unwrap_or(Standing::Approved);
        Self { roles, standing: worst, because, hints }
    }

    /// Whether the plan may be carried out.
    pub fn stands(&self) -> bool {
        matches!(self.standing, Standing::Approved | Standing::Bypassed)
    }

    /// The roles that have still to approve.
    pub fn open(&self) -> impl Iterator<Item = &RoleRow> {
        self.roles.iter().filter(|role| !matches!(role.standing, Standing::Approved | Standing::Bypassed))
    }
}
