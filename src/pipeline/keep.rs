//! Keeping the record of a run: each milestone is in the ledger before the next step is taken.

use crate::pipeline::job::{End, Halt, Job};
use crate::pipeline::{ends, lock};
use crate::ports::{Approvals, Claim, Fault, FaultKind, World};
use crate::promotion::event::Event;
use crate::promotion::folded::{self, Folded};
use crate::promotion::order::{Order, Ordered};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::{Bypass, Closed, Deployment, Entry, Milestone, Requested, RulesText};
use crate::promotion::request::Request;

/// One run of one promotion, with its record so far.
pub struct Run<'a> {
    /// The world.
    pub world: &'a World<'a>,
    /// What is run.
    pub job: &'a Job<'a>,
    /// The promotion as its entries tell it.
    pub story: Folded,
    /// Whether something outside the ledger was written: from then on a full disk must not stop the run.
    pub wrote: bool,
    claim: Box<dyn Claim>,
    /// Milestones that are not in the ledger yet: they go there with the next one that a step waits for.
    queue: Vec<Entry>,
    /// Orders that follow from how the promotion ends: they go into the ledger with its end.
    orders: Vec<Order>,
    lost: Option<Fault>,
    unkept: Vec<String>,
}

impl<'a> Run<'a> {
    /// Takes up the promotion that the ledger already knows by this id, or begins it: its request goes into the ledger with
    /// the first milestone that is kept.
    pub fn begin(
        world: &'a World<'a>,
        job: &'a Job<'a>,
        claim: Box<dyn Claim>,
        beginning: Beginning<'_>,
    ) -> Result<Self, Halt> {
        let known = folded::fold(&world.ledger.entries(beginning.id)?);
        let (story, queue) = match known {
            Some(story) => {
                let (id, reached) = (story.id.clone(), story.reached.to_owned());
                (world.tell)(&Event::Resumed { id, reached });
                (story, Vec::new())
            }
            None => beginning.entries(world, job),
        };
        let wrote = story.committed.is_some();
        Ok(Self { world, job, story, wrote, claim, queue, orders: Vec::new(), lost: None, unkept: Vec::new() })
    }

    /// Notes a milestone that no step waits for: it goes into the ledger with the next one that is kept.
    pub fn note(&mut self, event: Milestone) {
        let entry = self.job.me.entry(self.world.clock.now(), &self.story.id, self.story.next_seq, event);
        self.story.take(&entry);
        self.queue.push(entry);
    }

    /// Gives an order for the environment, which follows from how this promotion ends. It is kept with the end, once however many
    /// runs come to it.
    pub fn order(&mut self, event: Ordered) {
        let (service, to) = (&self.job.service.name, &self.job.promotion.to);
        let order = self.job.me.order(self.world.clock.now(), service, to, event);
        let seq = u32::try_from(self.orders.len()).unwrap_or(u32::MAX);
        self.orders.push(Order { run: self.story.id.clone(), seq, ..order });
    }

    /// Gives an order for the environment in the name of this process: a later one may have to give another.
    pub fn order_now(&mut self, event: Ordered) {
        let (service, to) = (&self.job.service.name, &self.job.promotion.to);
        let order = self.job.me.order(self.world.clock.now(), service, to, event);
        self.orders.push(order);
    }

    /// Keeps a milestone. Before anything is written, a ledger that cannot be written ends the run; afterwards the run goes on
    /// and says so at its end.
    pub fn keep(&mut self, event: Milestone) -> Result<(), Halt> {
        self.note(event);
        self.flush()
    }

    /// Brings everything that was noted into the ledger.
    pub fn flush(&mut self) -> Result<(), Halt> {
        if self.queue.is_empty() {
            return Ok(());
        }
        if self.lost.is_none() {
            match self.written() {
                Ok(()) => {
                    self.queue.clear();
                    return Ok(());
                }
                Err(Halt::Fault(fault)) if fault.kind == FaultKind::Conflict => return Err(self.moved_on(&fault)),
                Err(Halt::Fault(fault)) if self.wrote => {
                    (self.world.tell)(&Event::Warning(format!(
                        "{fault}; the run goes on, its record is printed at the end"
                    )));
                    self.lost = Some(fault);
                }
                Err(halt) => return Err(halt),
            }
        }
        let unkept = self.queue.drain(..).map(|entry| serde_json::to_string(&entry).unwrap_or_default());
        self.unkept.extend(unkept);
        let orders = self.orders.drain(..).map(|order| serde_json::to_string(&order).unwrap_or_default());
        self.unkept.extend(orders);
        Ok(())
    }

    fn written(&mut self) -> Result<(), Halt> {
        if let Some(end) = self.still_ours()? {
            return Err(end.into());
        }
        append(self.world, &self.story.id, &mut self.queue, &self.orders)?;
        self.orders.clear();
        Ok(())
    }

    /// The end of the run if its lock was taken away: looked at before each write.
    pub fn still_ours(&self) -> Result<Option<End>, Fault> {
        let lost = lock::lost(self.world, self.job, self.claim.as_ref(), self.wrote)?;
        Ok(lost.map(|end| self.finish(end)))
    }

    /// Keeps the lock alive while the run waits; the end of the run if the lock was taken away.
    pub fn alive(&self) -> Option<End> {
        lock::alive(self.world, self.job, self.claim.as_ref(), self.wrote).map(|end| self.finish(end))
    }

    /// Somebody else moved this promotion on: who, and to where.
    fn moved_on(&self, fault: &Fault) -> Halt {
        let story = self.world.ledger.entries(&self.story.id).ok().and_then(|entries| folded::fold(&entries));
        let end = story.map_or_else(
            || End::of(Outcome::Superseded, "somebody else works on this promotion").because(fault),
            |story| ends::stands(&story),
        );
        let outcome = if self.wrote { Outcome::Unconfirmed } else { Outcome::Superseded };
        self.finish(End { outcome, ..end }).into()
    }

    /// Closes the run: keeps the outcome, and the promotion's end with it if the outcome is one.
    pub fn close(&mut self, mut end: End) -> Result<End, Halt> {
        let github_requests = self.world.approvals.map(Approvals::requests);
        let (what, next) = (end.what.clone(), end.next.first().cloned());
        let closed = Closed { outcome: end.outcome, what, next, github_requests };
        self.keep(Milestone::Closed(closed))?;
        if let Some(lost) = &self.lost {
            end.seen.push(format!("{}: {}", end.outcome.word(), end.what));
            end.what = "the record could not be kept, and a person has to keep it".to_owned();
            end.seen.push(lost.to_string());
            end.next.insert(0, "free the disk, and put the entries printed above into the ledger".to_owned());
            end.outcome = Outcome::Stuck;
            end.unkept = std::mem::take(&mut self.unkept);
        }
        Ok(self.finish(end))
    }

    /// The rules of this run, where they are no longer those that the request was made under: a judgement keeps what it was
    /// judged by.
    pub fn other_rules(&self) -> Option<RulesText> {
        let (asked, job) = (&self.story.requested, self.job);
        let same = asked.rules_path == job.rules_path && asked.rules == job.rules_text;
        (!same).then(|| RulesText { path: job.rules_path.to_owned(), text: job.rules_text.to_owned() })
    }

    /// The waivers of this run, where they are no longer those that the request was made under; an empty text where the file is gone.
    pub fn other_waivers(&self) -> Option<RulesText> {
        let (asked, now) = (self.story.requested.waivers.as_ref(), waivers_text(self.job));
        if asked == now.as_ref() {
            return None;
        }
        now.or_else(|| asked.map(|gone| RulesText { path: gone.path.clone(), text: String::new() }))
    }

    /// Adds what the run knows to an end that the ledger does not keep.
    pub fn finish(&self, mut end: End) -> End {
        let story = &self.story;
        end.id = Some(story.id.clone());
        end.recorded = !self.queue.iter().any(|entry| entry.seq == 0 && entry.id == story.id);
        end.request = Some(story.requested.request.clone());
        if let Some(planned) = &story.planned {
            end.facts = Some(Box::new(planned.facts.clone()));
            end.report = Some(planned.report.clone());
            end.plan = Some(Box::new(planned.plan.clone()));
        }
        let commits = story.rollback_committed.as_ref().or(story.committed.as_ref());
        end.commit = commits.and_then(|commits| commits.first()).map(|committed| committed.commit.clone());
        end
    }

    /// The end of a run that was asked to stop between two steps.
    pub fn interrupted(&self) -> End {
        let end = End::of(Outcome::Interrupted, format!("stopped after `{}`", self.story.reached));
        self.finish(end.next("run it again to go on from there"))
    }
}

/// The waivers file of a job, for the record.
fn waivers_text(job: &Job<'_>) -> Option<RulesText> {
    job.waivers.map(|file| RulesText { path: file.path.clone(), text: file.text.clone() })
}

/// Writes entries of a promotion, and of the one whose place it takes, with the orders that follow. That one is not under our lock against a person's
/// word: if it was approved or refused meanwhile, its end is written anew, or is not needed any more.
pub fn append(world: &World<'_>, id: &str, entries: &mut Vec<Entry>, orders: &[Order]) -> Result<(), Fault> {
    const WORDS: u32 = 10;
    for _ in 0..WORDS {
        let conflict = match world.ledger.write(entries, orders) {
            Err(fault) if fault.kind == FaultKind::Conflict => fault,
            done => return done,
        };
        let Some(at) = entries.iter().position(|entry| entry.id != id) else { return Err(conflict) };
        let Some(older) = folded::fold(&world.ledger.entries(&entries[at].id)?) else { return Err(conflict) };
        if older.is_over() {
            entries.remove(at);
        } else if entries[at].seq == older.next_seq {
            return Err(conflict);
        } else {
            entries[at].seq = older.next_seq;
        }
    }
    world.ledger.write(entries, orders)
}

/// A promotion that the ledger may not know yet.
pub struct Beginning<'a> {
    /// Its id.
    pub id: &'a str,
    /// What is asked for.
    pub request: &'a Request,
    /// What the source environment pins.
    pub source: Option<Deployment>,
    /// What the target environment pins.
    pub target: Option<Deployment>,
    /// The open promotion whose place it takes.
    pub supersedes: Option<&'a Folded>,
}

impl<'a> Beginning<'a> {
    /// A promotion by its id and request alone.
    pub fn of(id: &'a str, request: &'a Request) -> Self {
        Self { id, request, source: None, target: None, supersedes: None }
    }

    /// The promotion as it begins, and the entries that say so: the end of the one whose place it takes comes first.
    pub fn entries(self, world: &World<'_>, job: &Job<'_>) -> (Folded, Vec<Entry>) {
        let requested = Requested {
            request: self.request.clone(),
            rules_path: job.rules_path.to_owned(),
            rules: job.rules_text.to_owned(),
            waivers: waivers_text(job),
            promote: job.promote.to_owned(),
            bypassed: job.approving.bypass.clone(),
            hotfix: job.promotion.hotfix.clone().filter(|_| job.approving.bypass.contains(&Bypass::Hotfix)),
            alone: job.approving.alone,
            source: self.source,
            target: self.target,
        };
        let by = || Milestone::Superseded { by: self.id.to_owned() };
        let older = self.supersedes.map(|older| job.me.entry(world.clock.now(), &older.id, older.next_seq, by()));
        let first = job.me.entry(world.clock.now(), self.id, 0, Milestone::Requested(Box::new(requested.clone())));
        let story = Folded::begin(&first, requested);
        (story, older.into_iter().chain([first]).collect())
    }
}
