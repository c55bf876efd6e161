//! Rules as objects: `promote rules list`, `test` and `diff`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::app::rules_file::Loaded;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::{bundle, replay, wiring};
use crate::ports::Ledger;
use crate::promotion::bundle::contents::Contents;
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::replay as judging;
use crate::promotion::replay::again::{self, Saved};
use crate::promotion::rules::compare::compare;
use crate::promotion::rules::read::read;
use crate::render::ending::{self, Ending, INVALID};
use crate::render::replay as words;
use crate::render::report::{self, Heading};
use crate::render::{json, rules};

/// What to show of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// Each promotion on a line.
    List,
    /// The rules' verdict on saved facts.
    Test {
        /// A bundle's directory, or a promotion's id.
        bundle: String,
    },
    /// What changed since a promotion.
    Diff {
        /// Its id; else the newest completed one.
        since: Option<String>,
    },
}

/// Shows it; the exit code.
pub fn run(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, loaded: &Loaded, view: &View) -> Result<u8> {
    let ended = match view {
        View::List => {
            if screen.json() {
                screen.document(&rules::list_document(&loaded.path, &loaded.rules));
            } else {
                screen.say(&rules::list(&loaded.rules, screen.style()));
            }
            Ok(0)
        }
        View::Test { bundle } => test(screen, settings, stop, loaded, bundle),
        View::Diff { since } => diff(screen, settings, stop, loaded, since.as_deref()),
    };
    Ok(ended.unwrap_or_else(|ending| screen.end(&ending)))
}

/// Judges saved facts by the present rules.
fn test(
    screen: &Screen,
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    loaded: &Loaded,
    bundle: &str,
) -> Result<u8, Ending> {
    let invalid = |what: &str, why: String| {
        let mut ending = Ending::refused(INVALID, what);
        ending.seen.extend(why.lines().map(str::to_owned));
        ending
    };
    let found = replay::find(screen, settings, stop, bundle)?;
    if let [first, ..] = found.differences().as_slice() {
        // What was tampered with is no ground for a decision.
        return Err(invalid("the bundle is not as it was sealed", format!("{}: {}", first.file, first.what)));
    }
    let opened = judging::open(&found.texts()).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.file, fault.what)).collect();
        invalid("the bundle cannot be read", said.join("\n"))
    })?;
    let asked = &opened.asked;
    let Some(judged) = &opened.judged else {
        return Err(invalid("the bundle holds no facts", "nothing was judged yet when it was written".to_owned()));
    };
    let saved = Saved {
        id: &asked.promotion_id,
        request: &asked.request,
        rules_path: &loaded.path,
        rules: &loaded.text,
        facts: &judged.facts,
    };
    let report = again::report(&saved)
        .map_err(|why| invalid("these rules cannot judge the saved facts", judging::not_again(&why)))?;
    let heading = Heading {
        service: &asked.request.service,
        from: &asked.request.from,
        to: &asked.request.to,
        images: &judged.facts.version,
        commit: judged.facts.commit.as_deref(),
    };
    let outcome: Outcome = report.outcome();
    if screen.json() {
        screen.document(&json::validate(&heading, &report, outcome));
    }
    screen.say(&report::text(&heading, &report, screen.style()));
    screen.say(&format!("\n{}", words::changed(&judging::rows(&judged.report, &report), screen.style())));
    screen.say(&format!("exit {}\n", outcome.exit_code()));
    Ok(outcome.exit_code())
}

/// Compares the rules of a promotion with the present ones. Whatever differs, the exit code is 0: it is a view, no gate.
fn diff(
    screen: &Screen,
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    loaded: &Loaded,
    since: Option<&str>,
) -> Result<u8, Ending> {
    let books = wiring::books(settings, stop).map_err(|fault| bundle::failed(&fault))?;
    let id = match since {
        Some(id) => id.to_owned(),
        None => newest(&books.ledger)?,
    };
    let (entries, story) = bundle::find(&books.ledger, &id)?;
    let (path, old) = Contents::of(&entries, &story).rules();
    let old_rules = read(path, old).ok();
    let compared = old_rules.map(|old| compare(&old, &loaded.rules));
    let since = format!("promotion {}", story.id);
    let pair = rules::Pair { since: &since, path: &loaded.path, old, new: &loaded.text, compared: compared.as_deref() };
    if screen.json() {
        screen.document(&rules::diff_document(&pair));
    } else {
        screen.say(&rules::diff(&pair, screen.style()));
    }
    Ok(0)
}

/// The newest completed promotion to any environment.
fn newest(ledger: &dyn Ledger) -> Result<String, Ending> {
    let heads = ledger.heads().map_err(|fault| bundle::failed(&fault))?;
    let completed =
        heads.values().flatten().flat_map(|file| &file.recent).filter(|summary| summary.state == State::Completed);
    let newest = completed.max_by_key(|summary| summary.completed_at);
    newest.map(|summary| summary.promotion.clone()).ok_or_else(|| {
        let mut ending =
            Ending::refused(ending::USAGE, "no completed promotion is recorded that the rules could be compared with");
        ending.seen.push(format!("looked in {}", ledger.place()));
        ending.next.push("name one with --since <promotion>".to_owned());
        ending
    })
}
