//! Texts with units, read exactly. Each function answers with the value in its canonical unit, or with what to write.
//!
//! A bare number is refused where a unit belongs: nobody can tell whether `error_rate_max: 0.5` is half a per cent or half
//! of all requests.

use crate::promotion::condition::Operand;
use crate::promotion::fields::Unit;
use crate::promotion::number::Decimal;
use crate::promotion::time::Millis;

/// `70%` is 0.7.
pub fn percent(text: &str) -> Result<Decimal, String> {
    let Some(digits) = text.strip_suffix('%') else {
        return Err(match text.parse::<Decimal>() {
            Ok(bare) if bare.is_negative() => "a percentage is not negative".to_owned(),
            Ok(bare) if bare > Decimal::whole(1) || bare == Decimal::ZERO => format!("write {bare}%"),
            Ok(bare) => format!("write {}% or {bare}%, whichever is meant", bare.shifted_right(2)),
            Err(_) => "write a percentage, such as 99.5%".to_owned(),
        });
    };
    match digits.trim_end().parse::<Decimal>() {
        Ok(value) if value.is_negative() => Err("a percentage is not negative".to_owned()),
        Ok(value) => Ok(value.shifted_left(2)),
        Err(_) if digits.contains(',') => Err(format!("write {}", text.replace(',', "."))),
        Err(_) => Err("write a percentage, such as 99.5%".to_owned()),
    }
}

/// `1h30m` is 5,400,000 milliseconds. Months and years are refused: they have no fixed length.
pub fn span(text: &str) -> Result<Millis, String> {
    if text.parse::<Decimal>().is_ok() {
        return Err(format!("write the unit: {text}s, {text}m, {text}h or {text}d"));
    }
    let units = text.split(|c: char| !c.is_alphabetic()).filter(|unit| !unit.is_empty());
    for unit in units {
        if matches!(unit, "M" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years") {
            return Err(
                "write days, such as 30d: months and years have no fixed length, and minutes are `m`".to_owned()
            );
        }
    }
    let wrong = || "write a span of time, such as 30s, 15m, 2h, 1h30m or 30d".to_owned();
    let span = humantime::parse_duration(text).map_err(|_| wrong())?;
    if span.subsec_nanos() % 1_000_000 != 0 {
        return Err("write whole milliseconds".to_owned());
    }
    i64::try_from(span.as_millis()).map(Millis).map_err(|_| wrong())
}

/// `100/s` is 100.
pub fn rate(text: &str) -> Result<Decimal, String> {
    let wrong = || "write a rate per second, such as 100/s".to_owned();
    if let Ok(bare) = text.parse::<Decimal>() {
        return Err(format!("write {bare}/s"));
    }
    let digits = text.strip_suffix('s').and_then(|rest| rest.trim_end().strip_suffix('/')).ok_or_else(wrong)?;
    match digits.trim_end().parse::<Decimal>() {
        Ok(value) if !value.is_negative() => Ok(value),
        _ => Err(wrong()),
    }
}

/// What a fact of this unit is compared with. A bare number has the unit of the table of facts; a share is at most the whole.
pub fn operand(unit: Unit, text: &str) -> Result<Operand, String> {
    let value = unbounded(unit, text)?;
    let is_share = matches!(unit, Unit::Percent | Unit::Ratio);
    if matches!(&value, Operand::Number(number) if is_share && *number > Decimal::whole(1)) {
        let whole = if unit == Unit::Percent { "100%" } else { "100%, which is 1" };
        return Err(format!("it cannot be more than {whole}"));
    }
    Ok(value)
}

/// The same where there may be more than the whole: an error budget can be overspent.
pub fn unbounded(unit: Unit, text: &str) -> Result<Operand, String> {
    let bare = text.parse::<Decimal>().ok();
    let number = match unit {
        Unit::Count => match bare {
            Some(value) if value.as_whole().is_some() => value,
            _ => return Err("write a whole number".to_owned()),
        },
        // Between 0 and 1, nobody can tell a ratio from a percentage.
        Unit::Percent => match bare {
            Some(value) if value > Decimal::whole(1) || value == Decimal::ZERO => value.shifted_left(2),
            _ => percent(text)?,
        },
        Unit::Ratio => bare.map_or_else(|| percent(text), Ok)?,
        Unit::Duration => bare.map_or_else(|| span(text).map(|span| Decimal::whole(span.0)), Ok)?,
        Unit::Hours => bare.map_or_else(|| hours(text), Ok)?,
        Unit::PerSecond => bare.map_or_else(|| rate(text), Ok)?,
        Unit::Number => bare.ok_or("write a number without unit")?,
        Unit::Text => return Ok(Operand::Text(text.to_owned())),
        Unit::Bool => return truth(text).map(Operand::Bool),
    };
    if number.is_negative() {
        return Err("this is never negative".to_owned());
    }
    Ok(Operand::Number(number))
}

/// `true` or `false`.
pub fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "write true or false".to_owned())
}

/// A span in hours, exactly: `90m` is 1.5.
fn hours(text: &str) -> Result<Decimal, String> {
    const PER_HOUR: i128 = 3_600_000;
    let scaled = i128::from(span(text)?.0) * 1_000_000;
    if scaled % PER_HOUR == 0 {
        Ok(Decimal::new(scaled / PER_HOUR, 6))
    } else {
        Err("write whole or decimal hours, such as 24h or 1.5".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_need_their_sign() {
        for (text, ratio) in [("70%", "0.7"), ("99.95 %", "0.9995"), ("0%", "0"), ("100%", "1"), ("120%", "1.2")] {
            assert_eq!(percent(text), Ok(ratio.parse().unwrap()), "{text}");
        }
        for (text, help) in [
            ("99", "write 99%"),
            ("0", "write 0%"),
            ("0.99", "write 99% or 0.99%, whichever is meant"),
            ("99,5%", "write 99.5%"),
            ("-1%", "a percentage is not negative"),
            ("-1", "a percentage is not negative"),
            ("many", "write a percentage, such as 99.5%"),
            ("%", "write a percentage, such as 99.5%"),
            ("1e1%", "write a percentage, such as 99.5%"),
        ] {
            assert_eq!(percent(text), Err(help.to_owned()), "{text}");
        }
    }

    #[test]
    fn spans_need_a_unit_of_fixed_length() {
        for (text, ms) in [
            ("800ms", 800),
            ("30s", 30_000),
            ("15m", 900_000),
            ("15min", 900_000),
            ("2h", 7_200_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("30d", 2_592_000_000),
            ("2w", 1_209_600_000),
            ("0s", 0),
        ] {
            assert_eq!(span(text), Ok(Millis(ms)), "{text}");
        }
        for (text, part) in [
            ("90", "90s, 90m, 90h or 90d"),
            ("1M", "30d"),
            ("1y", "30d"),
            ("2 months", "30d"),
            ("-5m", "span of time"),
            ("5us", "whole milliseconds"),
            ("", "span of time"),
            ("soon", "span of time"),
            ("99999999999999999999d", "span of time"),
        ] {
            let help = span(text).expect_err(text);
            assert!(help.contains(part), "{text}: {help}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        assert_eq!(rate("100/s"), Ok(Decimal::whole(100)));
        assert_eq!(rate("2.5 / s"), Ok("2.5".parse().unwrap()));
        assert_eq!(rate("100"), Err("write 100/s".to_owned()));
        for text in ["100/m", "/s", "-1/s", "100s", "s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bare_number_in_a_condition_has_the_unit_of_the_table() {
        let number = |text: &str| Ok(Operand::Number(text.parse().unwrap()));
        for (unit, text, value) in [
            (Unit::Percent, "100", "1"),
            (Unit::Percent, "70%", "0.7"),
            (Unit::Percent, "1%", "0.01"),
            (Unit::Percent, "0", "0"),
            (Unit::Ratio, "0.01", "0.01"),
            (Unit::Ratio, "1%", "0.01"),
            (Unit::Hours, "24", "24"),
            (Unit::Hours, "90m", "1.5"),
            (Unit::Hours, "2d", "48"),
            (Unit::Duration, "800", "800"),
            (Unit::Duration, "2s", "2000"),
            (Unit::PerSecond, "5/s", "5"),
            (Unit::Count, "5", "5"),
        ] {
            assert_eq!(operand(unit, text), number(value), "{unit:?} {text}");
        }
        for (unit, text) in [
            (Unit::Count, "1.5"),
            (Unit::Count, "-1"),
            (Unit::Count, "5%"),
            (Unit::Percent, "101"),
            (Unit::Percent, "0.99"),
            (Unit::Percent, "1"),
            (Unit::Ratio, "2"),
            (Unit::Hours, "10m"),
            (Unit::Bool, "yes"),
        ] {
            assert!(operand(unit, text).is_err(), "{unit:?} {text}");
        }
        assert_eq!(unbounded(Unit::Percent, "150%"), number("1.5"), "a budget can be overspent");
        assert_eq!(operand(Unit::Text, "1.10"), Ok(Operand::Text("1.10".to_owned())));
        assert_eq!(operand(Unit::Bool, "true"), Ok(Operand::Bool(true)));
    }
}
