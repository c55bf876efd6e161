//! Approvals for people: who is still asked, who gave what, and why one does not stand. For a terminal, for Markdown, and as a title.

use crate::promotion::approvals::report::{ApprovalReport, Given, RoleRow, Standing};
use crate::promotion::approvals::slots;
use crate::promotion::report::Mark;
use crate::render::page::Page;
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::table::{padded, width};
use crate::render::{escape, words};

/// The sign of an approval that is still open.
const OPEN: &str = "·";

/// What a plan says of approvals, below it: who is still asked, and what keeps an approval from ever standing. Nothing where nobody
/// is asked.
pub fn still_needed(report: &ApprovalReport, style: Style) -> Vec<String> {
    let asked: Vec<String> = report.open().map(asked).collect();
    let mut lines = Vec::new();
    if !asked.is_empty() {
        lines.extend(words::wrapped("approvals still needed: ", 2, &asked.join(", "), COLUMNS));
    } else if !report.roles.is_empty() {
        lines.push(sentence(report));
    }
    lines.extend(reasons(&report.because, &report.hints, 2));
    let doubted = report.open().filter(|row| row.standing != Standing::Open);
    lines.extend(doubted.flat_map(|row| one(row, 0, 2, style)));
    lines
}

/// `sre (any of @ana @bo)`, `qa (acme/qa-team)`, `sre (2 of acme/sre-team)`.
fn asked(row: &RoleRow) -> String {
    let people = escape::line(&row.people);
    let missing = missing(row);
    let how_many = match missing {
        0 | 1 if people.contains(' ') => "any of ".to_owned(),
        0 | 1 => String::new(),
        several => format!("{several} of "),
    };
    format!("{} ({how_many}{people})", escape::line(&row.role))
}

fn missing(row: &RoleRow) -> usize {
    let given = if row.standing == Standing::Rejected { 0 } else { row.given.len() };
    (row.needed as usize).saturating_sub(given)
}

/// One line for each role, with what holds it below, and first what holds all of them; each after `indent` spaces.
pub fn lines(report: &ApprovalReport, indent: usize, style: Style) -> Vec<String> {
    let widest = report.roles.iter().map(|row| width(&escape::line(&row.role))).max().unwrap_or(0);
    let mut lines = reasons(&report.because, &report.hints, indent);
    lines.extend(report.roles.iter().flat_map(|row| one(row, widest, indent, style)));
    lines
}

/// The same as text of its own, with a line end.
pub fn text(report: &ApprovalReport, style: Style) -> String {
    lines(report, 0, style).join("\n") + "\n"
}

fn one(row: &RoleRow, widest: usize, indent: usize, style: Style) -> Vec<String> {
    let plain = plain_sign(row.standing);
    let first = format!("{}{plain} {}  ", " ".repeat(indent), padded(&escape::line(&row.role), widest));
    let mut lines = words::wrapped(&first, indent + 4, &said(row), COLUMNS);
    if let Some(line) = lines.first_mut() {
        *line = line.replacen(plain, &painted_sign(row.standing, style), 1);
    }
    lines.extend(reasons(&row.because, &row.hints, indent + 4));
    lines
}

fn reasons(because: &[String], hints: &[String], indent: usize) -> Vec<String> {
    let margin = " ".repeat(indent);
    let because = because.iter().map(|text| (margin.clone(), indent + 2, text));
    let hints = hints.iter().map(|text| (format!("{margin}→ "), indent + 2, text));
    because
        .chain(hints)
        .flat_map(|(first, hang, text)| words::wrapped(&first, hang, &escape::line(text), COLUMNS))
        .collect()
}

/// Who gave it, or who is asked and where.
fn said(row: &RoleRow) -> String {
    let given: Vec<String> = row.given.iter().map(given).collect();
    let given = given.join(", ");
    let places: Vec<String> = row.environments.iter().map(|name| escape::line(name)).collect();
    let asked = format!("{} in {}", escape::line(&row.people), places.join(", "));
    match (row.standing, given.is_empty()) {
        (Standing::Approved, _) => given,
        (Standing::Bypassed, _) => "set aside".to_owned(),
        (Standing::Rejected, false) => format!("refused by {given}"),
        (Standing::Rejected, true) => "refused".to_owned(),
        (standing, true) => format!("{}: {asked}", state(standing)),
        (standing, false) => format!("{given}; {}: {asked}", state(standing)),
    }
}

fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Approved => "approved",
        Standing::Bypassed => "set aside",
        Standing::Open => "open",
        Standing::Unknown => "not known",
        Standing::Broken => "cannot be given",
        Standing::Rejected => "refused",
    }
}

/// `@bo (production-approval-sre)`, `@dan (deputy, comment on #5)`.
fn given(given: &Given) -> String {
    let deputy = given.deputy.then(|| "deputy".to_owned());
    let environment = given.environment.as_deref().map(escape::line);
    let word = given.word.as_ref().map(|word| format!("said on #{}", word.number));
    let place: Vec<String> = deputy.into_iter().chain(environment).chain(word).collect();
    format!("{} ({})", login(given), place.join(", "))
}

fn login(given: &Given) -> String {
    if given.login.is_empty() { "somebody who is gone".to_owned() } else { format!("@{}", escape::line(&given.login)) }
}

fn plain_sign(standing: Standing) -> &'static str {
    mark(standing).map_or(OPEN, sign)
}

fn painted_sign(standing: Standing, style: Style) -> String {
    mark(standing).map_or_else(|| style.faint(OPEN), |mark| style.mark(mark))
}

fn mark(standing: Standing) -> Option<Mark> {
    match standing {
        Standing::Approved => Some(Mark::Pass),
        Standing::Bypassed => Some(Mark::Waived),
        Standing::Open => None,
        Standing::Unknown => Some(Mark::Unknown),
        Standing::Broken | Standing::Rejected => Some(Mark::Fail),
    }
}

/// What it comes to in a few words, for a check run's title: `waiting for sre, qa`.
pub fn title(report: &ApprovalReport) -> String {
    let of = |standing: Standing| {
        let rows = report.roles.iter().filter(|row| row.standing == standing);
        rows.map(|row| escape::line(&row.role)).collect::<Vec<_>>().join(", ")
    };
    let roles = of(report.standing);
    match report.standing {
        Standing::Approved if report.roles.is_empty() => "no approvals needed".to_owned(),
        Standing::Approved => format!("approved by {roles}"),
        Standing::Bypassed => format!("approvals of {roles} set aside"),
        Standing::Open => format!("waiting for {roles}"),
        Standing::Unknown => format!("approvals of {roles} could not be found out"),
        Standing::Broken => format!("approvals of {roles} cannot stand"),
        Standing::Rejected => format!("refused by {roles}"),
    }
}

/// Who stands for which role, where nobody is asked any more: `approvals: sre @bo, qa @cy`.
fn sentence(report: &ApprovalReport) -> String {
    if report.standing != Standing::Approved {
        return format!("approvals: {}", title(report));
    }
    let role = |row: &RoleRow| {
        let people: Vec<String> = row.given.iter().map(login).collect();
        format!("{} {}", escape::line(&row.role), people.join(" "))
    };
    format!("approvals: {}", report.roles.iter().map(role).collect::<Vec<_>>().join(", "))
}

/// Puts who approved what onto a page: a table, and folded below it why something does not stand.
pub fn onto(page: &mut Page, report: &ApprovalReport, digest: Option<&str>) {
    if report.roles.is_empty() {
        return;
    }
    let plan = digest.map(|digest| format!(" of plan {}", escape::code(slots::short(digest)))).unwrap_or_default();
    page.paragraph(&format!("#### Approvals{plan}: {}", escape::markdown(&title(report))));
    let rows: Vec<String> = report.roles.iter().map(table_row).collect();
    page.block("| | role | who | how |\n|---|---|---|---|", &rows, "");
    let all = listed(&report.because, &report.hints);
    if !all.is_empty() {
        page.block("", &all, "");
    }
    for row in report.roles.iter().filter(|row| !row.because.is_empty() || !row.hints.is_empty()) {
        let open = if matches!(row.standing, Standing::Broken | Standing::Rejected) { " open" } else { "" };
        let summary = format!("{} {}: {}", plain_sign(row.standing), escape::line(&row.role), state(row.standing));
        let first = format!("<details{open}><summary>{}</summary>\n", escape::html(&summary));
        page.block(&first, &listed(&row.because, &row.hints), "\n</details>");
    }
}

/// The same as a text of at most `limit` bytes.
pub fn markdown(report: &ApprovalReport, digest: Option<&str>, limit: usize) -> String {
    let mut page = Page::new(limit);
    onto(&mut page, report, digest);
    page.finish()
}

fn table_row(row: &RoleRow) -> String {
    let places: Vec<String> = row.environments.iter().map(|name| escape::markdown(name)).collect();
    let who: Vec<String> = row.given.iter().map(|given| escape::markdown(&login(given))).collect();
    let stands = matches!(row.standing, Standing::Approved | Standing::Bypassed);
    let who = match (stands || row.standing == Standing::Rejected, who.is_empty()) {
        (false, true) => escape::markdown(&row.people),
        (false, false) => format!("{}; still {}", who.join(", "), escape::markdown(&row.people)),
        (true, _) => who.join(", "),
    };
    let how =
        if row.given.is_empty() { places.join(", ") } else { row.given.iter().map(how).collect::<Vec<_>>().join(", ") };
    format!(
        "| {} {} | {} | {who} | {how} |",
        plain_sign(row.standing),
        state(row.standing),
        escape::markdown(&row.role)
    )
}

fn how(given: &Given) -> String {
    let deputy = if given.deputy { "deputy, " } else { "" };
    let place = match (&given.environment, &given.word) {
        (Some(environment), _) => escape::markdown(environment),
        (None, Some(word)) => {
            let text = escape::markdown(&format!("said on #{}", word.number));
            escape::address(&word.url).map_or(text.clone(), |url| format!("[{text}]({url})"))
        }
        (None, None) => String::new(),
    };
    let comment =
        if given.comment.is_empty() { String::new() } else { format!(": {}", escape::markdown(&given.comment)) };
    format!("{deputy}{place}{comment}")
}

fn listed(because: &[String], hints: &[String]) -> Vec<String> {
    let because = because.iter().map(|text| format!("- {}", escape::markdown(text)));
    because.chain(hints.iter().map(|text| format!("- → {}", escape::markdown(text)))).collect()
}

#[cfg(test)]
mod tests;
