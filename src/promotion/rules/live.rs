//! Live evidence: what is asked of a monitoring system, about a service in an environment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::promotion::levels::Level;
use crate::promotion::number::Decimal;
use crate::promotion::time::Millis;

/// What is asked of Prometheus, or of anything that answers its API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrometheusSource {
    /// The time that is looked at; absent only where `slo` says it.
    pub window: Option<Millis>,
    /// The promised share of good requests; absent: there is no error budget, or `slo` says it.
    pub objective: Option<Decimal>,
    /// Label matchers for the built-in queries, with placeholders: `service="{service}",env="{environment}"`.
    pub selector: Option<String>,
    /// Queries in place of the built-in ones; may hold `{service}`, `{environment}`, `{selector}` and `{window}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<Level, String>,
    /// A definition in the working directory that says the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<SloFile>,
}

impl PrometheusSource {
    /// Where it is, in words.
    pub fn place(&self) -> String {
        let asked = self.selector.iter().chain(self.slo.iter().map(|slo| &slo.path)).chain(self.queries.values());
        format!("Prometheus: {}", asked.cloned().collect::<Vec<_>>().join(", "))
    }
}

impl AlertsSource {
    /// Where it is, in words.
    pub fn place(&self) -> String {
        let whose = match self.from {
            AlertsFrom::Alertmanager => "Alertmanager",
            AlertsFrom::Prometheus => "Prometheus",
        };
        format!("{whose}: {}", self.matchers.join(", "))
    }
}

/// A file that defines a service level objective: OpenSLO, Sloth or Pyrra.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SloFile {
    /// Its path, relative to the working directory; may hold `{service}` and `{environment}`.
    pub path: String,
    /// Which of several objectives; absent: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which alerts count, and who knows of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsSource {
    /// Who is asked.
    pub from: AlertsFrom,
    /// Label matchers as Alertmanager writes them (`service="{service}"`, `env=~"prod.*"`), all of which must match.
    pub matchers: Vec<String>,
}

/// Who knows of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertsFrom {
    /// An Alertmanager, which knows of silences and inhibitions.
    Alertmanager,
    /// Prometheus itself, which does not.
    Prometheus,
}
