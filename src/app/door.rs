//! The door that commands on promotions go through: what they have at hand, and how they say what came of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use uuid::Uuid;

use crate::adapters::clock::SystemClock;
use crate::app::actions;
use crate::app::approved::{self, Approved};
use crate::app::mask::Mask;
use crate::app::rules_file::Loaded;
use crate::app::rules_source::Place;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::told::Told;
use crate::app::wiring::Given;
use crate::app::wiring::github::GitHubDoor;
use crate::app::{bundle, ends, publish};
use crate::pipeline::job::{Approving, End, Halt, Job, Me};
use crate::ports::{Clock as _, Fault};
use crate::promotion::event::Event;
use crate::promotion::facts::{Facts, Reading};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Bypass;
use crate::promotion::releases::Stamp;
use crate::promotion::report::Verdict;
use crate::promotion::request::Actor;
use crate::promotion::rules::{Promotion, Rules, Service, SourceKind};
use crate::render::diff::FileDiff;
use crate::render::ending::{self, Ending};
use crate::render::report::{self, Heading};
use crate::render::{json, plan};

/// Everything that a command on promotions has at hand.
pub struct Door<'a> {
    /// What it was told.
    pub settings: &'a Settings,
    /// Where its words go.
    pub screen: &'a Screen,
    /// Tells the time.
    pub clock: &'a SystemClock,
    /// The rules.
    pub loaded: &'a Loaded,
    /// Where they are, so that they can be read again.
    pub place: &'a Place<'a>,
    /// The plan that was approved, where this run was given it.
    pub approved: Option<&'a Approved>,
    /// GitHub, where the settings name it.
    pub github: Option<&'a GitHubDoor>,
    /// What must not be shown or kept.
    pub mask: &'a Mask,
    /// Set when the process is asked to stop.
    pub stop: &'a Arc<AtomicBool>,
    /// Whether the judgement is what was asked for: it is shown also where nothing is held.
    pub judges: bool,
    /// Whether it is about several promotions: then one document tells of all, and not one of each.
    pub several: bool,
}

/// Who acts, and why: what every job of one process shares.
pub struct Who {
    /// This process.
    pub run: String,
    /// Who runs it.
    pub actor: Actor,
    /// Why, as it may be kept: it goes into the record and the commit.
    pub reason: Option<String>,
}

impl Door<'_> {
    /// Says that nothing can be done, and tells GitHub Actions; the exit code.
    pub fn refused(&self, ending: &Ending) -> u8 {
        actions::stopped(self.screen, self.settings, ending)
    }

    /// Who acts.
    pub fn who(&self) -> Who {
        let reason = self.settings.reason.as_deref().map(|reason| self.mask.hide(reason));
        Who { run: Uuid::now_v7().to_string(), actor: self.settings.actor(), reason }
    }

    /// What the adapters are given.
    pub fn given(&self) -> Given<'_> {
        Given { github: self.github, evidence: self.approved.map(|approved| approved.evidence.as_path()) }
    }

    /// Who acts, as the road has it.
    pub fn me<'a>(&'a self, who: &'a Who) -> Me<'a> {
        let ci_run = self.settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref());
        Me { run: &who.run, actor: &who.actor, ci_run }
    }

    /// How a run is approved, and what it is asked to set aside.
    fn approving(&self, promotion: &Promotion) -> Approving {
        let github = self.settings.github.as_ref();
        let run = github.and_then(|github| github.run.as_ref());
        // Where nobody is asked there are no approvals to set aside.
        let approvals = self.settings.auto_approve && !promotion.approvals.is_empty();
        let asked = [
            (self.settings.skip_validation, Bypass::Gates),
            (approvals, Bypass::Approvals),
            // It would not have been chosen if nobody had asked for it as one.
            (!promotion.is_ordinary(), Bypass::Hotfix),
            (self.settings.replace, Bypass::Soak),
        ];
        Approving {
            in_run: run.is_some(),
            pull_request: github.and_then(|github| github.pull_request),
            shown: self.approved.map(|approved| Box::new(approved.shown.clone())),
            bypass: asked.into_iter().filter(|(asked, _)| *asked).map(|(_, bypass)| bypass).collect(),
            started_by: run.map(|run| run.started_by.clone()).unwrap_or_default(),
            alone: false,
        }
    }

    /// The job that a promotion of the rules is.
    pub fn job<'a>(&'a self, who: &'a Who, service: &'a Service, promotion: &'a Promotion) -> Job<'a> {
        Job {
            rules: &self.loaded.rules,
            rules_path: &self.loaded.path,
            rules_text: &self.loaded.text,
            waivers: self.loaded.waivers.as_ref(),
            service,
            promotion,
            commit: self.settings.commit.as_deref(),
            reason: who.reason.as_deref(),
            version: self.settings.version.as_deref(),
            me: self.me(who),
            approving: self.approving(promotion),
            wait_lock: self.settings.wait_lock,
            promote: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Prints how it ended, tells GitHub Actions, and gives the exit code.
    pub fn close(&self, job: &Job<'_>, came: Result<End, Halt>) -> Result<u8> {
        let took = self.screen.took(self.clock.now());
        let left = |end| bundle::leave(self.screen, self.settings, &self.loaded.rules, end, self.stop);
        let left = came.as_ref().map(left).unwrap_or_default();
        for warning in &left.warnings {
            self.screen.tell(&Event::Warning(warning.clone()), self.clock.now());
        }
        let mut ending = match &came {
            Ok(end) => match self.leave_plan(end) {
                Ok(()) => ends::ended(end, took),
                Err(fault) => ends::faulted(&fault),
            },
            Err(halt) => ends::halted(halt, job.promotion, job.rules_path),
        };
        ending.seen.extend(left.directories.iter().map(|directory| format!("its bundle is in {directory}")));
        let end = came.as_ref().ok();
        let facts = end.and_then(|end| end.facts.as_deref());
        let planned = end.and_then(|end| end.plan.as_deref());
        let diffs = match (planned, facts) {
            (Some(plan), Some(facts)) => {
                ends::diffs(plan, &facts.target.snapshot, &Stamp::new(&job.me.actor.name, facts.at))
            }
            _ => Vec::new(),
        };
        self.print(job, end, &ending, &diffs);
        let bundle = left.directories.first().map(String::as_str);
        let told = Told { job, end, ending: &ending, diffs: &diffs, bundle };
        if let Some(to) = &self.settings.actions {
            actions::tell(self.screen, self.settings, to, &told);
        }
        if let Some(github) = self.github {
            let now = self.clock.now();
            for warning in publish::close(self.settings, self.mask, &github.client, now, &told) {
                self.screen.tell(&Event::Warning(warning), now);
            }
            tracing::info!(requests = github.client.requests(), "GitHub was asked");
        }
        Ok(ending.exit.code())
    }

    /// Leaves the plan's directory, where the settings name one: what a later job needs to carry the plan out.
    fn leave_plan(&self, end: &End) -> Result<(), Fault> {
        let (Some(directory), Some(shown)) = (&self.settings.plan_dir, end.shown.as_deref()) else { return Ok(()) };
        let root = self.given().evidence.unwrap_or(Path::new("."));
        let files = end.facts.as_deref().map(|facts| evidence_files(&self.loaded.rules, facts)).unwrap_or_default();
        approved::leave(directory, shown, root, &files)
    }

    fn print(&self, job: &Job<'_>, end: Option<&End>, ending: &Ending, diffs: &[FileDiff]) {
        let style = self.screen.style();
        let document = self.screen.json() && !self.several;
        let mut said = false;
        if let Some(end) = end {
            let images = end.facts.as_deref().map(|facts| facts.version.clone()).unwrap_or_default();
            let heading = Heading {
                service: &job.service.name,
                from: &job.promotion.from,
                to: &job.promotion.to,
                images: &images,
                commit: end.facts.as_deref().and_then(|facts| facts.commit.as_deref()),
            };
            let judged = self.judges || self.settings.dry_run;
            let held = matches!(end.outcome, Outcome::Held | Outcome::Unknown | Outcome::Waiting);
            let report = end.report.as_ref().filter(|report| (judged || held) && !report.rows.is_empty());
            if let Some(gates) = report {
                self.screen.say(&report::text(&heading, gates, style));
            }
            let planned = end.plan.as_deref().filter(|_| judged);
            if let Some(planned) = planned {
                // Where who is asked is what holds it, the ending says all of it.
                let unsound = held && report.is_some_and(|report| report.verdict == Verdict::Go);
                let asked = end.approvals.as_deref().filter(|_| !unsound);
                let gap = if report.is_some() { "\n" } else { "" };
                self.screen.say(&format!("{gap}{}\n", plan::text(planned, diffs, asked, style)));
            }
            // Right below a report that holds the promotion, its answer is not said again.
            said = held && planned.is_none() && report.is_some_and(|report| report.verdict != Verdict::Go);
            for entry in &end.unkept {
                self.screen.say(&format!("{entry}\n"));
            }
            if document {
                self.screen.document(&match (planned, &end.report) {
                    (Some(planned), Some(gates)) => json::plan(planned, diffs, gates, end.outcome),
                    (None, Some(gates)) if judged => json::validate(&heading, gates, end.outcome),
                    _ => json::ending(ending),
                });
            }
        } else if document {
            self.screen.document(&json::ending(ending));
        }
        let words = if said { format!("\n{}", ending::after_report(ending)) } else { ending::text(ending, style) };
        self.screen.say(&words);
    }
}

/// The evidence files of the workspace that a judgement read.
fn evidence_files(rules: &Rules, facts: &Facts) -> Vec<String> {
    let of_workspace =
        |id: &String| matches!(rules.evidence.get(id).map(|source| &source.kind), Some(SourceKind::Files { .. }));
    let readings = facts.readings.iter().filter(|(id, _)| of_workspace(id)).map(|(_, reading)| reading);
    let mut paths: Vec<String> = readings
        .flat_map(|reading| match reading {
            Reading::Observed(observation) => observation.files.as_slice(),
            Reading::Unreadable { files, .. } => files.as_slice(),
            Reading::Missing { .. } => &[],
        })
        .map(|file| file.path.clone())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}
