//! A request whose answer is looked at more closely: how long it took, and until when the server's certificate is valid.

use std::time::{Duration, Instant};

use reqwest::tls::TlsInfo;

use crate::adapters::http::{Answer, Call, Http};
use crate::ports::Fault;
use crate::promotion::time::Time;

/// An answer, and how it came.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The answer.
    pub answer: Answer,
    /// From the request to the last byte; with a new connection, its making too.
    pub took: Duration,
    /// Until when the certificate that the server showed is valid; absent without TLS, or where it cannot be read.
    pub certificate_until: Option<Time>,
}

impl Http {
    /// Sends one request, once, as [`Http::request`] does.
    pub fn probe(&self, call: &Call) -> Result<Probed, Fault> {
        self.handle.block_on(async {
            let begun = Instant::now();
            let response = self.open(call).await?;
            let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
            let certificate_until = shown.and_then(valid_until);
            let answer = self.take(call, response).await?;
            Ok(Probed { answer, took: begun.elapsed(), certificate_until })
        })
    }
}

/// Until when a certificate (X.509, DER) is valid: `tbsCertificate.validity.notAfter`, RFC 5280 §4.1.
pub fn valid_until(der: &[u8]) -> Option<Time> {
    const SEQUENCE: u8 = 0x30;
    let (_, certificate, _) = element(der).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut rest, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    // The version is optional, and the only element with this tag.
    if let Some((0xa0, _, after)) = element(rest) {
        rest = after;
    }
    // Serial number, signature, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, _, after) = element(validity)?;
    let (tag, text, _) = element(after)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let century = match tag {
        // UTCTime: two digits of the year, of 1950 to 2049.
        0x17 if text.get(..2)? < "50" => "20",
        0x17 => "19",
        0x18 => "",
        _ => return None,
    };
    let text = format!("{century}{text}");
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (day, time) = text.split_at(8);
    format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..]).parse().ok()
}

/// The first element of DER: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |all, digit| all << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
        [&head, content].concat()
    }

    /// A certificate as far as its validity.
    fn certificate(version: &[u8], until: &[u8]) -> Vec<u8> {
        let fields = [wrap(2, &[7]), wrap(0x30, &[]), wrap(0x30, &[b'x'; 100])].concat();
        let validity = wrap(0x30, &[wrap(0x17, b"260101000000Z"), until.to_vec()].concat());
        wrap(0x30, &wrap(0x30, &[version, &fields, &validity, &wrap(0x30, &[])].concat()))
    }

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let version = wrap(0xa0, &wrap(2, &[2]));
        for (bytes, is) in [
            (certificate(&version, &wrap(0x17, b"261231235959Z")), Some("2026-12-31T23:59:59Z")),
            (certificate(&[], &wrap(0x17, b"491231235959Z")), Some("2049-12-31T23:59:59Z")),
            (certificate(&[], &wrap(0x17, b"991231235959Z")), Some("1999-12-31T23:59:59Z")),
            (certificate(&version, &wrap(0x18, b"20500101000000Z")), Some("2050-01-01T00:00:00Z")),
            (certificate(&version, &wrap(0x18, b"20501301000000Z")), None),
            (certificate(&version, &wrap(0x17, b"2612312359Z")), None),
            (certificate(&version, &wrap(0x0c, b"261231235959Z")), None),
            (Vec::new(), None),
            (vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], None),
        ] {
            assert_eq!(valid_until(&bytes).map(|time| time.to_string()).as_deref(), is, "{bytes:02x?}");
            for cut in 0..bytes.len() {
                assert_eq!(valid_until(&bytes[..cut]), None, "cut at {cut}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            valid_until(&bytes);
        }
    }
}
