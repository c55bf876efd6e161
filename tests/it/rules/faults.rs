//! Every fault is found, has its place, and says what to write instead.

use promote::promotion::rules::fault::render;

use super::{PATH, bad, fixture, with};

#[test]
fn twelve_faults_of_six_kinds_are_twelve() {
    let faults = bad(&fixture("twelve-faults.yaml"));
    assert_eq!(faults.len(), 12, "{}", render(&faults));
    insta::assert_snapshot!(render(&faults));
}

#[test]
fn a_misspelt_gate_is_not_an_ignored_gate() {
    let faults = bad(&with("gates:\n  tets: { required: [unit] }"));
    assert_eq!(
        render(&faults),
        format!(
            "{PATH}:16:7: unknown gate `tets`\n   |\n16 |       tets: {{ required: [unit] }}\n   |       ^^^^ did you mean \
             `tests`?\n   |\n1 fault. Nothing was read or written.\n"
        )
    );
}

/// Bodies of a promotion, and the one fault of each: `line:column`, a part of the message, a part of the help. The body
/// begins in line 15, column 5.
const PROMOTIONS: &[(&str, &str, &str, &str)] = &[
    // Unknown keys, wrong kinds, nothing at all.
    ("gates: { coverage: { line_mn: 70% } }", "15:26", "unknown key `line_mn`", "`line_min`"),
    ("gaits: {}", "15:5", "unknown key `gaits`", "`gates`"),
    ("gates: []", "15:5", "`gates` must be a mapping, not a list", "`tests`"),
    ("gates: { coverage: 70% }", "15:24", "`coverage` must be a mapping, not a single value", "`line_min`"),
    ("gates: { coverage: }", "15:23", "`coverage` has no value", "remove the key"),
    ("gates: { security: { critical_max: none } }", "15:40", "`none` cannot be `critical_max`", "whole number"),
    ("gates: { security: { high_max: 010 } }", "15:36", "`010` cannot be `high_max`", "whole number"),
    ("gates: { security: { critical_max: 0% } }", "15:40", "`0%` cannot be `critical_max`", "whole number"),
    ("gates: { security: { critical_max: '0' } }", "15:40", "`0` cannot be `critical_max`", "quotes"),
    ("require_digest: yes", "15:21", "`yes` cannot be `require_digest`", "true or false"),
    ("rollback: { when: sometimes }", "15:23", "`sometimes` cannot be `when`", "`auto`, `ask`, `never`"),
    ("gates: { soak: {} }", "15:14", "`soak` needs `min`", "add `min:`"),
    // Values with units.
    ("gates: { coverage: { line_min: 70 } }", "15:36", "`70` cannot be `line_min`", "write 70%"),
    ("gates: { slo: { availability_min: 0.99 } }", "15:39", "`0.99` cannot be", "99% or 0.99%"),
    ("gates: { coverage: { line_min: 101% } }", "15:36", "`101%` cannot be `line_min`", "at most 100%"),
    ("gates: { soak: { min: 2 } }", "15:27", "`2` cannot be `min`", "2h"),
    ("gates: { soak: { min: 1M } }", "15:27", "`1M` cannot be `min`", "30d"),
    ("gates: { soak: { min: 0s } }", "15:14", "`soak` asks for nothing", "2h"),
    ("gates: { performance: { from: [unit], throughput_min: 100 } }", "15:59", "`100` cannot be", "write 100/s"),
    ("gates: { error_budget: { from: [slo], burn_rate_max: 5x } }", "15:58", "`5x` cannot be", "number"),
    ("gates: { tests: { required: [unit], count_min: 0 } }", "15:52", "`0` cannot be `count_min`", "1 or more"),
    // Gates that would always pass, and evidence that is not there.
    ("gates: { coverage: {} }", "15:14", "asks for nothing", "`line_min:`"),
    ("gates: { alerts: { from: [slo], critical_max: 0 } }", "15:31", "`slo` holds no alerts", "`alertmanager:`"),
    ("gates: { tests: {} }", "15:14", "`tests` does not say which evidence", "add `required: [id]`"),
    ("gates: { error_budget: { consumption_max: 5% } }", "15:14", "`error_budget` does not say", "add `from: [id]`"),
    ("gates: { tests: { required: [unti] } }", "15:34", "unknown evidence `unti`", "`unit`"),
    ("gates: { tests: { required: [unit, unit] } }", "15:40", "`unit` is named twice", "remove"),
    ("gates: { tests: { required: [unit], optional: [unit] } }", "15:52", "both required and optional", "remove"),
    ("gates: { tests: { required: [] } }", "15:14", "`tests` asks for nothing", "`required:`"),
    ("gates: { coverage: { from: [], line_min: 1% } }", "15:14", "`coverage` names no evidence", "from: [id]"),
    ("gates: { coverage: { from: [e2e], line_min: 1% } }", "15:33", "the format of `e2e` holds no coverage", "format"),
    // Conditions.
    (
        "gates: { conditions: { field: unit.faild, op: eq, value: 0 } }",
        "15:35",
        "unknown field",
        "after `unit.`: did you mean `failed`?",
    ),
    ("gates: { conditions: { field: e2e.line_rate, op: eq, value: 0 } }", "15:35", "unknown field", "`total`"),
    ("gates: { conditions: { field: untt.failed, op: eq, value: 0 } }", "15:35", "unknown field", "`unit.failed`"),
    ("gates: { conditions: { field: tests.failed, op: eq, value: 0 } }", "15:35", "does not have", "the gate `tests`"),
    ("gates: { conditions: { field: unit.failed, op: is, value: 0 } }", "15:52", "`is` cannot be `op`", "`in`"),
    ("gates: { conditions: { field: unit.failed, value: 0 } }", "15:14", "has no `op`", "op: gte"),
    ("gates: { conditions: { field: unit.failed, op: lt } }", "15:14", "has no `value`", "compare"),
    ("gates: { conditions: { field: unit.failed, op: lt, value: [1, 2] } }", "15:56", "one value", "op: in"),
    ("gates: { conditions: { field: unit.failed, op: lt, value: 1.5 } }", "15:63", "`1.5` cannot be", "whole"),
    ("gates: { conditions: { field: unit.pass_rate, op: lt, value: 0.9 } }", "15:66", "`0.9` cannot be", "90% or 0.9%"),
    ("gates: { conditions: { all: [], any: [] } }", "15:14", "not one condition", "`all`, `any`, `not`"),
    ("gates: { conditions: { all: [] } }", "15:28", "`all` is empty", "add conditions"),
    ("gates: { conditions: {} }", "15:14", "not one condition", "`field`"),
    // Approvals and bypasses.
    ("approvals: [{ role: sre }]", "15:17", "either a team or a list of users", "`team: org/team`"),
    ("approvals: [{ role: sre, team: sre }]", "15:36", "`sre` is not a team", "org/team"),
    ("approvals: [{ role: sre, users: [a], min: 2 }]", "15:47", "fewer people are named", "lower `min`"),
    ("approvals: [{ role: sre, users: [a], min: 0 }]", "15:47", "`0` cannot be `min`", "1 or more"),
    ("approvals: [{ role: a, users: [a] }, { role: A, users: [b] }]", "15:50", "stands here twice", "`min:`"),
    ("approvals: [{ role: sre, users: [a], within: 3 }]", "15:50", "`3` cannot be `within`", "3d"),
    ("approvals: [{ role: the boss, users: [a] }]", "15:25", "`the boss` cannot be a role", "letters"),
    (
        "approvals: [{ role: a, users: [x, y], min: 2 }, { role: A-2, users: [z] }]",
        "15:53",
        "would ask the people of",
        "its own",
    ),
    ("bypass: { gates: { by: [] } }", "15:15", "nobody may go past this", "`by`"),
    // Verification and rollback.
    ("verify: { settle: 20m }", "15:23", "`settle` (20 min) does not fit into `timeout` (15 min)", "longer"),
    ("verify: { timeout: 0s }", "15:24", "`0s` cannot be `timeout`", "longer"),
    ("verify: { health: [{ url: app.example.com }] }", "15:31", "is not a web address", "https://"),
    ("verify: { health: [{ url: 'https://h/{env}' }] }", "15:31", "unknown placeholder `{env}`", "{environment}"),
    ("verify: { health: [{ url: 'https://h/', status: 42 }] }", "15:53", "`42` is not an HTTP status", "200"),
    ("rollback: { on: [slo] }", "15:22", "`slo` is not judged after the sync", "`verify.gates`"),
    ("rollback: { on: [helth] }", "15:22", "unknown trigger `helth`", "`health`"),
    ("rollback: { on: [] }", "15:17", "nothing would lead to a rollback", "when: never"),
];

#[test]
fn faults_of_promotions() {
    let rows = PROMOTIONS.iter().filter_map(|(body, place, message, help)| differs(&with(body), place, message, help));
    let wrong: Vec<String> = rows.collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn health_without_argo_cd_would_ask_the_old_version() {
    let text = with("verify: { health: [{ url: 'https://h/' }] }").replace(", argocd: app-staging", "");
    let wrong = differs(&text, "15:24", "has no `argocd`", "remove `health`");
    assert_eq!(wrong, None);
}

/// Whole files by a replacement in a good one: what, with what, and the one fault.
const FILES: &[(&str, &str, &str, &str, &str)] = &[
    ("version: 1", "version: 2", "1:10", "this promote reads version 1, not 2", "version: 1"),
    ("version: 1\n", "", "1:1", "the file needs `version`", "add `version:`"),
    ("service: app", "service: My App", "2:10", "`My App` cannot name a service", "a-z"),
    ("service: app", "service: App", "2:10", "`App` cannot name a service", "write `app`"),
    ("service: app", "sevrice: app\nservice: app", "2:1", "unknown key `sevrice`", "`service`"),
    ("service: app", "service: app\nservice: app", "3:1", "`service` stands here twice", "remove one"),
    ("service: app", "service: !Ref app", "2:15", "the tag `!Ref` means nothing here", "remove it"),
    ("path: k8s/dev", "path: /k8s/dev", "4:16", "`/k8s/dev` is not a relative path", "write `k8s/dev`"),
    ("path: k8s/dev", "path: ../k8s", "4:16", "is not a relative path", "outside"),
    ("{ path: k8s/dev }", "{ argocd: app }", "4:3", "the environment `dev` has no path", "add `path:`"),
    ("{ path: k8s/dev }", "k8s/dev", "4:8", "`dev` must be a mapping", "`path`"),
    ("argocd: app-staging", "argocd: []", "5:33", "no application is named here", "remove the key"),
    ("argocd: app-staging", "argocd: [a, a]", "5:45", "`a` stands here twice", ""),
    ("argocd: app-staging", "argocd: { name: a, server: eu }", "5:60", "unknown server `eu`", "`default`"),
    ("argocd: app-staging", "repo: lab", "5:39", "unknown repository `lab`", "`default`"),
    ("argocd: app-staging", "branch: 'a b'", "5:41", "`a b` is not a branch", "main"),
    ("argocd: app-staging", "images: [{ name: a, tag: t }]", "5:58", "no file is named", "add `file:`"),
    ("argocd: app-staging", "images: [{ name: a, file: f }]", "5:59", "nothing in this file is named", "`tag:`"),
    ("argocd: app-staging", "targets: [{ id: a, path: b }]", "5:20", "this stands beside `targets`", "each target"),
    ("unit: unit/*.xml", "unit: {}", "7:3", "the evidence `unit` has no source", "`files:`"),
    ("unit: unit/*.xml", "unit: []", "7:3", "the evidence `unit` names no files", "glob"),
    ("unit: unit/*.xml", "unit: 'unit/[a.xml'", "7:9", "is not a glob", ""),
    ("unit: unit/*.xml", "unit: ../unit.xml", "7:9", "is not a glob", "outside"),
    ("unit: unit/*.xml", "unit: '{env}/*.xml'", "7:9", "unknown placeholder `{env}`", "`{environment}`"),
    ("unit: unit/*.xml", "unit: { files: a, format: junitt }", "7:29", "`junitt` cannot be `format`", "`junit`"),
    ("unit: unit/*.xml", "unit: { files: a, max_age: 1y }", "7:30", "`1y` cannot be `max_age`", "30d"),
    ("unit: unit/*.xml", "unit: unit/*.xml\n  UNIT: a", "8:3", "`UNIT` cannot name evidence", "write `unit`"),
    ("unit: unit/*.xml", "unit: unit/*.xml\n  deployment: a", "8:3", "`deployment` is what facts", "another id"),
    ("objective: 99.9%", "objective: 100%", "11:48", "`100%` cannot be `objective`", "less than 100%"),
    ("from: dev", "from: staging", "14:9", "from `staging` to itself", "another"),
    ("from: dev", "from: test", "13:11", "unknown environment `test`", "`dev`, `staging`"),
    ("  - from: dev\n    to", "  - to", "13:5", "an item of `promotions` needs `from`", "add `from:`"),
    (
        "promotions:\n",
        "promotions:\n  - { from: dev, to: staging }\n",
        "14:5",
        "dev → staging stands here twice",
        "line 13",
    ),
    (
        "promotions:\n",
        "promotions:\n  - { from: staging, to: dev }\n",
        "14:5",
        "circle: dev → staging → dev",
        "rollback",
    ),
];

#[test]
fn faults_of_files() {
    let text = with("gates: { tests: { required: [unit] } }");
    let rows = FILES.iter().filter_map(|(from, to, place, message, help)| {
        assert!(text.contains(from), "{from}");
        differs(&text.replacen(from, to, 1), place, message, help)
    });
    let wrong: Vec<String> = rows.collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// Texts that are no rules at all.
#[test]
fn faults_of_texts() {
    for (text, place, message, help) in [
        ("", "1:1", "this file holds no rules", "version: 1"),
        ("# nothing\n", "1:1", "this file holds no rules", "version: 1"),
        ("~\n", "1:1", "this file holds no rules", "version: 1"),
        ("- a\n", "1:1", "the file must be a mapping, not a list", "`version`"),
        ("text\n", "1:1", "the file must be a mapping, not a single value", "`version`"),
        ("version: 1\n\tservice: app\n", "2:1", "a tab indents here", "indent with spaces"),
        ("version: [1\n", "1:10", "unclosed bracket", ""),
        ("a: *b\n", "1:4", "this is not YAML", ""),
    ] {
        one(text, place, message, help);
    }
    let two = format!("{}---\nversion: 1\n", with(""));
    one(&two, "16:1", "a second document begins here", "`---`");
    assert!(bad(&"a: 1\n".repeat(300_000))[0].message.contains("bytes"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    assert!(bad(bomb).iter().any(|fault| fault.message.contains("aliases resolved")));
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    let text = with("").replace("environments:", "servers:\n  eu: { auth_token: tok-hunter2 }\nenvironments:");
    let shown = render(&bad(&text));
    assert!(shown.contains("not the name of an environment variable"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = render(&bad(&with("verify: { health: [{ url: 'https://me:hunter2@h/' }] }")));
    assert!(shown.contains("holds no user and password"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_live_source_says_which_environment_it_means() {
    let silent = |text: &str| text.replace("env=\"{environment}\"", "job=\"app\"");
    let mut text = with("gates: { slo: { availability_min: 99% } }");
    text = text.replace("environments:\n", "environments:\n  prod: { path: k8s/prod }\n");
    assert_eq!(super::good(&silent(&text)).promotions.len(), 1, "one environment needs no name");
    text.push_str("  - { from: staging, to: prod, gates: { slo: { availability_min: 99% } } }\n");
    assert_eq!(super::good(&text).promotions.len(), 2);
    one(&silent(&text), "12:3", "`slo` is asked about dev and staging", "{environment}");
    let own = "path: k8s/staging, evidence: { slo: { prometheus: { window: 1d, objective: 9%, selector: s } } }";
    assert_eq!(super::good(&silent(&text).replace("path: k8s/staging", own)).promotions.len(), 2);
}

/// One fault does not bring others with it that are not there.
#[test]
fn no_fault_follows_from_another() {
    let text = with("gates: { tests: { required: [unit] }, coverage: { line_min: 70% } }");
    for (from, to) in [
        ("unit: unit/*.xml", "unit: 5: 6"),
        ("unit: unit/*.xml", "unit: { fles: a }"),
        ("coverage: coverage/*", "coverage:"),
        ("  dev: { path: k8s/dev }", "  dev: [k8s]"),
        ("  dev: { path: k8s/dev }", "  dev: { pth: k8s/dev }"),
        ("{ line_min: 70% }", "{ line_min: [70%] }"),
        ("{ required: [unit] }", "{ required: [[unit]] }"),
        ("version: 1", "version: one"),
    ] {
        assert!(text.contains(from), "{from}");
        let faults = bad(&text.replacen(from, to, 1));
        assert_eq!(faults.len(), 1, "{to}: {}", render(&faults));
    }
    let start = text.find("environments:").unwrap();
    let end = text.find("evidence:").unwrap();
    let faults = bad(&format!("{}environments: none\n{}", &text[..start], &text[end..]));
    assert_eq!(faults.len(), 1, "{}", render(&faults));
}

/// Asserts that a text has this one fault.
fn one(text: &str, place: &str, message: &str, help: &str) {
    assert_eq!(differs(text, place, message, help), None);
}

/// How the faults of a text differ from this one, if they do.
fn differs(text: &str, place: &str, message: &str, help: &str) -> Option<String> {
    let faults = bad(text);
    let same = match faults.as_slice() {
        [fault] => {
            fault.message.contains(message)
                && format!("{}:{}", fault.at.line, fault.at.column) == place
                && fault.help.as_deref().unwrap_or_default().contains(help)
        }
        _ => false,
    };
    (!same).then(|| format!("wanted {place}: {message} ({help}), got\n{}", render(&faults)))
}
