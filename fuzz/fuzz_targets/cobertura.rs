//! `cargo +nightly fuzz run cobertura fuzz/corpus/cobertura fixtures/evidence/cobertura fixtures/evidence/broken`
#![no_main]

use libfuzzer_sys::fuzz_target;
use promote::adapters::evidence::intake;
use promote::adapters::evidence::tally::{Asked, Tally};
use promote::promotion::rules::format::Format;

fuzz_target!(|bytes: &[u8]| {
    let Ok(opened) = intake::open(bytes) else { return };
    let mut tally = Tally::new(Format::Cobertura.family(), &Asked::default());
    if tally.pour(Format::Cobertura, opened.text, "path").is_ok() {
        let _ = tally.finish();
    }
});
