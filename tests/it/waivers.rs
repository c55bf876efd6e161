//! Waivers: `promotion/waivers.yaml`, with the real binary.

mod blamed;

use serde_json::Value;

use crate::approvals::stage::{GREEN, RED};
use crate::harness::{RULES, Ran, Sandbox};

/// Where promote looks for waivers.
pub(crate) const WAIVERS: &str = "promotion/waivers.yaml";
const BASE: &str = include_str!("../../fixtures/sandbox/gitops/k8s/base/kustomization.yaml");
const OVERLAY: &str = include_str!("../../fixtures/sandbox/gitops/k8s/overlays/staging/kustomization.yaml");
const RULES_TEXT: &str = "\
version: 1
service: app
environments:
  dev: { path: k8s/overlays/dev }
  staging: { path: k8s/overlays/staging }
evidence:
  unit: artifacts/unit/*.xml
  e2e: artifacts/e2e/*.xml
promotions:
  - { from: dev, to: staging, gates: { tests: { required: [unit, e2e] } } }
";
/// One test of two failed.
const HALF: &str = r#"<testsuite name="s" tests="2" failures="1"><testcase classname="s" name="one"/><testcase classname="s" name="two"><failure message="no"/></testcase></testsuite>"#;

/// A workspace for dev → staging whose reports of `e2e` are these, with these waivers.
fn sandbox(e2e: &str, waivers: &str) -> Sandbox {
    let dev = OVERLAY.replace("1.10", "1.20");
    let sandbox = Sandbox::new(&[
        ("k8s/base/kustomization.yaml", BASE),
        ("k8s/overlays/dev/kustomization.yaml", &dev),
        ("k8s/overlays/staging/kustomization.yaml", OVERLAY),
    ]);
    sandbox.write(RULES, RULES_TEXT);
    sandbox.write("artifacts/unit/a.xml", GREEN);
    if !e2e.is_empty() {
        sandbox.write("artifacts/e2e/a.xml", e2e);
    }
    if !waivers.is_empty() {
        sandbox.write(WAIVERS, waivers);
    }
    sandbox
}

fn go(sandbox: &Sandbox, command: &str, more: &[&str]) -> Ran {
    sandbox.promote(&[&[command, "-f", "dev", "-t", "staging"], more].concat())
}

#[track_caller]
fn ends(ran: &Ran, exit: i32, parts: &[&str]) {
    let all = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.exit, Some(exit), "{}", ran.all());
    for part in parts {
        assert!(all.contains(part), "not there: {part}\n{}", ran.all());
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.all()))
}

/// A waiver that says this, and counts for long.
fn waiver(named: &str, reason: &str) -> String {
    format!("- {{ {named}, reason: {reason}, approved_by: ana, expires: 2100-12-01 }}\n")
}

#[test]
fn a_failing_gate_is_waived_and_says_what_it_was() {
    let sandbox = sandbox(RED, &waiver("gate: tests.e2e", "load test host"));
    let ran = go(&sandbox, "validate", &[]);
    let sentence = "waived until 2100-12-01 by @ana: load test host (it failed: e2e.failed 1, wanted = 0)";
    ends(&ran, 0, &["~ tests e2e", sentence, "1 is waived", "waivers: 1 in use", "gate tests.e2e: covers the gate"]);
    let report = json(&go(&sandbox, "validate", &["--json"]));
    let row = report["report"]["rows"].as_array().unwrap().iter().find(|row| row["id"] == "tests.e2e").unwrap();
    assert_eq!((&row["mark"], &row["because"]), (&"waived".into(), &sentence.into()));
    assert_eq!(report["report"]["waivers"][0]["by"], "approved by @ana, by the file's word");
    // It is written, and the record says so without the workspace.
    let ran = go(&sandbox, "run", &[]);
    ends(&ran, 0, &["1 waived"]);
    let id = ran.stdout.lines().last().unwrap().split_once("record ").unwrap().1.split(' ').next().unwrap();
    std::fs::remove_dir_all(sandbox.work().join("promotion")).unwrap();
    let shown = sandbox.promote(&["show", id]);
    ends(&shown, 0, &["waivers ~ gate tests.e2e: covers the gate", "load test host"]);
    let document = json(&sandbox.promote(&["show", id, "--json"])).to_string();
    assert!(document.contains("gate: tests.e2e, reason: load test host"), "the record keeps the text: {document}");
    let ran = sandbox.promote(&["bundle", id, "--out", "bundle"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
    let kept = std::fs::read_to_string(sandbox.work().join("bundle/waivers.yaml")).unwrap();
    assert_eq!(kept, waiver("gate: tests.e2e", "load test host"));
    let ran = sandbox.promote(&["replay", "bundle"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.all());
}

#[test]
fn a_gate_without_evidence_is_waived_too() {
    let sandbox = sandbox("", &waiver("gate: tests.e2e", "not built yet"));
    let sentence = "waived until 2100-12-01 by @ana: not built yet (it could not be evaluated: ";
    ends(&go(&sandbox, "validate", &[]), 0, &["~ tests e2e", sentence]);
}

#[test]
fn a_failing_test_is_waived_and_stays_in_the_report() {
    let sandbox = sandbox(HALF, &waiver("test: '*two'", "flaky"));
    let ran = go(&sandbox, "validate", &[]);
    ends(&ran, 0, &["✓ tests e2e", "~ test *two: covers 1 test, until 2100-12-01", "flaky; approved by @ana"]);
    let report = json(&go(&sandbox, "validate", &["--json"]));
    let row = &report["report"]["waivers"][0];
    assert_eq!(
        (&row["standing"], &row["count"], &row["covers"][0]["name"]),
        (&"in_force".into(), &1.into(), &"s › two".into())
    );
    assert_eq!(row["at"], "promotion/waivers.yaml:1");
}

#[test]
fn what_is_over_counts_as_none_and_what_fits_nothing_is_told() {
    let over = "- { gate: tests.e2e, reason: long ago, approved_by: ana, expires: 2020-01-01 }\n";
    let unused = waiver("id: CVE-2026-1, package: lodash", "not reachable");
    let sandbox = sandbox(RED, &format!("{over}{unused}"));
    let ran = go(&sandbox, "validate", &[]);
    let parts = [
        "✗ tests e2e",
        "waivers: 1 covers nothing here, 1 expired",
        "gate tests.e2e: expired ",
        "d ago, on 2020-01-01",
    ];
    ends(&ran, 10, &parts);
    ends(&ran, 10, &["finding CVE-2026-1 in package lodash: covers nothing here, until 2100-12-01"]);
    let report = json(&go(&sandbox, "validate", &["--json"]));
    let standings: Vec<&Value> =
        report["report"]["waivers"].as_array().unwrap().iter().map(|row| &row["standing"]).collect();
    assert_eq!(standings, ["expired", "unused"]);
}

#[test]
fn a_broken_file_is_never_no_waivers() {
    for (text, parts) in [
        ("- { gate: tests.e2e }\n", ["waivers.yaml:1:3", "needs `reason`", "needs `expires`"]),
        (
            "- { gat: tests.e2e, reason: r, approved_by: a, expires: soon }\n",
            ["unknown key `gat`", "did you mean `gate`?", "2 faults"],
        ),
        ("- [\n", ["waivers.yaml", "this is not YAML", "1 fault"]),
        ("waivers: []\n", ["waivers.yaml:1:1", "the file must be a list, not a mapping", "1 fault"]),
    ] {
        let sandbox = sandbox(GREEN, text);
        for command in ["validate", "plan", "run"] {
            ends(&go(&sandbox, command, &[]), 3, &parts);
        }
        ends(&sandbox.promote(&["rules", "check"]), 3, &parts);
    }
    let sandbox = sandbox(GREEN, "");
    sandbox.write(WAIVERS, [0xff, 0xfe]);
    ends(&go(&sandbox, "run", &[]), 3, &["waivers.yaml:1:1: this is not UTF-8"]);
    sandbox.write(WAIVERS, "# none\n");
    ends(&go(&sandbox, "run", &[]), 0, &[]);
    ends(&sandbox.promote(&["rules", "check"]), 0, &["promotion/waivers.yaml: no faults, 0 waivers"]);
}

#[test]
fn a_plan_binds_the_waivers_that_apply() {
    let sandbox = sandbox(GREEN, "");
    let digest = || json(&go(&sandbox, "plan", &["--json"]))["plan"]["digest"].as_str().unwrap().to_owned();
    let without = digest();
    let cases = [
        ("# none\n".to_owned(), false),
        (waiver("test: other", "flaky"), true),
        (waiver("gate: tests.e2e", "flaky"), true),
        // No gate of this promotion could ask for these, and what is over is none.
        (waiver("gate: coverage.line", "flaky"), false),
        (waiver("id: CVE-2026-1", "flaky"), false),
        ("- { test: other, reason: r, approved_by: a, expires: 2020-01-01 }\n".to_owned(), false),
    ];
    for (text, binds) in cases {
        sandbox.write(WAIVERS, &text);
        assert_eq!(digest() != without, binds, "{text}");
    }
    // What is said of one is bound; where it stands is not.
    let one = waiver("test: other", "flaky");
    sandbox.write(WAIVERS, &one);
    let first = digest();
    sandbox.write(WAIVERS, format!("# why\n\n{one}"));
    assert_eq!(digest(), first);
    sandbox.write(WAIVERS, waiver("test: other", "slow"));
    assert_ne!(digest(), first);
}

#[test]
fn without_a_file_nothing_is_said_of_waivers() {
    let sandbox = sandbox(GREEN, "");
    let ran = go(&sandbox, "validate", &[]);
    assert!(!ran.all().contains("waive"), "{}", ran.all());
    let report = go(&sandbox, "validate", &["--json"]);
    assert_eq!(json(&report)["report"].get("waivers"), None);
}
