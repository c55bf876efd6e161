//! Every form that the rules know means what it says.

use promote::promotion::condition::{Comparison, Condition, Op, Operand};
use promote::promotion::fields::Unit;
use promote::promotion::rules::format::Format;
use promote::promotion::rules::rollback::RollbackWhen;
use promote::promotion::rules::trigger::Trigger;
use promote::promotion::rules::{GateKind, ImageRule, SourceKind, SyncTo};
use promote::promotion::time::Millis;

use super::{fixture, gate_ids, good, not_built, promotion, with};

#[test]
fn places() {
    let rules = good(&fixture("forms.yaml"));
    let service = rules.service(Some("shop")).unwrap();
    let dev = service.environment("dev").unwrap();
    assert_eq!(dev.targets[0].path, "k8s/dev");
    let apps: Vec<_> = dev.targets[0].apps.iter().map(|app| (app.name.as_str(), app.sync)).collect();
    assert_eq!(apps, [("shop-dev", SyncTo::Branch), ("web-dev", SyncTo::Commit)]);
    let web = &dev.targets[0].apps[1];
    assert_eq!((web.project.as_deref(), web.namespace.as_deref()), (Some("web"), Some("apps")));
    let text = |text: &str| Some(text.to_owned());
    let image = ImageRule {
        name: "registry.example.com/web".to_owned(),
        file: text("values.yaml"),
        tag: text("image.tag"),
        digest: text("image.digest"),
        repository: text("image.repository"),
    };
    assert_eq!(dev.images[1], image);
    let staging = service.environment("staging").unwrap();
    assert_eq!((staging.images.len(), staging.targets[0].branch.as_deref()), (1, Some("release")));
    let europe = service.environment("europe").unwrap();
    let targets: Vec<_> = europe.targets.iter().map(|target| (target.id.as_str(), target.path.as_str())).collect();
    assert_eq!(targets, [("eu-1", "eu/1"), ("eu-2", "eu/2")]);
    assert_eq!((europe.targets[0].repo.as_str(), europe.targets[0].apps[0].server.as_str()), ("platform", "eu"));
    assert_eq!(europe.targets[1].apps[0].name, "shop-eu-2");
    assert_eq!(europe.images, dev.images, "the service's images");
}

#[test]
fn evidence() {
    let rules = good(&fixture("forms.yaml"));
    let SourceKind::Files { globs, .. } = &rules.evidence["shards"].kind else { panic!("shards are files") };
    assert_eq!(globs, &["shards/1/*.xml", "shards/{service}/{environment}.xml"]);
    let kind =
        |format, max_age| SourceKind::Files { globs: vec!["a.xml".to_owned(), "b.xml".to_owned()], format, max_age };
    assert_eq!(rules.evidence["junit"].kind, kind(Some(Format::Junit), Some(Millis(5_400_000))));
}

#[test]
fn gates() {
    let rules = good(&fixture("forms.yaml"));
    let first = rules.promotion("dev", "staging").unwrap();
    assert_eq!(not_built(first), Vec::<&str>::new());
    assert_eq!(
        gate_ids(first),
        [
            "tests.unit",
            "tests.shards",
            "tests.junit",
            "coverage.line",
            "coverage.branch",
            "coverage.function",
            "coverage.line@src/core/**",
            "coverage.branch@src/core/**",
            "coverage.function@src/core/**",
            "coverage.line_drop",
            "security.critical",
            "security.high",
            "security.medium",
            "security.low",
            "soak.min",
            "conditions.1",
            "conditions.2",
            "conditions.3",
            "conditions.4",
        ]
    );
    let optional: Vec<&str> = first.gates.iter().filter(|gate| gate.optional).map(|gate| gate.id.as_str()).collect();
    assert_eq!(optional, ["tests.junit", "security.critical", "security.high", "security.medium", "security.low"]);
    let GateKind::Tests { condition, .. } = &first.gates[0].kind else { panic!("tests.unit is a test gate") };
    let parts: Vec<String> = condition
        .comparisons()
        .iter()
        .map(|part| match &part.value {
            Operand::Number(number) => format!("{} {:?} {number}", part.field, part.op),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        parts,
        ["unit.failed Eq 0", "unit.errored Eq 0", "unit.executed Gte 10", "unit.skipped Lte 2", "unit.flaky Lte 0"]
    );
    let GateKind::Measured { from, base, .. } = &first.gates[4].kind else { panic!("coverage.branch is coverage") };
    assert_eq!((from.as_slice(), base), (["coverage".to_owned(), "jvm".to_owned()].as_slice(), &None));
}

#[test]
fn measures_of_a_part_against_a_base_and_by_a_tool() {
    let rules = good(&fixture("forms.yaml"));
    let judged = |from: &str, to: &str, id: &str| {
        let gates = &rules.promotion(from, to).unwrap().gates;
        let gate = gates.iter().find(|gate| gate.id == id).unwrap_or_else(|| panic!("no {id}"));
        let GateKind::Measured { tools, base, condition, .. } = &gate.kind else { panic!("{id} is measured") };
        let Condition::Is(Comparison { field, op, value: Operand::Number(value), .. }) = condition else {
            panic!("{id} is one comparison")
        };
        let (tools, base) = (tools.join(" "), base.as_deref().unwrap_or("-"));
        format!("{field} {op:?} {value}, against {base}, by {tools}, optional {}", gate.optional)
    };
    for (from, to, id, is) in [
        ("dev", "staging", "coverage.function", "coverage.function_rate Gte 0.75, against -, by , optional false"),
        (
            "dev",
            "staging",
            "coverage.line@src/core/**",
            "coverage.line_rate@src/core/** Gte 0.9, against -, by , optional false",
        ),
        ("dev", "staging", "coverage.line_drop", "coverage.line_drop Lte 0.005, against base, by , optional false"),
        ("dev", "staging", "security.high", "security.high Lte 0, against -, by trivy codeql, optional true"),
        ("staging", "europe", "performance.p95", "performance.p95 Lte 800, against -, by k6, optional false"),
        ("staging", "europe", "quality.complexity", "quality.complexity Lte 15, against -, by eslint, optional true"),
    ] {
        assert_eq!(judged(from, to, id), is, "{id}");
    }
}

#[test]
fn conditions() {
    let rules = good(&fixture("forms.yaml"));
    let gates = &rules.promotion("dev", "staging").unwrap().gates;
    let condition = |index: usize| match &gates[index].kind {
        GateKind::Condition(condition) => condition.clone(),
        other => panic!("{other:?}"),
    };
    let number = |text: &str| Operand::Number(text.parse().unwrap());
    let is = |field: &str, op, value, unit| Condition::Is(Comparison { field: field.to_owned(), op, value, unit });
    assert_eq!(condition(15), is("tests.pass_rate", Op::Gte, number("1"), Unit::Percent));
    let list = Operand::List(vec![number("1"), number("2"), number("3")]);
    let either = vec![
        is("coverage.line_rate", Op::Gt, number("0.795"), Unit::Percent),
        Condition::Not(Box::new(is("unit.skipped", Op::In, list, Unit::Count))),
    ];
    assert_eq!(condition(16), Condition::Any(either));
    assert_eq!(condition(17), is("deployment.duration_hours", Op::Gte, number("24"), Unit::Hours));
    assert_eq!(condition(18), is("junit.total", Op::Exists, Operand::Bool(true), Unit::Count));
    assert_eq!((gates[15].at.line, gates[16].at.line), (46, 47), "each part has its own place");
    let one = promotion("gates: { conditions: { field: unit.flaky, op: eq, value: 0 } }");
    assert_eq!(gate_ids(&one), ["conditions.1"]);
}

#[test]
fn verification_and_rollback() {
    let rules = good(&fixture("forms.yaml"));
    let first = rules.promotion("dev", "staging").unwrap();
    let verify = &first.verify;
    assert_eq!((verify.settle, verify.timeout, verify.grace), (Millis::secs(20), Millis::mins(5), Millis::secs(90)));
    let health = &verify.health[0];
    assert_eq!((health.status, health.contains.as_deref(), health.timeout), (Some(204), Some("ok"), Millis::secs(2)));
    assert_eq!(first.rollback.on.iter().copied().collect::<Vec<_>>(), [Trigger::Deployment]);
    assert_eq!((first.rollback.when, first.rollback.on_unknown), (RollbackWhen::Ask, true));
    let second = rules.promotion("staging", "europe").unwrap();
    assert_eq!(second.verify.settle, Millis::mins(5), "live gates need some traffic to speak of");
    assert_eq!((second.rollback.when, second.rollback.on_unknown), (RollbackWhen::Never, false));
}

#[test]
fn what_is_not_built_is_named() {
    let rules = good(&fixture("forms.yaml"));
    let second = rules.promotion("staging", "europe").unwrap();
    let mut parts = not_built(second);
    parts.sort_unstable();
    assert_eq!(
        parts,
        ["environments.europe.targets", "environments.staging.evidence.slo", "repos.platform", "servers.eu",]
    );
    let built =
        ["approvals: []", "bypass: {}", "verify: { gates: {} }", "rollback: { when: never }", "rollback: { hold: 1h }"];
    for body in built {
        assert_eq!(not_built(&promotion(body)), Vec::<&str>::new(), "{body}");
    }
}

#[test]
fn names_are_compared_without_case() {
    let text = with("gates: { tests: { required: [UNIT] } }").replace("from: dev", "from: Dev");
    let rules = good(&text);
    assert_eq!(rules.promotions[0].from, "dev");
    assert_eq!(gate_ids(&rules.promotions[0]), ["tests.unit"]);
    assert!(rules.promotion("DEV", "Staging").is_some() && rules.promotion("staging", "dev").is_none());
    assert_eq!(rules.service(Some("App")).unwrap().environment("DEV").unwrap().name, "dev");
}

#[test]
fn anchors_and_merges_work() {
    let body = "gates: &gates\n  tests: &tests { required: [unit], count_min: 5 }\n  coverage: { line_min: 70% }";
    let mut text = with(body);
    text.push_str("  - from: staging\n    to: dev2\n    gates:\n      <<: *gates\n      coverage: { line_min: 90% }\n");
    let text = text.replace("environments:\n", "environments:\n  dev2: { path: k8s/dev2 }\n");
    let rules = good(&text);
    assert_eq!(gate_ids(&rules.promotions[1]), ["tests.unit", "coverage.line"]);
    assert_eq!(rules.promotions[1].gates[0].kind, rules.promotions[0].gates[0].kind);
    assert_ne!(rules.promotions[1].gates[1].kind, rules.promotions[0].gates[1].kind, "what stands there itself wins");
}

#[test]
fn a_byte_order_mark_and_comments_are_no_content() {
    let text = with("gates: { tests: { required: [unit] } }");
    assert_eq!(good(&format!("\u{feff}{text}")), good(&text));
    assert_eq!(good(&format!("---\n{text}...\n")).promotions.len(), 1);
}
