//! Ends become words: what the road returns, as render prints it.

use crate::pipeline::job::{End, Halt};
use crate::ports::{Fault, FaultKind};
use crate::promotion::edit::diff::diff;
use crate::promotion::facts::Snapshot;
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::Plan;
use crate::promotion::releases::Stamp;
use crate::promotion::report::Verdict;
use crate::promotion::rules::Promotion;
use crate::promotion::time::Millis;
use crate::render::diff::FileDiff;
use crate::render::ending::{Ending, Exit, INVALID};

/// The ending of a run that came to one.
pub fn ended(end: &End, took: Millis) -> Ending {
    let holds = matches!(end.outcome, Outcome::Held | Outcome::Unknown | Outcome::Waiting);
    let mut ending = match &end.report {
        // Where the gates let it go on, what holds it is something else: the approvals.
        Some(report) if holds && report.verdict != Verdict::Go => Ending::judged(end.outcome, report),
        _ => Ending::of(end.outcome, &end.what),
    };
    ending.seen.clone_from(&end.seen);
    ending.next.clone_from(&end.next);
    ending.record = end.id.clone().filter(|_| end.recorded);
    ending.took = matches!(end.outcome, Outcome::Promoted | Outcome::Delivered | Outcome::RolledBack).then_some(took);
    ending
}

/// The ending of a run that could not begin, or could not read the world.
pub fn halted(halt: &Halt, promotion: &Promotion, rules_path: &str) -> Ending {
    match halt {
        Halt::NotBuilt(parts) => {
            let way = format!("{} → {}", promotion.from, promotion.to);
            let what = format!("the rules of {way} ask for what this version of promote cannot do yet");
            let mut ending = Ending::refused(INVALID, what);
            let shown = parts.iter().map(|part| {
                format!("{rules_path}:{}:{}: `{}` is not built yet", part.at.line, part.at.column, part.part)
            });
            ending.seen = shown.collect();
            ending.seen.push("nothing was read or written".to_owned());
            ending.next = vec!["take these parts out, or promote with another rule of the file".to_owned()];
            ending
        }
        other => stopped(other),
    }
}

/// The same of a command that is about no single promotion.
pub fn stopped(halt: &Halt) -> Ending {
    match halt {
        Halt::NotBuilt(parts) => {
            let mut ending = Ending::refused(INVALID, "the rules ask for what this version of promote cannot do yet");
            ending.seen = parts.iter().map(|part| format!("`{}` is not built yet", part.part)).collect();
            ending
        }
        Halt::Invalid(fault) => {
            let mut ending = Ending::refused(INVALID, &fault.what);
            ending.seen = vec![fault.seen.clone(), "nothing was written".to_owned()];
            ending.next = vec![fault.hint.clone()];
            ending
        }
        Halt::Ended(end) => ended(end, Millis::secs(0)),
        Halt::Fault(fault) => {
            let mut ending = faulted(fault);
            ending.seen.push("nothing was written".to_owned());
            ending
        }
    }
}

/// The ending of a command that could not find out, or could not do.
pub fn faulted(fault: &Fault) -> Ending {
    let settings = fault.kind == FaultKind::Settings;
    let exit = if settings { Exit::Refused(INVALID) } else { Exit::Outcome(Outcome::Failed) };
    Ending::fault(exit, &fault.doing, &fault.why, fault.hint.as_deref())
}

/// The exact lines that a plan's commits change, from the text that the plan was made on.
///
/// The releases file is shown as if this person wrote it at this moment: who and when are known only when it is done.
pub fn diffs(plan: &Plan, snapshot: &Snapshot, stamp: &Stamp) -> Vec<FileDiff> {
    let mut diffs = Vec::new();
    for commit in &plan.commits {
        for file in &commit.files {
            let Some(before) = snapshot.files.get(&file.path) else { continue };
            let lines = diff(before, &file.edits).unwrap_or_default();
            diffs.push(FileDiff { target: commit.target.clone(), path: file.path.clone(), lines });
        }
        let text = snapshot.releases.as_ref().and_then(|releases| releases.text.as_deref());
        if let (Some(release), Some(text)) = (&commit.release, text) {
            let edits = release.edits(Some(text), stamp).unwrap_or_default();
            let lines = diff(text, &edits).unwrap_or_default();
            diffs.push(FileDiff { target: commit.target.clone(), path: release.file.clone(), lines });
        }
    }
    // As git shows them.
    diffs.sort_by(|a, b| a.path.cmp(&b.path));
    diffs
}
