//! Reports of load tests: one parser for each format, and what all of them pour into.

pub mod runs;

use crate::adapters::evidence::load::runs::Runs;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, _input: Window<'_>, _path: &str, _runs: &mut Runs) -> Result<About, Defect> {
    Err(not_read(format))
}
