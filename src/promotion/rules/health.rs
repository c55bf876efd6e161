//! What is asked of a service itself once its new version is live: health checks, which are polled, and smoke tests, which run
//! once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::time::Millis;

/// How long one request may take where the rules do not say.
pub const TIMEOUT: Millis = Millis::secs(10);

/// The method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// `GET`
    #[default]
    Get,
    /// `HEAD`: an answer without a body.
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    fn is_get(&self) -> bool {
        *self == Self::Get
    }
}

/// One HTTP check: a request, and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// `http://` or `https://`; may hold `{service}` and `{environment}`.
    pub url: String,
    /// The method.
    #[serde(default, skip_serializing_if = "Verb::is_get")]
    pub verb: Verb,
    /// The status that is healthy; absent: any from 200 to 299.
    pub status: Option<u16>,
    /// A text that the body must contain.
    pub contains: Option<String>,
    /// A text that the body must not contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_contains: Option<String>,
    /// What the body, as JSON, must hold: values by path (`db.state`, `checks.0.status`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, String>,
    /// How long the answer may take, from the request to its last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_max: Option<Millis>,
    /// For how many days the server's certificate must be valid yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_days_min: Option<u32>,
    /// Headers that are sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long one request may take.
    pub timeout: Millis,
}

impl HealthCheck {
    /// A check that wants a status from 200 to 299, and nothing more.
    pub fn of(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            verb: Verb::Get,
            status: None,
            contains: None,
            not_contains: None,
            json: BTreeMap::new(),
            latency_max: None,
            certificate_days_min: None,
            headers: BTreeMap::new(),
            timeout: TIMEOUT,
        }
    }

    /// What its answer must be, in words.
    pub fn expected(&self) -> String {
        let mut text = self.status.map_or_else(|| "200 to 299".to_owned(), |status| status.to_string());
        let mut add = |part: String| text.push_str(&part);
        if let Some(part) = &self.contains {
            add(format!(" with `{part}` in the body"));
        }
        if let Some(part) = &self.not_contains {
            add(format!(" without `{part}` in the body"));
        }
        for (path, value) in &self.json {
            add(format!(", `{path}` is `{value}`"));
        }
        if let Some(most) = self.latency_max {
            add(format!(", after at most {most}"));
        }
        if let Some(days) = self.certificate_days_min {
            add(format!(", a certificate that is valid for {days} days or more"));
        }
        text
    }
}

/// A smoke test: runs once when the new version is live. It passes, or the version is bad as with a failing health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Smoke {
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: SmokeDoes,
}

/// What a smoke test does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmokeDoes {
    /// Requests in their order; the first that is not answered as it must be ends it.
    Steps(Vec<Step>),
    /// A workflow of the repository that promote runs for is dispatched and awaited.
    Workflow(SmokeWorkflow),
}

/// One request of a smoke test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The request and what its answer must be. Address, headers and body may hold `{service}`, `{environment}` and what
    /// earlier steps saved.
    pub check: HealthCheck,
    /// The body that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What is taken out of the answer's JSON for later steps: paths by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub save: BTreeMap<String, String>,
}

/// A workflow that tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SmokeWorkflow {
    /// Its file: `.github/workflows/smoke.yml`.
    pub workflow: String,
    /// The branch or tag that it runs at; absent: the repository's default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// Its inputs; values may hold `{service}` and `{environment}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// How long it may take, from the dispatch on.
    pub timeout: Millis,
}
