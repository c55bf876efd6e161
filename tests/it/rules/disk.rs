//! Rules files on disk.

use promote::app::rules_file::{RulesError, load};
use promote::promotion::rules::read::read;
use sha2::{Digest, Sha256};

use super::fixture;

#[test]
fn a_good_file_is_loaded_with_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    let text = fixture("design.yaml");
    std::fs::write(&path, &text).unwrap();
    let loaded = load(&path).unwrap();
    assert_eq!(loaded.text, text);
    assert_eq!(loaded.path, path.display().to_string());
    assert_eq!(loaded.sha256, hex::encode(Sha256::digest(text.as_bytes())));
    assert_eq!(loaded.rules, read("elsewhere", &text).unwrap());
}

#[test]
fn a_missing_file_says_how_to_begin_and_what_it_says_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(&folder.path().join("rules.yaml")).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, RulesError::Missing { .. }), "{text}");
    let start = text.find("    version: 1").unwrap();
    let end = text.find("  If your rules").unwrap();
    let rules = read("rules.yaml", &text[start..end]).unwrap();
    assert_eq!(rules.promotions.len(), 1);
}

#[test]
fn bytes_that_are_not_text_have_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    std::fs::write(&path, b"version: 1\nservice: \xc3\xa4p\xff\n").unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, RulesError::NotUtf8 { line: 2, column: 12, .. }), "{error}");
    assert!(matches!(load(folder.path()).unwrap_err(), RulesError::Unreadable { .. }));
}

#[test]
fn faults_are_shown_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    std::fs::write(&path, fixture("twelve-faults.yaml")).unwrap();
    let text = load(&path).unwrap_err().to_string();
    assert!(text.ends_with("12 faults. Nothing was read or written."), "{text}");
    assert_eq!(text.matches(&format!("{}:", path.display())).count(), 12);
}
