//! Which lines each waiver is written on: who merged those lines answers for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::yaml::{self, Node, NodeKind};

/// Lines of a text, from 1, the last one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lines {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

impl Lines {
    /// One line.
    pub fn one(line: u32) -> Self {
        Self { first: line, last: line }
    }

    /// Whether both have a line in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The place and the lines of each item of a text's list. What stands elsewhere in the text could be merged by somebody else, so an
/// alias is a fault.
pub fn of_items(text: &str, faults: &mut Vec<Wrong>) -> Vec<(At, Lines)> {
    let Ok(documents) = yaml::parse(text) else { return Vec::new() };
    let Some(document) = documents.first() else { return Vec::new() };
    let NodeKind::Sequence { items, .. } = &document.root.kind else { return Vec::new() };
    let line_of = |offset: usize| {
        let before = text.get(..offset).map_or(0, |before| before.matches('\n').count());
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    };
    let place = |item: &Node| {
        let mut end = item.span.start;
        walk(item, &mut end, faults);
        // A block text ends after its line end, which is no line of its own.
        let end = text.get(item.span.start..end).map_or(end, |own| item.span.start + own.trim_end().len());
        let at = At { line: item.line, column: item.column };
        (at, Lines { first: item.line, last: line_of(end).max(item.line) })
    };
    items.iter().map(place).collect()
}

fn walk(node: &Node, end: &mut usize, faults: &mut Vec<Wrong>) {
    match &node.kind {
        NodeKind::Scalar { .. } => *end = (*end).max(node.span.end),
        NodeKind::Mapping { pairs, .. } => pairs.iter().for_each(|(key, value)| {
            walk(key, end, faults);
            walk(value, end, faults);
        }),
        NodeKind::Sequence { items, .. } => items.iter().for_each(|item| walk(item, end, faults)),
        NodeKind::Alias { name, .. } => {
            let at = At { line: node.line, column: node.column };
            let width = u32::try_from(name.chars().count() + 1).unwrap_or(1);
            let wrong = Wrong::new(at, width, format!("`*{name}` stands for what is written elsewhere"));
            faults.push(wrong.help("write each waiver out: whoever merges its lines answers for all of it"));
        }
    }
}
