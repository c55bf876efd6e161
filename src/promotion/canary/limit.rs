//! What the rules ask of a canary.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::number::Decimal;
use crate::promotion::time::Millis;

/// One limit of the gate `canary`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The evidence that knows the canary's service levels, and those of the baseline.
    pub evidence: String,
    /// The limit.
    pub limit: Limit,
    /// What the canary is compared with.
    pub against: Against,
}

/// A limit. All are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The least share of the traffic.
    Traffic(Decimal),
    /// How long the version must have run as the canary.
    Duration(Millis),
    /// The least share of good requests.
    SuccessRate(Decimal),
    /// How much higher than the baseline's the error rate may be, as a difference of shares: 1 percentage point is `0.01`.
    ErrorRateIncrease(Decimal),
    /// How much higher the 95th percentile of the latency may be, relative to the baseline's.
    LatencyP95Increase(Decimal),
    /// How much higher the 99th percentile of the latency may be, relative to the baseline's.
    LatencyP99Increase(Decimal),
}

impl Limit {
    /// The row's name behind the dot.
    pub fn word(self) -> &'static str {
        match self {
            Self::Traffic(_) => "traffic",
            Self::Duration(_) => "duration",
            Self::SuccessRate(_) => "success_rate",
            Self::ErrorRateIncrease(_) => "error_rate_increase",
            Self::LatencyP95Increase(_) => "latency_p95_increase",
            Self::LatencyP99Increase(_) => "latency_p99_increase",
        }
    }

    /// What is wanted: `≥ 10 %`, `at most 1 point more`.
    pub fn wanted(self) -> String {
        let percent = |share: Decimal| format!("{} %", share.shifted_right(2));
        match self {
            Self::Traffic(least) | Self::SuccessRate(least) => format!("≥ {}", percent(least)),
            Self::Duration(least) => format!("≥ {least}"),
            Self::ErrorRateIncrease(most) => format!("≤ +{} points", most.shifted_right(2)),
            Self::LatencyP95Increase(most) | Self::LatencyP99Increase(most) => format!("≤ +{}", percent(most)),
        }
    }

    /// How it stands to another value of the same limit: whether it asks for more, less, or the same; `None` for another limit.
    pub fn stricter_than(self, other: Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Traffic(a), Self::Traffic(b)) | (Self::SuccessRate(a), Self::SuccessRate(b)) => Some(a.cmp(&b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(&b)),
            (Self::ErrorRateIncrease(a), Self::ErrorRateIncrease(b))
            | (Self::LatencyP95Increase(a), Self::LatencyP95Increase(b))
            | (Self::LatencyP99Increase(a), Self::LatencyP99Increase(b)) => Some(b.cmp(&a)),
            _ => None,
        }
    }
}

/// What the canary is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The target environment, over the same time: for a gate of a promotion, where worse is a failure.
    Target,
    /// The same environment before the commit: for a gate of a verification, where worse leads to this.
    Before(Action),
}

/// What follows when a canary is worse than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The version from before is restored.
    Rollback,
    /// Nothing more happens until a person decides.
    Pause,
    /// It is shown.
    Warn,
}

impl Action {
    /// What follows where the rules do not say: errors lead back, latency to a person.
    pub fn usual(limit: Limit) -> Self {
        match limit {
            Limit::SuccessRate(_) | Limit::ErrorRateIncrease(_) => Self::Rollback,
            _ => Self::Pause,
        }
    }

    /// The word, as rules have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Pause => "pause",
            Self::Warn => "warn",
        }
    }
}
