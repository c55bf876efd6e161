//! The first minutes: from a repository that never heard of promote to an exact plan, by what promote itself says to type.

use std::path::Path;
use std::process::Command;

use promote::promotion::rules::read::read;
use serde_json::Value;

use crate::harness::{RULES, Ran, Sandbox};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::AppSpec;

const WORKFLOW: &str = ".github/workflows/promotion-workflow.yml";
const BASE: &str = include_str!("../../fixtures/sandbox/gitops/k8s/base/kustomization.yaml");
const OVERLAY: &str = include_str!("../../fixtures/sandbox/gitops/k8s/overlays/staging/kustomization.yaml");
const JUNIT: &str = include_str!("../../fixtures/sandbox/artifacts/passing/unit/junit.xml");

/// A workspace of one kustomize overlay pair and one JUnit file; it is a git repository, and nothing is committed.
fn newcomer() -> Sandbox {
    let mut sandbox = Sandbox::new(&[("README.md", "")]);
    sandbox.unset("GITOPS_REPO");
    sandbox.write("k8s/base/kustomization.yaml", BASE);
    sandbox.write("k8s/overlays/dev/kustomization.yaml", OVERLAY.replace("1.10", "1.20"));
    sandbox.write("k8s/overlays/staging/kustomization.yaml", OVERLAY);
    sandbox.write("artifacts/unit/junit.xml", JUNIT);
    git(&sandbox, &["init", "-q", "-b", "main", "."]);
    sandbox
}

fn git(sandbox: &Sandbox, args: &[&str]) {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default()).current_dir(sandbox.work());
    let who = ["-c", "user.name=dana", "-c", "user.email=dana@example.com", "-c", "core.hooksPath=/dev/null"];
    assert!(command.args(who).args(args).status().unwrap().success(), "git {args:?}");
}

#[track_caller]
fn ends(ran: &Ran, exit: i32, parts: &[&str]) {
    assert_eq!(ran.exit, Some(exit), "{}", ran.all());
    for part in parts {
        assert!(ran.stdout.contains(part), "`{part}` is not in\n{}", ran.all());
    }
}

fn text(sandbox: &Sandbox, path: &str) -> String {
    std::fs::read_to_string(sandbox.work().join(path)).unwrap()
}

/// The commands at the end of what `init` says.
fn next(ran: &Ran) -> Vec<&str> {
    let (_, last) = ran.stdout.rsplit_once("\n\n").unwrap();
    last.lines().skip(1).map(str::trim).filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn a_newcomer_comes_to_an_exact_plan() {
    let sandbox = newcomer();
    let init = sandbox.promote(&["init"]);
    ends(&init, 0, &["dev → staging, from k8s/overlays/*", "artifacts/unit/*.xml: 1 file of JUnit", "who approves"]);
    let typed = next(&init);
    assert_eq!(typed[..3], ["git add k8s && git commit", "promote doctor", "promote plan"], "{}", init.stdout);
    // Typed before the commit, doctor says what is lacking.
    ends(&sandbox.promote(&["doctor"]), 20, &["✗ dev:", "→ push a first commit", "→ mend what has ✗"]);
    git(&sandbox, &["add", "k8s"]);
    git(&sandbox, &["commit", "-qm", "Start"]);
    let before = sandbox.files();
    let doctor = sandbox.promote(&["doctor"]);
    let found = ["✓ dev: pins app 1.20", "✓ staging: pins app 1.10", "! push to main", "✓ unit of dev: 1 file"];
    ends(&doctor, 0, &found);
    assert!(doctor.stdout.ends_with("  → promote plan --from dev --to staging\nexit 0\n"), "{}", doctor.stdout);
    let plan = sandbox.promote(&["plan"]);
    let exact = [
        "    -    newTag: \"1.10\"",
        "    +    newTag: \"1.20\"",
        "✓ tests unit  all pass  4 of 4",
        "PLANNED:",
        "GITOPS_REPO is not set",
    ];
    ends(&plan, 0, &exact);
    assert!(sandbox.files() == before, "doctor and plan change nothing");
    // What only reads may assume; what writes is told.
    ends(&sandbox.promote(&["run"]), 2, &["--from"]);
    ends(&sandbox.promote(&["run", "-f", "dev", "-t", "staging"]), 3, &["set GITOPS_REPO"]);
}

#[test]
fn with_a_server_a_run_lands_too() {
    let mut sandbox = newcomer();
    sandbox.set("GITOPS_REPO", "../gitops.git");
    let overlays = [
        "k8s/base/kustomization.yaml",
        "k8s/overlays/dev/kustomization.yaml",
        "k8s/overlays/staging/kustomization.yaml",
    ];
    let texts: Vec<String> = overlays.iter().map(|path| text(&sandbox, path)).collect();
    let files: Vec<(&str, &[u8])> = overlays.iter().copied().zip(texts.iter().map(String::as_bytes)).collect();
    sandbox.gitops.commit("main", &files, "Overlays");
    std::fs::remove_dir_all(sandbox.work().join("k8s")).unwrap();
    // The environments are in a bare repository, the reports are here.
    let init = sandbox.promote(&["init"]);
    ends(&init, 0, &["dev → staging, from k8s/overlays/*", "artifacts/unit/*.xml"]);
    assert_eq!(next(&init), ["export GITOPS_REPO=../gitops.git", "promote doctor", "promote plan"]);
    ends(&sandbox.promote(&["doctor"]), 0, &["✓ push to main: ../gitops.git would take it"]);
    ends(&sandbox.promote(&["run", "-f", "dev", "-t", "staging"]), 0, &["DELIVERED: app 1.20 is pushed to staging"]);
    ends(&sandbox.promote(&["doctor"]), 0, &["records of 1 environment, no promotion is open"]);
    let server = sandbox.serve().url().to_owned();
    std::fs::remove_dir_all(sandbox.work().join("promotion")).unwrap();
    std::fs::remove_dir_all(sandbox.work().join(".github")).unwrap();
    let init = sandbox.promote(&["init", "--gitops-repo", &server]);
    ends(&init, 0, &["dev → staging, from k8s/overlays/*"]);
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = newcomer();
    ends(&sandbox.promote(&["init", "--stdout"]), 0, &["# ---- promotion/promotion-rules.yaml ----", "version: 1"]);
    assert!(
        !sandbox.work().join(RULES).exists() && !sandbox.work().join(".github").exists(),
        "--stdout writes nothing"
    );
    ends(&sandbox.promote(&["init"]), 0, &["wrote  promotion/promotion-rules.yaml"]);
    ends(&sandbox.promote(&["init"]), 0, &["kept, it is the same  promotion/promotion-rules.yaml"]);
    let edited = text(&sandbox, RULES).replace("required: [unit]", "required: [unit], skipped_max: 0");
    sandbox.write(RULES, &edited);
    std::fs::remove_file(sandbox.work().join(WORKFLOW)).unwrap();
    ends(&sandbox.promote(&["init"]), 3, &["promotion/promotion-rules.yaml is there", "nothing was written"]);
    assert_eq!(text(&sandbox, RULES), edited);
    assert!(!sandbox.work().join(WORKFLOW).exists());
    // A link that leads elsewhere is there too.
    std::fs::remove_file(sandbox.work().join(RULES)).unwrap();
    std::os::unix::fs::symlink("../elsewhere", sandbox.work().join(RULES)).unwrap();
    ends(&sandbox.promote(&["init"]), 20, &["could not write promotion/promotion-rules.yaml"]);
    assert!(!sandbox.work().join("elsewhere").exists());
}

#[test]
fn where_nothing_is_found_nothing_is_made_up() {
    let mut sandbox = Sandbox::new(&[("README.md", "")]);
    sandbox.unset("GITOPS_REPO");
    sandbox.write("k8s/dev/kustomization.yaml", OVERLAY);
    ends(&sandbox.promote(&["init"]), 3, &["No two environments were found", "found: k8s/dev", "nothing was written"]);
    let below = newcomer();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promote"));
    let out =
        command.arg("init").current_dir(below.work().join("k8s/overlays")).env_remove("GITOPS_REPO").output().unwrap();
    assert_eq!(out.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&out.stdout).contains("not the top of the repository"));
}

#[test]
fn the_workflow_is_the_shipped_one_and_the_rules_load() {
    let sandbox = newcomer();
    ends(&sandbox.promote(&["init"]), 0, &[]);
    let rules = read(RULES, &text(&sandbox, RULES)).unwrap();
    assert_eq!(rules.promotions.len(), 1);
    let shipped = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows/promote.yml"));
    let shipped = shipped.unwrap();
    let written = text(&sandbox, WORKFLOW);
    let other: Vec<(&str, &str)> = shipped.lines().zip(written.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(
        other,
        [
            ("        options: [dev, staging, canary]", "        options: [dev]"),
            ("        options: [staging, canary, production]", "        options: [staging]"),
        ]
    );
}

#[test]
fn doctor_says_what_to_set_for_each_thing_that_fails() {
    let mut sandbox = newcomer();
    ends(&sandbox.promote(&["init"]), 0, &[]);
    git(&sandbox, &["add", "k8s"]);
    git(&sandbox, &["commit", "-qm", "Start"]);
    let rules = text(&sandbox, RULES)
        .replace("path: k8s/overlays/staging }", "path: k8s/overlays/stagign, argocd: app-staging }");
    sandbox.write(RULES, rules);
    std::fs::remove_dir_all(sandbox.work().join("artifacts")).unwrap();
    sandbox.set("GITOPS_REPO", ".");
    let found = [
        "✗ staging: k8s/overlays/stagign has no YAML files",
        "→ correct `path:`",
        "✗ app-staging (staging): named by the rules",
        "→ set ARGOCD_SERVER",
        "! unit of dev: nothing matches artifacts/unit/*.xml",
    ];
    ends(&sandbox.promote(&["doctor"]), 20, &found);
    let document: Value = serde_json::from_str(&sandbox.promote(&["doctor", "--json"]).stdout).unwrap();
    assert_eq!(document["exit"], 20);
    let marks = document["findings"].as_array().unwrap().iter().filter(|finding| finding["mark"] == "fail");
    assert_eq!(marks.count(), 2, "{document:#}");
    sandbox.write(RULES, text(&sandbox, RULES).replace("    gates:", "    gates:\n      slo: { error_rate_max: 1% }"));
    ends(&sandbox.promote(&["doctor"]), 3, &["slo"]);
}

#[test]
fn doctor_asks_argo_cd_what_a_run_would_ask() {
    let mut sandbox = newcomer();
    sandbox.write(
        "argocd/staging.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: app-staging, namespace: argocd }\n\
         spec: { project: default, source: { path: k8s/overlays/staging } }\n",
    );
    let init = sandbox.promote(&["init"]);
    ends(&init, 0, &["argocd staging         app-staging deploys k8s/overlays/staging"]);
    assert!(next(&init).iter().any(|line| line.starts_with("export ARGOCD_SERVER=")), "{}", init.stdout);
    git(&sandbox, &["add", "k8s"]);
    git(&sandbox, &["commit", "-qm", "Start"]);
    let deploying = |sandbox: &Sandbox, path: &str| {
        let mut app = AppSpec::deploying("app-staging", &sandbox.work().join(".git"), "main", path);
        ".".clone_into(&mut app.repository);
        ArgoBuilder::new().app(app)
    };
    let builder = deploying(&sandbox, "k8s/overlays/staging");
    sandbox.argo(builder);
    ends(&sandbox.promote(&["doctor"]), 0, &["✓ app-staging (staging): found, it"]);
    let asked = sandbox.argo_cd().unwrap().requests();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    sandbox.set("ARGOCD_AUTH_TOKEN", "aaa.wrong.bbb");
    ends(&sandbox.promote(&["doctor"]), 20, &["✗ app-staging (staging):"]);
    let builder = deploying(&sandbox, "k8s/overlays/dev");
    sandbox.argo(builder);
    ends(&sandbox.promote(&["doctor"]), 20, &["✗ app-staging (staging):", "→ correct `path:`"]);
}

#[test]
fn words_are_explained() {
    let sandbox = Sandbox::new(&[("README.md", "")]);
    ends(
        &sandbox.promote(&["explain", "exit", "11"]),
        0,
        &["unknown (exit 11): evidence missing, stale or unreadable"],
    );
    ends(&sandbox.promote(&["explain", "tests.unit"]), 0, &["tests: every named test report is there", "flaky_max"]);
    ends(&sandbox.promote(&["explain"]), 0, &["tests, coverage, security", "rolled_back"]);
    ends(&sandbox.promote(&["explain", "tets"]), 2, &["did you mean tests?"]);
}
