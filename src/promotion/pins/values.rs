//! Helm values files: a version at the paths that the rules name.

use crate::promotion::edit::EditFault;
use crate::promotion::facts::Snapshot;
use crate::promotion::image::ImageRef;
use crate::promotion::pins::{Form, Pin, PinFault, PinPlace, field, tag};
use crate::promotion::rules::ImageRule;
use crate::promotion::selector::Selector;
use crate::promotion::yaml::parse;

/// What a rule with a `file` pins in a target.
pub(super) fn pin(snapshot: &Snapshot, rule: &ImageRule, file: &str) -> Result<Pin, PinFault> {
    let name = &rule.name;
    let path = join(&snapshot.path, file);
    let Some((path, text)) = snapshot.files.get_key_value(&path) else {
        let why =
            format!("{path} does not exist, or is not directly in {}/; the image `{name}` names it", snapshot.path);
        return Err(PinFault::new(why, format!("correct `file:` of the image `{name}`")));
    };
    let selector = |text: &Option<String>| -> Result<Option<Selector>, PinFault> {
        let parsed = text.as_deref().map(str::parse::<Selector>).transpose();
        parsed.map_err(|fault| PinFault::new(format!("image `{name}`: {fault}"), "correct the path in the rules"))
    };
    let (tag_at, digest, repository) = (selector(&rule.tag)?, selector(&rule.digest)?, selector(&rule.repository)?);
    if tag_at.is_none() && digest.is_none() {
        let why = format!("the image `{name}` names {file}, and no path in it");
        return Err(PinFault::new(why, format!("write `{{ name: {name}, file: {file}, tag: image.tag }}`")));
    }
    let documents = parse(text).map_err(|fault| EditFault::from(fault).of(path))?;
    let read = |selector: &Option<Selector>| -> Result<Option<String>, EditFault> {
        selector.as_ref().map_or(Ok(None), |selector| field(path, &documents, 0, selector))
    };
    let image = ImageRef {
        name: name.clone(),
        repository: read(&repository)?,
        tag: tag_at.as_ref().map_or(Ok(None), |selector| tag(path, &documents, selector, true))?,
        digest: read(&digest)?,
    };
    let place = PinPlace { path: path.clone(), document: 0, form: Form::Values { tag: tag_at, digest, repository } };
    Ok(Pin { image, places: vec![place] })
}

/// A path below a directory; `./` is nothing.
fn join(directory: &str, file: &str) -> String {
    let file = file.trim_start_matches("./");
    if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") }
}
