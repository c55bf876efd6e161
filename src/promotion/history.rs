//! The history of a ledger: whether what is written there is what was written, all of it, and in its order.
//!
//! Nothing that is found hides anything else: a file that cannot be read is a finding of its own, and the rest is judged. What
//! a ledger in a directory cannot show of itself (who changed a file and when) the GitOps repository's commits show in part:
//! see [`delivered`].

pub mod delivered;
pub mod finding;
pub mod heads;
pub mod pieces;
pub mod shelf;
pub mod story;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::promotion::facts::CommitSummary;
use crate::promotion::heads::HeadFile;
use crate::promotion::history::finding::{Counts, Findings};
use crate::promotion::history::heads::{Given, Key};
use crate::promotion::history::pieces::{Content, How, LedgerCommit, Piece};
use crate::promotion::history::shelf::{Shelf, shelf};
use crate::promotion::history::story::{EntryFile, Told, Written, told};
use crate::promotion::order::Order;

/// Takes a ledger piece by piece, and says at the end what is wrong with it.
#[derive(Debug, Default)]
pub struct Examiner {
    commits: Vec<String>,
    /// The number of the commit that added each path.
    added: HashMap<String, usize>,
    /// The files of the promotion that is being read.
    folder: Option<(String, Vec<EntryFile>)>,
    told: Vec<Told>,
    given: Vec<Given>,
    heads: BTreeMap<Key, Option<HeadFile>>,
    /// Services in environments of which something cannot be read: their heads cannot be derived again.
    unsure: BTreeSet<Key>,
    /// Promotions of which nothing can be read, not even what they are of.
    lost: BTreeSet<String>,
    counts: Counts,
    out: Findings,
}

/// A ledger that was examined.
#[derive(Debug)]
pub struct Examined {
    /// How much was looked at.
    pub counts: Counts,
    /// What was found.
    pub out: Findings,
    /// The promotions.
    pub told: Vec<Told>,
    /// The orders.
    pub given: Vec<Given>,
    /// Every commit of the ledger's branch; `None` for a directory.
    pub commits: Option<BTreeSet<String>>,
}

impl Examiner {
    /// Takes the next piece.
    pub fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Commit(commit) => self.commit(&commit),
            Piece::File { path, content } => self.file(path, content),
        }
    }

    /// E.1: a commit of the ledger has one parent, and only adds files, heads excepted.
    fn commit(&mut self, commit: &LedgerCommit) {
        let number = self.commits.len();
        let place = format!("commit {} of the ledger", short(&commit.summary));
        let whole = "the branch was joined with another: look at both sides with `git log --graph`";
        match (number, commit.parents.as_slice()) {
            (0, []) | (1.., [_]) => {}
            (_, []) => self.out.add(&place, "it begins a second history beside the first", whole),
            (_, [_]) => self.out.add(&place, "it is the oldest that is there, and has a parent", whole),
            (_, _) => self.out.add(&place, "it joins several histories, which no run does", whole),
        }
        for touched in &commit.changes {
            match (touched.how, shelf(&touched.path)) {
                (How::Added, _) => {
                    self.added.entry(touched.path.clone()).or_insert(number);
                }
                (How::Modified, Shelf::Head { .. }) => {}
                (How::Modified, _) => self.changed(&place, &touched.path, "was altered", &commit.summary),
                (How::Deleted, _) => self.changed(&place, &touched.path, "was removed", &commit.summary),
            }
        }
        self.commits.push(commit.summary.id.clone());
    }

    fn changed(&mut self, place: &str, path: &str, what: &str, commit: &CommitSummary) {
        let hint = format!(
            "`git show {}` in the ledger shows it: put back what stood before, and ask {} about it",
            short_id(&commit.id),
            commit.author
        );
        self.out.add(path, format!("it {what} by {place} (“{}”)", commit.subject), hint);
    }

    fn file(&mut self, path: String, content: Content) {
        match shelf(&path) {
            Shelf::Entry { id, seq, word } => {
                self.counts.entries += 1;
                if self.folder.as_ref().is_none_or(|(open, _)| *open != id) {
                    self.close();
                    self.folder = Some((id, Vec::new()));
                }
                let added = self.added.get(&path).copied().unwrap_or(0);
                if let Some((_, files)) = &mut self.folder {
                    files.push(EntryFile { path, seq, word, content, added });
                }
            }
            Shelf::Head { service, environment } => {
                let head = self.parsed::<HeadFile>(&path, &content, "no head");
                self.heads.insert((service, environment), head);
            }
            Shelf::Order { service, environment, name } => self.order(&path, &content, (service, environment), &name),
            Shelf::Foreign(why) => {
                let hint = "take it away if nobody needs it; promote does not read it";
                self.out.add(path, format!("a foreign file: {why}"), hint);
            }
        }
    }

    fn order(&mut self, path: &str, content: &Content, of: (Option<String>, Option<String>), name: &str) {
        self.counts.orders += 1;
        let key = (of.0.clone().unwrap_or_else(|| "_".to_owned()), of.1.clone().unwrap_or_else(|| "_".to_owned()));
        let Some(order) = self.parsed::<Order>(path, content, "no order") else {
            self.unsure.insert(key);
            return;
        };
        let says = format!("{}-{}", order.run, order.seq);
        if says != name || (&order.service, &order.environment) != (&of.0, &of.1) {
            let place = |name: &Option<String>| name.clone().unwrap_or_else(|| "_".to_owned());
            let what = format!(
                "it says that it is orders/{}/{}/{says}.json",
                place(&order.service),
                place(&order.environment)
            );
            self.out.add(path, what, "find out who put it there, and do not rely on it");
            return;
        }
        let written = Written { commit: self.added.get(path).copied().unwrap_or(0), at: order.at };
        self.given.push(Given { written, order });
    }

    /// What a file holds; a finding where that cannot be read.
    fn parsed<T: serde::de::DeserializeOwned>(&mut self, path: &str, content: &Content, no: &str) -> Option<T> {
        let why = match content {
            Content::Unreadable(why) => format!("it cannot be read: {why}"),
            Content::Text(text) => match serde_json::from_str(text) {
                Ok(value) => return Some(value),
                Err(error) if error.is_eof() => format!("it is cut off after {} bytes", text.len()),
                Err(error) => format!("it is {no} of promote's: {error}"),
            },
        };
        self.out.add(path, why, "restore it from a backup or an older clone of the ledger");
        None
    }

    /// Judges the promotion whose files have all been seen.
    fn close(&mut self) {
        let Some((id, files)) = self.folder.take() else { return };
        match told(&id, files, &mut self.out) {
            Some(promotion) => {
                self.counts.promotions += 1;
                if promotion.damaged {
                    self.unsure.insert(heads::key(&promotion));
                }
                self.told.push(promotion);
            }
            None => {
                self.lost.insert(id);
            }
        }
    }

    /// Judges what only the whole ledger shows.
    pub fn finish(mut self) -> Examined {
        self.close();
        self.references();
        self.compare_heads();
        self.counts.ledger_commits = self.commits.len() as u64;
        let commits = (!self.commits.is_empty()).then(|| self.commits.iter().cloned().collect());
        Examined { counts: self.counts, out: self.out, told: self.told, given: self.given, commits }
    }

    /// What promotions say of each other must be there, and older.
    fn references(&mut self) {
        let known: HashMap<&str, &Told> = self.told.iter().map(|told| (told.story.id.as_str(), told)).collect();
        for promotion in &self.told {
            let request = &promotion.story.requested.request;
            let place = shelf::folder(&promotion.story.id);
            let mut named = vec![("previous", request.previous.as_str())];
            named.extend(promotion.story.superseded_by.as_deref().map(|by| ("superseded by", by)));
            if let crate::promotion::request::RequestKind::Rollback { undoes } = &request.kind {
                named.push(("undoes", undoes));
            }
            for (what, id) in named.into_iter().filter(|(_, id)| !id.is_empty() && !self.lost.contains(*id)) {
                let Some(other) = known.get(id) else {
                    let gone = format!("it names promotion {id} ({what}), which the ledger does not hold");
                    let hint = "that record was removed: restore it from a backup or an older clone of the ledger";
                    self.out.add(&place, gone, hint);
                    continue;
                };
                if what == "previous" && other.last.commit > promotion.began.commit {
                    let late = format!("it names promotion {id} as the one before it, and the branch holds that later");
                    let hint = "the branch was reordered: compare it with an older clone of the ledger";
                    self.out.add(&place, late, hint);
                }
            }
        }
    }

    fn compare_heads(&mut self) {
        let mut keys: BTreeSet<Key> = self.heads.keys().cloned().collect();
        keys.extend(self.told.iter().map(heads::key));
        // An order for every service, or every environment, changes no head.
        let named =
            self.given.iter().filter(|given| given.order.service.is_some() && given.order.environment.is_some());
        keys.extend(named.map(|given| of(&given.order)));
        self.counts.environments = keys.len() as u64;
        for key in keys {
            let kept = self.heads.get(&key);
            // What cannot be read was named already.
            let Some(kept) = kept.map_or(Some(None), |kept| kept.as_ref().map(Some)) else { continue };
            let text = kept.map(|kept| serde_json::to_string(kept).unwrap_or_default()).unwrap_or_default();
            if self.unsure.contains(&key) || self.lost.iter().any(|id| text.contains(id.as_str())) {
                self.out.note(format!(
                    "heads/{}/{}.json was not derived again: a record of it cannot be read",
                    key.0, key.1
                ));
                continue;
            }
            let told: Vec<Told> = self.told.iter().filter(|told| heads::key(told) == key).cloned().collect();
            let given: Vec<Given> = self.given.iter().filter(|given| of(&given.order) == key).cloned().collect();
            heads::compare(&key, kept, &told, &given, !self.commits.is_empty(), &mut self.out);
        }
    }
}

fn of(order: &Order) -> Key {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "_".to_owned());
    (name(&order.service), name(&order.environment))
}

/// A commit in a few words: `c0de123 of dana, 2026-11-19 12:04:10Z`.
fn short(commit: &CommitSummary) -> String {
    format!("{} by {} at {}", short_id(&commit.id), commit.author, crate::promotion::words::moment(commit.at))
}

fn short_id(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}
