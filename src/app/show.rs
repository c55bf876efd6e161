//! `promote list` and `promote show`: what the ledger holds, and the record of one promotion; and the schemas of both.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::{ends, wiring};
use crate::pipeline::list::{self, Asked};
use crate::pipeline::orders;
use crate::ports::{Fault, Ledger};
use crate::promotion::explain as topics;
use crate::promotion::folded;
use crate::promotion::id::is_id;
use crate::promotion::orders::Scope;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Entry;
use crate::promotion::time::Time;
use crate::render::ending::{Ending, USAGE};
use crate::render::explain as explained;
use crate::render::json::schema;
use crate::render::list::About;
use crate::render::{json, list as lines, orders as rendered, record};

/// How many of several records are named.
const NAMED: usize = 10;

/// Lists the newest promotions, all open ones, and the orders that stand. The exit code.
pub fn list(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, now: Time, asked: Asked<'_>) -> u8 {
    let listed = wiring::books(settings, stop).and_then(|books| {
        let listing = list::list(&books.ledger, asked)?;
        Ok((listing, orders::all(&books.ledger)?, books.ledger.place()))
    });
    let (listing, scopes, place) = match listed {
        Ok(listed) => listed,
        Err(fault) => return screen.end(&ends::faulted(&fault)),
    };
    let Asked { service, environment, bypassed } = asked;
    if screen.json() {
        screen.document(&json::list::list(&listing, &place));
    } else {
        screen.say(&lines::text(&listing, About { service, environment, bypassed }, &place, screen.style()));
        let is = |wanted: Option<&str>, is: &Option<String>| match (wanted, is) {
            (Some(wanted), Some(is)) => wanted.eq_ignore_ascii_case(is),
            _ => true,
        };
        let ours = |scope: &Scope| is(service, &scope.service) && is(environment, &scope.environment);
        let scopes: Vec<Scope> = scopes.into_iter().filter(ours).collect();
        let standing = rendered::standing(&scopes, now);
        if !standing.is_empty() {
            screen.say(&format!("\n{}\n", standing.join("\n")));
        }
    }
    0
}

/// Shows a record by its id or the beginning of it. The exit code.
pub fn show(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, id: &str) -> u8 {
    let found = wiring::books(settings, stop).and_then(|books| {
        let found = find(&books.ledger, id)?;
        Ok((found, books.ledger.place()))
    });
    let (found, place) = match found {
        Ok(found) => found,
        Err(fault) => return screen.end(&ends::faulted(&fault)),
    };
    match found {
        Found::One(entries) => one(screen, &entries, &place),
        Found::None => {
            let mut ending = Ending::refused(USAGE, format!("there is no record `{id}`."));
            ending.seen.push(format!("looked in {place}"));
            ending.next.push("`promote list` lists the records; --ledger names another place".to_owned());
            screen.end(&ending)
        }
        Found::Several(ids) => {
            let mut ending = Ending::refused(USAGE, format!("`{id}` is the beginning of {} records.", ids.len()));
            ending.seen.extend(ids.iter().take(NAMED).cloned());
            if ids.len() > NAMED {
                ending.seen.push(format!("and {} more", ids.len() - NAMED));
            }
            ending.next.push("give more of the id".to_owned());
            screen.end(&ending)
        }
    }
}

/// What there is of an id.
enum Found {
    None,
    One(Vec<Entry>),
    Several(Vec<String>),
}

/// A whole id leads to its record at once; for a beginning all ids are looked at.
fn find(ledger: &dyn Ledger, id: &str) -> Result<Found, Fault> {
    let id = id.to_ascii_uppercase();
    if is_id(&id) {
        let entries = ledger.entries(&id)?;
        return Ok(if entries.is_empty() { Found::None } else { Found::One(entries) });
    }
    match ledger.matching(&id)?.as_slice() {
        [] => Ok(Found::None),
        [only] => ledger.entries(only).map(Found::One),
        several => Ok(Found::Several(several.to_vec())),
    }
}

fn one(screen: &Screen, entries: &[Entry], place: &str) -> u8 {
    let Some(story) = folded::fold(entries) else {
        let id = entries.first().map(|first| first.id.as_str()).unwrap_or_default();
        let mut ending = Ending::of(Outcome::Failed, format!("the record {id} does not begin with a request."));
        ending.seen.push(format!("its first file, `0000-requested.json`, is missing in {place}"));
        ending.next.push("restore it from a copy of the ledger".to_owned());
        return screen.end(&ending);
    };
    if screen.json() {
        screen.document(&json::show::show(&story, entries));
    } else {
        screen.say(&record::text(entries, screen.style()));
    }
    0
}

/// Says what a word means, or what can be explained. The exit code.
pub fn explain(screen: &Screen, words: &str) -> u8 {
    if words.trim().is_empty() {
        screen.say(&explained::list());
        return 0;
    }
    match topics::explain(words) {
        Ok(found) => {
            screen.say(&explained::text(&found, screen.style()));
            0
        }
        Err(near) => {
            let mut ending = Ending::refused(USAGE, format!("`{words}` is nothing that can be explained."));
            ending.next.extend(near.map(|near| format!("did you mean {near}? promote explain {near}")));
            ending.next.push("`promote explain` alone lists what there is".to_owned());
            screen.end(&ending)
        }
    }
}

/// Prints the JSON Schema of a document, or what documents there are. The exit code.
pub fn schema(screen: &Screen, name: Option<&str>) -> Result<u8> {
    let Some(name) = name else {
        screen.say(&format!("Documents whose form is published:\n{}", schema::names()));
        return Ok(0);
    };
    let Some(document) = schema::document(name) else {
        let mut ending = Ending::refused(USAGE, format!("there is no document `{name}`."));
        let names: Vec<&str> = schema::DOCUMENTS.iter().map(|document| document.name).collect();
        ending.seen.push(format!("expected one of {}", names.join(", ")));
        return Ok(screen.end(&ending));
    };
    screen.document(&format!("{}\n", serde_json::to_string_pretty(&(document.schema)())?));
    Ok(0)
}
