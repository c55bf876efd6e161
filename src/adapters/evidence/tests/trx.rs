//! TRX, the test results of Visual Studio: MSTest, `dotnet test --logger trx`, and Microsoft.Testing.Platform write it (namespace
//! `http://microsoft.com/schemas/VisualStudio/TeamTest/2010`).
//!
//! Results are counted, never `Counters`: they leave out what was not executed, and the new platform writes zeroes. Of a result with
//! `InnerResults` (data rows, ordered tests) the inner ones count. A run that says that it failed while no result did is a host that
//! crashed: a case of its own, with the words of `RunInfo`. An outcome that we do not know, or none, is errored: `Error` is the
//! default that the writers leave out.
//!
//! A case is known by `testId`, which is made of the assembly's name and the test's, and by `testName`, which holds the parameters.

use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::said::{About, Defect};
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
        open: Vec::new(),
        words: Words::default(),
        run_info: None,
        outcome: None,
        declared: Declared::default(),
        unzoned: false,
    };
    xml::walk(
        input,
        &mut report,
        |report, tag| report.open(tag),
        |report, text| report.words.add(text),
        |report, _, depth| report.close(depth),
    )?;
    report.finish()
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    /// The open results, the innermost last.
    open: Vec<Open>,
    words: Words,
    /// The first text of `RunInfo`.
    run_info: Option<String>,
    /// How the run came out, and the line that says it.
    outcome: Option<(String, u64)>,
    declared: Declared,
    unzoned: bool,
}

/// A result that is open.
struct Open {
    depth: usize,
    line: u64,
    key: u128,
    name: String,
    outcome: CaseOutcome,
    has_inner: bool,
    inner_bad: bool,
    message: Option<String>,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let name = tag.name();
        if tag.depth == 1 && name != "TestRun" {
            return Err(Defect::Unreadable(format!("it is not TRX: it begins with <{name}>")));
        }
        match (tag.depth, name) {
            (2, "Times") => return self.times(tag),
            (2, "ResultSummary") => {
                let [outcome] = tag.values(["outcome"])?;
                self.outcome = outcome.map(|outcome| (outcome.into_owned(), tag.line()));
                return Ok(());
            }
            (3, "Counters") => return self.counters(tag),
            // RunInfos, RunInfo, Text
            (5, "Text") if self.run_info.is_none() => {
                self.words.begin();
                return Ok(());
            }
            _ => {}
        }
        let inside = self.open.last().map_or(1, |open| open.depth);
        // `UnitTestResult`, `GenericTestResult`, `TestResultAggregation`, …: in `Results`, or in the `InnerResults` of another.
        if tag.depth == inside + 2 && (name.ends_with("Result") || name == "TestResultAggregation") {
            return self.result(tag);
        }
        if let Some(open) = self.open.last()
            && name == "Message"
            && tag.depth == open.depth + 3
            && open.message.is_none()
        {
            self.words.begin();
        }
        Ok(())
    }

    fn times(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [start, creation] = tag.values(["start", "creation"])?;
        let moment = start.as_deref().and_then(times::moment).or_else(|| creation.as_deref().and_then(times::moment));
        if let Some(moment) = moment {
            self.about.older(moment.time);
            self.unzoned = !moment.zoned;
        }
        Ok(())
    }

    fn counters(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let values = tag.values(["total", "failed", "error", "timeout", "aborted"])?;
        let [total, bad @ ..] = values.each_ref().map(|value| count(value.as_deref()));
        self.declared.tests = self.declared.tests.max(total);
        self.declared.bad = bad.into_iter().fold(self.declared.bad, u64::max);
        Ok(())
    }

    fn result(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [id, name, outcome] = tag.values(["testId", "testName", "outcome"])?;
        let (id, name) = (id.unwrap_or_default(), name.unwrap_or_default());
        if let Some(outer) = self.open.last_mut() {
            outer.has_inner = true;
        }
        self.open.push(Open {
            depth: tag.depth,
            line: tag.line(),
            key: identity([id.to_ascii_lowercase().as_str(), &name]),
            name: name.into_owned(),
            outcome: judge(outcome.as_deref().unwrap_or_default()),
            has_inner: false,
            inner_bad: false,
            message: None,
        });
        Ok(())
    }

    fn close(&mut self, depth: usize) {
        let message = self.words.end();
        match self.open.last_mut() {
            None => self.run_info = self.run_info.take().or(message),
            Some(open) => open.message = open.message.take().or(message),
        }
        if self.open.last().is_some_and(|open| open.depth == depth)
            && let Some(open) = self.open.pop()
        {
            self.ended(&open);
        }
    }

    fn ended(&mut self, open: &Open) {
        let is_bad = open.outcome.is_bad();
        if let Some(outer) = self.open.last_mut() {
            outer.inner_bad |= is_bad || open.inner_bad;
        }
        // An outer result that failed with none of its inner ones did so by itself.
        if open.has_inner && (!is_bad || open.inner_bad) {
            return;
        }
        self.declared.cases += 1;
        self.declared.troubled += u64::from(is_bad);
        self.cases.add(&Case {
            key: CaseKey(open.key),
            outcome: open.outcome,
            flaky: false,
            attempt: false,
            class: "",
            name: &open.name,
            message: open.message.as_deref().unwrap_or_default(),
            path: self.path,
            line: open.line,
        });
    }

    fn finish(mut self) -> Result<About, Defect> {
        self.declared.check()?;
        if let Some((outcome, line)) = &self.outcome {
            // `Failed` is what a run with failed tests says too; the others are about the run itself.
            let crashed = match outcome.as_str() {
                "Failed" => self.declared.troubled == 0,
                "Error" | "Aborted" | "Timeout" | "Disconnected" => true,
                _ => false,
            };
            if crashed {
                self.declared.troubled += 1;
                self.cases.add(&Case {
                    key: CaseKey::of([self.path, "the run itself"]),
                    outcome: CaseOutcome::Errored,
                    flaky: false,
                    attempt: false,
                    class: "",
                    name: "(the run itself)",
                    message: self.run_info.as_deref().unwrap_or("the run failed, and none of its tests did"),
                    path: self.path,
                    line: *line,
                });
            }
        }
        if self.declared.cases == 0 && self.declared.troubled == 0 {
            self.about.notes.push(NO_CASE.to_owned());
        }
        if self.unzoned {
            self.about.notes.push(NO_ZONE.to_owned());
        }
        Ok(self.about)
    }
}

fn judge(outcome: &str) -> CaseOutcome {
    match outcome {
        "Passed" | "Warning" => CaseOutcome::Passed,
        "Failed" => CaseOutcome::Failed,
        "NotExecuted" | "Inconclusive" => CaseOutcome::Skipped,
        // Error, Timeout, Aborted, Disconnected, NotRunnable, PassedButRunAborted, and what never ended: InProgress, Pending.
        _ => CaseOutcome::Errored,
    }
}
