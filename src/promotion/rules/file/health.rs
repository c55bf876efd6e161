//! What is asked of a service itself: health checks and smoke tests, as people write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::promotion::rules::file::shape::{Keyed, Placed, Scalar, Span};

/// The method of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With a body in the answer.
    Get,
    /// Without one.
    Head,
}

/// One HTTP check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// `http://` or `https://`. May hold `{service}` and `{environment}`.
    pub url: Placed<String>,
    /// The method. Default: get.
    #[serde(default)]
    pub method: Option<Placed<Method>>,
    /// The status that is healthy. Default: any from 200 to 299.
    #[serde(default)]
    pub status: Option<Placed<u64>>,
    /// A text that the body must contain.
    #[serde(default)]
    pub contains: Option<Placed<String>>,
    /// A text that the body must not contain.
    #[serde(default)]
    pub not_contains: Option<Placed<String>>,
    /// What the body, as JSON, must hold: values by path, such as `db.state: up` or `checks.0.status: ok`.
    #[serde(default)]
    pub json: Option<Placed<Keyed<Scalar>>>,
    /// How long the answer may take, from the request to its last byte.
    #[serde(default)]
    pub latency_max: Option<Placed<Span>>,
    /// For how many days the server's certificate must be valid yet.
    #[serde(default)]
    pub certificate_days_min: Option<Placed<u64>>,
    /// Headers that are sent; none that holds a secret.
    #[serde(default)]
    pub headers: Option<Placed<Keyed<Scalar>>>,
    /// How long one request may take. Default: 10s.
    #[serde(default)]
    pub timeout: Option<Placed<Span>>,
}

/// A smoke test: requests in their order (`name` and `steps`), or a workflow that is dispatched and awaited (`workflow`).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Smoke {
    /// Its name. Default, for a workflow: its file.
    #[serde(default)]
    pub name: Option<Placed<String>>,
    /// Requests in their order.
    #[serde(default)]
    pub steps: Option<Placed<Vec<Placed<Step>>>>,
    /// A workflow of the repository that promote runs for, with `workflow_dispatch`: `.github/workflows/smoke.yml`.
    #[serde(default)]
    pub workflow: Option<Placed<String>>,
    /// The branch or tag that the workflow runs at. Default: the repository's default branch.
    #[serde(default, rename = "ref")]
    pub git_ref: Option<Placed<String>>,
    /// The workflow's inputs. Values may hold `{service}` and `{environment}`.
    #[serde(default)]
    pub inputs: Option<Placed<Keyed<Scalar>>>,
    /// How long the workflow may take. Default: 10m.
    #[serde(default)]
    pub timeout: Option<Placed<Span>>,
}

/// One request: exactly one of `get`, `post`, `put`, `delete`, and what its answer must be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The address. May hold `{service}`, `{environment}` and what earlier steps saved.
    #[serde(default)]
    pub get: Option<Placed<String>>,
    /// The address.
    #[serde(default)]
    pub post: Option<Placed<String>>,
    /// The address.
    #[serde(default)]
    pub put: Option<Placed<String>>,
    /// The address.
    #[serde(default)]
    pub delete: Option<Placed<String>>,
    /// The body that is sent, as text; JSON is sent as JSON. May hold what earlier steps saved.
    #[serde(default)]
    pub body: Option<Placed<String>>,
    /// The status that is good. Default: any from 200 to 299.
    #[serde(default)]
    pub status: Option<Placed<u64>>,
    /// A text that the body must contain.
    #[serde(default)]
    pub contains: Option<Placed<String>>,
    /// A text that the body must not contain.
    #[serde(default)]
    pub not_contains: Option<Placed<String>>,
    /// What the body, as JSON, must hold: values by path.
    #[serde(default)]
    pub json: Option<Placed<Keyed<Scalar>>>,
    /// How long the answer may take, from the request to its last byte.
    #[serde(default)]
    pub latency_max: Option<Placed<Span>>,
    /// Headers that are sent; none that holds a secret.
    #[serde(default)]
    pub headers: Option<Placed<Keyed<Scalar>>>,
    /// What is taken out of the answer's JSON, by name: `id: data.id` is `{id}` in later steps.
    #[serde(default)]
    pub save: Option<Placed<Keyed<String>>>,
    /// How long the request may take. Default: 10s.
    #[serde(default)]
    pub timeout: Option<Placed<Span>>,
}
