//! Edits: the change of single scalars in a YAML text, byte for byte, and nothing else.
//!
//! Every edit is checked by parsing again: the new text must have the same parts in the same order but for that one
//! scalar (or that one key and its value), and the bytes outside are not touched. Comments, order, quotes, line ends,
//! anchors, a byte order mark and a missing final newline survive. Where that cannot be had, the edit is refused with
//! a place and a hint.
//!
//! Edits are made in [`make`], applied in [`apply`], shown in [`diff`]; what stands at their place is read in [`read`].

pub mod apply;
pub mod diff;
mod line;
pub mod make;
pub mod read;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::place::PlaceFault;
use crate::promotion::yaml::{Node, YamlFault};

/// The edits of one file, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEdits {
    /// The file, from the repository's root, with `/`.
    pub path: String,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// One edit of one document of a YAML text. It keeps both the old and the new bytes, so that setting and setting back
/// restores the text, and so that an edit can be recognised as undone, done, or overtaken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The document in the file, from 0.
    pub document: usize,
    /// The path of the scalar: `images[name=app].newTag`, `["a.b"].tag`, `spec.template.spec.containers[0].image`.
    pub selector: String,
    /// What changes.
    pub change: Change,
}

/// What an edit changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Replace a scalar's source text, quotes included.
    Set {
        /// The bytes that stand there; for a value that is left out (`key:`) nothing.
        old: String,
        /// The bytes that will; a space first, where the value was left out.
        new: String,
    },
    /// Insert a `key: value` line below a sibling, with its indentation and line end; block mappings only.
    InsertKey {
        /// The sibling's key.
        after: String,
        /// How many lines (comments, other values) stand between the sibling's key and the new line.
        #[serde(default, skip_serializing_if = "is_zero")]
        below: u32,
        /// The inserted line, as bytes: with its line end; at the end of a text without a final one, that of the line
        /// before comes first instead.
        line: String,
    },
    /// Remove a `key: value` line.
    RemoveKey {
        /// The sibling that stands before it.
        after: String,
        /// How many lines stand between the two keys.
        #[serde(default, skip_serializing_if = "is_zero")]
        below: u32,
        /// The removed line, as bytes, as above.
        line: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditFault {
    /// What callers branch on.
    pub kind: EditFaultKind,
    /// The file, once that is known.
    pub path: Option<String>,
    /// Line and column, from 1, where there is a place.
    pub at: Option<(u32, u32)>,
    /// What was expected and seen.
    pub why: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// The kinds of edit fault that callers branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditFaultKind {
    /// Other bytes stand there than the edit was made for: somebody else was first.
    Overtaken,
    /// The text cannot be changed there without changing more.
    Refused,
}

impl EditFault {
    pub(super) fn new(kind: EditFaultKind, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, path: None, at: None, why: why.into(), hint: hint.into() }
    }

    pub(super) fn refused(node: &Node, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(EditFaultKind::Refused, why, hint).at(node)
    }

    pub(super) fn overtaken(node: &Node, why: impl Into<String>) -> Self {
        Self::new(EditFaultKind::Overtaken, why, "plan again from what stands there now").at(node)
    }

    fn at(mut self, node: &Node) -> Self {
        self.at = Some((node.line, node.column));
        self
    }

    /// The same fault, in this file.
    #[must_use]
    pub fn of(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }
}

/// `k8s/staging/kustomization.yaml:5:13: …`, in one line; the hint is apart.
impl fmt::Display for EditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}:")?;
        }
        if let Some((line, column)) = self.at {
            write!(f, "{line}:{column}:")?;
        }
        let gap = if self.path.is_some() || self.at.is_some() { " " } else { "" };
        write!(f, "{gap}{}", self.why)
    }
}

impl std::error::Error for EditFault {}

impl From<PlaceFault> for EditFault {
    fn from(fault: PlaceFault) -> Self {
        let at = Some((fault.line, fault.column));
        Self { kind: EditFaultKind::Refused, path: None, at, why: fault.why, hint: fault.hint }
    }
}

impl From<YamlFault> for EditFault {
    fn from(fault: YamlFault) -> Self {
        let at = Some((fault.line, fault.column));
        let why = format!("this is not YAML: {}", fault.message);
        Self { kind: EditFaultKind::Refused, path: None, at, why, hint: String::new() }
    }
}

/// The edit that undoes an edit.
pub fn reverse(edit: &Edit) -> Edit {
    let change = match edit.change.clone() {
        Change::Set { old, new } => Change::Set { old: new, new: old },
        Change::InsertKey { after, below, line } => Change::RemoveKey { after, below, line },
        Change::RemoveKey { after, below, line } => Change::InsertKey { after, below, line },
    };
    Edit { change, ..edit.clone() }
}

#[cfg(test)]
mod tests;
