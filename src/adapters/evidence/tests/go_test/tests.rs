use proptest::prelude::*;

use super::*;

/// Events in short: `pkg/test action`, `pkg action`, or a line as it is.
fn events(rows: &[&str]) -> String {
    let event = |row: &&str| match row.split_once(' ') {
        Some((name, action)) if name.starts_with('p') => match name.split_once('/') {
            Some((package, test)) => format!(r#"{{"Action":"{action}","Package":"{package}","Test":"{test}"}}"#),
            None => format!(r#"{{"Action":"{action}","Package":"{name}"}}"#),
        },
        _ => (*row).to_owned(),
    };
    rows.iter().map(event).collect::<Vec<_>>().join("\n")
}

type Counts = (u64, u64, u64, u64, u64, u64);

fn counts(rows: &[&str]) -> Result<(Counts, Vec<String>), Defect> {
    let mut cases = Cases::default();
    parse(Window::new(events(rows).as_bytes()), "r.json", &mut cases)?;
    let (t, _) = cases.finish()?;
    let bad = t.failures.iter().map(|bad| format!("{} | {} | {}", bad.name, bad.message, bad.at)).collect();
    Ok(((t.total, t.passed, t.failed, t.errored, t.skipped, t.flaky), bad))
}

#[test]
fn leaves_count() {
    for (rows, wanted) in [
        (vec!["p/A run", "p/A/b run", "p/A/b pass", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        (vec!["p/A run", "p/A/b run", "p/A/b fail", "p/A fail", "p fail"], (1, 0, 1, 0, 0, 0)),
        // The parent failed by itself.
        (vec!["p/A run", "p/A/b run", "p/A/b pass", "p/A fail", "p fail"], (2, 1, 1, 0, 0, 0)),
        (
            vec!["p/A run", "p/A/b run", "p/A/b skip", "p/A pass", "p pass", "p/C run", "p/C pass", "p pass"],
            (2, 1, 0, 0, 1, 0),
        ),
        // Without the events that say that a test began.
        (vec!["p/A/b/c pass", "p/A/b pass", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        // A name that holds a slash is no parent's.
        (vec!["p/A run", "p/A/b/c run", "p/A/b/c pass", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        // The same name in two packages.
        (vec!["p/A run", "pq/A run", "p/A pass", "pq/A pass", "p pass", "pq pass"], (2, 2, 0, 0, 0, 0)),
    ] {
        assert_eq!(counts(&rows).map(|(counts, _)| counts), Ok(wanted), "{rows:?}");
    }
}

#[test]
fn what_began_and_did_not_end_failed() {
    for (rows, wanted) in [
        (vec!["p/A run", "p fail"], (1, 0, 1, 0, 0, 0)),
        (vec!["p/A run", "p/A/b run", "p fail"], (1, 0, 1, 0, 0, 0)),
        (vec!["p/A run", "p/A/b run", "p/A/b pass", "p fail"], (2, 1, 1, 0, 0, 0)),
        (vec!["p/A run", "p/B run", "p/B pass", "p pass"], (2, 1, 1, 0, 0, 0)),
        // The end of a subtest is lost while its parent passed.
        (vec!["p/A run", "p/A/b run", "p/A pass", "p/B run", "p/B pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        (vec!["p/A run", "p/A/b run", "p/A fail", "p fail"], (1, 0, 1, 0, 0, 0)),
        // A benchmark has no end but its package's.
        (vec!["p/BenchmarkA run", "p/B run", "p/B pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        (vec!["p/BenchmarkA run", "p fail"], (1, 0, 1, 0, 0, 0)),
    ] {
        assert_eq!(counts(&rows).map(|(counts, _)| counts), Ok(wanted), "{rows:?}");
    }
}

#[test]
fn of_attempts_the_last_one_decides() {
    for (rows, wanted) in [
        (vec!["p/A fail", "p/A pass", "p fail"], (1, 1, 0, 0, 0, 1)),
        (vec!["p/A pass", "p/A fail", "p fail"], (1, 0, 1, 0, 0, 0)),
        (vec!["p/A fail", "p fail", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 1)),
        (vec!["p/A pass", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 0)),
        (vec!["p/A run", "p/A run", "p/A pass", "p pass"], (1, 1, 0, 0, 0, 1)),
    ] {
        assert_eq!(counts(&rows).map(|(counts, _)| counts), Ok(wanted), "{rows:?}");
    }
}

#[test]
fn a_package_that_failed_by_itself_is_an_error() {
    let build = r##"{"ImportPath":"p [p.test]","Action":"build-output","Output":"# p\n"}"##;
    let why = r#"{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:3: undefined: x\n"}"#;
    let failed = r#"{"ImportPath":"p [p.test]","Action":"build-fail"}"#;
    let end = r#"{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}"#;
    let said = r#"{"Action":"output","Package":"p","Output":"panic: no database\n"}"#;
    for (rows, message) in [
        (vec![build, why, failed, "p start", end], "p.go:3: undefined: x | r.json:5"),
        (vec![said, "p/A run", "p/A pass", "p fail"], "panic: no database | r.json:4"),
        (vec!["p fail"], "the package failed, and none of its tests did | r.json:1"),
        (vec!["FAIL\tp [build failed]", "pq/A pass", "pq pass"], "p [build failed] | r.json:1"),
    ] {
        let ((.., errored, _, _), bad) = counts(&rows).unwrap();
        assert_eq!((errored, bad), (1, vec![format!("p › (the package itself) | {message}")]), "{rows:?}");
    }
    let ((total, ..), bad) = counts(&["p/A run", "p/A fail", "p fail"]).unwrap();
    assert_eq!((total, bad.len()), (1, 1));
}

#[test]
fn says_what_is_wrong() {
    let build = r#"{"ImportPath":"p","Action":"build-fail"}"#;
    for (rows, why) in [
        (vec!["ok  \tp\t0.1s"], "it is not the output of `go test -json`: no line of it is an event"),
        (vec!["p/A run", "p/A pass"], "it is cut off: it ends at line 2, and `p` has no end"),
        (vec!["p/A pass", "p pass", "pq start"], "it is cut off: it ends at line 3, and `pq` has no end"),
        (vec!["p/A pass", "p pass", r#"{"Action":"pa"#], "it is cut off: its last line is no whole one (line 3)"),
        (vec![build], "it is cut off: it ends at line 1, and `p` has no end"),
    ] {
        assert_eq!(counts(&rows).map(|_| ()), Err(Defect::Unreadable(why.to_owned())), "{rows:?}");
    }
    assert!(matches!(counts(&["p start", "p skip"]), Err(Defect::Missing(_))));
    // What tests print between the events is theirs, whatever it looks like.
    assert!(counts(&["{ no json", "{\"a\":1}", "p/A pass", "p pass"]).is_ok());
}

proptest! {
    /// Packages run side by side: how their events are mixed does not matter.
    #[test]
    fn the_order_of_packages_does_not_matter(ends in prop::collection::vec((0u8..4, 0u8..3), 1..20), turn in any::<bool>()) {
        let words = ["pass", "fail", "skip"];
        let rows = |package: &str| -> Vec<String> {
            let tests = ends.iter().map(|(test, end)| format!("{package}/T{test} {}", words[usize::from(*end)]));
            tests.chain([format!("{package} pass")]).collect()
        };
        let (one, two) = (rows("p"), rows("pq"));
        let apart: Vec<&str> = one.iter().chain(&two).map(String::as_str).collect();
        let mixed: Vec<&str> = one.iter().zip(&two).flat_map(|(a, b)| if turn { [a.as_str(), b] } else { [b.as_str(), a] }).collect();
        let counts = |rows: &[&str]| counts(rows).map(|(counts, _)| counts);
        prop_assert_eq!(counts(&apart), counts(&mixed));
    }
}
