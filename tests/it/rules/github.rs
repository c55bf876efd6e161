//! Evidence from GitHub in the rules: what it means, and what is a fault.

use promote::promotion::rules::fault::render;
use promote::promotion::rules::github::{GitHubAsks, GitHubSource};
use promote::promotion::rules::{Format, SourceKind};
use promote::promotion::time::Millis;

use super::{bad, gate_ids, good, promotion, with};

/// A whole file whose evidence `unit` is this.
fn of(evidence: &str, gates: &str) -> String {
    with(&format!("gates: {gates}")).replace("unit: unit/*.xml", &format!("unit: {evidence}"))
}

fn source(evidence: &str, gates: &str) -> GitHubSource {
    match &good(&of(evidence, gates)).evidence["unit"].kind {
        SourceKind::GitHub(source) => source.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_may_be_said_or_left_to_its_default() {
    let tests = "{ tests: { required: [unit] } }";
    let asks = |files: &[&str], format, event: &str, branch: Option<&str>| GitHubAsks::Artifact {
        workflow: ".github/workflows/ci.yml".to_owned(),
        artifact: "unit-*".to_owned(),
        files: files.iter().map(|&file| file.to_owned()).collect(),
        format,
        event: event.to_owned(),
        branch: branch.map(str::to_owned),
    };
    let short = source("{ github: { artifact: 'unit-*', workflow: .github/workflows/ci.yml } }", tests);
    assert_eq!(short, GitHubSource { repository: None, asks: asks(&[], None, "push", None), max_age: None });
    let long = "{ github: { ask: artifact, artifact: 'unit-*', workflow: .github/workflows/ci.yml, files: '**/*.xml', \
                event: schedule, branch: next, repository: acme/lib }, format: junit, max_age: 1d }";
    assert_eq!(
        source(long, tests),
        GitHubSource {
            repository: Some("acme/lib".to_owned()),
            asks: asks(&["**/*.xml"], Some(Format::Junit), "schedule", Some("next")),
            max_age: Some(Millis(86_400_000)),
        }
    );
    let checks = source("{ github: { ask: checks, ignore: ['nightly *'] } }", "{ checks: { from: [unit] } }");
    assert_eq!(checks.asks, GitHubAsks::Checks { ignore: vec!["nightly *".to_owned()] });
    let code =
        source("{ github: { ask: code_scanning, branch: next } }", "{ security: { from: [unit], high_max: 0 } }");
    assert_eq!(code.asks, GitHubAsks::CodeScanning { branch: Some("next".to_owned()) });
}

#[test]
fn checks_and_reviews_are_gates_of_each_piece_of_evidence() {
    let text = of("{ github: { ask: checks } }", "{ checks: { from: [unit], min: 3 }, review: { from: [who] } }")
        .replace("  e2e:", "  who: { github: { ask: review } }\n  e2e:");
    let rules = good(&text);
    assert_eq!(gate_ids(&rules.promotions[0]), ["checks.unit", "review.who"]);
    assert!(promotion("gates: { soak: { min: 1h } }").gates.len() == 1);
    let field = "{ conditions: { all: [{ field: unit.failed, op: eq, value: 0 }, { field: checks.pending, op: eq, value: 0 }] }, checks: { from: [unit] } }";
    assert_eq!(good(&of("{ github: { ask: checks } }", field)).promotions[0].gates.len(), 3);
}

/// The evidence `unit`, the gates, and a part of the one fault's message and help.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    ("{ github: { artifact: unit } }", "", "names no workflow", "workflow: .github/workflows/ci.yml"),
    ("{ github: { workflow: .github/workflows/ci.yml } }", "", "names no artifact", "`artifact:`"),
    (
        "{ github: { artifact: u, workflow: ci.yml } }",
        "",
        "`ci.yml` is not the path of a workflow",
        "write .github/workflows/ci.yml",
    ),
    (
        "{ github: { artifact: u/v, workflow: .github/workflows/a.yml } }",
        "",
        "`u/v` cannot be an artifact's name",
        "upload-artifact",
    ),
    (
        "{ github: { artifact: u, workflow: .github/workflows/a.yml, event: pull_request } }",
        "",
        "a run that `pull_request` starts",
        "push",
    ),
    (
        "{ github: { artifact: u, workflow: .github/workflows/a.yml, branch: refs/heads/main } }",
        "",
        "is not a branch",
        "write `main`",
    ),
    ("{ github: { artifact: u, workflow: .github/workflows/a.yml, files: ['../x'] } }", "", "is not a glob", "outside"),
    (
        "{ github: { artifact: u, workflow: .github/workflows/a.yml, ignore: [a] } }",
        "",
        "this belongs to `ask: checks`",
        "remove it",
    ),
    ("{ github: { ask: checks, workflow: .github/workflows/a.yml } }", "", "this belongs to artifacts", "remove it"),
    ("{ github: { ask: checks }, format: junit }", "", "this belongs to artifacts", "remove it"),
    ("{ github: { ask: checks, branch: main } }", "", "this belongs to artifacts and code scanning", "remove it"),
    ("{ github: { ask: checks, ignore: ['*'] } }", "", "would leave every check out", "name the check"),
    ("{ github: { ask: dependabot }, max_age: 1d }", "", "as they are now", "remove it"),
    ("{ github: { ask: chekcs } }", "", "`chekcs` cannot be `ask`", "`checks`"),
    ("{ github: { ask: checks, repository: app } }", "", "`app` is not a repository at GitHub", "owner/name"),
    ("{ github: { ask: checks }, files: a.xml }", "", "has both `files` and `github`", "id of its own"),
    ("{ github: { ask: checks } }", "{ review: { from: [unit] } }", "holds no review", "correct its `ask`"),
    ("{ github: { ask: review } }", "{ tests: { required: [unit] } }", "holds no test results", "correct its `ask`"),
    ("unit/*.xml", "{ checks: { from: [unit] } }", "`unit` holds no checks", "`ask: checks`"),
    ("{ github: { ask: checks } }", "{ checks: { from: [unit], min: 0 } }", "`0` cannot be `min`", "nothing is green"),
    (
        "{ github: { artifact: u, workflow: .github/workflows/a.yml } }",
        "{ coverage: { from: [unit, coverage], line_min: 1% } }",
        "cannot be merged with other evidence line by line",
        "one source",
    ),
];

#[test]
fn faults_of_evidence_from_github() {
    let mut wrong = Vec::new();
    for (evidence, gates, message, help) in FAULTS {
        let faults = bad(&of(evidence, if gates.is_empty() { "{ soak: { min: 1h } }" } else { gates }));
        let same = match faults.as_slice() {
            [fault] => {
                fault.message.contains(message)
                    && fault.help.as_deref().unwrap_or_default().contains(help)
                    && fault.at.line > 6
            }
            _ => false,
        };
        if !same {
            wrong.push(format!("wanted {message} ({help}), got\n{}", render(&faults)));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
