//! coverage.py JSON (`coverage json`; `coverage/jsonreport.py`).
//!
//! - Lines are `executed_lines` and `missing_lines` of a file; formats 3 and later repeat them under `functions` and `classes`.
//! - `excluded_lines` may have been executed, and do not count. Nor do lines that ran and are no statements (docstrings): the list
//!   has them, and only the number in `summary` tells how many they are. So many are taken off.
//! - `percent_covered` mixes lines and branches, and is left aside.
//! - Branches are pairs of lines, the second of which may be negative (the function is left); old versions only count them.
//! - A function was entered if one of its statements ran; one without statements is none.
//! - The time names no zone.

use std::collections::HashMap;

use serde::Deserialize;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::json::{Error, Json};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::times;
use crate::adapters::evidence::window::Window;

#[derive(Deserialize)]
struct Meta {
    version: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct File {
    executed_lines: Vec<u32>,
    missing_lines: Vec<u32>,
    #[serde(default)]
    excluded_lines: Vec<u32>,
    summary: Summary,
    executed_branches: Option<Vec<(i64, i64)>>,
    missing_branches: Option<Vec<(i64, i64)>>,
    functions: Option<HashMap<String, Function>>,
}

#[derive(Deserialize)]
struct Summary {
    covered_lines: u32,
    num_statements: u32,
    covered_branches: Option<u32>,
    num_branches: Option<u32>,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    start_line: u32,
    summary: Summary,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut about = About::default();
    let (mut meta, mut has_files, mut any): (Option<Meta>, bool, bool) = (None, false, false);
    Json::document(input, "coverage.py JSON", |json| {
        json.object(|name, json| {
            match name {
                "meta" => meta = json.read()?,
                "files" => {
                    has_files = true;
                    json.object(|path, json| {
                        let file: File = json.read()?;
                        any |= file.summary.num_statements > 0;
                        file.pour(path, lines).map_err(|what| Error::Data(format!("`{path}` {what}")))
                    })?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })
    })?;
    let Some(meta) = meta.filter(|_| has_files) else {
        return Err(Defect::Unreadable("it is not coverage.py JSON: it has no `meta` or no `files`".to_owned()));
    };
    about.made_by("coverage.py", meta.version.as_deref());
    if let Some(moment) = meta.timestamp.as_deref().and_then(times::moment) {
        about.older(moment.time);
        if !moment.zoned {
            about.notes.push("its time names no zone and is taken as UTC".to_owned());
        }
    }
    if !any {
        about.notes.push("it holds no line that could be covered".to_owned());
    }
    Ok(about)
}

impl File {
    /// Adds it; the error fits after its path.
    fn pour(mut self, path: &str, lines: &mut Lines) -> Result<(), String> {
        self.excluded_lines.sort_unstable();
        self.executed_lines.retain(|line| self.excluded_lines.binary_search(line).is_err());
        self.executed_lines.sort_unstable();
        self.executed_lines.dedup();
        let (listed, counted) = (self.executed_lines.len(), self.summary.covered_lines as usize);
        let surplus = listed.checked_sub(counted);
        let surplus = surplus.ok_or_else(|| format!("lists {listed} executed lines and counts {counted}"))?;
        let file = lines.file(path);
        self.executed_lines.iter().for_each(|line| file.line(*line, true));
        self.missing_lines.iter().for_each(|line| file.line(*line, false));
        file.surplus(u32::try_from(surplus).unwrap_or(u32::MAX));
        let mut branches = |pairs: &Option<Vec<(i64, i64)>>, taken: bool| {
            for (from, to) in pairs.iter().flatten() {
                file.named(u32::try_from(*from).unwrap_or(0), &from.to_string(), &to.to_string(), taken);
            }
        };
        branches(&self.executed_branches, true);
        branches(&self.missing_branches, false);
        if let (None, Some(all)) = (&self.executed_branches, self.summary.num_branches) {
            // All of the file's, as those of a line that there is not.
            file.counted(0, self.summary.covered_branches.unwrap_or(0), all);
        }
        for (name, function) in self.functions.iter().flatten() {
            if !name.is_empty() && function.summary.num_statements > 0 {
                file.function(function.start_line, name, function.summary.covered_lines > 0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Result<[u64; 6], Defect> {
        let text = format!(
            "{{\"meta\":{{\"format\":3,\"version\":\"7.0\",\"timestamp\":\"2026-11-20T10:00:00.5\"}},\"files\":{{\"a.py\":{file}}},\"totals\":{{}}}}"
        );
        let mut lines = Lines::default();
        let about = parse(Window::new(text.as_bytes()), &mut lines)?;
        assert_eq!(about.taken.unwrap().to_string(), "2026-11-20T10:00:00.5Z");
        assert_eq!(about.notes, ["its time names no zone and is taken as UTC"]);
        let (c, _) = lines.finish()?;
        let (lines, branches) = ([c.lines_covered, c.lines_total], [c.branches_covered, c.branches_total]);
        Ok([lines[0], lines[1], branches[0], branches[1], c.functions_covered, c.functions_total])
    }

    #[test]
    fn counts_what_the_tool_counts() {
        let sum =
            |covered: u32, all: u32| format!("\"summary\":{{\"covered_lines\":{covered},\"num_statements\":{all}}}");
        // Line 1 is a docstring, 9 is excluded: both ran.
        let file = format!(
            "{{\"executed_lines\":[1,2,3,9],\"missing_lines\":[4],\"excluded_lines\":[9],{},\
             \"executed_branches\":[[2,3],[2,-1]],\"missing_branches\":[[3,4]],\
             \"functions\":{{\"\":{{{}}},\"f\":{{\"start_line\":2,{}}},\"C.g\":{{{}}},\"doc\":{{{}}}}}}}",
            sum(2, 3),
            sum(2, 3),
            sum(1, 1),
            sum(0, 1),
            sum(0, 0),
        );
        assert_eq!(read(&file), Ok([2, 3, 2, 3, 1, 2]));
        let old = "{\"executed_lines\":[1],\"missing_lines\":[],\
            \"summary\":{\"covered_lines\":1,\"num_statements\":1,\"num_branches\":4,\"covered_branches\":3}}";
        assert_eq!(read(old), Ok([1, 1, 3, 4, 0, 0]));
    }

    #[test]
    fn says_what_is_wrong() {
        let few =
            "{\"executed_lines\":[1],\"missing_lines\":[],\"summary\":{\"covered_lines\":2,\"num_statements\":2}}";
        let why = "it is not coverage.py JSON: `a.py` lists 1 executed lines and counts 2 at line 1";
        assert_eq!(read(few), Err(Defect::Unreadable(why.to_owned())));
        for text in ["{}", "{\"meta\":{}}", "{\"files\":{}}"] {
            let why = "it is not coverage.py JSON: it has no `meta` or no `files`";
            let seen = parse(Window::new(text.as_bytes()), &mut Lines::default());
            assert_eq!(seen, Err(Defect::Unreadable(why.to_owned())), "{text}");
        }
    }
}
