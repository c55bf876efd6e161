//! The bytes of one file before anybody knows what they are: hashed as they lie on the disk, unpacked, and looked at.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use crate::adapters::evidence::utf16::{Order, Utf16};
use crate::adapters::evidence::window::{MAX_BYTES, Window};

/// How much of the beginning is looked at to tell the format.
const HEAD: u64 = 64 * 1024;
/// How much of a packed file is read at once.
const PACKED: usize = 64 * 1024;

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
        io::copy(&mut BufReader::with_capacity(PACKED, &mut self), &mut io::sink())?;
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
    pub text: Window<'a>,
}

/// Unpacks if need be, turns UTF-16 with a byte order mark into UTF-8, and reads the beginning ahead, without the mark.
pub fn open<'a>(mut raw: impl Read + 'a) -> io::Result<Opened<'a>> {
    let magic = ahead(&mut raw, 2)?;
    let packed = magic == [0x1f, 0x8b];
    let whole = Cursor::new(magic).chain(raw);
    let mut unpacked: Box<dyn Read + 'a> = if packed {
        let packed: Box<dyn BufRead + 'a> = Box::new(BufReader::with_capacity(PACKED, whole));
        Box::new(MultiGzDecoder::new(packed))
    } else {
        Box::new(whole)
    };
    let mark = ahead(&mut unpacked, 2)?;
    let order = Order::of(&mark);
    unpacked = match order {
        Some(order) => Box::new(Utf16::new(unpacked, order)),
        None => Box::new(Cursor::new(mark).chain(unpacked)),
    };
    let mut head = ahead(&mut unpacked, HEAD)?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    Ok(Opened { text: Window::limited(head.clone(), unpacked, MAX_BYTES), head })
}

/// Reads up to `wanted` bytes.
fn ahead(reader: &mut impl Read, wanted: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(wanted).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let Ok(mut opened) = open(&packed[..packed.len() - 9]) else { return };
        assert!(io::copy(&mut opened.text, &mut io::sink()).is_err());
    }
}
