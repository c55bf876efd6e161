//! `promote environments`: against GitHub as it answers.

use crate::harness::{RULES, Ran, Sandbox};
use crate::world::github::{GitHub, Protection, Token, person, team};

const RULES_TEXT: &str = "version: 1
service: app
environments:
  staging: { path: staging }
  production: { path: prod }
evidence: { unit: unit.xml }
promotions:
  - from: staging
    to: production
    gates: { tests: { required: [unit] } }
    approvals:
      - { role: sre, team: acme/sre-team, min: 2 }
      - { role: qa, users: [ana], deputies: [bo] }
";

/// What a workflow can have of what is needed.
const READS: [(&str, &str); 2] = [("actions", "read"), ("contents", "read")];

/// A repository with teams, people and its default branch.
fn world() -> GitHub {
    let github = GitHub::start();
    github.team("sre-team", &["alice"]);
    github.team("old-team", &["olga"]);
    for login in ["ana", "bo", "dan", "root"] {
        github.person(login);
    }
    github.repository("acme/app").role("root", "admin").commit("main", "octocat", "Begin", &[("README", "x")]);
    github
}

fn sandbox(github: &GitHub, token: Token) -> Sandbox {
    let mut sandbox = Sandbox::new(&[("README", "x")]);
    sandbox.write(RULES, RULES_TEXT);
    sandbox.set("GITHUB_API_URL", github.url());
    sandbox.set("GITHUB_REPOSITORY", "acme/app");
    sandbox.set("GITHUB_TOKEN", github.token(token));
    sandbox
}

/// The same words for whoever administers the repository.
fn administrator(github: &GitHub) -> Sandbox {
    sandbox(github, Token::personal("root"))
}

#[track_caller]
fn says(ran: &Ran, exit: i32, parts: &[&str]) {
    assert_eq!(ran.exit, Some(exit), "{}{}", ran.stdout, ran.stderr);
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(words.contains(part), "{part:?} is not in\n{}", ran.stdout);
    }
}

fn sound() -> Protection {
    Protection {
        reviewers: vec![team("sre-team")],
        prevent_self_review: true,
        can_admins_bypass: false,
        branches: Some((false, true)),
        policies: vec!["main".to_owned()],
        ..Protection::default()
    }
}

#[test]
fn what_is_missing_is_made_and_read_back() {
    let github = world();
    let sandbox = administrator(&github);
    let app = github.repository("acme/app");
    app.environment("production", Protection { branches: Some((false, true)), ..sound() });
    let shown = sandbox.promote(&["environments", "sync"]);
    says(
        &shown,
        0,
        &[
            "✗ production-approval-sre: asks sre for production (1 of 2)",
            "missing → create",
            "reviewers: acme/sre-team",
        ],
    );
    says(
        &shown,
        0,
        &["PLANNED: 3 environments would be written.", "nothing was written: --yes", "✓ production: is promoted to"],
    );
    assert_eq!(github.requests_matching("PUT", "").len(), 0);

    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(
        &ran,
        0,
        &[
            "READY: 3 environments written: production-approval-sre, production-approval-sre-2, production-approval-qa.",
            "missing → create",
        ],
    );
    for (name, reviewers) in [
        ("production-approval-sre", vec![team("sre-team")]),
        ("production-approval-sre-2", vec![team("sre-team")]),
        ("production-approval-qa", vec![person("ana"), person("bo")]),
    ] {
        let made = app.protection(name).unwrap_or_else(|| panic!("{name} was not made"));
        assert_eq!(made.reviewers, reviewers, "{name}");
        assert!(made.prevent_self_review && !made.can_admins_bypass, "{name}");
        assert_eq!((made.branches, made.policies), (Some((false, true)), vec!["main".to_owned()]), "{name}");
    }
    says(&sandbox.promote(&["environments", "check"]), 0, &["READY: 4 environments are as the rules want."]);
    let puts = github.requests_matching("PUT", "").len();
    says(&sandbox.promote(&["environments", "sync", "--yes"]), 0, &["there is nothing to write"]);
    assert_eq!(github.requests_matching("PUT", "").len(), puts, "what is right is not written again");
}

#[test]
fn a_difference_is_shown_and_mended_and_what_is_others_is_kept() {
    let github = world();
    let sandbox = administrator(&github);
    let app = github.repository("acme/app");
    app.environment("production", sound());
    app.environment("production-approval-sre-2", sound());
    let bent = Protection {
        wait_timer: 30,
        reviewers: vec![team("old-team"), person("dan")],
        prevent_self_review: false,
        can_admins_bypass: true,
        branches: None,
        policies: Vec::new(),
    };
    app.environment("Production-approval-SRE", bent);
    app.environment(
        "production-approval-qa",
        Protection {
            reviewers: vec![person("ana"), person("bo")],
            policies: vec!["main".to_owned(), "release/*".to_owned()],
            ..sound()
        },
    );
    app.environment("github-pages", Protection::default());
    let check = sandbox.promote(&["environments", "check"]);
    says(
        &check,
        10,
        &[
            "reviewers: - acme/old-team - @dan + acme/sre-team",
            "whoever starts a run may approve it → may not",
            "administrators may go on without a review → may not",
            "branches: any → main",
            "branches: release/* too; take that away by hand",
            "Left alone, the rules do not name them: github-pages",
            "HELD: 2 of 4 environments are as the rules want.",
            "→ promote environments sync",
        ],
    );
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    // What somebody opened by hand is theirs to close, and stays a fault.
    says(&ran, 10, &["HELD: 1 environment written: production-approval-sre", "is still as above"]);
    let mended = app.protection("production-approval-sre").unwrap();
    assert_eq!(
        (mended.wait_timer, &mended.reviewers),
        (30, &vec![team("sre-team")]),
        "its waiting time is somebody's own"
    );
    assert!(mended.prevent_self_review && !mended.can_admins_bypass);
    assert_eq!(mended.policies, ["main"]);
    assert_eq!(app.protection("production-approval-qa").unwrap().policies, ["main", "release/*"]);
    assert!(app.protection("github-pages").is_some());
    assert_eq!(github.requests_matching("PUT", "").len(), 1);
}

#[test]
fn a_workflows_token_can_check_and_not_write() {
    let github = world();
    let sandbox = sandbox(&github, Token::workflow("acme/app", &READS));
    says(&sandbox.promote(&["environments", "check"]), 10, &["missing → create", "HELD: 0 of 4"]);
    // It can see no teams, so it does not even begin.
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(&ran, 11, &["could not", "acme/sre-team", "members: read", "nothing was written"]);
    assert_eq!(github.requests_matching("PUT", "").len(), 0);
    let users = RULES_TEXT.replace("team: acme/sre-team, min: 2", "users: [dan]");
    sandbox.write(RULES, users);
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(&ran, 20, &["could not set the environment production-approval-sre", "Administration: write"]);
    assert!(github.repository("acme/app").protection("production-approval-sre").is_none());
}

#[test]
fn a_token_that_sees_nothing_finds_nothing_out() {
    let github = world();
    let sandbox = sandbox(&github, Token::workflow("acme/app", &[("contents", "read")]));
    github.repository("acme/app").environment("production", sound());
    says(&sandbox.promote(&["environments", "check"]), 11, &["UNKNOWN: could not", "actions: read"]);
}

#[test]
fn a_plan_without_required_reviewers_is_named() {
    let github = world();
    github.repository("acme/app").enterprise(false);
    let sandbox = administrator(&github);
    says(&sandbox.promote(&["environments", "check"]), 10, &["acme/app is private", "Enterprise plan only"]);
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(&ran, 20, &["billing plan", "promote approve"]);
    github.repository("acme/app").public(true);
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(&ran, 10, &["3 environments written"]);
    assert!(!ran.stdout.contains("is private"), "{}", ran.stdout);
}

#[test]
fn what_github_cannot_ask_is_an_error_of_the_rules() {
    let github = world();
    let sandbox = administrator(&github);
    for (users, part) in
        [("team: umbrella/sre", "teams of acme only"), ("users: [a, b, c, d, e, f, g]", "has 7 people")]
    {
        sandbox.write(RULES, RULES_TEXT.replace("team: acme/sre-team, min: 2", users));
        says(&sandbox.promote(&["environments", "sync", "--yes"]), 3, &[part, "promotion/promotion-rules.yaml:12:"]);
    }
    assert_eq!(github.requests_matching("PUT", "").len(), 0);
    let mut sandbox = administrator(&github);
    sandbox.unset("GITHUB_REPOSITORY");
    says(&sandbox.promote(&["environments", "check"]), 3, &["set GITHUB_REPOSITORY"]);
}

#[test]
fn a_lost_answer_is_no_failure_and_no_success() {
    let github = world();
    let sandbox = administrator(&github);
    github.trouble("PUT", "/environments/", crate::world::github::Trouble::Status(502), 1);
    let ran = sandbox.promote(&["environments", "sync", "--yes"]);
    says(&ran, 23, &["UNCONFIRMED: could not set the environment", "promote environments check"]);
    assert_eq!(github.requests_matching("PUT", "").len(), 1, "it is not sent again");
}

#[test]
fn programs_get_a_document() {
    let github = world();
    let sandbox = administrator(&github);
    let ran = sandbox.promote(&["environments", "sync", "--yes", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stdout));
    assert_eq!(document["written"].as_array().unwrap().len(), 3);
    assert_eq!(document["environments"][0]["mark"], "pass");
    assert_eq!(document["environments"][3]["mark"], "fail", "production itself is missing");
    assert_eq!(ran.exit, Some(10));
}

#[test]
fn doctor_looks_at_what_guards_rules_and_records() {
    let github = world();
    let app = github.repository("acme/app");
    let mut sandbox = sandbox(&github, Token::workflow("acme/app", &READS));
    let pull = serde_json::json!({"type": "pull_request", "parameters": {"require_code_owner_review": true}});
    // The records themselves need not be there: nobody listens on this port.
    sandbox.set("GITHUB_SERVER_URL", "http://127.0.0.1:9");
    sandbox.set("PROMOTE_LEDGER", "http://127.0.0.1:9/acme/app#promotions");
    sandbox.set("LEDGER_TOKEN", github.token(Token::workflow("acme/app", &READS)));
    let before = sandbox.promote(&["doctor"]);
    for part in ["CODEOWNERS", "whoever may push may change rules", "is not there yet", "missing → create"] {
        assert!(before.stdout.contains(part), "{part}\n{}", before.stdout);
    }
    app.commit("main", "octocat", "Own", &[(".github/CODEOWNERS", "* @acme/sre-team\n")]);
    app.protect("main", vec![pull]);
    app.protect(
        "promotions",
        vec![serde_json::json!({"type": "non_fast_forward"}), serde_json::json!({"type": "deletion"})],
    );
    let after = sandbox.promote(&["doctor"]);
    for part in ["owners of promotion/promotion-rules.yaml", "by pull request, with the owners", "takes no force-push"]
    {
        assert!(after.stdout.contains(part), "{part}\n{}", after.stdout);
    }
    for (method, path) in [("PUT", ""), ("POST", ""), ("PATCH", ""), ("DELETE", "")] {
        assert!(github.requests_matching(method, path).is_empty(), "doctor changes nothing");
    }
}
