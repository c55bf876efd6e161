//! Files that define service level objectives: OpenSLO, Sloth and Pyrra. Their objective, window and queries are taken; what a file
//! says in a way that is not known here is refused, never guessed.

pub mod definition;
pub mod forms;
pub mod openslo;
pub mod pyrra;
pub mod sloth;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::adapters::prometheus::slo::definition::Definition;
use crate::adapters::prometheus::slo::forms::Document;
use crate::promotion::facts::EvidenceFile;
use crate::promotion::id::sha256;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// One objective of a file, by its name: what it says, or why it cannot be used.
pub type Named = (String, Result<Definition, String>);

/// The one objective that is meant, and the file that it stands in. A file that was read is handed back with a fault, too.
pub fn read(root: &Path, path: &str, name: Option<&str>) -> (Result<Definition, String>, Option<EvidenceFile>) {
    let bytes = match bytes(root, path) {
        Ok(bytes) => bytes,
        Err(why) => return (Err(format!("{path}: {why}")), None),
    };
    let parsed = parse(&bytes);
    let format = parsed.as_ref().map_or("unknown", |(format, _)| *format);
    let file = EvidenceFile {
        path: path.to_owned(),
        sha256: sha256(&bytes),
        bytes: bytes.len() as u64,
        format: format.to_owned(),
    };
    let definition = parsed.and_then(|(_, objectives)| pick(objectives, name));
    (definition.map_err(|why| format!("{path}: {why}")), Some(file))
}

/// A file of the working directory: a link that leads out of it is none.
fn bytes(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    let broken = |error: std::io::Error| format!("it cannot be read: {error}");
    let place = root.join(path).canonicalize().map_err(broken)?;
    if !place.starts_with(root.canonicalize().map_err(broken)?) {
        return Err("it leads outside the working directory".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(place).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(broken)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} KiB", MAX_BYTES >> 10));
    }
    Ok(bytes)
}

/// The kind of a file, and the objectives that it defines.
pub fn parse(bytes: &[u8]) -> Result<(&'static str, Vec<Named>), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let documents: Vec<Document> = serde_yaml::from_multiple(text)
        .map_err(|error| format!("it is no SLO file: {}", one_line(&error.to_string())))?;
    let (mut format, mut objectives) = (None, Vec::new());
    for document in &documents {
        let Some((kind, found)) = of(document, &documents) else { continue };
        if format.is_some_and(|format| format != kind) {
            return Err("it mixes several kinds of SLO files".to_owned());
        }
        format = Some(kind);
        objectives.extend(found);
    }
    let known = "OpenSLO (kind: SLO), Sloth (version: prometheus/v1, kind: PrometheusServiceLevel) or Pyrra (kind: ServiceLevelObjective)";
    Ok((format.ok_or_else(|| format!("it holds no objective that is known: {known}"))?, objectives))
}

/// The objectives of a document, if it is one that defines them.
fn of(document: &Document, all: &[Document]) -> Option<(&'static str, Vec<Named>)> {
    let named = || {
        let name = document.metadata.as_ref().and_then(|metadata| metadata.name.clone());
        name.unwrap_or_default()
    };
    let (version, kind) = (document.api_version.as_deref().unwrap_or_default(), document.kind.as_deref());
    let spec = document.spec.clone().unwrap_or_default();
    match (version, kind) {
        ("openslo/v1", Some("SLO")) => Some(("openslo", vec![(named(), openslo::read(&spec, all))])),
        (version, Some("ServiceLevelObjective")) if version.starts_with("pyrra.dev/") => {
            Some(("pyrra", vec![(named(), pyrra::read(&spec))]))
        }
        (version, Some("PrometheusServiceLevel")) if version.starts_with("sloth.slok.dev/") => Some((
            "sloth",
            spec.slos.unwrap_or_default().iter().map(|slo| (slo.name.clone(), sloth::read(slo))).collect(),
        )),
        _ if document.version.as_deref() == Some("prometheus/v1") => {
            let slos = document.slos.as_deref().unwrap_or_default();
            Some(("sloth", slos.iter().map(|slo| (slo.name.clone(), sloth::read(slo))).collect()))
        }
        _ => None,
    }
}

fn pick(objectives: Vec<Named>, name: Option<&str>) -> Result<Definition, String> {
    let names: Vec<String> = objectives.iter().map(|(name, _)| format!("`{name}`")).collect();
    let among = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let mut meant: Vec<Named> =
        objectives.into_iter().filter(|(known, _)| name.is_none_or(|name| name == known)).collect();
    match (meant.pop(), meant.is_empty(), name) {
        (Some((name, definition)), true, _) => definition.map_err(|why| format!("the objective `{name}`: {why}")),
        (Some(_), false, Some(name)) => Err(format!("it defines `{name}` several times")),
        (Some(_), false, None) => Err(format!("it defines several objectives, {among}: name one with `name:`")),
        (None, _, Some(name)) => Err(format!("it defines no objective `{name}`, but {among}")),
        (None, _, None) => Err("it defines no objective".to_owned()),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests;
