//! Reports of coverage: one parser for each format, and the lines that all of them pour into.

pub mod bits;
pub mod clover;
pub mod cobertura;
pub mod coverage_py;
pub mod go_cover;
pub mod istanbul;
pub mod istanbul_summary;
pub mod jacoco;
pub mod lcov;
pub mod lines;
pub mod llvm_cov;
pub mod opencover;
pub mod scalar;
pub mod simplecov;
pub mod spans;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    match format {
        Format::Cobertura => cobertura::parse(input, lines),
        Format::Lcov => lcov::parse(input, lines),
        Format::Jacoco => jacoco::parse(input, lines),
        Format::Clover => clover::parse(input, lines),
        Format::GoCover => go_cover::parse(input, lines),
        Format::LlvmCov => llvm_cov::parse(input, lines),
        Format::Istanbul => istanbul::parse(input, lines),
        Format::IstanbulSummary => istanbul_summary::parse(input, lines),
        Format::CoveragePy => coverage_py::parse(input, lines),
        Format::Opencover => opencover::parse(input, lines),
        Format::Simplecov => simplecov::parse(input, lines),
        other => Err(not_read(other)),
    }
}
