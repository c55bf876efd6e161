//! `promote show`: the record of one promotion, or the list of what the ledger holds.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::{ends, wiring};
use crate::ports::Ledger;
use crate::promotion::folded;
use crate::render::ending::{Ending, USAGE};
use crate::render::{json, record};

/// How many records a list shows.
const LISTED: usize = 50;

/// Shows a record by its id or the beginning of it; without one, the newest records. The exit code.
pub fn run(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, id: Option<&str>) -> Result<u8> {
    let books = match wiring::books(settings, stop) {
        Ok(books) => books,
        Err(fault) => return Ok(screen.end(&ends::faulted(&fault))),
    };
    let ledger = &books.ledger;
    let ids = match ledger.matching(id.unwrap_or_default()) {
        Ok(ids) => ids,
        Err(fault) => return Ok(screen.end(&ends::faulted(&fault))),
    };
    match (id, ids.as_slice()) {
        (Some(_), [only]) => {
            let entries = ledger.entries(only).map_err(anyhow::Error::new)?;
            if screen.json() {
                screen.document(&json::show(&entries));
            } else {
                screen.say(&record::text(&entries, screen.style()));
            }
            Ok(0)
        }
        (Some(id), []) => {
            let mut ending = Ending::refused(USAGE, format!("there is no record `{id}`"));
            ending.seen.push(format!("looked in {}", ledger.place()));
            ending.next.push("`promote show` lists the records; --ledger names another place".to_owned());
            Ok(screen.end(&ending))
        }
        (None, _) => list(screen, ledger, &ids),
        (Some(id), several) => {
            let mut ending = Ending::refused(USAGE, format!("`{id}` is the beginning of several records"));
            ending.seen.extend(several.iter().take(10).cloned());
            Ok(screen.end(&ending))
        }
    }
}

fn list(screen: &Screen, ledger: &dyn Ledger, ids: &[String]) -> Result<u8> {
    let mut records = Vec::new();
    for id in ids {
        let entries = ledger.entries(id).map_err(anyhow::Error::new)?;
        records.extend(entries.first().map(|first| first.at).map(|began| (began, entries)));
    }
    records.sort_by_key(|(began, _)| std::cmp::Reverse(*began));
    if screen.json() {
        let folded: Vec<_> = records.iter().filter_map(|(_, entries)| folded::fold(entries)).collect();
        screen.document(&format!("{}\n", serde_json::to_string_pretty(&folded)?));
        return Ok(0);
    }
    if records.is_empty() {
        screen.say(&format!("{} holds no records yet.\n", ledger.place()));
    }
    for (_, entries) in records.iter().take(LISTED) {
        screen.say(&record::line(entries));
    }
    if records.len() > LISTED {
        screen.say(&format!("and {} older ones\n", records.len() - LISTED));
    }
    Ok(0)
}
