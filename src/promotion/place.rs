//! Places: finding the one value that a selector names, and refusing where a change there would mean more than it says.

use crate::promotion::selector::{Segment, Selector};
use crate::promotion::yaml::{Document, Node, NodeKind};

/// A value, and what is around it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The value.
    pub node: &'a Node,
    /// The mapping or sequence that it is in; absent for a document's root.
    pub parent: Option<&'a Node>,
    /// Its key, if it is in a mapping.
    pub key: Option<&'a Node>,
}

/// Why a selector does not lead to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceFault {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is in the way.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

impl PlaceFault {
    /// A fault at a node.
    pub fn at(node: &Node, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line: node.line, column: node.column, why: why.into(), hint: hint.into() }
    }
}

/// Finds the value that a selector names in a document (from 0). `None`: there is nothing, and nothing in the way.
///
/// A fault: an alias above the value, a repeated key on the path, a mapping that may get the key from a merge (`<<`), a
/// step that fits several items, or a step into text. An alias as the value itself is a place: it can be read.
pub fn find<'a>(
    documents: &'a [Document],
    document: usize,
    selector: &Selector,
) -> Result<Option<Place<'a>>, PlaceFault> {
    let Some(document) = documents.get(document) else { return Ok(None) };
    let mut place = Place { node: &document.root, parent: None, key: None };
    for segment in &selector.segments {
        if let NodeKind::Alias { name, .. } = &place.node.kind {
            let hint = format!("write the value out here, or promote the value at `&{name}`");
            return Err(PlaceFault::at(place.node, format!("the alias `*{name}` stands on the way"), hint));
        }
        if place.node.is_null() {
            return Ok(None);
        }
        let next = match segment {
            Segment::Key(key) => by_key(place.node, key)?,
            Segment::Index(index) => by_index(place.node, *index)?,
            Segment::Match { key, value } => by_match(place.node, key, value)?,
        };
        match next {
            Some(next) => place = next,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

fn by_key<'a>(parent: &'a Node, wanted: &str) -> Result<Option<Place<'a>>, PlaceFault> {
    if !matches!(parent.kind, NodeKind::Mapping { .. }) {
        let why = format!("there is {} here, not a mapping with `{wanted}`", kind_of(parent));
        return Err(PlaceFault::at(parent, why, "check the path"));
    }
    let mut found = parent.pairs().iter().filter(|(key, _)| key.as_str() == Some(wanted));
    let Some((key, node)) = found.next() else {
        return match parent.pairs().iter().find(|(key, _)| key.as_str() == Some("<<")) {
            Some((merge, _)) => {
                let why = format!("`{wanted}` is not written here, and may come from the merge `<<`");
                Err(PlaceFault::at(merge, why, format!("write `{wanted}` out in this mapping")))
            }
            None => Ok(None),
        };
    };
    if let Some((again, _)) = found.next() {
        let why = format!("the key `{wanted}` is repeated: it stands on line {} already", key.line);
        return Err(PlaceFault::at(again, why, "remove one of them"));
    }
    Ok(Some(Place { node, parent: Some(parent), key: Some(key) }))
}

fn by_index(parent: &Node, index: usize) -> Result<Option<Place<'_>>, PlaceFault> {
    if !matches!(parent.kind, NodeKind::Sequence { .. }) {
        let why = format!("there is {} here, not a list", kind_of(parent));
        return Err(PlaceFault::at(parent, why, "check the path"));
    }
    Ok(parent.items().get(index).map(|node| Place { node, parent: Some(parent), key: None }))
}

fn by_match<'a>(parent: &'a Node, key: &str, value: &str) -> Result<Option<Place<'a>>, PlaceFault> {
    if !matches!(parent.kind, NodeKind::Sequence { .. }) {
        let why = format!("there is {} here, not a list", kind_of(parent));
        return Err(PlaceFault::at(parent, why, "check the path"));
    }
    let mut found = parent.items().iter().filter(|item| item.get(key).and_then(Node::as_str) == Some(value));
    let Some(node) = found.next() else {
        return match parent.items().iter().find(|item| matches!(item.kind, NodeKind::Alias { .. })) {
            Some(alias) => {
                let why = format!("no item has `{key}: {value}`, but this one is an alias and cannot be looked into");
                Err(PlaceFault::at(alias, why, "write the item out"))
            }
            None => Ok(None),
        };
    };
    if let Some(again) = found.next() {
        let why = format!("several items have `{key}: {value}`: the one on line {} is the first", node.line);
        return Err(PlaceFault::at(again, why, "remove one of them"));
    }
    if let Some(again) = node.repeated_keys().into_iter().find(|repeated| repeated.as_str() == Some(key)) {
        return Err(PlaceFault::at(again, format!("the key `{key}` is repeated"), "remove one of them"));
    }
    Ok(Some(Place { node, parent: Some(parent), key: None }))
}

/// What a node is, for people: `text`, `a list`.
pub fn kind_of(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Scalar { .. } if node.is_null() => "nothing",
        NodeKind::Scalar { .. } => "text",
        NodeKind::Mapping { .. } => "a mapping",
        NodeKind::Sequence { .. } => "a list",
        NodeKind::Alias { .. } => "an alias",
    }
}
