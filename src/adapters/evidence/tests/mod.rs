//! Reports of tests: one parser for each format, and the cases that all of them pour into.

pub mod cases;
pub mod junit;
pub mod kept;

use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::tests::cases::Cases;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    match format {
        Format::Junit => junit::parse(input, path, cases),
        other => Err(not_read(other)),
    }
}
