//! The house, held: who may import whom, what each part may touch, and how large a file may grow.
//!
//! The rules are a function over paths and texts, so that each is proven on a small house that breaks it.

mod rules;
mod samples;
mod source;

use std::fs;
use std::path::Path;

/// The checkout's own files below a directory, with `/` and relative to the checkout.
fn files(directory: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    walkdir::WalkDir::new(root.join(directory))
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn the_house_stands() {
    let source = files("src");
    assert!(source.len() > 30, "only {} files were found", source.len());
    let faults = rules::check(&source);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn tests_and_examples_stay_small_and_are_listed() {
    let tests = files("tests");
    let mut faults = rules::size(&tests);
    faults.extend(rules::size(&files("examples")));
    faults.extend(rules::unlisted(&tests));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
