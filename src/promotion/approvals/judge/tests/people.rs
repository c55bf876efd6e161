//! Who may approve: nobody who started it, nobody outside the role, nobody twice.

use super::comes_to;
use super::scene::{DIGEST, Scene, all, approved, bot, leg, review, user};
use crate::promotion::approvals::bypass::may_bypass;
use crate::promotion::approvals::facts::{Member, Person, Protection, Reviewer};
use crate::promotion::approvals::origin;
use crate::promotion::approvals::report::Standing;

#[test]
fn nobody_who_started_it_approves_it() {
    type Alter = fn(&mut Scene);
    let table: [Alter; 5] = [
        |s| s.run().actor = Some(user("bo", 2)),
        |s| s.run().triggering_actor = Some(user("bo", 2)),
        // The login changed since: the number stays.
        |s| s.run().actor = Some(user("bo-before", 2)),
        |s| s.requested_by.push("@BO".to_owned()),
        |s| {
            let mut before = s.run().clone();
            before.actor = Some(user("bo", 2));
            s.facts.led_here = vec![before];
        },
    ];
    for alter in table {
        let mut scene = approved();
        alter(&mut scene);
        comes_to(&scene, Standing::Open, "@bo started this");
    }
}

#[test]
fn a_chain_that_ends_at_a_bot_leads_on_to_the_authors() {
    let mut scene = approved();
    scene.run().actor = Some(bot("github-actions[bot]"));
    comes_to(&scene, Standing::Unknown, "started by a bot (@github-actions[bot])");
    assert!(scene.judge().roles.iter().all(|row| row.standing == Standing::Unknown));
    scene.facts.authors = Some(vec![user("dan", 4)]);
    assert_eq!(scene.judge().standing, Standing::Approved);
    scene.facts.authors = Some(vec![user("dan", 4), user("ana", 1)]);
    comes_to(&scene, Standing::Open, "@ana started this or wrote what it brings");
    scene.facts.authors = Some(vec![Person { login: String::new(), id: 0, kind: "User".to_owned() }]);
    comes_to(&scene, Standing::Unknown, "who wrote the commits");

    let mut scene = approved();
    scene.run().triggering_actor = None;
    comes_to(&scene, Standing::Unknown, "started by somebody who is gone");
    let mut scene = approved();
    scene.requested_by.push("renovate[bot]".to_owned());
    comes_to(&scene, Standing::Unknown, "started by a bot (@renovate[bot])");
}

#[test]
fn a_run_after_a_run_needs_to_know_that_run() {
    let mut scene = approved();
    scene.run().event = "workflow_run".to_owned();
    comes_to(&scene, Standing::Unknown, "started by another run");
    let before = scene.run().clone();
    scene.facts.led_here = vec![before];
    assert_eq!(scene.judge().standing, Standing::Approved);
}

#[test]
fn somebody_must_have_asked() {
    let mut scene = approved();
    scene.facts.run = None;
    scene.requested_by.clear();
    comes_to(&scene, Standing::Unknown, "who asked for this is not known");
}

#[test]
fn people_outside_the_role_and_bots_do_not_count() {
    let mut scene = approved();
    scene.run().reviews[1] = review("eve", 9, &[2]);
    comes_to(&scene, Standing::Open, "@eve is not @Bo @cy");

    let member = |scene: &mut Scene, member: Member| {
        scene.facts.members.entry("acme/sre-team".to_owned()).or_default().insert("ana".to_owned(), member);
    };
    let mut scene = approved();
    member(&mut scene, Member::Unknown { why: "no permission".to_owned() });
    assert_eq!(scene.judge().standing, Standing::Approved, "GitHub itself asks the team only");
    member(&mut scene, Member::No);
    comes_to(&scene, Standing::Open, "@ana is not acme/sre-team");

    let mut scene = approved();
    scene.run().reviews[0].user = Some(bot("approver[bot]"));
    comes_to(&scene, Standing::Open, "@approver[bot] is a bot");
    scene.run().reviews[0].user = None;
    comes_to(&scene, Standing::Open, "gone from GitHub");
    let mut scene = approved();
    scene.run().reviews[0].state = "pending".to_owned();
    comes_to(&scene, Standing::Open, "nobody whose review counts");
}

#[test]
fn one_person_does_not_stand_for_two_roles_unless_the_rules_say_so() {
    let mut scene = approved();
    scene.promotion.approvals[1].users.push("ana".to_owned());
    let users = ["Bo", "cy", "ana"].map(|login| Reviewer::User(user(login, 1)));
    scene.environment("production-approval-qa", 2, users.to_vec());
    scene.run().reviews = vec![review("ana", 1, &[1, 2])];
    comes_to(&scene, Standing::Open, "@ana approved this too, and stands for qa already");
    assert!(all(&scene.judge()).contains("start a new run, and let another person approve"));
    scene.promotion.same_person = true;
    assert_eq!(scene.judge().standing, Standing::Approved);

    // Whoever can do only one of them gets that one.
    scene.promotion.same_person = false;
    scene.run().reviews.push(review("bo", 2, &[2]));
    assert_eq!(scene.judge().standing, Standing::Approved);
}

fn quorum_of_two() -> Scene {
    let mut scene = approved();
    scene.promotion.approvals.remove(1);
    scene.promotion.approvals[0].min = 2;
    let mut second = scene.sre().clone();
    second.id = 3;
    scene.facts.environments.insert("production-approval-sre-2".to_owned(), Protection::Known(second));
    scene.job(&leg("sre-2", DIGEST), 1, "completed", Some("success"));
    scene
}

#[test]
fn a_quorum_needs_as_many_people() {
    let mut scene = quorum_of_two();
    scene.run().reviews = vec![review("ana", 1, &[1]), review("bo", 2, &[3])];
    let report = scene.judge();
    assert_eq!(report.standing, Standing::Approved, "{}", all(&report));
    assert_eq!(report.roles[0].given.len(), 2);
    for same_person in [false, true] {
        scene.promotion.same_person = same_person;
        scene.run().reviews = vec![review("ana", 1, &[1, 3])];
        comes_to(&scene, Standing::Open, "stands for another approval of sre already");
        scene.run().reviews = vec![review("ana", 1, &[1]), review("bo", 2, &[1])];
        comes_to(&scene, Standing::Open, "nobody whose review counts approved in production-approval-sre-2");
    }
}

#[test]
fn in_a_later_attempt_people_must_differ_in_the_worst_case() {
    let mut scene = quorum_of_two();
    scene.run().attempt = 2;
    scene.run().reviews = vec![review("ana", 1, &[1]), review("bo", 2, &[3])];
    assert_eq!(scene.judge().standing, Standing::Approved);
    // Attempt 1: @ana and @bo. Attempt 2: @ana ticked both. A matching alone would pass.
    scene.run().reviews.push(review("ana", 1, &[1, 3]));
    comes_to(&scene, Standing::Broken, "its reviews of all attempts are mixed, and @ana gave some in both");
    scene.run().attempt = 1;
    assert_eq!(scene.judge().standing, Standing::Approved);
}

#[test]
fn a_bypass_is_for_whom_the_rules_name() {
    let by = ["Zoe".to_owned(), "acme/sre-team".to_owned(), "deploy[bot]".to_owned()];
    let starters = |scene: &Scene| origin::starters(&scene.facts, &scene.requested_by);
    let may = |scene: &Scene| may_bypass(&by, &starters(scene), &scene.facts.members);
    let member = |scene: &mut Scene, login: &str, member: Member| {
        scene.facts.members.entry("acme/sre-team".to_owned()).or_default().insert(login.to_owned(), member);
    };
    let mut scene = approved();
    assert_eq!(may(&scene), Ok(()));
    assert_eq!(may_bypass(&[], &starters(&scene), &scene.facts.members).unwrap_err(), "the rules let nobody do that");
    assert_eq!(may_bypass(&by, &[], &scene.facts.members).unwrap_err(), "who started this is not known");

    scene.requested_by.push("ana".to_owned());
    assert!(may(&scene).unwrap_err().contains("was not looked up"));
    member(&mut scene, "ana", Member::Unknown { why: "needs Members: read".to_owned() });
    assert!(may(&scene).unwrap_err().contains("needs Members: read"));
    member(&mut scene, "ana", Member::Yes);
    assert_eq!(may(&scene), Ok(()));
    member(&mut scene, "ana", Member::No);
    assert!(may(&scene).unwrap_err().contains("@ana is none of them"));

    let mut scene = approved();
    scene.run().actor = Some(bot("deploy[bot]"));
    assert_eq!(may(&scene), Ok(()));
    scene.run().actor = Some(bot("other[bot]"));
    member(&mut scene, "other[bot]", Member::Yes);
    assert!(may(&scene).unwrap_err().contains("a bot is to be named itself"));
    scene.run().actor = None;
    assert!(may(&scene).unwrap_err().contains("gone from GitHub"));
}
