//! JMeter's results (JTL), one row or element for each sample: CSV, or XML of version 1.2 (Apache JMeter, "Listeners").
//!
//! - The time of a sample is taken for its start, as `jmeter.properties` has it.
//! - A transaction controller adds a sample of its own for those inside of it, whose message begins with "Number of samples
//!   in transaction". It is left out where the samples that it sums up are there.
//! - In XML, a sample may hold others (redirects, embedded resources, the parts of a transaction): the outermost counts.
//! - CSV has no end: a file that stops between two rows cannot be told from a whole one. XML that stops is cut off.

mod rows;
mod xml;

use crate::adapters::evidence::load::runs::{Runs, Samples};
use crate::adapters::evidence::load::words::WITH_FAILED;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times::moment;
use crate::adapters::evidence::window::Window;

/// How the message of a transaction begins.
const TRANSACTION: &str = "Number of samples in transaction";

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

/// The samples of one file, those of transactions apart.
#[derive(Default)]
struct Kept {
    samples: Samples,
    transactions: Samples,
    /// Whether a time has no zone, so that it says how long the test took, and not when it was.
    zoneless: bool,
}

/// One sample.
struct Sample {
    nanos: u64,
    start: Option<i64>,
    failed: Option<bool>,
    transaction: bool,
}

impl Kept {
    fn add(&mut self, sample: &Sample) -> Result<(), Defect> {
        let kept = if sample.transaction { &mut self.transactions } else { &mut self.samples };
        kept.add(sample.nanos, sample.start, sample.failed)
    }

    /// A time: milliseconds since 1970, or a date as `jmeter.save.saveservice.timestamp_format` has it.
    fn time(&mut self, text: &str) -> Option<i64> {
        let text = text.trim();
        if let Ok(ms) = text.parse::<i64>() {
            return ms.checked_mul(1_000_000);
        }
        let moment = moment(&text.replace('/', "-"))?;
        self.zoneless |= !moment.zoned;
        i64::try_from(moment.time.as_nanosecond()).ok()
    }

    fn finish(self, path: &str, runs: &mut Runs) -> Result<About, Defect> {
        let mut about = About::default();
        let transactions = self.transactions.requests();
        let all = if self.samples.requests() == 0 {
            if transactions > 0 {
                about.notes.push("all of its samples are transactions, and each counts as one request".to_owned());
            }
            self.transactions
        } else {
            if transactions > 0 {
                let note = format!("{transactions} samples of transactions are left out: they sum up other samples");
                about.notes.push(note);
            }
            self.samples
        };
        if let Some(began) = all.began().filter(|_| !self.zoneless) {
            about.older(began);
        }
        runs.samples(path, all)?;
        about.made_by("JMeter", None);
        about.notes.push(WITH_FAILED.to_owned());
        Ok(about)
    }
}

#[cfg(test)]
mod tests;
