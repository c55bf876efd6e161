//! SECURITY.md says of each attack which tests hold it: they are there.

use std::collections::BTreeSet;
use std::path::Path;

use super::page::table;
use super::{none, read};

/// The functions that a test harness runs, in every file of ours: what stands behind `#[test]`, or in `proptest!`.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["src", "tests"].into_iter().flat_map(|part| walkdir::WalkDir::new(root.join(part)));
    let files = files.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|ext| ext == "rs"));
    files.flat_map(|entry| named(&std::fs::read_to_string(entry.path()).unwrap())).collect()
}

fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| marked) {
            found.push(rest.split(['(', '<']).next().unwrap_or_default().to_owned());
            marked = false;
        }
    }
    found
}

#[test]
fn every_attack_names_a_test_that_is_there() {
    let table = table(&read("SECURITY.md"), &["attack", "how it ends", "held by"]).expect("a table of attacks");
    assert!(table.rows.len() >= 12, "only {} attacks", table.rows.len());
    let tests = tests();
    let mut faults = Vec::new();
    for row in &table.rows {
        let names: Vec<&str> = row[2].split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            faults.push(format!("{}: no test is named", row[0]));
        }
        let unknown = names.iter().filter(|name| !tests.contains(**name));
        faults.extend(unknown.map(|name| format!("{}: there is no test `{name}`", row[0])));
    }
    none(faults);
}

#[test]
fn tests_are_found_by_their_mark() {
    let text = "#[test]\nfn one() {\n}\nfn two() {}\n    #[test]\n    #[ignore]\n    fn three(x in 0..1) {}\n";
    assert_eq!(named(text), ["one", "three"]);
}
