//! Facts: everything that was read from the world for one evaluation, with the one clock reading that it was judged at.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::head::Head;
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::image::ImageRef;
use crate::promotion::live::AppState;
use crate::promotion::measures::Measure;
use crate::promotion::path::Predecessor;
use crate::promotion::releases::ReleasesFile;
use crate::promotion::soaking::Soaking;
use crate::promotion::time::{Millis, Time};
use crate::promotion::waivers::facts::WaiversFacts;

/// What one source of evidence said. Missing and unreadable are never zero and never a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "readings are few, and most are observations")]
pub enum Reading {
    /// It was read and means something.
    Observed(Observation),
    /// There is nothing: no file, an empty file, a report of zero tests.
    Missing {
        /// Why it counts as nothing, in words: `nothing matches artifacts/scan/*.sarif`.
        why: String,
    },
    /// There is something that cannot be believed: cut off, another format, another encoding.
    Unreadable {
        /// What is wrong, with file and position.
        why: String,
        /// The files that were looked at.
        files: Vec<EvidenceFile>,
    },
}

/// A reading that means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// The files that were read, in path order.
    pub files: Vec<EvidenceFile>,
    /// Which version it speaks of, if that is known.
    pub subject: Option<Subject>,
    /// When it was taken, from the files themselves, the oldest of several; never a file's modification time.
    pub taken: Option<Time>,
    /// The programs that made the reports, as far as they say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// What was measured.
    pub measure: Measure,
    /// What a reader should know: duplicates merged, skipped entries, an incomplete scan.
    pub notes: Vec<String>,
}

/// A program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name, as the report has it: `Trivy`.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A file that a reading comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFile {
    /// The path as the glob found it, with `/`.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// The format that was detected: `junit`, `lcov`, `trivy`.
    pub format: String,
}

/// Which version a reading is about, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// A commit id in hexadecimal, or an image digest (`sha256:…`).
    pub version: String,
    /// How it is known.
    pub known: SubjectKnown,
    /// Other names of the same version: image digests beside a commit. All that are known must fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The environment that it was taken in, where a stamp says so: it counts only for the time in which the version ran there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl Subject {
    /// A version by one name.
    pub fn of(version: impl Into<String>, known: SubjectKnown) -> Self {
        Self { version: version.into(), known, also: Vec::new(), environment: None }
    }

    /// Every name of the version.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.version.as_str()).chain(self.also.iter().map(String::as_str))
    }
}

/// How the subject of a reading is known, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKnown {
    /// The file says so itself.
    Stated,
    /// The CI run's head commit.
    Run,
    /// `promote evidence stamp` said so when the file was made.
    Stamped,
    /// The caller says so (`--commit`).
    Claimed,
}

/// What the GitOps repository holds for one target, at one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The repository as it may be shown: no user, no token.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit that was read, 40 hexadecimal digits.
    pub commit: String,
    /// The target's directory.
    pub path: String,
    /// YAML files directly in that directory, by path from the repository's root.
    pub files: BTreeMap<String, String>,
    /// Tree ids of the target's directory and of its local bases.
    pub trees: BTreeMap<String, String>,
    /// The releases file, where the rules name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<ReleasesFile>,
}

/// What is known of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentFacts {
    /// Its name.
    pub name: String,
    /// Its GitOps directory.
    pub snapshot: Snapshot,
    /// Its Argo CD applications, as they were before anything was written; empty when none is configured or needed.
    pub apps: BTreeMap<String, AppState>,
    /// What the ledger says of it.
    pub head: Head,
}

/// How long the source environment has run this version without a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Soak {
    /// For this long, and where that is known from.
    For {
        /// The time so far.
        elapsed: Millis,
        /// `record 01JD…`, `Argo CD app-staging`.
        known_by: String,
    },
    /// It cannot be said: why.
    Unknown {
        /// `no completed promotion of this version to staging is recorded`.
        why: String,
    },
}

/// A canary and its baseline, by the same evidence, over the same time: the version's own in the source environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// Since when the canary runs the version; absent where that is not known.
    pub since: Option<Time>,
    /// What the evidence says of the source environment.
    pub canary: Reading,
    /// What it says of the target environment.
    pub baseline: Reading,
    /// How the traffic is shared by what Argo CD knows, for where the evidence counts no requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
}

/// The canary's share of something that stands for the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// The canary's part.
    pub part: u64,
    /// The whole, never 0.
    pub whole: u64,
    /// Where that is known from: `the weight of Rollout/app`.
    pub known_by: String,
}

/// Everything that one evaluation read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The one reading of the clock.
    pub at: Time,
    /// The version: the images that the target would pin.
    pub version: Vec<ImageRef>,
    /// The commit that the version was built from, where it is known: `--commit`, or a tag that is a commit id.
    pub commit: Option<String>,
    /// The environment that the version comes from.
    pub source: EnvironmentFacts,
    /// The environment that it goes to.
    pub target: EnvironmentFacts,
    /// The environments before the target, from the first one to the source; empty only for a rollback, which needs none.
    #[serde(default)]
    pub path: Vec<Predecessor>,
    /// The evidence, by its id in the rules.
    pub readings: BTreeMap<String, Reading>,
    /// The merge of all evidence of a gate that reads several, by the gate's name; a gate with one has no entry here.
    #[serde(default)]
    pub merged: BTreeMap<String, Reading>,
    /// The version's time in the source environment; read only when a gate asks for it.
    pub soak: Option<Soak>,
    /// The canary and its baseline, by the id of the evidence that knows both; read only when a gate compares them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub canary: BTreeMap<String, Compared>,
    /// The soaks in the target that the promotion would end before their time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soaking: Vec<Soaking>,
    /// That such a soak is ended by name, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<SetAside>,
    /// What is skipped, where the promotion was asked for as a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfixed>,
    /// The live evidence of the verification's gates about the target, taken before anything was written, by its id: what was
    /// broken or firing already never refutes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, Reading>,
    /// URLs of health checks that failed before anything was written: what was broken already never refutes.
    #[serde(default)]
    pub failing_before: BTreeSet<String>,
    /// Whether no person asked for it: an environment that is on hold holds it then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// Freeze windows that somebody who may goes on in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excepted: Vec<Excepted>,
    /// That the gates are set aside, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<SetAside>,
    /// The waivers, where there is a file of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<WaiversFacts>,
    /// Commits that would go live with ours, because they wait in the target's path already.
    pub also_ships: Vec<CommitSummary>,
}

impl Facts {
    /// What is known where nothing was judged: a version in an environment. Its source is that environment itself.
    pub fn of_target(at: Time, version: Vec<ImageRef>, target: EnvironmentFacts) -> Self {
        Self {
            at,
            version,
            commit: None,
            source: target.clone(),
            target,
            path: Vec::new(),
            readings: BTreeMap::new(),
            merged: BTreeMap::new(),
            soak: None,
            canary: BTreeMap::new(),
            soaking: Vec::new(),
            replaced: None,
            hotfix: None,
            before: BTreeMap::new(),
            failing_before: BTreeSet::new(),
            alone: false,
            excepted: Vec::new(),
            set_aside: None,
            waivers: None,
            also_ships: Vec::new(),
        }
    }
}

/// That somebody who may, by the rules, goes on in a freeze window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excepted {
    /// The window's name.
    pub window: String,
    /// Who goes on, and why.
    #[serde(flatten)]
    pub set_aside: SetAside,
}

/// That somebody who may, by the rules, goes past the gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetAside {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// One commit in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitSummary {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub at: Time,
    /// The first line of its message.
    pub subject: String,
}
