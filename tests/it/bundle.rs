//! Bundles, as auditors get them: the same again elsewhere, and whatever was touched is named.

mod left;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use promote::promotion::bundle::{About, MANIFEST, document, manifest, seal};
use promote::promotion::id::sha256;
use serde_json::{Value, json};

use crate::harness::{RULES, Ran, Sandbox};

/// Where staging pins its version.
const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";
/// The rules of [`delivered`]: the last line belongs to the file.
const GATES: &str = "version: 1
service: app
environments:
  dev:     { path: k8s/overlays/dev }
  staging: { path: k8s/overlays/staging }
evidence:
  unit:     artifacts/unit.xml
  coverage: artifacts/lcov.info
  security: artifacts/scan.sarif
promotions:
  - from: dev
    to: staging
    gates:
      tests:    { required: [unit] }
      coverage: { line_min: 80% }
      security: { high_max: 0 }
";

/// Everything that a promotion needs which is delivered.
pub(crate) fn sound() -> Sandbox {
    let dev = "images:\n  - name: app\n    newTag: \"1.20\"\n";
    let staging = "images:\n  - name: app\n    newTag: \"1.10\"\n";
    let mut sandbox = Sandbox::new(&[("k8s/overlays/dev/kustomization.yaml", dev), (STAGING, staging)]);
    sandbox.write(RULES, GATES);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sandbox/artifacts/passing");
    for (from, to) in
        [("unit/junit.xml", "unit.xml"), ("coverage/lcov.info", "lcov.info"), ("scan/scan.sarif", "scan.sarif")]
    {
        sandbox.write(&format!("artifacts/{to}"), std::fs::read(fixtures.join(from)).unwrap());
    }
    sandbox.set("FROM_ENV", "dev");
    sandbox.set("TO_ENV", "staging");
    sandbox
}

/// A promotion that was delivered, and the directory of its bundle.
pub(crate) fn delivered() -> (Sandbox, PathBuf) {
    let sandbox = sound();
    let ran = sandbox.promote(&["run", "--reason", "to see it in a log"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let ran = sandbox.promote(&["bundle", recorded(&ran), "--out", "bundle"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let directory = sandbox.work().join("bundle");
    (sandbox, directory)
}

/// The id of the record that a run leaves.
fn recorded(ran: &Ran) -> &str {
    let last = ran.stdout.lines().last().and_then(|line| line.split_once("record "));
    last.and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_else(|| panic!("no record:\n{}", ran.all()))
}

/// The bundle of a promotion is replayed far away: without the ledger, the repository, a network, in another time zone and
/// another language. It says the same, and of the very bytes that the bundle has.
pub(crate) fn replays_elsewhere(sandbox: &mut Sandbox, id: &str) {
    let ran = sandbox.promote(&["bundle", id, "--out", "../moved/bundle"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    for name in ["GITOPS_REPO", "GITOPS_TOKEN", "ARGOCD_SERVER", "ARGOCD_AUTH_TOKEN", "FROM_ENV", "TO_ENV"] {
        sandbox.unset(name);
    }
    let elsewhere = [
        ("TZ", "Pacific/Chatham"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "ar_EG.UTF-8"),
        ("PROMOTE_LEDGER", "/nowhere"),
        ("PROMOTE_RULES", "/nowhere"),
    ];
    elsewhere.into_iter().for_each(|(name, value)| sandbox.set(name, value));
    let ran = sandbox.promote_without_network(&["replay", "../moved/bundle", "--json"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["same"], true, "{said:#}");
    let bytes = |name: &str| std::fs::read(sandbox.work().join("../moved/bundle").join(name)).unwrap();
    let report: Value = serde_json::from_slice(&bytes("gate-report.json")).unwrap();
    assert_eq!(said["verdict"], json!({ "recorded": report["verdict"], "recomputed": report["verdict"] }));
    assert_eq!(said["report_sha256"]["recomputed"], sha256(bytes("gate-report.json")), "{said:#}");
    elsewhere.into_iter().for_each(|(name, _)| sandbox.unset(name));
}

fn texts(directory: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().unwrap();
    files.map(|entry| (name(&entry), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

/// Writes files over a bundle's, and the manifest anew as if they had always been so.
fn repaired(directory: &Path, changed: &[(&str, String)]) {
    let mut files = texts(directory);
    let text = files.remove(MANIFEST).unwrap();
    files.extend(changed.iter().map(|(name, text)| ((*name).to_owned(), text.clone())));
    let old = manifest(text.as_bytes()).unwrap();
    let report: Value = serde_json::from_str(&files["gate-report.json"]).unwrap();
    let plan: Value = serde_json::from_str(&files["plan.json"]).unwrap();
    let about = About {
        promotion_id: old.promotion_id,
        promote: old.promote,
        verdict: serde_json::from_value(report["verdict"].clone()).unwrap(),
        plan_digest: serde_json::from_value(plan["digest"].clone()).unwrap(),
    };
    let sealed = document(&seal(about, &files));
    for (name, text) in changed.iter().cloned().chain([(MANIFEST, sealed)]) {
        std::fs::write(directory.join(name), text).unwrap();
    }
}

/// A replay of the bundle, in words and as a document.
fn replay(sandbox: &Sandbox, args: &[&str], exit: i32) -> (String, Value) {
    let run = |args: &[&str]| {
        let ran: Ran = sandbox.promote(args);
        assert_eq!(ran.exit, Some(exit), "{args:?}: {}", ran.all());
        ran.stdout
    };
    let words = run(&[&["replay", "bundle"], args].concat());
    let document = run(&[&["replay", "bundle", "--json"], args].concat());
    (words, serde_json::from_str(&document).unwrap_or_default())
}

#[test]
fn a_bundle_has_what_an_auditor_asks_for() {
    let (sandbox, directory) = delivered();
    let files = texts(&directory);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "approval.json",
            "facts.json",
            "gate-report.json",
            "inputs.json",
            "manifest.json",
            "metrics.json",
            "outcome.json",
            "plan-digest.json",
            "plan.json",
            "promotion.log",
            "request.json",
            "rules.yaml"
        ]
    );
    assert_eq!(files["rules.yaml"], GATES);
    let json = |name: &str| -> Value { serde_json::from_str(&files[name]).unwrap() };
    let digest = json("plan.json")["digest"].clone();
    assert_eq!(digest, sha256(&files["plan-digest.json"]), "sha256sum shows the plan's digest");
    assert_eq!(json("manifest.json")["plan_digest"], digest);
    assert_eq!(json("approval.json")["approved"], json!([]));
    assert_eq!(json("metrics.json")["gates"]["pass"], 4);
    assert_eq!(json("metrics.json")["exit_code"], 0);
    let durations = &json("metrics.json")["durations"];
    assert!(durations["requested_to_closed_ms"].is_u64() && durations["committed_to_verified_ms"].is_null());
    for file in json("inputs.json")["files"].as_array().unwrap() {
        let bytes = std::fs::read(sandbox.work().join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!((&file["sha256"], &file["bytes"]), (&json!(sha256(&bytes)), &json!(bytes.len())));
    }
    let log: Vec<&str> = files["promotion.log"].lines().collect();
    assert_eq!(log.len(), 4, "{log:?}");
    let said = ["app 1.10 → ", "READY: 4 gates pass. plan", " on main of ../gitops.git", "DELIVERED: app 1.20"];
    for (line, said) in log.iter().zip(said) {
        assert!(line.contains(said) && line[..24].ends_with('Z'), "{line}");
    }
    assert!(log[0].contains("to see it in a log") && log[0].contains("dana (claimed)"), "{}", log[0]);
}

#[test]
fn one_flipped_fact_is_another_verdict_whatever_the_hashes_say() {
    for (gate, path, value) in [
        ("tests.unit", "/readings/unit/observed/measure/tests/failed", json!(1)),
        ("coverage.line", "/readings/coverage/observed/measure/coverage/lines_covered", json!(1)),
        ("security.high", "/readings/security/observed/measure/findings/high", json!(1)),
    ] {
        let (sandbox, directory) = delivered();
        let mut facts: Value = serde_json::from_str(&texts(&directory)["facts.json"]).unwrap();
        let fact = facts.pointer_mut(path).unwrap_or_else(|| panic!("there is no fact {path}"));
        assert_ne!(*fact, value);
        *fact = value;
        repaired(&directory, &[("facts.json", document(&facts))]);
        let (words, said) = replay(&sandbox, &[], 10);
        assert_eq!(said["files"], json!([]), "the hashes are repaired");
        assert_eq!(said["verdict"], json!({ "recorded": "go", "recomputed": "stop" }));
        assert_eq!((said["rows"].as_array().unwrap().len(), &said["rows"][0]["gate"]), (1, &json!(gate)), "{said:#}");
        let marks = (&said["rows"][0]["recorded"]["mark"], &said["rows"][0]["recomputed"]["mark"]);
        assert_eq!(marks, (&json!("pass"), &json!("fail")));
        let shown = gate.replacen('.', " ", 1);
        for part in [&*format!("{shown}: ✓ pass recorded, ✗ fail now"), "the facts that", "verdict was go and is stop"]
        {
            assert!(words.contains(part), "{part} is not in\n{words}");
        }
    }
}

#[test]
fn a_flipped_report_rule_or_pin_is_named_whatever_the_hashes_say() {
    let swap = |name: &'static str, from: &str, to: &str| {
        let (sandbox, directory) = delivered();
        let text = texts(&directory)[name].clone();
        assert!(text.contains(from), "{name} has no {from}");
        repaired(&directory, &[(name, text.replacen(from, to, 1))]);
        replay(&sandbox, &[], 10)
    };
    let (words, said) = swap("gate-report.json", "\"observed\": \"4 of 4\"", "\"observed\": \"9 of 9\"");
    assert_eq!(said["rows"][0]["parts"], json!(["observed"]), "{said:#}");
    assert!(words.contains("found     9 of 9 recorded, 4 of 4 now"), "{words}");

    let (words, said) = swap("rules.yaml", "line_min: 80%", "line_min: 70%");
    assert_eq!(said["rows"][0]["gate"], "coverage.line");
    assert!(words.contains("the rule at promotion/promotion-rules.yaml:15 differs (expected)"), "{words}");
    assert!(said["plan"]["bound"].as_array().unwrap().contains(&json!("promotion")), "{said:#}");

    // What the target pinned: the gates do not read it, the plan does.
    let (words, said) = swap("facts.json", "1.10\\\"", "1.11\\\"");
    assert_eq!(said["rows"], json!([]));
    assert_eq!(said["plan"]["bound"], json!(["commits"]), "{said:#}");
    assert!(words.contains("of what an approval binds differs: commits"), "{words}");
}

#[test]
fn what_cannot_be_judged_again_is_no_answer() {
    for (name, from, to, says) in [
        ("rules.yaml", "tests:  ", "tets:   ", "unknown gate `tets`"),
        ("rules.yaml", "from: dev", "from: staging", "to itself moves nothing"),
        ("facts.json", "\"at\"", "\"when\"", "facts.json: it cannot be read: missing field `at`"),
        ("request.json", "\"to\": \"staging\"", "\"to\": \"canary\"", "no promotion from dev to canary"),
    ] {
        let (sandbox, directory) = delivered();
        let text = texts(&directory)[name].clone();
        assert!(text.contains(from), "{name} has no {from}");
        repaired(&directory, &[(name, text.replacen(from, to, 1))]);
        let (words, said) = replay(&sandbox, &[], 3);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(says) && words.contains("it could not be judged again"), "{words}");
        assert_eq!((&said["same"], &said["verdict"]), (&json!(false), &Value::Null));
    }
}

#[test]
fn one_changed_byte_in_any_file_is_named() {
    let (sandbox, directory) = delivered();
    for (name, text) in texts(&directory) {
        let file = directory.join(&name);
        let mut bytes = text.clone().into_bytes();
        let middle = (bytes.len() / 2..).find(|at| bytes[*at].is_ascii_alphanumeric()).unwrap();
        bytes[middle] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let ran = sandbox.promote(&["replay", "bundle"]);
        assert!(matches!(ran.exit, Some(10 | 3)), "{name}: {}", ran.all());
        assert!(ran.exit == Some(10) || name == MANIFEST, "{name}: {}", ran.all());
        assert!(ran.stdout.contains(&name), "{name} is not named:\n{}", ran.all());
        std::fs::remove_file(&file).unwrap();
        let ran = sandbox.promote(&["replay", "bundle"]);
        assert!(matches!(ran.exit, Some(10 | 3)) && ran.stdout.contains(&name), "{name}: {}", ran.all());
        std::fs::write(&file, text).unwrap();
    }
    std::fs::write(directory.join("more.txt"), "more").unwrap();
    let (words, _) = replay(&sandbox, &[], 10);
    assert!(words.contains("more.txt: manifest.json does not know it"), "{words}");
    std::fs::remove_file(directory.join("more.txt")).unwrap();
    replay(&sandbox, &[], 0);
}

#[test]
fn every_byte_of_the_manifest_counts() {
    let (sandbox, directory) = delivered();
    let text = texts(&directory)[MANIFEST].clone();
    let flips = text.bytes().enumerate().step_by(97).map(|(at, _)| at).chain([0, text.len() - 1]);
    for at in flips {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        std::fs::write(directory.join(MANIFEST), &bytes).unwrap();
        let ran = sandbox.promote(&["replay", "bundle"]);
        assert!(matches!(ran.exit, Some(10 | 3)), "byte {at}: {}", ran.all());
    }
}

#[test]
fn an_input_that_is_not_what_was_read_is_named() {
    let (sandbox, _) = delivered();
    let (words, said) = replay(&sandbox, &["--inputs", "."], 0);
    assert_eq!(said["inputs_compared"], 3);
    assert!(words.contains("3 evidence files compared"), "{words}");
    let file = sandbox.work().join("artifacts/lcov.info");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[7] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    std::fs::remove_file(sandbox.work().join("artifacts/scan.sarif")).unwrap();
    let (words, said) = replay(&sandbox, &["--inputs", "."], 10);
    let named: Vec<&str> =
        said["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(named, ["artifacts/lcov.info", "artifacts/scan.sarif"]);
    assert!(words.contains("artifacts/scan.sarif: ./artifacts/scan.sarif is missing"), "{words}");
    replay(&sandbox, &[], 0);
}

#[test]
fn what_is_no_bundle_is_refused() {
    let (sandbox, directory) = delivered();
    let refused = |what: &str, exit: i32| {
        let ran = sandbox.promote(&["replay", what]);
        assert_eq!(ran.exit, Some(exit), "{}", ran.all());
        ran.stdout
    };
    assert!(refused("artifacts", 3).contains("there is no manifest.json in it"));
    assert!(refused("./nowhere", 3).contains("nowhere"));
    assert!(refused("01NOSUCH", 2).contains("There is no record"));
    std::fs::write(directory.join(MANIFEST), "{}").unwrap();
    assert!(refused("bundle", 3).contains("missing field"));
}

#[test]
fn a_promotion_of_the_ledger_is_replayed_by_its_id() {
    let (sandbox, directory) = delivered();
    let id = manifest(&std::fs::read(directory.join(MANIFEST)).unwrap()).unwrap().promotion_id;
    let ran = sandbox.promote(&["replay", &id[..8], "--inputs", "."]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    assert!(ran.stdout.contains("SAME: verdict go, and every byte of the report."), "{}", ran.all());
    assert!(ran.stdout.contains("in .promote"), "{}", ran.all());
}
