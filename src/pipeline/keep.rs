//! Keeping the record of a run: each milestone is in the ledger before the next step is taken.

use crate::pipeline::job::{End, Halt, Job};
use crate::ports::{Fault, World};
use crate::promotion::event::Event;
use crate::promotion::folded::{self, Folded};
use crate::promotion::outcome::Outcome;
use crate::promotion::record::{Closed, Entry, Milestone, Requested, SCHEMA};
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
    lost: Option<Fault>,
    unkept: Vec<String>,
}

impl<'a> Run<'a> {
    /// Takes up the promotion that the ledger already knows by this id, or begins it.
    pub fn begin(world: &'a World<'a>, job: &'a Job<'a>, id: &str, request: &Request) -> Result<Self, Halt> {
        let entries = world.ledger.entries(id)?;
        let known = folded::fold(&entries);
        let requested = Requested {
            request: request.clone(),
            rules_path: job.rules_path.to_owned(),
            rules: job.rules_text.to_owned(),
            promote: job.promote.to_owned(),
        };
        if let Some(story) = known {
            (world.tell)(&Event::Resumed { id: id.to_owned(), reached: story.reached.to_owned() });
            let wrote = story.committed.is_some();
            return Ok(Self { world, job, story, wrote, lost: None, unkept: Vec::new() });
        }
        let first = entry(world, job, id, 0, Milestone::Requested(Box::new(requested.clone())));
        world.ledger.append(&first)?;
        let story = Folded::begin(&first, requested);
        Ok(Self { world, job, story, wrote: false, lost: None, unkept: Vec::new() })
    }

    /// Keeps a milestone. Before anything is written, a ledger that cannot be written ends the run; afterwards the run goes on
    /// and says so at its end.
    pub fn keep(&mut self, event: Milestone) -> Result<(), Halt> {
        let entry = entry(self.world, self.job, &self.story.id, self.story.next_seq, event);
        self.story.take(&entry);
        let kept = if self.lost.is_none() { self.world.ledger.append(&entry) } else { Ok(()) };
        if let Err(fault) = kept {
            if !self.wrote {
                return Err(Halt::Fault(fault));
            }
            (self.world.tell)(&Event::Warning(format!("{fault}; the run goes on, its record is printed at the end")));
            self.lost = Some(fault);
        }
        if self.lost.is_some() {
            self.unkept.push(serde_json::to_string(&entry).unwrap_or_default());
        }
        Ok(())
    }

    /// Closes the run: keeps the outcome, and the promotion's end with it if the outcome is one.
    pub fn close(&mut self, mut end: End) -> Result<End, Halt> {
        let closed = Closed { outcome: end.outcome, what: end.what.clone(), next: end.next.first().cloned() };
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

    /// Adds what the run knows to an end that the ledger does not keep.
    pub fn finish(&self, mut end: End) -> End {
        let story = &self.story;
        end.id = Some(story.id.clone());
        end.recorded = true;
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

fn entry(world: &World<'_>, job: &Job<'_>, id: &str, seq: u32, event: Milestone) -> Entry {
    Entry {
        schema: SCHEMA,
        id: id.to_owned(),
        run: job.run.to_owned(),
        seq,
        at: world.clock.now(),
        actor: job.actor.clone(),
        event,
    }
}
