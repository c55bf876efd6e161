//! Open alerts of Dependabot and of secret scanning: of the repository as it is now, not of a commit.

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::adapters::github::client::{PAGES_MAX, PER_PAGE};
use crate::adapters::github::door::Ask;
use crate::adapters::github::evidence::asking::Found;
use crate::adapters::github::evidence::place::{No, Place};
use crate::adapters::github::route::with_query;
use crate::ports::{Fault, FaultKind};
use crate::promotion::measures::{DETAILS_KEPT, Detail, Findings, Measure};
use crate::promotion::time::Time;

/// One alert, as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    /// `critical`, `high`, `medium`, `low`, `info`; anything else is a severity that is not known.
    pub(super) severity: String,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) at: String,
}

/// An alert of Dependabot. Source: GitHub's OpenAPI description, `dependabot-alert`.
#[derive(Debug, Deserialize)]
struct OfDependency {
    number: u64,
    dependency: Dependency,
    security_advisory: Advisory,
    #[serde(default)]
    html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    package: Option<Package>,
    manifest_path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    ghsa_id: String,
    severity: Option<String>,
    summary: Option<String>,
}

/// An alert of secret scanning, without the secret. Source: GitHub's OpenAPI description, `secret-scanning-alert`.
#[derive(Debug, Deserialize)]
struct OfSecret {
    number: u64,
    secret_type_display_name: Option<String>,
    secret_type: Option<String>,
    #[serde(default)]
    validity: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
}

/// The open alerts of Dependabot.
pub(super) fn dependabot(place: &Place<'_>, now: Time) -> Result<Found, No> {
    let doing = format!("list Dependabot's alerts of {}", place.shown());
    let route = place.route(&["dependabot", "alerts"]);
    let alerts = cursored::<OfDependency>(place, &doing, &route, &[("state", "open")]);
    let off = "enable Dependabot alerts in the repository's settings, under Advanced Security";
    let alerts = alerts.map_err(|fault| switched_off(fault, "Dependabot alerts", off))?;
    let alerts = alerts.into_iter().map(|alert| Alert {
        severity: alert.security_advisory.severity.unwrap_or_default(),
        name: format!(
            "{} {}",
            alert.security_advisory.ghsa_id,
            alert.dependency.package.map(|package| package.name).unwrap_or_default()
        ),
        message: alert.security_advisory.summary.unwrap_or_default(),
        at: alert.dependency.manifest_path.or(alert.html_url).unwrap_or_else(|| format!("alert {}", alert.number)),
    });
    Ok(of_now(alerts.collect(), now))
}

/// The open alerts of secret scanning. A secret that is known to work is critical, any other is high.
pub(super) fn secrets(place: &Place<'_>, now: Time) -> Result<Found, No> {
    let doing = format!("list the alerts of secret scanning of {}", place.shown());
    let route = place.route(&["secret-scanning", "alerts"]);
    // Without `hide_secret` the answer holds the secrets themselves.
    let query = [("state", "open"), ("hide_secret", "true")];
    let off = "enable secret scanning in the repository's settings, or give the token \"Secret scanning alerts: read\" \
               (no `permissions:` of a workflow gives it: an App's or a person's token has it)";
    let alerts: Vec<OfSecret> = place
        .client
        .pages(&doing, &route, &query, None)
        .map_err(|fault| switched_off(fault, "secret scanning", off))?;
    let alerts = alerts.into_iter().map(|alert| Alert {
        severity: if alert.validity.as_deref() == Some("active") { "critical" } else { "high" }.to_owned(),
        name: alert.secret_type_display_name.or(alert.secret_type).unwrap_or_else(|| "a secret".to_owned()),
        message: format!("a secret of this kind is in the repository (alert {})", alert.number),
        at: alert.html_url.unwrap_or_default(),
    });
    Ok(of_now(alerts.collect(), now))
}

fn of_now(alerts: Vec<Alert>, now: Time) -> Found {
    let note = "alerts are those of the repository as it is now, not of a commit".to_owned();
    (Measure::Findings(counted(alerts)), Some(now), vec![note])
}

/// What is off is missing, and says what to turn on; any other refusal stays one.
pub(super) fn switched_off(fault: Fault, what: &str, hint: &str) -> No {
    let why = fault.why.to_ascii_lowercase();
    let says_off = ["disabled", "must be enabled", "not enabled", "no analysis found", "is off"]
        .iter()
        .any(|word| why.contains(word));
    let off = match fault.kind {
        FaultKind::NotFound => true,
        FaultKind::Denied => says_off,
        _ => false,
    };
    if off { No::Missing(format!("{what}: GitHub has nothing to tell ({}); {hint}", fault.why)) } else { fault.into() }
}

/// Counts alerts by severity; the worst are kept.
pub(super) fn counted(mut alerts: Vec<Alert>) -> Findings {
    let order = ["critical", "high", "", "medium", "low", "info"];
    let rank = |alert: &Alert| order.iter().position(|known| *known == alert.severity).unwrap_or(2);
    alerts.sort_by_key(rank);
    let mut findings = Findings::default();
    for alert in &alerts {
        *match rank(alert) {
            0 => &mut findings.critical,
            1 => &mut findings.high,
            3 => &mut findings.medium,
            4 => &mut findings.low,
            5 => &mut findings.info,
            _ => &mut findings.unknown,
        } += 1;
    }
    let detail = |alert: Alert| Detail { name: alert.name, message: alert.message, at: alert.at };
    findings.worst = alerts.into_iter().take(DETAILS_KEPT).map(detail).collect();
    findings
}

/// Reads a list that has a cursor in place of page numbers to its end.
fn cursored<T: DeserializeOwned>(
    place: &Place<'_>,
    doing: &str,
    route: &str,
    query: &[(&str, &str)],
) -> Result<Vec<T>, Fault> {
    let (route, size) = (with_query(route, query), PER_PAGE.to_string());
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let mut page = with_query(&route, &[("per_page", &size)]);
        if let Some(after) = &after {
            page.push_str("&after=");
            page.push_str(after);
        }
        let ask = Ask::new(doing, &Method::GET, &page);
        let answer = place.client.ask(&ask)?;
        if !answer.ok() {
            return Err(place.client.refusal(&ask, &answer));
        }
        let entries: Vec<T> = serde_json::from_slice(&answer.body).map_err(|error| {
            Fault::new(FaultKind::Broken, doing, format!("GitHub's answer cannot be read: {error}"))
        })?;
        all.extend(entries);
        match answer.header("link").and_then(cursor) {
            Some(next) if after.as_deref() != Some(next) => after = Some(next.to_owned()),
            _ => return Ok(all),
        }
    }
    Err(Fault::new(FaultKind::Broken, doing, format!("the list has more than the {PAGES_MAX} pages that are read")))
}

/// The cursor of the next page in a `Link` header, as it is encoded there. Only it is taken: the address may be another
/// host's.
fn cursor(link: &str) -> Option<&str> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    let query = address.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("after="))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=+/".contains(&byte);
    (!value.is_empty() && value.bytes().all(plain)).then_some(value)
}

#[cfg(test)]
mod tests;
