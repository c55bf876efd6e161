//! `promote list`: promotions for people, a line each.

use std::collections::BTreeSet;

use crate::promotion::heads::Summary;
use crate::promotion::image::ImageRef;
use crate::promotion::life::State;
use crate::promotion::listing::{Damaged, Listing, OpenReview, Row};
use crate::promotion::outcome::Outcome;
use crate::promotion::words::count as count_of;
use crate::render::style::{COLUMNS, Style};
use crate::render::table::{self, Laid};
use crate::render::{escape, words};

/// The shortest beginning of an id that is shown.
const SHORTEST: usize = 8;

/// What a list was asked for: `of app`, `to staging`, `that bypassed something`; nothing for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct About<'a> {
    /// The service.
    pub service: Option<&'a str>,
    /// The target environment.
    pub environment: Option<&'a str>,
    /// Only those that bypassed gates or approvals.
    pub bypassed: bool,
}

/// The list as text, with a line end; `place` is where the ledger is.
pub fn text(listing: &Listing, about: About<'_>, place: &str, style: Style) -> String {
    let mut lines = Vec::new();
    if listing.rows.is_empty() {
        lines.extend(words::wrapped("", 2, &nothing(listing, about, place), COLUMNS));
    } else {
        let laid = laid(&listing.rows);
        let (open, ended) = laid.lines.split_at(listing.open());
        lines.push(style.strong(&laid.heading));
        lines.extend(open.iter().cloned());
        lines.extend((!open.is_empty() && !ended.is_empty()).then(String::new));
        lines.extend(ended.iter().cloned());
        lines.push(String::new());
        lines.extend(words::wrapped("", 2, &foot(listing, about), COLUMNS));
    }
    lines.extend(listing.reviews.iter().flat_map(review));
    lines.extend(listing.damaged.iter().flat_map(damaged));
    lines.join("\n") + "\n"
}

/// What to say where there is nothing to list, and how a record comes to be.
fn nothing(listing: &Listing, about: About<'_>, place: &str) -> String {
    let place = escape::line(place);
    if !listing.damaged.is_empty() {
        return format!("No record in {place} can be listed:");
    }
    if about == About::default() {
        return format!(
            "No promotions yet: looked in {place}. `promote run` writes the first record, or `promote request`; --ledger names another place."
        );
    }
    format!("No promotion {}: looked in {place}. `promote list` lists all of them.", asked(about))
}

fn asked(about: About<'_>) -> String {
    let service = about.service.map(|name| format!("of {}", escape::line(name)));
    let environment = about.environment.map(|name| format!("to {}", escape::line(name)));
    let bypassed = about.bypassed.then(|| "that bypassed gates or approvals".to_owned());
    service.into_iter().chain(environment).chain(bypassed).collect::<Vec<_>>().join(" ")
}

fn foot(listing: &Listing, about: About<'_>) -> String {
    let (shown, open) = (listing.rows.len(), listing.open());
    let mut out = words::counted(shown, "promotion", "promotions");
    if !about.bypassed && listing.known > shown as u64 {
        out = format!("The newest {} of {} promotions", count_of(shown as u64), count_of(listing.known));
    }
    if open > 0 {
        out = format!("{out}, {} open", count_of(open as u64));
    }
    out.push_str(". `promote show <id>` tells one.");
    out
}

fn laid(rows: &[Row]) -> Laid {
    let services: BTreeSet<&str> = rows.iter().map(|row| row.service.as_str()).collect();
    let several = services.len() > 1;
    let length = unique(rows);
    let mut heading = vec!["id", "asked for", "from → to", "version", "state", "by"];
    if several {
        heading.insert(2, "service");
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = cells(row, length);
            if several {
                cells.insert(2, escape::line(&row.service));
            }
            cells
        })
        .collect();
    table::lay(&heading, &cells, COLUMNS)
}

fn cells(row: &Row, length: usize) -> Vec<String> {
    let summary = &row.summary;
    vec![
        escape::line(&summary.promotion.chars().take(length).collect::<String>()),
        words::minute(summary.created_at),
        words::way(&summary.from, &row.to),
        versions(&row.service, &summary.images),
        stands(summary),
        escape::line(&summary.by),
    ]
}

/// The versions; an image that is named like the service goes without its name.
fn versions(service: &str, images: &[ImageRef]) -> String {
    let shown: Vec<String> = images
        .iter()
        .map(|image| {
            let version = words::short_commit(&image.version());
            let name = image.short_name();
            if name.eq_ignore_ascii_case(service) { version } else { format!("{} {version}", escape::line(name)) }
        })
        .collect();
    shown.join(", ")
}

/// The state, and how its newest run ended where that says more; alone where it says it all.
fn stands(summary: &Summary) -> String {
    let state = summary.state.word().replace('_', " ");
    let outcome = summary.outcome.map(|outcome| outcome.word().replace('_', " "));
    match (summary.state, summary.outcome, outcome) {
        (State::Completed, Some(Outcome::Promoted), _) | (_, _, None) => state,
        (State::Completed, _, Some(outcome)) => outcome,
        (_, _, Some(outcome)) if outcome == state => state,
        (_, _, Some(outcome)) => format!("{state}: {outcome}"),
    }
}

/// How many characters of an id tell it from all others of the list.
fn unique(rows: &[Row]) -> usize {
    let mut ids: Vec<&str> = rows.iter().map(|row| row.summary.promotion.as_str()).collect();
    ids.sort_unstable();
    let common = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let longest = ids.windows(2).map(|pair| common(pair[0], pair[1]) + 1).max();
    longest.unwrap_or_default().max(SHORTEST)
}

/// A hotfix that waits for its review: what it skipped, and the command.
fn review(open: &OpenReview) -> Vec<String> {
    let OpenReview { service, to, review } = open;
    let id = escape::line(&review.promotion);
    let said = format!(
        "review open: {id}, HOTFIX of {} to {}, ended {}; {} asked for it, skipped {}: {}",
        escape::line(service),
        escape::line(to),
        words::minute(review.since),
        escape::line(&review.by),
        escape::line(&review.skips.join(", ")),
        escape::line(&review.reason)
    );
    let mut lines = words::wrapped("! ", 2, &said, COLUMNS);
    lines.extend(words::wrapped("  → ", 4, &format!("somebody else: promote review {id} --reason \"…\""), COLUMNS));
    lines
}

fn damaged(damaged: &Damaged) -> Vec<String> {
    let said = format!("{} cannot be read: {}", escape::line(&damaged.what), escape::line(&damaged.why));
    let mut lines = words::wrapped("! ", 2, &said, COLUMNS);
    lines.extend(damaged.hint.iter().flat_map(|hint| words::wrapped("  → ", 4, &escape::line(hint), COLUMNS)));
    lines
}

#[cfg(test)]
mod tests;
