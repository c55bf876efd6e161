//! The files of a promotion's bundle, as texts: the same entries are the same bytes, wherever they are written.

use std::collections::BTreeMap;

use crate::promotion::bundle::contents::Contents;
use crate::promotion::bundle::{About, document};
use crate::promotion::folded::Folded;
use crate::promotion::record::{Entry, Milestone};
use crate::promotion::replay::{BOUND, FACTS, PLAN, REPORT, REQUEST, RULES};
use crate::promotion::request::{Actor, ActorKnown, RequestKind};
use crate::render::{escape, progress, report, words};

/// The rules of the request, where the newest judgement was made by others.
const ASKED_RULES: &str = "rules-of-request.yaml";

/// What a bundle is about, and every file of it but the manifest, by name.
pub fn files(entries: &[Entry], story: &Folded) -> (About, BTreeMap<String, String>) {
    let contents = Contents::of(entries, story);
    let asked = contents.asked();
    let mut files = BTreeMap::new();
    let mut put = |name: &str, text: String| drop(files.insert(name.to_owned(), text));
    put(REQUEST, document(&asked));
    put(RULES, contents.rules().1.to_owned());
    if contents.rules().1 != story.requested.rules {
        put(ASKED_RULES, story.requested.rules.clone());
    }
    if let Some(judged) = &contents.judged {
        put(FACTS, document(judged.facts));
        put(REPORT, document(judged.report));
        judged.plan.into_iter().for_each(|plan| put(PLAN, document(plan)));
    }
    contents.bound().into_iter().for_each(|bound| put(BOUND, bound));
    put("approval.json", document(&contents.approvals()));
    put("metrics.json", document(&contents.metrics()));
    put(INPUTS, document(&contents.inputs()));
    put("promotion.log", log(entries, story));
    let judged = contents.judged.as_ref();
    let about = About {
        promotion_id: story.id.clone(),
        promote: asked.promote,
        verdict: judged.map(|judged| judged.report.verdict),
        plan_digest: judged.and_then(|judged| judged.plan).map(|plan| plan.digest.clone()),
    };
    (about, files)
}

/// The list of the evidence files that were read.
pub const INPUTS: &str = "inputs.json";

/// The milestones in words: one line each, with the time in UTC.
fn log(entries: &[Entry], story: &Folded) -> String {
    let line = |entry: &Entry| {
        let at = entry.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
        let impossible = story.impossible.contains(&entry.seq);
        let counts = if impossible { " (cannot follow what stands before it, and changes nothing)" } else { "" };
        format!("{at}  {:<18}  {}{counts}\n", entry.event.word(), said(entry))
    };
    entries.iter().map(line).collect()
}

fn said(entry: &Entry) -> String {
    let by = actor(&entry.actor);
    match &entry.event {
        Milestone::Requested(requested) => {
            let request = &requested.request;
            let images: Vec<String> = request.images.iter().map(|wanted| change(wanted)).collect();
            let undoes = match &request.kind {
                RequestKind::Rollback { undoes } => format!(", undoes promotion {}", escape::line(undoes)),
                RequestKind::Promotion => String::new(),
            };
            let why = request.reason.as_ref().map(|why| format!(": {}", escape::line(why))).unwrap_or_default();
            let ci = entry.ci_run.as_ref().map(|run| format!(", in {}", escape::line(run))).unwrap_or_default();
            format!("{}, {}{undoes}, by {by}{ci}{why}", words::way(&request.from, &request.to), images.join(", "))
        }
        Milestone::Approved(approved) => {
            let role = approved.role.as_ref().map(|role| format!(" as {}", escape::line(role))).unwrap_or_default();
            format!("by {by}{role}{}", because(approved.comment.as_deref()))
        }
        Milestone::Rejected(rejected) => format!("by {by}{}", because(Some(&rejected.reason))),
        Milestone::Cancelled(cancelled) => format!("by {by}{}", because(cancelled.reason.as_deref())),
        Milestone::Superseded { by } => format!("by promotion {}", escape::line(by)),
        Milestone::Judged(judged) => report::answer(&judged.report),
        Milestone::Planned(planned) => {
            format!("{} plan {}", report::answer(&planned.report), escape::line(&planned.plan.digest))
        }
        Milestone::Committed { commits } | Milestone::RollbackCommitted { commits } => {
            commits.iter().map(words::committed).collect::<Vec<_>>().join(", ")
        }
        Milestone::Verified(verified) | Milestone::RollbackVerified(verified) => {
            format!("live since {}, watched for {}", words::second(verified.since), verified.settled)
        }
        Milestone::Refuted(refuted) => {
            format!("{}: {}", progress::trigger_word(refuted.trigger), escape::line(&refuted.what))
        }
        Milestone::RollbackPlanned { plan } => words::changes(&plan.images),
        Milestone::Closed(closed) => format!("{}: {}", words::shouted(closed.outcome), escape::line(&closed.what)),
        Milestone::Unfamiliar => "of a later version of promote".to_owned(),
    }
}

fn change(wanted: &crate::promotion::request::Wanted) -> String {
    let name = escape::line(wanted.new.short_name());
    format!("{name} {} → {}", escape::line(&wanted.old.version()), escape::line(&wanted.new.to_string()))
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {}", escape::line(why))).unwrap_or_default()
}

fn actor(actor: &Actor) -> String {
    let known = match actor.known {
        ActorKnown::Github => "GitHub says so",
        ActorKnown::Claimed => "claimed",
    };
    format!("{} ({known})", escape::line(&actor.name))
}

/// `promote bundle --json`: where the bundle is, and what is in it.
pub fn written(id: &str, directory: &str, files: &BTreeMap<String, String>) -> String {
    let names: Vec<&String> = files.keys().collect();
    let document = serde_json::json!({
        "schema": crate::render::json::SCHEMA, "promotion_id": id, "directory": directory, "files": names,
    });
    escape::json(&format!("{document:#}\n"))
}
