//! Counts as JSON reports write them: a number, `true`, a number in a text, or nothing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// One value where a count is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// `null`
    Null,
    /// A number; `true` is 1.
    Number(f64),
    /// The text `ignored`, which SimpleCov writes for a line that is left out.
    Ignored,
}

impl Scalar {
    /// Whether it counts something; `None` where it is no count.
    pub fn hit(self) -> Option<bool> {
        match self {
            Self::Number(number) => Some(number > 0.0),
            Self::Null | Self::Ignored => None,
        }
    }
}

/// The number of a line; `None` if it cannot be one.
pub fn line(number: f64) -> Option<u32> {
    let whole = number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number);
    whole.then_some(number as u32)
}

struct OfScalar;

impl Visitor<'_> for OfScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Number(f64::from(u8::from(value))))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        match value.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Scalar::Number(number)),
            _ if value == "ignored" => Ok(Scalar::Ignored),
            _ => Err(E::custom("a text stands where a number should")),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfScalar)
    }
}

/// An array of at most `N` numbers that are wanted; what follows is passed over, what is missing or `null` is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers<const N: usize> {
    /// The numbers.
    pub values: [f64; N],
    /// How many of them were there.
    pub length: usize,
}

struct OfNumbers<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for OfNumbers<N> {
    type Value = Numbers<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Numbers<N>, A::Error> {
        let mut numbers = Numbers { values: [0.0; N], length: 0 };
        for place in &mut numbers.values {
            let Some(scalar) = seq.next_element::<Scalar>()? else { return Ok(numbers) };
            if let Scalar::Number(number) = scalar {
                *place = number;
            }
            numbers.length += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(numbers)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Numbers<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfNumbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_tools_write_them() {
        for (text, hit) in [
            ("3", Some(true)),
            ("0", Some(false)),
            ("-1", Some(false)),
            ("1e19", Some(true)),
            ("true", Some(true)),
            ("\"2\"", Some(true)),
            ("\"ignored\"", None),
            ("null", None),
        ] {
            assert_eq!(serde_json::from_str::<Scalar>(text).unwrap().hit(), hit, "{text}");
        }
        for text in ["\"many\"", "\"NaN\"", "[]", "{}"] {
            assert!(serde_json::from_str::<Scalar>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arrays_may_be_longer_or_shorter() {
        let read = |text| serde_json::from_str::<Numbers<3>>(text).map(|numbers| (numbers.values, numbers.length));
        assert_eq!(read("[1,true]").unwrap(), ([1.0, 1.0, 0.0], 2));
        assert_eq!(read("[1,2,null,[4]]").unwrap(), ([1.0, 2.0, 0.0], 3));
        assert!(read("[\"x\"]").is_err() && read("{}").is_err());
    }

    #[test]
    fn a_line_is_a_whole_number() {
        assert_eq!([line(1.0), line(4_294_967_295.0)], [Some(1), Some(u32::MAX)]);
        for number in [0.0, -1.0, 1.5, 4_294_967_296.0, f64::INFINITY] {
            assert_eq!(line(number), None, "{number}");
        }
    }
}
