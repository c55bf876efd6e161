//! The waivers file as people write it, `waivers.yaml` beside the rules: what it may hold, and every fault of one at once.
//!
//! It is walked against the schema that is published, like the rules. A file with a fault is no waivers file: it is refused,
//! and never read as one without waivers.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::promotion::id::sha256;
use crate::promotion::rules::at::At;
use crate::promotion::rules::check::check;
use crate::promotion::rules::fault::{RulesFault, Wrong};
use crate::promotion::rules::file::shape::Placed;
use crate::promotion::rules::read::{only_document, placed};
use crate::promotion::rules::tree::Kind;
use crate::promotion::rules::{de, schema};
use crate::promotion::time::Time;
use crate::promotion::waivers::lines::{self, Lines};
use crate::promotion::waivers::{Waives, is_glob};

/// The file's name; it stands in the directory of the rules file.
pub const NAME: &str = "waivers.yaml";
/// The row of the report that no waiver can name.
const ORDER: &str = "order";

/// The waivers of promote: what is accepted for a time, why, and by whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(title = "Promotion waivers")]
pub struct File(pub Vec<Placed<Entry>>);

/// What is accepted for a time. All that it names must fit: a finding by `id` (or `rule`), `path` and `package`, a `test`, or a `gate`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Waiver")]
pub struct Entry {
    /// A finding's id, or one of its aliases: `CVE-2026-1234`.
    #[serde(default)]
    pub id: Option<Placed<String>>,
    /// A finding's rule: `js/sql-injection`. The same as `id`.
    #[serde(default)]
    pub rule: Option<Placed<String>>,
    /// A glob over the path of a finding: `src/legacy/**`.
    #[serde(default)]
    pub path: Option<Placed<String>>,
    /// The package of a finding, with or without its version: `lodash@4.17.20`.
    #[serde(default)]
    pub package: Option<Placed<String>>,
    /// A test by its name, as it is shown; may hold `*`.
    #[serde(default)]
    pub test: Option<Placed<String>>,
    /// A gate by its id: `security.high`.
    #[serde(default)]
    pub gate: Option<Placed<String>>,
    /// Why it is accepted.
    pub reason: Placed<String>,
    /// Who accepts it. Where GitHub can be asked, whoever merged it stands for it instead.
    pub approved_by: Placed<String>,
    /// Until when: a date, which counts to its end in UTC, or an RFC 3339 time.
    pub expires: Placed<String>,
}

/// A waivers file that was read whole and has no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiversFile {
    /// Its path, as it is shown.
    pub path: String,
    /// Its text, word for word.
    pub text: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The waivers, in the order of the file.
    pub waivers: Vec<Waiver>,
}

/// One waiver of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Where it begins.
    pub at: At,
    /// The lines that it is written on.
    pub lines: Lines,
    /// What it names.
    pub waives: Waives,
    /// Why.
    pub reason: String,
    /// Who accepts it, by the file's word, without `@`.
    pub approved_by: String,
    /// The moment from which it counts as none.
    pub expires: Time,
    /// The same as it is shown: `2026-12-01`.
    pub until: String,
}

/// The JSON Schema of the file.
pub fn schema() -> Value {
    schema::of::<File>()
}

/// Reads a waivers file; every fault of it, in its order. `path` is only for showing. An empty file holds no waiver.
pub fn read(path: &str, text: &str) -> Result<WaiversFile, Vec<RulesFault>> {
    let mut faults = Vec::new();
    let waivers = waivers(text, &mut faults);
    if !faults.is_empty() {
        return Err(placed(path, text, faults));
    }
    Ok(WaiversFile { path: path.to_owned(), text: text.to_owned(), sha256: sha256(text), waivers })
}

fn waivers(text: &str, faults: &mut Vec<Wrong>) -> Vec<Waiver> {
    let Some(mut tree) = only_document(text, "a waivers file", faults) else { return Vec::new() };
    if matches!(tree.kind, Kind::Null) {
        return Vec::new();
    }
    let places = lines::of_items(text, faults);
    if !check(&mut tree, &schema(), faults) {
        return Vec::new();
    }
    match de::read::<File>(&tree) {
        Ok(File(entries)) => entries.iter().filter_map(|entry| waiver(entry, &places, faults)).collect(),
        Err(misfit) => {
            faults.push(misfit.into());
            Vec::new()
        }
    }
}

/// What an entry means; `None` after a fault.
fn waiver(entry: &Placed<Entry>, places: &[(At, Lines)], faults: &mut Vec<Wrong>) -> Option<Waiver> {
    let before = faults.len();
    names(entry, faults);
    for (key, text) in [("reason", &entry.reason), ("approved_by", &entry.approved_by)] {
        if !text.faulty && text.trim().is_empty() {
            faults.push(
                Wrong::of(text, format!("`{key}` is empty")).help("say it: a waiver without it convinces nobody"),
            );
        }
    }
    let end = if entry.expires.faulty { None } else { expiry(&entry.expires, faults) };
    if faults.len() > before || entry.faulty {
        return None;
    }
    let (expires, until) = end?;
    let value = |text: &Option<Placed<String>>| text.as_ref().map(|text| text.value.trim().to_owned());
    let lines =
        places.iter().find(|(at, _)| *at == entry.at).map_or_else(|| Lines::one(entry.at.line), |(_, lines)| *lines);
    Some(Waiver {
        at: entry.at,
        lines,
        waives: Waives {
            id: value(&entry.id).or_else(|| value(&entry.rule)),
            path: value(&entry.path),
            package: value(&entry.package),
            test: value(&entry.test),
            gate: value(&entry.gate),
        },
        reason: entry.reason.split_whitespace().collect::<Vec<_>>().join(" "),
        approved_by: entry.approved_by.trim().trim_start_matches('@').to_owned(),
        expires,
        until,
    })
}

/// Checks what an entry names: something, of one kind, that can be there.
fn names(entry: &Placed<Entry>, faults: &mut Vec<Wrong>) {
    let finding = [("id", &entry.id), ("rule", &entry.rule), ("path", &entry.path), ("package", &entry.package)];
    let others = [("test", &entry.test), ("gate", &entry.gate)];
    let named: Vec<(&str, &Placed<String>)> =
        finding.iter().chain(&others).filter_map(|(key, text)| Some((*key, text.as_ref()?))).collect();
    if named.is_empty() && !entry.faulty {
        let wrong = Wrong::new(entry.at, entry.width, "this waiver names nothing");
        faults.push(wrong.help("add `id:`, `rule:`, `path:`, `package:`, `test:` or `gate:`"));
    }
    for (key, text) in &named {
        if !text.faulty && text.trim().is_empty() {
            faults.push(Wrong::of(text, format!("`{key}` is empty")).help("say which, or remove the key"));
        }
    }
    if let (Some(_), Some(rule)) = (&entry.id, &entry.rule) {
        faults.push(Wrong::of(rule, "`id` and `rule` say the same").help("keep one of them"));
    }
    for (key, text) in others {
        let Some(text) = text else { continue };
        if let Some((other, _)) = named.iter().find(|(other, _)| *other != key) {
            let wrong = Wrong::of(text, format!("`{key}` stands alone, and `{other}` is named beside it"));
            faults.push(wrong.help("write two waivers"));
        }
    }
    for (key, text) in [("path", &entry.path), ("test", &entry.test)] {
        let Some(text) = text.as_ref().filter(|text| !text.faulty) else { continue };
        if !is_glob(text) {
            faults.push(Wrong::of(text, format!("`{}` cannot be read as a glob of `{key}`", text.value)));
        }
    }
    let is_order = |gate: &str| gate == ORDER || gate.strip_prefix(ORDER).is_some_and(|rest| rest.starts_with('.'));
    if let Some(gate) = entry.gate.as_ref().filter(|gate| is_order(gate.trim())) {
        faults.push(Wrong::of(gate, "the order of environments is no gate, and cannot be waived"));
    }
}

/// When a waiver ends, and how that is shown. A date ends with its last moment.
fn expiry(text: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<(Time, String)> {
    let written = text.trim();
    let is_date = written.len() == "2026-12-01".len();
    let of_date = || {
        let next = written.parse::<Date>().ok()?.checked_add(1.day()).ok()?;
        Some((next.to_zoned(TimeZone::UTC).ok()?.timestamp(), written.to_owned()))
    };
    let of_time = || {
        let time: Time = written.parse().ok()?;
        Some((time, time.to_string()))
    };
    let end = if is_date { of_date() } else { of_time() };
    if end.is_none() {
        let wrong = Wrong::of(text, format!("`{written}` is neither a date nor a time"));
        faults.push(wrong.help("write a date, such as 2026-12-01, or a time, such as 2026-12-01T18:00:00Z"));
    }
    end
}

#[cfg(test)]
mod tests;
