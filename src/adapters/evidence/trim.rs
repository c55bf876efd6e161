//! A reader that leaves out what is too long in XML: text, CDATA and comments beyond a limit never reach the parser.
//!
//! An XML parser hands over each run of text in one piece. Reports hold runs of any length (`system-out`, a comment, an image in
//! base64), of which we want the first line at most. So the reader counts what the parser takes for one piece; only when that is
//! too long does it look at the bytes at all, and passes over the rest of the run. A tag is never cut; one beyond its own limit is
//! an error.

use std::io::{self, BufRead, Read};

use memchr::{memchr, memmem};

use crate::adapters::evidence::window::Window;

/// From how many bytes on a run of text is cut; at most a buffer more passes.
pub const MAX_RUN: usize = 64 * 1024;
/// The longest tag (a `message` attribute can hold a whole diff) and the longest DOCTYPE, in bytes.
pub const MAX_TAG: usize = 4 * 1024 * 1024;

/// How CDATA sections and comments begin and end.
const CDATA: (&[u8], &[u8]) = (b"<![CDATA[", b"]]>");
const COMMENT: (&[u8], &[u8]) = (b"<!--", b"-->");

/// The reader.
pub struct Trim<'a> {
    window: Window<'a>,
    /// How much of the newest piece was taken.
    run: usize,
    /// Its first bytes, which tell what it is.
    head: ([u8; 9], usize),
    /// Its last two bytes.
    tail: [u8; 2],
    /// The end of a section whose middle was left out.
    pending: &'static [u8],
}

impl<'a> Trim<'a> {
    /// Begins outside of any markup.
    pub fn new(window: Window<'a>) -> Self {
        Self { window, run: 0, head: ([0; 9], 0), tail: [0; 2], pending: &[] }
    }

    /// Says that the parser begins with another piece.
    #[inline]
    pub fn begin(&mut self) {
        self.run = 0;
        self.head.1 = 0;
        self.window.mark();
    }

    /// The line that has been reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.window.line()
    }

    /// The line on which the newest piece began.
    pub fn piece_line(&self) -> u64 {
        self.window.marked_line()
    }

    /// Passes over the rest of a run that is too long.
    #[cold]
    fn cut(&mut self) -> io::Result<()> {
        let head = &self.head.0[..self.head.1];
        if head.starts_with(CDATA.0) {
            self.cut_section(CDATA.1)
        } else if head.starts_with(COMMENT.0) {
            self.cut_section(COMMENT.1)
        } else if head.first() != Some(&b'<') {
            loop {
                let there = self.window.ahead()?;
                let rest = memchr(b'<', there).unwrap_or(there.len());
                let done = rest < there.len() || there.is_empty();
                self.window.pass(rest);
                if done {
                    return Ok(());
                }
            }
        } else if self.run > MAX_TAG {
            let (limit, line) = (MAX_TAG / 1024 / 1024, self.piece_line());
            Err(io::Error::other(format!("it has a tag of more than {limit} MiB at line {line}")))
        } else {
            Ok(())
        }
    }

    /// Passes over the rest of a section, its end mark included, which is handed out in its place.
    fn cut_section(&mut self, end: &'static [u8]) -> io::Result<()> {
        let mut tail = self.tail;
        loop {
            let there = self.window.ahead()?;
            if there.is_empty() {
                return Ok(());
            }
            // The mark may begin in what came before.
            let mut seam = tail.to_vec();
            seam.extend_from_slice(&there[..there.len().min(2)]);
            let at_seam = memmem::find(&seam, end).map(|at| at + end.len() - tail.len());
            let found = at_seam.or_else(|| memmem::find(there, end).map(|at| at + end.len()));
            if let Some(length) = found {
                self.window.pass(length);
                self.pending = end;
                return Ok(());
            }
            tail = last_two(tail, there);
            let length = there.len();
            self.window.pass(length);
        }
    }

    /// Whether the next byte is in the middle of a character: it belongs to what was handed out.
    fn splits_character(&mut self) -> io::Result<bool> {
        Ok(self.window.ahead()?.first().is_some_and(|byte| byte & 0xc0 == 0x80))
    }
}

fn last_two(before: [u8; 2], bytes: &[u8]) -> [u8; 2] {
    match bytes {
        [.., a, b] => [*a, *b],
        [b] => [before[1], *b],
        [] => before,
    }
}

impl BufRead for Trim<'_> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.pending.is_empty() {
            return Ok(self.pending);
        }
        if self.run >= MAX_RUN {
            if self.splits_character()? {
                return Ok(&self.window.ahead()?[..1]);
            }
            self.cut()?;
            if !self.pending.is_empty() {
                return Ok(self.pending);
            }
        }
        self.window.ahead()
    }

    #[inline]
    fn consume(&mut self, n: usize) {
        if !self.pending.is_empty() {
            self.pending = &self.pending[n..];
            return;
        }
        let (head, length) = &mut self.head;
        // The bytes are in the buffer already: asking for them again reads nothing and cannot fail.
        if let Ok(there) = self.window.ahead() {
            if let (0, Some(first)) = (*length, there.first_chunk()) {
                (*head, *length) = (*first, n.min(9));
            } else if *length < head.len() {
                let more = n.min(head.len() - *length);
                head[*length..*length + more].copy_from_slice(&there[..more]);
                *length += more;
            }
            self.tail = last_two(self.tail, &there[..n]);
        }
        self.run += n;
        self.window.pass(n);
    }
}

impl Read for Trim<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut there = self.fill_buf()?;
        let n = there.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::evidence::xml::{Piece, Xml};
    use proptest::prelude::*;

    /// The pieces of a document, with the length of each, and how many lines it has.
    fn pieces(text: &str) -> (Vec<usize>, u64) {
        let mut xml = Xml::new(Window::new(text.as_bytes()));
        let mut lengths = Vec::new();
        loop {
            match xml.read().unwrap() {
                Piece::Text(text) => lengths.push(text.len()),
                Piece::End => return (lengths, xml.line()),
                _ => lengths.push(0),
            }
        }
    }

    #[test]
    fn long_text_is_left_out_and_markup_is_not() {
        let long = "ä]\n-x ".repeat(MAX_RUN);
        for n in 0..7 {
            // The buffer's end falls on each of these bytes once.
            let pad = "p".repeat(n);
            let text = format!(
                "<a b='>{pad}'>{long}<![CDATA[{long}]]]><!--{long}--><c d=\"{}\"/>\n</a>",
                "x".repeat(MAX_RUN * 2)
            );
            let (lengths, line) = pieces(&text);
            assert_eq!(line, text.lines().count() as u64);
            assert!(lengths.iter().all(|length| *length < MAX_RUN * 4), "{lengths:?}");
            assert!(lengths.iter().sum::<usize>() > 2 * MAX_RUN, "{lengths:?}");
            assert_eq!(lengths.len(), 8, "{lengths:?}");
        }
    }

    #[test]
    fn an_endless_tag_is_an_error() {
        let text = format!("\n<a b='{}'/>", "x".repeat(MAX_TAG + 400_000));
        let mut xml = Xml::new(Window::new(text.as_bytes()));
        let fault = loop {
            match xml.read() {
                Ok(_) => {}
                Err(fault) => break format!("{fault:?}"),
            }
        };
        assert!(fault.contains("it has a tag of more than 4 MiB at line 2"), "{fault}");
    }

    proptest! {
        #[test]
        fn what_is_short_passes_unchanged(text in "[<>!\\[\\]CDAT&;?'\"\n ax-]{0,60}") {
            let mut out = String::new();
            Trim::new(Window::new(text.as_bytes())).read_to_string(&mut out).unwrap();
            prop_assert_eq!(out, text);
        }
    }
}
