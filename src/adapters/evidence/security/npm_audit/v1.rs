//! Version 1: advisories, with the versions that were found.

use serde::Deserialize;

use crate::adapters::evidence::fields::message;
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::{Error, Kind};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::npm_audit::score::{Cvss, ghsa, severity};
use crate::adapters::evidence::security::parts::known_first;

/// An advisory on its way: the fields come in any order.
#[derive(Debug, Default)]
struct Advisory {
    module: Option<String>,
    title: Option<String>,
    ghsa: Option<String>,
    url: Option<String>,
    cves: Vec<String>,
    severity: Option<String>,
    cvss: Option<Cvss>,
    /// The versions that were found, each with the first way that leads to it.
    versions: Vec<Version>,
}

#[derive(Debug, Default)]
struct Version {
    version: String,
    path: String,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Cves(Option<Vec<String>>);

/// Reads all advisories; gives how many there are.
pub(super) fn advisories(json: &mut Json<'_>, found: &mut Found) -> Result<u64, Error> {
    let mut count = 0;
    json.object(|number, json| {
        count += 1;
        let mut advisory = Advisory::default();
        json.object(|name, json| {
            match name {
                "module_name" => advisory.module = json.read()?,
                "title" => advisory.title = json.read()?,
                "github_advisory_id" => advisory.ghsa = json.read()?,
                "url" => advisory.url = json.read()?,
                "cves" => advisory.cves = json.read::<Cves>()?.0.unwrap_or_default(),
                "severity" => advisory.severity = json.read()?,
                "cvss" => advisory.cvss = json.read()?,
                "findings" if json.peek()? == Kind::Array => {
                    json.array(|json| {
                        advisory.versions.push(version(json)?);
                        Ok(())
                    })?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        add(number, &advisory, found);
        Ok(())
    })?;
    Ok(count)
}

/// One of `findings`. Of its paths only the first is kept: there can be thousands.
fn version(json: &mut Json<'_>) -> Result<Version, Error> {
    let mut version = Version::default();
    json.object(|name, json| match name {
        "version" => {
            version.version = json.read::<Option<String>>()?.unwrap_or_default();
            Ok(())
        }
        "paths" if json.peek()? == Kind::Array => json.array(|json| {
            if version.path.is_empty() && json.peek()? == Kind::String {
                version.path = json.read()?;
                return Ok(());
            }
            json.skip()
        }),
        _ => json.skip(),
    })?;
    Ok(version)
}

fn add(number: &str, advisory: &Advisory, found: &mut Found) {
    let number = format!("npm:{number}");
    let url = advisory.url.as_deref().unwrap_or_default();
    let named = advisory.ghsa.as_deref().filter(|id| !id.is_empty()).or_else(|| ghsa(url));
    let cves = advisory.cves.iter().map(String::as_str);
    let ids = known_first(cves.chain(named).chain([number.as_str()]));
    let nowhere = [Version::default()];
    let versions = if advisory.versions.is_empty() { &nowhere } else { advisory.versions.as_slice() };
    for Version { version, path } in versions {
        found.add(&Finding {
            ids: &ids,
            tool: "npm audit",
            severity: severity(advisory.severity.as_deref(), advisory.cvss.as_ref()),
            suppressed: false,
            place: Place::Package {
                ecosystem: "npm",
                // One without a name is still a finding: its number tells it apart.
                name: advisory.module.as_deref().unwrap_or("a package without a name"),
                version,
                path,
            },
            message: &message([&advisory.title]),
        });
    }
}
