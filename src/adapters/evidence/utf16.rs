//! UTF-16 as UTF-8: reports of .NET tools are written so on Windows.

use std::io::{self, Read};

/// How many bytes are read at once.
const CHUNK: usize = 16 * 1024;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The low one.
    Little,
    /// The high one.
    Big,
}

impl Order {
    /// The order that a byte order mark tells, which is the first two bytes.
    pub fn of(mark: &[u8]) -> Option<Self> {
        match mark {
            [0xff, 0xfe] => Some(Self::Little),
            [0xfe, 0xff] => Some(Self::Big),
            _ => None,
        }
    }
}

/// A reader that gives UTF-8 for the UTF-16 that it reads. Half a character, and half a pair, is an error: nothing is replaced.
pub struct Utf16<R> {
    inner: R,
    order: Order,
    /// The first byte of a unit whose second has not been read yet.
    half: Option<u8>,
    /// The first unit of a pair whose second has not been read yet.
    high: Option<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf16<R> {
    /// Begins behind the byte order mark.
    pub fn new(inner: R, order: Order) -> Self {
        Self { inner, order, half: None, high: None, ready: Vec::new(), given: 0 }
    }

    /// Reads a chunk on; at the end nothing is ready.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        let mut chunk = [0; CHUNK];
        while self.ready.is_empty() {
            let there = match self.inner.read(&mut chunk) {
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if there == 0 {
                let is_whole = self.half.is_none() && self.high.is_none();
                return if is_whole {
                    Ok(())
                } else {
                    Err(io::Error::other("it is UTF-16 that ends within a character"))
                };
            }
            self.decode(&chunk[..there])?;
        }
        Ok(())
    }

    fn decode(&mut self, bytes: &[u8]) -> io::Result<()> {
        let order = self.order;
        let mut units: Vec<u16> = Vec::with_capacity(bytes.len() / 2 + 2);
        units.extend(self.high.take());
        for byte in bytes {
            match (self.half.take(), order) {
                (None, _) => self.half = Some(*byte),
                (Some(first), Order::Little) => units.push(u16::from_le_bytes([first, *byte])),
                (Some(first), Order::Big) => units.push(u16::from_be_bytes([first, *byte])),
            }
        }
        self.high = units.pop_if(|last| (0xd800..0xdc00).contains(last));
        for character in char::decode_utf16(units) {
            let character = character.map_err(|fault| {
                io::Error::other(format!("it is not UTF-16 (half a pair: 0x{:04x})", fault.unpaired_surrogate()))
            })?;
            self.ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.refill()?;
        }
        let n = (&self.ready[self.given..]).read(buf)?;
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::adapters::evidence::window::tests::Drops;

    fn through(bytes: &[u8], order: Order, chunk: usize) -> io::Result<String> {
        let mut text = String::new();
        Utf16::new(Drops(bytes, chunk), order).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn half_of_anything_is_an_error() {
        for (bytes, why) in [
            (b"a\0b".as_slice(), "it is UTF-16 that ends within a character"),
            (b"\x3d\xd8", "it is UTF-16 that ends within a character"),
            (b"\x3d\xd8a\0", "it is not UTF-16 (half a pair: 0xd83d)"),
            (b"\x00\xdea\0", "it is not UTF-16 (half a pair: 0xde00)"),
        ] {
            assert_eq!(through(bytes, Order::Little, 3).unwrap_err().to_string(), why);
        }
    }

    proptest! {
        #[test]
        fn text_comes_out_as_it_went_in(text in "[a<é日🚀\n]{0,60}", chunk in 1usize..9, big in any::<bool>()) {
            let order = if big { Order::Big } else { Order::Little };
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let packed: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            prop_assert_eq!(through(&packed, order, chunk).unwrap(), text);
        }
    }
}
