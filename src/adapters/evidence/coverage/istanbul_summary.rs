//! Istanbul `coverage-summary.json` (the reporter `json-summary`): numbers for each path, and `total`.
//!
//! - It has no lines: it can be joined with summaries of other files, and never with another report of the same one.
//! - `total` is the sum of the files, and is not added to them; where there are no files, it is all that there is. A total that
//!   contradicts its files is refused.
//! - `pct` may be the text `Unknown`; it is left aside.

use serde::Deserialize;

use crate::adapters::evidence::coverage::lines::Lines;
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::Error;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;
use crate::promotion::measures::Part;

#[derive(Deserialize)]
struct Summary {
    lines: Option<Count>,
    branches: Option<Count>,
    functions: Option<Count>,
}

#[derive(Default, Deserialize)]
struct Count {
    total: u32,
    covered: u32,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, lines: &mut Lines) -> Result<About, Defect> {
    let mut about = About::default();
    let (mut total, mut sum, mut files): (Option<Part>, Part, u64) = (None, Part::default(), 0);
    Json::document(input, "an Istanbul summary", |json| {
        json.object(|path, json| {
            let part = part(path, json.read()?)?;
            if path == "total" {
                total = Some(part);
                return Ok(());
            }
            files += 1;
            sum.add(&part);
            lines.sums(path, part);
            Ok(())
        })
    })?;
    match total {
        None => return Err(Defect::Unreadable("it is not an Istanbul summary: it has no `total`".to_owned())),
        Some(total) if files == 0 => lines.sums("", total),
        Some(total) if total != sum => {
            let (covered, all) = (total.lines_covered, total.lines_total);
            let what =
                format!("{covered} of {all} lines, and its files sum to {} of {}", sum.lines_covered, sum.lines_total);
            return Err(Defect::Unreadable(format!("it contradicts itself: its total is {what}")));
        }
        Some(_) => {}
    }
    if total.is_some_and(|total| total.lines_total == 0) {
        about.notes.push("it holds no line that could be covered".to_owned());
    }
    Ok(about)
}

fn part(path: &str, summary: Summary) -> Result<Part, Error> {
    let lines = summary.lines.ok_or_else(|| Error::Data(format!("`{path}` has no `lines`")))?;
    let (branches, functions) = (summary.branches.unwrap_or_default(), summary.functions.unwrap_or_default());
    if [&lines, &branches, &functions].iter().any(|count| count.covered > count.total) {
        return Err(Error::Data(format!("of `{path}` more is covered than there is")));
    }
    Ok(Part {
        lines_covered: lines.covered.into(),
        lines_total: lines.total.into(),
        branches_covered: branches.covered.into(),
        branches_total: branches.total.into(),
        functions_covered: functions.covered.into(),
        functions_total: functions.total.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u64, u64, u64), Defect> {
        let mut lines = Lines::default();
        parse(Window::new(text.as_bytes()), &mut lines)?;
        let (c, _) = lines.finish()?;
        Ok((c.lines_covered, c.lines_total, c.files))
    }

    #[test]
    fn files_are_summed_and_the_total_is_not_added() {
        let lines = |covered: u32, total: u32| {
            format!("{{\"lines\":{{\"total\":{total},\"covered\":{covered},\"pct\":\"Unknown\"}}}}")
        };
        let whole = format!("{{\"total\":{},\"a\":{},\"b\":{}}}", lines(3, 7), lines(1, 3), lines(2, 4));
        assert_eq!(read(&whole), Ok((3, 7, 2)));
        assert_eq!(read(&format!("{{\"total\":{}}}", lines(3, 7))), Ok((3, 7, 1)));
        assert!(matches!(read(&format!("{{\"total\":{}}}", lines(0, 0))), Err(Defect::Missing(_))));
        for (text, why) in [
            (format!("{{\"a\":{}}}", lines(1, 3)), "it is not an Istanbul summary: it has no `total`"),
            (
                format!("{{\"total\":{},\"a\":{}}}", lines(3, 7), lines(1, 3)),
                "it contradicts itself: its total is 3 of 7 lines, and its files sum to 1 of 3",
            ),
            (
                format!("{{\"total\":{}}}", lines(8, 7)),
                "it is not an Istanbul summary: of `total` more is covered than there is at line 1",
            ),
            ("{\"total\":{}}".to_owned(), "it is not an Istanbul summary: `total` has no `lines` at line 1"),
        ] {
            assert_eq!(read(&text), Err(Defect::Unreadable(why.to_owned())));
        }
    }
}
