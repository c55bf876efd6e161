//! The samples of one JMeter file.

use crate::adapters::evidence::load::runs::{Runs, Samples};
use crate::adapters::evidence::load::words::WITH_FAILED;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times::moment;

/// How the message of a transaction begins.
pub(super) const TRANSACTION: &str = "Number of samples in transaction";

/// The samples of one file, those of transactions apart.
#[derive(Default)]
pub(super) struct Kept {
    samples: Samples,
    transactions: Samples,
    /// Whether a time has no zone, so that it says how long the test took, and not when it was.
    zoneless: bool,
}

/// One sample.
pub(super) struct Sample {
    pub(super) nanos: u64,
    pub(super) start: Option<i64>,
    pub(super) failed: Option<bool>,
    pub(super) transaction: bool,
}

impl Kept {
    pub(super) fn add(&mut self, sample: &Sample) -> Result<(), Defect> {
        let kept = if sample.transaction { &mut self.transactions } else { &mut self.samples };
        kept.add(sample.nanos, sample.start, sample.failed)
    }

    /// A time: milliseconds since 1970, or a date as `jmeter.save.saveservice.timestamp_format` has it.
    pub(super) fn time(&mut self, text: &str) -> Option<i64> {
        let text = text.trim();
        if let Ok(ms) = text.parse::<i64>() {
            return ms.checked_mul(1_000_000);
        }
        let moment = moment(&text.replace('/', "-"))?;
        self.zoneless |= !moment.zoned;
        i64::try_from(moment.time.as_nanosecond()).ok()
    }

    pub(super) fn finish(self, path: &str, runs: &mut Runs) -> Result<About, Defect> {
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
