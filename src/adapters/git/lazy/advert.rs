//! What a server says of itself first (gitprotocol-pack, "Reference Discovery"; gitprotocol-http, "Discovering
//! References"; gitprotocol-v2, "Capability Advertisement"): in version 2 what it can do, before that its refs too.

use std::collections::BTreeMap;
use std::io::Read;

use git2::Oid;

use crate::adapters::git::lazy::pkt::{Packets, Trouble};

/// A server's first words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Advert {
    /// Whether it speaks version 2.
    pub(crate) two: bool,
    /// What it can do: `atomic`, `fetch=shallow filter`.
    pub(crate) can: Vec<String>,
    /// Its refs; none in version 2.
    pub(crate) refs: BTreeMap<String, Oid>,
}

impl Advert {
    /// Reads them.
    pub(crate) fn read<R: Read>(packets: &mut Packets<R>) -> Result<Self, Trouble> {
        let mut first = packets.text()?;
        if first.as_deref().is_some_and(|text| text.starts_with(b"# service=")) {
            // Over HTTP the service is named, in a message of its own.
            while packets.text()?.is_some() {}
            first = packets.text()?;
        }
        let mut advert = Self::default();
        if first.as_deref() == Some(b"version 2") {
            advert.two = true;
            while let Some(text) = packets.text()? {
                advert.can.push(String::from_utf8_lossy(&text).into_owned());
            }
        } else {
            if first.as_deref() == Some(b"version 1") {
                first = packets.text()?;
            }
            while let Some(text) = first {
                advert.line(&text)?;
                first = packets.text()?;
            }
        }
        match advert.value("object-format") {
            None | Some("sha1") => Ok(advert),
            Some(format) => Err(Trouble::Nonsense(format!("its objects are named by {format}; sha1 was expected"))),
        }
    }

    /// A line before version 2: a ref, and behind a NUL of the first what the server can do.
    fn line(&mut self, text: &[u8]) -> Result<(), Trouble> {
        let text = String::from_utf8_lossy(text);
        let (named, can) = text.split_once('\0').map_or((text.as_ref(), None), |(named, can)| (named, Some(can)));
        if let Some(can) = can {
            self.can = can.split_whitespace().map(str::to_owned).collect();
        }
        let (id, name) = reference(named).ok_or_else(|| Trouble::expected("a ref", named.as_bytes()))?;
        // `shallow` names no ref; `.have` only what the server has; `^{}` what a tag points to.
        if name.starts_with("refs/") && !name.ends_with("^{}") {
            self.refs.insert(name.to_owned(), id);
        }
        Ok(())
    }

    /// Whether the server can do something that has a name of its own: `atomic`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.can.iter().any(|can| can == name)
    }

    /// What stands behind a name: `shallow filter` for `fetch`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.can.iter().find_map(|can| can.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Id and name in a line; `shallow` stands where the id would be.
fn reference(line: &str) -> Option<(Oid, &str)> {
    let (id, name) = line.split_once(' ')?;
    if id == "shallow" { full_id(name).map(|id| (id, "shallow")) } else { full_id(id).map(|id| (id, name)) }
}

/// An id in full.
pub(crate) fn full_id(text: &str) -> Option<Oid> {
    Oid::from_str(text).ok().filter(|_| text.len() == 40)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::git::lazy::pkt::{FLUSH, line};

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn message(lines: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        lines.iter().for_each(|text| line(&mut out, text));
        out.extend_from_slice(FLUSH);
        out
    }

    fn read(lines: &[&str]) -> Result<Advert, Trouble> {
        Advert::read(&mut Packets::new(message(lines).as_slice(), 1 << 20))
    }

    #[test]
    fn version_2_says_what_it_can_do() {
        let advert = read(&["version 2", "agent=git/2.47", "ls-refs=unborn", "fetch=shallow filter"]).unwrap();
        assert!(advert.two && advert.refs.is_empty());
        assert_eq!((advert.value("fetch"), advert.value("agent")), (Some("shallow filter"), Some("git/2.47")));
        // As some servers send it over HTTP.
        let bytes = [message(&["# service=git-upload-pack"]), message(&["version 2", "fetch"])].concat();
        let advert = Advert::read(&mut Packets::new(bytes.as_slice(), 1 << 20)).unwrap();
        assert!(advert.two && advert.has("fetch"));
    }

    #[test]
    fn earlier_versions_name_their_refs() {
        let lines = [
            format!("{A} HEAD\0report-status atomic agent=git/2 object-format=sha1"),
            format!("{A} refs/heads/main"),
            format!("{B} refs/tags/v1"),
            format!("{A} refs/tags/v1^{{}}"),
            format!("{B} .have"),
            format!("shallow {B}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for lines in [lines.clone(), [vec!["version 1"], lines].concat()] {
            let advert = read(&lines).unwrap();
            assert!(!advert.two && advert.has("atomic") && !advert.has("atom"));
            let wanted = [("refs/heads/main", A), ("refs/tags/v1", B)];
            assert_eq!(advert.refs, wanted.map(|(name, id)| (name.to_owned(), full_id(id).unwrap())).into());
        }
        let none = read(&[&format!("{} capabilities^{{}}\0atomic", "0".repeat(40))]).unwrap();
        assert!(none.refs.is_empty() && none.has("atomic"));
        assert_eq!(read(&[]).unwrap(), Advert::default());
    }

    #[test]
    fn nonsense_and_other_hashes_are_refused() {
        for (lines, wanted) in [
            (vec!["hello"], "a ref was expected"),
            (vec!["aaaa refs/heads/main"], "a ref was expected"),
            (vec!["version 2", "object-format=sha256"], "sha256"),
        ] {
            assert!(read(&lines).unwrap_err().to_string().contains(wanted), "{lines:?}");
        }
    }
}
