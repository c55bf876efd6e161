//! What a workflow in the README must hold, so that who pastes it is safe: least permissions, pinned actions, no injection.

use serde_json::Value;

/// The faults of a workflow.
pub(crate) fn faults(workflow: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if workflow.get("permissions") != Some(&Value::Object(serde_json::Map::new())) {
        faults.push("the workflow does not begin with `permissions: {}`".to_owned());
    }
    for (name, job) in workflow["jobs"].as_object().into_iter().flatten() {
        // A job that calls a workflow can have no deadline: the called one's jobs have theirs.
        let calls = job.get("uses").is_some();
        for key in ["permissions", "timeout-minutes"] {
            if job.get(key).is_none() && !(calls && key == "timeout-minutes") {
                faults.push(format!("the job `{name}` has no `{key}`"));
            }
        }
        let granted = job["permissions"].as_object().into_iter().flatten();
        faults.extend(
            granted
                .filter(|(what, level)| *level != "read" && *what != "checks")
                .map(|(what, _)| format!("`{name}` may write {what}")),
        );
        job["steps"].as_array().into_iter().flatten().for_each(|step| faults.extend(of_step(step)));
    }
    faults
}

fn of_step(step: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if step["run"].as_str().is_some_and(|script| script.contains("${{")) {
        faults.push("a script holds an expression: whoever sets it runs commands".to_owned());
    }
    let Some(uses) = step["uses"].as_str() else { return faults };
    let revision = uses.rsplit_once('@').map_or("", |(_, revision)| revision);
    let pinned = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    if !pinned && !uses.starts_with("org/promote-action@") {
        faults.push(format!("{uses} is not pinned to a commit"));
    }
    if uses.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
        faults.push("the checkout leaves its token behind".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn a_careless_workflow_is_found() {
        let workflow = serde_json::json!({ "jobs": { "a": {
            "permissions": { "contents": "write" },
            "steps": [{ "uses": "actions/checkout@v7" }, { "run": "echo ${{ inputs.from }}" }],
        } } });
        let found = faults(&workflow);
        for part in
            ["permissions: {}", "timeout-minutes", "may write contents", "not pinned", "leaves its token", "expression"]
        {
            assert!(found.iter().any(|fault| fault.contains(part)), "{part}: {found:?}");
        }
        assert_eq!(found.len(), 6, "{found:?}");
    }
}
