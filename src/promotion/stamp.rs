//! What a report is about, written beside it: for the many formats that cannot say it themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::time::Time;

/// What the name of a stamp ends with, behind the name of its report.
pub const SUFFIX: &str = ".stamp.json";
/// The number of the document's form.
pub const SCHEMA: u32 = 1;

/// What `promote evidence stamp` writes: `<report>.stamp.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "promote evidence stamp")]
pub struct Stamp {
    /// The number of the document's form.
    pub schema: u32,
    /// SHA-256 of the report's bytes, in hexadecimal: a stamp holds for these bytes only.
    pub sha256: String,
    /// The report's size.
    pub bytes: u64,
    /// The image that the report is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<StampedImage>,
    /// The commit that the report is about, 40 or 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The environment that the report was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// When it was stamped.
    pub at: Time,
}

/// An image by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StampedImage {
    /// Its repository: `registry.example.com/app`.
    pub name: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

impl Stamp {
    /// Every name of the version that the report is about.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let digest = self.image.as_ref().map(|image| image.digest.as_str());
        self.commit.as_deref().into_iter().chain(digest)
    }

    /// Why it makes no sense; `None`: it does.
    pub fn fault(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!("its form is number {}, and {SCHEMA} is read", self.schema));
        }
        if self.names().next().is_none() {
            return Some("it names neither an image nor a commit".to_owned());
        }
        if let Some(commit) = self.commit.as_deref().filter(|commit| !is_commit(commit)) {
            return Some(format!("`{commit}` is no commit: it has 40 hexadecimal digits, or 64"));
        }
        let digest = self.image.as_ref().map(|image| image.digest.as_str());
        digest.filter(|digest| !is_digest(digest)).map(|digest| {
            format!("`{digest}` is no digest: it begins with `sha256:`, and 64 hexadecimal digits follow")
        })
    }
}

/// Whether a path is that of a stamp: it is never evidence itself.
pub fn is_stamp(path: &str) -> bool {
    path.ends_with(SUFFIX)
}

/// Whether a text is a whole commit id.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a text is the digest of an image.
pub fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_to_name_a_version_that_can_be_one() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = |digest: &str| Some(StampedImage { name: "r/app".to_owned(), digest: digest.to_owned() });
        let stamp = |image, commit: Option<&str>, schema| Stamp {
            schema,
            sha256: String::new(),
            bytes: 0,
            image,
            commit: commit.map(str::to_owned),
            environment: None,
            at: Time::UNIX_EPOCH,
        };
        let commit = "c".repeat(40);
        assert_eq!(stamp(image(&digest), Some(&commit), 1).fault(), None);
        assert_eq!(stamp(image(&digest), Some(&commit), 1).names().collect::<Vec<_>>(), [commit.as_str(), &digest]);
        for (stamp, part) in [
            (stamp(None, None, 1), "neither an image nor a commit"),
            (stamp(None, Some("main"), 1), "`main` is no commit"),
            (stamp(image("sha256:abc"), None, 1), "`sha256:abc` is no digest"),
            (stamp(None, Some(&commit), 2), "number 2"),
        ] {
            assert!(stamp.fault().unwrap().contains(part));
        }
        assert!(is_stamp("a/k6.json.stamp.json") && !is_stamp("a/k6.json"));
    }
}
