//! The fetching side of git's protocol: version 2 (gitprotocol-v2, `ls-refs` and `fetch`), and what came before it
//! (gitprotocol-pack, "Packfile Negotiation") for servers that do not speak it. Texts only; nothing is sent here.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use git2::Oid;

use crate::adapters::git::lazy::advert::{Advert, full_id};
use crate::adapters::git::lazy::pkt::{DELIM, FLUSH, Packet, Packets, Trouble, line};

/// The refusal that needs no server.
pub(crate) const NO_FILTER: &str = "no filter is offered";

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Want {
    /// These objects.
    pub(crate) ids: Vec<Oid>,
    /// So many commits of each history; `None`: all.
    pub(crate) depth: Option<u32>,
    /// Of the trees so many levels, the files in the last left out; `None`: all.
    pub(crate) levels: Option<u32>,
    /// Commits that are here with all that they hold.
    pub(crate) have: Vec<Oid>,
    /// Those of them whose history is not here.
    pub(crate) shallow: Vec<Oid>,
}

/// Whether a server of version 2 can leave out parts of trees. Before version 2 that is not asked for.
fn filters(advert: &Advert) -> bool {
    advert.two && advert.value("fetch").is_some_and(|can| can.split(' ').any(|can| can == "filter"))
}

/// The request for the refs whose names begin so. For version 2.
pub(crate) fn list_request(advert: &Advert, prefixes: &[&str]) -> Vec<u8> {
    let mut out = command(advert, "ls-refs");
    prefixes.iter().for_each(|prefix| line(&mut out, &format!("ref-prefix {prefix}")));
    out.extend_from_slice(FLUSH);
    out
}

/// The answer to it. A server may name more refs than were asked for.
pub(crate) fn list_answer<R: Read>(
    packets: &mut Packets<R>,
    prefixes: &[&str],
) -> Result<BTreeMap<String, Oid>, Trouble> {
    let mut refs = BTreeMap::new();
    while let Some(text) = packets.text()? {
        let text = String::from_utf8_lossy(&text);
        let mut words = text.split(' ');
        let (id, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if id == "unborn" {
            continue;
        }
        let id = full_id(id).ok_or_else(|| Trouble::expected("a ref", text.as_bytes()))?;
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            refs.insert(name.to_owned(), id);
        }
    }
    Ok(refs)
}

/// The request for objects.
pub(crate) fn fetch_request(advert: &Advert, want: &Want) -> Result<Vec<u8>, Trouble> {
    if want.levels.is_some() && !filters(advert) {
        return Err(Trouble::Refused(NO_FILTER.to_owned()));
    }
    if advert.two { Ok(fetch_two(advert, want)) } else { fetch_zero(advert, want) }
}

fn fetch_two(advert: &Advert, want: &Want) -> Vec<u8> {
    let mut out = command(advert, "fetch");
    line(&mut out, "ofs-delta");
    line(&mut out, "no-progress");
    if !want.have.is_empty() {
        // Only so does git leave out what older commits hold when the new one comes without its history.
        line(&mut out, "thin-pack");
    }
    want.shallow.iter().for_each(|id| line(&mut out, &format!("shallow {id}")));
    if let Some(depth) = want.depth {
        line(&mut out, &format!("deepen {depth}"));
    }
    if let Some(levels) = want.levels {
        line(&mut out, &format!("filter tree:{levels}"));
    }
    want.ids.iter().for_each(|id| line(&mut out, &format!("want {id}")));
    want.have.iter().for_each(|id| line(&mut out, &format!("have {id}")));
    line(&mut out, "done");
    out.extend_from_slice(FLUSH);
    out
}

fn fetch_zero(advert: &Advert, want: &Want) -> Result<Vec<u8>, Trouble> {
    let needed = ["side-band-64k"].into_iter().chain(want.depth.map(|_| "shallow"));
    if let Some(missing) = needed.into_iter().find(|name| !advert.has(name)) {
        return Err(Trouble::Nonsense(format!("the server speaks an old protocol without `{missing}`")));
    }
    let mut can: Vec<&str> = vec!["side-band-64k"];
    can.extend(["ofs-delta", "no-progress"].into_iter().filter(|name| advert.has(name)));
    let mut out = Vec::new();
    for (number, id) in want.ids.iter().enumerate() {
        let can = if number == 0 { format!(" {}", can.join(" ")) } else { String::new() };
        line(&mut out, &format!("want {id}{can}"));
    }
    if let Some(depth) = want.depth {
        line(&mut out, &format!("deepen {depth}"));
    }
    out.extend_from_slice(FLUSH);
    line(&mut out, "done");
    Ok(out)
}

/// The answer with the objects: their pack goes into `pack`.
pub(crate) fn fetch_answer<R: Read>(
    advert: &Advert,
    want: &Want,
    packets: &mut Packets<R>,
    pack: &mut dyn Write,
) -> Result<(), Trouble> {
    let mut said = Vec::new();
    if advert.two {
        loop {
            match packets.text()?.as_deref() {
                Some(b"packfile") => break,
                // Of other sections nothing is needed: the id of a commit says where its history goes on.
                Some(_) => while packets.text()?.is_some() {},
                None => return Err(Trouble::Nonsense("the server's answer holds no pack".to_owned())),
            }
        }
        return packets.bands(pack, &mut said);
    }
    if want.depth.is_some() {
        while packets.text()?.is_some() {}
    }
    match packets.packet()? {
        Packet::Data(text) if text.starts_with(b"NAK") || text.starts_with(b"ACK") => packets.bands(pack, &mut said),
        Packet::Data(text) => Err(Trouble::expected("NAK", &text)),
        Packet::Flush | Packet::Delim | Packet::End => {
            Err(Trouble::Nonsense("the server's answer holds no pack".to_owned()))
        }
    }
}

fn command(advert: &Advert, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    line(&mut out, &format!("command={name}"));
    if advert.value("object-format").is_some() {
        line(&mut out, "object-format=sha1");
    }
    out.extend_from_slice(DELIM);
    out
}
