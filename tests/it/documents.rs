//! Documents for programs: their published schemas are in step with the program, say everything that is in a document, and
//! hold for what the program really prints and keeps.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::harness::{Sandbox, written_anew};
use crate::order;
use crate::readme::read;
use crate::scenarios::Story;

/// The documents of `promote schema`.
const NAMES: [&str; 16] = [
    "audit", "doctor", "ending", "evidence", "history", "list", "orders", "plan", "record", "report", "rules", "show",
    "stamp", "trail", "validate", "waivers",
];

fn empty() -> Sandbox {
    Sandbox::new(&[("README.md", "")])
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&read(&format!("schemas/{name}.schema.json"))).unwrap()
}

#[test]
fn published_schemas_are_in_step() {
    let sandbox = empty();
    for name in NAMES {
        let printed = sandbox.promote(&["schema", name]);
        assert_eq!((printed.exit, printed.stderr.as_str()), (Some(0), ""), "{name}");
        written_anew(&format!("schemas/{name}.schema.json"), &printed.stdout);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let known: BTreeSet<String> = NAMES.iter().map(|name| format!("{name}.schema.json")).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), known);
    let named = sandbox.promote(&["schema"]);
    let listed: Vec<&str> = named
        .stdout
        .lines()
        .filter(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, NAMES);
    assert_eq!(sandbox.promote(&["rules", "schema"]).stdout, sandbox.promote(&["schema", "rules"]).stdout);
}

#[test]
fn an_unknown_document_is_refused() {
    let refused = empty().promote(&["schema", "nothing"]);
    assert_eq!(refused.exit, Some(2));
    assert!(
        refused.stdout.contains("expected one of audit, doctor, ending, evidence, history, list"),
        "{}",
        refused.stdout
    );
}

/// Calls `see` for every property that a schema names, with the path to it.
fn every(schema: &Value, path: &str, see: &mut dyn FnMut(&str, &Value)) {
    match schema {
        Value::Object(map) => {
            let properties = map.get("properties").and_then(Value::as_object);
            // A variant that is told by its only key is described beside it.
            let is_variant = properties.is_some_and(|all| all.len() == 1) && map.contains_key("description");
            for (name, property) in properties.into_iter().flatten().filter(|_| !is_variant) {
                see(&format!("{path}.{name}"), property);
            }
            map.iter().for_each(|(key, value)| every(value, &format!("{path}/{key}"), see));
        }
        Value::Array(items) => items.iter().for_each(|item| every(item, path, see)),
        _ => {}
    }
}

#[test]
fn every_field_says_what_it_means() {
    for name in NAMES {
        let schema = schema(name);
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
        let mut silent = Vec::new();
        let mut count = 0;
        every(&schema, name, &mut |path, property| {
            count += 1;
            // The tag that tells variants apart says what it is by being there.
            if property.get("description").is_none() && property.get("const").is_none() {
                silent.push(path.to_owned());
            }
        });
        assert!(count > 5, "{name}: only {count} fields were found");
        assert!(silent.is_empty(), "{name}: {silent:#?}");
    }
}

/// The same schema, refusing every field that it does not name: what a program prints must all be published.
fn strict(schema: &Value) -> Value {
    let mut schema = schema.clone();
    close(&mut schema);
    below(&mut schema);
    schema
}

/// Refuses what no part of this schema has looked at.
fn close(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        map.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// Closes every schema that is for a value of its own; parts of one value (`anyOf`, `$ref`) are not closed, their whole is.
fn below(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        schema.as_array_mut().into_iter().flatten().for_each(below);
        return;
    };
    for (key, value) in map {
        match key.as_str() {
            "properties" => value.as_object_mut().into_iter().flatten().for_each(|(_, property)| close(property)),
            "items" | "additionalProperties" => close(value),
            "enum" | "const" | "default" => continue,
            _ => {}
        }
        if ["properties", "$defs"].contains(&key.as_str()) {
            value.as_object_mut().into_iter().flatten().for_each(|(_, part)| below(part));
        } else {
            below(value);
        }
    }
}

/// The validators of the documents, as they are published and refusing what is not.
struct Forms(Vec<(&'static str, Validator, Validator)>);

impl Forms {
    fn new() -> Self {
        let validator = |schema: &Value| jsonschema::options().should_validate_formats(true).build(schema).unwrap();
        Self(NAMES.map(|name| (name, validator(&schema(name)), validator(&strict(&schema(name))))).into())
    }

    fn faults(&self, name: &str, document: &Value) -> Vec<String> {
        let (_, published, strict) = self.0.iter().find(|(known, ..)| *known == name).unwrap();
        let faults = |validator: &Validator| {
            validator.iter_errors(document).map(|fault| format!("{name}{}: {fault}", fault.instance_path())).collect()
        };
        let found: Vec<String> = faults(published);
        if found.is_empty() { faults(strict) } else { found }
    }

    #[track_caller]
    fn holds(&self, name: &str, text: &str) {
        let document: Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{name}: {why}:\n{text}"));
        let faults = self.faults(name, &document);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// What `--json` prints for a scenario, and what it leaves in the ledger.
fn play(forms: &Forms, name: &str) {
    let story = Story::read(name);
    let mut sandbox = story.sandbox();
    story.before(&sandbox);
    let command = story.command();
    let json = |words: &[&str]| sandbox.promote(&[words, &["--json"]].concat());
    let rollback = command[0] == "rollback";
    if !rollback {
        let plan = json(&["plan"]);
        let form = if serde_json::from_str::<Value>(&plan.stdout).unwrap().get("plan").is_some() {
            "plan"
        } else {
            "validate"
        };
        forms.holds(form, &plan.stdout);
        forms.holds("validate", &json(&["validate"]).stdout);
    }
    forms.holds("doctor", &json(&["doctor"]).stdout);
    story.meanwhile(&sandbox);
    forms.holds("ending", &json(&command).stdout);
    let list = json(&["list"]).stdout;
    forms.holds("list", &list);
    let list: Value = serde_json::from_str(&list).unwrap();
    for row in list["promotions"].as_array().unwrap() {
        forms.holds("show", &json(&["show", row["promotion_id"].as_str().unwrap()]).stdout);
    }
    let mut entries = 0;
    for (path, bytes) in sandbox.files() {
        if path.components().any(|part| part.as_os_str() == "promotions") {
            forms.holds("record", std::str::from_utf8(&bytes).unwrap());
            entries += 1;
        }
    }
    assert_eq!(entries == 0, list["promotions"].as_array().unwrap().is_empty(), "{name}");
    sandbox.in_actions();
    sandbox.promote(&command);
    if let Ok(report) = std::fs::read_to_string(sandbox.work().join(".promote/gate-report.json")) {
        forms.holds("report", &report);
    }
}

#[test]
fn what_is_printed_and_kept_is_as_published() {
    let forms = Forms::new();
    for name in
        ["held", "unknown", "waiting", "delivered", "promoted", "rolled_back_health", "manual_rollback", "unchanged"]
    {
        play(&forms, name);
    }
}

#[test]
fn orders_that_stand_are_as_published() {
    let forms = Forms::new();
    let sandbox = order::stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let give = |words: &[&str]| {
        let given = sandbox.promote(&[words, &["--reason", "incident 7"]].concat());
        assert_eq!(given.exit, Some(0), "{}", given.all());
    };
    give(&["freeze", "set"]);
    give(&["freeze", "set", "--env", "staging", "--for", "2h"]);
    give(&["hold", "set", "--env", "staging"]);
    give(&["veto", "add", "app@1.20", "--env", "staging"]);
    for (kind, field, stand) in [("freeze", "frozen", 2), ("hold", "holds", 1), ("veto", "vetoes", 1)] {
        let printed = sandbox.promote(&[kind, "list", "--json"]);
        forms.holds("orders", &printed.stdout);
        let document: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert_eq!(document["orders"].as_array().unwrap().len(), stand, "{document:#}");
        assert_eq!(document["orders"][0][field][0]["reason"], "incident 7", "{document:#}");
    }
}

#[test]
fn rules_that_are_read_are_as_published() {
    let forms = Forms::new();
    let rules: Value = serde_yaml::from_str(&read("fixtures/rules/design.yaml")).unwrap();
    let (_, published, _) = forms.0.iter().find(|(name, ..)| *name == "rules").unwrap();
    let faults: Vec<String> = published.iter_errors(&rules).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_is_not_as_published_is_found() {
    let forms = Forms::new();
    let sandbox = empty();
    let list: Value = serde_json::from_str(&sandbox.promote(&["list", "--json"]).stdout).unwrap();
    assert_eq!(forms.faults("list", &list), Vec::<String>::new());
    for (at, value) in
        [("known", json!("1")), ("promotions", json!([{}])), ("unpublished", json!(1)), ("schema", Value::Null)]
    {
        let mut wrong = list.clone();
        wrong[at] = value;
        assert_ne!(forms.faults("list", &wrong), Vec::<String>::new(), "{at}");
    }
    let mut deep = list;
    deep["damaged"] = json!([{ "what": "a", "why": "b", "hint": null, "unpublished": 1 }]);
    assert_eq!(forms.faults("list", &deep).len(), 1);
}
