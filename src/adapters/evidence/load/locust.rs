//! Locust's `<prefix>_stats.csv` (`locust --csv`), one row for each endpoint and one for all of them (locust, `stats.py`).
//!
//! - The row `Aggregated` is the total: the others are never added.
//! - Percentiles are approximate from the third digit on, in whole milliseconds, and `N/A` where there was no request.
//! - `_stats_history.csv` and `_failures.csv` are other reports.

use crate::adapters::evidence::load::number::{In, Number, Told};
use crate::adapters::evidence::load::runs::{Figures, Runs};
use crate::adapters::evidence::load::table::{Cells, Table};
use crate::adapters::evidence::load::words::WITH_FAILED;
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::Window;

/// Where the columns are.
struct Columns {
    kind: Option<usize>,
    name: usize,
    requests: usize,
    failures: usize,
    rate: Option<usize>,
    percentiles: [Option<usize>; 3],
}

impl Columns {
    fn named(header: &Cells) -> Option<Self> {
        Some(Self {
            kind: header.place(&["Type", "Method"]),
            name: header.place(&["Name"])?,
            requests: header.place(&["Request Count", "# requests"])?,
            failures: header.place(&["Failure Count", "# failures"])?,
            rate: header.place(&["Requests/s"]),
            percentiles: ["50%", "95%", "99%"].map(|name| header.place(&[name])),
        })
    }

    /// Whether a row is that of all requests; an endpoint of this name has a method.
    fn is_total(&self, row: &Cells) -> bool {
        let of_none = self.kind.and_then(|place| row.get(place)).is_none_or(|kind| matches!(kind.trim(), "" | "None"));
        of_none && matches!(row.get(self.name).map(str::trim), Some("Aggregated" | "Total"))
    }
}

/// Reads one report into the accumulator.
pub(super) fn parse(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let mut table = Table::new(input);
    let (columns, mut width) = match table.next_row()? {
        Some(header) => (Columns::named(header), header.len()),
        None => (None, 0),
    };
    let columns = columns.ok_or_else(|| {
        let why = "it is not Locust's _stats.csv: it has no columns `Name`, `Request Count` and `Failure Count`";
        Defect::Unreadable(why.to_owned())
    })?;
    let (mut total, mut first) = (None, true);
    while let Some(row) = table.next_row()? {
        // Older versions name a column that they do not fill, in no row.
        if first && row.len() < width && !columns.is_total(row) {
            width = row.len();
        }
        first = false;
        if row.len() != width {
            let (line, cells) = (row.line, row.len());
            let why = format!("it is cut off or broken: line {line} has {cells} cells, and those before it {width}");
            return Err(Defect::Unreadable(why));
        }
        if columns.is_total(row) && total.replace(figures(&columns, row)?).is_some() {
            return Err(Defect::Unreadable(format!("it has a second row `Aggregated` (line {})", row.line)));
        }
    }
    let why = || Defect::Unreadable("it is cut off: it has no row `Aggregated`".to_owned());
    runs.summary(path, total.ok_or_else(why)?)?;
    let mut about = About::default();
    about.made_by("Locust", None);
    about.notes.push(WITH_FAILED.to_owned());
    Ok(about)
}

fn figures(columns: &Columns, row: &Cells) -> Result<Figures, Defect> {
    let wrong = |text: &str| {
        let text: String = text.chars().take(40).collect();
        Defect::Unreadable(format!("it is not Locust's _stats.csv: `{text}` is no number (line {})", row.line))
    };
    let told = |place: Option<usize>| {
        let text = place.and_then(|place| row.get(place)).unwrap_or_default();
        Told::parse(text).ok_or_else(|| wrong(text))
    };
    let count = |place| {
        let text = row.get(place).unwrap_or_default();
        Number::parse(text).and_then(Number::count).ok_or_else(|| wrong(text))
    };
    let [p50, p95, p99] = columns.percentiles;
    let ms = |place| told(place).map(|told| told.millis(In::Millis));
    Ok(Figures {
        requests: count(columns.requests)?,
        failed: Some(count(columns.failures)?),
        p50: ms(p50)?,
        p95: ms(p95)?,
        p99: ms(p99)?,
        throughput: told(columns.rate)?.0.and_then(Number::rate),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Figures, Defect> {
        let mut runs = Runs::default();
        parse(Window::new(text.as_bytes()), "s.csv", &mut runs)?;
        let (said, _) = runs.finish()?;
        let (p50, p95, p99) = (said.p50_ms, said.p95_ms, said.p99_ms);
        Ok(Figures { requests: said.requests, failed: said.failed, p50, p95, p99, throughput: said.throughput })
    }

    #[test]
    fn only_the_total_counts() {
        let text = "Type,Name,Request Count,Failure Count,Requests/s,50%,95%,99%\nGET,Aggregated,5,5,1,1,1,1\n\
                    GET,\"a, b\",1,1,1,1,1,1\n,Aggregated,104,25,52.23290776191167,62,66,71\n";
        let said = read(text).unwrap();
        assert_eq!(
            (said.requests, said.failed, said.throughput.unwrap().to_string().as_str()),
            (104, Some(25), "52.232")
        );
        assert_eq!(said.p95.unwrap().to_string(), "66");
    }

    #[test]
    fn an_unfilled_column_is_no_cut() {
        let text = "\"Type\",\"Name\",\"Request Count\",\"Failure Count\",\"Requests/s\",\"Failures/s\"\n\
                    \"POST\",\"a\",6,1,1.07\n\"None\",\"Aggregated\",6,1,1.07\n";
        let said = read(text).unwrap();
        assert_eq!((said.requests, said.p95), (6, None));
        assert!(read(&text[..text.len() - 8]).is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        let header = "Type,Name,Request Count,Failure Count,Requests/s\n";
        for (text, why) in [
            ("Timestamp,User Count,Type,Name\n", "it is not Locust's _stats.csv: it has no columns"),
            (header, "it is cut off: it has no row `Aggregated`"),
            (&format!("{header}GET,/,1,0,1\n"), "it is cut off: it has no row `Aggregated`"),
            (&format!("{header},Aggregated,1,0\n"), "it is cut off or broken: line 2 has 4 cells"),
            (&format!("{header},Aggregated,1,0,1\n,Aggregated,1,0,1\n"), "it has a second row"),
            (&format!("{header},Aggregated,many,0,1\n"), "it is not Locust's _stats.csv: `many` is no number (line 2)"),
            (&format!("{header},Aggregated,1,N/A,1\n"), "it is not Locust's _stats.csv: `N/A` is no number (line 2)"),
        ] {
            let Err(Defect::Unreadable(seen)) = read(text) else { panic!("{text}") };
            assert!(seen.starts_with(why), "{seen}");
        }
        assert!(matches!(read(&format!("{header},Aggregated,0,0,0.0\n")), Err(Defect::Missing(_))));
    }
}
