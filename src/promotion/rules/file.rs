//! The rules file as people write it. The JSON Schema is generated from these types, and the faults of a file are found
//! by walking it against that schema, so what an editor offers is what is read.
//!
//! Every struct refuses unknown fields: a misspelt gate would be an ignored gate, and an ignored gate is a passed gate.

pub mod bypass;
pub mod freeze;
pub mod gates;
pub mod health;
pub mod places;
pub mod shape;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::rules::Trust;
use crate::promotion::rules::file::bypass::Bypass;
use crate::promotion::rules::file::freeze::Freeze;
use crate::promotion::rules::file::gates::Gates;
use crate::promotion::rules::file::health::{Health, Smoke};
use crate::promotion::rules::file::places::{Environment, Evidence, Image, Repo, Server};
use crate::promotion::rules::file::shape::{Entries, OneOrMany, Placed, Span};
use crate::promotion::rules::rollback::RollbackWhen;

/// The rules of promote: where a service lives, what is known of it, and what moves it from one environment to the next.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Promotion rules")]
pub struct File {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: Placed<u32>,
    /// The service's name.
    pub service: Placed<String>,
    /// Which images of the service are promoted. Default: the one named like the service, else the only one.
    #[serde(default)]
    pub images: Option<Vec<Placed<Image>>>,
    /// Argo CD servers other than the one that `ARGOCD_SERVER` names.
    #[serde(default)]
    pub servers: Option<Placed<Entries<Server>>>,
    /// GitOps repositories other than the one that `GITOPS_REPO` names.
    #[serde(default)]
    pub repos: Option<Placed<Entries<Repo>>>,
    /// The environments, by name.
    pub environments: Placed<Entries<Environment>>,
    /// The sources of evidence, by id.
    #[serde(default)]
    pub evidence: Option<Placed<Entries<Evidence>>>,
    /// Where the evidence bundle of each promotion goes. Default: nowhere; `promote bundle` writes one when it is asked to.
    #[serde(default)]
    pub bundle: Option<Placed<Bundle>>,
    /// How the records of the ledger are believed.
    #[serde(default)]
    pub ledger: Option<Placed<Ledger>>,
    /// A file of the GitOps repository that tells every environment's version: `releases.yaml`. It is written in the commit that
    /// changes the version.
    #[serde(default)]
    pub releases: Option<Placed<String>>,
    /// How GitHub asks for approvals, and which workflow promotes.
    #[serde(default)]
    pub github: Option<Placed<GitHub>>,
    /// Times in which nothing is promoted.
    #[serde(default)]
    pub freeze: Option<Placed<Vec<Placed<Freeze>>>>,
    /// The promotions.
    pub promotions: Placed<Vec<Placed<Promotion>>>,
}

/// How GitHub asks for approvals, and which workflow promotes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// The name of the environment whose reviewers are a role's people. Default: `{environment}-approval-{role}`, where `{environment}` is
    /// the target.
    #[serde(default)]
    pub approval_environment: Option<Placed<String>>,
    /// The workflow that promotes. Default: .github/workflows/promotion-workflow.yml
    #[serde(default)]
    pub workflow: Option<Placed<String>>,
}

/// How records are believed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Whose records count. Default: push.
    #[serde(default)]
    pub trust: Option<Trust>,
}

/// Where evidence bundles go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Directories below the working directory. May hold `{version}`, `{service}`, `{environment}` and `{id}`; without `{id}`
    /// each bundle has a folder of that name in it.
    pub directories: Placed<OneOrMany<String>>,
}

/// One promotion: from where, to where, and on which conditions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// The source environment.
    pub from: Placed<String>,
    /// The target environment.
    pub to: Placed<String>,
    /// That it is a hotfix: a way past environments, taken with `--hotfix` only.
    #[serde(default)]
    pub hotfix: Option<Placed<Hotfix>>,
    /// Judged on the source environment.
    #[serde(default)]
    pub gates: Option<Placed<Gates>>,
    /// Who must approve.
    #[serde(default)]
    pub approvals: Option<Placed<Vec<Placed<Approval>>>>,
    /// Let one person stand for several roles.
    #[serde(default)]
    pub same_person: bool,
    /// Refuse images without a digest.
    #[serde(default)]
    pub require_digest: bool,
    /// Refuse evidence that is not bound to the version.
    #[serde(default)]
    pub require_subject: bool,
    /// Let a version that `promote adopt` took as given count as if its promotion were recorded.
    #[serde(default)]
    pub trust_baseline: bool,
    /// Let `promote run --auto` promote what passes.
    #[serde(default)]
    pub auto_promote: bool,
    /// Judged on the target environment, after the sync.
    #[serde(default)]
    pub verify: Option<Placed<Verify>>,
    /// What a failed verification leads to.
    #[serde(default)]
    pub rollback: Option<Placed<Rollback>>,
    /// Who may go past approvals or gates. Default: nobody.
    #[serde(default)]
    pub bypass: Option<Placed<Bypass>>,
}

/// That a promotion is a hotfix: at least two people must approve it, nobody sets that aside, and a review follows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hotfix {
    /// The environments that it goes past: all that lie between `from` and `to` on the ordinary way.
    pub skips: Placed<OneOrMany<String>>,
}

/// One role that must approve.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The role's name.
    pub role: Placed<String>,
    /// The GitHub team whose members have it: `org/team`.
    #[serde(default)]
    pub team: Option<Placed<String>>,
    /// The users who have it.
    #[serde(default)]
    pub users: Option<Placed<OneOrMany<String>>>,
    /// How many of them must approve. Default: 1.
    #[serde(default)]
    pub min: Option<Placed<u64>>,
    /// How long an approval may take.
    #[serde(default)]
    pub within: Option<Placed<Span>>,
    /// Users who count as the role's own.
    #[serde(default)]
    pub deputies: Option<Placed<OneOrMany<String>>>,
}

/// Verification after the sync.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// How long all must hold without a break. Default: 10s.
    #[serde(default)]
    pub settle: Option<Placed<Span>>,
    /// The deadline for all of it, the settle time included. Default: 15m.
    #[serde(default)]
    pub timeout: Option<Placed<Span>>,
    /// How long a failure must last to be definite. Default: 60s.
    #[serde(default)]
    pub grace: Option<Placed<Span>>,
    /// HTTP checks.
    #[serde(default)]
    pub health: Option<Vec<Placed<Health>>>,
    /// Tests that run once when the new version is live: HTTP requests in their order, or workflows.
    #[serde(default)]
    pub smoke: Option<Vec<Placed<Smoke>>>,
    /// Gates that are judged on the target environment.
    #[serde(default)]
    pub gates: Option<Placed<Gates>>,
    /// For how long after its promotion a version is under the watch of `promote verify --watch`. Default: not at all.
    #[serde(default)]
    pub watch: Option<Placed<Span>>,
}

/// What a failed verification leads to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Which failures count: `deployment`, `health`, or gates under `verify.gates`. Default: deployment and health.
    #[serde(default)]
    pub on: Option<Placed<OneOrMany<String>>>,
    /// Whether it happens by itself. Default: auto.
    #[serde(default)]
    pub when: Option<RollbackWhen>,
    /// How long nothing is promoted to the environment by itself after a rollback. Default: 24h.
    #[serde(default)]
    pub hold: Option<Placed<Span>>,
    /// How much time must lie between two automatic rollbacks of the environment; before that a person decides. Default: none.
    #[serde(default)]
    pub cooldown: Option<Placed<Span>>,
    /// How many automatic rollbacks of the environment there may be in 24 hours; after that a person decides. Default: 3.
    #[serde(default)]
    pub per_day: Option<Placed<u64>>,
    /// What follows when verification could not find out. Default: keep.
    #[serde(default)]
    pub on_unknown: Option<OnUnknown>,
}

/// What follows when verification could not find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// The version stays, and the run ends `unconfirmed`.
    Keep,
    /// As if it had failed.
    Rollback,
}
