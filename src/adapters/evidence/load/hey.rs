//! hey's report, as it is printed, and its CSV (`-o csv`; rakyll/hey, `requester/print.go`).
//!
//! - Times are seconds with four decimals, so latencies are good to a tenth of a millisecond. Percentiles of zero are not printed.
//! - `%%` for `%` is what newer versions print.
//! - What is printed has no end: the requests of both distributions have to be as many as their rate times the duration.
//! - The CSV leaves out requests without an answer, so how many failed is not known; it has at most a million rows.

use crate::adapters::evidence::load::number::{In, Number};
use crate::adapters::evidence::load::runs::{Figures, Runs, Samples};
use crate::adapters::evidence::load::table::Table;
use crate::adapters::evidence::load::words::{ANSWERED_ONLY, is_good, lacks};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::window::{Rows, Window};
use crate::promotion::number::Decimal;

/// What the format is called in faults.
const TITLE: &str = "a hey report";
/// The most rows that hey writes as CSV.
const MOST_ROWS: u64 = 1_000_000;
/// The half of the last decimal of a duration, in nanoseconds.
const HALF: u64 = 50_000;

/// Reads one report into the accumulator.
pub(super) fn parse(mut input: Window<'_>, path: &str, runs: &mut Runs) -> Result<About, Defect> {
    let mut about = About::default();
    about.made_by("hey", None);
    about.notes.push(ANSWERED_ONLY.to_owned());
    let head = input.ahead().map_err(|fault| Defect::Unreadable(fault.to_string()))?;
    if head.trim_ascii_start().starts_with(b"response-time") {
        table(input, path, runs, &mut about)?;
    } else {
        printed(input, path, runs)?;
    }
    Ok(about)
}

/// `response-time,DNS+dialup,…,status-code,offset`
fn table(input: Window<'_>, path: &str, runs: &mut Runs, about: &mut About) -> Result<(), Defect> {
    let mut table = Table::new(input);
    let (mut samples, mut width, mut offset) = (Samples::default(), 0, None);
    while let Some(row) = table.next_row()? {
        if width == 0 {
            (width, offset) = (row.len(), row.place(&["offset"]));
            continue;
        }
        let wrong = |what: &str| Defect::Unreadable(format!("it is cut off or broken: {what} (line {})", row.line));
        if row.len() != width {
            return Err(wrong(&format!("{} cells, and the first line has {width}", row.len())));
        }
        let nanos = |place: usize| row.get(place).and_then(Number::parse).and_then(|time| time.nanos(In::Seconds));
        let latency = nanos(0).ok_or_else(|| wrong("no response time"))?;
        let start = offset.and_then(nanos).and_then(|nanos| i64::try_from(nanos).ok());
        samples.add(latency, start, None)?;
    }
    if samples.requests() >= MOST_ROWS {
        about
            .notes
            .push(format!("it has {MOST_ROWS} rows, the most that hey writes: there may have been more requests"));
    }
    about.notes.push("it does not tell of requests that got no answer, so how many failed is not known".to_owned());
    runs.samples(path, samples)
}

/// What is read of the printed report.
#[derive(Default)]
struct Printed {
    begun: bool,
    total: Option<Number>,
    rate: Option<Number>,
    /// The 50th, 95th and 99th percentile.
    percentiles: [Option<Decimal>; 3],
    section: Section,
    requests: u64,
    /// Those with a status code.
    answers: u64,
    failed: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Other,
    Summary,
    Latency,
    Status,
    Errors,
}

fn printed(input: Window<'_>, path: &str, runs: &mut Runs) -> Result<(), Defect> {
    let mut rows = Rows::new(input);
    let mut report = Printed::default();
    while let Some(row) = rows.next_row()? {
        report.row(row)?;
    }
    let number = rows.number();
    runs.summary(path, report.figures(number)?)
}

impl Printed {
    fn row(&mut self, row: &str) -> Result<(), Defect> {
        let line = row.trim();
        if !row.starts_with([' ', '\t']) && !line.is_empty() {
            self.section = match line {
                "Summary:" => Section::Summary,
                "Latency distribution:" => Section::Latency,
                "Status code distribution:" => Section::Status,
                "Error distribution:" => Section::Errors,
                _ => Section::Other,
            };
            self.begun |= self.section == Section::Summary;
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let wrong = || {
            let line: String = line.chars().take(60).collect();
            Defect::Unreadable(format!("it is cut off or broken: `{line}`"))
        };
        match self.section {
            Section::Other => {}
            Section::Summary => {
                let seconds = |text: &str| text.trim().strip_suffix("secs").and_then(Number::parse);
                match line.split_once(':') {
                    Some(("Total", text)) => self.total = Some(seconds(text).ok_or_else(wrong)?),
                    Some(("Requests/sec", text)) => self.rate = Some(Number::parse(text).ok_or_else(wrong)?),
                    _ => {}
                }
            }
            Section::Latency => self.percentile(line).ok_or_else(wrong)?,
            Section::Status | Section::Errors => self.counted(line).ok_or_else(wrong)?,
        }
        Ok(())
    }

    /// `95% in 0.0065 secs`
    fn percentile(&mut self, line: &str) -> Option<()> {
        let (percent, rest) = line.split_once('%')?;
        let rest = rest.strip_prefix('%').unwrap_or(rest);
        let seconds = rest.trim().strip_prefix("in")?.trim().strip_suffix("secs")?;
        let ms = Number::parse(seconds)?.millis(In::Seconds)?;
        if let Some(place) = ["50", "95", "99"].iter().position(|wanted| *wanted == percent) {
            self.percentiles[place] = Some(ms);
        }
        Some(())
    }

    /// `[200]  160 responses`, and of errors `[20]  Get "http://…": …`
    fn counted(&mut self, line: &str) -> Option<()> {
        let (number, rest) = line.strip_prefix('[')?.split_once(']')?;
        let (count, failed) = if self.section == Section::Status {
            let count: u64 = rest.trim().strip_suffix("responses")?.trim().parse().ok()?;
            self.answers = self.answers.checked_add(count)?;
            (count, !is_good(number))
        } else {
            (number.parse().ok()?, true)
        };
        self.requests = self.requests.checked_add(count)?;
        self.failed = self.failed.checked_add(if failed { count } else { 0 })?;
        Some(())
    }

    fn figures(self, lines: u64) -> Result<Figures, Defect> {
        if !self.begun {
            return Err(Defect::Unreadable(format!("it is not {TITLE}: it has no `Summary:`")));
        }
        let total = self.total.and_then(|total| total.nanos(In::Seconds)).ok_or_else(|| lacks(TITLE, "Total"))?;
        let rate = self.rate.ok_or_else(|| lacks(TITLE, "Requests/sec"))?;
        if !fits(self.requests, rate, total) {
            if self.answers == MOST_ROWS {
                let why = "hey counts the status codes of a million answers only, and there were more";
                return Err(Defect::Unreadable(why.to_owned()));
            }
            let why = format!("it is cut off at line {lines}: its distributions hold {} requests", self.requests);
            return Err(Defect::Unreadable(format!("{why}, which its duration and its rate do not give")));
        }
        let [p50, p95, p99] = self.percentiles;
        Ok(Figures { requests: self.requests, failed: Some(self.failed), p50, p95, p99, throughput: rate.rate() })
    }
}

/// Whether so many requests are what a rate gives in a duration; both are printed with four decimals.
fn fits(requests: u64, rate: Number, nanos: u64) -> bool {
    const ONE: u128 = 10_000 * 1_000_000_000;
    let Some(rate) = rate.ten_thousandths() else { return false };
    let product = |rate: u64, nanos: u64| u128::from(rate) * u128::from(nanos);
    let least = product(rate.saturating_sub(1), nanos.saturating_sub(HALF));
    let most = product(rate.saturating_add(2), nanos.saturating_add(HALF));
    (least..=most).contains(&(u128::from(requests) * ONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Figures, Defect> {
        let mut runs = Runs::default();
        parse(Window::new(text.as_bytes()), "hey.txt", &mut runs)?;
        let (said, _) = runs.finish()?;
        let (p50, p95, p99) = (said.p50_ms, said.p95_ms, said.p99_ms);
        Ok(Figures { requests: said.requests, failed: said.failed, p50, p95, p99, throughput: said.throughput })
    }

    const PRINTED: &str = "\nSummary:\n  Total:\t2.0000 secs\n  Average:\t NaN secs\n  Requests/sec:\t100.0000\n\n\n\
        Response time histogram:\n  0.001 [84]\t|■■\n\nLatency distribution:\n  50% in 0.0011 secs\n  95%% in 0.0065 secs\n\n\
        Status code distribution:\n  [200]\t160 responses\n  [302]\t30 responses\n  [500]\t6 responses\n\n\
        Error distribution:\n  [4]\tGet \"http://127.0.0.1/\": EOF\n\n";

    #[test]
    fn reads_what_is_printed() {
        let said = read(PRINTED).unwrap();
        assert_eq!(
            (said.requests, said.failed, said.p99),
            (200, Some(10), None),
            "a percentile of zero is not printed"
        );
        assert_eq!(said.p50.unwrap().to_string(), "1.1");
        assert_eq!(said.p95.unwrap().to_string(), "6.5");
        assert_eq!(said.throughput.unwrap().to_string(), "100");
    }

    #[test]
    fn every_cut_is_noticed() {
        let end = PRINTED.trim_end().len();
        // Behind the count of the last error, only its words are missing.
        let counted = PRINTED.rfind("[4]").unwrap() + 3;
        for cut in (0..counted).filter(|cut| PRINTED.is_char_boundary(*cut)) {
            assert!(read(&PRINTED[..cut]).is_err(), "{:?}", &PRINTED[..cut]);
        }
        assert!(read(&PRINTED[..end]).is_ok());
    }

    #[test]
    fn the_table_does_not_tell_of_failures() {
        let text = "response-time,DNS+dialup,status-code,offset\n0.0616,0.0004,200,0.0005\n0.0621,0.0013,500,0.0003\n";
        let said = read(text).unwrap();
        assert_eq!((said.requests, said.failed), (2, None));
        assert_eq!(
            (said.p50.unwrap().to_string(), said.p99.unwrap().to_string()),
            ("61.6".to_owned(), "62.1".to_owned())
        );
        // Two requests between 0.0003 s and 0.0624 s.
        assert_eq!(said.throughput.unwrap().to_string(), "32.206");
        assert!(matches!(read("response-time,DNS\n"), Err(Defect::Missing(_))));
        assert!(matches!(read("response-time,offset\n0.1"), Err(Defect::Unreadable(_))));
        assert!(matches!(read("response-time,offset\nx,1\n"), Err(Defect::Unreadable(_))));
    }
}
