//! What is found of alerts: one alert by its labels, and what a fault says.

use std::collections::BTreeMap;

use crate::adapters::http::page::brief;
use crate::ports::Fault;
use crate::promotion::alerts::{Alert, Alerts};
use crate::promotion::time::Time;

/// The longest line about an alert, in characters.
const SAYS_MAX: usize = 200;

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// What was found, when by the server's clock, and what a reader should know.
pub type Found = (Alerts, Option<Time>, Vec<String>);

/// A fault in a sentence, with what to do about it.
pub(super) fn said(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{} ({hint})", fault.why),
        None => fault.why.clone(),
    }
}

/// An alert by its labels. `fingerprint`: the server's own, where it has one.
pub(super) fn alert(labels: &Labels, annotations: &Labels, fingerprint: Option<String>, since: Option<Time>) -> Alert {
    let own = labels.iter().filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
    let shown: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
    let summary = ["summary", "description", "message"].into_iter().find_map(|name| annotations.get(name));
    let says: Vec<&str> = summary.map(String::as_str).into_iter().chain(shown.iter().map(String::as_str)).collect();
    let fingerprint = fingerprint.filter(|text| !text.is_empty()).unwrap_or_else(|| whole(labels));
    Alert {
        fingerprint,
        name: labels.get("alertname").cloned().unwrap_or_else(|| "(without a name)".to_owned()),
        severity: labels.get("severity").map(|text| text.trim().to_ascii_lowercase()).filter(|text| !text.is_empty()),
        says: brief(&says.join(", "), SAYS_MAX),
        since,
    }
}

/// The labels as one text: two alerts are the same if their labels are.
fn whole(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_alert_is_named_and_said_in_a_line() {
        let all = labels(&[("alertname", "Down"), ("severity", "Critical "), ("env", "prod"), ("pod", "a\nb")]);
        let one = alert(&all, &labels(&[("summary", "it is\n down")]), Some("f1".to_owned()), None);
        assert_eq!((one.name.as_str(), one.severity.as_deref()), ("Down", Some("critical")));
        assert_eq!((one.says.as_str(), one.fingerprint.as_str()), ("it is down, env=prod, pod=a b", "f1"));
        let other = alert(&labels(&[("a", "b")]), &Labels::new(), None, None);
        assert_eq!(
            (other.name.as_str(), other.severity, other.fingerprint.as_str()),
            ("(without a name)", None, "a=\"b\"")
        );
    }
}
