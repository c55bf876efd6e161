//! Reading a ledger: entries, heads, and the ids of promotions. A damaged file is named, and hides nothing else.

use std::collections::BTreeMap;

use crate::adapters::ledger::layout::{self, HEADS, LEVELS, PROMOTIONS};
use crate::adapters::ledger::store::Store;
use crate::ports::{Fault, FaultKind, Heads};
use crate::promotion::folded;
use crate::promotion::heads::HeadFile;
use crate::promotion::id;
use crate::promotion::order::Order;
use crate::promotion::record::Entry;

/// The paths of a promotion's entries, in order. Other files in its folder are none of ours.
pub(crate) fn files(store: &Store, id: &str) -> Result<Vec<(u32, String)>, Fault> {
    let Some(folder) = layout::folder(id) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for name in store.names_in(&folder)? {
        match layout::seq(&name) {
            Some(seq) => files.push((seq, format!("{folder}/{name}"))),
            None => tracing::warn!(file = store.shown(&format!("{folder}/{name}")), "this file is no record"),
        }
    }
    files.sort();
    Ok(files)
}

/// The entries of a promotion, in order.
pub(crate) fn entries(store: &Store, id: &str) -> Result<Vec<Entry>, Fault> {
    let files = files(store, id)?;
    let paths: Vec<String> = files.iter().map(|(_, path)| path.clone()).collect();
    let mut entries = Vec::with_capacity(files.len());
    for ((seq, path), bytes) in files.iter().zip(store.read(&paths)?) {
        let entry: Entry = store.parsed(path, &bytes.unwrap_or_default())?;
        if entry.id != id || entry.seq != *seq {
            let what = format!("is entry {} of promotion {}, and belongs elsewhere", entry.seq, entry.id);
            return Err(store.damaged(path, &what));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// The orders that apply to a service in an environment, oldest first.
pub(crate) fn orders(store: &Store, service: &str, environment: &str) -> Result<Vec<Order>, Fault> {
    let folders = layout::orders(service, environment)?;
    let names = store.names(&folders)?;
    let files = folders.iter().zip(&names).flat_map(|(folder, names)| names.iter().map(move |name| (folder, name)));
    let files = files.filter(|(_, name)| name.ends_with(".json"));
    let paths: Vec<String> = files.map(|(folder, name)| format!("{folder}/{name}")).collect();
    let mut orders = Vec::with_capacity(paths.len());
    for (path, bytes) in paths.iter().zip(store.read(&paths)?) {
        let order: Order = store.parsed(path, &bytes.unwrap_or_default())?;
        if layout::order(&order)? != *path {
            return Err(store.damaged(path, "is another order than its name says"));
        }
        orders.push(order);
    }
    orders.sort_by(|a, b| (a.at, &a.run, a.seq).cmp(&(b.at, &b.run, b.seq)));
    Ok(orders)
}

/// The head of a service and environment with its newest promotions.
pub(crate) fn recent(store: &Store, service: &str, environment: &str) -> Result<HeadFile, Fault> {
    head(store, &layout::head(service, environment)?)
}

/// A head by its path.
pub(crate) fn head(store: &Store, path: &str) -> Result<HeadFile, Fault> {
    caught_up(store, store.document(path)?.unwrap_or_default())
}

/// A head, with what a process that was killed between an entry and the head did not come to.
fn caught_up(store: &Store, file: HeadFile) -> Result<HeadFile, Fault> {
    let open = file.head.open.as_ref().filter(|_| store.heads_lag());
    let Some(open) = open else { return Ok(file) };
    let story = folded::fold(&entries(store, open)?);
    Ok(story.map_or_else(|| file.clone(), |story| file.after(&story)))
}

/// Every head. One that is damaged says so in its place.
pub(crate) fn heads(store: &Store) -> Result<Heads, Fault> {
    let services = store.names_in(HEADS)?;
    let folders: Vec<String> = services.iter().map(|service| format!("{HEADS}/{service}")).collect();
    let (mut keys, mut paths) = (Vec::new(), Vec::new());
    for (service, names) in services.iter().zip(store.names(&folders)?) {
        for name in names {
            let Some(environment) = name.strip_suffix(".json") else { continue };
            keys.push((service.clone(), environment.to_owned()));
            paths.push(format!("{HEADS}/{service}/{name}"));
        }
    }
    let mut heads = BTreeMap::new();
    for ((key, path), bytes) in keys.into_iter().zip(&paths).zip(store.read(paths.as_slice())?) {
        let file = store.parsed(path, &bytes.unwrap_or_default()).and_then(|file| caught_up(store, file));
        match file {
            Err(fault) if fault.kind != FaultKind::Broken => return Err(fault),
            file => drop(heads.insert(key, file)),
        }
    }
    Ok(heads)
}

/// The ids that start with a text: a whole one; else one of those that a head lists; else any.
pub(crate) fn matching(store: &Store, prefix: &str) -> Result<Vec<String>, Fault> {
    let prefix = prefix.to_ascii_uppercase();
    if id::is_id(&prefix) {
        return Ok(if files(store, &prefix)?.is_empty() { Vec::new() } else { vec![prefix] });
    }
    let mut ids = if prefix.is_empty() { Vec::new() } else { listed(&heads(store)?) };
    ids.retain(|id| id.starts_with(&prefix));
    if ids.is_empty() {
        ids = all(store)?;
        ids.retain(|id| id.starts_with(&prefix));
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// The ids that heads speak of.
fn listed(heads: &Heads) -> Vec<String> {
    let of = |file: &HeadFile| {
        let verified = file.head.last_verified.as_ref().map(|verified| verified.promotion.clone());
        let single = [file.head.open.clone(), file.head.current.clone(), verified];
        let recent = file.recent.iter().map(|summary| summary.promotion.clone());
        single.into_iter().flatten().chain(recent).collect::<Vec<_>>()
    };
    heads.values().flatten().flat_map(of).collect()
}

/// Every id: the whole tree of folders.
fn all(store: &Store) -> Result<Vec<String>, Fault> {
    let mut folders = vec![PROMOTIONS.to_owned()];
    for _ in 0..LEVELS {
        let names = store.names(&folders)?;
        folders = folders
            .iter()
            .zip(names)
            .flat_map(|(folder, names)| names.into_iter().map(move |name| format!("{folder}/{name}")))
            .collect();
    }
    let ids = store.names(&folders)?.into_iter().flatten();
    Ok(ids.filter(|id| layout::folder(id).is_some()).collect())
}
