//! Spans of time that the rules name.

use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::quantity;
use crate::promotion::time::Millis;

/// A span that is written, and is not zero; a fault if it cannot be read.
pub(super) fn span(name: &str, text: Option<&Placed<String>>, faults: &mut Vec<Wrong>) -> Option<Millis> {
    let text = text.filter(|text| !text.faulty)?;
    match quantity::span(&text.value) {
        Ok(span) if span.0 > 0 => return Some(span),
        Ok(_) => faults.push(Wrong::of(text, format!("`{name}` cannot be zero"))),
        Err(help) => faults.push(Wrong::of(text, format!("`{}` cannot be `{name}`", text.value)).help(help)),
    }
    None
}
