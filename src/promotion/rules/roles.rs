//! Who must approve, who may set what aside, and where GitHub asks them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::rules::at::At;
use crate::promotion::time::Millis;

/// A role that must approve a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The team whose members have it, as `org/team`; absent where users are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The users who have it; empty where a team is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Users who count as the role's own people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<String>,
    /// How many of them must approve: 1 or more.
    pub min: u32,
    /// How long after the plan an approval may come; later it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Millis>,
    /// Where it stands in the rules file.
    #[serde(skip)]
    pub at: At,
}

impl Role {
    /// The users that the rules name: the role's own and its deputies.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.users.iter().chain(&self.deputies).map(String::as_str)
    }

    /// Whether the rules name this user, compared without case as GitHub does.
    pub fn names(&self, login: &str) -> bool {
        self.named().any(|name| name.eq_ignore_ascii_case(login))
    }
}

/// Who may set gates or approvals aside for one promotion: users, or teams as `org/team`. Empty: nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MayBypass {
    /// Past approvals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<String>,
    /// Past gates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<String>,
}

impl MayBypass {
    /// Whether nobody may set anything aside.
    pub fn is_empty(&self) -> bool {
        self.approvals.is_empty() && self.gates.is_empty()
    }
}

/// How roles are asked at GitHub, and by which workflow promotions run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AtGitHub {
    /// The name of the environment whose reviewers are a role's people; holds `{environment}` and `{role}`.
    pub approval_environment: String,
    /// The workflow that promotes, as a path in the repository that it runs in: approvals of runs of another one do not count.
    pub workflow: String,
}

/// The environment of a role where the rules do not name it otherwise.
pub const APPROVAL_ENVIRONMENT: &str = "{environment}-approval-{role}";
/// The workflow that promotes where the rules do not name another.
pub const WORKFLOW: &str = ".github/workflows/promotion-workflow.yml";

impl Default for AtGitHub {
    fn default() -> Self {
        Self { approval_environment: APPROVAL_ENVIRONMENT.to_owned(), workflow: WORKFLOW.to_owned() }
    }
}
