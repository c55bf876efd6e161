//! Grype JSON (Anchore), as `grype … -o json` writes it: grype/presenter/models/document.go of anchore/grype.
//!
//! Each match is a vulnerability and the artifact that it was found in. Traps: `ignoredMatches` stand apart, and are set
//! aside; severities include `Negligible` and `Unknown`; `relatedVulnerabilities` are other names, but an advisory of a
//! distribution (ELSA, RHSA) that covers several CVEs is no name of any of them; one package in several layers is one.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::adapters::evidence::json::{Error, Json};
use crate::adapters::evidence::said::{About, Defect};
use crate::adapters::evidence::security::found::{Finding, Found, Place};
use crate::adapters::evidence::security::parts::{self, Score};
use crate::adapters::evidence::security::purl::Purl;
use crate::adapters::evidence::security::severity::Severity;
use crate::adapters::evidence::window::Window;

/// Reads one report into the accumulator.
pub fn parse(input: Window<'_>, found: &mut Found) -> Result<About, Defect> {
    let mut about = About::default();
    let mut descriptor = None::<Descriptor>;
    let mut matches = false;
    Json::document(input, "Grype JSON", |json| {
        json.object(|name, json| {
            match name {
                "matches" => {
                    matches = true;
                    json.each(|one: Match| add(found, &one, false))?;
                }
                "ignoredMatches" => json.each(|one: Match| add(found, &one, true))?,
                "source" => {
                    let source: Option<Source> = json.read()?;
                    let digests = source.and_then(|source| source.target?.repo_digests()).unwrap_or_default();
                    parts::image(&mut about, digests.iter().map(String::as_str));
                }
                "descriptor" => descriptor = json.read()?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        match (matches, &descriptor) {
            (false, _) => Err(Error::Data("it has no `matches`".to_owned())),
            (_, None) => Err(Error::Data("it has no `descriptor`".to_owned())),
            (true, Some(_)) => Ok(()),
        }
    })?;
    if let Some(descriptor) = descriptor {
        about.made_by(descriptor.name.as_deref().unwrap_or("grype"), descriptor.version.as_deref());
        parts::taken(&mut about, descriptor.timestamp.as_deref());
    }
    Ok(about)
}

fn add(found: &mut Found, one: &Match, suppressed: bool) {
    let Match { vulnerability, related_vulnerabilities, artifact } = one;
    let related = related_vulnerabilities.iter().flatten().map(|other| other.id.as_str());
    let ids: Vec<&str> = [vulnerability.id.as_str()].into_iter().chain(related).collect();
    let severity = match vulnerability.severity.as_deref() {
        Some(word) if !word.is_empty() => Severity::of_word(word),
        _ => vulnerability.cvss.iter().flatten().map(Cvss::severity).max().unwrap_or(Severity::Unknown),
    };
    let purl = artifact.purl.as_deref().and_then(Purl::read);
    // Maven's names have two halves, of which the artifact's own name is one.
    let name = purl.as_ref().filter(|purl| purl.kind == "maven").map_or(artifact.name.as_str(), |purl| &purl.name);
    let path = artifact.locations.iter().flatten().find_map(|location| location.path.as_deref());
    let place = Place::Package {
        ecosystem: artifact.kind.as_deref().unwrap_or_default(),
        name,
        version: artifact.version.as_deref().unwrap_or_default(),
        path: path.unwrap_or_default(),
    };
    let message = vulnerability.description.as_deref().unwrap_or_default();
    found.add(&Finding { ids: &ids, tool: "Grype", severity, suppressed, place, message });
}

#[derive(Deserialize)]
struct Descriptor {
    name: Option<String>,
    version: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    target: Option<Target>,
}

/// What was scanned: an image, or the path of a directory.
#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    #[serde(rename_all = "camelCase")]
    Image {
        repo_digests: Option<Vec<String>>,
    },
    Path(IgnoredAny),
}

impl Target {
    fn repo_digests(self) -> Option<Vec<String>> {
        match self {
            Self::Image { repo_digests } => repo_digests,
            Self::Path(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    related_vulnerabilities: Option<Vec<Related>>,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    severity: Option<String>,
    description: Option<String>,
    cvss: Option<Vec<Cvss>>,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
struct Cvss {
    vector: Option<String>,
    metrics: Option<Metrics>,
}

impl Cvss {
    fn severity(&self) -> Severity {
        let of_vector = || self.vector.as_deref().map(Severity::of_vector);
        let score = self.metrics.as_ref().and_then(|metrics| metrics.base_score?.severity());
        of_vector().filter(|severity| *severity != Severity::Unknown).or(score).unwrap_or(Severity::Unknown)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    base_score: Option<Score>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    purl: Option<String>,
    locations: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    path: Option<String>,
}
