//! Version 2: vulnerable packages, with the advisories in `via`.

use serde::Deserialize;

use crate::adapters::evidence::fields::Name;
use crate::adapters::evidence::json::Json;
use crate::adapters::evidence::json::fault::Error;
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::npm_audit::score::{Cvss, ghsa, severity};

#[derive(Debug, Deserialize)]
struct Package {
    via: Option<Vec<Via>>,
    nodes: Option<Vec<String>>,
}

/// What makes a package vulnerable: an advisory, or another package, by its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Via {
    #[expect(dead_code, reason = "the other package has an entry of its own")]
    Package(String),
    Advisory(Box<Advisory>),
}

#[derive(Debug, Deserialize)]
struct Advisory {
    source: Option<Name>,
    name: Option<String>,
    title: Option<String>,
    url: Option<String>,
    severity: Option<String>,
    range: Option<String>,
    cvss: Option<Cvss>,
}

/// Reads all packages; gives how many there are, and how many advisories stand in them.
pub(super) fn packages(json: &mut Json<'_>, found: &mut Found) -> Result<(u64, u64), Error> {
    let (mut packages, mut advisories) = (0, 0);
    json.object(|name, json| {
        packages += 1;
        let package: Package = json.read()?;
        let Some(via) = &package.via else {
            return Err(Error::Data("a package has no `via`".to_owned()));
        };
        let path = package.nodes.as_deref().and_then(<[String]>::first).map_or("", String::as_str);
        for one in via {
            if let Via::Advisory(advisory) = one {
                advisories += 1;
                add(advisory, name, path, found)?;
            }
        }
        Ok(())
    })?;
    Ok((packages, advisories))
}

fn add(advisory: &Advisory, package: &str, path: &str, found: &mut Found) -> Result<(), Error> {
    let number = advisory.source.as_ref().map(|source| format!("npm:{}", source.text()));
    let url = advisory.url.as_deref().unwrap_or_default();
    let ids: Vec<&str> = ghsa(url).into_iter().chain(number.as_deref()).collect();
    if ids.is_empty() {
        return Err(Error::Data("an advisory has neither `source` nor a GHSA `url`".to_owned()));
    }
    let title = advisory.title.as_deref().unwrap_or_default();
    let message = match advisory.range.as_deref() {
        Some(range) if !range.is_empty() => format!("{title} ({range})"),
        _ => title.to_owned(),
    };
    found.add(&Finding {
        ids: &ids,
        tool: "npm audit",
        severity: severity(advisory.severity.as_deref(), advisory.cvss.as_ref()),
        suppressed: false,
        place: Place::Package {
            ecosystem: "npm",
            name: advisory.name.as_deref().unwrap_or(package),
            version: "",
            path,
        },
        message: &message,
    });
    Ok(())
}
