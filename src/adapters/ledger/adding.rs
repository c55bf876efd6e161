//! What is written for entries and orders: their own files, and the heads that follow from them.

use std::collections::BTreeMap;

use crate::adapters::ledger::batch::{Batch, File};
use crate::adapters::ledger::layout;
use crate::adapters::ledger::reading;
use crate::adapters::ledger::store::Store;
use crate::ports::{Fault, FaultKind};
use crate::promotion::folded::{self, Folded};
use crate::promotion::heads::HeadFile;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;

/// The files that entries are, and the heads that follow. `None` if they are there already, by our own earlier try whose
/// answer was lost: it may be so if one is `unsure`.
pub(crate) fn entries(store: &Store, entries: &[Entry], unsure: bool) -> Result<Option<Batch>, Fault> {
    let Some(last) = entries.last() else { return Ok(None) };
    let (mut files, mut there) = (Vec::new(), 0);
    for entry in entries {
        let file = File { path: layout::entry(entry)?, text: layout::document(entry)?, replaces: false };
        let known = reading::files(store, &entry.id)?;
        match known.iter().find(|(seq, _)| *seq == entry.seq) {
            Some((_, path)) if unsure && is_same(store, path, &file)? => there += 1,
            Some((_, path)) => return Err(taken(store, path)),
            None => files.push(file),
        }
    }
    if there == entries.len() {
        return Ok(None);
    }
    // In the order of the entries: the one whose place is taken ends before the one that takes it begins.
    let mut ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    ids.dedup();
    let (mut stories, mut words) = (Vec::new(), Vec::new());
    for id in ids {
        let new: Vec<Entry> = entries.iter().filter(|entry| entry.id == id).cloned().collect();
        words.push(format!("{id} {}", new.iter().map(|entry| entry.event.word()).collect::<Vec<_>>().join(", ")));
        let story = folded::fold(&[reading::entries(store, id)?, new.clone()].concat());
        // No two agree on what they saw: what cannot follow what stands there now is not written.
        if let Some(impossible) =
            new.iter().find(|entry| story.as_ref().is_some_and(|story| story.impossible.contains(&entry.seq)))
        {
            return Err(late(impossible));
        }
        stories.extend(story);
    }
    files.extend(heads(store, &stories)?);
    Ok(Some(Batch { files, message: words.join("; "), at: last.at }))
}

/// The heads that change when promotions have become what they are here.
fn heads(store: &Store, stories: &[Folded]) -> Result<Vec<File>, Fault> {
    let mut heads: BTreeMap<String, HeadFile> = BTreeMap::new();
    for story in stories {
        let request = &story.requested.request;
        let path = layout::head(&request.service, &request.to)?;
        let before = match heads.remove(&path) {
            Some(known) => known,
            None => reading::recent(store, &request.service, &request.to)?,
        };
        heads.insert(path, before.after(story));
    }
    let mut files = Vec::new();
    for (path, after) in heads {
        if store.document::<HeadFile>(&path)?.as_ref() != Some(&after) {
            files.push(File { path, text: layout::document(&after)?, replaces: true });
        }
    }
    Ok(files)
}

/// The file that an order is, and the head that follows from it. `None` as with entries.
pub(crate) fn order(store: &Store, order: &Order, unsure: bool) -> Result<Option<Batch>, Fault> {
    let file = File { path: layout::order(order)?, text: layout::document(order)?, replaces: false };
    if store.read(std::slice::from_ref(&file.path))?.pop().flatten().is_some() {
        return if unsure && is_same(store, &file.path, &file)? { Ok(None) } else { Err(taken(store, &file.path)) };
    }
    let mut message = order.event.word().to_owned();
    let mut files = vec![file];
    if let (Some(service), Some(environment)) = (&order.service, &order.environment) {
        message = format!("{message} {environment} of {service}");
        let path = layout::head(service, environment)?;
        let before = reading::recent(store, service, environment)?;
        let after = before.ordered(order);
        if after != before {
            files.push(File { path, text: layout::document(&after)?, replaces: true });
        }
    }
    Ok(Some(Batch { files, message, at: order.at }))
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
