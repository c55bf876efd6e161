//! A hotfix as it is asked for: what it goes past, and why. The rules say what may be skipped
//! ([`rules::hotfix`](crate::promotion::rules::hotfix)); here is that a person said so aloud.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::words;

/// That a promotion goes past environments of the ordinary way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hotfixed {
    /// The environments that are skipped, in the order of the way.
    pub skips: Vec<String>,
    /// Why, in the words of whoever asked.
    pub reason: String,
}

impl Hotfixed {
    /// `skips staging and canary: the login is down`. The reason is a person's text, and is escaped by whoever prints this.
    pub fn said(&self) -> String {
        format!("skips {}: {}", words::list(&self.skips), self.reason)
    }
}
