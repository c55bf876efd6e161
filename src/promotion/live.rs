//! Is it really live? An application's state as Argo CD tells it, and what can be said of it without asking again.
//!
//! Argo CD says "Synced, Healthy" of the *last comparison*, which may be older than our commit and older than our sync.
//! What must be seen before a version counts as live, and in which order, is in [`judge`].

pub mod aim;
pub mod judge;
pub mod rollout;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::image::{ImageChange, ImageRef, short_name};
use crate::promotion::time::Time;

/// One application as it was seen at one moment. Its times are the Kubernetes server's, in whole seconds: they are
/// compared with each other, and never with our own clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppState {
    /// Its name.
    pub name: String,
    /// Its Argo CD project.
    pub project: String,
    /// The version of Argo CD, where it was asked for.
    pub server: Option<String>,
    /// The server's clock when it answered (its `Date` header).
    pub server_time: Option<Time>,
    /// Kubernetes' mark of this state: another mark, another state.
    pub resource_version: String,
    /// Whether Argo CD syncs by itself.
    pub auto_sync: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether a source hydrator stands between our commit and what is deployed.
    pub hydrator: bool,
    /// Whether `argocd.argoproj.io/skip-reconcile` stops the controller.
    pub paused: bool,
    /// What it deploys; one source, or several.
    pub sources: Vec<AppSource>,
    /// How its resources are.
    pub health: AppHealth,
    /// What the last comparison with git said.
    pub sync: AppSync,
    /// When the last comparison with git *started*.
    pub reconciled_at: Option<Time>,
    /// The operation that is asked for or running; Argo CD has one at a time, and no queue.
    pub operation: Option<Operation>,
    /// The newest operation that the controller has taken up: running, or how it ended.
    pub last: Option<LastOperation>,
    /// What was deployed before and is still known, oldest first. It is asked for a soak, and not kept.
    #[serde(skip)]
    pub history: Vec<Deployed>,
    /// What the controller complains of.
    pub conditions: Vec<AppCondition>,
    /// The resources that are not well, with what they say.
    pub troubled: Vec<Troubled>,
    /// The images of the running pods: old and new ones together during a rollout.
    pub pod_images: Vec<String>,
}

/// A deployment that succeeded as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployed {
    /// What was deployed, source by source.
    pub revisions: Vec<String>,
    /// When it was done.
    pub at: Option<Time>,
}

/// One source of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppSource {
    /// The repository, without user and password.
    pub repository: String,
    /// The directory in it.
    pub path: String,
    /// Branch, tag or commit that is followed; empty means `HEAD`.
    pub revision: String,
}

/// How an application's resources are: the worst of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppHealth {
    /// In a word.
    pub status: HealthWord,
    /// What it says, if anything.
    pub message: Option<String>,
    /// Since when it has been this word.
    pub since: Option<Time>,
}

/// Argo CD's words for health. What is not among them is never done.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum HealthWord {
    /// All resources are well.
    Healthy,
    /// Waiting for a person or a pause to end; counts as on its way.
    Suspended,
    /// On its way.
    Progressing,
    /// A resource is not there.
    Missing,
    /// A resource failed.
    Degraded,
    /// Argo CD does not know, or says nothing.
    #[default]
    Unknown,
    /// A word that this version does not know.
    Other(String),
}

/// Argo CD's words for how the cluster stands to git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SyncWord {
    /// As in git.
    Synced,
    /// Not as in git.
    OutOfSync,
    /// The comparison failed, or there was none.
    #[default]
    Unknown,
    /// A word that this version does not know.
    Other(String),
}

/// What the last comparison with git said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppSync {
    /// In a word.
    pub status: SyncWord,
    /// What was compared with, source by source: commits, but a branch's name where the comparison failed.
    pub revisions: Vec<String>,
}

/// An operation that is asked for or running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// What it is asked to deploy, source by source; empty: what the application follows, resolved when it starts.
    pub revisions: Vec<String>,
    /// Its infos, by name: ours carries the promotion.
    pub infos: BTreeMap<String, String>,
    /// Who asked: a user, or `auto-sync`.
    pub by: String,
}

/// How far an operation is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Running, or waiting for its next try.
    #[default]
    Running,
    /// Being ended.
    Terminating,
    /// Done.
    Succeeded,
    /// Resources could not be brought where they should be.
    Failed,
    /// It could not be carried out.
    Error,
    /// A word that this version does not know.
    Other(String),
}

impl Phase {
    /// Whether it has ended, well or badly.
    pub fn ended(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Error)
    }
}

/// The newest operation that the controller has taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastOperation {
    /// What was asked for.
    pub operation: Operation,
    /// How far it is.
    pub phase: Phase,
    /// When it, or its last try, ended. A running operation that waits for its next try has one too.
    pub finished_at: Option<Time>,
    /// What it really deployed, source by source.
    pub revisions: Vec<String>,
    /// What it says.
    pub message: String,
    /// The resources that it could not sync: `Deployment/app: field is immutable`.
    pub failed: Vec<String>,
}

/// A complaint of the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppCondition {
    /// `ComparisonError`, `SyncError`, `InvalidSpecError`, …
    pub kind: String,
    /// What it says.
    pub message: String,
}

/// A resource that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Troubled {
    /// `Deployment/app`.
    pub resource: String,
    /// How it is.
    pub health: HealthWord,
    /// What it says.
    pub message: String,
    /// Whether it is none of the application's own, but something that these made, such as a pod. No record says so: the state
    /// before a commit names the application's own only.
    #[serde(skip)]
    pub below: bool,
}

impl AppState {
    /// The commit that the last comparison was made with, for one source.
    pub fn compared(&self, source: usize) -> Option<&str> {
        self.sync.revisions.get(source).map(String::as_str).filter(|revision| !revision.is_empty())
    }

    /// The state in a few words, for a line of progress: `Progressing at c0ffee1, sync running`.
    pub fn words(&self, source: usize) -> String {
        let mut text = word(&self.health.status).to_owned();
        if let Some(revision) = self.compared(source) {
            text = format!("{text} at {}", short(revision));
        }
        match (&self.operation, &self.last) {
            (Some(_), Some(last)) if !last.message.is_empty() => format!("{text}, sync running: {}", last.message),
            (Some(_), _) => format!("{text}, sync running"),
            (None, _) if self.sync.status == SyncWord::OutOfSync => format!("{text}, out of sync"),
            (None, _) => match &self.health.message {
                Some(message) if self.health.status != HealthWord::Healthy => format!("{text}: {message}"),
                _ => text,
            },
        }
    }

    /// The source that deploys a directory of a branch of a repository, or what the application deploys instead.
    pub fn tracks(&self, repository: &str, branch: &str, path: &str) -> Result<usize, String> {
        let fits = |source: &AppSource| {
            same_repository(&source.repository, repository)
                && trimmed(&source.path) == trimmed(path)
                && (follows(&source.revision, branch))
        };
        if let Some(index) = self.sources.iter().position(fits) {
            return Ok(index);
        }
        let shown = |source: &AppSource| {
            let revision = if source.revision.is_empty() { "HEAD" } else { &source.revision };
            format!("{} of {revision} in {}", or_root(&source.path), source.repository)
        };
        let seen: Vec<String> = self.sources.iter().map(shown).collect();
        let seen = if seen.is_empty() { "nothing".to_owned() } else { seen.join(", and ") };
        Err(format!("it deploys {seen}; expected {} of {branch} in {repository}", or_root(path)))
    }
}

/// The word as Argo CD writes it.
pub fn word(health: &HealthWord) -> &str {
    match health {
        HealthWord::Healthy => "Healthy",
        HealthWord::Suspended => "Suspended",
        HealthWord::Progressing => "Progressing",
        HealthWord::Missing => "Missing",
        HealthWord::Degraded => "Degraded",
        HealthWord::Unknown => "Unknown",
        HealthWord::Other(word) => word,
    }
}

/// The first seven digits of a commit; anything else as it is.
pub fn short(revision: &str) -> &str {
    if revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit()) { &revision[..7] } else { revision }
}

/// Whether the new versions are what the live manifests run, and the old ones nowhere any more. `Err` says what was seen.
pub fn images_live(live: &[String], changes: &[ImageChange]) -> Result<(), String> {
    for change in changes {
        let found = candidates(live, &change.new);
        if found.is_empty() {
            let seen = if live.is_empty() { "no container at all".to_owned() } else { live.join(", ") };
            return Err(format!("no live container runs {}; seen: {seen}", change.new.repository()));
        }
        let shown = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if !found.iter().any(|image| image.same_version(&change.new)) {
            return Err(format!("expected {} live; seen: {shown}", change.new.version()));
        }
        let replaced = !change.old.same_version(&change.new);
        if replaced && found.iter().any(|image| image.same_version(&change.old) && !image.same_version(&change.new)) {
            return Err(format!("{} is still live beside {}: {shown}", change.old.version(), change.new.version()));
        }
    }
    Ok(())
}

/// The live images that our changes are about, sorted, each once.
pub fn images_of(live: &[String], changes: &[ImageChange]) -> Vec<String> {
    let found = changes.iter().flat_map(|change| candidates(live, &change.new));
    found.map(|image| image.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The live images that one of our changes is about: by whole repository; else by its last part; else, where the
/// manifests pin no repository, all of them.
fn candidates(live: &[String], wanted: &ImageRef) -> Vec<ImageRef> {
    let parsed: Vec<ImageRef> = live.iter().filter_map(|text| ImageRef::parse(text)).collect();
    let pick = |fits: &dyn Fn(&ImageRef) -> bool| -> Vec<ImageRef> {
        parsed.iter().filter(|image| fits(image)).cloned().collect()
    };
    let whole = pick(&|image| hub(image.repository()) == hub(wanted.repository()));
    if !whole.is_empty() {
        return whole;
    }
    let last = pick(&|image| short_name(image.repository()) == short_name(wanted.repository()));
    if last.is_empty() && wanted.repository.is_none() { parsed } else { last }
}

/// Docker Hub's images have three names.
fn hub(repository: &str) -> &str {
    let name = repository.strip_prefix("docker.io/").unwrap_or(repository);
    name.strip_prefix("library/").unwrap_or(name)
}

fn or_root(path: &str) -> &str {
    if trimmed(path).is_empty() { "the root" } else { path }
}

fn trimmed(path: &str) -> &str {
    let path = path.trim_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path).trim_matches('/');
    if path == "." { "" } else { path }
}

/// Whether a target revision follows a branch. `HEAD` is the default branch, which we cannot tell from here, and is let
/// through: a comparison that never comes to our commit shows it.
fn follows(revision: &str, branch: &str) -> bool {
    matches!(revision, "" | "HEAD") || revision.strip_prefix("refs/heads/").unwrap_or(revision) == branch
}

/// Whether two addresses name one repository: scheme, user, port, `.git` and the case of the host do not matter. Of a local
/// path only the last part can be compared.
fn same_repository(a: &str, b: &str) -> bool {
    let (a, b) = (address(a), address(b));
    match (&a.0, &b.0) {
        (Some(x), Some(y)) => x == y && a.1 == b.1,
        _ => short_name(&a.1) == short_name(&b.1),
    }
}

/// Host, if there is one, and path.
fn address(text: &str) -> (Option<String>, String) {
    let clean = |path: &str| {
        let path = path.trim_matches('/');
        path.strip_suffix(".git").unwrap_or(path).to_owned()
    };
    if let Some((scheme, rest)) = text.split_once("://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.rsplit('@').next().unwrap_or(host);
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        return ((scheme != "file" && !host.is_empty()).then_some(host), clean(path));
    }
    match text.split_once(':') {
        Some((host, path)) if !host.contains('/') => {
            (Some(host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase()), clean(path))
        }
        _ => (None, clean(text)),
    }
}

#[cfg(test)]
mod tests;
