//! What GitHub says of who approved: read once for a judgement, and kept with it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::promotion::time::Time;

/// Everything that was read about approvals for one judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalFacts {
    /// The repository whose environments, runs and pull requests these are: `acme/app`.
    pub repository: String,
    /// Its default branch, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// The environments that were asked for, by the name that was asked for.
    pub environments: BTreeMap<String, Protection>,
    /// The workflow run that this is, with its jobs and reviews; absent outside GitHub Actions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunFacts>,
    /// The runs that led to this one (`workflow_run`), nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub led_here: Vec<RunFacts>,
    /// Who wrote the commits since the last verified version; read only where a run was started by a bot. Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors: Option<Vec<Person>>,
    /// What was said in comments and in reviews of a pull request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
    /// For each team that was asked about (`org/team`): whether these users, by login in lower case, are members now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, BTreeMap<String, Member>>,
    /// GitHub's answers word for word, by request (`GET /repos/acme/app/actions/runs/1/approvals`): for the record.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Value>,
}

/// A user of GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The login; empty where the user is gone.
    pub login: String,
    /// The number that stays when the login changes.
    pub id: u64,
    /// `User`, `Bot` or `Organization`.
    pub kind: String,
}

impl Person {
    /// Whether a program acts under this name. A user who is gone counts as one: nobody can be asked.
    pub fn is_bot(&self) -> bool {
        self.kind != "User" || self.login.is_empty() || self.login.ends_with("[bot]")
    }

    /// Whether both are the same user.
    pub fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What is known of how an environment is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// It exists, and this protects it.
    Known(EnvironmentFacts),
    /// There is none of this name: a workflow that names it would create it without any protection.
    Missing,
    /// It could not be read.
    Unreadable {
        /// Why, and what to do.
        why: String,
    },
}

/// An environment as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentFacts {
    /// Its number.
    pub id: u64,
    /// Its name, as GitHub writes it.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Who can approve; any one of them is enough for GitHub. Empty: nobody is asked.
    pub reviewers: Vec<Reviewer>,
    /// Whether whoever started a run is kept from approving it.
    pub prevent_self_review: bool,
    /// Whether administrators may start waiting jobs without a review; absent where GitHub does not say.
    pub admins_bypass: Option<bool>,
    /// How long it waits by itself, in minutes.
    pub wait_minutes: u64,
    /// Which branches may use it.
    pub branches: Branches,
}

/// Which branches may use an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Branches {
    /// Any.
    Any,
    /// Those with a protection rule.
    Protected,
    /// Those whose name fits one of these patterns; empty where the patterns were not read.
    Named(Vec<String>),
}

/// Somebody who can approve in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reviewer {
    /// A team of the repository's organisation.
    Team {
        /// Its number.
        id: u64,
        /// Its name in addresses.
        slug: String,
    },
    /// A user.
    User(Person),
}

/// A workflow run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunFacts {
    /// Its number.
    pub id: u64,
    /// Which attempt it is in now, from 1.
    pub attempt: u32,
    /// The workflow's file, without `@ref`: `.github/workflows/promotion-workflow.yml`.
    pub path: String,
    /// What started it: `workflow_dispatch`, `schedule`.
    pub event: String,
    /// The branch, where it has one.
    pub branch: Option<String>,
    /// The commit.
    pub commit: String,
    /// The repository that it runs in.
    pub repository: String,
    /// The repository that its commit is from; a fork's where they differ. Absent where that is gone.
    pub head_repository: Option<String>,
    /// Who started it.
    pub actor: Option<Person>,
    /// Who started this attempt.
    pub triggering_actor: Option<Person>,
    /// When it was created.
    pub created: Time,
    /// Its page.
    pub url: String,
    /// How it ended, where it has: `success`, `failure`, `cancelled`.
    pub conclusion: Option<String>,
    /// Its jobs, of all attempts; empty where they were not asked for.
    pub jobs: Vec<JobFacts>,
    /// The reviews in it, of all attempts: GitHub does not say of which. Empty where they were not asked for.
    pub reviews: Vec<Review>,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobFacts {
    /// Its name as it is shown; of a called workflow with the caller's before it: `promote / approve sre 7f3a2b1c9d0e`.
    pub name: String,
    /// The attempt that it ran in.
    pub attempt: u32,
    /// `queued`, `in_progress`, `waiting`, `completed`, …
    pub status: String,
    /// How it ended, where it has.
    pub conclusion: Option<String>,
}

/// A review of a run's environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// `approved`, `rejected` or `pending`.
    pub state: String,
    /// What the reviewer said.
    pub comment: String,
    /// The numbers of the environments that were reviewed together.
    pub environments: Vec<u64>,
    /// Who; absent where the user is gone.
    pub user: Option<Person>,
}

/// A comment, or a review of a pull request, that may approve or reject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Word {
    /// Where it is.
    pub place: WordPlace,
    /// Who wrote it; absent where the user is gone.
    pub author: Option<Person>,
    /// What is written.
    pub body: String,
    /// When.
    pub at: Time,
    /// Whether it was changed afterwards.
    pub edited: bool,
    /// For a review: `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, `PENDING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For a review: the commit that was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// For a review: the pull request's head now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// Where a word is: kept in the ledger, so that it can be fetched again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct WordPlace {
    /// Whether it is a comment or a review.
    pub kind: WordKind,
    /// The pull request's (or issue's) number.
    pub number: u64,
    /// The word's own.
    pub id: u64,
    /// Its page.
    pub url: String,
}

/// What kind of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WordKind {
    /// A comment on an issue or a pull request.
    Comment,
    /// A review of a pull request.
    Review,
}

/// Whether a user is in a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// An active member.
    Yes,
    /// Not, or not yet.
    No,
    /// It could not be found out.
    Unknown {
        /// Why, and which permission is missing.
        why: String,
    },
}
