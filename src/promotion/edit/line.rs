//! Whole lines: where one is inserted below a key, and which bytes one has that is removed.

use std::ops::Range;

use crate::promotion::edit::{Change, EditFault};
use crate::promotion::place::Place;
use crate::promotion::yaml::{Node, NodeKind};

/// Where a line begins, `below` lines further down than the next one after a byte; `false` if that is the end of a text
/// without a final line end. `None` if the text has fewer lines.
pub(super) fn start_below(text: &str, from: usize, below: u32) -> Option<(usize, bool)> {
    let mut at = from;
    for n in 0..=below {
        match text.get(at..)?.find('\n') {
            Some(end) => at += end + 1,
            None => return (n == below).then_some((text.len(), false)),
        }
    }
    Some((at, true))
}

/// Whether a text is one line with its line end: behind it, or where the text around it has no final one, before it.
pub(super) fn is_one_line(line: &str, ended: bool) -> bool {
    let body = match ended {
        true => line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')),
        false => line.strip_prefix("\r\n").or_else(|| line.strip_prefix('\n')),
    };
    body.is_some_and(|body| !body.is_empty() && !body.contains(['\n', '\r']))
}

/// The removal of a value with its key: the change, and the bytes.
pub(super) struct Removal {
    /// A [`Change::RemoveKey`].
    pub(super) change: Change,
    /// The bytes of its line.
    pub(super) range: Range<usize>,
}

/// How a value's line would be removed. The value is known to be a scalar on one line.
pub(super) fn removal(text: &str, place: &Place<'_>) -> Result<Removal, EditFault> {
    let refuse = |why: &str| Err(EditFault::refused(place.node, why, "remove this line by hand"));
    let (Some(parent), Some(key)) = (place.parent, place.key) else {
        return refuse("only a key of a mapping can be removed");
    };
    if matches!(parent.kind, NodeKind::Mapping { flow: true, .. }) {
        return refuse("a key in braces is not on a line of its own");
    }
    let at = parent.pairs().iter().position(|(other, _)| std::ptr::eq(other, key)).unwrap_or(0);
    let above = at.checked_sub(1).and_then(|before| parent.pairs().get(before));
    let Some((Some(after), sibling)) = above.map(|(sibling, _)| (sibling.as_str(), sibling)) else {
        return refuse("it is the first key of its mapping, which other lines hang on");
    };
    let start = text.get(..key.span.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let indented = text.get(start..key.span.start).is_some_and(|gap| gap.trim_matches([' ', '\t']).is_empty());
    let between = text.get(key.span.start..place.node.span.end).unwrap_or_default();
    if !indented || between.contains(['\n', '\r']) || sibling.line >= key.line || has_lone_return(text) {
        return refuse("it is not on a line of its own");
    }
    let range = match text.get(place.node.span.end..).and_then(|rest| rest.find('\n')) {
        Some(end) => start..place.node.span.end + end + 1,
        None => end_of_line_above(text, start)..text.len(),
    };
    let line = text.get(range.clone()).unwrap_or_default().to_owned();
    let below = key.line - sibling.line - 1;
    Ok(Removal { change: Change::RemoveKey { after: after.to_owned(), below, line }, range })
}

/// Where the line end before a line begins.
fn end_of_line_above(text: &str, start: usize) -> usize {
    let above = text.get(..start).unwrap_or_default();
    above.strip_suffix("\r\n").or_else(|| above.strip_suffix('\n')).unwrap_or(above).len()
}

/// Whether a carriage return ends a line by itself, as YAML allows: then our lines are not YAML's.
pub(super) fn has_lone_return(text: &str) -> bool {
    text.contains('\r') && text.replace("\r\n", "").contains('\r')
}

/// The indentation that puts a line at a key's column: that of the key's own line, with a list's dashes as spaces.
/// `None` if something else stands before the key.
pub(super) fn indentation(text: &str, key: &Node) -> Option<String> {
    let before = text.get(..key.span.start)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let gap = before.get(start..)?.trim_start_matches('\u{feff}');
    if gap.trim_matches([' ', '\t']).is_empty() {
        return Some(gap.to_owned());
    }
    gap.chars().all(|c| matches!(c, ' ' | '-')).then(|| " ".repeat(gap.len()))
}

/// The line end that a new line takes over: that of the key's line, else of the text.
pub(super) fn line_end(text: &str, key: &Node) -> &'static str {
    let rest = text.get(key.span.start..).unwrap_or_default();
    let line = match rest.find('\n') {
        Some(end) => rest.get(..=end).unwrap_or_default(),
        None => text,
    };
    if line.contains("\r\n") { "\r\n" } else { "\n" }
}
