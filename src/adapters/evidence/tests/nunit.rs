//! NUnit 3 XML (`test-run`, or a `test-suite` alone), as nunit3-console and `dotnet test --logger nunit` write it; see "Test Result
//! XML Format" in NUnit's documentation.
//!
//! Cases are counted, never attributes: `testcasecount` counts what a filter left out. A case that failed with the label `Error`,
//! `Invalid` or `Cancelled` is errored; `Warning` is no failure; a result that we do not know is errored. A suite that failed
//! while no case in it did (its tear-down, or an assembly that could not be loaded) is a case of its own.
//!
//! NUnit 2 nests its elements in the same way; it shares the walk, and judges for itself.

use crate::adapters::evidence::identity::KeyBuffer;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::{Declared, NO_CASE, NO_ZONE, Words, base_name, count};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{self, Tag};

/// What a version of NUnit says in its own way.
pub struct Dialect {
    /// What it is called.
    pub title: &'static str,
    /// The root of a whole report.
    pub root: &'static str,
    /// What a `test-suite` has in this version only: it may be the root too.
    pub mark: &'static str,
    /// How a case came out by its attributes; `None`: they do not say it.
    pub judge: fn(&Said<'_>) -> Option<CaseOutcome>,
    /// Whether a suite came out badly.
    pub is_bad: fn(&Said<'_>) -> bool,
}

/// What a case or a suite says of its result.
pub struct Said<'a> {
    /// The attribute `result`, without what stands in brackets behind it.
    pub result: &'a str,
    /// The attribute `label`, or what stands in brackets.
    pub label: &'a str,
    /// The attribute `executed`.
    pub executed: &'a str,
    /// The attribute `success`.
    pub success: &'a str,
    /// The attribute `site`: where it went wrong.
    pub site: &'a str,
}

const NUNIT_3: Dialect = Dialect { title: "NUnit 3 XML", root: "test-run", mark: "fullname", judge, is_bad };

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    walk(&NUNIT_3, input, path, cases)
}

fn judge(said: &Said<'_>) -> Option<CaseOutcome> {
    Some(match (said.result, said.label) {
        ("Passed" | "Success" | "Warning", _) => CaseOutcome::Passed,
        ("Skipped" | "Ignored" | "Inconclusive", _) => CaseOutcome::Skipped,
        ("Failed" | "Failure", "Error" | "Invalid" | "Cancelled") => CaseOutcome::Errored,
        ("Failed" | "Failure", _) => CaseOutcome::Failed,
        _ => CaseOutcome::Errored,
    })
}

/// What went wrong in its parent is told there.
fn is_bad(said: &Said<'_>) -> bool {
    said.result == "Failed" && said.site != "Parent"
}

/// Reads a report of either version.
pub fn walk(dialect: &Dialect, input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report {
        dialect,
        path,
        cases,
        about: About::default(),
        open: Vec::new(),
        key: KeyBuffer::default(),
        words: Words::default(),
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
    dialect: &'a Dialect,
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    /// The open suites, and the case in the innermost.
    open: Vec<Node>,
    key: KeyBuffer,
    words: Words,
    declared: Declared,
    unzoned: bool,
}

/// A suite or a case that is open.
struct Node {
    depth: usize,
    line: u64,
    name: String,
    is_case: bool,
    /// Of a case, what its attributes say.
    outcome: Option<CaseOutcome>,
    /// Of a suite, whether it says that it came out badly, and whether something in it did.
    is_bad: bool,
    holds_bad: bool,
    failure: bool,
    message: Option<String>,
    /// How much of the key was there before it.
    key: usize,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let name = tag.name();
        if tag.depth == 1 {
            self.root(tag)?;
        }
        if matches!(name, "test-suite" | "test-case") || tag.depth == 1 {
            return self.node(tag);
        }
        if name == "environment" {
            let [version] = tag.values(["nunit-version"])?;
            if let Some(version) = version {
                self.about.made_by("NUnit", Some(&version));
            }
        }
        let Some(node) = self.open.last_mut() else { return Ok(()) };
        match (tag.depth - node.depth, name) {
            (1, "failure") => node.failure = true,
            (2, "message") if node.failure && node.message.is_none() => self.words.begin(),
            _ => {}
        }
        Ok(())
    }

    /// Looks at the root, which tells the version.
    fn root(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let title = self.dialect.title;
        let [mark] = tag.values([self.dialect.mark])?;
        if tag.name() != self.dialect.root && !(tag.name() == "test-suite" && mark.is_some()) {
            return Err(Defect::Unreadable(format!("it is not {title}: it begins with <{}>", tag.name())));
        }
        let names = ["total", "failed", "failures", "errors", "start-time", "run-date", "date", "time"];
        let values = tag.values(names)?;
        let [total, failed, failures, errors, start, run_date, date, time] =
            values.each_ref().map(|value| value.as_deref());
        self.declared.tests = count(total);
        self.declared.bad = count(failed).max(count(failures)).max(count(errors));
        // NUnit 3 writes one time; its first versions, and NUnit 2, the day apart.
        let moment = match (run_date.or(date), start.or(time)) {
            (Some(day), Some(time)) => times::moment(&format!("{}T{}", day.trim(), time.trim())),
            (None, Some(time)) => times::moment(time),
            (_, None) => None,
        };
        if let Some(moment) = moment {
            self.about.older(moment.time);
            self.unzoned = !moment.zoned;
        }
        Ok(())
    }

    fn node(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let is_case = tag.name() == "test-case";
        let names = ["name", "fullname", "result", "label", "executed", "success", "type", "site"];
        let values = tag.values(names)?;
        let [name, full, result, label, executed, success, kind, site] =
            values.each_ref().map(|value| value.as_deref().unwrap_or_default());
        // Some writers put the label behind the result: `Failed(Child)`.
        let (result, inner) = result.split_once('(').unwrap_or((result, ""));
        let label = if label.is_empty() { inner.trim_end_matches(')') } else { label };
        let said = Said { result: result.trim(), label, executed, success, site };
        let key = self.key.len();
        let is_root = tag.depth == 1 && tag.name() == self.dialect.root;
        // An assembly, and the project around it, is named by its path, which differs from machine to machine.
        let is_file = matches!(kind, "Assembly" | "Project" | "Test Project") || (kind.is_empty() && tag.depth <= 2);
        let short = if is_file && !is_case { base_name(name) } else { name };
        if is_case || !(is_root || short.is_empty()) {
            self.key.push(short.as_bytes());
        }
        if is_case {
            self.key.push(full.as_bytes());
        }
        let shown = if is_case && !full.is_empty() { full } else { short };
        self.open.push(Node {
            depth: tag.depth,
            line: tag.line(),
            name: if is_root { String::new() } else { shown.to_owned() },
            is_case,
            outcome: if is_case { (self.dialect.judge)(&said) } else { None },
            is_bad: !is_case && (self.dialect.is_bad)(&said),
            holds_bad: false,
            failure: false,
            message: None,
            key,
        });
        Ok(())
    }

    fn close(&mut self, depth: usize) {
        let Some(node) = self.open.last_mut() else { return };
        if depth == node.depth + 2
            && let Some(message) = self.words.end()
        {
            node.message = Some(message);
        }
        if depth == node.depth
            && let Some(node) = self.open.pop()
        {
            self.ended(&node);
        }
    }

    fn ended(&mut self, node: &Node) {
        let mut outcome = None;
        if node.is_case {
            self.declared.cases += 1;
            let stated = node.outcome.unwrap_or(CaseOutcome::Passed);
            // What is said to have passed, with a failure in it, did not.
            let failed = node.failure && stated == CaseOutcome::Passed;
            outcome = Some(if failed { CaseOutcome::Failed } else { stated });
        } else if node.is_bad && !node.holds_bad {
            self.key.push(b"the suite itself");
            outcome = Some(CaseOutcome::Errored);
        }
        let is_bad = outcome.is_some_and(CaseOutcome::is_bad);
        if let Some(outcome) = outcome {
            self.declared.troubled += u64::from(is_bad);
            let (class, name) =
                if node.is_case { ("", node.name.as_str()) } else { (node.name.as_str(), "(the suite itself)") };
            self.cases.add(&Case {
                key: CaseKey(self.key.identity()),
                outcome,
                flaky: false,
                attempt: false,
                class,
                name,
                message: node.message.as_deref().unwrap_or_default(),
                path: self.path,
                line: node.line,
            });
        }
        self.key.truncate(node.key);
        if let Some(around) = self.open.last_mut() {
            around.holds_bad |= is_bad || node.holds_bad;
        }
    }

    fn finish(mut self) -> Result<About, Defect> {
        self.declared.check()?;
        if self.declared.cases == 0 && self.declared.troubled == 0 {
            self.about.notes.push(NO_CASE.to_owned());
        }
        if self.unzoned {
            self.about.notes.push(NO_ZONE.to_owned());
        }
        Ok(self.about)
    }
}
