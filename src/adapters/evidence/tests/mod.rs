//! Reports of tests: one parser for each format, and the cases that all of them pour into.

pub mod cases;
pub mod ctrf;
pub mod go_test;
pub mod junit;
pub mod kept;
#[cfg(test)]
mod laws;
pub mod libtest;
pub mod nunit;
pub mod nunit2;
pub mod tap;
pub mod trx;
pub mod words;
pub mod xunit;

use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::tests::cases::Cases;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator, which has to be its own: attempts are those of one report, and of a case that is in two
/// the worse result counts, whichever comes first.
pub fn parse(format: Format, input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    match format {
        Format::Junit => junit::parse(input, path, cases),
        Format::Trx => trx::parse(input, path, cases),
        Format::Nunit => nunit::parse(input, path, cases),
        Format::Nunit2 => nunit2::parse(input, path, cases),
        Format::Xunit => xunit::parse(input, path, cases),
        Format::Ctrf => ctrf::parse(input, path, cases),
        Format::GoTest => go_test::parse(input, path, cases),
        Format::Tap => tap::parse(input, path, cases),
        Format::Libtest => libtest::parse(input, path, cases),
        other => Err(not_read(other)),
    }
}
