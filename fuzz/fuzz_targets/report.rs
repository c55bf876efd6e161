//! Every parser of reports: `PROMOTE_FORMAT=trivy cargo +nightly fuzz run report fuzz/corpus/trivy fixtures/evidence/trivy`
//!
//! The bytes are read as two files of one source, and joined.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use promote::adapters::evidence::intake;
use promote::adapters::evidence::sniff::sniff;
use promote::adapters::evidence::tally::{Asked, Tally};
use promote::promotion::rules::format::Format;

static FORMAT: LazyLock<Format> = LazyLock::new(|| {
    let name = std::env::var("PROMOTE_FORMAT").expect("PROMOTE_FORMAT names the format");
    Format::all().find(|format| format.name() == name).expect("PROMOTE_FORMAT is a format")
});

fn poured(bytes: &[u8]) -> Option<Tally> {
    let opened = intake::open(bytes).ok()?;
    let _ = sniff(&opened.head);
    let mut tally = Tally::new(FORMAT.family(), &Asked::default());
    tally.pour(*FORMAT, opened.text, "path").ok().map(|_| tally)
}

fuzz_target!(|bytes: &[u8]| {
    if let (Some(mut one), Some(other)) = (poured(bytes), poured(bytes)) {
        one.absorb(other);
        let _ = one.finish();
    }
});
