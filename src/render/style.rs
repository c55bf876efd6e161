//! Colour: it helps, and nothing depends on it.

use anstyle::{AnsiColor, Style as Ansi};

use crate::promotion::outcome::Outcome;
use crate::promotion::report::Mark;

/// How text for a terminal looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether ANSI colours are written.
    pub color: bool,
}

/// The width that everything is laid out for, in columns.
pub const COLUMNS: usize = 80;

impl Style {
    /// No colour.
    pub const PLAIN: Self = Self { color: false };

    fn paint(self, ansi: Ansi, text: &str) -> String {
        if self.color { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    /// What matters most on its line.
    pub fn strong(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    /// What is there for whoever looks for it.
    pub fn faint(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// A line that a diff takes away.
    pub fn removed(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    /// A line that a diff adds.
    pub fn added(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// A gate's sign.
    pub fn mark(self, mark: Mark) -> String {
        let color = match mark {
            Mark::Pass => AnsiColor::Green,
            Mark::Fail => AnsiColor::Red,
            Mark::Unknown | Mark::Warn => AnsiColor::Yellow,
            Mark::Waived => AnsiColor::Cyan,
            Mark::Skipped => return self.faint(sign(mark)),
        };
        self.paint(color.on_default().bold(), sign(mark))
    }

    /// The first words of an ending.
    pub fn ending(self, outcome: Option<Outcome>, text: &str) -> String {
        let color = match outcome.map(Outcome::exit_code) {
            Some(0) => AnsiColor::Green,
            Some(11 | 13 | 14 | 23 | 130) => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        self.paint(color.on_default().bold(), text)
    }
}

/// A gate's sign without colour: `✓` pass, `✗` fail, `?` unknown, `!` warn, `~` waived, `-` skipped.
pub fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Pass => "✓",
        Mark::Fail => "✗",
        Mark::Unknown => "?",
        Mark::Warn => "!",
        Mark::Waived => "~",
        Mark::Skipped => "-",
    }
}

/// A mark as a word.
pub fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Pass => "pass",
        Mark::Fail => "fail",
        Mark::Unknown => "unknown",
        Mark::Warn => "warn",
        Mark::Waived => "waived",
        Mark::Skipped => "skipped",
    }
}
