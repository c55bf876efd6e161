//! Pins: where a target's files say which version of an image runs.
//!
//! Three kinds are read: the `images:` of a kustomization, paths in a Helm values file that the rules name, and `image:`
//! in plain manifests. [`select`] finds the ones that are promoted, [`mod@write`] turns a new version into edits.

pub mod kustomize;
mod manifests;
pub mod select;
mod values;
pub mod write;

use std::fmt;

use crate::promotion::edit::EditFault;
use crate::promotion::edit::read::scalar_text;
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageRef;
use crate::promotion::place::{Place, find};
use crate::promotion::selector::Selector;
use crate::promotion::yaml::{Document, NodeKind, Style, plain_is_string};

/// An image that a target pins, and every place that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// What is pinned. Its name is the one in the rules, if they name it; else the one in the files.
    pub image: ImageRef,
    /// Where, in the order of the files; all places say the same version, and move together.
    pub places: Vec<PinPlace>,
}

/// One place that pins an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinPlace {
    /// The file, from the repository's root.
    pub path: String,
    /// The document in it, from 0.
    pub document: usize,
    /// How the version is written there.
    pub form: Form,
}

/// How a version is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// An entry of a kustomization's `images:`, with `newTag` and `digest`. Its `newName` is read, and never changed.
    Kustomize(Selector),
    /// Values of their own, at paths that the rules name.
    Values {
        /// The tag.
        tag: Option<Selector>,
        /// The digest.
        digest: Option<Selector>,
        /// The repository; only where it is named does it move with the version.
        repository: Option<Selector>,
    },
    /// `repository:tag@digest` in one text.
    Whole(Selector),
}

/// Why the images to promote cannot be told from the files and rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinFault {
    /// What was expected and seen, with file, line and column where there is a place.
    pub why: String,
    /// What to write, and where; may be empty.
    pub hint: String,
    /// The images that could be meant, sorted.
    pub candidates: Vec<String>,
}

impl PinFault {
    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { why: why.into(), hint: hint.into(), candidates: Vec::new() }
    }
}

impl fmt::Display for PinFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        if self.candidates.is_empty() { Ok(()) } else { write!(f, " (there is: {})", self.candidates.join(", ")) }
    }
}

impl std::error::Error for PinFault {}

impl From<EditFault> for PinFault {
    fn from(fault: EditFault) -> Self {
        Self::new(fault.to_string(), fault.hint)
    }
}

/// An image that a target's files pin, by the name that they have for it. A fault in one does not concern the others.
struct Candidate {
    name: String,
    pin: Result<Pin, PinFault>,
}

/// The files directly in the target's directory, with their names.
fn named_files(snapshot: &Snapshot) -> impl Iterator<Item = (&str, &str, &str)> {
    snapshot.files.iter().map(|(path, text)| (path.as_str(), path.rsplit('/').next().unwrap_or(path), text.as_str()))
}

/// A text that a selector names, in a parsed file; an empty one or a null counts as nothing.
fn field(
    path: &str,
    documents: &[Document],
    document: usize,
    selector: &Selector,
) -> Result<Option<String>, EditFault> {
    let place = find(documents, document, selector).map_err(|fault| EditFault::from(fault).of(path))?;
    let Some(place) = place else { return Ok(None) };
    let text = scalar_text(place.node).map_err(|fault| fault.of(path))?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// A tag that a selector names. Without quotes `1.10` is the number 1.1 and `on` is true: Kustomize refuses them, Helm
/// runs another version than the one that is written. Only `whole` numbers are themselves again where Helm writes them.
fn tag(path: &str, documents: &[Document], selector: &Selector, whole: bool) -> Result<Option<String>, PinFault> {
    let tag = field(path, documents, 0, selector)?;
    let place = find(documents, 0, selector).ok().flatten();
    if let (Some(text), Some(Place { node, .. })) = (&tag, place)
        && matches!(node.kind, NodeKind::Scalar { style: Style::Plain, .. })
        && node.tag.is_none()
        && !plain_is_string(text)
        // Times are texts for both.
        && !text.contains(['-', ':'])
        && !(whole && text.len() <= 6 && !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit()))
    {
        let why = format!("{path}:{}:{}: without quotes `{text}` is not a text", node.line, node.column);
        return Err(PinFault::new(why, format!("write \"{text}\" if that is the tag")));
    }
    Ok(tag)
}

#[cfg(test)]
mod tests;
