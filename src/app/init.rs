//! `promote init`: a first rules file and workflow, from what is found. Nothing that is there is ever overwritten.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::adapters::evidence::sniff;
use crate::adapters::git::address::Address;
use crate::adapters::workspace::{self, Around, Place};
use crate::app::screen::Screen;
use crate::app::settings::Settings;
use crate::app::{ends, wiring};
use crate::ports::Fault;
use crate::promotion::init::draft::draft;
use crate::promotion::init::reports::Report;
use crate::promotion::init::{Draft, Seen, TooLittle};
use crate::promotion::outcome::Outcome;
use crate::render::ending::{Ending, INVALID};
use crate::render::init::{self as words, Written};

/// Where the workflow goes.
const WORKFLOW: &str = ".github/workflows/promotion-workflow.yml";

/// Looks around and writes the two files; with `stdout` it prints them instead. The exit code.
pub fn run(screen: &Screen, settings: &Settings, stop: &Arc<AtomicBool>, stdout: bool) -> u8 {
    let place = Place::of(Path::new("."), &settings.github_server);
    let rules = settings.rules.display().to_string();
    let drafted =
        look(settings, stop, place.as_ref()).and_then(|seen| draft(&seen, &rules).map_err(|few| too_little(&few)));
    let draft = match drafted {
        Ok(draft) => draft,
        Err(ending) => return screen.end(&ending),
    };
    let files = [(rules, draft.rules.clone()), (WORKFLOW.to_owned(), draft.workflow.clone())];
    if stdout {
        screen.document(&words::page(&files));
        return 0;
    }
    match write(&files) {
        Ok(written) => {
            let next = next(settings, place.as_ref(), &draft);
            screen.say(&words::text(&written, &draft, &next, screen.style()));
            0
        }
        Err(ending) => screen.end(&ending),
    }
}

/// What there is here, and where the environments are.
fn look(settings: &Settings, stop: &Arc<AtomicBool>, place: Option<&Place>) -> Result<Seen, Ending> {
    let below = place.map(|place| place.below.as_str()).unwrap_or_default();
    if !below.is_empty() && settings.gitops_repo.is_none() {
        let mut ending = Ending::refused(INVALID, "this is not the top of the repository");
        ending.seen.push(format!("it is its directory {below}, and paths in the rules begin at the top"));
        ending.next.push("run `promote init` at the top, or name the GitOps repository with --gitops-repo".to_owned());
        return Err(ending);
    }
    let here = workspace::look(Path::new("."));
    let reports = here.reports.iter();
    let reports = reports.map(|(path, file)| Report { path: path.clone(), format: sniff::file(file) }).collect();
    let there = elsewhere(settings, stop).map_err(|fault| ends::faulted(&fault))?;
    let cut = here.cut || there.as_ref().is_some_and(|there| there.cut);
    let directories = there.unwrap_or(here).directories;
    let name = place.and_then(Place::name).or_else(|| {
        let directory = Path::new(".").canonicalize().ok()?;
        directory.file_name().and_then(|name| name.to_str()).map(str::to_owned)
    });
    Ok(Seen { directories, reports, name, cut })
}

/// What is in the GitOps repository, where one is named.
fn elsewhere(settings: &Settings, stop: &Arc<AtomicBool>) -> Result<Option<Around>, Fault> {
    let Some(text) = &settings.gitops_repo else { return Ok(None) };
    match Address::parse(text, &settings.github_server)? {
        Address::Local(path) if workspace::is_checkout(&path) => Ok(Some(workspace::look(&path))),
        address => wiring::look(settings, stop, &address).map(Some),
    }
}

fn too_little(found: &TooLittle) -> Ending {
    let mut ending = Ending::refused(INVALID, "no two environments were found that a version could go between");
    match found.environments.as_slice() {
        [] => ending.seen.push(
            "no directory is named like an environment and holds a kustomization, manifests or Helm values".to_owned(),
        ),
        some => ending.seen.push(format!("found: {}", some.join(", "))),
    }
    ending.seen.push(
        "expected such as k8s/overlays/dev and k8s/overlays/staging, or values-dev.yaml and values-staging.yaml"
            .to_owned(),
    );
    ending.seen.push("nothing was written".to_owned());
    ending
        .next
        .push("run it in the repository that has them, or name that: promote init --gitops-repo owner/name".to_owned());
    ending
}

/// Writes what is not there. Where one of the files is there and says something else, neither is written.
fn write(files: &[(String, String)]) -> Result<Vec<(String, Written)>, Ending> {
    let mut there = Vec::new();
    let mut states = Vec::new();
    for (path, text) in files {
        match fs::read(path) {
            Ok(bytes) if bytes == text.as_bytes() => states.push((path.clone(), Written::Same)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => states.push((path.clone(), Written::New)),
            _ => there.push(path.clone()),
        }
    }
    if !there.is_empty() {
        let mut ending = Ending::refused(INVALID, "what is there is not overwritten");
        ending.seen.extend(there.iter().map(|path| format!("{path} is there, and says something else")));
        ending.seen.push("nothing was written".to_owned());
        ending.next.push(
            "`promote init --stdout` prints what would be written; `promote doctor` looks at what is there".to_owned(),
        );
        return Err(ending);
    }
    for ((path, text), (_, state)) in files.iter().zip(&states) {
        if *state == Written::New {
            create(Path::new(path), text).map_err(|error| {
                let mut ending = Ending::of(Outcome::Failed, format!("could not write {path}."));
                ending.seen.push(error.to_string());
                ending.next.push("make the directory writable, or use `promote init --stdout`".to_owned());
                ending
            })?;
        }
    }
    Ok(states)
}

/// A new file only, whatever has come there meanwhile.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// What to type next, a line each; one that begins with `#` says why the one after it.
fn next(settings: &Settings, place: Option<&Place>, draft: &Draft) -> Vec<String> {
    let mut next = Vec::new();
    let mut say = |why: &str, command: String| {
        next.extend(Some(format!("# {why}")).filter(|_| !why.is_empty()));
        next.push(command);
    };
    let (from, to) = &draft.first;
    let set = |value: &str| format!("export GITOPS_REPO={value}");
    match (&settings.gitops_repo, place) {
        (Some(repository), _) => say("", set(repository)),
        (None, None) => {
            say("this directory is in no git repository: where is the GitOps repository?", set("owner/name"))
        }
        (None, Some(place)) => {
            let missing = place.uncommitted(draft.paths.iter().map(String::as_str));
            let mut tops: Vec<&str> = missing
                .iter()
                .filter_map(|path| path.split('/').next())
                .map(|top| if top.is_empty() { "." } else { top })
                .collect();
            tops.dedup();
            if !tops.is_empty() {
                say("a plan reads commits, not files", format!("git add {} && git commit", tops.join(" ")));
            }
        }
    }
    if draft.watched && settings.argocd_server.is_none() {
        let why = "your own; ARGOCD_USERNAME and ARGOCD_PASSWORD do too";
        say(why, "export ARGOCD_SERVER=argocd.example.com ARGOCD_AUTH_TOKEN=...".to_owned());
    }
    say("", "promote doctor".to_owned());
    let only = draft.ways == 1;
    say("", if only { "promote plan".to_owned() } else { format!("promote plan --from {from} --to {to}") });
    if let (None, Some(place)) = (&settings.gitops_repo, place) {
        let server = place.hosted.as_deref().or(place.origin.as_deref()).unwrap_or("owner/name");
        say("before `promote run`, which pushes to the server", set(server));
    }
    next
}
