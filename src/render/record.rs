//! `promote show`: a promotion's record for people, folded, with ids and digests whole so that they can be copied.

use crate::promotion::folded::{Folded, fold};
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Committed;
use crate::promotion::record::{Entry, Verified};
use crate::promotion::report::{GateReport, Mark};
use crate::promotion::request::{Actor, ActorKnown, RequestKind};
use crate::promotion::time::Millis;
use crate::render::style::{COLUMNS, Style, sign};
use crate::render::{escape, plan, progress, report, words};

/// The column that what is said begins at.
const SAID_AT: usize = 13;

/// The record as text, with a line end; it says so when there is none.
pub fn text(entries: &[Entry], style: Style) -> String {
    let Some(story) = fold(entries) else {
        return "There is no such record.\n".to_owned();
    };
    let mut lines = vec![headline(&story, style)];
    lines.extend(row("state", &state(&story)));
    lines.extend(asked(&story, entries));
    if let Some(gates) = story.report() {
        lines.extend(judged(gates, style));
    }
    lines.extend(done(&story));
    let (began, last) = (story.created_at, story.last);
    let span = Millis::between(began, last);
    lines.extend(row("time", &format!("{} to {} ({span})", words::second(began), words::second(last))));
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

/// One promotion of a list, with a line end: id, when it began, what moved, and how it stands.
pub fn line(entries: &[Entry]) -> String {
    let Some(story) = fold(entries) else { return String::new() };
    let began = words::minute(story.created_at);
    let request = &story.requested.request;
    let versions = words::versions(request.images.iter().map(|wanted| &wanted.new));
    let stands = story.outcome.map_or("not ended", Outcome::word);
    format!("{}  {began}  {}  {versions}  {stands}\n", escape::line(&story.id), words::way(&request.from, &request.to))
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

fn asked(story: &Folded, entries: &[Entry]) -> Vec<String> {
    let requested = &story.requested;
    let request = &requested.request;
    let mut lines = Vec::new();
    lines.extend(row("service", &escape::line(&request.service)));
    for wanted in &request.images {
        let old = escape::line(&wanted.old.version());
        lines.extend(row("image", &format!("{old} → {}", escape::line(&wanted.new.to_string()))));
    }
    if let Some(first) = entries.first() {
        lines.extend(row("asked", &format!("{} by {}", words::second(first.at), actor(&first.actor))));
    }
    if let RequestKind::Rollback { undoes } = &request.kind {
        lines.extend(row("undoes", &format!("promotion {}", escape::line(undoes))));
    }
    if let Some(reason) = &request.reason {
        lines.extend(row("reason", &escape::line(reason)));
    }
    let rules = format!("{} (promote {})", escape::line(&requested.rules_path), escape::line(&requested.promote));
    lines.extend(row("rules", &rules));
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
        let said = format!(
            "{} {}: wanted {}, found {}",
            sign(gate.mark),
            words::gate(&gate.id),
            escape::line(&gate.expected),
            escape::line(&gate.observed)
        );
        let indent = " ".repeat(SAID_AT);
        let mut wrapped = words::wrapped(&indent, SAID_AT + 2, &said, COLUMNS);
        wrapped[0] = wrapped[0].replacen(sign(gate.mark), &style.mark(gate.mark), 1);
        lines.extend(wrapped);
    }
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
        let said = format!("{}: {}", progress::trigger_word(refuted.trigger), escape::line(&refuted.what));
        lines.extend(row("failed", &said));
        lines.extend(
            refuted.detail.iter().flat_map(|detail| detail.lines()).flat_map(|line| row("", &escape::line(line))),
        );
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
        let images: Vec<String> = app.images.iter().map(|image| escape::line(image)).collect();
        let at = words::short_commit(&app.revision);
        lines.extend(row("", &format!("{} at {at}, live: {}", escape::line(&app.app), images.join(", "))));
    }
    lines.extend(verified.health.iter().flat_map(|url| row("", &format!("{} is healthy", escape::line(url)))));
    lines
}

fn happened(entry: &Entry, style: Style) -> String {
    let run = style.faint(&format!("run {}", escape::line(&entry.run)));
    format!("  {:04}  {}  {:<18}  {run}", entry.seq, words::second(entry.at), entry.event.word())
}

#[cfg(test)]
mod tests;
