//! Reports of coverage: one parser for each format, and the lines that all of them pour into.

pub mod bits;
pub mod cobertura;
pub mod lcov;
pub mod lines;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    match format {
        Format::Cobertura => cobertura::parse(input, lines),
        Format::Lcov => lcov::parse(input, lines),
        other => Err(not_read(other)),
    }
}
