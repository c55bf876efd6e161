//! What the reports of scanners say beside their counts: notes, tools, and the words of their findings.

use std::path::Path;

use super::*;
use crate::promotion::measures::Findings;

fn read(format: Format, name: &str) -> (About, Findings) {
    let path = Path::new("fixtures/evidence").join(format.name()).join(name);
    let bytes = std::fs::read(&path).unwrap();
    let mut found = Found::default();
    let about = parse(format, Window::new(bytes.as_slice()), "report.json", &mut found).unwrap();
    (about, found.finish().unwrap().0)
}

#[test]
fn reports_say_what_was_left_out_and_who_made_them() {
    for (format, name, tool, note) in [
        (Format::Bandit, "high-only.json", "Bandit", Some("Bandit found 8 more than it lists: it ran with a level")),
        (Format::Bandit, "findings.json", "Bandit", None),
        (
            Format::Semgrep,
            "partly-parsed.json",
            "Semgrep 1.84.1",
            Some("Semgrep reports 1 warning (a.py: Syntax error at line a.py:3:): the scan may be incomplete"),
        ),
        (Format::Semgrep, "findings.json", "Semgrep 1.182.0", None),
        (
            Format::CargoAudit,
            "clean-but-ignored.json",
            "cargo-audit",
            Some("cargo audit was told to ignore RUSTSEC-2020-0071"),
        ),
        (
            Format::PipAudit,
            "editable.json",
            "pip-audit",
            Some("pip-audit was told to leave out 1 package (app: distribution marked as editable)"),
        ),
        (Format::NpmAudit, "npm10.json", "npm audit", None),
        (Format::Gitleaks, "leaks.json", "Gitleaks", None),
        (Format::Checkov, "many-frameworks.json", "Checkov 3.3.30", None),
    ] {
        let (about, _) = read(format, name);
        let made: Vec<String> = about
            .tools
            .iter()
            .map(|tool| {
                [Some(&tool.name), tool.version.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(made, [tool], "{name}");
        assert_eq!(
            about.notes.iter().map(String::as_str).collect::<Vec<_>>(),
            note.into_iter().collect::<Vec<_>>(),
            "{name}"
        );
    }
}

#[test]
fn findings_are_shown_by_id_words_and_place() {
    for (format, name, wanted) in [
        (
            Format::NpmAudit,
            "npm10.json",
            "GHSA-9vvw-cc9w-f27h | Something wrong in debug (<2.6.9) | debug (npm, node_modules/debug)",
        ),
        (Format::NpmAudit, "npm6.json", "CVE-2017-16042 | Something wrong in growl | growl@1.9.2 (npm, mocha>growl)"),
        (Format::PipAudit, "findings.json", "CVE-2019-10906 | fixed in 3.7.4 | Jinja2@2.10 (pypi)"),
        (Format::CargoAudit, "findings.json", "RUSTSEC-2021-0001 | XSS | mdbook@0.4.4 (cargo, Cargo.lock)"),
        (Format::Bandit, "strange.json", "B102 |  | a.py:3"),
        (Format::Semgrep, "ignored.json", "b | do not | src/db.py:2"),
        (
            Format::Checkov,
            "severities.json",
            "CVE-2020-1 | Ensure requirements.txt.django | django@1.2 (python, main.tf)",
        ),
    ] {
        let (_, findings) = read(format, name);
        let worst: Vec<String> =
            findings.worst.iter().map(|one| format!("{} | {} | {}", one.name, one.message, one.at)).collect();
        assert!(worst.contains(&wanted.to_owned()), "{name}: {worst:#?}");
    }
}

#[test]
fn two_scanners_of_one_package_report_one_finding() {
    let mut found = Found::default();
    let npm = r#"{"auditReportVersion":2,"metadata":{},"vulnerabilities":{"debug":{"via":[
        {"source":1,"name":"debug","url":"https://github.com/advisories/GHSA-a-b-c","severity":"low"}]}}}"#;
    let pnpm = r#"{"metadata":{},"advisories":{"1":{"module_name":"debug","severity":"high","cves":["CVE-1"],
        "github_advisory_id":"GHSA-a-b-c","findings":[{"version":"2.6.8","paths":["debug"]}]}}}"#;
    for text in [npm, pnpm] {
        parse(Format::NpmAudit, Window::new(text.as_bytes()), "p", &mut found).unwrap();
    }
    let findings = found.finish().unwrap().0;
    assert_eq!((findings.high, findings.low), (1, 0));
}

#[test]
fn secrets_are_never_shown() {
    for name in ["leaks.json", "no-rule.json", "version-7.json"] {
        let (about, findings) = read(Format::Gitleaks, name);
        let shown = format!("{about:?} {findings:?}");
        assert!(!findings.worst.is_empty() && !shown.contains("SECRET-WORDS"), "{shown}");
    }
}
