//! Ranges of lines, expanded within limits: a report may write a range of billions of lines in twenty bytes.

use std::ops::RangeInclusive;

use crate::adapters::evidence::said::Defect;

/// The longest range that is read, in lines. The longest real source files have some hundred thousand.
pub const MAX_RANGE: u32 = 1_000_000;
/// How many lines the ranges of one report may have together: more than a profile of a gigabyte has.
pub const MAX_LINES: u64 = 200_000_000;

/// What is left of the limit of one report.
#[derive(Debug)]
pub struct Spans {
    left: u64,
}

impl Default for Spans {
    fn default() -> Self {
        Self { left: MAX_LINES }
    }
}

impl Spans {
    /// The lines from `first` to `last`; there is none if `last` lies before `first`. The error names the limit, and fits before
    /// `at line 12`.
    pub fn lines(&mut self, first: u32, last: u32) -> Result<RangeInclusive<u32>, String> {
        let length = (last.saturating_sub(first)).saturating_add(1);
        if length > MAX_RANGE {
            return Err(format!("it has a range of more than {MAX_RANGE} lines, {first} to {last},"));
        }
        match self.left.checked_sub(u64::from(length)) {
            Some(left) => self.left = left,
            None => return Err(format!("its ranges have more than {MAX_LINES} lines together")),
        }
        Ok(first..=last)
    }
}

/// The defect of a range, or of anything else, at a line of the report.
pub fn at(line: u64, what: &str) -> Defect {
    Defect::Unreadable(format!("{what} at line {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_range_is_refused_at_once() {
        let mut spans = Spans::default();
        assert_eq!(spans.lines(3, 5).unwrap().collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(spans.lines(5, 3).unwrap().count(), 0);
        assert_eq!(spans.lines(1, MAX_RANGE).unwrap().count(), MAX_RANGE as usize);
        let why = spans.lines(1, u32::MAX).unwrap_err();
        assert_eq!(why, "it has a range of more than 1000000 lines, 1 to 4294967295,");
        let refused = (0..=MAX_LINES / u64::from(MAX_RANGE)).find_map(|_| spans.lines(1, MAX_RANGE).err());
        assert_eq!(refused.unwrap(), "its ranges have more than 200000000 lines together");
    }
}
