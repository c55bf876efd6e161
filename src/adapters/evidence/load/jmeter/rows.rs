//! JMeter's CSV. The header may be missing: then the columns are the default ones.

use crate::adapters::evidence::load::jmeter::kept::{Kept, Sample, TRANSACTION};
use crate::adapters::evidence::load::number::{In, Number};
use crate::adapters::evidence::load::table::{Cells, Table};
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::window::Window;

/// Where the columns are.
struct Columns {
    time: Option<usize>,
    elapsed: usize,
    success: Option<usize>,
    message: Option<usize>,
    /// How many there are.
    width: usize,
}

/// Reads all rows.
pub(super) fn read(input: Window<'_>, kept: &mut Kept) -> Result<(), Defect> {
    let mut table = Table::new(input);
    let Some(first) = table.next_row()? else { return Ok(()) };
    let header = Columns::named(first);
    let columns = match header {
        Some(columns) => columns,
        None => {
            let columns = Columns::by_default(first).ok_or_else(|| {
                let why =
                    "it is not JMeter CSV: its first line is neither a header nor a sample of the default columns";
                Defect::Unreadable(why.to_owned())
            })?;
            let start = kept_time(kept, &columns, first);
            kept.add(&columns.sample(first, start)?)?;
            columns
        }
    };
    while let Some(row) = table.next_row()? {
        // A test that is run again into the same file may write its header again.
        if row.get(columns.elapsed) == Some("elapsed") {
            continue;
        }
        let start = kept_time(kept, &columns, row);
        kept.add(&columns.sample(row, start)?)?;
    }
    Ok(())
}

fn kept_time(kept: &mut Kept, columns: &Columns, row: &Cells) -> Option<i64> {
    columns.time.and_then(|place| row.get(place)).and_then(|text| kept.time(text))
}

impl Columns {
    fn named(row: &Cells) -> Option<Self> {
        Some(Self {
            elapsed: row.place(&["elapsed"])?,
            time: row.place(&["timeStamp"]),
            success: row.place(&["success"]),
            message: row.place(&["responseMessage"]),
            width: row.len(),
        })
    }

    /// `timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,…`
    fn by_default(row: &Cells) -> Option<Self> {
        let is_sample = |columns: &Self| {
            let time = row.get(0).is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
            let success = row.get(7).is_some_and(|text| truth(text).is_some());
            time && success && columns.sample(row, None).is_ok()
        };
        Some(Self { time: Some(0), elapsed: 1, success: Some(7), message: Some(4), width: row.len() }).filter(is_sample)
    }

    fn sample(&self, row: &Cells, start: Option<i64>) -> Result<Sample, Defect> {
        let line = row.line;
        if row.len() != self.width {
            let (cells, width) = (row.len(), self.width);
            let why = format!("it is cut off or broken: line {line} has {cells} cells, and the first has {width}");
            return Err(Defect::Unreadable(why));
        }
        let wrong = |what: &str, text: &str| {
            let text: String = text.chars().take(40).collect();
            Defect::Unreadable(format!("it is not JMeter CSV: `{text}` is no {what} (line {line})"))
        };
        let elapsed = row.get(self.elapsed).unwrap_or_default();
        let nanos = Number::parse(elapsed).and_then(|ms| ms.nanos(In::Millis)).ok_or_else(|| wrong("time", elapsed))?;
        let failed = match self.success.and_then(|place| row.get(place)) {
            Some(text) => Some(!truth(text).ok_or_else(|| wrong("result", text))?),
            None => None,
        };
        let message = self.message.and_then(|place| row.get(place));
        let transaction = message.is_some_and(|message| message.starts_with(TRANSACTION));
        Ok(Sample { nanos, start, failed, transaction })
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
