//! When a verification looks at its gates: calmly, since each look is a call to somebody's monitoring, and what it shows needs traffic.
//!
//! This is the schedule that runs, and the one that the error rates of a judge are measured with: every look is a chance to be
//! wrong.

use crate::promotion::time::{Millis, Time};

/// The time between two looks.
pub const EVERY: Millis = Millis::secs(15);

/// The moments of the looks through a window of this length, counted from its beginning: at once, then every [`EVERY`], and at the
/// window's end.
pub fn schedule(settle: Millis) -> Vec<Millis> {
    let step = usize::try_from(EVERY.0).unwrap_or(1).max(1);
    let mut looks: Vec<Millis> = (0..settle.0.max(0)).step_by(step).map(Millis).collect();
    looks.push(Millis(settle.0.max(0)));
    looks
}

/// Whether it is time for the next look: at once, where there was none; [`EVERY`] after the last one; and once a moment that something
/// ends at has come (the window, the grace of a failure), where the last one was before it.
pub fn is_due(last: Option<Time>, now: Time, ends: &[Time]) -> bool {
    let Some(last) = last else { return true };
    Millis::between(last, now) >= EVERY || ends.iter().any(|end| last < *end && now >= *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_15_s_apart_and_one_is_at_the_end() {
        let looks = |settle: Millis| schedule(settle).iter().map(|look| look.0 / 1000).collect::<Vec<_>>();
        assert_eq!(looks(Millis::secs(0)), [0]);
        assert_eq!(looks(Millis::secs(10)), [0, 10]);
        assert_eq!(looks(Millis::secs(15)), [0, 15]);
        assert_eq!(looks(Millis::secs(40)), [0, 15, 30, 40]);
        assert_eq!(looks(Millis::mins(5)).len(), 21);
    }

    #[test]
    fn what_is_due_is_what_the_schedule_says() {
        let begin: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        for settle in [Millis(0), Millis::secs(10), Millis::secs(45), Millis::secs(61), Millis::mins(5)] {
            let (mut last, mut looked) = (None, Vec::new());
            for ms in (0..settle.0).step_by(200).chain([settle.0]) {
                let now = Millis(ms).after(begin);
                if is_due(last, now, &[settle.after(begin)]) {
                    last = Some(now);
                    looked.push(Millis(ms));
                }
            }
            assert_eq!(looked, schedule(settle), "{settle}");
        }
    }
}
