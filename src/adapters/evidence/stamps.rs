//! Stamps beside reports: what a report is about, said by whoever made it, and held to the report's bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::adapters::evidence::intake::Hashed;
use crate::adapters::evidence::said::{About, Defect};
use crate::promotion::facts::EvidenceFile;
use crate::promotion::stamp::{SUFFIX, Stamp};

/// The most bytes that a stamp may have: it is a few lines.
const MAX_BYTES: u64 = 64 * 1024;

/// A stamp, or why it cannot be read.
pub type Found = Result<Stamp, String>;

/// The stamp beside a file, if there is one.
pub fn beside(place: &Path) -> Option<Found> {
    let stamp = place_of(place);
    let meta = stamp.symlink_metadata().ok()?;
    if !meta.is_file() {
        return Some(Err("it is no plain file".to_owned()));
    }
    let read = File::open(&stamp).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    Some(read.map_err(|fault| format!("it cannot be read: {fault}")).and_then(|bytes| parse(&bytes)))
}

/// Where the stamp of a file is.
pub fn place_of(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// Reads a stamp.
pub fn parse(bytes: &[u8]) -> Found {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} KiB", MAX_BYTES / 1024));
    }
    let stamp: Stamp = serde_json::from_slice(bytes).map_err(|fault| format!("it is no stamp: {fault}"))?;
    stamp.fault().map_or(Ok(stamp), Err)
}

/// Hashes a file: its SHA-256 in hexadecimal, and its size.
pub fn hashed(place: &Path) -> std::io::Result<(String, u64)> {
    Hashed::new(File::open(place)?).finish()
}

/// Adds to what a file says of itself what its stamp says. A stamp of other bytes, or one that contradicts the file, spoils it.
pub fn apply(stamp: Found, file: &EvidenceFile, about: &mut About) -> Result<(), Defect> {
    let bad = |why: String| Defect::Unreadable(format!("its stamp {}{SUFFIX} cannot be believed: {why}", file.path));
    let stamp = stamp.map_err(bad)?;
    if !stamp.sha256.eq_ignore_ascii_case(&file.sha256) || stamp.bytes != file.bytes {
        let (stamped, found) = (digits(&stamp.sha256), digits(&file.sha256));
        return Err(bad(format!("it was made for other bytes (SHA-256 {stamped}…, and the file has {found}…)")));
    }
    for stated in &about.subjects {
        let is_digest = stated.starts_with("sha256:");
        let same_kind = || stamp.names().filter(|name| name.starts_with("sha256:") == is_digest);
        if same_kind().next().is_some() && !same_kind().any(|name| same(name, stated)) {
            let stamped: Vec<&str> = same_kind().collect();
            return Err(bad(format!("it says {}, and the file states {stated}", stamped.join(", "))));
        }
    }
    about.stamped.extend(stamp.names().map(str::to_ascii_lowercase));
    about.environment.clone_from(&stamp.environment);
    if about.taken.is_none() {
        about.taken = Some(stamp.at);
    }
    Ok(())
}

fn digits(text: &str) -> String {
    text.chars().take(12).collect()
}

/// Whether two names mean one version: a file may state the beginning of a commit's id.
fn same(whole: &str, stated: &str) -> bool {
    let (whole, stated) = (whole.to_ascii_lowercase(), stated.to_ascii_lowercase());
    whole == stated || (stated.len() >= 7 && !stated.starts_with("sha256:") && whole.starts_with(&stated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::stamp::{SCHEMA, StampedImage};
    use crate::promotion::time::Time;

    fn stamp() -> Stamp {
        Stamp {
            schema: SCHEMA,
            sha256: "ab".repeat(32),
            bytes: 3,
            image: Some(StampedImage { name: "r/app".to_owned(), digest: format!("sha256:{}", "d".repeat(64)) }),
            commit: Some("c0ffee1".repeat(6)[..40].to_owned()),
            environment: Some("staging".to_owned()),
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
        }
    }

    fn file(sha256: &str, bytes: u64) -> EvidenceFile {
        EvidenceFile { path: "k6.json".to_owned(), sha256: sha256.to_owned(), bytes, format: "k6".to_owned() }
    }

    fn about(subject: Option<&str>, taken: Option<&str>) -> About {
        let mut about = About::default();
        about.subjects.extend(subject.map(str::to_owned));
        about.taken = taken.map(|time| time.parse().unwrap());
        about
    }

    #[test]
    fn a_stamp_adds_what_the_file_does_not_say() {
        let mut silent = about(None, None);
        apply(Ok(stamp()), &file(&"AB".repeat(32), 3), &mut silent).unwrap();
        assert_eq!((silent.stamped.len(), silent.environment.as_deref()), (2, Some("staging")));
        assert_eq!(silent.taken, Some(stamp().at));
        let own: Time = "2026-11-19T12:00:00Z".parse().unwrap();
        let mut dated = about(Some("C0FFEE1"), Some("2026-11-19T12:00:00Z"));
        apply(Ok(stamp()), &file(&"ab".repeat(32), 3), &mut dated).unwrap();
        assert_eq!(dated.taken, Some(own), "the file's own time stands");
    }

    #[test]
    fn a_stamp_that_does_not_fit_spoils_the_file() {
        let refused = |found: Found, file: EvidenceFile, mut about: About| {
            let Err(Defect::Unreadable(why)) = apply(found, &file, &mut about) else { panic!("a refusal") };
            why
        };
        let good = || file(&"ab".repeat(32), 3);
        for (why, part) in [
            (refused(Ok(stamp()), file(&"cd".repeat(32), 3), about(None, None)), "made for other bytes"),
            (refused(Ok(stamp()), file(&"ab".repeat(32), 4), about(None, None)), "made for other bytes"),
            (refused(Ok(stamp()), good(), about(Some("0ddba11"), None)), "and the file states 0ddba11"),
            (refused(Ok(stamp()), good(), about(Some("sha256:ee"), None)), "and the file states sha256:ee"),
            (refused(parse(b"{"), good(), about(None, None)), "k6.json.stamp.json cannot be believed: it is no stamp"),
        ] {
            assert!(why.contains(part), "{why}");
        }
    }
}
