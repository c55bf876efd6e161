//! Alerts of code scanning on the branch that a commit is of. An empty list says nothing by itself: the commit must have been
//! scanned, by every tool that scans the branch.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::adapters::github::client::PER_PAGE;
use crate::adapters::github::evidence::alerts::{Alert, counted, switched_off};
use crate::adapters::github::evidence::asking::Found;
use crate::adapters::github::evidence::place::{No, Place, short};
use crate::promotion::measures::Measure;
use crate::promotion::time::Time;

/// What to do where it is off.
const OFF: &str =
    "enable code scanning in the repository's settings, under Advanced Security, and let a workflow scan each push";

/// An analysis. Source: GitHub's OpenAPI description, `code-scanning-analysis`.
#[derive(Debug, Clone, Deserialize)]
struct Analysis {
    commit_sha: String,
    created_at: Time,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    error: String,
    tool: Tool,
}

#[derive(Debug, Clone, Deserialize)]
struct Tool {
    name: Option<String>,
}

/// An alert. Source: GitHub's OpenAPI description, `code-scanning-alert-items`.
#[derive(Debug, Clone, Deserialize)]
struct OfCode {
    rule: Rule,
    tool: Tool,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    fixed_at: Option<Time>,
    #[serde(default)]
    most_recent_instance: Option<Instance>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rule {
    id: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    security_severity_level: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Instance {
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Debug, Clone, Deserialize)]
struct Location {
    path: Option<String>,
    start_line: Option<u64>,
}

/// When a commit was scanned, and whether that is the branch's newest scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scanned {
    at: Time,
    is_newest: bool,
}

/// Reads the alerts that a commit has on its branch.
pub(super) fn read(place: &Place<'_>, sha: &str, branch: Option<&str>) -> Result<Found, No> {
    let branch = place.branch(branch)?;
    let reference = format!("refs/heads/{branch}");
    let doing = format!("list the code scanning of {branch} in {}", place.shown());
    let size = PER_PAGE.to_string();
    let query = [("ref", reference.as_str()), ("per_page", &size)];
    let off = |fault| switched_off(fault, "code scanning", OFF);
    let analyses: Vec<Analysis> =
        place.client.get(&doing, &place.route(&["code-scanning", "analyses"]), &query).map_err(off)?;
    let scanned = scanned(&analyses, sha, &branch)?;
    let route = place.route(&["code-scanning", "alerts"]);
    let list = |state: &str| -> Result<Vec<OfCode>, No> {
        place.client.pages(&doing, &route, &[("state", state), ("ref", &reference)], None).map_err(off)
    };
    let (mut alerts, mut notes) = (list("open")?, Vec::new());
    if !scanned.is_newest {
        // What was mended since then is not mended in this commit.
        let mended = list("fixed")?.into_iter().filter(|alert| alert.fixed_at.is_none_or(|at| at > scanned.at));
        alerts.extend(mended);
        notes.push(format!(
            "a later commit of {branch} was scanned since: its open alerts count too, and what it mended"
        ));
    }
    let findings = counted(alerts.into_iter().map(alert).collect());
    Ok((Measure::Findings(findings), Some(scanned.at), notes))
}

/// When every tool scanned the commit: the oldest of its scans. Analyses are given newest first.
fn scanned(analyses: &[Analysis], sha: &str, branch: &str) -> Result<Scanned, No> {
    let name = |one: &Analysis| {
        let tool = one.tool.name.as_deref().unwrap_or("an unnamed tool");
        match one.category.as_deref().filter(|category| !category.is_empty()) {
            Some(category) => format!("{tool} ({category})"),
            None => tool.to_owned(),
        }
    };
    let is_ours = |one: &&Analysis| one.commit_sha.eq_ignore_ascii_case(sha);
    let mut newest: BTreeMap<String, &Analysis> = BTreeMap::new();
    for one in analyses {
        let other = newest.entry(name(one)).or_insert(one);
        if other.created_at < one.created_at {
            *other = one;
        }
    }
    if newest.is_empty() {
        return Err(No::Missing(format!("{branch} was never scanned; {OFF}")));
    }
    let ours: Vec<&Analysis> = analyses.iter().filter(is_ours).collect();
    if let Some(broken) = ours.iter().find(|one| !one.error.is_empty()) {
        return Err(No::Unreadable(format!("the scan of {} by {} failed: {}", short(sha), name(broken), broken.error)));
    }
    let did: BTreeSet<String> = ours.iter().map(|one| name(one)).collect();
    let absent: Vec<&str> = newest.keys().filter(|tool| !did.contains(*tool)).map(String::as_str).collect();
    if !absent.is_empty() {
        return Err(No::Missing(format!(
            "{} did not scan {} on {branch} among its newest scans: no alert is not a clean scan",
            absent.join(", "),
            short(sha)
        )));
    }
    let at = ours.iter().map(|one| one.created_at).min();
    let at = at.ok_or_else(|| No::Missing(format!("{} was not scanned", short(sha))))?;
    Ok(Scanned { at, is_newest: newest.values().all(is_ours) })
}

fn alert(alert: OfCode) -> Alert {
    let by_rule = match alert.rule.severity.as_deref() {
        Some("error") => "high",
        Some("warning") => "medium",
        Some("note") => "low",
        Some("none") => "info",
        _ => "",
    };
    let at = alert.most_recent_instance.and_then(|instance| instance.location).and_then(|location| {
        let line = location.start_line.map_or_else(String::new, |line| format!(":{line}"));
        location.path.map(|path| format!("{path}{line}"))
    });
    Alert {
        severity: alert.rule.security_severity_level.unwrap_or_else(|| by_rule.to_owned()),
        name: alert.rule.id.unwrap_or_else(|| "a rule without a name".to_owned()),
        message: format!("{}: {}", alert.tool.name.unwrap_or_default(), alert.rule.description.unwrap_or_default()),
        at: at.or(alert.html_url).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
