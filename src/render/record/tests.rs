use super::*;
use crate::promotion::outcome::Outcome;
use crate::promotion::record::Milestone;
use crate::render::samples;

#[test]
fn a_promotion_that_went_well() {
    insta::assert_snapshot!(text(&samples::promoted(), Style::PLAIN), @"");
}

#[test]
fn a_promotion_that_was_taken_back() {
    insta::assert_snapshot!(text(&samples::rolled_back(), Style::PLAIN), @"");
}

#[test]
fn a_killed_run_leaves_the_promotion_open() {
    let entries = samples::killed();
    let story = story::of(&entries);
    assert_eq!((story.state(), story.outcome), ("open", None));
    assert!(text(&entries, Style::PLAIN).contains("open; a run is at work, or was stopped"));
}

#[test]
fn a_new_run_opens_what_an_old_one_ended() {
    let mut entries = samples::promoted();
    assert_eq!(story::of(&entries).outcome, Some(Outcome::Promoted));
    let Milestone::Closed(closed) = &mut entries[4].event else { panic!("the last entry closes") };
    closed.outcome = Outcome::Unconfirmed;
    assert_eq!(story::of(&entries).state(), "open");
    let again = entries[2].clone();
    entries.push(again);
    assert_eq!(story::of(&entries).outcome, None);
}

#[test]
fn no_record_is_said_to_be_none() {
    assert_eq!(text(&[], Style::PLAIN), "There is no such record.\n");
}
