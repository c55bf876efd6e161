//! A soak that a promotion would end before its time: the target runs a version that another promotion waits for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::image::ImageRef;
use crate::promotion::time::Millis;

/// A version that soaks in the target of a promotion, for a promotion that leads on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Soaking {
    /// Where it soaks: the target of the promotion that would end that.
    pub environment: String,
    /// Where it goes next.
    pub next: String,
    /// The version.
    pub images: Vec<ImageRef>,
    /// The promotion that verified it there.
    pub promotion: String,
    /// For how long it has soaked.
    pub elapsed: Millis,
    /// For how long it must.
    pub min: Millis,
    /// Whether the rules protect it: then another version takes its place by name only.
    pub protect: bool,
    /// The line of the rules that wants it.
    pub line: u32,
}

impl Soaking {
    /// How long it has still to soak.
    pub fn left(&self) -> Millis {
        Millis(self.min.0 - self.elapsed.0)
    }
}
