//! Tests of [`list`](super).

use super::*;
use crate::promotion::record::Bypass;
use crate::promotion::request::RequestKind;
use crate::render::samples;
use crate::render::table::width;

fn row(id: &str, to: &str, state: State, outcome: Option<Outcome>, at: &str) -> Row {
    let mut story = crate::promotion::folded::fold(&samples::promoted()).unwrap();
    (story.id, story.state, story.outcome, story.created_at) = (id.to_owned(), state, outcome, samples::at(at));
    story.requested.request.to = to.to_owned();
    Row { service: "app".to_owned(), to: to.to_owned(), summary: Summary::of(&story) }
}

fn some() -> Listing {
    let mut rolled =
        row("5QJ2MK7A9W3X0000000000000B", "staging", State::Completed, Some(Outcome::Delivered), "09:00:00");
    rolled.summary.undoes = Some("01JD5T0000000000000000000Z".to_owned());
    rolled.summary.from = "staging".to_owned();
    let mut listing = Listing {
        rows: vec![
            row("01JD5T0000000000000000000Z", "staging", State::Completed, Some(Outcome::Promoted), "08:00:00"),
            rolled,
            row("01JD5T00A0000000000000000Z", "production", State::Pending, Some(Outcome::Held), "10:00:00"),
            row("7ZJD5T0000000000000000000Z", "staging", State::Failed, Some(Outcome::Stuck), "07:00:00"),
            row("8ZJD5T0000000000000000000Z", "staging", State::RolledBack, Some(Outcome::RolledBack), "06:00:00"),
        ],
        known: 1204,
        reviews: Vec::new(),
        damaged: Vec::new(),
    };
    listing.arrange();
    listing
}

fn plain(listing: &Listing, about: About<'_>) -> String {
    text(listing, about, ".promote", Style::PLAIN)
}

#[test]
fn open_ones_come_first_and_ids_are_as_short_as_they_can_be() {
    insta::assert_snapshot!(plain(&some(), About::default()), @r"
        id         asked for          from → to            version  state          by
        01JD5T00A  2026-11-22 10:00Z  dev → production     1.20     pending: held  bo

        5QJ2MK7A9  2026-11-22 09:00Z  rollback of staging  1.20     delivered      bo
        01JD5T000  2026-11-22 08:00Z  dev → staging        1.20     completed      bo
        7ZJD5T000  2026-11-22 07:00Z  dev → staging        1.20     failed: stuck  bo
        8ZJD5T000  2026-11-22 06:00Z  dev → staging        1.20     rolled back    bo

        The newest 5 of 1,204 promotions, 1 open. `promote show <id>` tells one.
    ");
}

#[test]
fn the_service_is_said_where_there_are_several() {
    let mut listing = some();
    listing.rows[1].service = "a-service-with-a-name".to_owned();
    let text = plain(&listing, About::default());
    assert!(text.lines().next().unwrap().contains("service"), "{text}");
    assert!(text.contains("app 1.20"), "its image is not named like it:\n{text}");
    assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
}

#[test]
fn nothing_is_said_with_where_it_was_looked_for() {
    let listing = Listing::default();
    insta::assert_snapshot!(plain(&listing, About::default()), @r"
        No promotions yet: looked in .promote. `promote run` writes the first record, or
          `promote request`; --ledger names another place.
    ");
    let about = About { service: Some("app"), environment: Some("canary"), bypassed: true };
    insta::assert_snapshot!(plain(&listing, about), @r"
        No promotion of app to canary that bypassed gates or approvals: looked in
          .promote. `promote list` lists all of them.
    ");
}

#[test]
fn a_damaged_record_is_named_and_hides_nothing() {
    let mut listing = some();
    let why = ".promote/promotions/1/2/3/4/X/0000-requested.json is not a record:\u{1b}[2J EOF".to_owned();
    let damaged = Damaged { what: "X".to_owned(), why, hint: Some("restore the file".to_owned()) };
    listing.damaged.push(damaged.clone());
    let text = plain(&listing, About::default());
    assert_eq!(text.matches("01JD5T00").count(), 2, "{text}");
    assert!(text.ends_with("\\x1b[2J EOF\n  → restore the file\n"), "{text}");
    let alone = plain(&Listing { damaged: vec![damaged], ..Listing::default() }, About::default());
    assert!(alone.starts_with("No record in .promote can be listed:\n! X cannot be read: "), "{alone}");
}

#[test]
fn a_summary_says_what_was_bypassed_and_undone() {
    let mut entries = samples::promoted();
    let crate::promotion::record::Milestone::Requested(requested) = &mut entries[0].event else { panic!("a request") };
    requested.bypassed = vec![Bypass::Gates];
    requested.request.kind = RequestKind::Rollback { undoes: "X".to_owned() };
    let summary = Summary::of(&crate::promotion::folded::fold(&entries).unwrap());
    assert_eq!((summary.bypassed, summary.undoes), (vec![Bypass::Gates], Some("X".to_owned())));
}
