//! TAP, the Test Anything Protocol, versions 12 to 14 (testanything.org): Perl's Test::More, node-tap, tape, bats, pgTAP and others.
//!
//! The test points at the left margin count; those of a subtest are indented, and its parent repeats their result. A failing point
//! with `TODO` or `SKIP` is no failure. What ends the stream before its plan is fulfilled is no whole report: no plan, another number
//! of points than planned, numbers that are out of it. `Bail out!` is a failure of its own.
//!
//! Descriptions repeat (`should be equal`) and may be missing: a case is known by the report, its place and its description.

use crate::adapters::evidence::said::{About, Defect, first_line};
use crate::adapters::evidence::tests::cases::{Case, CaseKey, CaseOutcome, Cases};
use crate::adapters::evidence::tests::words::NO_CASE;
use crate::adapters::evidence::window::{Rows, Window};

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, path: &str, cases: &mut Cases) -> Result<About, Defect> {
    let mut report = Report {
        path,
        cases,
        plan: None,
        points: 0,
        numbers: Numbers::default(),
        failing: None,
        behind_point: false,
        block: None,
        about: About::default(),
    };
    let mut rows = Rows::new(input);
    let mut number = 0;
    while let Some(row) = rows.next_row()? {
        number += 1;
        if let Some(why) = report.row(row, number)? {
            report.bailed_out(why.trim(), number);
            return Ok(report.about);
        }
    }
    report.finish(number)
}

/// One file on its way.
struct Report<'a> {
    path: &'a str,
    cases: &'a mut Cases,
    plan: Option<u64>,
    points: u64,
    numbers: Numbers,
    /// The newest point, if it failed: what it says comes behind it.
    failing: Option<Failing>,
    /// Whether the newest row is a point, which a block of YAML may follow.
    behind_point: bool,
    /// The indentation of the block of YAML that is open, and whether its next line is the message.
    block: Option<(usize, bool)>,
    about: About,
}

/// A point that failed.
struct Failing {
    key: CaseKey,
    name: String,
    line: u64,
    message: Option<String>,
}

/// The least and the greatest number of a point.
#[derive(Default)]
struct Numbers {
    least: Option<u64>,
    greatest: u64,
}

impl Numbers {
    fn add(&mut self, number: u64) {
        self.least = Some(self.least.map_or(number, |least| least.min(number)));
        self.greatest = self.greatest.max(number);
    }
}

impl Report<'_> {
    /// Reads one row; the words behind `Bail out!` if it is that.
    fn row<'r>(&mut self, row: &'r str, line: u64) -> Result<Option<&'r str>, Defect> {
        let text = row.trim();
        let indent = row.len() - row.trim_start().len();
        if self.in_block(text, indent) {
            return Ok(None);
        }
        let behind_point = std::mem::replace(&mut self.behind_point, false);
        if text.is_empty() {
            self.behind_point = behind_point;
        } else if indent > 0 {
            match &mut self.failing {
                _ if !behind_point => {}
                _ if text == "---" => self.block = Some((indent, false)),
                // mocha writes prose where others write YAML.
                Some(failing) if !is_tap(text) => failing.message = first_line(text),
                _ => {}
            }
        } else if let Some(why) = text.strip_prefix("Bail out!") {
            return Ok(Some(why));
        } else if let Some(plan) = plan(text) {
            if self.plan.replace(plan).is_some() {
                return Err(Defect::Unreadable(format!(
                    "it has a second plan at line {line}: each script's output has to come in a file of its own"
                )));
            }
        } else if let Some(point) = Point::of(text) {
            self.behind_point = true;
            self.point(&point, line);
        } else if let (true, Some(words), Some(failing)) = (behind_point, text.strip_prefix('#'), &mut self.failing)
            && !words.trim_start().starts_with("Subtest")
        {
            failing.message = first_line(words);
        }
        Ok(None)
    }

    /// Whether the row belongs to a block of YAML.
    fn in_block(&mut self, text: &str, indent: usize) -> bool {
        let Some((start, next)) = self.block else { return false };
        if indent == 0 && is_tap(text) && !text.starts_with('#') {
            self.block = None;
            return false;
        }
        if text == "..." && indent == start {
            self.block = None;
            return true;
        }
        self.block = Some((start, false));
        let Some(failing) = self.failing.as_mut().filter(|failing| failing.message.is_none()) else { return true };
        if next {
            failing.message = first_line(text);
        } else if let Some((key @ ("message" | "error"), value)) = text.split_once(':') {
            match value.trim() {
                "|" | "|-" | "|+" | ">" | ">-" | ">+" => self.block = Some((start, true)),
                "" if key == "message" => self.block = Some((start, true)),
                value => failing.message = first_line(unquoted(value)),
            }
        }
        true
    }

    fn point(&mut self, point: &Point<'_>, line: u64) {
        self.flush();
        self.points += 1;
        if let Some(number) = point.number {
            self.numbers.add(number);
        }
        let number = self.points.to_string();
        let key = CaseKey::of([self.path, &number, point.description]);
        let name = if point.description.is_empty() { format!("test {number}") } else { point.description.to_owned() };
        let outcome = match (point.ok, point.directive) {
            (_, Some(Directive::Skip)) | (false, Some(Directive::Todo)) => CaseOutcome::Skipped,
            (true, _) => CaseOutcome::Passed,
            (false, None) => {
                self.failing = Some(Failing { key, name, line, message: None });
                return;
            }
        };
        self.add(key, &name, outcome, "", line);
    }

    /// Adds the failing point, whose words have been read.
    fn flush(&mut self) {
        if let Some(Failing { key, name, line, message }) = self.failing.take() {
            self.add(key, &name, CaseOutcome::Failed, message.as_deref().unwrap_or_default(), line);
        }
    }

    fn add(&mut self, key: CaseKey, name: &str, outcome: CaseOutcome, message: &str, line: u64) {
        let path = self.path;
        self.cases.add(&Case { key, outcome, flaky: false, attempt: false, class: "", name, message, path, line });
    }

    fn bailed_out(&mut self, why: &str, line: u64) {
        self.flush();
        let key = CaseKey::of([self.path, "the run itself"]);
        let message = format!("Bail out! {why}");
        self.add(key, "(the run itself)", CaseOutcome::Errored, message.trim_end(), line);
    }

    fn finish(mut self, line: u64) -> Result<About, Defect> {
        let points = self.points;
        let why = match self.plan {
            _ if self.block.is_some() => format!("it is cut off: it ends at line {line} inside a block of YAML"),
            None if points == 0 => "it is not TAP: it has no plan (`1..N`) and no test point".to_owned(),
            None => "it is cut off, or its script died: it has no plan (`1..N`)".to_owned(),
            Some(plan) if points < plan => {
                format!("it is cut off, or its script died: its plan is {plan} tests, and it holds {points}")
            }
            Some(plan) if points > plan => format!("its plan is {plan} tests, and it holds {points}"),
            Some(plan) if self.numbers.greatest > plan => {
                format!("its plan is 1..{plan}, and a test has the number {}", self.numbers.greatest)
            }
            Some(plan) if self.numbers.least == Some(0) => {
                format!("its plan is 1..{plan}, and a test has the number 0")
            }
            // A number that is there twice is let pass: mocha gives the number of a test to a hook that failed before it.
            Some(_) => {
                self.flush();
                if points == 0 {
                    self.about.notes.push(NO_CASE.to_owned());
                }
                return Ok(self.about);
            }
        };
        Err(Defect::Unreadable(why))
    }
}

/// A value of YAML without its quotes.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Whether a row says something in TAP, at whatever level.
fn is_tap(text: &str) -> bool {
    text.starts_with('#') || text.starts_with("Bail out!") || plan(text).is_some() || Point::of(text).is_some()
}

/// How many tests a plan announces: `1..N`, with words behind a `#`.
fn plan(text: &str) -> Option<u64> {
    let rest = text.strip_prefix("1..")?;
    let number = rest.split_once('#').map_or(rest, |(number, _)| number).trim();
    (number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty()).then(|| number.parse().unwrap_or(u64::MAX))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Skip,
    Todo,
}

/// A test point.
#[derive(Debug, PartialEq, Eq)]
struct Point<'a> {
    ok: bool,
    number: Option<u64>,
    description: &'a str,
    directive: Option<Directive>,
}

impl<'a> Point<'a> {
    /// `[not] ok [number] [-] [description] [# directive]`
    fn of(text: &'a str) -> Option<Self> {
        let (ok, rest) = match text.strip_prefix("not ok") {
            Some(rest) => (false, rest),
            None => (true, text.strip_prefix("ok")?),
        };
        let in_word = |text: &str| text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if in_word(rest) {
            return None;
        }
        let rest = rest.trim_start();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = match rest.split_at(digits) {
            (digits, after) if !digits.is_empty() && !in_word(after) => {
                (Some(digits.parse().unwrap_or(u64::MAX)), after)
            }
            _ => (None, rest),
        };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        let (description, directive) = directive(rest);
        Some(Self { ok, number, description, directive })
    }
}

/// Cuts the directive off. It begins with a `#` that is not escaped and stands alone: `fixes #todo` is a description. node-tap and
/// vitest write how long a test took in the same place, and a brace where its subtests follow.
fn directive(text: &str) -> (&str, Option<Directive>) {
    let text = text.strip_suffix('{').unwrap_or(text).trim_end();
    let mut description = None;
    for (place, _) in text.match_indices('#') {
        let before = &text[..place];
        if !(before.is_empty() || before.ends_with(char::is_whitespace)) {
            continue;
        }
        let after = text[place + 1..].trim_start();
        let word = |wanted: &str| after.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(wanted));
        let ends = !after.get(4..).unwrap_or_default().starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if word("skip") {
            return (description.unwrap_or(before).trim_end(), Some(Directive::Skip));
        }
        if word("todo") && ends {
            return (description.unwrap_or(before).trim_end(), Some(Directive::Todo));
        }
        if after.starts_with("time=") {
            description = description.or(Some(before));
        }
    }
    (description.unwrap_or(text).trim_end(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of cases, and the bad ones in words.
    type Counts = (u64, u64, u64, u64, u64, Vec<String>);

    fn counts(text: &str) -> Result<Counts, Defect> {
        let mut cases = Cases::default();
        parse(Window::new(text.as_bytes()), "r.tap", &mut cases)?;
        let (tests, _) = cases.finish()?;
        let bad = tests.failures.iter().map(|bad| format!("{} | {} | {}", bad.name, bad.message, bad.at)).collect();
        Ok((tests.total, tests.passed, tests.failed, tests.errored, tests.skipped, bad))
    }

    #[test]
    fn reads_points_and_what_stands_behind_them() {
        for (row, ok, number, description, wanted) in [
            ("ok", true, None, "", None),
            ("ok 1", true, Some(1), "", None),
            ("not ok 2 - adds", false, Some(2), "adds", None),
            ("ok 2-adds", true, Some(2), "adds", None),
            ("ok - 2 and 3", true, None, "2 and 3", None),
            ("ok 2nd of all", true, None, "2nd of all", None),
            ("ok 1 # SKIP no database", true, Some(1), "", Some(Directive::Skip)),
            ("not ok 1 - a # skipped: later", false, Some(1), "a", Some(Directive::Skip)),
            ("not ok 1 - a # TODO", false, Some(1), "a", Some(Directive::Todo)),
            ("not ok 1 - a #todo later", false, Some(1), "a", Some(Directive::Todo)),
            ("not ok 1 - fixes x#todo", false, Some(1), "fixes x#todo", None),
            ("not ok 1 - a \\# TODO", false, Some(1), "a \\# TODO", None),
            ("not ok 1 - a # TODOLIST", false, Some(1), "a # TODOLIST", None),
            ("not ok 1 - item # 3 # todo b", false, Some(1), "item # 3", Some(Directive::Todo)),
            ("ok 1 - a # time=2.28ms", true, Some(1), "a", None),
            ("not ok 1 - a # time=2ms {", false, Some(1), "a", None),
            ("ok 99999999999999999999 - a", true, Some(u64::MAX), "a", None),
        ] {
            let wanted = Point { ok, number, description, directive: wanted };
            assert_eq!(Point::of(row), Some(wanted), "{row}");
        }
        for row in ["okay", "ok2", "not okay", "nok", "", "# ok"] {
            assert_eq!(Point::of(row), None, "{row}");
        }
    }

    #[test]
    fn says_what_failed_and_why() {
        let text = "1..6\nok 1\nnot ok 2 - yaml\n  ---\n  at: x\n  message: 'it''s 3'\n  found: 1\n  ...\nnot ok 3 - prose\n  3 is not 4\n  at x\n\
                    not ok 4 - note\n# in x.bats\nnot ok 5 - block\n    ---\n    error: |-\n      no database\n      at x\n    ...\n# heading\nnot ok 6\n# Subtest: next\n";
        let (total, passed, failed, .., bad) = counts(text).unwrap();
        assert_eq!((total, passed, failed), (6, 1, 5));
        let wanted = [
            "yaml | it''s 3 | r.tap:3",
            "prose | 3 is not 4 | r.tap:9",
            "note | in x.bats | r.tap:12",
            "block | no database | r.tap:14",
            "test 6 |  | r.tap:21",
        ];
        assert_eq!(bad, wanted);
    }

    #[test]
    fn one_level_counts_and_equal_names_are_apart() {
        let text = "TAP version 14\n# Subtest: a\n    not ok 1 - inner\n    1..1\nok 1 - a\n\nok 2 - same\nok 3 - same\n1..3 # done\n";
        assert_eq!(counts(text).map(|(total, passed, ..)| (total, passed)), Ok((3, 3)));
    }

    #[test]
    fn bailing_out_is_an_error_of_its_own() {
        let (total, passed, failed, errored, _, bad) =
            counts("1..9\nok 1\nnot ok 2\nBail out! no database\nok 3\n").unwrap();
        assert_eq!((total, passed, failed, errored), (3, 1, 1, 1));
        assert_eq!(bad[1], "(the run itself) | Bail out! no database | r.tap:4");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("hello\n", "it is not TAP: it has no plan (`1..N`) and no test point"),
            ("ok 1\n", "it is cut off, or its script died: it has no plan (`1..N`)"),
            ("1..3\nok 1\nok 2\n", "it is cut off, or its script died: its plan is 3 tests, and it holds 2"),
            ("1..1\nok 1\nok 2\n", "its plan is 1 tests, and it holds 2"),
            ("1..2\nok 1\nok 3\n", "its plan is 1..2, and a test has the number 3"),
            ("1..2\nok 0\nok 1\n", "its plan is 1..2, and a test has the number 0"),
            ("1..1\nnot ok 1\n  ---\n  a: b\n", "it is cut off: it ends at line 4 inside a block of YAML"),
            (
                "1..1\nok 1\n1..1\n",
                "it has a second plan at line 3: each script's output has to come in a file of its own",
            ),
            (
                "1..99999999999999999999\nok 1\n",
                "it is cut off, or its script died: its plan is 18446744073709551615 tests, and it holds 1",
            ),
        ] {
            assert_eq!(counts(text), Err(Defect::Unreadable(why.to_owned())), "{text}");
        }
        for text in ["1..0 # SKIP no database\n", "1..1\nok 1 # SKIP\n"] {
            assert!(matches!(counts(text), Err(Defect::Missing(_))), "{text}");
        }
    }
}
