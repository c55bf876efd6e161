//! The results of load tests, of one report or of several.

use crate::adapters::evidence::said::Defect;
use crate::promotion::facts::Performance;

/// All results of a source.
#[derive(Debug, Default)]
pub struct Runs {}

impl Runs {
    /// Takes in what other reports of the same source say.
    pub fn absorb(&mut self, _other: Self) {}

    /// What all reports say together, with notes.
    pub fn finish(self) -> Result<(Performance, Vec<String>), Defect> {
        Err(Defect::Missing("there is no report".to_owned()))
    }
}
