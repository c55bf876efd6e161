//! git's packets (gitprotocol-common, "pkt-line Format"): four hexadecimal digits, and as many bytes less these four; and
//! the bands that some of them carry (gitprotocol-pack, "Packfile Data"). What a server sends is taken as it comes: no
//! length, no band and no end of it is believed.

use std::io::{Read, Write};

use crate::adapters::git::fault::clean;

/// How large a packet may be, its length included.
const PACKET_MAX: usize = 65_520;
/// How much of a server's own words is kept, in bytes.
const SAID_MAX: usize = 16 << 10;
/// The end of a message.
pub(crate) const FLUSH: &[u8] = b"0000";
/// The end of a section within a message, in version 2.
pub(crate) const DELIM: &[u8] = b"0001";

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// Bytes; a text ends with a line feed, mostly.
    Data(Vec<u8>),
    /// The end of a message.
    Flush,
    /// The end of a section.
    Delim,
    /// The end of an answer, where a proxy may stand between.
    End,
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It ended before its end. Why, the transport knows.
    #[error("the answer broke off")]
    Cut,
    /// It is not what the protocol allows.
    #[error("{0}")]
    Nonsense(String),
    /// The server says that it will not.
    #[error("{0}")]
    Refused(String),
}

impl Trouble {
    /// What was expected, and what came instead.
    pub(crate) fn expected(what: &str, seen: &[u8]) -> Self {
        const SHOWN: usize = 60;
        let text = clean(&String::from_utf8_lossy(&seen[..seen.len().min(SHOWN)]));
        Self::Nonsense(format!("{what} was expected, and {text:?} came"))
    }
}

/// Adds a line as a packet.
pub(crate) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

/// The packets of an answer.
#[derive(Debug)]
pub(crate) struct Packets<R> {
    from: R,
    left: u64,
    most: u64,
}

impl<R: Read> Packets<R> {
    /// The packets in a stream, of which so many bytes are read at most.
    pub(crate) fn new(from: R, most: u64) -> Self {
        Self { from, left: most, most }
    }

    /// The stream itself.
    pub(crate) fn stream(&mut self) -> &mut R {
        &mut self.from
    }

    /// The next packet. A server's `ERR` is its refusal.
    pub(crate) fn packet(&mut self) -> Result<Packet, Trouble> {
        let mut digits = [0; 4];
        self.fill(&mut digits)?;
        let length = std::str::from_utf8(&digits)
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Trouble::expected("the length of a packet", &digits))?;
        match length {
            0 => Ok(Packet::Flush),
            1 => Ok(Packet::Delim),
            2 => Ok(Packet::End),
            4..=PACKET_MAX => {
                let mut bytes = vec![0; length - 4];
                self.fill(&mut bytes)?;
                match bytes.strip_prefix(b"ERR ") {
                    Some(said) => Err(Trouble::Refused(String::from_utf8_lossy(said).trim().to_owned())),
                    None => Ok(Packet::Data(bytes)),
                }
            }
            _ => Err(Trouble::expected("the length of a packet", &digits)),
        }
    }

    /// The next packet's bytes without the line feed; `None` at the end of a section, a message or an answer.
    pub(crate) fn text(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        match self.packet()? {
            Packet::Data(mut bytes) => {
                if bytes.last() == Some(&b'\n') {
                    bytes.pop();
                }
                Ok(Some(bytes))
            }
            Packet::Flush | Packet::Delim | Packet::End => Ok(None),
        }
    }

    /// Everything of the first band up to the end of the message; what the server says on the second is kept in `said`,
    /// and the third is its refusal.
    pub(crate) fn bands(&mut self, into: &mut dyn Write, said: &mut Vec<u8>) -> Result<(), Trouble> {
        loop {
            let Packet::Data(bytes) = self.packet()? else { return Ok(()) };
            match bytes.split_first() {
                Some((1, data)) => into.write_all(data).map_err(|error| Trouble::Nonsense(error.to_string()))?,
                Some((2, text)) => said.extend_from_slice(&text[..text.len().min(SAID_MAX.saturating_sub(said.len()))]),
                Some((3, text)) => return Err(Trouble::Refused(String::from_utf8_lossy(text).trim().to_owned())),
                // An empty packet keeps the connection alive.
                None => {}
                Some(_) => return Err(Trouble::expected("a band from 1 to 3", &bytes)),
            }
        }
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<(), Trouble> {
        self.left = self.left.checked_sub(into.len() as u64).ok_or_else(|| {
            Trouble::Nonsense(format!("the server sends more than the {} bytes that are read at most", self.most))
        })?;
        // What went wrong, if it is not only the end, the transport has left in its slot.
        self.from.read_exact(into).map_err(|_| Trouble::Cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(bytes: &[u8]) -> Packets<&[u8]> {
        Packets::new(bytes, 1 << 20)
    }

    #[test]
    fn packets_are_told_apart() {
        let mut all = packets(b"0009hello0000000100020004");
        let data = |text: &str| Packet::Data(text.into());
        for wanted in [data("hello"), Packet::Flush, Packet::Delim, Packet::End, data("")] {
            assert_eq!(all.packet().unwrap(), wanted);
        }
        assert!(matches!(all.packet(), Err(Trouble::Cut)));
        let mut out = Vec::new();
        line(&mut out, "want 1");
        assert_eq!(out, b"000bwant 1\n");
        assert_eq!(packets(&out).text().unwrap().unwrap(), b"want 1");
    }

    #[test]
    fn what_is_no_packet_is_said_and_shown() {
        for bytes in ["0003", "fff1xx", "ffff", "+123", "<html>", "00 9hello", "\u{e4}\u{e4}"] {
            let trouble = packets(bytes.as_bytes()).packet().unwrap_err();
            assert!(matches!(&trouble, Trouble::Nonsense(why) if why.contains("length of a packet")), "{bytes}");
        }
        for bytes in ["", "0", "000", "0009", "0009hell", "fff0x"] {
            assert!(matches!(packets(bytes.as_bytes()).packet(), Err(Trouble::Cut)), "{bytes}");
        }
        let Err(Trouble::Refused(said)) = packets(b"0015ERR not our ref\n\n").packet() else { panic!("a refusal") };
        assert_eq!(said, "not our ref");
    }

    #[test]
    fn no_more_is_read_than_was_allowed() {
        let mut few = Packets::new(b"0009hello0009hello".as_slice(), 12);
        assert_eq!(few.packet().unwrap(), Packet::Data(b"hello".to_vec()));
        assert!(matches!(few.packet(), Err(Trouble::Nonsense(why)) if why.contains("12 bytes")));
    }

    #[test]
    fn bands_are_separated() {
        let (mut data, mut said) = (Vec::new(), Vec::new());
        let bytes = b"0007\x01ab0009\x02note00040007\x01cd0000";
        packets(bytes).bands(&mut data, &mut said).unwrap();
        assert_eq!((data.as_slice(), said.as_slice()), (b"abcd".as_slice(), b"note".as_slice()));
        for (bytes, wanted) in [
            (b"000b\x03broken".as_slice(), "broken"),
            (b"0007\x04ab", "band from 1 to 3"),
            (b"0007\x01ab", "broke off"),
        ] {
            let trouble = packets(bytes).bands(&mut data, &mut said).unwrap_err();
            assert!(trouble.to_string().contains(wanted), "{trouble}");
        }
    }
}
