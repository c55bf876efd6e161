//! The accumulator that a source's files are poured into.

use std::io::BufRead;

use crate::adapters::evidence::cases::Cases;
use crate::adapters::evidence::found::Found;
use crate::adapters::evidence::lines::Lines;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::{cobertura, junit, lcov, sarif};
use crate::promotion::facts::Measure;
use crate::promotion::rules::format::Format;

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

/// The name of a format, as the rules write it.
pub fn name(format: Format) -> &'static str {
    match format {
        Format::Junit => "junit",
        Format::Cobertura => "cobertura",
        Format::Lcov => "lcov",
        Format::Sarif => "sarif",
    }
}
