//! The time that is asked about, by the server's own clock.
//!
//! A point in time of ours means nothing to another's clock, but an age does: "since 40 minutes" is the same on both (DECISIONS C.5).

use crate::adapters::prometheus::promql::WINDOW;
use crate::promotion::time::{Millis, Over, Time};

/// How long a sample is believed to speak of now, and how soon after its beginning a window must hold one: Prometheus' lookback.
pub const FRESH: Millis = Millis::mins(5);

/// A window of time by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its end.
    pub until: Time,
    /// Its length in whole seconds, at least one.
    pub secs: i64,
    /// Whether it is shorter than the source's own, because less time is asked about.
    pub cut: bool,
}

impl Window {
    /// The source's own window, cut to the time that is asked about. `ours` and `theirs` are the same moment by both clocks.
    pub fn of(own: Millis, over: Option<Over>, ours: Time, theirs: Time) -> Result<Self, String> {
        let Some(over) = over else { return Ok(Self { until: theirs, secs: (own.0 / 1000).max(1), cut: false }) };
        let end = over.until.unwrap_or(ours).min(ours);
        let asked = Millis::between(over.since, end);
        if asked < Millis::secs(1) {
            return Err(format!(
                "there is nothing to measure yet: the time asked about is {} long",
                asked.max(Millis(0))
            ));
        }
        let until = Millis(-Millis::between(end, ours).0).after(theirs);
        Ok(Self { until, secs: (own.min(asked).0 / 1000).max(1), cut: asked < own })
    }

    /// Its beginning.
    pub fn since(self) -> Time {
        Millis(-self.secs * 1000).after(self.until)
    }

    /// A window that ends at the same moment, and is no longer than this one where this one is cut: before its beginning is
    /// not our time.
    pub fn last(self, span: Millis) -> Self {
        let secs = (span.0 / 1000).max(1);
        Self { secs: if self.cut { secs.min(self.secs) } else { secs }, ..self }
    }

    /// The moment by which a window that is whole holds its first sample.
    pub fn covered_by(self) -> Time {
        FRESH.after(self.since()).min(self.until)
    }

    /// A query over this window.
    pub fn fill(self, query: &str) -> String {
        query.replace(WINDOW, &format!("{}s", self.secs)).replace("{seconds}", &self.secs.to_string())
    }
}

/// A time as the API takes it: seconds with milliseconds.
pub fn seconds(at: Time) -> String {
    let ms = at.as_millisecond();
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_is_the_same_by_both_clocks() {
        let (ours, theirs) = (at("2026-11-21T12:00:00Z"), at("2026-11-21T12:07:00Z"));
        let own = Millis::mins(60 * 24 * 30);
        let whole = Window::of(own, None, ours, theirs).unwrap();
        assert_eq!((whole.until, whole.secs, whole.cut), (theirs, 2_592_000, false));
        assert_eq!(whole.covered_by(), at("2026-10-22T12:12:00Z"));

        let over = Over { since: at("2026-11-21T11:20:00Z"), until: None };
        let cut = Window::of(own, Some(over), ours, theirs).unwrap();
        assert_eq!((cut.since(), cut.until, cut.cut), (at("2026-11-21T11:27:00Z"), theirs, true));
        assert_eq!(cut.last(Millis::mins(60)).secs, 2400, "what was before is not our time");
        assert_eq!(cut.last(Millis::mins(5)).secs, 300);
        assert_eq!(whole.last(Millis::mins(60)).secs, 3600);

        let past = Over { since: at("2026-11-21T11:20:00Z"), until: Some(at("2026-11-21T11:30:00Z")) };
        let past = Window::of(own, Some(past), ours, theirs).unwrap();
        assert_eq!((past.since(), past.until), (at("2026-11-21T11:27:00Z"), at("2026-11-21T11:37:00Z")));

        let short = Window::of(Millis::mins(5), Some(over), ours, theirs).unwrap();
        assert_eq!((short.secs, short.cut), (300, false), "its own window is the shorter one");
        assert!(Window::of(own, Some(Over { since: ours, until: None }), ours, theirs).is_err());
        assert_eq!(cut.fill("rate(a[{window}])"), "rate(a[2400s])");
        assert_eq!(seconds(at("2026-11-21T12:00:00.050Z")), "1795262400.050");
    }
}
