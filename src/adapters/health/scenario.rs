//! Smoke tests of requests in their order: what one step saves, later ones send. The first answer that is not as it must be
//! ends the test.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::adapters::health::judge::{at, judge, text_of};
use crate::adapters::health::{Asked, ask, is_json, observed, unreadable};
use crate::adapters::http::Http;
use crate::promotion::facts::Reading;
use crate::promotion::measures::Health;
use crate::promotion::rules::health::{HealthCheck, Step};
use crate::promotion::time::Time;

/// The longest value that a step may save, in bytes.
const SAVED_MAX: usize = 4096;

/// Where a value is put in decides how it is written there.
#[derive(Clone, Copy)]
enum Spot {
    Address,
    Header,
    Json,
    Text,
}

/// Runs the steps once, at this time. What could not be asked is unreadable, and says at which step.
pub fn run(http: &Http, steps: &[Step], service: &str, environment: &str, now: Time) -> Reading {
    let names = [("service", service), ("environment", environment)];
    let mut known: BTreeMap<String, String> = names.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for (number, step) in (1..).zip(steps) {
        let headers = step.check.headers.iter();
        let check = HealthCheck {
            url: put(&step.check.url, &known, Spot::Address),
            headers: headers.map(|(name, value)| (name.clone(), put(value, &known, Spot::Header))).collect(),
            ..step.check.clone()
        };
        let body =
            step.body.as_ref().map(|body| put(body, &known, if is_json(body) { Spot::Json } else { Spot::Text }));
        // As the rules have it: what an earlier step saved may be an id that nobody needs to see.
        let place = format!("step {number}, {} {}", check.verb.word(), step.check.url);
        let bad = |seen: &str| {
            observed(Health { ok: false, seen: format!("{place}: expected {}, seen {seen}", check.expected()) })
        };
        let probed = match ask(http, &check, body.as_deref()) {
            Asked::Answered(probed) => probed,
            Asked::Down(seen) => return bad(&seen),
            Asked::Unknown(why) => return unreadable(format!("{place}: {why}")),
        };
        match judge(&check, &probed, now) {
            Ok(health) if health.ok => {}
            Ok(health) => return bad(&health.seen),
            Err(why) => return unreadable(format!("{place}: {why}")),
        }
        match saved(&step.save, &probed.answer.body) {
            Ok(values) => known.extend(values),
            Err(seen) => return bad(&format!("{} {seen}", probed.answer.status)),
        }
    }
    let count = if steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", steps.len()) };
    observed(Health { ok: true, seen: format!("{count} answered as expected") })
}

/// What a step saves, out of the answer's JSON.
fn saved(save: &BTreeMap<String, String>, body: &[u8]) -> Result<Vec<(String, String)>, String> {
    if save.is_empty() {
        return Ok(Vec::new());
    }
    let json = serde_json::from_slice::<Value>(body).map_err(|_| "with a body that is not JSON".to_owned())?;
    let one = |(name, path): (&String, &String)| match at(&json, path) {
        Some(Value::Object(_) | Value::Array(_) | Value::Null) | None => Err(format!("without a value at `{path}`")),
        Some(value) => {
            let text = text_of(value);
            // In an address these mean another place, however they are written.
            if matches!(text.as_str(), "" | "." | "..") {
                return Err(format!("with `{text}` at `{path}`"));
            }
            if text.len() > SAVED_MAX {
                return Err(format!("with more than {SAVED_MAX} bytes at `{path}`"));
            }
            Ok((name.clone(), text))
        }
    };
    save.iter().map(one).collect()
}

/// A text with what is known in place of `{name}`. Each is looked for in the text as it was written: a value that holds braces
/// itself is not looked into.
fn put(text: &str, known: &BTreeMap<String, String>, spot: Spot) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        let word = after.find('}').map(|close| &after[..close]);
        out.push_str(&rest[..open]);
        match word.and_then(|word| Some((word, known.get(word)?))) {
            Some((word, value)) => {
                out.push_str(&written(value, spot));
                rest = &after[word.len() + 1..];
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

fn written(value: &str, spot: Spot) -> String {
    match spot {
        // Nothing of a value may become a part of the address: `/`, `?`, `..`.
        Spot::Address => value
            .bytes()
            .map(|byte| match byte {
                b'-' | b'_' | b'~' | b'.' => char::from(byte).to_string(),
                _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect(),
        Spot::Header => value.chars().filter(|c| !c.is_control()).collect(),
        Spot::Json => {
            let quoted = Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Spot::Text => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_value_stays_a_value_wherever_it_is_put() {
        let known = BTreeMap::from([
            ("id".to_owned(), "a/b?c=\"d\"\r\n{x}".to_owned()),
            ("x".to_owned(), "never".to_owned()),
            ("v".to_owned(), "1.2".to_owned()),
        ]);
        for (text, spot, is) in [
            ("https://h/{id}/{v}", Spot::Address, "https://h/a%2Fb%3Fc%3D%22d%22%0D%0A%7Bx%7D/1.2"),
            ("v={id}", Spot::Header, "v=a/b?c=\"d\"{x}"),
            (r#"{"id": "{id}", "n": {"x": 1}}"#, Spot::Json, r#"{"id": "a/b?c=\"d\"\r\n{x}", "n": {"x": 1}}"#),
            ("{id} {unknown} {", Spot::Text, "a/b?c=\"d\"\r\n{x} {unknown} {"),
        ] {
            assert_eq!(put(text, &known, spot), is, "{text}");
        }
    }

    #[test]
    fn what_is_to_be_saved_must_be_there() {
        let save = |path: &str| BTreeMap::from([("id".to_owned(), path.to_owned())]);
        let body = br#"{"data":{"id":7,"list":[],"none":null,"up":".."}}"#;
        assert_eq!(saved(&save("data.id"), body), Ok(vec![("id".to_owned(), "7".to_owned())]));
        for path in ["data.no", "data", "data.list", "data.none", "data.up"] {
            assert!(saved(&save(path), body).is_err(), "{path}");
        }
        assert!(saved(&save("data.id"), b"<html>").is_err());
        assert_eq!(saved(&BTreeMap::new(), b"<html>"), Ok(Vec::new()));
    }
}
