//! Istanbul `coverage-final.json` (`istanbul-lib-coverage`), as nyc, c8, Jest and Vitest write it: one object for each path.
//!
//! - A line is the first line of a statement, hit if one of the statements that begin there was: lines and statements are two numbers.
//! - Branches and functions are told by their place, as Istanbul merges them, so that the same code in two reports is the same; several
//!   at one place are told apart by their order.
//! - Old writers wrap a file in `data`. A place may lack its line (the missing `else` of an `if`), a column may be null.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::coverage::scalar::{Scalar, line};
use crate::adapters::evidence::json::{Error, Json};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut about = About::default();
    let mut files = 0_u64;
    Json::document(input, "Istanbul JSON", |json| {
        json.object(|path, json| {
            let mut file: File = json.read()?;
            while let Some(inner) = file.data.take() {
                file = *inner;
            }
            files += 1;
            file.pour(path, lines).map_err(|what| Error::Data(format!("`{path}` has {what}")))
        })
    })?;
    if files == 0 {
        about.notes.push("it holds no file".to_owned());
    }
    Ok(about)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    data: Option<Box<Self>>,
    statement_map: Option<BTreeMap<String, Range>>,
    s: Option<HashMap<String, Scalar>>,
    #[serde(default)]
    fn_map: BTreeMap<String, Function>,
    #[serde(default)]
    f: HashMap<String, Scalar>,
    #[serde(default)]
    branch_map: BTreeMap<String, Branch>,
    #[serde(default)]
    b: HashMap<String, Vec<Scalar>>,
}

#[derive(Default, Deserialize)]
struct Range {
    start: Option<Point>,
    end: Option<Point>,
}

#[derive(Default, Deserialize)]
struct Point {
    line: Option<f64>,
    column: Option<f64>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    decl: Option<Range>,
    loc: Option<Range>,
    line: Option<f64>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(rename = "type")]
    kind: Option<String>,
    loc: Option<Range>,
    line: Option<f64>,
}

impl Range {
    fn line(&self) -> Option<u32> {
        self.start.as_ref()?.line.and_then(line)
    }

    /// What tells it from other places.
    fn key(&self) -> String {
        let numbers = |point: &Option<Point>| {
            let point = point.as_ref();
            let number = |number: Option<f64>| number.unwrap_or(-1.0);
            (number(point.and_then(|point| point.line)), number(point.and_then(|point| point.column)))
        };
        let ((line, column), (end, end_column)) = (numbers(&self.start), numbers(&self.end));
        format!("{line} {column} {end} {end_column}")
    }
}

/// How often each place was seen: what tells several things at one place apart.
#[derive(Default)]
struct Places(HashMap<String, u32>);

impl Places {
    fn told_apart(&mut self, place: String) -> String {
        let seen = self.0.entry(place.clone()).or_default();
        *seen += 1;
        format!("{place} {seen}")
    }
}

impl File {
    /// Adds it; the error is what it has that it must not, or has not.
    fn pour(&self, path: &str, lines: &mut Lines) -> Result<(), String> {
        let (Some(statements), Some(counts)) = (&self.statement_map, &self.s) else {
            return Err("no `statementMap` or no `s`".to_owned());
        };
        let file = lines.file(path);
        for (id, range) in statements {
            let number = range.line().ok_or_else(|| format!("no line for the statement {id}"))?;
            let hit = counts.get(id).and_then(|count| count.hit());
            file.line(number, hit.ok_or_else(|| format!("no count for the statement {id}"))?);
        }
        let mut places = Places::default();
        for (id, function) in &self.fn_map {
            let entered = self.f.get(id).and_then(|count| count.hit());
            let entered = entered.ok_or_else(|| format!("no count for the function {id}"))?;
            let place = function.decl.as_ref().or(function.loc.as_ref());
            let begins = place.and_then(Range::line).or(function.line.and_then(line)).unwrap_or(0);
            // A name that has a number in it (`(anonymous_3)`) tells nothing that the place does not.
            let name = match place {
                Some(place) => place.key(),
                None => function.name.clone().unwrap_or_default(),
            };
            file.function(begins, &places.told_apart(name), entered);
        }
        let mut places = Places::default();
        for (id, branch) in &self.branch_map {
            let counts = self.b.get(id).ok_or_else(|| format!("no counts for the branch {id}"))?;
            let place = branch.loc.as_ref();
            let begins = branch.line.and_then(line).or(place.and_then(Range::line)).unwrap_or(0);
            let place = place.map(Range::key).unwrap_or_default();
            let block = places.told_apart(format!("{} {place}", branch.kind.as_deref().unwrap_or_default()));
            for (number, count) in counts.iter().enumerate() {
                let taken = count.hit().ok_or_else(|| format!("no count for the branch {id}"))?;
                file.named(begins, &block, &number.to_string(), taken);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<[u64; 6], Defect> {
        let mut lines = Lines::default();
        // Twice: the same code in two reports is the same.
        for _ in 0..2 {
            parse(Window::new(format!("{{\"/w/a.js\":{file}}}").as_bytes()), &mut lines)?;
        }
        let (c, _) = lines.finish()?;
        let (lines, branches) = ([c.lines_covered, c.lines_total], [c.branches_covered, c.branches_total]);
        Ok([lines[0], lines[1], branches[0], branches[1], c.functions_covered, c.functions_total])
    }

    #[test]
    fn statements_make_lines_and_one_line_counts_once() {
        let loc = |line: u32| {
            format!("{{\"start\":{{\"line\":{line},\"column\":0}},\"end\":{{\"line\":{line},\"column\":null}}}}")
        };
        let file = format!(
            "{{\"statementMap\":{{\"0\":{a},\"1\":{a},\"2\":{b}}},\"s\":{{\"0\":0,\"1\":2,\"2\":0}},\
             \"fnMap\":{{\"0\":{{\"name\":\"(anonymous_0)\",\"decl\":{a}}},\"1\":{{\"name\":\"x\",\"loc\":{a}}}}},\"f\":{{\"0\":1,\"1\":0}},\
             \"branchMap\":{{\"0\":{{\"type\":\"if\",\"loc\":{a},\"locations\":[{{\"start\":{{}}}}]}},\"1\":{{\"type\":\"if\",\"loc\":{a}}}}},\
             \"b\":{{\"0\":[1,0],\"1\":[0]}}}}",
            a = loc(1),
            b = loc(2)
        );
        assert_eq!(read(&file), Ok([1, 2, 1, 3, 1, 2]));
        assert_eq!(read(&format!("{{\"data\":{file}}}")), Ok([1, 2, 1, 3, 1, 2]));
    }

    #[test]
    fn says_what_is_wrong() {
        let map = "\"statementMap\":{\"0\":{\"start\":{\"line\":1}}}";
        for (file, what) in [
            ("{}".to_owned(), "no `statementMap` or no `s`"),
            (format!("{{{map}}}"), "no `statementMap` or no `s`"),
            (format!("{{{map},\"s\":{{}}}}"), "no count for the statement 0"),
            (format!("{{{map},\"s\":{{\"0\":null}}}}"), "no count for the statement 0"),
            (
                "{\"statementMap\":{\"0\":{\"start\":{\"line\":0}}},\"s\":{\"0\":1}}".to_owned(),
                "no line for the statement 0",
            ),
            ("{\"statementMap\":{},\"s\":{},\"fnMap\":{\"0\":{}}}".to_owned(), "no count for the function 0"),
            ("{\"statementMap\":{},\"s\":{},\"branchMap\":{\"0\":{}}}".to_owned(), "no counts for the branch 0"),
        ] {
            let why = format!("it is not Istanbul JSON: `/w/a.js` has {what} at line 1");
            assert_eq!(read(&file), Err(Defect::Unreadable(why)));
        }
        let empty = parse(Window::new("{}".as_bytes()), &mut Lines::default()).unwrap();
        assert_eq!(empty.notes, ["it holds no file"]);
    }
}
