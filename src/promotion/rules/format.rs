//! The formats of reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// Cobertura XML.
    Cobertura,
    /// LCOV tracefiles.
    Lcov,
    /// SARIF 2.1.0.
    Sarif,
}
