//! Evidence from GitHub: what its workflows left behind, and what it knows of a commit.

use serde::{Deserialize, Serialize};

use crate::promotion::condition::Condition;
use crate::promotion::rules::Format;
use crate::promotion::time::Millis;

/// A question to GitHub about the commit that the version was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitHubSource {
    /// The repository that the version is built in, as `owner/name`; absent: the one that promote runs for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// What is asked.
    pub asks: GitHubAsks,
    /// How old it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Millis>,
}

/// What is asked of GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitHubAsks {
    /// Reports in an artifact of the newest completed run of a workflow for the commit.
    Artifact {
        /// The workflow, as a path: `.github/workflows/ci.yml`.
        workflow: String,
        /// The artifact's name; may hold `*`, `{service}` and `{environment}`.
        artifact: String,
        /// Which of its files: globs, which may hold `{service}` and `{environment}`; empty: all of them.
        files: Vec<String>,
        /// The format, if it is not to be detected.
        format: Option<Format>,
        /// What must have started the run.
        event: String,
        /// The branch that it must be of; absent: the default branch.
        branch: Option<String>,
    },
    /// Every check run and commit status of the commit.
    Checks {
        /// Checks that need not be there or be green, by name; may hold `*`.
        ignore: Vec<String>,
    },
    /// The reviews of the pull request that brought the commit.
    Review,
    /// Open alerts of code scanning.
    CodeScanning {
        /// The branch that was scanned; absent: the default branch.
        branch: Option<String>,
    },
    /// Open alerts of Dependabot.
    Dependabot,
    /// Open alerts of secret scanning.
    SecretScanning,
}

impl GitHubSource {
    /// Whether it is about the repository as it is now, not about a commit.
    pub fn is_of_now(&self) -> bool {
        matches!(self.asks, GitHubAsks::Dependabot | GitHubAsks::SecretScanning)
    }
}

impl GitHubAsks {
    /// Its name under `github:` in the rules.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Artifact { .. } => "artifact",
            Self::Checks { .. } => "checks",
            Self::Review => "review",
            Self::CodeScanning { .. } => "code_scanning",
            Self::Dependabot => "dependabot",
            Self::SecretScanning => "secret_scanning",
        }
    }
}

/// What a gate wants of one piece of evidence about the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfCommit {
    /// The evidence.
    pub evidence: String,
    /// `<evidence>.failed eq 0`, `<evidence>.approved gte min`, and so on.
    pub condition: Condition,
}
