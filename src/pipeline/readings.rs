//! Reading the evidence that gates ask for: every source by itself, and the sources of a gate together, all at once.

use std::collections::BTreeMap;
use std::thread;

use crate::ports::{About, World};
use crate::promotion::facts::Reading;
use crate::promotion::gates::needs::Needs;
use crate::promotion::merge;
use crate::promotion::rules::{Source, SourceKind};

type Reader<'scope> = thread::ScopedJoinHandle<'scope, (String, Reading)>;

/// Readings by the id of their evidence, or by the name of the gate that reads several.
pub type Readings = BTreeMap<String, Reading>;

/// Reads what is needed: the readings of single sources, and the merges of gates that read several.
pub fn read(
    world: &World<'_>,
    evidence: &BTreeMap<String, Source>,
    needs: &Needs,
    about: &About<'_>,
) -> (Readings, Readings) {
    let sources = |ids: &[String]| ids.iter().filter_map(|id| evidence.get(id)).collect::<Vec<_>>();
    let are_files = |ids: &[String]| sources(ids).iter().all(|source| !matches!(source.kind, SourceKind::GitHub(_)));
    // Files are read together, so that what stands in two of them counts once. Answers of GitHub can only be added.
    let (of_files, added): (Vec<_>, Vec<_>) = needs.merged.iter().partition(|(_, ids)| are_files(ids));
    let port = world.evidence;
    let (readings, mut merged) = thread::scope(|scope| {
        let single = needs.readings.iter().filter_map(|id| Some((id.clone(), vec![evidence.get(id)?])));
        let merges = of_files.into_iter().map(|(gate, ids)| (gate.clone(), sources(ids)));
        let read = |(name, sources): (String, Vec<_>)| scope.spawn(move || (name, port.read(&sources, about)));
        let (single, merges): (Vec<_>, Vec<_>) = (single.map(read).collect(), merges.map(read).collect());
        (gather(single), gather(merges))
    });
    for (gate, ids) in added {
        let of_gate: Vec<(&str, &Reading)> =
            ids.iter().filter_map(|id| readings.get(id).map(|reading| (id.as_str(), reading))).collect();
        merged.insert(gate.clone(), merge::merge(&of_gate));
    }
    (readings, merged)
}

/// Waits for the readers. One that panicked has read nothing that may be believed.
fn gather(readers: Vec<Reader<'_>>) -> Readings {
    let unreadable =
        || Reading::Unreadable { why: "the reader stopped with a bug in promote".to_owned(), files: Vec::new() };
    readers.into_iter().map(|reader| reader.join().unwrap_or_else(|_| (String::new(), unreadable()))).collect()
}
