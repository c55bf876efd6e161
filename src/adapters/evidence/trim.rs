//! A reader that leaves out what is too long in XML: text, CDATA and comments beyond a limit never reach the parser.
//!
//! An XML parser hands over each run of text in one piece. Reports hold runs of any length (`system-out`, a comment, an image in
//! base64), of which we want the first line at most. So the limit is laid before the parser: it follows the bytes just
//! closely enough to know whether they are markup. A tag is never cut; one beyond its own limit is an error.

use std::io::{self, BufRead, Read};

/// The longest run of text that passes, in bytes.
pub const MAX_RUN: usize = 64 * 1024;
/// The longest tag (a `message` attribute can hold a whole diff) and the longest DOCTYPE, in bytes.
pub const MAX_TAG: usize = 4 * 1024 * 1024;
/// How much more passes, so that a reference (`&#x1F600;`) is not cut in two.
const REFERENCE: usize = 64;

/// Where in the markup the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text {
        reference: bool,
    },
    /// After `<`.
    Less,
    /// After `<!`.
    Bang,
    /// After `<!-`.
    Dash,
    /// In `<![CDATA[`, with so many bytes to go.
    Marked(u8),
    Tag {
        quote: u8,
    },
    /// In `<?…?>`.
    Instruction {
        ending: bool,
    },
    /// In `<!DOCTYPE …>`, this deep in brackets.
    Doctype(u32),
    /// With so many `]` just before.
    Cdata(u8),
    /// With so many `-` just before.
    Comment(u8),
}

impl Place {
    fn after(self, byte: u8) -> Self {
        const TEXT: Place = Place::Text { reference: false };
        match (self, byte) {
            (Self::Text { .. }, b'<') => Self::Less,
            (Self::Text { .. }, b'&') => Self::Text { reference: true },
            (Self::Text { .. }, b';') => TEXT,
            (Self::Less, b'!') => Self::Bang,
            (Self::Less, b'?') => Self::Instruction { ending: false },
            (Self::Less, b'>') => TEXT,
            (Self::Less, _) => Self::Tag { quote: 0 },
            (Self::Bang, b'-') => Self::Dash,
            (Self::Bang, b'[') => Self::Marked(6),
            (Self::Bang | Self::Doctype(0), b'>') => TEXT,
            (Self::Bang, _) => Self::Doctype(0),
            (Self::Dash, _) => Self::Comment(0),
            (Self::Marked(left), _) => {
                if left > 1 {
                    Self::Marked(left - 1)
                } else {
                    Self::Cdata(0)
                }
            }
            (Self::Tag { quote: 0 }, b'>') => TEXT,
            (Self::Tag { quote: 0 }, b'"' | b'\'') => Self::Tag { quote: byte },
            (Self::Tag { quote }, _) if quote == byte => Self::Tag { quote: 0 },
            (Self::Instruction { ending: true }, b'>') => TEXT,
            (Self::Instruction { .. }, _) => Self::Instruction { ending: byte == b'?' },
            (Self::Doctype(depth), b'[') => Self::Doctype(depth.saturating_add(1)),
            (Self::Doctype(depth), b']') => Self::Doctype(depth.saturating_sub(1)),
            (Self::Cdata(2), b'>') | (Self::Comment(2), b'>') => TEXT,
            (Self::Cdata(n), b']') => Self::Cdata((n + 1).min(2)),
            (Self::Cdata(_), _) => Self::Cdata(0),
            (Self::Comment(n), b'-') => Self::Comment((n + 1).min(2)),
            (Self::Comment(_), _) => Self::Comment(0),
            (same, _) => same,
        }
    }

    /// How many of the bytes certainly change nothing.
    fn idle(self, bytes: &[u8]) -> usize {
        let up_to = |stop: fn(u8) -> bool| bytes.iter().position(|byte| stop(*byte)).unwrap_or(bytes.len());
        match self {
            Self::Text { reference: false } => up_to(|byte| matches!(byte, b'<' | b'&')),
            Self::Tag { quote: 0 } => up_to(|byte| matches!(byte, b'"' | b'\'' | b'>')),
            Self::Tag { quote: b'"' } => up_to(|byte| byte == b'"'),
            Self::Tag { .. } => up_to(|byte| byte == b'\''),
            Self::Cdata(0) => up_to(|byte| byte == b']'),
            Self::Comment(0) => up_to(|byte| byte == b'-'),
            _ => 0,
        }
    }

    /// Whether both are the same run.
    fn continues(self, before: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&before)
    }
}

/// How far the bytes have been followed.
#[derive(Debug)]
struct Course {
    place: Place,
    /// The length of the run that the reader is in.
    run: usize,
    /// Whether a part of it was left out: then the rest of it is, too.
    cut: bool,
    line: u64,
    tag_line: u64,
}

/// What to do with the bytes that are there.
enum Next {
    /// Hand out at most so many.
    Hand(usize),
    /// Leave out so many.
    Drop(usize),
}

impl Course {
    /// What is to be done before anything more is handed out.
    fn next(&self, bytes: &[u8]) -> io::Result<Next> {
        let inside_character = !self.cut && bytes.first().is_some_and(|byte| byte & 0xc0 == 0x80);
        match self.place {
            Place::Text { .. } if self.run < MAX_RUN && !self.cut => Ok(Next::Hand(MAX_RUN - self.run)),
            Place::Text { reference: true } if self.run < MAX_RUN + REFERENCE && !self.cut => {
                let end = bytes.iter().position(|byte| *byte == b';').map_or(usize::MAX, |end| end + 1);
                Ok(Next::Hand(end.min(MAX_RUN + REFERENCE - self.run)))
            }
            Place::Text { .. } => {
                let rest = bytes.iter().position(|byte| *byte == b'<').unwrap_or(bytes.len());
                Ok(if inside_character || rest == 0 { Next::Hand(1) } else { Next::Drop(rest) })
            }
            Place::Cdata(_) | Place::Comment(_) if self.run < MAX_RUN => Ok(Next::Hand(MAX_RUN - self.run)),
            Place::Cdata(_) | Place::Comment(_) if inside_character => Ok(Next::Hand(1)),
            Place::Cdata(_) | Place::Comment(_) => Ok(Next::Drop(self.to_the_end(bytes))),
            _ if self.run > MAX_TAG => {
                let limit = MAX_TAG / 1024 / 1024;
                Err(io::Error::other(format!("it has a tag of more than {limit} MiB at line {}", self.tag_line)))
            }
            _ => Ok(Next::Hand(usize::MAX)),
        }
    }

    /// How many bytes there are to the end of the section, its end mark included.
    fn to_the_end(&self, bytes: &[u8]) -> usize {
        let mut place = self.place;
        let mut end = 0;
        while end < bytes.len() && place.continues(self.place) {
            let idle = place.idle(&bytes[end..]);
            if idle == 0 {
                place = place.after(bytes[end]);
            }
            end += idle.max(1);
        }
        end
    }

    /// Follows the bytes, and counts lines and the length of the run.
    fn follow(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(byte) = rest.first().copied() {
            let before = self.place;
            let idle = before.idle(rest);
            if idle == 0 {
                self.place = before.after(byte);
                if self.place == Place::Less {
                    self.tag_line = self.line;
                }
            }
            let (passed, left) = rest.split_at(idle.max(1));
            self.line += passed.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            if self.place.continues(before) {
                self.run += passed.len();
            } else {
                (self.run, self.cut) = (0, false);
            }
            rest = left;
        }
    }
}

/// The reader. It also counts lines, those that it leaves out included.
pub struct Trim<R> {
    inner: R,
    course: Course,
    /// The end of a section whose middle was left out.
    pending: &'static [u8],
}

impl<R: BufRead> Trim<R> {
    /// Begins outside of any markup.
    pub fn new(inner: R) -> Self {
        let place = Place::Text { reference: false };
        Self { inner, course: Course { place, run: 0, cut: false, line: 1, tag_line: 1 }, pending: &[] }
    }

    /// The line that has been reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.course.line
    }

    /// The line on which the newest tag began.
    pub fn tag_line(&self) -> u64 {
        self.course.tag_line
    }
}

impl<R: BufRead> BufRead for Trim<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let mut most = 0;
        while self.pending.is_empty() {
            let bytes = self.inner.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            let n = match self.course.next(bytes)? {
                Next::Drop(n) => n,
                Next::Hand(n) => {
                    most = n;
                    break;
                }
            };
            let before = self.course.place;
            self.course.cut = true;
            self.course.follow(&bytes[..n]);
            self.inner.consume(n);
            if !self.course.place.continues(before) {
                self.pending = if matches!(before, Place::Cdata(_)) { b"]]>" } else { b"-->" };
            }
        }
        if !self.pending.is_empty() {
            return Ok(self.pending);
        }
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..most.min(bytes.len())])
    }

    fn consume(&mut self, n: usize) {
        if !self.pending.is_empty() {
            self.pending = &self.pending[n..];
            return;
        }
        // The bytes are in the inner buffer already: asking for them again reads nothing and cannot fail.
        if let Ok(bytes) = self.inner.fill_buf() {
            self.course.follow(&bytes[..n]);
        }
        self.inner.consume(n);
    }
}

impl<R: BufRead> Read for Trim<R> {
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
    use proptest::prelude::*;
    use std::io::BufReader;

    fn through(text: &str, chunk: usize) -> (String, u64) {
        let mut trim = Trim::new(BufReader::with_capacity(chunk, text.as_bytes()));
        let mut out = String::new();
        trim.read_to_string(&mut out).unwrap();
        (out, trim.line())
    }

    #[test]
    fn long_text_is_left_out_and_markup_is_not() {
        let long = "ä]\n-&amp; ".repeat(MAX_RUN / 4);
        let text =
            format!("<a b='>'>{long}<![CDATA[{long}]]]><!--{long}--><c d=\"{}\"/>\n</a>", "x".repeat(MAX_RUN * 2));
        for chunk in [64, 8192] {
            let (out, line) = through(&text, chunk);
            assert_eq!(line, text.lines().count() as u64);
            assert!(out.len() < MAX_RUN * 6, "{}", out.len());
            let mut reader = quick_xml::Reader::from_str(&out);
            let mut events = 0;
            while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {
                events += 1;
            }
            assert!(events > 6, "{events}");
            assert!(out.ends_with("x\"/>\n</a>"), "{}", &out[out.len() - 30..]);
        }
    }

    #[test]
    fn an_endless_tag_is_an_error() {
        let text = format!("\n<a b='{}'/>", "x".repeat(MAX_TAG + 200_000));
        let mut trim = Trim::new(BufReader::new(text.as_bytes()));
        let fault = io::copy(&mut trim, &mut io::sink()).unwrap_err().to_string();
        assert_eq!(fault, "it has a tag of more than 4 MiB at line 2");
    }

    proptest! {
        #[test]
        fn what_is_short_passes_unchanged(text in "[<>!\\[\\]CDAT&;?'\"\n ax-]{0,60}", chunk in 1usize..70) {
            let (out, line) = through(&text, chunk);
            prop_assert_eq!(line, 1 + text.matches('\n').count() as u64);
            prop_assert_eq!(out, text);
        }
    }
}
