//! The plan that was approved, with the evidence that it was made from: a directory that `promote plan` leaves (`--plan-dir`), which
//! a workflow hands on as an artifact of its run. Nothing of it is believed: the plan is made again from the same files, and only
//! if its digest is the one that was approved does anything happen.

use std::path::{Path, PathBuf};

use crate::adapters::evidence::unzip::unzip;
use crate::adapters::github::client::Client;
use crate::app::settings::Settings;
use crate::ports::{Fault, FaultKind};
use crate::promotion::shown::{EVIDENCE_FOLDER, PLAN_FILE, Shown};

/// A plan's directory, read.
#[derive(Debug)]
pub struct Approved {
    /// The plan as approvers were shown it.
    pub shown: Shown,
    /// Where its evidence files are, by their paths in the workspace that it was made in.
    pub evidence: PathBuf,
    /// Keeps the files as long as they are read.
    _kept: Option<tempfile::TempDir>,
}

impl Approved {
    /// Reads a plan's directory; `kept` is removed with it.
    pub fn read(directory: &Path, kept: Option<tempfile::TempDir>) -> Result<Self, Fault> {
        let file = directory.join(PLAN_FILE);
        let fault = |why: String| {
            let hint = "start a new run: its plan job makes the directory anew";
            Fault::new(FaultKind::Broken, "read the plan that was approved", why).hint(hint)
        };
        let bytes = std::fs::read(&file).map_err(|error| fault(format!("{PLAN_FILE}: {error}")))?;
        let shown: Shown = serde_json::from_slice(&bytes).map_err(|error| fault(format!("{PLAN_FILE}: {error}")))?;
        Ok(Self { shown, evidence: directory.join(EVIDENCE_FOLDER), _kept: kept })
    }
}

/// How large the artifact of a plan may be, in bytes: plan and evidence, compressed.
const ARTIFACT_MAX: usize = 256 << 20;

/// The plan that this run was given to carry out: the artifact of its own run, where the settings name one.
pub fn of(settings: &Settings, github: Option<&Client>) -> Result<Option<Approved>, Fault> {
    let Some(name) = &settings.plan_artifact else { return Ok(None) };
    let run = settings.github.as_ref().and_then(|github| github.run.as_ref());
    let (Some(client), Some(run)) = (github, run) else {
        let why =
            format!("it is in the artifact {name} of a workflow run, and this is none that GitHub can be asked about");
        let fault = Fault::new(FaultKind::Settings, "read the plan that was approved", why);
        return Err(fault.hint("set github-token, and run this in GitHub Actions; elsewhere leave --plan-artifact out"));
    };
    let room = |error: std::io::Error| Fault::new(FaultKind::Broken, "make room for the plan", error.to_string());
    let temp = tempfile::Builder::new().prefix("promote-plan-").tempdir_in(&settings.temp).map_err(room)?;
    let packed = client.run_artifact(run.id, name, ARTIFACT_MAX)?;
    let (files, _) = unzip(&packed.bytes, &|_| true)
        .map_err(|why| Fault::new(FaultKind::Broken, format!("unpack the artifact {name}"), why))?;
    for file in files {
        let to = temp.path().join(&file.path);
        std::fs::create_dir_all(to.parent().unwrap_or(temp.path())).map_err(room)?;
        std::fs::write(&to, &file.bytes).map_err(room)?;
    }
    let directory = temp.path().to_owned();
    Approved::read(&directory, Some(temp)).map(Some)
}

/// Leaves a plan's directory: the plan, and a copy of each evidence file that was read below `root`.
pub fn leave(directory: &Path, shown: &Shown, root: &Path, files: &[String]) -> Result<(), Fault> {
    let fault = |path: &Path, error: &dyn std::fmt::Display| {
        let why = format!("{}: {error}", path.display());
        Fault::new(FaultKind::Settings, "leave the plan's directory", why).hint("name another one with --plan-dir")
    };
    let evidence = directory.join(EVIDENCE_FOLDER);
    std::fs::create_dir_all(&evidence).map_err(|error| fault(&evidence, &error))?;
    for path in files {
        let to = evidence.join(path);
        let folder = to.parent().unwrap_or(&evidence);
        std::fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
        std::fs::copy(root.join(path), &to).map_err(|error| fault(&to, &error))?;
    }
    let file = directory.join(PLAN_FILE);
    let text = serde_json::to_string_pretty(shown).map_err(|error| fault(&file, &error))?;
    std::fs::write(&file, text + "\n").map_err(|error| fault(&file, &error))
}
