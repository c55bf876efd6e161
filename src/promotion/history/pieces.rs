//! A ledger as it is written, piece by piece: what an adapter shows, and nobody has judged yet.

use crate::promotion::facts::CommitSummary;

/// One piece of a ledger. The commits of a branch come first, oldest first; then the files, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A commit of the ledger's branch; a directory has none.
    Commit(LedgerCommit),
    /// A file as it is now.
    File {
        /// Its path from the ledger's root, with `/`.
        path: String,
        /// What is in it.
        content: Content,
    },
}

/// A commit of the ledger's branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerCommit {
    /// The commit in a line; its texts are untrusted.
    pub summary: CommitSummary,
    /// Its parents.
    pub parents: Vec<String>,
    /// What it changes against its first parent.
    pub changes: Vec<Touched>,
}

/// A path that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The path.
    pub path: String,
    /// How.
    pub how: How,
}

/// How a commit changes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was not there before.
    Added,
    /// Its bytes, or what kind of thing it is, are others.
    Modified,
    /// It is gone.
    Deleted,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// Nothing that can be read: why, in words.
    Unreadable(String),
}
