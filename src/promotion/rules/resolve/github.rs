//! What is asked of GitHub: whether it is whole, and nothing stands there that would be ignored.

use crate::promotion::rules::at::At;
use crate::promotion::rules::fault::Wrong;
use crate::promotion::rules::file::places::{Ask, FromGitHub};
use crate::promotion::rules::file::shape::{OneOrMany, Placed};
use crate::promotion::rules::format::Format;
use crate::promotion::rules::github::{GitHubAsks, GitHubSource};
use crate::promotion::rules::resolve::names::placeholders;
use crate::promotion::time::Millis;

/// What may start a run whose reports count. The others run with other code than the commit that they name: a pull request's
/// with a merge that is not in the history, those of comments and of other workflows with the default branch.
const EVENTS: [&str; 3] = ["push", "workflow_dispatch", "schedule"];

/// What stands beside `github:` in a source.
pub struct Beside<'a> {
    /// The format.
    pub format: Option<&'a Placed<Format>>,
    /// How old it may be.
    pub max_age: Option<Millis>,
    /// Where `max_age` stands.
    pub max_age_at: Option<(At, u32)>,
}

/// Resolves a source. `globs` reads globs of files, and reports those that cannot be read.
pub fn github(
    id: &Placed<String>,
    written: &Placed<FromGitHub>,
    beside: &Beside<'_>,
    globs: impl FnOnce(&OneOrMany<String>, &mut Vec<Wrong>) -> Vec<String>,
    faults: &mut Vec<Wrong>,
) -> GitHubSource {
    let ask = written.ask.as_ref().map_or(Ask::Artifact, |ask| ask.value);
    let repository = written.repository.as_ref().and_then(|name| repository(name, faults));
    belongs(ask, written, beside, faults);
    let branch = written.branch.as_ref().and_then(|name| branch(name, faults));
    let asks = match ask {
        Ask::Artifact => {
            let files = written.files.as_ref().map(|files| globs(files, faults)).unwrap_or_default();
            artifact(id, written, beside, (files, branch), faults)
        }
        Ask::Checks => GitHubAsks::Checks { ignore: ignored(written, faults) },
        Ask::Review => GitHubAsks::Review,
        Ask::CodeScanning => GitHubAsks::CodeScanning { branch },
        Ask::Dependabot => GitHubAsks::Dependabot,
        Ask::SecretScanning => GitHubAsks::SecretScanning,
    };
    GitHubSource { repository, asks, max_age: beside.max_age }
}

fn artifact(
    id: &Placed<String>,
    written: &Placed<FromGitHub>,
    beside: &Beside<'_>,
    (files, branch): (Vec<String>, Option<String>),
    faults: &mut Vec<Wrong>,
) -> GitHubAsks {
    for (name, given, help) in [
        ("artifact", &written.artifact, "add `artifact:` with the name that the workflow uploads it under"),
        (
            "workflow",
            &written.workflow,
            "add `workflow: .github/workflows/ci.yml`: another workflow's artifact of this name is no evidence",
        ),
    ] {
        if given.is_none() && !written.faulty {
            faults.push(Wrong::of(written, format!("the evidence `{}` names no {name}", id.value)).help(help));
        }
    }
    let name = written.artifact.as_ref().filter(|name| !name.faulty);
    if let Some(name) = name {
        placeholders(name, faults);
        let bad = name.trim().is_empty()
            || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '"' | ':' | '<' | '>' | '|'));
        if bad {
            let wrong = Wrong::of(name, format!("`{}` cannot be an artifact's name", name.value));
            faults.push(wrong.help("write the name of actions/upload-artifact; `*` stands for any characters"));
        }
    }
    let workflow = written.workflow.as_ref().filter(|path| !path.faulty);
    if let Some(path) = workflow {
        workflow_path(path, faults);
    }
    let event = written.event.as_ref().filter(|event| !event.faulty);
    if let Some(event) = event.filter(|event| !EVENTS.contains(&event.as_str())) {
        let wrong = Wrong::of(event, format!("a run that `{}` starts is no evidence of this commit", event.value));
        faults.push(wrong.help(format!("write one of {}", EVENTS.join(", "))));
    }
    let text = |text: Option<&Placed<String>>| text.map(|text| text.value.clone()).unwrap_or_default();
    GitHubAsks::Artifact {
        workflow: text(workflow),
        artifact: text(name),
        files,
        format: beside.format.map(|format| format.value),
        event: event.map_or_else(|| "push".to_owned(), |event| event.value.clone()),
        branch,
    }
}

fn workflow_path(path: &Placed<String>, faults: &mut Vec<Wrong>) {
    let file = path.strip_prefix(".github/workflows/").unwrap_or_default();
    let ends = file.ends_with(".yml") || file.ends_with(".yaml");
    if ends && !file.contains('/') && !file.chars().any(char::is_control) {
        return;
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let named = last.ends_with(".yml") || last.ends_with(".yaml");
    let wrong = Wrong::of(path, format!("`{}` is not the path of a workflow", path.value));
    faults.push(wrong.help(format!("write .github/workflows/{}", if named { last } else { "ci.yml" })));
}

/// What is written and would be ignored is a fault.
fn belongs(ask: Ask, written: &FromGitHub, beside: &Beside<'_>, faults: &mut Vec<Wrong>) {
    let mut refuse = |place: Option<(At, u32)>, whose: &str| {
        if let Some((at, width)) = place {
            faults.push(Wrong::new(at, width, format!("this belongs to {whose}")).help("remove it"));
        }
    };
    fn of<T>(placed: Option<&Placed<T>>) -> Option<(At, u32)> {
        placed.map(|placed| (placed.at, placed.width))
    }
    let first = |list: &Option<OneOrMany<String>>| list.as_ref().and_then(|list| of(list.0.first()));
    if ask != Ask::Artifact {
        for text in [&written.artifact, &written.workflow, &written.event] {
            refuse(of(text.as_ref()), "artifacts");
        }
        refuse(first(&written.files), "artifacts");
        refuse(of(beside.format), "artifacts");
    }
    if !matches!(ask, Ask::Artifact | Ask::CodeScanning) {
        refuse(of(written.branch.as_ref()), "artifacts and code scanning");
    }
    if ask != Ask::Checks {
        refuse(first(&written.ignore), "`ask: checks`");
    }
    if matches!(ask, Ask::Dependabot | Ask::SecretScanning) {
        refuse(beside.max_age_at, "what was made before: these alerts are read as they are now");
    }
}

fn ignored(written: &FromGitHub, faults: &mut Vec<Wrong>) -> Vec<String> {
    let Some(ignore) = &written.ignore else { return Vec::new() };
    for name in ignore.0.iter().filter(|name| !name.faulty) {
        if name.trim().trim_matches('*').is_empty() {
            let wrong = Wrong::of(name, format!("`{}` would leave every check out", name.value));
            faults.push(wrong.help("name the check that need not be green"));
        }
    }
    ignore.0.iter().map(|name| name.value.clone()).collect()
}

fn repository(name: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<String> {
    if name.faulty {
        return None;
    }
    let plain = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !matches!(part, "" | "." | "..") && part.bytes().all(allowed)
    };
    match name.split_once('/') {
        Some((owner, repository)) if plain(owner) && plain(repository) => return Some(name.value.clone()),
        _ => {
            let wrong = Wrong::of(name, format!("`{}` is not a repository at GitHub", name.value));
            faults.push(wrong.help("write owner/name"));
        }
    }
    None
}

fn branch(name: &Placed<String>, faults: &mut Vec<Wrong>) -> Option<String> {
    if name.faulty {
        return None;
    }
    let help = match name.strip_prefix("refs/heads/") {
        Some(short) => format!("write `{short}`"),
        None if name.is_empty()
            || name.chars().any(|c| c.is_whitespace() || c.is_control() || "*?[~^:\\".contains(c)) =>
        {
            "write one branch, such as main".to_owned()
        }
        None => return Some(name.value.clone()),
    };
    faults.push(Wrong::of(name, format!("`{}` is not a branch", name.value)).help(help));
    None
}
