//! The README's tables, compared with what they are tables of; those of inputs and outputs are with the action's tests.

use std::collections::BTreeSet;

use promote::promotion::explain::ends::{REFUSED, meaning};
use promote::promotion::fields::{FIELDS, Kind, Unit};
use promote::promotion::outcome::Outcome;
use promote::promotion::rules::format::{FORMATS, Family};
use promote::promotion::rules::read::read as read_rules;
use promote::promotion::rules::schema::schema;
use serde_json::Value;

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
        Kind::Quality => "quality",
        Kind::Performance => "performance",
        Kind::Levels => "slo",
        Kind::Alerts => "alerts",
        Kind::Checks => "checks",
        Kind::Review => "review",
        Kind::Canary => "canary",
        Kind::Deployment => "deployment",
    }
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Tests => "tests",
        Family::Coverage => "coverage",
        Family::Security => "security",
        Family::Quality => "quality",
        Family::Load => "load",
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Number => "number",
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
fn what_is_explained_is_what_the_table_says() {
    for row in find(&["exit", "outcome", "meaning"]).rows {
        let code: u8 = row[0].parse().unwrap();
        let refused = REFUSED.iter().find(|(other, ..)| *other == code).map(|(_, meaning, _)| *meaning);
        let outcome = Outcome::ALL.into_iter().find(|outcome| coded(&row[1]) == Some(outcome.word()));
        assert_eq!(refused.or(outcome.map(meaning)), Some(row[2].as_str()), "exit {code}");
    }
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
fn the_table_of_formats_is_whole() {
    let rows = find(&["format", "what it is", "family", "what is counted"]).rows;
    let wanted: Vec<String> =
        FORMATS.iter().map(|row| format!("| `{}` | {} | {} |", row.name, row.title, family(row.family))).collect();
    let found: Vec<String> = rows.iter().map(|row| format!("| {} |", row[..3].join(" | "))).collect();
    assert!(found == wanted, "the table of formats should begin with these cells:\n{}", wanted.join("\n"));
    for row in rows {
        assert!(row.len() == 4 && row[3].len() > 3, "{} does not say what is counted", row[0]);
    }
}

/// The parts of the rules that have a table of options, with their names in the JSON Schema.
const PARTS: [(&str, &str); 38] = [
    ("environment", "Environment"),
    ("argocd", "App"),
    ("image", "Image"),
    ("evidence", "Evidence"),
    ("evidence.prometheus", "Prometheus"),
    ("evidence.prometheus.queries", "Queries"),
    ("evidence.github", "FromGitHub"),
    ("promotion", "Promotion"),
    ("hotfix", "Hotfix"),
    ("approvals", "Approval"),
    ("bypass", "Bypass"),
    ("bypass.gates", "BypassRule"),
    ("tests", "Tests"),
    ("coverage", "Coverage"),
    ("coverage.parts", "CoveragePart"),
    ("security", "Security"),
    ("checks", "Checks"),
    ("review", "Review"),
    ("performance", "Performance"),
    ("quality", "Quality"),
    ("slo", "Slo"),
    ("error_budget", "ErrorBudget"),
    ("error_budget.burn_rates", "BurnRate"),
    ("alerts", "Alerts"),
    ("canary", "Canary"),
    ("canary.actions", "CanaryActions"),
    ("soak", "Soak"),
    ("conditions", "Condition"),
    ("verify", "Verify"),
    ("health", "Health"),
    ("smoke", "Smoke"),
    ("smoke.steps", "Step"),
    ("rollback", "Rollback"),
    ("freeze", "Freeze"),
    ("freeze.weekly", "Weekly"),
    ("bundle", "Bundle"),
    ("ledger", "Ledger"),
    ("github", "GitHub"),
];

/// The options of a part, in the schema's order.
fn options(schema: &Value, name: &str) -> Vec<String> {
    let part = &schema["$defs"][name];
    let forms = part["anyOf"].as_array().into_iter().flatten();
    let properties = forms.chain([part]).find_map(|form| form["properties"].as_object());
    properties.unwrap_or_else(|| panic!("the schema has no {name}")).keys().cloned().collect()
}

/// What the README says is not built: `gates.slo`, `approvals`.
fn not_built() -> BTreeSet<String> {
    let table = find(&["not built yet", "what it is for"]);
    table
        .rows
        .iter()
        .flat_map(|row| row[0].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_table_of_options_is_whole() {
    let schema = serde_json::to_value(schema()).unwrap();
    let not_built = not_built();
    let table = find(&["part", "option", "default", "meaning"]);
    let names = |row: &Vec<String>| {
        let options: Vec<&str> = row[1].split('`').skip(1).step_by(2).collect();
        options.iter().map(|option| format!("{}.{option}", coded(&row[0]).unwrap_or(""))).collect::<Vec<_>>()
    };
    let found: Vec<String> = table.rows.iter().flat_map(names).collect();
    let is_built = |name: &String| {
        let short = name.strip_prefix("promotion.").unwrap_or(name);
        !not_built.contains(name) && !not_built.contains(short)
    };
    let wanted: Vec<String> = PARTS
        .iter()
        .flat_map(|(part, name)| options(&schema, name).into_iter().map(move |option| format!("{part}.{option}")))
        .filter(is_built)
        .collect();
    let as_set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let (found_set, wanted_set) = (as_set(&found), as_set(&wanted));
    let (more, fewer): (Vec<_>, Vec<_>) =
        (found_set.difference(&wanted_set).collect(), wanted_set.difference(&found_set).collect());
    assert!(more.is_empty() && fewer.is_empty(), "too many: {more:?}; missing: {fewer:?}");
    assert_eq!(found.len(), found_set.len(), "an option stands there twice");
    for gate in options(&schema, "Gates") {
        let built = PARTS.iter().any(|(part, _)| *part == gate);
        assert_ne!(built, not_built.contains(&format!("gates.{gate}")), "`gates.{gate}` is built or not, never both");
    }
}

#[test]
fn what_is_not_built_is_said() {
    let said = not_built();
    for file in ["fixtures/rules/design.yaml", "fixtures/rules/forms.yaml"] {
        let rules = read_rules(file, &read(file)).unwrap();
        let parts = rules.promotions.iter().flat_map(|promotion| &promotion.not_built);
        for part in parts.map(|part| part.part.as_str()) {
            let words: Vec<&str> = part.split('.').collect();
            // Names that somebody gave (`environments.prod.targets`, `evidence.slo`) are not the README's.
            let named = match words.as_slice() {
                ["environments", _, rest, ..] => format!("environment.{rest}"),
                ["servers" | "repos", ..] => words[0].to_owned(),
                _ => part.to_owned(),
            };
            assert!(
                said.contains(&named),
                "{file} uses {part}, and the README does not say that `{named}` is not built"
            );
        }
    }
}

#[test]
fn a_table_with_a_row_too_many_is_seen() {
    let page = "| exit | outcome | meaning |\n|---|---|---|\n| 0 | `ready` | a |\n| 1 | — | b |\n";
    let found = ends(&table(page, &["exit", "outcome", "meaning"]).unwrap());
    assert_eq!(found, [("0", "ready"), ("1", "—")].map(|(code, word)| (code.to_owned(), word.to_owned())));
}
