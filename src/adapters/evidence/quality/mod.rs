//! Reports of linters and quality gates: one parser for each format, and what all of them pour into.

pub mod checkstyle;
pub mod code_climate;
mod complexity;
pub mod eslint;
pub mod lint;
pub mod sonar_gate;

use crate::adapters::evidence::quality::lint::Lint;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, path: &str, lint: &mut Lint) -> Result<About, Defect> {
    match format {
        Format::Checkstyle => checkstyle::parse(input, lint),
        Format::Eslint => eslint::parse(input, lint),
        Format::CodeClimate => code_climate::parse(input, lint),
        Format::SonarGate => sonar_gate::parse(input, path, lint),
        other => Err(not_read(other)),
    }
}
