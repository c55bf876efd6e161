//! Changes of pinned versions that no record knows: what somebody else wrote into a target's directory (DECISIONS F.6).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::facts::{CommitSummary, Snapshot};
use crate::promotion::history::story::Told;
use crate::promotion::image::ImageRef;
use crate::promotion::made::{Changes, made, trailer};
use crate::promotion::pins::select;
use crate::promotion::planning::ID_TRAILER;
use crate::promotion::rules::ImageRule;
use crate::promotion::time::Time;

/// A commit that changed a target's directory.
#[derive(Debug, Clone)]
pub struct Step {
    /// The commit in a line.
    pub commit: CommitSummary,
    /// Its whole message.
    pub message: String,
    /// What it changes in the whole repository.
    pub changes: Changes,
    /// The directory before.
    pub before: Snapshot,
    /// The directory after.
    pub after: Snapshot,
}

/// A version that was changed without a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unrecorded {
    /// The commit.
    pub commit: String,
    /// Who wrote it, by their own account.
    pub author: String,
    /// When it was committed, by its own account.
    #[schemars(with = "String")]
    pub at: Time,
    /// Its first line.
    pub subject: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The image's name.
    pub image: String,
    /// What was pinned before, whole; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What has been pinned since, whole; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// The directory of a service in an environment, and which images of it count.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The service.
    pub service: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The images that are promoted, as the rules name them.
    pub images: &'a [ImageRule],
}

/// The changes that no record knows, newest first, of steps that come newest first; and what could not be read. What a
/// directory pinned first is where its history begins, and no change.
pub fn unrecorded(looked: &Looked<'_>, steps: &[Step], told: &[Told]) -> (Vec<Unrecorded>, Vec<String>) {
    let mut seen = BTreeSet::new();
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for step in steps.iter().rev() {
        let before = pinned(looked, &step.before, &mut notes);
        let after = pinned(looked, &step.after, &mut notes);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (old, new) = (before.get(name), after.get(name));
            let first = seen.insert(name.clone()) && old.is_none();
            if old == new || first || recorded(step, told) {
                continue;
            }
            found.push(Unrecorded {
                commit: step.commit.id.clone(),
                author: step.commit.author.clone(),
                at: step.commit.at,
                subject: step.commit.subject.clone(),
                service: looked.service.to_owned(),
                environment: looked.environment.to_owned(),
                image: name.clone(),
                old: old.map(ToString::to_string),
                new: new.map(ToString::to_string),
            });
        }
    }
    found.reverse();
    (found, notes)
}

/// The images that a directory pins, by name; what cannot be told is noted, and counts as nothing.
fn pinned(looked: &Looked<'_>, snapshot: &Snapshot, notes: &mut Vec<String>) -> BTreeMap<String, ImageRef> {
    if snapshot.files.is_empty() {
        return BTreeMap::new();
    }
    match select::read(snapshot, looked.service, looked.images) {
        Ok(pins) => pins.into_iter().map(|pin| (pin.image.name.clone(), pin.image)).collect(),
        Err(fault) => {
            let commit = snapshot.commit.get(..7).unwrap_or_default();
            let note = format!("what {} pinned at {commit} cannot be told: {fault}", looked.environment);
            if !notes.contains(&note) {
                notes.push(note);
            }
            BTreeMap::new()
        }
    }
}

/// Whether a record knows a commit: names it, or planned it and says so in its trailer; and it changes what was planned.
fn recorded(step: &Step, told: &[Told]) -> bool {
    let id = trailer(&step.message, ID_TRAILER);
    told.iter().any(|promotion| {
        let named = promotion.commits.iter().any(|commit| commit.commit == step.commit.id);
        let says = id == Some(promotion.story.id.as_str());
        (named || says) && promotion.plans.iter().any(|plan| made(plan, &step.changes))
    })
}
