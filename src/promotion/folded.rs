//! A promotion's state, folded from its entries; stored nowhere.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::approvals::report::JudgedApprovals;
use crate::promotion::facts::Facts;
use crate::promotion::head::{Head, LastVerified, Review};
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::life::{Move, State};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, Plan};
use crate::promotion::record::{
    Approved, Bypass, Closed, Entry, Judged, Milestone, Planned, Refuted, Requested, Verified,
};
use crate::promotion::report::GateReport;
use crate::promotion::request::Actor;
use crate::promotion::time::Time;

/// Everything that is known of one promotion. The newest of several milestones of a kind counts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Folded {
    /// The promotion's id.
    pub id: String,
    /// The processes that worked on it: a commit of one of them is ours.
    pub runs: BTreeSet<String>,
    /// When it was asked for.
    pub created_at: Time,
    /// Who asked for it.
    pub requested_by: Actor,
    /// What was asked for.
    pub requested: Requested,
    /// Where it stands.
    pub state: State,
    /// Who approved it, oldest first.
    pub approved_by: Vec<Approval>,
    /// What the approvals came to, as the newest judgement that asked for any has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Box<JudgedApprovals>>,
    /// Why it was refused, and by whom.
    pub rejected: Option<Refusal>,
    /// Why it was taken back, and by whom.
    pub cancelled: Option<Refusal>,
    /// The newer promotion that took its place.
    pub superseded_by: Option<String>,
    /// The last judgement that held it.
    pub judged: Option<Judged>,
    /// The judgement that let it through, and the plan. Where a later judgement holds it, the plan is no longer to be carried
    /// out, but a push of it that was sent may still arrive.
    pub planned: Option<Planned>,
    /// Whether the newest judgement holds it.
    #[serde(skip)]
    pub held: bool,
    /// The commits that hold the new version.
    pub committed: Option<Vec<Committed>>,
    /// The verification that held.
    pub verified: Option<Verified>,
    /// The verification that did not.
    pub refuted: Option<Refuted>,
    /// What a person has to decide on, where the verification was paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Refuted>,
    /// What restoring does.
    pub rollback_plan: Option<Plan>,
    /// The commits that restore.
    pub rollback_committed: Option<Vec<Committed>>,
    /// The verification of what was restored.
    pub rollback_verified: Option<Verified>,
    /// How the newest run ended, in words; absent while one is at work, or when it was killed.
    pub closed: Option<Closed>,
    /// How the newest run ended.
    pub outcome: Option<Outcome>,
    /// When the promotion ended.
    pub completed_at: Option<Time>,
    /// When the newest entry was written.
    pub last: Time,
    /// The number of the next entry.
    #[serde(skip)]
    pub next_seq: u32,
    /// The word of the newest milestone.
    #[serde(skip)]
    pub reached: &'static str,
    /// Entries that cannot be: a move that the state before them does not allow. They change nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impossible: Vec<u32>,
}

/// An approval, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Approval {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Time,
    /// In which role, and what was said.
    #[serde(flatten)]
    pub approved: Approved,
}

/// A refusal, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refusal {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Time,
    /// Why, where something was said.
    pub reason: Option<String>,
}

/// Folds the entries of one promotion; `None` if they do not begin with a request.
pub fn fold(entries: &[Entry]) -> Option<Folded> {
    let first = entries.first()?;
    let Milestone::Requested(requested) = &first.event else { return None };
    let mut folded = Folded::begin(first, (**requested).clone());
    for entry in &entries[1..] {
        folded.take(entry);
    }
    Some(folded)
}

impl Folded {
    /// A promotion that was only asked for, by its first entry.
    pub fn begin(first: &Entry, requested: Requested) -> Self {
        Self {
            id: first.id.clone(),
            runs: BTreeSet::from([first.run.clone()]),
            created_at: first.at,
            requested_by: first.actor.clone(),
            requested,
            state: State::Pending,
            approved_by: Vec::new(),
            approvals: None,
            rejected: None,
            cancelled: None,
            superseded_by: None,
            judged: None,
            planned: None,
            held: false,
            committed: None,
            verified: None,
            refuted: None,
            paused: None,
            rollback_plan: None,
            rollback_committed: None,
            rollback_verified: None,
            closed: None,
            outcome: None,
            completed_at: None,
            last: first.at,
            next_seq: first.seq + 1,
            reached: first.event.word(),
            impossible: Vec::new(),
        }
    }

    /// Adds one entry. One that its state does not allow changes nothing but the number of the next.
    pub fn take(&mut self, entry: &Entry) {
        self.next_seq = entry.seq + 1;
        if let Some(step) = Move::of(&entry.event) {
            match self.state.after(step, self.committed.is_some()) {
                Some(state) => self.state = state,
                None => return self.impossible.push(entry.seq),
            }
        }
        self.runs.insert(entry.run.clone());
        self.reached = entry.event.word();
        self.last = entry.at;
        // An entry after the end of a run is a new run's: the old end is no longer how it stands.
        (self.closed, self.outcome) = (None, None);
        if let Some(judged) = entry.event.approvals() {
            self.approvals = Some(Box::new(judged.clone()));
        }
        match &entry.event {
            Milestone::Requested(_) | Milestone::Unfamiliar => {}
            Milestone::Approved(approved) => {
                let (by, at) = (entry.actor.clone(), entry.at);
                self.approved_by.push(Approval { by, at, approved: approved.clone() });
            }
            Milestone::Rejected(rejected) => {
                self.rejected = Some(refusal(entry, Some(rejected.reason.clone())));
                self.outcome = Some(Outcome::Rejected);
            }
            Milestone::Cancelled(cancelled) => self.cancelled = Some(refusal(entry, cancelled.reason.clone())),
            Milestone::Superseded { by } => {
                self.superseded_by = Some(by.clone());
                self.outcome = Some(Outcome::Superseded);
            }
            Milestone::Judged(judged) => {
                self.outcome = Some(judged.outcome);
                self.judged = Some((**judged).clone());
                self.held = true;
            }
            Milestone::Planned(planned) => {
                self.planned = Some((**planned).clone());
                self.held = false;
            }
            Milestone::Committed { commits } => self.committed = Some(commits.clone()),
            Milestone::Verified(verified) => self.verified = Some(verified.clone()),
            Milestone::Refuted(refuted) => self.refuted = Some(refuted.clone()),
            Milestone::Paused(paused) => {
                self.paused = Some(paused.clone());
                self.outcome = Some(Outcome::Waiting);
            }
            Milestone::RollbackPlanned { plan } => self.rollback_plan = Some((**plan).clone()),
            Milestone::RollbackCommitted { commits } => self.rollback_committed = Some(commits.clone()),
            Milestone::RollbackVerified(verified) => self.rollback_verified = Some(verified.clone()),
            Milestone::Closed(closed) => {
                (self.closed, self.outcome) = (Some(closed.clone()), Some(closed.outcome));
            }
        }
        self.completed_at = self.is_over().then_some(entry.at);
    }

    /// Whether the promotion is over.
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }

    /// When the newest approval was given.
    pub fn approved_at(&self) -> Option<Time> {
        self.approved_by.last().map(|approval| approval.at)
    }

    /// The newest judgement: of the plan, or of what holds it.
    pub fn report(&self) -> Option<&GateReport> {
        let planned = self.planned.as_ref().filter(|_| !self.held).map(|planned| &planned.report);
        planned.or_else(|| self.judged.as_ref().map(|judged| &judged.report))
    }

    /// The facts that the newest judgement read.
    pub fn facts(&self) -> Option<&Facts> {
        let planned = self.planned.as_ref().filter(|_| !self.held).map(|planned| &planned.facts);
        planned.or_else(|| self.judged.as_ref().map(|judged| &judged.facts))
    }

    /// The plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.planned.as_ref().map(|planned| &planned.plan)
    }

    /// What it skips and why, if it is a hotfix: by its plan, else by what was asked for.
    pub fn hotfix(&self) -> Option<Hotfixed> {
        let asked = || {
            let skips = self.requested.hotfix.as_ref()?.skips.clone();
            Some(Hotfixed { skips, reason: self.requested.request.reason.clone().unwrap_or_default() })
        };
        self.plan().and_then(|plan| plan.hotfix.clone()).or_else(asked)
    }

    /// What was set aside for it, when it was asked for or in a later run.
    pub fn bypassed(&self) -> Vec<Bypass> {
        let facts = self.facts();
        let later = [
            (facts.is_some_and(|facts| facts.set_aside.is_some()), Bypass::Gates),
            (facts.is_some_and(|facts| facts.hotfix.is_some()), Bypass::Hotfix),
            (facts.is_some_and(|facts| facts.replaced.is_some()), Bypass::Soak),
        ];
        let mut bypassed = self.requested.bypassed.clone();
        for (_, bypass) in later.into_iter().filter(|(was, _)| *was) {
            if !bypassed.contains(&bypass) {
                bypassed.push(bypass);
            }
        }
        bypassed
    }

    /// The head of its service and environment once this promotion is as it is here.
    pub fn head_after(&self, before: &Head) -> Head {
        let mut head = before.clone();
        if !self.is_over() {
            head.open = Some(self.id.clone());
            return head;
        }
        if head.current.as_ref() != Some(&self.id) {
            head.sequence += 1;
            // Whatever became of it: it went past environments, and wrote.
            head.reviews.extend(self.hotfix().filter(|_| self.committed.is_some()).map(|hotfix| Review {
                promotion: self.id.clone(),
                by: self.requested_by.name.clone(),
                since: self.last,
                skips: hotfix.skips,
                reason: hotfix.reason,
            }));
        }
        head.current = Some(self.id.clone());
        head.open = head.open.filter(|open| *open != self.id);
        let held = matches!(self.outcome, Some(Outcome::Promoted | Outcome::Unchanged));
        if let Some(verified) = self.verified.as_ref().filter(|_| held) {
            let images = self.requested.request.images.iter().map(|wanted| wanted.new.clone()).collect();
            head.last_verified = Some(LastVerified { promotion: self.id.clone(), images, since: verified.since });
        }
        head
    }
}

fn refusal(entry: &Entry, reason: Option<String>) -> Refusal {
    Refusal { by: entry.actor.clone(), at: entry.at, reason }
}
