//! What is waited for, and how the wait can end.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::job::End;
use crate::ports::{Branch, Fault};
use crate::promotion::facts::Facts;
use crate::promotion::gates::target::Readings;
use crate::promotion::image::ImageChange;
use crate::promotion::live::AppState;
use crate::promotion::record::{Refuted, Verified};
use crate::promotion::rules::{App, Promotion, Source};
use crate::promotion::time::Time;

/// The texts of files, by path; `None` for a file that is not there.
pub type Texts = BTreeMap<String, Option<String>>;

/// What must come true in an environment.
pub struct Goal<'a> {
    /// The service.
    pub service: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// What marks our operations at Argo CD: the promotion's id; for a rollback one of its own, so that the operation that
    /// brought the bad version is not taken for the one that restores the good one.
    pub nonce: &'a str,
    /// The change of version, image by image: what must be live, and what no longer.
    pub images: &'a [ImageChange],
    /// Where our commits stand, and the applications that deploy them.
    pub places: &'a [Place],
    /// The applications as they were before our commit, by name: what was broken then never refutes.
    pub baseline: &'a BTreeMap<String, AppState>,
    /// The URLs of health checks that failed before our commit (see `failing`).
    pub failing_before: &'a BTreeSet<String>,
    /// The gates that must hold too, where the rules have some.
    pub gated: Option<&'a Gated<'a>>,
    /// End operations that run for other commits: for rollbacks.
    pub terminate: bool,
    /// Whether files, by path, still hold our values: of those that a [`Place`] names.
    pub holds: &'a dyn Fn(&Texts) -> bool,
    /// Keeps the run's lock alive: looked at in every round. The run's end if the lock was taken away.
    pub alive: &'a dyn Fn() -> Option<End>,
    /// Whether the lock is certainly still ours: looked at before each write to Argo CD.
    pub ours: &'a dyn Fn() -> Result<Option<End>, Fault>,
}

/// The gates of a verification, and what is known of the time before.
#[derive(Clone, Copy)]
pub struct Gated<'a> {
    /// The promotion as these gates see it (see [`lens`](crate::promotion::gates::target::lens)).
    pub lens: &'a Promotion,
    /// The sources of evidence.
    pub evidence: &'a BTreeMap<String, Source>,
    /// The rules file, for the rows' places.
    pub rules_path: &'a str,
    /// What was planned from.
    pub facts: &'a Facts,
    /// The live evidence about the time before.
    pub before: &'a Readings,
    /// Gates that failed before our commit: they neither refute nor are waited for, until they were well once.
    pub failed_before: &'a BTreeSet<String>,
    /// Gates that fail under the version that is undone: they do not refute what is restored, and are waited for.
    pub failed_lately: &'a BTreeSet<String>,
    /// The gates that a person let it go on with, although they failed.
    pub accepted: &'a BTreeSet<String>,
    /// Since when the version runs; absent: since it is first seen to.
    pub since: Option<Time>,
}

/// A commit in a branch of a repository, and what deploys it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The branch, by its names in the rules.
    pub at: Branch,
    /// The repository as it may be shown.
    pub repository: String,
    /// The branch's real name.
    pub branch: String,
    /// The directory that the applications deploy.
    pub path: String,
    /// The commit that holds our values.
    pub commit: String,
    /// The files that hold them.
    pub files: Vec<String>,
    /// The applications.
    pub apps: Vec<App>,
}

/// How a wait can end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Everything held for the settle time.
    Verified(Verified),
    /// A definite failure.
    Refuted(Refuted),
    /// A definite failure that a person decides on.
    Paused(Refuted),
    /// A later commit holds another value: somebody has promoted over us.
    Overtaken {
        /// That commit.
        by: String,
    },
    /// Could not be found out, or not in time.
    Unconfirmed {
        /// What was lacking last, in a sentence.
        why: String,
        /// What to do about it, where that can be said.
        hint: Option<String>,
    },
    /// The run was asked to stop.
    Stopped,
    /// The run lost its lock, and ends so.
    Lost(Box<End>),
}
