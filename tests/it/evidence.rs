//! `promote evidence`: what is found is shown, what cannot be believed is named, and a stamp binds a report to a version.

use serde_json::Value;

use crate::harness::{RULES, Sandbox, golden};

const DEV: &str = "k8s/overlays/dev/kustomization.yaml";
const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";
const UNIT: &str = "<testsuite name=\"cart\" timestamp=\"2026-11-20T10:00:00Z\"><testcase classname=\"cart\" name=\"adds up\"/></testsuite>\n";
const SCAN: &str = r#"{ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": "trivy", "version": "0.58" } }, "results": [] }] }"#;

/// The digest of the version, and that of another one.
fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A promotion of an image by its digest, whose tests must say which version they are about.
fn sandbox() -> Sandbox {
    let pins = |tag: &str, digit| {
        format!(
            "images:\n  - name: app\n    newName: r.example.com/app\n    newTag: \"{tag}\"\n    digest: {}\n",
            digest(digit)
        )
    };
    let mut sandbox = Sandbox::new(&[(DEV, &pins("1.20", 'a')), (STAGING, &pins("1.10", 'b'))]);
    sandbox.write(
        RULES,
        "version: 1\nservice: app\nenvironments:\n  dev:     { path: k8s/overlays/dev }\n  staging: { path: k8s/overlays/staging }\n\n\
         evidence:\n  unit: artifacts/unit.xml\n  scan: { files: artifacts/scan/*, max_age: 24h }\n\n\
         promotions:\n  - from: dev\n    to: staging\n    require_subject: true\n    gates:\n      tests: { required: [unit] }\n",
    );
    sandbox.write("artifacts/unit.xml", UNIT);
    sandbox.set("FROM_ENV", "dev");
    sandbox.set("TO_ENV", "staging");
    sandbox
}

/// Without how long ago it was: the clock runs.
fn timeless(text: &str) -> String {
    let one = |line: &str| match (line.strip_suffix(" ago"), line.contains("    taken ")) {
        (Some(line), true) => format!("{}, <age> ago\n", line.rsplit_once(", ").map_or(line, |(rest, _)| rest)),
        _ => format!("{line}\n"),
    };
    text.lines().map(one).collect()
}

#[test]
fn the_evidence_of_the_rules_is_shown() {
    let sandbox = sandbox();
    sandbox.write("artifacts/scan/app.sarif", SCAN);
    let all = sandbox.promote(&["evidence"]);
    assert_eq!((all.exit, all.stderr.as_str()), (Some(0), ""), "{}", all.all());
    golden("inspection/all.txt", &timeless(&all.stdout));
    sandbox.write("artifacts/scan/notes.json", r#"{ "vulnerabilities": [], "foo": 1 }"#);
    std::fs::remove_file(sandbox.work().join("artifacts/unit.xml")).unwrap();
    let some = sandbox.promote(&["evidence"]);
    assert_eq!(some.exit, Some(11), "{}", some.all());
    golden("inspection/unusable.txt", &timeless(&some.stdout));
}

#[test]
fn files_need_no_rules() {
    let sandbox = sandbox();
    std::fs::remove_file(sandbox.work().join(RULES)).unwrap();
    sandbox.write("clean.json", "[]");
    let bare = sandbox.promote(&["evidence", "clean.json"]);
    assert_eq!(bare.exit, Some(11), "{}", bare.all());
    assert!(bare.stdout.contains("name its `format:`"), "{}", bare.stdout);
    let refused = sandbox.promote(&["evidence", "--format", "nothing", "clean.json"]);
    assert_eq!(refused.exit, Some(2), "{}", refused.all());
    let found = sandbox.promote(&["evidence", "--json", "--why", "artifacts", "nowhere/*.xml"]);
    assert_eq!((found.exit, found.stderr.as_str()), (Some(11), ""), "{}", found.all());
    let document: Value = serde_json::from_str(&found.stdout).unwrap();
    let schema: Value = serde_json::from_str(&sandbox.promote(&["schema", "evidence"]).stdout).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}\n{}", found.stdout);
    let files = document["files"].as_array().unwrap();
    assert_eq!(files[0]["path"], "artifacts/unit.xml");
    assert_eq!(files[0]["reading"]["observed"]["measure"]["tests"]["passed"], 1);
    assert_eq!(files[0]["reading"]["observed"]["files"][0]["sha256"].as_str().map(str::len), Some(64));
    let not_taken = files[0]["not_taken"].as_array().unwrap();
    assert!(
        not_taken.iter().any(|other| other["format"] == "trx" && other["why"] == "has no `TestRun`"),
        "{not_taken:?}"
    );
    assert_eq!(files[1]["reading"]["missing"]["why"], "nothing matches nowhere/*.xml");
}

#[test]
fn a_stamp_binds_a_report_to_its_version_and_to_its_bytes() {
    let sandbox = sandbox();
    let validate = || sandbox.promote(&["validate"]);
    let unbound = validate();
    assert_eq!(unbound.exit, Some(11), "{}", unbound.all());
    let stamp = |digit| {
        let image = format!("r.example.com/app:1.20@{}", digest(digit));
        let ran = sandbox.promote(&["evidence", "stamp", "--image", &image, "--env", "dev", "artifacts/unit.xml"]);
        assert_eq!((ran.exit, ran.stderr.as_str()), (Some(0), ""), "{}", ran.all());
        ran
    };
    golden("inspection/stamped.txt", &stamp('a').stdout);
    let bound = validate();
    assert_eq!(bound.exit, Some(0), "{}", bound.all());
    let shown = sandbox.promote(&["evidence", "artifacts"]);
    assert!(shown.stdout.contains(", taken in dev (by"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("stamp.json"), "a stamp is no evidence: {}", shown.stdout);

    stamp('c');
    let other = validate();
    assert_eq!(other.exit, Some(11), "{}", other.all());
    assert!(other.stdout.contains("of another version"), "{}", other.stdout);

    stamp('a');
    sandbox.write("artifacts/unit.xml", UNIT.replace("adds up", "adds  up"));
    let changed = validate();
    assert_eq!(changed.exit, Some(11), "{}", changed.all());
    let words: Vec<&str> = changed.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("cannot be believed: it was made for other bytes"), "{}", changed.stdout);
}

#[test]
fn a_stamp_that_could_not_be_believed_is_not_written() {
    let sandbox = sandbox();
    for (arguments, part) in [
        (vec!["--image", "r.example.com/app:1.20"], "is no image with a digest"),
        (vec!["--image", "r.example.com/app@sha256:abc"], "is no digest"),
        (vec!["--commit", "main"], "`main` is no commit"),
        (vec!["--env", "dev"], "names neither an image nor a commit"),
        (vec!["--env", "../dev"], "cannot name an environment"),
    ] {
        let ran = sandbox.promote(&[&["evidence", "stamp", "artifacts/unit.xml"], arguments.as_slice()].concat());
        assert_eq!(ran.exit, Some(2), "{}", ran.all());
        assert!(ran.all().contains(part), "{}", ran.all());
    }
    let gone = sandbox.promote(&["evidence", "stamp", "--commit", &"c".repeat(40), "artifacts/unit.xml", "gone.xml"]);
    assert_eq!(gone.exit, Some(2), "{}", gone.all());
    assert!(!sandbox.work().join("artifacts/unit.xml.stamp.json").exists(), "all or none");
}
