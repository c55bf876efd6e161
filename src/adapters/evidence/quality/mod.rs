//! Reports of linters and quality gates: one parser for each format, and what all of them pour into.

pub mod lint;

use crate::adapters::evidence::quality::lint::Lint;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, _input: Window<'_>, _path: &str, _lint: &mut Lint) -> Result<About, Defect> {
    Err(not_read(format))
}
