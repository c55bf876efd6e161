//! CTRF, the Common Test Report Format: JSON that reporters for most JavaScript, Python, Java and .NET frameworks write (ctrf-io/ctrf).
//!
//! Tests are counted, never `summary`, which serves as a check. `pending` is skipped, `other` is no pass. A test is one entry,
//! whatever its retries: it is flaky if it says so, or if it passed after one. `environment.commit` is the commit that was tested.

use serde::Deserialize;
use serde_json::Value;

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::{Declared, NO_CASE};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;

/// One test. Of what may be of several kinds, any value is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: Option<String>,
    status: Option<String>,
    suite: Option<Value>,
    file_path: Option<String>,
    browser: Option<String>,
    parameters: Option<Value>,
    message: Option<String>,
    retries: Option<Value>,
    flaky: Option<bool>,
}

#[derive(Deserialize)]
struct Summary {
    tests: Option<Value>,
    failed: Option<Value>,
    start: Option<Value>,
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    version: Option<Value>,
}

#[derive(Deserialize)]
struct Environment {
    commit: Option<String>,
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    declared: Declared,
    has_results: bool,
    has_tests: bool,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let (about, declared) = (About::default(), Declared::default());
    let mut report = Report { path, cases, about, declared, has_results: false, has_tests: false };
    let mut written: Option<String> = None;
    Json::document(input, "CTRF", |json| {
        json.object(|name, json| match name {
            "results" => report.results(json),
            "timestamp" => {
                written = text(json.read::<Option<Value>>()?.as_ref());
                Ok(())
            }
            _ => json.skip(),
        })
    })?;
    for (there, name) in [(report.has_results, "results"), (report.has_tests, "results.tests")] {
        if !there {
            return Err(Defect::Unreadable(format!("it is not CTRF: it has no `{name}`")));
        }
    }
    report.declared.check()?;
    let mut about = report.about;
    if about.taken.is_none() {
        about.taken = written.as_deref().and_then(times::moment).map(|moment| moment.time);
    }
    if report.declared.cases == 0 {
        about.notes.push(NO_CASE.to_owned());
    }
    Ok(about)
}

impl Report<'_> {
    fn results(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        self.has_results = true;
        json.object(|name, json| {
            match name {
                "tool" => {
                    let tool: Option<Tool> = json.read()?;
                    if let Some(Tool { name: Some(name), version }) = tool {
                        self.about.made_by(&name, text(version.as_ref()).as_deref());
                    }
                }
                "summary" => {
                    if let Some(summary) = json.read::<Option<Summary>>()? {
                        self.summary(&summary);
                    }
                }
                "environment" => {
                    let commit = json.read::<Option<Environment>>()?.and_then(|environment| environment.commit);
                    self.about.subjects.extend(commit.filter(|commit| !commit.trim().is_empty()));
                }
                "tests" => {
                    self.has_tests = true;
                    if json.peek()? == Kind::Null {
                        return json.skip();
                    }
                    json.array(|json| {
                        let line = json.line();
                        self.test(&json.read()?, line);
                        Ok(())
                    })?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })
    }

    fn summary(&mut self, summary: &Summary) {
        self.declared.tests = number(summary.tests.as_ref());
        self.declared.bad = number(summary.failed.as_ref());
        self.about.taken = text(summary.start.as_ref()).as_deref().and_then(times::epoch);
    }

    fn test(&mut self, test: &Test, line: u64) {
        let outcome = match test.status.as_deref().unwrap_or_default() {
            "passed" => CaseOutcome::Passed,
            "failed" => CaseOutcome::Failed,
            "skipped" | "pending" => CaseOutcome::Skipped,
            _ => CaseOutcome::Errored,
        };
        let again = test.flaky == Some(true) || number(test.retries.as_ref()) > 0;
        // A suite is a text, or the list of those around the test.
        let suite = match &test.suite {
            Some(Value::Array(names)) => {
                names.iter().filter_map(|name| text(Some(name))).collect::<Vec<_>>().join(" > ")
            }
            other => text(other.as_ref()).unwrap_or_default(),
        };
        let file = test.file_path.as_deref().unwrap_or_default();
        let name = test.name.as_deref().unwrap_or("(without a name)");
        let parameters = test.parameters.as_ref().map(Value::to_string).unwrap_or_default();
        let browser = test.browser.as_deref().unwrap_or_default();
        self.declared.cases += 1;
        self.declared.troubled += u64::from(outcome.is_bad() || again);
        self.cases.add(&Case {
            key: CaseKey::of([file, &suite, name, &parameters, browser]),
            outcome,
            flaky: again && outcome == CaseOutcome::Passed,
            attempt: false,
            class: if suite.is_empty() { file } else { &suite },
            name,
            message: test.message.as_deref().unwrap_or_default(),
            path: self.path,
            line,
        });
    }
}

/// A text, or a number as one.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A count, which may be written as a text; what is no number is none.
fn number(value: Option<&Value>) -> u64 {
    text(value).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
