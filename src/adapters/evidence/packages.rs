//! Reports that come packed, from elsewhere than the workspace: read by the same parsers as files.

use std::collections::BTreeSet;

use crate::adapters::evidence::files::{Given, Reader};
use crate::adapters::evidence::globs;
use crate::adapters::evidence::joined::{Joined, failed};
use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::stamps;
use crate::adapters::evidence::unzip::{Unpacked, unzip};
use crate::promotion::facts::Reading;
use crate::promotion::rules::format::Format;
use crate::promotion::stamp::{SUFFIX, is_stamp};

/// How many of an archive's files are named when none is the right one.
const NAMED: usize = 5;

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name; what is in it is shown as `name/path`.
    pub name: String,
    /// The name of the one file that it is, where it is not a zip archive.
    pub file: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Which files of the packages are read, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Globs over the paths within a package; none: all files. Each must match something, in one of the packages.
    pub globs: &'a [String],
    /// The format, if it is not to be detected.
    pub format: Option<Format>,
    /// What stands for `{service}`.
    pub service: &'a str,
    /// What stands for `{environment}`.
    pub environment: &'a str,
}

/// Reads the wanted files of some packages as one source. It cannot fail: failing is a reading.
pub fn read(packages: Vec<Package>, wanted: &Wanted<'_>, reader: &Reader<'_>) -> Reading {
    let mut matchers = Vec::new();
    for glob in wanted.globs {
        match globs::matcher(glob, wanted.service, wanted.environment) {
            Ok(matcher) => matchers.push(matcher),
            Err(defect) => return failed(defect, Vec::new()),
        }
    }
    // A stamp comes with the file that it is of.
    let of = |path: &str| path.strip_suffix(SUFFIX).unwrap_or(path).to_owned();
    let is_wanted = |path: &str| {
        let path = of(path);
        matchers.is_empty() || matchers.iter().any(|(_, matcher)| matcher.is_match(&path))
    };
    let (mut all, mut seen, mut count) = (Joined::default(), BTreeSet::new(), 0);
    for Package { name, file, bytes } in packages {
        let (files, paths) = match file {
            None => match unzip(&bytes, &is_wanted) {
                Ok(unpacked) => unpacked,
                Err(why) => return failed(Defect::Unreadable(format!("the artifact {name}: {why}")), Vec::new()),
            },
            Some(path) => {
                let files = if is_wanted(&path) { vec![Unpacked { path: path.clone(), bytes }] } else { Vec::new() };
                (files, BTreeSet::from([path]))
            }
        };
        seen.extend(paths);
        let (stamped, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_stamp(&file.path));
        count += files.len();
        for file in files {
            let stamp = stamped.iter().find(|stamp| of(&stamp.path) == file.path);
            let given = Given { format: wanted.format, stamp: stamp.map(|stamp| stamps::parse(&stamp.bytes)) };
            reader.read(&format!("{name}/{}", file.path), file.bytes.as_slice(), given, &mut all);
        }
    }
    let unmatched: Vec<&str> = matchers
        .iter()
        .filter(|(_, matcher)| !seen.iter().any(|path| matcher.is_match(path)))
        .map(|(glob, _)| glob.as_str())
        .collect();
    if !unmatched.is_empty() || count == 0 {
        let what = if unmatched.is_empty() {
            "there is no file".to_owned()
        } else {
            format!("nothing matches {}", unmatched.join(", "))
        };
        return failed(Defect::Missing(format!("{what} in the artifact{}", instead(&seen))), Vec::new());
    }
    all.finish(reader.begun())
}

fn instead(seen: &BTreeSet<String>) -> String {
    if seen.is_empty() {
        return ", which is empty".to_owned();
    }
    let names: Vec<&str> = seen.iter().take(NAMED).map(String::as_str).collect();
    let more = seen.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(", which holds {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use sha2::{Digest as _, Sha256};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::adapters::clock::SystemClock;
    use crate::adapters::evidence::tally::Asked;
    use crate::promotion::facts::SubjectKnown;

    const REPORT: &[u8] = b"<testsuite><testcase name='a'/></testsuite>";

    fn read_with(stamp: &str) -> Reading {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in [("r/unit.xml", REPORT), ("r/unit.xml.stamp.json", stamp.as_bytes())] {
            zip.start_file(path, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let clock = SystemClock::default();
        let globs = ["r/*.xml".to_owned()];
        let wanted = Wanted { globs: &globs, format: None, service: "app", environment: "dev" };
        let package = Package { name: "reports".to_owned(), file: None, bytes };
        read(vec![package], &wanted, &Reader::new(Asked::default(), &clock))
    }

    #[test]
    fn a_stamp_comes_with_its_report() {
        let (commit, sha256) = ("c".repeat(40), hex::encode(Sha256::digest(REPORT)));
        let stamp = |sha256: &str| {
            let bytes = REPORT.len();
            format!(
                r#"{{"schema":1,"sha256":"{sha256}","bytes":{bytes},"commit":"{commit}","environment":"dev","at":"2026-11-20T10:00:00Z"}}"#
            )
        };
        let Reading::Observed(seen) = read_with(&stamp(&sha256)) else { panic!("an observation") };
        let subject = seen.subject.unwrap();
        assert_eq!((subject.version, subject.known), (commit.clone(), SubjectKnown::Stamped));
        assert_eq!((seen.files.len(), subject.environment.as_deref()), (1, Some("dev")));
        assert_eq!(seen.taken.unwrap().to_string(), "2026-11-20T10:00:00Z");
        let Reading::Unreadable { why, .. } = read_with(&stamp(&"0".repeat(64))) else { panic!("a refusal") };
        assert!(why.contains("reports/r/unit.xml: its stamp"), "{why}");
    }
}
