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

/// Whether a server of version 2 can do something when it is fetched from.
fn fetch_can(advert: &Advert, name: &str) -> bool {
    advert.two && advert.value("fetch").is_some_and(|can| can.split(' ').any(|can| can == name))
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
    // Before version 2 that is not asked for.
    if want.levels.is_some() && !fetch_can(advert, "filter") {
        return Err(Trouble::Refused(NO_FILTER.to_owned()));
    }
    if !advert.two {
        return fetch_zero(advert, want);
    }
    if want.depth.is_some() && !fetch_can(advert, "shallow") {
        return Err(Trouble::Nonsense("the server cannot cut off a history (`shallow`)".to_owned()));
    }
    Ok(fetch_two(advert, want))
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

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn advert(two: bool, can: &[&str]) -> Advert {
        Advert { two, can: can.iter().map(|can| (*can).to_owned()).collect(), refs: BTreeMap::new() }
    }

    fn two() -> Advert {
        advert(true, &["fetch=shallow wait-for-done filter", "object-format=sha1"])
    }

    fn old() -> Advert {
        advert(false, &["side-band-64k", "shallow", "ofs-delta"])
    }

    fn want() -> Want {
        Want { ids: vec![full_id(A).unwrap()], depth: Some(1), ..Want::default() }
    }

    /// The packets of a request, one a line; the ends as they are.
    fn shown(bytes: &[u8]) -> String {
        let mut packets = Packets::new(bytes, 1 << 20);
        let mut lines = Vec::new();
        while let Ok(packet) = packets.packet() {
            lines.push(match packet {
                Packet::Data(text) => String::from_utf8(text).unwrap().trim_end().to_owned(),
                other => format!("{other:?}"),
            });
        }
        lines.join("\n")
    }

    #[test]
    fn requests_are_what_the_protocol_says() {
        let list = list_request(&two(), &["refs/heads/p", "refs/lock/"]);
        let wanted =
            "command=ls-refs\nobject-format=sha1\nDelim\nref-prefix refs/heads/p\nref-prefix refs/lock/\nFlush";
        assert_eq!(shown(&list), wanted);
        let fetch = fetch_request(&two(), &Want { levels: Some(2), ..want() }).unwrap();
        let wanted = format!(
            "command=fetch\nobject-format=sha1\nDelim\nofs-delta\nno-progress\ndeepen 1\nfilter tree:2\nwant {A}\ndone\nFlush"
        );
        assert_eq!(shown(&fetch), wanted);
        let have = vec![full_id(B).unwrap()];
        let fetch = fetch_request(&two(), &Want { have: have.clone(), shallow: have, ..want() }).unwrap();
        assert!(shown(&fetch).contains(&format!("thin-pack\nshallow {B}\ndeepen 1\nwant {A}\nhave {B}\ndone")));
        let fetch = fetch_request(&old(), &want()).unwrap();
        assert_eq!(shown(&fetch), format!("want {A} side-band-64k ofs-delta\ndeepen 1\nFlush\ndone"));
    }

    #[test]
    fn what_a_server_cannot_do_is_not_asked_for() {
        let filtered = Want { levels: Some(0), ..want() };
        for advert in [old(), advert(true, &["fetch=shallow"]), advert(true, &["fetch"])] {
            assert!(matches!(fetch_request(&advert, &filtered), Err(Trouble::Refused(why)) if why == NO_FILTER));
        }
        for can in ["side-band-64k", "shallow"] {
            let trouble = fetch_request(&advert(false, &[can]), &want()).unwrap_err();
            assert!(trouble.to_string().contains("without `"), "{trouble}");
        }
        let trouble = fetch_request(&advert(true, &["fetch=filter"]), &want()).unwrap_err();
        assert!(trouble.to_string().contains("`shallow`"), "{trouble}");
    }

    #[test]
    fn a_listing_is_read() {
        let text = |lines: &[String]| {
            let mut out = Vec::new();
            lines.iter().for_each(|text| line(&mut out, text));
            [out.as_slice(), FLUSH].concat()
        };
        let bytes = text(&[
            "unborn HEAD symref-target:refs/heads/main".to_owned(),
            format!("{A} refs/heads/p"),
            format!("{B} refs/heads/p-two symref-target:refs/heads/p"),
            format!("{B} refs/tags/v1 peeled:{A}"),
        ]);
        let refs = list_answer(&mut Packets::new(bytes.as_slice(), 1 << 20), &["refs/heads/p"]).unwrap();
        assert_eq!(refs.keys().collect::<Vec<_>>(), ["refs/heads/p", "refs/heads/p-two"]);
        let bytes = text(&["hello".to_owned()]);
        assert!(list_answer(&mut Packets::new(bytes.as_slice(), 1 << 20), &["refs/"]).is_err());
    }

    #[test]
    fn a_pack_is_found_in_an_answer() {
        let shallow = format!("0034shallow {A}");
        let pack = "0009\u{1}PACK0008\u{2}say0009\u{1}more0000";
        for (advert, answer) in [
            (two(), format!("0011shallow-info\n{shallow}0001000dpackfile\n{pack}")),
            (two(), format!("000dpackfile\n{pack}")),
            (old(), format!("{shallow}00000008NAK\n{pack}")),
            (old(), format!("0000{:04x}ACK {B}\n{pack}", 49)),
        ] {
            let mut out = Vec::new();
            fetch_answer(&advert, &want(), &mut Packets::new(answer.as_bytes(), 1 << 20), &mut out).unwrap();
            assert_eq!(out, b"PACKmore", "{answer}");
        }
        for (advert, answer, said) in [
            (two(), "0000".to_owned(), "no pack"),
            (two(), format!("0011shallow-info\n{shallow}0001"), "broke off"),
            (old(), "00000009what\n".to_owned(), "NAK was expected"),
            (old(), "00000000".to_owned(), "no pack"),
        ] {
            let mut packets = Packets::new(answer.as_bytes(), 1 << 20);
            let trouble = fetch_answer(&advert, &want(), &mut packets, &mut Vec::new()).unwrap_err();
            assert!(trouble.to_string().contains(said), "{answer}: {trouble}");
        }
    }
}
