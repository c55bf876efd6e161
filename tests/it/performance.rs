//! The gate on a load test, with k6's own reports: it passes, it fails, and it does not know.

use crate::harness::{RULES, Ran, Sandbox};

/// Where staging pins its version.
const STAGING: &str = "k8s/overlays/staging/kustomization.yaml";
/// A run of three seconds: p50 61.5 ms, p95 66.4 ms, p99 67.4 ms, 32 requests a second, none failed, three thresholds hold.
const HELD: &str = "fixtures/evidence/k6/handle-summary.json";
/// A run with thresholds that were crossed, and without p(99).
const CROSSED: &str = "fixtures/evidence/k6/handle-summary-crossed.json";

/// Validates a promotion with these gates on this report.
fn validated(report: &str, gates: &str) -> Ran {
    let pinned = |tag: &str| format!("images:\n  - name: app\n    newTag: \"{tag}\"\n");
    let mut sandbox = Sandbox::new(&[
        ("k8s/overlays/dev/kustomization.yaml", pinned("1.20").as_str()),
        (STAGING, pinned("1.10").as_str()),
    ]);
    sandbox.write(
        RULES,
        format!(
            "version: 1\nservice: app\nenvironments:\n  dev:     {{ path: k8s/overlays/dev }}\n  \
             staging: {{ path: k8s/overlays/staging }}\nevidence:\n  \
             load: {{ files: artifacts/k6-summary.json, format: k6 }}\npromotions:\n  - from: dev\n    to: staging\n    \
             gates: {{ {gates} }}\n"
        ),
    );
    sandbox.write("artifacts/k6-summary.json", std::fs::read_to_string(report).unwrap());
    sandbox.set("FROM_ENV", "dev");
    sandbox.set("TO_ENV", "staging");
    sandbox.promote(&["validate"])
}

#[track_caller]
fn says(ran: &Ran, exit: i32, words: &[&str]) {
    let all = ran.all();
    assert_eq!(ran.exit, Some(exit), "{all}");
    let spaced = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(spaced.contains(word), "`{word}` is not in\n{all}");
    }
}

#[test]
fn a_load_test_within_its_limits_passes() {
    let ran = validated(
        HELD,
        "performance: { from: [load], p95_max: 800ms, p99_max: 68ms, error_rate_max: 0%, throughput_min: 32/s }",
    );
    says(
        &ran,
        0,
        &[
            "✓ performance p95 ≤ 800 ms 66.4 ms",
            "✓ performance error_rate ≤ 0 % 0 %",
            "✓ performance throughput ≥ 32 /s 32 /s",
        ],
    );
}

#[test]
fn a_load_test_beyond_a_limit_holds_the_promotion() {
    let ran = validated(HELD, "performance: { from: [load], p95_max: 66ms, throughput_min: 100/s }");
    says(&ran, 10, &["✗ performance p95 ≤ 66 ms 66.4 ms", "✗ performance throughput ≥ 100 /s 32 /s"]);
}

#[test]
fn a_percentile_that_the_report_does_not_hold_is_unknown() {
    let ran = validated(CROSSED, "performance: { from: [load], p99_max: 10s }");
    says(&ran, 11, &["? performance p99", "not measured", "the load test's report does not hold `p99`"]);
}

#[test]
fn thresholds_are_judged_among_the_tests() {
    says(&validated(HELD, "tests: { required: [load] }"), 0, &["✓ tests load all pass 3 of 3"]);
    says(
        &validated(CROSSED, "tests: { required: [load] }"),
        10,
        &["✗ tests load all pass 3 of 3 failed", "p(95)<0.001"],
    );
    let ran = validated("fixtures/evidence/k6/machine-readable.json", "tests: { required: [load] }");
    says(&ran, 11, &["? tests load all pass no thresholds", "the load test's report holds no thresholds"]);
    let ran = validated(
        HELD,
        "conditions: { all: [{ field: load.p95, op: lte, value: 66ms }, { field: load.failed, op: eq, value: 0 }] }",
    );
    says(&ran, 10, &["load.p95"]);
}

#[test]
fn a_report_that_is_cut_off_or_empty_opens_nothing() {
    let whole = std::fs::read_to_string(HELD).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let gates = "performance: { from: [load], p95_max: 800ms }";
    for (cut, word) in [(whole.len() / 2, "cut off"), (0, "it is empty")] {
        let path = folder.path().join("cut.json");
        std::fs::write(&path, &whole[..cut]).unwrap();
        says(&validated(path.to_str().unwrap(), gates), 11, &[word]);
    }
}
