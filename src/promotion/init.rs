//! A first rules file and workflow, from what was seen of a repository: what is guessed, why, and what cannot be known.
//!
//! ```text
//!  Seen ─► places (which directories are environments) ─► Draft { rules, workflow, guesses, open questions }
//!       └► reports (which files are evidence)          ┘
//! ```
//!
//! Nothing is guessed that promote could not read afterwards: a pinned image is found by the code that promotes it.

pub mod draft;
pub mod names;
pub mod places;
pub mod reports;
mod rules;
mod values;
pub mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::init::reports::{Evidence, Report};
use crate::promotion::rules::ImageRule;

/// What was seen of a repository. Paths are relative to where it was looked, with `/`; all of it is untrusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The texts of the YAML files directly in each directory, by the directory's path and the file's whole path.
    pub directories: BTreeMap<String, BTreeMap<String, String>>,
    /// The files that may be reports.
    pub reports: Vec<Report>,
    /// The name of the repository, or of the directory where there is none: `app`.
    pub name: Option<String>,
    /// Whether there was more than is ever looked at.
    pub cut: bool,
}

/// Something that was guessed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// What it is about: `service`, `evidence unit`.
    pub about: String,
    /// What was guessed and from what, in a line.
    pub what: String,
}

/// An environment that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name: its directory's own.
    pub name: String,
    /// How far it is from where a version begins: see [`names::rank`].
    pub rank: u8,
    /// Where it is written down.
    pub place: Place,
    /// The Argo CD applications that deploy it.
    pub apps: Vec<Application>,
}

/// What `promote init` writes, and what it says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The rules file's text.
    pub rules: String,
    /// The workflow's text.
    pub workflow: String,
    /// The environments, in the order that a version goes.
    pub environments: Vec<String>,
    /// The directories of the environments.
    pub paths: BTreeSet<String>,
    /// From where to where the first promotion goes.
    pub first: (String, String),
    /// How many promotions there are.
    pub ways: usize,
    /// Whether Argo CD applications were found.
    pub watched: bool,
    /// What was guessed.
    pub guesses: Vec<Guess>,
    /// What could not be known, a line each.
    pub open: Vec<String>,
}

/// Why there is nothing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLittle {
    /// The directories that look like environments: none or one.
    pub environments: Vec<String>,
}

/// Where an environment is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory.
    pub path: String,
    /// The Helm values file in it, where that is what makes the environment.
    pub file: Option<String>,
    /// What it pins.
    pub images: Vec<Pinned>,
}

/// An image that an environment pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Its name; none is the service's own.
    pub name: Option<String>,
    /// The rule that it needs, where it does not speak for itself.
    pub rule: Option<ImageRule>,
}

/// An Argo CD application that a manifest describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its project, if it is not `default`.
    pub project: Option<String>,
    /// Its namespace, if it is not Argo CD's usual one.
    pub namespace: Option<String>,
    /// The manifest.
    pub file: String,
    /// The directories that it deploys, and the Helm values files that it names for each.
    pub sources: Vec<(String, Vec<String>)>,
}

/// Everything of Argo CD's that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applications {
    /// The applications.
    pub all: Vec<Application>,
    /// The files with an ApplicationSet.
    pub sets: Vec<String>,
}

/// Everything that the texts are made of.
struct Known {
    service: String,
    service_why: String,
    /// The images that the rules name, where the service's name does not say which.
    images: Vec<String>,
    environments: Vec<Environment>,
    /// From where to where: each environment is reached from the first of those before it.
    promotions: Vec<(String, String)>,
    evidence: Vec<Evidence>,
}

#[cfg(test)]
mod tests;
