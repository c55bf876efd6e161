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
use crate::promotion::facts::Measure;
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
            Family::Quality => Self::Quality(Lint::default()),
            Family::Load => Self::Load(Runs::default()),
        }
    }

    fn family(&self) -> Family {
        match self {
            Self::Tests(_) => Family::Tests,
            Self::Coverage(_) => Family::Coverage,
            Self::Security(_) => Family::Security,
            Self::Quality(_) => Family::Quality,
            Self::Load(_) => Family::Load,
        }
    }
}

impl Tally {
    /// An empty accumulator for what the first file holds.
    pub fn new(family: Family, first: &str, asked: &Asked) -> Self {
        Self { kept: Kept::of(family, asked), first: first.to_owned() }
    }

    /// Pours one file in. A file of another kind is a defect that names both.
    pub fn pour(&mut self, format: Format, input: Window<'_>, path: &str) -> Result<About, Defect> {
        match (&mut self.kept, format.family()) {
            (Kept::Tests(cases), Family::Tests) => tests::parse(format, input, path, cases),
            (Kept::Coverage(lines), Family::Coverage) => coverage::parse(format, input, lines),
            (Kept::Security(found), Family::Security) => security::parse(format, input, path, found),
            (Kept::Quality(lint), Family::Quality) => quality::parse(format, input, path, lint),
            (Kept::Load(runs), Family::Load) => load::parse(format, input, path, runs),
            (_, family) => Err(self.stranger(family)),
        }
    }

    /// Takes in what was poured into another one. The order does not matter.
    pub fn absorb(&mut self, other: Self) -> Result<(), Defect> {
        match (&mut self.kept, other.kept) {
            (Kept::Tests(all), Kept::Tests(more)) => all.absorb(more),
            (Kept::Coverage(all), Kept::Coverage(more)) => all.absorb(more),
            (Kept::Security(all), Kept::Security(more)) => all.absorb(more),
            (Kept::Quality(all), Kept::Quality(more)) => all.absorb(more),
            (Kept::Load(all), Kept::Load(more)) => all.absorb(more),
            (_, more) => return Err(self.stranger(more.family())),
        }
        Ok(())
    }

    fn stranger(&self, family: Family) -> Defect {
        let (this, other, first) = (family.holds(), self.kept.family().holds(), &self.first);
        Defect::Unreadable(format!("it holds {this}, and {first} holds {other}: one source is one kind"))
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
