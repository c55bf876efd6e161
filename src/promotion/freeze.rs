//! Freeze windows: times in which the rules let nothing be promoted, in the time zone of the people who are then away.
//!
//! Where clocks are set, a window begins at the earlier and ends at the later of two readings: never later, never earlier than
//! anybody could have meant.

use std::fmt;

use jiff::Span;
use jiff::civil::{Date, DateTime, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::promotion::rules::at::At;
use crate::promotion::time::Time;

/// A freeze window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// The environments that it freezes.
    pub environments: Vec<String>,
    /// Its time zone, as the IANA database names it: `Europe/Berlin`.
    pub zone: String,
    /// When.
    pub when: When,
    /// Users, and teams as `org/team`, who may go on with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Where it stands.
    #[serde(skip)]
    pub at: At,
}

/// When a window is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Every week.
    Weekly {
        /// From when on.
        from: Weekly,
        /// Until when: the next such moment after it.
        to: Weekly,
    },
    /// Once.
    Dated {
        /// From when on.
        from: DateTime,
        /// Until when.
        to: DateTime,
    },
}

/// A moment of every week: `fri 16:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weekly {
    day: Weekday,
    time: Clock,
}

/// The days as they are written, in the order of a week.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Weekly {
    /// Reads `fri 16:00`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.trim().split_once(' ')?;
        let day = day.to_ascii_lowercase();
        let (_, day) = DAYS.iter().find(|(name, _)| *name == day)?;
        Some(Self { day: *day, time: clock(time.trim())? })
    }
}

impl fmt::Display for Weekly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS.iter().find(|(_, day)| *day == self.day).map_or("", |(name, _)| *name);
        write!(f, "{day} {:02}:{:02}", self.time.hour(), self.time.minute())
    }
}

impl TryFrom<String> for Weekly {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no moment of a week"))
    }
}

impl From<Weekly> for String {
    fn from(moment: Weekly) -> Self {
        moment.to_string()
    }
}

/// Reads `2026-12-20 18:00`; a date alone is its beginning. `None` if it is none.
pub fn dated(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let Some((date, time)) = text.split_once([' ', 'T']) else {
        return text.parse::<Date>().ok().map(|date| date.to_datetime(Clock::midnight()));
    };
    Some(date.parse::<Date>().ok()?.to_datetime(clock(time)?))
}

/// A time of day to the minute.
fn clock(text: &str) -> Option<Clock> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i8>().ok()).flatten();
    Clock::new(number(hour)?, number(minute).filter(|_| minute.len() == 2)?, 0, 0).ok()
}

/// The time zone of this name, from the database that is built in; `None` if it has none.
pub fn zone(name: &str) -> Option<TimeZone> {
    jiff_tzdb_name(name).then(|| TimeZone::get(name).ok()).flatten()
}

/// Whether a text can be a zone's name: others must not be looked up as paths.
fn jiff_tzdb_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    !name.is_empty() && !name.starts_with('/') && name.chars().all(fits)
}

impl Window {
    /// Until when it freezes, if it does at a moment: at its beginning it does, at its end it does not. A zone that this promote
    /// does not know freezes for good.
    pub fn in_force(&self, at: Time) -> Option<Time> {
        let Some(zone) = zone(&self.zone) else { return Some(Time::MAX) };
        let inside = |(from, to): (DateTime, DateTime)| {
            let from = zone.to_ambiguous_timestamp(from).earlier().ok()?;
            let to = zone.to_ambiguous_timestamp(to).later().ok()?;
            (from <= at && at < to).then_some(to)
        };
        match self.when {
            When::Dated { from, to } => inside((from, to)),
            When::Weekly { from, to } => {
                let today = at.to_zoned(zone.clone()).date();
                (-8..=1).filter_map(|days| inside(week(today, days, from, to)?)).max()
            }
        }
    }

    /// When it is, in words: `fri 16:00 to mon 08:00, Europe/Berlin`.
    pub fn describe(&self) -> String {
        match &self.when {
            When::Weekly { from, to } => format!("{from} to {to}, {}", self.zone),
            When::Dated { from, to } => {
                let shown = |at: &DateTime| at.strftime("%Y-%m-%d %H:%M").to_string();
                format!("{} to {}, {}", shown(from), shown(to), self.zone)
            }
        }
    }
}

/// The window that begins so many days from a date, if one does.
fn week(today: Date, days: i64, from: Weekly, to: Weekly) -> Option<(DateTime, DateTime)> {
    let begins = today.checked_add(Span::new().days(days)).ok()?;
    if begins.weekday() != from.day {
        return None;
    }
    let apart = i64::from(to.day.to_monday_zero_offset() - from.day.to_monday_zero_offset()).rem_euclid(7);
    let apart = if apart == 0 && to.time <= from.time { 7 } else { apart };
    let ends = begins.checked_add(Span::new().days(apart)).ok()?;
    Some((begins.to_datetime(from.time), ends.to_datetime(to.time)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn weekly(from: &str, to: &str) -> Window {
        let moment = |text| Weekly::parse(text).unwrap();
        window("Europe/Berlin", When::Weekly { from: moment(from), to: moment(to) })
    }

    fn once(from: &str, to: &str) -> Window {
        window("Europe/Berlin", When::Dated { from: dated(from).unwrap(), to: dated(to).unwrap() })
    }

    fn window(zone: &str, when: When) -> Window {
        Window {
            name: "w".to_owned(),
            environments: vec!["production".to_owned()],
            zone: zone.to_owned(),
            when,
            except: Vec::new(),
            at: At::default(),
        }
    }

    #[test]
    fn a_weekly_window_begins_and_ends_by_the_clock_on_the_wall() {
        // 2026-11-20 is a Friday; Berlin is one hour ahead of UTC in winter.
        let weekend = weekly("fri 16:00", "mon 08:00");
        let monday = at("2026-11-23T07:00:00Z");
        for (now, until) in [
            ("2026-11-20T14:59:59Z", None),
            ("2026-11-20T15:00:00Z", Some(monday)),
            ("2026-11-21T23:30:00Z", Some(monday)),
            ("2026-11-23T06:59:59.999Z", Some(monday)),
            ("2026-11-23T07:00:00Z", None),
            ("2026-11-25T12:00:00Z", None),
        ] {
            assert_eq!(weekend.in_force(at(now)), until, "{now}");
        }
        // In summer the same hours are an hour earlier.
        assert_eq!(weekend.in_force(at("2026-07-03T14:00:00Z")), Some(at("2026-07-06T06:00:00Z")));
        assert_eq!(weekend.in_force(at("2026-07-03T13:59:59Z")), None);
    }

    #[test]
    fn a_window_within_a_day_and_one_over_midnight() {
        let lunch = weekly("wed 12:00", "wed 13:00");
        assert_eq!(lunch.in_force(at("2026-11-25T11:00:00Z")), Some(at("2026-11-25T12:00:00Z")));
        assert_eq!(lunch.in_force(at("2026-11-25T12:00:00Z")), None);
        let all_but_lunch = weekly("wed 13:00", "wed 12:00");
        assert_eq!(all_but_lunch.in_force(at("2026-11-25T11:30:00Z")), None);
        assert_eq!(all_but_lunch.in_force(at("2026-11-25T12:00:00Z")), Some(at("2026-12-02T11:00:00Z")));
        assert_eq!(all_but_lunch.in_force(at("2026-11-25T10:59:00Z")), Some(at("2026-11-25T11:00:00Z")));
        let night = weekly("sun 23:00", "mon 01:00");
        assert_eq!(night.in_force(at("2026-11-22T23:30:00Z")), Some(at("2026-11-23T00:00:00Z")));
    }

    #[test]
    fn where_clocks_are_set_a_window_is_the_longer_of_two() {
        // On 2026-03-29 the hour from 2:00 does not exist in Berlin, on 2026-10-25 the one from 2:00 comes twice.
        let gap = once("2026-03-29 02:30", "2026-03-30 00:00");
        assert_eq!(gap.in_force(at("2026-03-29T00:30:00Z")), Some(at("2026-03-29T22:00:00Z")));
        assert_eq!(gap.in_force(at("2026-03-29T00:29:59Z")), None);
        let ends_in_gap = once("2026-03-28", "2026-03-29 02:30");
        assert_eq!(ends_in_gap.in_force(at("2026-03-29T01:29:59Z")), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(ends_in_gap.in_force(at("2026-03-29T01:30:00Z")), None);
        let fold = once("2026-10-25 02:30", "2026-10-26");
        assert_eq!(fold.in_force(at("2026-10-25T00:30:00Z")), Some(at("2026-10-25T23:00:00Z")));
        let ends_in_fold = once("2026-10-24", "2026-10-25 02:30");
        assert_eq!(ends_in_fold.in_force(at("2026-10-25T01:29:59Z")), Some(at("2026-10-25T01:30:00Z")));
        assert_eq!(ends_in_fold.in_force(at("2026-10-25T01:30:00Z")), None);
    }

    #[test]
    fn moments_are_read_as_they_are_written() {
        for (text, wanted) in [("fri 16:00", "fri 16:00"), ("Mon 8:05", "mon 08:05"), (" sun  00:00", "sun 00:00")] {
            assert_eq!(Weekly::parse(text).unwrap().to_string(), wanted);
        }
        for text in ["", "friday 16:00", "fri", "fri 16", "fri 24:00", "fri 16:0", "fri +1:00", "fri 16:60"] {
            assert_eq!(Weekly::parse(text), None, "{text}");
        }
        for text in ["", "2026-13-01", "2026-12-20 25:00", "20.12.2026", "2026-12-20 18", "2026-02-30"] {
            assert_eq!(dated(text), None, "{text}");
        }
        assert_eq!(dated("2026-12-20").unwrap(), dated("2026-12-20 00:00").unwrap());
        for (name, known) in [("Europe/Berlin", true), ("UTC", true), ("Berlin", false), ("../etc/passwd", false)] {
            assert_eq!(zone(name).is_some(), known, "{name}");
        }
    }

    #[test]
    fn a_zone_that_is_not_known_opens_nothing() {
        let strange = window(
            "Mars/Olympus",
            When::Dated { from: dated("2026-01-01").unwrap(), to: dated("2026-01-02").unwrap() },
        );
        assert_eq!(strange.in_force(at("2027-01-01T00:00:00Z")), Some(Time::MAX));
    }

    proptest! {
        #[test]
        fn a_window_holds_up_to_its_end_and_not_at_it(second in 1_600_000_000i64..2_000_000_000, day in 0usize..7, hours in 1i64..160) {
            let from = format!("{} 09:00", DAYS[day].0);
            let ends = Weekly::parse(&from).unwrap().time.on(2024, 1, 1 + i8::try_from(day).unwrap()).checked_add(Span::new().hours(hours)).unwrap();
            let to = format!("{} {:02}:00", DAYS[usize::try_from(ends.weekday().to_monday_zero_offset()).unwrap()].0, ends.hour());
            let window = weekly(&from, &to);
            let now = Time::from_second(second).unwrap();
            if let Some(until) = window.in_force(now) {
                prop_assert!(until > now);
                prop_assert_eq!(window.in_force(until), None);
                prop_assert_eq!(window.in_force(until - Span::new().nanoseconds(1)), Some(until));
            }
        }
    }
}
