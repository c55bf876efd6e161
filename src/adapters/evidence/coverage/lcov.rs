//! LCOV tracefiles. `DA` lines count; the sums (`LF`, `LH`) may be missing or wrong and are left aside.
//!
//! Functions are those of `FN` and `FNDA`, by name; since 2.2 `FNL` and `FNA` stand for them: there the names that share an
//! index are aliases (instantiations) of one function, which is told by its line.

use std::collections::HashMap;

use crate::adapters::evidence::coverage::lines::{FileLines, Lines, is_hit};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::{Rows, Window};

/// Reads one tracefile into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut rows = Rows::new(input);
    let mut source: Option<(String, usize)> = None;
    let mut begins = HashMap::new();
    let mut number = 0;
    while let Some(row) = rows.next_row()? {
        number += 1;
        // Nine of ten rows are of this form, and nothing has to be cut or trimmed in them.
        if let (Some((_, place)), Some((line, hit))) = (&source, plain_da(row.as_bytes())) {
            lines.at(*place).line(line, hit);
            continue;
        }
        let line = row.trim();
        match (line.split_once(':'), &source) {
            (Some(("DA", data)), Some((_, place))) => da(lines.at(*place), data).ok_or_else(|| bad(number, line))?,
            (Some(("BRDA", data)), Some((_, place))) => {
                brda(lines.at(*place), data).ok_or_else(|| bad(number, line))?
            }
            _ if line.is_empty() || line.starts_with('#') => {}
            (None, Some(_)) if line == "end_of_record" => source = None,
            (Some(("SF", path)), None) => {
                begins.clear();
                source = Some((path.to_owned(), lines.place(path)));
            }
            (Some(("SF", _)), Some((open, _))) => {
                return Err(at(number, &format!("it is cut off: `{open}` has no end_of_record before the next file")));
            }
            (Some(("DA" | "BRDA", _)), None) => return Err(at(number, "it has lines before a file is named (`SF:`)")),
            (Some((record @ ("FN" | "FNDA" | "FNL" | "FNA"), data)), Some((_, place))) => {
                function(lines.at(*place), &mut begins, record, data).ok_or_else(|| bad(number, line))?;
            }
            // Sums, versions, and what later versions add.
            (Some((record, _)), _) if !record.is_empty() && record.bytes().all(is_record) => {}
            _ => return Err(bad(number, line)),
        }
    }
    match source {
        Some((open, _)) => Err(at(number, &format!("it is cut off: `{open}` has no end_of_record"))),
        None => Ok(About::default()),
    }
}

fn is_record(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// A row `DA:<line>,<hits>` of plain digits: the line, and whether it was hit.
#[inline]
fn plain_da(row: &[u8]) -> Option<(u32, bool)> {
    let (mut line, mut hit, mut digits) = (0u32, false, 0);
    let mut rest = row.strip_prefix(b"DA:")?.iter();
    for byte in rest.by_ref() {
        match byte {
            b'0'..=b'9' if digits < 9 => (line, digits) = (line * 10 + u32::from(byte - b'0'), digits + 1),
            b',' if digits > 0 => break,
            _ => return None,
        }
    }
    let hits = rest.as_slice();
    for byte in hits {
        match byte {
            b'0'..=b'9' => hit |= *byte != b'0',
            _ => return None,
        }
    }
    (!hits.is_empty()).then_some((line, hit))
}

/// `DA:<line>,<hits>[,<checksum>]`
fn da(file: &mut FileLines, data: &str) -> Option<()> {
    let mut fields = data.split(',');
    let line = fields.next()?.trim().parse().ok()?;
    file.line(line, is_hit(fields.next()?)?);
    Some(())
}

/// `BRDA:<line>,<block>,<branch>,<taken>`; the branch may be a text with commas, and `-` is never evaluated.
fn brda(file: &mut FileLines, data: &str) -> Option<()> {
    let (line, rest) = data.split_once(',')?;
    let (block, rest) = rest.split_once(',')?;
    let (branch, taken) = rest.rsplit_once(',')?;
    let taken = if taken.trim() == "-" { false } else { is_hit(taken)? };
    file.named(line.trim().parse().ok()?, block, branch, taken);
    Some(())
}

/// `FN:<line>,[<end>,]<name>`, `FNDA:<hits>,<name>`; `FNL:<index>,<line>[,<end>]`, `FNA:<index>,<hits>,<name>`. A name may hold
/// commas.
fn function(file: &mut FileLines, begins: &mut HashMap<String, u32>, record: &str, data: &str) -> Option<()> {
    let (first, rest) = data.split_once(',')?;
    let name = match record {
        "FN" => {
            first.trim().parse::<u32>().ok()?;
            match rest.split_once(',') {
                Some((end, name)) if end.trim().parse::<u32>().is_ok() => name,
                _ => rest,
            }
        }
        "FNDA" => rest,
        "FNL" => {
            let line = rest.split(',').next()?.trim().parse().ok()?;
            file.function(line, "", false);
            begins.insert(first.to_owned(), line);
            return Some(());
        }
        _ => {
            let (hits, _) = rest.split_once(',')?;
            file.function(*begins.get(first)?, "", is_hit(hits)?);
            return Some(());
        }
    };
    let entered = record == "FNDA" && is_hit(first)?;
    file.function(0, name, entered);
    Some(())
}

fn at(line: u64, what: &str) -> Defect {
    Defect::Unreadable(format!("{what} (line {line})"))
}

fn bad(number: u64, line: &str) -> Defect {
    let line: String = line.chars().take(60).collect();
    at(number, &format!("it is not LCOV: `{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coverage(text: &str) -> Result<(u64, u64, u64, u64, u64), Defect> {
        let mut lines = Lines::default();
        parse(Window::new(text.as_bytes()), &mut lines)?;
        let (c, _) = lines.finish()?;
        Ok((c.lines_covered, c.lines_total, c.branches_covered, c.branches_total, c.files))
    }

    #[test]
    fn counts_lines_once_and_branches_by_name() {
        let text = "# by hand\nTN:x\nSF:a.c\nDA:1,2,abc\nDA:2,0\nBRDA:1,0,0,-\nBRDA:1,e0,jump to \"a, b\",3\nLF:99\nLH:99\nend_of_record\n\
                    SF:./a.c\r\nDA:2,-3\r\nDA:3,1.0e+19\r\nFNL:0,1\r\nend_of_record\r\n";
        assert_eq!(coverage(text), Ok((2, 3, 1, 2, 1)));
    }

    #[test]
    fn functions_are_told_by_name_or_by_line() {
        let functions = |text: &str| {
            let mut lines = Lines::default();
            parse(Window::new(format!("SF:a.c\nDA:1,1\n{text}end_of_record\n").as_bytes()), &mut lines)?;
            lines.finish().map(|(c, _)| (c.functions_covered, c.functions_total))
        };
        let old = "FN:1,f(int, int)\nFN:4,9,g\nFN:12,34\nFNDA:2,f(int, int)\nFNDA:0,g\nFNDA:-1,h\nFNF:9\nFNH:9\n";
        assert_eq!(functions(old), Ok((1, 4)));
        let new = "FNL:0,1,3\nFNA:0,0,f<int>\nFNA:0,2,f<long, long>\nFNL:1,5\nFNA:1,0,g\n";
        assert_eq!(functions(new), Ok((1, 2)));
        for text in ["FN:1\n", "FN:x,f\n", "FNDA:x,f\n", "FNA:0,1,f\n", "FNL:0\n"] {
            let why = format!("it is not LCOV: `{}` (line 3)", text.trim());
            assert_eq!(functions(text), Err(Defect::Unreadable(why)));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("SF:a\nDA:1,1\n", "it is cut off: `a` has no end_of_record (line 2)"),
            (
                "SF:a\nDA:1,1\nSF:b\nend_of_record\n",
                "it is cut off: `a` has no end_of_record before the next file (line 3)",
            ),
            ("SF:a\nDA:1\nend_of_record\n", "it is not LCOV: `DA:1` (line 2)"),
            ("SF:a\nDA:x,1\nend_of_record\n", "it is not LCOV: `DA:x,1` (line 2)"),
            ("DA:1,1\n", "it has lines before a file is named (`SF:`) (line 1)"),
            ("SF:a\nhello\n", "it is not LCOV: `hello` (line 2)"),
            ("end_of_record\n", "it is not LCOV: `end_of_record` (line 1)"),
        ] {
            assert_eq!(coverage(text), Err(Defect::Unreadable(why.to_owned())), "{text}");
        }
        assert!(matches!(coverage("TN:\nSF:a\nend_of_record\n"), Err(Defect::Missing(_))));
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_long_one_says(row in "DA:[0-9]{0,12},?[0-9-]{0,20}") {
            if let Some((line, hit)) = plain_da(row.as_bytes()) {
                let (number, hits) = row[3..].split_once(',').unwrap();
                prop_assert_eq!(number.parse(), Ok(line));
                prop_assert_eq!(is_hit(hits), Some(hit));
            }
        }

        #[test]
        fn shards_say_what_the_whole_says(
            records in prop::collection::vec((0u32..4, prop::collection::vec((0u32..150, 0u32..3), 1..20)), 1..8),
            cut in 0usize..8,
        ) {
            let text = |records: &[(u32, Vec<(u32, u32)>)]| {
                records.iter().map(|(file, lines)| {
                    let das: String = lines.iter().map(|(line, hits)| format!("DA:{line},{hits}\n")).collect();
                    format!("SF:f{file}\n{das}end_of_record\n")
                }).collect::<String>()
            };
            let cut = cut.min(records.len());
            let mut shards = Lines::default();
            parse(Window::new(text(&records[..cut]).as_bytes()), &mut shards).unwrap();
            parse(Window::new(text(&records[cut..]).as_bytes()), &mut shards).unwrap();
            let mut whole = Lines::default();
            parse(Window::new(text(&records).as_bytes()), &mut whole).unwrap();
            prop_assert_eq!(shards.finish(), whole.finish());
        }
    }
}
