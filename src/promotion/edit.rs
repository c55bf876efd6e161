//! Edits: the change of single scalars in a YAML text, byte for byte, and nothing else.

use serde::{Deserialize, Serialize};

/// The edits of one file, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEdits {
    /// The file, from the repository's root, with `/`.
    pub path: String,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// One edit of one document of a YAML text. It keeps both the old and the new bytes, so that setting and setting back
/// restores the text, and so that an edit can be recognised as undone, done, or overtaken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The document in the file, from 0.
    pub document: usize,
    /// The path of the scalar: `images[name=app].newTag`, `["a.b"].tag`, `spec.template.spec.containers[0].image`.
    pub selector: String,
    /// What changes.
    pub change: Change,
}

/// What an edit changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Replace a scalar's source text, quotes included.
    Set {
        /// The bytes that stand there.
        old: String,
        /// The bytes that will.
        new: String,
    },
    /// Insert a `key: value` line after a sibling, with its indentation and line end; block mappings only.
    InsertKey {
        /// The sibling's key.
        after: String,
        /// The inserted line, as bytes, line end included.
        line: String,
    },
    /// Remove a `key: value` line.
    RemoveKey {
        /// The sibling that stands before it.
        after: String,
        /// The removed line, as bytes, line end included.
        line: String,
    },
}
