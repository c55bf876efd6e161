//! The order of environments with the real binary: what has no record in one does not come to the next, and the newest
//! record counts.

use std::fmt::Write as _;

use crate::harness::{RULES, Ran, Sandbox};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::{AppSpec, Behaviour};

/// A report whose tests pass.
const GOOD: &str =
    "<testsuite name='unit'><testcase classname='a' name='b'/><testcase classname='a' name='c'/></testsuite>";
/// One that has a failing test.
const BAD: &str =
    "<testsuite name='unit'><testcase classname='a' name='b'><failure message='no'/></testcase></testsuite>";

/// The rules: each environment is promoted to from the one before it, with these options.
pub(crate) fn rules(environments: &[&str], options: &str) -> String {
    let mut text = "version: 1\nservice: app\nenvironments:\n".to_owned();
    for name in environments {
        let _ = writeln!(text, "  {name}: {{ path: k8s/overlays/{name} }}");
    }
    text += "evidence:\n  unit: artifacts/unit/*.xml\npromotions:\n";
    for pair in environments.windows(2) {
        let _ = write!(
            text,
            "  - from: {}\n    to: {}\n    gates: {{ tests: {{ required: [unit] }} }}\n",
            pair[0], pair[1]
        );
        text += options;
    }
    text
}

fn pin(environment: &str, tag: &str) -> (String, String) {
    let path = format!("k8s/overlays/{environment}/kustomization.yaml");
    (path, format!("images:\n  - name: app\n    newTag: \"{tag}\"\n"))
}

/// A sandbox where each environment pins a version, with rules that lead from one to the next.
pub(crate) fn stage(pins: &[(&str, &str)], options: &str) -> Sandbox {
    let files: Vec<(String, String)> = pins.iter().map(|(name, tag)| pin(name, tag)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let sandbox = Sandbox::new(&files);
    let environments: Vec<&str> = pins.iter().map(|(name, _)| *name).collect();
    sandbox.write(RULES, rules(&environments, options));
    sandbox.write("artifacts/unit/r.xml", GOOD);
    sandbox
}

/// Somebody pins a version by hand.
pub(crate) fn by_hand(sandbox: &Sandbox, environment: &str, tag: &str) {
    let (path, text) = pin(environment, tag);
    sandbox.gitops.commit("main", &[(&path, text.as_bytes())], &format!("Pin {tag} in {environment}"));
}

pub(crate) fn pinned(sandbox: &Sandbox, environment: &str, tag: &str) -> bool {
    let (path, text) = pin(environment, tag);
    sandbox.gitops.text("main", &path) == Some(text)
}

fn promote(sandbox: &Sandbox, command: &str, from: &str, to: &str) -> Ran {
    sandbox.promote(&[command, "--from", from, "--to", to])
}

#[track_caller]
pub(crate) fn ends(ran: &Ran, exit: i32, words: &[&str]) {
    assert_eq!(ran.exit, Some(exit), "{}", ran.all());
    // Lines are wrapped at the screen's width.
    let said = ran.all().split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(said.contains(word), "`{word}` in {}", ran.all());
    }
}

#[test]
fn production_takes_what_staging_has_a_record_of() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], "");
    by_hand(&sandbox, "staging", "1.20");
    let refused = promote(&sandbox, "run", "staging", "production");
    ends(&refused, 10, &["✗ order staging", "no record", "→ promote run --from dev --to staging"]);
    assert!(pinned(&sandbox, "production", "1.10"));

    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &["UNCHANGED"]);
    let taken = promote(&sandbox, "plan", "staging", "production");
    ends(&taken, 0, &["✓ order dev pinned pinned", "✓ order staging completed unchanged record"]);
    ends(&promote(&sandbox, "run", "staging", "production"), 0, &["DELIVERED: app 1.20 is pushed to production"]);
    assert!(pinned(&sandbox, "production", "1.20"));
}

#[test]
fn what_is_pinned_already_passes_its_gates_before_it_counts() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.20"), ("production", "1.10")], "");
    sandbox.write("artifacts/unit/r.xml", BAD);
    ends(&promote(&sandbox, "run", "dev", "staging"), 10, &["✗ tests unit"]);
    sandbox.write("artifacts/unit/r.xml", GOOD);
    ends(&promote(&sandbox, "validate", "staging", "production"), 10, &["✗ order staging", "no record"]);
    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &["UNCHANGED"]);
    ends(&promote(&sandbox, "validate", "staging", "production"), 0, &["✓ order staging"]);
}

#[test]
fn the_newest_record_wins_after_a_rollback() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], "");
    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &["DELIVERED"]);
    ends(&promote(&sandbox, "validate", "staging", "production"), 0, &["✓ order staging completed delivered"]);
    ends(&sandbox.promote(&["rollback", "--env", "staging", "--reason", "slow"]), 0, &[]);
    assert!(pinned(&sandbox, "staging", "1.10"));
    by_hand(&sandbox, "staging", "1.20");
    let refused = promote(&sandbox, "validate", "staging", "production");
    ends(&refused, 10, &["taken back", "was taken back in staging by the rollback", "the newest record counts"]);
    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &["UNCHANGED"]);
    ends(&promote(&sandbox, "validate", "staging", "production"), 0, &["✓ order staging"]);
}

#[test]
fn a_record_counts_however_many_came_after_it() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("production", "1.10")], "");
    for patch in 20..43 {
        by_hand(&sandbox, "dev", &format!("1.{patch}"));
        ends(&promote(&sandbox, "run", "dev", "staging"), 0, &["DELIVERED"]);
    }
    by_hand(&sandbox, "staging", "1.20");
    ends(&promote(&sandbox, "validate", "staging", "production"), 0, &["✓ order staging completed delivered record"]);
    by_hand(&sandbox, "staging", "1.19");
    ends(&promote(&sandbox, "validate", "staging", "production"), 10, &["✗ order staging completed no record"]);
}

#[test]
fn a_request_whose_version_has_left_the_source_is_held() {
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
    let asked = promote(&sandbox, "request", "dev", "staging");
    ends(&asked, 0, &["RECORDED"]);
    let id = asked.stdout.split_once("promote execute ").unwrap().1.split_whitespace().next().unwrap().to_owned();
    by_hand(&sandbox, "dev", "1.21");
    ends(&sandbox.promote(&["execute", &id]), 10, &["✗ order dev", "dev pins app 1.21 now, not app 1.20"]);
    by_hand(&sandbox, "dev", "1.20");
    ends(&sandbox.promote(&["execute", &id]), 0, &["DELIVERED: app 1.20 is pushed to staging"]);
}

#[test]
fn an_environment_that_moved_on_must_have_soaked_the_version() {
    let environments = ["dev", "staging", "canary", "production"];
    let sandbox = stage(&[("dev", "1.20"), ("staging", "1.10"), ("canary", "1.10"), ("production", "1.10")], "");
    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &[]);
    ends(&promote(&sandbox, "run", "staging", "canary"), 0, &[]);
    by_hand(&sandbox, "dev", "1.30");
    let still = promote(&sandbox, "validate", "canary", "production");
    ends(&still, 0, &["✓ order dev pinned promoted on", "✓ order staging", "✓ order canary"]);
    ends(&promote(&sandbox, "run", "dev", "staging"), 0, &[]);
    ends(&promote(&sandbox, "validate", "canary", "production"), 0, &["✓ order staging"]);

    let soaking = |min: &str| {
        let text = rules(&environments, "");
        let gates = "to: canary\n    gates: { tests: { required: [unit] }";
        assert!(text.contains(gates));
        sandbox.write(RULES, text.replace(gates, &format!("{gates}, soak: {{ min: {min} }}")));
        promote(&sandbox, "validate", "canary", "production")
    };
    ends(&soaking("1h"), 10, &["✗ order staging", "and the rules want 1 h; app 1.30 took its place"]);
    ends(&soaking("1ms"), 0, &["✓ order staging completed stood"]);

    by_hand(&sandbox, "staging", "1.40");
    let past_promote = stage(&[("dev", "1.20"), ("staging", "1.10"), ("canary", "1.10"), ("production", "1.10")], "");
    ends(&promote(&past_promote, "run", "dev", "staging"), 0, &[]);
    ends(&promote(&past_promote, "run", "staging", "canary"), 0, &[]);
    by_hand(&past_promote, "staging", "1.40");
    let refused = promote(&past_promote, "validate", "canary", "production");
    ends(&refused, 10, &["✗ order staging", "app 1.40 is pinned there now, which no promotion put there"]);
}

#[test]
fn a_baseline_counts_where_the_rules_trust_it() {
    let sandbox = stage(&[("dev", "1.30"), ("staging", "1.20"), ("production", "1.10")], "");
    let refused = sandbox.promote(&["adopt", "--env", "staging"]);
    ends(&refused, 2, &["promote adopt --env staging --reason \"…\""]);
    assert!(!sandbox.work().join(".promote").exists(), "nothing was written");
    ends(&sandbox.promote(&["adopt", "--env", "stagin", "--reason", "x"]), 2, &["No such environment"]);

    let adopted = sandbox.promote(&["adopt", "--env", "staging", "--reason", "it ran before promote did"]);
    ends(
        &adopted,
        0,
        &["RECORDED: app 1.20 is taken as given in staging", "not verified by promote", "does not count"],
    );
    ends(&promote(&sandbox, "validate", "staging", "production"), 10, &["which this promotion does not trust"]);

    sandbox.write(RULES, rules(&["dev", "staging", "production"], "    trust_baseline: true\n"));
    let trusted = promote(&sandbox, "validate", "staging", "production");
    ends(&trusted, 0, &["✓ order staging completed adopted adopted by dana"]);
    by_hand(&sandbox, "staging", "1.21");
    ends(&promote(&sandbox, "validate", "staging", "production"), 10, &["→ promote adopt --env staging --reason"]);
    let again = sandbox.promote(&["adopt", "--env", "staging", "--reason", "a hotfix", "--json"]);
    assert_eq!(again.exit, Some(0), "{}", again.all());
    let document: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(document["outcome"], "recorded");
    ends(&promote(&sandbox, "run", "staging", "production"), 0, &["DELIVERED: app 1.21"]);
}

/// Whether the source runs the version is asked of Argo CD: a definite no holds, and silence does too.
#[test]
fn the_source_runs_what_it_pins() {
    let watched = |behaviour: Behaviour| {
        let mut sandbox = stage(&[("dev", "1.20"), ("staging", "1.10")], "");
        let text = rules(&["dev", "staging"], "");
        sandbox.write(RULES, text.replace("overlays/dev }", "overlays/dev, argocd: app-dev }"));
        let mut spec = AppSpec::deploying("app-dev", &sandbox.gitops.path(), "main", "k8s/overlays/dev");
        spec.behaviour = behaviour;
        sandbox.argo(ArgoBuilder::new().app(spec));
        sandbox
    };
    let well = watched(Behaviour::default());
    ends(&promote(&well, "validate", "dev", "staging"), 0, &["✓ order dev pinned pinned, live"]);
    let sick = watched(Behaviour { broken_before: true, ..Behaviour::default() });
    ends(&promote(&sick, "validate", "dev", "staging"), 10, &["✗ order dev", "app-dev is Degraded"]);
    let mut stale = watched(Behaviour::default());
    by_hand(&stale, "dev", "1.21");
    ends(&promote(&stale, "validate", "dev", "staging"), 10, &["✗ order dev", "expected 1.21 live; seen: app:1.20"]);
    stale.set("ARGOCD_AUTH_TOKEN", "aaa.wrong.bbb");
    ends(&promote(&stale, "validate", "dev", "staging"), 11, &["? order dev", "could not be found out"]);
    stale.unset("ARGOCD_SERVER");
    ends(&promote(&stale, "validate", "dev", "staging"), 11, &["? order dev", "→ set ARGOCD_SERVER"]);
}
