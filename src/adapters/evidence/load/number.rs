//! Numbers as load tests write them, read exactly and rounded once.
//!
//! Latencies become milliseconds with at most three decimals, rounded up; rates are cut after three decimals. So a limit is
//! never met by rounding. JSON numbers are what their writer had: the shortest decimal that is that double.

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::promotion::number::Decimal;

/// How many decimals of a millisecond, and of a rate, are kept.
const PLACES: i32 = 3;
/// The most digits that a number may have, without zeros at either end.
const MAX_DIGITS: usize = 30;
/// The largest value that is kept, in units of its last decimal: what a [`Decimal`] reads back.
const MAX_UNITS: u128 = 1_000_000_000_000_000_000;

/// A number that is not negative: `digits × 10^power`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    digits: u128,
    power: i32,
}

/// What a latency is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    Seconds,
    Millis,
    Nanos,
}

impl In {
    /// How many places the point moves right to make milliseconds.
    fn to_millis(self) -> i32 {
        match self {
            Self::Seconds => 3,
            Self::Millis => 0,
            Self::Nanos => -6,
        }
    }
}

impl Number {
    /// A whole number.
    pub(super) fn whole(n: u64) -> Self {
        Self { digits: u128::from(n), power: 0 }
    }

    /// Reads `12`, `0.995`, `1.5e-05`; nothing negative, no `NaN`, no thousands separators.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let all = format!("{whole}{part}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.len() > MAX_DIGITS {
            return None;
        }
        if digits.is_empty() {
            return Some(Self { digits: 0, power: 0 });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let power = i32::from(power) + i32::try_from(zeros).ok()? - i32::try_from(part.len()).ok()?;
        Some(Self { digits: digits.parse().ok()?, power })
    }

    /// The whole part of the number with its point moved right, and whether anything is left behind it.
    fn moved(self, places: i32) -> Option<(u128, bool)> {
        let power = self.power.checked_add(places)?;
        match u32::try_from(power) {
            Ok(up) => Some((self.digits.checked_mul(10u128.checked_pow(up)?)?, false)),
            Err(_) => match 10u128.checked_pow(power.unsigned_abs()) {
                Some(divisor) => Some((self.digits / divisor, !self.digits.is_multiple_of(divisor))),
                None => Some((0, self.digits != 0)),
            },
        }
    }

    /// A latency in milliseconds, rounded up.
    pub(super) fn millis(self, unit: In) -> Option<Decimal> {
        let (units, rest) = self.moved(unit.to_millis() + PLACES)?;
        decimal(units + u128::from(rest))
    }

    /// A latency in nanoseconds, rounded up.
    pub(super) fn nanos(self, unit: In) -> Option<u64> {
        let (units, rest) = self.moved(unit.to_millis() + 6)?;
        u64::try_from(units + u128::from(rest)).ok()
    }

    /// A rate, cut after three decimals.
    pub(super) fn rate(self) -> Option<Decimal> {
        decimal(self.moved(PLACES)?.0)
    }

    /// The number in ten-thousandths, cut.
    pub(super) fn ten_thousandths(self) -> Option<u64> {
        u64::try_from(self.moved(4)?.0).ok()
    }

    /// A count of things.
    pub(super) fn count(self) -> Option<u64> {
        match self.moved(0)? {
            (units, false) => u64::try_from(units).ok(),
            (_, true) => None,
        }
    }
}

fn decimal(units: u128) -> Option<Decimal> {
    let units = i128::try_from(units).ok().filter(|_| units <= MAX_UNITS)?;
    Some(Decimal::new(units, PLACES.unsigned_abs()))
}

/// Nanoseconds in milliseconds, rounded up.
pub(super) fn millis(nanos: u64) -> Option<Decimal> {
    Number::whole(nanos).millis(In::Nanos)
}

/// How many per second, cut after three decimals; nothing for no time.
pub(super) fn per_second(count: u64, nanos: u64) -> Option<Decimal> {
    const SECOND: u128 = 1_000_000_000 * 1000;
    decimal((u128::from(count) * SECOND).checked_div(u128::from(nanos))?)
}

/// A number where there may be none: `null`, an empty text, `-`, `N/A` and `NaN` are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Told(pub(super) Option<Number>);

impl Told {
    /// Reads a text; the outer `None` is one that is neither a number nor a word for none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" | "-" | "N/A" | "NaN" => Some(Self(None)),
            text => Number::parse(text).map(|number| Self(Some(number))),
        }
    }

    /// A latency in milliseconds, rounded up.
    pub(super) fn millis(self, unit: In) -> Option<Decimal> {
        self.0?.millis(unit)
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;

        impl Visitor<'_> for Numbers {
            type Value = Told;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number that is not negative")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Told, E> {
                Ok(Told(None))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Told, E> {
                Ok(Told(Some(Number::whole(n))))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Told, E> {
                self.visit_str(&n.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Told, E> {
                Told::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(number: Option<Decimal>) -> String {
        number.map_or_else(|| "none".to_owned(), |number| number.to_string())
    }

    #[test]
    fn a_latency_is_rounded_up_and_a_rate_down() {
        for (text, unit, ms) in [
            ("800", In::Millis, "800"),
            ("800.0000001", In::Millis, "800.001"),
            ("799.9994", In::Millis, "800"),
            ("0.0065", In::Seconds, "6.5"),
            ("1.5e-05", In::Seconds, "0.015"),
            ("800000001", In::Nanos, "800.001"),
            ("0", In::Nanos, "0"),
            ("1e-400", In::Millis, "0.001"),
            ("1e30", In::Seconds, "none"),
        ] {
            assert_eq!(shown(Number::parse(text).unwrap().millis(unit)), ms, "{text}");
        }
        for (text, rate) in [("99.9999999", "99.999"), ("100.000", "100"), ("1915.6774347853113", "1915.677")] {
            assert_eq!(shown(Number::parse(text).unwrap().rate()), rate, "{text}");
        }
        assert_eq!(shown(per_second(30, 2_884_000_000)), "10.402");
        assert_eq!(shown(per_second(1, 0)), "none");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-1", "NaN", "1,5", "1.2.3", "e5", ".", "1e99999999", "0x10", "1_000", "+1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        for text in ["-", "N/A", "", "NaN"] {
            assert_eq!(Told::parse(text), Some(Told(None)), "{text}");
        }
        assert_eq!(Told::parse("-1"), None);
        assert_eq!(Number::parse("60.0").unwrap().count(), Some(60));
        assert_eq!(Number::parse("60.5").unwrap().count(), None);
        assert_eq!(Number::parse("1e25").unwrap().count(), None);
    }

    #[test]
    fn json_numbers_may_be_texts() {
        let told = |json: &str| serde_json::from_str::<Told>(json);
        assert_eq!(told("null").unwrap(), Told(None));
        assert_eq!(told("\"-\"").unwrap(), Told(None));
        assert_eq!(told("\"1101\"").unwrap(), Told(Some(Number::whole(1101))));
        assert_eq!(shown(told("0.04281354999999969").unwrap().millis(In::Millis)), "0.043");
        assert_eq!(shown(told("800.0000000000001").unwrap().millis(In::Millis)), "800.001");
        assert!(told("-1").is_err() && told("true").is_err() && told("\"many\"").is_err());
    }

    proptest! {
        #[test]
        fn three_decimals_are_kept_and_more_are_rounded(units in 0u64..1_000_000_000, more in 0u32..1000) {
            let text = format!("{}.{:03}{more:03}", units / 1000, units % 1000);
            let number = Number::parse(&text).unwrap();
            let exact = |units: u64| Some(Decimal::new(i128::from(units), 3));
            prop_assert_eq!(number.rate(), exact(units));
            prop_assert_eq!(number.millis(In::Millis), exact(units + u64::from(more > 0)));
        }
    }
}
