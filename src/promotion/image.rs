//! An image and its identity: the digest if there is one, else repository and tag.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::words;

/// One image that an environment pins. Identity is the digest; without one it is `repository:tag`, which can be moved
/// under our feet and is marked `mutable` wherever it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ImageRef {
    /// The name that the manifests know it by (Kustomize's `images[].name`, or the repository in plain manifests).
    pub name: String,
    /// Registry and path, without tag or digest: `registry.example.com/app`. Absent when the manifest pins only a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The tag, always a string: `1.10`, `0123` and `on` are tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads `repository[:tag][@digest]`, as a container's `image:` field has it. The name is the repository.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon after the last slash starts the tag; one before it is a registry's port.
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match rest[slash..].find(':') {
            Some(at) => (&rest[..slash + at], Some(rest[slash + at + 1..].to_owned())),
            None => (rest, None),
        };
        if repository.is_empty() || repository.contains(char::is_whitespace) || tag.as_deref() == Some("") {
            return None;
        }
        Some(Self { name: repository.to_owned(), repository: Some(repository.to_owned()), tag, digest })
    }

    /// Where the image is pulled from: the repository, or the name where none is pinned.
    pub fn repository(&self) -> &str {
        self.repository.as_deref().unwrap_or(&self.name)
    }

    /// The last part of the repository: `app` of `registry.example.com/team/app`.
    pub fn short_name(&self) -> &str {
        short_name(&self.name)
    }

    /// What makes two images the same version: the digest, else `repository:tag`.
    pub fn identity(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.clone(),
            (None, Some(tag)) => format!("{}:{tag}", self.repository()),
            (None, None) => self.repository().to_owned(),
        }
    }

    /// Whether both are the same version: the same digest when both have one, else the same tag. Repositories are not
    /// compared, since environments may pull the same image from different mirrors.
    pub fn same_version(&self, other: &Self) -> bool {
        match (&self.digest, &other.digest) {
            (Some(a), Some(b)) => a == b,
            _ => self.tag.is_some() && self.tag == other.tag,
        }
    }

    /// The version in a word: the tag, else the digest's first 12 digits.
    pub fn version(&self) -> String {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => tag.clone(),
            (None, Some(digest)) => digest.chars().take("sha256:".len() + 12).collect(),
            (None, None) => "unpinned".to_owned(),
        }
    }
}

/// The last part of a path-like name.
pub fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Images in words: `app 1.20 and worker 3.1`.
pub fn versions(images: &[ImageRef]) -> String {
    let texts: Vec<String> = images.iter().map(|image| format!("{} {}", image.short_name(), image.version())).collect();
    words::list(&texts)
}

/// Whether every image of a version stands among others, in this very version.
pub fn all_among(version: &[ImageRef], images: &[ImageRef]) -> bool {
    version.iter().all(|wanted| namesake(wanted, images).is_some_and(|image| image.same_version(wanted)))
}

/// The image of the same name; else of the same last part, since each environment may write the name in its own way.
fn namesake<'a>(wanted: &ImageRef, images: &'a [ImageRef]) -> Option<&'a ImageRef> {
    let whole = images.iter().find(|image| image.name == wanted.name);
    whole.or_else(|| images.iter().find(|image| image.short_name() == wanted.short_name()))
}

/// `repository:tag@digest`, as it is pulled.
impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.repository())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// One image's change of version in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageChange {
    /// The image's name in the rules or manifests.
    pub name: String,
    /// What the target pins now.
    pub old: ImageRef,
    /// What it will pin.
    pub new: ImageRef,
}

/// Whether one of the images has this tag, or this digest or the beginning of it.
pub fn is_version(images: &[ImageRef], version: &str) -> bool {
    /// `sha256:` and as many digits as a short digest shows.
    const SHORT: usize = "sha256:".len() + 12;
    images.iter().any(|image| {
        let digest = image.digest.as_deref().unwrap_or_default();
        image.tag.as_deref() == Some(version) || (version.len() >= SHORT && digest.starts_with(version))
    })
}

#[cfg(test)]
mod tests {
    use super::{ImageRef, is_version};

    #[test]
    fn a_port_is_not_a_tag() {
        let image = ImageRef::parse("localhost:5000/team/app:1.10@sha256:ab").unwrap();
        assert_eq!(image.repository(), "localhost:5000/team/app");
        assert_eq!(image.tag.as_deref(), Some("1.10"));
        assert_eq!(image.digest.as_deref(), Some("sha256:ab"));
        assert_eq!(image.to_string(), "localhost:5000/team/app:1.10@sha256:ab");
        assert_eq!(ImageRef::parse("localhost:5000/app").unwrap().tag, None);
        assert!(ImageRef::parse("app:").is_none());
    }

    #[test]
    fn a_digest_outweighs_a_tag() {
        let a = ImageRef::parse("r/app:1@sha256:aa").unwrap();
        assert!(a.same_version(&ImageRef::parse("mirror/app:2@sha256:aa").unwrap()));
        assert!(!a.same_version(&ImageRef::parse("r/app:1@sha256:bb").unwrap()));
        assert!(ImageRef::parse("r/app:1").unwrap().same_version(&a));
    }

    #[test]
    fn a_version_is_named_by_its_tag_or_its_digest() {
        let digest = format!("sha256:{}", "9f2b".repeat(16));
        let images = [ImageRef::parse(&format!("r/app:1.20@{digest}")).unwrap()];
        for (version, is) in [
            ("1.20", true),
            ("1.2", false),
            ("", false),
            (digest.as_str(), true),
            ("sha256:9f2b9f2b9f2b", true),
            ("sha256:9f2b", false),
            ("sha256:", false),
        ] {
            assert_eq!(is_version(&images, version), is, "{version}");
        }
    }
}
