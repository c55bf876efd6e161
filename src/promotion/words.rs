//! Numbers as people read them, for the texts that a judgement carries: `9,120`, `83.4 %`, `≥ 80 %`.

use crate::promotion::condition::{Comparison, Fact, Op, Operand};
use crate::promotion::fields::Unit;
use crate::promotion::number::Decimal;
use crate::promotion::time::{Millis, Time};

/// A moment, to the second: `2026-11-22 12:10:05Z`.
pub fn moment(at: Time) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The time of day, to the second: `12:10:05Z`.
pub fn time_of_day(at: Time) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// A count with thousands separated by commas.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 file`, `3 files`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// A ratio in per cent, cut (not rounded) after two places, so that what is below a limit never looks as if it met it.
pub fn percent(num: u64, den: u64) -> String {
    if den == 0 {
        return "undefined".to_owned();
    }
    let hundredths = u128::from(num) * 10_000 / u128::from(den);
    let hundredths = i128::try_from(hundredths).unwrap_or(i128::MAX);
    format!("{} %", Decimal::new(hundredths, 2))
}

/// A number in a unit, as people write it.
pub fn number(value: Decimal, unit: Unit) -> String {
    match unit {
        Unit::Percent | Unit::Ratio => format!("{} %", value.shifted_right(2)),
        Unit::Duration => value.as_whole().map_or_else(|| format!("{value} ms"), |ms| Millis(ms).to_string()),
        Unit::Hours => format!("{value} h"),
        Unit::PerSecond => format!("{value} /s"),
        Unit::Count => value.as_whole().and_then(|n| u64::try_from(n).ok()).map_or_else(|| value.to_string(), count),
        Unit::Number | Unit::Text | Unit::Bool => value.to_string(),
    }
}

/// A fact in its unit.
pub fn fact(fact: &Fact, unit: Unit) -> String {
    match fact {
        Fact::Number(value) => number(brief(*value, unit, false), unit),
        Fact::Ratio { num, den } => match unit {
            Unit::Percent | Unit::Ratio => percent(*num, *den),
            _ => {
                let hundredths = u128::from(*num) * 100 / u128::from((*den).max(1));
                number(Decimal::new(i128::try_from(hundredths).unwrap_or(i128::MAX), 2), unit)
            }
        },
        Fact::Text(text) => text.clone(),
        Fact::Bool(yes) => yes.to_string(),
    }
}

/// A fact as it stands to a limit: what is above its limit never looks as if it met it.
pub fn compared(seen: &Fact, comparison: &Comparison) -> String {
    let unit = comparison.unit;
    match (seen, comparison.op) {
        (Fact::Ratio { num, den }, Op::Lt | Op::Lte) if *den > 0 => {
            let up = |factor: u128| {
                let hundredths = (u128::from(*num) * factor).div_ceil(u128::from(*den));
                Decimal::new(i128::try_from(hundredths).unwrap_or(i128::MAX), 2)
            };
            match unit {
                Unit::Percent | Unit::Ratio => format!("{} %", up(10_000)),
                _ => number(up(100), unit),
            }
        }
        (Fact::Number(value), Op::Lt | Op::Lte) => number(brief(*value, unit, true), unit),
        _ => fact(seen, unit),
    }
}

/// At most two decimal places as it is shown, cut or raised: measured numbers have more digits than meaning.
fn brief(value: Decimal, unit: Unit, up: bool) -> Decimal {
    let kept = if matches!(unit, Unit::Percent | Unit::Ratio) { 4 } else { 2 };
    let (units, scale) = value.parts();
    if scale <= kept {
        return value;
    }
    let cut = 10i128.saturating_pow(scale - kept);
    let whole = units.div_euclid(cut);
    Decimal::new(if up && units.rem_euclid(cut) != 0 { whole + 1 } else { whole }, kept)
}

fn operand(value: &Operand, unit: Unit) -> String {
    match value {
        Operand::Number(number_) => number(*number_, unit),
        Operand::Text(text) => text.clone(),
        Operand::Bool(yes) => yes.to_string(),
        Operand::List(items) => items.iter().map(|item| operand(item, unit)).collect::<Vec<_>>().join(", "),
    }
}

/// What a comparison wants, without its field: `≥ 80 %`.
pub fn wanted(comparison: &Comparison) -> String {
    let sign = match comparison.op {
        Op::Eq => "=",
        Op::Ne => "≠",
        Op::Gt => ">",
        Op::Gte => "≥",
        Op::Lt => "<",
        Op::Lte => "≤",
        Op::In => "one of",
        Op::Exists => {
            return if comparison.value == Operand::Bool(false) { "not observed" } else { "observed" }.to_owned();
        }
    };
    format!("{sign} {}", operand(&comparison.value, comparison.unit))
}

/// A list in a sentence: `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_limit_never_looks_met() {
        assert_eq!(percent(7_999, 10_000), "79.99 %");
        assert_eq!(percent(799_999, 1_000_000), "79.99 %");
        assert_eq!(percent(8, 10), "80 %");
    }

    #[test]
    fn what_is_above_a_limit_never_looks_met() {
        let value = Operand::Number(Decimal::new(1, 2));
        let at_most = Comparison { field: "performance.error_rate".to_owned(), op: Op::Lte, value, unit: Unit::Ratio };
        assert_eq!(compared(&Fact::Ratio { num: 1_000_001, den: 100_000_000 }, &at_most), "1.01 %");
        assert_eq!(compared(&Fact::Ratio { num: 1, den: 100 }, &at_most), "1 %");
        assert_eq!(
            compared(&Fact::Ratio { num: 1_999, den: 100_000 }, &Comparison { op: Op::Gte, ..at_most }),
            "1.99 %"
        );
    }

    #[test]
    fn measured_numbers_are_shown_briefly_and_on_the_right_side_of_their_limit() {
        let limit = |op, unit| Comparison { field: String::new(), op, value: Operand::Number(Decimal::ZERO), unit };
        let number = |text: &str| Fact::Number(text.parse().unwrap());
        for (seen, op, unit, wanted) in [
            (number("912.300001"), Op::Lte, Unit::Duration, "912.31 ms"),
            (number("912.300001"), Op::Gte, Unit::Duration, "912.3 ms"),
            (number("0.989321759259"), Op::Gte, Unit::Percent, "98.93 %"),
            (number("0.989321759259"), Op::Lte, Unit::Percent, "98.94 %"),
            (Fact::Ratio { num: 1_440_001, den: 100_000 }, Op::Lte, Unit::Number, "14.41"),
            (Fact::Ratio { num: 1_440_001, den: 100_000 }, Op::Gte, Unit::Number, "14.4"),
        ] {
            assert_eq!(compared(&seen, &limit(op, unit)), wanted);
        }
    }

    #[test]
    fn thousands_are_separated() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
    }
}
