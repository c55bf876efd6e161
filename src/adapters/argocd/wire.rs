//! What Argo CD's API says, as JSON, and its translation.
//!
//! Go's encoder writes `null` and leaves out as it likes, so nothing here is required, and words that are not known are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::promotion::live::{
    AppCondition, AppHealth, AppSource, AppState, AppSync, Deployed, HealthWord, LastOperation, Operation, Phase,
    SyncWord, Troubled,
};
use crate::promotion::time::Time;

/// `null` is as good as absent.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A time that cannot be read is no time.
fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|text| text.parse().ok()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Application {
    #[serde(deserialize_with = "nullable")]
    metadata: Metadata,
    #[serde(deserialize_with = "nullable")]
    spec: Spec,
    #[serde(deserialize_with = "nullable")]
    status: Status,
    operation: Option<WireOperation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    resource_version: String,
    deletion_timestamp: Option<String>,
    #[serde(deserialize_with = "nullable")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    #[serde(deserialize_with = "nullable")]
    project: String,
    source: Option<WireSource>,
    #[serde(deserialize_with = "nullable")]
    sources: Vec<WireSource>,
    source_hydrator: Option<serde::de::IgnoredAny>,
    #[serde(deserialize_with = "nullable")]
    sync_policy: SyncPolicy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSource {
    #[serde(rename = "repoURL", deserialize_with = "nullable")]
    repo_url: String,
    #[serde(deserialize_with = "nullable")]
    path: String,
    #[serde(deserialize_with = "nullable")]
    target_revision: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SyncPolicy {
    automated: Option<Automated>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Automated {
    enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "nullable")]
    sync: WireSync,
    #[serde(deserialize_with = "nullable")]
    health: WireHealth,
    #[serde(deserialize_with = "moment")]
    reconciled_at: Option<Time>,
    operation_state: Option<OperationState>,
    #[serde(deserialize_with = "nullable")]
    history: Vec<WireDeployed>,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<WireCondition>,
    #[serde(deserialize_with = "nullable")]
    resources: Vec<Resource>,
    #[serde(deserialize_with = "nullable")]
    summary: Summary,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireDeployed {
    #[serde(flatten)]
    what: Revisions,
    #[serde(deserialize_with = "moment")]
    deployed_at: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireSync {
    #[serde(deserialize_with = "nullable")]
    status: String,
    #[serde(flatten)]
    at: Revisions,
}

/// `revision` of a single source, `revisions` of several.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Revisions {
    #[serde(deserialize_with = "nullable")]
    revision: String,
    #[serde(deserialize_with = "nullable")]
    revisions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireHealth {
    #[serde(deserialize_with = "nullable")]
    status: String,
    message: Option<String>,
    #[serde(deserialize_with = "moment")]
    last_transition_time: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireOperation {
    sync: Option<Revisions>,
    #[serde(deserialize_with = "nullable")]
    info: Vec<Info>,
    #[serde(deserialize_with = "nullable")]
    initiated_by: Initiator,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Initiator {
    #[serde(deserialize_with = "nullable")]
    username: String,
    #[serde(deserialize_with = "nullable")]
    automated: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationState {
    #[serde(deserialize_with = "nullable")]
    operation: WireOperation,
    #[serde(deserialize_with = "nullable")]
    phase: String,
    #[serde(deserialize_with = "moment")]
    finished_at: Option<Time>,
    #[serde(deserialize_with = "nullable")]
    message: String,
    sync_result: Option<SyncResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SyncResult {
    #[serde(flatten)]
    at: Revisions,
    #[serde(deserialize_with = "nullable")]
    resources: Vec<ResultResource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResultResource {
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    status: String,
    #[serde(deserialize_with = "nullable")]
    hook_phase: String,
    #[serde(deserialize_with = "nullable")]
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireCondition {
    #[serde(rename = "type", deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    message: String,
}

/// A resource of an application, or a node of its tree.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource {
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    health: WireHealth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Summary {
    #[serde(deserialize_with = "nullable")]
    images: Vec<String>,
}

/// The tree of an application's resources, pods included.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    #[serde(deserialize_with = "nullable")]
    nodes: Vec<Resource>,
}

impl Tree {
    /// The nodes that are not well.
    pub(super) fn troubled(self) -> Vec<Troubled> {
        troubled(self.nodes)
    }
}

impl Application {
    /// What it means. `shown` strips what must not be seen from a repository's address.
    pub(super) fn state(self, shown: &dyn Fn(&str) -> String) -> AppState {
        let Self { metadata, spec, status, operation } = self;
        let automated = spec.sync_policy.automated;
        let sources = if spec.sources.is_empty() { spec.source.into_iter().collect() } else { spec.sources };
        AppState {
            name: metadata.name,
            project: spec.project,
            server: None,
            server_time: None,
            resource_version: metadata.resource_version,
            // An `automated` without `enabled` is on: the field came with v3.1.
            auto_sync: automated.is_some_and(|automated| automated.enabled != Some(false)),
            deleting: metadata.deletion_timestamp.is_some(),
            hydrator: spec.source_hydrator.is_some(),
            paused: metadata.annotations.get("argocd.argoproj.io/skip-reconcile").is_some_and(|value| value == "true"),
            sources: sources
                .into_iter()
                .map(|source| AppSource {
                    repository: shown(&source.repo_url),
                    path: source.path,
                    revision: source.target_revision,
                })
                .collect(),
            health: AppHealth {
                status: health(&status.health.status),
                message: status.health.message,
                since: status.health.last_transition_time,
            },
            sync: AppSync { status: sync(&status.sync.status), revisions: status.sync.at.list() },
            reconciled_at: status.reconciled_at,
            operation: operation.map(WireOperation::meaning),
            last: status.operation_state.map(OperationState::meaning),
            history: status.history.into_iter().map(WireDeployed::meaning).collect(),
            conditions: status
                .conditions
                .into_iter()
                .map(|one| AppCondition { kind: one.kind, message: one_line(&one.message) })
                .collect(),
            troubled: troubled(status.resources),
            pod_images: status.summary.images,
        }
    }
}

impl Revisions {
    fn list(self) -> Vec<String> {
        if !self.revisions.is_empty() {
            self.revisions
        } else if self.revision.is_empty() {
            Vec::new()
        } else {
            vec![self.revision]
        }
    }
}

impl WireDeployed {
    fn meaning(self) -> Deployed {
        Deployed { revisions: self.what.list(), at: self.deployed_at }
    }
}

impl WireOperation {
    fn meaning(self) -> Operation {
        let by = match (self.initiated_by.automated, self.initiated_by.username) {
            (true, _) => "auto-sync".to_owned(),
            (false, user) if user.is_empty() => "somebody".to_owned(),
            (false, user) => user,
        };
        Operation {
            revisions: self.sync.unwrap_or_default().list(),
            infos: self.info.into_iter().map(|info| (info.name, info.value)).collect(),
            by,
        }
    }
}

impl OperationState {
    fn meaning(self) -> LastOperation {
        let result = self.sync_result.unwrap_or_default();
        let failed = result
            .resources
            .iter()
            .filter(|one| one.status == "SyncFailed" || matches!(one.hook_phase.as_str(), "Failed" | "Error"));
        let failed = failed.map(|one| format!("{}/{}: {}", one.kind, one.name, one_line(&one.message))).collect();
        let phase = match self.phase.as_str() {
            "Running" => Phase::Running,
            "Terminating" => Phase::Terminating,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Error" => Phase::Error,
            other => Phase::Other(other.to_owned()),
        };
        LastOperation {
            operation: self.operation.meaning(),
            phase,
            finished_at: self.finished_at,
            revisions: result.at.list(),
            message: one_line(&self.message),
            failed,
        }
    }
}

fn health(word: &str) -> HealthWord {
    match word {
        "Healthy" => HealthWord::Healthy,
        "Suspended" => HealthWord::Suspended,
        "Progressing" => HealthWord::Progressing,
        "Missing" => HealthWord::Missing,
        "Degraded" => HealthWord::Degraded,
        "Unknown" | "" => HealthWord::Unknown,
        other => HealthWord::Other(other.to_owned()),
    }
}

fn sync(word: &str) -> SyncWord {
    match word {
        "Synced" => SyncWord::Synced,
        "OutOfSync" => SyncWord::OutOfSync,
        "Unknown" | "" => SyncWord::Unknown,
        other => SyncWord::Other(other.to_owned()),
    }
}

/// The resources that say that they are not well; those that say nothing have no health of their own.
fn troubled(resources: Vec<Resource>) -> Vec<Troubled> {
    let unwell = resources.into_iter().filter(|one| !matches!(one.health.status.as_str(), "" | "Healthy"));
    let mut list: Vec<Troubled> = unwell
        .map(|one| Troubled {
            resource: format!("{}/{}", one.kind, one.name),
            health: health(&one.health.status),
            message: one_line(&one.health.message.unwrap_or_default()),
            below: false,
        })
        .collect();
    list.sort_by(|a, b| a.resource.cmp(&b.resource));
    list
}

/// Messages are untrusted and may be long: one line, and not all of it.
fn one_line(text: &str) -> String {
    const MOST: usize = 500;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST).chain(['…']).collect() }
}
