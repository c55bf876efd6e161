use serde_json::json;

use super::*;

const SHA: &str = "1111111111111111111111111111111111111111";

fn analysis(tool: &str, sha: &str, minute: u64, error: &str) -> Analysis {
    let one = json!({
        "commit_sha": sha, "created_at": format!("2026-11-21T12:{minute:02}:00Z"), "category": "", "error": error,
        "tool": {"name": tool},
    });
    serde_json::from_value(one).unwrap()
}

#[test]
fn every_tool_must_have_scanned_the_commit() {
    let codeql = |sha: &str, minute| analysis("CodeQL", sha, minute, "");
    let trivy = |sha: &str, minute| analysis("Trivy", sha, minute, "");
    let at = |minute: u64| format!("2026-11-21T12:{minute:02}:00Z").parse::<Time>().unwrap();
    assert_eq!(scanned(&[codeql(SHA, 5)], SHA, "main"), Ok(Scanned { at: at(5), is_newest: true }));
    assert_eq!(scanned(&[trivy(SHA, 7), codeql(SHA, 5)], SHA, "main"), Ok(Scanned { at: at(5), is_newest: true }));
    assert_eq!(
        scanned(&[codeql("2", 9), codeql(SHA, 5)], SHA, "main"),
        Ok(Scanned { at: at(5), is_newest: false }),
        "a later commit was scanned since"
    );
    for (analyses, says) in [
        (vec![], "main was never scanned"),
        (vec![codeql("2", 9)], "CodeQL did not scan 1111111 on main"),
        (vec![codeql(SHA, 9), trivy("2", 5)], "Trivy did not scan 1111111 on main"),
    ] {
        let Err(No::Missing(why)) = scanned(&analyses, SHA, "main") else { panic!("{says}") };
        assert!(why.contains(says), "{why}");
    }
    let broken = scanned(&[analysis("CodeQL", SHA, 5, "out of memory")], SHA, "main");
    assert_eq!(broken, Err(No::Unreadable("the scan of 1111111 by CodeQL failed: out of memory".to_owned())));
}

#[test]
fn severities_are_those_of_the_rule() {
    for (level, severity, wanted) in [
        (Some("critical"), Some("note"), "critical"),
        (Some("low"), Some("error"), "low"),
        (None, Some("error"), "high"),
        (None, Some("warning"), "medium"),
        (None, Some("note"), "low"),
        (None, Some("none"), "info"),
        (None, None, ""),
    ] {
        let of = json!({
            "rule": {"id": "r", "severity": severity, "security_severity_level": level, "description": "d"},
            "tool": {"name": "CodeQL"},
            "most_recent_instance": {"location": {"path": "a.rs", "start_line": 3}},
        });
        let found = alert(serde_json::from_value(of).unwrap());
        assert_eq!((found.severity.as_str(), found.at.as_str()), (wanted, "a.rs:3"));
    }
}
