//! The tokens of JSON, one after the other, out of a buffer.

use crate::adapters::evidence::json::{Error, Kind, MAX_DEPTH};
use crate::adapters::evidence::window::Window;

/// The longest text or number that is kept, in bytes.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// A stream of tokens. The grammar between them is kept by whoever asks for them.
pub(super) struct Tokens<'a> {
    input: Window<'a>,
    /// The newest text or number that was read, unescaped.
    text: Vec<u8>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(input: Window<'a>) -> Self {
        Self { input, text: Vec::new() }
    }

    pub(super) fn line(&self) -> u64 {
        self.input.line()
    }

    /// The next byte that is not blank; it is not consumed.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let there = self.input.ahead().map_err(io)?;
            match there.first() {
                None => return Ok(None),
                Some(byte) if !is_blank(*byte) => return Ok(Some(*byte)),
                Some(_) => {}
            }
            let blanks = there.iter().position(|byte| !is_blank(*byte)).unwrap_or(there.len());
            self.input.pass(blanks);
        }
    }

    /// Passes over the byte that was looked at.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.input.pass(1);
    }

    #[inline]
    fn needed(&mut self) -> Result<u8, Error> {
        self.byte()?.ok_or(Error::Cut)
    }

    /// What comes next.
    #[inline]
    pub(super) fn kind(&mut self) -> Result<Kind, Error> {
        Ok(match self.needed()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            other => return Err(unexpected(other, "a value")),
        })
    }

    /// Nothing but blanks may follow.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.byte()? {
            None => Ok(()),
            Some(_) => Err(Error::Syntax("something follows behind its end".to_owned())),
        }
    }

    /// Goes on to the next name of an object, and reads it; `false`: the object ended.
    #[inline]
    pub(super) fn next_key(&mut self, first: bool) -> Result<bool, Error> {
        if !self.next_of(b'}', first)? {
            return Ok(false);
        }
        match self.needed()? {
            b'"' => self.string(true).map(|()| true),
            other => Err(unexpected(other, "a name")),
        }
    }

    /// Passes over the colon behind a name.
    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Error> {
        match self.needed()? {
            b':' => {
                self.pass();
                Ok(())
            }
            other => Err(unexpected(other, "a colon")),
        }
    }

    /// Goes on to the next element of an array; `false`: the array ended.
    #[inline]
    pub(super) fn next_element(&mut self, first: bool) -> Result<bool, Error> {
        self.next_of(b']', first)
    }

    #[inline]
    fn next_of(&mut self, end: u8, first: bool) -> Result<bool, Error> {
        let byte = self.needed()?;
        if byte == end {
            self.pass();
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        if byte != b',' {
            return Err(unexpected(byte, "a comma"));
        }
        self.pass();
        match self.needed()? {
            byte if byte == end => Err(unexpected(byte, "more behind the comma")),
            _ => Ok(true),
        }
    }

    /// The newest text that was read.
    pub(super) fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.text).map_err(|_| Error::Syntax("a text is not UTF-8".to_owned()))
    }

    /// Reads a text whose quote comes next, and keeps it if it is wanted.
    pub(super) fn string(&mut self, keep: bool) -> Result<(), Error> {
        self.pass();
        self.text.clear();
        loop {
            let there = self.input.ahead().map_err(io)?;
            if there.is_empty() {
                return Err(Error::Cut);
            }
            let plain = plain(there);
            let stop = there.get(plain).copied();
            if keep {
                self.text.extend_from_slice(&there[..plain]);
                if self.text.len() > MAX_TEXT {
                    return Err(Error::Syntax(format!("a text is longer than {} MiB", MAX_TEXT / 1024 / 1024)));
                }
            }
            self.input.pass(plain + usize::from(stop.is_some()));
            match stop {
                None => {}
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape(keep)?,
                Some(_) => return Err(Error::Syntax("a text holds a control character".to_owned())),
            }
        }
    }

    /// One byte, whatever it is.
    fn any(&mut self) -> Result<u8, Error> {
        let byte = self.input.ahead().map_err(io)?.first().copied().ok_or(Error::Cut)?;
        self.pass();
        Ok(byte)
    }

    fn escape(&mut self, keep: bool) -> Result<(), Error> {
        let c = match self.any()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            other => return Err(unexpected(other, "an escape")),
        };
        if keep {
            self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }

    /// The character of `\uXXXX`. A half of a surrogate pair that stands alone becomes U+FFFD: tools cut texts anywhere.
    fn unicode(&mut self) -> Result<char, Error> {
        let mut unit = self.hex4()?;
        while (0xd800..0xdc00).contains(&unit) {
            let there = self.input.ahead().map_err(io)?;
            if there.first() != Some(&b'\\') {
                break;
            }
            self.pass();
            if self.any()? != b'u' {
                return Err(Error::Syntax("half of a surrogate pair stands before another escape".to_owned()));
            }
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            unit = low;
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.any()?;
            let digit = char::from(byte).to_digit(16).ok_or_else(|| unexpected(byte, "a hexadecimal digit"))?;
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// Reads a number, which comes next; its text is [`Tokens::text`].
    pub(super) fn number(&mut self) -> Result<(), Error> {
        self.text.clear();
        loop {
            let there = self.input.ahead().map_err(io)?;
            let length = there.iter().position(|byte| !is_of_number(*byte)).unwrap_or(there.len());
            self.text.extend_from_slice(&there[..length]);
            let done = length < there.len() || there.is_empty();
            self.input.pass(length);
            if self.text.len() > MAX_DEPTH * 8 {
                return Err(Error::Syntax("a number has more than 1,024 digits".to_owned()));
            }
            if done {
                break;
            }
        }
        if is_number(&self.text) { Ok(()) } else { Err(Error::Syntax("a number is not one".to_owned())) }
    }

    /// Reads `true`, `false` or `null`, which comes next.
    pub(super) fn word(&mut self) -> Result<Option<bool>, Error> {
        let (word, value): (&[u8], _) = match self.needed()? {
            b't' => (b"true", Some(true)),
            b'f' => (b"false", Some(false)),
            _ => (b"null", None),
        };
        for wanted in word {
            let byte = self.any()?;
            if byte != *wanted {
                return Err(unexpected(byte, "true, false or null"));
            }
        }
        Ok(value)
    }

    /// Passes over a value that is nested at most `room` deep.
    pub(super) fn skip(&mut self, room: usize) -> Result<(), Error> {
        // Which of the open values are objects, the innermost in the lowest bit, and how many are open.
        let (mut objects, mut open) = (0u128, 0);
        loop {
            match self.kind()? {
                kind @ (Kind::Object | Kind::Array) => {
                    self.pass();
                    objects = objects << 1 | u128::from(kind == Kind::Object);
                    open += 1;
                    if open > room {
                        return Err(Error::Syntax(format!("its values are nested more than {MAX_DEPTH} deep")));
                    }
                    if self.goes_on(kind == Kind::Object, true)? {
                        continue;
                    }
                    (objects, open) = (objects >> 1, open - 1);
                }
                Kind::String => self.string(false)?,
                Kind::Number => self.number()?,
                Kind::Bool | Kind::Null => drop(self.word()?),
            }
            loop {
                if open == 0 {
                    return Ok(());
                }
                if self.goes_on(objects & 1 == 1, false)? {
                    break;
                }
                (objects, open) = (objects >> 1, open - 1);
            }
        }
    }

    /// Goes to the next value of an object or array that is passed over.
    #[inline]
    fn goes_on(&mut self, object: bool, first: bool) -> Result<bool, Error> {
        if !self.next_of(if object { b'}' } else { b']' }, first)? {
            return Ok(false);
        }
        if object {
            match self.needed()? {
                b'"' => self.string(false)?,
                other => return Err(unexpected(other, "a name")),
            }
            self.colon()?;
        }
        Ok(true)
    }
}

#[inline]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// How many bytes there are before the first one that a text cannot hold as it is: `"`, `\\`, or a control character. Eight bytes
/// are looked at in one step (the bit tricks are those of "Bit Twiddling Hacks" by S. E. Anderson, "Determine if a word has a byte
/// equal to n" and "less than n"; above the first hit they may err, and nobody looks there).
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let equal = |word: u64, byte: u8| {
        let zeroed = word ^ (ONES * u64::from(byte));
        zeroed.wrapping_sub(ONES) & !zeroed
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let hits = (equal(word, b'"') | equal(word, b'\\') | control) & HIGHS;
        if hits != 0 {
            return place * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}

#[inline]
fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The grammar of a number (RFC 8259, section 6).
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(part) = rest.strip_prefix(b".") {
        let length = digits(part);
        if length == 0 {
            return false;
        }
        rest = &part[length..];
    }
    if let Some(power) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let power = power.strip_prefix(b"+").or_else(|| power.strip_prefix(b"-")).unwrap_or(power);
        let length = digits(power);
        return length > 0 && length == power.len();
    }
    rest.is_empty()
}

fn io(fault: std::io::Error) -> Error {
    Error::Io(fault.to_string())
}

fn unexpected(byte: u8, wanted: &str) -> Error {
    let shown = if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") };
    Error::Syntax(format!("{shown} stands where {wanted} should"))
}
