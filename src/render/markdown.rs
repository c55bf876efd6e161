//! The job summary: the answer first, the path with the place that the version is at, then the table, the diff, the links;
//! long details are folded. The same page serves as the text of a check run, with a smaller limit.

use crate::promotion::approvals::report::ApprovalReport;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::render::diff::FileDiff;
use crate::render::ending::Ending;
use crate::render::page::Page;
use crate::render::report::Heading;
use crate::render::style::{sign, word};
use crate::render::{approvals, diff, escape, plan, report, waivers, words};

/// What a summary is made of; what is absent is left out.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// What it is about.
    pub heading: Heading<'a>,
    /// The environments of the service, in the order of the promotions.
    pub path: &'a [String],
    /// How it ended.
    pub ending: Option<&'a Ending>,
    /// What the gates said.
    pub report: Option<&'a GateReport>,
    /// Who approved, and who has still to.
    pub approvals: Option<&'a ApprovalReport>,
    /// What was or would be done.
    pub plan: Option<&'a Plan>,
    /// The diffs of the plan's commits.
    pub diffs: &'a [FileDiff],
    /// Where to look: a name and an address each.
    pub links: &'a [(String, String)],
}

/// The page, of at most `limit` bytes (see [`page`](crate::render::page)).
pub fn summary(summary: &Summary<'_>, limit: usize) -> String {
    let mut page = Page::new(limit);
    page.paragraph(&headline(summary));
    if let Some(hotfix) = summary.plan.and_then(|plan| plan.hotfix.as_ref()) {
        page.paragraph(&format!("**HOTFIX**: {}", escape::markdown(&hotfix.said())));
    }
    answered(&mut page, summary);
    flow(&mut page, summary);
    page.block("", &about(&summary.heading), "");
    if let Some(gates) = summary.report {
        table(&mut page, gates);
        folds(&mut page, gates);
        waivers::onto(&mut page, &gates.waivers, true);
    }
    if let Some(report) = summary.approvals {
        approvals::onto(&mut page, report, summary.plan.map(|plan| plan.digest.as_str()));
    }
    if let Some(plan) = summary.plan {
        planned(&mut page, plan, summary.diffs);
    }
    links(&mut page, summary.links);
    page.finish()
}

/// What it is about, as a heading: the outcome's sign, the versions, from where to where.
pub(super) fn headline(summary: &Summary<'_>) -> String {
    let heading = &summary.heading;
    let versions = words::versions(heading.images);
    let named = if versions.is_empty() { heading.service.to_owned() } else { versions };
    format!(
        "### {} {}: {}",
        icon(summary.ending.and_then(|ending| ending.exit.outcome())),
        escape::markdown(&named),
        escape::markdown(&words::way(heading.from, heading.to))
    )
}

/// A check run's title: `Held: 1 gate failed, 1 could not be evaluated`.
pub fn title(ending: &Ending) -> String {
    let headline = ending.headline();
    let Some((word, rest)) = headline.split_once(": ").filter(|_| ending.exit.outcome().is_some()) else {
        return headline;
    };
    let mut chars = word.chars();
    let first: String = chars.next().into_iter().collect();
    format!("{first}{}: {}", chars.as_str().to_lowercase(), rest.trim_end_matches('.'))
}

fn icon(outcome: Option<Outcome>) -> &'static str {
    match outcome.map(Outcome::exit_code) {
        Some(0) => "✅",
        Some(13) => "⏳",
        Some(11 | 14 | 23 | 130) => "❔",
        Some(21) => "↩️",
        Some(_) => "❌",
        None => "📋",
    }
}

/// The answer, what was expected and seen, what to do; where there is no ending, or it says something else, what the gates
/// say.
pub(super) fn answered(page: &mut Page, summary: &Summary<'_>) {
    if let Some(ending) = summary.ending {
        page.paragraph(&format!("**{}**", escape::markdown(&ending.headline())));
        let mut lines: Vec<String> =
            ending.seen.iter().map(|text| format!("- {}", escape::markdown(text.trim()))).collect();
        lines.extend(ending.next.iter().map(|text| format!("- → {}", escape::markdown(text.trim()))));
        if !lines.is_empty() {
            page.block("", &lines, "");
        }
    }
    let answer = summary.report.map(report::answer);
    if let Some(answer) = answer.filter(|answer| summary.ending.is_none_or(|ending| ending.headline() != *answer)) {
        page.paragraph(&escape::markdown(&answer));
    }
}

/// The path of the version as a picture; a rollback has none.
pub(super) fn flow(page: &mut Page, summary: &Summary<'_>) {
    if summary.heading.from != summary.heading.to {
        page.block("```mermaid", &path(summary), "```");
    }
}

/// The path of the version, with the place that it is at marked: the target once it is there to stay, else the source.
fn path(summary: &Summary<'_>) -> Vec<String> {
    let heading = &summary.heading;
    let outcome = summary.ending.and_then(|ending| ending.exit.outcome());
    let arrived = matches!(outcome, Some(Outcome::Promoted | Outcome::Delivered | Outcome::Unchanged));
    let here = if arrived { heading.to } else { heading.from };
    let mut names: Vec<&str> = summary.path.iter().map(String::as_str).collect();
    for name in [heading.from, heading.to] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut lines = vec!["flowchart LR".to_owned()];
    for (n, name) in names.iter().enumerate() {
        let mut label = node(name);
        if *name == here {
            let versions = words::versions(heading.images);
            label = format!("{label}<br/>📍 {}", node(&versions));
        } else if *name == heading.to {
            label = format!("{label}<br/>{}", outcome.map_or("next", Outcome::word).replace('_', " "));
        }
        lines.push(format!("  e{n}[\"{label}\"]"));
    }
    let at = |name: &str| names.iter().position(|known| *known == name).unwrap_or(0);
    for n in 1..names.len() {
        if (n - 1, n) != (at(heading.from), at(heading.to)) && summary.path.len() > n {
            lines.push(format!("  e{} --- e{n}", n - 1));
        }
    }
    if heading.from != heading.to {
        let arrow = if arrived { "==>" } else { "-.->" };
        lines.push(format!("  e{} {arrow} e{}", at(heading.from), at(heading.to)));
    }
    lines.push(format!("  style e{} stroke-width:4px", at(here)));
    lines
}

/// The longest text in one node: Mermaid draws nothing of a picture whose text is too long.
const NODE_MAX: usize = 80;

/// A text as a part of a Mermaid label: letters, digits and a few signs; the rest as Mermaid's entity codes.
fn node(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .-_/,:→…".contains(c);
    escape::line(text)
        .chars()
        .take(NODE_MAX)
        .map(|c| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) })
        .collect()
}

/// The images and the commit, a line each.
pub(super) fn about(heading: &Heading<'_>) -> Vec<String> {
    let mut lines: Vec<String> = heading
        .images
        .iter()
        .map(|image| {
            let note = words::mutable(image);
            format!("- image {}{note}", escape::code(&image.to_string()))
        })
        .collect();
    lines.extend(heading.commit.map(|commit| format!("- built from commit {}", escape::code(commit))));
    lines
}

/// Every gate in a row.
pub(super) fn table(page: &mut Page, gates: &GateReport) {
    if !gates.rows.is_empty() {
        let rows: Vec<String> = gates.rows.iter().map(table_row).collect();
        page.block(TABLE, &rows, "");
    }
}

/// The head of the table of gates.
pub(super) const TABLE: &str = "| | gate | wanted | found | evidence |\n|---|---|---|---|---|";

/// What there is to say of each gate that is no pass, folded.
pub(super) fn folds(page: &mut Page, gates: &GateReport) {
    for row in gates.rows.iter().filter(|row| row.mark != Mark::Pass) {
        let lines = explained(row);
        let open = format!(
            "<details{}><summary>{} {}: {}</summary>\n",
            if row.mark == Mark::Fail { " open" } else { "" },
            sign(row.mark),
            escape::html(&words::gate(&row.id)),
            escape::html(&escape::line(row.because.as_deref().unwrap_or(&row.observed)))
        );
        page.block(&open, &lines, "\n</details>");
    }
}

/// A gate's row in the table.
pub(super) fn table_row(row: &GateRow) -> String {
    format!(
        "| {} {} | {} | {} | {} | {} |",
        sign(row.mark),
        word(row.mark),
        escape::markdown(&words::gate(&row.id)),
        escape::markdown(&row.expected),
        escape::markdown(&row.observed),
        escape::markdown(&row.evidence)
    )
}

fn explained(row: &GateRow) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for detail in &row.details {
        let message =
            if detail.message.is_empty() { String::new() } else { format!(": {}", escape::code(&detail.message)) };
        let at = if detail.at.is_empty() { String::new() } else { format!(" at {}", escape::code(&detail.at)) };
        lines.push(format!("- {}{message}{at}", escape::code(&detail.name)));
    }
    lines.extend(report::more(row, row.details.len()).map(|text| format!("- {}", escape::markdown(&text))));
    lines.extend(row.files.iter().map(|file| format!("- evidence {}", escape::code(file))));
    lines.extend(row.not_before.map(|at| format!("- not before {}", words::minute(at))));
    lines.extend(row.hint.iter().map(|hint| format!("- → {}", escape::markdown(hint))));
    lines.push(format!("- rule {}", escape::code(&row.rule)));
    lines
}

/// The plan: its digest, the exact lines that change, the steps, and what ships along.
pub(super) fn planned(page: &mut Page, plan: &Plan, diffs: &[FileDiff]) {
    let id = format!("promotion {}, plan digest {}", escape::code(&plan.id), escape::code(&plan.digest));
    page.paragraph(&format!("#### Plan: {}\n\n{id}", escape::markdown(&words::changes(&plan.images))));
    for commit in &plan.commits {
        page.paragraph(&format!("- {}", escape::markdown(&plan::headline(commit))));
        for file in &diff::files(commit) {
            let lines: Vec<String> = diff::shown(commit, file, diffs).into_iter().map(|line| line.text).collect();
            let fence = escape::fence(&lines);
            page.block(&format!("{}\n\n{fence}diff", escape::code(&diff::place(commit, file, diffs))), &lines, &fence);
        }
    }
    let mut steps: Vec<String> = plan::steps(plan).iter().map(|step| format!("- {}", escape::markdown(step))).collect();
    if !plan.apps.is_empty() || !plan.verify.health.is_empty() {
        steps.push(format!("- on failure: {}", escape::markdown(&plan::on_failure(&plan.on_failure))));
    }
    page.block("", &steps, "");
    if !plan.also_ships.is_empty() {
        let commits: Vec<String> = plan
            .also_ships
            .iter()
            .map(|commit| {
                format!(
                    "- {} {}",
                    escape::code(&words::short_commit(&commit.id)),
                    escape::markdown(&plan::shipped(commit))
                )
            })
            .collect();
        let count = words::counted(commits.len(), "other commit ships", "other commits ship");
        page.block(&format!("<details><summary>{count} along</summary>\n"), &commits, "\n</details>");
    }
}

/// Where to look; what is no address of the web is left out.
pub(super) fn links(page: &mut Page, links: &[(String, String)]) {
    let links: Vec<String> = links.iter().filter_map(|(name, url)| link(name, url)).collect();
    if !links.is_empty() {
        page.paragraph(&links.join(" · "));
    }
}

fn link(name: &str, url: &str) -> Option<String> {
    Some(format!("[{}]({})", escape::markdown(name), escape::address(url)?))
}

pub(super) mod roles;
#[cfg(test)]
mod tests;
