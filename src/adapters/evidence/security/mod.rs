//! Reports of security scans: one parser for each format, and the findings that all of them pour into.

pub mod found;
mod same;
pub mod sarif;
pub mod severity;
mod shown;

use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::security::found::Found;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, path: &str, found: &mut Found) -> Result<About, Defect> {
    match format {
        Format::Sarif => sarif::parse(input, path, found),
        other => Err(not_read(other)),
    }
}
