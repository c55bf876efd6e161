//! The parts of a CycloneDX document that we read, as its JSON schema (1.4 to 1.6, ECMA-424) names them.

use serde::Deserialize;

use crate::adapters::evidence::said::About;
use crate::adapters::evidence::security::parts::Score;
use crate::adapters::evidence::security::purl::Purl;
use crate::adapters::evidence::security::severity::Severity;

/// `metadata`: what made the document, when, and what it is about.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) timestamp: Option<String>,
    pub(super) tools: Option<Tools>,
    pub(super) component: Option<Component>,
}

/// Tools: a list, since 1.5 an object of components.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Tools {
    List(Vec<Tool>),
    Object { components: Option<Vec<Tool>> },
}

impl Tools {
    /// Notes them.
    pub(super) fn note(&self, about: &mut About) {
        let all = match self {
            Self::List(list) => list.as_slice(),
            Self::Object { components } => components.as_deref().unwrap_or_default(),
        };
        for tool in all {
            about.made_by(tool.name.as_deref().unwrap_or_default(), tool.version.as_deref());
        }
    }
}

/// A tool.
#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    name: Option<String>,
    version: Option<String>,
}

/// A component, with those inside of it.
#[derive(Debug, Deserialize)]
pub(super) struct Component {
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: Option<String>,
    group: Option<String>,
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    pub(super) components: Option<Vec<Component>>,
}

impl Component {
    /// The digest of the image that it is, if it is one.
    pub(super) fn image(&self) -> Option<String> {
        let purl = self.purl.as_deref().and_then(Purl::read)?;
        (purl.kind == "oci" && purl.version.starts_with("sha256:")).then_some(purl.version)
    }

    /// Its names as a package.
    pub(super) fn package(&self) -> Package {
        let version = self.version.clone().unwrap_or_default();
        if let Some(purl) = self.purl.as_deref().and_then(Purl::read) {
            let version = if version.is_empty() { purl.version } else { version };
            return Package { ecosystem: purl.kind, name: purl.name, version };
        }
        let (group, name) = (self.group.as_deref().unwrap_or_default(), self.name.as_deref().unwrap_or_default());
        let name = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
        Package { ecosystem: String::new(), name, version }
    }
}

/// A package that a vulnerability may affect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) version: String,
}

/// A vulnerability.
#[derive(Debug, Deserialize)]
pub(super) struct Vulnerability {
    pub(super) id: Option<String>,
    pub(super) references: Option<Vec<Reference>>,
    pub(super) ratings: Option<Vec<Rating>>,
    pub(super) description: Option<String>,
    pub(super) analysis: Option<Analysis>,
    pub(super) affects: Option<Vec<Affected>>,
}

impl Vulnerability {
    /// The worst of its ratings.
    pub(super) fn severity(&self) -> Severity {
        self.ratings.iter().flatten().map(Rating::severity).max().unwrap_or(Severity::Unknown)
    }

    /// Whether somebody has found that it does no harm, or is no longer there.
    pub(super) fn is_closed(&self) -> bool {
        let state = self.analysis.as_ref().and_then(|analysis| analysis.state.as_deref());
        matches!(state, Some("not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree"))
    }
}

/// The same vulnerability under another name.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<String>,
}

/// A rating by somebody.
#[derive(Debug, Deserialize)]
pub(super) struct Rating {
    severity: Option<String>,
    score: Option<Score>,
    method: Option<String>,
    vector: Option<String>,
}

impl Rating {
    /// The word, else the score, if it is of CVSS, else the vector, whose version may stand in the method.
    fn severity(&self) -> Severity {
        let word = self.severity.as_deref().map(Severity::of_word);
        let method = self.method.as_deref().unwrap_or_default();
        let score = || {
            let score = self.score?.severity().filter(|_| method.is_empty() || method.starts_with("CVSS"))?;
            Some(if method == "CVSSv2" { score.min(Severity::High) } else { score })
        };
        let vector = || {
            let vector = self.vector.as_deref()?;
            let version = match method {
                "CVSSv3" => "CVSS:3.0/",
                "CVSSv31" => "CVSS:3.1/",
                "CVSSv4" => "CVSS:4.0/",
                _ => "",
            };
            let whole = if vector.starts_with("CVSS:") { vector.to_owned() } else { format!("{version}{vector}") };
            Some(Severity::of_vector(&whole))
        };
        let known = |severity: &Severity| *severity != Severity::Unknown;
        word.filter(known).or_else(score).filter(known).or_else(vector).unwrap_or(Severity::Unknown)
    }
}

/// What somebody found out about it.
#[derive(Debug, Deserialize)]
pub(super) struct Analysis {
    state: Option<String>,
}

/// A component that is affected, by its reference; and which of its versions.
#[derive(Debug, Deserialize)]
pub(super) struct Affected {
    #[serde(rename = "ref")]
    pub(super) target: String,
    versions: Option<Vec<Version>>,
}

impl Affected {
    /// Whether all versions that are named are safe.
    pub(super) fn is_safe(&self) -> bool {
        let versions = self.versions.as_deref().unwrap_or_default();
        !versions.is_empty() && versions.iter().all(|version| version.status.as_deref() == Some("unaffected"))
    }

    /// The version, where it is one.
    pub(super) fn version(&self) -> Option<&str> {
        match self.versions.as_deref().unwrap_or_default() {
            [one] => one.version.as_deref(),
            _ => None,
        }
    }
}

/// A version, and whether it is affected; without a word it is.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    version: Option<String>,
    status: Option<String>,
}
