//! The rules, resolved: names bound, defaults filled in, typed gates spelled out as conditions.
//!
//! The short form that people write is in [`mod@file`]; what it means is worked out in
//! [`resolve`], and every fault of a file is found by [`read`] at once.

pub mod at;
pub mod check;
pub mod compare;
pub mod de;
pub mod fault;
pub mod file;
pub mod find;
pub mod format;
pub mod github;
pub mod health;
pub mod hotfix;
pub mod live;
pub mod quantity;
pub mod read;
pub mod resolve;
pub mod roles;
pub mod rollback;
pub mod schema;
pub mod soak;
pub mod tree;
pub mod trigger;
pub mod ways;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::canary::limit::Canary;
use crate::promotion::condition::Condition;
use crate::promotion::freeze::Window;
use crate::promotion::rules::at::At;
use crate::promotion::rules::format::Format;
use crate::promotion::rules::github::{GitHubSource, OfCommit};
use crate::promotion::rules::health::{HealthCheck, Smoke};
use crate::promotion::rules::hotfix::Hotfix;
use crate::promotion::rules::live::{AlertsSource, PrometheusSource};
use crate::promotion::rules::roles::{AtGitHub, MayBypass, Role};
use crate::promotion::rules::rollback::Rollback;
use crate::promotion::rules::soak::SoakGate;
use crate::promotion::time::Millis;

/// A rules file, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The services, by name. The short form has one.
    pub services: BTreeMap<String, Service>,
    /// The sources of evidence, by id.
    pub evidence: BTreeMap<String, Source>,
    /// The promotions, in the order of the file.
    pub promotions: Vec<Promotion>,
    /// The directories that get the bundle of each promotion, with placeholders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
    /// Whose records count.
    #[serde(default)]
    pub trust: Trust,
    /// The file of the GitOps repository that tells every environment's version; absent: none is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<String>,
    /// How GitHub asks for approvals, and which workflow promotes.
    #[serde(default)]
    pub github: AtGitHub,
}

/// Whose records count, where a record opens something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Those of whoever can write to the ledger.
    #[default]
    Push,
    /// Those whose GitHub Actions run is confirmed at GitHub: of the workflow that promotes, on the default branch.
    Runs,
}

/// A service and the environments that it lives in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its environments, in the order of the file.
    pub environments: Vec<Environment>,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Where it is written down, and what runs it; the short form has one.
    pub targets: Vec<Target>,
    /// Which images are promoted; empty means: the entry named like the service, else the only one.
    pub images: Vec<ImageRule>,
}

/// One directory of one GitOps repository, and the applications that run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name; `default` in the short form.
    pub id: String,
    /// The repository's name under `repos:`; `default` is `GITOPS_REPO`.
    pub repo: String,
    /// The branch; absent: `GITOPS_BRANCH`, else the repository's default branch.
    pub branch: Option<String>,
    /// The directory, relative to the repository's root, with `/`, without one at either end.
    pub path: String,
    /// The Argo CD applications that deploy it; empty: delivery ends at the pushed commit.
    pub apps: Vec<App>,
}

/// An Argo CD application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// The server's name under `servers:`; `default` is `ARGOCD_SERVER`.
    pub server: String,
    /// The application's name.
    pub name: String,
    /// Its Argo CD project, where known: with it a missing application is 404, not 403.
    pub project: Option<String>,
    /// Its namespace, if not the control plane's own.
    pub namespace: Option<String>,
    /// What a manual application is synced to.
    pub sync: SyncTo,
}

/// What a manual application is synced to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncTo {
    /// Its target revision, resolved when the sync starts (the default).
    Branch,
    /// Exactly our commit.
    Commit,
}

/// Which image, and where it is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRule {
    /// Its name in Kustomize's `images:`, or its repository (whole, or the last part) in plain manifests.
    pub name: String,
    /// A Helm values file, relative to the target's path; then at least one of the following is named.
    pub file: Option<String>,
    /// Path of the tag in that file: `image.tag`, `images[name=app].tag`.
    pub tag: Option<String>,
    /// Path of the digest.
    pub digest: Option<String>,
    /// Path of the repository.
    pub repository: Option<String>,
}

/// A source of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its id in the rules.
    pub id: String,
    /// What it is.
    pub kind: SourceKind,
    /// Where it stands in the rules file.
    #[serde(skip)]
    pub at: At,
}

/// What a source of evidence is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Files in the workspace.
    Files {
        /// Globs, relative to the working directory; may hold `{service}` and `{environment}`.
        globs: Vec<String>,
        /// The format, if it is not to be detected.
        format: Option<Format>,
        /// How old it may be, by the file's own time.
        max_age: Option<Millis>,
    },
    /// What GitHub knows of the commit that the version was built from.
    GitHub(GitHubSource),
    /// Service levels, from Prometheus.
    Prometheus(PrometheusSource),
    /// Alerts that are firing.
    Alerts(AlertsSource),
}

impl Source {
    /// How old its evidence may be; absent: as old as it is.
    pub fn max_age(&self) -> Option<Millis> {
        match &self.kind {
            SourceKind::Files { max_age, .. } => *max_age,
            SourceKind::GitHub(source) => source.max_age,
            SourceKind::Prometheus(_) | SourceKind::Alerts(_) => None,
        }
    }

    /// Whether it is asked about an environment at the moment of the question: it has no files and no age.
    pub fn is_live(&self) -> bool {
        matches!(self.kind, SourceKind::Prometheus(_) | SourceKind::Alerts(_))
    }
}

/// One promotion: from where, to where, and on which conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// The source environment.
    pub from: String,
    /// The target environment.
    pub to: String,
    /// That it is a hotfix, which goes past environments and is no part of the ordinary way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfix>,
    /// Judged on the source environment, in the order of the file.
    pub gates: Vec<Gate>,
    /// Refuse images without a digest.
    pub require_digest: bool,
    /// Refuse evidence that is not bound to a version.
    pub require_subject: bool,
    /// A version that was adopted in an environment counts there as recorded.
    pub trust_baseline: bool,
    /// Whether `promote run --auto` promotes what passes.
    pub auto_promote: bool,
    /// Who must approve, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Role>,
    /// One person may stand for several roles.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_person: bool,
    /// Who may set gates or approvals aside.
    #[serde(default, skip_serializing_if = "MayBypass::is_empty")]
    pub bypass: MayBypass,
    /// The times in which nothing is promoted to the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Window>,
    /// Judged on the target, after the sync.
    pub verify: Verify,
    /// What to do when that fails.
    pub rollback: Rollback,
    /// Parts of the rules that parse and that this version cannot do: the promotion is refused with their names.
    pub not_built: Vec<NotBuilt>,
    /// Where it stands.
    #[serde(skip)]
    pub at: At,
}

/// A part of the rules that this version cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotBuilt {
    /// Its name, as the file has it: `gates.slo`, `approvals`, `rollback.hold`.
    pub part: String,
    /// Where it stands.
    #[serde(skip)]
    pub at: At,
}

/// One gate: a row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// `<gate>.<evidence or measure>`: `tests.unit`, `coverage.line`.
    pub id: String,
    /// What it needs.
    pub kind: GateKind,
    /// Optional: failing is a warning, missing is skipped; neither holds.
    pub optional: bool,
    /// Where it stands.
    #[serde(skip)]
    pub at: At,
}

/// What a gate needs. Each kind carries the condition that it is short for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// The tests of one evidence id all pass, and there are enough of them.
    Tests {
        /// The evidence.
        evidence: String,
        /// `<evidence>.failed eq 0`, `<evidence>.errored eq 0`, `<evidence>.executed gte count_min`, and so on.
        condition: Condition,
    },
    /// A measure over the merge of several evidence ids. What kind of measure it is, the gate's name says: `coverage.line`.
    #[serde(alias = "coverage", alias = "security")]
    Measured {
        /// The evidence; every id must yield a reading.
        from: Vec<String>,
        /// The programs that must have made the reports, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tools: Vec<String>,
        /// The evidence that a measure is compared with, where it is: `coverage.line_drop` is how much lower the line rate is
        /// than that of this evidence, which may be of another version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        /// `coverage.line_rate gte 0.7`.
        condition: Condition,
    },
    /// All checks of the commit are green, and there are enough of them.
    Checks(OfCommit),
    /// Enough people approved the commit, and nobody asked for changes.
    Review(OfCommit),
    /// The version has run in the source environment for this long.
    Soak(SoakGate),
    /// The canary keeps to one of its limits.
    Canary(Canary),
    /// A condition over any facts. One row for each part of the outermost `all`.
    Condition(Condition),
}

/// Post-promotion verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verify {
    /// How long all must hold without a break.
    pub settle: Millis,
    /// The deadline for all of it, the settle time included.
    pub timeout: Millis,
    /// How long a failure must last to be definite.
    pub grace: Millis,
    /// HTTP checks that are polled in the settle window.
    pub health: Vec<HealthCheck>,
    /// Tests that run once when the new version is live, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<Smoke>,
    /// Gates that are judged on the target through the settle window, over the time since the deployment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub gates: Vec<Gate>,
    /// For how long after its promotion a version is looked at again by `promote verify --watch`; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Millis>,
}

impl Default for Verify {
    fn default() -> Self {
        let (health, smoke, gates, watch) = (Vec::new(), Vec::new(), Vec::new(), None);
        let (settle, timeout, grace) = (Millis::secs(10), Millis::mins(15), Millis::secs(60));
        Self { settle, timeout, grace, health, smoke, gates, watch }
    }
}
