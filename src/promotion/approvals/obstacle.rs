//! What keeps an approval from standing: how badly, why, and what to do.

use crate::promotion::approvals::report::Standing;

/// One reason why an approval does not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// How badly.
    pub standing: Standing,
    /// What was expected and seen, in a sentence.
    pub because: String,
    /// What to do about it, where that can be said.
    pub hint: Option<String>,
}

impl Obstacle {
    /// An obstacle that nobody can tell a way past.
    pub fn new(standing: Standing, because: impl Into<String>) -> Self {
        Self { standing, because: because.into(), hint: None }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What to do where only another run can bring approvals.
pub const NEW_RUN: &str = "start a new run: only the job that promotes may be run again";
