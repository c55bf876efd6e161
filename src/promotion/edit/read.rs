//! Reading single values, and telling whether an edit is still to be made, made, or overtaken.

use crate::promotion::edit::{Change, Edit, EditFault, EditFaultKind};
use crate::promotion::place::{Place, find, kind_of};
use crate::promotion::selector::Selector;
use crate::promotion::yaml::{Document, Node, NodeKind, Style, parse};

/// Which of an edit's two values stands at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The old one: the edit is still to be made, or was undone.
    Old,
    /// The new one: the edit is made.
    New,
    /// Neither: what stands there instead, in words.
    Other(String),
}

/// Which of the edit's values stands at its place. Values are compared decoded: `"1.20"` and `'1.20'` are the same
/// value, though [`apply`](crate::promotion::edit::apply::apply) wants the very bytes that the edit was made for. An
/// edit that changes nothing stands as [`Standing::New`].
pub fn standing(text: &str, edit: &Edit) -> Standing {
    let value = match value_at(text, edit.document, &edit.selector) {
        Ok(value) => value,
        Err(fault) => return Standing::Other(fault.to_string()),
    };
    let (old, new) = match &edit.change {
        Change::Set { old, new } => (decoded(old), decoded(new)),
        Change::InsertKey { line, .. } => (None, line_value(line)),
        Change::RemoveKey { line, .. } => (line_value(line), None),
    };
    match value {
        value if value == new => Standing::New,
        value if value == old => Standing::Old,
        Some(value) => Standing::Other(format!("`{value}`")),
        None => Standing::Other("nothing".to_owned()),
    }
}

/// The decoded text that a selector names; `None` where there is nothing, or a null. It is read through an alias.
pub fn value_at(text: &str, document: usize, selector: &str) -> Result<Option<String>, EditFault> {
    let documents = parse(text)?;
    match find(&documents, document, &selector_of(selector)?)? {
        None => Ok(None),
        Some(place) => scalar_text(place.node),
    }
}

/// A scalar's text, also through an alias; `None` for a null.
pub fn scalar_text(node: &Node) -> Result<Option<String>, EditFault> {
    match &node.kind {
        NodeKind::Scalar { .. } if node.is_null() => Ok(None),
        NodeKind::Scalar { value, .. } | NodeKind::Alias { scalar: Some(value), .. } => Ok(Some(value.clone())),
        _ => Err(EditFault::refused(node, format!("there is {} here, not text", kind_of(node)), "check the path")),
    }
}

/// A selector from its text.
pub(super) fn selector_of(text: &str) -> Result<Selector, EditFault> {
    text.parse().map_err(|fault| EditFault::new(EditFaultKind::Refused, format!("{fault}"), "correct the path"))
}

/// The place that a selector names; a fault if there is none.
pub(super) fn place_at<'a>(
    documents: &'a [Document],
    document: usize,
    selector: &Selector,
) -> Result<Place<'a>, EditFault> {
    find(documents, document, selector)?.ok_or_else(|| {
        let why = format!("there is no `{selector}` in document {} of this text", document + 1);
        EditFault::new(EditFaultKind::Overtaken, why, "plan again from what stands there now")
    })
}

/// The place of a scalar whose bytes can be replaced without meaning more than that.
pub(super) fn scalar_at<'a>(
    text: &str,
    documents: &'a [Document],
    document: usize,
    selector: &Selector,
) -> Result<Place<'a>, EditFault> {
    let place = place_at(documents, document, selector)?;
    let node = place.node;
    let refuse = |why: String, hint: &str| Err(EditFault::refused(node, why, hint));
    let style = match &node.kind {
        NodeKind::Scalar { style, .. } => *style,
        NodeKind::Alias { name, .. } => {
            return refuse(format!("`{selector}` is the alias `*{name}`"), "write the value out here");
        }
        _ => return refuse(format!("`{selector}` is {}, not text", kind_of(node)), "name a value in it"),
    };
    let source = text.get(node.span.clone()).unwrap_or_default();
    if style == Style::Block || source.contains(['\n', '\r']) {
        return refuse(format!("`{selector}` is written over several lines"), "write it on one line");
    }
    if let Some(tag) = node.tag.as_deref().filter(|tag| !matches!(*tag, "!" | "tag:yaml.org,2002:str")) {
        return refuse(format!("`{selector}` has the tag `{tag}`"), "remove the tag");
    }
    let after_colon = text.get(..node.span.start).is_some_and(|before| before.ends_with(':'));
    if source.is_empty() && (node.anchor.is_some() || node.tag.is_some() || !after_colon) {
        return refuse(format!("`{selector}` has no value that could be replaced"), "write a value there first");
    }
    Ok(place)
}

/// The value of a scalar's source text.
pub(super) fn decoded(source: &str) -> Option<String> {
    let documents = parse(source.trim_start()).ok()?;
    scalar_text(&documents.first()?.root).ok().flatten()
}

/// The value of a `key: value` line.
fn line_value(line: &str) -> Option<String> {
    let documents = parse(line.trim()).ok()?;
    scalar_text(&documents.first()?.root.pairs().first()?.1).ok().flatten()
}
