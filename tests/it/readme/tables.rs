//! The README's tables, compared with what they are tables of. A table that has drifted is printed as it should be.

use promote::promotion::fields::{FIELDS, Kind, Unit};
use promote::promotion::outcome::Outcome;

use super::page::{Table, coded, table};
use super::read;

/// What a run can end with that is no outcome: a bug, bad usage, invalid rules.
const OTHER_EXITS: [u8; 3] = [1, 2, 3];

#[track_caller]
fn find(header: &[&str]) -> Table {
    table(&read("README.md"), header).unwrap_or_else(|| panic!("README.md has no table | {} |", header.join(" | ")))
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Tests => "tests",
        Kind::Coverage => "coverage",
        Kind::Security => "security",
        Kind::Deployment => "deployment",
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Percent => "%",
        Unit::Ratio => "ratio",
        Unit::Duration => "ms",
        Unit::Hours => "h",
        Unit::PerSecond => "/s",
        Unit::Text => "text",
        Unit::Bool => "true, false",
    }
}

/// A table's rows as they stand in the page.
fn lines(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect()
}

/// The exits and outcomes that a table of ends names, in its order.
fn ends(table: &Table) -> Vec<(String, String)> {
    let word = |row: &Vec<String>| coded(&row[1]).unwrap_or("—").to_owned();
    table.rows.iter().map(|row| (row[0].clone(), word(row))).collect()
}

#[test]
fn the_table_of_ends_is_whole() {
    let mut wanted: Vec<(u8, &str)> =
        Outcome::ALL.iter().map(|outcome| (outcome.exit_code(), outcome.word())).collect();
    wanted.extend(OTHER_EXITS.map(|code| (code, "—")));
    wanted.sort_by_key(|(code, _)| *code);
    let wanted: Vec<(String, String)> =
        wanted.into_iter().map(|(code, word)| (code.to_string(), word.to_owned())).collect();
    assert_eq!(ends(&find(&["exit", "outcome", "meaning"])), wanted);
}

#[test]
fn the_table_of_facts_is_whole() {
    let row = |field: &promote::promotion::fields::Field| {
        format!("| `{}.{}` | {} | {} |", prefix(field.kind), field.measure, unit(field.unit), field.meaning)
    };
    let wanted: Vec<String> = FIELDS.iter().map(row).collect();
    let found = lines(&find(&["fact", "unit", "meaning"]).rows);
    assert!(found == wanted, "the table of facts should have these rows:\n{}", wanted.join("\n"));
}

#[test]
fn the_table_of_inputs_is_whole() {
    let wanted: Vec<String> = crate::action::action().inputs.into_iter().map(|(name, _)| name).collect();
    let table = find(&["input", "flag", "variable", "meaning"]);
    let found: Vec<String> = table.rows.iter().map(|row| coded(&row[0]).unwrap_or("").to_owned()).collect();
    assert_eq!(found, wanted, "action.yml is on the right");
}

#[test]
fn a_table_with_a_row_too_many_is_seen() {
    let page = "| exit | outcome | meaning |\n|---|---|---|\n| 0 | `ready` | a |\n| 1 | — | b |\n";
    let found = ends(&table(page, &["exit", "outcome", "meaning"]).unwrap());
    assert_eq!(found, [("0", "ready"), ("1", "—")].map(|(code, word)| (code.to_owned(), word.to_owned())));
}
