//! A list of promotions: which come first, and what could not be read.

use crate::promotion::head::Review;
use crate::promotion::heads::Summary;

/// How many promotions a list shows, besides the open ones, which are all there.
pub const LISTED: usize = 50;

/// The newest promotions and all open ones, of those that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The promotions: open ones first, then the newest.
    pub rows: Vec<Row>,
    /// How many promotions there are of the services and environments that were asked for, as their heads count them.
    pub known: u64,
    /// The reviews of hotfixes that are open, oldest first.
    pub reviews: Vec<OpenReview>,
    /// What could not be read.
    pub damaged: Vec<Damaged>,
}

/// A hotfix that nobody has reviewed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReview {
    /// The service.
    pub service: String,
    /// The environment that it went to.
    pub to: String,
    /// The hotfix.
    pub review: Review,
}

/// One promotion of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The service.
    pub service: String,
    /// The environment that it goes to.
    pub to: String,
    /// The promotion in short.
    pub summary: Summary,
}

/// A record or a head that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// A promotion's id, or `head of app in staging`.
    pub what: String,
    /// What is wrong, with the file.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Listing {
    /// Puts the open ones first, and the newest first among the open and among the ended.
    pub fn arrange(&mut self) {
        self.rows.sort_by(|a, b| {
            let (one, other) = (a.summary.state.is_over(), b.summary.state.is_over());
            one.cmp(&other).then(b.summary.created_at.cmp(&a.summary.created_at))
        });
    }

    /// How many of the rows are open.
    pub fn open(&self) -> usize {
        self.rows.iter().filter(|row| !row.summary.state.is_over()).count()
    }
}
