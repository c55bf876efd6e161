//! The files of a promotion's bundle, as texts: the same entries are the same bytes, wherever they are written.

use std::collections::BTreeMap;

use crate::promotion::bundle::contents::Contents;
use crate::promotion::bundle::{About, document};
use crate::promotion::folded::Folded;
use crate::promotion::record::{Entry, Milestone};
use crate::promotion::replay::{APPROVALS, BOUND, FACTS, PLAN, REPORT, REQUEST, RULES};
use crate::promotion::request::{Actor, ActorKnown, RequestKind};
use crate::promotion::waivers::file as waivers;
use crate::render::approvals as render;
use crate::render::{escape, report, words};

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
    contents.waivers().into_iter().for_each(|waivers| put(waivers::NAME, waivers.to_owned()));
    if let Some(judged) = &contents.judged {
        put(FACTS, document(judged.facts));
        put(REPORT, document(judged.report));
        judged.plan.into_iter().for_each(|plan| put(PLAN, document(plan)));
    }
    story.approvals.iter().for_each(|judged| put(APPROVALS, document(judged)));
    contents.bound().into_iter().for_each(|bound| put(BOUND, bound));
    story.rollback_plan.iter().for_each(|plan| put("rollback-plan.json", document(plan)));
    put("outcome.json", document(&contents.came()));
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
            let images: Vec<String> = request.images.iter().map(change).collect();
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
        Milestone::Rejected(rejected) => {
            let at_github = rejected.by.as_ref().map(|by| format!(", as @{} said at GitHub", escape::line(by)));
            format!("by {by}{}{}", at_github.unwrap_or_default(), because(Some(&rejected.reason)))
        }
        Milestone::Cancelled(cancelled) => format!("by {by}{}", because(cancelled.reason.as_deref())),
        Milestone::Superseded { by } => format!("by promotion {}", escape::line(by)),
        Milestone::Judged(judged) => format!("{}{}", report::answer(&judged.report), approvals(&entry.event)),
        Milestone::Planned(planned) => {
            let (answer, digest) = (report::answer(&planned.report), escape::line(&planned.plan.digest));
            format!("{answer} plan {digest}{}", approvals(&entry.event))
        }
        Milestone::Committed { commits } | Milestone::RollbackCommitted { commits } => {
            commits.iter().map(words::committed).collect::<Vec<_>>().join(", ")
        }
        Milestone::Verified(verified) | Milestone::RollbackVerified(verified) => {
            format!("live since {}, watched for {}", words::second(verified.since), verified.settled)
        }
        Milestone::Refuted(refuted) | Milestone::Paused(refuted) => {
            format!("{}: {}", refuted.trigger.word(), escape::line(&refuted.what))
        }
        Milestone::RollbackPlanned { plan } => words::changes(&plan.images),
        Milestone::Closed(closed) => format!("{}: {}", words::shouted(closed.outcome), escape::line(&closed.what)),
        Milestone::Unfamiliar => "of a later version of promote".to_owned(),
    }
}

fn approvals(event: &Milestone) -> String {
    event.approvals().map(|judged| format!("; {}", render::title(&judged.report))).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::folded::fold;
    use crate::render::samples;

    fn bundle(entries: &[Entry]) -> BTreeMap<String, String> {
        files(entries, &fold(entries).unwrap()).1
    }

    #[test]
    fn the_log_says_what_happened_in_lines_that_nobody_can_forge() {
        let mut entries = samples::rolled_back();
        entries[0].actor.name = "bo\n2026-11-22T12:10:00.000Z  approved".to_owned();
        insta::assert_snapshot!(bundle(&entries)["promotion.log"], @r###"
            2026-11-22T12:10:00.000Z  requested           dev → staging, app 1.10 → registry.example.com/app:1.20@sha256:9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b9f2b, by bo\n2026-11-22T12:10:00.000Z  approved (GitHub says so)
            2026-11-22T12:10:01.000Z  planned             READY: 2 gates pass. plan 7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a7f3a
            2026-11-22T12:10:02.000Z  committed           c0ffee1 on main of acme/gitops
            2026-11-22T12:12:00.000Z  refuted             deployment: app-staging turned Degraded 48 s after the sync and stayed so for 60 s
            2026-11-22T12:12:01.000Z  rollback-planned    app 1.20 → 1.10
            2026-11-22T12:12:02.000Z  rollback-committed  81ac0de on main of acme/gitops
            2026-11-22T12:18:02.000Z  rollback-verified   live since 2026-11-22 12:13:02Z, watched for 5 min
            2026-11-22T12:18:03.000Z  closed              ROLLED BACK: staging is back on app 1.10.
        "###);
    }

    #[test]
    fn what_is_only_asked_for_has_a_bundle_too() {
        let entries = &samples::promoted()[..1];
        let (about, files) = files(entries, &fold(entries).unwrap());
        assert_eq!((about.verdict, about.plan_digest), (None, None));
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let always = ["approval.json", "inputs.json", "metrics.json", "outcome.json", "promotion.log"];
        assert_eq!(names, [always.as_slice(), &["request.json", "rules.yaml"]].concat());
    }

    #[test]
    fn metrics_have_what_happened_and_nothing_else() {
        let of = |entries: &[Entry]| -> serde_json::Value {
            serde_json::from_str(&bundle(entries)["metrics.json"]).unwrap()
        };
        let durations = &of(&samples::promoted())["durations"];
        let spans = |durations: &serde_json::Value| {
            durations.as_object().unwrap().values().map(serde_json::Value::as_u64).collect::<Vec<_>>()
        };
        let wanted = [Some(1000), Some(1000), Some(360_000), Some(0), None, None, Some(362_000)];
        assert_eq!(spans(durations), wanted);
        let durations = &of(&samples::rolled_back())["durations"];
        let wanted = [Some(1000), Some(1000), None, None, Some(118_000), Some(362_000), Some(483_000)];
        assert_eq!(spans(durations), wanted);
        let killed = of(&samples::killed());
        assert_eq!((&killed["outcome"], &killed["exit_code"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    }
}
