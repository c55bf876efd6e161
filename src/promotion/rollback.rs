//! A rollback is a plan: made from what stands in the repository now, so that it touches only what is still ours.

use serde_json::{Value, json};

use crate::promotion::edit::read::{Standing, standing};
use crate::promotion::edit::{FileEdits, reverse};
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageChange;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::Pin;
use crate::promotion::plan::{Plan, PlannedCommit};
use crate::promotion::planning;
use crate::promotion::releases::Release;
use crate::promotion::report::GateReport;
use crate::promotion::request::{Request, RequestKind, Wanted};
use crate::promotion::words;

/// Why nothing can be restored without a person, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRollback(pub String);

/// The plan that restores what `undone` changed: the last verified version where there is one, else the value from before.
/// Values that somebody else has changed since are not touched: then there is no plan.
///
/// `id` is the promotion that the rollback belongs to: the undone one itself, or a person's own.
pub fn plan(
    undone: &Plan,
    id: &str,
    request: &Request,
    report: &GateReport,
    now: &Snapshot,
    pins: &[Pin],
) -> Result<Plan, NoRollback> {
    if undone.on_failure.restore.is_empty() && undone.images.iter().any(|image| !image.old.same_version(&image.new)) {
        let why = "what stood before is vetoed or revoked, and no older version was verified there";
        return Err(NoRollback(why.to_owned()));
    }
    if undone.on_failure.restore.is_empty() {
        return Err(NoRollback("the promotion changed no version, so there is nothing to restore".to_owned()));
    }
    let images = undone.on_failure.restore.clone();
    let restores_what_stood = images
        .iter()
        .all(|change| undone.images.iter().any(|image| image.name == change.name && image.old == change.new));
    let mut commits = Vec::new();
    for commit in &undone.commits {
        still_ours(&commit.files, now)?;
        let files = if restores_what_stood { reversed(&commit.files) } else { to_verified(now, pins, &images)? };
        let request = back(request, &images, &undone.id);
        let subject = format!("restore {} in {}", versions(&images), undone.to);
        let restored: Vec<ImageRef> = images.iter().map(|change| change.new.clone()).collect();
        let release = now.releases.as_ref().and_then(|releases| {
            let release = Release::of(&releases.path, &undone.service, &undone.to, &restored, id)?;
            Some(Release { may_lag: true, ..release })
        });
        commits.push(PlannedCommit {
            base: now.commit.clone(),
            files,
            release,
            message: planning::message(&subject, &request, id, report),
            ..commit.clone()
        });
    }
    let mut plan = Plan { id: id.to_owned(), images, commits, also_ships: Vec::new(), ..undone.clone() };
    plan.on_failure.restore.clear();
    // The version comes from where it goes.
    plan.from = plan.to.clone();
    Ok(plan)
}

/// An earlier plan, as if it had brought what an environment pins now, whoever put it there: what undoes it brings these images.
/// Whether it changes anything, its `on_failure.restore` says.
#[must_use]
pub fn towards(earlier: &Plan, images: &[ImageRef], pins: &[Pin]) -> Plan {
    let change = |image: &ImageRef| {
        let now = &pins.iter().find(|pin| pin.image.name == image.name)?.image;
        let change = ImageChange { name: image.name.clone(), old: now.clone(), new: image.clone() };
        (!now.same_version(image)).then_some(change)
    };
    let restore: Vec<ImageChange> = images.iter().filter_map(change).collect();
    let mut plan = earlier.clone();
    // No edit of it stands there, so there is none to reverse.
    plan.commits.iter_mut().for_each(|commit| commit.files.clear());
    plan.images = restore.iter().map(|change| ImageChange { new: change.old.clone(), ..change.clone() }).collect();
    plan.on_failure.restore = restore;
    plan
}

/// What approving a rollback to a version that was not the last verified one binds.
pub fn binds(plan: &Plan, sequence: u64) -> Value {
    let image = |change: &ImageChange| json!({ "name": change.name, "old": change.old.to_string(), "new": change.new.to_string() });
    let commit = |commit: &PlannedCommit| json!({ "repo": commit.repository, "branch": commit.branch, "path": commit.path, "files": commit.files });
    json!({
        "version": "promote-rollback-1",
        "environment": plan.to,
        "images": plan.images.iter().map(image).collect::<Vec<_>>(),
        "commits": plan.commits.iter().map(commit).collect::<Vec<_>>(),
        "sequence": sequence,
    })
}

/// Whether a plan changes something, and all of its values stand there now.
pub fn holds(plan: &Plan, now: &Snapshot) -> bool {
    let changes = plan.commits.iter().any(|commit| !commit.files.is_empty());
    changes && plan.commits.iter().all(|commit| still_ours(&commit.files, now).is_ok())
}

/// Every scalar that was changed must still hold our value.
fn still_ours(files: &[FileEdits], now: &Snapshot) -> Result<(), NoRollback> {
    for file in files {
        let text = now.files.get(&file.path).map(String::as_str).unwrap_or_default();
        for edit in &file.edits {
            let what = match standing(text, edit) {
                Standing::New => continue,
                Standing::Old => "was restored by somebody else".to_owned(),
                Standing::Other(value) => format!("was changed to {value} by somebody else"),
            };
            return Err(NoRollback(format!("{} in {} {what}", edit.selector, file.path)));
        }
    }
    Ok(())
}

fn reversed(files: &[FileEdits]) -> Vec<FileEdits> {
    let reversed =
        |file: &FileEdits| FileEdits { path: file.path.clone(), edits: file.edits.iter().rev().map(reverse).collect() };
    files.iter().map(reversed).collect()
}

fn to_verified(now: &Snapshot, pins: &[Pin], images: &[ImageChange]) -> Result<Vec<FileEdits>, NoRollback> {
    let images: Vec<ImageRef> = images.iter().map(|change| change.new.clone()).collect();
    planning::edits(now, pins, &images).map_err(|fault| NoRollback(format!("{}: {}", fault.what, fault.seen)))
}

fn back(request: &Request, images: &[ImageChange], undoes: &str) -> Request {
    Request {
        kind: RequestKind::Rollback { undoes: undoes.to_owned() },
        from: request.to.clone(),
        images: images.iter().map(|change| Wanted { old: change.old.clone(), new: change.new.clone() }).collect(),
        ..request.clone()
    }
}

fn versions(images: &[ImageChange]) -> String {
    let texts: Vec<String> =
        images.iter().map(|change| format!("{} {}", change.new.short_name(), change.new.version())).collect();
    words::list(&texts)
}
