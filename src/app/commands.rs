//! The commands: from settings to an end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use uuid::Uuid;

use crate::adapters::clock::SystemClock;
use crate::app::actions::{self, Told};
use crate::app::life::{Counter, Verb};
use crate::app::mask::{self, Mask};
use crate::app::rules_file::{self, Loaded};
use crate::app::screen::Screen;
use crate::app::settings::{Settings, Sources};
use crate::app::{choose, ends, log, show, wiring};
use crate::pipeline::ends::stands;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::list::Asked;
use crate::pipeline::run::Wanted;
use crate::pipeline::{life, run as road, undo};
use crate::ports::{Clock as _, World};
use crate::promotion::folded::Folded;
use crate::promotion::outcome::Outcome;
use crate::promotion::planning::PlanFault;
use crate::promotion::request::RequestKind;
use crate::promotion::rules::{Promotion, Service};
use crate::promotion::words;
use crate::render::diff::FileDiff;
use crate::render::ending::{self, Ending, INVALID, USAGE};
use crate::render::report::{self, Heading};
use crate::render::{json, plan};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Judge the gates.
    Validate,
    /// Print what a run would do.
    Plan,
    /// Promote.
    Run,
    /// Ask for a promotion, and leave it to somebody to execute.
    Request,
    /// Carry out a promotion that was asked for.
    Execute {
        /// Its id, or the beginning of it.
        id: Option<String>,
    },
    /// Go on with what a run left.
    Resume {
        /// Its id, or the beginning of it.
        id: Option<String>,
        /// The environment, where several promotions are open.
        env: Option<String>,
    },
    /// Say a word on a promotion.
    Say {
        /// Which.
        verb: Verb,
        /// Its id, or the beginning of it.
        id: Option<String>,
    },
    /// Take a lock away.
    Unlock {
        /// The environment.
        env: Option<String>,
    },
    /// Restore.
    Rollback {
        /// The promotion that is undone.
        id: Option<String>,
        /// The environment that is restored.
        env: Option<String>,
    },
    /// Check the rules.
    Check,
    /// Print what the rules mean.
    Meaning,
    /// Print the JSON Schema of a document.
    Schema {
        /// Its name; else the documents are named.
        name: Option<String>,
    },
    /// List promotions.
    List {
        /// Those of one service.
        service: Option<String>,
        /// Those to one environment.
        env: Option<String>,
        /// Those that bypassed gates or approvals.
        bypassed: bool,
    },
    /// Show a record.
    Show {
        /// Its id, or the beginning of it.
        id: String,
    },
}

/// Runs a command; the exit code.
pub fn run(task: &Task, sources: &Sources, json: bool) -> Result<u8> {
    let stop = Arc::new(AtomicBool::new(false));
    let clock = SystemClock::new(Arc::clone(&stop));
    let settings = match sources.settings() {
        Ok(settings) => settings,
        Err(fault) => {
            let screen = Screen::new(Mask::default(), json, true, false, clock.now());
            return Ok(screen.end(&Ending::refused(USAGE, fault.to_string())));
        }
    };
    let secrets = settings.secrets();
    let in_actions = settings.actions.is_some();
    let mask = Mask::new(&secrets);
    let screen = Screen::new(mask.clone(), json, settings.no_color, in_actions, clock.now());
    if let Some(filter) = &settings.log {
        log::begin(filter, &mask);
    }
    if in_actions {
        screen.unmasked(&mask::commands(&secrets));
    }
    perform(task, &settings, &mask, &screen, &clock, &stop)
}

fn perform(
    task: &Task,
    settings: &Settings,
    mask: &Mask,
    screen: &Screen,
    clock: &SystemClock,
    stop: &Arc<AtomicBool>,
) -> Result<u8> {
    match task {
        Task::Schema { name } => show::schema(screen, name.as_deref()),
        Task::List { service, env, bypassed } => {
            let service = service.as_deref().or(settings.service.as_deref());
            Ok(show::list(screen, settings, stop, Asked { service, environment: env.as_deref(), bypassed: *bypassed }))
        }
        Task::Say { verb, id } => Counter { screen, settings, mask, clock, stop }.say(*verb, id.as_deref()),
        Task::Show { id } => Ok(show::show(screen, settings, stop, id)),
        _ => match rules_file::load(&settings.rules) {
            Err(error) => {
                if screen.json() {
                    let mut ending = Ending::refused(INVALID, "the rules cannot be used");
                    ending.seen.extend(error.to_string().lines().map(str::to_owned));
                    screen.document(&json::ending(&ending));
                }
                screen.say(&format!("{error}\nexit {INVALID}\n"));
                settings.actions.iter().for_each(|to| actions::refused(screen, to));
                Ok(INVALID)
            }
            Ok(loaded) if *task == Task::Check => {
                let count = words::counted(loaded.rules.promotions.len() as u64, "promotion");
                screen.say(&format!("{}: no faults, {count}\n", loaded.path));
                Ok(0)
            }
            Ok(loaded) if *task == Task::Meaning => {
                screen.document(&serde_yaml::to_string(&loaded.rules)?);
                Ok(0)
            }
            Ok(loaded) if matches!(task, Task::Unlock { .. }) => {
                let Task::Unlock { env } = task else { return Ok(INVALID) };
                let service = match choose::service(&loaded.rules, settings) {
                    Ok(service) => service,
                    Err(ending) => return Ok(screen.end(&ending)),
                };
                Counter { screen, settings, mask, clock, stop }.unlock(&service.name, env.as_deref())
            }
            Ok(loaded) => Door { task, settings, screen, clock, loaded: &loaded, mask }.go(stop),
        },
    }
}

/// Everything that a command on a promotion has at hand.
struct Door<'a> {
    task: &'a Task,
    settings: &'a Settings,
    screen: &'a Screen,
    clock: &'a SystemClock,
    loaded: &'a Loaded,
    mask: &'a Mask,
}

impl Door<'_> {
    fn go(&self, stop: &Arc<AtomicBool>) -> Result<u8> {
        let chosen = self.chosen(stop);
        let ((service, promotion), story) = match chosen {
            Ok(chosen) => chosen,
            Err(ending) => {
                self.settings.actions.iter().for_each(|to| actions::refused(self.screen, to));
                return Ok(self.screen.end(&ending));
            }
        };
        let run = Uuid::now_v7().to_string();
        let actor = self.settings.actor();
        // It goes into the record and the commit.
        let reason = self.settings.reason.as_deref().map(|reason| self.mask.hide(reason));
        let job = Job {
            rules: &self.loaded.rules,
            rules_path: &self.loaded.path,
            rules_text: &self.loaded.text,
            service,
            promotion,
            commit: self.settings.commit.as_deref(),
            reason: reason.as_deref(),
            run: &run,
            actor: &actor,
            ci_run: self.settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref()),
            wait_lock: self.settings.wait_lock,
            promote: env!("CARGO_PKG_VERSION"),
        };
        let came = match bypass(self.settings, promotion) {
            Some(halt) => Err(halt),
            None => self.walk(&job, story.as_ref(), stop),
        };
        self.screen.end_group();
        self.close(&job, came)
    }

    /// The service and the promotion that the command is about, and the ledger's own where it is about one of those.
    fn chosen(&self, stop: &Arc<AtomicBool>) -> Result<((&Service, &Promotion), Option<Folded>), Ending> {
        let (rules, settings) = (&self.loaded.rules, self.settings);
        let story = match self.task {
            Task::Execute { id } => choose::named(settings, stop, id.as_deref())?,
            Task::Resume { id, env } => choose::left(settings, stop, id.as_deref(), env.as_deref())?,
            Task::Rollback { env, .. } => return Ok((choose::undoing(rules, settings, env.as_deref())?, None)),
            _ => return Ok((choose::asked_for(rules, settings)?, None)),
        };
        Ok((choose::of_record(rules, &story)?, Some(story)))
    }

    /// Opens the world and walks the road.
    fn walk(&self, job: &Job<'_>, story: Option<&Folded>, stop: &Arc<AtomicBool>) -> Result<End, Halt> {
        road::built(job)?;
        let wired = wiring::open(self.settings, self.mask, job, stop)?;
        let tell = |event: &_| self.screen.tell(event, self.clock.now());
        let world = World {
            evidence: &wired.evidence,
            delivery: &wired.delivery,
            deployer: wired.deployer.as_ref().map(|deployer| deployer as _),
            ledger: &wired.ledger,
            clock: self.clock,
            tell: &tell,
        };
        let dry = self.settings.dry_run;
        if let Some(story) = story {
            return go_on(&world, job, story, dry);
        }
        match self.task {
            Task::Validate => road::validate(&world, job),
            Task::Run if !dry => road::run(&world, job, Wanted::Now),
            Task::Request if !dry => life::request(&world, job),
            Task::Rollback { id, .. } if dry => undo::plan(&world, job, id.as_deref()),
            Task::Rollback { id, .. } => undo::roll_back(&world, job, id.as_deref()),
            _ => road::plan(&world, job, Wanted::Now),
        }
    }

    /// Prints how it ended, tells GitHub Actions, and gives the exit code.
    fn close(&self, job: &Job<'_>, came: Result<End, Halt>) -> Result<u8> {
        let took = self.screen.took(self.clock.now());
        let ending = match &came {
            Ok(end) => ends::ended(end, took),
            Err(halt) => ends::halted(halt, job.promotion, job.rules_path),
        };
        let end = came.as_ref().ok();
        let snapshot = end.and_then(|end| end.facts.as_deref()).map(|facts| &facts.target.snapshot);
        let planned = end.and_then(|end| end.plan.as_deref());
        let diffs = match (planned, snapshot) {
            (Some(plan), Some(snapshot)) => ends::diffs(plan, snapshot),
            _ => Vec::new(),
        };
        self.print(job, end, &ending, &diffs);
        if let Some(to) = &self.settings.actions {
            actions::tell(self.screen, self.settings, to, &Told { job, end, ending: &ending, diffs: &diffs });
        }
        Ok(ending.exit.code())
    }

    fn print(&self, job: &Job<'_>, end: Option<&End>, ending: &Ending, diffs: &[FileDiff]) {
        let style = self.screen.style();
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
            let judged = matches!(self.task, Task::Validate | Task::Plan) || self.settings.dry_run;
            let held = matches!(end.outcome, Outcome::Held | Outcome::Unknown | Outcome::Waiting);
            let report = end.report.as_ref().filter(|report| (judged || held) && !report.rows.is_empty());
            if let Some(gates) = report {
                self.screen.say(&report::text(&heading, gates, style));
            }
            let planned = end.plan.as_deref().filter(|_| judged);
            if let Some(planned) = planned {
                let gap = if report.is_some() { "\n" } else { "" };
                self.screen.say(&format!("{gap}{}\n", plan::text(planned, diffs, style)));
            }
            // Right below a report that holds the promotion, its answer is not said again.
            said = held && report.is_some() && planned.is_none();
            for entry in &end.unkept {
                self.screen.say(&format!("{entry}\n"));
            }
            if self.screen.json() {
                self.screen.document(&match (planned, &end.report) {
                    (Some(planned), Some(gates)) => json::plan(planned, diffs, gates, end.outcome),
                    (None, Some(gates)) if judged => json::validate(&heading, gates, end.outcome),
                    _ => json::ending(ending),
                });
            }
        } else if self.screen.json() {
            self.screen.document(&json::ending(ending));
        }
        let words = if said { format!("\n{}", ending::after_report(ending)) } else { ending::text(ending, style) };
        self.screen.say(&words);
    }
}

/// Goes on with a promotion that the ledger knows.
fn go_on(world: &World<'_>, job: &Job<'_>, story: &Folded, dry: bool) -> Result<End, Halt> {
    if story.is_over() {
        return Ok(stands(story));
    }
    match &story.requested.request.kind {
        RequestKind::Promotion if dry => road::plan(world, job, Wanted::Request(&story.id)),
        RequestKind::Promotion => road::run(world, job, Wanted::Request(&story.id)),
        RequestKind::Rollback { undoes } if dry => undo::plan(world, job, Some(undoes)),
        RequestKind::Rollback { undoes } => undo::roll_back(world, job, Some(undoes)),
    }
}

/// A bypass must be allowed by the rules, which this version cannot do yet: it is refused, never ignored. Approvals need no
/// bypass as long as a promotion that asks for some is refused as a whole.
fn bypass(settings: &Settings, promotion: &Promotion) -> Option<Halt> {
    let refused = || PlanFault {
        what: "gates cannot be skipped: this version of promote knows no bypass of gates".to_owned(),
        seen: format!("SKIP_VALIDATION (or --skip-validation) is set for {} → {}", promotion.from, promotion.to),
        hint: "take it away, or change the gates in the rules".to_owned(),
    };
    settings.skip_validation.then(|| Halt::Invalid(refused()))
}
