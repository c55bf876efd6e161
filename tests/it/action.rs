//! The action: what `action.yml` promises is what promote reads and writes, and its image follows GitHub's rules.

mod settings;

use std::path::Path;

use serde_json::{Map, Value};

use crate::readme::read;

/// What the action writes (`GITHUB_OUTPUT`).
const OUTPUTS: [&str; 10] = [
    "outcome",
    "report",
    "version",
    "commit",
    "promotion-id",
    "bundle",
    "plan-digest",
    "plan-digest-short",
    "approvals",
    "needs-approval",
];

/// `action.yml`, as far as it must agree with others.
pub(crate) struct Action {
    /// Its inputs in their order, each with its description.
    pub(crate) inputs: Vec<(String, String)>,
    /// The inputs that have a default.
    pub(crate) defaults: Vec<String>,
    /// Its outputs in their order, each with its description.
    pub(crate) outputs: Vec<(String, String)>,
    /// How it runs.
    pub(crate) runs: Map<String, Value>,
}

/// Reads `action.yml`.
pub(crate) fn action() -> Action {
    let file: Value = serde_yaml::from_str(&read("action.yml")).unwrap();
    let described = |part: &str| {
        let entries = file[part].as_object().unwrap().iter();
        entries.map(|(name, entry)| (name.clone(), entry["description"].as_str().unwrap_or("").to_owned())).collect()
    };
    let with_default = file["inputs"].as_object().unwrap().iter().filter(|(_, input)| input.get("default").is_some());
    Action {
        defaults: with_default.map(|(name, _)| name.clone()).collect(),
        inputs: described("inputs"),
        outputs: described("outputs"),
        runs: file["runs"].as_object().unwrap().clone(),
    }
}

#[test]
fn the_action_is_a_container_that_reads_its_inputs_itself() {
    let action = action();
    assert_eq!(action.runs["using"], "docker");
    assert_eq!(action.runs["image"], "Dockerfile");
    // Arguments would go through a shell-like quoting, and fixed variables would hide the inputs.
    assert_eq!(action.runs.len(), 2, "{:?}", action.runs);
}

#[test]
fn every_input_and_output_is_described() {
    let action = action();
    let outputs: Vec<&str> = action.outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(outputs, OUTPUTS);
    for (name, description) in action.inputs.iter().chain(&action.outputs) {
        assert!(description.len() > 10, "{name} is not described");
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(plain, "{name}: GitHub upper-cases names and keeps hyphens, so only a-z and - are safe");
    }
}

#[test]
fn a_default_hides_no_variable() {
    // An input beats a variable, and the runner hands over defaults as inputs: only what has no variable may have one. The
    // token is not in the environment of a job, so there is nothing to hide.
    assert_eq!(action().defaults, ["command", "github-token"]);
}

/// GitHub sets the user and the directory, and a shell form would need a shell.
fn image_faults(dockerfile: &str) -> Vec<String> {
    let last = dockerfile.rsplit("\nFROM ").next().unwrap_or("");
    let mut faults = Vec::new();
    if !last.starts_with("scratch\n") {
        faults.push("the image is not made from scratch".to_owned());
    }
    let words = |line: &str| line.split_whitespace().next().unwrap_or("").to_owned();
    let forbidden = last.lines().map(words).filter(|word| ["USER", "WORKDIR", "CMD", "RUN"].contains(&word.as_str()));
    faults.extend(forbidden.map(|word| format!("{word} has no place in the image of an action")));
    if !last.lines().any(|line| line == "ENTRYPOINT [\"/promote\"]") {
        faults.push("the entry point is not the binary itself".to_owned());
    }
    faults
}

#[test]
fn the_image_follows_the_rules_for_actions() {
    assert_eq!(image_faults(&read("Dockerfile")), Vec::<String>::new());
    let bad = "FROM rust AS build\nRUN x\n\nFROM alpine\nUSER 1\nWORKDIR /x\nENTRYPOINT /promote\n";
    assert_eq!(image_faults(bad).len(), 4);
}

/// A file that the source includes, as a path from the root.
fn included(root: &Path, source: &Path, text: &str) -> Vec<String> {
    let quoted =
        |rest: &str| rest.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(path, _)| path.to_owned());
    let named =
        ["include_str!(", "include_bytes!("].into_iter().flat_map(|call| text.split(call).skip(1)).filter_map(quoted);
    let from_root = |path: String| {
        let whole = std::fs::canonicalize(source.parent().unwrap().join(path)).ok()?;
        whole.strip_prefix(root).ok().map(|path| path.display().to_string())
    };
    named.filter_map(from_root).collect()
}

#[test]
fn the_images_build_has_every_file_that_the_source_includes() {
    let root = std::fs::canonicalize(env!("CARGO_MANIFEST_DIR")).unwrap();
    let ignore = read(".dockerignore");
    let let_in: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut found = 0;
    for file in walkdir::WalkDir::new(root.join("src")).into_iter().map(Result::unwrap) {
        if file.path().extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).unwrap();
        // What stands below the tests of a file is not built into the binary.
        let built = text.split("#[cfg(test)]").next().unwrap();
        for path in included(&root, file.path(), built) {
            found += 1;
            let there = let_in.iter().any(|known| path == *known || path.starts_with(&format!("{known}/")));
            assert!(there || file.file_name() == "tests.rs", "{} includes {path}: let it in", file.path().display());
        }
    }
    assert!(found > 0, "nothing is included any more: this test can go");
}
