//! Which run of a workflow speaks for a commit: the newest that has completed, of the very workflow, event and branch, and of
//! no fork. Never the newest green one.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::adapters::github::evidence::place::{No, Place, short};
use crate::promotion::time::Time;

/// How many other runs are named where there is no right one.
const NAMED: usize = 4;

/// A run, as far as it matters. Source: GitHub's OpenAPI description, `workflow-run`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) path: String,
    pub(super) event: String,
    pub(super) head_branch: Option<String>,
    pub(super) head_sha: String,
    pub(super) status: Option<String>,
    pub(super) conclusion: Option<String>,
    pub(super) run_number: u64,
    #[serde(default)]
    pub(super) run_attempt: Option<u64>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
    #[serde(default)]
    pub(super) run_started_at: Option<Time>,
    #[serde(default)]
    pub(super) check_suite_id: Option<u64>,
    repository: Repository,
    head_repository: Option<Repository>,
}

#[derive(Debug, Clone, Deserialize)]
struct Repository {
    id: u64,
}

/// Which run is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The workflow's path.
    pub(super) workflow: &'a str,
    /// What started it.
    pub(super) event: &'a str,
    /// Of which branch; absent: the default branch.
    pub(super) branch: Option<&'a str>,
}

impl Run {
    /// The workflow's file, without the ref that it was taken from.
    pub(super) fn workflow(&self) -> &str {
        self.path.split('@').next().unwrap_or_default()
    }

    /// When its newest attempt began.
    pub(super) fn began(&self) -> Time {
        self.run_started_at.unwrap_or(self.created_at)
    }

    fn has_completed(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }

    fn is_of_fork(&self) -> bool {
        self.head_repository.as_ref().is_none_or(|head| head.id != self.repository.id)
    }

    /// `run 12 of .github/workflows/ci.yml (attempt 2)`.
    pub(super) fn shown(&self) -> String {
        let attempt = match self.run_attempt {
            Some(attempt) if attempt > 1 => format!(" (attempt {attempt})"),
            _ => String::new(),
        };
        format!("run {} of {}{attempt}", self.run_number, self.workflow())
    }
}

/// Every run for a commit.
pub(super) fn all(place: &Place<'_>, sha: &str) -> Result<Vec<Run>, No> {
    let doing = format!("list the workflow runs of {} in {}", short(sha), place.shown());
    let route = place.route(&["actions", "runs"]);
    let runs: Vec<Run> = place.client.pages(&doing, &route, &[("head_sha", sha)], Some("workflow_runs"))?;
    // What GitHub filtered by is looked at again: a server that does not know the filter would ignore it.
    Ok(runs.into_iter().filter(|run| run.head_sha.eq_ignore_ascii_case(sha)).collect())
}

/// The run that speaks for the commit.
pub(super) fn choose(runs: &[Run], wanted: &Wanted<'_>, branch: &str, sha: &str) -> Result<Run, No> {
    let fits = |run: &&Run| {
        run.workflow() == wanted.workflow
            && run.event == wanted.event
            && run.head_branch.as_deref() == Some(branch)
            && !run.is_of_fork()
    };
    let newest = |completed: bool| {
        let of_kind = runs.iter().filter(fits).filter(|run| run.has_completed() == completed);
        of_kind.max_by_key(|run| (run.began(), run.id))
    };
    match (newest(true), newest(false)) {
        (None, None) => Err(No::Missing(format!(
            "no run of {} on {} of {branch} is known for {}{}",
            wanted.workflow,
            wanted.event,
            short(sha),
            instead(runs, wanted, branch)
        ))),
        (None, Some(running)) => Err(still_running(running)),
        (Some(run), Some(running)) if running.began() >= run.began() => Err(still_running(running)),
        (Some(run), _) => Ok(run.clone()),
    }
}

fn still_running(run: &Run) -> No {
    let status = run.status.as_deref().unwrap_or("unknown").replace('_', " ");
    No::Unreadable(format!("{} is still running ({status}): its reports are not whole yet", run.shown()))
}

/// What was there instead.
fn instead(runs: &[Run], wanted: &Wanted<'_>, branch: &str) -> String {
    let why = |run: &Run| {
        let name = run.shown();
        if run.workflow() != wanted.workflow {
            return format!("{name}, which is another workflow");
        }
        if run.is_of_fork() {
            return format!("{name}, which ran for a fork");
        }
        if run.event != wanted.event {
            return format!("{name}, which {} started", run.event);
        }
        let of = run.head_branch.as_deref().unwrap_or("no branch");
        if of == branch { name } else { format!("{name}, which is of {of}") }
    };
    let others: BTreeSet<String> = runs.iter().map(why).collect();
    if others.is_empty() {
        return "; no workflow ran for it".to_owned();
    }
    let more = others.len().saturating_sub(NAMED);
    let mut named: Vec<String> = others.into_iter().take(NAMED).collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    format!("; there is {}", named.join(", "))
}

#[cfg(test)]
mod tests;
