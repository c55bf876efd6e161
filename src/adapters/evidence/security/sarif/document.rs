//! The parts of a SARIF log that we read, as the OASIS specification names them. `null` is the same as absent everywhere.

use serde::Deserialize;
use serde_json::Value;

/// `tool` (§3.18): what made the run.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Option<Component>,
    pub(super) extensions: Option<Vec<Component>>,
}

/// A tool component (§3.19), with its rules.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub(super) name: Option<String>,
    semantic_version: Option<String>,
    version: Option<String>,
    pub(super) guid: Option<String>,
    pub(super) rules: Option<Vec<Rule>>,
}

impl Component {
    /// Its version (§3.19.12, §3.19.13).
    pub(super) fn version(&self) -> Option<&str> {
        self.semantic_version.as_deref().or(self.version.as_deref())
    }
}

/// A rule (§3.49).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: Option<String>,
    pub(super) default_configuration: Option<Configuration>,
    pub(super) properties: Option<RuleProperties>,
}

/// The properties of a rule: those of a result, and tags (§3.8.2), among them the weaknesses that it tells of.
#[derive(Debug, Deserialize)]
pub(super) struct RuleProperties {
    #[serde(flatten)]
    pub(super) of_results: Properties,
    tags: Option<Value>,
}

impl RuleProperties {
    /// The numbers of the CWEs among the tags: CodeQL writes `external/cwe/cwe-079`, Semgrep `CWE-79: Improper …`.
    pub(super) fn weaknesses(&self) -> impl Iterator<Item = u32> {
        let tags = self.tags.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        tags.filter_map(|tag| {
            let tag = tag.rsplit('/').next()?;
            let number = tag.get(..4).filter(|start| start.eq_ignore_ascii_case("cwe-")).and_then(|_| tag.get(4..))?;
            let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
    }
}

/// A reporting configuration (§3.50).
#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    pub(super) level: Option<String>,
}

/// A property bag; `security-severity` is GitHub's, a CVSS score as a text, sometimes as a number.
#[derive(Debug, Deserialize)]
pub(super) struct Properties {
    #[serde(rename = "security-severity")]
    security_severity: Option<Value>,
}

impl Properties {
    /// The score as a text.
    pub(super) fn score(&self) -> Option<String> {
        match self.security_severity.as_ref()? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// A result (§3.27).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    pub(super) rule_id: Option<String>,
    pub(super) rule_index: Option<i64>,
    pub(super) rule: Option<Descriptor>,
    pub(super) level: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) message: Option<Message>,
    pub(super) locations: Option<Vec<Location>>,
    pub(super) suppressions: Option<Vec<Suppression>>,
    pub(super) baseline_state: Option<String>,
    pub(super) properties: Option<Properties>,
}

/// A reference to a rule (§3.52).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) id: Option<String>,
    pub(super) index: Option<i64>,
    pub(super) tool_component: Option<ComponentReference>,
}

/// A reference to a tool component (§3.54).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ComponentReference {
    pub(super) name: Option<String>,
    pub(super) index: Option<i64>,
    pub(super) guid: Option<String>,
}

/// A message (§3.11).
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) text: Option<String>,
    pub(super) markdown: Option<String>,
    pub(super) id: Option<String>,
    pub(super) arguments: Option<Vec<String>>,
}

/// A location (§3.28).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) physical_location: Option<PhysicalLocation>,
}

/// A physical location (§3.29).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: Option<ArtifactLocation>,
    pub(super) region: Option<Region>,
}

/// An artifact location (§3.4).
#[derive(Debug, Deserialize)]
pub(super) struct ArtifactLocation {
    pub(super) uri: Option<String>,
}

/// A region (§3.30).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: Option<i64>,
    pub(super) start_column: Option<i64>,
}

/// A suppression (§3.35). `state` is what some writers call `status`.
#[derive(Debug, Deserialize)]
pub(super) struct Suppression {
    status: Option<String>,
    state: Option<String>,
}

impl Suppression {
    /// Whether it is in force: nothing is said against it.
    pub(super) fn is_accepted(&self) -> bool {
        self.status.as_deref().or(self.state.as_deref()).is_none_or(|status| status == "accepted")
    }
}

/// An invocation (§3.20).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: Option<bool>,
    pub(super) start_time_utc: Option<String>,
    pub(super) end_time_utc: Option<String>,
    pub(super) rule_configuration_overrides: Option<Vec<Override>>,
    pub(super) tool_execution_notifications: Option<Vec<Notification>>,
}

/// A configuration override (§3.51).
#[derive(Debug, Deserialize)]
pub(super) struct Override {
    pub(super) descriptor: Option<Descriptor>,
    pub(super) configuration: Option<Configuration>,
}

/// A notification (§3.58).
#[derive(Debug, Deserialize)]
pub(super) struct Notification {
    pub(super) level: Option<String>,
}

/// Version control details (§3.23).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance {
    pub(super) revision_id: Option<String>,
}

/// Run automation details (§3.17): `id` is a category, a slash, and what tells this run from others of it.
#[derive(Debug, Deserialize)]
pub(super) struct Automation {
    pub(super) id: Option<String>,
}
