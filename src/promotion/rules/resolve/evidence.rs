//! Sources of evidence, and which of them are live: asked about an environment, not read from a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::promotion::fields::Kind;
use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::File;
use crate::promotion::rules::file::places::Evidence;
use crate::promotion::rules::file::shape::{OneOrMany, Placed};
use crate::promotion::rules::format::Family;
use crate::promotion::rules::github::GitHubAsks;
use crate::promotion::rules::resolve::github::{Beside, github};
use crate::promotion::rules::resolve::monitoring::{live, says_environment};
use crate::promotion::rules::resolve::names::{bound, defined, placeholders};
use crate::promotion::rules::resolve::spans::span;
use crate::promotion::rules::{Source, SourceKind};

/// The sources of a file.
pub struct Sources {
    /// By id.
    pub sources: BTreeMap<String, Source>,
    /// Live sources whose text does not say which environment they ask about.
    pub silent: BTreeSet<String>,
    /// By environment, the ids that it has other sources for, and where.
    pub overrides: BTreeMap<String, BTreeMap<String, At>>,
    /// Whether the file's evidence could be read, so that an id that is not among it is unknown.
    pub readable: bool,
}

impl Sources {
    /// The ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.sources.keys().map(String::as_str)
    }

    /// Whether a source is asked about an environment, and so has a window of its own.
    pub fn is_live(&self, id: &str) -> bool {
        self.sources.get(id).is_some_and(Source::is_live)
    }

    /// Whether a source is read from GitHub.
    pub fn is_from_github(&self, id: &str) -> bool {
        self.sources.get(id).is_some_and(|source| matches!(source.kind, SourceKind::GitHub(_)))
    }

    /// Whether a source is an answer of GitHub's own, which no format tells of.
    pub fn is_asked(&self, id: &str) -> bool {
        let kind = self.sources.get(id).map(|source| &source.kind);
        matches!(kind, Some(SourceKind::GitHub(source)) if !matches!(source.asks, GitHubAsks::Artifact { .. }))
    }

    /// What a source measures, where the rules say so.
    pub fn measures(&self, id: &str) -> Option<Kind> {
        let format = match &self.sources.get(id)?.kind {
            SourceKind::Files { format, .. } => format,
            SourceKind::GitHub(source) => match &source.asks {
                GitHubAsks::Artifact { format, .. } => format,
                GitHubAsks::Checks { .. } => return Some(Kind::Checks),
                GitHubAsks::Review => return Some(Kind::Review),
                GitHubAsks::CodeScanning { .. } | GitHubAsks::Dependabot | GitHubAsks::SecretScanning => {
                    return Some(Kind::Security);
                }
            },
            SourceKind::Prometheus(_) => return Some(Kind::Levels),
            SourceKind::Alerts(_) => return Some(Kind::Alerts),
        };
        Some(match (*format)?.family() {
            Family::Tests => Kind::Tests,
            Family::Coverage => Kind::Coverage,
            Family::Security => Kind::Security,
            Family::Quality => Kind::Quality,
            Family::Load => Kind::Performance,
        })
    }
}

/// Resolves every source, those of single environments included.
pub fn sources(file: &File, faults: &mut Vec<Wrong>) -> Sources {
    let readable = file.evidence.as_ref().is_none_or(|evidence| !(evidence.faulty && evidence.0.is_empty()));
    let (sources, silent, overrides) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    let mut all = Sources { sources, silent, overrides, readable };
    for (name, written) in file.evidence.iter().flat_map(|evidence| &evidence.0) {
        let id = defined("evidence", name, faults);
        if id == "deployment" {
            let wrong = Wrong::of(name, "`deployment` is what facts about the source environment begin with");
            faults.push(wrong.help("give this evidence another id"));
        }
        if !says_environment(&written.value) {
            all.silent.insert(id.clone());
        }
        let source = Source { id: id.clone(), kind: source(name, written, faults), at: name.at };
        all.sources.insert(id, source);
    }
    for (environment, written) in &file.environments.0 {
        for (name, own) in written.evidence.iter().flat_map(|own| &own.0) {
            source(name, own, faults);
            if let Some(id) = bound("evidence", name, all.sources.keys().map(String::as_str), faults) {
                all.overrides.entry(environment.to_ascii_lowercase()).or_default().insert(id, name.at);
            }
        }
    }
    all
}

fn source(name: &Placed<String>, written: &Placed<Evidence>, faults: &mut Vec<Wrong>) -> SourceKind {
    let Evidence { files, format, max_age, github: asked, prometheus, alertmanager, prometheus_alerts } =
        &written.value;
    let named: Vec<&str> = [
        files.as_ref().map(|_| "files"),
        asked.as_ref().map(|_| "github"),
        prometheus.as_ref().map(|_| "prometheus"),
        alertmanager.as_ref().map(|_| "alertmanager"),
        prometheus_alerts.as_ref().map(|_| "prometheus_alerts"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match named.as_slice() {
        [] if !written.faulty => {
            let wrong = Wrong::of(name, format!("the evidence `{}` has no source", name.value));
            faults.push(wrong.help("add `files:`, `github:`, `prometheus:` or `alertmanager:`"));
        }
        [] | [_] => {}
        [first, second, ..] => {
            let wrong = Wrong::of(name, format!("the evidence `{}` has both `{first}` and `{second}`", name.value));
            faults.push(wrong.help("give each an id of its own"));
        }
    }
    if files.is_none() && asked.is_none() && !named.is_empty() {
        let places = [format.as_ref().map(|f| (f.at, f.width)), max_age.as_ref().map(|a| (a.at, a.width))];
        for (at, width) in places.into_iter().flatten() {
            faults.push(Wrong::new(at, width, "this belongs to `files` and `github`").help("remove it"));
        }
    }
    if let Some(source) = live(written, faults) {
        return source;
    }
    let max_age = span("max_age", max_age.as_ref().map(|age| age.map_text(|span| &span.0)).as_ref(), faults);
    if let Some(asked) = asked {
        let max_age_at = written.max_age.as_ref().map(|age| (age.at, age.width));
        let beside = Beside { format: format.as_ref(), max_age, max_age_at };
        let globs = |files: &OneOrMany<String>, faults: &mut Vec<Wrong>| globs(name, Some(files), asked.faulty, faults);
        return SourceKind::GitHub(github(name, asked, &beside, globs, faults));
    }
    let globs = globs(name, files.as_ref(), written.faulty, faults);
    SourceKind::Files { globs, format: format.as_ref().map(|format| format.value), max_age }
}

fn globs(
    name: &Placed<String>,
    files: Option<&OneOrMany<String>>,
    faulty: bool,
    faults: &mut Vec<Wrong>,
) -> Vec<String> {
    let Some(files) = files else { return Vec::new() };
    if files.0.is_empty() && !faulty {
        let wrong = Wrong::of(name, format!("the evidence `{}` names no files", name.value));
        faults.push(wrong.help("write a glob, such as artifacts/unit/**/*.xml"));
    }
    for glob in files.0.iter().filter(|glob| !glob.faulty) {
        placeholders(glob, faults);
        let plain = glob.replace("{service}", "s").replace("{environment}", "e");
        let help = if glob.starts_with('/') {
            Some("globs are relative to the working directory".to_owned())
        } else if glob.split('/').any(|part| part == "..") {
            Some("a glob does not lead outside the working directory".to_owned())
        } else if glob.trim().is_empty() {
            Some("write a glob, such as artifacts/unit/**/*.xml".to_owned())
        } else {
            globset::Glob::new(&plain).err().map(|error| error.kind().to_string())
        };
        if let Some(help) = help {
            faults.push(Wrong::of(glob, format!("`{}` is not a glob that can be read", glob.value)).help(help));
        }
    }
    files.0.iter().map(|glob| glob.value.clone()).collect()
}
