//! `show --json`: a record, folded, and its entries in short.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::facts::Facts;
use crate::promotion::folded::{Approval, Folded, Refusal};
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::life::State;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, Plan};
use crate::promotion::record::{Bypass, Deployment, Entry, Refuted, Verified};
use crate::promotion::report::GateReport;
use crate::promotion::request::{Actor, Request};
use crate::promotion::time::Time;
use crate::render::json::{SCHEMA, written};

/// What `promote show --json` prints: everything that is known of one promotion.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "promote show")]
pub(super) struct Show<'a> {
    /// The number of the document's form.
    schema: u32,
    /// The promotion's id.
    promotion_id: &'a str,
    /// Where it stands.
    state: State,
    /// How its newest run ended; `null` while one is at work, or when it was killed.
    outcome: Option<Outcome>,
    /// The exit code of that outcome.
    exit: Option<u8>,
    /// What happened, in one sentence.
    what: Option<&'a str>,
    /// What to do next, where there is something to do.
    next: Option<&'a str>,
    /// When it was asked for; the same as `created_at`.
    began: Time,
    /// When the newest entry was written.
    last: Time,
    /// When it was asked for.
    created_at: Time,
    /// When it ended, if it did.
    completed_at: Option<Time>,
    /// Who asked for it.
    requested_by: &'a Actor,
    /// Who approved it, oldest first.
    approved_by: &'a [Approval],
    /// When the newest approval was given.
    approved_at: Option<Time>,
    /// What the approvals came to, with everything that was read of them; absent where nobody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<&'a JudgedApprovals>,
    /// Who refused it, when and why.
    rejected: Option<&'a Refusal>,
    /// Why it was refused.
    rejection_reason: Option<&'a str>,
    /// Who took it back, when and why.
    cancelled: Option<&'a Refusal>,
    /// The newer promotion that took its place.
    superseded_by: Option<&'a str>,
    /// What was set aside for it.
    bypassed: Vec<Bypass>,
    /// What it skips and why, where it is a hotfix.
    #[serde(skip_serializing_if = "Option::is_none")]
    hotfix: Option<Hotfixed>,
    /// What the source environment pinned at the request.
    source: Option<&'a Deployment>,
    /// What the target environment pinned at the request.
    target: Option<&'a Deployment>,
    /// What was asked for.
    request: &'a Request,
    /// The rules that it was asked for under.
    rules: RulesText<'a>,
    /// The waivers that it was asked for under; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    waivers: Option<RulesText<'a>>,
    /// The version of promote that it was asked with.
    promote: &'a str,
    /// The facts that the newest judgement read.
    facts: Option<&'a Facts>,
    /// The newest judgement.
    report: Option<&'a GateReport>,
    /// The plan, once the gates let it through.
    plan: Option<&'a Plan>,
    /// The commits that hold the new version.
    commits: Option<&'a [Committed]>,
    /// The verification that held.
    verified: Option<&'a Verified>,
    /// The verification that did not.
    refuted: Option<&'a Refuted>,
    /// What a person has to decide on, where the verification was paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<&'a Refuted>,
    /// What was done to restore the old version.
    rollback: Option<Restoring<'a>>,
    /// The entries in short, in order.
    events: Vec<Event<'a>>,
    /// The numbers of entries that cannot be, since the state before them does not allow their move: they change nothing.
    impossible: &'a [u32],
}

/// The rules, word for word.
#[derive(Debug, Serialize, JsonSchema)]
struct RulesText<'a> {
    /// The rules file's path.
    path: &'a str,
    /// Its text.
    text: &'a str,
}

/// What was done to restore the old version.
#[derive(Debug, Serialize, JsonSchema)]
struct Restoring<'a> {
    /// What restoring does.
    plan: &'a Plan,
    /// The commits that hold the old version.
    commits: Option<&'a [Committed]>,
    /// The verification of what was restored.
    verified: Option<&'a Verified>,
}

/// An entry in short.
#[derive(Debug, Serialize, JsonSchema)]
struct Event<'a> {
    /// Its number, from 0.
    seq: u32,
    /// What happened, in a word: the one in its file's name.
    event: &'static str,
    /// When.
    at: Time,
    /// The process that wrote it.
    run: &'a str,
    /// Who ran that.
    actor: &'a Actor,
    /// The CI run that it happened in, as its page's address.
    ci_run: Option<&'a str>,
}

/// `show --json`.
pub fn show(story: &Folded, entries: &[Entry]) -> String {
    let requested = &story.requested;
    let rejected = story.rejected.as_ref();
    written(&Show {
        schema: SCHEMA,
        promotion_id: &story.id,
        state: story.state,
        outcome: story.outcome,
        exit: story.outcome.map(Outcome::exit_code),
        what: story.closed.as_ref().map(|closed| closed.what.as_str()),
        next: story.closed.as_ref().and_then(|closed| closed.next.as_deref()),
        began: story.created_at,
        last: story.last,
        created_at: story.created_at,
        completed_at: story.completed_at,
        requested_by: &story.requested_by,
        approved_by: &story.approved_by,
        approved_at: story.approved_at(),
        approvals: story.approvals.as_deref(),
        rejected,
        rejection_reason: rejected.and_then(|rejected| rejected.reason.as_deref()),
        cancelled: story.cancelled.as_ref(),
        superseded_by: story.superseded_by.as_deref(),
        bypassed: story.bypassed(),
        hotfix: story.hotfix(),
        source: requested.source.as_ref(),
        target: requested.target.as_ref(),
        request: &requested.request,
        rules: RulesText { path: &requested.rules_path, text: &requested.rules },
        waivers: requested.waivers.as_ref().map(|file| RulesText { path: &file.path, text: &file.text }),
        promote: &requested.promote,
        facts: story.facts(),
        report: story.report(),
        plan: story.plan(),
        commits: story.committed.as_deref(),
        verified: story.verified.as_ref(),
        refuted: story.refuted.as_ref(),
        paused: story.paused.as_ref(),
        rollback: story.rollback_plan.as_ref().map(|plan| Restoring {
            plan,
            commits: story.rollback_committed.as_deref(),
            verified: story.rollback_verified.as_ref(),
        }),
        events: entries.iter().map(event).collect(),
        impossible: &story.impossible,
    })
}

fn event(entry: &Entry) -> Event<'_> {
    let Entry { run, seq, at, actor, ci_run, event, .. } = entry;
    Event { seq: *seq, event: event.word(), at: *at, run, actor, ci_run: ci_run.as_deref() }
}
