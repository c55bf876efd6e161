//! The JSON of `cargo audit --json` (rustsec/src/report.rs of rustsec/rustsec), one finding for each of `vulnerabilities.list`.
//!
//! - An advisory has no severity of its own, only a CVSS vector, which is often absent: such a finding is of an unknown one,
//!   which counts like high.
//! - `warnings` are no vulnerabilities: a crate that is unmaintained, unsound or yanked does not fail `cargo audit`, and must not
//!   hold a promotion because an author went away. They are findings for information, seen and counted apart, under the
//!   advisory's id, or the kind (`yanked`) where there is none.
//! - `vulnerabilities.count` is checked against the list: a list that was shortened is not believed.
//! - `settings.ignore` names advisories that were left out by the tool's own settings: they are noted.
//! - `database.last-commit` and `last-updated` are those of the advisories: they say nothing of our version or of the scan's time.

use serde::Deserialize;

use crate::adapters::evidence::fields::{lacks, looked_at_nothing, message, place};
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::said::{About, Defect, short};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::known_first;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;
use crate::promotion::rules::format::Format;

/// How many ignored advisories are named in a note.
const NAMED: usize = 5;

/// One of `vulnerabilities.list`, or of a list of `warnings`.
#[derive(Debug, Deserialize)]
struct Entry {
    kind: Option<String>,
    advisory: Option<Advisory>,
    package: Option<Package>,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    id: Option<String>,
    title: Option<String>,
    aliases: Option<Vec<String>>,
    cvss: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Lockfile {
    #[serde(rename = "dependency-count")]
    dependencies: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Settings {
    ignore: Option<Vec<String>>,
}

#[derive(Debug, Default)]
struct Report {
    lockfile: Option<Lockfile>,
    ignored: Vec<String>,
    found: Option<bool>,
    count: Option<f64>,
    listed: Option<u64>,
}

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut report = Report::default();
    Json::document(input, "cargo audit JSON", |json| json.object(|name, json| field(name, json, &mut report, found)))?;
    let lockfile = report.lockfile.ok_or_else(|| lacks(Format::CargoAudit, "lockfile"))?;
    let (Some(any), Some(listed)) = (report.found, report.listed) else {
        return Err(lacks(Format::CargoAudit, "vulnerabilities.found"));
    };
    let count = report.count.map(|count| place(Some(count)));
    if any != (listed > 0) || count.is_some_and(|count| count != listed) {
        let count = count.map_or("some".to_owned(), |count| count.to_string());
        return Err(Defect::Unreadable(format!(
            "it declares vulnerabilities ({count}, found: {any}), and lists {listed}"
        )));
    }
    if lockfile.dependencies == Some(0.0) {
        return Err(looked_at_nothing("crate"));
    }
    let mut about = About::default();
    if !report.ignored.is_empty() {
        let shown: Vec<String> = report.ignored.iter().take(NAMED).map(|id| short(id)).collect();
        let more = report.ignored.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        about.notes.push(format!("cargo audit was told to ignore {}{more}", shown.join(", ")));
    }
    about.made_by("cargo-audit", None);
    Ok(about)
}

fn field(name: &str, json: &mut Json<'_>, report: &mut Report, found: &mut Found) -> Result<(), Error> {
    match name {
        "lockfile" => report.lockfile = json.read()?,
        "settings" => {
            let settings: Option<Settings> = json.read()?;
            report.ignored = settings.and_then(|settings| settings.ignore).unwrap_or_default();
        }
        "vulnerabilities" => json.object(|name, json| {
            match name {
                "found" => report.found = Some(json.read()?),
                "count" => report.count = json.read()?,
                "list" => {
                    let mut listed = 0;
                    json.array(|json| {
                        listed += 1;
                        add(&json.read()?, found)
                    })?;
                    report.listed = Some(listed);
                }
                _ => json.skip()?,
            }
            Ok(())
        })?,
        "warnings" => warnings(json, found)?,
        _ => json.skip()?,
    }
    Ok(())
}

/// Old versions write one list, newer ones a list for each kind.
fn warnings(json: &mut Json<'_>, found: &mut Found) -> Result<(), Error> {
    match json.peek()? {
        Kind::Array => json.array(|json| warn("warning", &json.read()?, found)),
        Kind::Object => json.object(|kind, json| json.array(|json| warn(kind, &json.read()?, found))),
        _ => json.skip(),
    }
}

fn add(entry: &Entry, found: &mut Found) -> Result<(), Error> {
    let Some((advisory, id)) = entry.advisory.as_ref().and_then(|advisory| Some((advisory, advisory.id.as_deref()?)))
    else {
        return Err(Error::Data("a vulnerability has no `advisory.id`".to_owned()));
    };
    let vector = advisory.cvss.as_deref().unwrap_or_default();
    put(id, Severity::of_vector(vector), entry, found)
}

fn warn(kind: &str, entry: &Entry, found: &mut Found) -> Result<(), Error> {
    let kind = entry.kind.as_deref().unwrap_or(kind);
    let id = entry.advisory.as_ref().and_then(|advisory| advisory.id.as_deref());
    put(id.unwrap_or(kind), Severity::Info, entry, found)
}

fn put(id: &str, severity: Severity, entry: &Entry, found: &mut Found) -> Result<(), Error> {
    let Some((package, name)) = entry.package.as_ref().and_then(|package| Some((package, package.name.as_deref()?)))
    else {
        return Err(Error::Data("an entry has no `package.name`".to_owned()));
    };
    let advisory = entry.advisory.as_ref();
    let aliases = advisory.and_then(|advisory| advisory.aliases.as_deref()).unwrap_or_default();
    let ids = known_first([id].into_iter().chain(aliases.iter().map(String::as_str)));
    let title = advisory.and_then(|advisory| advisory.title.clone());
    let kind = entry.kind.as_ref().map(|kind| format!("the crate is {kind}"));
    found.add(&Finding {
        ids: &ids,
        tool: "cargo-audit",
        severity,
        suppressed: false,
        place: Place::Package {
            ecosystem: "cargo",
            name,
            version: package.version.as_deref().unwrap_or_default(),
            path: "Cargo.lock",
        },
        message: &message([&title, &kind]),
    });
    Ok(())
}
