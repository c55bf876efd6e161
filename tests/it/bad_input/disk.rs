//! A full disk: before the plan is on record nothing is pushed; afterwards the run goes on, and prints what it could not keep.

use serde_json::Value;

use super::{STAGING, plain_rules, rules, sound, with_argo};
use crate::harness::{RULES, golden};
use crate::world::health::HealthEndpoint;

/// The rules' text is part of the first entry of a record, so that this one does not fit into 16 blocks of 512 bytes.
fn long_rules() -> String {
    format!("{}# {}\n", plain_rules(), "a word on our rules; ".repeat(1000))
}

#[test]
fn a_ledger_that_cannot_be_written_stops_the_run_before_it_writes_elsewhere() {
    let sandbox = sound();
    sandbox.write(RULES, long_rules());
    let tip = sandbox.gitops.tip("main");
    let ran = sandbox.promote_after("ulimit -f 16", &["run"]);
    assert_eq!(ran.exit, Some(20), "{}", ran.all());
    assert_eq!(sandbox.gitops.tip("main"), tip);
    golden("bad_input/full_disk_before.txt", &sandbox.scrubbed(&ran.all()));

    let again = sandbox.promote(&["run"]);
    assert_eq!(again.exit, Some(0), "with space again: {}", again.all());
}

#[test]
fn a_ledger_that_is_full_later_does_not_stop_verification() {
    let mut sandbox = sound();
    with_argo(&mut sandbox, |argo| argo.step(1500));
    let (fill, gitops) = (sandbox.filler(300), std::sync::Arc::clone(&sandbox.gitops));
    // The health check is asked before the commit, and again when it is live: the disk is full then.
    let endpoint = HealthEndpoint::start(move || {
        if gitops.text("main", STAGING).unwrap().contains("1.20") {
            fill();
        }
        true
    });
    let verify = format!(
        "      tests: {{ required: [unit] }}\n    verify: {{ settle: 200ms, health: [{{ url: \"{}\" }}] }}",
        endpoint.origin()
    );
    sandbox.write(RULES, rules("  unit: artifacts/unit.xml", &verify, ", argocd: app-staging"));
    sandbox.call(endpoint.origin(), "http://<health>");
    let ran = sandbox.promote_after("ulimit -c 0", &["run"]);
    assert_eq!(ran.exit, Some(22), "{}", ran.all());
    assert!(sandbox.gitops.text("main", STAGING).unwrap().contains("1.20"));

    let printed: Vec<Value> = ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let kinds: Vec<&str> = printed.iter().map(|entry| entry["event"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["verified", "closed"], "{}", ran.stdout);
    assert_eq!(printed[1]["event"]["outcome"], "promoted");
    let words: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with('{')).collect();
    golden("bad_input/full_disk_later.txt", &sandbox.scrubbed(&(words.join("\n") + "\n")));
}
