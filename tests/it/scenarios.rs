//! Whole promotions, as people meet them: `fixtures/scenarios/<name>/in` goes in, and all that comes out is compared word
//! for word. Each is planned, run, and run again from the start as in a workflow of GitHub's.
//!
//! `UPDATE_SCENARIOS=1 cargo test --test it scenarios` writes what comes out; read it before you commit it.

mod story;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

pub(crate) use self::story::Story;
use crate::bundle::replays_elsewhere;
use crate::harness::{Ran, Sandbox, golden};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { play(stringify!($name)); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios! {
    auto_sync,
    delivered,
    held,
    manual_rollback,
    promoted,
    promoted_helm,
    promoted_manifests,
    releases_file,
    rolled_back,
    rolled_back_health,
    several_applications,
    stuck,
    superseded,
    unchanged,
    unconfirmed,
    unknown,
    waiting,
    waived,
}

#[test]
fn ten_records_are_replayed() {
    let recorded = NAMES.iter().filter(|name| story::folder(name).join("show.txt").is_file()).count();
    assert!(recorded >= 10, "only {recorded} scenarios leave a record");
}

#[test]
fn every_scenario_is_played() {
    let mut there: Vec<String> = std::fs::read_dir(story::folder(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    assert_eq!(there, NAMES);
}

fn play(name: &str) {
    let story = Story::read(name);
    let out = |file: &str, text: &str| golden(&format!("scenarios/{name}/{file}"), text);
    let mut sandbox = story.sandbox();
    story.before(&sandbox);

    let (files, tip) = (sandbox.files(), sandbox.gitops.tip("main"));
    sandbox.set("DRY_RUN", "true");
    let plan = sandbox.promote(&story.command());
    sandbox.unset("DRY_RUN");
    assert_eq!(sandbox.files(), files, "{name}: a plan wrote files");
    assert_eq!(sandbox.gitops.tip("main"), tip, "{name}: a plan wrote to the repository");
    out("plan.txt", &sandbox.scrubbed(&plan.all()));

    story.meanwhile(&sandbox);
    let ran = sandbox.promote(&story.command());
    let (tip, changes) = (tip.unwrap(), changes(&sandbox, &files));
    out("run.txt", &sandbox.scrubbed(&ran.all()));
    out("commit.diff", &sandbox.scrubbed(&visible(&commits(&sandbox, &tip))));
    out("record.json", &sandbox.scrubbed(&record(&changes)));
    let looked = sandbox.promote(&["history", "verify"]);
    assert_eq!(looked.exit, Some(if story.alters_heads() { 10 } else { 0 }), "{name}: {}", looked.all());
    if let Some(id) = recorded(&ran) {
        let shown = sandbox.promote(&["show", id]);
        assert_eq!(shown.exit, Some(0), "{}", shown.all());
        out("show.txt", &sandbox.scrubbed(&shown.all()));
        replays_elsewhere(&mut sandbox, id);
    }
    prints_what_it_commits(name, &sandbox, &plan, &tip);
    sandbox.gitops.check();

    let mut sandbox = story.sandbox();
    story.before(&sandbox);
    sandbox.in_actions();
    story.meanwhile(&sandbox);
    let in_actions = sandbox.promote(&story.command());
    assert_eq!(in_actions.exit, ran.exit, "{name}: {}", in_actions.all());
    let (outputs, summary) = sandbox.told_github();
    out("log.txt", &sandbox.scrubbed(&in_actions.all()));
    out("outputs.txt", &sandbox.scrubbed(&outputs));
    out("summary.md", &sandbox.scrubbed(&summary));
}

/// The record's id in the last line: `exit 0   record 01JD…   took 1 s`.
fn recorded(ran: &Ran) -> Option<&str> {
    ran.stdout.lines().last()?.split_once("record ")?.1.split(' ').next()
}

/// What a command wrote, by path: files that were not there, or were otherwise.
fn changes(sandbox: &Sandbox, before: &BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    sandbox.files().into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)).collect()
}

/// The commits after a tip, oldest first, each with its message and its diff.
fn commits(sandbox: &Sandbox, after: &str) -> String {
    let range = format!("{after}..refs/heads/main");
    let log =
        sandbox.gitops.git(&["log", "-p", "-U0", "--reverse", "--format=commit %H%n%an <%ae>%n%n%B", &range], &[]);
    // What a releases file is depends on the moment.
    let mut released = false;
    let lines = log.lines().filter(|line| {
        released = if line.starts_with("diff --git") { line.ends_with("/releases.yaml") } else { released };
        !(released && line.starts_with("index "))
    });
    if log.is_empty() { "no commit".to_owned() } else { lines.collect::<Vec<_>>().join("\n") }
}

/// Carriage returns as something that an editor keeps.
fn visible(text: &str) -> String {
    format!("{}\n", text.replace('\r', "␍"))
}

/// The entries that were written, without what other tests look at: facts, rules, and what the rules say of verification.
fn record(changes: &BTreeMap<PathBuf, Vec<u8>>) -> String {
    let entries = changes.iter().filter(|(path, _)| path.components().any(|part| part.as_os_str() == "promotions"));
    let entries: Vec<Value> = entries
        .map(|(path, bytes)| {
            let mut entry: Value = serde_json::from_slice(bytes).unwrap();
            trim(&mut entry);
            json!({ "file": path.file_name().unwrap().to_str().unwrap(), "entry": entry })
        })
        .collect();
    format!("{:#}\n", Value::from(entries))
}

fn trim(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["facts", "report", "rules", "verify"] {
                fields.remove(name);
            }
            if let Some(settled) = fields.get_mut("settled") {
                *settled = json!("<span>");
            }
            fields.values_mut().for_each(trim);
        }
        Value::Array(values) => values.iter_mut().for_each(trim),
        _ => {}
    }
}

/// What the plan showed as removed and added is what `git diff` shows of our first commit: line by line, and byte by byte but
/// for carriage returns at the ends of lines, which a terminal would act on.
fn prints_what_it_commits(name: &str, sandbox: &Sandbox, plan: &Ran, tip: &str) {
    let ours = sandbox.gitops.log("main").into_iter().rev().skip_while(|commit| commit.id != tip).skip(1);
    let Some(commit) = ours.into_iter().find(|commit| commit.message.contains("Promotion-Id:")) else {
        return;
    };
    let diff = sandbox.gitops.git(&["diff", "-U0", &commit.parents[0], &commit.id], &[]);
    // When a release is written is known when it is written: a plan shows its own moment.
    let (diff, plan) = (sandbox.scrubbed(&diff), sandbox.scrubbed(&plan.stdout));
    let is_header = |line: &&str| ["+++ ", "--- ", "@@ ", "diff ", "index "].iter().any(|word| line.starts_with(word));
    let committed: Vec<&str> =
        diff.lines().filter(|line| !is_header(line)).map(|line| line.trim_end_matches('\r')).collect();
    let is_changed = |line: &&str| line.starts_with(['+', '-', '\\']);
    let printed: Vec<&str> = plan.lines().filter_map(|line| line.strip_prefix("    ")).filter(is_changed).collect();
    assert!(!committed.is_empty(), "{name}: an empty commit");
    assert_eq!(printed, committed, "{name}");
}
