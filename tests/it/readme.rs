//! The README cannot drift: every block in it is run or read, and every table is compared with what it is a table of.

mod commands;
pub(crate) mod page;
mod security;
mod shown;
mod tables;
mod workflow;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use promote::promotion::waivers::file as waivers;

use commands::{Promote, promotes};
use page::{Block, Tag, blocks};

/// What a reader of the first page types. `.ci/run` runs both; from within the tests they would wait for themselves.
const FIRST: [&str; 2] = ["cargo run --example sandbox", "cargo test"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn readme() -> Vec<Block> {
    blocks(&read("README.md")).unwrap_or_else(|faults| panic!("{}", faults.join("\n")))
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A directory as a fresh clone has it, as far as commands in the README read it.
fn clone() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for part in ["promotion", "fixtures", "examples", "action.yml"] {
        for entry in walkdir::WalkDir::new(root().join(part)).into_iter().filter_map(Result::ok) {
            let to = directory.path().join(entry.path().strip_prefix(root()).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    directory
}

/// Runs a script as a reader would: our binary first on the path, and nothing of this process's settings.
fn bash(script: &str, directory: &Path, flags: &[&str]) -> Output {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_promote"));
    let inherited = env::var_os("PATH").unwrap();
    let path = [binary.parent().unwrap().to_owned()].into_iter().chain(env::split_paths(&inherited));
    Command::new("bash")
        .args(["--noprofile", "--norc"])
        .args(flags)
        .args(["-c", script])
        .current_dir(directory)
        .env_clear()
        .env("PATH", env::join_paths(path).unwrap())
        .env("HOME", directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap()
}

fn printed_by(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_block_is_run_or_read() {
    let readme = readme();
    assert!(readme.len() >= 3, "only {} blocks were found", readme.len());
    let directory = clone();
    let mut printed = String::new();
    none(readme.iter().flat_map(|block| check(block, directory.path(), &mut printed)).collect());
}

/// The faults of one block; `printed` is what the newest run before it printed.
fn check(block: &Block, directory: &Path, printed: &mut String) -> Vec<String> {
    let faults = match (block.tag, block.language.as_str()) {
        (Tag::Run, "sh") => run(block, directory, printed),
        (Tag::Real, "sh") => real(block, directory),
        (Tag::Parse, "yaml") => yaml(&block.text, directory),
        (Tag::Parse, "json") => serde_json::from_str::<serde_json::Value>(&block.text)
            .map_or_else(|why| vec![why.to_string()], |_| Vec::new()),
        (Tag::Parse, "text") if block.shown => {
            wide(&block.text).into_iter().chain(shown::differs(&block.text, printed)).collect()
        }
        (Tag::Parse, "text") => wide(&block.text),
        (Tag::Parse, "mermaid") => diagram(&block.text),
        (tag, language) => vec![format!("nothing here knows what to do with {language} and {tag:?}")],
    };
    faults.into_iter().map(|fault| format!("README.md:{}: {fault}", block.line)).collect()
}

fn run(block: &Block, directory: &Path, printed: &mut String) -> Vec<String> {
    let script = block.text.trim();
    if FIRST.contains(&script) {
        let missing = !read(".ci/run").lines().any(|line| line.trim().contains(script));
        return if missing { vec![format!(".ci/run does not run `{script}`")] } else { Vec::new() };
    }
    if script.lines().any(|line| line.trim_start().starts_with("cargo ")) {
        return vec!["cargo stands alone in a block, and is one of .ci/run's commands".to_owned()];
    }
    let output = bash(script, directory, &["-euo", "pipefail"]);
    *printed = printed_by(&output);
    if output.status.code() == Some(block.exit) {
        return Vec::new();
    }
    vec![format!("exit {} expected, found {}:\n{}", block.exit, output.status, printed_by(&output))]
}

/// What cannot be run here is still a script, and asks promote for what promote has.
fn real(block: &Block, directory: &Path) -> Vec<String> {
    let output = bash(&block.text, directory, &["-n"]);
    if !output.status.success() {
        return vec![format!("not a script:\n{}", printed_by(&output))];
    }
    promotes(&block.text).iter().filter_map(|command| known(command, directory)).collect()
}

/// What a command of promote asks for that promote does not have.
fn known(command: &Promote, directory: &Path) -> Option<String> {
    let output = bash(&format!("promote {} --help", command.names.join(" ")), directory, &[]);
    let help = printed_by(&output);
    if !output.status.success() {
        return Some(format!("`promote {}` is no command:\n{help}", command.names.join(" ")));
    }
    let unknown = command
        .flags
        .iter()
        .find(|flag| !help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == *flag));
    unknown.map(|flag| format!("`promote {}` has no flag {flag}", command.names.join(" ")))
}

/// Rules are read as promote reads them; a workflow gives the action only inputs that it has.
fn yaml(text: &str, directory: &Path) -> Vec<String> {
    let value: serde_json::Value = match serde_yaml::from_str(text) {
        Ok(value) => value,
        Err(why) => return vec![why.to_string()],
    };
    if value.get("promotions").is_some() {
        // A file that is named in its first line is there for the scripts that follow.
        let named = text.lines().next().and_then(|line| line.strip_prefix("# ")).filter(|name| name.ends_with(".yaml"));
        let file = named.unwrap_or("readme-rules.yaml");
        fs::create_dir_all(directory.join(file).parent().unwrap()).unwrap();
        fs::write(directory.join(file), text).unwrap();
        let output = bash(&format!("promote rules check --rules {file}"), directory, &[]);
        return if output.status.success() { Vec::new() } else { vec![printed_by(&output)] };
    }
    if text.starts_with("# promotion/waivers.yaml\n") {
        let faults = waivers::read("promotion/waivers.yaml", text).err().unwrap_or_default();
        return faults.iter().map(|fault| format!("{fault:?}")).collect();
    }
    if value.get("evidence").is_some() {
        // Evidence alone is read with as much around it as makes it rules.
        let around = "version: 1\nservice: app\nenvironments: { dev: { path: a }, staging: { path: b } }\n";
        return yaml(&format!("{around}promotions: [{{ from: dev, to: staging }}]\n{text}"), directory);
    }
    let inputs = crate::action::action().inputs;
    let given = commands::given(&value);
    let unknown = given.iter().filter(|input| !inputs.iter().any(|(name, _)| name == *input));
    let mut faults: Vec<String> = unknown.map(|input| format!("the action has no input `{input}`")).collect();
    if value.get("on").is_some() {
        faults.extend(workflow::faults(&value));
    }
    faults
}

/// The workflow to paste is the shipped example, which the shipped workflow's own tests hold.
#[test]
fn the_workflow_is_the_shipped_example() {
    let value = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).unwrap();
    let on_the_page = readme().into_iter().find(|block| block.language == "yaml" && block.text.contains("\non:\n"));
    assert_eq!(value(&on_the_page.unwrap().text), value(&read("examples/workflows/promote.yml")));
}

/// The real linters, where they are installed (`.ci/run` does that).
#[test]
fn the_workflow_pleases_the_linters() {
    if env::var_os("PROMOTE_REAL").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join(".github/workflows");
    fs::create_dir_all(&place).unwrap();
    let workflow = readme().into_iter().find(|block| block.language == "yaml" && block.text.contains("\non:\n"));
    // The page shows the tag and says to pin it; what is pasted and pinned is what is linted.
    let pinned = "promotion-workflow.yml@0123456789012345678901234567890123456789 # v1";
    let text = workflow.unwrap().text.replace("promotion-workflow.yml@v1", pinned);
    fs::write(place.join("promote.yml"), text).unwrap();
    for linter in
        ["check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml", "zizmor --offline ."]
    {
        let output = bash(linter, directory.path(), &[]);
        assert!(output.status.success(), "{linter}:\n{}", printed_by(&output));
    }
}

#[test]
fn waivers_in_the_page_are_read() {
    let block = |entry: &str| yaml(&format!("# promotion/waivers.yaml\n- {entry}\n"), root());
    assert_eq!(block("{ gate: a, reason: r, approved_by: ana, expires: 2026-12-01 }"), Vec::<String>::new());
    let faults = block("{ gat: a, reason: r, approved_by: ana, expires: 2026-12-01 }");
    assert!(faults.iter().any(|fault| fault.contains("unknown key `gat`")), "{faults:?}");
}

fn wide(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.chars().count() > 120);
    let mut faults: Vec<String> = lines.map(|line| format!("wider than 120 columns: {line}")).collect();
    if text.trim().is_empty() {
        faults.push("the block is empty".to_owned());
    }
    faults
}

fn diagram(text: &str) -> Vec<String> {
    let kind = text.split_whitespace().next().unwrap_or("");
    let known = ["flowchart", "graph", "sequenceDiagram", "stateDiagram-v2"].contains(&kind);
    if known { Vec::new() } else { vec![format!("`{kind}` is no kind of Mermaid diagram that GitHub draws")] }
}

#[test]
fn the_first_commands_are_there() {
    let first: Vec<String> = readme()
        .into_iter()
        .filter(|block| block.tag == Tag::Run)
        .map(|block| block.text.trim().to_owned())
        .take(2)
        .collect();
    assert_eq!(first, FIRST);
}

#[test]
fn a_bad_block_is_found() {
    let directory = clone();
    for (language, tag, exit, text, says) in [
        ("sh", Tag::Run, 0, "exit 3", "exit 0 expected"),
        ("sh", Tag::Run, 3, "false", "exit 3 expected"),
        ("sh", Tag::Run, 0, "cd /\ncargo test", "stands alone"),
        ("sh", Tag::Real, 0, "if true; then", "not a script"),
        ("yaml", Tag::Parse, 0, "a: [", ""),
        (
            "yaml",
            Tag::Parse,
            0,
            "jobs: { a: { steps: [{ uses: org/promote-action@v1, with: { frm: dev } }] } }",
            "no input `frm`",
        ),
        ("json", Tag::Parse, 0, "{", ""),
        ("text", Tag::Parse, 0, "\n", "empty"),
        ("mermaid", Tag::Parse, 0, "A --> B", "no kind"),
        ("yaml", Tag::Run, 0, "a: 1", "nothing here knows"),
    ] {
        let block = Block { line: 7, language: language.to_owned(), tag, exit, shown: false, text: text.to_owned() };
        let faults = check(&block, directory.path(), &mut String::new());
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].starts_with("README.md:7: ") && faults[0].contains(says), "{}", faults[0]);
    }
    let good = Block {
        line: 1,
        language: "sh".to_owned(),
        tag: Tag::Run,
        exit: 4,
        shown: false,
        text: "test -e action.yml\nexit 4".to_owned(),
    };
    assert_eq!(check(&good, directory.path(), &mut String::new()), Vec::<String>::new());
}
