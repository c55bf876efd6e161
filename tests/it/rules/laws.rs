//! What holds for every text.

use promote::promotion::rules::check::check;
use promote::promotion::rules::de;
use promote::promotion::rules::fault::render;
use promote::promotion::rules::file::File;
use promote::promotion::rules::read::read;
use promote::promotion::rules::schema::schema;
use promote::promotion::rules::tree::{Kind, Tree, resolve};
use promote::promotion::yaml;
use proptest::prelude::*;
use serde_json::Value;

use super::{fixture, good};

/// Reads a text as far as the tree.
fn tree(text: &str) -> Option<Tree> {
    let documents = yaml::parse(text).ok()?;
    documents.first().map(|document| resolve(text, &document.root, &mut Vec::new()))
}

/// Every place in a tree, as a path of positions.
fn places(tree: &Tree, here: &[usize], all: &mut Vec<Vec<usize>>) {
    all.push(here.to_vec());
    let children: Vec<&Tree> = match &tree.kind {
        Kind::List(items) => items.iter().collect(),
        Kind::Map(pairs) => pairs.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    for (index, child) in children.into_iter().enumerate() {
        places(child, &[here, &[index]].concat(), all);
    }
}

fn at<'t>(tree: &'t mut Tree, place: &[usize]) -> &'t mut Tree {
    place.iter().fold(tree, |tree, index| match &mut tree.kind {
        Kind::List(items) => &mut items[*index],
        Kind::Map(pairs) => &mut pairs[*index].1,
        _ => panic!("a place leads through a scalar"),
    })
}

/// What the walk against the schema leaves can always be read, whatever stood there: so no fault hides behind another.
#[test]
fn what_the_schema_lets_through_serde_reads() {
    let schema = schema();
    let whole = tree(&fixture("forms.yaml")).unwrap();
    let mut all = Vec::new();
    places(&whole, &[], &mut all);
    let leaf = |text: &str, plain| Kind::Scalar { text: text.to_owned(), plain };
    let kinds = [
        Kind::Null,
        leaf("text", true),
        leaf("5", true),
        leaf("5", false),
        leaf("99999999999999999999999", true),
        leaf("-1", true),
        leaf("1.5", true),
        leaf("true", true),
        Kind::List(Vec::new()),
        Kind::Map(Vec::new()),
    ];
    let mut count = 0;
    for place in all.iter().filter(|place| !place.is_empty()) {
        for kind in &kinds {
            let mut changed = whole.clone();
            at(&mut changed, place).kind = kind.clone();
            let mut faults = Vec::new();
            assert!(check(&mut changed, &schema, &mut faults));
            if let Err(misfit) = de::read::<File>(&changed) {
                panic!("{kind:?} at {place:?}: {misfit}, after {faults:?}");
            }
            count += 1;
        }
    }
    assert!(count > 2_000, "only {count} were tried");
}

/// Both readers of YAML see the same keys, items and texts.
#[test]
fn the_tree_is_what_serde_yaml_reads() {
    fn same(tree: &Tree, value: &Value) {
        match (&tree.kind, value) {
            (Kind::Map(pairs), Value::Object(map)) => {
                assert_eq!(pairs.len(), map.len());
                pairs.iter().for_each(|(key, value)| same(value, &map[key.text().unwrap()]));
            }
            (Kind::List(items), Value::Array(array)) => {
                assert_eq!(items.len(), array.len());
                items.iter().zip(array).for_each(|(item, value)| same(item, value));
            }
            (Kind::Scalar { text, plain: false }, Value::String(other)) => assert_eq!(text, other),
            (Kind::Scalar { text, plain: true }, Value::String(other)) => assert_eq!(text, other),
            (Kind::Scalar { text, plain: true }, other) => assert_eq!(text, &other.to_string()),
            (kind, value) => panic!("{kind:?} is not {value}"),
        }
    }
    for name in ["design.yaml", "forms.yaml"] {
        let text = fixture(name);
        same(&tree(&text).unwrap(), &serde_yaml::from_str(&text).unwrap());
    }
}

#[test]
fn reading_is_a_function_of_the_text() {
    let text = fixture("design.yaml");
    assert_eq!(good(&text), good(&text));
    assert_eq!(good(&text), good(&text.replace('\n', "\r\n")), "line ends mean nothing");
}

/// A plan's digest is made from it: a comment or a blank line changes no approval.
#[test]
fn what_rules_mean_does_not_depend_on_where_they_stand() {
    let text = fixture("design.yaml");
    let json = serde_json::to_string(&good(&text)).unwrap();
    let moved = format!("# a comment\n\n{text}");
    assert_ne!(good(&text), good(&moved), "places are kept for words");
    assert_eq!(serde_json::to_string(&good(&moved)).unwrap(), json);
    let read: promote::promotion::rules::Rules = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), json, "what is written is read again");
}

/// Faults stand in the order of the text, and each can be shown.
fn shown(text: &str) {
    if let Err(faults) = read("rules.yaml", text) {
        assert!(!faults.is_empty(), "neither rules nor faults: {text:?}");
        let places: Vec<_> = faults.iter().map(|fault| (fault.at.line, fault.at.column)).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(render(&faults).ends_with("Nothing was read or written.\n"));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
        shown(&text);
    }

    #[test]
    fn anything_like_yaml_is_read_or_refused(text in "([a-z]{1,3}|[-:{}\\[\\]&*<|>#'\"?,!%~]| |\n|\n  |- |: |version: 1\n){0,60}") {
        shown(&text);
    }

    #[test]
    fn a_changed_file_is_read_or_refused(from in 0usize..3000, len in 0usize..40, with in "([a-z0-9%]{0,4}|\n|: |- |[{}\\[\\],&*]|\u{feff}|\u{0}|ä){0,3}") {
        let text = fixture("design.yaml");
        let from = from.min(text.len());
        let to = (from + len).min(text.len());
        if text.is_char_boundary(from) && text.is_char_boundary(to) {
            shown(&format!("{}{with}{}", &text[..from], &text[to..]));
        }
    }
}
