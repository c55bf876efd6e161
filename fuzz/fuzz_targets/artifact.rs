//! `cargo +nightly fuzz run artifact fuzz/corpus/artifact`
#![no_main]

use libfuzzer_sys::fuzz_target;
use promote::adapters::evidence::unzip::{FILE_MAX, TOTAL_MAX, unzip};

fuzz_target!(|bytes: &[u8]| {
    let Ok((files, paths)) = unzip(bytes, &|_| true) else { return };
    assert_eq!(files.len(), paths.len());
    assert!(files.iter().all(|file| file.bytes.len() as u64 <= FILE_MAX));
    assert!(files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() <= TOTAL_MAX);
    for path in paths {
        assert!(!path.starts_with('/') && !path.contains('\\'), "{path}");
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path}");
    }
});
