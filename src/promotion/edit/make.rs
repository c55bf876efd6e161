//! Making edits from what is wanted: a value at a place, a new key, a key less. Each is tried before it is handed out.

use crate::promotion::edit::apply::apply;
use crate::promotion::edit::line::{has_lone_return, indentation, line_end, removal, start_below};
use crate::promotion::edit::read::{place_at, scalar_at, scalar_text, selector_of, value_at};
use crate::promotion::edit::{Change, Edit, EditFault, EditFaultKind};
use crate::promotion::place::{find, kind_of};
use crate::promotion::selector::Selector;
use crate::promotion::yaml::{Node, NodeKind, Style, parse, plain_is_string};

/// The edit that sets an existing scalar, in the style that it is written in: quotes stay quotes, and a plain value stays
/// plain only if it stays a string. If the value stands there already, the edit's old and new bytes are the same.
pub fn set(text: &str, document: usize, selector: &str, value: &str) -> Result<Edit, EditFault> {
    refuse_empty(selector, value)?;
    let documents = parse(text)?;
    let node = scalar_at(text, &documents, document, &selector_of(selector)?)?.node;
    let old = text.get(node.span.clone()).unwrap_or_default().to_owned();
    let new = match (&node.kind, old.is_empty()) {
        _ if scalar_text(node)?.as_deref() == Some(value) => old.clone(),
        (_, true) => format!(" {}", written(value, Style::Double)),
        (NodeKind::Scalar { style, .. }, false) => written(value, *style),
        _ => written(value, Style::Double),
    };
    tried(text, Edit { document, selector: selector.to_owned(), change: Change::Set { old, new } }, Some(value))
}

/// The edit that inserts `key: value` into a block mapping, right below the sibling `after`, with its indentation, line
/// end and quotes. Refused, with the line to add by hand, where the sibling is not on a line of its own. The parent's
/// selector may be empty: the document's root.
pub fn insert_key(
    text: &str,
    document: usize,
    parent: &str,
    after: &str,
    key: &str,
    value: &str,
) -> Result<Edit, EditFault> {
    let parent = if parent.is_empty() { Selector::default() } else { selector_of(parent)? };
    let selector = parent.key(key);
    refuse_empty(&selector.to_string(), value)?;
    let documents = parse(text)?;
    let mapping = place_at(&documents, document, &parent)?.node;
    if let Some(there) = find(&documents, document, &selector)? {
        return Err(EditFault::refused(there.node, format!("`{selector}` is there already"), "set its value"));
    }
    let sibling = place_at(&documents, document, &parent.key(after))?;
    let bare = format!("{}: {}", written(key, Style::Plain), written(value, style_of(sibling.node)));
    let shown = sibling.key.unwrap_or(sibling.node);
    let refuse = |why: String| {
        let hint = format!("add `{bare}` to `{parent}` by hand, below `{after}` on line {}", shown.line);
        Err(EditFault::refused(sibling.node, why, hint))
    };
    let Some(sibling_key) = sibling.key else { return refuse(format!("`{parent}` is {}", kind_of(mapping))) };
    if matches!(mapping.kind, NodeKind::Mapping { flow: true, .. }) {
        return refuse(format!("`{parent}` is written in braces, where no line can be inserted"));
    }
    let source = text.get(sibling_key.span.start..sibling.node.span.end).unwrap_or_default();
    let one_line = sibling.node.as_str().is_some() && style_of(sibling.node) != Style::Block;
    if !one_line || source.contains(['\n', '\r']) || has_lone_return(text) {
        return refuse(format!("`{after}` is not written on one line"));
    }
    let (Some(indent), Some((_, ended))) =
        (indentation(text, sibling_key), start_below(text, sibling_key.span.start, 0))
    else {
        return refuse(format!("the indentation of `{after}` is not made of spaces"));
    };
    let end = line_end(text, sibling_key);
    let line = if ended { format!("{indent}{bare}{end}") } else { format!("{end}{indent}{bare}") };
    let change = Change::InsertKey { after: after.to_owned(), below: 0, line };
    tried(text, Edit { document, selector: selector.to_string(), change }, Some(value))
}

/// The edit that removes a key of a block mapping, with its line and the comment on it. The first key of a mapping cannot
/// be removed: the dash of a list may hang on it.
pub fn remove_key(text: &str, document: usize, selector: &str) -> Result<Edit, EditFault> {
    let documents = parse(text)?;
    let place = scalar_at(text, &documents, document, &selector_of(selector)?)?;
    let change = removal(text, &place)?.change;
    tried(text, Edit { document, selector: selector.to_owned(), change }, None)
}

fn refuse_empty(selector: &str, value: &str) -> Result<(), EditFault> {
    if value.is_empty() {
        let why = format!("an empty value for `{selector}` is never written");
        return Err(EditFault::new(EditFaultKind::Refused, why, "name a version"));
    }
    Ok(())
}

/// The edit, once it is known to do what it should.
fn tried(text: &str, edit: Edit, value: Option<&str>) -> Result<Edit, EditFault> {
    let after = apply(text, std::slice::from_ref(&edit))?;
    let seen = value_at(&after, edit.document, &edit.selector)?;
    if seen.as_deref() == value {
        return Ok(edit);
    }
    let why = format!("`{}` would read {seen:?} afterwards, not {value:?}", edit.selector);
    Err(EditFault::new(EditFaultKind::Refused, why, "make this change by hand, and promote again"))
}

fn style_of(node: &Node) -> Style {
    match &node.kind {
        NodeKind::Scalar { style, .. } => *style,
        _ => Style::Plain,
    }
}

/// A value as source text: in the given style where that can hold it, else in double quotes.
fn written(value: &str, style: Style) -> String {
    let single_can = !value.contains(|c: char| c.is_control() || is_break_or_mark(c));
    match style {
        Style::Plain | Style::Block if plain_is_string(value) => value.to_owned(),
        Style::Single if single_can => format!("'{}'", value.replace('\'', "''")),
        _ => double_quoted(value),
    }
}

/// Characters that some reader takes for a line end or a byte order mark.
fn is_break_or_mark(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() || is_break_or_mark(c) => text.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
