//! The accumulator that a source's files are poured into.

use std::sync::Arc;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::load::runs::Runs;
use crate::adapters::evidence::quality::lint::Lint;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::tests::cases::Cases;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::{coverage, load, quality, security, tests};
use crate::promotion::measures::Measure;
use crate::promotion::rules::format::{Family, Format};
use crate::promotion::waivers::Waivers;

/// What the rules ask of reports, beside their numbers.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The parts of the tree whose coverage is wanted, as globs over the paths of source files.
    pub parts: Vec<String>,
    /// The waivers that are in force.
    pub waivers: Arc<Waivers>,
}

/// The accumulator of one source, for one kind of thing.
#[derive(Debug)]
pub struct Tally {
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Tests(Cases),
    Coverage(Lines),
    Security(Found),
    Quality(Lint),
    Load(Runs),
}

impl Kept {
    fn of(family: Family, asked: &Asked) -> Self {
        match family {
            Family::Tests => Self::Tests(Cases::new(Arc::clone(&asked.waivers))),
            Family::Coverage => Self::Coverage(Lines::new(&asked.parts)),
            Family::Security => Self::Security(Found::new(Arc::clone(&asked.waivers))),
            Family::Quality => Self::Quality(Lint::new(Arc::clone(&asked.waivers))),
            Family::Load => Self::Load(Runs::new(Arc::clone(&asked.waivers))),
        }
    }
}

impl Tally {
    /// An empty accumulator.
    pub fn new(family: Family, asked: &Asked) -> Self {
        Self { kept: Kept::of(family, asked) }
    }

    /// Pours one file in, which is of the accumulator's family.
    pub fn pour(&mut self, format: Format, input: Window<'_>, path: &str) -> Result<About, Defect> {
        match &mut self.kept {
            Kept::Tests(cases) => tests::parse(format, input, path, cases),
            Kept::Coverage(lines) => coverage::parse(format, input, lines),
            Kept::Security(found) => security::parse(format, input, path, found),
            Kept::Quality(lint) => quality::parse(format, input, path, lint),
            Kept::Load(runs) => load::parse(format, input, path, runs),
        }
    }

    /// Takes in what was poured into another one of the same family. The order does not matter.
    pub fn absorb(&mut self, other: Self) {
        match (&mut self.kept, other.kept) {
            (Kept::Tests(all), Kept::Tests(more)) => all.absorb(more),
            (Kept::Coverage(all), Kept::Coverage(more)) => all.absorb(more),
            (Kept::Security(all), Kept::Security(more)) => all.absorb(more),
            (Kept::Quality(all), Kept::Quality(more)) => all.absorb(more),
            (Kept::Load(all), Kept::Load(more)) => all.absorb(more),
            (_, _) => debug_assert!(false, "accumulators of two families"),
        }
    }

    /// What all files say together, with notes.
    pub fn finish(self) -> Result<(Measure, Vec<String>), Defect> {
        match self.kept {
            Kept::Tests(cases) => cases.finish().map(|(tests, notes)| (Measure::Tests(tests), notes)),
            Kept::Coverage(lines) => lines.finish().map(|(coverage, notes)| (Measure::Coverage(coverage), notes)),
            Kept::Security(found) => found.finish().map(|(findings, notes)| (Measure::Findings(findings), notes)),
            Kept::Quality(lint) => lint.finish().map(|(quality, notes)| (Measure::Quality(quality), notes)),
            Kept::Load(runs) => runs.finish().map(|(runs, notes)| (Measure::Performance(runs), notes)),
        }
    }
}
