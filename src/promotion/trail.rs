//! The audit trail: one line for each thing that was done, by whom, to what, and what came of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::folded::Folded;
use crate::promotion::history::pieces::{Content, Piece};
use crate::promotion::history::shelf::{Shelf, shelf};
use crate::promotion::image::ImageRef;
use crate::promotion::order::{Order, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::{Entry, Milestone};
use crate::promotion::request::{Actor, ActorKnown};
use crate::promotion::rules::quantity;
use crate::promotion::time::Time;

/// The number of the trail's format: raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One thing that was done. Fields without a value are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "A line of the audit trail")]
pub struct Line {
    /// The number of this format: 1.
    pub schema: u32,
    /// When, as RFC 3339 in UTC.
    #[schemars(with = "String")]
    pub timestamp: Time,
    /// What was done: `requested`, `approved`, `rejected`, `cancelled`, `superseded`, `held`, `planned`, `committed`,
    /// `verified`, `refuted`, `rollback_planned`, `rollback_committed`, `rollback_verified`, `rolled_back`, `closed`,
    /// `adopted`, `unlocked`, `on_hold`, `vetoed`, `frozen`, `hold_lifted`, `veto_lifted`, `freeze_lifted`, `revoked`;
    /// `unfamiliar` where a newer promote wrote it.
    pub action: String,
    /// The service; absent where an order is about all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The version that is brought: its tag, else its digest; of several images each with its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The images that are brought, whole: `registry.example.com/app:1.20@sha256:…`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The environment that the version comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_stage: Option<String>,
    /// The environment that it goes to, or that an order is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_stage: Option<String>,
    /// Who had approved it by then.
    pub approved_by: Vec<String>,
    /// The CI run that it was done in; its page where it is none of GitHub's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci_run_id: Option<String>,
    /// The page of that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci_run_url: Option<String>,
    /// The commit in the GitOps repository that it is about: the newest one by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    /// The promotion's id; of orders, only a revocation has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_id: Option<String>,
    /// Who did it.
    pub actor: String,
    /// How that is known: `github`, or `claimed` by the environment of the process.
    pub actor_known: String,
    /// What came of it, where it ended something: `promoted`, `held`, `rolled_back`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why, in the words of whoever did it, or of the run that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of the entry in its promotion; for orders in its process.
    pub seq: u32,
}

/// What of the trail is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// From this moment on.
    pub since: Option<Time>,
    /// Up to this moment.
    pub until: Option<Time>,
    /// Of this service, compared without case.
    pub service: Option<String>,
    /// To this environment, compared without case.
    pub environment: Option<String>,
}

impl Wanted {
    fn takes(&self, line: &Line) -> bool {
        let is = |wanted: &Option<String>, is: &Option<String>| match (wanted, is) {
            (None, _) | (Some(_), None) => true,
            (Some(wanted), Some(is)) => wanted.eq_ignore_ascii_case(is),
        };
        self.since.is_none_or(|since| line.timestamp >= since)
            && self.until.is_none_or(|until| line.timestamp <= until)
            && is(&self.service, &line.service)
            && is(&self.environment, &line.to_stage)
    }
}

/// Takes a ledger piece by piece, and gives its trail.
#[derive(Debug, Default)]
pub struct Trail {
    lines: Vec<Line>,
    promotion: Option<(String, Vec<Entry>)>,
    unread: Vec<String>,
}

impl Trail {
    /// Takes the next piece.
    pub fn take(&mut self, piece: Piece) {
        let Piece::File { path, content } = piece else { return };
        match shelf(&path) {
            Shelf::Entry { id, .. } => {
                if self.promotion.as_ref().is_none_or(|(open, _)| *open != id) {
                    self.close();
                    self.promotion = Some((id, Vec::new()));
                }
                match read::<Entry>(&content) {
                    Some(entry) => self.promotion.iter_mut().for_each(|(_, entries)| entries.push(entry.clone())),
                    None => self.unread.push(path),
                }
            }
            Shelf::Order { .. } => match read::<Order>(&content) {
                Some(order) => self.lines.push(ordered(&order)),
                None => self.unread.push(path),
            },
            Shelf::Head { .. } | Shelf::Foreign(_) => {}
        }
    }

    fn close(&mut self) {
        let Some((_, mut entries)) = self.promotion.take() else { return };
        entries.sort_by_key(|entry| entry.seq);
        self.lines.extend(promotion(&entries));
    }

    /// The lines that are wanted, oldest first, and the files that could not be read.
    pub fn finish(mut self, wanted: &Wanted) -> (Vec<Line>, Vec<String>) {
        self.close();
        self.lines.retain(|line| wanted.takes(line));
        self.lines.sort_by(|a, b| (a.timestamp, &a.promotion_id, a.seq).cmp(&(b.timestamp, &b.promotion_id, b.seq)));
        (self.lines, self.unread)
    }
}

fn read<T: serde::de::DeserializeOwned>(content: &Content) -> Option<T> {
    match content {
        Content::Text(text) => serde_json::from_str(text).ok(),
        Content::Unreadable(_) => None,
    }
}

/// The lines of one promotion. One whose request cannot be read has lines too: nothing of it is hidden.
fn promotion(entries: &[Entry]) -> Vec<Line> {
    let mut story: Option<Folded> = None;
    let mut lines = Vec::new();
    for entry in entries {
        match (&mut story, &entry.event) {
            (Some(story), _) => story.take(entry),
            (none, Milestone::Requested(requested)) => *none = Some(Folded::begin(entry, (**requested).clone())),
            (None, _) => {}
        }
        lines.push(line(entry, story.as_ref()));
    }
    lines
}

fn line(entry: &Entry, story: Option<&Folded>) -> Line {
    let request = story.map(|story| &story.requested.request);
    let images: Vec<ImageRef> =
        request.iter().flat_map(|request| request.images.iter().map(|wanted| wanted.new.clone())).collect();
    let (action, outcome, reason) = happened(&entry.event);
    let commits = story.and_then(|story| story.rollback_committed.as_ref().or(story.committed.as_ref()));
    Line {
        service: request.map(|request| request.service.clone()),
        version: version(&images),
        images: images.iter().map(ToString::to_string).collect(),
        from_stage: request.map(|request| request.from.clone()),
        to_stage: request.map(|request| request.to.clone()),
        approved_by: story.iter().flat_map(|story| &story.approved_by).map(|by| by.by.name.clone()).collect(),
        commit_sha: commits.and_then(|commits| commits.first()).map(|commit| commit.commit.clone()),
        promotion_id: Some(entry.id.clone()),
        outcome: outcome.map(|outcome| outcome.word().to_owned()),
        reason,
        seq: entry.seq,
        ..blank(entry.at, action, &entry.actor, entry.ci_run.as_deref())
    }
}

/// A line that says when, what, who and in which run, and nothing else.
fn blank(at: Time, action: &str, actor: &Actor, ci_run: Option<&str>) -> Line {
    let known = match actor.known {
        ActorKnown::Github => "github",
        ActorKnown::Claimed => "claimed",
    };
    Line {
        schema: SCHEMA,
        timestamp: at,
        action: action.to_owned(),
        service: None,
        version: None,
        images: Vec::new(),
        from_stage: None,
        to_stage: None,
        approved_by: Vec::new(),
        ci_run_id: ci_run.map(run_id),
        ci_run_url: ci_run.map(str::to_owned),
        commit_sha: None,
        promotion_id: None,
        actor: actor.name.clone(),
        actor_known: known.to_owned(),
        outcome: None,
        reason: None,
        seq: 0,
    }
}

fn ordered(order: &Order) -> Line {
    let (images, commit) = match &order.event {
        Ordered::Adopted(adopted) => (adopted.images.as_slice(), Some(adopted.commit.clone())),
        Ordered::Vetoed { images, .. } | Ordered::Revoked { images, .. } => (images.as_slice(), None),
        _ => (&[][..], None),
    };
    let lifted = match &order.event {
        Ordered::Lifted(lifted) => Some(lifted),
        _ => None,
    };
    // What was lifted is said by the action itself, and an environment's hold is not a judgement that holds.
    let action = match &order.event {
        Ordered::Lifted(lifted) => format!("{}_lifted", lifted.what.word()),
        Ordered::Held { .. } => "on_hold".to_owned(),
        event => event.word().to_owned(),
    };
    let promotion_id = match &order.event {
        Ordered::Revoked { promotion, .. } => Some(promotion.clone()),
        Ordered::Reviewed(reviewed) => Some(reviewed.promotion.clone()),
        _ => None,
    };
    Line {
        service: order.service.clone(),
        version: version(images).or_else(|| lifted.and_then(|lifted| lifted.version.clone())),
        promotion_id,
        images: images.iter().map(ToString::to_string).collect(),
        to_stage: order.environment.clone(),
        commit_sha: commit,
        reason: order.event.reason().map(str::to_owned),
        seq: order.seq,
        ..blank(order.at, &action, &order.actor, order.ci_run.as_deref())
    }
}

/// What was done, what came of it, and why.
fn happened(event: &Milestone) -> (&'static str, Option<Outcome>, Option<String>) {
    match event {
        Milestone::Requested(requested) => ("requested", None, requested.request.reason.clone()),
        Milestone::Approved(approved) => ("approved", None, approved.comment.clone()),
        Milestone::Rejected(rejected) => ("rejected", Some(Outcome::Rejected), Some(rejected.reason.clone())),
        Milestone::Cancelled(cancelled) => ("cancelled", None, cancelled.reason.clone()),
        Milestone::Superseded { by } => {
            ("superseded", Some(Outcome::Superseded), Some(format!("promotion {by} took its place")))
        }
        Milestone::Judged(judged) => ("held", Some(judged.outcome), None),
        Milestone::Planned(_) => ("planned", None, None),
        Milestone::Committed { .. } => ("committed", None, None),
        Milestone::Verified(_) => ("verified", None, None),
        Milestone::Refuted(refuted) => ("refuted", None, Some(refuted.what.clone())),
        Milestone::Paused(paused) => ("paused", Some(Outcome::Waiting), Some(paused.what.clone())),
        Milestone::RollbackPlanned { .. } => ("rollback_planned", None, None),
        Milestone::RollbackCommitted { .. } => ("rollback_committed", None, None),
        Milestone::RollbackVerified(_) => ("rollback_verified", None, None),
        Milestone::Closed(closed) => {
            let action = if closed.outcome == Outcome::RolledBack { "rolled_back" } else { "closed" };
            (action, Some(closed.outcome), Some(closed.what.clone()))
        }
        Milestone::Unfamiliar => ("unfamiliar", None, None),
    }
}

/// `1.20`; of several images `app 1.20, worker 3.1`.
fn version(images: &[ImageRef]) -> Option<String> {
    match images {
        [] => None,
        [only] => Some(only.version()),
        several => {
            let named = several.iter().map(|image| format!("{} {}", image.short_name(), image.version()));
            Some(named.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The number of a GitHub run's page; of any other page the whole address.
fn run_id(page: &str) -> String {
    let number = page.split_once("/actions/runs/").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    number.unwrap_or(page).to_owned()
}

/// The moment that a person means: RFC 3339, a date (its beginning in UTC), or an age (`7d`, `12h`). `None` if it is none.
pub fn moment(text: &str, now: Time) -> Option<Time> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Ok(time) = format!("{text}T00:00:00Z").parse() {
        return Some(time);
    }
    let age = quantity::span(text).ok()?;
    Time::from_millisecond(now.as_millisecond().checked_sub(age.0)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_an_age() {
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        for (text, wanted) in [
            ("2026-11-20T09:30:00+01:00", "2026-11-20T08:30:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("7d", "2026-11-14T12:00:00Z"),
            ("90m", "2026-11-21T10:30:00Z"),
        ] {
            assert_eq!(moment(text, now), Some(wanted.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "7", "2026-13-01"] {
            assert_eq!(moment(text, now), None, "{text}");
        }
    }

    #[test]
    fn a_run_is_known_by_its_number_at_github_and_by_its_page_elsewhere() {
        assert_eq!(run_id("https://github.com/acme/app/actions/runs/8412/attempts/2"), "8412");
        assert_eq!(run_id("https://ci.example.com/job/7"), "https://ci.example.com/job/7");
    }
}
