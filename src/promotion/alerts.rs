//! Alerts: which are firing, and which are silenced or inhibited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::condition::{Fact, Known};
use crate::promotion::number::Decimal;
use crate::promotion::time::Time;

/// The alerts of a service in an environment, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alerts {
    /// Those that are firing, and that nobody silenced.
    pub active: Vec<Alert>,
    /// Firing, and silenced by a person.
    pub silenced: u64,
    /// Firing, and inhibited by another alert.
    pub inhibited: u64,
}

/// One alert that is firing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// What tells it from others: the same labels, the same text.
    pub fingerprint: String,
    /// Its name: untrusted text.
    pub name: String,
    /// Its severity in small letters, where it has one.
    pub severity: Option<String>,
    /// Its labels and summary in a line: untrusted text.
    pub says: String,
    /// Since when it fires, by its own server's clock.
    pub since: Option<Time>,
}

impl Alerts {
    /// The value of a measure, by its name in the table of facts.
    pub fn fact(&self, name: &str) -> Known {
        let count = match name {
            "critical" | "warning" => self.of(name).count() as u64,
            "active" => self.active.len() as u64,
            "silenced" => self.silenced,
            "inhibited" => self.inhibited,
            _ => return Known::No(format!("alerts hold no `{name}`")),
        };
        Known::Yes(Fact::Number(Decimal::new(i128::from(count), 0)))
    }

    /// The alerts of a severity.
    pub fn of<'a>(&'a self, severity: &'a str) -> impl Iterator<Item = &'a Alert> {
        self.active.iter().filter(move |alert| alert.severity.as_deref() == Some(severity))
    }

    /// The same without those that fired in an earlier look already: what was firing before is nobody's doing now.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let known = |alert: &Alert| before.active.iter().any(|other| other.fingerprint == alert.fingerprint);
        Self { active: self.active.iter().filter(|alert| !known(alert)).cloned().collect(), ..self.clone() }
    }
}
