//! Downloads: GitHub answers with an address of its storage that holds for a minute, on another host, and with its own key
//! in the query. The token does not travel there, and that query is never shown.

use reqwest::{Method, Url};

use crate::adapters::github::client::Client;
use crate::adapters::github::door::Ask;
use crate::adapters::http::{Answer, Call, TRIES, shown};
use crate::ports::{Fault, FaultKind};

/// How large a refusal may be, in bytes.
const REFUSAL_MAX: usize = 1 << 16;

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// The bytes, as they were stored.
    pub bytes: Vec<u8>,
    /// Their kind, without its parameters, in lower case: `application/zip`; empty if the storage does not say.
    pub content_type: String,
    /// The file's own name, without any directory, where the storage says it.
    pub name: Option<String>,
}

impl Client {
    /// Downloads what GitHub keeps elsewhere (an artifact's zip, a log), at most `max_bytes` of it. `NotFound` when it has
    /// expired, `Broken` when it is larger.
    pub fn download(&self, doing: &str, route: &str, max_bytes: usize) -> Result<Downloaded, Fault> {
        // Some servers answer with the file itself.
        let ask = Ask { body_max: Some(max_bytes.max(REFUSAL_MAX)), ..Ask::new(doing, &Method::GET, route) };
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.ask(&ask)?;
            if answer.ok() {
                return downloaded(doing, &self.door.shown(&ask), answer, max_bytes);
            }
            let Some(to) = answer.header("location").filter(|_| matches!(answer.status, 302 | 303 | 307 | 308)) else {
                return Err(self.refused(&ask, &answer));
            };
            // The address holds for a minute only, so another try begins with a new one.
            match self.fetch(doing, &self.storage(doing, route, to)?, max_bytes) {
                Ok(downloaded) => return Ok(downloaded),
                Err(fault) if tries < TRIES && fault.kind == FaultKind::Transient => {
                    tracing::debug!(why = %fault, "downloading again");
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    fn refused(&self, ask: &Ask<'_>, answer: &Answer) -> Fault {
        let fault = self.refusal(ask, answer);
        if answer.status != 410 {
            return fault;
        }
        let why = format!("{}: it has expired", fault.why);
        Fault { why, ..fault }.hint("let the workflow that makes it run again, or keep it for longer (retention-days)")
    }

    /// The address in a redirect. From TLS it must not lead out of it.
    fn storage(&self, doing: &str, route: &str, to: &str) -> Result<Url, Fault> {
        let here = self.door.url(route);
        let broken =
            |why: &str| Fault::new(FaultKind::Broken, doing, format!("GET {} redirects to {why}", shown(&here)));
        let url = here.join(to).map_err(|_| broken("what is no address"))?;
        match (here.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => Ok(url),
            _ => Err(broken(&format!("{}, which is not safe against a change on the way", shown(&url)))),
        }
    }

    fn fetch(&self, doing: &str, url: &Url, max_bytes: usize) -> Result<Downloaded, Fault> {
        let call = Call::new(Method::GET, url.clone()).at_most(max_bytes.max(REFUSAL_MAX));
        self.door.count();
        let answer = self.door.http().request(&call).map_err(|fault| Fault { doing: doing.to_owned(), ..fault })?;
        if answer.ok() {
            return downloaded(doing, &call.shown(), answer, max_bytes);
        }
        let why = format!("{} → {}: GitHub's storage does not give it", call.shown(), answer.status);
        // It says 403 when its address has run out.
        let kind =
            if matches!(answer.status, 403 | 408 | 429 | 500..) { FaultKind::Transient } else { FaultKind::Broken };
        Err(Fault::new(kind, doing, why))
    }
}

fn downloaded(doing: &str, shown: &str, answer: Answer, max_bytes: usize) -> Result<Downloaded, Fault> {
    if answer.body.len() > max_bytes {
        return Err(Fault::new(FaultKind::Broken, doing, format!("{shown} answered more than {max_bytes} bytes")));
    }
    let name = answer.header("content-disposition").and_then(name_of);
    Ok(Downloaded { content_type: answer.content_type(), name, bytes: answer.body })
}

/// The file name in a `Content-Disposition`, without any directory. Its form for other alphabets (`filename*`, RFC 5987)
/// wins, as that RFC says.
fn name_of(disposition: &str) -> Option<String> {
    let part = |key: &str| {
        disposition.split(';').find_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            name.trim().eq_ignore_ascii_case(key).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let extended = part("filename*").and_then(|value| {
        let (charset, encoded) =
            value.split_once('\'').and_then(|(charset, rest)| Some((charset, rest.split_once('\'')?.1)))?;
        charset.eq_ignore_ascii_case("utf-8").then(|| decoded(encoded)).flatten()
    });
    let name = extended.or_else(|| part("filename"))?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    (!matches!(name, "" | "." | "..") && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_directory() {
        for (disposition, name) in [
            (r#"attachment; filename="unit.zip"; filename*=UTF-8''unit.zip"#, Some("unit.zip")),
            (r#"attachment; filename="../../etc/passwd""#, Some("passwd")),
            (r#"attachment; filename="..\..\x.dll""#, Some("x.dll")),
            ("attachment; filename*=UTF-8''a%2F..%2Fb%C3%BC.xml", Some("bü.xml")),
            (r#"attachment; filename="plain.xml"; filename*=UTF-8''bad%ZZ"#, Some("plain.xml")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename*=UTF-8''a%0Ab", None),
            ("attachment", None),
        ] {
            assert_eq!(name_of(disposition).as_deref(), name, "{disposition}");
        }
    }
}
