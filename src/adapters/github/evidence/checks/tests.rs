use serde_json::json;

use super::*;

fn check(name: &str, end: Option<&str>) -> Check {
    let at = end.map(|_| "2026-11-21T12:00:00Z".parse().unwrap());
    Check { name: name.to_owned(), end: end.map(str::to_owned), at, url: String::new() }
}

fn counts(all: Vec<Check>, ignore: &[&str]) -> Result<(u64, u64, u64, u64, u64), No> {
    let ignore: Vec<String> = ignore.iter().map(|&name| name.to_owned()).collect();
    let (measure, ..) = judge(all, &ignore)?;
    let Measure::Checks(checks) = measure else { panic!("checks") };
    assert_eq!(checks.worst.len() as u64, checks.failed + checks.pending);
    Ok((checks.total, checks.green, checks.pending, checks.failed, checks.ignored))
}

#[test]
fn only_success_neutral_and_skipped_are_green() {
    for (end, wanted) in [
        (Some("success"), (2, 2, 0, 0, 0)),
        (Some("neutral"), (2, 2, 0, 0, 0)),
        (Some("skipped"), (2, 2, 0, 0, 0)),
        (None, (2, 1, 1, 0, 0)),
        (Some("failure"), (2, 1, 0, 1, 0)),
        (Some("error"), (2, 1, 0, 1, 0)),
        (Some("cancelled"), (2, 1, 0, 1, 0)),
        (Some("timed_out"), (2, 1, 0, 1, 0)),
        (Some("action_required"), (2, 1, 0, 1, 0)),
        (Some("stale"), (2, 1, 0, 1, 0)),
        (Some("startup_failure"), (2, 1, 0, 1, 0)),
        (Some("something new"), (2, 1, 0, 1, 0)),
    ] {
        assert_eq!(counts(vec![check("a", end), check("b", Some("success"))], &[]), Ok(wanted), "{end:?}");
    }
}

#[test]
fn absence_is_not_green() {
    let missing = |all, ignore: &[&str]| match counts(all, ignore) {
        Err(No::Missing(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(vec![], &[]), "no checks ran for this commit: absence is not green");
    let ignored = missing(vec![check("lint (a)", Some("failure"))], &["lint (*)"]);
    assert_eq!(ignored, "no checks ran for this commit but 1 that the rules ignore: absence is not green");
    let skipped = missing(vec![check("a", Some("skipped")), check("b", Some("neutral"))], &[]);
    assert_eq!(skipped, "every check of this commit was skipped: absence is not green");
}

#[test]
fn what_is_ignored_is_counted_apart() {
    let all = vec![check("lint", Some("failure")), check("unit", Some("success"))];
    assert_eq!(counts(all, &["lint"]), Ok((1, 1, 0, 0, 1)));
}

fn run(id: u64, name: &str, suite: u64, conclusion: &str) -> CheckRun {
    let run = json!({
        "id": id, "name": name, "status": "completed", "conclusion": conclusion, "started_at": "2026-11-21T12:00:00Z",
        "completed_at": "2026-11-21T12:00:00Z", "html_url": null, "app": {"id": 15368, "slug": "github-actions"},
        "check_suite": {"id": suite},
    });
    serde_json::from_value(run).unwrap()
}

#[test]
fn a_newer_run_takes_the_place_of_an_older_one_of_the_same_workflow_only() {
    let twice = || vec![run(1, "build", 10, "failure"), run(2, "build", 20, "success")];
    let workflows = |of_10: &str, of_20: &str| BTreeMap::from([(10, of_10.to_owned()), (20, of_20.to_owned())]);
    let ids = |runs: Vec<CheckRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert!(is_ambiguous(&twice()));
    assert_eq!(ids(newest(twice(), &workflows("ci.yml", "ci.yml"))), [2]);
    assert_eq!(ids(newest(twice(), &workflows("ci.yml", "other.yml"))), [1, 2]);
    assert!(!is_ambiguous(&[run(1, "build", 10, "failure"), run(2, "test", 20, "success")]));
    assert!(!is_ambiguous(&[run(1, "build", 10, "failure"), run(2, "build", 10, "success")]));
}
