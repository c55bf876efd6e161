//! Prometheus' own alerts: <https://prometheus.io/docs/prometheus/latest/querying/api/#alerts> and `#rules`. It knows of neither
//! silences nor inhibitions.
//!
//! A server without a rule that could fire for the matchers lists no alerts either, so the rules are read first.

use serde::Deserialize;

use crate::adapters::alerts::found::{Found, Labels, alert, said};
use crate::adapters::http::server::{Heard, Server};
use crate::promotion::alerts::Alerts;
use crate::promotion::matchers::Matcher;
use crate::promotion::time::{Millis, Time};

/// How many of its intervals a group may be late before its rules count as not evaluated.
const INTERVALS: i64 = 4;
/// How late any group may be.
const LATE: Millis = Millis::mins(2);

#[derive(Deserialize)]
struct Answer<T> {
    status: String,
    data: Option<T>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    interval: f64,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    labels: Option<Labels>,
    #[serde(default)]
    health: String,
    #[serde(default)]
    last_error: Option<String>,
    #[serde(default)]
    last_evaluation: Option<String>,
}

#[derive(Deserialize)]
struct Firing {
    alerts: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    labels: Labels,
    #[serde(default)]
    annotations: Option<Labels>,
    state: String,
    #[serde(default)]
    active_at: Option<String>,
}

/// The firing alerts that all matchers match.
pub fn read(server: &Server, matchers: &[Matcher]) -> Result<Found, String> {
    let rules = ask::<Groups>(server, "/api/v1/rules", &[("type", "alert")])?;
    knows(&rules.said, rules.date, matchers)?;
    let heard = ask::<Firing>(server, "/api/v1/alerts", &[])?;
    let mut alerts = Alerts::default();
    for listed in heard.said.alerts {
        if listed.state != "firing" || !matchers.iter().all(|matcher| matcher.matches(&listed.labels)) {
            continue;
        }
        let since = listed.active_at.and_then(|text| text.parse().ok());
        alerts.active.push(alert(&listed.labels, &listed.annotations.unwrap_or_default(), None, since));
    }
    alerts.active.sort_by(|a, b| (&a.name, &a.fingerprint).cmp(&(&b.name, &b.fingerprint)));
    let note = "read from Prometheus, which knows of no silences and no inhibitions".to_owned();
    Ok((alerts, heard.date, vec![note]))
}

fn ask<T: serde::de::DeserializeOwned>(
    server: &Server,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Heard<T>, String> {
    let Heard { said: answer, date } = server.get::<Answer<T>>(path, query).map_err(|fault| said(&fault))?;
    let word = |text: Option<String>| text.unwrap_or_else(|| "it does not say why".to_owned());
    match answer {
        Answer { status, data: Some(said), warnings, .. } if status == "success" => match warnings.as_deref() {
            // What stands before several Prometheus servers says so where one of them did not answer.
            Some([first, ..]) => Err(format!("Prometheus answered {path} in part only: {first}")),
            _ => Ok(Heard { said, date }),
        },
        Answer { status, error, .. } => {
            Err(format!("Prometheus answered {path} with status {status:?}: {}", word(error)))
        }
    }
}

/// Whether the server has rules that could fire for the matchers, and evaluates all of them: why not, otherwise.
fn knows(groups: &Groups, date: Option<Time>, matchers: &[Matcher]) -> Result<(), String> {
    let mut any = false;
    for group in &groups.groups {
        for rule in group.rules.iter().filter(|rule| rule.kind == "alerting" && could_fire(rule, matchers)) {
            any = true;
            if rule.health != "ok" {
                let why = rule.last_error.as_deref().filter(|why| !why.is_empty());
                let why = why.unwrap_or("it has not been evaluated yet");
                return Err(format!("the alerting rule {} is not evaluated ({}): {why}", rule.name, rule.health));
            }
            let last = rule.last_evaluation.as_deref().and_then(|text| text.parse::<Time>().ok());
            let since = last.zip(date).map(|(last, now)| Millis::between(last, now));
            if let Some(since) = since.filter(|since| *since > late(group.interval)) {
                return Err(format!("the alerting rule {} was last evaluated {since} ago", rule.name));
            }
        }
    }
    let asked: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    if any {
        return Ok(());
    }
    Err(format!(
        "Prometheus has no alerting rule that could fire for {}: it cannot say that none is firing",
        asked.join(", ")
    ))
}

/// How long ago the last evaluation may be.
fn late(interval: f64) -> Millis {
    // Seconds; a group that does not say its interval, or says nonsense, has the least.
    let interval = (interval.clamp(0.0, 86_400.0) * 1000.0) as i64;
    Millis((interval * INTERVALS).max(LATE.0))
}

/// Whether an alert of the rule could have labels that all matchers match. What a rule does not say itself may come with the
/// series that it looks at.
fn could_fire(rule: &Rule, matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| {
        let own = rule.labels.as_ref().and_then(|labels| labels.get(&matcher.name)).map(String::as_str);
        match if matcher.name == "alertname" { Some(rule.name.as_str()) } else { own } {
            Some(value) if !value.contains("{{") => matcher.accepts(value),
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matchers(texts: &[&str]) -> Vec<Matcher> {
        texts.iter().map(|text| Matcher::of(text, "app", "prod").unwrap()).collect()
    }

    fn groups(rules: &str) -> Groups {
        serde_json::from_str(&format!("{{\"groups\":[{{\"interval\":30,\"rules\":[{rules}]}}]}}")).unwrap()
    }

    #[test]
    fn without_a_rule_that_could_fire_nothing_is_known() {
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let rule = |labels: &str, health: &str, at: &str| {
            let error = if health == "err" { "found duplicate series" } else { "" };
            format!(
                "{{\"type\":\"alerting\",\"name\":\"Down\",\"labels\":{labels},\"health\":\"{health}\",\
                 \"lastError\":\"{error}\",\"lastEvaluation\":\"{at}\"}}"
            )
        };
        let (good, fresh) = ("ok", "2026-11-21T11:59:50.123456789Z");
        for (rules, texts, why) in [
            (
                String::new(),
                ["service=\"app\"", "env=\"prod\""],
                "no alerting rule that could fire for service=\"app\"",
            ),
            (rule("{}", good, fresh), ["service=\"app\"", "env=\"prod\""], ""),
            (rule("{\"service\":\"app\"}", good, fresh), ["service=\"app\"", "env=\"prod\""], ""),
            (rule("{\"service\":\"web\"}", good, fresh), ["service=\"app\"", "env=\"prod\""], "no alerting rule"),
            (rule("{\"service\":\"{{ $labels.job }}\"}", good, fresh), ["service=\"app\"", "env=\"prod\""], ""),
            (rule("{}", good, fresh), ["alertname=\"Down\"", "env=\"prod\""], ""),
            (rule("{}", good, fresh), ["alertname=\"Slow\"", "env=\"prod\""], "no alerting rule"),
            (rule("{}", "err", fresh), ["service=\"app\"", "env=\"prod\""], "(err): found duplicate series"),
            (
                rule("{}", "unknown", "0001-01-01T00:00:00Z"),
                ["service=\"app\"", "env=\"prod\""],
                "not been evaluated yet",
            ),
            (
                rule("{}", good, "2026-11-21T11:57:59Z"),
                ["service=\"app\"", "env=\"prod\""],
                "last evaluated 2 min 1 s ago",
            ),
            (rule("{}", good, "2026-11-21T11:58:00Z"), ["service=\"app\"", "env=\"prod\""], ""),
            (
                "{\"type\":\"recording\",\"name\":\"a:b\",\"health\":\"ok\"}".to_owned(),
                ["service=\"app\"", "env=\"prod\""],
                "no alerting rule",
            ),
        ] {
            let said = knows(&groups(&rules), Some(now), &matchers(&texts)).err().unwrap_or_default();
            assert!(said.contains(why) && said.is_empty() == why.is_empty(), "{rules}: {said}");
        }
    }
}
