//! Go coverage profiles, as `go test -coverprofile` writes them (`golang.org/x/tools/cover`, `Profile`):
//! a line `mode: set|count|atomic`, and `file:line.column,line.column statements count` for each block.
//!
//! - The tool's own percentage is one of statements. Lines are counted here, as everywhere: a block is expanded to the lines that it
//!   spans, its blanks and braces too, and a line that two blocks share was hit if one of them was. The notes say so.
//! - With `-coverpkg`, a block stands there once for each tested package; its key is its whole range.
//! - The same block with another number of statements is of another version of the source: that is refused.
//! - Profiles that were joined have several `mode:` lines; Go's own parser refuses those, here they are read.
//! - A row that is cut off lacks a field: what is left of a count above 0 is above 0 too.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::adapters::evidence::coverage::lines::{Lines, is_hit};
use crate::adapters::evidence::coverage::spans::Spans;
use crate::adapters::evidence::identity::identity;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::{Rows, Window};

/// Reads one profile into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut rows = Rows::new(input);
    let mut profile =
        Profile { lines, modes: 0, blocks: HashMap::new(), spans: Spans::default(), file: (String::new(), 0) };
    let mut number = 0;
    while let Some(row) = rows.next_row()? {
        number += 1;
        let row = row.trim();
        if let Some(mode) = row.strip_prefix("mode:") {
            if !matches!(mode.trim(), "set" | "count" | "atomic") {
                return Err(bad(number, row));
            }
            profile.modes += 1;
        } else if !row.is_empty() {
            let block = Block::read(row).filter(|_| profile.modes > 0).ok_or_else(|| bad(number, row))?;
            profile.add(&block, number)?;
        }
    }
    if profile.modes == 0 {
        return Err(Defect::Unreadable("it is not a Go coverage profile: it has no `mode:`".to_owned()));
    }
    Ok(profile.about())
}

struct Profile<'a> {
    lines: &'a mut Lines,
    modes: u32,
    /// By a hash of file and range: the number of statements, and whether they ran.
    blocks: HashMap<u64, (u32, bool)>,
    spans: Spans,
    /// The file of the newest block, and its place.
    file: (String, usize),
}

impl Profile<'_> {
    fn add(&mut self, block: &Block<'_>, number: u64) -> Result<(), Defect> {
        let key = identity([block.path, block.range]) as u64;
        let (known, new) = match self.blocks.entry(key) {
            Entry::Vacant(entry) => (entry.insert((block.statements, block.hit)), true),
            Entry::Occupied(entry) => (entry.into_mut(), false),
        };
        if known.0 != block.statements {
            let (path, range, one, other) = (block.path, block.range, known.0, block.statements);
            let what = format!("it tells of two versions of {path}: {range} has {one} statements, and then {other}");
            return Err(at(number, &what));
        }
        if !new && (known.1 || !block.hit) {
            return Ok(());
        }
        known.1 |= block.hit;
        if self.file.0 != block.path {
            self.file = (block.path.to_owned(), self.lines.place(block.path));
        }
        let lines = self.spans.lines(block.first, block.last).map_err(|why| at(number, &why))?;
        let file = self.lines.at(self.file.1);
        lines.for_each(|line| file.line(line, block.hit));
        Ok(())
    }

    fn about(self) -> About {
        let mut about = About::default();
        about.made_by("go test", None);
        if self.blocks.is_empty() {
            about.notes.push("it holds no line that could be covered".to_owned());
            return about;
        }
        let sum = |blocks: &mut dyn Iterator<Item = &(u32, bool)>| blocks.map(|block| u64::from(block.0)).sum::<u64>();
        let all = sum(&mut self.blocks.values());
        let ran = sum(&mut self.blocks.values().filter(|block| block.1));
        about.notes.push(format!(
            "lines are counted, with the blanks and braces in a block; `go tool cover` counts statements, {ran} of {all}"
        ));
        about
    }
}

/// One row.
struct Block<'a> {
    path: &'a str,
    /// The lines and columns as they are written.
    range: &'a str,
    first: u32,
    last: u32,
    statements: u32,
    hit: bool,
}

impl<'a> Block<'a> {
    fn read(row: &'a str) -> Option<Self> {
        let (place, count) = row.rsplit_once(' ')?;
        let (place, statements) = place.rsplit_once(' ')?;
        // A path may hold colons and blanks.
        let (path, range) = place.rsplit_once(':').filter(|(path, _)| !path.is_empty())?;
        let (from, to) = range.split_once(',')?;
        let line = |place: &str| {
            let (line, column) = place.split_once('.')?;
            column.parse::<u32>().ok()?;
            line.parse::<u32>().ok()
        };
        let (first, last) = (line(from)?, line(to)?);
        let statements = statements.parse().ok()?;
        (first <= last).then_some(Self { path, range, first, last, statements, hit: is_hit(count)? })
    }
}

fn at(line: u64, what: &str) -> Defect {
    Defect::Unreadable(format!("{what} (line {line})"))
}

fn bad(number: u64, row: &str) -> Defect {
    let row: String = row.chars().take(60).collect();
    at(number, &format!("it is not a Go coverage profile: `{row}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coverage(text: &str) -> Result<(u64, u64, Vec<String>), Defect> {
        let mut lines = Lines::default();
        let about = parse(Window::new(text.as_bytes()), &mut lines)?;
        let (c, _) = lines.finish()?;
        Ok((c.lines_covered, c.lines_total, about.notes))
    }

    #[test]
    fn blocks_are_lines_and_statements_are_noted() {
        let text = "mode: count\na/b.go:3.2,5.3 2 0\na/b.go:5.3,6.1 1 7\n\na/b.go:3.2,5.3 2 0\nmode: count\nC:\\x y.go:1.1,1.9 3 1\n";
        let note =
            "lines are counted, with the blanks and braces in a block; `go tool cover` counts statements, 4 of 6";
        assert_eq!(coverage(text), Ok((3, 5, vec![note.to_owned()])));
        assert!(matches!(coverage("mode: set\n"), Err(Defect::Missing(_))));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("a.go:1.1,2.2 1 1\n", "it is not a Go coverage profile: `a.go:1.1,2.2 1 1` (line 1)"),
            ("mode: often\n", "it is not a Go coverage profile: `mode: often` (line 1)"),
            ("\n", "it is not a Go coverage profile: it has no `mode:`"),
            ("mode: set\na.go:1.1,2.2 1\n", "it is not a Go coverage profile: `a.go:1.1,2.2 1` (line 2)"),
            ("mode: set\na.go:3.1,2.2 1 1\n", "it is not a Go coverage profile: `a.go:3.1,2.2 1 1` (line 2)"),
            (
                "mode: set\na.go:1.1,4294967295.2 1 1\n",
                "it has a range of more than 1000000 lines, 1 to 4294967295, (line 2)",
            ),
            (
                "mode: set\na.go:1.1,2.2 1 1\na.go:1.1,2.2 2 1\n",
                "it tells of two versions of a.go: 1.1,2.2 has 1 statements, and then 2 (line 3)",
            ),
        ] {
            assert_eq!(coverage(text), Err(Defect::Unreadable(why.to_owned())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn packages_say_what_the_whole_says(
            blocks in prop::collection::vec((0u32..3, 1u32..60, 0u32..9, 0u32..2), 1..30),
            cut in 0usize..30,
        ) {
            let text = |blocks: &[(u32, u32, u32, u32)]| {
                let rows = blocks.iter().map(|(f, first, more, hit)| format!("f{f}.go:{first}.1,{}.2 1 {hit}\n", first + more));
                format!("mode: set\n{}", rows.collect::<String>())
            };
            let cut = cut.min(blocks.len());
            let mut shards = Lines::default();
            parse(Window::new(text(&blocks[cut..]).as_bytes()), &mut shards).unwrap();
            parse(Window::new(text(&blocks[..cut]).as_bytes()), &mut shards).unwrap();
            let mut whole = Lines::default();
            parse(Window::new(text(&blocks).as_bytes()), &mut whole).unwrap();
            prop_assert_eq!(shards.finish(), whole.finish());
        }
    }
}
