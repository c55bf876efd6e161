//! The pushing side of git's protocol (gitprotocol-pack, "Pushing Data To a Server"): the commands, the pack behind them,
//! and the report on what came of them. Texts only; nothing is sent here.

use std::collections::BTreeMap;
use std::io::Read;

use git2::Oid;

use crate::adapters::git::lazy::advert::Advert;
use crate::adapters::git::lazy::pkt::{FLUSH, Packets, Trouble};
use crate::adapters::git::lazy::update::RefUpdate;

/// How large a report may be, in bytes.
const REPORT_MAX: usize = 1 << 20;

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
    let id = |id: Option<Oid>| id.unwrap_or_else(|| Oid::ZERO_SHA1).to_string();
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
    let report = lines(&mut Packets::new(inner.as_slice(), REPORT_MAX as u64))?;
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
