//! One promotion's entries: whether they are whole, in order, and can have been written.

use crate::promotion::folded::{self, Folded};
use crate::promotion::history::finding::Findings;
use crate::promotion::history::pieces::Content;
use crate::promotion::history::shelf;
use crate::promotion::hotfix::Hotfixed;
use crate::promotion::id::{self, sha256};
use crate::promotion::outcome::Outcome;
use crate::promotion::plan::{Committed, PlannedCommit};
use crate::promotion::record::{Entry, Milestone, SCHEMA};
use crate::promotion::rules::hotfix::Hotfix;
use crate::promotion::time::Time;

/// A file of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// Its path.
    pub path: String,
    /// The number in its name.
    pub seq: u32,
    /// The word in its name.
    pub word: String,
    /// What is in it.
    pub content: Content,
    /// The number of the ledger's commit that added it, oldest first; 0 in a directory.
    pub added: usize,
}

/// When something was written: by the ledger's commit, and within one commit (and in a directory) by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// The number of the ledger's commit.
    pub commit: usize,
    /// The time that the entry gives.
    pub at: Time,
}

/// A promotion as its entries tell it, without what is large: facts, reports, rules.
#[derive(Debug, Clone)]
pub struct Told {
    /// The promotion.
    pub story: Folded,
    /// When its first entry was written.
    pub began: Written,
    /// When its newest entry was written.
    pub last: Written,
    /// The SHA-256 of each of its files.
    pub hashes: Vec<String>,
    /// Every commit that one of its plans makes.
    pub plans: Vec<PlannedCommit>,
    /// Every commit that its entries name, and that a run made.
    pub commits: Vec<Committed>,
    /// Whether an entry of it cannot be read: then the rest tells too little for some checks.
    pub damaged: bool,
}

const DAMAGED: &str =
    "restore the file from a backup or an older clone of the ledger; the other records are not touched";
const FORGED: &str = "find out who wrote it (`git log -- <path>` in the ledger), and do not rely on this promotion";

/// Reads the entries of one promotion; `None` if they do not tell what was asked for.
pub fn told(id: &str, mut files: Vec<EntryFile>, out: &mut Findings) -> Option<Told> {
    files.sort_by(|a, b| (a.seq, &a.path).cmp(&(b.seq, &b.path)));
    let folder = shelf::folder(id);
    let mut entries: Vec<(Entry, &EntryFile)> = Vec::new();
    let mut damaged = false;
    for file in &files {
        match parsed(file, id, out) {
            Some(entry) => entries.push((entry, file)),
            None => damaged = true,
        }
    }
    if !damaged {
        numbered(&folder, &files, out);
    }
    let Some((first, _)) = entries.first() else {
        out.add(&folder, "none of its entries can be read", DAMAGED);
        return None;
    };
    let all: Vec<Entry> = entries.iter().map(|(entry, _)| entry.clone()).collect();
    let Some(story) = folded::fold(&all) else {
        if !damaged {
            let what = format!("its first entry is `{}`, not what was asked for", first.event.word());
            out.add(&folder, what, FORGED);
        }
        return None;
    };
    if id::of(&story.requested.request) != id {
        let what = "its id is not the hash of what it asks for: the request, or the folder's name, was altered";
        out.add(format!("{folder}/0000-requested.json"), what, FORGED);
    }
    if !damaged {
        impossible(&entries, &story, out);
        in_order(&entries, out);
        unproven(&entries, &story, out);
    }
    // What is not believed has moved nothing.
    let believed = entries.iter().rfind(|(entry, _)| !story.impossible.contains(&entry.seq));
    let written = |(entry, file): &(Entry, &EntryFile)| Written { commit: file.added, at: entry.at };
    Some(Told {
        began: written(entries.first()?),
        last: written(believed?),
        hashes: files.iter().filter_map(hash).collect(),
        plans: all.iter().flat_map(planned).collect(),
        commits: all.iter().flat_map(committed).collect(),
        story: light(story),
        damaged,
    })
}

fn hash(file: &EntryFile) -> Option<String> {
    match &file.content {
        Content::Text(text) => Some(sha256(text)),
        Content::Unreadable(_) => None,
    }
}

fn planned(entry: &Entry) -> Vec<PlannedCommit> {
    match &entry.event {
        Milestone::Planned(planned) => planned.plan.commits.clone(),
        Milestone::RollbackPlanned { plan } => plan.commits.clone(),
        _ => Vec::new(),
    }
}

fn committed(entry: &Entry) -> Vec<Committed> {
    match &entry.event {
        Milestone::Committed { commits } | Milestone::RollbackCommitted { commits } => commits.clone(),
        _ => Vec::new(),
    }
}

/// The promotion without what is large and not looked at again.
fn light(mut story: Folded) -> Folded {
    // What the heads need of the judgements and the plan stays.
    story.requested.bypassed = story.bypassed();
    if let Some(Hotfixed { skips, reason }) = story.hotfix() {
        story.requested.hotfix = Some(Hotfix { skips });
        story.requested.request.reason = Some(reason);
    }
    (story.judged, story.planned, story.rollback_plan) = (None, None, None);
    story.requested.rules = String::new();
    story
}

/// The entry in a file, if it is one; what is wrong with it where it is not.
fn parsed(file: &EntryFile, id: &str, out: &mut Findings) -> Option<Entry> {
    let text = match &file.content {
        Content::Text(text) => text,
        Content::Unreadable(why) => {
            out.add(&file.path, format!("it cannot be read: {why}"), DAMAGED);
            return None;
        }
    };
    let entry: Entry = match serde_json::from_str(text) {
        Ok(entry) => entry,
        Err(error) if error.is_eof() => {
            out.add(&file.path, format!("it is cut off after {} bytes", text.len()), DAMAGED);
            return None;
        }
        Err(error) => {
            out.add(&file.path, format!("it is no entry of a record: {error}"), DAMAGED);
            return None;
        }
    };
    if entry.schema > SCHEMA {
        out.note(format!("{}: a newer promote wrote it (schema {})", file.path, entry.schema));
    }
    if entry.id != id {
        out.add(&file.path, format!("it says that it is of promotion {}", entry.id), FORGED);
    }
    if entry.seq != file.seq {
        out.add(&file.path, format!("it says that it is number {}", entry.seq), FORGED);
    }
    if entry.event.word() != file.word && entry.event != Milestone::Unfamiliar {
        out.add(&file.path, format!("it says `{}`", entry.event.word()), FORGED);
    }
    Some(entry)
}

/// The numbers must be 0, 1, 2, … with nothing missing and nothing twice.
fn numbered(folder: &str, files: &[EntryFile], out: &mut Findings) {
    let mut expected = 0;
    for (n, file) in files.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|before| files.get(before));
        if let Some(before) = before.filter(|before| before.seq == file.seq) {
            let what = format!("it has the number of {}: one of the two was put there", before.path);
            out.add(&file.path, what, FORGED);
            continue;
        }
        if file.seq != expected {
            let gone = match file.seq - expected {
                1 => format!("entry {expected:04} is missing"),
                _ => format!("the entries {expected:04} to {:04} are missing", file.seq - 1),
            };
            out.add(folder, gone, "it was removed: restore it from a backup or an older clone of the ledger");
        }
        expected = file.seq + 1;
    }
}

/// Moves that the state before them does not allow.
fn impossible(entries: &[(Entry, &EntryFile)], story: &Folded, out: &mut Findings) {
    for seq in &story.impossible {
        let Some((entry, file)) = entries.iter().find(|(entry, _)| entry.seq == *seq) else { continue };
        let word = match &entry.event {
            Milestone::Closed(closed) => format!("closed {}", closed.outcome.word()),
            event => event.word().to_owned(),
        };
        let what = format!("`{word}` cannot follow what stands before it; it is not believed");
        out.add(&file.path, what, FORGED);
    }
}

/// In a branch, an entry was never added before the one that it follows.
fn in_order(entries: &[(Entry, &EntryFile)], out: &mut Findings) {
    for pair in entries.windows(2) {
        let [(_, before), (_, file)] = pair else { continue };
        if file.added < before.added {
            let what = format!("the ledger's branch holds it from an older commit than {}", before.path);
            out.add(&file.path, what, "the branch was reordered: compare it with an older clone of the ledger");
        }
    }
}

/// An end that says more than the entries before it show.
fn unproven(entries: &[(Entry, &EntryFile)], story: &Folded, out: &mut Findings) {
    let place = entries.last().map(|(_, file)| file.path.clone()).unwrap_or_default();
    let lacks = match story.outcome.filter(|_| story.is_over()) {
        Some(Outcome::Promoted | Outcome::Delivered | Outcome::Unchanged) if story.committed.is_none() => {
            "no entry says which commit holds the version"
        }
        Some(Outcome::Promoted) if story.verified.is_none() => "no entry says that it was verified",
        Some(Outcome::RolledBack) if story.rollback_committed.is_none() => {
            "no entry says which commit restored the version"
        }
        _ => return,
    };
    let outcome = story.outcome.map(Outcome::word).unwrap_or_default();
    out.add(place, format!("it says `{outcome}`, and {lacks}"), FORGED);
}
