//! The sample reports under `fixtures/evidence`, and what each of them must say. A file that is not listed fails a test.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::evidence::files;
use crate::ports::{About, Clock};
use crate::promotion::facts::{Reading, SubjectKnown};
use crate::promotion::measures::Measure;
use crate::promotion::number::Decimal;
use crate::promotion::rules::at::At;
use crate::promotion::rules::format::Format;
use crate::promotion::rules::{Source, SourceKind};
use crate::promotion::time::Time;

/// Where the samples are.
pub(super) const ROOT: &str = "fixtures/evidence";

/// One sample: its path, where it comes from, and what it must say.
pub(super) struct Sample {
    pub(super) path: String,
    origin: String,
    pub(super) wanted: String,
}

/// The samples that the files `EXPECTED` list.
///
/// Tests: `total = passed failed errored skipped, flaky, repeated`; coverage: lines, branches, functions, files; findings by
/// severity; linters: errors, warnings; load tests: requests and percentiles.
pub(super) fn samples() -> Vec<Sample> {
    let mut folders: Vec<_> = std::fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut samples = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join("EXPECTED")).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let [file, origin, wanted] = line.splitn(3, " | ").collect::<Vec<_>>()[..] else {
                panic!("{name}: {line}")
            };
            let path = format!("{name}/{file}");
            samples.push(Sample { path, origin: origin.to_owned(), wanted: wanted.to_owned() });
        }
    }
    samples
}

/// The format that a folder of samples is of, if it is of one.
pub(super) fn format_of(path: &str) -> Option<Format> {
    let folder = path.split('/').next().unwrap();
    Format::all().find(|format| format.name() == folder)
}

/// The time at which the samples are read.
fn noon() -> Time {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn source(globs: &[&str], format: Option<Format>) -> Source {
    let globs = globs.iter().map(|&glob| glob.to_owned()).collect();
    Source { id: "unit".to_owned(), kind: SourceKind::Files { globs, format, max_age: None }, at: At::default() }
}

/// A clock that stands still.
struct Still(Time);

impl Clock for Still {
    fn now(&self) -> Time {
        self.0
    }

    fn sleep(&self, _: Duration) {}

    fn stopped(&self) -> bool {
        false
    }
}

fn read_at(root: &Path, source: &Source, now: Time) -> Reading {
    let waivers = Arc::default();
    let about = About::of("app", "dev", &waivers);
    files::read(root, &[source], &about, &Still(now))
}

fn read(root: &Path, source: &Source) -> Reading {
    read_at(root, source, noon())
}

fn of(globs: &[&str]) -> Reading {
    read(Path::new(ROOT), &source(globs, None))
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
        Measure::Coverage(c) => {
            let functions = match c.functions_total {
                0 => String::new(),
                total => format!(", {}/{total} functions", c.functions_covered),
            };
            let lines = format!(
                "{}/{} lines, {}/{} branches",
                c.lines_covered, c.lines_total, c.branches_covered, c.branches_total
            );
            format!("{lines}{functions}, {} file", c.files)
        }
        Measure::Findings(f) => {
            format!("C{} H{} M{} L{} I{} U{} S{}", f.critical, f.high, f.medium, f.low, f.info, f.unknown, f.suppressed)
        }
        Measure::Quality(q) => format!("{}e {}w {}i, complexity {:?}", q.errors, q.warnings, q.info, q.complexity),
        Measure::Performance(p) => {
            let ms = |value: Option<Decimal>| value.map_or("?".to_owned(), |value| value.to_string());
            let failed = p.failed.map_or("?".to_owned(), |failed| failed.to_string());
            let tests = p.thresholds.as_ref().map(|t| format!(", thresholds {} of {}", t.passed, t.total));
            let percentiles = format!("p50 {} p95 {} p99 {}", ms(p.p50_ms), ms(p.p95_ms), ms(p.p99_ms));
            let tests = tests.unwrap_or_default();
            format!("{} requests, {failed} failed, {percentiles}, {}/s{tests}", p.requests, ms(p.throughput))
        }
        Measure::Levels(_) | Measure::Alerts(_) | Measure::Checks(_) | Measure::Review(_) | Measure::Health(_) => {
            "no file".to_owned()
        }
    };
    let taken = seen.taken.map(|time| format!(" @{time}")).unwrap_or_default();
    let subject = seen.subject.as_ref().map(|subject| format!(" {:?} {}", subject.known, subject.version));
    format!("{measure}{taken}{}", subject.unwrap_or_default())
}

/// What a sample says: read as the format of its folder, if it is in one.
fn of_sample(path: &str) -> String {
    said(&read(Path::new(ROOT), &source(&[path], format_of(path))))
}

#[test]
fn every_sample_says_what_it_must() {
    let mut wrong = Vec::new();
    for Sample { path, wanted, .. } in samples() {
        let seen = of_sample(&path);
        let fits = wanted.strip_suffix(" …").map_or(seen == wanted, |start| seen.starts_with(start));
        if !fits {
            wrong.push(format!("{path}\n  wanted {wanted}\n  seen   {seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_sample_is_listed_with_where_it_comes_from() {
    let there: BTreeSet<String> = walkdir::WalkDir::new(ROOT)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file() && entry.file_name() != "EXPECTED")
        .map(|entry| entry.path().strip_prefix(ROOT).unwrap().to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = samples().into_iter().map(|sample| sample.path).collect();
    assert_eq!(there, listed);
    assert!(samples().iter().all(|sample| sample.origin.len() > 5));
}

#[test]
fn no_sample_that_is_cut_anywhere_passes_for_whole() {
    for Sample { path, wanted, .. } in samples().into_iter().filter(|sample| !sample.wanted.contains(": ")) {
        let whole = std::fs::read(Path::new(ROOT).join(&path)).unwrap();
        let end = whole.iter().rposition(|byte| !byte.is_ascii_whitespace()).unwrap();
        let root = tempfile::tempdir().unwrap();
        for cut in (0..end).step_by(whole.len() / 40 + 1).chain([end]) {
            if is_whole(format_of(&path), whole[..cut].trim_ascii_end()) {
                continue;
            }
            std::fs::write(root.path().join("cut"), &whole[..cut]).unwrap();
            let reading = read(root.path(), &source(&["cut"], format_of(&path)));
            assert!(!matches!(reading, Reading::Observed(_)), "{path} cut at {cut} of {wanted}: {}", said(&reading));
        }
    }
}

/// Whether a part of a report is a whole one too: some formats have no end.
fn is_whole(format: Option<Format>, part: &[u8]) -> bool {
    match format {
        // An LCOV file that ends between two records is whole for all that it says.
        Some(Format::Lcov) => part.ends_with(b"end_of_record"),
        // So is a stream of issues that ends between two of them.
        Some(Format::CodeClimate) => part.starts_with(b"{") && (part.ends_with(b"\0") || part.ends_with(b"}")),
        // Lines of events: whole where the last package, or the last suite, has ended.
        Some(Format::GoTest) => last_event(part).is_some_and(|event| {
            !event.contains("\"Test\":")
                && ["pass", "fail", "skip"].iter().any(|end| event.contains(&format!(":\"{end}\"")))
        }),
        Some(Format::Libtest) => {
            last_event(part).is_some_and(|event| event.contains("\"suite\"") && !event.contains("\"started\""))
        }
        // TAP is whole with as many points as planned, or when it has bailed out.
        Some(Format::Tap) => {
            let part = String::from_utf8_lossy(part);
            let points = part.lines().filter(|row| row.starts_with("ok") || row.starts_with("not ok")).count();
            let plan = part.lines().find_map(|row| row.strip_prefix("1..")?.split(' ').next()?.parse().ok());
            plan == Some(points) || part.contains("\nBail out!")
        }
        // A Go profile ends with any row; what is left of a count says as much as the whole of it.
        Some(Format::GoCover) => {
            let row = part.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let mut fields = row.rsplit(|byte| *byte == b' ');
            let number = |field: Option<&[u8]>| field.is_some_and(|field| field.iter().all(u8::is_ascii_digit));
            number(fields.next()) && number(fields.next())
        }
        // Samples and rows have no end either: the last one is whole.
        Some(Format::K6) if part.starts_with(br#"{"type":"Metric""#) => {
            part.rsplit(|byte| *byte == b'\n').next().is_some_and(|line| serde_json::from_slice::<Value>(line).is_ok())
        }
        Some(Format::Jmeter | Format::Locust | Format::Hey) => {
            let commas = |line: &[u8]| line.iter().filter(|byte| matches!(byte, b',' | b';')).count();
            let mut lines = part.split(|byte| *byte == b'\n');
            let first = lines.next().map_or(0, commas);
            let rows = first > 2 && lines.next_back().map_or(first, commas) == first;
            // Of the last error that hey prints, only the words are cut.
            rows || part.windows(19).any(|text| text == b"Error distribution:")
                && part
                    .rsplit(|byte| *byte == b'\n')
                    .next()
                    .is_some_and(|line| line.starts_with(b"  [") && line.contains(&b']'))
        }
        _ => false,
    }
}

/// The last line that is an event, if it is a whole one.
fn last_event(part: &[u8]) -> Option<&str> {
    let last = std::str::from_utf8(part).ok()?.lines().rfind(|row| row.starts_with('{'))?;
    last.ends_with('}').then_some(last)
}

#[test]
fn several_files_are_one_reading() {
    assert_eq!(said(&of(&["junit/surefire-*.xml"])), "3 = 2p 1f 0e 0s, 1 flaky, 0 repeated");
    assert_eq!(said(&of(&["junit/jest.xml", "junit/bazel.xml"])), "5 = 1p 1f 2e 1s, 0 flaky, 0 repeated");
    assert_eq!(
        said(&of(&["cobertura/coverage-py.xml", "lcov/repeated.info"])),
        "7/9 lines, 3/4 branches, 1/1 functions, 3 file"
    );
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
    assert!(why.ends_with("; and 8 more"), "{why}");
    assert_eq!(files.len(), 13);
    assert!(files.iter().all(|file| file.sha256.len() == 64));
}

#[test]
fn a_declared_format_has_to_be_what_is_there() {
    let with = |path: &str, format| said(&read(Path::new(ROOT), &source(&[path], Some(format))));
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
    assert_eq!(shown[0], "CVE-2026-0001 | Package: libcrypto3 | library/app:1");
    assert_eq!(shown[2], "js/sql-injection | This query depends on a [user-provided value](1). | src/db.js:12");
    assert_eq!(shown.len(), 7);
    // One file states its commit, the other does not: the commit stays, and nobody vouches for the other file.
    assert_eq!(seen.subject.as_ref().unwrap().known, SubjectKnown::Claimed);
    assert!(seen.notes.contains(&"1 finding is reported twice, and counts once".to_owned()), "{:?}", seen.notes);
}

#[test]
fn a_time_that_has_not_come_is_noted() {
    let early: Time = "2026-11-20T09:00:00Z".parse().unwrap();
    let reading = read_at(Path::new(ROOT), &source(&["junit/mocha.xml"], None), early);
    let Reading::Observed(seen) = reading else { panic!() };
    let wanted = "the clock: a report says that it was made at 2026-11-20T10:00:00Z, which has not come yet";
    assert!(seen.notes.contains(&wanted.to_owned()), "{:?}", seen.notes);
}
