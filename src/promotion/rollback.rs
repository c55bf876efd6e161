//! A rollback is a plan: made from what stands in the repository now, so that it touches only what is still ours.

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
    let mut plan = Plan { id: id.to_owned(), images, commits, also_ships: Vec::new(), hotfix: None, ..undone.clone() };
    plan.on_failure.restore.clear();
    // The version comes from where it goes.
    plan.from = plan.to.clone();
    Ok(plan)
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
