//! The sample reports under `fixtures/evidence`, and what each of them must say. A file that is not listed fails a test.

use std::collections::BTreeSet;
use std::path::Path;

use crate::adapters::evidence::files::read;
use crate::promotion::facts::{Measure, Reading, SubjectKnown};
use crate::promotion::rules::at::At;
use crate::promotion::rules::format::Format;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::time::Time;

/// Where the samples are.
pub(super) const ROOT: &str = "fixtures/evidence";

/// Tests: `total = passed failed errored skipped, flaky, repeated`; coverage: lines, branches, files; findings by severity.
pub(super) const SAMPLES: &[(&str, &str)] = &[
    ("junit/all-skipped.xml", "missing: no test ran: all 2 cases were skipped in junit/all-skipped.xml"),
    ("junit/bare.xml", "4 = 2p 1f 1e 0s, 0 flaky, 0 repeated"),
    ("junit/bazel.xml", "1 = 0p 0f 1e 0s, 0 flaky, 0 repeated"),
    ("junit/ctest.xml", "5 = 1p 1f 1e 2s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/dotnet-bom-crlf.xml", "1 = 1p 0f 0e 0s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/googletest.xml", "5 = 2p 1f 0e 2s, 0 flaky, 0 repeated @2026-11-20T10:00:00.812Z"),
    ("junit/gotestsum.xml", "4 = 1p 2f 0e 1s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/gradle-retries.xml", "2 = 1p 1f 0e 0s, 0 flaky, 1 repeated @2026-11-20T10:00:00Z"),
    ("junit/jest.xml", "4 = 1p 1f 1e 1s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/mocha.xml", "2 = 1p 0f 1e 0s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/nextest.xml", "4 = 2p 2f 0e 0s, 1 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    (
        "junit/no-cases-but-tests.xml",
        "unreadable: junit/no-cases-but-tests.xml: it declares 7 tests and holds no test case",
    ),
    ("junit/no-cases.xml", "missing: there is no test case in junit/no-cases.xml"),
    (
        "junit/no-failure-but-failures.xml",
        "unreadable: junit/no-failure-but-failures.xml: it declares failures or errors (1) and holds none",
    ),
    ("junit/node.xml", "4 = 2p 1f 0e 1s, 0 flaky, 0 repeated"),
    ("junit/phpunit.xml", "4 = 2p 1f 1e 0s, 0 flaky, 0 repeated"),
    ("junit/playwright.xml", "4 = 2p 1f 0e 1s, 0 flaky, 0 repeated @2026-11-20T10:00:00Z"),
    ("junit/pytest.xml", "5 = 1p 1f 2e 1s, 0 flaky, 1 repeated @2026-11-20T10:00:00.123456Z"),
    ("junit/suite-error.xml", "2 = 1p 0f 1e 0s, 0 flaky, 0 repeated"),
    ("junit/surefire-flaky.xml", "1 = 1p 0f 0e 0s, 1 flaky, 0 repeated"),
    ("junit/surefire-rerun.xml", "2 = 1p 1f 0e 0s, 0 flaky, 0 repeated"),
    ("junit/trainer-repetitions.xml", "2 = 1p 1f 0e 0s, 1 flaky, 0 repeated"),
    ("cobertura/coverage-py.xml", "4/5 lines, 1/2 branches, 1 file @2026-11-20T10:00:00Z"),
    ("cobertura/coverlet.xml", "2/4 lines, 2/4 branches, 1 file @2026-11-20T10:00:00Z"),
    ("cobertura/gcovr-duplicates.xml", "3/4 lines, 1/2 branches, 1 file @2026-11-20T10:00:00Z"),
    ("cobertura/istanbul.xml", "1/2 lines, 0/0 branches, 1 file @2026-11-20T10:00:00Z"),
    ("cobertura/methods-only.xml", "1/2 lines, 0/0 branches, 1 file"),
    ("cobertura/no-lines.xml", "missing: there is no line that could be covered in cobertura/no-lines.xml"),
    ("lcov/cut.info", "unreadable: lcov/cut.info: it is cut off: `b.c` has no end_of_record (line 7)"),
    ("lcov/no-lines.info", "missing: there is no line that could be covered in lcov/no-lines.info"),
    ("lcov/odd-counts.info", "3/4 lines, 0/0 branches, 1 file"),
    ("lcov/repeated.info", "3/4 lines, 2/2 branches, 2 file"),
    ("lcov/version-2.info", "1/1 lines, 1/2 branches, 1 file"),
    ("sarif/clean.sarif", "C0 H0 M0 L0 I0 U0 S0 @2026-11-20T10:00:00Z Stated 3f1c2ab0000000000000000000000000000000aa"),
    (
        "sarif/codeql.sarif",
        "C0 H1 M1 L1 I0 U0 S0 @2026-11-20T10:00:00Z Stated 3f1c2ab0000000000000000000000000000000aa",
    ),
    (
        "sarif/incomplete.sarif",
        "unreadable: sarif/incomplete.sarif: the run of Checker did not finish (executionSuccessful: false)",
    ),
    ("sarif/no-runs.sarif", "missing: sarif/no-runs.sarif: it holds no run"),
    ("sarif/not-run.sarif", "missing: sarif/not-run.sarif: the run of Checker has no results: it did not run"),
    ("sarif/null-runs.sarif", "missing: sarif/null-runs.sarif: it holds no run"),
    ("sarif/overrides.sarif", "C0 H1 M0 L2 I0 U0 S0 @2026-11-20T10:00:00Z"),
    ("sarif/semgrep.sarif", "C0 H1 M1 L0 I0 U0 S1"),
    ("sarif/states.sarif", "C2 H0 M1 L1 I2 U1 S0"),
    ("sarif/suppressions.sarif", "C0 H4 M0 L0 I0 U0 S2"),
    ("sarif/trivy.sarif", "C2 H0 M1 L0 I0 U1 S0"),
    ("sarif/two-commits.sarif", "unreadable: the files are about different commits: aaaa and bbbb"),
    ("sarif/version-2.0.sarif", "unreadable: sarif/version-2.0.sarif: it is SARIF 2.0.0; what is read is 2.1.0"),
    ("broken/archive.xml", "unreadable: broken/archive.xml: it is a zip archive, which has to be unpacked first"),
    ("broken/blank.info", "missing: broken/blank.info: it is empty"),
    ("broken/crossed.xml", "unreadable: broken/crossed.xml: it is not well-formed XML at line 1: "),
    ("broken/deep.sarif", "unreadable: broken/deep.sarif: it is not SARIF 2.1.0: invalid type: sequence"),
    ("broken/deep.xml", "unreadable: broken/deep.xml: its elements are nested more than 128 deep at line 1"),
    ("broken/empty.xml", "missing: broken/empty.xml: it is empty"),
    ("broken/latin1.xml", "unreadable: broken/latin1.xml: it is not UTF-8 (byte 0xfc)"),
    (
        "broken/laughs.xml",
        "unreadable: broken/laughs.xml: it uses the entity &lol3; at line 8; entities of a DTD are not read",
    ),
    ("broken/not-json.sarif", "unreadable: broken/not-json.sarif: it is not JSON: expected value at line 1 column 40"),
    ("broken/nunit.xml", "unreadable: broken/nunit.xml: it is an NUnit 3 report"),
    ("broken/page.xml", "unreadable: broken/page.xml: it is a web page"),
    (
        "broken/truncated-cobertura.xml",
        "unreadable: broken/truncated-cobertura.xml: it is cut off: it ends at line 13 inside <lines>",
    ),
    (
        "broken/truncated-junit.xml",
        "unreadable: broken/truncated-junit.xml: it is cut off: it ends at line 5 inside <testcase>",
    ),
    ("broken/truncated.sarif", "unreadable: broken/truncated.sarif: it is cut off: it ends at line 20"),
    (
        "broken/two-documents.xml",
        "unreadable: broken/two-documents.xml: it is not one XML document: a second one begins at line 1",
    ),
    ("broken/two-values.sarif", "unreadable: broken/two-values.sarif: it is not JSON: trailing characters"),
    ("broken/utf16.xml", "unreadable: broken/utf16.xml: it is UTF-16, and only UTF-8 is read"),
    (
        "broken/words.xml",
        "unreadable: broken/words.xml: it is in no format that is read (JUnit, Cobertura, LCOV, SARIF)",
    ),
    (
        "broken/wrong-type.sarif",
        "unreadable: broken/wrong-type.sarif: it is not SARIF 2.1.0: invalid type: integer `7`, expected a string",
    ),
];

/// The time at which the samples are read.
fn noon() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn source(globs: &[&str], format: Option<Format>) -> Source {
    let globs = globs.iter().map(|&glob| glob.to_owned()).collect();
    Source { id: "unit".to_owned(), kind: SourceKind::Files { globs, format, max_age: None }, at: At::default() }
}

fn of(globs: &[&str]) -> Reading {
    read(Path::new(ROOT), &source(globs, None), "app", "dev", noon())
}

fn said(reading: &Reading) -> String {
    let seen = match reading {
        Reading::Missing { why } => return format!("missing: {why}"),
        Reading::Unreadable { why, .. } => return format!("unreadable: {why}"),
        Reading::Observed(seen) => seen,
    };
    let measure = match &seen.measure {
        Measure::Tests(t) => format!(
            "{} = {}p {}f {}e {}s, {} flaky, {} repeated",
            t.total, t.passed, t.failed, t.errored, t.skipped, t.flaky, t.duplicates
        ),
        Measure::Coverage(c) => format!(
            "{}/{} lines, {}/{} branches, {} file",
            c.lines_covered, c.lines_total, c.branches_covered, c.branches_total, c.files
        ),
        Measure::Findings(f) => {
            format!("C{} H{} M{} L{} I{} U{} S{}", f.critical, f.high, f.medium, f.low, f.info, f.unknown, f.suppressed)
        }
        Measure::Checks(_) | Measure::Review(_) | Measure::Health(_) => "no file".to_owned(),
    };
    let taken = seen.taken.map(|time| format!(" @{time}")).unwrap_or_default();
    let subject = seen.subject.as_ref().map(|subject| format!(" {:?} {}", subject.known, subject.version));
    format!("{measure}{taken}{}", subject.unwrap_or_default())
}

#[test]
fn every_sample_says_what_it_must() {
    let mut wrong = Vec::new();
    for (path, wanted) in SAMPLES {
        let seen = said(&of(&[path]));
        let open_end = wanted.ends_with(": ") || wanted.contains(": invalid type") || wanted.contains("trailing");
        if seen != *wanted && !(open_end && seen.starts_with(wanted)) {
            wrong.push(format!("{path}\n  wanted {wanted}\n  seen   {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sample_is_listed() {
    let there: BTreeSet<String> = walkdir::WalkDir::new(ROOT)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(ROOT).unwrap().to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = SAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(there, listed);
}

#[test]
fn no_sample_that_is_cut_anywhere_passes_for_whole() {
    for (path, wanted) in SAMPLES.iter().filter(|(_, wanted)| !wanted.contains(": ")) {
        let whole = std::fs::read(Path::new(ROOT).join(path)).unwrap();
        let end = whole.iter().rposition(|byte| !byte.is_ascii_whitespace()).unwrap();
        let root = tempfile::tempdir().unwrap();
        for cut in (0..end).step_by(whole.len() / 40 + 1).chain([end]) {
            // An LCOV file that ends between two records is whole for all that it says.
            if path.starts_with("lcov") && whole[..cut].trim_ascii_end().ends_with(b"end_of_record") {
                continue;
            }
            std::fs::write(root.path().join("cut"), &whole[..cut]).unwrap();
            let reading = read(root.path(), &source(&["cut"], None), "app", "dev", noon());
            assert!(!matches!(reading, Reading::Observed(_)), "{path} cut at {cut} of {wanted}: {}", said(&reading));
        }
    }
}

#[test]
fn several_files_are_one_reading() {
    assert_eq!(said(&of(&["junit/surefire-*.xml"])), "3 = 2p 1f 0e 0s, 1 flaky, 0 repeated");
    assert_eq!(said(&of(&["junit/jest.xml", "junit/bazel.xml"])), "5 = 1p 1f 2e 1s, 0 flaky, 0 repeated");
    assert_eq!(said(&of(&["cobertura/coverage-py.xml", "lcov/repeated.info"])), "7/9 lines, 3/4 branches, 3 file");
    let Reading::Observed(seen) = of(&["junit/no-cases.xml", "junit/mocha.xml"]) else { panic!() };
    assert_eq!(seen.notes[0], "junit/no-cases.xml: it holds no test case");
    assert_eq!(seen.taken, None, "a file without a time leaves the age of the whole unknown");
    let files: Vec<_> = seen.files.iter().map(|file| (file.path.as_str(), file.format.as_str(), file.bytes)).collect();
    assert_eq!(files, [("junit/mocha.xml", "junit", 374), ("junit/no-cases.xml", "junit", 110)]);
}

#[test]
fn one_bad_file_spoils_the_reading_and_is_named() {
    let empty = said(&of(&["junit/mocha.xml", "broken/empty.xml"]));
    assert_eq!(empty, "missing: broken/empty.xml: it is empty");
    let kinds = said(&of(&["junit/mocha.xml", "lcov/repeated.info"]));
    let wanted = "unreadable: lcov/repeated.info: it holds coverage, and junit/mocha.xml holds test results: one source is one kind";
    assert_eq!(kinds, wanted);
    let Reading::Unreadable { why, files } = of(&["broken/*.xml"]) else { panic!() };
    assert!(why.ends_with("; and 9 more"), "{why}");
    assert_eq!(files.len(), 13);
    assert!(files.iter().all(|file| file.sha256.len() == 64));
}

#[test]
fn a_declared_format_has_to_be_what_is_there() {
    let with = |path: &str, format| said(&read(Path::new(ROOT), &source(&[path], Some(format)), "app", "dev", noon()));
    assert_eq!(with("junit/bazel.xml", Format::Junit), "1 = 0p 0f 1e 0s, 0 flaky, 0 repeated");
    let wrong = "unreadable: junit/bazel.xml: it is junit, and the rules say sarif";
    assert_eq!(with("junit/bazel.xml", Format::Sarif), wrong);
    assert_eq!(with("broken/page.xml", Format::Junit), "unreadable: broken/page.xml: it is a web page");
    let words = with("broken/words.xml", Format::Lcov);
    assert_eq!(words, "unreadable: broken/words.xml: it is not LCOV: `Tests passed: 12, failed: 0` (line 1)");
}

#[test]
fn failures_say_what_and_where() {
    let Reading::Observed(seen) = of(&["junit/phpunit.xml", "junit/pytest.xml", "junit/surefire-rerun.xml"]) else {
        panic!()
    };
    let Measure::Tests(tests) = seen.measure else { panic!() };
    let shown: Vec<String> = tests.failures.iter().map(|d| format!("{} | {} | {}", d.name, d.message, d.at)).collect();
    assert_eq!(
        shown,
        [
            r"App.Tests.CartTest › testTotal with data set #1 | App\Tests\CartTest::testTotal with data set #1 (3) | junit/phpunit.xml:9",
            r"App.Tests.CartTest › testPays | App\Tests\CartTest::testPays | junit/phpunit.xml:17",
            r#"tests.test_cart › test_total[3-"a&b"] | AssertionError: expected 12, got 11 | junit/pytest.xml:1"#,
            r#"tests.test_cart › test_database | failed on setup with "ConnectionRefusedError: #x1B[31mdb#x1B[0m" | junit/pytest.xml:5"#,
            "tests.test_cart › test_leaks | assert False | junit/pytest.xml:5",
            "com.example.RefundTest › refunds | org.opentest4j.AssertionFailedError: no refund | junit/surefire-rerun.xml:3",
        ]
    );
}

#[test]
fn findings_are_shown_worst_first() {
    let Reading::Observed(seen) = of(&["sarif/codeql.sarif", "sarif/trivy.sarif"]) else { panic!() };
    let Measure::Findings(findings) = &seen.measure else { panic!() };
    let shown: Vec<String> = findings.worst.iter().map(|d| format!("{} | {} | {}", d.name, d.message, d.at)).collect();
    assert_eq!(shown[0], "CVE-2026-0001 | Package: libssl3 | library/app:1");
    assert_eq!(shown[2], "js/sql-injection | This query depends on a [user-provided value](1). | src/db.js:12");
    assert_eq!(shown.len(), 7);
    // One file states its commit, the other does not: the commit stays, and nobody vouches for the other file.
    assert_eq!(seen.subject.as_ref().unwrap().known, SubjectKnown::Claimed);
    assert!(seen.notes.contains(&"1 finding is reported twice, and counts once".to_owned()), "{:?}", seen.notes);
}

#[test]
fn a_time_that_has_not_come_is_noted() {
    let early: Time = "2026-11-20T09:00:00Z".parse().unwrap();
    let reading = read(Path::new(ROOT), &source(&["junit/mocha.xml"], None), "app", "dev", early);
    let Reading::Observed(seen) = reading else { panic!() };
    let wanted = "the clock: a report says that it was made at 2026-11-20T10:00:00Z, which has not come yet";
    assert!(seen.notes.contains(&wanted.to_owned()), "{:?}", seen.notes);
}
