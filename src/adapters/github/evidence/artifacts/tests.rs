use serde_json::{Value, json};

use super::*;

fn run(attempt: u64, conclusion: &str) -> Run {
    let run = json!({
        "id": 1, "path": ".github/workflows/ci.yml", "event": "push", "head_branch": "main", "head_sha": "1".repeat(40),
        "status": "completed", "conclusion": conclusion, "run_number": 12, "run_attempt": attempt,
        "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:30:00Z",
        "run_started_at": "2026-11-21T12:20:00Z", "repository": {"id": 1}, "head_repository": {"id": 1},
    });
    serde_json::from_value(run).unwrap()
}

fn listed(id: u64, name: &str, minute: u64, change: Value) -> Listed {
    let mut one = json!({
        "id": id, "name": name, "size_in_bytes": 100, "expired": false,
        "created_at": format!("2026-11-21T12:{minute:02}:00Z"), "expires_at": "2027-02-19T12:00:00Z",
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        one[key] = value.clone();
    }
    serde_json::from_value(one).unwrap()
}

#[test]
fn a_star_is_any_characters() {
    for (pattern, name, wanted) in [
        ("unit", "unit", true),
        ("unit", "unit-2", false),
        ("unit*", "unit", true),
        ("unit-*", "unit-linux", true),
        ("*-reports", "unit-reports", true),
        ("u*t*s", "unit-tests", true),
        ("u*t*s", "unit", false),
        ("*", "anything", true),
        ("a*a", "a", false),
        ("[a]", "a", false),
        ("build (*)", "build (linux, 1.95)", true),
    ] {
        assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
    }
}

#[test]
fn the_newest_of_each_name_is_taken() {
    let all = vec![
        listed(1, "unit-a", 21, json!({})),
        listed(3, "unit-a", 23, json!({})),
        listed(2, "unit-b", 22, json!({})),
        listed(4, "logs", 24, json!({})),
    ];
    let (chosen, notes) = choose(all, "unit-*", &run(1, "failure")).unwrap();
    assert_eq!(chosen.iter().map(|one| one.id).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(notes, ["run 12 of .github/workflows/ci.yml ended with failure"]);
}

#[test]
fn what_is_not_there_says_what_is() {
    let why = |all: Vec<Listed>, run: Run| match choose(all, "unit", &run) {
        Err(No::Missing(why)) => why,
        other => panic!("{other:?}"),
    };
    let none = why(vec![], run(1, "cancelled"));
    assert_eq!(
        none,
        "run 12 of .github/workflows/ci.yml ended with cancelled and has no artifact unit; it has none at all"
    );
    let other = why(vec![listed(1, "units", 21, json!({}))], run(1, "success"));
    assert!(other.ends_with("has no artifact unit; it has units"), "{other}");
    let expired = why(vec![listed(1, "unit", 21, json!({"expired": true}))], run(1, "success"));
    assert!(expired.contains("has expired at 2027-02-19T12:00:00Z: let the workflow run again"), "{expired}");
}

#[test]
fn an_earlier_attempts_artifact_is_not_taken_for_that_of_an_attempt_that_failed() {
    let early = || vec![listed(1, "unit", 5, json!({}))];
    let Err(No::Missing(why)) = choose(early(), "unit", &run(2, "failure")) else { panic!("taken") };
    assert!(why.contains("is of an earlier attempt: run all jobs again"), "{why}");
    // Only its failed jobs ran again, and now all have succeeded.
    let (chosen, notes) = choose(early(), "unit", &run(2, "success")).unwrap();
    assert_eq!((chosen.len(), notes.len()), (1, 1));
    assert!(choose(vec![listed(1, "unit", 25, json!({}))], "unit", &run(2, "failure")).is_ok());
}

#[test]
fn too_much_is_refused() {
    let large = vec![listed(1, "unit", 21, json!({"size_in_bytes": 300 << 20}))];
    let Err(No::Unreadable(why)) = choose(large, "unit", &run(1, "success")) else { panic!("taken") };
    assert_eq!(why, "unit is 1 artifacts of 300 MiB; at most 100 of 256 MiB are read");
    let many = (0..101).map(|n| listed(n, &format!("u{n}"), 21, json!({}))).collect();
    assert!(matches!(choose(many, "u*", &run(1, "success")), Err(No::Unreadable(_))));
}
