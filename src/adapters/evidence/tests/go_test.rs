//! The output of `go test -json` (`go doc test2json`), and what gotestsum appends to it for reruns.
//!
//! Leaves count: a test whose subtests are known is no case, unless it failed and none of them did. A test that began and did not end
//! failed; a subtest whose parent passed all the same lost its end only (golang/go#40771), and is left out. A package that failed
//! without a failed test did not build, panicked outside of a test, or timed out: an errored case, named by the package.
//! The same test again (`-count`, reruns) is another attempt, and the last one decides.
//!
//! Lines that are no events are passed over, but for `FAIL pkg [build failed]`. go ends each package, whatever happens: one that is
//! open at the end means that the file is cut off.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::adapters::evidence::said::{About, Defect, first_line};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::NO_CASE;
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::{Rows, Window};

/// How many levels of subtests are told apart; what lies deeper belongs to the last of them.
const DEEPEST: usize = 32;

/// One line.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Cow<'a, str>,
    #[serde(borrow, default)]
    package: Cow<'a, str>,
    #[serde(borrow, default)]
    test: Cow<'a, str>,
    #[serde(borrow, default)]
    output: Cow<'a, str>,
    #[serde(borrow, default)]
    import_path: Cow<'a, str>,
    #[serde(borrow, default)]
    failed_build: Cow<'a, str>,
}

/// A package that has not ended.
#[derive(Default)]
struct Package {
    /// The tests that have not ended.
    open: BTreeMap<String, Open>,
    has_bad: bool,
    said: Option<String>,
}

/// A test that has not ended.
#[derive(Default)]
struct Open {
    line: u64,
    /// Whether it began; else it is known from its subtests only.
    began: bool,
    has_child: bool,
    child_bad: bool,
    said: Option<String>,
}

/// A build that failed.
#[derive(Default)]
struct Build {
    failed: bool,
    /// Whether a package's end has named it.
    told: bool,
    said: Option<String>,
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    about: About,
    packages: HashMap<String, Package>,
    builds: BTreeMap<String, Build>,
    events: u64,
    has_case: bool,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report {
        path,
        cases,
        about: About::default(),
        packages: HashMap::new(),
        builds: BTreeMap::new(),
        events: 0,
        has_case: false,
    };
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
            report.event(&event, line);
        } else {
            broken = row.starts_with('{') && serde_json::from_str::<IgnoredAny>(row).is_err();
            report.words(row, line);
        }
    }
    if broken {
        return Err(Defect::Unreadable(format!("it is cut off: its last line is no whole one (line {line})")));
    }
    report.finish(line)
}

impl Report<'_> {
    fn event(&mut self, event: &Event<'_>, line: u64) {
        self.events += 1;
        if self.about.taken.is_none() {
            self.about.taken = times::moment(&event.time).map(|moment| moment.time);
        }
        if !event.import_path.is_empty() {
            return self.build(event);
        }
        let (name, test) = (&*event.package, &*event.test);
        if !self.packages.contains_key(name) {
            self.packages.insert(name.to_owned(), Package::default());
        }
        let Some(package) = self.packages.get_mut(name) else { return };
        match (&*event.action, test) {
            ("run", test) if !test.is_empty() => {
                if package.open.get(test).is_some_and(|open| open.began) {
                    self.end(name, test, CaseOutcome::Failed, line);
                }
                self.begin(name, test, line);
            }
            ("output", test) => {
                let kept = if test.is_empty() { Some(&mut package.said) } else { package.said_by(test) };
                if let Some(kept) = kept.filter(|kept| kept.is_none()) {
                    *kept = informative(&event.output);
                }
            }
            ("pass" | "bench", test) if !test.is_empty() => self.end(name, test, CaseOutcome::Passed, line),
            ("fail", test) if !test.is_empty() => self.end(name, test, CaseOutcome::Failed, line),
            ("skip", test) if !test.is_empty() => self.end(name, test, CaseOutcome::Skipped, line),
            (action @ ("pass" | "fail" | "skip"), _) => {
                self.package_ended(name, action == "fail", &event.failed_build, line);
            }
            _ => {}
        }
    }

    fn build(&mut self, event: &Event<'_>) {
        let build = self.builds.entry(event.import_path.clone().into_owned()).or_default();
        match &*event.action {
            "build-fail" => build.failed = true,
            "build-output" if build.said.is_none() && !event.output.starts_with('#') => {
                build.said = first_line(&event.output);
            }
            _ => {}
        }
    }

    /// A line that is no event. Before go 1.24, a build that failed was told in such a line alone.
    fn words(&mut self, row: &str, line: u64) {
        let Some(rest) = row.strip_prefix("FAIL").filter(|rest| rest.starts_with([' ', '\t'])) else { return };
        let rest = rest.trim_start();
        if let Some(package) = ["[build failed]", "[setup failed]"].iter().find_map(|end| rest.strip_suffix(end)) {
            self.package_failed(package.trim_end(), rest, line);
        }
    }

    fn begin(&mut self, package: &str, test: &str, line: u64) {
        let Some(package) = self.packages.get_mut(package) else { return };
        let open = package.open.entry(test.to_owned()).or_default();
        (open.began, open.line) = (true, line);
        package.tell_parents(test, false);
    }

    fn end(&mut self, name: &str, test: &str, outcome: CaseOutcome, line: u64) {
        let Some(package) = self.packages.get_mut(name) else { return };
        let mut ended = package.open.remove(test).unwrap_or_else(|| Open { line, ..Open::default() });
        package.tell_parents(test, false);
        let inside = format!("{test}/");
        let lost: Vec<String> = package
            .open
            .range(inside.clone()..)
            .map(|(name, _)| name.clone())
            .take_while(|name| name.starts_with(&inside))
            .collect();
        if outcome.is_bad() {
            ended.child_bad |= self.lost(name, &lost);
        } else {
            lost.iter().for_each(|lost| drop(package.open.remove(lost)));
        }
        if ended.has_child && (!outcome.is_bad() || ended.child_bad) {
            return;
        }
        self.case(name, test, outcome, &ended);
    }

    /// Tests that began and did not end, with those around them before those inside; `true` if there is one.
    fn lost(&mut self, name: &str, tests: &[String]) -> bool {
        let mut any = false;
        for test in tests.iter().rev() {
            let open = self.packages.get_mut(name).and_then(|package| package.open.remove(test));
            let Some(mut open) = open.filter(|open| open.began && !open.child_bad) else { continue };
            any = true;
            open.said = open.said.or_else(|| Some("it began, and did not end".to_owned()));
            self.case(name, test, CaseOutcome::Failed, &open);
        }
        any
    }

    fn case(&mut self, name: &str, test: &str, outcome: CaseOutcome, open: &Open) {
        if let (true, Some(package)) = (outcome.is_bad(), self.packages.get_mut(name)) {
            package.has_bad = true;
            package.tell_parents(test, true);
        }
        self.add(CaseKey::of([name, test]), [name, test], outcome, open.said.as_deref().unwrap_or_default(), open.line);
    }

    fn add(&mut self, key: CaseKey, shown: [&str; 2], outcome: CaseOutcome, message: &str, line: u64) {
        self.has_case = true;
        let ([class, name], path) = (shown, self.path);
        self.cases.add(&Case { key, outcome, flaky: false, attempt: true, class, name, message, path, line });
    }

    fn package_ended(&mut self, name: &str, failed: bool, failed_build: &str, line: u64) {
        let open = self.packages.get(name).map(|package| package.open.keys().cloned());
        // A benchmark that is done has no end but that of its package.
        let lost = open.map(|open| open.filter(|test| failed || !test.starts_with("Benchmark")).collect::<Vec<_>>());
        self.lost(name, &lost.unwrap_or_default());
        let package = self.packages.remove(name).unwrap_or_default();
        let build = self.builds.get_mut(failed_build);
        let build_said = build.and_then(|build| {
            build.told = true;
            build.said.clone()
        });
        if failed && !package.has_bad {
            let said = build_said.or(package.said);
            let said = said.as_deref().unwrap_or("the package failed, and none of its tests did");
            self.package_failed(name, said, line);
        }
    }

    fn package_failed(&mut self, name: &str, message: &str, line: u64) {
        self.add(CaseKey::of([name]), [name, "(the package itself)"], CaseOutcome::Errored, message, line);
    }

    fn finish(mut self, line: u64) -> Result<About, Defect> {
        if self.events == 0 {
            let why = "it is not the output of `go test -json`: no line of it is an event";
            return Err(Defect::Unreadable(why.to_owned()));
        }
        let open = self.packages.keys().min();
        let build = self.builds.iter().find(|(_, build)| build.failed && !build.told).map(|(name, _)| name);
        if let Some(name) = open.or(build) {
            return Err(Defect::Unreadable(format!("it is cut off: it ends at line {line}, and `{name}` has no end")));
        }
        if !self.has_case {
            self.about.notes.push(NO_CASE.to_owned());
        }
        Ok(self.about)
    }
}

impl Package {
    /// Says to the tests around one that they have a child, and whether it is bad.
    fn tell_parents(&mut self, test: &str, bad: bool) {
        for (place, _) in test.match_indices('/').take(DEEPEST) {
            let parent = &test[..place];
            if !self.open.contains_key(parent) {
                self.open.insert(parent.to_owned(), Open::default());
            }
            if let Some(parent) = self.open.get_mut(parent) {
                parent.has_child = true;
                parent.child_bad |= bad;
            }
        }
    }

    fn said_by(&mut self, test: &str) -> Option<&mut Option<String>> {
        self.open.get_mut(test).map(|open| &mut open.said)
    }
}

/// What a line of output says; the lines that go itself writes around a test or a package say nothing.
fn informative(output: &str) -> Option<String> {
    let line = output.trim();
    let of_go = ["=== ", "--- ", "ok  \t", "coverage: ", "exit status "].iter().any(|start| line.starts_with(start));
    let is_frame = matches!(line, "PASS" | "FAIL") || (line.starts_with("FAIL\t") && !line.ends_with(']'));
    if of_go || is_frame { None } else { first_line(line) }
}

#[cfg(test)]
mod tests;
