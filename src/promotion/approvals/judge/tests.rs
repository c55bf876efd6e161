//! Each sentence of the judgement, and each attack on it.

mod laws;
mod people;
mod scene;
mod speech;

use crate::promotion::approvals::facts::{Branches, Protection, Reviewer};
use crate::promotion::approvals::report::Standing;
use crate::promotion::time::Millis;
use scene::{DIGEST, OTHER, Scene, all, approved, leg, review, user};

/// What comes out, and one of the sentences that say why.
fn comes_to(scene: &Scene, standing: Standing, part: &str) {
    let report = scene.judge();
    let said = all(&report);
    assert_eq!(report.standing, standing, "{said}");
    assert!(said.contains(part), "expected `{part}` in:\n{said}");
    assert_eq!(report.stands(), standing == Standing::Approved);
}

#[test]
fn two_roles_by_two_people_approve() {
    let report = approved().judge();
    assert_eq!(report.standing, Standing::Approved, "{}", all(&report));
    let given: Vec<(&str, &str)> =
        report.roles.iter().map(|row| (row.role.as_str(), row.given[0].login.as_str())).collect();
    assert_eq!(given, [("sre", "ana"), ("qa", "bo")]);
    assert_eq!(report.roles[0].environments, ["production-approval-sre"]);
    assert_eq!(report.roles[0].given[0].environment.as_deref(), Some("production-approval-sre"));
    assert!(report.because.is_empty() && report.roles.iter().all(|row| row.because.is_empty()));
}

#[test]
fn without_roles_nothing_is_missing() {
    let mut scene = approved();
    scene.promotion.approvals.clear();
    assert_eq!(scene.judge().standing, Standing::Approved);
}

#[test]
fn an_environment_that_anybody_can_walk_past_approves_nothing() {
    type Alter = fn(&mut Protection);
    fn known(protection: &mut Protection) -> &mut crate::promotion::approvals::facts::EnvironmentFacts {
        match protection {
            Protection::Known(environment) => environment,
            _ => panic!("the scene knows it"),
        }
    }
    let table: [(Alter, Standing, &str); 11] = [
        (|p| *p = Protection::Missing, Standing::Broken, "GitHub creates one that a workflow names"),
        (|p| *p = Protection::Missing, Standing::Broken, "exist for public repositories only"),
        (|p| known(p).reviewers.clear(), Standing::Broken, "has no required reviewers"),
        (|p| known(p).reviewers.push(Reviewer::User(user("eve", 9))), Standing::Broken, "asks acme/sre-team @eve"),
        (
            |p| known(p).reviewers = vec![Reviewer::Team { id: 8, slug: "everybody".to_owned() }],
            Standing::Broken,
            "is to ask acme/sre-team, and asks acme/everybody",
        ),
        (|p| known(p).admins_bypass = Some(true), Standing::Broken, "administrators may start jobs"),
        (|p| known(p).admins_bypass = None, Standing::Unknown, "GitHub does not say whether administrators"),
        (|p| known(p).branches = Branches::Any, Standing::Broken, "any branch may use"),
        (|p| known(p).branches = Branches::Named(vec!["main".into(), "wip/*".into()]), Standing::Broken, "wip/* may"),
        (|p| known(p).branches = Branches::Named(Vec::new()), Standing::Unknown, "could not be read"),
        (
            |p| *p = Protection::Unreadable { why: "403; needs actions: read".to_owned() },
            Standing::Unknown,
            "needs actions: read",
        ),
    ];
    for (alter, standing, part) in table {
        let mut scene = approved();
        alter(scene.facts.environments.get_mut("production-approval-sre").unwrap());
        comes_to(&scene, standing, part);
        let rows = scene.protections();
        assert_eq!(rows[0].standing, standing);
        assert!(rows[0].because.join("\n").contains(part));
        assert_eq!(rows[1].standing, Standing::Open);
    }
    let mut scene = approved();
    scene.facts.environments.remove("production-approval-sre");
    comes_to(&scene, Standing::Unknown, "was not read");
}

#[test]
fn sound_environments_are_open_before_anybody_could_approve() {
    let mut scene = approved();
    scene.facts.run = None;
    let rows = scene.protections();
    assert!(rows.iter().all(|row| row.standing == Standing::Open && row.because.is_empty()));
    scene.sre().branches = Branches::Protected;
    scene.sre().reviewers = vec![Reviewer::Team { id: 7, slug: "SRE-Team".to_owned() }];
    assert_eq!(scene.protections()[0].standing, Standing::Open);
}

#[test]
fn reviewers_are_those_of_the_rules_deputies_too() {
    let mut scene = approved();
    scene.promotion.approvals[0].deputies = vec!["Dan".to_owned()];
    comes_to(&scene, Standing::Broken, "is to ask acme/sre-team @Dan, and asks acme/sre-team");
    scene.sre().reviewers.push(Reviewer::User(user("dan", 4)));
    assert_eq!(scene.judge().standing, Standing::Approved);

    scene.run().reviews[0] = review("dan", 4, &[1]);
    assert!(scene.judge().roles[0].given[0].deputy);

    let mut scene = approved();
    scene.promotion.approvals[0].team = Some("other/sre-team".to_owned());
    comes_to(&scene, Standing::Broken, "takes only teams of acme");

    let mut scene = approved();
    scene.promotion.approvals[1].users = (0..7).map(|n| format!("u{n}")).collect();
    comes_to(&scene, Standing::Broken, "GitHub takes at most 6");
}

#[test]
fn a_run_of_anything_else_is_broken() {
    type Alter = fn(&mut Scene);
    let table: [(Alter, &str); 9] = [
        (|s| s.run().repository = "eve/app".to_owned(), "the repository of the run is to be acme/app, and is eve/app"),
        (|s| s.run().head_repository = Some("eve/app".to_owned()), "the repository of the commit"),
        (|s| s.run().head_repository = None, "is gone"),
        (|s| s.run().branch = Some("loosened".to_owned()), "is to be main, and is loosened"),
        (|s| s.run().branch = None, "is to be main, and is none"),
        (|s| s.run().path = ".github/workflows/mine.yml".to_owned(), "and is .github/workflows/mine.yml"),
        (|s| s.run().event = "pull_request".to_owned(), "and is pull_request"),
        (|s| s.run().event = "pull_request_target".to_owned(), "and is pull_request_target"),
        (|s| s.run().event = "issue_comment".to_owned(), "and is issue_comment"),
    ];
    for (alter, part) in table {
        let mut scene = approved();
        alter(&mut scene);
        comes_to(&scene, Standing::Broken, part);
        assert!(scene.judge().roles.iter().all(|row| row.standing == Standing::Broken));
        assert!(all(&scene.judge()).contains("start a new run"));
    }
    for event in ["schedule", "push", "repository_dispatch"] {
        let mut scene = approved();
        scene.run().event = event.to_owned();
        assert_eq!(scene.judge().standing, Standing::Approved, "{event}");
    }
    let mut scene = approved();
    scene.facts.default_branch = None;
    comes_to(&scene, Standing::Unknown, "the default branch of acme/app could not be read");
}

#[test]
fn only_the_first_attempt_of_plan_and_of_the_approving_jobs_counts() {
    for job in ["promote / plan".to_owned(), leg("sre", DIGEST), leg("qa", DIGEST)] {
        let mut scene = approved();
        let mut again = scene.run().jobs.iter().find(|known| known.name == job).unwrap().clone();
        again.attempt = 2;
        scene.run().jobs.push(again);
        comes_to(&scene, Standing::Broken, "was run again (attempt 2)");
        assert!(all(&scene.judge()).contains("start a new run"));
    }
    let mut scene = approved();
    scene.run().attempt = 2;
    scene.job("promote / promote", 2, "in_progress", None);
    assert_eq!(scene.judge().standing, Standing::Approved, "only the job that promotes was run again");
}

#[test]
fn a_job_of_another_plan_is_of_no_use() {
    let mut scene = approved();
    scene.rename(&leg("sre", DIGEST), &leg("sre", OTHER));
    let said = format!("is plan {}, what would run now is plan {}", &OTHER[..12], &DIGEST[..12]);
    comes_to(&scene, Standing::Open, &said);

    let mut scene = approved();
    scene.job(&leg("sre", OTHER), 1, "completed", Some("success"));
    comes_to(&scene, Standing::Open, &said);
}

#[test]
fn a_review_without_its_job_is_of_no_use() {
    let mut scene = approved();
    scene.rename(&leg("sre", DIGEST), "promote / approve nobody 7f3a2b1c9d0e");
    comes_to(&scene, Standing::Open, "the run has no job approve sre");

    let mut scene = approved();
    scene.rename("promote / plan", "promote / something");
    comes_to(&scene, Standing::Open, "the run has no job plan");

    let mut scene = approved();
    scene.end(&leg("sre", DIGEST), "waiting", None);
    comes_to(&scene, Standing::Open, "is waiting, not approved yet");

    for conclusion in ["failure", "cancelled", "skipped"] {
        let mut scene = approved();
        scene.end(&leg("sre", DIGEST), "completed", Some(conclusion));
        comes_to(&scene, Standing::Broken, conclusion);
    }
    // GitHub does not say whether an administrator who starts waiting jobs appears: no review, no approval.
    let mut scene = approved();
    scene.run().reviews.remove(0);
    comes_to(&scene, Standing::Open, "nobody whose review counts approved in production-approval-sre");
}

#[test]
fn a_rejection_is_final_whatever_else_stands() {
    let mut scene = approved();
    let mut no = review("cy", 3, &[2]);
    no.state = "rejected".to_owned();
    no.comment = "the load test is red".to_owned();
    scene.run().reviews.push(no.clone());
    comes_to(&scene, Standing::Rejected, "@cy refused it in production-approval-qa: the load test is red");
    assert_eq!(scene.judge().roles[1].given[0].login, "cy");
    assert_eq!(scene.judge().roles[0].standing, Standing::Approved);

    // Not even an environment that has since become unreadable, or a run that is broken anyway, hides it.
    scene.facts.environments.insert("production-approval-qa".into(), Protection::Unreadable { why: "500".into() });
    comes_to(&scene, Standing::Rejected, "the load test is red");
    let mut scene = approved();
    scene.run().branch = None;
    scene.run().reviews.push(no);
    assert_eq!(scene.judge().standing, Standing::Rejected);
}

#[test]
fn a_deadline_that_passed_refuses() {
    let mut scene = approved();
    scene.promotion.approvals[0].within = Some(Millis::mins(60));
    assert_eq!(scene.judge().standing, Standing::Approved);
    scene.now = "2026-11-20T13:00:00Z".parse().unwrap();
    assert_eq!(scene.judge().standing, Standing::Approved, "the last moment counts");
    scene.now = "2026-11-20T13:00:00.001Z".parse().unwrap();
    comes_to(&scene, Standing::Rejected, "its deadline passed: it was to be approved within 1 h of the run");
}

#[test]
fn names_are_compared_as_github_does() {
    let mut scene = approved();
    let sre = scene.facts.environments.remove("production-approval-sre").unwrap();
    scene.facts.environments.insert("Production-Approval-SRE".to_owned(), sre);
    scene.run().repository = "Acme/App".to_owned();
    scene.run().reviews[1] = review("BO", 2, &[2]);
    assert_eq!(scene.judge().standing, Standing::Approved, "{}", all(&scene.judge()));
}
