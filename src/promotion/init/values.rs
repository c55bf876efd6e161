//! Helm values files: where in one of them a version seems to be pinned.

use crate::promotion::rules::ImageRule;
use crate::promotion::yaml::{Node, NodeKind, parse};

/// The images that a values file seems to pin, as rules would name them: `image.tag` at its top, and `<part>.image.tag`.
/// The one at the top has no name of its own: it is the service's.
pub(super) fn images(file: &str, text: &str) -> Vec<(Option<String>, ImageRule)> {
    let Ok(documents) = parse(text) else { return Vec::new() };
    let Some(document) = documents.first() else { return Vec::new() };
    let mut found: Vec<(Option<String>, ImageRule)> = Vec::new();
    found.extend(document.root.get("image").and_then(|image| rule(file, "image", image)).map(|rule| (None, rule)));
    for (key, part) in document.root.pairs() {
        let Some(key) = key.as_str().filter(|key| is_simple(key)) else { continue };
        let image = part.get("image").and_then(|image| rule(file, &format!("{key}.image"), image));
        found.extend(image.map(|rule| (Some(key.to_ascii_lowercase()), rule)));
    }
    found
}

/// A rule for a mapping with a tag or a digest.
fn rule(file: &str, at: &str, image: &Node) -> Option<ImageRule> {
    let has = |key: &str| {
        let value = image.get(key)?;
        matches!(value.kind, NodeKind::Scalar { .. }).then(|| format!("{at}.{key}"))
    };
    let (tag, digest) = (has("tag"), has("digest"));
    if tag.is_none() && digest.is_none() {
        return None;
    }
    Some(ImageRule { name: String::new(), file: Some(file.to_owned()), tag, digest, repository: None })
}

/// Whether a key can stand in a path of the rules as it is.
fn is_simple(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_shapes_are_found_and_others_are_not() {
        let found =
            images("v.yaml", "image: { repository: r/app, tag: \"1\" }\nworker:\n  image:\n    digest: sha256:00\n");
        let paths: Vec<_> =
            found.iter().map(|(name, rule)| (name.as_deref(), rule.tag.as_deref(), rule.digest.as_deref())).collect();
        assert_eq!(paths, [(None, Some("image.tag"), None), (Some("worker"), None, Some("worker.image.digest"))]);
        for text in [
            "image: r/app:1\n",
            "image: { repository: r }\n",
            "image: { tag: { a: 1 } }\n",
            "a.b: { image: { tag: x } }\n",
            "",
            "- a\n",
            "a: [\n",
        ] {
            assert_eq!(images("v.yaml", text), [], "{text}");
        }
    }
}
