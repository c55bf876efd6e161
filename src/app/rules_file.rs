//! Loads the rules file from disk: the only place where rules meet the world.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::promotion::id::sha256;
use crate::promotion::rules::Rules;
use crate::promotion::rules::fault::{RulesFault, render};
use crate::promotion::rules::read::read;
use crate::promotion::waivers::file::{self as waivers_file, WaiversFile};

/// A rules file that was read whole and has no fault.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Its path, as it was given.
    pub path: String,
    /// Its text, for the record.
    pub text: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What it means.
    pub rules: Rules,
    /// The waivers beside it, where they were looked for and there is a file of them.
    pub waivers: Option<WaiversFile>,
}

/// Why there are no rules. Its display is whole: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// There is no file.
    #[error(
        "there are no rules at {path}.\n  \
         `promote init` writes them from what it finds here.\n  \
         Or begin with this file, and run `promote rules check`:\n\n{BEGIN}\n  \
         If your rules are elsewhere: --rules <file>."
    )]
    Missing {
        /// Where it was looked for.
        path: String,
    },
    /// There is something, and it cannot be read.
    #[error("failed to read {path}: {source}")]
    Unreadable {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is not text.
    #[error("{path}:{line}:{column}: this is not UTF-8.\n  Save the file as UTF-8. Nothing was read or written.")]
    NotUtf8 {
        /// Where.
        path: String,
        /// Line of the first byte that is not, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// It has faults: all of them, in the order of the file.
    #[error("{}", render(.0).trim_end())]
    Invalid(Vec<RulesFault>),
}

/// What a first rules file may look like.
const BEGIN: &str = "    version: 1
    service: app
    environments:
      dev:     { path: k8s/overlays/dev, argocd: app-dev }
      staging: { path: k8s/overlays/staging, argocd: app-staging }
    evidence:
      unit: artifacts/unit/**/*.xml
    promotions:
      - from: dev
        to: staging
        gates:
          tests: { required: [unit] }
";

/// Reads the rules at a path.
pub fn load(path: &Path) -> Result<Loaded, RulesError> {
    let shown = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => RulesError::Missing { path: shown.clone() },
        _ => RulesError::Unreadable { path: shown.clone(), source },
    })?;
    parse(&shown, bytes)
}

/// Reads rules that stand at a path, or stood there.
pub fn parse(shown: &str, bytes: Vec<u8>) -> Result<Loaded, RulesError> {
    let shown = shown.to_owned();
    let sha256 = sha256(&bytes);
    let text = utf8(&shown, bytes)?;
    let rules = read(&shown, &text).map_err(RulesError::Invalid)?;
    Ok(Loaded { path: shown, text, sha256, rules, waivers: None })
}

/// Where the waivers of some rules are: beside them.
pub fn waivers_beside(rules: &Path) -> PathBuf {
    rules.with_file_name(waivers_file::NAME)
}

/// The text of the waivers at a path; `None` where there is no file.
pub fn waivers_text(path: &Path) -> Result<Option<String>, RulesError> {
    let shown = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => utf8(&shown, bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RulesError::Unreadable { path: shown, source }),
    }
}

/// Reads waivers that stand at a path. A file with a fault is none at all, and not one without waivers.
pub fn waivers(shown: &str, text: &str) -> Result<WaiversFile, RulesError> {
    waivers_file::read(shown, text).map_err(RulesError::Invalid)
}

fn utf8(shown: &str, bytes: Vec<u8>) -> Result<String, RulesError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let last = valid.rsplit('\n').next().unwrap_or_default();
        let (line, column) = (valid.matches('\n').count() + 1, last.chars().count() + 1);
        RulesError::NotUtf8 { path: shown.to_owned(), line, column }
    })
}
