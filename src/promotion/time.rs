//! Points and spans of time as records keep them: RFC 3339 UTC and whole milliseconds.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment, written as RFC 3339 in UTC.
pub type Time = jiff::Timestamp;

/// A span of time in whole milliseconds, as files hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// A time that live evidence is asked about, in place of its own window where that is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// From when.
    pub since: Time,
    /// Until when; absent: now.
    pub until: Option<Time>,
}

impl Millis {
    /// A span of whole seconds.
    pub const fn secs(secs: i64) -> Self {
        Self(secs * 1000)
    }

    /// A span of whole minutes.
    pub const fn mins(mins: i64) -> Self {
        Self(mins * 60_000)
    }

    /// The time from `earlier` to `later`; negative if they are the wrong way round.
    pub fn between(earlier: Time, later: Time) -> Self {
        Self(later.as_millisecond() - earlier.as_millisecond())
    }

    /// The moment this long after `start`; the end of representable time if that is beyond it.
    pub fn after(self, start: Time) -> Time {
        Time::from_millisecond(start.as_millisecond().saturating_add(self.0)).unwrap_or(Time::MAX)
    }

    /// The span for waiting; a negative one is no wait at all.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}

impl Millis {
    /// The largest unit alone, cut: `21 h` for 21 h 18 min. For ages in a narrow column.
    pub fn coarse(self) -> String {
        let text = self.to_string();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }
}

/// Two largest units, as people say it: `2 d 3 h`, `5 min`, `1 min 2 s`, `450 ms`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ms = self.0.unsigned_abs();
        if ms < 1000 {
            return f.pad(&format!("{sign}{ms} ms"));
        }
        let secs = ms / 1000;
        let parts = [(secs / 86_400, "d"), (secs / 3600 % 24, "h"), (secs / 60 % 60, "min"), (secs % 60, "s")];
        let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
        let shown: Vec<String> =
            parts.iter().skip(first).take(2).filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
        f.pad(&format!("{sign}{}", shown.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::Millis;

    #[test]
    fn spans_read_as_people_say_them() {
        for (ms, text) in [
            (450, "450 ms"),
            (1000, "1 s"),
            (62_000, "1 min 2 s"),
            (300_000, "5 min"),
            (7_200_000, "2 h"),
            (90_061_000, "1 d 1 h"),
            (-5_000, "-5 s"),
        ] {
            assert_eq!(Millis(ms).to_string(), text);
        }
    }
}
