//! JMeter's results (JTL), one row or element for each sample: CSV, or XML of version 1.2 (Apache JMeter, "Listeners").
//!
//! - The time of a sample is taken for its start, as `jmeter.properties` has it.
//! - A transaction controller adds a sample of its own for those inside of it, whose message begins with "Number of samples
//!   in transaction". It is left out where the samples that it sums up are there.
//! - In XML, a sample may hold others (redirects, embedded resources, the parts of a transaction): the outermost counts.
//! - CSV has no end: a file that stops between two rows cannot be told from a whole one. XML that stops is cut off.

mod kept;
mod rows;
mod xml;

use crate::adapters::evidence::load::jmeter::kept::Kept;
use crate::adapters::evidence::load::runs::Runs;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub(super) fn parse(mut input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let mut kept = Kept::default();
    if begins_with_element(&mut input)? {
        xml::read(input, &mut kept)?
    } else {
        rows::read(input, &mut kept)?
    };
    kept.finish(path, runs)
}

/// Passes over blanks, which some writers begin with, and looks at what follows.
fn begins_with_element(input: &mut Window<'_>) -> Result<bool, Defect> {
    loop {
        let there = input.ahead().map_err(|fault| Defect::Unreadable(fault.to_string()))?;
        match there.first() {
            Some(byte) if byte.is_ascii_whitespace() => {}
            first => return Ok(first == Some(&b'<')),
        }
        let blanks = there.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        input.pass(blanks);
    }
}

#[cfg(test)]
mod tests;
