//! Approvals by word: where no environment asks, and never without proof of the role.

use super::comes_to;
use super::scene::{DIGEST, OTHER, Scene, all, approved, bot, word};
use crate::promotion::approvals::facts::{Member, Protection, WordKind};
use crate::promotion::approvals::report::Standing;
use crate::promotion::time::Millis;

/// QA has no environment; @bo approves by a comment.
fn by_word() -> Scene {
    let mut scene = approved();
    scene.facts.environments.insert("production-approval-qa".to_owned(), Protection::Missing);
    scene.run().reviews.pop();
    scene.facts.words = vec![word("bo", 2, &format!("fine\npromote: approve {}", &DIGEST[..12]))];
    scene
}

fn member(scene: &mut Scene, login: &str, member: Member) {
    scene.facts.members.entry("acme/sre-team".to_owned()).or_default().insert(login.to_owned(), member);
}

#[test]
fn a_word_fills_what_no_review_does() {
    let scene = by_word();
    let report = scene.judge();
    assert_eq!(report.roles[1].standing, Standing::Approved, "{}", all(&report));
    let given = &report.roles[1].given[0];
    assert_eq!((given.login.as_str(), given.word.as_ref().unwrap().id, &given.environment), ("bo", 2, &None));
    assert_eq!(report.standing, Standing::Approved, "{}", all(&report));

    let mut outside = by_word();
    outside.facts.run = None;
    assert_eq!(outside.judge().roles[1].standing, Standing::Approved);
    member(&mut outside, "bo", Member::No);
    comes_to(&outside, Standing::Open, "outside of GitHub Actions nobody is asked in an environment");
}

#[test]
fn a_word_that_proves_nothing_does_not_count() {
    type Alter = fn(&mut Scene);
    let table: [(Alter, &str); 13] = [
        (|s| s.facts.words[0].edited = true, "it was edited"),
        (|s| s.facts.words[0].at = "2026-11-20T11:59:59Z".parse().unwrap(), "before the plan"),
        (|s| s.planned_at = None, "not known since when this plan is published"),
        (|s| s.requested_by.push("bo".to_owned()), "@bo started this"),
        (|s| s.facts.words[0].author = Some(bot("bo")), "@bo is a bot"),
        (|s| s.facts.words[0].author = None, "the author is gone"),
        (|s| s.facts.words[0].author.as_mut().unwrap().login = "eve".to_owned(), "they are not @Bo @cy"),
        (|s| s.facts.words[0].body = format!("promote: approve {OTHER}"), "it is of plan 00aa2b1c9d0e"),
        (|s| s.facts.words[0].body = format!("promote: approve {DIGEST}0"), "does not exist"),
        (|s| s.facts.words[0].body = format!("promote: approve {} as sre", &DIGEST[..12]), "does not exist"),
        (|s| s.facts.words[0].body = format!("promote: approve {} as cook", &DIGEST[..12]), "`cook` is no role"),
        (|s| s.facts.words[0].body = format!("> promote: approve {}", &DIGEST[..12]), "does not exist"),
        (|s| s.facts.words.clear(), "does not exist"),
    ];
    for (alter, part) in table {
        let mut scene = by_word();
        for login in ["bo", "eve"] {
            member(&mut scene, login, Member::No);
        }
        alter(&mut scene);
        comes_to(&scene, Standing::Broken, part);
    }
}

#[test]
fn a_review_of_the_pull_request_counts_for_its_head() {
    let mut scene = by_word();
    let word = &mut scene.facts.words[0];
    word.place.kind = WordKind::Review;
    word.state = Some("APPROVED".to_owned());
    word.commit = Some("a".repeat(40));
    word.head = Some("a".repeat(40));
    assert_eq!(scene.judge().standing, Standing::Approved);
    scene.facts.words[0].head = Some("b".repeat(40));
    comes_to(&scene, Standing::Broken, "the pull request has other commits since");
    scene.facts.words[0].head = None;
    scene.facts.words[0].commit = None;
    comes_to(&scene, Standing::Broken, "the pull request has other commits since");
    for state in ["COMMENTED", "DISMISSED", "PENDING"] {
        scene.facts.words[0].state = Some(state.to_owned());
        comes_to(&scene, Standing::Broken, state);
    }
}

#[test]
fn a_team_is_asked_for_whoever_speaks() {
    let mut scene = by_word();
    scene.facts.environments.insert("production-approval-sre".to_owned(), Protection::Missing);
    scene.facts.words.push(word("Ana", 1, &format!("promote: approve {DIGEST} as SRE")));
    comes_to(&scene, Standing::Broken, "@Ana was not looked up in acme/sre-team");
    scene.facts.run = None;
    comes_to(&scene, Standing::Unknown, "Members: read");
    member(&mut scene, "bo", Member::No);
    for (of, standing) in [
        (Member::Yes, Standing::Approved),
        (Member::No, Standing::Open),
        (Member::Unknown { why: "404; needs Members: read".to_owned() }, Standing::Unknown),
    ] {
        member(&mut scene, "ana", of);
        assert_eq!(scene.judge().standing, standing, "{}", all(&scene.judge()));
    }
}

#[test]
fn a_refusal_by_a_person_of_the_role_is_final() {
    let no = format!("promote: reject {} the load test is red", &DIGEST[..12]);
    let mut scene = approved();
    member(&mut scene, "cy", Member::No);
    scene.facts.words = vec![word("cy", 3, &no)];
    comes_to(&scene, Standing::Rejected, "@cy refused it in https://github.test/5#3: the load test is red");

    // Late, edited, by whoever started it: refusing is cheap.
    scene.facts.words[0].edited = true;
    scene.facts.words[0].at = "2026-11-20T11:00:00Z".parse().unwrap();
    scene.requested_by.push("cy".to_owned());
    assert_eq!(scene.judge().standing, Standing::Rejected);
    scene.facts.words[0].place.kind = WordKind::Review;
    scene.facts.words[0].state = Some("CHANGES_REQUESTED".to_owned());
    assert_eq!(scene.judge().standing, Standing::Rejected);
    scene.facts.words[0].state = Some("DISMISSED".to_owned());
    comes_to(&scene, Standing::Approved, "the review is DISMISSED");
}

#[test]
fn a_refusal_by_a_stranger_is_none_and_one_by_nobody_knows_whom_holds() {
    let no = format!("promote: reject {}", &DIGEST[..12]);
    let mut scene = approved();
    scene.facts.words = vec![word("eve", 9, &no)];
    member(&mut scene, "eve", Member::No);
    comes_to(&scene, Standing::Approved, "what @eve wrote does not count: they are not acme/sre-team");
    scene.facts.members.clear();
    comes_to(&scene, Standing::Unknown, "@eve refused, and whether they are in acme/sre-team could not be found out");
    scene.facts.words[0].body = format!("promote: reject {OTHER}");
    assert_eq!(scene.judge().standing, Standing::Approved, "of another plan");
}

#[test]
fn words_are_in_time_or_late() {
    let mut scene = by_word();
    scene.facts.run = None;
    scene.promotion.approvals.remove(0);
    scene.promotion.approvals[0].within = Some(Millis::mins(1));
    assert_eq!(scene.judge().standing, Standing::Approved, "the last moment counts");
    scene.facts.words[0].at = "2026-11-20T12:01:01Z".parse().unwrap();
    comes_to(&scene, Standing::Rejected, "more than 1 min after the plan");
    scene.now = "2026-11-20T12:01:00Z".parse().unwrap();
    comes_to(&scene, Standing::Open, "more than 1 min after the plan");
}

#[test]
fn the_same_person_by_word_and_by_review_is_one_person() {
    let mut scene = approved();
    scene.promotion.approvals[1].users.push("ana".to_owned());
    scene.run().reviews.pop();
    scene.facts.environments.insert("production-approval-qa".to_owned(), Protection::Missing);
    scene.facts.words = vec![word("ana", 1, &format!("promote: approve {DIGEST} as qa"))];
    let report = scene.judge();
    assert!(!report.stands());
    assert!(all(&report).contains("@ana approved this too, and stands for qa already"), "{}", all(&report));
}
