//! What monitoring systems answer, and the files that say what to ask them: `cargo +nightly fuzz run monitoring`
#![no_main]

use libfuzzer_sys::fuzz_target;
use promote::adapters::prometheus::reply::{Reply, finite, only};
use promote::adapters::prometheus::{promql, slo};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(samples) = serde_json::from_slice(bytes).map(Reply::samples)
        && let Ok(samples) = samples
    {
        let _ = only(&samples).map(|value| value.map(finite));
    }
    let _ = slo::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (some, all) = text.split_once('\n').unwrap_or((text, text));
        let _ = promql::or_none(some, all);
        let _ = promql::counter(text);
    }
});
