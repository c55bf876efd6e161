//! The bytes of one report on their way to a parser, a buffer at a time: checked to be UTF-8, limited, and counted in lines.
//!
//! Each of that is done once for a buffer, not for a token, so a parser pays for none of it.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use memchr::memchr_iter;

use crate::adapters::evidence::said::Defect;

/// The most bytes that one report may have after unpacking. Larger ones are refused: a report of a gigabyte is an accident
/// or an attack (a compressed bomb), and reading on would keep the job busy for no answer.
pub const MAX_BYTES: u64 = 1 << 30;
/// How many bytes are read at once.
const BUFFER: usize = 128 * 1024;

/// A report as a stream of text.
pub struct Window<'a> {
    inner: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Line ends before the buffer.
    lines: u64,
    /// How far into the buffer line ends were counted, and how many there are: the next question counts on from there.
    counted: Cell<(usize, u64)>,
    /// Where in the buffer the parser noted its place, and the line there once that has left the buffer.
    mark: Mark,
    /// The beginning of a character whose end has not been read yet, and how long it is.
    part: ([u8; 4], usize),
    passed: u64,
    limit: u64,
    /// Asked before each buffer whether to stop, and why.
    stop: Option<Box<dyn Fn() -> Option<String> + 'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Mark {
    Here(usize),
    Gone { line: u64 },
}

impl<'a> Window<'a> {
    /// Begins with the stream.
    pub fn new(inner: impl Read + 'a) -> Self {
        Self::limited(Vec::new(), inner, MAX_BYTES)
    }

    /// Begins with bytes that were read ahead, and goes on with the stream; at most `limit` bytes pass.
    pub(super) fn limited(ahead: Vec<u8>, inner: impl Read + 'a, limit: u64) -> Self {
        let inner: Box<dyn Read + 'a> =
            if ahead.is_empty() { Box::new(inner) } else { Box::new(io::Cursor::new(ahead).chain(inner)) };
        let buffer = vec![0; BUFFER];
        Self {
            inner,
            buffer,
            start: 0,
            end: 0,
            lines: 0,
            counted: Cell::default(),
            mark: Mark::Here(0),
            part: ([0; 4], 0),
            passed: 0,
            limit,
            stop: None,
        }
    }

    /// Makes reading fail as soon as `stop` gives a reason.
    pub fn until(&mut self, stop: impl Fn() -> Option<String> + 'a) {
        self.stop = Some(Box::new(stop));
    }

    /// What has been read and not been consumed; empty at the end only.
    #[inline]
    pub fn ahead(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Passes over bytes that [`Window::bytes`] gave.
    #[inline]
    pub fn pass(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// The line that has been reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.line_at(self.start)
    }

    /// Notes the place that has been reached, for [`Window::marked_line`].
    #[inline]
    pub fn mark(&mut self) {
        self.mark = Mark::Here(self.start);
    }

    /// The line of the noted place.
    pub fn marked_line(&self) -> u64 {
        match self.mark {
            Mark::Here(place) => self.line_at(place),
            Mark::Gone { line } => line,
        }
    }

    fn line_at(&self, place: usize) -> u64 {
        let (from, count) = self.counted.get();
        let count = if place < from {
            ends(&self.buffer[..place])
        } else {
            let count = count + ends(&self.buffer[from..place]);
            self.counted.set((place, count));
            count
        };
        1 + self.lines + count
    }

    #[cold]
    fn refill(&mut self) -> io::Result<()> {
        if let Mark::Here(_) = self.mark {
            // A place at the very end of the buffer is where the next one begins: the line is the same.
            self.mark = Mark::Gone { line: self.marked_line() };
        }
        self.lines = self.line_at(self.end) - 1;
        self.counted.set((0, 0));
        (self.start, self.end) = (0, 0);
        if let Some(why) = self.stop.as_ref().and_then(|stop| stop()) {
            return Err(io::Error::other(why));
        }
        self.end = loop {
            match self.inner.read(&mut self.buffer) {
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.passed += self.end as u64;
        if self.passed > self.limit {
            self.end = 0;
            let limit = self.limit / 1024 / 1024;
            return Err(io::Error::other(format!("it is larger than {limit} MiB, the most that is read")));
        }
        if let Err(byte) = check(&mut self.part, &self.buffer[..self.end]) {
            self.end = 0;
            return Err(io::Error::other(format!("it is not UTF-8 (byte 0x{byte:02x})")));
        }
        Ok(())
    }
}

fn ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Checks the next bytes. `part` is what is left of the last ones; at the end of the file, `bytes` is empty.
fn check(part: &mut ([u8; 4], usize), mut bytes: &[u8]) -> Result<(), u8> {
    let (kept, length) = part;
    if bytes.is_empty() {
        return if *length == 0 { Ok(()) } else { Err(kept[0]) };
    }
    while let (true, Some((byte, rest))) = (*length > 0, bytes.split_first()) {
        kept[*length] = *byte;
        *length += 1;
        bytes = rest;
        match std::str::from_utf8(&kept[..*length]) {
            Ok(_) => *length = 0,
            Err(fault) if fault.error_len().is_some() => return Err(kept[0]),
            Err(_) => {}
        }
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(fault) => {
            let rest = &bytes[fault.valid_up_to()..];
            if fault.error_len().is_some() {
                return Err(rest[0]);
            }
            kept[..rest.len()].copy_from_slice(rest);
            *length = rest.len();
            Ok(())
        }
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.ahead()
    }

    fn consume(&mut self, n: usize) {
        self.pass(n);
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut there = self.ahead()?;
        let n = there.read(buf)?;
        self.pass(n);
        Ok(n)
    }
}

/// The longest line that is read as one, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// The lines of a report, without their ends.
pub struct Rows<'a> {
    window: Window<'a>,
    /// A line that did not lie in one buffer.
    whole: Vec<u8>,
    number: u64,
    /// How much of the window the newest line was, if it lay in one buffer.
    used: usize,
}

impl<'a> Rows<'a> {
    /// Begins with the first line.
    pub fn new(window: Window<'a>) -> Self {
        Self { window, whole: Vec::new(), number: 0, used: 0 }
    }

    /// The number of the newest line, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line, without its end (`\n` or `\r\n`); `None` behind the last one.
    pub fn next_row(&mut self) -> Result<Option<&str>, Defect> {
        self.window.pass(std::mem::take(&mut self.used));
        self.whole.clear();
        self.number += 1;
        let ended = loop {
            let there = self.window.ahead().map_err(|fault| Defect::Unreadable(fault.to_string()))?;
            if there.is_empty() && self.whole.is_empty() {
                self.number -= 1;
                return Ok(None);
            }
            let end = memchr::memchr(b'\n', there);
            let length = end.unwrap_or(there.len());
            if self.whole.len() + length > MAX_LINE {
                return Err(Defect::Unreadable(format!("it has a line of more than 1 MiB (line {})", self.number)));
            }
            if let (Some(_), true) = (end, self.whole.is_empty()) {
                self.used = length + 1;
                break true;
            }
            let (done, end) = (end.is_some() || there.is_empty(), end.is_some());
            let passed = length + usize::from(end);
            self.whole.extend_from_slice(&there[..length]);
            self.window.pass(passed);
            if done {
                break end;
            }
        };
        let line = match self.used {
            0 => self.whole.as_slice(),
            used => {
                let there = self.window.ahead().map_err(|fault| Defect::Unreadable(fault.to_string()))?;
                &there[..used - 1]
            }
        };
        let line = line.strip_suffix(b"\r").filter(|_| ended).unwrap_or(line);
        std::str::from_utf8(line)
            .map(Some)
            .map_err(|_| Defect::Unreadable(format!("it is not UTF-8 (line {})", self.number)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    /// A reader that gives a few bytes at a time.
    pub(in crate::adapters::evidence) struct Drops<'a>(
        pub(in crate::adapters::evidence) &'a [u8],
        pub(in crate::adapters::evidence) usize,
    );

    impl Read for Drops<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buf.len()).min(self.0.len());
            (&self.0[..n]).read_exact(&mut buf[..n])?;
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn through(bytes: &[u8], chunk: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Window::limited(Vec::new(), Drops(bytes, chunk), 1 << 20).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn the_limit_holds_for_what_comes_out() {
        let mut reader = Window::limited(Vec::new(), io::repeat(b' '), 1 << 20);
        assert!(io::copy(&mut reader, &mut io::sink()).unwrap_err().to_string().contains("larger than 1 MiB"));
    }

    #[test]
    fn a_line_that_is_too_long_is_an_error() {
        let long = "x".repeat(MAX_LINE + 1);
        let text = format!("a\n{long}\n");
        let mut rows = Rows::new(Window::new(text.as_bytes()));
        assert_eq!(rows.next_row().unwrap(), Some("a"));
        let wanted = Defect::Unreadable("it has a line of more than 1 MiB (line 2)".to_owned());
        assert_eq!(rows.next_row(), Err(wanted));
    }

    proptest! {
        #[test]
        fn the_check_is_that_of_the_standard_library(bytes in prop::collection::vec(any::<u8>(), 0..40), chunk in 1usize..9) {
            prop_assert_eq!(through(&bytes, chunk).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }

        #[test]
        fn text_passes_unchanged(text in "\\PC{0,40}", chunk in 1usize..9) {
            prop_assert_eq!(through(text.as_bytes(), chunk).unwrap(), text.as_bytes());
        }

        #[test]
        fn rows_are_lines(text in "[a\r\nä]{0,60}", chunk in 1usize..9) {
            let mut rows = Rows::new(Window::limited(Vec::new(), Drops(text.as_bytes(), chunk), 1 << 20));
            let mut seen = Vec::new();
            while let Some(row) = rows.next_row().unwrap() {
                seen.push(row.to_owned());
            }
            let wanted: Vec<String> = BufReader::new(text.as_bytes()).lines().map(Result::unwrap).collect();
            prop_assert_eq!(seen, wanted);
        }

        #[test]
        fn a_noted_place_keeps_its_line(text in "[a\n]{0,60}", chunk in 1usize..9, at in 0usize..60, more in 0usize..60) {
            let mut window = Window::limited(Vec::new(), Drops(text.as_bytes(), chunk), 1 << 20);
            let step = |window: &mut Window<'_>, n: usize| (0..n).for_each(|_| {
                let there = window.ahead().unwrap().len();
                window.pass(there.min(1));
            });
            step(&mut window, at);
            window.mark();
            let wanted = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64;
            prop_assert_eq!(window.line(), wanted);
            step(&mut window, more);
            prop_assert_eq!(window.marked_line(), wanted);
        }
    }
}
