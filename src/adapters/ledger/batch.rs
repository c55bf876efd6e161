//! What is written together: all of it, or nothing.

use crate::promotion::time::Time;

/// Files that are written together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The files.
    pub(crate) files: Vec<File>,
    /// What it is, in a line.
    pub(crate) message: String,
    /// When.
    pub(crate) at: Time,
}

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path in the ledger.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Whether it takes the place of an older one: heads do, and nothing else.
    pub(crate) replaces: bool,
}

/// What came of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is there, durably.
    Done,
    /// Somebody else wrote in between; nothing was written.
    Moved,
}
