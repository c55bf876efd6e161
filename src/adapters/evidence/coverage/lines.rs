//! Covered lines of many reports, merged by file and line: a line counts once, and is covered if any report hit it.
//!
//! Percentages are never averaged and totals never added. Sixty-four lines of a file take one small entry, so memory grows
//! with the code that is measured, not with the reports. A hostile line number costs no more than any other.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use globset::{Glob, GlobMatcher};

use crate::adapters::evidence::coverage::bits::Bits;
use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::said::Defect;
use crate::promotion::measures::{Coverage, Part};

/// Lines of one source file.
#[derive(Debug, Default)]
pub struct FileLines {
    lines: Bits,
    branches: BTreeMap<u32, Branches>,
    /// By a hash of line and name: whether the function was entered.
    functions: BTreeMap<u64, bool>,
    /// Where a report only counts functions, (entered, all), as with branches.
    counted_functions: (u32, u32),
    /// How many of the lines that were hit are none, where a report says only that.
    surplus: u32,
    /// Lines that a report counts and does not list, (hit, all).
    unlisted: (u32, u32),
    /// Where a report has numbers only.
    sums: Option<Part>,
}

/// The branches at one line, as reports tell of them.
#[derive(Debug, Default)]
struct Branches {
    /// Where a report only counts them, (taken, all): two such reports cannot be joined, so the better one stands, which is
    /// never more than was really taken.
    counted: (u32, u32),
    /// Where a report names them: whether each was taken, by a hash of its name.
    named: BTreeMap<u64, bool>,
}

/// The files of a source.
#[derive(Debug, Default)]
pub struct Lines {
    places: HashMap<String, usize>,
    files: Vec<FileLines>,
    parts: Vec<(String, Option<GlobMatcher>)>,
    conflict: Option<String>,
    /// The bytes that all lines took when a file was last begun.
    bytes: usize,
    /// The file that was begun last, and how much of its lines is in `bytes`.
    last: (usize, usize),
}

/// How much memory the lines of one reading may take: those of 250 million lines.
const MAX_BYTES: usize = 64 << 20;

fn short_identity<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    identity(parts) as u64
}

impl FileLines {
    /// Adds a line.
    #[inline]
    pub fn line(&mut self, number: u32, hit: bool) {
        self.lines.add(number, hit);
    }

    /// Adds the branches of a line where only their numbers are known.
    pub fn counted(&mut self, line: u32, taken: u32, all: u32) {
        let counted = &mut self.branches.entry(line).or_default().counted;
        *counted = (counted.0.max(taken.min(all)), counted.1.max(all));
    }

    /// Adds one branch of a line by its block and name.
    pub fn named(&mut self, line: u32, block: &str, branch: &str, taken: bool) {
        let named = &mut self.branches.entry(line).or_default().named;
        *named.entry(short_identity([block, branch])).or_default() |= taken;
    }

    /// Adds a function by the line on which it begins, and its name; one of both may be unknown to the report (0, empty).
    pub fn function(&mut self, line: u32, name: &str, entered: bool) {
        let key = identity([name.as_bytes(), line.to_le_bytes().as_slice()]) as u64;
        *self.functions.entry(key).or_default() |= entered;
    }

    /// Adds functions where only their numbers are known.
    pub fn counted_functions(&mut self, entered: u32, all: u32) {
        let counted = &mut self.counted_functions;
        *counted = (counted.0.max(entered.min(all)), counted.1.max(all));
    }

    /// Says that so many of the lines that were hit do not count, where it is not known which.
    pub fn surplus(&mut self, lines: u32) {
        self.surplus = self.surplus.max(lines);
    }

    /// Adds lines that are counted and not listed: it is not known where they are.
    pub fn unlisted(&mut self, hit: u32, all: u32) {
        self.unlisted = (self.unlisted.0.max(hit.min(all)), self.unlisted.1.max(all));
    }

    /// Takes in what another report says of the same file; `false`: one of them has numbers only.
    fn absorb(&mut self, other: Self) -> bool {
        let told = |file: &Self| file.sums.is_some() || !file.lines.is_empty();
        if (self.sums.is_some() || other.sums.is_some()) && told(self) && told(&other) {
            return false;
        }
        self.sums = self.sums.or(other.sums);
        self.lines.absorb(other.lines);
        self.surplus(other.surplus);
        self.unlisted(other.unlisted.0, other.unlisted.1);
        self.counted_functions(other.counted_functions.0, other.counted_functions.1);
        for (line, more) in other.branches {
            let all = self.branches.entry(line).or_default();
            all.counted = (all.counted.0.max(more.counted.0), all.counted.1.max(more.counted.1));
            for (name, taken) in more.named {
                *all.named.entry(name).or_default() |= taken;
            }
        }
        for (name, entered) in other.functions {
            *self.functions.entry(name).or_default() |= entered;
        }
        true
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        self.lines.bytes() + self.branches.len() * 128 + self.functions.len() * 24
    }

    fn part(&self) -> Part {
        if let Some(sums) = self.sums {
            return sums;
        }
        let mut part = Part::default();
        (part.lines_covered, part.lines_total) = self.lines.counts();
        let surplus = u64::from(self.surplus).min(part.lines_covered);
        part.lines_covered = part.lines_covered - surplus + u64::from(self.unlisted.0);
        part.lines_total = part.lines_total - surplus + u64::from(self.unlisted.1);
        for at in self.branches.values() {
            let taken = at.named.values().filter(|taken| **taken).count() as u64;
            let named = (taken, at.named.len() as u64);
            let counted = (u64::from(at.counted.0), u64::from(at.counted.1));
            let (taken, all) = fuller(named, counted);
            part.branches_covered += taken;
            part.branches_total += all;
        }
        let entered = self.functions.values().filter(|entered| **entered).count() as u64;
        let named = (entered, self.functions.len() as u64);
        let counted = (u64::from(self.counted_functions.0), u64::from(self.counted_functions.1));
        (part.functions_covered, part.functions_total) = fuller(named, counted);
        part
    }
}

/// What is told of in both ways, by name and in numbers, is the same: it is not added.
fn fuller(named: (u64, u64), counted: (u64, u64)) -> (u64, u64) {
    if named.1 >= counted.1 { named } else { counted }
}

impl Lines {
    /// No lines yet. `parts` are globs over paths of source files, each of which is counted by itself too; one fits a path, or the
    /// end of a path that begins elsewhere: `src/**` fits `/home/runner/app/src/a.rs`.
    pub fn new(parts: &[String]) -> Self {
        let matcher = |glob: &String| {
            let wide = Glob::new(&format!("{{{glob},**/{glob}}}")).ok();
            (glob.clone(), wide.map(|glob| glob.compile_matcher()))
        };
        Self { parts: parts.iter().map(matcher).collect(), ..Self::default() }
    }

    /// The place of a file, by its path as a report has it.
    pub fn place(&mut self, path: &str) -> usize {
        let path = normal(path);
        let place = match self.places.get(path.as_ref()) {
            Some(place) => *place,
            // It is not believed anyway, and must not grow.
            None if self.bytes > MAX_BYTES => return self.last.0,
            None => {
                self.bytes = self.bytes.saturating_add(path.len() + size_of::<FileLines>());
                self.places.insert(path.into_owned(), self.files.len());
                self.files.push(FileLines::default());
                self.files.len() - 1
            }
        };
        self.weigh();
        self.last = (place, self.files[place].bytes());
        place
    }

    /// Counts what the lines of the last file have grown by.
    fn weigh(&mut self) {
        if let Some(file) = self.files.get(self.last.0) {
            self.bytes = self.bytes.saturating_add(file.bytes().saturating_sub(self.last.1));
        }
    }

    /// The lines of the file at a place that [`Lines::place`] gave.
    #[inline]
    pub fn at(&mut self, place: usize) -> &mut FileLines {
        &mut self.files[place]
    }

    /// The lines of a file, by its path as a report has it.
    pub fn file(&mut self, path: &str) -> &mut FileLines {
        let place = self.place(path);
        self.at(place)
    }

    /// Adds a file of which a report has numbers only; without a path they are those of all files. Such numbers can be joined
    /// with those of other files, and never with another report of the same one.
    pub fn sums(&mut self, path: &str, sums: Part) {
        let whole = FileLines { sums: Some(sums), ..FileLines::default() };
        if !self.file(path).absorb(whole) {
            self.conflict(path);
        }
    }

    /// Takes in the lines of other reports.
    pub fn absorb(&mut self, mut other: Self) {
        if self.files.is_empty() {
            let parts = std::mem::take(&mut self.parts);
            *self = Self { parts, conflict: self.conflict.take().or(other.conflict), ..other };
            return;
        }
        if let Some(path) = other.conflict.take() {
            self.conflict(&path);
        }
        self.bytes = self.bytes.saturating_add(other.bytes);
        let mut files: Vec<Option<FileLines>> = other.files.into_iter().map(Some).collect();
        for (path, place) in other.places {
            let Some(more) = files.get_mut(place).and_then(Option::take) else { continue };
            if !self.file(&path).absorb(more) {
                self.conflict(&path);
            }
        }
    }

    /// Of several conflicts the first by name is told, whatever the order of files.
    fn conflict(&mut self, path: &str) {
        if self.conflict.as_deref().is_none_or(|other| path < other) {
            self.conflict = Some(path.to_owned());
        }
    }

    /// What all reports say together; no line that could be hit is missing, never 100 %.
    pub fn finish(self) -> Result<(Coverage, Vec<String>), Defect> {
        let whole = self.places.get("").is_some_and(|place| self.files[*place].sums.is_some());
        let path = self.conflict.as_deref().or((whole && self.files.len() > 1).then_some(""));
        if let Some(path) = path {
            let what = if path.is_empty() { "the whole" } else { path };
            return Err(Defect::Unreadable(format!(
                "a report has only the sums of {what}, and they cannot be merged with another report line by line"
            )));
        }
        if whole && !self.parts.is_empty() {
            let why = "it has only the sums of the whole, and the rules ask for a part of the tree";
            return Err(Defect::Unreadable(why.to_owned()));
        }
        if self.bytes > MAX_BYTES || self.files.iter().any(|file| file.lines.is_scattered()) {
            let why = "its lines need more than 64 MiB, or lie scattered over millions: no source code is like that";
            return Err(Defect::Unreadable(why.to_owned()));
        }
        let (mut all, mut count) = (Part::default(), 0);
        let mut parts: Vec<Part> = vec![Part::default(); self.parts.len()];
        for (path, place) in &self.places {
            let file = self.files[*place].part();
            if file.lines_total == 0 {
                continue;
            }
            count += 1;
            all.add(&file);
            for ((_, matcher), part) in self.parts.iter().zip(&mut parts) {
                if matcher.as_ref().is_some_and(|matcher| matcher.is_match(path)) {
                    part.add(&file);
                }
            }
        }
        if all.lines_total == 0 {
            return Err(Defect::Missing("there is no line that could be covered".to_owned()));
        }
        let parts = self.parts.into_iter().map(|(glob, _)| glob).zip(parts).collect();
        Ok((Coverage::of(all, count, parts), Vec::new()))
    }
}

/// A path with `/`, without `.` parts and doubled slashes; `..` goes up where it can.
fn normal(path: &str) -> Cow<'_, str> {
    let path = path.trim();
    let is_normal = |path: &str| {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        !path.contains('\\') && parts.all(|part| !matches!(part, "" | "." | ".."))
    };
    if is_normal(path) {
        return Cow::Borrowed(path);
    }
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    Cow::Owned(format!("{root}{}", parts.join("/")))
}

/// Reads a count of hits as tools write it: negative (an overflow in the tool) is no hit, `1.0e+19` is many.
#[inline]
pub fn is_hit(text: &str) -> Option<bool> {
    let text = text.trim();
    if !text.is_empty() && text.len() < 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.bytes().any(|byte| byte != b'0'));
    }
    let count: f64 = text.parse().ok()?;
    (!count.is_nan()).then_some(count > 0.0)
}

#[cfg(test)]
mod tests;
