//! Reports of load tests: one parser for each format, and what all of them pour into.
//!
//! What a report does not say stays unknown: no percentile is worked out from a mean, a maximum or another percentile. A
//! request has failed when its tool says so, and where a tool gives status codes only, with any code but 200 to 399.

mod artillery;
mod gatling;
mod hey;
mod jmeter;
mod k6;
mod locust;
mod number;
mod oha;
pub mod runs;
mod table;
mod vegeta;
mod words;

use crate::adapters::evidence::load::runs::Runs;
use crate::adapters::evidence::said::{About, Defect, not_read};
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// Reads one report into the accumulator.
pub fn parse(format: Format, input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    match format {
        Format::K6 => k6::parse(input, path, runs),
        Format::Jmeter => jmeter::parse(input, path, runs),
        Format::Gatling => gatling::parse(input, path, runs),
        Format::Locust => locust::parse(input, path, runs),
        Format::Vegeta => vegeta::parse(input, path, runs),
        Format::Oha => oha::parse(input, path, runs),
        Format::Hey => hey::parse(input, path, runs),
        Format::Artillery => artillery::parse(input, path, runs),
        other => Err(not_read(other)),
    }
}
