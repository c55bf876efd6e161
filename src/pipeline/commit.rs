//! Writing to the GitOps repository: one commit, pushed as a compare-and-swap, made again on the new tip when it was
//! lost to somebody else's push and the old values still stand.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::pipeline::asked::branch;
use crate::pipeline::job::{End, Halt};
use crate::pipeline::keep::Run;
use crate::pipeline::still::{self, Holds};
use crate::ports::{Branch, Fault, FaultKind, Found, Proposal, Pushed};
use crate::promotion::edit::FileEdits;
use crate::promotion::edit::apply::apply;
use crate::promotion::edit::read::{Standing, standing};
use crate::promotion::event::{Event, Phase};
use crate::promotion::facts::{CommitSummary, Snapshot};
use crate::promotion::id::sha256;
use crate::promotion::made::made;
use crate::promotion::plan::{Committed, Plan, PlannedCommit};
use crate::promotion::planning::{ID_TRAILER, RUN_TRAILER, TIP_TRAILER};
use crate::promotion::releases::{Release, Stamp};
use crate::promotion::rules::Target;
use crate::promotion::time::Millis;

/// How often a lost race is tried again, at most.
const ATTEMPTS: u32 = 60;
/// How long races are run at most.
const DEADLINE: Millis = Millis::mins(3);
/// How often a connection that was lost before anything was written is tried again.
const LOST_CONNECTIONS: u32 = 3;

/// Why there is no commit.
#[derive(Debug)]
pub enum NoCommit {
    /// Somebody else changed what we were going to change: who and how, in a sentence.
    Overtaken(String),
    /// The repository refuses, or cannot be reached; nothing was written.
    Fault(Fault),
    /// A push was sent, and it could not be found out whether it arrived.
    Uncertain(Fault),
    /// An order or a freeze window came after the plan was made; nothing was written.
    Held(Box<Holds>),
    /// The rules changed after the plan was made; nothing was written.
    Changed(Box<End>),
    /// The run was asked to stop; nothing was written.
    Stopped,
    /// The run has to stop where it stands: it lost its lock.
    Halted(Halt),
}

impl From<Fault> for NoCommit {
    fn from(fault: Fault) -> Self {
        if fault.kind == FaultKind::Uncertain { Self::Uncertain(fault) } else { Self::Fault(fault) }
    }
}

/// Where a push that was lost to another goes on.
enum Base {
    /// On the branch's new tip.
    Tip(String),
    /// Nowhere: an earlier run's push has landed.
    Ours(Committed),
}

/// Makes the plan's commit, or finds it if an earlier run made it.
pub fn commit(run: &Run<'_>, plan: &Plan, target: &Target) -> Result<Vec<Committed>, NoCommit> {
    (run.world.tell)(&Event::Phase(Phase::Commit));
    let mut all = Vec::new();
    for planned in &plan.commits {
        all.push(Writer { run, plan, planned, branch: branch(target) }.write()?);
    }
    Ok(all)
}

struct Writer<'a> {
    run: &'a Run<'a>,
    plan: &'a Plan,
    planned: &'a PlannedCommit,
    branch: Branch,
}

impl Writer<'_> {
    fn write(&self) -> Result<Committed, NoCommit> {
        if self.planned.files.is_empty() {
            (self.run.world.tell)(&Event::NothingToCommit { commit: self.planned.base.clone() });
            return Ok(self.committed(&self.planned.base, None));
        }
        let started = self.run.world.clock.now();
        let mut base = self.planned.base.clone();
        let mut lost_connections = 0;
        for attempt in 1..=ATTEMPTS {
            if self.run.world.clock.stopped() {
                return Err(NoCommit::Stopped);
            }
            self.still_first()?;
            if let Some(end) = still::changed(self.run, self.plan)? {
                return Err(NoCommit::Changed(Box::new(end)));
            }
            if let Some(holds) = still::held(self.run, self.plan)? {
                return Err(NoCommit::Held(Box::new(holds)));
            }
            if let Some(why) = still::refused(self.run, self.plan)? {
                return Err(NoCommit::Overtaken(why));
            }
            if let Some(end) = self.run.still_ours()? {
                return Err(NoCommit::Halted(end.into()));
            }
            match self.push(&base) {
                Ok(Pushed::Landed(commit)) => {
                    self.tell_committed(&commit, attempt, false);
                    return Ok(self.committed(&commit, Some(base)));
                }
                Ok(Pushed::Moved) => {}
                Err(fault) if fault.kind == FaultKind::Transient && lost_connections < LOST_CONNECTIONS => {
                    lost_connections += 1;
                }
                Err(fault) => return Err(fault.into()),
            }
            if Millis::between(started, self.run.world.clock.now()) > DEADLINE {
                break;
            }
            self.run.world.clock.sleep(pause(self.run.job.me.run, attempt));
            base = match self.next_base(attempt + 1)? {
                Base::Tip(tip) => tip,
                Base::Ours(landed) => return Ok(landed),
            };
        }
        let why = format!("{} moved before each of our pushes", self.planned.branch);
        let fault = Fault::new(FaultKind::Conflict, format!("push to {}", self.planned.repository), why);
        Err(NoCommit::Fault(fault.hint("run it again when the branch is quieter")))
    }

    /// Nobody may have ended a promotion of this environment since ours was planned.
    fn still_first(&self) -> Result<(), NoCommit> {
        let Some(planned) = &self.run.story.planned else { return Ok(()) };
        let head = self.run.world.ledger.head(&self.plan.service, &self.plan.to)?;
        if head.sequence == planned.facts.target.head.sequence {
            return Ok(());
        }
        let by = head.current.unwrap_or_default();
        Err(NoCommit::Overtaken(format!("promotion {by} to {} ended after this one was planned", self.plan.to)))
    }

    fn push(&self, base: &str) -> Result<Pushed, Fault> {
        let world = self.run.world;
        let release = self.planned.release.as_ref();
        let paths = self.planned.files.iter().map(|file| file.path.clone());
        let paths: Vec<String> = paths.chain(release.map(|release| release.file.clone())).collect();
        let texts = world.delivery.read(&self.branch, base, &paths)?;
        let mut files = BTreeMap::new();
        for file in &self.planned.files {
            let text = texts.get(&file.path).and_then(Option::as_deref).unwrap_or_default();
            files.insert(file.path.clone(), edited(text, file)?);
        }
        if let Some(release) = release {
            files.extend(self.released(release, texts.get(&release.file).and_then(Option::as_deref))?);
        }
        // The run that began the record, which the ledger knows in any case. A run that is killed right after its push may
        // have written nothing of its own.
        let began = self.run.story.runs.first().map_or(self.run.job.me.run, String::as_str);
        let tip =
            world.ledger.tip(&self.run.story.id)?.map(|tip| format!("{TIP_TRAILER}: {tip}\n")).unwrap_or_default();
        let message = format!("{}\n{RUN_TRAILER}: {began}\n{tip}", self.planned.message);
        world.delivery.push(&self.branch, &Proposal { base: base.to_owned(), files, message, at: world.clock.now() })
    }

    /// The releases file with this release, made on what stands there now: others may have written their own meanwhile.
    fn released(&self, release: &Release, text: Option<&str>) -> Result<Option<(String, String)>, Fault> {
        let stamp = Stamp::new(&self.run.job.me.actor.name, self.run.world.clock.now());
        let broken = |why: String| Fault::new(FaultKind::Broken, format!("edit {}", release.file), why);
        match release.edits(text, &stamp) {
            Ok(edits) => {
                let after = apply(text.unwrap_or_default(), &edits).map_err(|fault| broken(fault.to_string()))?;
                Ok((Some(after.as_str()) != text).then(|| (release.file.clone(), after)))
            }
            Err(fault) if release.may_lag => {
                let why =
                    format!("{} keeps what it says, and should say {}: {}", release.file, release.version, fault.why);
                (self.run.world.tell)(&Event::Warning(why));
                Ok(None)
            }
            Err(fault) => Err(broken(fault.why).hint(fault.hint)),
        }
    }

    /// The new tip, if our old values still stand there.
    fn next_base(&self, attempt: u32) -> Result<Base, NoCommit> {
        let snapshot = self.run.world.delivery.snapshot(&self.branch, &self.planned.path)?;
        if snapshot.commit != self.planned.base {
            (self.run.world.tell)(&Event::Moved { attempt });
            if let Some(who) = self.overtaken_by(&snapshot)? {
                // The push of a run that was killed may have been carried out only now.
                return self.landed_before()?.map(Base::Ours).ok_or(NoCommit::Overtaken(who));
            }
        }
        Ok(Base::Tip(snapshot.commit))
    }

    /// The commit that an earlier run made, if the tip still holds its values.
    fn landed_before(&self) -> Result<Option<Committed>, Fault> {
        if self.planned.files.is_empty() {
            return Ok(None);
        }
        let world = self.run.world;
        let candidates = world.delivery.find(&self.branch, &format!("{ID_TRAILER}: {}", self.run.story.id))?;
        let Some(ours) = candidates.into_iter().find(|found| is_ours(self.run, self.planned, found)) else {
            return Ok(None);
        };
        let tip = world.delivery.snapshot(&self.branch, &self.planned.path)?;
        let now = standings(self.run, &self.branch, &tip.commit, &self.planned.files)?;
        if now.iter().any(|(_, standing)| *standing != Standing::New) {
            return Ok(None);
        }
        self.tell_committed(&ours.commit.id, 1, true);
        Ok(Some(self.committed(&ours.commit.id, Some(ours.parent))))
    }

    /// Who changed what we were going to change; `None` if every old value still stands.
    fn overtaken_by(&self, tip: &Snapshot) -> Result<Option<String>, Fault> {
        let now = standings(self.run, &self.branch, &tip.commit, &self.planned.files)?;
        let Some((path, standing)) = now.into_iter().find(|(_, standing)| *standing != Standing::Old) else {
            return Ok(None);
        };
        let paths = [path.clone()];
        let commits = self.run.world.delivery.between(&self.branch, &self.planned.base, &tip.commit, &paths);
        let who = commits.ok().and_then(|commits| commits.into_iter().next());
        let what = match standing {
            Standing::Other(value) => format!("it is {value} now"),
            _ => "it is what we were going to write".to_owned(),
        };
        let by = who.map_or_else(String::new, |commit| format!(" ({})", describe(&commit)));
        Ok(Some(format!("{path} on {} was changed{by}: {what}", self.planned.branch)))
    }

    fn committed(&self, commit: &str, base: Option<String>) -> Committed {
        Committed {
            target: self.planned.target.clone(),
            repository: self.planned.repository.clone(),
            branch: self.planned.branch.clone(),
            commit: commit.to_owned(),
            unchanged: base.is_none(),
            base,
        }
    }

    fn tell_committed(&self, commit: &str, attempt: u32, found: bool) {
        let (commit, branch) = (commit.to_owned(), self.planned.branch.clone());
        (self.run.world.tell)(&Event::Committed { commit, branch, attempt, found });
    }
}

/// The commit that an earlier run of this promotion made and was not able to record. It is ours only if one of our runs made
/// it, it changes exactly what the plan says, and the tip still holds our values.
pub fn found(run: &Run<'_>, plan: &Plan, target: &Target) -> Result<Option<Vec<Committed>>, Fault> {
    let landed = |planned| Writer { run, plan, planned, branch: branch(target) }.landed_before();
    plan.commits.iter().map(landed).collect()
}

/// Who changed what the plan was going to change, to something else than it says; `None` where nobody did.
pub fn overtaken(run: &Run<'_>, plan: &Plan, target: &Target, tip: &Snapshot) -> Result<Option<String>, Fault> {
    for planned in &plan.commits {
        let writer = Writer { run, plan, planned, branch: branch(target) };
        let now = standings(run, &writer.branch, &tip.commit, &planned.files)?;
        if now.iter().any(|(_, standing)| matches!(standing, Standing::Other(_))) {
            return writer.overtaken_by(tip);
        }
    }
    Ok(None)
}

fn is_ours(run: &Run<'_>, planned: &PlannedCommit, found: &Found) -> bool {
    let by_us = found.message.lines().filter_map(|line| line.strip_prefix(RUN_TRAILER)).any(|rest| {
        let id = rest.trim_start_matches(':').trim();
        run.story.runs.contains(id)
    });
    by_us && made(planned, &found.changes)
}

/// What stands at a commit where the edits were to be made.
pub fn standings(
    run: &Run<'_>,
    branch: &Branch,
    commit: &str,
    files: &[FileEdits],
) -> Result<Vec<(String, Standing)>, Fault> {
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let texts = run.world.delivery.read(branch, commit, &paths)?;
    let mut all = Vec::new();
    for file in files {
        let text = texts.get(&file.path).and_then(Option::as_deref);
        for edit in &file.edits {
            let standing = text.map_or_else(|| Standing::Other("gone".to_owned()), |text| standing(text, edit));
            all.push((file.path.clone(), standing));
        }
    }
    Ok(all)
}

fn edited(text: &str, file: &FileEdits) -> Result<String, Fault> {
    apply(text, &file.edits)
        .map_err(|error| Fault::new(FaultKind::Broken, format!("edit {}", file.path), error.to_string()))
}

/// A commit in a few words: `c0de123, dan: bump app`.
pub fn describe(commit: &CommitSummary) -> String {
    let id: String = commit.id.chars().take(7).collect();
    format!("{id}, {}: {}", commit.author, commit.subject)
}

/// The wait before the next try: it grows, and differs from run to run so that two runs do not meet again and again.
fn pause(run: &str, attempt: u32) -> Duration {
    let spread = u64::from_str_radix(&sha256(format!("{run}{attempt}"))[..4], 16).unwrap_or(0);
    let most = u64::from(attempt.min(10)) * 40;
    Duration::from_millis(10 + spread * most / 0xffff)
}
