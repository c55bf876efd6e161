//! `promote evidence`: what evidence there is, as what it is read, and what it says; and `promote evidence stamp`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::adapters::clock::SystemClock;
use crate::adapters::evidence::look::Look;
use crate::adapters::evidence::stamps;
use crate::app::mask::Mask;
use crate::app::rules_file::Loaded;
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::wiring::github::GitHubDoor;
use crate::app::wiring::{self, Given};
use crate::app::{choose, ends};
use crate::ports::{About, Clock as _, Evidence as _};
use crate::promotion::image::ImageRef;
use crate::promotion::inspection::{Inspection, SourceFound};
use crate::promotion::outcome::Outcome;
use crate::promotion::rules::format::Format;
use crate::promotion::rules::github::GitHubAsks;
use crate::promotion::rules::resolve::names::is_name;
use crate::promotion::rules::{Service, Source, SourceKind};
use crate::promotion::stamp::{self, Stamp, StampedImage};
use crate::promotion::waivers::Waivers;
use crate::render::ending::{Ending, USAGE};
use crate::render::evidence as words;

/// What stands for an environment in a source.
const ENVIRONMENT: &str = "{environment}";

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looking {
    /// Files, directories and globs; none: the evidence of the rules.
    pub files: Vec<String>,
    /// The format of these files, where it cannot be told.
    pub format: Option<String>,
    /// Whether to say of each file what it was not taken for.
    pub why: bool,
}

/// What to write down, and of which files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamping {
    /// The files.
    pub files: Vec<String>,
    /// The image that they are about, with its digest.
    pub image: Option<String>,
    /// The environment that they were taken in.
    pub env: Option<String>,
}

/// Shows files that are named. The exit code.
pub fn named(screen: &Screen, clock: &SystemClock, looking: &Looking) -> u8 {
    let format = match looking.format.as_deref().map(format).transpose() {
        Ok(format) => format,
        Err(ending) => return screen.end(&ending),
    };
    let waivers = Arc::default();
    let about = asked("", "", None, &waivers);
    let look = Look { root: Path::new(""), about: &about, clock };
    let files = looking.files.iter().flat_map(|name| look.named(name, format)).collect();
    shown(screen, &Inspection { at: clock.now(), rules: None, sources: Vec::new(), files }, looking.why)
}

fn format(name: &str) -> Result<Format, Ending> {
    Format::all().find(|format| format.name() == name).ok_or_else(|| {
        let mut ending = Ending::refused(USAGE, format!("there is no format `{name}`."));
        let names: Vec<&str> = Format::all().map(Format::name).collect();
        ending.seen.push(format!("expected one of {}", names.join(", ")));
        ending
    })
}

fn asked<'a>(service: &'a str, environment: &'a str, commit: Option<&'a str>, waivers: &'a Arc<Waivers>) -> About<'a> {
    About { commit, ..About::of(service, environment, waivers) }
}

/// Where the evidence of the rules is looked for.
pub struct Places<'a> {
    /// Where words go.
    pub screen: &'a Screen,
    /// The settings.
    pub settings: &'a Settings,
    /// What is hidden.
    pub mask: &'a Mask,
    /// The rules.
    pub loaded: &'a Loaded,
    /// GitHub, where the settings name it.
    pub github: Option<&'a GitHubDoor>,
    /// Tells the time.
    pub clock: &'a SystemClock,
    /// Set when the run is asked to stop.
    pub stop: &'a Arc<AtomicBool>,
}

impl Places<'_> {
    /// Shows the evidence of the rules. The exit code.
    pub fn look(&self, looking: &Looking) -> u8 {
        let rules = &self.loaded.rules;
        let service = match choose::service(rules, self.settings) {
            Ok(service) => service,
            Err(ending) => return self.screen.end(&ending),
        };
        let given = Given { github: self.github, evidence: None };
        let local = match wiring::local(self.settings, self.mask, given, self.stop) {
            Ok(local) => local,
            Err(fault) => return self.screen.end(&ends::faulted(&fault)),
        };
        let waivers = Arc::default();
        let mut sources = Vec::new();
        for source in rules.evidence.values() {
            for environment in environments(source, service, self.settings) {
                let name = environment.unwrap_or_default();
                let about = asked(&service.name, name, self.settings.commit.as_deref(), &waivers);
                let look = Look { root: Path::new("."), about: &about, clock: self.clock };
                let reading = local.evidence.read(&[source], &about);
                sources.push(SourceFound {
                    id: source.id.clone(),
                    environment: environment.map(str::to_owned),
                    place: place(source),
                    max_age: source.max_age(),
                    reading,
                    files: look.of_source(source),
                });
            }
        }
        let (at, rules) = (self.clock.now(), Some(self.loaded.path.clone()));
        shown(self.screen, &Inspection { at, rules, sources, files: Vec::new() }, looking.why)
    }
}

/// The environments that a source is looked at for: those of the settings or all, where it names one at all.
fn environments<'a>(source: &Source, service: &'a Service, settings: &Settings) -> Vec<Option<&'a str>> {
    if !place(source).contains(ENVIRONMENT) {
        return vec![None];
    }
    let asked = settings.from.as_deref();
    let names = service.environments.iter().map(|environment| environment.name.as_str());
    names.filter(|name| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(name))).map(Some).collect()
}

/// Where a source is, in words.
fn place(source: &Source) -> String {
    match &source.kind {
        SourceKind::Files { globs, .. } => globs.join(", "),
        SourceKind::GitHub(github) => match &github.asks {
            GitHubAsks::Artifact { artifact, workflow, .. } => {
                format!("GitHub: the artifact {artifact} of {workflow}")
            }
            other => format!("GitHub: {}", other.word()),
        },
        SourceKind::Prometheus(source) => source.place(),
        SourceKind::Alerts(source) => source.place(),
    }
}

fn shown(screen: &Screen, inspection: &Inspection, why: bool) -> u8 {
    let outcome = if inspection.unusable() == 0 { Outcome::Ready } else { Outcome::Unknown };
    if screen.json() {
        screen.document(&words::document(inspection, outcome.exit_code()));
    } else {
        screen.say(&words::text(inspection, why, screen.style()));
        screen.say(&format!("exit {}\n", outcome.exit_code()));
    }
    outcome.exit_code()
}

/// Writes a stamp beside each file. The exit code.
pub fn stamp(screen: &Screen, settings: &Settings, clock: &SystemClock, stamping: &Stamping) -> u8 {
    match stamps_of(settings, clock, stamping) {
        Ok(stamps) => {
            for (path, stamp) in &stamps {
                if let Err(fault) = write(path, stamp) {
                    let mut ending = Ending::refused(USAGE, format!("failed to write {path}{}", stamp::SUFFIX));
                    ending.seen.push(fault);
                    return screen.end(&ending);
                }
            }
            if screen.json() {
                let stamps = stamps.iter().map(|(path, stamp)| (path.as_str(), stamp)).collect::<Vec<_>>();
                screen.document(&words::stamped_document(&stamps));
            } else {
                screen.say(&words::stamped(&stamps));
            }
            0
        }
        Err(ending) => screen.end(&ending),
    }
}

/// The stamp of each file: all of them, before any is written.
fn stamps_of(settings: &Settings, clock: &SystemClock, stamping: &Stamping) -> Result<Vec<(String, Stamp)>, Ending> {
    let refused = |what: String, next: &str| {
        let mut ending = Ending::refused(USAGE, what);
        ending.next.push(next.to_owned());
        ending
    };
    let image = stamping.image.as_deref().map(|text| {
        let parsed = ImageRef::parse(text).and_then(|image| Some((image.repository().to_owned(), image.digest?)));
        let (name, digest) = parsed.ok_or_else(|| {
            refused(format!("`{text}` is no image with a digest"), "name it as it is pulled: registry/app@sha256:…")
        })?;
        Ok(StampedImage { name, digest })
    });
    let image = image.transpose()?;
    if let Some(name) = stamping.env.as_deref().filter(|name| !is_name(name)) {
        return Err(refused(format!("`{name}` cannot name an environment"), "write it as the rules do"));
    }
    let mut stamps = Vec::new();
    for path in &stamping.files {
        if stamp::is_stamp(path) {
            continue;
        }
        let (sha256, bytes) = stamps::hashed(Path::new(path)).map_err(|fault| {
            refused(format!("{path} cannot be read: {fault}"), "name the report that was just made")
        })?;
        let stamp = Stamp {
            schema: stamp::SCHEMA,
            sha256,
            bytes,
            image: image.clone(),
            commit: settings.commit.clone(),
            environment: stamping.env.clone(),
            at: clock.now(),
        };
        if let Some(fault) = stamp.fault() {
            let mut ending = refused(format!("{path} is not stamped: {fault}"), "name it with --image or --commit");
            ending.seen.push("nothing was written".to_owned());
            return Err(ending);
        }
        stamps.push((path.clone(), stamp));
    }
    Ok(stamps)
}

fn write(path: &str, stamp: &Stamp) -> Result<(), String> {
    let text = serde_json::to_string_pretty(stamp).map_err(|fault| fault.to_string())?;
    let place = stamps::place_of(Path::new(path));
    std::fs::write(place, text + "\n").map_err(|fault| fault.to_string())
}
