use serde_json::json;

use super::*;

fn pull() -> Pull {
    let pull = json!({
        "number": 7, "merged_at": "2026-11-21T12:00:00Z", "merge_commit_sha": "m", "user": {"id": 1, "login": "author", "type": "User"},
        "head": {"sha": "head"}, "base": {"ref": "main", "repo": {"full_name": "acme/app"}},
    });
    serde_json::from_value(pull).unwrap()
}

fn word(user: u64, state: &str, commit: &str, association: &str, kind: &str) -> Word {
    let user = (user > 0).then(|| json!({"id": user, "login": format!("u{user}"), "type": kind}));
    let word = json!({
        "user": user, "state": state, "commit_id": commit, "submitted_at": "2026-11-20T12:00:00Z", "author_association": association,
    });
    serde_json::from_value(word).unwrap()
}

fn judged(words: &[Word]) -> (u64, u64, Vec<String>, usize) {
    let (measure, taken, notes) = judge(&pull(), words);
    assert!(taken.is_some());
    let Measure::Review(review) = measure else { panic!("a review") };
    assert_eq!((review.pull_request, review.approvers.len() as u64), (Some(7), review.approved));
    (review.approved, review.changes_requested, review.approvers, notes.len())
}

#[test]
fn the_newest_word_of_each_person_counts() {
    let by = |user, state| word(user, state, "head", "MEMBER", "User");
    for (words, approved, asked) in [
        (vec![], 0, 0),
        (vec![by(2, "APPROVED")], 1, 0),
        (vec![by(2, "APPROVED"), by(2, "APPROVED")], 1, 0),
        (vec![by(2, "APPROVED"), by(3, "APPROVED")], 2, 0),
        (vec![by(2, "APPROVED"), by(2, "COMMENTED")], 1, 0),
        (vec![by(2, "APPROVED"), by(2, "CHANGES_REQUESTED")], 0, 1),
        (vec![by(2, "CHANGES_REQUESTED"), by(2, "APPROVED")], 1, 0),
        (vec![by(2, "APPROVED"), by(3, "CHANGES_REQUESTED"), by(3, "DISMISSED")], 1, 0),
        (vec![by(2, "DISMISSED")], 0, 0),
        (vec![by(2, "PENDING")], 0, 0),
    ] {
        let (is_approved, is_asked, ..) = judged(&words);
        assert_eq!((is_approved, is_asked), (approved, asked), "{words:?}");
    }
}

#[test]
fn who_does_not_count_does_not_count_in_either_way() {
    for one in [
        word(1, "APPROVED", "head", "OWNER", "User"),
        word(2, "APPROVED", "head", "NONE", "User"),
        word(2, "APPROVED", "head", "CONTRIBUTOR", "User"),
        word(2, "APPROVED", "head", "MEMBER", "Bot"),
        word(2, "CHANGES_REQUESTED", "head", "NONE", "User"),
        word(2, "APPROVED", "older", "MEMBER", "User"),
    ] {
        let noted = judged(std::slice::from_ref(&one));
        assert_eq!((noted.0, noted.1, noted.3), (0, 0, 1), "{one:?}");
    }
    assert_eq!(judged(&[word(0, "APPROVED", "head", "MEMBER", "User")]), (0, 0, Vec::new(), 0));
}
