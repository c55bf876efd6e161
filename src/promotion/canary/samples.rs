//! The figures of a canary and of what it is compared with, as the judge takes them.

use crate::promotion::canary::judge::{Sample, Tail};
use crate::promotion::condition::{Fact, Known};
use crate::promotion::levels::{Level, Levels};
use crate::promotion::number::Decimal;

/// Requests and failures as whole numbers. A monitoring system extrapolates counters to fractions: requests are cut, failures rounded.
pub fn sample(levels: &Levels) -> Result<Sample, String> {
    let requests = whole(&number(levels, Level::Requests)?, false)?;
    let failures = match number(levels, Level::Errors) {
        Ok(errors) => whole(&errors, true)?,
        Err(why) => {
            let good = levels.seen.get(&Level::Availability).ok_or(why)?;
            let bad = Decimal::whole(1).minus(*good).product(number(levels, Level::Requests)?);
            whole(&bad, true)?
        }
    };
    Ok(Sample { requests, failures: failures.min(requests) })
}

/// A percentile of the latency, with the requests that it is of.
pub fn tail(levels: &Levels, level: Level) -> Result<Tail, String> {
    let at_ms = number(levels, level)?;
    if at_ms <= Decimal::ZERO {
        return Err(format!("`{}` is {at_ms} ms, which is no latency", level.word()));
    }
    Ok(Tail { requests: whole(&number(levels, Level::Requests)?, false)?, at_ms })
}

fn number(levels: &Levels, level: Level) -> Result<Decimal, String> {
    match levels.fact(level.word()) {
        Known::Yes(Fact::Number(value)) => Ok(value),
        Known::Yes(_) => Err(format!("`{}` is no number", level.word())),
        Known::No(why) => Err(why),
    }
}

fn whole(number: &Decimal, round: bool) -> Result<u64, String> {
    let (units, scale) = number.parts();
    let one = 10i128.checked_pow(scale).ok_or("it has too many digits")?;
    let units = if round { units.saturating_add(one / 2) } else { units };
    u64::try_from(units / one).map_err(|_| format!("{number} is no count"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn levels(seen: &[(Level, &str)]) -> Levels {
        Levels {
            since: "2026-11-21T12:00:00Z".parse().unwrap(),
            until: "2026-11-21T13:00:00Z".parse().unwrap(),
            objective: None,
            seen: seen.iter().map(|(level, text)| (*level, text.parse().unwrap())).collect(),
            unknown: BTreeMap::from([(Level::LatencyP95, "no series".to_owned())]),
            burns: BTreeMap::new(),
        }
    }

    #[test]
    fn counts_are_whole() {
        for (requests, errors, wanted) in
            [("1000.9", "2.4", (1000, 2)), ("1000", "2.5", (1000, 3)), ("3", "3.6", (3, 3)), ("0", "0", (0, 0))]
        {
            let Sample { requests, failures } =
                sample(&levels(&[(Level::Requests, requests), (Level::Errors, errors)])).unwrap();
            assert_eq!((requests, failures), wanted);
        }
        let by_share = levels(&[(Level::Requests, "20000"), (Level::Availability, "0.9975")]);
        assert_eq!(sample(&by_share).unwrap(), Sample { requests: 20_000, failures: 50 });
    }

    #[test]
    fn what_is_not_known_is_no_sample() {
        assert!(sample(&levels(&[(Level::Requests, "10")])).is_err());
        assert!(sample(&levels(&[(Level::Errors, "10")])).is_err());
        assert!(sample(&levels(&[(Level::Requests, "-1"), (Level::Errors, "0")])).is_err());
        let requests = (Level::Requests, "10");
        assert_eq!(tail(&levels(&[requests]), Level::LatencyP95), Err("no series".to_owned()));
        assert!(tail(&levels(&[requests, (Level::LatencyP99, "0")]), Level::LatencyP99).is_err());
        assert!(tail(&levels(&[requests, (Level::LatencyP99, "12.5")]), Level::LatencyP99).is_ok());
    }
}
