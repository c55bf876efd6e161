//! What `promote doctor` found, as text, Markdown and JSON.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::doctor::{Finding, Group, Health, Sign};
use crate::promotion::report::Mark;
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::{escape, words};

/// The number of the document's form.
const SCHEMA: u32 = 1;

/// A checkup: what was found, and the command to type next.
#[derive(Debug, Clone, Copy)]
pub struct Checkup<'a> {
    /// What was found, in any order.
    pub findings: &'a [Finding],
    /// What to type next.
    pub next: &'a str,
}

/// What `promote doctor --json` prints: how each thing stands that a run needs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote doctor")]
pub(super) struct Doctor<'a> {
    /// The number of the document's form.
    schema: u32,
    /// The exit code: 0 nothing fails, 3 the rules, 20 something outside.
    exit: u8,
    /// What was found, by group.
    findings: Vec<&'a Finding>,
    /// What to type next.
    next: &'a str,
}

impl<'a> Checkup<'a> {
    /// The groups that have findings, each with its own.
    fn groups(self) -> Vec<(Group, Vec<&'a Finding>)> {
        let of = |group: Group| self.findings.iter().filter(|finding| finding.group == group).collect::<Vec<_>>();
        Group::ALL.into_iter().map(|group| (group, of(group))).filter(|(_, findings)| !findings.is_empty()).collect()
    }

    /// How many of them have a mark.
    fn count(self, mark: Sign) -> usize {
        self.findings.iter().filter(|finding| finding.mark == mark).count()
    }

    /// The answer in a sentence.
    fn answer(self) -> String {
        let mut parts = Vec::new();
        for (mark, one, many) in [
            (Sign::Fail, "thing would make a run fail", "things would make a run fail"),
            (Sign::Unknown, "could not be found out", "could not be found out"),
            (Sign::Warn, "warning", "warnings"),
        ] {
            if self.count(mark) > 0 {
                parts.push(words::counted(self.count(mark), one, many));
            }
        }
        if self.count(Sign::Fail) == 0 {
            parts.insert(0, "nothing found that would make a run fail".to_owned());
        }
        format!("{}; nothing was changed", parts.join(", "))
    }
}

/// As a gate's mark: the same signs everywhere.
fn mark(mark: Sign) -> Mark {
    match mark {
        Sign::Ok => Mark::Pass,
        Sign::Warn => Mark::Warn,
        Sign::Fail => Mark::Fail,
        Sign::Unknown => Mark::Unknown,
    }
}

/// The findings for a terminal: `✓ what: seen`, with what to do below.
pub fn text(checkup: Checkup<'_>, style: Style) -> String {
    let mut out = String::new();
    for (group, findings) in checkup.groups() {
        let _ = writeln!(out, "{}", style.strong(group.title()));
        for finding in findings {
            let mut seen = finding.seen.lines();
            let first = format!("{}: {}", escape::line(&finding.what), escape::line(seen.next().unwrap_or_default()));
            let mut lines = words::wrapped("  ", 4, &first, COLUMNS - 2);
            lines[0] = format!("{} {}", style.mark(mark(finding.mark)), lines[0].trim_start());
            for more in seen {
                lines.extend(words::wrapped("    ", 6, &escape::line(more), COLUMNS));
            }
            for hint in finding.hint.iter().flat_map(|hint| hint.lines()) {
                lines.extend(words::wrapped("    → ", 6, &escape::line(hint), COLUMNS));
            }
            let _ = writeln!(out, "{}", lines.join("\n"));
        }
        out.push('\n');
    }
    let answer = checkup.answer();
    let mut first = answer.chars();
    let answer: String = first.next().into_iter().flat_map(char::to_uppercase).chain(first).collect();
    let _ = writeln!(out, "{}", words::wrapped("", 2, &format!("{answer}."), COLUMNS).join("\n"));
    let _ = writeln!(out, "{}", words::wrapped("  → ", 4, &escape::line(checkup.next), COLUMNS).join("\n"));
    let _ = writeln!(out, "exit {}", Health::of(checkup.findings).exit_code());
    out
}

/// The findings as Markdown, for a job summary.
pub fn markdown(checkup: Checkup<'_>) -> String {
    let mut out =
        format!("**promote doctor**: {}.\n\n| | what | seen | to do |\n|---|---|---|---|\n", checkup.answer());
    for (group, findings) in checkup.groups() {
        for finding in findings {
            let cell = |text: &str| text.lines().map(escape::markdown).collect::<Vec<_>>().join("<br>");
            let _ = writeln!(
                out,
                "| {} | {}: {} | {} | {} |",
                sign(mark(finding.mark)),
                group.title(),
                cell(&finding.what),
                cell(&finding.seen),
                cell(finding.hint.as_deref().unwrap_or_default())
            );
        }
    }
    let _ = writeln!(out, "\nNext: {}", escape::code(checkup.next));
    out
}

/// The findings as a document.
pub fn json(checkup: Checkup<'_>) -> String {
    let document = Doctor {
        schema: SCHEMA,
        exit: Health::of(checkup.findings).exit_code(),
        findings: checkup.groups().into_iter().flat_map(|(_, findings)| findings).collect(),
        next: checkup.next,
    };
    escape::json(&format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::table::width;

    fn findings() -> Vec<Finding> {
        vec![
            Finding::new(Group::Evidence, Sign::Warn, "unit", "nothing matches artifacts/unit/*.xml")
                .hint("put it there before a promotion"),
            Finding::new(Group::Gitops, Sign::Ok, "dev", "pins app 1.20 (k8s/overlays/dev on main)"),
            Finding::new(
                Group::Gitops,
                Sign::Fail,
                "push to main",
                "the server refuses: 403\u{1b}[2J | <b> and a long line that has to be broken somewhere, I think\nseen twice",
            )
            .hint("set GITOPS_TOKEN"),
            Finding::new(Group::Github, Sign::Unknown, "environment production", "the token may not read it"),
        ]
    }

    #[test]
    fn each_finding_is_said_with_what_to_do() {
        let findings = findings();
        let checkup = Checkup { findings: &findings, next: "promote doctor" };
        let shown = text(checkup, Style::PLAIN);
        insta::assert_snapshot!(shown, @r#"
            GitOps repository
            ✓ dev: pins app 1.20 (k8s/overlays/dev on main)
            ✗ push to main: the server refuses: 403\x1b[2J | <b> and a long line that has
                to be broken somewhere, I think
                seen twice
                → set GITOPS_TOKEN

            GitHub
            ? environment production: the token may not read it

            Evidence
            ! unit: nothing matches artifacts/unit/*.xml
                → put it there before a promotion

            1 thing would make a run fail, 1 could not be found out, 1 warning; nothing was
              changed.
              → promote doctor
            exit 20
        "#);
        assert!(shown.lines().all(|line| width(line) <= COLUMNS), "{shown}");
        let colored = text(checkup, Style { color: true });
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), shown);
    }

    #[test]
    fn markdown_and_json_say_the_same_and_break_nothing() {
        let findings = findings();
        let checkup = Checkup { findings: &findings, next: "promote doctor" };
        let page = markdown(checkup);
        assert!(!page.contains("<b>") && !page.contains('\u{1b}'), "{page}");
        let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
        assert_eq!(rows.count(), findings.len(), "{page}");
        let document: serde_json::Value = serde_json::from_str(&json(checkup)).unwrap();
        assert_eq!((&document["exit"], &document["findings"][0]["group"]), (&20.into(), &"gitops".into()));
        assert_eq!(document["findings"].as_array().map(Vec::len), Some(4));
    }
}
