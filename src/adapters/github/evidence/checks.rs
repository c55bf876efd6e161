//! Whether all checks of a commit are green: check runs, and the older commit statuses.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::adapters::github::evidence::artifacts::matches;
use crate::adapters::github::evidence::asking::Found;
use crate::adapters::github::evidence::place::{No, Place, short};
use crate::adapters::github::evidence::runs;
use crate::promotion::measures::{Checks, DETAILS_KEPT, Detail, Measure};
use crate::promotion::time::Time;

/// What the check runs that promote itself makes begin with: a promotion does not wait for itself.
const OURS: &str = "promote / ";
/// The slug of the App whose check runs are jobs of workflows.
const ACTIONS: &str = "github-actions";

/// A check run. Source: GitHub's OpenAPI description, `check-run`.
#[derive(Debug, Clone, Deserialize)]
struct CheckRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<Time>,
    completed_at: Option<Time>,
    html_url: Option<String>,
    app: Option<App>,
    check_suite: Option<Suite>,
}

#[derive(Debug, Clone, Deserialize)]
struct App {
    id: u64,
    #[serde(default)]
    slug: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Suite {
    id: u64,
}

/// A commit status. Source: GitHub's OpenAPI description, `simple-commit-status`.
#[derive(Debug, Clone, Deserialize)]
struct Status {
    context: String,
    state: String,
    target_url: Option<String>,
    updated_at: Option<Time>,
}

/// One check, whatever its kind.
#[derive(Debug, Clone)]
struct Check {
    name: String,
    /// How it ended; absent while it goes on.
    end: Option<String>,
    at: Option<Time>,
    url: String,
}

/// Reads the newest state of every check.
pub(super) fn read(place: &Place<'_>, sha: &str, ignore: &[String], own_run: Option<u64>) -> Result<Found, No> {
    let doing = format!("list the checks of {} in {}", short(sha), place.shown());
    let route = place.route(&["commits", sha, "check-runs"]);
    let mut runs: Vec<CheckRun> = place.client.pages(&doing, &route, &[("filter", "latest")], Some("check_runs"))?;
    let route = place.route(&["commits", sha, "status"]);
    let statuses: Vec<Status> = place.client.pages(&doing, &route, &[], Some("statuses"))?;
    if let Some(own) = own_suite(place, own_run, &runs)? {
        runs.retain(|run| run.check_suite.as_ref().is_none_or(|suite| suite.id != own));
    }
    runs.retain(|run| !run.name.starts_with(OURS));
    let workflows = if is_ambiguous(&runs) { workflows(place, sha)? } else { BTreeMap::new() };
    let checks = newest(runs, &workflows).into_iter().map(Check::of_run);
    let statuses = statuses.into_iter().filter(|status| !status.context.starts_with(OURS)).map(Check::of_status);
    judge(checks.chain(statuses).collect(), ignore)
}

/// The suite of the run that this is: its jobs are not done while we look.
fn own_suite(place: &Place<'_>, own_run: Option<u64>, runs: &[CheckRun]) -> Result<Option<u64>, No> {
    #[derive(Deserialize)]
    struct Own {
        check_suite_id: Option<u64>,
    }
    let Some(run) = own_run.filter(|_| place.is_own() && !runs.is_empty()) else { return Ok(None) };
    let doing = format!("find out which checks are those of our own run {run}");
    let own: Own = place.client.get(&doing, &place.route(&["actions", "runs", &run.to_string()]), &[])?;
    Ok(own.check_suite_id)
}

fn key(run: &CheckRun) -> (u64, &str) {
    (run.app.as_ref().map_or(0, |app| app.id), run.name.as_str())
}

/// Whether jobs of the same name stand in several suites: of one workflow that ran twice, or of two workflows.
fn is_ambiguous(runs: &[CheckRun]) -> bool {
    let of_actions = |run: &&CheckRun| run.app.as_ref().is_some_and(|app| app.slug.as_deref() == Some(ACTIONS));
    let mut seen: BTreeMap<(u64, &str), Option<u64>> = BTreeMap::new();
    let suite = |run: &CheckRun| run.check_suite.as_ref().map(|suite| suite.id);
    runs.iter().filter(of_actions).any(|run| *seen.entry(key(run)).or_insert_with(|| suite(run)) != suite(run))
}

/// The workflow of each suite. One suite's red job must not be hidden by another workflow's green job of the same name.
fn workflows(place: &Place<'_>, sha: &str) -> Result<BTreeMap<u64, String>, No> {
    let runs = runs::all(place, sha)?;
    Ok(runs.iter().filter_map(|run| Some((run.check_suite_id?, run.workflow().to_owned()))).collect())
}

/// The newest run of each check: by App, workflow and name.
fn newest(runs: Vec<CheckRun>, workflows: &BTreeMap<u64, String>) -> Vec<CheckRun> {
    let mut newest: BTreeMap<(u64, String, String), CheckRun> = BTreeMap::new();
    for run in runs {
        let (app, name) = key(&run);
        let workflow = run.check_suite.as_ref().and_then(|suite| workflows.get(&suite.id)).cloned();
        let key = (app, workflow.unwrap_or_default(), name.to_owned());
        let age = |run: &CheckRun| (run.started_at, run.id);
        if newest.get(&key).is_none_or(|other| age(other) < age(&run)) {
            newest.insert(key, run);
        }
    }
    newest.into_values().collect()
}

impl Check {
    fn of_run(run: CheckRun) -> Self {
        let end =
            (run.status == "completed").then(|| run.conclusion.unwrap_or_else(|| "without a conclusion".to_owned()));
        Self { name: run.name, end, at: run.completed_at, url: run.html_url.unwrap_or_default() }
    }

    fn of_status(status: Status) -> Self {
        let end = (status.state != "pending").then_some(status.state);
        Self { name: status.context, end, at: status.updated_at, url: status.target_url.unwrap_or_default() }
    }
}

fn judge(all: Vec<Check>, ignore: &[String]) -> Result<Found, No> {
    let (ignored, counted): (Vec<Check>, Vec<Check>) =
        all.into_iter().partition(|check| ignore.iter().any(|name| matches(name, &check.name)));
    let mut checks = Checks { ignored: ignored.len() as u64, ..Checks::default() };
    let (mut failed, mut pending, mut succeeded) = (Vec::new(), Vec::new(), false);
    for check in &counted {
        checks.total += 1;
        let detail =
            |message: &str| Detail { name: check.name.clone(), message: message.to_owned(), at: check.url.clone() };
        match check.end.as_deref() {
            None => {
                checks.pending += 1;
                pending.push(detail("has not ended"));
            }
            Some("success" | "neutral" | "skipped") => {
                checks.green += 1;
                succeeded |= check.end.as_deref() == Some("success");
            }
            Some(other) => {
                checks.failed += 1;
                failed.push(detail(other));
            }
        }
    }
    if checks.total == 0 {
        let but = match checks.ignored {
            0 => String::new(),
            n => format!(" but {n} that the rules ignore"),
        };
        return Err(No::Missing(format!("no checks ran for this commit{but}: absence is not green")));
    }
    if checks.green == checks.total && !succeeded {
        return Err(No::Missing("every check of this commit was skipped: absence is not green".to_owned()));
    }
    checks.worst = failed.into_iter().chain(pending).take(DETAILS_KEPT).collect();
    // The oldest of them: a check that ran again does not make the others young.
    let ended = counted.iter().filter(|check| check.end.is_some());
    let taken = ended.map(|check| check.at).collect::<Option<Vec<_>>>().and_then(|times| times.into_iter().min());
    Ok((Measure::Checks(checks), taken, Vec::new()))
}

#[cfg(test)]
mod tests;
