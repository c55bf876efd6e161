//! What every parser returns, and the accumulator that a source's files are poured into.

use std::collections::BTreeSet;
use std::io::BufRead;

use crate::adapters::evidence::cases::Cases;
use crate::adapters::evidence::found::Found;
use crate::adapters::evidence::lines::Lines;
use crate::adapters::evidence::{cobertura, junit, lcov, sarif};
use crate::promotion::facts::Measure;
use crate::promotion::rules::Format;
use crate::promotion::time::Time;

/// Why a file, or all of them together, says nothing that can be believed. The text fits after the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Defect {
    /// There is nothing in it: `it is empty`.
    Missing(String),
    /// There is something wrong: `it is cut off: it ends at line 12 inside <testsuite>`.
    Unreadable(String),
}

/// What a file says of itself, beside its measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// When it was taken, the oldest of the times in it.
    pub taken: Option<Time>,
    /// The commits or digests that it says it is about.
    pub subjects: BTreeSet<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl About {
    /// Keeps the older of two times.
    pub fn older(&mut self, time: Time) {
        self.taken = Some(self.taken.map_or(time, |taken| taken.min(time)));
    }
}

/// The accumulator of one source.
#[derive(Debug)]
pub struct Tally {
    kept: Kept,
    first: String,
}

#[derive(Debug)]
enum Kept {
    Tests(Cases),
    Coverage(Lines),
    Findings(Found),
}

impl Kept {
    fn of(format: Format) -> Self {
        match format {
            Format::Junit => Self::Tests(Cases::default()),
            Format::Cobertura | Format::Lcov => Self::Coverage(Lines::default()),
            Format::Sarif => Self::Findings(Found::default()),
        }
    }

    fn holds(&self) -> &'static str {
        match self {
            Self::Tests(_) => "test results",
            Self::Coverage(_) => "coverage",
            Self::Findings(_) => "findings",
        }
    }
}

impl Tally {
    /// An empty accumulator for what the first file holds.
    pub fn new(format: Format, first: &str) -> Self {
        Self { kept: Kept::of(format), first: first.to_owned() }
    }

    /// Pours one file in. A file of another kind is a defect that names both.
    pub fn pour(&mut self, format: Format, input: impl BufRead, path: &str) -> Result<About, Defect> {
        match (&mut self.kept, format) {
            (Kept::Tests(cases), Format::Junit) => junit::parse(input, path, cases),
            (Kept::Coverage(lines), Format::Cobertura) => cobertura::parse(input, lines),
            (Kept::Coverage(lines), Format::Lcov) => lcov::parse(input, lines),
            (Kept::Findings(found), Format::Sarif) => sarif::parse(input, path, found),
            (other, format) => {
                let (this, other, first) = (Kept::of(format).holds(), other.holds(), &self.first);
                Err(Defect::Unreadable(format!("it holds {this}, and {first} holds {other}: one source is one kind")))
            }
        }
    }

    /// What all files say together, with notes.
    pub fn finish(self) -> Result<(Measure, Vec<String>), Defect> {
        match self.kept {
            Kept::Tests(cases) => cases.finish().map(|(tests, notes)| (Measure::Tests(tests), notes)),
            Kept::Coverage(lines) => lines.finish().map(|coverage| (Measure::Coverage(coverage), Vec::new())),
            Kept::Findings(found) => {
                let (findings, notes) = found.finish();
                Ok((Measure::Findings(findings), notes))
            }
        }
    }
}

/// The longest name or message that is kept, in characters.
const KEPT: usize = 300;

/// The first line that is not blank, shortened.
pub fn first_line(text: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(short)
}

/// A text of at most `KEPT` characters.
pub fn short(text: &str) -> String {
    if text.chars().nth(KEPT).is_none() {
        return text.to_owned();
    }
    text.chars().take(KEPT - 1).chain(['…']).collect()
}

/// The name of a format, as the rules write it.
pub fn name(format: Format) -> &'static str {
    match format {
        Format::Junit => "junit",
        Format::Cobertura => "cobertura",
        Format::Lcov => "lcov",
        Format::Sarif => "sarif",
    }
}
