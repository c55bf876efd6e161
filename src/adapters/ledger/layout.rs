//! Where things are in a ledger (DECISIONS E.2): paths with `/`, the same in a directory and in a branch.
//!
//! A promotion's folder stands four levels deep, one hexadecimal digit of its id's SHA-256 a level: so a new record
//! rewrites a few small trees, however many records there are.

use serde::Serialize;

use crate::ports::{Fault, FaultKind};
use crate::promotion::id::sha256;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;

/// Levels of folders above a promotion's own.
pub(crate) const LEVELS: usize = 4;
/// The folder of all promotions.
pub(crate) const PROMOTIONS: &str = "promotions";
/// The folder of all heads.
pub(crate) const HEADS: &str = "heads";
/// The folder of all orders.
const ORDERS: &str = "orders";
/// What stands for every service, or every environment, in the path of an order.
const EVERY: &str = "_";

/// The folder of a promotion; `None` if the text cannot be the name of one.
pub(crate) fn folder(id: &str) -> Option<String> {
    if !is_name(id) {
        return None;
    }
    let hash = sha256(id);
    let digits: Vec<&str> = hash.split("").filter(|digit| !digit.is_empty()).take(LEVELS).collect();
    Some(format!("{PROMOTIONS}/{}/{id}", digits.join("/")))
}

/// The beginning of the name of the entry at a place: `0001-`.
pub(crate) fn place(seq: u32) -> String {
    format!("{seq:04}-")
}

/// The file of an entry.
pub(crate) fn entry(entry: &Entry) -> Result<String, Fault> {
    let folder = folder(&entry.id).ok_or_else(|| unnameable("promotion", &entry.id))?;
    Ok(format!("{folder}/{}{}.json", place(entry.seq), entry.event.word()))
}

/// The place of an entry by its file's name; `None` for a file that is no entry.
pub(crate) fn seq(name: &str) -> Option<u32> {
    let (number, word) = name.strip_suffix(".json")?.split_once('-')?;
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let seq = number.parse().ok()?;
    (is_word && place(seq).strip_suffix('-') == Some(number)).then_some(seq)
}

/// The file of the head that an order changes.
pub(crate) fn ordered_head(order: &Order) -> Result<String, Fault> {
    head(order.service.as_deref().unwrap_or(EVERY), order.environment.as_deref().unwrap_or(EVERY))
}

/// The folders of the orders that apply to a service in an environment.
pub(crate) fn orders(service: &str, environment: &str) -> Result<Vec<String>, Fault> {
    let (service, environment) = (named("service", service)?, named("environment", environment)?);
    let folder = |service: &str, environment: &str| format!("{ORDERS}/{service}/{environment}");
    Ok(vec![folder(service, environment), folder(service, EVERY), folder(EVERY, environment), folder(EVERY, EVERY)])
}

/// The file of a head.
pub(crate) fn head(service: &str, environment: &str) -> Result<String, Fault> {
    Ok(format!("{HEADS}/{}/{}.json", named("service", service)?, named("environment", environment)?))
}

/// The file of an order.
pub(crate) fn order(order: &Order) -> Result<String, Fault> {
    let service = order.service.as_deref().map_or(Ok(EVERY), |name| named("service", name))?;
    let environment = order.environment.as_deref().map_or(Ok(EVERY), |name| named("environment", name))?;
    Ok(format!("{ORDERS}/{service}/{environment}/{}-{}.json", named("run", &order.run)?, order.seq))
}

/// The folder that a file is in.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A document as it is kept: for people too, and with a last line that ends.
pub(crate) fn document(value: &impl Serialize) -> Result<String, Fault> {
    let text = serde_json::to_string_pretty(value);
    let fault = |error: serde_json::Error| Fault::new(FaultKind::Broken, "write a record", error.to_string());
    Ok(text.map_err(fault)? + "\n")
}

/// A name that can be one step of a path, checked: records of another's making are read too.
pub(crate) fn named<'a>(what: &str, name: &'a str) -> Result<&'a str, Fault> {
    if is_name(name) { Ok(name) } else { Err(unnameable(what, name)) }
}

fn unnameable(what: &str, name: &str) -> Fault {
    let why = format!("{name:?} cannot be the name of a {what}: letters, digits, `.`, `_` and `-` were expected");
    Fault::new(FaultKind::Broken, "find a place in the ledger", why)
}

fn is_name(text: &str) -> bool {
    let is = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !text.is_empty() && text.len() <= 128 && !text.starts_with('.') && text.bytes().all(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promotion_stands_four_levels_deep() {
        let wanted = "promotions/3/2/a/a/H9GM3W4Z74RP86J39YE3ASF23B";
        assert_eq!(folder("H9GM3W4Z74RP86J39YE3ASF23B").unwrap(), wanted);
        assert_eq!(parent(&format!("{wanted}/0000-requested.json")), wanted);
    }

    #[test]
    fn only_the_name_of_an_entry_is_one() {
        for (name, wanted) in [
            ("0000-requested.json", Some(0)),
            ("0012-rollback-planned.json", Some(12)),
            ("12345-closed.json", Some(12345)),
            ("012345-closed.json", None),
            ("12-closed.json", None),
            ("0001-.json", None),
            ("0001-Closed.json", None),
            ("0001-closed.json.tmp", None),
            ("-001-closed.json", None),
            ("+001-closed.json", None),
            ("99999999999-closed.json", None),
            ("README.md", None),
        ] {
            assert_eq!(seq(name), wanted, "{name}");
        }
    }

    #[test]
    fn nothing_is_outside_the_ledger() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", ".git", "a\nb", "ä", &"x".repeat(200)] {
            assert_eq!(folder(name), None, "{name:?}");
            assert!(head(name, "staging").is_err() && head("app", name).is_err(), "{name:?}");
        }
        assert_eq!(head("my.app", "eu-1").unwrap(), "heads/my.app/eu-1.json");
    }
}
