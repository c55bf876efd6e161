//! The commands: from settings to an end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::adapters::clock::SystemClock;
use crate::app::actions;
use crate::app::doctor::Doctor;
use crate::app::door::Door;
use crate::app::environments;
use crate::app::evidence::{self, Places};
use crate::app::life::Counter;
use crate::app::mask::{self, Mask};
use crate::app::orders::Act;
use crate::app::rules_file::{Loaded, RulesError};
use crate::app::rules_source::{Differs, NoRules, Place};
use crate::app::rules_views;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::settings::sources::Sources;
use crate::app::task::Task;
use crate::app::{
    adopt, approved, auto, bundle, choose, ends, guards, here, history, init, log, replay, show, verify, wiring,
};
use crate::pipeline::ends::stands;
use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::list::Asked;
use crate::pipeline::run::Wanted;
use crate::pipeline::undo::Back;
use crate::pipeline::{life, patience, run as road, undo};
use crate::ports::{Clock as _, Fault, World};
use crate::promotion::event::Event;
use crate::promotion::folded::Folded;
use crate::promotion::request::RequestKind;
use crate::promotion::rules::{Promotion, Rules, Service};
use crate::promotion::words;
use crate::render::ending::{Ending, INVALID, USAGE};
use crate::render::json;

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
        Task::Init { stdout } => Ok(init::run(screen, settings, stop, *stdout)),
        Task::Explain { words } => Ok(show::explain(screen, words)),
        Task::Schema { name } => show::schema(screen, name.as_deref()),
        Task::List { service, env, bypassed } => {
            let service = service.as_deref().or(settings.service.as_deref());
            let now = clock.now();
            Ok(show::list(
                screen,
                settings,
                stop,
                now,
                Asked { service, environment: env.as_deref(), bypassed: *bypassed },
            ))
        }
        Task::Evidence(looking) if !looking.files.is_empty() => Ok(evidence::named(screen, clock, looking)),
        Task::Stamp(stamping) => Ok(evidence::stamp(screen, settings, clock, stamping)),
        Task::Back(back) => history::run(screen, settings, stop, clock.now(), back),
        Task::Say { verb, id } => Counter { screen, settings, mask, clock, stop }.say(*verb, id.as_deref()),
        Task::Revoke { id } => Counter { screen, settings, mask, clock, stop }.revoke(id),
        Task::Review { id } => Counter { screen, settings, mask, clock, stop }.review(id.as_deref()),
        Task::Order(asked) if !asked.needs_rules() => {
            let counter = Counter { screen, settings, mask, clock, stop };
            if asked.act == Act::List { Ok(counter.orders(asked)) } else { counter.order(asked, None) }
        }
        Task::Show { id } => Ok(show::show(screen, settings, stop, id)),
        Task::Bundle { id, out } => bundle::run(screen, settings, stop, id, out.as_deref()),
        Task::Replay { bundle, inputs } => replay::run(screen, settings, stop, bundle, inputs.as_deref()),
        _ => with_rules(task, settings, mask, screen, clock, stop),
    }
}

/// Says that the rules, and the waivers where there are any, can be used; the exit code.
fn no_faults(screen: &Screen, loaded: &Loaded) -> u8 {
    let count = words::counted(loaded.rules.promotions.len() as u64, "promotion");
    screen.say(&format!("{}: no faults, {count}\n", loaded.path));
    if let Some(file) = &loaded.waivers {
        let count = words::counted(file.waivers.len() as u64, "waiver");
        screen.say(&format!("{}: no faults, {count}\n", file.path));
    }
    0
}

/// Commands that need the rules.
fn with_rules(
    task: &Task,
    settings: &Settings,
    mask: &Mask,
    screen: &Screen,
    clock: &SystemClock,
    stop: &Arc<AtomicBool>,
) -> Result<u8> {
    let opened = if task.needs_github() { wiring::github::open(settings, mask, stop) } else { Ok(None) };
    let github = match opened {
        Ok(github) => github,
        Err(fault) => return Ok(actions::stopped(screen, settings, &ends::faulted(&fault))),
    };
    let reads = task.only_reads();
    let client = github.as_ref().map(|github| &*github.client);
    let place = Place::new(settings, client);
    let loaded = match governing(screen, settings, &place, !reads && !settings.dry_run) {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    match task {
        Task::Evidence(looking) => {
            let places = Places { screen, settings, mask, loaded: &loaded, github: github.as_ref(), clock, stop };
            Ok(places.look(looking))
        }
        Task::Check => Ok(no_faults(screen, &loaded)),
        Task::Meaning => {
            screen.document(&serde_yaml::to_string(&loaded.rules)?);
            Ok(0)
        }
        Task::Unlock { env } => {
            let counter = Counter { screen, settings, mask, clock, stop };
            of_service(&counter, &loaded.rules, |service| counter.unlock(&service.name, env.as_deref()))
        }
        Task::Order(asked) => {
            let counter = Counter { screen, settings, mask, clock, stop };
            of_service(&counter, &loaded.rules, |service| counter.order(asked, Some(service)))
        }
        _ => {
            let (judges, several) = (matches!(task, Task::Validate | Task::Plan), *task == Task::Auto);
            let reads = judges || settings.dry_run || *task == Task::Doctor;
            let assumed = reads.then(|| here::assumed(settings, &loaded.rules)).flatten();
            let (settings, assumed) = (assumed.as_ref().unwrap_or(settings), assumed.is_some());
            if assumed && *task != Task::Doctor {
                screen.tell(&Event::Warning(here::SAID.to_owned()), clock.now());
            }
            let approved = match approved::of(settings, client) {
                Ok(approved) => approved,
                Err(fault) => return Ok(actions::stopped(screen, settings, &ends::faulted(&fault))),
            };
            let (approved, github) = (approved.as_ref(), github.as_ref());
            let door = &Door {
                settings,
                screen,
                clock,
                loaded: &loaded,
                place: &place,
                approved,
                github,
                mask,
                stop,
                judges,
                several,
            };
            match task {
                Task::Doctor => Ok(Doctor { screen, settings, loaded: &loaded, mask, stop, assumed }
                    .run(guards::findings(settings, mask, &loaded, stop))),
                Task::Environments(deed) => environments::run(screen, settings, mask, stop, &loaded, *deed),
                Task::Rules(view) => rules_views::run(screen, settings, stop, &loaded, view),
                Task::Auto => auto::run(door),
                Task::CheckAuto { version } => auto::check(door, version.as_deref()),
                Task::Adopt { env } => adopt::run(door, env.as_deref()),
                Task::Verify { env, watch } => verify::run(door, env.as_deref(), *watch),
                _ => Errand { task, door }.go(),
            }
        }
    }
}

/// The rules that govern, and how the workspace's differ is said; without any the exit code, and why is said.
fn governing(screen: &Screen, settings: &Settings, place: &Place<'_>, writes: bool) -> Result<Loaded, u8> {
    match place.load(writes) {
        Ok(governing) => {
            for Differs { noun, text } in &governing.differ {
                screen.say(&format!("the {noun} of this workspace are not those that govern:\n{text}\n"));
            }
            Ok(governing.loaded)
        }
        Err(NoRules::File(error)) => Err(no_rules(screen, settings, &error)),
        Err(NoRules::Fault(fault)) => Err(actions::stopped(screen, settings, &ends::faulted(&fault))),
        Err(NoRules::Differ(differs)) => Err(actions::stopped(screen, settings, &refused_for(&differs))),
    }
}

/// What is done at the counter for a service of the rules; the exit code.
fn of_service(counter: &Counter<'_>, rules: &Rules, act: impl FnOnce(&Service) -> Result<u8>) -> Result<u8> {
    match choose::service(rules, counter.settings) {
        Ok(service) => act(service),
        Err(ending) => Ok(counter.screen.end(&ending)),
    }
}

/// The end of a run whose workspace has another file than the one that governs.
fn refused_for(Differs { noun, text }: &Differs) -> Ending {
    let what = format!("the {noun} of this workspace are not those of the default branch");
    let mut ending = Ending::refused(INVALID, what);
    let asks = if *noun == "rules" { "those ask" } else { "the rules there ask" };
    ending.seen.push(format!("{asks} for approvals, so they govern every run; nothing was written"));
    ending.seen.extend(text.lines().map(str::to_owned));
    ending.next.push(format!("merge the change of the {noun} first, or run from the default branch"));
    ending
}

/// Says that the rules file cannot be used, as it says so itself; the exit code.
fn no_rules(screen: &Screen, settings: &Settings, error: &RulesError) -> u8 {
    if screen.json() {
        let mut ending = Ending::refused(INVALID, "the rules cannot be used");
        ending.seen.extend(error.to_string().lines().map(str::to_owned));
        screen.document(&json::ending(&ending));
    }
    screen.say(&format!("{error}\nexit {INVALID}\n"));
    settings.actions.iter().for_each(|to| actions::refused(screen, to));
    INVALID
}

/// What to do, and what there is to do it with.
struct Errand<'a> {
    task: &'a Task,
    door: &'a Door<'a>,
}

impl Errand<'_> {
    fn go(&self) -> Result<u8> {
        let door = self.door;
        let ((service, promotion), story) = match self.chosen(door.stop) {
            Ok(chosen) => chosen,
            Err(ending) => return Ok(door.refused(&ending)),
        };
        let who = door.who();
        let job = door.job(&who, service, promotion);
        let came = self.walk(&job, story.as_ref());
        door.screen.end_group();
        door.close(&job, came)
    }

    /// The service and the promotion that the command is about, and the ledger's own where it is about one of those.
    fn chosen(&self, stop: &Arc<AtomicBool>) -> Result<((&Service, &Promotion), Option<Folded>), Ending> {
        let (rules, settings) = (&self.door.loaded.rules, self.door.settings);
        let story = match self.task {
            Task::Execute { id } => choose::named(settings, stop, id.as_deref())?,
            Task::Resume { id, env } => choose::left(settings, stop, id.as_deref(), env.as_deref())?,
            Task::Rollback { env, .. } => return Ok((choose::undoing(rules, settings, env.as_deref())?, None)),
            _ => {
                // To look at the only promotion there is, it need not be named; to make it, it must be.
                let reads = self.door.judges || settings.dry_run;
                let only = choose::only(rules, settings).filter(|_| reads);
                return Ok((only.map_or_else(|| choose::asked_for(rules, settings, self.task.verb()), Ok)?, None));
            }
        };
        Ok((choose::of_record(rules, settings, &story)?, Some(story)))
    }

    /// Opens the world and walks the road.
    fn walk(&self, job: &Job<'_>, story: Option<&Folded>) -> Result<End, Halt> {
        road::built(job)?;
        let Door { settings, screen, clock, mask, stop, .. } = *self.door;
        let wired = wiring::open(settings, mask, job, self.door.given(), stop)?;
        actions::warn_of_ledger(screen, settings);
        let tell = |event: &_| screen.tell(event, clock.now());
        let rules = || self.door.place.now();
        let world = wired.world(clock, &tell, &rules);
        let dry = settings.dry_run;
        if let Some(story) = story {
            return go_on(&world, job, story, dry);
        }
        let waits = settings.wait_evidence.0 > 0 && matches!(self.task, Task::Plan | Task::Run);
        if waits && let Some(end) = patience::until_complete(&world, job, settings.wait_evidence, &|| self.newer())? {
            return Ok(end);
        }
        match self.task {
            Task::Validate => road::validate(&world, job),
            Task::Run if !dry => road::run(&world, job, Wanted::Now),
            Task::Request if !dry => life::request(&world, job),
            Task::Rollback { id, to_version, .. } => {
                let back = Back { from: id.as_deref(), to: to_version.as_deref() };
                if dry { undo::plan(&world, job, back) } else { undo::roll_back(&world, job, back) }
            }
            _ => road::plan(&world, job, Wanted::Now),
        }
    }
}

impl Errand<'_> {
    /// The push that came after the one that this run is for, if one did: the branch's tip is not this run's commit any more.
    fn newer(&self) -> Result<Option<String>, Fault> {
        let github = self.door.settings.github.as_ref();
        let run = github.and_then(|github| github.run.as_ref());
        let branch = run.and_then(|run| run.git_ref.as_deref()).and_then(|name| name.strip_prefix("refs/heads/"));
        let ours = github.and_then(|github| github.head_sha.as_deref());
        let (Some(door), Some(branch), Some(ours)) = (self.door.github, branch, ours) else { return Ok(None) };
        let tip = door.client.branch_head(branch)?.filter(|tip| tip != ours);
        Ok(tip.map(|tip| format!("{branch} is at {tip}, and this run is for {ours}")))
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
        RequestKind::Rollback { undoes } => {
            // What waits for approvals goes back to a version that was named.
            let named = story.approvals.as_ref().and(story.requested.request.images.first());
            let named = named.map(|wanted| wanted.new.version());
            let back = Back { from: Some(undoes), to: named.as_deref() };
            if dry { undo::plan(world, job, back) } else { undo::roll_back(world, job, back) }
        }
    }
}
