//! Times as reports write them.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::promotion::time::Time;

/// A time from a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time; read as UTC where the report names no zone.
    pub time: Time,
    /// Whether the report names a zone.
    pub zoned: bool,
}

/// Reads RFC 3339, RFC 2822, and a date and time without a zone. Anything else, and anything before the year 2000 (tools
/// write 1970 and year 1 for "not known"), is no time.
pub fn moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    let read = if let Ok(time) = text.parse::<Time>() {
        Moment { time, zoned: true }
    } else if let Ok(time) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        Moment { time, zoned: true }
    } else {
        let civil: DateTime = text.parse().ok()?;
        Moment { time: civil.to_zoned(TimeZone::UTC).ok()?.timestamp(), zoned: false }
    };
    plausible(read.time).map(|time| Moment { time, ..read })
}

/// Reads seconds or milliseconds since 1970, told apart by their size: Cobertura writers use both.
pub fn epoch(text: &str) -> Option<Time> {
    let text = text.trim();
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let number: i64 = whole.parse().ok()?;
    // 10^11 seconds is the year 5138, 10^11 milliseconds is 1973: nothing real lies on the wrong side.
    let time = if number < 100_000_000_000 { Time::from_second(number) } else { Time::from_millisecond(number) };
    plausible(time.ok()?)
}

fn plausible(time: Time) -> Option<Time> {
    const YEAR_2000: i64 = 946_684_800;
    (time.as_second() >= YEAR_2000).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_tools_write() {
        for (text, zoned, utc) in [
            ("2026-11-20T10:00:00Z", true, "2026-11-20T10:00:00Z"),
            ("2026-11-20T12:00:00.123456+02:00", true, "2026-11-20T10:00:00.123456Z"),
            ("2026-11-20T10:00:00", false, "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00.5", false, "2026-11-20T10:00:00.5Z"),
            ("2026-11-20 10:00:00", false, "2026-11-20T10:00:00Z"),
            ("Fri, 20 Nov 2026 10:00:00 GMT", true, "2026-11-20T10:00:00Z"),
        ] {
            let read = moment(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((read.time.to_string().as_str(), read.zoned), (utc, zoned), "{text}");
        }
        for text in ["", "yesterday", "0001-01-01T00:00:00", "1970-01-01T00:00:00Z", "10:00:00"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn tells_seconds_from_milliseconds() {
        for text in ["1795168800", "1795168800000", "1795168800.25"] {
            assert_eq!(epoch(text).unwrap().to_string(), "2026-11-20T10:00:00Z", "{text}");
        }
        for text in ["0", "-5", "", "abc", "99999999999999999999"] {
            assert_eq!(epoch(text), None, "{text}");
        }
    }
}
