//! xUnit.net XML, version 1 (one `assembly`, with `class`) to 3 (`assemblies`, with `collection`); see "xUnit.net v2+ XML format".
//!
//! Tests are counted by their `result`; one that we do not know is errored. `errors` are failures of clean-up and of fixtures, which no
//! test shows and no total holds: each is a case of its own. The time may be impossible (31 April), and then there is none.

use crate::adapters::evidence::identity::KeyBuffer;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::{Declared, NO_CASE, NO_ZONE, Words, base_name, count};
use crate::adapters::evidence::times::{self, Moment};
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{self, Tag};

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report {
        path,
        cases,
        about: About::default(),
        assembly: Assembly::default(),
        key: KeyBuffer::default(),
        open: None,
        words: Words::default(),
        declared: Declared::default(),
        unzoned: false,
        untimed: false,
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
    assembly: Assembly,
    /// The name of the open assembly.
    key: KeyBuffer,
    open: Option<Open>,
    words: Words,
    declared: Declared,
    unzoned: bool,
    /// Whether an assembly does not say when it ran.
    untimed: bool,
}

/// The open assembly.
#[derive(Default)]
struct Assembly {
    depth: usize,
    line: u64,
    name: String,
    /// How many errors it declares, and how many were found.
    declared: u64,
    errors: u64,
}

/// A test, or an error of the assembly, that is open.
struct Open {
    depth: usize,
    line: u64,
    key: u128,
    class: String,
    name: String,
    outcome: CaseOutcome,
    message: Option<String>,
}

impl Report<'_> {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let name = tag.name();
        if tag.depth == 1 && !matches!(name, "assemblies" | "assembly") {
            return Err(Defect::Unreadable(format!("it is not xUnit.net XML: it begins with <{name}>")));
        }
        if let Some(open) = &self.open {
            // test, failure, message; or error, failure, message
            if name == "message" && tag.depth == open.depth + 2 && open.outcome.is_bad() && open.message.is_none() {
                self.words.begin();
            }
            return Ok(());
        }
        match name {
            "assembly" if tag.depth <= 2 => self.assembly(tag),
            "test" => self.test(tag),
            "error" if tag.depth == self.assembly.depth + 2 => self.error(tag),
            _ => Ok(()),
        }
    }

    fn assembly(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let names = [
            "name",
            "total",
            "failed",
            "errors",
            "start-rtf",
            "run-date",
            "run-time",
            "test-framework",
            "target-framework",
        ];
        let values = tag.values(names)?;
        let [name, total, failed, errors, start, date, time, tool, target] =
            values.each_ref().map(|value| value.as_deref());
        let name = base_name(name.unwrap_or_default());
        self.assembly =
            Assembly { depth: tag.depth, line: tag.line(), name: name.to_owned(), declared: count(errors), errors: 0 };
        self.key.truncate(0);
        self.key.push(name.as_bytes());
        self.key.push(target.unwrap_or_default().as_bytes());
        self.declared.tests = self.declared.tests.max(count(total));
        self.declared.bad = self.declared.bad.max(count(failed));
        match start.and_then(times::moment).or_else(|| day_and_time(date, time)) {
            Some(moment) => {
                self.about.older(moment.time);
                self.unzoned |= !moment.zoned;
            }
            None => self.untimed = true,
        }
        if let Some(tool) = tool {
            let (name, version) = tool.trim().split_once(' ').unwrap_or((tool, ""));
            self.about.made_by(name, Some(version));
        }
        Ok(())
    }

    fn test(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [name, class, method, result] = tag.values(["name", "type", "method", "result"])?;
        let outcome = match result.as_deref().unwrap_or_default() {
            "Pass" => CaseOutcome::Passed,
            "Fail" => CaseOutcome::Failed,
            "Skip" | "NotRun" => CaseOutcome::Skipped,
            _ => CaseOutcome::Errored,
        };
        self.begin(tag, [class.as_deref(), name.as_deref(), method.as_deref()], outcome);
        Ok(())
    }

    /// An error outside of any test: of a fixture, a collection, the assembly.
    fn error(&mut self, tag: &Tag<'_>) -> Result<(), Defect> {
        let [kind, name] = tag.values(["type", "name"])?;
        let name = name.or(kind.clone()).unwrap_or_default();
        self.assembly.errors += 1;
        let shown = format!("(outside of its tests) {name}");
        let class = self.assembly.name.clone();
        self.begin(tag, [Some(&class), Some(&shown), kind.as_deref()], CaseOutcome::Errored);
        Ok(())
    }

    fn begin(&mut self, tag: &Tag<'_>, parts: [Option<&str>; 3], outcome: CaseOutcome) {
        let parts = parts.map(Option::unwrap_or_default);
        let before = self.key.len();
        for part in parts {
            self.key.push(part.as_bytes());
        }
        let key = self.key.identity();
        self.key.truncate(before);
        let [class, name, _] = parts.map(str::to_owned);
        self.open = Some(Open { depth: tag.depth, line: tag.line(), key, class, name, outcome, message: None });
    }

    fn close(&mut self, depth: usize) {
        if let Some(open) = &mut self.open {
            if let Some(message) = self.words.end() {
                open.message = Some(message);
            }
            if depth == open.depth {
                self.ended();
            }
        } else if depth == self.assembly.depth && self.assembly.errors == 0 && self.assembly.declared > 0 {
            // It counts errors, and shows none.
            let message = format!("{} errors outside of its tests", self.assembly.declared);
            let (class, name) = (self.assembly.name.clone(), "(outside of its tests)".to_owned());
            let (depth, line) = (self.assembly.depth, self.assembly.line);
            let (key, outcome, message) = (self.key.identity(), CaseOutcome::Errored, Some(message));
            self.open = Some(Open { depth, line, key, class, name, outcome, message });
            self.ended();
        }
    }

    fn ended(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.declared.cases += 1;
        self.declared.troubled += u64::from(open.outcome.is_bad());
        self.cases.add(&Case {
            key: CaseKey(open.key),
            outcome: open.outcome,
            flaky: false,
            attempt: false,
            class: &open.class,
            name: &open.name,
            message: open.message.as_deref().unwrap_or_default(),
            path: self.path,
            line: open.line,
        });
    }

    fn finish(mut self) -> Result<About, Defect> {
        self.declared.check()?;
        if self.declared.cases == 0 {
            self.about.notes.push(NO_CASE.to_owned());
        }
        if self.untimed {
            self.about.taken = None;
        }
        if self.unzoned {
            self.about.notes.push(NO_ZONE.to_owned());
        }
        Ok(self.about)
    }
}

fn day_and_time(date: Option<&str>, time: Option<&str>) -> Option<Moment> {
    times::moment(&format!("{}T{}", date?.trim(), time?.trim()))
}
