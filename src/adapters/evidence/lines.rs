//! Covered lines of many reports, merged by file and line: a line counts once, and is covered if any report hit it.
//!
//! Percentages are never averaged and totals never added. Sixty-four lines of a file take one small entry, so memory grows
//! with the code that is measured, not with the reports. A hostile line number costs no more than any other.

use std::collections::{BTreeMap, HashMap};

use crate::adapters::evidence::said::Defect;
use crate::promotion::facts::Coverage;

/// Lines of one source file.
#[derive(Debug, Default)]
pub struct FileLines {
    /// For each 64 lines: which can be hit, and which were.
    blocks: BTreeMap<u32, (u64, u64)>,
    branches: BTreeMap<u32, Branches>,
}

/// The branches at one line, as reports tell of them.
#[derive(Debug, Default)]
struct Branches {
    /// Where a report only counts them, (taken, all): two such reports cannot be joined, so the better one stands, which is
    /// never more than was really taken.
    counted: (u32, u32),
    /// Where a report names them: whether each was taken.
    named: BTreeMap<(String, String), bool>,
}

/// The files of a source.
#[derive(Debug, Default)]
pub struct Lines {
    places: HashMap<String, usize>,
    files: Vec<FileLines>,
}

impl FileLines {
    /// Adds a line.
    pub fn line(&mut self, number: u32, hit: bool) {
        let block = self.blocks.entry(number / 64).or_default();
        let bit = 1 << (number % 64);
        block.0 |= bit;
        if hit {
            block.1 |= bit;
        }
    }

    /// Adds the branches of a line where only their numbers are known.
    pub fn counted(&mut self, line: u32, taken: u32, all: u32) {
        let counted = &mut self.branches.entry(line).or_default().counted;
        *counted = (counted.0.max(taken.min(all)), counted.1.max(all));
    }

    /// Adds one branch of a line by its block and name.
    pub fn named(&mut self, line: u32, block: &str, branch: &str, taken: bool) {
        let named = &mut self.branches.entry(line).or_default().named;
        *named.entry((block.to_owned(), branch.to_owned())).or_default() |= taken;
    }

    fn add_to(&self, coverage: &mut Coverage) {
        for (all, hit) in self.blocks.values() {
            coverage.lines_total += u64::from(all.count_ones());
            coverage.lines_covered += u64::from(hit.count_ones());
        }
        for at in self.branches.values() {
            let taken = at.named.values().filter(|taken| **taken).count() as u64;
            let named = (taken, at.named.len() as u64);
            let counted = (u64::from(at.counted.0), u64::from(at.counted.1));
            // The same line told of in both ways is the same branches: they are not added.
            let (taken, all) = if named.1 >= counted.1 { named } else { counted };
            coverage.branches_covered += taken;
            coverage.branches_total += all;
        }
    }
}

impl Lines {
    /// The place of a file, by its path as a report has it.
    pub fn place(&mut self, path: &str) -> usize {
        let next = self.files.len();
        let place = *self.places.entry(normal(path)).or_insert(next);
        if place == next {
            self.files.push(FileLines::default());
        }
        place
    }

    /// The lines of the file at a place that [`Lines::place`] gave.
    pub fn at(&mut self, place: usize) -> &mut FileLines {
        &mut self.files[place]
    }

    /// The lines of a file, by its path as a report has it.
    pub fn file(&mut self, path: &str) -> &mut FileLines {
        let place = self.place(path);
        self.at(place)
    }

    /// What all reports say together; no line that could be hit is missing, never 100 %.
    pub fn finish(&self) -> Result<Coverage, Defect> {
        let mut coverage = Coverage::default();
        for file in self.files.iter().filter(|file| !file.blocks.is_empty()) {
            coverage.files += 1;
            file.add_to(&mut coverage);
        }
        if coverage.lines_total == 0 {
            return Err(Defect::Missing("there is no line that could be covered".to_owned()));
        }
        Ok(coverage)
    }
}

/// A path with `/`, without `.` parts and doubled slashes; `..` goes up where it can.
fn normal(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Reads a count of hits as tools write it: negative (an overflow in the tool) is no hit, `1.0e+19` is many.
pub fn is_hit(text: &str) -> Option<bool> {
    let count: f64 = text.trim().parse().ok()?;
    (!count.is_nan()).then_some(count > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_of_one_file_are_one() {
        for path in ["src/a.rs", "./src/a.rs", "src\\a.rs", "src//a.rs", "src/b/../a.rs", " src/./a.rs"] {
            assert_eq!(normal(path), "src/a.rs", "{path}");
        }
        assert_eq!(normal("/w/../../src/a.rs"), "/../src/a.rs");
        assert_eq!(normal("C:\\w\\a.cs"), "C:/w/a.cs");
    }

    #[test]
    fn hits_are_read_as_tools_write_them() {
        for (text, hit) in [("0", false), ("3", true), ("-3", false), ("1.0e+19", true), ("18446744073709551616", true)]
        {
            assert_eq!(is_hit(text), Some(hit), "{text}");
        }
        for text in ["", "-", "NaN", "x"] {
            assert_eq!(is_hit(text), None, "{text}");
        }
    }

    #[test]
    fn branches_are_joined_by_name_or_taken_from_the_better_count() {
        let mut lines = Lines::default();
        let file = lines.file("a");
        file.line(1, true);
        file.named(1, "0", "0", true);
        file.named(1, "0", "1", false);
        file.named(1, "0", "0", false);
        file.counted(2, 1, 4);
        file.counted(2, 2, 4);
        let coverage = lines.finish().unwrap();
        assert_eq!((coverage.branches_covered, coverage.branches_total), (3, 6));
    }

    proptest! {
        #[test]
        fn lines_are_a_set(entries in prop::collection::vec((0u32..200, any::<bool>()), 1..100)) {
            let mut lines = Lines::default();
            for (number, hit) in &entries {
                lines.file("a").line(*number, *hit);
            }
            let all: std::collections::BTreeSet<u32> = entries.iter().map(|entry| entry.0).collect();
            let hit: std::collections::BTreeSet<u32> = entries.iter().filter(|entry| entry.1).map(|entry| entry.0).collect();
            let coverage = lines.finish().unwrap();
            prop_assert_eq!(coverage.lines_total, all.len() as u64);
            prop_assert_eq!(coverage.lines_covered, hit.len() as u64);
        }
    }
}
