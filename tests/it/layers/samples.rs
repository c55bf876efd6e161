//! Small houses that break one rule each, and one that breaks none.

use super::rules::{check, size, unlisted};

fn house(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, text)| ((*path).to_owned(), format!("//! A file.\n{text}"))).collect()
}

/// The faults of a house: the sample's files beside a few that stand in every house.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = house(&[
        ("src/lib.rs", "pub mod adapters;\npub mod promotion;"),
        ("src/ports.rs", "use crate::promotion::rules::Rules;"),
        ("src/promotion/mod.rs", "pub mod rules;"),
        ("src/promotion/rules/mod.rs", "pub mod file;"),
        ("src/promotion/rules/file.rs", "pub struct File;"),
        ("src/adapters/http.rs", "use crate::adapters::secret::Secret;\nuse std::time::Instant;"),
        ("src/adapters/secret.rs", "pub struct Secret;"),
        ("src/adapters/clock.rs", "fn now() -> T { Time::now() }\nfn nap() { std::thread::sleep(n) }"),
        ("src/app/mod.rs", "pub mod cli;\npub mod mask;"),
        ("src/render/mod.rs", "pub mod text;"),
        ("src/render/text.rs", "use crate::promotion::rules::Rules;"),
        ("src/pipeline/mod.rs", "pub mod run;"),
        ("src/pipeline/run.rs", "use crate::ports::World;\nuse crate::promotion::{rules::Rules, rules};"),
    ]);
    let added = house(files);
    all.retain(|(path, _)| added.iter().all(|(other, _)| path != other));
    all.extend(added);
    check(&all)
}

/// The sample has exactly one fault, at this place, which says this.
#[track_caller]
fn breaks(path: &str, text: &str, line: usize, says: &str) {
    let found = faults(&[(path, text)]);
    assert_eq!(found.len(), 1, "{path}: {text}: {found:#?}");
    assert!(found[0].starts_with(&format!("{path}:{line}: ")) && found[0].contains(says), "{}", found[0]);
}

#[test]
fn a_good_house_has_no_fault() {
    let good = [
        ("src/main.rs", "use promote::app::cli;\nfn main() { std::env::args(); }"),
        (
            "src/app/cli.rs",
            "use crate::adapters::http::Http;\nuse crate::render::text;\nuse std::env;\nlet dry_run = 1;",
        ),
        ("src/app/mask.rs", "fn mask(s: &Secret) { s.expose(); }"),
        (
            "src/adapters/git/mod.rs",
            "use crate::adapters::http::Http;\nfn f() { Instant::now(); s.expose(); std::thread::sleep(n) }",
        ),
        ("src/adapters/argocd/mod.rs", "mod client;\nuse crate::adapters::{http, secret};\nuse client::C;"),
        ("src/adapters/argocd/client.rs", "use crate::ports::Fault;\nfn f(clock: &C) { clock.now() }"),
        ("src/promotion/facts.rs", "// std::fs, crate::app, dry_run\nconst A: &str = \"crate::app::cli std::env\";"),
        ("src/promotion/gates.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n use crate::app::cli;\n use std::fs;\n}"),
        ("src/promotion/rules/tests.rs", "use std::fs;\nuse crate::adapters::http::Http;"),
    ];
    assert_eq!(faults(&good), Vec::<String>::new());
}

#[test]
fn arrows_point_down() {
    for (path, text, says) in [
        ("src/promotion/facts.rs", "use crate::ports::Fault;", "promotion does not import ports"),
        ("src/promotion/facts.rs", "fn f(x: crate::render::text::T) {}", "promotion does not import render"),
        ("src/ports.rs", "use crate::adapters::http::Http;", "ports does not import adapters"),
        ("src/render/text.rs", "use crate::ports::Fault;", "render does not import ports"),
        (
            "src/pipeline/run.rs",
            "use crate::{ports::World, adapters::http::Http};",
            "pipeline does not import adapters",
        ),
        ("src/adapters/ledger.rs", "use crate::pipeline::run;", "adapters does not import pipeline"),
        ("src/main.rs", "use promote::adapters::http;", "main does not import adapters"),
    ] {
        breaks(path, text, 2, says);
    }
}

#[test]
fn siblings_stay_apart() {
    let argocd = ("src/adapters/argocd/mod.rs", "use crate::adapters::ledger::Ledger;");
    let ledger = ("src/adapters/ledger.rs", "pub struct Ledger;");
    let found = faults(&[argocd, ledger]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("argocd and ledger are siblings"), "{}", found[0]);
    let beside = ("src/adapters/ledger.rs", "fn f() -> super::argocd::X {}");
    assert_eq!(faults(&[("src/adapters/argocd/mod.rs", ""), beside]).len(), 1);
}

#[test]
fn nothing_goes_in_a_circle() {
    let circle = |a: &str, b: &str, c: &str| {
        let found = faults(&[("src/promotion/a.rs", a), ("src/promotion/b.rs", b), ("src/promotion/c.rs", c)]);
        found.iter().filter(|fault| fault.contains("in a circle")).count()
    };
    assert_eq!(circle("use crate::promotion::b::B;", "use crate::promotion::c::C;", ""), 0);
    assert_eq!(circle("use crate::promotion::b::B;", "use crate::promotion::c::C;", "use crate::promotion::a::A;"), 1);
    assert_eq!(circle("use super::b::B;", "fn f() -> super::a::A {}", ""), 1);
    let parent = ("src/promotion/rules/mod.rs", "pub mod file;\nfn f(x: file::File) {}");
    let child = ("src/promotion/rules/file.rs", "use super::f;");
    assert_eq!(faults(&[parent, child]).len(), 1);
    assert_eq!(faults(&[parent]), Vec::<String>::new());
}

#[test]
fn each_part_touches_only_what_it_may() {
    for (path, text, says) in [
        ("src/promotion/facts.rs", "use std::{fmt, fs};", "the middle is pure"),
        ("src/promotion/facts.rs", "fn f() { ::std::process::id() }", "the middle is pure"),
        ("src/promotion/facts.rs", "use std::net::IpAddr;", "the middle is pure"),
        ("src/promotion/facts.rs", "use std::thread;", "the middle is pure"),
        ("src/promotion/facts.rs", "fn f() { tracing::info!(x) }", "the middle is pure"),
        ("src/promotion/facts.rs", "async fn f() {}", "not async"),
        ("src/promotion/facts.rs", "use std::time::Instant;", "Clock port"),
        ("src/render/text.rs", "use std::fs;", "the words are pure"),
        ("src/pipeline/run.rs", "use std::{fs, env};", "only reader of the process environment"),
        ("src/adapters/ledger.rs", "fn f() { std::env::var(x) }", "only reader of the process environment"),
        ("src/adapters/ledger.rs", "fn f() { Timestamp::now() }", "wall time"),
        ("src/adapters/http.rs", "fn f() { Time::now() }", "wall time"),
        ("src/pipeline/run.rs", "use std::time::SystemTime;", "wall time"),
        ("src/pipeline/run.rs", "fn f() { std::thread::sleep(x) }", "Clock port"),
        ("src/adapters/ledger.rs", "use tokio::time::timeout;", "Clock port"),
        ("src/app/cli.rs", "fn f(s: S) { s.expose() }", "mask writer"),
        ("src/pipeline/run.rs", "fn f(s: S) { s.expose() }", "mask writer"),
        ("src/pipeline/run.rs", "fn f(dry_run: bool) {}", "printing the plan"),
    ] {
        breaks(path, text, 2, says);
    }
}

#[test]
fn every_file_has_manners() {
    for (path, text, says) in [
        ("src/app/cli.rs", "use super::super::x;", "crate's root"),
        ("src/app/cli.rs", "pub use crate::promotion::rules::Rules;", "defines it"),
        ("src/app/cli.rs", "#[path = \"other.rs\"]\nmod other;", "where its module says"),
        ("src/app/tests.rs", "use super::super::x;", "crate's root"),
    ] {
        breaks(path, text, 2, says);
    }
    breaks("src/app/path_utils.rs", "", 1, "says nothing");
    let bare = check(&[("src/lib.rs".to_owned(), "pub mod app;".to_owned())]);
    assert_eq!(bare, ["src/lib.rs:1: the file begins without `//!`, which says what it is for"]);
    assert_eq!(check(&[("src/app/tests.rs".to_owned(), "use super::f;".to_owned())]), Vec::<String>::new());
}

#[test]
fn files_stay_small_and_tests_are_listed() {
    let lines = |n: usize| [("src/a.rs".to_owned(), "x\n".repeat(n))];
    assert_eq!(size(&lines(400)), Vec::<String>::new());
    assert_eq!(size(&lines(401)), ["src/a.rs: 401 lines, at most 400 are allowed"]);
    let tests = house(&[("tests/it/main.rs", "mod a;\nmod b;"), ("tests/it/a.rs", ""), ("tests/it/b/mod.rs", "")]);
    assert_eq!(unlisted(&tests), Vec::<String>::new());
    let more = [tests, house(&[("tests/it/c.rs", ""), ("tests/it/d/e.rs", "")])].concat();
    assert_eq!(unlisted(&more), ["tests/it/main.rs: `mod c;` is missing", "tests/it/main.rs: `mod d;` is missing"]);
}
