//! Any text is rules or faults that can be shown, and never a panic. Good seeds are the files of `fixtures/rules/`.

#![no_main]

use promote::promotion::rules::fault::render;
use promote::promotion::rules::read::read;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(faults) = read("rules.yaml", text) {
        assert!(!faults.is_empty(), "neither rules nor faults");
        assert!(!render(&faults).is_empty());
    }
});
