//! Kustomizations: the `images:` list, and the local directories that a kustomization builds on.

use std::collections::BTreeMap;

use crate::promotion::edit::EditFault;
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::{Candidate, Form, Pin, PinFault, PinPlace, field, named_files, tag};
use crate::promotion::selector::{Segment, Selector};
use crate::promotion::yaml::{Document, Node, NodeKind, parse};

/// The names that Kustomize looks for.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A directory's kustomization.
pub(super) struct Kustomization<'a> {
    path: &'a str,
    documents: Vec<Document>,
}

impl<'a> Kustomization<'a> {
    /// The kustomization of a directory, if it has one; several are a fault for Kustomize too.
    pub(super) fn of(snapshot: &'a Snapshot) -> Result<Option<Self>, PinFault> {
        let mut found = named_files(snapshot).filter(|(_, name, _)| NAMES.contains(name));
        let Some((path, _, text)) = found.next() else { return Ok(None) };
        if let Some((second, _, _)) = found.next() {
            return Err(PinFault::new(format!("{path} and {second} stand side by side"), "keep one of them"));
        }
        let documents = parse(text).map_err(|fault| EditFault::from(fault).of(path))?;
        if documents.len() > 1 {
            return Err(PinFault::new(format!("{path} has {} documents", documents.len()), "keep one of them"));
        }
        Ok(Some(Self { path, documents }))
    }

    fn root(&self) -> Option<&Node> {
        self.documents.first().map(|document| &document.root)
    }

    /// Every entry of `images:`, in order.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let list = self.root().and_then(|root| root.get("images")).map_or(&[][..], Node::items);
        let mut lines: BTreeMap<&str, u32> = BTreeMap::new();
        let mut candidates: Vec<Candidate> = Vec::new();
        for item in list {
            let Some(name) = item.get("name").and_then(Node::as_str).filter(|name| !name.is_empty()) else { continue };
            match lines.insert(name, item.line) {
                None => candidates.push(Candidate { name: name.to_owned(), pin: self.pin(name) }),
                Some(line) => {
                    let why = format!("{}:{}: `images:` has `{name}` already, on line {line}", self.path, item.line);
                    let fault = PinFault::new(why, "remove one of them: Kustomize takes one and drops the other");
                    candidates.iter_mut().filter(|c| c.name == name).for_each(|c| c.pin = Err(fault.clone()));
                }
            }
        }
        candidates
    }

    fn pin(&self, name: &str) -> Result<Pin, PinFault> {
        let matching = Segment::Match { key: "name".to_owned(), value: name.to_owned() };
        let entry = Selector::default().key("images").with(matching);
        let read = |key: &str| field(self.path, &self.documents, 0, &entry.key(key));
        let image = ImageRef {
            name: name.to_owned(),
            repository: read("newName")?,
            tag: tag(self.path, &self.documents, &entry.key("newTag"), false)?,
            digest: read("digest")?,
        };
        let place = PinPlace { path: self.path.to_owned(), document: 0, form: Form::Kustomize(entry) };
        Ok(Pin { image, places: vec![place] })
    }

    /// Whether the kustomization is this file, or names it: only those are part of what it builds.
    pub(super) fn uses(&self, name: &str) -> bool {
        !NAMES.contains(&name) && self.root().is_some_and(|root| mentions(root, name))
    }
}

fn mentions(node: &Node, name: &str) -> bool {
    match &node.kind {
        NodeKind::Scalar { value, .. } => value.trim_start_matches("./") == name,
        NodeKind::Mapping { pairs, .. } => pairs.iter().any(|(_, value)| mentions(value, name)),
        NodeKind::Sequence { items, .. } => items.iter().any(|item| mentions(item, name)),
        NodeKind::Alias { .. } => false,
    }
}

/// The local directories that a kustomization builds on (`resources`, `bases`, `components`): normalised, from the
/// repository's root, in the order of the text, each once. Remote ones, files, and paths that leave the repository are
/// left out; so is everything if the text is not YAML.
pub fn local_bases(path: &str, kustomization: &str) -> Vec<String> {
    let documents = parse(kustomization).unwrap_or_default();
    let Some(document) = documents.first() else { return Vec::new() };
    let lists = ["resources", "bases", "components"].into_iter().filter_map(|key| document.root.get(key));
    let mut bases: Vec<String> = Vec::new();
    for entry in lists.flat_map(|list| list.items()).filter_map(Node::as_str) {
        let Some(base) = local_directory(path, entry) else { continue };
        if base != path.trim_matches('/') && !bases.contains(&base) {
            bases.push(base);
        }
    }
    bases
}

/// An entry as a directory of the repository, unless it is a file or somewhere else. A directory may have any name, so
/// only what ends like a manifest counts as a file.
fn local_directory(from: &str, entry: &str) -> Option<String> {
    let file = [".yaml", ".yml", ".json"].iter().any(|end| entry.ends_with(end));
    let remote = entry.contains(':') || entry.contains('?') || entry.starts_with('/');
    if file || remote || entry.is_empty() {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    // The first part of a remote base may look like a directory: `github.com/org/repo//path`.
    let host = |part: &str| {
        part.rsplit_once('.').is_some_and(|(name, end)| {
            !name.is_empty() && end.len() >= 2 && end.chars().all(|c| c.is_ascii_alphabetic())
        })
    };
    let remote = entry.split('/').next().is_some_and(host) && entry.split('/').count() >= 3;
    (!remote && !parts.is_empty()).then(|| parts.join("/"))
}
