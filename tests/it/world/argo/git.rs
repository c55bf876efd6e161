//! What an application's directory of a bare repository renders to: the images, no more.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::behaviour::Git;

/// Reads a branch and a directory of a repository, each time anew.
pub(crate) fn of(repository: &Path, branch: &str, path: &str) -> Git {
    let (tip, images): (PathBuf, PathBuf) = (repository.into(), repository.into());
    let (branch, path) = (format!("refs/heads/{branch}"), path.trim_matches('/').to_owned());
    Git {
        tip: Arc::new(move || {
            let open = git2::Repository::open(&tip).expect("the GitOps repository opens");
            open.refname_to_id(&branch).expect("the branch exists").to_string()
        }),
        images: Arc::new(move |commit| render(&images, commit, &path)),
    }
}

/// `None` where there is no such commit.
fn render(repository: &Path, commit: &str, path: &str) -> Option<Vec<String>> {
    let open = git2::Repository::open(repository).ok()?;
    let tree = open.find_commit(git2::Oid::from_str(commit).ok()?).ok()?.tree().ok()?;
    let directory = tree.get_path(Path::new(path)).ok()?.to_object(&open).ok()?.peel_to_tree().ok()?;
    let mut images = Vec::new();
    for entry in &directory {
        let name = entry.name().unwrap_or_default().to_owned();
        let object = entry.to_object(&open).ok()?;
        let (Some(blob), true) = (object.as_blob(), name.ends_with(".yaml") || name.ends_with(".yml")) else {
            continue;
        };
        images.extend(images_of(&String::from_utf8_lossy(blob.content())));
    }
    images.sort();
    images.dedup();
    Some(images)
}

/// The images that a text pins: Kustomize's `images:`, a Helm values file's `image:` mapping, or `image:` scalars.
fn images_of(text: &str) -> Vec<String> {
    let mut images = Vec::new();
    for document in text.split("\n---") {
        if let Ok(value) = serde_yaml::from_str::<serde_json::Value>(document) {
            if let Some(pins) = value.get("images").and_then(|images| images.as_array()) {
                images.extend(pins.iter().filter_map(kustomize));
            } else {
                collect(&value, &mut images);
            }
        }
    }
    images
}

fn kustomize(pin: &serde_json::Value) -> Option<String> {
    let name = pin.get("newName").or_else(|| pin.get("name"))?.as_str()?;
    Some(reference(name, pin.get("newTag").and_then(word), pin.get("digest").and_then(word)))
}

fn collect(value: &serde_json::Value, images: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    serde_json::Value::String(image) if key == "image" => images.push(image.clone()),
                    serde_json::Value::Object(image) if image.contains_key("repository") => {
                        let name = image["repository"].as_str().unwrap_or_default();
                        let (tag, digest) = (image.get("tag").and_then(word), image.get("digest").and_then(word));
                        images.push(reference(name, tag, digest));
                    }
                    _ => collect(value, images),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, images)),
        _ => {}
    }
}

/// Argo CD would refuse a tag that is a number; so does this: it is no word.
fn word(value: &serde_json::Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn reference(name: &str, tag: Option<String>, digest: Option<String>) -> String {
    let tag = tag.map_or_else(String::new, |tag| format!(":{tag}"));
    let digest = digest.map_or_else(String::new, |digest| format!("@{digest}"));
    format!("{name}{tag}{digest}")
}
