//! `promote history`, `promote history verify` and `promote audit`: looking back; they write nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::ends;
use crate::app::rules_file;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring;
use crate::pipeline::history as road;
use crate::ports::{Delivery, Fault, Ledger as _};
use crate::promotion::time::Time;
use crate::promotion::trail::{Wanted, moment};
use crate::render::ending::{Ending, INVALID, USAGE};
use crate::render::history as words;

/// What is looked back at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// What was done.
    Trail {
        /// What of it is wanted.
        range: Range,
        /// One document a line.
        lines: bool,
    },
    /// Whether the ledger is as it was written.
    Verify {
        /// Whether the GitOps repository is asked too.
        gitops: bool,
    },
    /// Which pinned versions were changed without a record.
    Audit {
        /// What of it is wanted.
        range: Range,
    },
}

/// A part of the history, in the words of whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// From when on: RFC 3339, a date, or an age.
    pub since: Option<String>,
    /// Until when.
    pub until: Option<String>,
    /// The environment.
    pub env: Option<String>,
}

/// The commands, made of a command that takes every setting.
pub fn commands(common: fn(&'static str, &'static str) -> Command) -> Vec<Command> {
    let arg = |name: &'static str, value: &'static str, help| Arg::new(name).long(name).value_name(value).help(help);
    let switch = |name: &'static str, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let since = || arg("since", "TIME", "from then on: 2026-11-20T09:30:00Z, 2026-11-20, or an age such as 7d");
    let env = || arg("env", "ENVIRONMENT", "of this environment only");
    let verify =
        common("verify", "Prove that nothing in the ledger was rewritten, removed or reordered; writes nothing");
    vec![
        common("history", "Print what was done, oldest first: the audit trail")
            .arg(switch("jsonl", "print one JSON document a line"))
            .args([since(), arg("until", "TIME", "until then"), env()])
            .args_conflicts_with_subcommands(true)
            .subcommand(verify.arg(switch("no-gitops", "look at the ledger alone, not at the GitOps repository"))),
        common("audit", "Name each commit that changed a pinned version without a record; writes nothing")
            .args([since(), env()]),
    ]
}

/// What one of the commands asks for.
pub fn back(name: &str, matches: &ArgMatches) -> Back {
    let text = |name| matches.try_get_one::<String>(name).ok().flatten().cloned();
    let set = |name| matches.try_get_one::<bool>(name).ok().flatten() == Some(&true);
    let range = Range { since: text("since"), until: text("until"), env: text("env") };
    match name {
        "verify" => Back::Verify { gitops: !set("no-gitops") },
        "audit" => Back::Audit { range },
        _ => Back::Trail { range, lines: set("jsonl") },
    }
}

/// Something was found: a definite no.
const FOUND: u8 = 10;

/// Looks back; the exit code.
pub fn run(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, now: Time, back: &Back) -> Result<u8> {
    let desk = Desk { screen, settings, stop, now };
    let came = match back {
        Back::Trail { range, lines } => desk.trail(range, *lines),
        Back::Verify { gitops } => desk.verify(*gitops),
        Back::Audit { range } => desk.audit(range),
    };
    Ok(came.unwrap_or_else(|ending| screen.end(&ending)))
}

struct Desk<'a> {
    screen: &'a Screen,
    settings: &'a Settings,
    stop: &'a Arc<AtomicBool>,
    now: Time,
}

impl Desk<'_> {
    fn trail(&self, range: &Range, lines: bool) -> Result<u8, Box<Ending>> {
        let wanted = Wanted {
            since: self.moment("--since", range.since.as_deref())?,
            until: self.moment("--until", range.until.as_deref())?,
            service: self.settings.service.clone(),
            environment: range.env.clone(),
        };
        let books = wiring::books(self.settings, self.stop).map_err(failed)?;
        let ledger = &books.ledger;
        let (trail, unread) = road::trail(ledger, &wanted).map_err(failed)?;
        if lines {
            self.screen.document(&words::trail_lines(&trail));
        } else if self.screen.json() {
            self.screen.document(&words::trail_list(&trail));
        } else {
            self.screen.say(&words::trail(&trail));
        }
        if !unread.is_empty() {
            self.screen.say(&words::unread(&unread));
        }
        Ok(0)
    }

    fn verify(&self, gitops: bool) -> Result<u8, Box<Ending>> {
        let books = wiring::books(self.settings, self.stop).map_err(failed)?;
        let ledger = &books.ledger;
        let repositories = if gitops {
            Some(wiring::repositories(self.settings, self.stop).map_err(|fault| {
                let mut ending = failed(fault);
                ending.next.push("without it: promote history verify --no-gitops".to_owned());
                ending
            })?)
        } else {
            None
        };
        let delivery = repositories.as_ref().map(|repositories| &repositories.delivery as &dyn Delivery);
        let examined = road::verify(ledger, delivery).map_err(failed)?;
        if self.screen.json() {
            self.screen.document(&words::examination(&examined, &ledger.place()));
        } else {
            self.screen.say(&words::examined(&examined, &ledger.place(), self.screen.style()));
        }
        Ok(self.ended(examined.out.findings.is_empty()))
    }

    fn audit(&self, range: &Range) -> Result<u8, Box<Ending>> {
        let since = self.moment("--since", range.since.as_deref())?;
        let loaded = rules_file::load(&self.settings.rules).map_err(|error| {
            let mut lines = error.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
            let mut ending = Ending::refused(INVALID, if lines.is_empty() { String::new() } else { lines.remove(0) });
            ending.seen = lines;
            Box::new(ending)
        })?;
        if let Some(env) = &range.env
            && loaded.rules.services.values().all(|service| service.environment(env).is_none())
        {
            let services = loaded.rules.services.values();
            let names = services.flat_map(|service| service.environments.iter().map(|known| known.name.clone()));
            let mut ending = Ending::refused(USAGE, "no such environment (--env)");
            ending.seen.push(format!("expected one of {}; seen: {env}", names.collect::<Vec<_>>().join(", ")));
            return Err(Box::new(ending));
        }
        let books = wiring::books(self.settings, self.stop).map_err(failed)?;
        let ledger = &books.ledger;
        let repositories = wiring::repositories(self.settings, self.stop).map_err(failed)?;
        let (rules, env) = (&loaded.rules, range.env.as_deref());
        let audited = road::audit(ledger, &repositories.delivery, rules, env, since).map_err(failed)?;
        let audit = words::audit_of(audited.directories, audited.commits, &audited.unrecorded, &audited.notes);
        if self.screen.json() {
            self.screen.document(&words::audit(&audit));
        } else {
            self.screen.say(&words::audited(&audit));
        }
        Ok(self.ended(audited.unrecorded.is_empty()))
    }

    fn ended(&self, clean: bool) -> u8 {
        if !clean {
            self.screen.say(&format!("exit {FOUND}\n"));
        }
        if clean { 0 } else { FOUND }
    }

    fn moment(&self, flag: &str, text: Option<&str>) -> Result<Option<Time>, Box<Ending>> {
        let Some(text) = text else { return Ok(None) };
        let found = moment(text, self.now);
        found.map(Some).ok_or_else(|| {
            let mut ending = Ending::refused(USAGE, format!("`{text}` is no time ({flag})"));
            ending.seen.push("expected 2026-11-20T09:30:00Z, 2026-11-20, or an age such as 7d or 12h".to_owned());
            Box::new(ending)
        })
    }
}

fn failed(fault: Fault) -> Box<Ending> {
    Box::new(ends::faulted(&fault))
}
