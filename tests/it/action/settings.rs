//! One list of settings: `action.yml` and the README say what `promote::app::settings` has, in its order and words.

use promote::app::settings::inputs::{INPUTS, Input, OUTPUTS};

use super::action;
use crate::readme::page::table;
use crate::readme::read;

/// What of the first list is not in the second, and the other way round; the order counts.
fn differences(what: &str, found: &[(String, String)], wanted: &[(String, String)]) -> Vec<String> {
    let missing = wanted.iter().filter(|entry| !found.contains(entry));
    let added = found.iter().filter(|entry| !wanted.contains(entry));
    let mut all: Vec<String> = missing.map(|(name, text)| format!("{what}: write `{name}`: {text}")).collect();
    all.extend(added.map(|(name, text)| format!("{what}: nothing reads or writes `{name}`: {text}")));
    if all.is_empty() && found != wanted {
        all.push(format!("{what}: the order is not that of the settings"));
    }
    all
}

fn owned((name, text): (&str, &str)) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

/// A row of the README's table; short flags may stand behind the long one.
fn row(input: &Input) -> [String; 4] {
    let code = |text: &str| format!("`{text}`");
    let variables: Vec<String> = input.variables.iter().map(|name| code(name)).collect();
    let or_dash = |text: String| if text.is_empty() { "—".to_owned() } else { text };
    let flag = if input.flag.is_empty() { String::new() } else { code(&format!("--{}", input.flag)) };
    [code(input.input), or_dash(flag), or_dash(variables.join(", ")), input.meaning.to_owned()]
}

#[test]
fn the_action_has_promotes_inputs_and_outputs() {
    let inputs: Vec<_> = INPUTS.iter().map(|input| owned((input.input, input.meaning))).collect();
    let outputs: Vec<_> = OUTPUTS.iter().map(|output| owned(*output)).collect();
    let action = action();
    let mut faults = differences("action.yml, inputs", &action.inputs, &inputs);
    faults.extend(differences("action.yml, outputs", &action.outputs, &outputs));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_readme_has_promotes_inputs_and_outputs() {
    let page = read("README.md");
    let wanted: Vec<[String; 4]> = INPUTS.iter().map(row).collect();
    let long = |cell: &str| cell.split(", `-").next().unwrap_or(cell).to_owned();
    let found = table(&page, &["input", "flag", "variable", "meaning"]).expect("the README has a table of inputs");
    let found: Vec<Vec<String>> = found
        .rows
        .into_iter()
        .map(|row| row.iter().enumerate().map(|(n, cell)| if n == 1 { long(cell) } else { cell.clone() }).collect())
        .collect();
    let lines: Vec<String> = wanted.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    assert!(found == wanted, "the table of inputs should have these rows:\n{}", lines.join("\n"));
    let wanted: Vec<Vec<String>> =
        OUTPUTS.iter().map(|(name, text)| vec![format!("`{name}`"), (*text).to_owned()]).collect();
    let outputs = table(&page, &["output", "meaning"]).expect("the README has a table of outputs");
    assert_eq!(outputs.rows, wanted);
}

#[test]
fn a_difference_is_named() {
    let list = |pairs: &[(&str, &str)]| pairs.iter().map(|pair| owned(*pair)).collect::<Vec<_>>();
    let wanted = list(&[("from", "a"), ("to", "b")]);
    assert_eq!(differences("x", &wanted, &wanted), Vec::<String>::new());
    assert_eq!(differences("x", &list(&[("to", "b"), ("from", "a")]), &wanted).len(), 1);
    let found = differences("x", &list(&[("from", "c"), ("to", "b")]), &wanted);
    assert_eq!(found, ["x: write `from`: a", "x: nothing reads or writes `from`: c"]);
}
