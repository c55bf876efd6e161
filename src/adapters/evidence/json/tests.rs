//! The stream says what serde_json says of the same text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

fn value(text: &str) -> Result<Value, Defect> {
    Json::document(Window::new(text.as_bytes()), "a value", Json::read)
}

fn skipped(text: &str) -> Result<(), Defect> {
    Json::document(Window::new(text.as_bytes()), "a value", Json::skip)
}

#[derive(Debug, PartialEq, Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    hits: Option<u64>,
}

#[test]
fn types_are_read_and_the_rest_is_passed_over() {
    let text = r#"{"rows":[{"name":"aä\n","x":[{}],"hits":3},{"hits":null,"name":""}],"more":{"a":[1,-2.5e3,true,null,"\u00e4\ud83d\ude00"]}}"#;
    let mut rows: Vec<Row> = Vec::new();
    let mut names = Vec::new();
    let read = Json::document(Window::new(text.as_bytes()), "rows", |json| {
        json.object(|name, json| {
            names.push(name.to_owned());
            if name == "rows" { json.each(|row| rows.push(row)) } else { json.skip() }
        })
    });
    assert_eq!(read, Ok(()));
    assert_eq!(names, ["rows", "more"]);
    assert_eq!(rows, [Row { name: "aä\n".to_owned(), hits: Some(3) }, Row { name: String::new(), hits: None }]);
}

#[test]
fn says_what_is_wrong() {
    let deep = "[".repeat(MAX_DEPTH + 1);
    for (text, why) in [
        ("", "it is cut off: it ends at line 1"),
        ("{\n\"a\": [1,", "it is cut off: it ends at line 2"),
        ("\"a", "it is cut off: it ends at line 1"),
        ("{\"a\" 1}", "it is not JSON: `1` stands where a colon should at line 1"),
        ("[1,]", "it is not JSON: `]` stands where more behind the comma should at line 1"),
        ("[1}", "it is not JSON: `}` stands where a comma should at line 1"),
        ("{a:1}", "it is not JSON: `a` stands where a name should at line 1"),
        ("[01]", "it is not JSON: a number is not one at line 1"),
        ("[1.]", "it is not JSON: a number is not one at line 1"),
        ("nul1", "it is not JSON: `1` stands where true, false or null should at line 1"),
        ("[\"\t\"]", "it is not JSON: a text holds a control character at line 1"),
        ("[\"\\x\"]", "it is not JSON: `x` stands where an escape should at line 1"),
        ("{}\n{}", "it is not JSON: something follows behind its end at line 2"),
        (&deep, "it is not JSON: its values are nested more than 128 deep at line 1"),
    ] {
        let wanted = Defect::Unreadable(why.to_owned());
        assert_eq!(value(text), Err(wanted.clone()), "{text}");
        assert_eq!(skipped(text), Err(wanted), "{text}");
    }
    let number = Json::document(Window::new("7".as_bytes()), "a text", Json::read::<String>);
    let wanted = "it is not a text: invalid type: integer `7`, expected a string at line 1";
    assert_eq!(number, Err(Defect::Unreadable(wanted.to_owned())));
}

#[test]
fn words_are_enums_and_maps_have_any_names() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        High,
        Low,
    }
    let text = r#"{"a":"high","b":"low"}"#;
    let read = Json::document(Window::new(text.as_bytes()), "levels", Json::read::<BTreeMap<String, Level>>).unwrap();
    assert_eq!(read.into_values().collect::<Vec<_>>(), [Level::High, Level::Low]);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300f64..1e300).prop_map(Value::from),
        "\\PC{0,9}".prop_map(Value::from),
        "[\"\\\\\n\u{0}-\u{1f}a]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,4}", inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read(value_written in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&value_written).unwrap()
        } else {
            value_written.to_string()
        };
        prop_assert_eq!(value(&text), Ok(serde_json::from_str(&text).unwrap()));
        prop_assert_eq!(skipped(&text), Ok(()));
    }

    #[test]
    fn what_is_json_is_what_serde_json_takes_for_it(text in "[\\[\\]{}:,\"\\\\0-9.eEtrufalsn+ -]{0,24}") {
        let theirs = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(skipped(&text).is_ok(), theirs, "{}", text);
    }
}
