//! The outline of a file: the names in its first bytes, and where they stand.
//!
//! The head is cut off anywhere, so nothing here can fail: an outline is as far as the head could be read.

use std::collections::BTreeSet;

use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::window::Window;
use crate::adapters::evidence::xml::{Piece, Xml};

/// How many names deep JSON is looked at.
const KEYS: usize = 4;
/// How many elements deep XML is looked at.
const ELEMENTS: usize = 3;
/// How many paths are kept.
const PATHS: usize = 4096;
/// How many names at the top are kept.
const TOP: usize = 16;
/// How many lines of a text are kept, and how much of each.
const LINES: (usize, usize) = (400, 200);
/// The longest text in JSON that is kept with its name.
const VALUE: usize = 120;
/// Stands between the names of a path: names have dots in them.
const SEPARATOR: char = '\u{1f}';
/// The attributes that tell anything.
const ATTRIBUTES: [&str; 11] = [
    "line-rate",
    "branch-rate",
    "lines-valid",
    "clover",
    "testcasecount",
    "executed",
    "fullname",
    "name",
    "run-date",
    "success",
    "path",
];

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// XML.
    Xml,
    /// JSON: one document, or one after the other.
    Json,
    /// Lines of text, some of which may be JSON.
    Text,
}

/// The outline of a file.
#[derive(Debug, Clone)]
pub struct Outline {
    /// What it is written in.
    pub syntax: Syntax,
    paths: BTreeSet<String>,
    /// The names at the top, in their order.
    pub top: Vec<String>,
    /// The first lines that are not blank.
    pub lines: Vec<String>,
}

impl Outline {
    /// The outline of the first bytes of a file.
    pub fn of(head: &[u8]) -> Self {
        // What is not UTF-8 is for the parser to refuse, with its place; a character that the head cuts in two is no fault.
        let text = &*String::from_utf8_lossy(head);
        let mut outline = Self { syntax: Syntax::Text, paths: BTreeSet::new(), top: Vec::new(), lines: Vec::new() };
        match text.trim_start().bytes().next() {
            Some(b'<') => outline.xml(text),
            Some(b'{' | b'[' | b'n') if outline.json(text) => {}
            _ => outline.text(text),
        }
        outline
    }

    /// Whether something is there that a sign of the table names.
    ///
    /// `a.b[].c` is a path in JSON, with `*` for any name, `=x` for a text and `~x` for a part of one; `a/b@c` is an attribute in
    /// XML. Of a text, `1^x` is the beginning of the first line that is no comment, `^x` that of any line, `#x` a column, and
    /// words in parentheses name a shape.
    pub fn has(&self, sign: &str) -> bool {
        if let Some(start) = sign.strip_prefix("1^") {
            let first = self.lines.iter().find(|line| !line.starts_with('#'));
            return first.is_some_and(|line| line.starts_with(start));
        }
        if let Some(start) = sign.strip_prefix('^') {
            return self.lines.iter().any(|line| line.starts_with(start));
        }
        if let Some((path, part)) = sign.split_once('~') {
            let start = format!("{}=", self.path_of(path));
            return self
                .paths
                .range(start.clone()..)
                .take_while(|path| path.starts_with(&start))
                .any(|p| p.contains(part));
        }
        let wanted = self.path_of(sign);
        if !sign.contains('*') {
            return self.paths.contains(&wanted);
        }
        self.paths.iter().any(|path| fits(path, &wanted))
    }

    /// The names that the objects of an array at the top have.
    pub fn elements(&self) -> Vec<String> {
        let names = self.paths.iter().filter_map(|path| path.strip_prefix("[]")?.strip_prefix(SEPARATOR));
        let names = names.filter(|name| !name.contains([SEPARATOR, '=']) && !name.ends_with(['}', ']']));
        names.map(str::to_owned).collect()
    }

    fn path_of(&self, sign: &str) -> String {
        // Only the names have dots that part them; a text behind `=` keeps its own.
        let (names, value) = sign.split_once('=').map_or((sign, None), |(names, value)| (names, Some(value)));
        let path = if self.syntax == Syntax::Xml || sign.starts_with(['#', '(']) {
            names.to_owned()
        } else {
            names.replace('.', &SEPARATOR.to_string())
        };
        value.map_or(path.clone(), |value| format!("{path}={value}"))
    }

    fn add(&mut self, path: impl Into<String>) {
        if self.paths.len() < PATHS {
            self.paths.insert(path.into());
        }
    }

    fn xml(&mut self, text: &str) {
        self.syntax = Syntax::Xml;
        let mut xml = Xml::new(Window::new(text.as_bytes()));
        let mut names: Vec<String> = Vec::new();
        while let Ok(piece) = xml.read() {
            let tag = match piece {
                Piece::Open(tag) if tag.depth <= ELEMENTS => tag,
                Piece::End => break,
                _ => continue,
            };
            names.truncate(tag.depth - 1);
            names.push(tag.name().to_owned());
            let path = names.join("/");
            if let Ok(values) = tag.values(ATTRIBUTES) {
                let there = ATTRIBUTES.iter().zip(values).filter(|(_, value)| value.is_some());
                there.for_each(|(name, _)| self.add(format!("{path}@{name}")));
            }
            if tag.depth == 1 {
                self.top.push(path.clone());
            }
            self.add(path);
        }
    }

    /// Reads JSON; `false` if it is none.
    fn json(&mut self, text: &str) -> bool {
        self.syntax = Syntax::Json;
        let mut json = Json::new(Window::new(text.as_bytes()));
        let mut read = 0u32;
        let end = loop {
            match self.value(&mut json, &mut String::new(), 0) {
                Ok(()) => read += 1,
                Err(fault) => break fault,
            }
            match json.more() {
                Ok(true) => {}
                Ok(false) => return true,
                Err(fault) => break fault,
            }
        };
        match end {
            Error::Syntax(_) if read == 0 && self.paths.len() <= 1 => false,
            // Something else stands between the documents: each line is looked at by itself.
            Error::Syntax(_) if read > 0 => {
                self.each_line(text);
                true
            }
            _ => true,
        }
    }

    /// Notes what a value of JSON holds. `path` is where it stands, and is left as it was.
    fn value(&mut self, json: &mut Json<'_>, path: &mut String, depth: usize) -> Result<(), Error> {
        let length = path.len();
        match json.peek()? {
            Kind::Object => {
                self.add(format!("{path}{{}}"));
                if depth >= KEYS {
                    return json.skip();
                }
                json.object(|name, json| {
                    if length == 0 && self.top.len() < TOP && !self.top.iter().any(|other| other == name) {
                        self.top.push(name.to_owned());
                    }
                    if length > 0 {
                        path.push(SEPARATOR);
                    }
                    path.push_str(name);
                    self.add(path.clone());
                    let read = self.value(json, path, depth + 1);
                    path.truncate(length);
                    read
                })
            }
            Kind::Array => {
                path.push_str("[]");
                self.add(path.clone());
                let nested = length >= 2 && path.ends_with("[][]");
                let read = json.array(|json| self.value(json, path, depth + usize::from(nested)));
                path.truncate(length);
                read
            }
            Kind::String if depth <= 2 => {
                let text: String = json.read()?;
                if text.len() <= VALUE {
                    self.add(format!("{path}={text}"));
                }
                Ok(())
            }
            Kind::Null => {
                self.add(format!("{path}=null"));
                json.skip()
            }
            _ => json.skip(),
        }
    }

    fn text(&mut self, text: &str) {
        self.syntax = Syntax::Text;
        self.paths.clear();
        let (count, room) = LINES;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(count);
        self.lines = lines.map(|line| line.chars().take(room).collect()).collect();
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        columns(first).into_iter().for_each(|column| self.add(format!("#{column}")));
        if is_jmeter_row(first) {
            self.add("(row)");
        }
        let mut is_first = true;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(shape) = tap(line) {
                self.add(shape);
                if is_first {
                    self.add("(first)");
                }
            }
            is_first = false;
        }
        self.each_line(text);
    }

    fn each_line(&mut self, text: &str) {
        for line in text.lines().filter(|line| line.starts_with('{')).take(LINES.0) {
            let mut json = Json::new(Window::new(line.as_bytes()));
            // A line that is no JSON tells nothing.
            let _ = self.value(&mut json, &mut String::new(), 0);
        }
    }
}

/// Whether a path is what a pattern with `*` means.
fn fits(path: &str, pattern: &str) -> bool {
    let (mut names, mut wanted) = (path.split(SEPARATOR), pattern.split(SEPARATOR));
    loop {
        match (names.next(), wanted.next()) {
            (None, None) => return true,
            (Some(name), Some(wanted)) => {
                let same = match wanted.strip_prefix('*') {
                    // `*[]` is any name of an array, `*` any name of a value.
                    Some(end) => name.ends_with(end) && (!end.is_empty() || !name.ends_with(['}', ']'])),
                    None => name == wanted,
                };
                if !same {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// The columns that a first line names, in small letters.
fn columns(line: &str) -> Vec<String> {
    let Some(separator) = [',', ';', '\t'].into_iter().max_by_key(|c| line.matches(*c).count()) else {
        return Vec::new();
    };
    let cells: Vec<&str> = line.split(separator).collect();
    if cells.len() < 3 {
        return Vec::new();
    }
    cells.into_iter().take(64).map(|cell| cell.trim().trim_matches('"').to_lowercase()).collect()
}

/// Whether a line is one of JMeter without a heading: a time in milliseconds, how long it took, a label, and somewhere whether it
/// went well.
fn is_jmeter_row(line: &str) -> bool {
    let Some(separator) = [',', ';', '\t'].into_iter().max_by_key(|c| line.matches(*c).count()) else { return false };
    let cells: Vec<&str> = line.split(separator).map(|cell| cell.trim_matches('"')).collect();
    let digits = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    match &cells[..] {
        [time, took, _, rest @ ..] => {
            time.len() == 13
                && digits(time)
                && digits(took)
                && rest.iter().any(|cell| matches!(*cell, "true" | "false"))
        }
        _ => false,
    }
}

/// What a line is in the Test Anything Protocol, if anything.
fn tap(line: &str) -> Option<&'static str> {
    if line.starts_with("TAP version ") {
        return Some("(version)");
    }
    if let Some((first, last)) = line.split_once("..") {
        let last = last.split([' ', '#']).next().unwrap_or_default();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(first) && digits(last) {
            return Some("(plan)");
        }
    }
    let rest = line.strip_prefix("not ").unwrap_or(line).strip_prefix("ok")?;
    // `ok  	example.com/a	0.1s` is what `go test` prints without -json.
    let is_point = rest.is_empty() || (rest.starts_with(' ') && !rest.contains('\t'));
    is_point.then_some("(point)")
}
