//! Writing a version: what a target will pin, and the edits that make it so.

use std::collections::BTreeMap;

use crate::promotion::edit::apply::apply;
use crate::promotion::edit::make::{insert_key, remove_key, set};
use crate::promotion::edit::{Edit, EditFault, EditFaultKind, FileEdits};
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::{Form, Pin, PinPlace, field};
use crate::promotion::place::find;
use crate::promotion::selector::{Segment, Selector};
use crate::promotion::yaml::parse;

/// What a target will pin when it takes over the source's version: in the shape that the target has.
///
/// Its repository stays, unless the rules name a path for it. A digest is taken over where there is a place for it. A
/// target that pins a digest alone stays so; a digest without a successor goes, since it would pin the old version.
pub fn promoted(source: &ImageRef, target: &Pin) -> ImageRef {
    let all = |holds: &dyn Fn(&Form) -> bool| target.places.iter().all(|place| holds(&place.form));
    let moves = all(&|form| matches!(form, Form::Values { repository: Some(_), .. }));
    let has_digest = all(&|form| !matches!(form, Form::Values { digest: None, .. }));
    let has_tag = all(&|form| !matches!(form, Form::Values { tag: None, .. }));
    let digest_alone = target.image.tag.is_none() && target.image.digest.is_some() && source.digest.is_some();
    ImageRef {
        name: target.image.name.clone(),
        repository: if moves { source.repository.clone() } else { None }.or_else(|| target.image.repository.clone()),
        tag: source.tag.clone().filter(|_| has_tag && !digest_alone),
        digest: source.digest.clone().filter(|_| has_digest),
    }
}

/// The edits that make a target pin these versions, file by file; none where they stand already. Afterwards each place
/// reads exactly as asked for, repositories of kustomizations and manifests apart: these stay.
pub fn edits(snapshot: &Snapshot, changes: &[(&Pin, &ImageRef)]) -> Result<Vec<FileEdits>, EditFault> {
    let mut drafts: BTreeMap<&str, Draft> = BTreeMap::new();
    for (pin, new) in changes {
        if new.tag.as_deref().unwrap_or_default().is_empty() && new.digest.as_deref().unwrap_or_default().is_empty() {
            let why =
                format!("the new version of {} has neither tag nor digest that {} can hold", new.name, snapshot.path);
            return Err(EditFault::new(EditFaultKind::Refused, why, "an empty version is never written"));
        }
        for place in &pin.places {
            let text = snapshot.files.get(&place.path).ok_or_else(|| {
                EditFault::new(EditFaultKind::Overtaken, "this file is gone", "plan again").of(&place.path)
            })?;
            let draft = drafts.entry(&place.path).or_insert_with(|| Draft { text: text.clone(), edits: Vec::new() });
            draft.write(place, new).map_err(|fault| fault.of(&place.path))?;
        }
    }
    let changed = drafts.into_iter().filter(|(_, draft)| !draft.edits.is_empty());
    Ok(changed.map(|(path, draft)| FileEdits { path: path.to_owned(), edits: draft.edits }).collect())
}

/// A file while it is edited.
struct Draft {
    text: String,
    edits: Vec<Edit>,
}

/// The paths of a version in parts, and the siblings that a missing part is written below, best first.
struct Parts {
    tag: Option<Selector>,
    digest: Option<Selector>,
    repository: Option<Selector>,
    siblings: Vec<Selector>,
}

impl Draft {
    fn write(&mut self, place: &PinPlace, new: &ImageRef) -> Result<(), EditFault> {
        match &place.form {
            Form::Whole(selector) => {
                let seen = self.read(place, selector)?.unwrap_or_default();
                let old = ImageRef::parse(&seen);
                let repository = old.as_ref().map_or_else(|| new.repository(), ImageRef::repository).to_owned();
                let whole = ImageRef { repository: Some(repository), ..new.clone() }.to_string();
                self.set(place, selector, &whole)
            }
            Form::Kustomize(entry) => self.write_parts(
                place,
                &Parts {
                    tag: Some(entry.key("newTag")),
                    digest: Some(entry.key("digest")),
                    repository: None,
                    siblings: vec![entry.key("newName"), entry.key("name")],
                },
                new,
            ),
            Form::Values { tag, digest, repository } => self.write_parts(
                place,
                &Parts {
                    tag: tag.clone(),
                    digest: digest.clone(),
                    repository: repository.clone(),
                    siblings: repository.iter().cloned().collect(),
                },
                new,
            ),
        }
    }

    /// New parts are written before old ones are removed, so that there is always a sibling to write below.
    fn write_parts(&mut self, place: &PinPlace, parts: &Parts, new: &ImageRef) -> Result<(), EditFault> {
        if let (Some(selector), Some(repository)) = (&parts.repository, &new.repository) {
            self.put(place, selector, repository, &parts.tag.iter().cloned().collect::<Vec<_>>())?;
        }
        let tag_below = parts.siblings.iter().chain(&parts.digest).cloned().collect::<Vec<_>>();
        let digest_below = parts.tag.iter().chain(&parts.siblings).cloned().collect::<Vec<_>>();
        for (selector, value, below) in [(&parts.tag, &new.tag, tag_below), (&parts.digest, &new.digest, digest_below)]
        {
            match (selector, value) {
                (_, None) => {}
                (Some(selector), Some(value)) => self.put(place, selector, value, &below)?,
                (None, Some(value)) => {
                    let why = format!("the rules name no path that could hold `{value}`");
                    return Err(EditFault::new(EditFaultKind::Refused, why, "name it under `images:`"));
                }
            }
        }
        for (selector, value) in [(&parts.tag, &new.tag), (&parts.digest, &new.digest)] {
            if let (Some(selector), None) = (selector, value)
                && self.read(place, selector)?.is_some()
            {
                self.make(remove_key(&self.text, place.document, &selector.to_string())?)?;
            }
        }
        Ok(())
    }

    /// Sets a value, or writes it below the first of its siblings that there is.
    fn put(
        &mut self,
        place: &PinPlace,
        selector: &Selector,
        value: &str,
        siblings: &[Selector],
    ) -> Result<(), EditFault> {
        if self.has(place, selector)? {
            return self.set(place, selector, value);
        }
        let Some((parent, Segment::Key(key))) = selector.split_last() else {
            return Err(missing(selector, value));
        };
        for sibling in siblings {
            if let Some((beside, Segment::Key(after))) = sibling.split_last()
                && beside == parent
                && self.has(place, sibling)?
            {
                return self.make(insert_key(&self.text, place.document, &parent.to_string(), after, key, value)?);
            }
        }
        Err(missing(selector, value))
    }

    fn set(&mut self, place: &PinPlace, selector: &Selector, value: &str) -> Result<(), EditFault> {
        if self.read(place, selector)?.as_deref() == Some(value) {
            return Ok(());
        }
        self.make(set(&self.text, place.document, &selector.to_string(), value)?)
    }

    fn make(&mut self, edit: Edit) -> Result<(), EditFault> {
        self.text = apply(&self.text, std::slice::from_ref(&edit))?;
        self.edits.push(edit);
        Ok(())
    }

    fn read(&self, place: &PinPlace, selector: &Selector) -> Result<Option<String>, EditFault> {
        field(&place.path, &parse(&self.text)?, place.document, selector)
    }

    fn has(&self, place: &PinPlace, selector: &Selector) -> Result<bool, EditFault> {
        Ok(find(&parse(&self.text)?, place.document, selector)?.is_some())
    }
}

fn missing(selector: &Selector, value: &str) -> EditFault {
    let why = format!("there is no `{selector}`, and no place where it would surely belong");
    EditFault::new(EditFaultKind::Refused, why, format!("write `{value}` there by hand first"))
}
