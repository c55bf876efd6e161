//! Tables in aligned columns, and how wide a text is on a terminal.

use crate::render::style::COLUMNS;

/// The columns between two columns of a table.
const GAP: usize = 2;
/// The narrowest that a column is made.
const NARROWEST: usize = 10;

/// A table laid out: one line for each row, the heading first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The heading's line.
    pub heading: String,
    /// The rows' lines, in order.
    pub lines: Vec<String>,
    /// For each row the columns whose text was shortened: who prints the table says them whole below it.
    pub shortened: Vec<Vec<usize>>,
}

/// Lays a table out in at most `room` columns. Columns that are too wide give way, the widest first; a shortened cell has an
/// ellipsis: in the middle of a path, at the end of anything else.
pub fn lay(heading: &[&str], rows: &[Vec<String>], room: usize) -> Laid {
    let mut widths: Vec<usize> = heading.iter().map(|text| width(text)).collect();
    for row in rows {
        for (n, cell) in row.iter().enumerate().take(widths.len()) {
            widths[n] = widths[n].max(width(cell));
        }
    }
    narrow(&mut widths, room.min(COLUMNS));
    let mut shortened = Vec::new();
    let mut lines = Vec::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| shorten(cell, *w)).collect();
        shortened.push((0..cells.len()).filter(|n| cells[*n] != row[*n]).collect());
        lines.push(join(&cells, &widths));
    }
    let heading: Vec<String> = heading.iter().zip(&widths).map(|(text, w)| shorten(text, *w)).collect();
    Laid { heading: join(&heading, &widths), lines, shortened }
}

/// Takes columns from the widest until the table fits, or all are at their narrowest.
fn narrow(widths: &mut [usize], room: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        if total <= room {
            return;
        }
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { return };
        *widest -= 1;
    }
}

fn join(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, w) in cells.iter().zip(widths) {
        line.push_str(&padded(cell, *w));
        line.push_str(&" ".repeat(GAP));
    }
    line.trim_end().to_owned()
}

/// A text filled up with spaces to a width.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A text of at most this many columns. A path keeps its first part and its end, where a person looks; anything else its
/// beginning.
pub fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let is_path = text.contains('/') && !text.contains(' ');
    if !is_path {
        return format!("{}…", start(text, room).trim_end());
    }
    let head_end = text.find('/').map_or(0, |at| at + 1);
    let head = &text[..head_end];
    let head = if width(head) * 2 <= room { head } else { "" };
    let tail = end(&text[head.len()..], room - width(head));
    format!("{head}…{tail}")
}

/// The longest beginning of at most this many columns.
fn start(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += char_width(c);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The longest end of at most this many columns.
fn end(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += char_width(c);
        if used > columns {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// How many columns a text takes on a terminal, without escape sequences in it.
pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// The columns of one character: nothing for combining marks and joiners, two for East Asian wide characters and emoji, one
/// for the rest. The ranges are the large blocks of Unicode's EastAsianWidth.txt: a rare character that is missed moves one
/// row by one column.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f => 0,
        0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn widths_are_those_of_a_terminal() {
        for (text, columns) in [("", 0), ("✓ ≥ 80 %…", 9), ("e\u{301}", 1), ("日本", 4), ("🚀", 2), ("→", 1)]
        {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_path_keeps_both_ends_and_a_sentence_its_beginning() {
        for (text, columns, shown) in [
            ("artifacts/integration/report.xml", 22, "artifacts/…/report.xml"),
            ("artifacts/integration/report.xml", 20, "…egration/report.xml"),
            ("a-long-first-part/x.xml", 12, "…-part/x.xml"),
            ("/artifacts", 6, "/…acts"),
            ("nothing matches artifacts/scan/*.sarif", 16, "nothing matches…"),
            ("nothing matches artifacts/scan/*.sarif", 17, "nothing matches…"),
            ("short", 5, "short"),
            ("日本語日本語", 6, "日本…"),
        ] {
            assert_eq!(shorten(text, columns), shown);
        }
    }

    #[test]
    fn shortened_cells_are_named() {
        let rows = vec![vec!["a".to_owned(), "0123456789 0123456789".to_owned()], vec!["b".to_owned(), "x".to_owned()]];
        let laid = lay(&["k", "value"], &rows, 16);
        assert_eq!(laid.heading, "k  value");
        assert_eq!(laid.lines, ["a  0123456789 0…", "b  x"]);
        assert_eq!(laid.shortened, [vec![1], vec![]]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room(cells in proptest::collection::vec("[ -~日é/]{0,60}", 4), room in 46usize..100) {
            let laid = lay(&["gate", "wanted", "found", "evidence"], std::slice::from_ref(&cells), room);
            prop_assert!(width(&laid.lines[0]) <= room.min(COLUMNS));
        }
    }
}
