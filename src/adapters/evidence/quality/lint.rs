//! What linters say, of many reports, merged by identity.

use crate::adapters::evidence::said::Defect;
use crate::promotion::facts::Quality;

/// All findings of a source.
#[derive(Debug, Default)]
pub struct Lint {}

impl Lint {
    /// Takes in what other reports of the same source say.
    pub fn absorb(&mut self, _other: Self) {}

    /// What all reports say together, with notes.
    pub fn finish(self) -> Result<(Quality, Vec<String>), Defect> {
        Err(Defect::Missing("there is no report".to_owned()))
    }
}
