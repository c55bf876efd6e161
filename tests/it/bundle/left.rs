//! The bundles that runs leave: where the rules and `--bundle` say so, whatever the outcome, and never at its expense.

use std::path::Path;

use super::{GATES, recorded, sound, texts};
use crate::harness::{RULES, Sandbox};

fn asking(directories: &str) -> Sandbox {
    let sandbox = sound();
    sandbox.write(RULES, format!("{GATES}bundle: {{ directories: [{directories}] }}\n"));
    sandbox
}

/// The only folder in a directory of the workspace.
fn only(sandbox: &Sandbox, directory: &str) -> String {
    let listed = std::fs::read_dir(sandbox.work().join(directory)).unwrap();
    let names: Vec<String> = listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    format!("{directory}/{}", names[0])
}

fn replays(sandbox: &Sandbox, bundle: &str) -> String {
    let ran = sandbox.promote(&["replay", bundle]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    ran.stdout
}

#[test]
fn each_directory_that_is_asked_for_gets_the_bundle() {
    let mut sandbox = asking("'TEST/release/{version}', 'audit/{service}-{environment}-{id}'");
    sandbox.in_actions();
    let ran = sandbox.promote(&["run", "--bundle", "../out/mine"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let release = only(&sandbox, "TEST/release/1.20");
    let audit = only(&sandbox, "audit");
    let mine = only(&sandbox, "../out/mine");
    assert!(audit.starts_with("audit/app-staging-"), "{audit}");
    let files = |bundle: &str| texts(&sandbox.work().join(bundle));
    assert_eq!(files(&release), files(&audit));
    assert_eq!(files(&release), files(&mine));
    replays(&sandbox, &mine);
    for bundle in [&mine, &release, &audit] {
        assert!(ran.stdout.contains(&format!("its bundle is in {bundle}")), "{}", ran.all());
    }
    let (outputs, _) = sandbox.told_github();
    let line = outputs.lines().skip_while(|line| !line.starts_with("bundle<<")).nth(1);
    assert_eq!(line, Some(mine.as_str()), "{outputs}");
}

#[test]
fn a_held_promotion_has_a_bundle_too_and_a_later_one_takes_its_place() {
    let sandbox = asking("out");
    let unit = std::fs::read(sandbox.work().join("artifacts/unit.xml")).unwrap();
    std::fs::remove_file(sandbox.work().join("artifacts/unit.xml")).unwrap();
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(11), "{}", ran.all());
    let bundle = only(&sandbox, "out");
    let held = texts(&sandbox.work().join(&bundle));
    assert!(!held.contains_key("plan.json") && !held.contains_key("plan-digest.json"));
    assert!(replays(&sandbox, &bundle).contains("verdict    stop, the same again"));
    sandbox.write("artifacts/unit.xml", unit);
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert_eq!(only(&sandbox, "out"), bundle);
    assert!(texts(&sandbox.work().join(&bundle)).contains_key("plan.json"));
    assert!(replays(&sandbox, &bundle).contains("verdict    go, the same again"));
}

#[test]
fn rules_that_changed_since_the_request_are_those_that_the_bundle_holds() {
    let sandbox = asking("out");
    sandbox.write(RULES, format!("{GATES}bundle: {{ directories: [out] }}\n").replace("80%", "99%"));
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(10), "{}", ran.all());
    let bundle = only(&sandbox, "out");
    replays(&sandbox, &bundle);
    let rules = format!("# somebody changed their mind\n{GATES}bundle: {{ directories: [out] }}\n");
    sandbox.write(RULES, &rules);
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let files = texts(&sandbox.work().join(&bundle));
    assert_eq!(files["rules.yaml"], rules);
    assert!(files["rules-of-request.yaml"].contains("99%"));
    replays(&sandbox, &bundle);
}

#[test]
fn a_bundle_that_cannot_be_written_is_a_warning() {
    let sandbox = asking("taken, out");
    sandbox.write("taken", "a file");
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("warning no bundle was written to taken/"), "{}", ran.all());
    let bundle = only(&sandbox, "out");
    assert!(ran.stdout.contains(&format!("its bundle is in {bundle}")), "{}", ran.all());
}

#[test]
fn nothing_else_is_overwritten() {
    let sandbox = sound();
    let ran = sandbox.promote(&["run"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let id = recorded(&ran);
    let refused = |out: &str, why: &str| {
        let ran = sandbox.promote(&["bundle", id, "--out", out]);
        assert_eq!(ran.exit, Some(20), "{}", ran.all());
        assert!(ran.stdout.contains(why), "{}", ran.all());
    };
    refused("artifacts", "artifacts holds something else");
    refused("artifacts/unit.xml", "is no directory");
    std::os::unix::fs::symlink("artifacts", sandbox.work().join("link")).unwrap();
    refused("link", "is no directory");
    std::fs::create_dir(sandbox.work().join("empty")).unwrap();
    let ran = sandbox.promote(&["bundle", id, "--out", "empty"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    replays(&sandbox, "./empty");
}

#[test]
fn a_promotion_that_nothing_asks_a_bundle_of_leaves_none() {
    let sandbox = sound();
    let before: Vec<_> = sandbox.files().into_keys().collect();
    assert_eq!(sandbox.promote(&["run"]).exit, Some(0));
    let new: Vec<_> = sandbox.files().into_keys().filter(|path| !before.contains(path)).collect();
    let kept = |path: &Path| path.starts_with(sandbox.work().join(".promote"));
    assert!(!new.is_empty() && new.iter().all(|path| kept(path)), "{new:?}");
}

#[test]
fn what_was_only_asked_for_and_refused_has_a_bundle_too() {
    let sandbox = sound();
    let ran = sandbox.promote(&["request", "--bundle", "out"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let bundle = only(&sandbox, "out");
    assert!(replays(&sandbox, &bundle).contains("nothing was judged yet"));
    let id = bundle.trim_start_matches("out/");
    let ran = sandbox.promote(&["reject", id, "--reason", "not on a Friday"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let ran = sandbox.promote(&["bundle", id, "--out", &bundle]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    replays(&sandbox, &bundle);
    let approval: serde_json::Value =
        serde_json::from_str(&texts(&sandbox.work().join(&bundle))["approval.json"]).unwrap();
    assert_eq!(approval["rejected"]["reason"], "not on a Friday");
    assert_eq!(approval["rejected"]["by"], serde_json::json!({ "name": "dana", "known": "claimed" }));
}
