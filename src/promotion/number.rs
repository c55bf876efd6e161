//! Exact numbers: thresholds are decimals, never binary floats, so that "at the limit" means exactly that.
//!
//! Files hold decimals as strings (`"0.995"`). There is no arithmetic here beyond scaling and comparison, which is why this is
//! a hundred lines and not a crate: an `i128` compared after cross-multiplication cannot round.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact decimal: `units / 10^scale`, kept without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

/// The largest number of decimal places that is read; more is a mistake, not precision.
const MAX_SCALE: u32 = 18;
/// The largest magnitude of `units`: leaves room to cross-multiply with a 64-bit count inside an `i128`.
const MAX_UNITS: i128 = 1_000_000_000_000_000_000;

/// Why a text is not a decimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number of at most 18 digits")]
pub struct NotADecimal(pub String);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// A whole number.
    pub fn whole(units: i64) -> Self {
        Self::new(i128::from(units), 0)
    }

    /// `units / 10^scale`, with trailing zeros removed.
    pub fn new(units: i128, scale: u32) -> Self {
        let mut this = Self { units, scale };
        while this.scale > 0 && this.units % 10 == 0 {
            this.units /= 10;
            this.scale -= 1;
        }
        this
    }

    /// The same digits with the point moved: `places` to the left is a division by ten to that power. `70` moved by 2 is `0.7`.
    pub fn shifted_left(self, places: u32) -> Self {
        Self::new(self.units, self.scale + places)
    }

    /// The same digits with the point moved right, a multiplication by ten to that power: `0.7` moved by 2 is `70`.
    pub fn shifted_right(self, places: u32) -> Self {
        if places <= self.scale {
            return Self::new(self.units, self.scale - places);
        }
        Self::new(self.units.saturating_mul(10i128.saturating_pow(places - self.scale)), 0)
    }

    /// The product with a whole number (a unit's size), saturating at the border of an `i128`.
    pub fn times(self, factor: i64) -> Self {
        Self::new(self.units.saturating_mul(i128::from(factor)), self.scale)
    }

    /// The difference to another number, saturating at the border of an `i128`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        let at = |number: Self| number.units.saturating_mul(10i128.saturating_pow(scale - number.scale));
        Self::new(at(self).saturating_sub(at(other)), scale)
    }

    /// The sum with another number, saturating at the border of an `i128`.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.minus(Self::new(other.units.saturating_neg(), other.scale))
    }

    /// The product with another number, saturating at the border of an `i128`.
    #[must_use]
    pub fn product(self, other: Self) -> Self {
        Self::new(self.units.saturating_mul(other.units), self.scale + other.scale)
    }

    /// The number as `units / 10^scale`.
    pub fn parts(self) -> (i128, u32) {
        (self.units, self.scale)
    }

    /// Whether the value is below zero.
    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// The value as a whole number, if it is one and fits.
    pub fn as_whole(self) -> Option<i64> {
        if self.scale == 0 { i64::try_from(self.units).ok() } else { None }
    }

    /// Compares with the ratio `num / den`, exactly; `den` must not be zero.
    pub fn cmp_ratio(self, num: u64, den: u64) -> Ordering {
        let left = self.units.saturating_mul(i128::from(den));
        let right = i128::from(num).saturating_mul(10i128.saturating_pow(self.scale));
        left.cmp(&right)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let left = self.units.saturating_mul(10i128.saturating_pow(scale - self.scale));
        let right = other.units.saturating_mul(10i128.saturating_pow(scale - other.scale));
        left.cmp(&right)
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    /// Reads `12`, `-3`, `0.995`; no exponent, no thousands separators, digits on both sides of the point.
    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let fault = || NotADecimal(text.to_owned());
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) || (digits.contains('.') && part.is_empty()) {
            return Err(fault());
        }
        let scale = u32::try_from(part.len()).map_err(|_| fault())?;
        let units: i128 = format!("{whole}{part}").parse().map_err(|_| fault())?;
        if scale > MAX_SCALE || units > MAX_UNITS {
            return Err(fault());
        }
        Ok(Self::new(sign * units, scale))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return f.pad(&format!("{sign}{digits}"));
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        f.pad(&format!("{sign}{whole}.{part}"))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_the_shortest_form() {
        for (text, shown) in [("70", "70"), ("0.10", "0.1"), ("-0.05", "-0.05"), ("007", "7"), ("1.000", "1")] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "-", "1.", ".5", "1e3", "1,5", "0.1234567890123456789", "99999999999999999999"] {
            assert!(text.parse::<Decimal>().is_err(), "{text} must be refused");
        }
    }

    #[test]
    fn a_ratio_at_the_threshold_is_equal() {
        let limit: Decimal = "0.7".parse().unwrap();
        assert_eq!(limit.cmp_ratio(7, 10), Ordering::Equal);
        assert_eq!(limit.cmp_ratio(699_999_999, 1_000_000_000), Ordering::Greater);
        assert_eq!(limit.cmp_ratio(700_000_001, 1_000_000_000), Ordering::Less);
    }

    proptest! {
        #[test]
        fn text_round_trips(units in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u32..12) {
            let value = Decimal::new(i128::from(units), scale);
            prop_assert_eq!(value.to_string().parse::<Decimal>().unwrap(), value);
        }

        #[test]
        fn order_is_that_of_the_numbers(a in -100_000i64..100_000, b in -100_000i64..100_000, s in 0u32..4, t in 0u32..4) {
            let left = i128::from(a) * 10i128.pow(t);
            let right = i128::from(b) * 10i128.pow(s);
            prop_assert_eq!(Decimal::new(i128::from(a), s).cmp(&Decimal::new(i128::from(b), t)), left.cmp(&right));
        }
    }
}
