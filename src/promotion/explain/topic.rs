//! What can be explained.

use crate::promotion::outcome::Outcome;

/// Something that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// The words that it is asked for by; the first one is its name.
    pub words: &'static [&'static str],
    /// What it is, in a line.
    pub title: &'static str,
    /// What it means and what to do, a paragraph each. One that begins with four spaces is kept as it is.
    pub text: &'static [&'static str],
}

impl Topic {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }
}

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// A gate, or a kind of trouble.
    Topic(&'static Topic),
    /// An end that is an outcome.
    End(Outcome, &'static [&'static str]),
    /// An end before there could be one: its code, what it means, and what to do.
    Refused(u8, &'static str, &'static [&'static str]),
}
