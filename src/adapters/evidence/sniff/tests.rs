use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::adapters::evidence::fixtures::{ROOT, Sample, format_of, samples};

/// What a head is told as, in a word.
fn told(head: &[u8]) -> String {
    match sniff(head) {
        Sniffed::Known(format) => format.name().to_owned(),
        Sniffed::Empty => "empty".to_owned(),
        Sniffed::Bare(what) => format!("bare {what}"),
        Sniffed::Several(formats) => listed(&formats),
        Sniffed::Other(what) => format!("it is {what}"),
        Sniffed::Unknown(what) => format!("unknown: {what}"),
    }
}

#[test]
fn every_format_has_its_signs() {
    let there: BTreeSet<Format> = signs::SIGNS.iter().map(|signs| signs.format).collect();
    assert_eq!(there, Format::all().collect());
    assert!(signs::SIGNS.iter().all(|signs| signs.shapes.iter().all(|shape| !shape.is_empty())));
}

#[test]
fn tells_formats_by_their_beginning() {
    for (head, format) in [
        ("<testsuites/>", "junit"),
        ("<?xml version='1.0'?>\n<!-- a > b --><testsuite name='a'>", "junit"),
        ("<?xml version='1.0' ?>\n<coverage version=\"7.6\" line-rate=\"1\">", "cobertura"),
        ("<!DOCTYPE coverage SYSTEM 'http://x/coverage-04.dtd'><coverage><packages/>", "cobertura"),
        ("<!DOCTYPE coverage [<!ELEMENT coverage (a>b)>]>\n<coverage branch-rate='0'>", "cobertura"),
        ("<coverage clover='4'>", "clover"),
        ("<coverage generated='1'><project timestamp='1'><metrics/>", "clover"),
        ("<ns:TestRun xmlns:ns='x'><ns:Times/>", "trx"),
        ("<assembly name='a.dll' run-date='2026-11-20'>", "xunit"),
        ("<test-suite fullname='a'>", "nunit"),
        ("<test-suite executed='True'>", "nunit2"),
        ("TN:\nSF:a", "lcov"),
        ("# made by hand\nSF:/a/b.c\n", "lcov"),
        ("mode: atomic\na/b.go:1.2,3.4 1 1\n", "go_cover"),
        ("{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\"", "sarif"),
        ("{\"version\":\"2.1.0\",\"runs\":[", "sarif"),
        ("{\"a/b.js\":{\"path\":\"a/b.js\",\"statementMap\":{\"0\"", "istanbul"),
        ("{\"total\":{\"lines\":{\"total\":1,\"covered\":1,\"pct\":100},\"statements\":{\"pct\":", "istanbul_summary"),
        ("go: downloading x\n{\"Action\":\"start\",\"Package\":\"a\"}\n", "go_test"),
        ("{\"Action\":\"start\",\"Package\":\"a\"}\nFAIL a [build failed]\n{\"Action\"", "go_test"),
        ("{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 1 }\n", "libtest"),
        ("{\"type\":\"Metric\",\"data\":{\"name\":\"a\"},\"metric\":\"a\"}\n{\"type\":\"Point\"", "k6"),
        ("TAP version 14\n", "tap"),
        ("# Subtest: a\n    ok 1 - b\n    1..1\nok 1 - a\n", "tap"),
        ("> a@1.0.0 test\n\n1..1\nok 1\n", "tap"),
        ("not ok 1 - a\n", "tap"),
        ("1795168800000,12,home,200,OK,thread 1,text,true\n", "jmeter"),
        ("timeStamp;elapsed;label;success\n", "jmeter"),
        ("\"Type\",\"Name\",\"Request Count\",\"Failure Count\"\n", "locust"),
        ("response-time,DNS+dialup,DNS,Request-write\n", "hey"),
        ("[{\"filePath\":\"/a.js\",\"messages\":[", "eslint"),
        ("{\"metrics\":{\"_totals\":{}},\"errors\":[]}", "bandit"),
    ] {
        assert_eq!(told(head.as_bytes()), format, "{head}");
    }
}

#[test]
fn names_what_it_is_not() {
    for (head, what) in [
        (b"<!DOCTYPE html><html>".as_slice(), "it is a web page"),
        (b"\n<html lang='en'>", "it is a web page"),
        (b"<!doctype HTML>", "it is a web page"),
        (b"PK\x03\x04\x14", "it is a zip archive, which has to be unpacked first"),
        (b"<\0t\0", "it is UTF-16 without a byte order mark, which cannot be told for sure"),
        (b"<pmd version='7'>", "it is a PMD report"),
        (b" \n\t", "empty"),
        (b" [ ]\n", "bare []"),
        (b"{}", "bare {}"),
        (b"null\n", "bare null"),
        (b"<", "unknown: XML without an element"),
        (b"<a b='c'>", "unknown: XML with the root `a`"),
        (b"hello\nworld", "unknown: text that begins with `hello`"),
        (b"{\"a\":1,\"b\":{\"c\":2}}", "unknown: JSON with `a`, `b`"),
        (b"[{\"a\":1}]", "unknown: a JSON array of objects with `a`"),
        (b"[1]", "unknown: a JSON array"),
        (b"<coverage version='1'>", "unknown: XML with the root `coverage`"),
        (b"ok  \texample.com/a\t0.1s\n", "it is the text of `go test`, and that of `go test -json` is read"),
    ] {
        assert_eq!(told(head), what);
    }
}

#[test]
fn what_fits_several_formats_needs_a_declared_one() {
    let both = br#"{"runs":[],"version":"2.1.0","bomFormat":"CycloneDX"}"#;
    let why = "it looks like sarif and like cyclonedx: name its `format:`";
    assert_eq!(decide(both, None), Err(Defect::Unreadable(why.to_owned())));
    assert_eq!(decide(both, Some(Format::Sarif)), Ok(Format::Sarif));
    assert!(decide(both, Some(Format::Trivy)).is_err());
    assert_eq!(decide(b"[]", Some(Format::Gitleaks)), Ok(Format::Gitleaks));
    assert!(matches!(decide(b"[]", None), Err(Defect::Unreadable(why)) if why.contains("`format:`")));
}

#[test]
fn says_of_each_other_format_what_is_missing() {
    let reasons = reasons(br#"{"vulnerabilities":[],"foo":1}"#);
    let of = |format| reasons.iter().find(|(other, _)| *other == format).map(|(_, why)| why.as_str());
    assert_eq!(of(Format::Snyk), Some("has none of `packageManager` … `vulnerabilities[].CVSSv3`"));
    assert_eq!(of(Format::Sarif), Some("has no `runs`"));
    assert_eq!(of(Format::Junit), None, "it is not XML");
}

/// Every sample is told as the format of its folder. One that holds nothing, or too little to tell it by, needs a declared
/// format; one of a stranger is named as such; none is told as another one.
#[test]
fn no_sample_is_told_as_another_format() {
    const DECLARED: &[&str] = &["gitleaks/no-rule.json"];
    // Written to be read as CTRF, in the shape of another tool.
    const DISGUISED: &[&str] = &["ctrf/other-results.json"];
    let mut wrong = Vec::new();
    for Sample { path, wanted, .. } in samples() {
        let Some(format) = format_of(&path).filter(|_| !DISGUISED.contains(&path.as_str())) else { continue };
        let opened = intake::open(File::open(Path::new(ROOT).join(&path)).unwrap()).unwrap();
        let seen = told(&opened.head);
        let no_report = wanted.starts_with("missing: ") || wanted.starts_with("unreadable: ");
        let needs_one = no_report || DECLARED.contains(&path.as_str()) || seen.starts_with("bare ");
        let is_none = ["empty", "bare ", "unknown: ", "it is "].iter().any(|start| seen.starts_with(start));
        if seen != format.name() && !(needs_one && is_none) {
            wrong.push(format!("{path}: {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sniff(&bytes);
        reasons(&bytes);
    }

    #[test]
    fn no_text_that_is_nearly_a_report_makes_it_panic(text in "[{\\[<\"a:,}\\]>/ \n1ok.é-]{0,80}") {
        sniff(text.as_bytes());
        reasons(text.as_bytes());
    }
}
