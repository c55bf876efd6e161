//! What goes into a scenario: its directory `in/`, and `in/scenario.yaml`, which says what the world around it does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::harness::{REPOSITORY, Sandbox};
use crate::world::argo::ArgoBuilder;
use crate::world::argo::behaviour::{AppSpec, Behaviour, Rollout};
use crate::world::bare::Bare;
use crate::world::health::HealthEndpoint;

/// How far a request moves the clock of Argo CD: what it answers then depends on the requests alone.
const STEP: i64 = 1500;

/// `in/scenario.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    /// What it is about, for readers.
    about: String,
    /// The command that the scenario is about. Default: `run`.
    command: Option<Vec<String>>,
    /// `FROM_ENV`, `TO_ENV` and further variables.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Commands that come before, and end well.
    #[serde(default)]
    before: Vec<Vec<String>>,
    /// How many minutes pass after them.
    #[serde(default)]
    later: i64,
    /// Whether the repository is reached over HTTP.
    #[serde(default)]
    serve: bool,
    /// The applications of Argo CD, by name; without any there is no Argo CD.
    #[serde(default)]
    argocd: BTreeMap<String, App>,
    /// The version that answers its health checks with 503, and the file that pins it. `HEALTH` in files is the endpoint.
    health: Option<Sick>,
    /// What somebody else commits meanwhile.
    meanwhile: Option<Meanwhile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    path: String,
    /// Whether it syncs by itself.
    #[serde(default)]
    auto: bool,
    /// Images that hold this text turn Degraded.
    degraded: Option<String>,
    /// Images that hold this text stay Progressing.
    progressing: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sick {
    version: String,
    file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meanwhile {
    /// After so many requests to the git server.
    after: usize,
    file: String,
    /// What is replaced in it, and by what.
    from: String,
    to: String,
}

/// A scenario.
pub(crate) struct Story {
    script: Script,
    gitops: Vec<(String, String)>,
    work: Vec<(String, String)>,
}

/// A sandbox, and what its scenario started besides.
pub(crate) struct Stage {
    sandbox: Sandbox,
    _health: Option<HealthEndpoint>,
}

impl std::ops::Deref for Stage {
    type Target = Sandbox;
    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl std::ops::DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}

/// Where scenarios are.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios").join(name)
}

/// The text files below a directory, by their path from there.
fn texts(directory: &Path) -> Vec<(String, String)> {
    let files = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    let path = |entry: &walkdir::DirEntry| entry.path().strip_prefix(directory).unwrap().display().to_string();
    files.map(|entry| (path(&entry), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

impl Story {
    /// Reads a scenario.
    pub(crate) fn read(name: &str) -> Self {
        let inside = folder(name).join("in");
        let text = std::fs::read_to_string(inside.join("scenario.yaml")).unwrap();
        let script: Script = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!script.about.is_empty());
        Self { script, gitops: texts(&inside.join("gitops")), work: texts(&inside.join("work")) }
    }

    /// The command that it is about.
    pub(crate) fn command(&self) -> Vec<&str> {
        self.script.command.as_ref().map_or_else(|| vec!["run"], |words| words.iter().map(String::as_str).collect())
    }

    /// The world as it is before anything runs.
    pub(crate) fn sandbox(&self) -> Stage {
        let gitops: Vec<(&str, &str)> = self.gitops.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut sandbox = Sandbox::new(&gitops);
        let health = self.script.health.as_ref().map(|sick| sick.start(&sandbox));
        let origin = health.as_ref().map(HealthEndpoint::origin).unwrap_or_default();
        for (path, text) in &self.work {
            sandbox.write(path, text.replace("HEALTH", &origin));
        }
        if !origin.is_empty() {
            sandbox.call(origin.replace("http://", ""), "<health>");
            sandbox.call(origin, "http://<health>");
        }
        let mut repository = REPOSITORY.to_owned();
        if self.script.serve {
            repository = sandbox.serve().url();
            // What is compared is read from files.
            sandbox.set("PROMOTE_LEDGER", ".promote");
        }
        if !self.script.argocd.is_empty() {
            let apps = self.script.argocd.iter().map(|(name, app)| app.spec(name, &sandbox.gitops, &repository));
            let builder = apps.fold(ArgoBuilder::new().step(STEP), ArgoBuilder::app);
            sandbox.argo(builder);
        }
        for (name, value) in &self.script.env {
            sandbox.set(name, value);
        }
        Stage { sandbox, _health: health }
    }

    /// What comes before.
    pub(crate) fn before(&self, sandbox: &Sandbox) {
        for words in &self.script.before {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ran = sandbox.promote(&words);
            assert_eq!(ran.exit, Some(0), "{words:?}: {}", ran.all());
        }
        if self.script.later > 0 {
            later(sandbox, self.script.later);
        }
    }

    /// Has somebody else commit while the next command runs.
    pub(crate) fn meanwhile(&self, sandbox: &Sandbox) {
        let Some(meanwhile) = &self.script.meanwhile else { return };
        let server = sandbox.git_server().expect("`meanwhile` needs `serve`");
        let file = meanwhile.file.clone();
        let text = sandbox.gitops.text("main", &file).unwrap().replace(&meanwhile.from, &meanwhile.to);
        let gitops = Arc::clone(&sandbox.gitops);
        server.after(meanwhile.after, move || {
            gitops.commit("main", &[(&file, text.as_bytes())], "Try something else");
        });
    }
}

impl App {
    fn spec(&self, name: &str, gitops: &Bare, repository: &str) -> AppSpec {
        let mut spec = AppSpec::deploying(name, &gitops.path(), "main", &self.path);
        repository.clone_into(&mut spec.repository);
        spec.auto = self.auto;
        let bad = |image: &Option<String>, rollout: Rollout| image.clone().map(|image| (image, rollout));
        let degraded = bad(&self.degraded, vec![(0, "Progressing"), (2000, "Degraded")]);
        let progressing = bad(&self.progressing, vec![(0, "Progressing")]);
        spec.behaviour = Behaviour { bad: degraded.or(progressing), ..Behaviour::default() };
        spec
    }
}

impl Sick {
    fn start(&self, sandbox: &Sandbox) -> HealthEndpoint {
        let (gitops, file, version) = (Arc::clone(&sandbox.gitops), self.file.clone(), self.version.clone());
        HealthEndpoint::start(move || gitops.text("main", &file).is_some_and(|text| !text.contains(&version)))
    }
}

/// Lets minutes pass: for the applications, and for what the ledger knows as verified.
fn later(sandbox: &Sandbox, minutes: i64) {
    let span = jiff::SignedDuration::from_mins(minutes);
    // The applications are Healthy for longer than the record says: what is shown is then the record's.
    sandbox.argo_cd().expect("`later` needs `argocd`").pass(span.unsigned_abs() * 2);
    for (path, bytes) in sandbox.files() {
        if path.components().any(|part| part.as_os_str() == "heads") {
            let mut head: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let since: jiff::Timestamp = head["last_verified"]["since"].as_str().unwrap().parse().unwrap();
            head["last_verified"]["since"] = serde_json::json!(since - span);
            std::fs::write(path, head.to_string()).unwrap();
        }
    }
}
