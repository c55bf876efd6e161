//! What a file is, by its first bytes.
//!
//! An [`Outline`] is made of the head, and compared with one table of [signs](signs::SIGNS). A file that fits one format is of it; one
//! that fits several, or none, is refused by name, and never read as what it may not be.

pub mod outline;
pub mod signs;
pub mod strangers;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;

use crate::adapters::evidence::intake;
use crate::adapters::evidence::said::{Defect, short};
use crate::adapters::evidence::sniff::outline::{Outline, Syntax};
use crate::promotion::rules::format::Format;

/// How many names of a file that is not recognised are shown.
const NAMED: usize = 4;

/// What a file seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sniffed {
    /// One of the formats that are read.
    Known(Format),
    /// Nothing at all, or blanks only.
    Empty,
    /// `[]`, `{}` or `null`, which is the clean report of several formats.
    Bare(String),
    /// Something that fits several formats.
    Several(Vec<Format>),
    /// Something that is certainly none of them: what it is, fitting after "it is".
    Other(String),
    /// Nothing that is recognised: what is seen of it, fitting after "it is".
    Unknown(String),
}

/// The format of a file on the disk, if it is one of those that are read; its beginning is looked at, and no more.
pub fn file(path: &Path) -> Option<Format> {
    let opened = intake::open(File::open(path).ok()?).ok()?;
    match sniff(&opened.head) {
        Sniffed::Known(format) => Some(format),
        _ => None,
    }
}

/// Decides what a file is read as, from its first bytes and from what the rules say that it is.
pub fn decide(head: &[u8], declared: Option<Format>) -> Result<Format, Defect> {
    let unreadable = |why: String| Err(Defect::Unreadable(why));
    match (sniff(head), declared) {
        (Sniffed::Empty, _) => Err(Defect::Missing("it is empty".to_owned())),
        (Sniffed::Other(what), _) => unreadable(format!("it is {what}")),
        (Sniffed::Known(found), Some(wanted)) if found != wanted => {
            let (found, wanted) = (found.name(), wanted.name());
            unreadable(format!("it is {found}, and the rules say {wanted}"))
        }
        (Sniffed::Known(format), _) | (Sniffed::Unknown(_) | Sniffed::Bare(_), Some(format)) => Ok(format),
        (Sniffed::Several(found), Some(wanted)) if found.contains(&wanted) => Ok(wanted),
        (Sniffed::Several(found), Some(wanted)) => {
            unreadable(format!("it looks like {}, and the rules say {}", listed(&found), wanted.name()))
        }
        (Sniffed::Several(found), None) => unreadable(format!("it looks like {}: name its `format:`", listed(&found))),
        (Sniffed::Bare(what), None) => {
            unreadable(format!("it is only `{what}`, which several tools write for nothing found: name its `format:`"))
        }
        (Sniffed::Unknown(seen), None) if seen.contains("JSON") => unreadable(format!(
            "it is in no format that is read: it is {seen}; if it is, and holds too little to tell, name its `format:`"
        )),
        (Sniffed::Unknown(seen), None) => unreadable(format!("it is in no format that is read: it is {seen}")),
    }
}

fn listed(formats: &[Format]) -> String {
    let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
    names.join(" and like ")
}

/// Looks at the first bytes of a file, unpacked and without a byte order mark.
pub fn sniff(head: &[u8]) -> Sniffed {
    if let Some(what) = no_text(head) {
        return Sniffed::Other(what.to_owned());
    }
    let head = head.trim_ascii();
    match head {
        b"" => return Sniffed::Empty,
        b"[]" | b"{}" | b"null" => return Sniffed::Bare(String::from_utf8_lossy(head).into_owned()),
        _ => {}
    }
    if matches!(head, [b'[', rest @ .., b']'] | [b'{', rest @ .., b'}'] if rest.trim_ascii().is_empty()) {
        let ends = [head[0], head[head.len() - 1]];
        return Sniffed::Bare(String::from_utf8_lossy(&ends).into_owned());
    }
    told(&Outline::of(head))
}

fn told(outline: &Outline) -> Sniffed {
    let mut found: Vec<Format> =
        signs::SIGNS.iter().filter(|signs| signs.fit(outline)).map(|signs| signs.format).collect();
    found.dedup();
    match (&found[..], strangers::named(outline)) {
        ([format], _) => Sniffed::Known(*format),
        ([], Some(what)) => Sniffed::Other(what.to_owned()),
        ([], None) => Sniffed::Unknown(seen(outline)),
        _ => Sniffed::Several(found),
    }
}

/// Why a file is not of each of the other formats that are written in the same syntax, fitting after "it"; those that come
/// nearest first.
pub fn reasons(head: &[u8]) -> Vec<(Format, String)> {
    let outline = Outline::of(head.trim_ascii());
    let others = signs::SIGNS.iter().filter(|signs| signs.syntax == outline.syntax);
    let mut lacks: Vec<_> = others.filter_map(|signs| Some((signs.format, signs.lack(&outline)?))).collect();
    lacks.sort_by_key(|(_, (held, _))| std::cmp::Reverse(*held));
    lacks.into_iter().map(|(format, (_, why))| (format, why)).collect()
}

/// What certainly is no report, by its first bytes.
fn no_text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(&[b'<', 0]) || head.starts_with(&[0, b'<']) {
        return Some("UTF-16 without a byte order mark, which cannot be told for sure");
    }
    for (magic, what) in [
        (b"PK\x03\x04".as_slice(), "a zip archive, which has to be unpacked first"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd, which has to be unpacked first"),
        (b"\xfd7zXZ", "packed with xz, which has to be unpacked first"),
        (b"BZh", "packed with bzip2, which has to be unpacked first"),
        (b"%PDF-", "a PDF document"),
        (b"\x89PNG", "a picture"),
        (b"SQLite format 3\0", "a database"),
        (b"\x7fELF", "a program"),
    ] {
        if head.starts_with(magic) {
            return Some(what);
        }
    }
    let start = head.trim_ascii_start();
    let start = String::from_utf8_lossy(&start[..start.len().min(1024)]).to_ascii_lowercase();
    let is_page = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| {
        start.strip_prefix(tag).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
    });
    is_page.then_some("a web page")
}

/// What is seen of a file that is not recognised.
fn seen(outline: &Outline) -> String {
    let quoted = |name: &String| format!("`{}`", short(name));
    let names: Vec<String> = outline.top.iter().take(NAMED).map(quoted).collect();
    match (outline.syntax, outline.lines.first()) {
        (Syntax::Xml, _) if names.is_empty() => "XML without an element".to_owned(),
        (Syntax::Xml, _) => format!("XML with the root {}", names.join(", ")),
        (Syntax::Json, _) if outline.has("[]") => match outline.elements() {
            names if names.is_empty() => "a JSON array".to_owned(),
            names => format!(
                "a JSON array of objects with {}",
                names.iter().take(NAMED).map(quoted).collect::<Vec<_>>().join(", ")
            ),
        },
        (Syntax::Json, _) if names.is_empty() => "JSON without names".to_owned(),
        (Syntax::Json, _) => format!("JSON with {}", names.join(", ")),
        (Syntax::Text, Some(line)) => {
            let start: String = line.chars().take(60).collect();
            format!("text that begins with `{}`", start.trim_end())
        }
        (Syntax::Text, None) => "text without a line".to_owned(),
    }
}
