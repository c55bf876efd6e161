//! A workflow that is started by us and awaited: `POST …/actions/workflows/{file}/dispatches`.
//!
//! GitHub answers with the run's number where it is asked to (`return_run_details`). Servers that do not know that answer 204, and
//! the run is then found among those that began after ours was asked for: the only one, or it is not known.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::github::client::Client;
use crate::ports::{Fault, FaultKind};
use crate::promotion::facts::{Observation, Reading};
use crate::promotion::measures::{Health, Measure};
use crate::promotion::rules::health::SmokeWorkflow;
use crate::promotion::smoked::{SmokeRun, Smoked};

/// What GitHub tells of a run that it has begun.
#[derive(Deserialize)]
struct Begun {
    workflow_run_id: u64,
    #[serde(default)]
    html_url: Option<String>,
}

/// A run, as far as it matters. Source: GitHub's OpenAPI description, `workflow-run`.
#[derive(Deserialize)]
struct Run {
    id: u64,
    #[serde(default)]
    path: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    head_branch: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
}

/// Starts the workflow. Needs `actions: write`.
pub fn begin(client: &Client, workflow: &SmokeWorkflow, service: &str, environment: &str) -> Smoked {
    begun(client, workflow, service, environment).map_or_else(|fault| unknown(&fault), Smoked::Running)
}

fn begun(client: &Client, wanted: &SmokeWorkflow, service: &str, environment: &str) -> Result<SmokeRun, Fault> {
    let git_ref = match &wanted.git_ref {
        Some(git_ref) => git_ref.clone(),
        None => client.default_branch()?,
    };
    let mut run = SmokeRun { workflow: wanted.workflow.clone(), git_ref, id: None, after: 0, page: None };
    run.after = listed(client, &run)?.iter().map(|run| run.id).max().unwrap_or(0);
    let put = |text: &str| text.replace("{service}", service).replace("{environment}", environment);
    let inputs: BTreeMap<&str, String> =
        wanted.inputs.iter().map(|(name, value)| (name.as_str(), put(value))).collect();
    let doing = format!("start the workflow {}", run.workflow);
    let route = client.route(&["actions", "workflows", file(&run.workflow), "dispatches"]);
    let mut body = json!({ "ref": run.git_ref, "inputs": inputs, "return_run_details": true });
    let answer = match client.post::<Value>(&doing, &route, &body) {
        // A server that does not know the word refuses the whole request, and has started nothing.
        Err(fault) if fault.kind == FaultKind::Broken && fault.why.contains("return_run_details") => {
            body.as_object_mut().map(|fields| fields.remove("return_run_details"));
            client.post(&doing, &route, &body)?
        }
        answer => answer?,
    };
    if let Ok(Begun { workflow_run_id, html_url }) = serde_json::from_value(answer) {
        (run.id, run.page) = (Some(workflow_run_id), html_url);
    }
    Ok(run)
}

/// How the run stands. Needs `actions: read`.
pub fn look(client: &Client, run: &SmokeRun) -> Smoked {
    let found = match run.id {
        Some(id) => read(client, run, id),
        None => find(client, run),
    };
    match found {
        Ok(Some(Run { conclusion: Some(conclusion), status, id, html_url, .. }))
            if status.as_deref() == Some("completed") =>
        {
            ended(run, id, &conclusion, html_url.as_deref())
        }
        Ok(Some(Run { id, html_url, .. })) => {
            Smoked::Running(SmokeRun { id: Some(id), page: html_url.or_else(|| run.page.clone()), ..run.clone() })
        }
        // It may take a moment until GitHub shows it.
        Ok(None) => Smoked::Running(run.clone()),
        Err(fault) if matches!(fault.kind, FaultKind::Transient | FaultKind::TimedOut) => Smoked::Running(run.clone()),
        Err(fault) => unknown(&fault),
    }
}

fn read(client: &Client, run: &SmokeRun, id: u64) -> Result<Option<Run>, Fault> {
    let doing = format!("read run {id} of {}", run.workflow);
    client.get_optional(&doing, &client.route(&["actions", "runs", &id.to_string()]), &[])
}

/// The one run that began after ours was asked for.
fn find(client: &Client, run: &SmokeRun) -> Result<Option<Run>, Fault> {
    let mut newer: Vec<Run> = listed(client, run)?.into_iter().filter(|one| one.id > run.after).collect();
    if newer.len() > 1 {
        let runs: Vec<String> = newer.iter().map(|run| run.id.to_string()).collect();
        let why = format!(
            "runs {} of {} began at once, and GitHub did not tell which is ours",
            runs.join(", "),
            run.workflow
        );
        return Err(Fault::new(FaultKind::Conflict, "find the run that was started", why).hint("run it again"));
    }
    Ok(newer.pop())
}

/// The newest runs of the workflow that were started as ours is.
fn listed(client: &Client, run: &SmokeRun) -> Result<Vec<Run>, Fault> {
    #[derive(Deserialize)]
    struct Page {
        workflow_runs: Vec<Run>,
    }
    let doing = format!("list the runs of {}", run.workflow);
    let route = client.route(&["actions", "workflows", file(&run.workflow), "runs"]);
    let page: Page = client.get(&doing, &route, &[("event", "workflow_dispatch"), ("per_page", "20")])?;
    let of_ref = |one: &Run| one.head_branch.as_deref().is_none_or(|branch| run.git_ref.ends_with(branch));
    let ours = |one: &Run| {
        let path = one.path.split('@').next().unwrap_or_default();
        path == run.workflow && one.event == "workflow_dispatch" && of_ref(one)
    };
    Ok(page.workflow_runs.into_iter().filter(ours).collect())
}

/// The last part of the path: GitHub names a workflow by its id or its file's name.
fn file(workflow: &str) -> &str {
    workflow.rsplit('/').next().unwrap_or(workflow)
}

/// Only success is good, and only failure is bad: a run that was cancelled, skipped or timed out at GitHub tells nothing of the
/// version.
fn ended(run: &SmokeRun, id: u64, conclusion: &str, page: Option<&str>) -> Smoked {
    let page = page.or(run.page.as_deref()).map(|page| format!(": {page}")).unwrap_or_default();
    let seen = format!("run {id} of {} ended with {conclusion}{page}", run.workflow);
    let ok = match conclusion {
        "success" => true,
        "failure" => false,
        _ => return Smoked::Over(Reading::Unreadable { why: seen, files: Vec::new() }),
    };
    Smoked::Over(Reading::Observed(Observation {
        files: Vec::new(),
        subject: None,
        taken: None,
        tools: Vec::new(),
        measure: Measure::Health(Health { ok, seen }),
        notes: Vec::new(),
    }))
}

fn unknown(fault: &Fault) -> Smoked {
    let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Smoked::Over(Reading::Unreadable { why: format!("{fault}{hint}"), files: Vec::new() })
}
