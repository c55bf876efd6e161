//! What an examination of a ledger found.

use schemars::JsonSchema;
use serde::Serialize;

/// Something that is not as it was written, or not as it can have been written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Where: a path in the ledger, or a commit and its repository.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// A finding.
    pub fn new(place: impl Into<String>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), hint: hint.into() }
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Promotions that could be read, at least in part.
    pub promotions: u64,
    /// Files of entries.
    pub entries: u64,
    /// Files of orders.
    pub orders: u64,
    /// Services in environments that have records.
    pub environments: u64,
    /// Commits of the ledger's branch; 0 for a directory.
    pub ledger_commits: u64,
    /// Commits of promotions in the GitOps repository; 0 where it was not looked at.
    pub gitops_commits: u64,
}

/// What an examination says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Findings {
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and what is only worth knowing.
    pub notes: Vec<String>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, place: impl Into<String>, what: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::new(place, what, hint));
    }

    /// Adds something worth knowing.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}
