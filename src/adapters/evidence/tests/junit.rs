//! JUnit XML, as some twenty tools write it. There is no standard; the rules are those of the tools.
//!
//! Cases are counted, never attributes: surefire counts attempts in `tests` and `failures`, phpunit sums nested suites,
//! mocha counts cases that it does not write. The attributes serve as a check only: a suite that declares tests, or
//! failures, where none can be found is not believed.

use crate::adapters::evidence::identity::KeyBuffer;
use crate::adapters::evidence::said::{About, Defect, first_line};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::{Declared, NO_CASE, NO_ZONE, Words, count};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{self, Tag};

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report {
        path,
        cases,
        about: About::default(),
        suites: Vec::new(),
        key: KeyBuffer::default(),
        case: OpenCase::default(),
        in_case: false,
        seen: Seen::default(),
    };
    xml::walk(
        input,
        &mut report,
        |report, tag| report.open(tag),
        |report, text| report.case.words.add(text),
        |report, name, depth| report.close(matches!(name, "testsuite" | "testsuites"), depth),
    )?;
    report.finish()
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    suites: Vec<Suite>,
    /// The names of the open suites.
    key: KeyBuffer,
    /// The case that is being read; its texts are used again for the next one.
    case: OpenCase,
    in_case: bool,
    seen: Seen,
}

/// What was declared, and what was found.
#[derive(Default)]
struct Seen {
    declared: Declared,
    /// Cases that are named with their place in the source, and nothing else.
    listed: u64,
    unzoned: bool,
    projects: bool,
}

struct Suite {
    name: String,
    host: String,
    /// How much of the key was there before it.
    key: usize,
}

/// The case that is being read.
#[derive(Default)]
struct OpenCase {
    key: u128,
    class: String,
    name: String,
    depth: usize,
    line: u64,
    /// What its attributes say.
    stated: Option<CaseOutcome>,
    not_run: bool,
    worst: Option<CaseOutcome>,
    skipped: Option<String>,
    /// Whether it says that it is expected to fail until somebody has done something (node's test runner).
    todo: bool,
    flaky: bool,
    attempt: bool,
    message: Option<String>,
    /// Text of the newest failure that has no message of its own.
    words: Words,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        if tag.depth == 1 && !matches!(tag.name(), "testsuites" | "testsuite") {
            return Err(Defect::Unreadable(format!("it is not JUnit XML: it begins with <{}>", tag.name())));
        }
        if self.in_case {
            return self.case.child(tag);
        }
        match tag.name() {
            "testcase" => self.case(tag),
            "testsuites" | "testsuite" => self.suite(tag),
            // Directly in a suite: the suite itself could not be loaded or torn down.
            "error" | "failure" if tag.depth == self.suites.len() + 1 => self.suite_failed(tag),
            _ => Ok(()),
        }
    }

    fn suite_failed(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [message] = tag.values(["message"])?;
        let before = self.key.len();
        self.key.push(b"the suite itself");
        let key = CaseKey(self.key.identity());
        self.key.truncate(before);
        self.seen.declared.troubled += 1;
        self.cases.add(&Case {
            key,
            outcome: CaseOutcome::Errored,
            flaky: false,
            attempt: false,
            class: self.suites.last().map_or("", |suite| suite.name.as_str()),
            name: "(the suite itself)",
            message: message.as_deref().unwrap_or_default(),
            path: self.path,
            line: tag.line(),
        });
        Ok(())
    }

    fn suite(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names = ["name", "hostname", "timestamp", "tests", "failures", "errors", "id"];
        let [name, host, timestamp, tests, failures, errors, id] = tag.values(names)?;
        let declared = &mut self.seen.declared;
        declared.tests = declared.tests.max(count(tests.as_deref()));
        declared.bad = declared.bad.max(count(failures.as_deref())).max(count(errors.as_deref()));
        if let Some(moment) = timestamp.as_deref().and_then(times::moment) {
            self.seen.unzoned |= !moment.zoned;
            self.about.older(moment.time);
        }
        let root = tag.name() == "testsuites";
        // Playwright gives its root an id, and writes a test once for each project, the project's name as the host.
        self.seen.projects |= root && id.is_some();
        // The name of the root is that of the run, not of its tests: shards name it differently.
        let name = if root { String::new() } else { name.unwrap_or_default().into_owned() };
        let key = self.key.len();
        if !name.is_empty() {
            self.key.push(name.as_bytes());
        }
        self.suites.push(Suite { name, host: host.unwrap_or_default().into_owned(), key });
        Ok(())
    }

    fn case(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names = ["name", "classname", "file", "value_param", "type_param", "status", "result"];
        let values = tag.values(names)?;
        let [name, class, file, value, kind, status, result] =
            values.each_ref().map(|value| value.as_deref().unwrap_or(""));
        let host = self.suites.last().filter(|_| self.seen.projects).map_or("", |suite| suite.host.as_str());
        let before = self.key.len();
        for part in [name, host, class, file, value, kind] {
            self.key.push(part.as_bytes());
        }
        let key = self.key.identity();
        self.key.truncate(before);
        self.case.begin(key, class, name);
        (self.case.depth, self.case.line) = (tag.depth, tag.line());
        if values[5].is_some() || values[6].is_some() {
            self.case.stated = stated([status, result]);
            self.case.not_run = status.eq_ignore_ascii_case("notrun");
        }
        if values[1].is_none() && values[2].is_some() && self.case.stated.is_none() {
            let [line, time] = tag.values(["line", "time"])?;
            self.seen.listed += u64::from(line.is_some() && time.is_none());
        }
        self.in_case = true;
        self.seen.declared.cases += 1;
        Ok(())
    }

    /// An element ends; so many were open with it.
    fn close(&mut self, suite: bool, depth: usize) {
        if self.in_case {
            if depth > self.case.depth {
                self.case.child_closed();
                return;
            }
            self.in_case = false;
            let (outcome, flaky) = self.case.add_to(self.cases, self.path);
            self.seen.declared.troubled += u64::from(outcome.is_bad() || flaky || self.case.todo);
        } else if let (true, Some(suite)) = (suite, self.suites.last()) {
            self.key.truncate(suite.key);
            self.suites.pop();
        }
    }

    fn finish(mut self) -> Result<About, Defect> {
        let Seen { declared, listed, unzoned, .. } = self.seen;
        let Declared { cases, troubled, .. } = declared;
        if cases > 0 && cases == listed && troubled == 0 {
            let why = "it is a list of tests (as of `--gtest_list_tests`), and says of none that it ran";
            return Err(Defect::Missing(why.to_owned()));
        }
        declared.check()?;
        if cases == 0 && troubled == 0 {
            self.about.notes.push(NO_CASE.to_owned());
        }
        if unzoned {
            self.about.notes.push(NO_ZONE.to_owned());
        }
        Ok(self.about)
    }
}

impl OpenCase {
    /// Another case begins.
    fn begin(&mut self, key: u128, class: &str, name: &str) {
        let (mut kept_class, mut kept_name) = (std::mem::take(&mut self.class), std::mem::take(&mut self.name));
        kept_class.clear();
        kept_class.push_str(class);
        kept_name.clear();
        kept_name.push_str(name);
        *self = Self { key, class: kept_class, name: kept_name, ..Self::default() };
    }

    fn child(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        match (tag.depth - self.depth, tag.name()) {
            // `rerunFailure` stands beside `failure`; alone it would still say that no attempt passed.
            (1, "failure" | "rerunFailure" | "rerunError") => self.bad(CaseOutcome::Failed, tag),
            (1, "error") => self.bad(CaseOutcome::Errored, tag),
            (1, "flakyFailure" | "flakyError") => {
                self.flaky = true;
                Ok(())
            }
            (1, "skipped") => {
                let [message, kind] = tag.values(["message", "type"])?;
                self.skipped = Some(message.unwrap_or_default().into_owned());
                self.todo |= kind.as_deref() == Some("todo");
                Ok(())
            }
            (2, "property") => {
                let [name] = tag.values(["name"])?;
                self.attempt |= name.as_deref() == Some("repetition");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn bad(&mut self, outcome: CaseOutcome, tag: &Tag<'_>) -> Result<(), Defect> {
        self.worst = self.worst.max(Some(outcome));
        if self.message.is_none() {
            let [message] = tag.values(["message"])?;
            self.message = message.as_deref().and_then(first_line);
            if self.message.is_none() {
                self.words.begin();
            }
        }
        Ok(())
    }

    fn child_closed(&mut self) {
        if let Some(line) = self.words.end() {
            self.message = Some(line);
        }
    }

    /// Gives the case, which has ended, to the accumulator; how it came out, and whether it is flaky.
    fn add_to(&self, cases: &mut Cases, path: &str) -> (CaseOutcome, bool) {
        let (outcome, message) = match (self.worst, &self.skipped) {
            (Some(_), Some(_)) if self.todo => (CaseOutcome::Skipped, None),
            (Some(worst), _) => (worst, self.message.as_deref()),
            // ctest writes a missing executable and a failed fixture as a test that was skipped; real skips say SKIP_….
            (None, Some(why)) if self.not_run && !why.starts_with("SKIP_") => {
                (CaseOutcome::Errored, Some(why.as_str()))
            }
            (None, Some(_)) => (CaseOutcome::Skipped, None),
            (None, None) => (self.stated.unwrap_or(CaseOutcome::Passed), None),
        };
        let flaky = self.flaky && outcome == CaseOutcome::Passed;
        cases.add(&Case {
            key: CaseKey(self.key),
            outcome,
            flaky,
            attempt: self.attempt,
            class: &self.class,
            name: &self.name,
            message: message.unwrap_or_default(),
            path,
            line: self.line,
        });
        (outcome, flaky)
    }
}

/// What a case's attributes say; a word that we do not know says nothing.
fn stated(words: [&str; 2]) -> Option<CaseOutcome> {
    let outcomes = words.map(|word| match word.to_ascii_lowercase().as_str() {
        "fail" | "failed" | "failure" => Some(CaseOutcome::Failed),
        "error" | "errored" | "broken" | "timeout" | "timedout" => Some(CaseOutcome::Errored),
        "notrun" | "disabled" | "skipped" | "ignored" | "pending" | "suppressed" | "todo" => Some(CaseOutcome::Skipped),
        _ => None,
    });
    outcomes.into_iter().flatten().max()
}
