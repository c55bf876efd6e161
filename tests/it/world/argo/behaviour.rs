//! What a stand-in's application is, and what goes otherwise than usual with it.

use std::path::Path;
use std::sync::Arc;

use super::git;

/// What a commit renders to: images, or `None` for a commit that is not there.
pub(crate) type Render = dyn Fn(&str) -> Option<Vec<String>> + Send + Sync;

/// A GitOps repository as Argo CD sees it.
#[derive(Clone)]
pub(crate) struct Git {
    /// The tip of the branch.
    pub(crate) tip: Arc<dyn Fn() -> String + Send + Sync>,
    /// The images that an application's path renders to at a commit.
    pub(crate) images: Arc<Render>,
}

/// A health over time: from how many milliseconds after the rollout, and the word.
pub(crate) type Rollout = Vec<(i64, &'static str)>;

/// How an API is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Away {
    /// The ingress answers with its own page.
    Page,
    /// Connections break before an answer is whole.
    Broken,
}

/// One step of a canary.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// So many per cent of the traffic.
    Weight(u64),
    /// A pause: for so many milliseconds, or until somebody resumes it.
    Pause(Option<i64>),
}

/// What an application and its controller do beyond the usual. The usual: a sync takes a second, its result is compared
/// a little later, and a rollout is Progressing for three seconds and then Healthy.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// For how long after an operation the status stays as it was before, in milliseconds.
    pub(crate) stale: i64,
    /// A comparison that began before the operation ended is written after it: same second, old health.
    pub(crate) same_second: bool,
    /// How the health of a new version goes.
    pub(crate) rollout: Rollout,
    /// Versions whose image contains this text go otherwise.
    pub(crate) bad: Option<(String, Rollout)>,
    /// The manifest cache is poisoned: everything is "Synced", and the old image runs on.
    pub(crate) poisoned: bool,
    /// Auto-sync acts once on a revision that is out of date, and goes back to the version before.
    pub(crate) sync_back: bool,
    /// The first try of a sync fails; the retry comes later.
    pub(crate) first_try_fails: bool,
    /// Every sync fails with this message.
    pub(crate) sync_fails: Option<String>,
    /// Every sync cannot be carried out, for this reason.
    pub(crate) sync_errors: Option<String>,
    /// Somebody else's operation, pinned to the commit at the start, runs for so long from the start.
    pub(crate) other_operation: Option<i64>,
    /// Somebody else's sync follows ours, so that our mark disappears.
    pub(crate) overwritten: bool,
    /// An operation of ours never ends.
    pub(crate) stuck: bool,
    /// The connection breaks after a sync was accepted.
    pub(crate) lose_answer: bool,
    /// A sync window forbids manual syncs.
    pub(crate) window: bool,
    /// A refresh does not answer; the comparison happens five seconds later.
    pub(crate) refresh_hangs: bool,
    /// From and to: everything is 403, since Kubernetes cannot be reached.
    pub(crate) masked: Option<(i64, i64)>,
    /// From and to: the ingress answers with its own page.
    pub(crate) ingress_down: Option<(i64, i64)>,
    /// The API is away while git pins an image that contains this text.
    pub(crate) away: Option<(String, Away)>,
    /// Our commit cannot be rendered.
    pub(crate) cannot_compare: Option<String>,
    /// The application has a source hydrator.
    pub(crate) hydrator: bool,
    /// The application has an Argo Rollout, whose canary takes these steps.
    pub(crate) canary: Option<Vec<Step>>,
    /// The server is older than v3.1: a resource action is a bare name.
    pub(crate) old_actions: bool,
    /// The application is Degraded from the start, by this resource, and stays so.
    pub(crate) broken_before: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            stale: 1200,
            same_second: false,
            rollout: vec![(0, "Progressing"), (3000, "Healthy")],
            bad: None,
            poisoned: false,
            sync_back: false,
            first_try_fails: false,
            sync_fails: None,
            sync_errors: None,
            other_operation: None,
            overwritten: false,
            stuck: false,
            lose_answer: false,
            window: false,
            refresh_hangs: false,
            masked: None,
            ingress_down: None,
            away: None,
            cannot_compare: None,
            hydrator: false,
            canary: None,
            old_actions: false,
            broken_before: false,
        }
    }
}

/// An application, as it is made.
#[derive(Clone)]
pub(crate) struct AppSpec {
    pub(crate) name: String,
    pub(crate) project: String,
    pub(crate) repository: String,
    pub(crate) path: String,
    pub(crate) branch: String,
    pub(crate) auto: bool,
    pub(crate) git: Git,
    pub(crate) behaviour: Behaviour,
}

impl AppSpec {
    /// A manual application of the usual behaviour that deploys a directory of a bare repository.
    pub(crate) fn deploying(name: &str, repository: &Path, branch: &str, path: &str) -> Self {
        Self {
            name: name.to_owned(),
            project: "default".to_owned(),
            repository: repository.display().to_string(),
            path: path.to_owned(),
            branch: branch.to_owned(),
            auto: false,
            git: git::of(repository, branch, path),
            behaviour: Behaviour::default(),
        }
    }
}
