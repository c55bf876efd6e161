//! The sticky comment on a pull request: the answer, what does not pass, and who must approve what, and how.

use crate::promotion::approvals::report::{ApprovalReport, RoleRow, Standing};
use crate::promotion::approvals::slots::short;
use crate::promotion::publication::Comment;
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::render::github::shown::{Shown, shorter, shorter_roles};
use crate::render::markdown::{self, Summary, roles};
use crate::render::page::{CHECK_RUN, Page};
use crate::render::{escape, waivers, words};

/// How many gates that do not pass are shown.
const ROWS: usize = 40;

/// The comment.
pub fn comment(shown: &Shown<'_>) -> Comment {
    let gates = shown.summary.report.map(shorter);
    let approvals = shown.summary.approvals.map(shorter_roles);
    let summary = Summary { report: gates.as_ref(), approvals: approvals.as_ref(), ..shown.summary };
    let marker = marker(summary.heading.service, summary.heading.from, summary.heading.to);
    // A limit in bytes is the stricter one: GitHub counts characters.
    let mut page = Page::new(CHECK_RUN - marker.len());
    page.paragraph(&markdown::headline(&summary));
    markdown::answered(&mut page, &summary);
    markdown::flow(&mut page, &summary);
    if let Some(gates) = &gates {
        judged(&mut page, gates);
        waivers::onto(&mut page, &gates.waivers, false);
    }
    if let Some(approvals) = &approvals {
        approving(&mut page, shown, approvals);
    }
    let links: Vec<(String, String)> =
        shown.run_url.map(|url| ("all of it: the run's summary".to_owned(), url.to_owned())).into_iter().collect();
    let others = summary.links.iter().filter(|(_, url)| Some(url.as_str()) != shown.run_url).cloned();
    markdown::links(&mut page, &links.into_iter().chain(others).collect::<Vec<_>>());
    Comment { body: format!("{marker}\n{}", page.finish_short()), marker }
}

/// The line by which the comment is found again: `<!-- promote:app:staging:canary -->`.
pub fn marker(service: &str, from: &str, to: &str) -> String {
    let parts = [service, from, to].map(marked);
    format!("<!-- promote:{} -->", parts.join(":"))
}

/// A name as a part of the marker: names compare without case, and nothing in one ends the HTML comment.
fn marked(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let lower = name.chars().take(80).map(|c| c.to_ascii_lowercase());
    lower.map(|c| if plain(c) { c.to_string() } else { format!("%{:x}", u32::from(c)) }).collect()
}

fn judged(page: &mut Page, gates: &GateReport) {
    let rest: Vec<&GateRow> = gates.rows.iter().filter(|row| row.mark != Mark::Pass).collect();
    if rest.is_empty() {
        return;
    }
    let mut rows: Vec<String> = rest.iter().take(ROWS).map(|row| markdown::table_row(row)).collect();
    if rest.len() > ROWS {
        rows.push(format!("| | and {} more | | | |", rest.len() - ROWS));
    }
    page.block(markdown::TABLE, &rows, "");
    let passing = gates.count(Mark::Pass);
    if passing > 0 {
        page.paragraph(&format!("{}.", words::counted(passing, "other gate passes", "other gates pass")));
    }
}

/// Each role, and for those that are open, how to approve. What is to be typed stands inside a line: a comment that was
/// written with a person's own token must not say the word itself.
fn approving(page: &mut Page, shown: &Shown<'_>, approvals: &ApprovalReport) {
    let plan = shown.summary.plan;
    let of = plan.map(|plan| format!(" of plan {}", escape::code(short(&plan.digest)))).unwrap_or_default();
    page.paragraph(&format!("#### Approvals{of}"));
    let digest = plan.map(|plan| short(&plan.digest));
    let mut lines: Vec<String> = approvals.roles.iter().map(|role| role_line(role, shown.run_url, digest)).collect();
    lines.extend(approvals.because.iter().map(|why| format!("- {}", escape::markdown(why))));
    for role in &approvals.roles {
        lines.extend(
            role.because.iter().map(|why| format!("- {}: {}", escape::markdown(&role.role), escape::markdown(why))),
        );
    }
    let hints = approvals.hints.iter().chain(approvals.roles.iter().flat_map(|role| &role.hints));
    lines.extend(hints.map(|hint| format!("- → {}", escape::markdown(hint))));
    page.block("", &lines, "");
}

fn role_line(role: &RoleRow, run_url: Option<&str>, digest: Option<&str>) -> String {
    let mut line = format!("- {} **{}**", roles::standing(role.standing), escape::markdown(&role.role));
    let given: Vec<String> = role.given.iter().map(|given| escape::markdown(&format!("@{}", given.login))).collect();
    if !given.is_empty() {
        line = format!("{line} by {}", given.join(", "));
    }
    if !matches!(role.standing, Standing::Open | Standing::Unknown) {
        return line;
    }
    let mut ways = Vec::new();
    if let Some(url) = run_url.and_then(escape::address)
        && !role.environments.is_empty()
    {
        let names: Vec<String> = role.environments.iter().map(|name| escape::code(name)).collect();
        ways.push(format!("review {} in [the run]({url})", names.join(", ")));
    }
    ways.extend(digest.map(|digest| {
        let word = format!("promote: approve {digest} as {}", role.role);
        format!("comment {} here", escape::code(&word))
    }));
    let ways = if ways.is_empty() { String::new() } else { format!(": {}", ways.join(", or ")) };
    format!("{line}, {} of {}{ways}", role.needed, escape::markdown(&role.people))
}
