//! JUnit XML, as some twenty tools write it. There is no standard; the rules are those of the tools.
//!
//! Cases are counted, never attributes: surefire counts attempts in `tests` and `failures`, phpunit sums nested suites,
//! mocha counts cases that it does not write. The attributes serve as a check only: a suite that declares tests, or
//! failures, where none can be found is not believed.

use std::io::BufRead;

use crate::adapters::evidence::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::said::{About, Defect, first_line, short};
use crate::adapters::evidence::times;
use crate::adapters::evidence::xml::{Piece, Tag, Xml};

/// How much of a failure's text is looked at for its first line, in bytes.
const TEXT_KEPT: usize = 4096;

/// Reads one report into the accumulator.
pub fn parse(input: impl BufRead, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut xml = Xml::new(input);
    let mut report =
        Report { path, cases, about: About::default(), suites: Vec::new(), open: None, seen: Seen::default() };
    loop {
        match xml.read()? {
            Piece::Open(tag) => report.open(&tag)?,
            Piece::Text(text) => report.text(&text),
            Piece::Close(end) => {
                let suite = matches!(end.local_name().into_inner(), "testsuite" | "testsuites");
                report.close(suite, xml.depth());
            }
            Piece::Aside => {}
            Piece::End => return report.finish(),
        }
    }
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    suites: Vec<Suite>,
    open: Option<OpenCase>,
    seen: Seen,
}

/// What was declared, and what was found.
#[derive(Default)]
struct Seen {
    cases: u64,
    troubled: u64,
    declared_tests: u64,
    declared_bad: u64,
    unzoned: bool,
    projects: bool,
}

struct Suite {
    name: String,
    host: String,
}

/// The case that is being read.
struct OpenCase {
    key: CaseKey,
    name: String,
    depth: usize,
    line: u64,
    /// What its attributes say.
    stated: CaseOutcome,
    not_run: bool,
    worst: Option<CaseOutcome>,
    skipped: Option<String>,
    flaky: bool,
    attempt: bool,
    message: Option<String>,
    /// Text of the newest failure that has no message of its own.
    text: Option<String>,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        if tag.depth == 1 && !matches!(tag.name(), "testsuites" | "testsuite") {
            return Err(Defect::Unreadable(format!("it is not JUnit XML: it begins with <{}>", tag.name())));
        }
        if let Some(case) = &mut self.open {
            return case.child(tag);
        }
        match tag.name() {
            "testsuites" | "testsuite" => self.suite(tag),
            "testcase" => self.case(tag),
            // Directly in a suite: the suite itself could not be loaded or torn down.
            "error" | "failure" if tag.depth == self.suites.len() + 1 => self.suite_failed(tag),
            _ => Ok(()),
        }
    }

    fn suite_failed(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [message] = tag.values(["message"])?;
        let suite = self.suites.last().map_or("", |suite| suite.name.as_str());
        self.seen.troubled += 1;
        self.cases.add(Case {
            key: self.key(&[], ""),
            outcome: CaseOutcome::Errored,
            flaky: false,
            attempt: false,
            name: short(&format!("{suite} (the suite itself)")),
            message: message.as_deref().and_then(first_line).unwrap_or_default(),
            at: format!("{}:{}", self.path, tag.line),
        });
        Ok(())
    }

    fn suite(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names = ["name", "hostname", "timestamp", "tests", "failures", "errors", "id"];
        let [name, host, timestamp, tests, failures, errors, id] = tag.values(names)?;
        let number = |text: Option<String>| text.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
        self.seen.declared_tests = self.seen.declared_tests.max(number(tests));
        self.seen.declared_bad = self.seen.declared_bad.max(number(failures)).max(number(errors));
        if let Some(moment) = timestamp.as_deref().and_then(times::moment) {
            self.seen.unzoned |= !moment.zoned;
            self.about.older(moment.time);
        }
        let root = tag.name() == "testsuites";
        // Playwright gives its root an id, and writes a test once for each project, the project's name as the host.
        self.seen.projects |= root && id.is_some();
        // The name of the root is that of the run, not of its tests: shards name it differently.
        let name = if root { String::new() } else { name.unwrap_or_default() };
        self.suites.push(Suite { name, host: host.unwrap_or_default() });
        Ok(())
    }

    fn key(&self, more: &[&str], name: &str) -> CaseKey {
        let suites = self.suites.iter().filter(|suite| !suite.name.is_empty()).map(|suite| suite.name.as_str());
        let host = self.suites.last().filter(|_| self.seen.projects).map_or("", |suite| suite.host.as_str());
        CaseKey::of(suites.chain([name, host]).chain(more.iter().copied()))
    }

    fn case(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names = ["name", "classname", "file", "value_param", "type_param", "status", "result"];
        let [name, class, file, value, kind, status, result] = tag.values(names)?;
        let name = name.unwrap_or_default();
        let class = class.unwrap_or_default();
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let key = self.key(&[&class, &text(&file), &text(&value), &text(&kind)], &name);
        let shown = if class.is_empty() || name.starts_with(&class) { name } else { format!("{class} › {name}") };
        let (status, result) = (text(&status), text(&result));
        self.open = Some(OpenCase {
            key,
            name: short(&shown),
            depth: tag.depth,
            line: tag.line,
            stated: stated([&status, &result]),
            not_run: status.eq_ignore_ascii_case("notrun"),
            worst: None,
            skipped: None,
            flaky: false,
            attempt: false,
            message: None,
            text: None,
        });
        self.seen.cases += 1;
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(kept) = self.open.as_mut().and_then(|case| case.text.as_mut()) {
            let room = TEXT_KEPT.saturating_sub(kept.len());
            kept.extend(text.chars().take(room));
        }
    }

    fn close(&mut self, suite: bool, depth: usize) {
        match self.open.take_if(|case| depth < case.depth) {
            Some(case) => {
                let case = case.close(self.path);
                self.seen.troubled += u64::from(case.outcome.is_bad() || case.flaky);
                self.cases.add(case);
            }
            None => match &mut self.open {
                Some(case) => case.child_closed(),
                None if suite => drop(self.suites.pop()),
                None => {}
            },
        }
    }

    fn finish(mut self) -> Result<About, Defect> {
        let Seen { cases, troubled, declared_tests, declared_bad, .. } = self.seen;
        if cases == 0 && troubled == 0 && declared_tests > 0 {
            return Err(Defect::Unreadable(format!("it declares {declared_tests} tests and holds no test case")));
        }
        if declared_bad > 0 && troubled == 0 {
            return Err(Defect::Unreadable(format!("it declares failures or errors ({declared_bad}) and holds none")));
        }
        if cases == 0 && troubled == 0 {
            self.about.notes.push("it holds no test case".to_owned());
        }
        if self.seen.unzoned {
            self.about.notes.push("its time names no zone and is taken as UTC".to_owned());
        }
        Ok(self.about)
    }
}

impl OpenCase {
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
                let [message] = tag.values(["message"])?;
                self.skipped = Some(message.unwrap_or_default());
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
            self.text = self.message.is_none().then(String::new);
        }
        Ok(())
    }

    fn child_closed(&mut self) {
        if let Some(text) = self.text.take() {
            self.message = first_line(&text);
        }
    }

    fn close(self, path: &str) -> Case {
        let (outcome, message) = match (self.worst, self.skipped) {
            (Some(worst), _) => (worst, self.message),
            // ctest writes a missing executable and a failed fixture as a test that was skipped; real skips say SKIP_….
            (None, Some(why)) if self.not_run && !why.starts_with("SKIP_") => (CaseOutcome::Errored, first_line(&why)),
            (None, Some(_)) => (CaseOutcome::Skipped, None),
            (None, None) => (self.stated, None),
        };
        Case {
            key: self.key,
            outcome,
            flaky: self.flaky && outcome == CaseOutcome::Passed,
            attempt: self.attempt,
            name: self.name,
            message: message.unwrap_or_default(),
            at: format!("{path}:{}", self.line),
        }
    }
}

/// What a case's attributes say; without a word that we know, it passed, unless a child says otherwise.
fn stated(words: [&str; 2]) -> CaseOutcome {
    let outcomes = words.map(|word| match word.to_ascii_lowercase().as_str() {
        "fail" | "failed" | "failure" => Some(CaseOutcome::Failed),
        "error" | "errored" | "broken" | "timeout" | "timedout" => Some(CaseOutcome::Errored),
        "notrun" | "disabled" | "skipped" | "ignored" | "pending" | "suppressed" | "todo" => Some(CaseOutcome::Skipped),
        _ => None,
    });
    outcomes.into_iter().flatten().max().unwrap_or(CaseOutcome::Passed)
}
