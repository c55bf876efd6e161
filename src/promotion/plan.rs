//! The plan: every write that a run would make, complete enough to be printed, hashed, and carried out later.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::edit::FileEdits;
use crate::promotion::facts::CommitSummary;
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::image::ImageChange;
use crate::promotion::releases::Release;
use crate::promotion::rules::rollback::RollbackWhen;
use crate::promotion::rules::{App, Verify};

/// What a run would do, in order: the commits, the syncs, the verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The promotion's id.
    pub id: String,
    /// SHA-256 over what an approval binds (DECISIONS D.1 lists what is in it, and what may drift).
    pub digest: String,
    /// The service.
    pub service: String,
    /// The source environment.
    pub from: String,
    /// The target environment.
    pub to: String,
    /// What is skipped and why, where it is a hotfix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotfix: Option<Hotfixed>,
    /// The change of version, image by image.
    pub images: Vec<ImageChange>,
    /// The commits; one for each repository and branch. A commit without edits writes nothing.
    pub commits: Vec<PlannedCommit>,
    /// The applications to bring to those commits.
    pub apps: Vec<App>,
    /// What must hold afterwards.
    pub verify: Verify,
    /// What a failed verification leads to.
    pub on_failure: OnFailure,
    /// What else would go live.
    pub also_ships: Vec<CommitSummary>,
}

/// A commit that is still to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCommit {
    /// The target's id.
    pub target: String,
    /// The repository's name in the rules.
    pub repo: String,
    /// The repository as it may be shown.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The tip that it was planned on.
    pub base: String,
    /// The target's directory.
    pub path: String,
    /// The edits, file by file; empty when the target pins this version already.
    pub files: Vec<FileEdits>,
    /// What is written into the releases file, where the rules name one; who and when are added as the commit is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// The message, trailers included, but for those of the run that pushes it.
    pub message: String,
}

/// What a failed verification leads to, as approvers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OnFailure {
    /// Whether it happens by itself.
    pub when: RollbackWhen,
    /// The versions that would be restored, image by image; empty when there is nothing to restore.
    pub restore: Vec<ImageChange>,
    /// The promotion that verified them; absent: never verified.
    pub verified_by: Option<String>,
}

/// A commit that stands in the GitOps repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Committed {
    /// The target's id.
    pub target: String,
    /// The repository as it may be shown.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit that holds our values: ours, or for an unchanged target the tip that already did.
    pub commit: String,
    /// The commit it was made on; absent for an unchanged target.
    pub base: Option<String>,
    /// Whether a commit was made.
    pub unchanged: bool,
}
