//! The record: what happened to a promotion, as immutable events; its state is a fold over them and stored nowhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::approvals::facts::WordPlace;
use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::facts::Facts;
use crate::promotion::image::ImageRef;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, Plan};
use crate::promotion::report::{GateReport, GateRow};
use crate::promotion::request::{Actor, Request};
use crate::promotion::rules::hotfix::Hotfix;
use crate::promotion::rules::trigger::Trigger;
use crate::promotion::time::{Millis, Time};

/// The schema number of an entry; readers accept this and older ones.
pub const SCHEMA: u32 = 1;

/// One event of a promotion's life, one file: `0001-planned.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The schema number.
    pub schema: u32,
    /// The promotion's id.
    pub id: String,
    /// The process that wrote it.
    pub run: String,
    /// Its place among the promotion's events, from 0.
    pub seq: u32,
    /// When.
    pub at: Time,
    /// Who ran it.
    pub actor: Actor,
    /// The CI run that it happened in, as its page's address, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci_run: Option<String>,
    /// What happened.
    pub event: Milestone,
}

/// What can happen to a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Milestone {
    /// Somebody asked for it.
    Requested(Box<Requested>),
    /// Somebody approved it.
    Approved(Approved),
    /// Somebody refused it.
    Rejected(Rejected),
    /// Somebody took it back.
    Cancelled(Cancelled),
    /// A newer promotion of the same service to the same environment took its place.
    Superseded {
        /// The newer promotion.
        by: String,
    },
    /// The gates were judged and do not let it through; the promotion stays open.
    Judged(Box<Judged>),
    /// The gates let it through and this is what will be done: written before the first write.
    Planned(Box<Planned>),
    /// The new version stands in the GitOps repository.
    Committed {
        /// The commits.
        commits: Vec<Committed>,
    },
    /// It is live and held for the settle time.
    Verified(Verified),
    /// It is not, definitely.
    Refuted(Refuted),
    /// It is worse than it may be, and a person decides what follows: the environment is on hold until then.
    Paused(Refuted),
    /// What restoring the old version will do: written before its first write.
    RollbackPlanned {
        /// The plan.
        plan: Box<Plan>,
    },
    /// The old version stands in the GitOps repository again.
    RollbackCommitted {
        /// The commits.
        commits: Vec<Committed>,
    },
    /// The old version is live again and held for the settle time.
    RollbackVerified(Verified),
    /// A run ended and the promotion with it, or not: see the outcome.
    Closed(Closed),
    /// An event of a later version of promote, which this one passes over.
    #[serde(other)]
    #[schemars(skip)]
    Unfamiliar,
}

impl Milestone {
    /// What the approvals came to, where they were judged.
    pub fn approvals(&self) -> Option<&JudgedApprovals> {
        match self {
            Self::Planned(planned) => planned.approvals.as_deref(),
            Self::Judged(judged) => judged.approvals.as_deref(),
            Self::Rejected(rejected) => rejected.approvals.as_deref(),
            _ => None,
        }
    }

    /// The word in the file's name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Requested(_) => "requested",
            Self::Approved(_) => "approved",
            Self::Rejected(_) => "rejected",
            Self::Cancelled(_) => "cancelled",
            Self::Superseded { .. } => "superseded",
            Self::Judged(_) => "judged",
            Self::Planned(_) => "planned",
            Self::Committed { .. } => "committed",
            Self::Verified(_) => "verified",
            Self::Refuted(_) => "refuted",
            Self::Paused(_) => "paused",
            Self::RollbackPlanned { .. } => "rollback-planned",
            Self::RollbackCommitted { .. } => "rollback-committed",
            Self::RollbackVerified(_) => "rollback-verified",
            Self::Closed(_) => "closed",
            Self::Unfamiliar => "unfamiliar",
        }
    }
}

/// What was asked for, under which rules, by which promote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Requested {
    /// The request.
    pub request: Request,
    /// The rules file's path.
    pub rules_path: String,
    /// The rules, word for word.
    pub rules: String,
    /// The version of promote.
    pub promote: String,
    /// The waivers file, word for word; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<RulesText>,
    /// What was set aside for it, as the rules allow; the reason is the request's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bypassed: Vec<Bypass>,
    /// What it skips, where it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
    /// Whether no person asked for it: it went by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// What the source environment pinned; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Deployment>,
    /// What the target environment pinned; absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Deployment>,
}

/// What can be set aside for one promotion, where the rules allow it and a reason is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bypass {
    /// The gates.
    Gates,
    /// The approvals.
    Approvals,
    /// Environments of the ordinary way: it is a hotfix.
    Hotfix,
    /// The soak of the version that another one takes the place of.
    Soak,
}

impl Bypass {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gates => "gates",
            Self::Approvals => "approvals",
            Self::Hotfix => "hotfix",
            Self::Soak => "soak",
        }
    }
}

/// An approval. Who gave it is the entry's actor: a claimed identity never fills a quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approved {
    /// The role that it was given in, where the rules ask for roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Where it was said at GitHub, which is asked again before it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<WordPlace>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// Why.
    pub reason: String,
    /// Who said so at GitHub, where the run only read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What was read there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Box<JudgedApprovals>>,
}

/// A promotion that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// Why, where something was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What an environment pinned when a promotion was asked for, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// The environment.
    pub environment: String,
    /// The GitOps repository, as it may be shown.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit that was read.
    pub commit: String,
    /// The directory.
    pub path: String,
    /// The images that it pinned, of those that are promoted.
    pub images: Vec<ImageRef>,
}

/// A judgement that holds the promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// What was read.
    pub facts: Facts,
    /// What the gates said of it.
    pub report: GateReport,
    /// `held`, `unknown` or `waiting`.
    pub outcome: Outcome,
    /// The rules that were judged by, where they are no longer those of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesText>,
    /// The waivers file that was judged by, where it is no longer the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<RulesText>,
    /// Who approved, where the gates let it through and the rules ask for approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Box<JudgedApprovals>>,
}

/// A judgement that lets the promotion through, and the plan that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// What was read.
    pub facts: Facts,
    /// What the gates said of it.
    pub report: GateReport,
    /// What will be done.
    pub plan: Plan,
    /// The rules that were judged by, where they are no longer those of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesText>,
    /// The waivers file that was judged by, where it is no longer the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<RulesText>,
    /// Who approved, where the rules ask for approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Box<JudgedApprovals>>,
}

/// A rules or waivers file, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RulesText {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A verification that held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// Since when everything held: the soak starts here.
    pub since: Time,
    /// For how long it was watched.
    pub settled: Millis,
    /// What was seen live, application by application.
    pub apps: Vec<LiveApp>,
    /// Health checks that passed, by URL.
    pub health: Vec<String>,
    /// Smoke tests that passed, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<String>,
    /// The verification's gates, as they were seen last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateRow>,
    /// What was broken or firing before already, and does not count, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// What was seen live of one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveApp {
    /// The application's name.
    pub app: String,
    /// The revision that Argo CD compared and synced.
    pub revision: String,
    /// The images of the live manifests that are ours.
    pub images: Vec<String>,
}

/// A verification that definitely failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refuted {
    /// What kind of failure it is.
    pub trigger: Trigger,
    /// What happened, in one sentence: `app-staging turned Degraded 48 s after the sync and stayed so for 60 s`.
    pub what: String,
    /// What the failing resource said.
    pub detail: Option<String>,
    /// The gates that failed, where it was gates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateRow>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// The outcome.
    pub outcome: Outcome,
    /// What happened, in one sentence.
    pub what: String,
    /// What to do next, where there is something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many requests the run had sent to GitHub's API by then, where it asked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github_requests: Option<u64>,
}
