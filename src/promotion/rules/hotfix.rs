//! A hotfix: a short cut that the rules name, past environments of the ordinary way. It is no part of that way.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// That a promotion is a hotfix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hotfix {
    /// The environments of the ordinary way that it goes past, in the order of that way.
    pub skips: Vec<String>,
}

impl Hotfix {
    /// Whether exactly these environments are skipped, in whatever order they are named; compared without case.
    pub fn skips_exactly(&self, named: &[String]) -> bool {
        let set = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect::<BTreeSet<_>>();
        set(&self.skips) == set(named)
    }
}
