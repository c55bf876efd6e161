//! The workflows that we ship: they ask the action for what it has, hold the write credentials in one job only, and may do no
//! more than they need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde_json::{Map, Value};

use crate::action::action;
use crate::readme::read;

/// The workflow that promotes, by its path here.
const PROMOTION: &str = ".github/workflows/promotion-workflow.yml";
/// How a caller names it, before its version.
const CALLED: &str = "org/promote-action/.github/workflows/promotion-workflow.yml";
/// The action itself, before its version.
const ACTION: &str = "org/promote-action";
/// The secrets that a job without the target's environment may read, by what their names begin with: they only read.
const READS: [&str; 5] = ["GITOPS_READ_TOKEN", "ARGOCD_READ_TOKEN", "GITHUB_TOKEN", "PROMETHEUS_", "ALERTMANAGER_"];

/// Every workflow that we ship, by its path, as text and as what it says.
fn shipped() -> BTreeMap<String, (String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = fs::read_dir(root.join("examples/workflows")).unwrap();
    let examples = examples.map(|entry| format!("examples/workflows/{}", entry.unwrap().file_name().display()));
    let paths = examples.chain([PROMOTION.to_owned()]);
    paths
        .map(|path| {
            let text = read(&path);
            let value = serde_yaml::from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}"));
            (path, (text, value))
        })
        .collect()
}

fn jobs(workflow: &Value) -> &Map<String, Value> {
    workflow["jobs"].as_object().unwrap()
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().into_iter().flatten()
}

/// The names that a text asks for after a prefix: of `secrets.`, `GITOPS_TOKEN`.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    let from_word =
        |(at, _): &(usize, &str)| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    let code = text.match_indices(prefix).filter(from_word);
    code.map(|(at, _)| word(&text[at + prefix.len()..])).filter(|name: &String| !name.is_empty()).collect()
}

/// A workflow without its comments, which may speak of what it does not do.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split(" #").next().unwrap_or(line)).filter(|l| !l.trim_start().starts_with('#')).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    )
}

#[test]
fn the_action_has_what_the_workflows_ask_for() {
    let action = action();
    let (mut faults, mut uses) = (Vec::new(), 0);
    for (path, (text, workflow)) in &shipped() {
        for step in jobs(workflow).values().flat_map(steps) {
            if !step["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{ACTION}@"))) {
                continue;
            }
            uses += 1;
            let given = step["with"].as_object().unwrap().keys();
            let unknown = given.filter(|input| !action.inputs.iter().any(|(name, _)| name == *input));
            faults.extend(unknown.map(|input| format!("{path}: the action has no input `{input}`")));
            if let Some(id) = step["id"].as_str() {
                let asked = named(&code(text), &format!("steps.{id}.outputs."));
                assert!(!asked.is_empty(), "{path}: nothing asks for what `{id}` found out");
                let unknown = asked.iter().filter(|output| !action.outputs.iter().any(|(name, _)| name == *output));
                faults.extend(unknown.map(|output| format!("{path}: the action has no output `{output}`")));
            }
            let command = step["with"]["command"].as_str().unwrap();
            let ran =
                Command::new(env!("CARGO_BIN_EXE_promote")).args(command.split(' ')).arg("--help").output().unwrap();
            if !ran.status.success() {
                faults.push(format!("{path}: promote has no command `{command}`"));
            }
        }
    }
    assert!(uses >= 4, "only {uses} uses of the action were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Gates of every kind can be judged wherever gates are judged: a workflow that forgets a server would never promote by it.
#[test]
fn a_workflow_names_every_server_that_gates_ask() {
    let shipped = shipped();
    let asks = shipped.iter().flat_map(|(path, (_, workflow))| jobs(workflow).values().map(move |job| (path, job)));
    let asks = asks.flat_map(|(path, job)| steps(job).map(move |step| (path, &step["with"])));
    let asks: Vec<_> = asks.filter(|(_, with)| with.get("gitops-repo").is_some()).collect();
    assert!(asks.len() >= 6, "{}", asks.len());
    for (path, with) in asks {
        for server in ["argocd-server", "prometheus-url", "alertmanager-url"] {
            assert!(with.get(server).is_some(), "{path}: `{}` is not told `{server}`", with["command"]);
        }
    }
}

/// What changes the plan is told to the plan and to whoever executes it: else the two never agree.
#[test]
fn both_halves_are_told_the_same() {
    let shipped = shipped();
    let (_, workflow) = &shipped[PROMOTION];
    let told = |job: &str| -> BTreeMap<String, Value> {
        let step = steps(&workflow["jobs"][job]).find(|step| step["with"].get("gitops-repo").is_some()).unwrap();
        let with = step["with"].as_object().unwrap().clone();
        with.into_iter().filter(|(_, value)| value.as_str().is_some_and(|value| value.contains("inputs."))).collect()
    };
    assert_eq!(told("plan"), told("promote"));
    for input in ["hotfix", "skip", "replace", "auto-approve", "prometheus-url"] {
        assert!(told("plan").contains_key(input), "{input}");
    }
}

#[test]
fn what_a_workflow_reads_is_declared() {
    let shipped = shipped();
    let (text, workflow) = &shipped[PROMOTION];
    let declared = |what: &str, of: &str| -> BTreeSet<String> {
        workflow["on"][of][what].as_object().unwrap().keys().cloned().collect()
    };
    let (called, by_hand) = (declared("inputs", "workflow_call"), declared("inputs", "workflow_dispatch"));
    assert_eq!(named(&code(text), "inputs."), called);
    assert_eq!(by_hand.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(named(&code(text), "secrets."), declared("secrets", "workflow_call"));
    // What the guide's own command gives.
    for input in ["from_env", "to_env", "auto_approve"] {
        assert!(by_hand.contains(input), "{input}");
    }
}

#[test]
fn one_job_only_holds_the_write_credentials() {
    let shipped = shipped();
    let (_, workflow) = &shipped[PROMOTION];
    let names: Vec<&str> = jobs(workflow).keys().map(String::as_str).collect();
    assert_eq!(names, ["plan", "approve", "promote"]);
    for (name, job) in jobs(workflow) {
        let secrets = named(&job.to_string(), "secrets.");
        let writes = secrets.iter().filter(|secret| !READS.iter().any(|reads| secret.starts_with(reads))).count();
        assert_eq!(writes > 0, name == "promote", "{name} reads {secrets:?}");
        assert_eq!(job["environment"]["name"] == "${{ inputs.to_env }}", name == "promote", "{name}");
        assert_eq!(job.get("concurrency").is_some(), name == "promote", "{name}");
    }
    let (plan, approve, promote) =
        (&workflow["jobs"]["plan"], &workflow["jobs"]["approve"], &workflow["jobs"]["promote"]);
    assert!(plan.get("environment").is_none());
    assert_eq!(plan["name"], "plan", "approvals are tied to the plan by this name");
    assert_eq!(approve["name"], "approve ${{ matrix.leg }} ${{ needs.plan.outputs.short-digest }}");
    assert_eq!(approve["environment"]["name"], "${{ matrix.environment }}");
    assert_eq!(approve["permissions"], Value::Object(Map::new()));
    assert!(approve["if"].is_string(), "an empty matrix is an error");
    let run: Vec<&Value> = steps(approve).map(|step| &step["run"]).collect();
    assert_eq!(run, ["true"]);
    assert_eq!(promote["if"], "${{ !cancelled() && needs.plan.result == 'success' }}", "a rejection must be read");
    assert_eq!(promote["needs"], serde_json::json!(["plan", "approve"]));
    assert_eq!(steps(promote).count(), 1);
    assert_eq!(promote["concurrency"]["cancel-in-progress"], false);
}

#[test]
fn nothing_may_do_more_than_it_needs() {
    for (path, (_, workflow)) in &shipped() {
        assert_eq!(workflow["permissions"], Value::Object(Map::new()), "{path}");
        for (name, job) in jobs(workflow) {
            let at = format!("{path}, {name}");
            let permissions = job["permissions"].as_object().unwrap_or_else(|| panic!("{at}: no permissions"));
            for (what, level) in permissions {
                assert!(level == "read" || (what == "checks" && level == "write"), "{at}: {what}: {level}");
            }
            assert!(job.get("timeout-minutes").is_some() || job.get("uses").is_some(), "{at}: no deadline");
            for step in steps(job) {
                assert!(!step["run"].as_str().is_some_and(|script| script.contains("${{")), "{at}: {step}");
                let Some(uses) = step["uses"].as_str() else { continue };
                let revision = uses.rsplit_once('@').map_or("", |(_, revision)| revision);
                let pinned = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(pinned || uses.starts_with(&format!("{ACTION}@")), "{at}: {uses} is not pinned");
                if uses.starts_with("actions/checkout@") {
                    assert_eq!(step["with"]["persist-credentials"], false, "{at}");
                }
            }
        }
    }
}

/// A called workflow gets no more than its caller has: one that asks for more does not start at all.
#[test]
fn a_caller_gives_what_the_called_workflow_needs() {
    let shipped = shipped();
    let (_, called) = &shipped[PROMOTION];
    let needed: BTreeMap<&String, &Value> =
        jobs(called).values().flat_map(|job| job["permissions"].as_object().unwrap()).collect();
    let mut callers = 0;
    for (path, (_, workflow)) in &shipped {
        for job in jobs(workflow).values() {
            if !job["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{CALLED}@"))) {
                continue;
            }
            callers += 1;
            for (what, level) in &needed {
                assert_eq!(&&job["permissions"][what.as_str()], level, "{path}: {what}");
            }
            let (inputs, given) = (&called["on"]["workflow_call"]["inputs"], job["with"].as_object().unwrap());
            for input in given.keys() {
                assert!(inputs.get(input).is_some(), "{path}: the workflow has no input `{input}`");
            }
            assert_eq!(job["secrets"], "inherit", "{path}: secrets of an environment reach it only so");
        }
    }
    assert!(callers >= 1, "no example calls the workflow");
}

/// The real linters, where they are installed (`.ci/run` does that).
#[test]
fn the_linters_find_nothing() {
    if env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let files: Vec<String> = shipped().into_keys().collect();
    let linters: [&[&str]; 2] = [
        &["zizmor", "--offline", "--quiet", "--persona", "pedantic", "action.yml"],
        &["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
    ];
    for linter in linters {
        let root = env!("CARGO_MANIFEST_DIR");
        let output = Command::new(linter[0]).args(&linter[1..]).args(&files).current_dir(root).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{linter:?}:\n{}{}", said(&output.stdout), said(&output.stderr));
    }
}

#[test]
fn names_are_read_where_they_stand() {
    let text = "a: ${{ inputs.to_env || myinputs.x || github.event.inputs.y }} b: ${{ inputs.from }} # inputs.never\n";
    assert_eq!(named(&code(text), "inputs."), BTreeSet::from(["from".to_owned(), "to_env".to_owned()]));
}
