//! `cargo +nightly fuzz run lcov fuzz/corpus/lcov fixtures/evidence/lcov fixtures/evidence/broken`
#![no_main]

use libfuzzer_sys::fuzz_target;
use promote::adapters::evidence::intake;
use promote::adapters::evidence::tally::{Asked, Tally};
use promote::promotion::rules::format::Format;

fuzz_target!(|bytes: &[u8]| {
    let Ok(opened) = intake::open(bytes) else { return };
    let mut tally = Tally::new(Format::Lcov.family(), &Asked::default());
    if tally.pour(Format::Lcov, opened.text, "path").is_ok() {
        let _ = tally.finish();
    }
});
