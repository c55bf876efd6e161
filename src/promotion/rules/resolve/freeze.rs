//! Freeze windows: their moments, zones and environments.

use crate::promotion::freeze::{self, Weekly, When, Window};
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::freeze::Freeze;
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::resolve::names::bound;
use crate::promotion::rules::resolve::places::Places;

/// Resolves the windows of a file.
pub fn windows(written: Option<&Placed<Vec<Placed<Freeze>>>>, places: &Places, faults: &mut Vec<Wrong>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for written in written.iter().flat_map(|all| &all.value) {
        let Some(window) = window(written, places, faults) else { continue };
        if let Some(other) = windows.iter().find(|other| other.name.eq_ignore_ascii_case(&window.name)) {
            let message = format!("the window `{}` stands here twice", window.name);
            let help = format!("the first is in line {}: give one another name", other.at.line);
            faults.push(Wrong::of(&written.name, message).help(help));
        }
        windows.push(window);
    }
    windows
}

fn window(written: &Placed<Freeze>, places: &Places, faults: &mut Vec<Wrong>) -> Option<Window> {
    if written.environments.0.is_empty() && !written.environments.faulty {
        faults.push(Wrong::of(&written.environments, "the window freezes nothing").help("name environments"));
    }
    let name = &written.name;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.faulty && (name.is_empty() || !name.chars().all(fits)) {
        faults.push(
            Wrong::of(name, format!("`{}` cannot be a window's name", name.value))
                .help("write a word, such as weekend"),
        );
    }
    let mut environments = Vec::new();
    for name in written.environments.0.iter().filter(|_| places.readable) {
        environments.extend(bound("environment", name, places.names(), faults));
    }
    let zone = &written.zone;
    if !zone.faulty && freeze::zone(zone).is_none() {
        let wrong = Wrong::of(zone, format!("there is no time zone `{}`", zone.value));
        faults.push(wrong.help("write one of the IANA database, such as Europe/Berlin or UTC"));
    }
    let mut except = Vec::new();
    for rule in written.except.iter().flatten() {
        if rule.by.0.is_empty() && !rule.faulty {
            faults.push(Wrong::of(rule, "nobody may go on").help("name users or teams under `by`"));
        }
        except.extend(rule.by.0.iter().map(|name| name.trim_start_matches('@').to_owned()));
    }
    let when = when(written, faults)?;
    Some(Window { name: name.value.clone(), environments, zone: zone.value.clone(), when, except, at: written.at })
}

fn when(written: &Placed<Freeze>, faults: &mut Vec<Wrong>) -> Option<When> {
    match (&written.weekly, &written.from, &written.to) {
        (Some(weekly), None, None) => {
            let (from, to) = (week(&weekly.from, faults), week(&weekly.to, faults));
            let (from, to) = (from?, to?);
            if from == to {
                let wrong = Wrong::of(weekly, "the window would freeze for good");
                faults.push(wrong.help("write another end; `promote freeze set` freezes until it is lifted"));
            }
            Some(When::Weekly { from, to })
        }
        (None, Some(from), Some(to)) => {
            let (begins, ends) = (date(from, faults), date(to, faults));
            let (begins, ends) = (begins?, ends?);
            if ends <= begins {
                faults.push(Wrong::of(to, "the window ends before it begins").help("write a later end"));
            }
            Some(When::Dated { from: begins, to: ends })
        }
        _ if written.faulty => None,
        _ => {
            let wrong = Wrong::of(written, "a window is either every week, or from one date to another");
            faults.push(wrong.help("write weekly: { from: fri 16:00, to: mon 08:00 }, or from: and to:"));
            None
        }
    }
}

fn week(text: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<Weekly> {
    let moment = Weekly::parse(text);
    if moment.is_none() && !text.faulty {
        let wrong = Wrong::of(text, format!("`{}` is no moment of a week", text.value));
        faults.push(wrong.help("write a day and a time, such as fri 16:00"));
    }
    moment
}

fn date(text: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<jiff::civil::DateTime> {
    let moment = freeze::dated(text);
    if moment.is_none() && !text.faulty {
        let wrong = Wrong::of(text, format!("`{}` is no date", text.value));
        faults.push(wrong.help("write a date and a time, such as '2026-12-20 18:00'"));
    }
    moment
}
