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

/// The severities that ask nobody to do anything: `none` is what the alert that always fires has.
const HARMLESS: [&str; 5] = ["info", "informational", "notice", "debug", "none"];

impl Alert {
    /// What it counts as: `critical`, `warning` or `info`. Without a severity, or with one that nobody here knows (`page`,
    /// `P1`), it is a warning: not known is not harmless.
    pub fn counts_as(&self) -> &'static str {
        match self.severity.as_deref() {
            Some("critical") => "critical",
            Some(word) if HARMLESS.contains(&word) => "info",
            _ => "warning",
        }
    }
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

    /// The alerts that count as `critical`, `warning` or `info`.
    pub fn of<'a>(&'a self, severity: &'a str) -> impl Iterator<Item = &'a Alert> {
        self.active.iter().filter(move |alert| alert.counts_as() == severity)
    }

    /// The same without those that fired in an earlier look already: what was firing before is nobody's doing now.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let known = |alert: &Alert| before.active.iter().any(|other| other.fingerprint == alert.fingerprint);
        Self { active: self.active.iter().filter(|alert| !known(alert)).cloned().collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(fingerprint: &str, severity: Option<&str>) -> Alert {
        let (fingerprint, severity) = (fingerprint.to_owned(), severity.map(str::to_owned));
        Alert { fingerprint, name: "Down".to_owned(), severity, says: String::new(), since: None }
    }

    #[test]
    fn an_alert_whose_severity_is_not_known_is_a_warning() {
        let severities = [Some("critical"), Some("warning"), None, Some("page"), Some("info"), Some("none"), Some("")];
        let active = severities.into_iter().enumerate().map(|(n, severity)| alert(&n.to_string(), severity)).collect();
        let alerts = Alerts { active, silenced: 2, inhibited: 3 };
        for (name, count) in [("critical", 1), ("warning", 4), ("active", 7), ("silenced", 2), ("inhibited", 3)] {
            assert_eq!(alerts.fact(name), Known::Yes(Fact::Number(Decimal::whole(count))), "{name}");
        }
        assert!(matches!(alerts.fact("info"), Known::No(_)));
    }

    #[test]
    fn what_fired_before_is_taken_out() {
        let before = Alerts { active: vec![alert("a", Some("critical"))], silenced: 1, inhibited: 0 };
        let now = Alerts { active: vec![alert("a", Some("critical")), alert("b", None)], ..Alerts::default() };
        let ours: Vec<String> = now.since(&before).active.into_iter().map(|alert| alert.fingerprint).collect();
        assert_eq!(ours, ["b"]);
    }
}
