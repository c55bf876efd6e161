//! What is written for entries and orders: their own files, and the heads that follow from them.

use std::collections::BTreeMap;

use crate::adapters::ledger::batch::{Batch, File};
use crate::adapters::ledger::layout;
use crate::adapters::ledger::reading;
use crate::adapters::ledger::store::Store;
use crate::ports::{Fault, FaultKind};
use crate::promotion::folded;
use crate::promotion::heads::HeadFile;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;
use crate::promotion::time::Time;

/// The files that entries and orders are, and the heads that follow. `None` if they are there already, by our own earlier try
/// whose answer was lost: it may be so if one is `unsure`.
pub(crate) fn batch(store: &Store, entries: &[Entry], orders: &[Order], unsure: bool) -> Result<Option<Batch>, Fault> {
    let mut adding = Adding { store, unsure, files: Vec::new(), heads: BTreeMap::new(), words: Vec::new(), there: 0 };
    adding.entries(entries)?;
    for order in orders {
        adding.order(order, entries)?;
    }
    if adding.files.is_empty() {
        return Ok(None);
    }
    let at = entries.last().map(|last| last.at).or_else(|| orders.last().map(|last| last.at));
    adding.batch(at.unwrap_or_default())
}

/// What is to be written together.
struct Adding<'a> {
    store: &'a Store,
    unsure: bool,
    files: Vec<File>,
    /// The heads that change, by their paths.
    heads: BTreeMap<String, HeadFile>,
    words: Vec<String>,
    /// How many of the entries are there already.
    there: usize,
}

impl Adding<'_> {
    fn entries(&mut self, entries: &[Entry]) -> Result<(), Fault> {
        for entry in entries {
            let file = File { path: layout::entry(entry)?, text: layout::document(entry)?, replaces: false };
            let known = reading::files(self.store, &entry.id)?;
            match known.iter().find(|(seq, _)| *seq == entry.seq) {
                Some((_, path)) if self.unsure && is_same(self.store, path, &file)? => self.there += 1,
                Some((_, path)) => return Err(taken(self.store, path)),
                None => self.files.push(file),
            }
        }
        if self.there == entries.len() {
            return Ok(());
        }
        // In the order of the entries: the one whose place is taken ends before the one that takes it begins.
        let mut ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.dedup();
        for id in ids {
            let new: Vec<Entry> = entries.iter().filter(|entry| entry.id == id).cloned().collect();
            let said: Vec<&str> = new.iter().map(|entry| entry.event.word()).collect();
            self.words.push(format!("{id} {}", said.join(", ")));
            let story = folded::fold(&[reading::entries(self.store, id)?, new.clone()].concat());
            // No two agree on what they saw: what cannot follow what stands there now is not written.
            if let Some(impossible) =
                new.iter().find(|entry| story.as_ref().is_some_and(|story| story.impossible.contains(&entry.seq)))
            {
                return Err(late(impossible));
            }
            if let Some(story) = story {
                let request = &story.requested.request;
                let path = layout::head(&request.service, &request.to)?;
                let after = self.head(&path)?.after(&story);
                self.heads.insert(path, after);
            }
        }
        Ok(())
    }

    /// An order, and the head that follows from it. One that follows from a promotion may be there already, from a run that came
    /// to the same end.
    fn order(&mut self, order: &Order, entries: &[Entry]) -> Result<(), Fault> {
        let file = File { path: layout::order(order)?, text: layout::document(order)?, replaces: false };
        let is_there = self.store.read(std::slice::from_ref(&file.path))?.pop().flatten().is_some();
        if is_there {
            let follows = entries.iter().any(|entry| entry.id == order.run);
            let ours = follows || self.unsure && is_same(self.store, &file.path, &file)?;
            return if ours { Ok(()) } else { Err(taken(self.store, &file.path)) };
        }
        let place = |name: &Option<String>, every: &str| name.clone().unwrap_or_else(|| every.to_owned());
        let (service, environment) =
            (place(&order.service, "every service"), place(&order.environment, "every environment"));
        self.words.push(format!("{} {environment} of {service}", order.event.word()));
        self.files.push(file);
        let path = layout::ordered_head(order)?;
        let after = self.head(&path)?.ordered(order);
        self.heads.insert(path, after);
        Ok(())
    }

    /// A head as it is, with what was added so far.
    fn head(&mut self, path: &str) -> Result<HeadFile, Fault> {
        self.heads.remove(path).map_or_else(|| reading::head(self.store, path), Ok)
    }

    fn batch(mut self, at: Time) -> Result<Option<Batch>, Fault> {
        for (path, after) in self.heads {
            if self.store.document::<HeadFile>(&path)?.unwrap_or_default() != after {
                self.files.push(File { path, text: layout::document(&after)?, replaces: true });
            }
        }
        Ok(Some(Batch { files: self.files, message: self.words.join("; "), at }))
    }
}

fn is_same(store: &Store, path: &str, file: &File) -> Result<bool, Fault> {
    let bytes = store.read(&[path.to_owned()])?.pop().flatten();
    Ok(path == file.path && bytes.as_deref() == Some(file.text.as_bytes()))
}

fn late(entry: &Entry) -> Fault {
    let what = entry.event.word();
    let why = format!("`{what}` cannot follow what stands in promotion {} by now: somebody else moved it", entry.id);
    Fault::new(FaultKind::Conflict, "write a record", why)
}

fn taken(store: &Store, path: &str) -> Fault {
    let why = format!("{} is there already: another run works on this promotion", store.shown(path));
    Fault::new(FaultKind::Conflict, "write a record", why)
}
