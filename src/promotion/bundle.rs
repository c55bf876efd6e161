//! The evidence bundle of a promotion: a directory of files, and a manifest that holds the hash of each.
//!
//! The bundle says nothing that the ledger does not say: it is made from a promotion's entries alone, so that the same
//! entries are the same bytes on any machine. What stands in its files is in [`contents`].

pub mod contents;
pub mod place;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::promotion::id::sha256;
use crate::promotion::report::Verdict;

/// The number of the bundle's form.
pub const SCHEMA: u32 = 1;
/// The manifest's name: the one file that no hash is kept of.
pub const MANIFEST: &str = "manifest.json";

/// What a bundle holds, and the hash of each of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The number of the bundle's form.
    pub schema: u32,
    /// The promotion's id.
    pub promotion_id: String,
    /// The version of promote that began the record.
    pub promote: String,
    /// What the gates said; absent where nothing was judged yet.
    pub verdict: Option<Verdict>,
    /// The plan's digest; absent where nothing is planned.
    pub plan_digest: Option<String>,
    /// Every other file, by name.
    pub files: BTreeMap<String, Sealed>,
}

/// What a bundle is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The promotion's id.
    pub promotion_id: String,
    /// The version of promote that began the record.
    pub promote: String,
    /// What the gates said.
    pub verdict: Option<Verdict>,
    /// The plan's digest.
    pub plan_digest: Option<String>,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Sealed {
    fn of(bytes: &[u8]) -> Self {
        Self { sha256: sha256(bytes), bytes: bytes.len() as u64 }
    }
}

/// A file of a bundle that is not as its manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// What is wrong with it, in words.
    pub what: String,
}

impl Difference {
    /// A difference of a file.
    pub fn of(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into() }
    }
}

/// A value as a file of a bundle: JSON with the fields in their order, indented, with a line end. The same value is always
/// the same bytes.
pub fn document(value: &impl Serialize) -> String {
    // Nothing of ours has a map with keys that are no text, which is all that JSON refuses.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}

/// The manifest of these files.
pub fn seal(about: About, files: &BTreeMap<String, String>) -> Manifest {
    let files = files.iter().map(|(name, text)| (name.clone(), Sealed::of(text.as_bytes()))).collect();
    let About { promotion_id, promote, verdict, plan_digest } = about;
    Manifest { schema: SCHEMA, promotion_id, promote, verdict, plan_digest, files }
}

/// Reads a manifest. `Err` says why it is none, in words.
pub fn manifest(text: &[u8]) -> Result<Manifest, String> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if manifest.schema != SCHEMA {
        return Err(format!("it has the form {}, and this version of promote reads {SCHEMA}", manifest.schema));
    }
    Ok(manifest)
}

/// Where the files that were found are not what the manifest says. `text` is the manifest as it was found.
pub fn check(manifest: &Manifest, text: &[u8], found: &BTreeMap<String, Vec<u8>>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (name, wanted) in &manifest.files {
        let Some(bytes) = found.get(name) else {
            differences.push(Difference::of(name, "it is missing"));
            continue;
        };
        let seen = Sealed::of(bytes);
        if seen.bytes != wanted.bytes {
            let what = format!("it has {} bytes, and manifest.json says {}", seen.bytes, wanted.bytes);
            differences.push(Difference::of(name, what));
        } else if seen != *wanted {
            let what = format!("its SHA-256 is {}, and manifest.json says {}", seen.sha256, wanted.sha256);
            differences.push(Difference::of(name, what));
        }
    }
    let extra = found.keys().filter(|name| !manifest.files.contains_key(*name));
    differences.extend(extra.map(|name| Difference::of(name, "manifest.json does not know it")));
    if document(manifest).as_bytes() != text {
        differences.push(Difference::of(MANIFEST, "it is not written as promote writes it"));
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About { promotion_id: "01".to_owned(), promote: "0.1.0".to_owned(), verdict: None, plan_digest: None }
    }

    #[test]
    fn each_file_that_is_not_as_sealed_is_named() {
        let files = BTreeMap::from([("a.json", "{}\n"), ("b.log", "one\n")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let text = document(&seal(about(), &files));
        let sealed = manifest(text.as_bytes()).unwrap();
        let found: BTreeMap<String, Vec<u8>> = files.iter().map(|(k, v)| (k.clone(), v.clone().into_bytes())).collect();
        assert_eq!(check(&sealed, text.as_bytes(), &found), []);
        let names = |found: &BTreeMap<String, Vec<u8>>, text: &str| {
            check(&sealed, text.as_bytes(), found).into_iter().map(|difference| difference.file).collect::<Vec<_>>()
        };
        let mut other = found.clone();
        other.insert("a.json".to_owned(), b"[]\n".to_vec());
        other.remove("b.log");
        other.insert("c.txt".to_owned(), Vec::new());
        assert_eq!(names(&other, &text), ["a.json", "b.log", "c.txt"]);
        assert_eq!(names(&found, &text.replace("  ", " ")), [MANIFEST]);
    }

    #[test]
    fn what_is_no_manifest_is_not_believed() {
        let text = document(&seal(about(), &BTreeMap::new()));
        for (bad, why) in [
            (text.replace("\"schema\": 1", "\"schema\": 2"), "the form 2"),
            (text.replace("promote\"", "promoto\""), "promote"),
            (text.replace("\"go\"", "\"gone\"").replace("null", "\"gone\""), "gone"),
            (String::new(), "EOF"),
        ] {
            let said = manifest(bad.as_bytes()).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
