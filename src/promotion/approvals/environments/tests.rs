use super::*;
use crate::promotion::approvals::facts::Person;
use crate::promotion::rules::read::read;

/// Rules with these promotions.
fn rules(promotions: &str) -> Rules {
    let text = format!(
        "version: 1\nservice: app\nenvironments:\n  dev: {{ path: dev }}\n  staging: {{ path: staging }}\n  production: {{ path: prod }}\n\
         evidence: {{ unit: unit.xml }}\npromotions:\n{promotions}"
    );
    read("rules.yaml", &text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const PRODUCTION: &str = "  - from: dev
    to: staging
    gates: { tests: { required: [unit] } }
  - from: staging
    to: production
    gates: { tests: { required: [unit] } }
    approvals:
      - { role: sre, team: acme/SRE-team, min: 2, deputies: [Eve] }
      - { role: owner, users: [ana, bo] }
";

fn facts() -> EnvironmentFacts {
    EnvironmentFacts {
        id: 7,
        name: "production-approval-sre".to_owned(),
        url: String::new(),
        reviewers: vec![Reviewer::Team { id: 1, slug: "sre-team".to_owned() }, user("eve")],
        prevent_self_review: true,
        admins_bypass: Some(false),
        wait_minutes: 0,
        branches: Branches::Named(vec!["main".to_owned()]),
    }
}

fn user(login: &str) -> Reviewer {
    Reviewer::User(Person { login: login.to_owned(), id: 2, kind: "User".to_owned() })
}

fn sre() -> RoleEnvironment {
    wanted(&rules(PRODUCTION), "Acme").unwrap().roles.remove(0)
}

#[test]
fn each_approval_has_an_environment_and_each_target_is_named_once() {
    let wanted = wanted(&rules(PRODUCTION), "Acme").unwrap();
    let roles: Vec<(&str, String)> = wanted
        .roles
        .iter()
        .map(|role| (role.name.as_str(), role.reviewers.iter().map(Asked::to_string).collect::<Vec<_>>().join(" ")))
        .collect();
    assert_eq!(
        roles,
        [
            ("production-approval-sre", "acme/sre-team @eve".to_owned()),
            ("production-approval-sre-2", "acme/sre-team @eve".to_owned()),
            ("production-approval-owner", "@ana @bo".to_owned()),
        ]
    );
    assert_eq!(wanted.roles[1].asks, ["sre for production (2 of 2)"]);
    assert_eq!(wanted.roles[2].asks, ["owner for production"]);
    let targets: Vec<(&str, bool)> = wanted.targets.iter().map(|t| (t.name.as_str(), t.guarded)).collect();
    assert_eq!(targets, [("staging", false), ("production", true)]);
}

#[test]
fn two_promotions_with_the_same_people_share_an_environment() {
    let promotion = |from: &str| {
        format!(
            "  - from: {from}\n    to: production\n    gates: {{ tests: {{ required: [unit] }} }}\n    \
             approvals: [{{ role: sre, team: acme/sre }}]\n"
        )
    };
    let wanted = wanted(&rules(&format!("{}{}", promotion("dev"), promotion("staging"))), "acme").unwrap();
    assert_eq!(wanted.roles.len(), 1);
    assert_eq!(wanted.roles[0].asks, ["sre for production"]);
    assert_eq!(wanted.targets.len(), 1);
}

#[test]
fn what_github_cannot_ask_is_refused() {
    let users = |names: &str| PRODUCTION.replace("[ana, bo]", names);
    let impossible = |promotions: &str, owner: &str| wanted(&rules(promotions), owner).unwrap_err();
    let seven = impossible(&users("[a, b, c, d, e, f, g]"), "acme");
    assert_eq!(seven.len(), 1);
    assert!(seven[0].what.contains("has 7 people") && seven[0].hint.contains("team: acme/owner"), "{seven:?}");
    assert!(seven[0].at.line > 0);
    let six = users("[a, b, c, d, e, f]");
    assert!(wanted(&rules(&six), "acme").is_ok());
    // Deputies count too.
    assert_eq!(impossible(&six.replace("f] }", "f], deputies: [z] }"), "acme").len(), 1);
    let other = impossible(PRODUCTION, "umbrella");
    assert!(other[0].what.contains("teams of umbrella only"), "{other:?}");
}

#[test]
fn a_sound_environment_has_no_difference() {
    assert_eq!(sre().judge(&Protection::Known(facts()), "acme", "main"), Standing::Sound);
    let protected = EnvironmentFacts { branches: Branches::Protected, ..facts() };
    assert_eq!(sre().judge(&Protection::Known(protected), "ACME", "main"), Standing::Sound);
}

#[test]
fn every_difference_is_found_and_said() {
    let named = |names: &[&str]| Branches::Named(names.iter().map(|name| (*name).to_owned()).collect());
    let team = facts().reviewers[0].clone();
    let table = [
        (EnvironmentFacts { reviewers: vec![], ..facts() }, "reviewers: nobody is asked; + acme/sre-team + @eve"),
        (EnvironmentFacts { reviewers: vec![team.clone(), user("dan")], ..facts() }, "reviewers: - @dan + @eve"),
        (EnvironmentFacts { reviewers: vec![team], ..facts() }, "reviewers: + @eve"),
        (EnvironmentFacts { prevent_self_review: false, ..facts() }, "whoever starts a run may approve it → may not"),
        (
            EnvironmentFacts { admins_bypass: Some(true), ..facts() },
            "administrators may go on without a review → may not",
        ),
        (EnvironmentFacts { branches: Branches::Any, ..facts() }, "branches: any → main"),
        (EnvironmentFacts { branches: named(&[]), ..facts() }, "branches: + main"),
    ];
    for (found, words) in table {
        let Standing::Differs(differences) = sre().judge(&Protection::Known(found), "acme", "main") else {
            panic!("{words}: no difference")
        };
        assert_eq!(differences.iter().map(|d| d.words("main")).collect::<Vec<_>>(), [words]);
        assert!(differences.iter().all(Difference::mended), "{words}");
    }
    let found = EnvironmentFacts { branches: named(&["release/*"]), ..facts() };
    let Standing::Differs(differences) = sre().judge(&Protection::Known(found), "acme", "main") else { panic!() };
    assert_eq!(differences, [Difference::NotDefault, Difference::OtherBranches(vec!["release/*".to_owned()])]);
    assert!(!differences[1].mended(), "who opened another branch closes it");
    assert!(differences[1].words("main").contains("by hand"));
    assert_eq!(sre().judge(&Protection::Missing, "acme", "main"), Standing::Differs(vec![Difference::Missing]));
}

#[test]
fn what_cannot_be_seen_is_unknown_and_never_sound() {
    let unreadable = Protection::Unreadable { why: "403".to_owned() };
    assert_eq!(sre().judge(&unreadable, "acme", "main"), Standing::Unknown("403".to_owned()));
    let unsaid = EnvironmentFacts { admins_bypass: None, ..facts() };
    assert_eq!(sre().judge(&Protection::Known(unsaid.clone()), "acme", "main"), Standing::Unknown(UNSAID.to_owned()));
    let worse = EnvironmentFacts { prevent_self_review: false, ..unsaid };
    assert!(matches!(sre().judge(&Protection::Known(worse), "acme", "main"), Standing::Differs(all) if all.len() == 2));
    let target = TargetEnvironment { name: "production".to_owned(), guarded: true };
    assert_eq!(target.judge(&unreadable, "main"), Standing::Unknown("403".to_owned()));
}

#[test]
fn a_target_needs_its_branch_and_nobody_to_review() {
    let target = TargetEnvironment { name: "production".to_owned(), guarded: true };
    let open = EnvironmentFacts { reviewers: vec![], prevent_self_review: false, admins_bypass: Some(true), ..facts() };
    assert_eq!(target.judge(&Protection::Known(open.clone()), "main"), Standing::Sound);
    let any = EnvironmentFacts { branches: Branches::Any, ..open };
    assert_eq!(target.judge(&Protection::Known(any), "main"), Standing::Differs(vec![Difference::AnyBranch]));
    assert_eq!(target.judge(&Protection::Missing, "main"), Standing::Differs(vec![Difference::Missing]));
}
