//! What holds of every judgement, whatever was read.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::scene::{DIGEST, Scene, approved, leg, review, role, user};
use crate::promotion::approvals::facts::Reviewer;
use crate::promotion::approvals::report::Standing;

const PEOPLE: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];

/// Roles over six people, each with an environment, and reviews by them and by two strangers.
fn scene(roles: &[Vec<usize>], reviews: &[(usize, Vec<u64>)], same_person: bool) -> Scene {
    let mut scene = approved();
    scene.promotion.same_person = same_person;
    scene.promotion.approvals.clear();
    for (n, people) in roles.iter().enumerate() {
        let named: Vec<&str> = people.iter().map(|p| PEOPLE[*p]).collect();
        scene.promotion.approvals.push(role(&format!("r{n}"), None, &named));
        let reviewers = people.iter().map(|p| Reviewer::User(user(PEOPLE[*p], 100 + *p as u64))).collect();
        scene.environment(&format!("production-approval-r{n}"), n as u64, reviewers);
        scene.job(&leg(&format!("r{n}"), DIGEST), 1, "completed", Some("success"));
    }
    let login = |p: usize| PEOPLE.get(p).copied().unwrap_or("stranger");
    scene.run().reviews = reviews.iter().map(|(p, envs)| review(login(*p), 100 + *p as u64, envs)).collect();
    scene
}

fn roles() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let role = proptest::collection::btree_set(0usize..6, 1..=6).prop_map(|people| people.into_iter().collect());
    proptest::collection::vec(role, 1..=6)
}

fn reviews(people: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(usize, Vec<u64>)>> {
    proptest::collection::vec((people, proptest::collection::vec(0u64..6, 1..=6)), 0..10)
}

/// Whether each role can have a person of its own, by trying everything.
fn brute(candidates: &[BTreeSet<usize>], used: &mut BTreeSet<usize>) -> bool {
    let Some((first, rest)) = candidates.split_first() else { return true };
    first.iter().any(|person| {
        let fits = used.insert(*person);
        let all = fits && brute(rest, used);
        if fits {
            used.remove(person);
        }
        all
    })
}

fn candidates(roles: &[Vec<usize>], reviews: &[(usize, Vec<u64>)]) -> Vec<BTreeSet<usize>> {
    let of = |n: usize, people: &Vec<usize>| {
        let here = reviews.iter().filter(|(person, envs)| people.contains(person) && envs.contains(&(n as u64)));
        here.map(|(person, _)| *person).collect()
    };
    roles.iter().enumerate().map(|(n, people)| of(n, people)).collect()
}

proptest! {
    #[test]
    fn it_approves_exactly_what_trying_everything_does(roles in roles(), reviews in reviews(0..8), same in any::<bool>()) {
        let report = scene(&roles, &reviews, same).judge();
        let candidates = candidates(&roles, &reviews);
        let expected =
            if same { candidates.iter().all(|of| !of.is_empty()) } else { brute(&candidates, &mut BTreeSet::new()) };
        prop_assert_eq!(report.stands(), expected);
        if !same {
            let given: Vec<&String> = report.roles.iter().flat_map(|row| &row.given).map(|given| &given.login).collect();
            let distinct: BTreeSet<&String> = given.iter().copied().collect();
            prop_assert_eq!(distinct.len(), given.len());
        }
    }

    #[test]
    fn strangers_never_approve(roles in roles(), reviews in reviews(6..8)) {
        prop_assert_eq!(scene(&roles, &reviews, true).judge().standing, Standing::Open);
    }

    #[test]
    fn taking_a_review_away_never_approves(roles in roles(), reviews in reviews(0..8), at in any::<prop::sample::Index>()) {
        prop_assume!(!reviews.is_empty());
        let mut fewer = reviews.clone();
        fewer.remove(at.index(reviews.len()));
        let (before, after) = (scene(&roles, &reviews, false).judge(), scene(&roles, &fewer, false).judge());
        prop_assert!(before.stands() || !after.stands());
    }

    #[test]
    fn order_changes_nothing(roles in roles(), reviews in reviews(0..8), turn in 0usize..6) {
        let mut scene = scene(&roles, &reviews, false);
        let before = scene.judge();
        scene.run().reviews.reverse();
        scene.run().jobs.reverse();
        prop_assert_eq!(&scene.judge(), &before);
        let count = scene.promotion.approvals.len();
        scene.promotion.approvals.rotate_left(turn % count);
        let mut after = scene.judge();
        after.roles.rotate_right(turn % count);
        prop_assert_eq!(&after, &before);
    }
}
