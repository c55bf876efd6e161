use serde_json::{Value, json};

use super::*;

const SHA: &str = "1111111111111111111111111111111111111111";
const WANTED: Wanted<'_> = Wanted { workflow: ".github/workflows/ci.yml", event: "push", branch: Some("main") };

fn run(id: u64, minute: u64, conclusion: Option<&str>, change: Value) -> Run {
    let time = format!("2026-11-21T12:{minute:02}:00Z");
    let mut run = json!({
        "id": id, "path": ".github/workflows/ci.yml", "event": "push", "head_branch": "main", "head_sha": SHA,
        "status": if conclusion.is_some() { "completed" } else { "in_progress" }, "conclusion": conclusion,
        "run_number": id, "run_attempt": 1, "created_at": time, "updated_at": time, "run_started_at": time,
        "check_suite_id": id, "repository": {"id": 1}, "head_repository": {"id": 1},
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        run[key] = value.clone();
    }
    serde_json::from_value(run).unwrap()
}

fn chosen(runs: &[Run]) -> Result<u64, No> {
    choose(runs, &WANTED, "main", SHA).map(|run| run.id)
}

#[test]
fn the_newest_completed_run_speaks_never_the_newest_green_one() {
    let none = || json!({});
    let (ok, bad) = (Some("success"), Some("failure"));
    for (runs, wanted) in [
        (vec![run(1, 1, ok, none()), run(2, 2, bad, none())], 2),
        (vec![run(2, 2, bad, none()), run(1, 1, ok, none())], 2),
        (vec![run(1, 1, bad, none()), run(2, 2, ok, none())], 2),
        // The first run was started again after the second.
        (vec![run(1, 9, bad, json!({"run_attempt": 2})), run(2, 2, ok, none())], 1),
        // What began earlier and goes on does not change what came after it.
        (vec![run(1, 1, None, none()), run(2, 2, ok, none())], 2),
        // A path may name the ref that it was taken from.
        (vec![run(1, 1, ok, json!({"path": ".github/workflows/ci.yml@refs/heads/main"}))], 1),
        // What does not fit is passed over, however new it is.
        (vec![run(1, 1, bad, none()), run(2, 2, ok, json!({"event": "workflow_dispatch"}))], 1),
        (vec![run(1, 1, bad, none()), run(2, 2, ok, json!({"head_repository": {"id": 9}}))], 1),
        (vec![run(1, 1, bad, none()), run(2, 2, ok, json!({"head_branch": "other"}))], 1),
        (vec![run(1, 1, bad, none()), run(2, 2, ok, json!({"path": ".github/workflows/other.yml"}))], 1),
    ] {
        assert_eq!(chosen(&runs), Ok(wanted), "{runs:?}");
    }
}

#[test]
fn a_run_that_goes_on_is_waited_for() {
    let runs = [run(1, 1, Some("success"), json!({})), run(2, 2, None, json!({"run_attempt": 3}))];
    let why =
        "run 2 of .github/workflows/ci.yml (attempt 3) is still running (in progress): its reports are not whole yet";
    assert_eq!(chosen(&runs), Err(No::Unreadable(why.to_owned())));
    assert!(matches!(chosen(&runs[1..]), Err(No::Unreadable(_))));
}

#[test]
fn what_is_there_instead_is_named() {
    let ok = Some("success");
    for (runs, says) in [
        (vec![], "no workflow ran for it"),
        (
            vec![run(3, 1, ok, json!({"path": ".github/workflows/x.yml"}))],
            "run 3 of .github/workflows/x.yml, which is another workflow",
        ),
        (
            vec![run(3, 1, ok, json!({"event": "pull_request"}))],
            "run 3 of .github/workflows/ci.yml, which pull_request started",
        ),
        (vec![run(3, 1, ok, json!({"head_repository": {"id": 2}}))], "which ran for a fork"),
        (vec![run(3, 1, ok, json!({"head_repository": null}))], "which ran for a fork"),
        (vec![run(3, 1, ok, json!({"head_branch": "v1"}))], "which is of v1"),
        (vec![run(3, 1, ok, json!({"head_branch": null}))], "which is of no branch"),
    ] {
        let Err(No::Missing(why)) = chosen(&runs) else { panic!("{says}") };
        assert!(why.starts_with("no run of .github/workflows/ci.yml on push of main is known for 1111111"), "{why}");
        assert!(why.contains(says), "{why}");
    }
}
