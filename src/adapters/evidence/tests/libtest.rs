//! JSON lines of Rust's libtest (`cargo test -- -Z unstable-options --format json`; `library/test/src/formatters/json.rs`), and of nextest
//! (`--message-format libtest-json`, and `-plus` with an object `nextest`).
//!
//! A suite is one test binary, with a start and an end; lines that are no events are passed over, for tests print what they like. A
//! `timeout` is a warning. A suite that begins while another is open means that the other's binary died: its open tests are errored. A
//! suite that is open at the end means the same, or that the file is cut off, and nobody can tell: it is not believed.
//!
//! libtest does not name its binaries: a case is known by the report, the place of its suite in it, and its name. nextest's names tell
//! all (`crate::binary$test`); a number behind them (`#2`) says that the test was tried before, and failed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::NO_CASE;
use crate::adapters::evidence::window::{Rows, Window};

/// One line.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    message: Option<String>,
    reason: Option<String>,
    stdout: Option<String>,
    passed: Option<u64>,
    failed: Option<u64>,
    nextest: Option<Nextest>,
}

/// What nextest says of a suite.
#[derive(Deserialize)]
struct Nextest {
    #[serde(rename = "crate")]
    package: String,
    test_binary: String,
}

impl Nextest {
    fn id(&self) -> String {
        format!("{}::{}", self.package, self.test_binary)
    }
}

/// A suite that is open.
struct Suite {
    /// What nextest calls it; `None`: it is not named.
    id: Option<String>,
    /// Its place in the file, counted from 1.
    place: u64,
    line: u64,
    passed: u64,
    failed: u64,
    /// The tests that began, and where.
    open: BTreeMap<String, u64>,
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    /// nextest has several suites open at a time.
    suites: Vec<Suite>,
    seen: u64,
    has_case: bool,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report { path, cases, suites: Vec::new(), seen: 0, has_case: false };
    let mut rows = Rows::new(input);
    let (mut line, mut broken) = (0, false);
    while let Some(row) = rows.next_row()? {
        line += 1;
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        broken = false;
        if let Ok(event) = serde_json::from_str::<Event<'_>>(row) {
            report.event(&event, line)?;
        } else if row.starts_with('{') && serde_json::from_str::<IgnoredAny>(row).is_err() {
            // Old versions did not escape the backslashes in the paths of doctests.
            match serde_json::from_str::<Event<'_>>(&row.replace('\\', "\\\\")) {
                Ok(event) => report.event(&event, line)?,
                Err(_) => broken = true,
            }
        }
    }
    if broken {
        return Err(Defect::Unreadable(format!("it is cut off: its last line is no whole one (line {line})")));
    }
    report.finish(line)
}

impl Report<'_> {
    fn event(&mut self, event: &Event<'_>, line: u64) -> Result<(), Defect> {
        match (&*event.kind, &*event.event) {
            ("suite", "started" | "discovery") => {
                self.begin(event.nextest.as_ref().map(Nextest::id), line);
                Ok(())
            }
            ("suite", "ok" | "failed" | "completed") => self.end(event, line),
            ("test" | "bench", _) => self.test(event, line),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, id: Option<String>, line: u64) {
        // Suites that have no name, and twice the same one, come one after the other.
        if let Some(at) = self.suites.iter().position(|suite| suite.id == id) {
            let dead = self.suites.remove(at);
            self.unfinished(&dead, true);
        }
        self.seen += 1;
        let open = BTreeMap::new();
        self.suites.push(Suite { id, place: self.seen, line, passed: 0, failed: 0, open });
    }

    fn end(&mut self, event: &Event<'_>, line: u64) -> Result<(), Defect> {
        let id = event.nextest.as_ref().map(Nextest::id);
        let Some(at) = self.suites.iter().rposition(|suite| suite.id == id) else {
            return Err(Defect::Unreadable(format!("it ends a suite that did not begin (line {line})")));
        };
        let suite = self.suites.remove(at);
        let (passed, failed) = (event.passed.unwrap_or(0), event.failed.unwrap_or(0));
        self.unfinished(&suite, false);
        if passed > suite.passed || failed > suite.failed {
            let Suite { passed: seen, failed: bad, .. } = suite;
            return Err(Defect::Unreadable(format!(
                "a suite says that {passed} tests passed and {failed} failed, and shows {seen} and {bad} (line {line})"
            )));
        }
        Ok(())
    }

    fn test(&mut self, event: &Event<'_>, line: u64) -> Result<(), Defect> {
        let name = &*event.name;
        let prefix = name.split_once('$').map(|(prefix, _)| prefix.split_once("@stress-").map_or(prefix, |(id, _)| id));
        let named = self.suites.iter().rposition(|suite| suite.id.is_some() && suite.id.as_deref() == prefix);
        let at = named.or_else(|| self.suites.iter().rposition(|suite| suite.id.is_none()));
        let Some(suite) = at.and_then(|at| self.suites.get_mut(at)) else {
            return Err(Defect::Unreadable(format!("it has a test outside of any suite (line {line})")));
        };
        let (name, tried) = match (prefix, name.rsplit_once('#')) {
            (Some(_), Some((name, number))) => match number.parse::<u32>() {
                Ok(number) => (name, number),
                Err(_) => (&*event.name, 1),
            },
            _ => (name, 1),
        };
        let outcome = match (&*event.kind, &*event.event) {
            (_, "started") => {
                suite.open.insert(name.to_owned(), line);
                return Ok(());
            }
            ("bench", "") | (_, "ok" | "allowed_failure") => CaseOutcome::Passed,
            (_, "failed") => CaseOutcome::Failed,
            (_, "ignored") => CaseOutcome::Skipped,
            // `timeout` warns; what we do not know does not end a test, and then nothing does.
            _ => return Ok(()),
        };
        suite.open.remove(name);
        suite.passed += u64::from(&*event.event == "ok");
        suite.failed += u64::from(matches!(&*event.event, "failed" | "allowed_failure"));
        let message = event.message.clone().or_else(|| event.stdout.as_deref().and_then(panic_words));
        let message = message.or_else(|| event.reason.clone()).unwrap_or_default();
        let key = key(self.path, suite.place, name);
        let flaky = tried > 1 && outcome == CaseOutcome::Passed;
        self.add(key, name, outcome, flaky, &message, line);
        Ok(())
    }

    /// Of a suite that is over, the tests that began and did not end; if it died without one, that is a case too.
    fn unfinished(&mut self, suite: &Suite, died: bool) {
        for (name, line) in &suite.open {
            let key = key(self.path, suite.place, name);
            self.add(key, name, CaseOutcome::Errored, false, "it began, and did not end", *line);
        }
        if died && suite.open.is_empty() {
            let name = "(a test binary)";
            let key = key(self.path, suite.place, name);
            self.add(key, name, CaseOutcome::Errored, false, "it died before its end", suite.line);
        }
    }

    fn add(&mut self, key: CaseKey, name: &str, outcome: CaseOutcome, flaky: bool, message: &str, line: u64) {
        self.has_case = true;
        self.cases.add(&Case { key, outcome, flaky, attempt: false, class: "", name, message, path: self.path, line });
    }

    fn finish(self, line: u64) -> Result<About, Defect> {
        if self.seen == 0 {
            return Err(Defect::Unreadable("it is not libtest JSON: no line of it begins a suite".to_owned()));
        }
        if let Some(suite) = self.suites.first() {
            let running = suite.open.keys().next();
            let running = running.map(|name| format!(" (`{name}` was running)")).unwrap_or_default();
            return Err(Defect::Unreadable(format!(
                "it is cut off, or a test binary died: it ends at line {line} inside a suite{running}"
            )));
        }
        let mut about = About::default();
        if !self.has_case {
            about.notes.push(NO_CASE.to_owned());
        }
        Ok(about)
    }
}

/// The identity of a case: nextest's names tell all, libtest's only with the place of their suite.
fn key(path: &str, place: u64, name: &str) -> CaseKey {
    if name.contains('$') {
        return CaseKey::of([name]);
    }
    CaseKey::of([path, &place.to_string(), name])
}

/// What a test panicked with: since Rust 1.73 it stands on the line behind the place.
fn panic_words(stdout: &str) -> Option<String> {
    let mut lines = stdout.lines();
    let panicked = lines.find(|line| line.starts_with("thread '") && line.contains("panicked at"));
    let words = match panicked {
        Some(place) if place.trim_end().ends_with(':') => lines.next().filter(|line| !line.trim().is_empty()),
        other => other,
    };
    words.or(panicked).or_else(|| stdout.lines().find(|line| !line.trim().is_empty())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"type":"suite","event":"started","test_count":2}"#;

    /// Numbers of cases, and the bad ones in words.
    type Counts = (u64, u64, u64, u64, u64, Vec<String>);

    fn counts(rows: &[&str]) -> Result<Counts, Defect> {
        let mut cases = Cases::default();
        parse(Window::new(rows.join("\n").as_bytes()), "r.json", &mut cases)?;
        let (tests, _) = cases.finish()?;
        let bad = tests.failures.iter().map(|bad| format!("{} | {} | {}", bad.name, bad.message, bad.at)).collect();
        Ok((tests.total, tests.passed, tests.failed, tests.errored, tests.flaky, bad))
    }

    #[test]
    fn a_binary_that_died_is_seen_when_the_next_one_begins() {
        let rows = [
            START,
            r#"{"type":"test","event":"started","name":"a"}"#,
            r#"{"type":"test","event":"ok","name":"a"}"#,
            r#"{"type":"test","event":"started","name":"b"}"#,
            START,
            r#"{"type":"test","event":"ok","name":"a"}"#,
            START,
            r#"{"type":"suite","event":"ok","passed":0,"failed":0}"#,
        ];
        let (total, passed, failed, errored, _, bad) = counts(&rows).unwrap();
        assert_eq!((total, passed, failed, errored), (4, 2, 0, 2));
        assert_eq!(
            bad,
            ["b | it began, and did not end | r.json:4", "(a test binary) | it died before its end | r.json:5"]
        );
    }

    #[test]
    fn suites_of_nextest_are_told_apart_by_their_names() {
        let suite = |event: &str, binary: &str, numbers: &str| {
            format!(
                r#"{{"type":"suite","event":"{event}"{numbers},"nextest":{{"crate":"c","test_binary":"{binary}","kind":"lib"}}}}"#
            )
        };
        let rows = [
            &suite("started", "x", ""),
            &suite("started", "y", ""),
            r#"{"type":"test","event":"started","name":"c::x$a"}"#,
            r#"{"type":"test","event":"started","name":"c::y$a"}"#,
            r#"{"type":"test","event":"ok","name":"c::x$a#2","exec_time":0.1}"#,
            &suite("ok", "x", r#","passed":1,"failed":0"#),
            r#"{"type":"test","event":"failed","name":"c::y$a#3","stdout":"\nthread 'a' panicked at src/lib.rs:1:2:\nno database\nnote: x"}"#,
            &suite("failed", "y", r#","passed":0,"failed":1"#),
        ];
        let wanted = (2, 1, 1, 0, 1, vec!["c::y$a | no database | r.json:7".to_owned()]);
        assert_eq!(counts(&rows), Ok(wanted));
    }

    #[test]
    fn reads_paths_that_are_not_escaped() {
        let test = r#"{ "type": "test", "name": "src\http\body.rs - as_str (line 53)", "event": "failed" }"#;
        let (.., bad) = counts(&[START, test, r#"{"type":"suite","event":"failed","passed":0,"failed":1}"#]).unwrap();
        assert_eq!(bad, [r"src\http\body.rs - as_str (line 53) |  | r.json:2"]);
    }

    #[test]
    fn says_what_is_wrong() {
        let ok = r#"{"type":"test","event":"ok","name":"a"}"#;
        for (rows, why) in [
            (vec!["hello"], "it is not libtest JSON: no line of it begins a suite"),
            (vec![START, ok], "it is cut off, or a test binary died: it ends at line 2 inside a suite"),
            (vec![START, ok, r#"{"type":"sui"#], "it is cut off: its last line is no whole one (line 3)"),
            (vec![ok], "it has a test outside of any suite (line 1)"),
            (vec![r#"{"type":"suite","event":"ok"}"#], "it ends a suite that did not begin (line 1)"),
            (
                vec![START, ok, r#"{"type":"suite","event":"failed","passed":1,"failed":1}"#],
                "a suite says that 1 tests passed and 1 failed, and shows 1 and 0 (line 3)",
            ),
        ] {
            assert_eq!(counts(&rows), Err(Defect::Unreadable(why.to_owned())), "{rows:?}");
        }
        assert!(matches!(counts(&[START, r#"{"type":"suite","event":"ok"}"#]), Err(Defect::Missing(_))));
    }

    #[test]
    fn finds_the_words_of_a_panic() {
        for (stdout, words) in [
            ("x\nthread 'a' panicked at src/lib.rs:1:2:\nno database\n", Some("no database")),
            (
                "thread 'a' panicked at 'no database', src/lib.rs:1:2\n",
                Some("thread 'a' panicked at 'no database', src/lib.rs:1:2"),
            ),
            ("thread 'a' panicked at src/lib.rs:1:2:\n", Some("thread 'a' panicked at src/lib.rs:1:2:")),
            ("\nError: \"no\"\n", Some("Error: \"no\"")),
            ("", None),
        ] {
            assert_eq!(panic_words(stdout).as_deref(), words, "{stdout}");
        }
    }
}
