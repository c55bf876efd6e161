//! Evidence as it is found: every source and every file by itself, with what each was not taken for.

use schemars::JsonSchema;
use serde::Serialize;

use crate::promotion::facts::Reading;
use crate::promotion::rules::format::Format;
use crate::promotion::time::{Millis, Time};

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Inspection {
    /// When it was looked at.
    pub at: Time,
    /// The rules file that names the sources; absent where files were named.
    pub rules: Option<String>,
    /// The sources of the rules, by id and environment.
    pub sources: Vec<SourceFound>,
    /// Files that were named.
    pub files: Vec<FileFound>,
}

/// A source of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceFound {
    /// Its id in the rules.
    pub id: String,
    /// The environment that `{environment}` stands for, where the source names it.
    pub environment: Option<String>,
    /// Where it is looked for: globs, or what GitHub is asked for.
    pub place: String,
    /// How old it may be, in milliseconds.
    pub max_age: Option<Millis>,
    /// What all of its files say together: what a gate judges.
    pub reading: Reading,
    /// Its files, each by itself; empty for what comes from elsewhere than the working directory.
    pub files: Vec<FileFound>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileFound {
    /// Its path.
    pub path: String,
    /// What it says by itself.
    pub reading: Reading,
    /// Each other format that is written in the same way, and why it is not of it.
    pub not_taken: Vec<NotTaken>,
}

/// A format that a file is not of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotTaken {
    /// The format.
    pub format: Format,
    /// Why not, fitting after "it": ``has no `runs` ``.
    pub why: String,
}

impl Inspection {
    /// How many sources and files that were named say nothing that can be believed.
    pub fn unusable(&self) -> usize {
        let readings = self.sources.iter().map(|source| &source.reading);
        readings.chain(self.files.iter().map(|file| &file.reading)).filter(|reading| !is_observed(reading)).count()
    }
}

/// Whether a reading means something.
pub fn is_observed(reading: &Reading) -> bool {
    matches!(reading, Reading::Observed(_))
}
