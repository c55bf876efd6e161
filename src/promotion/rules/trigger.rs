//! What may lead to a rollback.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A failure that may lead to a rollback: of the deployment, of a health check, or of a gate under `verify.gates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Argo CD: the operation failed, or the application stayed Degraded.
    Deployment,
    /// An HTTP check stayed bad.
    Health,
    /// Test results.
    Tests,
    /// Coverage.
    Coverage,
    /// Security findings.
    Security,
    /// The checks of the commit.
    Checks,
    /// The review of the commit.
    Review,
    /// Service levels.
    Slo,
    /// The error budget.
    ErrorBudget,
    /// Alerts.
    Alerts,
    /// A load test.
    Performance,
    /// The time in the environment.
    Soak,
    /// The canary.
    Canary,
    /// What linters say.
    Quality,
    /// A condition in general form.
    Conditions,
}

impl Trigger {
    /// Every trigger: the gates after the others, in the order of their table.
    pub const ALL: [Self; 15] = [
        Self::Deployment,
        Self::Health,
        Self::Tests,
        Self::Coverage,
        Self::Security,
        Self::Checks,
        Self::Review,
        Self::Slo,
        Self::ErrorBudget,
        Self::Alerts,
        Self::Performance,
        Self::Soak,
        Self::Canary,
        Self::Quality,
        Self::Conditions,
    ];

    /// The word, as rules and records have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Health => "health",
            Self::Tests => "tests",
            Self::Coverage => "coverage",
            Self::Security => "security",
            Self::Checks => "checks",
            Self::Review => "review",
            Self::Slo => "slo",
            Self::ErrorBudget => "error_budget",
            Self::Alerts => "alerts",
            Self::Performance => "performance",
            Self::Soak => "soak",
            Self::Canary => "canary",
            Self::Quality => "quality",
            Self::Conditions => "conditions",
        }
    }

    /// The trigger of a gate, by the gate's name in the rules.
    pub fn of_gate(name: &str) -> Option<Self> {
        let gates = Self::ALL.into_iter().filter(|trigger| !matches!(trigger, Self::Deployment | Self::Health));
        gates.into_iter().find(|trigger| trigger.word() == name)
    }
}
