//! A tree as the list of its parts in the order of the text: for saying exactly what two texts differ in.

use crate::promotion::yaml::{Document, Node, NodeKind, Style};

/// One part of a text, without its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is.
    pub what: What,
    /// A scalar's decoded text, an alias's name; else empty.
    pub text: &'a str,
    /// Its anchor.
    pub anchor: Option<&'a str>,
    /// Its tag.
    pub tag: Option<&'a str>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A document begins.
    Document,
    /// A scalar.
    Scalar(Style),
    /// An alias.
    Alias,
    /// A mapping begins; `true` in braces.
    Mapping(bool),
    /// A sequence begins; `true` in brackets.
    Sequence(bool),
    /// A mapping or sequence ends.
    End,
}

/// The parts of a text, in order, each with its node where it has one.
pub fn flatten(documents: &[Document]) -> Vec<(Part<'_>, Option<&Node>)> {
    let mut parts = Vec::new();
    for document in documents {
        parts.push((Part { what: What::Document, text: "", anchor: None, tag: None }, None));
        add(&document.root, &mut parts);
    }
    parts
}

/// Recursion is as deep as the parser allows nesting, and no deeper.
fn add<'a>(node: &'a Node, parts: &mut Vec<(Part<'a>, Option<&'a Node>)>) {
    let part = |what, text| Part { what, text, anchor: node.anchor.as_deref(), tag: node.tag.as_deref() };
    let end = Part { what: What::End, text: "", anchor: None, tag: None };
    match &node.kind {
        NodeKind::Scalar { value, style } => parts.push((part(What::Scalar(*style), value), Some(node))),
        NodeKind::Alias { name, .. } => parts.push((part(What::Alias, name), Some(node))),
        NodeKind::Mapping { pairs, flow } => {
            parts.push((part(What::Mapping(*flow), ""), Some(node)));
            for (key, value) in pairs {
                add(key, parts);
                add(value, parts);
            }
            parts.push((end, None));
        }
        NodeKind::Sequence { items, flow } => {
            parts.push((part(What::Sequence(*flow), ""), Some(node)));
            for item in items {
                add(item, parts);
            }
            parts.push((end, None));
        }
    }
}
