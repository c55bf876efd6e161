//! CTRF, the Common Test Report Format: JSON that reporters for most JavaScript, Python, Java and .NET frameworks write (ctrf-io/ctrf).
//!
//! Tests are counted, never `summary`, which serves as a check. `pending` is skipped, `other` is no pass. A test is one entry,
//! whatever its retries: it is flaky if it says so, or if it passed after one. `environment.commit` is the commit that was tested.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::adapters::evidence::json::{Error, Json, Kind};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::{Declared, NO_CASE};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;

/// How much of a value that may be of any kind is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// A value of any kind as a text: a suite is a text or a list of those around the test, numbers may be texts.
#[derive(Default)]
struct Flat(String);

/// One test.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    name: Option<String>,
    status: Option<String>,
    #[serde(default)]
    suite: Flat,
    file_path: Option<String>,
    browser: Option<String>,
    #[serde(default)]
    parameters: Flat,
    message: Option<String>,
    #[serde(default)]
    retries: Flat,
    flaky: Option<bool>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    tests: Flat,
    #[serde(default)]
    failed: Flat,
    #[serde(default)]
    start: Flat,
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    #[serde(default)]
    version: Flat,
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
    let mut written = Flat::default();
    Json::document(input, "CTRF", |json| {
        json.object(|name, json| match name {
            "results" => report.results(json),
            "timestamp" => {
                written = json.read::<Flat>()?;
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
        about.taken = times::moment(&written.0).map(|moment| moment.time);
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
                        self.about.made_by(&name, Some(&version.0));
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
        self.declared.tests = summary.tests.number();
        self.declared.bad = summary.failed.number();
        self.about.taken = times::epoch(&summary.start.0);
    }

    fn test(&mut self, test: &Test, line: u64) {
        let outcome = match test.status.as_deref().unwrap_or_default() {
            "passed" => CaseOutcome::Passed,
            "failed" => CaseOutcome::Failed,
            "skipped" | "pending" => CaseOutcome::Skipped,
            _ => CaseOutcome::Errored,
        };
        let again = test.flaky == Some(true) || test.retries.number() > 0;
        let suite = test.suite.0.as_str();
        let file = test.file_path.as_deref().unwrap_or_default();
        let name = test.name.as_deref().unwrap_or("(without a name)");
        let browser = test.browser.as_deref().unwrap_or_default();
        self.declared.cases += 1;
        self.declared.troubled += u64::from(outcome.is_bad() || again);
        self.cases.add(&Case {
            key: CaseKey::of([file, suite, name, &test.parameters.0, browser]),
            outcome,
            flaky: again && outcome == CaseOutcome::Passed,
            attempt: false,
            class: if suite.is_empty() { file } else { suite },
            name,
            message: test.message.as_deref().unwrap_or_default(),
            path: self.path,
            line,
        });
    }
}

impl Flat {
    /// A count, which may be written as a text; what is no number is none.
    fn number(&self) -> u64 {
        self.0.trim().parse().unwrap_or(0)
    }

    fn push(&mut self, between: &str, part: &str) {
        if self.0.len() + part.len() <= KEPT {
            self.0.push_str(if self.0.is_empty() { "" } else { between });
            self.0.push_str(part);
        }
    }
}

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Flatten)
    }
}

struct Flatten;

impl<'de> Visitor<'de> for Flatten {
    type Value = Flat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Flat, E> {
        Ok(Flat::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Flat, E> {
        Ok(Flat(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Flat, E> {
        Ok(Flat(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Flat, E> {
        Ok(Flat(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Flat, E> {
        Ok(Flat(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Flat, E> {
        Ok(Flat(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Flat, A::Error> {
        let mut flat = Flat::default();
        while let Some(Flat(part)) = list.next_element()? {
            flat.push(" > ", &part);
        }
        Ok(flat)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flat, A::Error> {
        let mut flat = Flat::default();
        while let Some((Flat(name), Flat(value))) = map.next_entry()? {
            flat.push(", ", &format!("{name}={value}"));
        }
        Ok(flat)
    }
}
