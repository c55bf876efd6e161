//! Commands on what the ledger knows: a person's word on a promotion, and a lock taken away.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use uuid::Uuid;

use crate::adapters::clock::SystemClock;
use crate::app::mask::Mask;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring::github::GitHubDoor;
use crate::app::{actions, ends, wiring};
use crate::pipeline::desk::Desk;
use crate::pipeline::hotfix;
use crate::pipeline::job::{End, Halt, Me};
use crate::pipeline::life::{self, Word};
use crate::ports::{Approvals as _, Fault, Ledger};
use crate::promotion::approvals::words;
use crate::promotion::record::{Approved, Cancelled, Entry, Rejected};
use crate::promotion::time::Millis;
use crate::render::ending::{Ending, USAGE};

/// How much of an id must be written to move a promotion: so much of it never names another one by chance.
const SAFE: usize = 8;

/// Which word a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It may go on.
    Approve,
    /// It may not.
    Reject,
    /// It is taken back.
    Cancel,
}

/// What these commands have at hand.
pub struct Counter<'a> {
    /// Where words go.
    pub screen: &'a Screen,
    /// The settings.
    pub settings: &'a Settings,
    /// What must not be shown or kept.
    pub mask: &'a Mask,
    /// Tells the time.
    pub clock: &'a SystemClock,
    /// Set when the process is asked to stop.
    pub stop: &'a Arc<AtomicBool>,
}

impl Counter<'_> {
    /// Says a word on a promotion; the exit code.
    pub fn say(&self, verb: Verb, id: Option<&str>) -> Result<u8> {
        let Some(id) = id else {
            return self.close(Err(usage("no promotion is named", "`promote list` shows their ids")));
        };
        let reason = self.reason();
        let word = match (verb, reason) {
            (Verb::Approve, comment) => return self.approve(id, comment),
            (Verb::Cancel, reason) => Word::Cancel(Cancelled { reason }),
            (Verb::Reject, Some(reason)) => Word::Reject(Rejected { reason, by: None, approvals: None }),
            (Verb::Reject, None) => {
                let again = format!("promote reject {id} --reason \"…\"");
                return self.close(Err(usage("a refusal needs its reason", &again)));
            }
        };
        let came = self.with_ledger(|desk, me| {
            let id = one(desk.ledger, id)?;
            ended(life::say(desk, me, &id, &word))
        });
        self.close(came)
    }

    /// Approves. Where GitHub and a pull request are known, a comment there says so, by the token of whoever runs this: the ledger
    /// keeps where it is, and the run that carries the plan out asks GitHub for it again. The ledger's word alone fills no quorum.
    fn approve(&self, id: &str, comment: Option<String>) -> Result<u8> {
        let github = match self.where_words_go() {
            Ok(github) => github,
            Err(fault) => return self.close(Err(ends::faulted(&fault))),
        };
        let role = self.settings.role.clone();
        let came = self.with_ledger(|desk, me| {
            let id = one(desk.ledger, id)?;
            let word = match &github {
                None => None,
                Some((number, door)) => {
                    let entries = desk.ledger.entries(&id).map_err(|fault| ends::faulted(&fault))?;
                    let Some(digest) = shown_digest(&entries) else {
                        let what = "no plan of it has been shown yet, so there is nothing to approve";
                        return Err(usage(what, &format!("promote execute {id} shows one, and waits")));
                    };
                    let body = words::approving(&digest, role.as_deref(), comment.as_deref());
                    Some(door.approvals.say(*number, &body).map_err(|fault| ends::faulted(&fault))?)
                }
            };
            let approved = Approved { role: role.clone(), comment: comment.clone(), word };
            ended(life::say(desk, me, &id, &Word::Approve(approved)))
        });
        self.close(came)
    }

    /// GitHub, and the pull request where words are written, where both are known.
    pub fn where_words_go(&self) -> Result<Option<(u64, GitHubDoor)>, Fault> {
        let number = self.settings.github.as_ref().and_then(|github| github.pull_request);
        let Some(number) = number else { return Ok(None) };
        let door = wiring::github::open(self.settings, self.mask, self.stop)?;
        Ok(door.map(|door| (number, door)))
    }

    /// Reviews a hotfix; the exit code.
    pub fn review(&self, id: Option<&str>) -> Result<u8> {
        let Some(id) = id else {
            return self.close(Err(usage("no promotion is named", "`promote list` names the reviews that are open")));
        };
        let Some(reason) = self.reason().filter(|reason| !reason.trim().is_empty()) else {
            let again = format!("promote review {id} --reason \"…\"");
            return self.close(Err(usage("a review says what came of it (--reason)", &again)));
        };
        self.close(self.with_ledger(|desk, me| {
            let id = one(desk.ledger, id)?;
            ended(hotfix::review(desk, me, &id, &reason))
        }))
    }

    /// Takes a lock away; the exit code.
    pub fn unlock(&self, service: &str, environment: Option<&str>) -> Result<u8> {
        let Some(environment) = environment.or(self.settings.to.as_deref()) else {
            return self.close(Err(usage("no environment is named", "promote unlock --env … --reason \"…\"")));
        };
        let Some(reason) = self.reason() else {
            let again = format!("promote unlock --env {environment} --reason \"…\"");
            return self.close(Err(usage("to take a lock away needs a reason", &again)));
        };
        self.close(self.with_ledger(|desk, me| ended(life::unlock(desk, me, service, environment, &reason))))
    }

    /// The reason, as it may be kept.
    pub fn reason(&self) -> Option<String> {
        self.settings.reason.as_deref().map(|reason| self.mask.hide(reason))
    }

    /// Does something with the ledger, as whoever runs this.
    pub fn with_ledger(&self, act: impl FnOnce(Desk<'_>, &Me<'_>) -> Result<End, Ending>) -> Result<End, Ending> {
        actions::warn_of_ledger(self.screen, self.settings);
        let books = wiring::books(self.settings, self.stop).map_err(|fault| ends::faulted(&fault))?;
        let run = Uuid::now_v7().to_string();
        let actor = self.settings.actor();
        let ci_run = self.settings.actions.as_ref().and_then(|actions| actions.run_url.as_deref());
        act(Desk { ledger: &books.ledger, clock: self.clock }, &Me { run: &run, actor: &actor, ci_run })
    }

    /// Says how it ended; the exit code.
    pub fn close(&self, came: Result<End, Ending>) -> Result<u8> {
        let ending = match &came {
            Ok(end) => ends::ended(end, Millis(0)),
            Err(ending) => ending.clone(),
        };
        let code = self.screen.end(&ending);
        if let Some(to) = &self.settings.actions {
            actions::said(self.screen, to, &ending);
        }
        Ok(code)
    }
}

/// What came of it, as it is told.
pub fn ended(came: Result<End, Halt>) -> Result<End, Ending> {
    match came {
        Ok(end) => Ok(end),
        Err(Halt::Ended(end)) => Ok(*end),
        Err(Halt::Fault(fault)) => Err(ends::faulted(&fault)),
        Err(Halt::Invalid(fault)) => Err(usage(&fault.what, &fault.hint)),
        Err(Halt::NotBuilt(_)) => Err(usage("the rules ask for what this version of promote cannot do yet", "")),
    }
}

/// The digest of the plan that was shown last and waits for approvals.
fn shown_digest(entries: &[Entry]) -> Option<String> {
    entries.iter().rev().find_map(|entry| entry.event.approvals().map(|approvals| approvals.digest.clone()))
}

/// The one promotion whose id begins so.
pub fn one(ledger: &dyn Ledger, prefix: &str) -> Result<String, Ending> {
    if prefix.len() < SAFE {
        let what = format!("`{prefix}` is too short to move a promotion by");
        return Err(usage(&what, &format!("write at least {SAFE} characters of its id; `promote list` shows as many")));
    }
    let ids = ledger.matching(prefix).map_err(|fault| ends::faulted(&fault))?;
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let mut ending = usage(
                &format!("there is no promotion `{prefix}`"),
                "`promote list` shows what there is; --ledger names another place",
            );
            ending.seen.push(format!("looked in {}", ledger.place()));
            Err(ending)
        }
        several => {
            let mut ending = Ending::refused(USAGE, format!("`{prefix}` is the beginning of several promotions"));
            ending.seen.extend(several.iter().take(10).cloned());
            Err(ending)
        }
    }
}

/// A command that cannot be, and what to write instead.
pub fn usage(what: &str, next: &str) -> Ending {
    let mut ending = Ending::refused(USAGE, what);
    ending.next.push(next.to_owned());
    ending
}
