//! Rows of separated cells (RFC 4180), as load tests write them: a comma, semicolon, tab or bar between the cells, quotes
//! around those that hold one, and line ends inside of quotes.
//!
//! A row is as long as a line may be: a quote that is never closed does not swallow the file.

use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::window::{MAX_LINE, Rows, Window};

/// What may stand between cells.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// A stream of rows.
pub(super) struct Table<'a> {
    rows: Rows<'a>,
    separator: Option<char>,
    cells: Cells,
}

/// The cells of one row, without quotes.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: String,
    ends: Vec<usize>,
    quoted: bool,
    /// The line on which the row begins.
    pub(super) line: u64,
}

impl Cells {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at a place.
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// The first place of a cell that is one of these words.
    pub(super) fn place(&self, words: &[&str]) -> Option<usize> {
        (0..self.len()).find(|place| self.get(*place).is_some_and(|cell| words.contains(&cell.trim())))
    }

    fn clear(&mut self, line: u64) {
        self.text.clear();
        self.ends.clear();
        self.quoted = false;
        self.line = line;
    }

    /// Adds a line; whether the row ends with it.
    fn take(&mut self, line: &str, separator: char) -> bool {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if self.quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    self.text.push('"');
                }
                '"' if self.quoted => self.quoted = false,
                '"' if self.ends.last().copied().unwrap_or(0) == self.text.len() => self.quoted = true,
                c if c == separator && !self.quoted => self.ends.push(self.text.len()),
                c => self.text.push(c),
            }
        }
        if self.quoted {
            self.text.push('\n');
            return false;
        }
        self.ends.push(self.text.len());
        true
    }
}

impl<'a> Table<'a> {
    /// Begins with the first row.
    pub(super) fn new(input: Window<'a>) -> Self {
        Self { rows: Rows::new(input), separator: None, cells: Cells::default() }
    }

    /// The next row that is not blank; `None` behind the last one.
    pub(super) fn next_row(&mut self) -> Result<Option<&Cells>, Defect> {
        let mut begun = false;
        loop {
            let Some(line) = self.rows.next_row()? else {
                if !begun {
                    return Ok(None);
                }
                let line = self.cells.line;
                return Err(Defect::Unreadable(format!("it is cut off: it ends inside quotes (line {line})")));
            };
            if !begun && line.trim().is_empty() {
                continue;
            }
            let separator = *self.separator.get_or_insert_with(|| separator_of(line));
            let line = line.to_owned();
            if !begun {
                self.cells.clear(self.rows.number());
                begun = true;
            }
            if self.cells.take(&line, separator) {
                return Ok(Some(&self.cells));
            }
            if self.cells.text.len() > MAX_LINE {
                let line = self.cells.line;
                return Err(Defect::Unreadable(format!("it has a row of more than 1 MiB (line {line})")));
            }
        }
    }
}

/// What stands most often between the cells of the first line.
fn separator_of(line: &str) -> char {
    let mut quoted = false;
    let mut counts = [0usize; SEPARATORS.len()];
    for c in line.chars() {
        quoted ^= c == '"';
        if let Some(place) = SEPARATORS.iter().position(|separator| *separator == c && !quoted) {
            counts[place] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    SEPARATORS.into_iter().zip(counts).find(|(_, count)| *count == most).map_or(',', |(separator, _)| separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Vec<String>>, Defect> {
        let mut table = Table::new(Window::new(text.as_bytes()));
        let mut all = Vec::new();
        while let Some(row) = table.next_row()? {
            all.push((0..row.len()).map(|place| row.get(place).unwrap().to_owned()).collect());
        }
        Ok(all)
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_ends() {
        let text = "a;b\r\n\n1;\"x;\"\"y\"\"\nz\"\n2;it's \"5\"\"\n;\n";
        let wanted = vec![vec!["a", "b"], vec!["1", "x;\"y\"\nz"], vec!["2", "it's \"5\"\""], vec!["", ""]];
        assert_eq!(read(text).unwrap(), wanted);
        assert_eq!(read("a\tb,c\td").unwrap(), [["a", "b,c", "d"]]);
        assert_eq!(read("one").unwrap(), [["one"]]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_an_error() {
        let wanted = Defect::Unreadable("it is cut off: it ends inside quotes (line 2)".to_owned());
        assert_eq!(read("a,b\n1,\"x\ny\n"), Err(wanted));
        let long = format!("a,b\n1,\"{}", "x\n".repeat(MAX_LINE));
        assert_eq!(read(&long), Err(Defect::Unreadable("it has a row of more than 1 MiB (line 2)".to_owned())));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(rows in prop::collection::vec(prop::collection::vec("[a\",;\n é]{0,5}", 2..4), 1..5)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(read(&text).unwrap(), rows);
        }
    }
}
