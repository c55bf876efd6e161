//! The bytes of one file on their way to a parser: hashed as they lie on the disk, unpacked, checked to be UTF-8, and
//! limited. Nothing here holds more than a buffer.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

/// The most bytes that one report may have after unpacking. Larger ones are refused: a report of a gigabyte is an accident
/// or an attack (a compressed bomb), and reading on would keep the job busy for no answer.
pub const MAX_BYTES: u64 = 1 << 30;

/// How much of the beginning is looked at to tell the format.
const HEAD: u64 = 64 * 1024;

/// A reader that hashes and counts what passes.
pub struct Hashed<R> {
    inner: R,
    sha: Sha256,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    /// Starts counting at the reader's place.
    pub fn new(inner: R) -> Self {
        Self { inner, sha: Sha256::new(), bytes: 0 }
    }

    /// Reads what the parser left, and gives the SHA-256 in hexadecimal and the number of bytes of the whole.
    pub fn finish(mut self) -> io::Result<(String, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((hex::encode(self.sha.finalize()), self.bytes))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.sha.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// A stream that has been looked at.
pub struct Opened<'a> {
    /// The first bytes, without a byte order mark, unpacked.
    pub head: Vec<u8>,
    /// All of it, the head included.
    pub text: Utf8<Head<Box<dyn BufRead + 'a>>>,
}

/// A stream whose beginning was read ahead.
pub type Head<R> = Chain<Cursor<Vec<u8>>, R>;

/// Unpacks if need be, and reads the beginning ahead. A byte order mark of UTF-8 is dropped; one of UTF-16 stays, for the
/// sniffer to see.
pub fn open<'a>(raw: impl Read + 'a) -> io::Result<Opened<'a>> {
    let (magic, whole) = ahead(BufReader::with_capacity(64 * 1024, raw), 2)?;
    let unpacked: Box<dyn BufRead + 'a> = if magic == [0x1f, 0x8b] {
        Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(whole)))
    } else {
        Box::new(whole)
    };
    let (mut head, mut text) = ahead(unpacked, HEAD)?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
        text.consume(3);
    }
    Ok(Opened { head, text: Utf8::new(text, MAX_BYTES) })
}

/// Reads up to `wanted` bytes ahead; the stream that is returned still has them.
fn ahead<R: BufRead>(mut reader: R, wanted: u64) -> io::Result<(Vec<u8>, Head<R>)> {
    let mut head = Vec::new();
    reader.by_ref().take(wanted).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(reader)))
}

/// A reader that fails at the first byte that is not UTF-8, and at the end of its limit.
pub struct Utf8<R> {
    inner: R,
    /// How much of the inner buffer has been checked and not yet consumed.
    checked: usize,
    /// The beginning of a character whose end was not in the buffer yet.
    part: Vec<u8>,
    passed: u64,
    limit: u64,
}

impl<R: BufRead> Utf8<R> {
    /// Lets at most `limit` bytes through.
    pub fn new(inner: R, limit: u64) -> Self {
        Self { inner, checked: 0, part: Vec::new(), passed: 0, limit }
    }
}

/// Checks the next bytes. `part` is what is left of the last ones; at the end of the file, `bytes` is empty.
fn check(part: &mut Vec<u8>, mut bytes: &[u8]) -> Result<(), u8> {
    if bytes.is_empty() {
        return part.first().map_or(Ok(()), |byte| Err(*byte));
    }
    while let (false, Some((byte, rest))) = (part.is_empty(), bytes.split_first()) {
        part.push(*byte);
        bytes = rest;
        match std::str::from_utf8(part) {
            Ok(_) => part.clear(),
            Err(fault) if fault.error_len().is_some() => return Err(part[0]),
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
            part.extend_from_slice(rest);
            Ok(())
        }
    }
}

impl<R: BufRead> BufRead for Utf8<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = self.inner.fill_buf()?;
        if self.checked < buffer.len() || buffer.is_empty() {
            let new = &buffer[self.checked..];
            self.passed += new.len() as u64;
            if self.passed > self.limit {
                let limit = self.limit / 1024 / 1024;
                return Err(io::Error::other(format!("it is larger than {limit} MiB, the most that is read")));
            }
            if let Err(byte) = check(&mut self.part, new) {
                return Err(io::Error::other(format!("it is not UTF-8 (byte 0x{byte:02x})")));
            }
            self.checked = buffer.len();
        }
        Ok(buffer)
    }

    fn consume(&mut self, n: usize) {
        self.checked = self.checked.saturating_sub(n);
        self.inner.consume(n);
    }
}

impl<R: BufRead> Read for Utf8<R> {
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

    fn through(bytes: &[u8], chunk: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Utf8::new(BufReader::with_capacity(chunk, bytes), 1 << 20).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn a_packed_file_is_hashed_as_it_lies_on_the_disk() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"\xef\xbb\xbfTN:\n").unwrap();
        let packed = packer.finish().unwrap();
        let mut hashed = Hashed::new(packed.as_slice());
        let mut opened = open(&mut hashed).unwrap();
        let mut text = String::new();
        opened.text.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), opened.head.as_slice()), ("TN:\n", b"TN:\n".as_slice()));
        drop(opened);
        assert_eq!(hashed.finish().unwrap(), (hex::encode(Sha256::digest(&packed)), packed.len() as u64));
    }

    #[test]
    fn a_cut_packed_file_is_an_error() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&(0..60_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).unwrap();
        let packed = packer.finish().unwrap();
        let mut opened = open(&packed[..packed.len() - 9]).unwrap();
        assert!(io::copy(&mut opened.text, &mut io::sink()).is_err());
    }

    #[test]
    fn the_limit_holds_for_what_comes_out() {
        let mut reader = Utf8::new(BufReader::new(io::repeat(b' ')), 1 << 20);
        assert!(io::copy(&mut reader, &mut io::sink()).unwrap_err().to_string().contains("larger than 1 MiB"));
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
    }
}
