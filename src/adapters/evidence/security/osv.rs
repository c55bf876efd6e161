//! OSV-Scanner JSON (Google), as `osv-scanner --format json` writes it: pkg/models/results.go of google/osv-scanner; the
//! vulnerabilities in it are of the OSV schema (ossf.github.io/osv-schema).
//!
//! A group is one vulnerability under all its names: groups count, not the entries of `vulnerabilities`. Traps:
//! `max_severity` is a score as a text, and may be empty or absent, then the vectors of the group's entries tell, else the
//! word of the database. Malware (`MAL-…`) has no score and is critical. `results: []` is a clean scan.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::adapters::evidence::json::{Error, Json};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::{Score, known_first};
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut results = false;
    Json::document(input, "OSV-Scanner JSON", |json| {
        json.object(|name, json| match name {
            "results" => {
                results = true;
                json.each(|result: Scanned| add(found, &result))
            }
            _ => json.skip(),
        })?;
        if results { Ok(()) } else { Err(Error::Data("it has no `results`".to_owned())) }
    })?;
    let mut about = About::default();
    about.made_by("OSV-Scanner", None);
    Ok(about)
}

fn add(found: &mut Found, result: &Scanned) {
    let path = result.source.as_ref().and_then(|source| source.path.as_deref()).unwrap_or_default();
    for Entry { package, vulnerabilities, groups } in result.packages.iter().flatten() {
        let all: BTreeMap<&str, &Vulnerability> =
            vulnerabilities.iter().flatten().map(|one| (one.id.as_str(), one)).collect();
        let version = package.version.as_deref().filter(|version| !version.is_empty()).or(package.commit.as_deref());
        let place = Place::Package {
            ecosystem: package.ecosystem.as_deref().unwrap_or_default(),
            name: &package.name,
            version: version.unwrap_or_default(),
            path,
        };
        let mut put = |ids: &[&str], more: &[String], score: Option<Score>| {
            let members: Vec<&Vulnerability> = ids.iter().filter_map(|id| all.get(id).copied()).collect();
            let aliases = members.iter().flat_map(|one| one.aliases.iter().flatten()).chain(more).map(String::as_str);
            let names = known_first(ids.iter().copied().chain(aliases));
            let severity = score.and_then(Score::severity).unwrap_or_else(|| severity(&names, &members));
            let message = members.iter().find_map(|one| one.summary.as_deref()).unwrap_or_default();
            let tool = "OSV-Scanner";
            found.add(&Finding { ids: &names, tool, severity, suppressed: false, place, message });
        };
        match groups {
            Some(groups) => groups.iter().for_each(|group| {
                let ids: Vec<&str> = group.ids.iter().map(String::as_str).collect();
                put(&ids, group.aliases.as_deref().unwrap_or_default(), group.max_severity);
            }),
            // Before version 1.0 there were no groups.
            None => all.keys().for_each(|id| put(&[id], &[], None)),
        }
    }
}

/// How bad a group without a score is.
fn severity(names: &[&str], members: &[&Vulnerability]) -> Severity {
    if names.iter().any(|name| name.starts_with("MAL-")) {
        return Severity::Critical;
    }
    let vectors =
        members.iter().flat_map(|one| one.severity.iter().flatten()).map(|one| Severity::of_vector(&one.score));
    let words = members.iter().filter_map(|one| one.database_specific.as_ref()?.severity.as_deref());
    let known = |severity: &Severity| *severity != Severity::Unknown;
    let worst = vectors.filter(known).max().or_else(|| words.map(Severity::of_word).filter(known).max());
    worst.unwrap_or(Severity::Unknown)
}

#[derive(Deserialize)]
struct Scanned {
    source: Option<Source>,
    packages: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Source {
    path: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    package: Package,
    vulnerabilities: Option<Vec<Vulnerability>>,
    groups: Option<Vec<Group>>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    version: Option<String>,
    commit: Option<String>,
    ecosystem: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    aliases: Option<Vec<String>>,
    summary: Option<String>,
    severity: Option<Vec<Rated>>,
    database_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Rated {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct Specific {
    #[serde(default, deserialize_with = "word")]
    severity: Option<String>,
}

/// What a database says of its own may have any shape; a severity that is no word is none.
fn word<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Word(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Any::deserialize(deserializer)? {
        Any::Word(word) => Some(word),
        Any::Other(_) => None,
    })
}

#[derive(Deserialize)]
struct Group {
    ids: Vec<String>,
    aliases: Option<Vec<String>>,
    max_severity: Option<Score>,
}
