//! Service levels: what a monitoring system says of a service over a window of time, and the error budget that follows from it.
//!
//! Terms and formulas are those of *The Site Reliability Workbook* (Google, 2018), chapters 2 "Implementing SLOs" and 5 "Alerting
//! on SLOs": the error budget is `1 − objective`; its consumption over a window is `error rate ÷ budget`; the burn rate is the same
//! quotient over a shorter window, and counts as exceeded where a long and a short window both exceed it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::condition::{Fact, Known};
use crate::promotion::number::Decimal;
use crate::promotion::time::Time;

/// One figure about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Requests in the window.
    Requests,
    /// Those of them that failed.
    Errors,
    /// The share of good requests, where it is asked for by itself.
    Availability,
    /// The latency in milliseconds that half of the requests stay under.
    LatencyP50,
    /// The latency in milliseconds that 95 of 100 requests stay under.
    LatencyP95,
    /// The latency in milliseconds that 99 of 100 requests stay under.
    LatencyP99,
    /// Requests per second.
    Throughput,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 7] = [
        Self::Requests,
        Self::Errors,
        Self::Availability,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::Throughput,
    ];

    /// The word, as rules and facts have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Availability => "availability",
            Self::LatencyP50 => "latency_p50",
            Self::LatencyP95 => "latency_p95",
            Self::LatencyP99 => "latency_p99",
            Self::Throughput => "throughput",
        }
    }
}

/// What was found out about a service over a window. What could not be found out says why: absence is not zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Levels {
    /// The window's beginning.
    pub since: Time,
    /// The window's end.
    pub until: Time,
    /// The promised share of good requests; without it there is no error budget.
    #[schemars(with = "Option<String>")]
    pub objective: Option<Decimal>,
    /// What is known.
    #[schemars(with = "BTreeMap<Level, String>")]
    pub seen: BTreeMap<Level, Decimal>,
    /// Why what was asked for and is not known, is not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<Level, String>,
    /// The share of failed requests over pairs of shorter windows, by the pair's name: `1h/5m`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub burns: BTreeMap<String, Burn>,
}

/// The share of failed requests over a long and a short window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Burn {
    /// Both are known.
    Rates {
        /// Over the long window.
        #[schemars(with = "String")]
        long: Decimal,
        /// Over the short window.
        #[schemars(with = "String")]
        short: Decimal,
    },
    /// They are not: why.
    Unknown(String),
}

/// The pair of windows of a burn rate that names none: a page-worthy burn of 14.4 is one over both (table 5-8 of the workbook).
pub const USUAL_BURN: &str = "1h/5m";

impl Levels {
    /// The value of a measure, by its name in the table of facts.
    pub fn fact(&self, name: &str) -> Known {
        let (measure, pair) = name.split_once('@').unwrap_or((name, USUAL_BURN));
        match measure {
            "availability" => self.availability(),
            "error_rate" => self.error_rate(),
            "consumption" => self.consumption(),
            "burn_rate" => self.burn_rate(pair),
            other => match Level::ALL.into_iter().find(|level| level.word() == other) {
                Some(level) => self.level(level).map_or_else(Known::No, |value| Known::Yes(Fact::Number(value))),
                None => Known::No(format!("service levels hold no `{other}`")),
            },
        }
    }

    fn level(&self, level: Level) -> Result<Decimal, String> {
        let why =
            || self.unknown.get(&level).cloned().unwrap_or_else(|| format!("`{}` was not asked for", level.word()));
        self.seen.get(&level).copied().ok_or_else(why)
    }

    fn availability(&self) -> Known {
        if let Some(share) = self.seen.get(&Level::Availability) {
            return Known::Yes(Fact::Number(*share));
        }
        match self.counts() {
            Ok((requests, errors)) => share(requests.minus(errors), requests),
            Err(why) => Known::No(why),
        }
    }

    fn error_rate(&self) -> Known {
        match (self.counts(), self.seen.get(&Level::Availability)) {
            (Ok((requests, errors)), _) => share(errors, requests),
            (Err(_), Some(good)) => Known::Yes(Fact::Number(Decimal::whole(1).minus(*good))),
            (Err(why), None) => Known::No(why),
        }
    }

    /// Requests and errors; a service without requests has shown nothing.
    fn counts(&self) -> Result<(Decimal, Decimal), String> {
        let (requests, errors) = (self.level(Level::Requests)?, self.level(Level::Errors)?);
        if requests <= Decimal::ZERO {
            return Err("there were no requests in the window".to_owned());
        }
        Ok((requests, errors))
    }

    fn budget(&self) -> Result<Decimal, String> {
        let objective = self.objective.ok_or("the evidence has no `objective`, so there is no error budget")?;
        Ok(Decimal::whole(1).minus(objective))
    }

    fn consumption(&self) -> Known {
        let budget = match self.budget() {
            Ok(budget) => budget,
            Err(why) => return Known::No(why),
        };
        match (self.counts(), self.seen.get(&Level::Availability)) {
            (Ok((requests, errors)), _) => share(errors, requests.product(budget)),
            (Err(_), Some(good)) => share(Decimal::whole(1).minus(*good), budget),
            (Err(why), None) => Known::No(why),
        }
    }

    /// The smaller of both windows: a burn that is over, and one that has only begun, is none.
    fn burn_rate(&self, pair: &str) -> Known {
        let burn = self.burns.get(pair).ok_or_else(|| format!("the burn rate over {pair} was not asked for"));
        match (burn, self.budget()) {
            (Ok(Burn::Rates { long, short }), Ok(budget)) => share(*long.min(short), budget),
            (Ok(Burn::Unknown(why)), _) => Known::No(why.clone()),
            (Err(why), _) | (_, Err(why)) => Known::No(why),
        }
    }
}

/// A quotient that is compared without division.
fn share(num: Decimal, den: Decimal) -> Known {
    match Fact::quotient(num, den) {
        Some(fact) => Known::Yes(fact),
        None => Known::No("the figures do not make a share".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(requests: &str, errors: &str) -> Levels {
        let seen =
            BTreeMap::from([(Level::Requests, requests.parse().unwrap()), (Level::Errors, errors.parse().unwrap())]);
        Levels {
            since: "2026-10-22T12:00:00Z".parse().unwrap(),
            until: "2026-11-21T12:00:00Z".parse().unwrap(),
            objective: "0.999".parse().ok(),
            seen,
            unknown: BTreeMap::new(),
            burns: BTreeMap::from([(
                USUAL_BURN.to_owned(),
                Burn::Rates { long: "0.0144".parse().unwrap(), short: "0.02".parse().unwrap() },
            )]),
        }
    }

    fn ratio(known: &Known) -> (u64, u64) {
        match known {
            Known::Yes(Fact::Ratio { num, den }) => (*num, *den),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn shares_are_exact() {
        let levels = levels("1000000", "300.5");
        assert_eq!(ratio(&levels.fact("error_rate")), (3005, 10_000_000));
        assert_eq!(ratio(&levels.fact("availability")), (9_996_995, 10_000_000));
        // 300.5 of the 1,000 that may fail.
        let (num, den) = ratio(&levels.fact("consumption"));
        assert_eq!(num * 10_000, den * 3005);
        let (num, den) = ratio(&levels.fact("burn_rate"));
        assert_eq!(num * 10, den * 144, "the long window burns slower, and counts");
    }

    #[test]
    fn nothing_is_worked_out_from_nothing() {
        for (requests, errors) in [("0", "0"), ("0", "5")] {
            for field in ["error_rate", "availability", "consumption"] {
                assert!(matches!(levels(requests, errors).fact(field), Known::No(_)), "{field}");
            }
        }
        let mut none = levels("10", "0");
        none.seen.clear();
        none.unknown.insert(Level::Errors, "no series".to_owned());
        none.objective = None;
        assert_eq!(none.fact("errors"), Known::No("no series".to_owned()));
        assert!(matches!(none.fact("consumption"), Known::No(why) if why.contains("objective")));
        assert!(matches!(none.fact("burn_rate@6h/30m"), Known::No(_)));
    }
}
