//! `promote show`: a promotion's record for people, folded, with ids and digests whole so that they can be copied.

use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::approvals::slots;
use crate::promotion::folded::{Approval, Folded, Refusal, fold};
use crate::promotion::image::ImageRef;
use crate::promotion::life::State;
use crate::promotion::plan::Committed;
use crate::promotion::record::{Deployment, Entry, Verified};
use crate::promotion::report::{GateReport, GateRow, Mark};
use crate::promotion::request::{Actor, ActorKnown, RequestKind, Wanted};
use crate::promotion::time::{Millis, Time};
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::{approvals, escape, plan, report, waivers, words};

/// The column that what is said begins at.
const SAID_AT: usize = 13;

/// The record as text, with a line end; it says so when there is none.
pub fn text(entries: &[Entry], style: Style) -> String {
    let Some(story) = fold(entries) else {
        return "There is no such record.\n".to_owned();
    };
    let mut lines = vec![headline(&story, style)];
    lines.extend(row("state", &state(&story)));
    lines.extend(asked(&story));
    lines.extend(decided(&story));
    if let Some(gates) = story.report() {
        lines.extend(judged(gates, style));
    }
    lines.extend(story.approvals.iter().flat_map(|judged| approved(judged, style)));
    lines.extend(done(&story));
    let (began, last) = (story.created_at, story.last);
    let span = Millis::between(began, last);
    lines.extend(row("time", &format!("{} to {} ({span})", words::second(began), words::second(last))));
    lines.extend(ran(entries));
    lines.push(String::new());
    lines.extend(entries.iter().map(|entry| happened(entry, style)));
    if let Some(closed) = &story.closed {
        lines.push(String::new());
        let word = words::shouted(closed.outcome);
        lines.extend(words::wrapped("", 2, &format!("{word}: {}", escape::line(&closed.what)), COLUMNS));
        for next in closed.next.iter().flat_map(|next| next.lines()) {
            lines.extend(words::wrapped("  → ", 4, &escape::line(next), COLUMNS));
        }
    }
    lines.join("\n") + "\n"
}

fn row(name: &str, said: &str) -> Vec<String> {
    words::wrapped(&format!("  {name:<width$}", width = SAID_AT - 2), SAID_AT, said, COLUMNS)
}

fn headline(story: &Folded, style: Style) -> String {
    let id = format!("{} {}", style.strong("PROMOTION"), escape::line(&story.id));
    format!("{id}   {}", words::way(&story.requested.request.from, &story.requested.request.to))
}

fn state(story: &Folded) -> String {
    let state = story.state.word().replace('_', " ");
    match (story.state, story.outcome) {
        (State::Pending | State::Approved, Some(outcome)) => {
            format!("{state}: {}; it goes on with `promote execute`", outcome.word())
        }
        (State::Pending | State::Approved, None) => format!("{state}; it goes on with `promote execute`"),
        (State::Executing, _) => "executing; a run is at work, or was stopped: `promote resume` goes on".to_owned(),
        (_, Some(outcome)) => {
            let word = outcome.word().replace('_', " ");
            if state == word { state } else { format!("{state}: {word}") }
        }
        (_, None) => state,
    }
}

fn asked(story: &Folded) -> Vec<String> {
    let requested = &story.requested;
    let request = &requested.request;
    let mut lines = Vec::new();
    lines.extend(row("service", &escape::line(&request.service)));
    lines.extend(request.images.iter().flat_map(image));
    lines.extend(row("asked", &said(story.created_at, &story.requested_by, None, None)));
    if let RequestKind::Rollback { undoes } = &request.kind {
        lines.extend(row("undoes", &format!("promotion {}", escape::line(undoes))));
    }
    if let Some(reason) = &request.reason {
        lines.extend(row("reason", &escape::line(reason)));
    }
    lines.extend(requested.source.iter().flat_map(|source| row("source", &pinned(source))));
    lines.extend(requested.target.iter().flat_map(|target| row("target", &pinned(target))));
    if let Some(hotfix) = story.hotfix() {
        lines.extend(row("HOTFIX", &escape::line(&hotfix.said())));
    }
    let bypassed = story.bypassed();
    if !bypassed.is_empty() {
        let names: Vec<&str> = bypassed.iter().map(|bypass| bypass.word()).collect();
        lines.extend(row("bypassed", &names.join(", ")));
    }
    let rules = format!("{} (promote {})", escape::line(&requested.rules_path), escape::line(&requested.promote));
    lines.extend(row("rules", &rules));
    lines
}

/// What an image was and shall be. A digest has a line of its own: it fits on one, and can be copied whole.
fn image(wanted: &Wanted) -> Vec<String> {
    let ImageRef { digest, .. } = &wanted.new;
    let untagged = ImageRef { digest: None, ..wanted.new.clone() };
    let (old, new) = (escape::line(&wanted.old.version()), escape::line(&untagged.to_string()));
    let mut lines = row("image", &format!("{old} → {new}{}", words::mutable(&wanted.new)));
    lines.extend(digest.iter().map(|digest| format!("    @{}", escape::line(digest))));
    lines
}

/// What an environment pinned at the request, and where that is written.
fn pinned(deployment: &Deployment) -> String {
    format!(
        "{} pinned {} in {} at {} on {} of {}",
        escape::line(&deployment.environment),
        words::versions(&deployment.images),
        escape::line(&deployment.path),
        words::short_commit(&deployment.commit),
        escape::line(&deployment.branch),
        escape::line(&deployment.repository)
    )
}

/// What people decided about it.
fn decided(story: &Folded) -> Vec<String> {
    let mut lines = Vec::new();
    for Approval { by, at, approved } in &story.approved_by {
        lines.extend(row("approved", &said(*at, by, approved.role.as_deref(), approved.comment.as_deref())));
    }
    let refusals = [("rejected", &story.rejected), ("cancelled", &story.cancelled)];
    for (name, refusal) in refusals {
        let refused =
            refusal.iter().flat_map(|Refusal { by, at, reason }| row(name, &said(*at, by, None, reason.as_deref())));
        lines.extend(refused);
    }
    if let Some(by) = &story.superseded_by {
        lines.extend(row("superseded", &format!("by promotion {}", escape::line(by))));
    }
    lines
}

/// When, by whom, as what, and with which words.
fn said(at: Time, by: &Actor, role: Option<&str>, words: Option<&str>) -> String {
    let role = role.map(|role| format!(" as {}", escape::line(role))).unwrap_or_default();
    let words = words.map(|words| format!(": {}", escape::line(words))).unwrap_or_default();
    format!("{} by {}{role}{words}", words::second(at), actor(by))
}

/// The processes that worked on it, each with its entries and its CI run's page.
fn ran(entries: &[Entry]) -> Vec<String> {
    let mut runs: Vec<(&str, Vec<u32>, Option<&str>)> = Vec::new();
    for entry in entries {
        match runs.iter_mut().find(|(run, ..)| *run == entry.run) {
            Some((_, seqs, page)) => {
                seqs.push(entry.seq);
                *page = page.or(entry.ci_run.as_deref());
            }
            None => runs.push((&entry.run, vec![entry.seq], entry.ci_run.as_deref())),
        }
    }
    let mut lines = Vec::new();
    for (run, seqs, page) in runs {
        let of = match seqs.as_slice() {
            [first, .., last] if (last - first) as usize == seqs.len() - 1 => format!("{first:04} to {last:04}"),
            several => several.iter().map(|seq| format!("{seq:04}")).collect::<Vec<_>>().join(", "),
        };
        lines.extend(row("run", &format!("{} wrote {of}", escape::line(run))));
        lines.extend(page.iter().flat_map(|page| row("", &escape::line(page))));
    }
    lines
}

fn actor(actor: &Actor) -> String {
    let known = match actor.known {
        ActorKnown::Github => "GitHub says so",
        ActorKnown::Claimed => "claimed",
    };
    format!("{} ({known})", escape::line(&actor.name))
}

fn judged(gates: &GateReport, style: Style) -> Vec<String> {
    let mut lines = row("gates", &report::answer(gates));
    for gate in gates.rows.iter().filter(|row| row.mark != Mark::Pass) {
        let said = gated(gate);
        let indent = " ".repeat(SAID_AT);
        let mut wrapped = words::wrapped(&indent, SAID_AT + 2, &said, COLUMNS);
        wrapped[0] = wrapped[0].replacen(sign(gate.mark), &style.mark(gate.mark), 1);
        lines.extend(wrapped);
    }
    for (n, waiver) in gates.waivers.iter().enumerate() {
        lines.extend(row(if n == 0 { "waivers" } else { "" }, &waivers::line(waiver)));
    }
    lines
}

fn approved(judged: &JudgedApprovals, style: Style) -> Vec<String> {
    let said = format!("{}, of plan {}", approvals::title(&judged.report), escape::line(slots::short(&judged.digest)));
    let mut lines = row("approvals", &said);
    lines.extend(approvals::lines(&judged.report, SAID_AT, style));
    lines
}

fn done(story: &Folded) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(plan) = story.plan() {
        lines.extend(row("plan", &escape::line(&plan.digest)));
        if !plan.apps.is_empty() || !plan.verify.health.is_empty() {
            lines.extend(row("on failure", &plan::on_failure(&plan.on_failure)));
        }
    }
    lines.extend(story.committed.iter().flatten().flat_map(|commit| row("commit", &committed(commit))));
    lines.extend(story.verified.iter().flat_map(|verified| live("verified", verified)));
    if let Some(refuted) = &story.refuted {
        let said = format!("{}: {}", refuted.trigger.word(), escape::line(&refuted.what));
        lines.extend(row("failed", &said));
        lines.extend(
            refuted.detail.iter().flat_map(|detail| detail.lines()).flat_map(|line| row("", &escape::line(line))),
        );
        lines.extend(refuted.gates.iter().flat_map(|gate| row("", &gated(gate))));
    }
    if let Some(rollback) = &story.rollback_plan {
        lines.extend(row("rollback", &words::changes(&rollback.images)));
    }
    lines.extend(story.rollback_committed.iter().flatten().flat_map(|commit| row("commit", &committed(commit))));
    lines.extend(story.rollback_verified.iter().flat_map(|verified| live("restored", verified)));
    lines
}

/// As [`words::committed`], with the whole id.
fn committed(commit: &Committed) -> String {
    let short = words::short_commit(&commit.commit);
    words::committed(commit).replacen(&short, &escape::line(&commit.commit), 1)
}

fn live(name: &str, verified: &Verified) -> Vec<String> {
    let mut lines = row(name, &format!("since {}, watched for {}", words::second(verified.since), verified.settled));
    for app in &verified.apps {
        // The digest stands above, whole; here it would not fit on a line.
        let short = |image: &String| match ImageRef::parse(image) {
            Some(image) if image.digest.is_some() => words::image(&image),
            _ => escape::line(image),
        };
        let images: Vec<String> = app.images.iter().map(short).collect();
        let at = words::short_commit(&app.revision);
        lines.extend(row("", &format!("{} at {at}, live: {}", escape::line(&app.app), images.join(", "))));
    }
    lines.extend(verified.health.iter().flat_map(|url| row("", &format!("{} is healthy", escape::line(url)))));
    lines.extend(verified.smoke.iter().flat_map(|name| row("", &format!("smoke test {} passed", escape::line(name)))));
    lines.extend(verified.gates.iter().flat_map(|gate| row("", &gated(gate))));
    lines.extend(verified.before.iter().flat_map(|before| row("", &escape::line(before))));
    lines
}

/// A gate as it was seen: `✓ slo availability: wanted ≥ 99 %, found 99.93 %`.
fn gated(gate: &GateRow) -> String {
    let (wanted, found) = (escape::line(&gate.expected), escape::line(&gate.observed));
    format!("{} {}: wanted {wanted}, found {found}", sign(gate.mark), words::gate(&gate.id))
}

fn happened(entry: &Entry, style: Style) -> String {
    let by = style.faint(&escape::line(&entry.actor.name));
    format!("  {:04}  {}  {:<18}  {by}", entry.seq, words::second(entry.at), entry.event.word())
}

#[cfg(test)]
mod tests;
