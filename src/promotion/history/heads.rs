//! Heads, derived again from all records in the order in which they were written, and compared with those that are kept.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::promotion::heads::HeadFile;
use crate::promotion::history::finding::Findings;
use crate::promotion::history::story::{Told, Written};
use crate::promotion::life::State;
use crate::promotion::order::Order;

/// A service in an environment.
pub type Key = (String, String);

/// An order, and when it was written.
#[derive(Debug, Clone)]
pub struct Given {
    /// When.
    pub written: Written,
    /// The order.
    pub order: Order,
}

const HINT: &str = "the records are the truth: the next promotion there writes it anew; until then do not rely on `current`, \
                    `last_verified` or a baseline of it";

/// Something that changes a head.
enum Change<'a> {
    /// A promotion came to stand like this.
    Stands(&'a Told, bool),
    /// An order was given.
    Ordered(&'a Given),
}

/// Every head as the records tell it.
pub fn derive(told: &[Told], given: &[Given]) -> BTreeMap<Key, HeadFile> {
    let mut changes: Vec<((Written, u8), Change<'_>)> = Vec::new();
    for promotion in told {
        // Whoever begins a promotion ends the one whose place it takes in the same moment, and first.
        changes.push(((promotion.began, 1), Change::Stands(promotion, true)));
        changes
            .push(((promotion.last, if promotion.story.is_over() { 0 } else { 2 }), Change::Stands(promotion, false)));
    }
    changes.extend(given.iter().map(|given| ((given.written, 1), Change::Ordered(given))));
    changes.sort_by_key(|(when, _)| *when);
    let mut heads: BTreeMap<Key, HeadFile> = BTreeMap::new();
    for (_, change) in changes {
        match change {
            Change::Stands(promotion, begins) => {
                let file = heads.entry(key(promotion)).or_default();
                *file = if begins { file.after(&begun(promotion)) } else { file.after(&promotion.story) };
            }
            Change::Ordered(given) => {
                let of = |name: &Option<String>| name.clone().unwrap_or_else(|| "_".to_owned());
                let file = heads.entry((of(&given.order.service), of(&given.order.environment))).or_default();
                *file = file.ordered(&given.order);
            }
        }
    }
    heads
}

/// The service and environment of a promotion.
pub fn key(promotion: &Told) -> Key {
    let request = &promotion.story.requested.request;
    (request.service.clone(), request.to.clone())
}

/// A promotion as it was when it had been asked for.
fn begun(promotion: &Told) -> crate::promotion::folded::Folded {
    let mut story = promotion.story.clone();
    (story.state, story.outcome, story.completed_at) = (State::Pending, None, None);
    story
}

/// Compares a kept head with the records. `atomic`: entries and heads are written together, as in a branch; in a directory a
/// run that was killed between the two leaves a head that lags behind its newest entries.
pub fn compare(key: &Key, kept: Option<&HeadFile>, told: &[Told], given: &[Given], atomic: bool, out: &mut Findings) {
    let place = format!("heads/{}/{}.json", key.0, key.1);
    let derived = derive(told, given).remove(key).unwrap_or_default();
    let empty = HeadFile::default();
    let differ = fields(&read(kept.unwrap_or(&empty), told), &derived);
    if differ.is_empty() {
        return;
    }
    let newest = told.iter().max_by_key(|promotion| promotion.last);
    if let Some(newest) = newest.filter(|_| !atomic) {
        let without: Vec<Told> = told.iter().filter(|other| other.story.id != newest.story.id).cloned().collect();
        let before = derive(&without, given).remove(key).unwrap_or_default();
        if fields(&read(kept.unwrap_or(&empty), told), &before).is_empty() {
            let id = &newest.story.id;
            out.note(format!("{place} lags behind promotion {id}: a run was killed before it wrote it anew"));
            return;
        }
    }
    match kept {
        None => out.add(&place, format!("it is missing, and there are records of {} in {}", key.0, key.1), HINT),
        Some(_) => {
            for (field, kept, derived) in differ {
                out.add(&place, format!("`{field}` is {kept}, and the records say {derived}"), HINT);
            }
        }
    }
}

/// A kept head as readers take it: with its open promotion as that stands now.
fn read(kept: &HeadFile, told: &[Told]) -> HeadFile {
    let open = kept.head.open.as_ref().and_then(|open| told.iter().find(|promotion| promotion.story.id == *open));
    open.map_or_else(|| kept.clone(), |open| kept.after(&open.story))
}

/// The fields in which two heads differ, each with both of its values in words.
fn fields(kept: &HeadFile, derived: &HeadFile) -> Vec<(String, String, String)> {
    let object = |file: &HeadFile| match serde_json::to_value(file) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (kept, derived) = (object(kept), object(derived));
    let mut names: Vec<&String> = kept.keys().chain(derived.keys()).collect();
    names.sort();
    names.dedup();
    let differ = names.into_iter().filter(|name| kept.get(*name) != derived.get(*name));
    differ.map(|name| (name.clone(), words(kept.get(name)), words(derived.get(name)))).collect()
}

/// A field's value, short enough for a line.
fn words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let id = |item: &Value| item.get("promotion").and_then(Value::as_str).unwrap_or("?").to_owned();
            let state = |item: &Value| item.get("state").and_then(Value::as_str).unwrap_or("?").to_owned();
            let items: Vec<String> = items.iter().map(|item| format!("{} {}", id(item), state(item))).collect();
            format!("[{}]", items.join(", "))
        }
        Some(Value::Object(fields)) => match fields.get("promotion").and_then(Value::as_str) {
            Some(promotion) => format!("that of promotion {promotion}"),
            None => Value::Object(fields.clone()).to_string(),
        },
        Some(other) => other.to_string(),
    }
}
