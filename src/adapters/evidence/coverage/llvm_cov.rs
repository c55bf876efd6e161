//! `llvm-cov export` JSON (`llvm.coverage.json.export`; `llvm/tools/llvm-cov/CoverageExporterJson.cpp`), also by way of cargo-llvm-cov.
//!
//! - Segments are places where the count changes, and no lines. They are turned into lines as llvm-cov itself does it for its
//!   LCOV export (`LineCoverageStats`, `llvm/lib/ProfileData/Coverage/CoverageMapping.cpp`), so that reports can be merged.
//! - `summary.lines` counts each function by itself, and a line of two functions twice: where it differs, a note says so.
//! - With `-summary-only` there are no segments: then the sums of each file are taken, which cannot be merged.
//! - Functions are told by their place, so that the instantiations of a generic one are one; those of files that were left out
//!   (`-ignore-filename-regex`) are still in the list, and do not count. With `-skip-functions` the summaries count them.
//! - Old versions have five values in a segment, and 0 and 1 for false and true.

use std::collections::HashMap;

use serde::Deserialize;

use crate::adapters::evidence::coverage::lines::{FileLines, Lines};
use crate::adapters::evidence::coverage::scalar::{Numbers, line};
use crate::adapters::evidence::coverage::spans::Spans;
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::Error;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;
use crate::promotion::measures::Part;

/// What a file of this format says of itself.
const TYPE: &str = "llvm.coverage.json.export";

/// Reads one export into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut export =
        Export { lines, spans: Spans::default(), known: HashMap::new(), early: Vec::new(), sums: [(0, 0); 2] };
    let mut about = About::default();
    let (mut kind, mut data): (Option<String>, _) = (None, false);
    Json::document(input, "llvm-cov JSON", |json| {
        json.object(|name, json| {
            match name {
                "type" => kind = json.read()?,
                "cargo_llvm_cov" => {
                    let tool: Option<Cargo> = json.read()?;
                    about.made_by("cargo-llvm-cov", tool.and_then(|tool| tool.version).as_deref());
                }
                "data" => {
                    data = true;
                    json.array(|json| export.entry(json))?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })
    })?;
    match kind {
        Some(kind) if kind == TYPE && data => {}
        Some(kind) if kind == TYPE => return Err(Defect::Unreadable("it has no `data`".to_owned())),
        _ => return Err(Defect::Unreadable(format!("it is not llvm-cov JSON: its `type` is not {TYPE}"))),
    }
    let [ours, theirs] = export.sums;
    if ours != theirs {
        about.notes.push(format!(
            "lines are counted once, {} of {}; the sums of llvm-cov count them for each function, {} of {}",
            ours.0, ours.1, theirs.0, theirs.1
        ));
    }
    Ok(about)
}

/// One export on its way.
struct Export<'a> {
    lines: &'a mut Lines,
    spans: Spans,
    /// The places of the files that it lists.
    known: HashMap<String, usize>,
    /// Functions that came before the files.
    early: Vec<(String, u32, u32, bool)>,
    /// Lines that were hit and all lines, of the segments and of the summaries beside them.
    sums: [(u64, u64); 2],
}

#[derive(Deserialize)]
struct Cargo {
    version: Option<String>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    segments: Option<Vec<Numbers<6>>>,
    branches: Option<Vec<Numbers<9>>>,
    summary: Option<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    lines: Count,
    branches: Option<Count>,
    functions: Option<Count>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Count {
    count: u32,
    covered: u32,
}

#[derive(Deserialize)]
struct Function {
    count: f64,
    filenames: Vec<String>,
    regions: Vec<Numbers<8>>,
}

impl Export<'_> {
    fn entry(&mut self, json: &mut Json<'_>) -> Result<(), Error> {
        let mut files = false;
        json.object(|name, json| match name {
            "files" => {
                files = true;
                json.array(|json| {
                    let file: File = json.read()?;
                    self.file(&file).map_err(|why| Error::Defect(Defect::Unreadable(why)))
                })
            }
            "functions" => json.each(|function: Function| self.function(&function, files)),
            _ => json.skip(),
        })?;
        if !files {
            return Err(Error::Data("`data` has no `files`".to_owned()));
        }
        for (file, line, column, entered) in std::mem::take(&mut self.early) {
            if let Some(place) = self.known.get(&file) {
                self.lines.at(*place).function(line, &column.to_string(), entered);
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &File) -> Result<(), String> {
        let name = &file.filename;
        let Some(segments) = &file.segments else {
            let summary =
                file.summary.as_ref().ok_or_else(|| format!("`{name}` has neither segments nor a summary"))?;
            self.lines.sums(name, summary.part());
            return Ok(());
        };
        let segments: Option<Vec<Segment>> = segments.iter().map(Segment::of).collect();
        let segments = segments.ok_or_else(|| format!("a segment of `{name}` is none"))?;
        let place = self.lines.place(name);
        self.known.insert(name.clone(), place);
        let lines = self.lines.at(place);
        let ours = pour(&segments, lines, &mut self.spans).map_err(|why| format!("{why} in `{name}`"))?;
        if let Some(summary) = &file.summary {
            if segments.is_empty() && summary.lines.count > 0 {
                return Err(format!("`{name}` has lines in its summary, and no segments"));
            }
            add(&mut self.sums[0], ours);
            add(&mut self.sums[1], (summary.lines.covered.into(), summary.lines.count.into()));
            let functions = summary.functions.unwrap_or_default();
            lines.counted_functions(functions.covered, functions.count);
        }
        for Numbers { values: [at, column, end, end_column, truly, falsely, ..], length } in
            file.branches.iter().flatten()
        {
            let at = line(*at).filter(|_| *length >= 6).ok_or_else(|| format!("a branch of `{name}` is none"))?;
            let block = format!("{column} {end} {end_column}");
            lines.named(at, &block, "true", *truly > 0.0);
            lines.named(at, &block, "false", *falsely > 0.0);
        }
        Ok(())
    }

    /// A function begins where its first region in the first of its files does.
    fn function(&mut self, function: &Function, files: bool) {
        let begin = function.regions.iter().find(|region| region.values[5] == 0.0);
        let begin = begin.and_then(|region| Some((line(region.values[0])?, line(region.values[1]).unwrap_or(0))));
        let (Some(file), Some((at, column))) = (function.filenames.first(), begin) else { return };
        let entered = function.count > 0.0;
        match self.known.get(file) {
            Some(place) => self.lines.at(*place).function(at, &column.to_string(), entered),
            None if files => {}
            None => self.early.push((file.clone(), at, column, entered)),
        }
    }
}

impl Summary {
    fn part(&self) -> Part {
        let (branches, functions) = (self.branches.unwrap_or_default(), self.functions.unwrap_or_default());
        Part {
            lines_covered: self.lines.covered.min(self.lines.count).into(),
            lines_total: self.lines.count.into(),
            branches_covered: branches.covered.min(branches.count).into(),
            branches_total: branches.count.into(),
            functions_covered: functions.covered.min(functions.count).into(),
            functions_total: functions.count.into(),
        }
    }
}

fn add(sum: &mut (u64, u64), more: (u64, u64)) {
    *sum = (sum.0.saturating_add(more.0), sum.1.saturating_add(more.1));
}

/// `[line, column, count, has count, is region entry, is gap]`
#[derive(Clone, Copy)]
struct Segment {
    line: u32,
    hit: bool,
    has_count: bool,
    entry: bool,
    gap: bool,
}

impl Segment {
    fn of(numbers: &Numbers<6>) -> Option<Self> {
        let [at, _, count, has_count, entry, gap] = numbers.values;
        let line = line(at).filter(|_| numbers.length >= 5)?;
        Some(Self { line, hit: count > 0.0, has_count: has_count > 0.0, entry: entry > 0.0, gap: gap > 0.0 })
    }

    fn begins_region(&self) -> bool {
        !self.gap && self.has_count && self.entry
    }
}

/// Whether a line can be hit, and was, by the segments on it and the last one before it.
fn of_line(segments: &[Segment], before: Option<Segment>) -> Option<bool> {
    let begins = segments.iter().any(Segment::begins_region);
    let begins_skipped = segments.first().is_some_and(|first| !first.has_count && first.entry);
    let goes_on = before.is_some_and(|before| before.has_count);
    let can = (!begins_skipped && (goes_on || begins)) || segments.iter().any(|one| one.entry && one.has_count);
    let hit = before.is_some_and(|before| before.hit) || segments.iter().any(|one| one.begins_region() && one.hit);
    can.then_some(hit)
}

/// Adds the lines of a file's segments, and says how many were hit and how many there are.
fn pour(segments: &[Segment], file: &mut FileLines, spans: &mut Spans) -> Result<(u64, u64), String> {
    let mut counts = (0, 0);
    let mut before: Option<Segment> = None;
    for on_line in segments.chunk_by(|one, next| one.line == next.line) {
        let (Some(first), Some(last)) = (on_line.first(), on_line.last()) else { continue };
        let mut pour = |line: u32, hit: bool| {
            file.line(line, hit);
            add(&mut counts, (u64::from(hit), 1));
        };
        if let Some(before) = before {
            if before.line > first.line {
                return Err("the segments are in no order".to_owned());
            }
            if let (Some(hit), true) = (of_line(&[], Some(before)), before.line + 1 < first.line) {
                spans.lines(before.line + 1, first.line - 1)?.for_each(|line| pour(line, hit));
            }
        }
        if let Some(hit) = of_line(on_line, before) {
            pour(first.line, hit);
        }
        before = Some(*last);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests;
