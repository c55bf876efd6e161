//! XML as reports need it: a stream of tags and text, with the checks that a report has to pass before it is believed.
//!
//! No DTD is read and no entity is resolved but the five of XML itself, so nothing can be expanded or fetched. A document
//! that ends inside an element is cut off, and says so with the line.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use crate::adapters::evidence::said::Defect;
use crate::adapters::evidence::trim::Trim;
use crate::adapters::evidence::window::Window;

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;

/// A document that is read as a stream.
pub struct Xml<'a> {
    reader: Reader<Trim<'a>>,
    buffer: Vec<u8>,
    open: Open,
    root_seen: bool,
    /// The name of an element without content, if one has begun and its end is still to be told.
    empty: String,
    ends: bool,
}

/// The names of the open elements, one after the other in one text: an element costs no allocation.
#[derive(Default)]
struct Open {
    names: String,
    starts: Vec<usize>,
}

impl Open {
    fn push(&mut self, name: &str) {
        self.starts.push(self.names.len());
        self.names.push_str(name);
    }

    /// Closes the innermost element, if this is its name.
    fn pop(&mut self, name: &str) -> bool {
        match self.starts.last() {
            Some(start) if self.names[*start..] == *name => {
                self.names.truncate(*start);
                self.starts.pop();
                true
            }
            _ => false,
        }
    }

    fn last(&self) -> Option<&str> {
        self.starts.last().map(|start| &self.names[*start..])
    }
}

/// One piece of a document.
pub enum Piece<'a> {
    /// An element begins. One without content ends at once, with a [`Piece::Close`] of its own.
    Open(Tag<'a>),
    /// The innermost element ends.
    Close(BytesEnd<'a>),
    /// Text in the innermost element; a run may come in several pieces.
    Text(Cow<'a, str>),
    /// A comment, a declaration, an instruction: nothing to us.
    Aside,
    /// The document ends, complete.
    End,
}

/// The beginning of an element.
pub struct Tag<'a> {
    start: BytesStart<'a>,
    reader: &'a Trim<'a>,
    /// How many elements are open, this one included.
    pub depth: usize,
}

impl Tag<'_> {
    /// The name, without a prefix.
    pub fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The line on which it begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.reader.piece_line()
    }

    /// The values of the named attributes, in the order of the names; prefixes do not matter.
    pub fn values<const N: usize>(&self, names: [&str; N]) -> Result<[Option<Cow<'_, str>>; N], Defect> {
        let mut values = [const { None }; N];
        for attribute in self.start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|fault| bad(self.line(), fault))?;
            let name = attribute.key.local_name().into_inner();
            if let Some(place) = names.iter().position(|wanted| *wanted == name) {
                let value = attribute.value;
                values[place] = Some(match value.contains('&') {
                    true => Cow::Owned(unescape(&value).map_err(|name| entity(self.line(), &name))?),
                    false => value,
                });
            }
        }
        Ok(values)
    }
}

impl<'a> Xml<'a> {
    /// Begins with the document.
    pub fn new(input: Window<'a>) -> Self {
        let mut reader = Reader::from_reader(Trim::new(input));
        let config = reader.config_mut();
        // We keep the open names anyway, to say where a document is cut off.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Self { reader, buffer: Vec::new(), open: Open::default(), root_seen: false, empty: String::new(), ends: false }
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.starts.len()
    }

    /// The line that has been reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// The next piece. After [`Piece::End`] there is nothing more to ask for.
    pub fn read(&mut self) -> Result<Piece<'_>, Defect> {
        if std::mem::take(&mut self.ends) {
            return Ok(Piece::Close(BytesEnd::new(self.empty.as_str())));
        }
        self.buffer.clear();
        self.reader.get_mut().begin();
        let event = self.reader.read_event_into(&mut self.buffer);
        let reader = self.reader.get_ref();
        let event = event.map_err(|fault| failed(reader.line(), self.open.last(), &fault))?;
        let is_empty = matches!(event, Event::Empty(_));
        let text = match event {
            Event::Start(start) | Event::Empty(start) => {
                let depth = self.open.starts.len() + 1;
                if depth == 1 || depth > MAX_DEPTH {
                    check_start(depth, self.root_seen, reader.line())?;
                }
                self.root_seen = true;
                if is_empty {
                    self.empty.clear();
                    self.empty.push_str(start.name().into_inner());
                    self.ends = true;
                } else {
                    self.open.push(start.name().into_inner());
                }
                return Ok(Piece::Open(Tag { start, reader, depth }));
            }
            Event::End(end) => {
                if !self.open.pop(end.name().into_inner()) {
                    return Err(unmatched(reader.line(), self.open.last(), end.name().into_inner()));
                }
                return Ok(Piece::Close(end));
            }
            Event::Text(text) => text.into_inner(),
            Event::CData(text) => text.into_inner(),
            Event::GeneralRef(name) => {
                let name = name.into_inner();
                Cow::Owned(resolve(&name).ok_or_else(|| entity(reader.line(), &name))?.to_string())
            }
            Event::Eof => {
                return match self.open.last() {
                    Some(name) => Err(cut(reader.line(), name)),
                    None if !self.root_seen => Err(Defect::Unreadable("it is not XML: it has no element".to_owned())),
                    None => Ok(Piece::End),
                };
            }
            _ => return Ok(Piece::Aside),
        };
        if self.open.starts.is_empty() && !text.trim().is_empty() {
            let line = reader.line();
            return Err(Defect::Unreadable(format!(
                "it is not XML: there is text outside of any element at line {line}"
            )));
        }
        Ok(Piece::Text(text))
    }
}

/// Walks a document: `open` is called with each element that begins, `text` with each piece of text, and `close` with the name of
/// each element that ends and how many were open with it.
pub fn walk<R>(
    input: Window<'_>,
    report: &mut R,
    open: impl Fn(&mut R, &Tag<'_>) -> Result<(), Defect>,
    text: impl Fn(&mut R, &str),
    close: impl Fn(&mut R, &str, usize),
) -> Result<(), Defect> {
    let mut xml = Xml::new(input);
    loop {
        // An element without content is never among the open ones.
        let depth = xml.depth() + usize::from(xml.ends);
        match xml.read()? {
            Piece::Open(tag) => open(report, &tag)?,
            Piece::Text(piece) => text(report, &piece),
            Piece::Close(end) => close(report, end.local_name().into_inner(), depth),
            Piece::Aside => {}
            Piece::End => return Ok(()),
        }
    }
}

fn unmatched(line: u64, open: Option<&str>, name: &str) -> Defect {
    match open {
        Some(open) => bad(line, format!("</{name}> stands where </{open}> should")),
        None => bad(line, format!("</{name}> ends nothing")),
    }
}

fn check_start(depth: usize, root_seen: bool, line: u64) -> Result<(), Defect> {
    if depth == 1 && root_seen {
        return Err(Defect::Unreadable(format!("it is not one XML document: a second one begins at line {line}")));
    }
    if depth > MAX_DEPTH {
        return Err(Defect::Unreadable(format!("its elements are nested more than {MAX_DEPTH} deep at line {line}")));
    }
    Ok(())
}

fn cut(line: u64, name: &str) -> Defect {
    let name = name.rsplit(':').next().unwrap_or(name);
    Defect::Unreadable(format!("it is cut off: it ends at line {line} inside <{name}>"))
}

fn bad(line: u64, fault: impl std::fmt::Display) -> Defect {
    Defect::Unreadable(format!("it is not well-formed XML at line {line}: {fault}"))
}

fn entity(line: u64, name: &str) -> Defect {
    let name: String = name.chars().take(40).collect();
    Defect::Unreadable(format!("it uses the entity &{name}; at line {line}; entities of a DTD are not read"))
}

/// A fault of the parser, or of the reader below it; at the end of the file it means that the file is cut off.
fn failed(line: u64, open: Option<&str>, fault: &quick_xml::Error) -> Defect {
    match (fault, open) {
        (quick_xml::Error::Io(fault), _) => Defect::Unreadable(fault.to_string()),
        (quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup), _) | (_, None) => bad(line, fault),
        (quick_xml::Error::Syntax(_), Some(name)) => cut(line, name),
        _ => bad(line, fault),
    }
}

/// Replaces references; the error is the name of an entity that is not one of XML's own five.
fn unescape(raw: &str) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, reference)) = rest.split_once('&') {
        text.push_str(before);
        match reference.split_once(';') {
            Some((name, after)) => {
                text.push(resolve(name).ok_or(name)?);
                rest = after;
            }
            None => return Err(reference.to_owned()),
        }
    }
    text.push_str(rest);
    Ok(text)
}

/// The character of a reference. A number that is no character (`&#0;`, which test tools do write) is shown as such.
fn resolve(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return Some(code.ok().and_then(char::from_u32).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::evidence::trim::MAX_RUN;
    use std::fmt::Write as _;
    use std::io::Read as _;

    fn read(text: &str) -> Result<String, Defect> {
        let mut xml = Xml::new(Window::new(text.as_bytes()));
        let mut out = String::new();
        loop {
            match xml.read()? {
                Piece::Open(tag) => {
                    let [x] = tag.values(["x"])?;
                    write!(out, "<{}@{} {}>", tag.name(), tag.line(), x.unwrap_or_default()).unwrap();
                }
                Piece::Close(end) => write!(out, "</{}>", end.local_name().into_inner()).unwrap(),
                Piece::Text(text) => out += &text,
                Piece::Aside => {}
                Piece::End => return Ok(out),
            }
        }
    }

    #[test]
    fn reads_tags_text_and_lines() {
        let text = "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\">\n<p:a x='1&lt;&#65;&#0;'\n>t&amp;<![CDATA[<]]>\n<b/></p:a>\n";
        assert_eq!(read(text).unwrap().trim(), "<a@3 1<A\u{fffd}>t&<\n<b@5 ></b></a>");
    }

    #[test]
    fn what_is_kept_does_not_grow_with_the_text() {
        let filler = || std::io::repeat(b'x').take(1 << 20);
        let text = b"<a><system-out>".chain(filler()).chain(b"</system-out><system-err><![CDATA[".as_slice());
        let text = text.chain(filler()).chain(b"]]></system-err><!--".as_slice()).chain(filler());
        let mut xml = Xml::new(Window::new(text.chain(b"--></a>".as_slice())));
        let mut longest = 0;
        loop {
            match xml.read().unwrap() {
                Piece::Text(text) => longest = longest.max(text.len()),
                Piece::End => break,
                _ => {}
            }
        }
        assert!((1..=4 * MAX_RUN).contains(&longest), "{longest}");
        assert!(xml.buffer.capacity() <= 8 * MAX_RUN, "{}", xml.buffer.capacity());
    }

    #[test]
    fn says_what_is_wrong() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        for (text, why) in [
            ("<a><b>\n</b>", "it is cut off: it ends at line 2 inside <a>"),
            ("<a><b x='1", "it is cut off: it ends at line 1 inside <a>"),
            ("<a><![CDATA[ x", "it is cut off: it ends at line 1 inside <a>"),
            ("<a></b></a>", "it is not well-formed XML at line 1: "),
            ("<a/><a/>", "it is not one XML document: a second one begins at line 1"),
            ("<a/>rest", "it is not XML: there is text outside of any element at line 1"),
            ("rest", "it is not XML: there is text outside of any element at line 1"),
            ("", "it is not XML: it has no element"),
            ("<!-- -->", "it is not XML: it has no element"),
            (&deep, "its elements are nested more than 128 deep at line 1"),
            ("<a x='&e;'/>", "it uses the entity &e; at line 1; entities of a DTD are not read"),
            (
                "<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a>&e;</a>",
                "it uses the entity &e; at line 2; entities of a DTD are not read",
            ),
        ] {
            let Err(Defect::Unreadable(seen)) = read(text) else { panic!("{text} must be refused") };
            assert!(seen.starts_with(why), "{text}: {seen}");
        }
    }
}
