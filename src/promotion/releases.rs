//! The releases file: for each environment its version, and which promotion brought it; one file for everybody to read.
//!
//! It is changed in the commit that changes the pinned version, and byte for byte like it: values are set or added, and nothing
//! else moves. An environment is a key at the top of the file; in a file of several services it is below its service's key:
//!
//! ```yaml
//! staging:
//!   version: "1.20"
//!   digest: sha256:…
//!   promoted_by: dana
//!   promoted_at: "2026-11-21T09:00:00Z"
//!   promotion: G4CJPA3DKWHM084Y2VWP9FW0M6
//! ```
//!
//! The plan says which release is written ([`Release`]); who and when ([`Stamp`]) are known when the commit is made, and are no
//! part of the plan or its digest. So the edits are made on the file as it is at the commit's base: what others wrote there for
//! their environments stays, and is never in our way. A printed plan shows them with the moment of its evaluation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::edit::apply::apply;
use crate::promotion::edit::make::{insert_key, remove_key, set};
use crate::promotion::edit::read::value_at;
use crate::promotion::edit::{Edit, EditFault};
use crate::promotion::image::{ImageRef, short_name};
use crate::promotion::place::find;
use crate::promotion::selector::Selector;
use crate::promotion::time::Time;
use crate::promotion::yaml::parse;

/// The fields, in the order in which they are added.
const FIELDS: [&str; 5] = ["version", "digest", "promoted_by", "promoted_at", "promotion"];

/// The releases file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleasesFile {
    /// Its path from the repository's root.
    pub path: String,
    /// Its text; absent where there is no such file.
    pub text: Option<String>,
}

/// What is written into the releases file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The file, from the repository's root.
    pub file: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The version: of the image named like the service, else of the first.
    pub version: String,
    /// Its digest, where it is pinned by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The promotion that brings it.
    pub promotion: String,
    /// Whether the commit is made all the same where the file cannot be changed: restoring a version does not wait for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_lag: bool,
}

/// Who brings a release, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub by: String,
    /// When: RFC 3339 in UTC, to the second.
    pub at: String,
}

impl Stamp {
    /// A stamp.
    pub fn new(by: &str, at: Time) -> Self {
        Self { by: by.to_owned(), at: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }
}

/// Why the file cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFault {
    /// What was expected and seen.
    pub why: String,
    /// What to do: the very lines to add.
    pub hint: String,
}

impl Release {
    /// The release of a service's images in an environment; `None` where there is no image.
    pub fn of(file: &str, service: &str, environment: &str, images: &[ImageRef], promotion: &str) -> Option<Self> {
        let own = images.iter().find(|image| short_name(&image.name).eq_ignore_ascii_case(service));
        let image = own.or(images.first())?;
        Some(Self {
            file: file.to_owned(),
            service: service.to_owned(),
            environment: environment.to_owned(),
            version: image.version(),
            digest: image.digest.clone(),
            promotion: promotion.to_owned(),
            may_lag: false,
        })
    }

    fn value(&self, field: &str, stamp: &Stamp) -> Option<String> {
        match field {
            "version" => Some(self.version.clone()),
            "digest" => self.digest.clone(),
            "promoted_by" => Some(stamp.by.clone()),
            "promoted_at" => Some(stamp.at.clone()),
            _ => Some(self.promotion.clone()),
        }
    }

    /// The place of the environment: below its service's key, else at the top.
    fn place(&self, text: &str) -> Result<Option<Selector>, EditFault> {
        let documents = parse(text)?;
        let top = Selector::default().key(&self.environment);
        let below = Selector::default().key(&self.service).key(&self.environment);
        for selector in [below, top] {
            // A service may be named like an environment, and then there is text below it.
            if matches!(find(&documents, 0, &selector), Ok(Some(_))) {
                return Ok(Some(selector));
            }
        }
        Ok(None)
    }

    /// The lines that a person adds where the file does not know the environment.
    fn lines(&self) -> String {
        format!("{}:\n  version: \"{}\"", self.environment, self.version)
    }

    /// The edits that write the release into the file; none where it says so already.
    pub fn edits(&self, text: Option<&str>, stamp: &Stamp) -> Result<Vec<Edit>, ReleaseFault> {
        let by_hand = |why: String| ReleaseFault {
            why,
            hint: format!("add these lines to {} by hand, and promote again:\n{}", self.file, self.lines()),
        };
        let Some(text) = text else { return Err(by_hand(format!("there is no {}", self.file))) };
        let refused = |fault: EditFault| {
            let hint = if fault.hint.is_empty() { self.lines() } else { fault.hint.clone() };
            ReleaseFault { why: format!("{}: {fault}", self.file), hint }
        };
        let Some(place) = self.place(text).map_err(refused)? else {
            return Err(by_hand(format!("{} has no `{}`", self.file, self.environment)));
        };
        let mut draft = Draft { text: text.to_owned(), edits: Vec::new() };
        for (at, field) in FIELDS.into_iter().enumerate() {
            match self.value(field, stamp).filter(|value| !value.is_empty()) {
                Some(value) => draft.put(&place, at, &value).map_err(refused)?,
                None => draft.remove(&place.key(field)).map_err(refused)?,
            }
        }
        Ok(draft.edits)
    }

    /// Whether a change of the file is this release, whoever brought it and whenever.
    pub fn wrote(&self, before: &str, after: &str) -> bool {
        let said = |field: &str| {
            let place = self.place(after).ok().flatten()?;
            value_at(after, 0, &place.key(field).to_string()).ok().flatten()
        };
        let (Some(by), Some(at)) = (said("promoted_by"), said("promoted_at")) else { return false };
        let edits = self.edits(Some(before), &Stamp { by, at });
        edits.is_ok_and(|edits| apply(before, &edits).is_ok_and(|text| text == after))
    }
}

/// The file while it is edited.
struct Draft {
    text: String,
    edits: Vec<Edit>,
}

impl Draft {
    fn has(&self, selector: &Selector) -> Result<bool, EditFault> {
        Ok(find(&parse(&self.text)?, 0, selector)?.is_some())
    }

    /// Sets a field, or adds it below the nearest one before it that is there; the first one below any that is there.
    fn put(&mut self, place: &Selector, at: usize, value: &str) -> Result<(), EditFault> {
        let field = FIELDS[at];
        let selector = place.key(field).to_string();
        if self.has(&place.key(field))? {
            if value_at(&self.text, 0, &selector)?.as_deref() == Some(value) {
                return Ok(());
            }
            return self.make(set(&self.text, 0, &selector, value)?);
        }
        let mut siblings = FIELDS[..at].iter().rev().chain(&FIELDS[at + 1..]);
        let sibling = siblings.find_map(|sibling| match self.has(&place.key(sibling)) {
            Ok(true) => Some(Ok(*sibling)),
            Ok(false) => None,
            Err(fault) => Some(Err(fault)),
        });
        // Without any field there is nothing to write below: the edit refuses, and says which line to add.
        let after = sibling.transpose()?.unwrap_or(FIELDS[0]);
        self.make(insert_key(&self.text, 0, &place.to_string(), after, field, value)?)
    }

    fn remove(&mut self, selector: &Selector) -> Result<(), EditFault> {
        if self.has(selector)? { self.make(remove_key(&self.text, 0, &selector.to_string())?) } else { Ok(()) }
    }

    fn make(&mut self, edit: Edit) -> Result<(), EditFault> {
        self.text = apply(&self.text, std::slice::from_ref(&edit))?;
        self.edits.push(edit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(digest: Option<&str>) -> Release {
        let image = ImageRef {
            name: "registry.example.com/app".to_owned(),
            repository: None,
            tag: Some("1.20".to_owned()),
            digest: digest.map(str::to_owned),
        };
        Release::of("releases.yaml", "app", "staging", &[image], "ID").unwrap()
    }

    fn stamp() -> Stamp {
        Stamp { by: "dana".to_owned(), at: "2026-11-21T09:00:00Z".to_owned() }
    }

    fn written(text: &str, digest: Option<&str>) -> Result<String, ReleaseFault> {
        let release = release(digest);
        let after = apply(text, &release.edits(Some(text), &stamp())?).unwrap();
        assert!(release.wrote(text, &after), "{after}");
        assert!(!release.wrote(text, &format!("{after}\n# more")));
        Ok(after)
    }

    #[test]
    fn values_are_set_and_added_and_nothing_else_moves() {
        let new = "promoted_by: dana\r\n  promoted_at: \"2026-11-21T09:00:00Z\"\r\n  promotion: ID\r\n";
        let before = "# ours\r\ndev: {}\r\nstaging:\r\n  version: '1.10' # by hand\r\nprod:\r\n  version: '1.0'\r\n";
        let after = format!(
            "# ours\r\ndev: {{}}\r\nstaging:\r\n  version: '1.20' # by hand\r\n  digest: 'sha256:aa'\r\n  {new}prod:\r\n  version: '1.0'\r\n"
        );
        let plain = written(before, Some("sha256:aa")).unwrap().replace(['\'', '"'], "");
        assert_eq!(plain, after.replace(['\'', '"'], ""));
    }

    #[test]
    fn a_digest_without_a_successor_goes() {
        let before = "staging:\n  version: \"1.10\"\n  digest: sha256:aa\n  promoted_by: eve\n  promoted_at: \"2026\"\n  promotion: OLD\n";
        let wanted = "staging:\n  version: \"1.20\"\n  promoted_by: dana\n  promoted_at: \"2026-11-21T09:00:00Z\"\n  promotion: ID\n";
        assert_eq!(written(before, None).unwrap(), wanted);
    }

    #[test]
    fn a_file_of_several_services_has_a_level_more() {
        let before = "app:\n  staging:\n    version: \"1.10\"\nstaging:\n  version: \"9\"\n";
        let after = written(before, None).unwrap();
        assert!(after.starts_with("app:\n  staging:\n    version: \"1.20\"\n"), "{after}");
        assert!(after.ends_with("staging:\n  version: \"9\"\n"), "{after}");
    }

    #[test]
    fn where_it_cannot_be_written_the_lines_are_said() {
        for text in [None, Some("dev:\n  version: \"1\"\n"), Some("")] {
            let fault = release(None).edits(text, &stamp()).unwrap_err();
            assert!(fault.hint.contains("staging:\n  version: \"1.20\""), "{fault:?}");
        }
        for text in ["staging: { version: \"1.10\" }\n", "staging:\n", "staging: &a\n  x: 1\n"] {
            let fault = release(None).edits(Some(text), &stamp()).unwrap_err();
            assert!(fault.why.starts_with("releases.yaml:") && !fault.hint.is_empty(), "{fault:?}");
        }
    }
}
