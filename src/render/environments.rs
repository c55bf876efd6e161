//! A repository's environments next to what the rules want, in words.

use serde_json::{Value, json};

use crate::promotion::approvals::environments::{Asked, Difference, Standing};
use crate::promotion::approvals::survey::{Purpose, Row, Survey};
use crate::render::escape;
use crate::render::style::{COLUMNS, Style, word};
use crate::render::words::{counted, wrapped};

/// What the plans of GitHub have to do with it.
const PLAN: &str = "required reviewers of private repositories come with GitHub's Enterprise plan only; without it let roles \
                    approve by a comment: promote approve";

/// Every environment with how it differs, and what is left alone.
pub fn text(survey: &Survey, style: Style) -> String {
    let (repository, branch) = (escape::line(&survey.repository), escape::line(&survey.default_branch));
    let mut lines =
        vec![style.strong(&format!("Environments of {repository}, default branch {branch}")), String::new()];
    if survey.rows.is_empty() {
        lines.push("The rules promote nothing.".to_owned());
    }
    for row in &survey.rows {
        let heading = format!("{}: {}", escape::line(&row.name), escape::line(&purpose(row)));
        let mut heading = wrapped("", 4, &heading, COLUMNS - 2);
        heading[0] = format!("{} {}", style.mark(row.mark()), heading[0]);
        lines.extend(heading);
        for line in below(survey, row) {
            lines.extend(wrapped("    ", 6, &escape::line(&line), COLUMNS));
        }
    }
    if !survey.others.is_empty() {
        lines.push(String::new());
        let others = format!("Left alone, the rules do not name them: {}", survey.others.join(", "));
        lines.extend(wrapped("", 2, &escape::line(&others), COLUMNS));
    }
    if survey.plan_in_doubt() {
        lines.push(String::new());
        lines.extend(wrapped("", 2, &format!("{repository} is private: {PLAN}"), COLUMNS));
    }
    lines.join("\n") + "\n"
}

fn purpose(row: &Row) -> String {
    match &row.purpose {
        Purpose::Asks { roles, .. } => format!("asks {}", roles.join(", ")),
        Purpose::Target { .. } => "is promoted to".to_owned(),
    }
}

fn below(survey: &Survey, row: &Row) -> Vec<String> {
    let branch = &survey.default_branch;
    match (&row.standing, &row.purpose) {
        (Standing::Sound, _) => Vec::new(),
        (Standing::Unknown(why), _) => vec![why.clone()],
        (Standing::Differs(differences), Purpose::Asks { reviewers, .. }) => {
            let mut lines: Vec<String> = differences.iter().map(|difference| difference.words(branch)).collect();
            if differences.contains(&Difference::Missing) {
                let people: Vec<String> = reviewers.iter().map(Asked::to_string).collect();
                lines.push(format!("reviewers: {}", people.join(" ")));
                lines.push(format!("branches: {branch}"));
            }
            lines
        }
        (Standing::Differs(differences), Purpose::Target { .. }) => differences
            .iter()
            .map(|difference| match difference {
                Difference::Missing => {
                    format!("missing; the first job that names it creates it open to every branch: make it, for {branch} only")
                }
                Difference::AnyBranch => {
                    format!("any branch may use it, and so read its secrets: open it to {branch} only")
                }
                other => other.words(branch),
            })
            .collect(),
    }
}

/// What a check found, in a sentence.
pub fn found(survey: &Survey) -> String {
    let sound = survey.rows.iter().filter(|row| row.standing == Standing::Sound).count();
    let all = survey.rows.len();
    if sound == all {
        return format!("{} as the rules want.", counted(all, "environment is", "environments are"));
    }
    format!("{sound} of {} as the rules want.", counted(all, "environment is", "environments are"))
}

/// The same for programs.
pub fn document(survey: &Survey, written: &[String]) -> String {
    let rows: Vec<Value> = survey
        .rows
        .iter()
        .map(|row| {
            let for_what = match &row.purpose {
                Purpose::Asks { roles, .. } => json!(roles),
                Purpose::Target { .. } => json!([]),
            };
            let target = matches!(row.purpose, Purpose::Target { .. });
            json!({"name": row.name, "target": target, "asks": for_what, "mark": word(row.mark()), "because": below(survey, row)})
        })
        .collect();
    let document = json!({
        "repository": survey.repository,
        "default_branch": survey.default_branch,
        "private": survey.private,
        "environments": rows,
        "others": survey.others,
        "written": written,
    });
    escape::json(&format!("{document:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, purpose: Purpose, standing: Standing) -> Row {
        Row { name: name.to_owned(), purpose, standing }
    }

    fn asks(role: &str) -> Purpose {
        Purpose::Asks {
            roles: vec![role.to_owned()],
            reviewers: vec![Asked::Team { org: "acme".to_owned(), slug: "sre-team".to_owned() }],
            wait_minutes: 0,
            protected_branches: false,
        }
    }

    fn survey() -> Survey {
        let reviewers = Difference::Reviewers {
            gone: vec!["@dan".to_owned()],
            new: vec!["acme/qa-team".to_owned()],
            nobody: false,
        };
        Survey {
            repository: "acme/app".to_owned(),
            default_branch: "main".to_owned(),
            private: true,
            rows: vec![
                row(
                    "production-approval-sre",
                    asks("sre for production"),
                    Standing::Differs(vec![Difference::Missing]),
                ),
                row(
                    "production-approval-qa",
                    asks("qa for production"),
                    Standing::Differs(vec![reviewers, Difference::AdminsBypass]),
                ),
                row(
                    "staging-approval-qa",
                    asks("qa for staging"),
                    Standing::Unknown("GET /x → 403\u{1b}[2J".to_owned()),
                ),
                row("production", Purpose::Target { guarded: true }, Standing::Sound),
                row("staging", Purpose::Target { guarded: false }, Standing::Differs(vec![Difference::AnyBranch])),
            ],
            others: vec!["github-pages".to_owned()],
        }
    }

    #[test]
    fn a_difference_reads_as_what_is_and_what_shall_be() {
        insta::assert_snapshot!(text(&survey(), Style::PLAIN), @r"
        Environments of acme/app, default branch main

        ✗ production-approval-sre: asks sre for production
            missing → create
            reviewers: acme/sre-team
            branches: main
        ✗ production-approval-qa: asks qa for production
            reviewers: - @dan + acme/qa-team
            administrators may go on without a review → may not
        ? staging-approval-qa: asks qa for staging
            GET /x → 403\x1b[2J
        ✓ production: is promoted to
        ! staging: is promoted to
            any branch may use it, and so read its secrets: open it to main only

        Left alone, the rules do not name them: github-pages

        acme/app is private: required reviewers of private repositories come with
          GitHub's Enterprise plan only; without it let roles approve by a comment:
          promote approve
        ");
    }

    #[test]
    fn a_check_is_summed_up() {
        assert_eq!(found(&survey()), "1 of 5 environments are as the rules want.");
        let sound =
            Survey { rows: survey().rows.into_iter().filter(|r| r.standing == Standing::Sound).collect(), ..survey() };
        assert_eq!(found(&sound), "1 environment is as the rules want.");
    }

    #[test]
    fn programs_are_told_the_same() {
        let document: Value = serde_json::from_str(&document(&survey(), &["x".to_owned()])).unwrap();
        assert_eq!(document["environments"][1]["because"][0], "reviewers: - @dan + acme/qa-team");
        assert_eq!(document["environments"][4]["mark"], "warn");
        assert_eq!(document["environments"][3]["target"], true);
        assert_eq!(document["written"], json!(["x"]));
    }
}
