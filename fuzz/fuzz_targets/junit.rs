//! `cargo +nightly fuzz run junit fuzz/corpus/junit fixtures/evidence/junit fixtures/evidence/broken`
#![no_main]

use libfuzzer_sys::fuzz_target;
use promote::adapters::evidence::intake;
use promote::adapters::evidence::tally::{Asked, Tally};
use promote::promotion::rules::format::Format;

fuzz_target!(|bytes: &[u8]| {
    let Ok(opened) = intake::open(bytes) else { return };
    let mut tally = Tally::new(Format::Junit.family(), &Asked::default());
    if tally.pour(Format::Junit, opened.text, "path").is_ok() {
        let _ = tally.finish();
    }
});
