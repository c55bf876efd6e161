//! GitHub Actions hears how it ended: annotations, outputs, and the job summary.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::adapters::ledger::place::Place;
use crate::app::screen::Screen;
use crate::app::settings::{Actions, Settings};
use crate::app::told::{Parts, Told};
use crate::promotion::approvals::{legs, slots};
use crate::promotion::id::canonical;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Bypass;
use crate::render::actions;
use crate::render::ending::Ending;
use crate::render::markdown;

/// The size of a job summary that GitHub accepts from one step.
const SUMMARY_LIMIT: usize = 1024 * 1024;
/// The word of an end that is no outcome: usage, rules or settings.
const INVALID: &str = "invalid";
/// The gate report's name in the ledger's directory; where the ledger is none, in the usual one.
const REPORT: &str = "gate-report.json";
const REPORTS: &str = ".promote";

/// Says loudly that the records die with the job, where they would.
pub fn warn_of_ledger(screen: &Screen, settings: &Settings) {
    let (Some(_), Ok(Place::Directory(root))) = (&settings.actions, settings.place()) else { return };
    let root = root.display();
    let text = format!("the records are in {root} of this runner, and die with the job: set ledger: branch:promotions");
    screen.say(&actions::warning("promote", None, &text));
}

/// Tells GitHub Actions. A summary or output that cannot be written is a warning: it changes nothing about what was done.
pub fn tell(screen: &Screen, settings: &Settings, to: &Actions, told: &Told<'_>) {
    let report = told.end.and_then(|end| end.report.as_ref());
    if let Some(report) = report {
        let in_repository = |file: &str| to.workspace.as_ref().is_some_and(|workspace| workspace.join(file).is_file());
        screen.say(&actions::annotations(report, &in_repository));
    }
    if let Err(error) = outputs(screen, settings, to, told).and_then(|()| summary(screen, settings, to, told)) {
        screen.say(&actions::warning("promote", None, &format!("{error:#}")));
    }
}

/// Says that nothing can be done, and tells GitHub Actions where it is there; the exit code.
pub fn stopped(screen: &Screen, settings: &Settings, ending: &Ending) -> u8 {
    settings.actions.iter().for_each(|to| refused(screen, to));
    screen.end(ending)
}

/// Tells GitHub Actions of an end before there was anything to run: settings or rules that cannot be.
pub fn refused(screen: &Screen, to: &Actions) {
    ended(screen, to, None);
}

/// Tells GitHub Actions how it ended as a whole: of a command that is about no single promotion, or about several.
pub fn ended(screen: &Screen, to: &Actions, outcome: Option<Outcome>) {
    let Some(file) = &to.output else { return };
    let delimiter = format!("ghadelimiter_{}", Uuid::now_v7());
    let written =
        actions::output("outcome", outcome.map_or(INVALID, Outcome::word), &delimiter).map_err(anyhow::Error::from);
    if let Err(error) = written.and_then(|text| append(file, &text)) {
        screen.say(&actions::warning("promote", None, &format!("{error:#}")));
    }
}

/// Tells GitHub Actions of a word that was said in the ledger: its outcome and the promotion.
pub fn said(screen: &Screen, to: &Actions, ending: &Ending) {
    let Some(file) = &to.output else { return };
    let outcome = ending.exit.outcome().map_or(INVALID, crate::promotion::outcome::Outcome::word);
    let values = [("outcome", outcome), ("promotion-id", ending.record.as_deref().unwrap_or_default())];
    let written = values.into_iter().try_for_each(|(name, value)| {
        append(file, &actions::output(name, value, &format!("ghadelimiter_{}", Uuid::now_v7()))?)
    });
    if let Err(error) = written {
        screen.say(&actions::warning("promote", None, &format!("{error:#}")));
    }
}

fn outputs(screen: &Screen, settings: &Settings, to: &Actions, told: &Told<'_>) -> Result<()> {
    let Some(file) = &to.output else { return Ok(()) };
    let end = told.end;
    let mut report = String::new();
    if let Some(gates) = end.and_then(|end| end.report.as_ref()) {
        let folder = match settings.place() {
            Ok(Place::Directory(root)) => root,
            Ok(Place::Branch { .. }) | Err(_) => PathBuf::from(REPORTS),
        };
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let path = folder.join(REPORT);
        let text = canonical(&serde_json::to_value(gates)?);
        std::fs::write(&path, screen.hide(&text)).with_context(|| format!("write {}", path.display()))?;
        report = path.display().to_string();
    }
    let images = end.and_then(|end| end.request.as_ref()).map(|request| request.images.as_slice()).unwrap_or_default();
    let version: Vec<String> = images.iter().map(|wanted| wanted.new.version()).collect();
    let outcome = told.ending.exit.outcome().map_or(INVALID, Outcome::word);
    let commit = end.and_then(|end| end.commit.clone()).unwrap_or_default();
    let id = end.and_then(|end| end.id.clone()).unwrap_or_default();
    let digest = end.and_then(|end| end.plan.as_ref()).map(|plan| plan.digest.clone()).unwrap_or_default();
    let legs = legs(told);
    let values = [
        ("outcome", outcome.to_owned()),
        ("report", report),
        ("version", version.join(" ")),
        ("commit", commit),
        ("promotion-id", id),
        ("bundle", told.bundle.unwrap_or_default().to_owned()),
        ("plan-digest", digest.clone()),
        ("plan-digest-short", slots::short(&digest).to_owned()),
        ("approvals", json!({ "include": legs }).to_string()),
        ("needs-approval", (!legs.is_empty()).to_string()),
    ];
    let mut text = String::new();
    for (name, value) in values {
        text.push_str(&actions::output(name, &screen.hide(&value), &format!("ghadelimiter_{}", Uuid::now_v7()))?);
    }
    append(file, &text)
}

/// The approvals that a plan needs, as the matrix of the jobs that ask for them; empty where they are set aside.
fn legs(told: &Told<'_>) -> Vec<Value> {
    let job = told.job;
    let asks = told.end.is_some_and(|end| end.plan.is_some()) && !job.approving.bypass.contains(&Bypass::Approvals);
    let slots = if asks { slots::slots(job.promotion, &job.rules.github) } else { Vec::new() };
    let leg =
        |slot: &slots::Slot| json!({ "role": slot.role, "leg": legs::label(slot), "environment": slot.environment });
    slots.iter().map(leg).collect()
}

fn summary(screen: &Screen, settings: &Settings, to: &Actions, told: &Told<'_>) -> Result<()> {
    let Some(file) = &to.summary else { return Ok(()) };
    let parts = Parts::of(settings, told);
    append(file, &screen.hide(&markdown::summary(&parts.summary(told), SUMMARY_LIMIT)))
}

/// Adds a page to the job summary.
pub fn page(screen: &Screen, to: &Actions, text: &str) {
    let Some(file) = &to.summary else { return };
    if let Err(error) = append(file, &screen.hide(text)) {
        screen.say(&actions::warning("promote", None, &format!("{error:#}")));
    }
}

fn append(file: &Path, text: &str) -> Result<()> {
    let doing = || format!("write to {}", file.display());
    let mut out = OpenOptions::new().append(true).create(true).open(file).with_context(doing)?;
    out.write_all(text.as_bytes()).with_context(doing)
}
