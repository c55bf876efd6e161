//! What a file is, by its first bytes.

use std::fs::File;
use std::path::Path;

use crate::adapters::evidence::intake;
use crate::promotion::rules::Format;

/// What a file seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sniffed {
    /// One of the formats that are read.
    Known(Format),
    /// Nothing at all, or blanks only.
    Empty,
    /// Something that is certainly none of them: what it is, fitting after "it is".
    Other(String),
    /// Nothing that is recognised.
    Unknown,
}

/// XML reports that are known and not read, by root element.
const OTHER_ROOTS: &[(&str, &str)] = &[
    ("testng-results", "a TestNG report"),
    ("test-run", "an NUnit 3 report"),
    ("test-results", "an NUnit 2 report"),
    ("assemblies", "an xUnit report"),
    ("assembly", "an xUnit report"),
    ("TestRun", "a TRX report"),
    ("robot", "a Robot Framework report"),
    ("report", "a JaCoCo report"),
    ("CoverageSession", "an OpenCover report"),
    ("checkstyle", "a Checkstyle report"),
    ("pmd", "a PMD report"),
    ("BugCollection", "a SpotBugs report"),
    ("testResults", "a JMeter report"),
];

/// The format of a file on the disk, if it is one of those that are read; its beginning is looked at, and no more.
pub fn file(path: &Path) -> Option<Format> {
    let opened = intake::open(File::open(path).ok()?).ok()?;
    match sniff(&opened.head) {
        Sniffed::Known(format) => Some(format),
        Sniffed::Empty | Sniffed::Other(_) | Sniffed::Unknown => None,
    }
}

/// Looks at the first bytes of a file, unpacked and without a byte order mark.
pub fn sniff(head: &[u8]) -> Sniffed {
    let other = |what: &str| Sniffed::Other(what.to_owned());
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return other("UTF-16, and only UTF-8 is read");
    }
    if head.starts_with(&[b'<', 0]) || head.starts_with(&[0, b'<']) {
        return other("UTF-16 without a byte order mark, and only UTF-8 is read");
    }
    if head.starts_with(b"PK\x03\x04") {
        return other("a zip archive, which has to be unpacked first");
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start();
    match text.bytes().next() {
        None => Sniffed::Empty,
        Some(b'<') => xml(text),
        Some(b'{') => json(text),
        _ => lcov(text),
    }
}

fn xml(text: &str) -> Sniffed {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let skipped = if rest.starts_with("<?") {
            rest.split_once("?>")
        } else if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            if rest[9..].trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html")) {
                return Sniffed::Other("a web page".to_owned());
            }
            after_doctype(rest)
        } else {
            break;
        };
        match skipped {
            Some((_, after)) => rest = after,
            None => return Sniffed::Unknown,
        }
    }
    let Some(tag) = rest.strip_prefix('<') else { return Sniffed::Unknown };
    let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default();
    let attributes = tag.split('>').next().unwrap_or_default();
    match name {
        "testsuites" | "testsuite" => Sniffed::Known(Format::Junit),
        "coverage" if attributes.contains("clover=") || tag.contains("<project") => {
            Sniffed::Other("a Clover report".to_owned())
        }
        "coverage" if ["line-rate=", "branch-rate=", "lines-valid="].iter().any(|name| attributes.contains(name)) => {
            Sniffed::Known(Format::Cobertura)
        }
        "coverage" if tag.contains("<packages") => Sniffed::Known(Format::Cobertura),
        "html" | "HTML" | "head" | "body" => Sniffed::Other("a web page".to_owned()),
        name => match OTHER_ROOTS.iter().find(|(root, _)| *root == name) {
            Some((_, what)) => Sniffed::Other((*what).to_owned()),
            None => Sniffed::Unknown,
        },
    }
}

/// What follows a DOCTYPE, whose declarations may stand in brackets.
fn after_doctype(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0u32;
    for (place, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Some((&text[..place], &text[place + 1..])),
            _ => {}
        }
    }
    None
}

/// SARIF is told by its schema, or by `runs`: one of them stands near the beginning in all that tools write.
fn json(text: &str) -> Sniffed {
    let is_sarif = text.contains("sarif-schema") || text.contains("sarif-2.") || text.contains("\"runs\"");
    if is_sarif { Sniffed::Known(Format::Sarif) } else { Sniffed::Unknown }
}

fn lcov(text: &str) -> Sniffed {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match first {
        Some(line) if line.starts_with("TN:") || line.starts_with("SF:") => Sniffed::Known(Format::Lcov),
        _ => Sniffed::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_by_their_beginning() {
        for (head, format) in [
            ("<testsuites/>", Format::Junit),
            ("<?xml version='1.0'?>\n<!-- a > b --><testsuite name='a'>", Format::Junit),
            ("<?xml version='1.0' ?>\n<coverage version=\"7.6\" line-rate=\"1\">", Format::Cobertura),
            ("<!DOCTYPE coverage SYSTEM 'http://x/coverage-04.dtd'><coverage><packages/>", Format::Cobertura),
            ("<!DOCTYPE coverage [<!ELEMENT coverage (a>b)>]>\n<coverage branch-rate='0'>", Format::Cobertura),
            ("TN:\nSF:a", Format::Lcov),
            ("# made by hand\nSF:/a/b.c\n", Format::Lcov),
            ("{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\"", Format::Sarif),
            ("{\"version\":\"2.1.0\",\"runs\":[", Format::Sarif),
        ] {
            assert_eq!(sniff(head.as_bytes()), Sniffed::Known(format), "{head}");
        }
    }

    #[test]
    fn names_what_it_is_not() {
        for (head, what) in [
            (b"<!DOCTYPE html><html>".as_slice(), "a web page"),
            (b"<html lang='en'>", "a web page"),
            (b"<!doctype HTML>", "a web page"),
            (b"PK\x03\x04\x14", "a zip archive, which has to be unpacked first"),
            (b"\xff\xfe<\0t\0", "UTF-16, and only UTF-8 is read"),
            (b"<\0t\0", "UTF-16 without a byte order mark, and only UTF-8 is read"),
            (b"<coverage clover='4'>", "a Clover report"),
            (b"<ns:TestRun xmlns:ns='x'>", "a TRX report"),
        ] {
            assert_eq!(sniff(head), Sniffed::Other(what.to_owned()));
        }
        assert_eq!(sniff(b" \n\t"), Sniffed::Empty);
        for head in ["<", "<a", "<!-- ", "hello", "{\"a\":1}", "[]", "<coverage version='1'>"] {
            assert_eq!(sniff(head.as_bytes()), Sniffed::Unknown, "{head}");
        }
    }
}
