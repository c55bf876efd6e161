//! The pushing side of git's protocol (gitprotocol-pack, "Pushing Data To a Server"): the commands, the pack behind them,
//! and the report on what came of them. Texts only; nothing is sent here.

use std::collections::BTreeMap;
use std::io::Read;

use git2::Oid;

use crate::adapters::git::lazy::advert::Advert;
use crate::adapters::git::lazy::pkt::{FLUSH, Packets, Trouble};
use crate::adapters::git::lazy::update::RefUpdate;

/// How large a report may be, in bytes.
const REPORT_MAX: u64 = 1 << 20;

/// What a server reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Why the objects were not taken, if they were not.
    pub(crate) unpack: Option<String>,
    /// The refs, each with the reason why it was not moved, if it was not.
    pub(crate) refs: BTreeMap<String, Option<String>>,
    /// What the server said beside it.
    pub(crate) said: String,
}

/// Why a server cannot carry out the updates, if it cannot.
pub(crate) fn cannot(advert: &Advert, updates: &[RefUpdate]) -> Option<&'static str> {
    if !advert.has("report-status") {
        return Some("the server does not report what becomes of a push (report-status)");
    }
    if updates.len() > 1 && !advert.has("atomic") {
        return Some("the server cannot move several refs all or none (atomic)");
    }
    if updates.iter().any(|update| update.new.is_none()) && !advert.has("delete-refs") {
        return Some("the server does not let refs be deleted (delete-refs)");
    }
    None
}

/// The commands. A pack must follow unless refs are only deleted.
pub(crate) fn request(advert: &Advert, updates: &[RefUpdate]) -> Vec<u8> {
    let mut can = vec!["report-status"];
    can.extend(["side-band-64k", "quiet"].into_iter().filter(|name| advert.has(name)));
    can.extend((updates.len() > 1).then_some("atomic"));
    let id = |id: Option<Oid>| id.unwrap_or(Oid::ZERO_SHA1).to_string();
    let mut out = Vec::new();
    for (number, update) in updates.iter().enumerate() {
        let can = if number == 0 { format!("\0 {}", can.join(" ")) } else { String::new() };
        let text = format!("{} {} {}{can}", id(update.old), id(update.new), update.name);
        out.extend_from_slice(format!("{:04x}{text}", text.len() + 4).as_bytes());
    }
    out.extend_from_slice(FLUSH);
    out
}

/// The report on them.
pub(crate) fn report<R: Read>(advert: &Advert, packets: &mut Packets<R>) -> Result<Report, Trouble> {
    if !advert.has("side-band-64k") {
        return lines(packets);
    }
    let (mut inner, mut said) = (Vec::new(), Vec::new());
    packets.bands(&mut inner, &mut said)?;
    let report = lines(&mut Packets::new(inner.as_slice(), REPORT_MAX))?;
    Ok(Report { said: String::from_utf8_lossy(&said).into_owned(), ..report })
}

fn lines<R: Read>(packets: &mut Packets<R>) -> Result<Report, Trouble> {
    let mut report = Report::default();
    let first = packets.text()?.unwrap_or_default();
    let text = String::from_utf8_lossy(&first);
    let unpack = text.strip_prefix("unpack ").ok_or_else(|| Trouble::expected("what became of the pack", &first))?;
    report.unpack = (unpack != "ok").then(|| unpack.to_owned());
    while let Some(text) = packets.text()? {
        let text = String::from_utf8_lossy(&text);
        let mut words = text.splitn(3, ' ');
        let (status, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let why = words.next().unwrap_or("no reason is given").to_owned();
        let why = match status {
            "ok" => None,
            "ng" => Some(why),
            _ => return Err(Trouble::expected("what became of a ref", text.as_bytes())),
        };
        report.refs.insert(name.to_owned(), why);
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::git::lazy::pkt::line;

    const ALL: [&str; 5] = ["report-status", "side-band-64k", "delete-refs", "atomic", "quiet"];

    fn advert(can: &[&str]) -> Advert {
        Advert { can: can.iter().map(|can| (*can).to_owned()).collect(), ..Advert::default() }
    }

    fn update(name: &str, old: Option<u8>, new: Option<u8>) -> RefUpdate {
        let id = |byte: u8| Oid::from_bytes(&[byte; 20]).unwrap();
        RefUpdate { name: name.to_owned(), old: old.map(id), new: new.map(id) }
    }

    #[test]
    fn commands_are_what_the_protocol_says() {
        let updates = [update("refs/heads/p", Some(0x11), Some(0x22)), update("refs/lock", Some(0x33), None)];
        let (a, b, c, none) = ("11".repeat(20), "22".repeat(20), "33".repeat(20), "0".repeat(40));
        let first = format!("{a} {b} refs/heads/p\0 report-status side-band-64k quiet atomic");
        let second = format!("{c} {none} refs/lock");
        let wanted = format!("{:04x}{first}{:04x}{second}0000", first.len() + 4, second.len() + 4);
        assert_eq!(String::from_utf8(request(&advert(&ALL), &updates)).unwrap(), wanted);
        let one = String::from_utf8(request(&advert(&ALL[..1]), &updates[..1])).unwrap();
        assert!(one.ends_with("refs/heads/p\0 report-status0000"), "{one}");
    }

    #[test]
    fn what_a_server_cannot_do_is_said_before() {
        let one = [update("refs/heads/p", None, Some(1))];
        let two = [one[0].clone(), update("refs/lock", Some(1), None)];
        for (can, updates, said) in [
            (&ALL[1..], &one[..], "report-status"),
            (&ALL[..3], &two, "atomic"),
            (&["report-status"], &two[1..], "delete-refs"),
        ] {
            assert!(cannot(&advert(can), updates).unwrap().contains(said), "{can:?}");
        }
        assert_eq!((cannot(&advert(&ALL), &two), cannot(&advert(&ALL[..1]), &one)), (None, None));
    }

    #[test]
    fn a_report_is_read_with_and_without_bands() {
        let mut plain = Vec::new();
        for text in ["unpack ok", "ok refs/heads/a", "ng refs/heads/b hook declined", "ng refs/heads/c"] {
            line(&mut plain, text);
        }
        let plain = format!("{}0000", String::from_utf8(plain).unwrap());
        let banded = format!("0009\u{2}said{:04x}\u{1}{plain}0000", plain.len() + 5);
        for (can, bytes, said) in [(&ALL[..1], &plain, ""), (&ALL[..2], &banded, "said")] {
            let report = report(&advert(can), &mut Packets::new(bytes.as_bytes(), 1 << 20)).unwrap();
            assert_eq!((report.unpack, report.said.as_str()), (None, said));
            let refs = [("a", None), ("b", Some("hook declined")), ("c", Some("no reason is given"))];
            let refs = refs.map(|(name, why)| (format!("refs/heads/{name}"), why.map(str::to_owned)));
            assert_eq!(report.refs, refs.into());
        }
        let broken = b"0019unpack no space left\n0000";
        let report = report(&advert(&[]), &mut Packets::new(broken.as_slice(), 100)).unwrap();
        assert_eq!(report.unpack.as_deref(), Some("no space left"));
    }

    #[test]
    fn a_report_that_makes_no_sense_is_none() {
        for bytes in ["", "0000", "0009what\n", "000eunpack ok\n0009what\n", "000eunpack ok\n", "<html>"] {
            assert!(report(&advert(&[]), &mut Packets::new(bytes.as_bytes(), 100)).is_err(), "{bytes}");
        }
    }
}
