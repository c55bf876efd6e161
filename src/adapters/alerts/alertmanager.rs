//! Alertmanager's API v2: <https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>. Fields that newer versions
//! add are read where they matter (`mutedBy`) and passed over otherwise.

use serde::Deserialize;

use crate::adapters::alerts::found::{Found, Labels, alert, said};
use crate::adapters::http::server::Server;
use crate::promotion::alerts::Alerts;
use crate::promotion::matchers::Matcher;
use crate::promotion::time::{Millis, Time};

#[derive(Deserialize)]
struct Status {
    cluster: Cluster,
    #[serde(default)]
    uptime: Option<Time>,
}

#[derive(Deserialize)]
struct Cluster {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    labels: Labels,
    #[serde(default)]
    annotations: Option<Labels>,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default)]
    starts_at: Option<String>,
    status: State,
}

/// Who keeps an alert from being told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    /// `active`, `suppressed` or `unprocessed`: an alert that no notification was thought about yet fires all the same.
    #[serde(rename = "state")]
    _state: String,
    #[serde(default)]
    silenced_by: Option<Vec<String>>,
    #[serde(default)]
    inhibited_by: Option<Vec<String>>,
    /// Time intervals that mute its route, from 0.28 on.
    #[serde(default)]
    muted_by: Option<Vec<String>>,
}

/// The alerts that all matchers match.
pub fn read(server: &Server, matchers: &[Matcher], warm: Millis) -> Result<Found, String> {
    let status = server.get::<Status>("/api/v2/status", &[]).map_err(|fault| said(&fault))?;
    knows(&status.said, status.date, warm)?;
    let filters: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    let states = ["active", "silenced", "inhibited", "unprocessed"].map(|state| (state, "true"));
    let query: Vec<(&str, &str)> = filters.iter().map(|filter| ("filter", filter.as_str())).chain(states).collect();
    let heard = server.get::<Vec<Listed>>("/api/v2/alerts", &query).map_err(|fault| said(&fault))?;
    let mut alerts = Alerts::default();
    for listed in heard.said {
        // A server that does not know the filters would list the alerts of every service.
        if let Some(matcher) = matchers.iter().find(|matcher| !matcher.matches(&listed.labels)) {
            let name = listed.labels.get("alertname").map_or("an alert", String::as_str);
            return Err(format!("Alertmanager lists {name}, which {matcher} does not match: it did not filter"));
        }
        let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
        if some(&listed.status.silenced_by) || some(&listed.status.muted_by) {
            alerts.silenced += 1;
        } else if some(&listed.status.inhibited_by) {
            alerts.inhibited += 1;
        } else {
            let since = listed.starts_at.and_then(|text| text.parse().ok());
            let annotations = listed.annotations.unwrap_or_default();
            alerts.active.push(alert(&listed.labels, &annotations, listed.fingerprint, since));
        }
    }
    alerts.active.sort_by(|a, b| (&a.name, &a.fingerprint).cmp(&(&b.name, &b.fingerprint)));
    Ok((alerts, heard.date, Vec::new()))
}

/// Whether the server can have heard of every alert: why not, otherwise.
fn knows(status: &Status, date: Option<Time>, warm: Millis) -> Result<(), String> {
    let cluster = status.cluster.status.as_str();
    if !matches!(cluster, "ready" | "disabled") {
        return Err(format!(
            "Alertmanager's cluster is {cluster:?}, not \"ready\" or \"disabled\": it may not know of every alert yet"
        ));
    }
    // `Date` has no fractions of a second: it may lie before the start.
    let up = status.uptime.zip(date).map(|(since, now)| Millis(Millis::between(since, now).0.max(0)));
    match up {
        Some(up) if up < warm => Err(format!(
            "Alertmanager has been running for {up}, less than {warm}: it may not have heard of every alert again"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_settling_or_was_just_started_does_not_know() {
        let status = |cluster: &str, uptime: Option<&str>| Status {
            cluster: Cluster { status: cluster.to_owned() },
            uptime: uptime.map(|text| text.parse().unwrap()),
        };
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let warm = Millis::mins(2);
        for (cluster, uptime, date, is) in [
            ("ready", Some("2026-11-21T11:58:00Z"), Some(now), true),
            ("disabled", Some("2026-11-21T11:58:00Z"), Some(now), true),
            ("ready", Some("2026-11-21T11:58:01Z"), Some(now), false),
            ("ready", Some("2026-11-21T12:00:05Z"), Some(now), false),
            ("settling", Some("2026-11-01T00:00:00Z"), Some(now), false),
            ("", None, None, false),
            ("ready", None, Some(now), true),
            ("ready", Some("2026-11-21T11:59:59Z"), None, true),
        ] {
            assert_eq!(knows(&status(cluster, uptime), date, warm).is_ok(), is, "{cluster} {uptime:?} {date:?}");
        }
        assert!(knows(&status("ready", Some("2026-11-21T12:00:00Z")), Some(now), Millis(0)).is_ok());
    }
}
