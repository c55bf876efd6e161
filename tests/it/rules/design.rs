//! The example that everybody begins with: it parses whole, and each of its promotions runs or says what is not built.

use promote::promotion::condition::{Comparison, Condition, Op, Operand};
use promote::promotion::fields::Unit;
use promote::promotion::rules::live::AlertsFrom;
use promote::promotion::rules::rollback::RollbackWhen;
use promote::promotion::rules::soak::SoakGate;
use promote::promotion::rules::trigger::Trigger;
use promote::promotion::rules::{GateKind, SourceKind, SyncTo};
use promote::promotion::time::Millis;

use super::{fixture, gate_ids, good, not_built};

#[test]
fn environments_and_evidence_resolve() {
    let rules = good(&fixture("design.yaml"));
    let service = rules.service(None).unwrap();
    assert_eq!(service.name, "app");
    let names: Vec<&str> = service.environments.iter().map(|environment| environment.name.as_str()).collect();
    assert_eq!(names, ["dev", "staging", "canary", "production"]);
    let production = &service.environment("production").unwrap().targets[0];
    assert_eq!((production.id.as_str(), production.repo.as_str()), ("default", "default"));
    assert_eq!((production.path.as_str(), production.branch.as_deref()), ("k8s/overlays/prod", None));
    let app = &production.apps[0];
    assert_eq!((app.name.as_str(), app.server.as_str(), app.sync), ("app-prod", "default", SyncTo::Branch));

    let unit = &rules.evidence["unit"];
    let globs = vec!["artifacts/unit/**/*.xml".to_owned()];
    assert_eq!(unit.kind, SourceKind::Files { globs, format: None, max_age: None });
    assert_eq!((unit.at.line, unit.at.column), (10, 3));
    let SourceKind::Files { max_age, .. } = &rules.evidence["security"].kind else { panic!("security is files") };
    assert_eq!(*max_age, Some(Millis(24 * 3_600_000)));
    let SourceKind::Prometheus(slo) = &rules.evidence["slo"].kind else { panic!("slo is asked of Prometheus") };
    assert_eq!((slo.window, slo.objective), (Some(Millis(30 * 24 * 3_600_000)), "0.999".parse().ok()));
    assert_eq!(slo.selector.as_deref(), Some(r#"service="{service}",env="{environment}""#));
    let SourceKind::Alerts(alerts) = &rules.evidence["alerts"].kind else { panic!("alerts are asked for") };
    assert_eq!(alerts.from, AlertsFrom::Alertmanager);
    assert_eq!(alerts.matchers, [r#"service="{service}""#, r#"env="{environment}""#]);
}

#[test]
fn gates_are_in_the_order_of_the_file() {
    let rules = good(&fixture("design.yaml"));
    let first = rules.promotion("dev", "staging").unwrap();
    let built = [
        "tests.unit",
        "tests.integration",
        "tests.e2e",
        "coverage.line",
        "security.critical",
        "security.high",
        "slo.availability",
        "slo.error_rate",
        "error_budget.consumption",
        "alerts.critical",
    ];
    assert_eq!(gate_ids(first), built);
    let optional: Vec<&str> = first.gates.iter().filter(|gate| gate.optional).map(|gate| gate.id.as_str()).collect();
    assert_eq!(optional, ["tests.e2e"]);
    let canary = rules.promotion("staging", "canary").unwrap();
    assert_eq!(gate_ids(canary).last(), Some(&"soak.min"));
    assert_eq!(canary.gates.last().unwrap().kind, GateKind::Soak(SoakGate::of(Millis(7_200_000))));
}

#[test]
fn typed_gates_are_spelled_out() {
    let rules = good(&fixture("design.yaml"));
    let gates = &rules.promotion("dev", "staging").unwrap().gates;
    let is = |field: &str, op, value: &str, unit| {
        let value = Operand::Number(value.parse().unwrap());
        Condition::Is(Comparison { field: field.to_owned(), op, value, unit })
    };
    let tests = vec![
        is("unit.failed", Op::Eq, "0", Unit::Count),
        is("unit.errored", Op::Eq, "0", Unit::Count),
        is("unit.executed", Op::Gte, "1", Unit::Count),
    ];
    let unit = GateKind::Tests { evidence: "unit".to_owned(), condition: Condition::All(tests) };
    assert_eq!(gates[0].kind, unit);
    let line = is("coverage.line_rate", Op::Gte, "0.7", Unit::Percent);
    assert_eq!(
        gates[3].kind,
        GateKind::Measured { from: vec!["coverage".to_owned()], tools: vec![], base: None, condition: line }
    );
    let high = is("security.high", Op::Lte, "5", Unit::Count);
    assert_eq!(
        gates[5].kind,
        GateKind::Measured { from: vec!["security".to_owned()], tools: vec![], base: None, condition: high }
    );
}

#[test]
fn each_promotion_says_what_is_not_built() {
    let rules = good(&fixture("design.yaml"));
    let parts = |from, to| not_built(rules.promotion(from, to).unwrap());
    assert_eq!(parts("dev", "staging"), Vec::<&str>::new());
    assert_eq!(parts("staging", "canary"), Vec::<&str>::new());
    assert_eq!(parts("canary", "production"), Vec::<&str>::new());
}

#[test]
fn verification_and_rollback_resolve() {
    let rules = good(&fixture("design.yaml"));
    let last = rules.promotion("canary", "production").unwrap();
    assert!(last.require_digest && last.require_subject);
    assert_eq!((last.verify.settle, last.verify.timeout), (Millis::mins(5), Millis::mins(15)));
    assert_eq!(last.verify.grace, Millis::secs(60));
    assert_eq!(last.verify.health[0].url, "https://app.example.com/healthz");
    assert_eq!((last.verify.health[0].status, last.verify.health[0].timeout), (None, Millis::secs(10)));
    assert_eq!(
        last.rollback.on.iter().copied().collect::<Vec<_>>(),
        [Trigger::Deployment, Trigger::Health, Trigger::Slo, Trigger::ErrorBudget, Trigger::Alerts]
    );
    assert_eq!((last.rollback.when, last.rollback.on_unknown), (RollbackWhen::Auto, false));

    let first = rules.promotion("dev", "staging").unwrap();
    assert!(!first.require_digest && !first.require_subject);
    assert_eq!(first.verify, Default::default());
    assert_eq!(first.rollback, Default::default());
}
