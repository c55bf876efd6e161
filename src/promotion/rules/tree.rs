//! A document with its aliases and merges resolved: the one thing that is walked against the schema, and then read.
//!
//! Faults are taken out of the tree as they are found, so that what remains can be read and judged in the same run.

use std::collections::{HashMap, HashSet};

use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::yaml::{Node, NodeKind, Style};

/// The most values that a rules file may have after its aliases are resolved.
const MAX_VALUES: usize = 20_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Where it begins; a mapping or list under a key begins at the key.
    pub at: At,
    /// How many characters of its first line belong to it.
    pub width: u32,
    /// Whether a fault inside it was found and taken out.
    pub faulty: bool,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Nothing: left out, `~` or `null`.
    Null,
    /// A text as it is written, or decoded where it is quoted.
    Scalar {
        /// The text.
        text: String,
        /// Whether it stands without quotes, and so may be a number or a truth value.
        plain: bool,
    },
    /// Items.
    List(Vec<Tree>),
    /// Keys, which are scalars, each once, and values.
    Map(Vec<(Tree, Tree)>),
    /// Something was here, and its fault was reported. It reads as an empty value of any kind.
    Bad,
}

impl Tree {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A place where something was wrong or missing.
    pub fn bad(at: At, width: u32) -> Self {
        Self { at, width, faulty: true, kind: Kind::Bad }
    }
}

/// Resolves a document. What cannot be resolved is reported and taken out.
pub fn resolve(text: &str, root: &Node, faults: &mut Vec<Wrong>) -> Tree {
    let mut resolver = Resolver { text, anchors: HashMap::new(), values: 0, full: false, faults };
    let tree = resolver.node(root);
    if resolver.full {
        let message = format!("this file has more than {MAX_VALUES} values, aliases resolved");
        faults.push(Wrong::new(At { line: 1, column: 1 }, 1, message));
    }
    tree
}

struct Resolver<'a> {
    text: &'a str,
    /// Finished nodes by their anchor, and how many values each has.
    anchors: HashMap<String, (Tree, usize)>,
    values: usize,
    full: bool,
    faults: &'a mut Vec<Wrong>,
}

impl Resolver<'_> {
    fn node(&mut self, node: &Node) -> Tree {
        let before = self.values;
        let (at, width) = (At { line: node.line, column: node.column }, self.width(node));
        if !self.take(1) {
            return Tree::bad(at, width);
        }
        if let Some(tag) = &node.tag
            && !tag.starts_with("tag:yaml.org,2002:")
            && !tag.starts_with("!!")
        {
            let wrong = Wrong::new(at, width, format!("the tag `{tag}` means nothing here"));
            self.faults.push(wrong.help("remove it"));
        }
        let kind = match &node.kind {
            NodeKind::Scalar { .. } if node.is_null() => Kind::Null,
            NodeKind::Scalar { value, style } => {
                Kind::Scalar { text: value.clone(), plain: *style == Style::Plain && node.tag.is_none() }
            }
            NodeKind::Sequence { items, .. } => Kind::List(items.iter().map(|item| self.node(item)).collect()),
            NodeKind::Mapping { pairs, .. } => self.mapping(pairs),
            NodeKind::Alias { name, .. } => return self.alias(name, at, width),
        };
        let tree = Tree { at, width, faulty: false, kind };
        if let Some(anchor) = &node.anchor {
            let size = self.values - before;
            // The copy that is kept for its aliases counts too.
            if self.take(size) {
                self.anchors.insert(anchor.clone(), (tree.clone(), size));
            }
        }
        tree
    }

    fn alias(&mut self, name: &str, at: At, width: u32) -> Tree {
        let Some((tree, size)) = self.anchors.get(name).cloned() else {
            self.faults.push(Wrong::new(at, width, format!("`*{name}` stands inside the value that it names")));
            return Tree::bad(at, width);
        };
        if self.take(size) { Tree { at, width, ..tree } } else { Tree::bad(at, width) }
    }

    fn mapping(&mut self, pairs: &[(Node, Node)]) -> Kind {
        let mut own: Vec<(Tree, Tree)> = Vec::new();
        let mut merged: Vec<(Tree, Tree)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for (key, value) in pairs {
            let key = self.node(key);
            let mut value = self.node(value);
            let Some(text) = key.text().map(str::to_owned) else {
                if !matches!(key.kind, Kind::Bad) {
                    self.faults.push(Wrong::new(key.at, key.width, "a key must be a text"));
                }
                continue;
            };
            if matches!(value.kind, Kind::Map(_) | Kind::List(_)) {
                (value.at, value.width) = (key.at, key.width);
            }
            if text == "<<" && matches!(key.kind, Kind::Scalar { plain: true, .. }) {
                self.merge(value, &mut merged);
            } else if seen.insert(text.clone()) {
                own.push((key, value));
            } else {
                let wrong = Wrong::new(key.at, key.width, format!("`{text}` stands here twice"));
                self.faults.push(wrong.help("remove one"));
            }
        }
        own.extend(merged.into_iter().filter(|(key, _)| key.text().is_some_and(|text| seen.insert(text.to_owned()))));
        Kind::Map(own)
    }

    /// What `<<` brings in; earlier mappings of a list win.
    fn merge(&mut self, value: Tree, into: &mut Vec<(Tree, Tree)>) {
        match value.kind {
            Kind::Map(pairs) => into.extend(pairs),
            Kind::List(items) => items.into_iter().for_each(|item| self.merge(item, into)),
            Kind::Bad => {}
            _ => {
                let wrong = Wrong::new(value.at, value.width, "`<<` needs a mapping, or a list of mappings");
                self.faults.push(wrong.help("write `<<: *anchor`"));
            }
        }
    }

    /// Counts values against the budget.
    fn take(&mut self, count: usize) -> bool {
        self.values = self.values.saturating_add(count);
        self.full |= self.values > MAX_VALUES;
        !self.full
    }

    /// How many characters of its first line a node has; a block collection counts its first key only.
    fn width(&self, node: &Node) -> u32 {
        let node = match &node.kind {
            NodeKind::Mapping { pairs, flow: false } => pairs.first().map_or(node, |(key, _)| key),
            _ => node,
        };
        let line = self.text.get(node.span.clone()).and_then(|text| text.lines().next()).unwrap_or("");
        u32::try_from(line.chars().count()).unwrap_or(u32::MAX).max(1)
    }
}
