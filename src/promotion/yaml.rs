//! YAML as a tree that knows where everything stands: for rules files (line and column of each fault), and for edits that
//! change single scalars byte for byte.
//!
//! Nothing is resolved here. A scalar is its text (`1.10` stays `1.10`), an alias is an alias, `<<` is a key, and
//! duplicate keys are all there. Parsing has budgets, so that hostile input costs no more than a large file.

pub mod flat;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

/// The longest text that is parsed, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The most nodes that a text may have, keys included.
pub const MAX_NODES: usize = 500_000;
/// The deepest nesting of mappings and sequences.
pub const MAX_DEPTH: usize = 100;

/// Why a text is not YAML, or too much of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct YamlFault {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// One document of a text. A text without any content has none; an empty document between `---` lines has a null scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its content.
    pub root: Node,
}

/// A node, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its bytes, without tag and anchor. A scalar's quotes are inside. A block collection reaches from its first key or
    /// dash to the next content, so that comments after it may be inside. A value that is left out (`key:`) is empty, and
    /// stands right after the colon.
    pub span: Range<usize>,
    /// Line of its first byte, from 1.
    pub line: u32,
    /// Column of its first byte in characters, from 1.
    pub column: u32,
    /// Its anchor's name, without `&`.
    pub anchor: Option<String>,
    /// Its tag, resolved: `tag:yaml.org,2002:str`, `!Ref`.
    pub tag: Option<String>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Text.
    Scalar {
        /// The decoded text; empty when the value is left out.
        value: String,
        /// How it is written.
        style: Style,
    },
    /// Keys and values, in the order of the text, duplicates included.
    Mapping {
        /// The pairs.
        pairs: Vec<(Node, Node)>,
        /// Whether it is written in braces.
        flow: bool,
    },
    /// Items.
    Sequence {
        /// The items.
        items: Vec<Node>,
        /// Whether it is written in brackets.
        flow: bool,
    },
    /// A reference to an anchor before it.
    Alias {
        /// The anchor's name, without `*`.
        name: String,
        /// The anchor's text, if it is a scalar.
        scalar: Option<String>,
    },
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A block, literal or folded.
    Block,
}

impl Node {
    /// A scalar's decoded text; `None` for anything else. A null is a scalar too: see [`Node::is_null`].
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Whether it is a plain null: left out, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { value, style: Style::Plain }
            if self.tag.is_none() && matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The pairs of a mapping; none for anything else.
    pub fn pairs(&self) -> &[(Self, Self)] {
        match &self.kind {
            NodeKind::Mapping { pairs, .. } => pairs,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// The value of a mapping's key, the first one if the key is repeated.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|(k, _)| k.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The keys of a mapping that stood there before with the same text: the second and later ones.
    pub fn repeated_keys(&self) -> Vec<&Self> {
        let mut seen = HashSet::new();
        self.pairs().iter().map(|(key, _)| key).filter(|key| key.as_str().is_some_and(|k| !seen.insert(k))).collect()
    }
}

/// Parses every document of a text.
pub fn parse(text: &str) -> Result<Vec<Document>, YamlFault> {
    if text.len() > MAX_BYTES {
        return Err(fault(1, 1, format!("this text has {} bytes; at most {MAX_BYTES} are read", text.len())));
    }
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        block_nesting_limit: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { text, ..Builder::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            fault(number(mark.line()), number(mark.col()).saturating_add(1), error.info())
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.documents)
}

fn fault(line: u32, column: u32, message: impl Into<String>) -> YamlFault {
    YamlFault { line, column, message: message.into() }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A collection that is not closed yet, with the key that waits for its value.
struct Open {
    node: Node,
    key: Option<Node>,
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    documents: Vec<Document>,
    open: Vec<Open>,
    /// The last scalar: the event of its anchor comes after its own.
    held: Option<Node>,
    /// The scalars that have anchors, by the parser's number for the anchor.
    anchored: HashMap<usize, String>,
    nodes: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlFault> {
        if let Event::Anchor(_, name) = &event {
            let node = self.held.as_mut().or_else(|| self.open.last_mut().map(|open| &mut open.node));
            if let Some(node) = node {
                node.anchor = Some(name.to_string());
            }
            return Ok(());
        }
        if let Some(scalar) = self.held.take() {
            self.close(scalar);
        }
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                // The parser says `~` for a value that is left out.
                let value = if range(span).is_empty() { String::new() } else { value.into_owned() };
                if anchor > 0 {
                    self.anchored.insert(anchor, value.clone());
                }
                let kind = NodeKind::Scalar { value, style: style_of(style) };
                self.held = Some(self.node(kind, span, tag.map(|tag| tag.to_string()))?);
            }
            Event::Alias(id) => {
                let name = self.text.get(range(span)).unwrap_or_default().trim_start_matches('*').to_owned();
                let kind = NodeKind::Alias { name, scalar: self.anchored.get(&id).cloned() };
                let node = self.node(kind, span, None)?;
                self.close(node);
            }
            Event::SequenceStart(style, _, tag) => {
                let kind = NodeKind::Sequence { items: Vec::new(), flow: style == StructureStyle::Flow };
                self.push(kind, span, tag.map(|tag| tag.to_string()))?;
            }
            Event::MappingStart(style, _, tag) => {
                let kind = NodeKind::Mapping { pairs: Vec::new(), flow: style == StructureStyle::Flow };
                self.push(kind, span, tag.map(|tag| tag.to_string()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut open) = self.open.pop() {
                    open.node.span.end = range(span).end.max(open.node.span.start);
                    self.close(open.node);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn node(&mut self, kind: NodeKind, span: Span, tag: Option<String>) -> Result<Node, YamlFault> {
        let (line, column) = (number(span.start.line()), number(span.start.col()).saturating_add(1));
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(fault(line, column, format!("this text has more than {MAX_NODES} values")));
        }
        Ok(Node { kind, span: range(span), line, column, anchor: None, tag })
    }

    fn push(&mut self, kind: NodeKind, span: Span, tag: Option<String>) -> Result<(), YamlFault> {
        let node = self.node(kind, span, tag)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(node.line, node.column, format!("this is nested more than {MAX_DEPTH} levels deep")));
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }

    /// Hands a finished node to the collection around it.
    fn close(&mut self, mut node: Node) {
        let Some(parent) = self.open.last_mut() else {
            self.documents.push(Document { root: node });
            return;
        };
        match &mut parent.node.kind {
            NodeKind::Mapping { pairs, .. } => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => {
                    after_colon(self.text, &key, &mut node);
                    pairs.push((key, node));
                }
            },
            NodeKind::Sequence { items, .. } => items.push(node),
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }
}

/// The parser puts a value that is left out before its colon; we put it after, where it would be written.
fn after_colon(text: &str, key: &Node, value: &mut Node) {
    let blank = |range: Range<usize>| text.get(range).is_some_and(|gap| gap.trim_matches([' ', '\t']).is_empty());
    if !value.span.is_empty() || !blank(key.span.end..value.span.start) {
        return;
    }
    let rest = text.get(value.span.start..).unwrap_or_default();
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if rest[gap..].starts_with(':') {
        let at = value.span.start + gap + 1;
        value.span = at..at;
        value.column = value.column.saturating_add(number(gap + 1));
    }
}

fn range(span: Span) -> Range<usize> {
    // Text input always has byte offsets.
    span.byte_range().map_or(0..0, |range| range.start..range.end.max(range.start))
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

/// Whether a text, written without quotes, is a string of one line for every reader: YAML 1.1 and 1.2, inside brackets
/// too. Where readers disagree the answer is no, and quotes do no harm: `1.10`, `1e3`, `0123`, `on`, `12:30`, `~`.
pub fn plain_is_string(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(first) || text.starts_with("...");
    let breaks = |c: char| c.is_control() || matches!(c, ',' | '[' | ']' | '{' | '}' | '\u{2028}' | '\u{2029}');
    let unprintable = |c: char| matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    !(indicator
        || text.contains(|c| breaks(c) || unprintable(c))
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.trim() != text
        || is_other_than_string(text))
}

/// Whether some reader takes a plain text for a null, a truth value, a number, a time, or a merge.
fn is_other_than_string(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "=", "<<", ".inf", ".nan", "inf",
        "nan", "infinity", "none",
    ];
    // YAML 1.1 allows `_` inside numbers.
    let lower = text.to_ascii_lowercase().replace('_', "");
    let bare = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    WORDS.contains(&bare) || bare.is_empty() || is_number(bare) || is_time(bare)
}

fn is_number(text: &str) -> bool {
    let all = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return all(digits, radix);
        }
    }
    // Base 60: `12:30:45`.
    if text.contains(':') {
        return text.split(':').all(|part| part.chars().all(|c| c.is_ascii_digit() || c == '.'));
    }
    let (mantissa, exponent) = text.split_once('e').map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let exponent = exponent.is_none_or(|e| all(e.strip_prefix(['+', '-']).unwrap_or(e), 10));
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent
}

/// `2001-12-14`, alone or before a time of day.
fn is_time(text: &str) -> bool {
    let day = text.split([' ', 't']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    parts.len() == 3
        && parts
            .iter()
            .zip([4..=4, 1..=2, 1..=2])
            .all(|(part, lengths)| lengths.contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
